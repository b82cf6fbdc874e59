"""maj@k (also called cons@k): the score of the answer that most of k samples give."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from jeoul.errors import UsageError
from jeoul.evals.statistics.estimates import Estimate, IntervalMethod, summarise
from jeoul.evals.statistics.samples import Floats, Scores, check_k, read_scores
from jeoul.evals.statistics.vote_weights import Classes, left_out_votes, vote

__all__ = ["answer_classes", "maj_at_k", "vote_value", "vote_values"]


def answer_classes(answers: Sequence[Any], equivalent: Callable[[Any, Any], bool]) -> list[int | None]:
    r"""A class for each answer: that of the first earlier answer it is ``equivalent`` to; None stays None (no answer).

    Votes are counted over these, or ``1/2``, ``0.5`` and ``\frac{1}{2}`` would be three answers. Equal answers are
    compared once; calls of ``equivalent`` are at most distinct answers × classes.

    >>> answer_classes(["0.5", "1/2", None, "2", "0.5"], lambda a, b: {a, b} == {"0.5", "1/2"})
    [0, 0, None, 1, 0]
    """
    firsts: list[Any] = []
    known: dict[Hashable, int] = {}
    classes: list[int | None] = []
    for answer in answers:
        if answer is None:
            classes.append(None)
            continue
        if answer not in known:
            known[answer] = next(
                (place for place, first in enumerate(firsts) if equivalent(first, answer)), len(firsts)
            )
            if known[answer] == len(firsts):
                firsts.append(answer)
        classes.append(known[answer])
    return classes


def maj_at_k(
    scores: Scores,
    classes: Mapping[Any, Sequence[Hashable]] | Sequence[Sequence[Hashable]],
    k: int,
    *,
    level: float = 0.95,
    interval: IntervalMethod = "auto",
    seed: int = 0,
) -> Estimate:
    """Expected score of the most frequent answer of k samples, mean over questions.

    ``classes`` has a class of equivalent answers for each sample (:func:`answer_classes`); None there is a sample that
    gives no answer: it is drawn, but does not vote. A missing sample is NaN in ``scores``. Per question
    :func:`vote_value`, exact over all choices of k of the n samples. ``sampling_error`` is the jackknife's over
    samples, which errs to the wide side and needs n > k (else NaN). Range: that of the scores, and 0 where nobody
    answers. Source: Wang et al. 2022, self-consistency (arXiv 2203.11171).

    >>> maj_at_k([[1, 1, 0], [0, 0, 1]], [["4", "4", "5"], ["7", "7", "8"]], 3).estimate
    0.5
    """
    check_k(k)
    table_QK = read_scores(scores)
    values, variances = [], []
    for row, labels in zip(table_QK, _labels(scores, classes), strict=True):
        tally = _tally(row[: len(labels)], labels)
        values.append(_value(tally, k))
        variances.append(_jackknife(tally, k))
    counts_Q = np.count_nonzero(~np.isnan(table_QK), axis=1).astype(np.float64)
    most = table_QK.shape[1]
    return summarise(np.array(values), np.array(variances), counts_Q, most, level=level, interval=interval, seed=seed)


def vote_values(
    scores: Scores, classes: Mapping[Any, Sequence[Hashable]] | Sequence[Sequence[Hashable]], k: int
) -> Floats:
    """What :func:`maj_at_k` is the mean of: a value for each question, NaN for a question with fewer than k samples.

    >>> vote_values([[1, 1, 0], [0]], [["4", "4", "5"], ["7"]], 3).tolist()
    [1.0, nan]
    """
    check_k(k)
    rows = zip(read_scores(scores), _labels(scores, classes), strict=True)
    return np.array([_value(_tally(row[: len(labels)], labels), k) for row, labels in rows], dtype=np.float64)


def vote_value(counts: Sequence[int], values: Sequence[float], silent: int, k: int) -> float:
    """Expected score of the vote of k samples drawn without replacement from one question's.

    ``counts[c]`` samples give the answer of class c, worth ``values[c]``; ``silent`` samples give none. The largest
    class among the k wins; ties are split evenly; where none of the k answers, 0. Exact: for each top count t, the
    choices of k in which s classes have t and the others fewer, each winner with weight 1/s. NaN for fewer than k
    samples.

    >>> [round(vote_value([2, 1], [1.0, 0.0], 0, k), 3) for k in (1, 2, 3)]
    [0.667, 0.667, 1.0]
    >>> vote_value([2, 2], [1.0, 0.0], 0, 4), round(vote_value([1], [1.0], 3, 2), 3)
    (0.5, 0.5)
    """
    if len(counts) != len(values) or min([silent, *counts], default=0) < 0:
        raise UsageError("counts and values must be equally long, and counts not negative")
    if sum(counts) + silent < check_k(k):
        return math.nan
    return _vote(tuple(sorted(zip(map(int, counts), map(float, values), strict=True))), int(silent), k)


Tally = tuple[Classes, int]
"""(count, value) of each class, sorted, and how many samples give no answer."""


_vote = lru_cache(maxsize=20_000)(vote)  # questions repeat the same few patterns
_left_out = lru_cache(maxsize=20_000)(left_out_votes)


def _labels(scores: Scores, classes: Any) -> list[Sequence[Hashable]]:
    """``classes`` in the order of ``scores``, as many for each question."""
    if isinstance(scores, Mapping) != isinstance(classes, Mapping):
        raise UsageError("one of scores and classes is by question id and the other is rows; give both in the same way")
    if isinstance(scores, Mapping):
        missing = [question for question in scores if question not in classes]
        if missing:
            raise UsageError(f"classes has nothing for the question {missing[0]!r}; give a class for each sample")
    rows = list(scores.values()) if isinstance(scores, Mapping) else list(scores)
    labels = [classes[question] for question in scores] if isinstance(scores, Mapping) else list(classes)
    if len(rows) != len(labels):
        raise UsageError(f"scores has {len(rows)} questions and classes {len(labels)}; give a class for each sample")
    for place, (row, given) in enumerate(zip(rows, labels, strict=True)):
        if len(row) != len(given):
            raise UsageError(
                f"question {place} has {len(row)} scores and {len(given)} classes; give one a sample (None: no answer)"
            )
    return labels


def _tally(scores: Floats, labels: Sequence[Hashable]) -> Tally:
    """A class is worth the mean score of its samples: where the grader is right, they all have the same."""
    found: dict[Hashable, list[float]] = {}
    silent = 0
    for score, label in zip(scores.tolist(), labels, strict=True):
        if math.isnan(score):
            continue
        if label is None:
            silent += 1
        else:
            found.setdefault(label, []).append(score)
    return tuple(sorted((len(one), math.fsum(one) / len(one)) for one in found.values())), silent


def _value(tally: Tally, k: int) -> float:
    classes, silent = tally
    return math.nan if sum(count for count, _ in classes) + silent < k else _vote(classes, silent, k)


def _jackknife(tally: Tally, k: int) -> float:
    """``(n−1)/n · Σ (θ_i − mean θ)²`` over the n samples left out one by one; NaN for n ≤ k."""
    classes, silent = tally
    n = sum(count for count, _ in classes) + silent
    if n <= k:
        return math.nan
    left_out = _left_out(classes, silent, k)
    mean = math.fsum(value * times for value, times in left_out) / n
    return (n - 1) / n * math.fsum((value - mean) ** 2 * times for value, times in left_out)
