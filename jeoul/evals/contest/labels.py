"""Metrics of the tasks that choose: F1, accuracy and squared error, from per-item counts.

Every metric gives ``(statistics, figure)``: a row of numbers for each item, and the function of their sums. ``rules``
is "official", with what the organisers' code does, or "sound", without its accidents.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

from jeoul.errors import DataError
from jeoul.evals.contest.estimate import Figure
from jeoul.rewards._text import normal, shown

__all__ = [
    "Metric",
    "Rules",
    "accuracy",
    "aspect_f1",
    "macro_f1",
    "micro_f1",
    "multi_label_f1",
    "squared_error",
    "targets",
]

Rules = Literal["official", "sound"]
Metric = tuple[list[list[float]], Figure]


def share(sums: Sequence[float]) -> float:
    """Ratio of the first sum to the second; 0 of nothing."""
    return sums[0] / sums[1] if sums[1] else 0.0


def accuracy(golds: Sequence[Any], given: Sequence[Any], rules: Rules) -> Metric:
    """Share of items whose label is the gold's.

    Official: equal as they are in the file, so "1" is not "1 ". Sound: as texts, NFC, without white space at the ends.
    """
    pairs = zip(_labels(golds, rules), _labels(given, rules), strict=True)
    return [[float(wanted == got), 1.0] for wanted, got in pairs], share


def micro_f1(golds: Sequence[Any], given: Sequence[Any], rules: Rules) -> Metric:
    """F1 of the counts of all labels together: with one label an item, the accuracy."""
    return accuracy(golds, given, rules)


def macro_f1(golds: Sequence[Any], given: Sequence[Any], rules: Rules) -> Metric:
    """Mean of each label's F1, over the labels that gold or submission has; 0 for one that is never right.

    >>> statistics, figure = macro_f1(["a", "a", "b"], ["a", "b", "b"], "official")
    >>> round(figure([sum(column) for column in zip(*statistics)]), 4)
    0.6667
    """
    wanted, got = _labels(golds, rules), _labels(given, rules)
    place = {label: index for index, label in enumerate(dict.fromkeys([*wanted, *got]))}
    rows = []
    for gold, mine in zip(wanted, got, strict=True):
        row = [0.0] * (2 * len(place))  # for each label: right ones, and gold ones plus given ones
        row[2 * place[gold]] += gold == mine
        row[2 * place[gold] + 1] += 1
        row[2 * place[mine] + 1] += 1
        rows.append(row)
    return rows, _macro


def _macro(sums: Sequence[float]) -> float:
    scores = [2 * right / both for right, both in zip(sums[::2], sums[1::2], strict=True) if both]
    return math.fsum(scores) / len(scores)


def squared_error(golds: Sequence[Any], given: Sequence[Any], rules: Rules) -> Metric:
    """Mean squared difference of numbers, which may be written as texts. Smaller is better."""
    return [[(_number(got) - _number(wanted)) ** 2, 1.0] for wanted, got in zip(golds, given, strict=True)], share


def multi_label_f1(golds: Sequence[Any], given: Sequence[Any], rules: Rules) -> Metric:
    """Micro F1 over the labels of ``{"joy": "True", …}``: 2·TP / (2·TP + FP + FN).

    Official: the values in the order of the object, whatever its keys; only the texts "True" and "true" are true, and
    booleans make the code fail. Sound: by key; booleans and texts of any case.
    """
    rows = []
    for wanted, got in zip(golds, given, strict=True):
        one, two = (_official_flags(value) if rules == "official" else _flags(value) for value in (wanted, got))
        if one.keys() != two.keys():
            raise DataError(f"labels differ from the gold's: {shown(repr(got))} against {shown(repr(wanted))}")
        right = sum(one[key] and two[key] for key in one)
        rows.append([2.0 * right, float(sum(one.values()) + sum(two.values()))])
    return rows, share


def _official_flags(value: Any) -> dict[Any, bool]:
    if not isinstance(value, dict) or not all(isinstance(flag, str) for flag in value.values()):
        raise DataError(f'the official code takes {{"joy": "True", …}} with texts as values, not {shown(repr(value))}')
    return {place: flag in ("True", "true") for place, flag in enumerate(value.values())}


def _flags(value: Any) -> dict[Any, bool]:
    known = {"true": True, "false": False}
    found = (
        {key: known.get(str(flag).strip().lower()) for key, flag in value.items()} if isinstance(value, dict) else {}
    )
    if not found or None in found.values():
        raise DataError(f'multiple labels are {{"joy": "True", "fear": "False", …}}, not {shown(repr(value))}')
    return {key: bool(flag) for key, flag in found.items()}


def aspect_f1(golds: Sequence[Any], given: Sequence[Any], rules: Rules) -> Metric:
    """F1 of pairs (aspect, polarity).

    Gold entries are ``[aspect, [target, begin, end], polarity]``, the submission's ``[aspect, polarity]``. Official: of
    several entries with one aspect on the other side only the first is looked at, and the second part of a submission's
    entry is its polarity. Sound: the sets of pairs; the last part is the polarity.
    """
    count = _official_aspects if rules == "official" else _sound_aspects
    rows = [count(_entries(wanted, 3), _entries(got, 2)) for wanted, got in zip(golds, given, strict=True)]
    if rules == "official" and not any(right + wrong for right, _, wrong in rows):
        raise DataError("the official code divides by zero where no aspect at all is predicted; rules=sound gives 0")
    return rows, _f1


def _f1(sums: Sequence[float]) -> float:
    """Of true positives, misses and false positives.

    The official code counts true positives from the gold's side, for precision too.
    """
    right, missed, wrong = sums
    precision = right / (right + wrong) if right + wrong else 0.0
    recall = right / (right + missed) if right + missed else 0.0
    return 2 * recall * precision / (recall + precision) if recall + precision else 0.0


def _official_aspects(gold: list[list[Any]], mine: list[list[Any]]) -> list[float]:
    right = sum(_first_match(entry[2], [m[1] for m in mine if m[0] == entry[0]]) for entry in gold)
    wrong = sum(not _first_match(entry[1], [g[2] for g in gold if g[0] == entry[0]]) for entry in mine)
    return [float(right), float(len(gold) - right), float(wrong)]


def _first_match(polarity: Any, others: list[Any]) -> bool:
    return bool(others) and bool(others[0] == polarity)


def _sound_aspects(gold: list[list[Any]], mine: list[list[Any]]) -> list[float]:
    wanted, got = ({(str(entry[0]), str(entry[-1])) for entry in entries} for entries in (gold, mine))
    return [float(len(wanted & got)), float(len(wanted - got)), float(len(got - wanted))]


def _entries(value: Any, size: int) -> list[list[Any]]:
    if isinstance(value, list) and all(isinstance(entry, list) and len(entry) >= size for entry in value):
        return value
    raise DataError(
        'an annotation is [["본품#품질", ["기어", 16, 18], "negative"], …] in the gold and '
        f'[["본품#품질", "negative"], …] in a submission, not {shown(repr(value))}'
    )


def targets(golds: Sequence[Any], given: Sequence[Any], rules: Rules) -> Metric:
    """Share of targets, over all items together, whose label is the gold's: ``[{"id": "…", "label": "…"}, …]``.

    Targets are paired by id across items. Sound compares labels as texts without white space at the ends.
    """
    wanted = [(entry, row) for row, value in enumerate(golds) for entry in _targets(value)]
    got = sorted((entry for value in given for entry in _targets(value)), key=_id)
    wanted.sort(key=lambda one: _id(one[0]))
    if [_id(entry) for entry, _ in wanted] != [_id(entry) for entry in got]:
        raise DataError(f"the submission's {len(got)} targets are not the gold's {len(wanted)} ones: their ids differ")
    rows = [[0.0, 0.0] for _ in golds]
    for (entry, row), mine in zip(wanted, got, strict=True):
        labels = [one["label"] if rules == "official" else _text(one["label"]) for one in (entry, mine)]
        rows[row][0] += labels[0] == labels[1]
        rows[row][1] += 1
    return rows, share


def _id(entry: dict[str, Any]) -> str:
    return str(entry["id"])


def _targets(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list) and all(isinstance(entry, dict) and {"id", "label"} <= entry.keys() for entry in value):
        return value
    raise DataError(f'several targets are [{{"id": "…", "label": "…"}}, …], not {shown(repr(value))}')


def _labels(values: Sequence[Any], rules: Rules) -> list[Any]:
    for value in values:
        if not isinstance(value, str | int | float) or value != value:
            raise DataError(f"a label is a text or a number, not {shown(repr(value))}")
    if rules == "sound":
        return [_text(value) for value in values]
    return [(type(value).__name__, value) for value in values]


def _text(value: Any) -> str:
    return normal(str(value), "NFC").strip()


def _number(value: Any) -> float:
    try:
        found = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise DataError(f'a degree is a number, or a text like "6.375", not {shown(repr(value))}')
    return found
