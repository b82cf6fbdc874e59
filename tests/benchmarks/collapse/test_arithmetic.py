from __future__ import annotations

import random
import statistics

import pytest
import torch

from jeoul.benchmarks.collapse import arithmetic
from jeoul.errors import UsageError


def test_prompts_are_five_characters_and_right():
    rows = arithmetic.prompts(random.Random(0), 500)
    assert {len(row["prompt"]) for row in rows} == {5}
    assert all(eval(row["prompt"].strip("= ")) == int(row["answer"]) for row in rows)
    assert 0.2 < statistics.fmean(len(row["answer"]) == 1 for row in rows) < 0.4
    assert rows == arithmetic.prompts(random.Random(0), 500)


def test_every_text_of_the_task_can_be_written():
    tokens = arithmetic.Characters()
    for text in ("47+5=", " 3+4=", "[108]", "52 52"):
        assert tokens.decode(tokens.encode(text)) == text


@pytest.mark.parametrize(
    ("text", "gold", "format", "correct", "graded", "exact", "short"),
    [
        ("[52]", "52", 1, 1, 3, 1, 0),
        ("52", "52", 0, 1, 3, 0, 1),
        ("[7]", "7", 1, 1, 3, 1, 1),
        ("[50]", "52", 1, 0, 1.8, 0, 0),
        ("[5]", "52", 1, 0, -3, 0, 1),
        ("52 52", "52", 0, 1, 3, 0, 0),
        ("[52]]", "52", 0, 1, 3, 0, 0),
        ("", "52", 0, 0, -3, 0, 1),
        ("+=[", "52", 0, 0, -3, 0, 1),
        ("9999999999", "52", 0, 0, -3, 0, 0),
    ],
)
def test_rewards(text, gold, format, correct, graded, exact, short):
    assert arithmetic.format([text]) == [format]
    assert arithmetic.correct([text], [gold]) == [correct]
    assert arithmetic.graded([text], [gold]) == pytest.approx([graded])
    assert arithmetic.exact([text], [gold]) == [exact]
    assert arithmetic.short([text]) == [short]


def test_noise_reads_nothing_and_is_what_it_says():
    drawn = arithmetic.noise(["52"] * 20_000, [7] * 20_000)
    assert drawn == arithmetic.noise(["other"] * 20_000, [7] * 20_000)
    assert statistics.fmean(drawn) == pytest.approx(0, abs=0.1)
    assert statistics.stdev(drawn) == pytest.approx(3, abs=0.1)
    assert drawn[:4] != arithmetic.noise(["52"] * 4, [8] * 4)


def test_the_default_policy_is_of_the_stated_size():
    assert sum(weight.numel() for weight in arithmetic.policy(96, 2, seed=0).parameters()) == pytest.approx(
        2e5, rel=0.1
    )
    with pytest.raises(UsageError, match="multiple of 8"):
        arithmetic.policy(30, 2, seed=0)


def test_a_warm_start_teaches_and_repeats_itself():
    torch.set_num_threads(1)
    models = [arithmetic.policy(32, 1, seed=0) for _ in range(3)]
    for model, seed in zip(models, (1, 1, 2), strict=True):
        arithmetic.warm_start(model, seed, steps=60, rows=64, rate=1e-2)
    weights = [torch.cat([weight.flatten() for weight in model.parameters()]) for model in models]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    before, after = arithmetic.evaluate(arithmetic.policy(32, 1, seed=0)), arithmetic.evaluate(models[0])
    assert after["format"] > before["format"] + 0.1
    assert after["correct"] > before["correct"]
    assert after == arithmetic.evaluate(models[1])
