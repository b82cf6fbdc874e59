"""Unlike runs are refused, and the error says which field differs; what one side does not record is not held against it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_runs import SUITE, answers, make_run, side

from jeoul.errors import DataError
from jeoul.evals.comparison.alike import differences, refuse_unlike
from jeoul.evals.comparison.sides import Side
from jeoul.evals.generation.sampling import Sampling
from jeoul.evals.protocols import Protocol
from jeoul.rewards.tables.table import RewardTable

ROWS = answers({n: [1, 0] for n in range(12)})
PROTOCOL = Protocol("own", sampling=Sampling(temperature=0.6, top_p=0.95, n=2))


def pair(folder: Path, **second: Any) -> list[Side]:
    """Two runs, the second made with other arguments."""
    first = side(make_run(folder, "a", ROWS, protocol=PROTOCOL), "A")
    if "problems" in second:
        (folder / "p.jsonl").write_text(second.pop("problems"), encoding="utf-8")
    return [first, side(make_run(folder, "b", ROWS, **{"protocol": PROTOCOL} | second), "B")]


def test_alike_have_their_hashes_in_common(tmp_path: Path) -> None:
    sides = pair(tmp_path)
    found = refuse_unlike(sides)
    assert found == {part: sides[0].hash_of(part) for part in ("suite", "protocol", "data")} | {
        "grader": sides[0].table.info["recipe"]
    }
    assert all(len(one) == 64 for one in found.values())


def test_a_name_a_seed_and_a_place_are_no_difference(tmp_path: Path) -> None:
    other = replace(PROTOCOL, name="other", about="x", sampling=replace(PROTOCOL.sampling, seed=9))
    assert not list(differences(*pair(tmp_path, protocol=other)))


@pytest.mark.parametrize(
    ("protocol", "said"),
    [
        (replace(PROTOCOL, sampling=Sampling(temperature=1.0, top_p=0.95, n=2)), "protocol.sampling.temperature: 0.6 in A, 1.0 in B"),
        (replace(PROTOCOL, user="{problem} Think."), "protocol.user: '{problem}' in A, '{problem} Think.' in B"),
        (replace(PROTOCOL, exceed=8000), "protocol.exceed: 4000 in A, 8000 in B"),
    ],
)  # fmt: skip
def test_another_protocol(tmp_path: Path, protocol: Protocol, said: str) -> None:
    with pytest.raises(DataError) as caught:
        refuse_unlike(pair(tmp_path, protocol=protocol))
    assert said in str(caught.value)
    assert "generate both under one protocol" in str(caught.value)
    assert str(caught.value).count(" in A, ") == 1  # that field, and no other


def test_another_version_of_the_suite(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"suite.version: 1 in A, 2 in B"):
        refuse_unlike(pair(tmp_path, suite=SUITE.replace("version = 1", "version = 2")))


def test_other_problems(tmp_path: Path) -> None:
    write = "".join(json.dumps({"id": f"q{n}", "problem": f"{n} + {n}?", "answer": "7"}) + "\n" for n in range(12))
    with pytest.raises(DataError, match=r"data.hash: \w{8} in A, \w{8} in B\n.*one copy of the data"):
        refuse_unlike(pair(tmp_path, problems=write))


def test_another_grader_says_to_regrade(tmp_path: Path) -> None:
    """Code of another version, an engine, another option."""
    first, second = pair(tmp_path)
    changed = {**second.table.info, "rewards": {**second.table.info["rewards"], "correct": "0" * 16}}
    with pytest.raises(
        DataError, match=r"grader.code.correct: \w{8} in A, 00000000 in B\n.*--regrade here, or jeoul regrade"
    ):
        refuse_unlike([first, replace(second, table=replace(second.table, info=changed))])
    engine = {**second.table.info, "engines": {"correct": {"judge": "2"}}}
    with pytest.raises(DataError, match=r"grader.engines.correct: None in A, \{'judge': '2'\} in B"):
        refuse_unlike([first, replace(second, table=replace(second.table, info=engine))])
    other = {**second.table.info, "recipe": "1" * 64}
    with pytest.raises(DataError, match=r"grader\.recipe(.|\n)*score both by one: jeoul regrade RUN --recipe FILE"):
        refuse_unlike([first, replace(second, table=replace(second.table, info=other))])


def test_every_side_is_checked(tmp_path: Path) -> None:
    first, second = pair(tmp_path)
    third = side(make_run(tmp_path, "c", ROWS, protocol=replace(PROTOCOL, exceed=9)), "C")
    with pytest.raises(DataError, match="A and C are not alike"):
        refuse_unlike([first, second, third])


def test_without_hashes_prompts_and_golds_are_compared(tmp_path: Path) -> None:
    from jeoul import Recipe
    from jeoul.evals.comparison.sides import side_of_table
    from jeoul.rewards.math.correct import math_correct

    def table(answer: str, prompt: str = "1+1?") -> RewardTable:
        rows = [{"id": "x", "prompt": prompt, "completion": r"\boxed{2}", "answer": answer}]
        return Recipe(math_correct(answer="answer")).score(rows, workers=0)

    def sides(two: RewardTable) -> list[Side]:
        return [side_of_table(one, label, label) for one, label in ((table("2"), "A"), (two, "B"))]

    assert refuse_unlike(sides(table("2")))["data"] == ""
    with pytest.raises(DataError, match=r"data.answer of 'x': '2' in A, '3' in B"):
        refuse_unlike(sides(table("3")))
    with pytest.raises(DataError, match=r"data.prompt of 'x': '1\+1\?' in A, '1\+2\?' in B"):
        refuse_unlike(sides(table("2", "1+2?")))
