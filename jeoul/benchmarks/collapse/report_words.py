"""How a study's report says its figures: cells of tables, and a summary in two languages."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from jeoul.benchmarks.collapse.plan import Figure
from jeoul.benchmarks.collapse.reporting import Report, Told
from jeoul.benchmarks.collapse.study import Finding, Metric, Result, Settled

__all__ = ["NAMES", "Cell", "Table", "claim_rows", "summary", "tables", "verdict"]

NAMES: dict[Metric, str] = {
    "steps": "steps",
    "area": "mean over the run",
    "final": "final",
    "least": "least",
    "greatest": "greatest",
    "variation": "sd / mean",
}
WATCHED = {"better": "higher", "worse": "lower"}
HELD = {
    (True, "better"): "held",
    (True, "tie"): "not reproduced: a tie",
    (True, "undecided"): "not reproduced: undecided",
    (True, "worse"): "contradicted",
    (False, "better"): "contradicted",
    (False, "tie"): "held: a tie",
    (False, "worse"): "held: the other way",
    (False, "undecided"): "not contradicted",
}
"""(Whether the arm is said to be better, verdict) → what became of the claim."""
KOREAN = {"better": "우세", "worse": "열세", "tie": "동등", "higher": "높음", "lower": "낮음"}
KOREAN_METRICS: dict[Metric, str] = {
    "steps": "도달 스텝",
    "area": "평균",
    "final": "최종",
    "least": "최솟값",
    "greatest": "최댓값",
    "variation": "변동계수",
}


@dataclass(frozen=True)
class Cell:
    """A mean over seeds, beside the baseline: difference with its interval, and verdict ("" for the baseline)."""

    value: str
    difference: str = ""
    verdict: str = ""
    p: str = ""


@dataclass(frozen=True)
class Table:
    """One figure of a scenario: a row an arm, a cell a metric."""

    figure: Figure
    metrics: list[str]
    rows: list[tuple[str, str, list[Cell]]]
    """Arm, finished seeds, cells."""


def tables(told: Told) -> list[Table]:
    """The figures of a scenario that have results."""
    found = []
    for figure in told.scenario.figures:
        metrics = [each for each in figure.metrics if each != "steps" or figure.threshold is not None]
        rows = []
        for arm in told.scenario.arms:
            result = told.result(arm, figure.name)
            if result is not None:
                cells = [_cell(result, told.finding(arm, figure.name, metric), metric, figure) for metric in metrics]
                rows.append((arm, _seeds(len(result.seeds), told.crashed[arm]), cells))
        if rows:
            names = [f"steps to {figure.threshold:g}" if each == "steps" else NAMES[each] for each in metrics]
            found.append(Table(figure, names, rows))
    return found


def _seeds(finished: int, crashed: int) -> str:
    return f"{finished} ({crashed} crashed)" if crashed else str(finished)


def verdict(finding: Finding, figure: Figure) -> str:
    """The verdict's word; of a figure that is only watched, higher or lower."""
    word = finding.outcome.verdict
    return WATCHED.get(word, word) if figure.range is None else word


def claim_rows(report: Report) -> list[tuple[str, str, str, str, str, str]]:
    """Each claim: what it says, in what, difference, p, whether it held, and who says so."""
    return [_claim(each, report) for each in report.claims]


def summary(told: Told) -> tuple[list[str], list[str]]:
    """What may be said of each arm against the baseline, in English and in Korean; undecided ones are counted."""
    english, korean = [], []
    for arm in told.scenario.arms:
        findings = [each for each in told.findings if each.arm == arm]
        if not findings:
            continue
        by_word: dict[str, list[Finding]] = {}
        figures = {figure.name: figure for figure in told.scenario.figures}
        for each in findings:
            by_word.setdefault(verdict(each, figures[each.figure]), []).append(each)
        undecided = len(by_word.pop("undecided", []))
        told_en = [f"{word}: {_listed(found)}" for word, found in by_word.items()]
        told_ko = [f"{KOREAN[word]}: {_listed(found, KOREAN_METRICS)}" for word, found in by_word.items()]
        if undecided:
            told_en.append(f"undecided: {undecided} of {len(findings)}")
            told_ko.append(f"판단 불가: {len(findings)}개 중 {undecided}개")
        english.append(f"{arm} against {told.scenario.baseline}: {'; '.join(told_en)}")
        korean.append(f"{arm} (기준 {told.scenario.baseline}): {'; '.join(told_ko)}")
    return english, korean


def _listed(findings: list[Finding], names: dict[Metric, str] = NAMES) -> str:
    by_figure: dict[str, list[str]] = {}
    for each in findings:
        by_figure.setdefault(each.figure, []).append(names[each.metric])
    return ", ".join(f"{figure} ({', '.join(metrics)})" for figure, metrics in by_figure.items())


def _cell(result: Result, finding: Finding | None, metric: Metric, figure: Figure) -> Cell:
    values = result.values[metric]
    value = number(statistics.fmean(values))
    if metric == "steps" and result.reached < len(values):
        value = f"≥ {value} ({result.reached}/{len(values)})" if result.reached else "never"
    if finding is None:
        return Cell(value)
    p = "" if finding.outcome.verdict == "tie" else f"{finding.outcome.p:.2g}"  # a tie is shown by another test
    return Cell(value, difference(finding), verdict(finding, figure), p)


def difference(finding: Finding | Settled) -> str:
    """The difference and its BCa interval."""
    one = finding.outcome.comparison
    low, high = one.bootstrap_interval
    if math.isnan(low):
        return number(one.estimate, "+")
    return f"{number(one.estimate, '+')} [{number(low, '+')}, {number(high, '+')}]"


def number(value: float, sign: str = "") -> str:
    """Three figures, with a real minus.

    >>> number(0.12345), number(-3, "+"), number(123.456), number(0.00001234)
    ('0.123', '−3', '123', '1.23e-05')
    """
    return ("0" if value == 0 else f"{value:{sign}.3g}").replace("-", "−", 1 if value < 0 else 0)


def _claim(each: Settled, report: Report) -> tuple[str, str, str, str, str, str]:
    claim = each.claim
    scenario = next(one.scenario for one in report.told if one.scenario.name == claim.environment)
    watched = any(figure.name == claim.figure and figure.range is None for figure in scenario.figures)
    does, does_not = ("is above", "is not above") if watched else ("beats", "does not beat")
    said = f"{claim.environment}: {claim.arm} {does if claim.better else does_not} {claim.baseline}"
    held = HELD[claim.better, each.outcome.verdict]
    return said, f"{claim.figure}, {NAMES[claim.metric]}", difference(each), f"{each.outcome.p:.2g}", held, claim.source
