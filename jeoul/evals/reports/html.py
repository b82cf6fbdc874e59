"""A report as one HTML file that needs nothing else: styles, script, charts and samples are in it.

Texts of models are data, never markup: what is on the page at once is escaped, the samples lie in a JSON block from
which the script makes text nodes, and the page's policy runs no script but its own (by hash) and fetches nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jeoul.arrow_column import valid_text
from jeoul.errors import UsageError
from jeoul.evals.reports.figures import FigureRow
from jeoul.evals.reports.pairs import flipped, pair_views
from jeoul.evals.reports.samples import TONES
from jeoul.evals.reports.sections import Section, environment
from jeoul.evals.reports.texts import visible

if TYPE_CHECKING:
    from jeoul.evals.reports.report import Report, ReportedRun

__all__ = ["json_block", "report_html"]

_TURNING = re.compile("[<>&\u2028\u2029\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What could end the block or a line, or turn the direction of the page's source."""
SCRIPTS = ("samples.js", "filters.js", "reading.js", "page.js")


def report_html(report: Report) -> str:
    """The page."""
    from markupsafe import Markup

    style, script = _file("report.css"), "\n".join(map(_file, SCRIPTS))
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return environment().get_template("report.html.j2").render(
        report=report,
        sections=list(map(_section, report.runs)),
        policy=policy,
        style=Markup(style),  # our own files
        script=Markup(script),
        pairs=pair_views(report.comparison) if report.comparison else [],
        data=Markup(json_block(_samples(report))),
    )  # fmt: skip


def json_block(value: Any) -> str:
    r"""JSON for a ``<script type="application/json">``: nothing in it can end the block.

    >>> json_block({"text": "</script><!--"})
    '{"text":"\\u003c/script\\u003e\\u003c!--"}'
    """
    text = valid_text(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False))
    return _TURNING.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _section(run: ReportedRun) -> Section:
    section = Section(run)
    section.charts = _charts(section)
    return section


def _charts(section: Section) -> dict[str, Any]:
    """Name → SVG; none at all where the report extra is not installed: the tables say it all."""
    from markupsafe import Markup

    from jeoul.charts import bars_chart, inline_svg, interval_chart

    kinds = {name: TONES[name] for name in section.run.verdicts}
    intervals = {"figures": section.figures}
    intervals |= {f"by {name}": rows for name, rows in section.breakdowns.items()}
    try:
        made = {name: interval_chart(points) for name, rows in intervals.items() if (points := _points(rows))}
        for name, bars in section.run.spreads.items():
            if bars:
                made[f"spread {name}"] = bars_chart(bars, _kinds(bars, kinds), legend=False)
        return {name: Markup(inline_svg(chart)) for name, chart in made.items()}
    except UsageError:
        return {}


def _points(rows: Sequence[FigureRow]) -> list[dict[str, Any]]:
    return [
        {"label": visible(row.name), "estimate": row.estimate, "low": row.low, "high": row.high}
        for row in rows
        if row.drawn
    ]


def _kinds(bars: Sequence[Mapping[str, Any]], kinds: Mapping[str, str]) -> dict[str, str]:
    there = {bar["kind"] for bar in bars}
    return {kind: role for kind, role in kinds.items() if kind in there}


def _samples(report: Report) -> dict[str, Any]:
    """What the script reads: problems once, and the samples of all runs."""
    problems: dict[tuple[str, str], dict[str, Any]] = {}
    place: dict[tuple[str, str], int] = {}
    samples = []
    for number, run in enumerate(report.runs):
        suite = str(run.about.get("score"))
        keys = [(suite, problem["id"]) for problem in run.records.problems]
        for key, problem in zip(keys, run.records.problems, strict=True):
            place.setdefault(key, len(place))
            problems.setdefault(key, dict(problem))
        samples += [{**sample, "p": place[keys[sample["p"]]], "a": number} for sample in run.records.samples]
    samples.sort(key=lambda sample: sample["p"])  # those of a problem together, run after run
    flips = flipped(report.comparison) if report.comparison else {}
    return {
        "runs": [run.label for run in report.runs],
        "columns": [[column["name"] for column in run.columns] for run in report.runs],
        "scores": [run.about["grader"]["score"] for run in report.runs],
        "tones": TONES,
        "flips": {name: [place[key] for key in keys] for name, keys in flips.items()},
        "problems": list(problems.values()),
        "samples": samples,
    }


def _file(name: str) -> str:
    return (files("jeoul.evals.reports") / "page" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
