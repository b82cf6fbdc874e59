"""A comparison in words and tables: the terminal and Markdown show the same."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from jeoul.evals.comparison.result import Comparison, Flip, GroupRow, MetricRow, Pair, SetComparison, Unit

__all__ = ["Section", "as_markdown", "sections", "sentence"]

DASH = "–"
HEALTH = ("timeout", "error", "infra", "not_applicable", "truncated", "no_answer", "unread", "gold_invalid")


@dataclass(frozen=True)
class Section:
    """A heading, lines of text, and a table (none without ``header``); ``left`` of its columns are words."""

    title: str
    lines: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    left: int = 1


def sections(found: Comparison) -> list[Section]:
    """The whole comparison, in reading order; what a model wrote, or a file is called, steers no terminal."""
    made = [Section("Sets that are not compared", tuple(found.left_out))] if found.left_out else []
    for one in found.sets:
        for pair in one.pairs:
            made += [_metrics(found, one, pair), *_flips(pair), *_breakdowns(found, pair)]
        made.append(_health(one))
    return [
        Section(
            _printable(section.title),
            tuple(map(_printable, section.lines)),
            tuple(map(_printable, section.header)),
            tuple(tuple(map(_printable, row)) for row in section.rows),
            section.left,
        )
        for section in made
    ]


def sentence(row: MetricRow, level: float = 0.95) -> str:
    """The verdict on a metric, with what it rests on."""
    low, high = row.interval
    gap = _gap(row.difference, row.unit)
    interval = "" if math.isnan(low) else f", {level:.0%} interval {_bare(low, row.unit)} to {_bare(high, row.unit)}"
    text = f"{row.name}: {row.verdict} ({gap}{interval}; Holm p {_is(row.p_holm)})"
    if row.verdict != "inconclusive":
        return text
    if not math.isnan(row.detectable):
        text += f"; {_gap(row.detectable, row.unit, sign=False)} would have been found in 80 %"
    needs = settled(row)
    return f"{text}; {needs}" if needs else text


def settled(row: MetricRow) -> str:
    """What would show a difference as large as the margin."""
    if math.isnan(row.margin):
        return ""
    gap = _gap(row.margin, row.unit, sign=False)
    more = "" if row.settles_questions is None else f"{row.settles_questions:,} questions"
    if row.settles_k is not None:
        return f"{gap} needs {row.settles_k:,} samples a question" + (f", or {more}" if more else "")
    return f"{gap} needs {more}" if more else ""


def as_markdown(found: Comparison) -> str:
    """Markdown with a heading and a table for each section."""
    parts = []
    for section in sections(found):
        parts.append(f"## {_escaped(section.title)}")
        if section.lines:
            parts.append("\n".join(f"- {_escaped(line)}" for line in section.lines))
        if section.header:
            rule = ["---"] * section.left + ["--:"] * (len(section.header) - section.left)
            rows = [section.header, tuple(rule), *section.rows]
            parts.append("\n".join("| " + " | ".join(map(_cell, row)) + " |" for row in rows))
    return "\n\n".join(parts) + "\n"


def _metrics(found: Comparison, one: SetComparison, pair: Pair) -> Section:
    lines = [sentence(pair.score, found.level)]
    alone = " and ".join(f"{count} only in {label}" for count, label in
                         ((pair.only_a, pair.a), (pair.only_b, pair.b)) if count)  # fmt: skip
    if alone:
        lines.append(f"{alone}: left out, not counted as wrong")
    short = pair.shorter
    if short.saved > 0:
        claim = "shown" if short.shown else "not shown"
        lines.append(
            f"shorter by {_gap(short.saved, short.measure, sign=False)} ({short.saved_share:.1%}); shorter, and less "
            f"accurate by no more than {_gap(short.margin, 'share', sign=False)}: {claim} (p {_is(short.p)})"
        )
    lines += [f"no {name}: {why}" for name, why in pair.absent.items()]
    title = f"{one.score}: {pair.b} against {pair.a}, {pair.questions} of {one.questions} questions"
    header = ("metric", pair.a.partition(" ")[0], pair.b.partition(" ")[0], "difference",
              f"{found.level:.0%} interval", "p", "Holm p", "detectable", "verdict", "settled by")  # fmt: skip
    return Section(title, tuple(lines), header, tuple(map(_metric, pair.metrics)))


def _metric(row: MetricRow) -> tuple[str, ...]:
    low, high = row.interval
    interval = DASH if math.isnan(low) else f"{_bare(low, row.unit)} to {_bare(high, row.unit)}"
    by = []
    if row.verdict == "inconclusive":
        by += [f"k = {row.settles_k:,}"] if row.settles_k is not None else []
        by += [f"n = {row.settles_questions:,}"] if row.settles_questions is not None else []
    return (
        row.name,
        _figure(row.a, row.unit),
        _figure(row.b, row.unit),
        _bare(row.difference, row.unit),
        interval,
        _p(row.p),
        _p(row.p_holm),
        _bare(row.detectable, row.unit, sign=False),
        row.verdict,
        " or ".join(by) or DASH,
    )


def _flips(pair: Pair) -> Iterable[Section]:
    flips, a, b = pair.flips, pair.a.partition(" ")[0], pair.b.partition(" ")[0]
    what = ("is better on", "is better on") if flips.graded else ("alone solves", "alone solves")
    lines = [f"{b} {what[0]} {flips.gained} questions, {a} {what[1]} {flips.lost}"]
    if not flips.graded:
        lines.append("solved: at least half of the samples are right; the text is the first that shows it")
    header = ("question", a, b, f"{a} wrote", f"{b} wrote")
    yield Section("Flipped questions", tuple(lines), header if flips.shown else (), tuple(map(_flip, flips.shown)), 5)


def _flip(one: Flip) -> tuple[str, ...]:
    def told(text: str, reason: str) -> str:
        tail = " ".join(text[-160:].split())
        why = " ".join(reason.split())[:100]
        return f"…{tail[-90:]} [{why}]" if why else f"…{tail[-90:]}"

    means = (f"{one.mean_a:.0%} of {one.samples_a}", f"{one.mean_b:.0%} of {one.samples_b}")
    return one.question[:60], *means, told(one.text_a.completion, one.text_a.reason), told(one.text_b.completion,
                                                                                         one.text_b.reason)  # fmt: skip


def _breakdowns(found: Comparison, pair: Pair) -> Iterable[Section]:
    unit = pair.score.unit
    for name, groups in pair.breakdowns.items():
        header = (name, "questions", pair.a.partition(" ")[0], pair.b.partition(" ")[0], "difference",
                  f"{found.level:.0%} interval", "p", "Holm p", "verdict")  # fmt: skip
        yield Section(f"{pair.score.name} by {name}", (), header, tuple(_group(row, unit) for row in groups))


def _group(row: GroupRow, unit: Unit) -> tuple[str, ...]:
    low, high = row.interval
    interval = DASH if math.isnan(low) else f"{_bare(low, unit)} to {_bare(high, unit)}"
    figures = (_figure(row.a, unit), _figure(row.b, unit), _bare(row.difference, unit), interval)
    return row.label, str(row.questions), *figures, _p(row.p), _p(row.p_holm), row.verdict


def _health(one: SetComparison) -> Section:
    def counts(place: int) -> tuple[str, ...]:
        side = one.sides[place]
        seen = (getattr(side.health, name) for name in HEALTH)
        return (
            side.label,
            str(side.samples),
            str(side.missing),
            *(DASH if count is None else str(count) for count in seen),
        )

    header = ("grader", "samples", "missing", *(name.replace("_", " ") for name in HEALTH))
    lines = ("unread: no answer was found, yet the gold stands in the last 300 characters",)
    unread = any(side.health.unread for side in one.sides)
    return Section(f"{one.score}: samples and grader", lines if unread else (), header,
                   tuple(counts(place) for place in range(len(one.sides))))  # fmt: skip


def _figure(value: float, unit: Unit) -> str:
    if math.isnan(value):
        return DASH
    if unit == "share":
        return f"{100 * value:.1f}%"
    return f"{value:,.0f}" if unit in ("tokens", "characters") else f"{value:.4g}"


def _gap(value: float, unit: Unit, sign: bool = True) -> str:
    if math.isnan(value):
        return DASH
    plus = "+" if sign else ""
    if unit == "share":
        return f"{100 * value:{plus}.1f} points"
    if unit in ("tokens", "characters"):
        return f"{value:{plus},.0f} {unit}"
    return f"{value:{plus}.4g}"


def _bare(value: float, unit: Unit, sign: bool = True) -> str:
    """A difference in a table, where the metric's name says what is counted: shares in points."""
    return _gap(value, unit, sign).partition(" ")[0]


def _p(value: float) -> str:
    if math.isnan(value):
        return DASH
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _is(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {_p(p)}"


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _escaped(text: str) -> str:
    """What a model wrote, or a file is called, is not markup."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#" else letter for letter in text)


def _cell(text: str) -> str:
    return text if set(text) <= set("-:") and text != "" else _escaped(text)
