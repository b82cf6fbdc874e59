"""A report as Markdown: figures and tables, no samples."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jeoul.evals.reports.sections import Section, environment

if TYPE_CHECKING:
    from jeoul.evals.reports.report import Report

__all__ = ["report_markdown"]


def report_markdown(report: Report) -> str:
    """The page."""
    page = environment().get_template("report.md.j2").render(report=report, sections=list(map(Section, report.runs)))
    return re.sub(r"\n{3,}", "\n\n", page)
