from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import jeoul.evals.statistics as statistics
from jeoul.errors import UsageError
from jeoul.evals.statistics.samples import check_k, check_level, paired_scores, read_scores


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([[1, 0], [1]], [[1, 0], [1, math.nan]]),
        ({"a": [True, None], "b": [math.nan, 0.5]}, [[1, math.nan], [math.nan, 0.5]]),
        (np.ones((2, 3), dtype=np.float32), [[1, 1, 1], [1, 1, 1]]),
        ([(1, 0), ()], [[1, 0], [math.nan, math.nan]]),
    ],
)
def test_reads(scores: Any, expected: list[list[float]]) -> None:
    np.testing.assert_array_equal(read_scores(scores), expected)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([], "no question"),
        ("1 0 1", "one row of samples a question"),
        (3, "one row of samples a question"),
        ([1, 0, 1], r"scores\[0\] is 1; expected a list of numbers"),
        ([[1], "10"], r"scores\[1\] is '10'"),
        ([[1, "yes"]], r"scores\[0\] has 'yes'"),
        ([[1, math.inf]], "infinite"),
        ([[[1, 0]]], r"nested too deep|has \[1, 0\]"),
        (np.ones(3), r"shape \[3\]"),
        (np.ones((2, 2, 2)), r"shape \[2, 2, 2\]"),
    ],
)
def test_bad_scores(scores: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_scores(scores)


def test_pairs_by_id_whatever_the_order() -> None:
    a, b, only = paired_scores({"x": [1], "y": [0], "w": [1]}, {"y": [0.25], "x": [0.75]})
    assert (a.tolist(), b.tolist(), only) == ([[1], [0]], [[0.75], [0.25]], 1)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([[1]], [[1], [0]], "A has 1 questions and B 2"),
        ({"x": [1]}, [[1]], "by question id"),
        ({"x": [1]}, {"y": [1]}, "share no question: A has 'x'; B 'y'"),
    ],
)
def test_what_cannot_be_paired(a: Any, b: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        paired_scores(a, b)


def test_bad_k_and_level() -> None:
    for k in (0, -1, 1.5, True, "4", None):
        with pytest.raises(UsageError, match="k is"):
            check_k(k)  # type: ignore[arg-type]
    for level in (0, 1, 95, "0.95", math.nan):
        with pytest.raises(UsageError, match="such as 0"):
            check_level(level)  # type: ignore[arg-type]


def test_public_names() -> None:
    assert all(callable(getattr(statistics, name)) for name in statistics.__all__)


def test_imports_nothing_heavy() -> None:
    code = "import sys, jeoul.evals.statistics; print({'scipy', 'pandas', 'torch', 'sympy'} & {*sys.modules} or 'none')"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "none\n"
