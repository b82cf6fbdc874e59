"""Metrics of Hugging Face evaluate as rewards, with small metrics of our own: those it offers are on the hub."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

import jeoul
from jeoul import Recipe, evaluate_metric
from jeoul.errors import RecipeError, UsageError
from jeoul.rewards._hugging_face import find_metric

evaluate = pytest.importorskip("evaluate")
datasets = pytest.importorskip("datasets")

SCRIPT = """
import datasets
import evaluate


class Overlap(evaluate.Metric):
    def _info(self):
        text = datasets.Value("string")
        return evaluate.MetricInfo(
            description="Words shared, over words said.", citation="", inputs_description="Two lists of texts.",
            features=datasets.Features({"predictions": text, "references": text}),
        )

    def _compute(self, predictions, references, lower=False, spread=False):
        if lower:
            predictions = [text.lower() for text in predictions]
        if "fail" in predictions:
            raise ArithmeticError("cannot count this")
        shared = [len({*a.split()} & {*b.split()}) for a, b in zip(predictions, references)]
        said = [len({*text.split()}) for text in predictions]
        if spread:
            return {"each": [a / b if b else None for a, b in zip(shared, said)], "words": said}
        return {"overlap": sum(shared) / max(sum(said), 1), "config": self.config_name}
"""

ROWS = [
    {"completion": "a b", "answer": "a b"},
    {"completion": "a x", "answer": "a b"},
    {"completion": "a", "answer": None},
    {"completion": "", "answer": "a"},
]


@pytest.fixture(autouse=True)
def _no_file_in_the_home(tmp_path, monkeypatch):
    for name in ("HF_METRICS_CACHE", "HF_MODULES_CACHE", "DOWNLOADED_EVALUATE_PATH", "HF_EVALUATE_CACHE"):
        monkeypatch.setattr(evaluate.config, name, tmp_path / "cache" / name)
    for name in [name for name in sys.modules if name.split(".")[0] == "evaluate_modules"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [*sys.path])


@pytest.fixture
def script(tmp_path, monkeypatch):
    (tmp_path / "overlap.py").write_text(SCRIPT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "overlap.py"


def made(compute: Any, **features: str) -> Any:
    """A metric of a function."""
    kinds = features or {"predictions": "string", "references": "string"}

    class Made(evaluate.Metric):
        def _info(self) -> Any:
            values = datasets.Features({name: datasets.Value(kind) for name, kind in kinds.items()})
            return evaluate.MetricInfo(description="", citation="", inputs_description="", features=values)

        def _compute(self, **given: Any) -> Any:
            return compute(**given)

    return Made()


def equal(predictions: list[Any], references: list[Any]) -> dict[str, Any]:
    return {"equal": sum(a == b for a, b in zip(predictions, references, strict=True)) / len(predictions)}


def same(found: Any, expected: list[float | None]) -> bool:
    return [None if math.isnan(value) else value for value in map(float, found)] == expected


# -- as a reward


def test_a_script_is_a_column(script):
    recipe = Recipe.from_toml(
        '[reward.shared]\nuse = "evaluate_metric"\nmetric = "overlap.py"\nkey = "overlap"\nreferences = "answer"\n'
    )
    table = recipe.score(ROWS)
    assert same(table.column("shared"), [1, 0.5, None, 0])
    assert table.reason[2][0] == "no references"
    assert table.info["engines"]["shared"]["metric"].startswith("overlap (script ")
    assert table.info["engines"]["shared"]["evaluate"] == evaluate.__version__
    assert Recipe.from_toml(recipe.to_toml()) == recipe
    assert eval(repr(recipe), {name: getattr(jeoul, name) for name in jeoul.__all__}) == recipe


def test_a_metric_that_gives_none_does_not_apply():
    alone = made(lambda predictions, references: {"n": None if predictions == [""] else 1.0})
    beside = made(lambda predictions, references: {"n": None if predictions == [""] else 1.0, "words": 2})
    assert same(evaluate_metric(["", "a"], ["a", "a"], metric=alone), [None, 1])
    assert same(evaluate_metric(["", "a"], ["a", "a"], metric=beside, key="n"), [None, 1])


def test_a_list_of_values_is_called_for_a_batch_at_once(script):
    options = {"metric": str(script), "key": "each", "arguments": {"spread": True}}
    calls = []
    counted = made(lambda predictions, references: calls.append(len(predictions)) or {"n": [1] * len(predictions)})
    assert same(evaluate_metric(["a b", "a x", "a", ""], ["a b", "a b", None, "a"], **options), [1, 0.5, None, None])
    for per_sample in (False, True):
        found = evaluate_metric(["a b", "a x"], ["a b", "a b"], **options, per_sample=per_sample)
        assert same(found, [1, 0.5])
        evaluate_metric(["a", "b", "c"], ["a", None, "c"], metric=counted, per_sample=per_sample)
    assert calls == [1, 1, 2]


def test_values_do_not_depend_on_the_batch(script):
    texts, references = ["a b", "a x", "fail", "b", "q"], ["a b", "a b", "a", "b", "b a"]
    recipe = Recipe(evaluate_metric(metric=str(script), key="overlap", references="gold"))
    rows = [{"completion": a, "gold": b} for a, b in zip(texts, references, strict=True)]
    table = recipe.score(rows)
    assert same(table.column("evaluate_metric"), [1, 0.5, None, 1, 0])
    assert table.reason[2][0].startswith("ArithmeticError: cannot count this")
    alone = [float(recipe.score([row]).value[0, 0]) for row in rows]
    assert same(alone, [1, 0.5, None, 1, 0])


def test_arguments_and_configuration_reach_the_metric(script):
    options = {"metric": str(script), "key": "overlap"}
    assert evaluate_metric(["A"], ["a"], **options) == [0]
    assert evaluate_metric(["A"], ["a"], **options, arguments={"lower": True}) == [1]
    assert find_metric(str(script), "mine").module.config_name == "mine"


def test_an_instance_stays_the_users_own():
    metric = made(equal)
    metric.add(prediction="x", reference="y")
    assert evaluate_metric(["a", "b"], ["a", "c"], metric=metric) == [1, 0]
    assert len(metric) == 1
    assert metric.compute() == {"equal": 0}
    recipe = Recipe(evaluate_metric(metric=metric, references="answer").named("equal"))
    assert same(recipe.score(ROWS).column("equal"), [1, 0, None, 0])
    with pytest.raises(RecipeError, match="cannot be written in TOML"):
        recipe.to_toml()


def test_features_convert_the_texts():
    metric = made(equal, predictions="int32", references="int32")
    assert evaluate_metric(["4", "5"], [4, 4], metric=metric) == [1, 0]
    table = Recipe(evaluate_metric(metric=metric, references="gold")).score(
        [{"completion": "four", "gold": 4}, {"completion": "4", "gold": 4}]
    )
    assert same(table.value[:, 0], [None, 1])
    assert "invalid literal for int()" in table.reason[0][0]


def test_other_inputs_are_columns_by_name():
    joined = made(
        lambda sources, predictions, references: {"sum": float(len(sources[0] + predictions[0] + references[0]))},
        sources="string", predictions="string", references="string",
    )  # fmt: skip
    column = evaluate_metric(metric=joined, sources="question", references="gold")
    assert Recipe(column).score([{"completion": "a", "question": "bb", "gold": "ccc"}]).value.tolist() == [[6]]
    lone = made(lambda data: {"length": len(data[0])}, data="string")
    assert evaluate_metric(["abc"], metric=lone) == [3]


def test_numbers_are_the_same_each_time():
    import numpy

    noise = made(lambda predictions, references: {"noise": numpy.random.random()})
    first = evaluate_metric(["a", "b"], ["a", "b"], metric=noise)
    assert first[0] == first[1]
    assert evaluate_metric(["c"], ["a"], metric=made(noise._compute)) == first[:1]


@pytest.mark.parametrize("value", [1, True, 1.0, [1], (1.0,)])
def test_results_are_read(value):
    numpy = pytest.importorskip("numpy")
    for form in (value, numpy.array(value), numpy.float32(1), [numpy.float64(1)]):
        assert evaluate_metric(["a"], ["b"], metric=made(lambda form=form, **_: {"one": form, "what": "x"})) == [1.0]


def test_results_that_are_no_dictionary_are_read():
    assert evaluate_metric(["a", "b"], ["a", "c"], metric=made(lambda **given: equal(**given)["equal"])) == [1, 0]
    assert evaluate_metric(["a"], ["a"], metric=made(lambda **_: SimpleNamespace(m=0.5, what="x"))) == [0.5]
    with pytest.raises(UsageError, match="gave a str, not a dictionary of results"):
        evaluate_metric(["a"], ["a"], metric=made(lambda **_: "1"))


def test_a_text_for_an_input_that_takes_lists_is_a_list_of_it():
    class Several(evaluate.Metric):
        def _info(self) -> Any:
            text = datasets.Value("string")
            features = datasets.Features({"predictions": text, "references": datasets.Sequence(text)})
            return evaluate.MetricInfo(description="", citation="", inputs_description="", features=features)

        def _compute(self, predictions: list[str], references: list[list[str]]) -> dict[str, Any]:
            return {"n": [float(a in b) for a, b in zip(predictions, references, strict=True)]}

    for per_sample in (False, True):
        found = evaluate_metric(["a", "ab", "c"], ["a", ["a", "ab"], "cc"], metric=Several(), per_sample=per_sample)
        assert found == [1, 1, 0]


def test_a_corpus_metric_of_a_list_is_not_taken_for_values_of_completions():
    precisions = made(lambda **_: {"precisions": [0.5, 0.25]})
    for per_sample in (False, True):
        with pytest.raises(UsageError, match=r"gave 2 values for [13] completions"):
            evaluate_metric(["a", "b", "c"], ["a"] * 3, metric=precisions, per_sample=per_sample)
    with pytest.raises(UsageError, match="gave one float for 2 completions; per_sample=True is for metrics that give"):
        evaluate_metric(["a", "b"], ["a"] * 2, metric=made(equal), per_sample=True)


def test_nothing_of_a_failed_call_stays(script):
    reward = find_metric(str(script))
    for bad in ({"predictions": ["fail"], "references": ["a"]}, {"predictions": ["a", "b"], "references": ["a"]}):
        with pytest.raises((ArithmeticError, ValueError)):
            reward.compute(bad, {})
        assert reward.compute({"predictions": ["a"], "references": ["a"]}, {})["overlap"] == 1


@pytest.mark.parametrize("text", ["\0", "😀" * 9, "{" * 100_000, "가" * 500_000, "\u1112\u1161"])
def test_hostile_texts(text):
    assert evaluate_metric([text, "a"], [text, "b"], metric=made(equal)) == [1, 0]


def test_half_a_surrogate_pair_fails_its_own_cell():
    table = Recipe(evaluate_metric(metric=made(equal), references="answer")).score(
        [{"completion": "\ud800", "answer": "a"}, {"completion": "a", "answer": "a"}]
    )
    assert same(table.value[:, 0], [None, 1])
    assert "surrogates not allowed" in table.reason[0][0]


def test_leaves_no_file(script, tmp_path):
    before = Counter(path.name for path in tmp_path.rglob("*.arrow*"))
    evaluate_metric(["a"], ["a"], metric=str(script), key="overlap")
    assert Counter(path.name for path in tmp_path.rglob("*.arrow*")) == before == Counter()


def test_an_edited_script_is_read_again(script):
    assert evaluate_metric(["a"], ["a"], metric="overlap.py", key="overlap") == [1]
    script.write_text(SCRIPT.replace("sum(shared) /", "5 + sum(shared) /"), encoding="utf-8")
    assert evaluate_metric(["a"], ["a"], metric="overlap.py", key="overlap") == [6]


# -- mistakes


def test_what_is_not_there_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(evaluate.config, "HF_EVALUATE_OFFLINE", True)
    monkeypatch.chdir(tmp_path)
    for name in ("rouge", "some/metric", "metrics/none.py", "", "\0", "/no/such/metric"):
        with pytest.raises(UsageError, match=r"there is no metric|cannot be loaded"):
            find_metric(name)
    with pytest.raises(
        UsageError, match=r"hub was not reached or has none\. Give the path .*evaluate\.load\('rouge'\)"
    ):
        Recipe(evaluate_metric(metric="rouge", references="answer")).score(ROWS)


def test_a_script_that_needs_a_network_is_not_said_to_be_absent(script, monkeypatch):
    monkeypatch.setattr(evaluate.config, "HF_EVALUATE_OFFLINE", True)
    script.write_text(
        "from .rest import x  # From: https://github.com/some/where/blob/main/rest.py\n" + SCRIPT, encoding="utf-8"
    )
    with pytest.raises(UsageError, match=r"'overlap\.py' cannot be loaded: OfflineModeIsEnabled"):
        find_metric("overlap.py")


@pytest.mark.parametrize("content", ["1/0", "def f(:", "import no_such_module", "x = 1"])
def test_a_script_that_fails_says_how(content, tmp_path):
    (tmp_path / "bad.py").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=r"the metric '.*bad\.py' cannot be loaded: \w+Error"):
        find_metric(str(tmp_path / "bad.py"))


@pytest.mark.parametrize("thing", [5, None, len, evaluate, {"a": 1}, ["rouge"]])
def test_what_is_no_metric_is_refused(thing):
    with pytest.raises(UsageError, match="a metric is the path of its script, its name on the hub"):
        evaluate_metric(metric=thing)
    with pytest.raises(UsageError, match="a metric is the path of its script, its name on the hub"):
        find_metric(thing)


def test_mistakes_name_what_there_is(script):
    options = {"metric": str(script)}
    with pytest.raises(UsageError, match=r"gives no 'overlop' \(did you mean 'overlap'\?\); it gives overlap, config"):
        evaluate_metric(["a"], ["a"], **options, key="overlop")
    with pytest.raises(UsageError, match=r'gives each, words; say which: key="each"'):
        evaluate_metric(["a"], ["a"], **options, arguments={"spread": True})
    with pytest.raises(UsageError, match=r"takes predictions, references, and the data has no column 'references'"):
        evaluate_metric(["a"], **options)
    with pytest.raises(UsageError, match=r"overlap has no input 'prediction' \(did you mean 'predictions'\?\)"):
        evaluate_metric(["a"], ["a"], **options, completions_as="prediction")
    pair = made(lambda **_: {}, left="string", right="string")
    with pytest.raises(UsageError, match=r'takes left, right; say which are the completions: completions_as="left"'):
        evaluate_metric(["a"], metric=pair, right=["b"])
    assert evaluate_metric(["a"], metric=made(lambda left, right: {"n": 2}, left="string", right="string"),
                           completions_as="right", left=["b"]) == [2]  # fmt: skip
    with pytest.raises(
        UsageError, match=r"no argument 'lowr' \(did you mean 'lower'\?\); beside its inputs: lower, spread"
    ):
        Recipe(evaluate_metric(**options, arguments={"lowr": True}, references="answer")).score(ROWS)
    with pytest.raises(UsageError, match="config is for metrics that are loaded"):
        evaluate_metric(["a"], ["a"], metric=made(equal), config="x")
    with pytest.raises(UsageError, match="needs this option"):
        evaluate_metric(references="answer")


def test_importing_the_reward_does_not_import_evaluate():
    code = "import sys, jeoul; jeoul.evaluate_metric(metric='rouge'); print({'evaluate', 'datasets', 'torch'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_pickles():
    assert pickle.loads(pickle.dumps(evaluate_metric)) is evaluate_metric
