"""``jeoul explain TABLE ROW``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from jeoul.cli.output import print_json

__all__ = ["run"]

LONGEST = 2000


def run(table: Path, row: int, /, *, json: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Tell one row of a scored table: its text, each reward's part with the reason, the total.

    Parameters
    ----------
    table
        What jeoul score -o wrote.
    row
        Number of the row, from 0.
    json
        Print as JSON.
    """
    from jeoul.rewards.tables.table import RewardTable

    told = RewardTable.load(table).explain(row)
    if json:
        print_json(told.to_dict())
        return
    for label, text in (("prompt", told.prompt), ("completion", told.completion)):
        cut = f"\n… {len(text) - LONGEST} more characters" if len(text) > LONGEST else ""
        print(f"{label}:\n{_printable(text[:LONGEST])}{cut}\n")
    print(_printable(str(told)))


def _printable(text: str) -> str:
    """Without control characters: a completion must not steer the terminal."""
    return "".join(character if character in "\n\t" or character.isprintable() else "�" for character in text)
