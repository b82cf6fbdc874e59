"""What templates show of a run, and where the templates are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jeoul.evals.reports.figures import facts, figure_rows, meaning, number, share
from jeoul.evals.reports.report import model_name
from jeoul.evals.reports.texts import visible

if TYPE_CHECKING:
    from jinja2 import Environment

    from jeoul.evals.reports.report import ReportedRun

__all__ = ["Section", "cell", "environment"]


class Section:
    """One run, its figures as rows."""

    def __init__(self, run: ReportedRun) -> None:
        self.run, self.summary = run, run.summary
        self.figures = figure_rows(run.summary["figures"])
        self.score = self.figures[0] if self.figures else None
        main = self.score.name if self.score else ""
        self.breakdowns = {
            name: figure_rows(groups, main) for name, groups in (run.summary.get("breakdowns") or {}).items()
        }
        self.facts = facts(run.about)
        self.model = model_name(run.about)
        self.charts: dict[str, Any] = {}
        """Name → SVG, where the page has charts."""

    @property
    def hashes(self) -> dict[str, str]:
        """What a score depends on → the first 12 digits of its hash."""
        about = self.run.about
        found = {name: (about.get(name) or {}).get("hash") for name in ("suite", "protocol", "data")}
        return {name: str(value)[:12] for name, value in found.items() if value}


def environment() -> Environment:
    """The templates; HTML is escaped, and every text is shown as :func:`~jeoul.evals.reports.texts.visible` says."""
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
    from markupsafe import Markup

    made = Environment(
        loader=PackageLoader("jeoul.evals.reports", "page"),
        autoescape=select_autoescape(("html.j2",), default=False),
        finalize=lambda value: visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"share": share, "number": number, "meaning": meaning, "cell": cell}
    return made


def cell(text: object) -> str:
    r"""A text as Markdown that says just that, on one line: in it nothing is markup, a cell's end or HTML.

    >>> cell("a|b *c*\n<script>")
    'a\\|b \\*c\\* &lt;script>'
    """
    line = " ".join(str(text).split()).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\`*\[\]|#~]|(?<![^\W_])_|_(?![^\W_]))", r"\\\1", line)
