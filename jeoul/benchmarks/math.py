"""``jeoul bench math``: the maths reward beside Math-Verify: who accepts what, and how fast, in one run."""

from __future__ import annotations

import functools
import itertools
import json as json_module
import logging
import math as arithmetic
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from cyclopts import Parameter

from jeoul.benchmarks import math_cases
from jeoul.benchmarks.math_cases import Case
from jeoul.cli.output import note, print_json, print_table
from jeoul.errors import DataError, UsageError, listed
from jeoul.reading import read_columns
from jeoul.rewards.math.correct import forget, judge, math_correct

__all__ = ["accepted", "run", "table"]

Judge = Callable[[str, str], bool]
Call = tuple[list[str], list[Any]]
T = TypeVar("T")


ROUNDS = 5


def run(
    *,
    cases: Path | None = None,
    data: Path | None = None,
    rows: int | None = None,
    rounds: int = ROUNDS,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Recall and false accepts by kind on the table of cases, and speed on real outputs and golds.

    Parameters
    ----------
    cases
        A file of your own (JSONL, Parquet) instead of the table: gold, answer, right (true or false) and, if you
        like, kind.
    data
        The folder with suites/ and generations/; without it there is no speed.
    rows
        At most so many cases and so many rows of each data set, for a quick look (spread over all of them).
    rounds
        How often each pair is timed.
    json
        Print as JSON.
    """
    if rounds < 1 or (rows is not None and rows < 1):
        raise UsageError(f"--rows and --rounds are at least 1, not {rows if rounds >= 1 else rounds}")
    peer = math_verify()
    speeds = list(speed(data, peer, rows, rounds)) if data is not None else []
    chosen = math_cases.cases() if cases is None else _own_cases(cases)
    figures = table(_spread(chosen, rows), {"jeoul": accepted, **({"math-verify": peer} if peer else {})})
    if json:
        print_json({"cases": figures, "speed": speeds})
        return
    names = [name for name in figures[0] if name not in ("kind", "right", "wrong")]
    if peer is None:
        note('Math-Verify is not installed, so nothing is beside ours: pip install "jeoul[test]"')
    header = ["kind", "right", "wrong", *(f"{name} {what}" for name in names for what in ("recall", "false"))]
    lines = [
        [row["kind"], str(row["right"]), str(row["wrong"])]
        + [text for name in names for text in (_share(row[name][0], row["right"]), str(row[name][1]))]
        for row in figures
    ]
    print_table("Cases: share of right answers accepted, number of wrong ones accepted", header, lines)
    if speeds:
        print_table("Speed, one process", list(speeds[0]), [list(map(str, row.values())) for row in speeds])


def _own_cases(path: Path) -> list[Case]:
    columns = read_columns(path)
    for name in ("gold", "answer", "right"):
        if name not in columns:
            raise DataError(
                f"{path} has no column {name!r}: gold, answer and right are needed; it has {listed(columns)}"
            )
    wrong = next((number for number, right in enumerate(columns["right"], 1) if not isinstance(right, bool)), None)
    if wrong is not None:
        raise DataError(f"{path}, row {wrong}: right is {columns['right'][wrong - 1]!r}, expected true or false")
    kinds = columns.get("kind") or ["case"] * len(columns["gold"])
    return [
        Case(str(kind), str(gold), str(answer), bool(right))
        for kind, gold, answer, right in zip(kinds, columns["gold"], columns["answer"], columns["right"], strict=True)
    ]


def _share(count: int, of: int) -> str:
    return f"{count / of:.1%}" if of else "–"


def accepted(gold: str, answer: str) -> bool:
    """Whether ours pays the answer."""
    return judge(gold, answer).outcome == "correct"


def math_verify() -> Judge | None:
    """Math-Verify as TRL calls it, on a gold in dollars and the answer in a box; None where it is not installed."""
    try:
        from math_verify import parse, verify
    except ImportError:
        return None
    logging.getLogger("math_verify").setLevel(logging.CRITICAL)

    def peer(gold: str, answer: str) -> bool:
        return bool(verify(parse(gold if "$" in gold else f"${gold}$"), parse(rf"\boxed{{{answer}}}")))

    return peer


def table(rows: Sequence[Case], judges: dict[str, Judge]) -> list[dict[str, Any]]:
    """By kind, and in all: how many right and wrong answers there are, and how many of each a judge accepts."""
    figures: dict[str, dict[str, Any]] = {}
    for case in rows:
        for kind in (case.kind, "all"):
            row = figures.setdefault(kind, {"kind": kind, "right": 0, "wrong": 0, **{name: [0, 0] for name in judges}})
            row["right" if case.right else "wrong"] += 1
        for name, decide in judges.items():
            if decide(case.gold, case.answer):
                for kind in (case.kind, "all"):
                    figures[kind][name][0 if case.right else 1] += 1
    last = figures.pop("all")
    return [*figures.values(), last]


# -- speed


def speed(data: Path, peer: Judge | None, rows: int | None = None, rounds: int = ROUNDS) -> Iterator[dict[str, Any]]:
    """Processor time of ours and the peer's on the same pairs, in turns; both forget before every round."""
    real = _rows(data / "generations" / "math100_qwen_x8.jsonl")
    groups = [real[at : at + 8] for at in range(0, len(real), 8)]
    yield _speed("completions in groups of 8", [_columns(group) for group in _spread(groups, rows)], peer, rounds)
    suites = [_golds(data / "suites" / f"{name}.jsonl") for name in ("aime24", "amc23", "math500")]
    integers = dict.fromkeys(gold for golds in suites for gold in golds if gold.isascii() and gold.isdigit())
    numbers = [(gold, str(int(gold) + wrong)) for gold in integers for wrong in (0, 1)]  # each pair once
    golds = suites[2]
    variants = [
        (gold, gold.replace("\\frac", "\\dfrac").replace(" ", "").replace("(", "\\left(").replace(")", "\\right)"))
        for gold in golds
    ]
    for name, chosen in (("integer golds, right and wrong", numbers), ("MATH500 golds, textual variants", variants)):
        pairs = _spread(chosen, rows)
        batches = [pairs[at : at + 8] for at in range(0, len(pairs), 8)]
        calls = [([rf"\boxed{{{answer}}}" for _, answer in batch], [gold for gold, _ in batch]) for batch in batches]
        yield _speed(name, calls, peer, rounds)


def _speed(name: str, calls: list[Call], peer: Judge | None, rounds: int) -> dict[str, Any]:
    """Figures of one set, which each side has at a time as a training step does: the median over rounds."""
    pairs = sum(len(completions) for completions, _ in calls)
    ours: list[list[float]] = []
    theirs: list[float] = []
    for _ in range(rounds):
        _forget(peer is not None)
        ours.append([_timed(functools.partial(math_correct, *call)) for call in calls])
        theirs.append(_timed(functools.partial(_by_peer, calls)) if peer is not None else arithmetic.nan)
    each = sorted(
        statistics.median(times) / len(call[0]) for times, call in zip(zip(*ours, strict=True), calls, strict=True)
    )
    figures: dict[str, Any] = {
        "what": name,
        "pairs": pairs,
        "µs each": round(statistics.median(map(sum, ours)) / pairs * 1e6, 1),
        "p50 ms": round(each[len(each) // 2] * 1e3, 3),
        "p99 ms": round(each[int(len(each) * 0.99)] * 1e3, 3),
        "longest ms": round(each[-1] * 1e3, 3),
    }
    if peer is None:
        return figures | {"math-verify µs each": "–", "times faster": "–", "least": "–", "most": "–"}
    ratios = [peers / sum(times) for peers, times in zip(theirs, ours, strict=True)]
    figures["math-verify µs each"] = round(statistics.median(theirs) / pairs * 1e6)
    return figures | {
        "times faster": round(statistics.median(ratios), 1),
        "least": round(min(ratios), 1),
        "most": round(max(ratios), 1),
    }


def _by_peer(calls: list[Call]) -> None:
    from math_verify import parse, verify

    for completions, golds in calls:
        for completion, gold in zip(completions, golds, strict=True):
            verify(parse(f"${gold}$"), parse(completion))


def _spread(items: list[T], most: int | None) -> list[T]:
    """At most so many items, at even distances."""
    if most is None or most >= len(items):
        return items
    return [items[len(items) * index // most] for index in range(most)]


def _golds(path: Path) -> list[str]:
    return [str(row["answer"]) for row in _rows(path)]


def _columns(group: list[dict[str, Any]]) -> tuple[list[str], list[Any]]:
    return [row["completion"] for row in group], [row["answer"] for row in group]


def _forget(peer: bool) -> None:
    """Empty what ours and the peer remember of answers; regular expressions and imports stay."""
    forget()
    if peer:
        from math_verify import parser
        from sympy.core.cache import clear_cache

        clear_cache()
        parser.parse_latex_cached.cache_clear()
        parser.parse_expr_cached.cache_clear()


def _timed(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _rows(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        raise DataError(f"there is no file {path}")
    with path.open(encoding="utf-8") as file:
        return [json_module.loads(line) for line in itertools.islice(file, 100_000)]
