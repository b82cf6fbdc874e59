from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package: helpers are found beside them

from tiny_policy import Characters, recipe, sums, tiny

from jeoul.errors import DataError, TrainingError, UsageError
from jeoul.trainers.advantages import ESTIMATORS
from jeoul.trainers.loop import Settings, train
from jeoul.trainers.losses import LOSSES

SMALL = {"prompts": 4, "group": 4, "max_new_tokens": 5, "workers": 0, "learning_rate": 1e-2}
CLOCK = ("seconds", "throughput/tokens_per_second", "throughput/sequences_per_second")


def settings(**changes):
    return Settings(**SMALL | {"steps": 2} | changes)


def run(chosen=None, rewards=None, **how):
    model = tiny(experts=how.pop("experts", 0))
    metrics = train(model, Characters(), sums, rewards or recipe(), chosen or settings(), **how)
    return model, [{name: value for name, value in row.items() if name not in CLOCK} for row in metrics]


def test_metrics_have_the_names_to_watch():
    _, rows = run()
    assert [row["step"] for row in rows] == [1, 2]
    for name in (
        *(f"reward/{column}/{figure}" for column in ("first_digit", "brief") for figure in ("mean", "std", "share")),
        *("reward/brief/zero_std_frac", "reward/brief/saturation", "collapse", "entropy", "loss", "length"),
        *("ratio/token/max", "ratio/sequence/q50", "ratio/token/ess", "clip/low", "clip/high", "kl/k1", "kl/k3"),
        *("grad_norm", "grad_norm/max"),
    ):
        assert isinstance(rows[-1][name], float), name


def test_on_policy_the_ratio_is_one():
    """π_old, taken while sampling with a cache, is π_θ of the whole pass: padded prompts, ended rows and all."""
    _, rows = run(settings(steps=3))
    assert all(row["ratio/token/min"] == pytest.approx(1, abs=1e-5) for row in rows)
    assert all(row["ratio/token/max"] == pytest.approx(1, abs=1e-5) for row in rows)
    assert rows[0]["length"] < 5, "some row must have ended, or the padding is not tried"


def test_stale_samples_move_the_ratio():
    _, rows = run(settings(epochs=2, minibatches=2))
    assert rows[0]["ratio/token/max"] > 1.01 > 0.99 > rows[0]["ratio/token/min"]
    assert rows[0]["kl/k3"] > 0 < rows[0]["clip/high"]


def test_same_seed_same_run_other_seed_other_run():
    (one, rows), (other, again) = run(settings(seed=3)), run(settings(seed=3))
    assert rows == again
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    assert run(settings(seed=4))[1] != rows


def test_arms_of_a_seed_see_the_same_first_batch():
    first = [run(settings(steps=1), recipe(how))[1][0]["reward/brief/mean"] for how in ("grpo", "gdpo")]
    assert first[0] == first[1]


def test_what_is_rewarded_is_learnt():
    _, rows = run(settings(steps=40, prompts=8), recipe("grpo"))
    early, late = (sum(row["reward/brief/mean"] for row in part) / 5 for part in (rows[:5], rows[-5:]))
    assert late > early + 1


def test_resuming_gives_the_same_next_steps_bit_for_bit(tmp_path):
    whole, rows = run(settings(steps=5, epochs=2, beta=0.1))
    cut = settings(steps=3, epochs=2, beta=0.1)
    run(cut, folder=tmp_path)
    resumed, again = run(settings(steps=5, epochs=2, beta=0.1), folder=tmp_path)
    assert again == rows
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), resumed.parameters(), strict=True))
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2, 3, 4, 5]


PROGRAM = """
import sys; sys.path.insert(0, {here!r})
from pathlib import Path
from tiny_policy import *
from jeoul.trainers.loop import Settings, train
torch.set_num_threads({threads})
train(tiny(), Characters(), sums, recipe(), Settings(**{settings!r}), folder=Path(sys.argv[1]))
"""


def test_killed_it_goes_on(tmp_path):
    chosen = SMALL | {"steps": 10_000, "save_every": 3}
    threads = torch.get_num_threads()  # sums depend on it
    program = PROGRAM.format(here=str(Path(__file__).parent), settings=chosen, threads=threads)
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)])
    metrics = tmp_path / "metrics.jsonl"
    deadline = time.monotonic() + 300
    while not metrics.exists() or metrics.read_bytes().count(b"\n") < 5:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    done = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"]
    assert done >= 3
    with metrics.open("a") as file:
        file.write('{"step": ')  # a torn line
    steps = done + 4
    _, again = run(Settings(**chosen | {"steps": steps}), folder=tmp_path)
    assert again == run(Settings(**chosen | {"steps": steps}))[1]


def test_another_run_in_the_folder_is_refused(tmp_path):
    run(folder=tmp_path)
    with pytest.raises(UsageError, match=r"another run: learning_rate 0.01 there and 0.1 here"):
        run(settings(learning_rate=0.1), folder=tmp_path)
    with pytest.raises(UsageError, match="recipe"):
        run(rewards=recipe("grpo"), folder=tmp_path)
    (tmp_path / "checkpoint.pt").write_bytes(b"nonsense")
    with pytest.raises(DataError, match="no checkpoint"):
        run(folder=tmp_path)


@pytest.mark.parametrize("name", LOSSES)
def test_every_objective_trains(name):
    _, rows = run(settings(objective=name, epochs=2, minibatches=2))
    assert math.isfinite(rows[-1]["grad_norm"])


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_estimator_trains(name):
    options = {"bounds": [[0, 1], [-5, 0]]} if name == "grpo_scaled" else {}
    _, rows = run(settings(steps=1), recipe(name, **options))
    assert rows[0]["reward/first_digit/share"] + rows[0]["reward/brief/share"] == pytest.approx(1)


def test_a_preset_over_tokens_gets_the_lengths():
    _, rows = run(settings(steps=1), recipe("gdpo", preset="verl"))
    assert rows[0]["grad_norm"] > 0


def test_kl_to_the_reference_starts_at_zero_and_grows():
    _, rows = run(settings(steps=4, beta=0.01))
    assert rows[0]["kl/reference"] == pytest.approx(0, abs=1e-6)
    assert rows[-1]["kl/reference"] > 1e-3


def test_mixture_of_experts_has_its_figures():
    _, rows = run(settings(epochs=3, router_loss=0.01), experts=4)
    assert 0 < rows[0]["moe/routing_drift"] < 1
    assert 1 < rows[0]["moe/effective_experts"] <= 4
    assert rows[0]["moe/auxiliary_loss"] == pytest.approx(1, abs=0.5)


def test_evaluation_every_so_often_and_at_the_end():
    chosen = settings(steps=5, evaluate_every=2)
    _, rows = run(chosen, evaluate=lambda model: {"figure": 1.0})
    assert [row["step"] for row in rows if "eval/figure" in row] == [2, 4, 5]


def test_a_diverged_model_stops_the_run_and_keeps_the_last_checkpoint(tmp_path):
    with pytest.raises(TrainingError, match="not finite"):
        run(settings(steps=100, learning_rate=1e30, save_every=1), folder=tmp_path)
    assert (tmp_path / "metrics.jsonl").read_text().count("\n") >= 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": 0}, "steps must be"),
        ({"temperature": 0}, "temperature must be above 0"),
        ({"minibatches": 3}, "equal minibatches"),
        ({"objective": "drgrpo"}, "did you mean 'dr_grpo'"),
        ({"objective_options": {"clip_hihg": 0.3}}, "did you mean 'clip_high'"),
    ],
)
def test_wrong_settings_are_told(changes, message):
    with pytest.raises(UsageError, match=message):
        settings(**changes)


def test_a_tokenizer_without_an_end_is_refused():
    tokenizer = Characters()
    tokenizer.eos_token_id = None
    with pytest.raises(UsageError, match="token to end with"):
        train(tiny(), tokenizer, sums, recipe(), settings())


def test_prompts_must_be_as_many_as_asked():
    with pytest.raises(DataError, match="expected 4 rows"):
        train(tiny(), Characters(), lambda rng, n: sums(rng, n - 1), recipe(), settings())
    with pytest.raises(DataError, match="same columns"):
        train(tiny(), Characters(), lambda rng, n: [*sums(rng, n - 1), {"prompt": "1"}], recipe(), settings())
