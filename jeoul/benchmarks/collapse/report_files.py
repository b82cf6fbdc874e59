"""A study's report as files: one self-contained HTML page, Markdown with its figures, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from jeoul.benchmarks.collapse.plan import Figure
from jeoul.benchmarks.collapse.report_words import NAMES, Table, claim_rows, summary, tables, verdict
from jeoul.benchmarks.collapse.reporting import Report, Told
from jeoul.charts_curves import curves_chart, differences_chart, plain_svg, small_svg
from jeoul.errors import UsageError
from jeoul.writing import whole_file

__all__ = ["as_csv", "as_html", "as_json", "as_markdown", "draw", "write_report"]

WEAK = (
    "“Not contradicted” is what a claim of no difference is while nothing is shown: with few seeds that says little. "
    "“Not reproduced” is said of what this study does not show; it does not say that it is false elsewhere."
)


@dataclass(frozen=True)
class Drawn:
    """A chart of a scenario: its file's name, and whether it is of a figure that is only watched."""

    name: str
    svg: str
    watched: bool


Charts = Mapping[str, Sequence[Drawn]]
"""By scenario."""


def write_report(report: Report, folder: Path) -> list[Path]:
    """Write ``report.html``, ``report.md`` with its ``*.svg``, ``report.json``, ``values.csv``, ``comparisons.csv``.

    The page has every chart, Markdown those of rewards.
    """
    folder.mkdir(parents=True, exist_ok=True)
    charts = draw(report)
    texts = {
        "report.html": as_html(report, charts),
        "report.md": as_markdown(report, charts),
        "report.json": json.dumps(as_json(report), ensure_ascii=False, indent=1) + "\n",
        **as_csv(report),
        **{each.name: plain_svg(each.svg) + "\n" for drawn in charts.values() for each in drawn if not each.watched},
    }
    for name, text in texts.items():
        with whole_file(folder / name) as beside:
            beside.write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def draw(report: Report) -> dict[str, list[Drawn]]:
    """The charts of every scenario: its rewards' differences, and the curves of all figures; none without the extra."""
    try:
        return {told.scenario.name: _drawn(report, told) for told in report.told}
    except UsageError:  # without the report extra the tables say it all
        return {}


def _drawn(report: Report, told: Told) -> list[Drawn]:
    name, baseline = told.scenario.name, told.scenario.baseline
    made = []
    points = [point for figure in told.scenario.figures if figure.range is not None for point in _points(told, figure)]
    if points:
        chart = differences_chart(points, title=f"{name}: differences to {baseline}, 95 %")
        made.append(Drawn(f"{_safe(name)}-differences.svg", small_svg(chart), False))
    for figure in told.scenario.figures:
        curves = report.curves(told.scenario, figure)
        if any(curves.values()):
            title = f"{name}: {figure.name}, by step"
            chart = curves_chart(curves, baseline, title=title, threshold=figure.threshold)
            made.append(Drawn(f"{_safe(name)}-{_safe(figure.name)}.svg", small_svg(chart), figure.range is None))
    return made


def _points(told: Told, figure: Figure) -> list[dict[str, Any]]:
    rows = []
    for each in told.findings:
        one = each.outcome.comparison
        low, high = one.bootstrap_interval
        if each.figure == figure.name and low == low:
            row = {"label": each.arm, "panel": f"{each.figure}: {NAMES[each.metric]}", "verdict": each.outcome.verdict}
            rows.append(row | {"estimate": one.estimate, "low": low, "high": high})
    return rows


def as_html(report: Report, charts: Charts) -> str:
    """One page that needs nothing else."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("jeoul.benchmarks.collapse", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    base, own = (
        files("jeoul.evals.reports") / "page" / "report.css",
        files("jeoul.benchmarks.collapse") / "page" / "study.css",
    )
    style = base.read_text(encoding="utf-8") + own.read_text(encoding="utf-8")  # one style for all our reports
    sections = []
    for told in report.told:
        english, korean = summary(told)
        drawn = [Markup(each.svg) for each in charts.get(told.scenario.name, ())]  # our own charts
        sections.append({"told": told, "tables": tables(told), "english": english, "korean": korean, "charts": drawn})
    page = environment.get_template("study.html.j2")
    claims = claim_rows(report)
    facts = _facts(report)
    return page.render(report=report, style=Markup(style), sections=sections, claims=claims, facts=facts, weak=WEAK)


def as_markdown(report: Report, charts: Charts) -> str:
    """The same for reading as text; charts are files beside it."""
    lines = [f"# {report.plan.title}", "", *(f"{paragraph}\n" for paragraph in report.plan.about)]
    lines += [_facts(report), "", "```", report.plan.command, "```", "", *(f"- {note}" for note in report.notes), ""]
    if report.claims:
        lines += ["## Claims and what came out", ""]
        header = ["claim", "in", "difference [95 %]", "p (Holm)", "", "said by"]
        lines += [*_markdown_table(header, [list(row) for row in claim_rows(report)]), "", WEAK, ""]
    for told in report.told:
        english, korean = summary(told)
        lines += [f"## {told.scenario.name}", "", told.scenario.about, ""]
        lines += [f"- **{arm}**: {how}" for arm, how in told.scenario.arms.items() if how]
        lines += ["", *(f"- {line}" for line in english), "", *(f"- {line}" for line in korean), ""]
        for table in tables(told):
            lines += [f"### {told.scenario.name}: {table.figure.name}", "", *_figure_table(table), ""]
        drawn = [each.name for each in charts.get(told.scenario.name, ()) if not each.watched]
        lines += [f"![{name.removesuffix('.svg')}]({name})\n" for name in drawn]
    open_runs = [run for run in report.runs if run.status != "finished"]
    if open_runs:
        header = ["scenario", "arm", "seed", "", "last step", "error"]
        rows = [[r.scenario, r.arm, str(r.seed), r.status, str(r.step), r.error] for r in open_runs]
        lines += ["## Runs that are not finished", "", *_markdown_table(header, rows), ""]
    return "\n".join(lines)


def as_json(report: Report) -> dict[str, Any]:
    """Everything as plain values: the plan, every seed's metrics, comparisons, claims, runs; NaN is None."""
    found = {
        "version": report.version,
        "plan": asdict(report.plan),
        "notes": report.notes,
        "results": [asdict(each) for told in report.told for each in told.results],
        "findings": [asdict(each) for told in report.told for each in told.findings],
        "claims": [asdict(each) for each in report.claims],
        "runs": [{k: v for k, v in vars(run).items() if k != "rows"} for run in report.runs],
    }
    plain: dict[str, Any] = _plain(found)
    return plain


def as_csv(report: Report) -> dict[str, str]:
    """``values.csv``, a metric of a run a line, and ``comparisons.csv``."""
    values = [["scenario", "arm", "seed", "figure", "metric", "value", "reached"]]
    for each in (result for told in report.told for result in told.results):
        for metric, numbers in each.values.items():
            for seed, value in zip(each.seeds, numbers, strict=True):
                reached = str(value <= each.horizon).lower() if metric == "steps" else ""
                values.append([each.environment, each.arm, str(seed), each.figure, metric, repr(value), reached])
    names = ["scenario", "arm", "baseline", "figure", "metric", "n", "difference", "low", "high", "t_low", "t_high"]
    names += ["p_sign_flip", "p_sign_flip_holm", "least_p", "p_t", "p_t_holm", "p_equivalent", "decided_by", "verdict"]
    pairs = [names]
    for told in report.told:
        figures = {figure.name: figure for figure in told.scenario.figures}
        for one in told.findings:
            outcome, c = one.outcome, one.outcome.comparison
            numbers = [c.estimate, *c.bootstrap_interval, *c.interval, c.p, c.p_holm, outcome.least_p]
            numbers += [outcome.p_t, outcome.p_t_holm, c.p_equivalent]
            head = [one.environment, one.arm, one.baseline, one.figure, one.metric, str(c.n)]
            pairs.append([*head, *map(repr, numbers), outcome.by, verdict(one, figures[one.figure])])
    return {"values.csv": _csv(values), "comparisons.csv": _csv(pairs)}


def _facts(report: Report) -> str:
    seconds = sum(run.seconds for run in report.runs)
    machine = ", ".join(f"{name} {value}" for name, value in report.plan.machine.items())
    seeds = ", ".join(map(str, report.plan.seeds))
    spent = f"{seconds / 60:.0f} minutes of training in all"
    said = (f"Seeds {seeds}", f"{report.plan.steps} steps a run", spent, machine, f"Jeoul {report.version}")
    return "; ".join(filter(None, said)) + "."


def _figure_table(table: Table) -> list[str]:
    header = ["", "seeds", *(name for metric in table.metrics for name in (metric, "Δ [95 %]", ""))]
    rows = []
    for arm, seeds, cells in table.rows:
        row = [arm, seeds]
        for cell in cells:
            strong = f"**{cell.verdict}**" if cell.verdict not in ("", "undecided") else cell.verdict
            row += [cell.value, cell.difference, strong]
        rows.append(row)
    return _markdown_table(header, rows)


def _markdown_table(header: list[str], rows: list[list[str]]) -> list[str]:
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines]


def _csv(rows: list[list[str]]) -> str:
    made = io.StringIO()
    csv.writer(made, lineterminator="\n").writerows(rows)
    return made.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _safe(name: str) -> str:
    return "-".join("".join(letter if letter.isalnum() else " " for letter in name).split()).lower()
