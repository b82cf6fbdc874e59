"""``jeoul contest lint SUBMISSION``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from jeoul.cli.output import note, print_json, print_table

__all__ = ["run"]


def run(submission: Path, *, most: int = 20, json: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Tell why each output of a submission is not of the form "{문장}"이/가 옳다. {이유} (exit code 1 if any is not).

    Parameters
    ----------
    submission
        A JSON array of {"id", "input", "output": {"answer"}}, or JSON lines.
    most
        Outputs to show.
    json
        Print all as JSON.
    """
    from jeoul.evals.contest.files import read_items
    from jeoul.evals.contest.lint import counts, lint
    from jeoul.rewards.korean.statement import FLAGS

    items = read_items(submission)
    faults = lint(items)
    if json:
        told = [
            {"id": fault.id, "flags": list(fault.flags), "text": fault.text.encode("utf-8", "replace").decode()}
            for fault in faults
        ]
        print_json({"items": len(items), "in_form": len(items) - len(faults), "flags": counts(faults), "faults": told})
    else:
        if faults:
            rows = [[flag, FLAGS[flag], str(count)] for flag, count in counts(faults).items()]
            print_table("Not in the form", ["flag", "meaning", "outputs"], rows, left=2)
            each = [[fault.id, " ".join(fault.flags), repr(fault.text[:70])] for fault in faults[:most]]
            print_table(f"{len(faults)} of {len(items)} outputs", ["id", "flags", "output"], each, left=3)
        note(f"{len(items) - len(faults)} of {len(items)} outputs are in the form")
    sys.exit(1 if faults else 0)
