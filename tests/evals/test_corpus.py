from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest

from jeoul import CorpusFigure, Recipe, corpus_figure, exact_match
from jeoul.errors import DataError, UsageError

evaluate = pytest.importorskip("evaluate")
datasets = pytest.importorskip("datasets")

ROWS = [
    {"completion": "a b c", "answer": "a b"},
    {"completion": "a", "answer": "a"},
    {"completion": "x y", "answer": None},
]


class Precision(evaluate.Metric):
    """Shared words over words said, over the corpus: like BLEU no mean of single values."""

    def _info(self) -> Any:
        text = datasets.Value("string")
        features = datasets.Features({"predictions": text, "references": text})
        return evaluate.MetricInfo(description="", citation="", inputs_description="", features=features)

    def _compute(self, predictions: list[str], references: list[str], scale: float = 1.0) -> dict[str, Any]:
        shared = [
            (Counter(a.split()) & Counter(b.split())).total() for a, b in zip(predictions, references, strict=True)
        ]
        said = [len(text.split()) for text in predictions]
        return {"precision": scale * sum(shared) / sum(said), "each": shared, "kind": "words"}


@pytest.fixture
def metric(tmp_path):
    return Precision(cache_dir=str(tmp_path))


def test_one_figure_with_its_n(metric):
    figure = corpus_figure(metric, ROWS, key="precision", references="answer")
    assert isinstance(figure, CorpusFigure)
    assert (figure.metric, figure.key, figure.value, figure.n, figure.missing) == ("precision", "precision", 0.75, 2, 1)
    assert figure.versions["evaluate"] == evaluate.__version__
    assert corpus_figure(metric, ROWS, key="precision", references="answer", arguments={"scale": 100}).value == 75


def test_of_a_reward_table(metric):
    table = Recipe(exact_match(answer="answer")).score(ROWS, workers=0)
    figure = corpus_figure(metric, table, key="precision", references="answer")
    assert figure == corpus_figure(metric, table.rollouts, key="precision", references="answer")
    assert figure.value == 0.75
    singly = [corpus_figure(metric, [row], key="precision", references="answer").value for row in ROWS[:2]]
    assert sum(singly) / 2 != figure.value


def test_nothing_to_count(metric):
    figure = corpus_figure(metric, ROWS[2:], key="precision", references="answer")
    assert math.isnan(figure.value)
    assert (figure.n, figure.missing) == (0, 1)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"references": "answer"}, r'precision gives precision, each, kind; say which: key="precision"'),
        ({"references": "answer", "key": "each"}, "gives each as a list, not as one number: .* evaluate_metric"),
        ({"references": "answer", "key": "kind"}, "gives kind as a str"),
        ({"key": "precision"}, "the data has no column 'references'; if it has another name: references ="),
        ({"references": "answer", "arguments": {"scael": 1}}, r"no argument 'scael' \(did you mean 'scale'\?\)"),
        ({"key": "precision", "refs": "answer"}, "precision has no input 'refs' to give a column"),
        ({"key": "precision", "predictions": "answer"}, "precision has no input 'predictions' to give a column"),
    ],
)
def test_mistakes_say_what_to_write(metric, how, said):
    with pytest.raises(UsageError, match=said):
        corpus_figure(metric, ROWS, **how)


def test_a_column_that_is_not_there(metric):
    with pytest.raises(DataError, match=r"no column 'answers' \(did you mean 'answer'\?\)"):
        corpus_figure(metric, ROWS, key="precision", references="answers")


def test_what_the_metric_cannot_read(metric):
    with pytest.raises(DataError, match=r"precision fails on these completions: ZeroDivisionError: .*division by zero"):
        corpus_figure(metric, [{"completion": "", "answer": ""}], key="precision", references="answer")
