"""``jeoul report RUN…``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from jeoul.cli.output import note

__all__ = ["run"]


def run(
    run_: Annotated[Path, Parameter(name="run")],
    /,
    *others: Path,
    out: Annotated[str | None, Parameter(alias="-o", allow_leading_hyphen=True)] = None,
    format: Literal["html", "md", "json", "model-card"] | None = None,
    model: str | None = None,
    quiet: Annotated[bool, Parameter(alias="-q", negative="")] = False,
) -> None:
    """Write the report of a run: one HTML file to hand on, Markdown, JSON or a model card's block.

    Of several runs: B against A, and C against A …, as jeoul compare has it, with their samples beside each other; in
    a model card, runs of one model on several suites, not compared.

    Parameters
    ----------
    run_
        What jeoul eval wrote.
    others
        Runs to compare it with.
    out
        File to write, or - for stdout; default report.html, report.md, report.json or card.md in the run's folder, of
        several runs in this one.
    format
        html, md, json or model-card; default what the ending of -o says, else html.
    model
        The model's name in a model card, where the run does not say it.
    quiet
        No remarks.
    """
    from jeoul.errors import UsageError
    from jeoul.evals.reports import FORMATS, read_report, render, write_text

    ending = Path(out).suffix[1:] if out else ""
    chosen = format or {"md": "md", "json": "json"}.get(ending, "html")
    if model is not None and chosen != "model-card":
        raise UsageError(f"--model names the model in a model card, and the format is {chosen}; drop it")
    if others:
        from jeoul.evals.reports.compared import compared_report, joined_report

        report = (joined_report if chosen == "model-card" else compared_report)((run_, *others))
    else:
        report = read_report(run_)
    text = render(report, chosen, **({"model": model} if model is not None else {}))
    if out == "-":
        sys.stdout.buffer.write(text.encode())
        return
    where = Path(out) if out else Path("." if others else run_) / FORMATS[chosen]
    note(f"wrote {write_text(text, where)}", quiet)
