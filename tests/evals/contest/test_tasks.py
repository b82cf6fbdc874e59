"""The other tasks: each metric against an independent implementation, official accidents against sound rules."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul.errors import DataError, UsageError
from jeoul.evals.contest.culture import score_culture
from jeoul.evals.contest.files import Item
from jeoul.evals.contest.labels import accuracy, aspect_f1, macro_f1, micro_f1, multi_label_f1, squared_error, targets
from jeoul.evals.contest.measures import Measures
from jeoul.evals.contest.tasks import TASKS, find_task, score_task
from jeoul.evals.contest.texts import bleu1, pooled_rouge1

labels = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcd")), min_size=1, max_size=12)


def value(metric: Any, golds: list[Any], given_: list[Any], rules: Any = "official") -> float:
    statistics, figure = metric(golds, given_, rules)
    return float(figure([sum(column) for column in zip(*statistics, strict=True)]))


def items(outputs: list[Any], **about: Any) -> list[Item]:
    return [Item(str(number), about or None, output) for number, output in enumerate(outputs)]


@settings(max_examples=60)
@given(labels)
def test_f1_and_accuracy_are_scikit_learns(pairs: list[tuple[str, str]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    golds, mine = map(list, zip(*pairs, strict=True))
    assert value(micro_f1, golds, mine) == pytest.approx(metrics.f1_score(golds, mine, average="micro"))
    assert value(accuracy, golds, mine) == pytest.approx(metrics.accuracy_score(golds, mine))
    expected = metrics.f1_score(golds, mine, average="macro", zero_division=0.0)
    assert value(macro_f1, golds, mine) == pytest.approx(expected)


@settings(max_examples=60)
@given(st.lists(st.tuples(*[st.booleans()] * 6), min_size=1, max_size=8))
def test_multi_label_f1_is_scikit_learns(rows: list[tuple[bool, ...]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    keys = ("joy", "fear", "trust")
    golds = [dict(zip(keys, map(str, row[:3]), strict=True)) for row in rows]
    mine = [dict(zip(keys, map(str, row[3:]), strict=True)) for row in rows]
    expected = metrics.f1_score(
        [row[:3] for row in rows], [row[3:] for row in rows], average="micro", zero_division=0.0
    )
    assert value(multi_label_f1, golds, mine) == pytest.approx(expected)
    assert value(multi_label_f1, golds, mine, "sound") == pytest.approx(expected)


def test_multi_label_accidents() -> None:
    gold, turned = {"joy": "True", "fear": "False"}, {"fear": "False", "joy": "True"}
    assert value(multi_label_f1, [gold], [turned]) == 0  # values in order, whatever the keys
    assert value(multi_label_f1, [gold], [turned], "sound") == 1
    assert value(multi_label_f1, [gold], [{"joy": "TRUE", "fear": "no"}]) == 0
    assert value(multi_label_f1, [gold], [{"joy": True, "fear": False}], "sound") == 1
    with pytest.raises(DataError, match="texts as values"):
        value(multi_label_f1, [gold], [{"joy": True, "fear": False}])
    with pytest.raises(DataError, match="multiple labels are"):
        value(multi_label_f1, [gold], [{"joy": "yes", "fear": "no"}], "sound")


def test_squared_error() -> None:
    assert value(squared_error, ["1", 2.5], [2, "2.5"]) == 0.5
    for wrong in ("x", None, "nan", True, [1]):
        with pytest.raises(DataError, match="a degree is a number"):
            value(squared_error, ["1"], [wrong])


def test_labels_are_compared_as_they_are_officially() -> None:
    assert value(accuracy, ["1", "a"], [1, "a "]) == 0
    assert value(accuracy, ["1", "a"], [1, "a "], "sound") == 1


def aspects_as_published(gold: list[Any], mine: list[Any]) -> float:
    """The loops of the protocol, counting pairs that the first entry of the same aspect decides."""
    found = {"tp": 0, "fn": 0, "fp": 0}
    for wanted, got in zip(gold, mine, strict=True):
        for aspect, _, polarity in wanted:
            first = [entry[1] for entry in got if entry[0] == aspect][:1]
            found["tp" if first == [polarity] else "fn"] += 1
        for entry in got:
            first = [polarity for aspect, _, polarity in wanted if aspect == entry[0]][:1]
            found["fp"] += first != [entry[1]]
    precision, recall = found["tp"] / (found["tp"] + found["fp"]), found["tp"] / (found["tp"] + found["fn"])
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def test_aspects() -> None:
    draw = random.Random(0)
    for _ in range(200):
        gold = [
            [[draw.choice("ab"), ["x", 0, 1], draw.choice("+-")] for _ in range(draw.randint(1, 3))] for _ in range(4)
        ]
        mine = [[[draw.choice("abc"), draw.choice("+-")] for _ in range(draw.randint(1, 3))] for _ in range(4)]
        assert value(aspect_f1, gold, mine) == pytest.approx(aspects_as_published(gold, mine))
    target = ["기어", 16, 18]
    gold = [[["본품#품질", target, "negative"]]]
    assert (
        value(aspect_f1, gold, [[["본품#품질", target, "negative"]]]) == 0
    )  # the second part is taken for the polarity
    assert value(aspect_f1, gold, [[["본품#품질", target, "negative"]]], "sound") == 1
    both = [[["a", target, "+"], ["a", target, "-"]]]
    assert value(aspect_f1, both, [[["a", "+"], ["a", "-"]]]) == 0.5  # only the first of an aspect is looked at
    assert value(aspect_f1, both, [[["a", "+"], ["a", "-"]]], "sound") == 1
    with pytest.raises(DataError, match="divides by zero"):
        value(aspect_f1, gold, [[]])
    assert value(aspect_f1, gold, [[]], "sound") == 0


def test_targets() -> None:
    gold = [[{"id": "b", "label": "x"}, {"id": "a", "label": "y"}], [{"id": "c", "label": "z"}]]
    mine = [[{"id": "c", "label": "z"}], [{"id": "a", "label": "y "}, {"id": "b", "label": "x"}]]
    assert value(targets, gold, mine) == pytest.approx(2 / 3)
    assert value(targets, gold, mine, "sound") == 1
    with pytest.raises(DataError, match="their ids differ"):
        value(targets, gold, [[], mine[1]])


# -- texts


@pytest.mark.filterwarnings("ignore::UserWarning:nltk.translate.bleu_score")
def test_pooled_rouge_and_averaged_bleu() -> None:
    bleu = pytest.importorskip("nltk.translate.bleu_score")
    draw = random.Random(1)
    for _ in range(100):
        words = [" ".join(draw.choices("가나다라", k=draw.randint(0, 6))) for _ in range(4)]
        mine, references = words[0], words[1:]
        expected = [
            bleu.sentence_bleu([one.split()], mine.split(), weights=(1, 0, 0, 0)) if one and mine else 0.0
            for one in references
        ]
        assert bleu1(mine, references, "unicode") == pytest.approx(sum(expected) / 3)
        shared = sum(min(mine.split().count(w), one.split().count(w)) for one in references for w in set(mine.split()))
        both = 3 * len(mine.split()) + sum(len(one.split()) for one in references)
        assert pooled_rouge1(mine, references, "unicode") == pytest.approx(2 * shared / both if both else 0)


def test_bleu_cuts_the_text_as_it_is() -> None:
    pytest.importorskip("mecab")
    assert bleu1("KBS.", ["kbs."], "mecab") < bleu1("KBS.", ["KBS."], "mecab") == 1


# -- the table of tasks

SHAPES: dict[str, tuple[list[Any], list[Any], Any]] = {
    "absa": ([[["a", ["x", 0, 1], "+"]]] * 2, [[["a", "+"]], [["a", "-"]]], "x"),
    "au": ([1, 0], [1, 1], None),
    "te": (["entailment", "neutral"], ["entailment", "entailment"], [1]),
    "iau": (["POSITIVE", "NEGATIVE"], ["POSITIVE", "POSITIVE"], {}),
    "nli": (["6.375", "4"], ["6.375", "5"], "six"),
    "ea": ([{"joy": "True", "fear": "False"}] * 2, [{"joy": "True", "fear": "False"}, {"joy": "False", "fear": "True"}], "joy"),
    "sc": (["하나 둘", "셋"], ["하나 둘", "넷"], 3),
    "nams": (["하나 둘", "셋"], ["하나 둘", "넷"], ["셋"]),
    "te24": (["하나 둘", "셋"], ["하나 둘", "넷"], None),
    "dcs": (["하나 둘", "셋"], ["하나 둘", "넷"], {}),
    "t2t": ([["하나 둘"], ["셋", "넷"]], ["하나 둘", "다섯"], ["셋"]),
    "ic": ([["하나 둘"], ["셋", "넷"]], ["하나 둘", "다섯"], 1),
    "cci": (["inference_2", "inference_1"], ["inference_2", "inference_3"], []),
    "sr": (["a", "b"], ["a", "c"], None),
    "dialogue": (["a", "b"], ["a", "c"], None),
    "grammar": (["1", "2"], ["1", "3"], None),
    "isd": ([[{"id": "x", "label": "a"}], [{"id": "y", "label": "b"}]], [[{"id": "x", "label": "a"}], [{"id": "y", "label": "c"}]], "a"),
}  # fmt: skip
HALF = {"nli": 0.5, "absa": 0.5}


def test_every_task_is_tested() -> None:
    assert set(SHAPES) | {"correction", "culture_qa"} == set(TASKS)


@pytest.mark.parametrize("task", SHAPES)
@pytest.mark.parametrize("rules", ["official", "sound"])
def test_task(task: str, rules: Any) -> None:
    golds, mine, wrong = SHAPES[task]
    measures = Measures.of(("rouge1",), tokenizer="unicode")
    result = score_task(task, items(golds), items(mine)[::-1], measures, rules)
    assert result.figures
    first = next(iter(result.figures.values()))
    assert first.value == pytest.approx(HALF.get(task, 0.5))
    assert first.low <= first.value <= first.high
    perfect = mine if task in ("t2t", "ic") else [golds[0] if task != "absa" else mine[0], mine[1]]
    assert score_task(task, items(golds), items(perfect), measures, rules).figures
    with pytest.raises(DataError, match=f"task {task} .*an output of it is"):
        score_task(task, items(golds), items([mine[0], wrong]), measures, rules)
    with pytest.raises(DataError, match="no score"):
        score_task(task, items(golds), items(mine[:1]), measures, rules)


def test_the_mean_of_three_measures_needs_all_three() -> None:
    golds, mine, _ = SHAPES["dcs"]
    ids = {name: {"0": 1.0, "1": share} for name, share in (("rouge1", 0.1), ("bertscore", 0.4), ("bleurt", 0.7))}
    whole = score_task("dcs", items(golds), items(mine), Measures(given=ids))
    assert whole.final_score is not None
    assert whole.final_score.value == pytest.approx((1 + 0.4) / 2)
    part = Measures(given={"rouge1": ids["rouge1"]}, absent={"bertscore": "no", "bleurt": "no"})
    result = score_task("dcs", items(golds), items(mine), part)
    assert result.final_score is None
    assert result.absent == {"bertscore": "no", "bleurt": "no"}


def test_an_unknown_task_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'absa'"):
        find_task("abas")


# -- culture


def culture(*rows: tuple[str, str, str]) -> tuple[list[Item], list[Item]]:
    gold = [Item(str(n), {"question_type": kind}, {"answer": one}) for n, (kind, one, _) in enumerate(rows)]
    return gold, [Item(str(n), None, {"answer": two}) for n, (_, _, two) in enumerate(rows)]


def test_culture() -> None:
    gold, mine = culture(
        ("선다형", "3", "3"),
        ("선다형", "4", " 4"),
        ("단답형", "김치#깍두기", "깍두기 "),
        ("서술형", "하나 둘", "둘"),
        ("서술형", "하나", ""),
    )
    given_ = {name: {str(n): 0.6 for n in range(5)} for name in ("rouge1", "bertscore", "bleurt")}
    result = score_culture(gold, mine, Measures(given=given_))
    assert {name: figure.value for name, figure in result.figures.items()} == pytest.approx(
        {"accuracy": 0.5, "exact_match": 1, "rouge1": 0.6, "bertscore": 0.6, "bleurt": 0.6}
    )
    assert result.final_score is not None
    assert result.final_score.value == pytest.approx((0.5 + 1 + 0.6) / 3)
    sound = score_culture(gold, mine, Measures(given=given_), "sound")
    assert sound.figures["accuracy"].value == 1
    computed = score_culture(gold, mine, Measures.of(("rouge1",), tokenizer="unicode"))
    assert computed.figures["rouge1"].value == pytest.approx((2 / 3) / 2)  # an empty text is 0, and counts
    assert computed.final_score is None


def test_culture_types_that_are_not_there_and_unknown_ones() -> None:
    gold, mine = culture(("선다형", "3", "3"), ("논술형", "x", "y"))
    result = score_culture(gold, mine, Measures(absent={"bleurt": "no"}))
    assert result.final_score is not None  # no description, so no measure is missing
    assert result.final_score.value == 1
    assert result.notes == ["1 items of another question type count nowhere"]
    with pytest.raises(DataError, match="ids 1"):
        score_culture(gold, mine, Measures(), "sound")
    assert not math.isnan(result.figures["accuracy"].low)
