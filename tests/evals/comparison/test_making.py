"""Figures of a comparison against plain arithmetic and the statistics beneath; what is missing is never wrong."""

from __future__ import annotations

import json
import math
from itertools import combinations
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
from made_runs import SUITE, answers, make_run, side, write_problems

from jeoul.errors import DataError, UsageError
from jeoul.evals.comparison.making import compare_sides, matched_sets
from jeoul.evals.comparison.result import Comparison, MetricRow
from jeoul.evals.statistics import holm, sign_flip_p, t_interval

A = {0: [1, 1, 0, 0], 1: [0, 0, 0, 1], 2: [1, 1, 1, 1], 3: [0, 0, 0, 0], 4: [1, None, None, None], 5: [1, 0]}
B = {0: [1, 1, 1, 0], 1: [1, 1, 1, 1], 2: [1, 0, 0, 0], 3: [1, 0, 0, 0], 4: [0, 0, None, None], 6: [1, 1]}
SHARED = [0, 1, 2, 3, 4]


def compared(folder: Path, a: Any = None, b: Any = None, **how: Any) -> Comparison:
    runs = [make_run(folder, name, rows) for name, rows in (("a", a or answers(A)), ("b", b or answers(B)))]
    return compare_sides([[side(run, label) for run, label in zip(runs, "AB", strict=True)]], **how)


def metrics(found: Comparison) -> dict[str, MetricRow]:
    return {row.name: row for row in found.sets[0].pairs[0].metrics}


def means(right: Any) -> dict[int, float]:
    return {n: mean(one for one in row if one is not None) for n, row in right.items()}


def test_the_score_is_paired_and_missing_is_not_wrong(tmp_path: Path) -> None:
    found = compared(tmp_path)
    pair = found.sets[0].pairs[0]
    row = pair.score
    d = [means(B)[n] - means(A)[n] for n in SHARED]
    assert (pair.questions, pair.only_a, pair.only_b, found.sets[0].questions) == (5, 1, 1, 12)
    assert (row.name, row.primary, row.unit) == ("avg@4", True, "share")
    assert (row.a, row.b) == (
        pytest.approx(mean(means(A)[n] for n in SHARED)),
        pytest.approx(mean(means(B)[n] for n in SHARED)),
    )
    assert row.difference == pytest.approx(mean(d))
    assert row.interval == pytest.approx((-1, t_interval(d)[1]))  # t's lower bound is beyond what shares can differ by
    assert t_interval(d)[0] < -1
    assert (row.p, row.p_method) == (pytest.approx(sign_flip_p(d)[0]), "sign flip, exact")
    assert (row.questions, row.questions_missing, row.samples_a, row.samples_b) == (5, 2, 17, 18)
    sides = found.sets[0].sides
    assert [(one.questions, one.samples, one.missing) for one in sides] == [(6, 19, 29), (6, 20, 28)]
    assert sides[0].score == pytest.approx(mean(means(A).values()))


def test_pass_and_votes_leave_out_questions_with_fewer_than_k(tmp_path: Path) -> None:
    row = metrics(compared(tmp_path))["pass@4"]
    whole = [0, 1, 2, 3]
    assert (row.questions, row.questions_missing) == (4, 3)
    assert (row.a, row.b) == (mean(max(A[n]) for n in whole), mean(max(B[n]) for n in whole))
    assert row.p_method == "sign flip, exact"  # not McNemar's: four samples stand behind each
    assert math.isnan(row.sampling_error)
    assert row.settles_k is None
    votes = metrics(compared(tmp_path))["maj@4"]
    assert votes.a == pytest.approx(mean([0.5, 0, 1, 0]))  # wrong ones agree with each other here: a tie is split


def test_pass_at_fewer_samples_than_there_are(tmp_path: Path) -> None:
    from jeoul.evals.protocols import Protocol

    protocol = Protocol("own", n=4, ks=(1, 2))
    runs = [make_run(tmp_path, name, answers(rows), protocol=protocol) for name, rows in (("a", A), ("b", B))]
    row = metrics(compare_sides([[side(run, label) for run, label in zip(runs, "AB", strict=True)]]))["pass@2"]
    two = [n for n in SHARED if n != 4]
    expected = mean(mean(max(some) for some in combinations(B[n], 2)) for n in two)
    assert (row.questions, row.b) == (4, pytest.approx(expected))
    assert "pass@1" not in metrics(compare_sides([[side(run, label) for run, label in zip(runs, "AB", strict=True)]]))


def test_one_sample_a_question_is_mcnemars(tmp_path: Path) -> None:
    a, b = {n: [0] for n in range(9)}, {n: [int(n < 7)] for n in range(9)}
    row = compared(tmp_path, answers(a), answers(b)).sets[0].pairs[0].score
    assert (row.name, row.p_method, row.interval_method) == ("accuracy", "mcnemar", "matched shares")
    assert row.p == pytest.approx(2 / 2**7)
    assert row.verdict == "better"
    assert row.settles_k is None  # one sample a question tells nothing of more


def test_less_is_better_for_length_and_what_is_cut(tmp_path: Path) -> None:
    many = {n: [1, 1] for n in range(12)}
    long = answers(many, completion_tokens=5000, finish_reason="length")
    short = answers(many, completion_tokens=100, finish_reason="stop")
    short[0] = {**short[0], "completion_tokens": 101}
    found = compared(tmp_path, long, short)
    rows = metrics(found)
    for name in ("tokens", "exceed@4000", "truncated"):
        assert (rows[name].higher_is_better, rows[name].verdict) == (False, "better"), name
    assert rows["tokens"].unit == "tokens"
    assert rows["tokens"].margin == pytest.approx(250)
    short_claim = found.sets[0].pairs[0].shorter
    assert (short_claim.measure, short_claim.questions) == ("tokens", 12)
    assert short_claim.saved == pytest.approx(4900 - 0.5 / 12)


def test_the_bug_ratio_is_better_where_it_is_less(tmp_path: Path) -> None:
    suite = SUITE.replace("version = 1", 'version = 1\nbug = "boxed"')  # who boxes has no bug
    rows = [answers({n: [1] for n in range(12)}), [{"id": f"q{n}", "completion": "no"} for n in range(12)]]
    runs = [make_run(tmp_path, name, given, suite=suite) for name, given in zip("ab", rows, strict=True)]
    found = metrics(compare_sides([[side(run, label) for run, label in zip(runs, "AB", strict=True)]]))
    row = found["bug"]
    assert (row.a, row.b, row.higher_is_better, row.verdict) == (0, 1, False, "worse")
    assert "column:boxed" not in found


def test_shorter_and_not_less_accurate_needs_both(tmp_path: Path) -> None:
    def rows(tokens: int, wrong: int) -> list[dict[str, Any]]:
        made = answers({n: [1] * 4 if n >= wrong else [1, 1, 1, 0] for n in range(12)})
        return [row | {"completion_tokens": tokens + place * tokens // 100} for place, row in enumerate(made)]

    same = compared(tmp_path, rows(900, 1), rows(500, 2), margin=0.1).sets[0].pairs[0].shorter
    assert same.shown
    assert same.p < 0.05
    worse = compared(tmp_path, rows(900, 0), rows(500, 12), margin=0.1).sets[0].pairs[0].shorter
    assert not worse.shown
    unchanged = compared(tmp_path, rows(900, 0), rows(500, 0), margin=0.4).sets[0].pairs[0].shorter
    assert unchanged.shown  # no question differs: no t test, but no loss either
    longer = compared(tmp_path, rows(500, 1), rows(900, 2), margin=0.1).sets[0].pairs[0].shorter
    assert not longer.shown


def test_no_difference_at_all_says_nothing_of_what_could_be_seen(tmp_path: Path) -> None:
    same = answers({n: [1, 0] for n in range(12)})
    row = compared(tmp_path, same, same).sets[0].pairs[0].score
    assert (row.difference, row.p, row.settles_k, row.settles_questions) == (0, 1, None, None)
    assert math.isnan(row.detectable)
    assert row.interval[0] < 0 < row.interval[1]
    assert row.verdict == "inconclusive"  # 12 questions
    assert compared(tmp_path, same, same, margin=0.3).sets[0].pairs[0].score.verdict == "equivalent"


def test_holm_over_sets_and_pairs_and_over_the_other_metrics(tmp_path: Path) -> None:
    sets = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        runs = [make_run(folder, letter, answers(rows), suite_name=name) for letter, rows in
                (("a", A), ("b", B), ("c", {n: [1, 1, 1, 1] for n in range(12)}))]  # fmt: skip
        sets.append([side(run, label) for run, label in zip(runs, "ABC", strict=True)])
    found = compare_sides(sets)
    scores = [pair.score for _, pair in found.pairs]
    assert [(pair.a, pair.b) for _, pair in found.pairs] == [("A", "B"), ("A", "C")] * 2
    assert [row.p_holm for row in scores] == pytest.approx(holm([row.p for row in scores]))
    assert {row.family for row in scores} == {4}
    others = [row for _, pair in found.pairs for row in pair.metrics if not row.primary]
    assert [row.p_holm for row in others] == pytest.approx(holm([row.p for row in others]))
    assert {row.family for row in others} == {len(others)}
    every = compare_sides(sets, pairwise=True)
    assert [(pair.a, pair.b) for _, pair in every.pairs][:3] == [("A", "B"), ("A", "C"), ("B", "C")]


def test_breakdowns_hold_every_shared_question_once(tmp_path: Path) -> None:
    many = {n: [1, 0] for n in range(12)}
    lengths = [
        row | {"completion": row["completion"].rjust(50 * place + 20)} for place, row in enumerate(answers(many))
    ]
    pair = compared(tmp_path, lengths, answers({n: [1, n % 2] for n in range(12)})).sets[0].pairs[0]
    assert [one.label for one in pair.breakdowns["subject"]] == ["even", "odd"]
    assert [one.label for one in pair.breakdowns["level"]] == ["0", "1", "2"]
    for groups in pair.breakdowns.values():
        assert sum(one.questions for one in groups) == 12
    assert len(pair.breakdowns["length"]) == 4
    odd = pair.breakdowns["subject"][1]
    assert (odd.a, odd.b, odd.difference) == (0.5, 1, 0.5)
    assert [one.p_holm for one in pair.breakdowns["level"]] == pytest.approx(
        holm([one.p for one in pair.breakdowns["level"]])
    )


def test_health_counts_what_the_grader_could_not_do(tmp_path: Path) -> None:
    rows = answers({n: [1] for n in range(6)}, finish_reason="stop")
    rows[0] |= {"completion": "I think it is 0", "finish_reason": "length"}  # the gold, and no answer
    rows[1] |= {"completion": "no idea"}
    rows[2] |= {"completion": "maybe 14, or 40, or 4.5"}  # 4 stands in none of them
    health = compared(tmp_path, rows, answers(B)).sets[0].sides[0].health
    assert (health.no_answer, health.unread, health.truncated, health.timeout) == (3, 1, 1, 0)
    assert compared(tmp_path, rows, answers(B)).sets[0].sides[1].health.truncated is None


def test_sides_that_share_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="A and B share no question of which both have a score"):
        compared(tmp_path, answers({0: [1]}), answers({1: [1]}))


def test_sets_are_matched_by_name(tmp_path: Path) -> None:
    write_problems(tmp_path)
    runs = {name: make_run(tmp_path, name, answers(A), suite_name=name[0]) for name in ("x1", "x2", "y1", "z2")}
    sides = {name: side(run, f"S{name[1]}") for name, run in runs.items()}
    sets, left = matched_sets([[sides["x1"], sides["y1"]], [sides["x2"], sides["z2"]]])
    assert [[one.name for one in made] for made in sets] == [["x@given", "x@given"]]
    assert left == ["y@given: only in S1", "z@given: only in S2"]
    with pytest.raises(DataError, match="no set@protocol that all sides have: S1 has x@given, y@given; S2 has z@given"):
        matched_sets([[sides["x1"], sides["y1"]], [sides["z2"]]])
    with pytest.raises(DataError, match=r"S1 holds two runs of x@given: .*x1 and .*x1; give the folder of one"):
        matched_sets([[sides["x1"], sides["x1"]], [sides["x2"]]])
    assert matched_sets([[sides["y1"]], [sides["z2"]]])[0] == [[sides["y1"], sides["z2"]]]  # refused later, in full


def test_is_json(tmp_path: Path) -> None:
    document = compared(tmp_path).to_dict()
    again = json.loads(json.dumps(document))
    assert again["sets"][0]["pairs"][0]["metrics"][0]["name"] == "avg@4"
    assert again["sets"][0]["alike"].keys() == {"suite", "protocol", "data", "grader"}


@pytest.mark.parametrize("margin", [0, -1, math.nan, math.inf, "1"])
def test_refuses_a_margin_that_is_none(tmp_path: Path, margin: Any) -> None:
    with pytest.raises(UsageError, match="margin is"):
        compared(tmp_path, margin=margin)


def test_refuses_fewer_than_no_flips(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="flips is -1"):
        compared(tmp_path, flips=-1)
