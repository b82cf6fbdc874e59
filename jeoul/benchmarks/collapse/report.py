"""``jeoul bench collapse report``: what a study's folder says, as HTML, Markdown, JSON and CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from jeoul.benchmarks.collapse.report_files import as_json, write_report
from jeoul.benchmarks.collapse.report_words import claim_rows, summary
from jeoul.benchmarks.collapse.reporting import make_report
from jeoul.cli.output import note, print_json, print_table

__all__ = ["run"]


def run(
    folder: Path,
    /,
    *,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Report what is finished of a study: paired differences by seed, claims, curves of every seed.

    Parameters
    ----------
    folder
        That jeoul bench collapse train or objectives ran into; the study may still be running.
    output
        Folder for report.html, report.md, report.json, two .csv and the charts; default FOLDER/report.
    json
        Print report.json too.
    """
    report = make_report(folder)
    written = write_report(report, output or folder / "report")
    if json:
        print_json(as_json(report))
    else:
        for told in report.told:
            print(f"{told.scenario.name}: {told.scenario.about}")
            for line in summary(told)[0] or ["nothing to compare yet"]:
                print(f"- {line}")
        if report.claims:
            header = ["claim", "in", "difference [95 %]", "p", "", "said by"]
            print_table("Claims and what came out", header, claim_rows(report), left=6)
        for line in report.notes:
            note(line)
    note(f"wrote {written[0].parent}: {', '.join(path.name for path in written if path.suffix != '.svg')}")
