from __future__ import annotations

import copy
import math
import pickle
import subprocess
import sys
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jeoul
from jeoul import Recipe, Score, as_metric, does_not_apply, reward, use
from jeoul.errors import DataError, ScoringError, UsageError
from jeoul.rewards.registry import builtin_names, find_reward
from jeoul.rewards.signature import REQUIRED

evaluate = pytest.importorskip("evaluate")

from jeoul.evals.reward_metric import inputs_of  # noqa: E402  # imports evaluate

PREDICTIONS, REFERENCES = ["Paris", "Lyon", "Bonn"], ["Paris", ["Nice", "Lyon"], None]
RESULT = {"exact_match": 1.0, "exact_match_n": 2, "exact_match_missing": 1, "exact_match_failed": 0}


@reward(range=(0, 1), name="metric_test_odd")
def odd(completions: list[str], low: list[Any], high: list[Any], note: list[Any] | None = None) -> list[Any]:
    """1 if the completion lies between two numbers."""
    if "boom" in completions:
        raise ArithmeticError("boom")
    rows = zip(completions, low, high, strict=True)
    return [does_not_apply("no number") if a is None else Score(a <= len(text) <= b, "length") for text, a, b in rows]


@reward(scope="group", name="metric_test_unique")
def unique(completions: list[str]) -> list[float]:
    """1 if no other completion of the prompt is the same."""
    return [float(completions.count(text) == 1) for text in completions]


def quick(column: Any, **how: Any) -> Any:
    return as_metric(column, workers=0, **how)


# -- what it computes


def test_mean_and_counts():
    metric = quick("exact_match")
    assert metric.compute(predictions=PREDICTIONS, references=REFERENCES) == RESULT
    assert metric.compute(predictions=PREDICTIONS[:1], references=["x"])["exact_match"] == 0


def test_add_and_add_batch_come_to_the_same():
    metric = quick("exact_match")
    for text, cell in zip(PREDICTIONS, REFERENCES, strict=True):
        metric.add(prediction=text, reference=cell)
    assert len(metric) == 3
    assert metric.compute() == RESULT
    metric.add_batch(predictions=PREDICTIONS[:2], references=REFERENCES[:2])
    metric.add_batch(predictions=PREDICTIONS[2:], references=REFERENCES[2:])
    assert metric.compute() == RESULT
    metric.add(prediction="Bonn", reference=None)  # None first, which evaluate itself refuses for text
    metric.add_batch(predictions=PREDICTIONS[:2], references=REFERENCES[:2])
    assert metric.compute() == RESULT


def test_values_of_each_and_why():
    result = quick("exact_match", per_sample=True).compute(predictions=["4", "5", "6"], references=["4", "4", None])
    assert result["exact_match_scores"] == [1, 0, None]
    assert result["exact_match_reasons"][1] == "'5' is not '4'"
    assert quick("exact_match", per_sample=True).compute(predictions=[], references=[])["exact_match_scores"] == []


@pytest.mark.parametrize("disk", [False, True])
def test_nothing_to_score(disk, tmp_path):
    metric = quick("exact_match", keep_in_memory=not disk, cache_dir=str(tmp_path))
    for cells in ([], [None]):
        result = metric.compute(predictions=["a"] * len(cells), references=cells)
        assert math.isnan(result.pop("exact_match"))
        assert result == {"exact_match_n": 0, "exact_match_missing": len(cells), "exact_match_failed": 0}


def test_in_worker_processes():
    assert as_metric("exact_match").compute(predictions=PREDICTIONS, references=REFERENCES) == RESULT


cells = st.none() | st.text(max_size=3) | st.integers(-9, 9) | st.lists(st.text("ab", max_size=2), max_size=2)
letters = st.characters(codec=None)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.text(letters, max_size=4), cells), min_size=1, max_size=6), st.integers(0, 6))
def test_it_is_the_table(pairs, cut):
    texts, answers = map(list, zip(*pairs, strict=True))
    column = Recipe(use("exact_match", answer="gold")).score(
        {"completion": texts, "gold": answers}, workers=0
    ).column("exact_match")  # fmt: skip
    metric = quick("exact_match", per_sample=True)
    metric.add_batch(predictions=texts[:cut], references=answers[:cut])
    metric.add_batch(predictions=texts[cut:], references=answers[cut:])
    result = metric.compute()
    present = [value for value in column if not math.isnan(value)]
    assert result["exact_match_scores"] == [None if math.isnan(value) else value for value in column]
    assert (result["exact_match_n"], result["exact_match_missing"]) == (len(present), len(column) - len(present))
    assert math.isnan(result["exact_match"]) if not present else result["exact_match"] == sum(present) / len(present)


# -- inputs


def test_several_references():
    metric = quick(odd(low="low", high="high"))
    assert inputs_of(odd()) == {"completions": "predictions", "low": "references", "high": "high"}
    assert list(quick(odd()).features) == ["predictions", "references", "high"]
    assert metric.compute(predictions=["ab", "a"], references=[2, None], high=[3, 3])["metric_test_odd_missing"] == 1
    named = quick(odd(low="least", high="most"))
    assert named.compute(predictions=["ab"], least=[1], most=[1])["metric_test_odd"] == 0
    for number in (1, 3):
        named.add(prediction="ab", least=number, most=number)
    named.add(prediction="ab", least=2, most=2)
    assert named.compute()["metric_test_odd"] == pytest.approx(1 / 3)
    assert list(quick(odd(note="notes")).features) == ["predictions", "notes", "references", "high"]


def test_prompts_make_the_groups_of_a_group_reward():
    metric = quick(unique())
    assert list(metric.features) == ["predictions", "prompts"]
    assert metric.compute(predictions=["a", "a", "a"], prompts=["p", "p", "q"])["metric_test_unique"] == 1 / 3


def test_a_trl_function_is_a_metric_too():
    def length(prompts, completions, answer, **kwargs):
        return [len(text) + len(prompt) + cell for prompt, text, cell in zip(prompts, completions, answer, strict=True)]

    metric = quick(length)
    assert metric.compute(predictions=["a"], prompts=["bc"], references=[10])["length"] == 13


def test_arrays_and_series_are_read():
    numpy, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    metric = quick("exact_match")
    expected = {**RESULT, "exact_match": 0.5, "exact_match_missing": 0}
    assert metric.compute(predictions=numpy.array(["1", "2"]), references=numpy.array([1, 3])) == expected
    assert metric.compute(predictions=pandas.Series(["1", "2"]), references=pandas.Series([1, 3])) == expected


@pytest.mark.parametrize("text", ["", "\0", "\ud800", "{" * 1_000_000, "가" * 1_000_000])
def test_hostile_texts(text):
    result = quick("exact_match").compute(predictions=[text, "a"], references=[text, "b"])
    assert result["exact_match_n"] == (2 if text else 1)  # nothing is not what was asked for


# -- what evaluate is told of it


@pytest.mark.parametrize("name", builtin_names())
def test_every_built_in_reward_is_a_metric(name):
    known = find_reward(name)
    given = {"pattern": "a", "limit": jeoul.tokens(9), "buffer": jeoul.tokens(3), "metric": "none"}
    given |= {"rubric": "Grade {completion}", "model": "none"}
    chosen = {"contains": {"phrase": "phrase"}, "length_within": {"most": jeoul.words(3)}}.get(name, {})
    needs = {option: given.get(option) for option, default in known.signature.options.items() if default is REQUIRED}
    metric = as_metric(use(name, **needs, **chosen))
    assert isinstance(metric, evaluate.Metric)
    assert metric.name == metric.config_name == name
    assert metric.description.startswith(known.summary)
    assert metric.citation == known.source
    for text in (metric.inputs_description, metric.compute.__doc__, metric.add.__doc__, metric.add_batch.__doc__):
        assert f"{name}: mean" in text
    assert next(iter(metric.features)) == "predictions"
    required = [argument for argument, needed in known.signature.data.items() if needed]
    assert len(metric.features) >= len(required)


def test_inputs_are_described():
    text = quick("exact_match").inputs_description
    assert "    predictions: texts of the model\n    references: answer of each, any JSON value\n" in text
    assert "exact_match: mean, from 0 to 1, over the predictions it applies to" in text
    assert text.endswith("Made of: exact_match()")


# -- evaluate.combine


def test_combine():
    both = evaluate.combine([quick("exact_match"), quick(jeoul.tagged("a")), quick(odd())])
    result = both.compute(predictions=PREDICTIONS, references=REFERENCES[:1] * 3, high=[9, 9, 9])
    assert {key: result[key] for key in ("exact_match", "tagged", "tagged_n")} == {
        "exact_match": pytest.approx(1 / 3),
        "tagged": 0,
        "tagged_n": 3,
    }
    assert result["metric_test_odd_failed"] == 3  # it compares texts with numbers
    assert len(result) == 12
    both.add(prediction="Paris", reference="Paris", high=3)
    both.add_batch(predictions=["x"], references=["y"], high=[3])
    assert both.compute()["exact_match"] == 0.5


def test_combine_with_a_metric_of_evaluates_own_kind(tmp_path):
    import datasets

    class Length(evaluate.Metric):
        def _info(self):
            features = datasets.Features(
                {"predictions": datasets.Value("string"), "references": datasets.Value("string")}
            )
            return evaluate.MetricInfo(description="", citation="", inputs_description="", features=features)

        def _compute(self, predictions, references, scale=1):
            return {"length": scale * sum(map(len, predictions)) / len(predictions)}

    both = evaluate.combine([quick("exact_match"), Length(cache_dir=str(tmp_path))])
    result = both.compute(predictions=["ab", "c"], references=["ab", "x"], scale=2)  # for Length alone
    assert (result["exact_match"], result["length"]) == (0.5, 3)


def test_one_reward_twice_under_two_names():
    metrics = [quick(jeoul.rouge1(measure=measure).named(f"rouge1_{measure}")) for measure in ("recall", "precision")]
    result = evaluate.combine(metrics).compute(predictions=["a b c d"], references=["a b"])
    assert (result["rouge1_recall"], result["rouge1_precision"]) == (1, 0.5)
    prefixed = evaluate.combine({"one": metrics[0], "two": metrics[0]}).compute(predictions=["a"], references=["a"])
    assert (prefixed["one_rouge1_recall"], prefixed["two_rouge1_recall"]) == (1, 1)


# -- where it lives


def test_in_memory_it_leaves_nothing(tmp_path):
    metric = as_metric("exact_match", workers=0, cache_dir=str(tmp_path / "cache"))
    assert metric.compute(predictions=PREDICTIONS, references=REFERENCES) == RESULT
    assert not (tmp_path / "cache").exists()


def test_a_home_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    metric = quick(
        "exact_match", cache_dir=str(tmp_path / "file" / "below")
    )  # no folder can be made here, even by root
    assert metric.compute(predictions=PREDICTIONS, references=REFERENCES) == RESULT


def test_on_disk_several_may_compute_at_once(tmp_path):
    how: dict[str, Any] = {"keep_in_memory": False, "cache_dir": str(tmp_path)}
    metrics = [quick("exact_match", **how, experiment_id=f"run{number}") for number in range(2)]
    for metric in metrics:
        metric.add_batch(predictions=PREDICTIONS[:2], references=REFERENCES[:2])
    assert {path.name for path in tmp_path.rglob("*.arrow")} == {"run0-1-0.arrow", "run1-1-0.arrow"}
    assert {path.parent for path in tmp_path.rglob("*.arrow")} == {tmp_path / "exact_match" / "exact_match"}
    for metric in metrics:
        metric.add_batch(predictions=PREDICTIONS[2:], references=REFERENCES[2:])
        assert metric.compute() == RESULT
    assert not list(tmp_path.rglob("*.arrow"))


def test_distributed(tmp_path):
    def one(process: int) -> None:
        metric = quick("exact_match", num_process=2, process_id=process, experiment_id="x", cache_dir=str(tmp_path))
        part = slice(0, 2) if process == 0 else slice(2, 3)
        results[process] = metric.compute(predictions=PREDICTIONS[part], references=REFERENCES[part])

    results: dict[int, Any] = {}
    threads = [threading.Thread(target=one, args=(process,)) for process in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert results == {0: RESULT, 1: None}


@pytest.mark.parametrize("again", [copy.deepcopy, lambda metric: pickle.loads(pickle.dumps(metric))])
def test_pickles(again):
    metric = quick(jeoul.exact_match(ignore_case=True), per_sample=True)
    metric.compute(predictions=["a"], references=["a"])
    other = again(metric)
    assert other.compute(predictions=["A"], references=["a"])["exact_match_scores"] == [1]
    metric.add(prediction="a", reference="a")
    with pytest.raises(UsageError, match=r"compute\(\) what was added before the metric is sent or copied"):
        again(metric)


def test_in_another_process():
    sent = pickle.dumps(quick("exact_match"))
    program = "import pickle, sys; print(pickle.load(sys.stdin.buffer).compute(predictions=['a'], references=['a']))"
    done = subprocess.run([sys.executable, "-c", program], input=sent, capture_output=True, check=True)
    assert done.stdout.startswith(b"{'exact_match': 1.0")


# -- failures and mistakes


def test_failed_cells_are_counted():
    texts, low, high = ["ab", "boom", "abc"], [1, 1, None], [2, 2, 2]
    result = quick(odd(), per_sample=True).compute(predictions=texts, references=low, high=high)
    name = "metric_test_odd"
    assert [result[f"{name}{part}"] for part in ("", "_n", "_missing", "_failed")] == [1, 1, 1, 1]
    assert result[f"{name}_reasons"][1].startswith("ArithmeticError: boom")
    result = quick(odd().on_error(0.0)).compute(predictions=texts, references=low, high=high)
    assert [result[f"{name}{part}"] for part in ("", "_n", "_missing", "_failed")] == [0.5, 2, 1, 1]
    raising = quick(odd().on_error("raise"))
    with pytest.raises(ScoringError, match="boom"):
        raising.compute(predictions=texts, references=low, high=high)
    assert raising.compute(predictions=["ab"], references=[1], high=[2])[name] == 1  # nothing of it stays


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (
            {"ignore_case": True},
            r"no option \'ignore_case\'; options of the reward belong to the column: as_metric\(use",
        ),
        ({"config_name": "x"}, "no option 'config_name'"),
        ({"deadline": jeoul.seconds(0)}, "deadline must be more than 0 seconds"),
    ],
)
def test_wrong_options(how, said):
    with pytest.raises(UsageError, match=said):
        as_metric("exact_match", **how)


def test_mistakes_say_what_to_write():
    with pytest.raises(UsageError, match=r"no reward 'exact_mtach' \(did you mean"):
        as_metric("exact_mtach")
    with pytest.raises(
        UsageError, match=r"rouge1 depends on other columns \(exact_match\), and a metric is made of one"
    ):
        as_metric(jeoul.rouge1().when(jeoul.exact_match() >= 1))
    with pytest.raises(UsageError, match=r"sum depends on other columns \(exact_match\)"):
        as_metric(jeoul.sum_of(jeoul.exact_match()))
    metric = quick("exact_match")
    with pytest.raises(UsageError, match="needs predictions, references; references is missing"):
        metric.compute(predictions=["a"])
    with pytest.raises(UsageError, match="takes predictions, references, not 'answers'"):
        metric.add_batch(predictions=["a"], references=["a"], answers=["a"])
    with pytest.raises(UsageError, match="'ignore_case' belongs to the column"):
        metric.compute(predictions=["a"], references=["a"], ignore_case=True)
    with pytest.raises(DataError, match=r"different lengths: \{'predictions': 1, 'references': 2\}"):
        metric.add_batch(predictions=["a"], references=["a", "b"])
    with pytest.raises(DataError, match="predictions, row 1: a completion is text, not 5"):
        metric.add_batch(predictions=["a", 5], references=["a", "b"])
    with pytest.raises(DataError, match="references, row 0: holds what is no JSON value"):
        metric.add(prediction="a", reference=object())
    assert metric.compute(predictions=["a"], references=["a"])["exact_match_n"] == 1
