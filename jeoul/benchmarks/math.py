"""``jeoul bench math``: the maths reward beside Math-Verify: who accepts what, and how fast, in one run."""

from __future__ import annotations

import itertools
import json as json_module
import logging
import math as arithmetic
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from jeoul.benchmarks.math_cases import Case, cases
from jeoul.cli.output import print_json, print_table
from jeoul.errors import DataError
from jeoul.rewards.math import canonical
from jeoul.rewards.math.correct import judge, math_correct

__all__ = ["accepted", "run", "table"]

Judge = Callable[[str, str], bool]


def run(*, data: Path | None = None, json: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Recall and false accepts by kind on the table of cases, and speed on real outputs and golds.

    Parameters
    ----------
    data
        The folder with suites/ and generations/; without it there is no speed.
    json
        Print as JSON.
    """
    peer = math_verify()
    speeds = list(speed(data, peer)) if data is not None else []
    figures = table(cases(), {"jeoul": accepted, **({"math-verify": peer} if peer else {})})
    if json:
        print_json({"cases": figures, "speed": speeds})
        return
    names = [name for name in figures[0] if name not in ("kind", "right", "wrong")]
    header = ["kind", "right", "wrong", *(f"{name} {what}" for name in names for what in ("recall", "false"))]
    rows = [
        [row["kind"], str(row["right"]), str(row["wrong"])]
        + [text for name in names for text in (_share(row[name][0], row["right"]), str(row[name][1]))]
        for row in figures
    ]
    print_table("Cases: share of right answers accepted, number of wrong ones accepted", header, rows)
    if speeds:
        print_table("Speed, one process", list(speeds[0]), [list(map(str, row.values())) for row in speeds])


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


def speed(data: Path, peer: Judge | None) -> Iterable[dict[str, Any]]:
    """Processor time of ours and the peer's on the same pairs, without our caches from one set to the next."""
    real = _rows(data / "generations" / "math100_qwen_x8.jsonl")
    groups = [real[at : at + 8] for at in range(0, len(real), 8)]
    _forget()
    ours = [_timed(lambda group=group: math_correct(*_columns(group))) for group in groups]  # type: ignore[misc]
    pairs = [(row["answer"], row["completion"]) for row in real]
    yield _speed("800 completions in groups of 8", [took / 8 for took in ours], sum(ours), pairs, peer)
    integers = [str(row["answer"]) for row in _rows(data / "suites" / "aime24.jsonl")] * 10
    numbers = [(gold, str(int(gold) + index % 2)) for index, gold in enumerate(integers)]
    golds = [str(row["answer"]) for row in _rows(data / "suites" / "math500.jsonl")]
    variants = [
        (gold, gold.replace("\\frac", "\\dfrac").replace(" ", "").replace("(", "\\left(").replace(")", "\\right)"))
        for gold in golds
    ]
    for name, chosen in (("integer golds, right and wrong", numbers), ("MATH500 golds, textual variants", variants)):
        _forget()
        times = [_timed(lambda pair=pair: math_correct([rf"\boxed{{{pair[1]}}}"], [pair[0]])) for pair in chosen]  # type: ignore[misc]
        yield _speed(name, times, sum(times), [(gold, rf"\boxed{{{answer}}}") for gold, answer in chosen], peer)


def _speed(
    name: str, times: list[float], total: float, pairs: list[tuple[str, str]], peer: Judge | None
) -> dict[str, Any]:
    theirs = arithmetic.nan
    if peer is not None:
        from math_verify import parse, verify

        theirs = _timed(lambda: [verify(parse(f"${gold}$"), parse(text)) for gold, text in pairs])
    order = sorted(times)
    return {
        "what": name,
        "pairs": len(pairs),
        "µs each": round(total / len(pairs) * 1e6),
        "p50 ms": round(order[len(order) // 2] * 1e3, 3),
        "p99 ms": round(order[int(len(order) * 0.99)] * 1e3, 3),
        "longest ms": round(order[-1] * 1e3, 2),
        "math-verify µs each": round(theirs / len(pairs) * 1e6) if theirs == theirs else "–",
        "times faster": round(theirs / total, 1) if theirs == theirs else "–",
    }


def _columns(group: list[dict[str, Any]]) -> tuple[list[str], list[Any]]:
    return [row["completion"] for row in group], [row["answer"] for row in group]


def _forget() -> None:
    judge.cache_clear()
    canonical._cached.cache_clear()


def _timed(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _rows(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        raise DataError(f"there is no file {path}")
    with path.open(encoding="utf-8") as file:
        return [json_module.loads(line) for line in itertools.islice(file, 100_000)]
