"""How commands speak: tables and JSON on stdout, everything else on stderr."""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from jeoul.writing import plain

if TYPE_CHECKING:
    from rich.console import Console

    from jeoul.rewards.tables.table import RewardTable

__all__ = ["note", "print_json", "print_summary", "print_table", "prints_on_stderr", "shown"]


@contextlib.contextmanager
def prints_on_stderr() -> Iterator[None]:
    """What rewards print, also from C, goes to stderr: stdout is for the result."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def print_json(value: Any) -> None:
    """One JSON document on stdout; NaN is null."""
    json.dump(plain(value), sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def note(text: str, quiet: bool = False) -> None:
    """A remark on stderr."""
    if not quiet:
        print(text, file=sys.stderr)


def print_table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> None:
    """A table on stdout; the first ``left`` columns are text, the others figures."""
    from rich import box
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, name in enumerate(header):
        figure = index >= left
        table.add_column(name, justify="right" if figure else "left", no_wrap=figure, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))  # Text: what comes from a model is not markup
    console = _console()
    console.print(Text(title, style="bold"))  # not the table's own title, which wraps at the table's width
    if left == 1:  # figures: rather run over a narrow terminal than lose digits
        console.width = max(console.width, Measurement.get(console, console.options.update_width(500), table).maximum)
    console.print(table)


def _console() -> Console:
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=120)


def shown(value: float | None) -> str:
    """A figure for reading: "–" where there is none.

    >>> shown(0.5), shown(float("nan")), shown(12)
    ('0.5', '–', '12')
    """
    return "–" if value is None or math.isnan(value) else f"{value:.4g}"


def print_summary(table: RewardTable, title: str) -> None:
    """A table's summary: what each column gives, and where it fails or says nothing."""
    summary = table.summary()
    failures = [name for name in ("error", "timeout", "infra") if summary[name].any()]
    header = ["reward", "weight", "mean", "std", "min", "max", "scored", "n/a", "gated", *failures, "silent groups"]
    rows = []
    for name, figures in summary.iterrows():
        weight = "monitor" if math.isnan(figures["weight"]) else shown(figures["weight"])
        counts = [str(int(figures[count])) for count in ("not_applicable", "gated", *failures)]
        scored = str(int(figures["ok"] - (figures["gated"] if figures["ok"] >= figures["gated"] else 0)))
        spread = [shown(figures[figure]) for figure in ("mean", "std", "min", "max")]
        silent = "–" if math.isnan(figures["silent_groups"]) else f"{figures['silent_groups']:.0%}"
        rows.append([str(name), weight, *spread, scored, *counts, silent])
    print_table(title, header, rows)
