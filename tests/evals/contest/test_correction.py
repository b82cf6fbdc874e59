"""The official result of the task 한국어 어문 규범 기반 생성, and what stands beside it."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from jeoul.errors import DataError, UsageError
from jeoul.evals.contest.correction import final_score, score_correction
from jeoul.evals.contest.estimate import estimate, mean
from jeoul.evals.contest.files import Item, paired, paired_by_id, read_items, write_items
from jeoul.evals.contest.floor import chance_of_choosing, reason_floor
from jeoul.evals.contest.measures import Measures, read_given
from jeoul.evals.contest.report import correction_report, write_rows
from jeoul.evals.contest.writing import submission_of
from jeoul.rewards.korean.components import component

# As published: final, exact match, BLEURT, BERTScore, ROUGE-1, all ×100, of 498 items.
LINES = """
48.2280559 45.5823293 43.7259803 73.9317909 34.9635763
45.8880031 41.7670682 50.8583344 71.5458505 27.622629
48.9918717 46.1847389 49.2321253 74.1369496 32.0279384
36.5028852 26.3052208 43.3782998 71.3783302 25.3450191
47.9063702 44.37751 49.2970475 73.8285655 31.180078
50.5155902 48.3935743 49.9495335 74.3985577 33.5647271
22.5340542 0.00 44.1237656 68.6064641 22.4740958
49.4470553 50.6024096 46.5091527 70.6664575 27.6994927
16.5065031 0.00 24.4582521 63.3902907 11.1904761
44.6120409 43.9759036 43.4687103 71.0231207 21.2527039
"""
SERVER = [tuple(map(float, line.split())) for line in LINES.split("\n") if line]


def answer(sentence: str, reason: str = "까닭이 있다.") -> str:
    return f'"{sentence}"가 옳다. {reason}'.strip()


def items(*texts: str, kind: str = "교정형") -> list[Item]:
    return [
        Item(str(number), {"question_type": kind, "question": "고치시오."}, {"answer": text})
        for number, text in enumerate(texts, 1)
    ]


def given(**columns: Sequence[float]) -> Measures:
    return Measures(given={name: {str(n): v for n, v in enumerate(values, 1)} for name, values in columns.items()})


@pytest.mark.parametrize("line", SERVER, ids=lambda line: str(line[0]))
def test_server_lines_follow_from_their_components(line: tuple[float, ...]) -> None:
    final, em, bleurt, bert, rouge = line
    assert final_score(em, rouge, bert, bleurt) == pytest.approx(final, abs=1e-7)


@pytest.mark.parametrize("line", SERVER, ids=lambda line: str(line[0]))
def test_a_submission_with_those_components_gets_that_score(line: tuple[float, ...]) -> None:
    """498 items, of which as many are right as the server found, and measures whose means are the server's."""
    final, em, bleurt, bert, rouge = line
    right = round(em * 498 / 100)
    assert right / 4.98 == pytest.approx(em, abs=1e-6)
    gold = items(*(answer(f"문장 {n}이다.") for n in range(498)))
    mine = items(*(answer(f"문장 {n if n < right else 'x'}이다.") for n in range(498)))
    noise = [random.Random(1).uniform(-0.05, 0.05) for _ in range(249)]
    spread = [*noise, *(-one for one in noise)]
    measures = given(
        rouge1=[rouge / 100 + n for n in spread],
        bertscore=[bert / 100 - n for n in spread],
        bleurt=[bleurt / 100 + n for n in spread],
    )
    result = score_correction(gold, mine, measures)
    assert result.final_score is not None
    assert 100 * result.final_score.value == pytest.approx(final, abs=1e-6)
    assert result.final_score.low < result.final_score.value < result.final_score.high
    assert result.honest_score is not None
    assert result.honest_score.value == pytest.approx(result.final_score.value)


def test_only_pairs_with_both_reasons_are_measured() -> None:
    gold = items(answer("가다."), answer("나다."), answer("다다.", ""), answer("라다."))
    mine = items(answer("가다."), answer("나다.", ""), answer("다다."), answer("라다.", "다른 까닭."))
    nan = math.nan
    result = score_correction(
        gold, mine, given(rouge1=[1, nan, nan, 0], bertscore=[0.8, nan, nan, 0.6], bleurt=[1, 9, 9, 0])
    )
    assert result.pairs == 2
    assert {name: value.value for name, value in result.measures.items()} == pytest.approx(
        {"rouge1": 0.5, "bertscore": 0.7, "bleurt": 0.5}
    )
    assert result.final_score is not None
    assert result.final_score.value == pytest.approx((1 + (0.5 + 0.7 + 0.5) / 3) / 2)
    assert result.honest_score is not None
    assert result.honest_score.value == pytest.approx(0.5 + (1.7 / 3) / 4)  # 0 for the two without


def test_one_reason_alone_is_paid_in_full_officially_and_not_honestly() -> None:
    gold = items(*(answer(f"{n}이다.") for n in range(10)))
    mine = items(answer("0이다."), *(answer(f"{n}이다.", "") for n in range(1, 10)))
    result = score_correction(gold, mine, given(**{name: [1.0] * 10 for name in ("rouge1", "bertscore", "bleurt")}))
    assert result.final_score is not None
    assert result.honest_score is not None
    assert (result.final_score.value, result.honest_score.value) == pytest.approx((1.0, 0.55))


def test_no_reason_at_all_is_zero_as_at_the_server() -> None:
    gold = items(answer("가다."))
    result = score_correction(gold, items(answer("가다.", "")), given(rouge1=[1], bertscore=[1], bleurt=[1]))
    assert result.final_score is not None
    assert result.final_score.value == 0.5
    assert result.descriptive_avg == 0


def test_the_particle_counts_officially_and_format_costs() -> None:
    gold = items(answer("가다."), answer("나다."), answer("다다."), answer("라다."))
    mine = items(answer("가다."), "“나다.”가 옳다. 까닭", '"다다."이 옳다. 까닭', answer("마다."))
    result = score_correction(gold, mine, Measures())
    figures = (result.exact_match, result.strict, result.lenient)
    assert [figure.value for figure in figures] == [0.25, 0.25, 0.75]
    assert [item.id for item in result.flips] == ["2", "3"]
    assert result.cost == {"quotes": (1, 1), "other_particle": (1, 1)}
    assert result.by_type == {"교정형": (4, 0.25, 0.75)}


@pytest.mark.parametrize(
    ("gold", "mine", "why"),
    [
        ('"나다."가 옳다. 까닭', '"나다."이 옳다. 까닭', "other_particle"),
        ('"말"이 옳다. "말가"가 옳다고 할 수 없다.', '"말"이 옳다. 까닭', "gold_split"),
        ('"그는 "네." 했다."가 옳다. 까닭', '"그는 “네.” 했다."가 옳다. 까닭', "within"),
        ('"할 수 있다."가 옳다. 까닭', '"할  수 있다."가 옳다. 까닭', "within"),
        ('"말"이 옳다. 까닭', '"말"이 옳다. "말가"가 옳다면 틀린다.', "split_in_reason"),
    ],
)
def test_every_flip_has_its_why(gold: str, mine: str, why: str) -> None:
    result = score_correction(items(gold), items(mine), Measures())
    assert [item.flags for item in result.flips] == [(why,)]


def test_no_final_score_without_a_component() -> None:
    gold = items(answer("가다."))
    result = score_correction(gold, gold, given(rouge1=[1], bertscore=[1]))
    assert result.absent == {"bleurt": "not given"}
    measures = dataclasses.replace(given(rouge1=[1], bertscore=[1]), absent={"bleurt": "no checkpoint"})
    result = score_correction(gold, gold, measures)
    assert (result.final_score, result.descriptive_avg, result.honest_score) == (None, None, None)
    report = correction_report(result)
    assert report["final_score"] is None
    assert report["absent"] == {"bleurt": "no checkpoint"}


def test_another_tokenizer_is_not_the_official_rouge() -> None:
    measures = Measures.of(("rouge1",), tokenizer="syllable")
    assert "its tokenizer is 'syllable'" in measures.missing["rouge1"]
    gold = items(answer("가다.", "같은 까닭"), answer("나다.", "다른 까닭"))
    result = score_correction(gold, gold, measures)
    assert result.measures["rouge1"].value == 1
    assert result.final_score is None


# -- what has no score


def test_unequal_counts_and_ids_have_no_score() -> None:
    gold = items("a", "b", "c")
    with pytest.raises(DataError, match=r"has 2 items, the gold 3: no score; it lacks 3"):
        paired(gold, gold[:2])
    with pytest.raises(
        DataError, match=r"item 1 has the id '2', the gold '1': no score; the ids are the same in another"
    ):
        paired(gold, [gold[1], gold[0], gold[2]])
    with pytest.raises(DataError, match="item 3 has the id '4'"):
        paired(gold, [*gold[:2], Item("4", None, {"answer": "c"})])
    with pytest.raises(DataError, match="twice"):
        paired_by_id(gold, [gold[0], gold[0], gold[1]])
    assert [one.id for one, _ in paired_by_id(gold, gold[::-1])] == ["1", "2", "3"]


@pytest.mark.parametrize("output", [None, {}, {"answer": 3}, ["a"], {"answer": None}])
def test_an_output_must_be_a_text(output: Any) -> None:
    with pytest.raises(DataError, match="id '1'"):
        score_correction(items("a"), [Item("1", None, output)], Measures())


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "holds no items"),
        ("[]", "holds no items"),
        ("[{]", "is not JSON"),
        ('{"id": "1"}\n{', "line 2 is not JSON"),
        ("[3]", "item 1 has no id"),
        ('[{"output": "x"}]', "item 1 has no id"),
        ('[{"id": 1}]', "ids are texts"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_files_that_are_none(body: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "file.json").write_text(body, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_items(tmp_path / "file.json")


def test_files_are_read_as_array_and_as_lines_and_written_whole(tmp_path: Path) -> None:
    rows = [{"id": "1", "input": {"question": "?"}, "output": {"answer": "가 \u2028 😀"}}, {"id": "2", "output": "나"}]
    write_items(tmp_path / "a.json", rows)
    import json

    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n\n" for row in rows), encoding="utf-8-sig")
    read = read_items(tmp_path / "a.json")
    assert read == read_items(tmp_path / "a.jsonl")
    assert read == [Item("1", {"question": "?"}, {"answer": "가 \u2028 😀"}), Item("2", None, "나")]
    with pytest.raises(DataError, match="surrogate"):
        write_items(tmp_path / "a.json", [{"id": "1", "output": "\ud800"}])
    with pytest.raises(DataError, match="is a folder"):
        write_items(tmp_path, rows)
    assert read_items(tmp_path / "a.json") == read
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "a.jsonl"]


def test_a_template_with_an_id_twice_is_refused() -> None:
    template = [Item("1", None, None), Item("1", None, None)]
    with pytest.raises(DataError, match="the template has the id '1' twice"):
        submission_of({"id": ["1"], "completion": [answer("가다.")]}, template)


@pytest.mark.parametrize("ending", [".parquet", ".jsonl", ".csv"])
def test_the_per_item_table(ending: str, tmp_path: Path) -> None:
    gold = items(answer("가다."), answer("나다.", ""))
    result = score_correction(gold, gold, given(rouge1=[1, 1], bertscore=[1, 1], bleurt=[1, 1]))
    path = tmp_path / f"items{ending}"
    write_rows(path, [item.row() for item in result.items])
    import pandas as pd

    read = {".parquet": pd.read_parquet, ".csv": pd.read_csv, ".jsonl": lambda path: pd.read_json(path, lines=True)}
    frame = read[ending](path)
    assert list(frame["official"]) == [True, True]
    assert frame["rouge1"].isna().tolist() == [False, True]
    assert frame["score"].tolist() == [1.0, 0.5]
    with pytest.raises(UsageError, match="per-item table is a file in"):
        write_rows(tmp_path / "x.xlsx", [])


def test_given_measures(tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl"
    path.write_text('{"id": "1", "bleurt": 0.5}\n{"id": "2", "bleurt": null}\n')
    found = read_given(path)
    assert found["bleurt"]["1"] == 0.5
    assert math.isnan(found["bleurt"]["2"])
    gold = items(answer("가다."), answer("나다."))
    with pytest.raises(DataError, match="the given bleurt has no number for the ids 2"):
        score_correction(gold, gold, Measures(given=found))
    for body, message in (
        ('{"id": "1", "x": 1}', "needs a column id and one of"),
        ('{"id": "1", "bleurt": 1}\n{"id": "1", "bleurt": 1}', "twice"),
        ('{"id": "1", "bleurt": "x"}', "is a number"),
        ('{"id": "1", "bleurt": 43.7}', "not times 100"),
        ('{"id": "1", "bleurt": Infinity}', "not times 100"),
    ):
        path.write_text(body)
        with pytest.raises(DataError, match=message):
            read_given(path)


# -- the floor, the intervals


def test_floor_of_reasons() -> None:
    measure = component("rouge1", tokenizer="syllable")
    golds = ["앞말에 받침이 있다.", "앞말에 받침이 없다.", "띄어 쓴다.", ""]
    floor = reason_floor(golds, measure, "syllable", seed=3)
    assert floor == reason_floor(golds, measure, "syllable", seed=3)
    assert set(floor) == {"random_pair", "constant", "frequent_words"}
    assert all(0 <= value < 1 for value in floor.values())
    assert reason_floor(["하나"], measure, "syllable") == {}
    best = max(sum(measure([one] * 2, [other for other in golds[:3] if other != one])) / 2 for one in golds[:3])
    assert floor["constant"] == best


def test_chance_of_choosing() -> None:
    assert chance_of_choosing([]) == 0
    assert chance_of_choosing(["{가/나}", "{가/나/다}", "{가/나} {다/라}", "고치시오.", "{가}"]) == pytest.approx(
        (1 / 2 + 1 / 3 + 1 / 4) / 5
    )


def test_intervals() -> None:
    found = mean([0.0, 1.0] * 200)
    assert (found.value, found.n) == (0.5, 400)
    assert found.high - found.low == pytest.approx(2 * 1.96 * 0.5 / 20, rel=0.15)
    assert found == mean([0.0, 1.0] * 200)
    assert mean([0.25] * 3) == dataclasses.replace(found, value=0.25, n=3, low=0.25, high=0.25)
    empty = estimate([], lambda sums: sums[0])
    assert math.isnan(empty.value)
    assert empty.n == 0
