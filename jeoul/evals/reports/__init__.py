"""Reports of evaluations: one HTML file to hand on, Markdown, JSON and a model card's block."""

from __future__ import annotations

from jeoul.evals.reports.files import FORMATS, render, write_report, write_text
from jeoul.evals.reports.report import Report, ReportedRun, read_report

__all__ = ["FORMATS", "Report", "ReportedRun", "read_report", "render", "write_report", "write_text"]
