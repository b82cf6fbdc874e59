"""The figures of an evaluation on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jeoul.cli.output import note, print_table

if TYPE_CHECKING:
    from jeoul.evals.statistics.estimates import Estimate
    from jeoul.evals.suites import Suite
    from jeoul.evals.summary import Summary

__all__ = ["print_figures", "print_remarks"]

LENGTHS = ("characters", "tokens")


def print_figures(summary: Summary) -> None:
    """Figures with intervals, errors and denominators, then the breakdowns."""
    title = (
        f"{summary.score}: {summary.answered} of {summary.problems} problems, {summary.samples} samples of "
        f"{summary.problems * summary.asked}, {summary.missing} missing"
    )
    header = ["figure", "value", "95% interval", "SE total", "SE sampling", "problems", "samples", "missing"]
    print_table(title, header, [_row(name, figure) for name, figure in summary.figures.items()])
    for name, groups in summary.breakdowns.items():
        print_table(f"By {name}", [name, *header[1:]], [_row(label, figure) for label, figure in groups.items()])


def _row(name: str, figure: Estimate) -> list[str]:
    def shown(value: float) -> str:
        if value != value:
            return "–"
        return f"{value:,.0f}" if name in LENGTHS else f"{100 * value:.1f}%"

    low, high = figure.interval
    interval = "–" if low != low else f"{shown(low)} to {shown(high)}"
    counts = [str(figure.n), str(figure.samples), str(figure.samples_missing)]
    return [name, shown(figure.estimate), interval, shown(figure.total_error), shown(figure.sampling_error), *counts]


def print_remarks(summary: Summary, suite: Suite, quiet: bool) -> None:
    """What is absent and why, the grader's health, what is missing."""
    for name, why in summary.absent.items():
        note(f"no {name}: {why}", quiet)
    told = ", ".join(f"{count} {name}" for name, count in summary.grader.items() if count)
    note(f"grader ({suite.score}): {told}", quiet)
    if summary.missing:
        note(f"{summary.missing} samples are missing; they count as missing, not as wrong", quiet)
