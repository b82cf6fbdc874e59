"""Reports as files: which formats there are, and writing one whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jeoul.errors import DataError, UsageError, did_you_mean, listed
from jeoul.evals.reports.report import Report, read_report
from jeoul.evals.run_folder import REPORT
from jeoul.writing import plain, whole_file

__all__ = ["FORMATS", "render", "write_report", "write_text"]

FORMATS: Mapping[str, str] = {"html": REPORT, "md": "report.md", "json": "report.json", "model-card": "card.md"}
"""Format → the file's name in a run's folder."""


def render(report: Report, format: str = "html", **how: Any) -> str:
    """A report as text.

    Args:
        report: what to show.
        format: one of :data:`FORMATS`.
        how: ``model=`` for a model card: the model's name there.
    """
    if format not in FORMATS:
        raise UsageError(f"there is no format {format!r}{did_you_mean(format, FORMATS)}; there are {listed(FORMATS)}")
    return _WRITERS[format](report, **how)


def write_report(folder: str | Path, path: str | Path | None = None, format: str = "html", **how: Any) -> Path:
    """Write the report of a run's folder; default into it. Whole, or not at all. Returns where it is."""
    if format not in FORMATS:
        raise UsageError(f"there is no format {format!r}{did_you_mean(format, FORMATS)}; there are {listed(FORMATS)}")
    where = Path(path) if path is not None else Path(folder) / FORMATS[format]
    return write_text(render(read_report(folder), format, **how), where)


def write_text(text: str, where: Path) -> Path:
    """A rendered report as a file; DataError where it cannot be written."""
    try:
        with whole_file(where) as beside:
            beside.write_bytes(text.encode())
    except OSError as error:
        raise DataError(f"{where} cannot be written: {error.strerror}") from None
    return where


def _html(report: Report) -> str:
    from jeoul.evals.reports.html import report_html

    return report_html(report)


def _markdown(report: Report) -> str:
    if report.comparison is not None:
        from jeoul.evals.comparison.rendering import as_markdown

        return as_markdown(report.comparison)
    from jeoul.evals.reports.markdown import report_markdown

    return report_markdown(report)


def _json(report: Report) -> str:
    return json.dumps(plain(report.to_dict()), indent=2, ensure_ascii=True) + "\n"


def _card(report: Report, model: str | None = None) -> str:
    from jeoul.evals.reports.model_card import model_card

    return model_card(report, model)


_WRITERS: Mapping[str, Callable[..., str]] = {"html": _html, "md": _markdown, "json": _json, "model-card": _card}
