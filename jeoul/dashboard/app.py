"""The page of ``jeoul dashboard``, as Streamlit runs it: ``streamlit run app.py -- PATH…``."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Any

import streamlit as st

from jeoul.charts import bars_chart, interval_chart
from jeoul.dashboard.drawing import charts_of
from jeoul.dashboard.evaluation import HEADER, Progress, brief, progress_of
from jeoul.dashboard.following import Follower
from jeoul.dashboard.reading import Book, Entry, book_of, find, rollouts_of
from jeoul.dashboard.rollouts import rollout_brief
from jeoul.dashboard.sources import Source, find_sources
from jeoul.dashboard.training import Metrics, Panel, metrics_of, numbers, panels
from jeoul.errors import DataError
from jeoul.evals.reports.distributions import histogram
from jeoul.evals.reports.figures import figure_rows, number, share
from jeoul.evals.reports.sections import cell
from jeoul.evals.run_folder import RUN, SAMPLES
from jeoul.evals.summary import CUT

EVERY = {"every 2 seconds": 2.0, "every 10 seconds": 10.0, "off": None}
HEADLINES = (
    "reward",
    "loss",
    "entropy",
    "kl",
    "kl/k3",
    "grad_norm",
    "clip/high",
    "ratio/token/max",
    "collapse",
    "length",
)


def main() -> None:
    """The page."""
    st.set_page_config("Jeoul", page_icon="⚖", layout="wide")
    st.sidebar.markdown("### ⚖ Jeoul")
    try:
        sources, stamp = _sources(), _stamp()
    except DataError as error:
        st.error(str(error))
        return
    chosen = st.sidebar.multiselect("Runs", [one.label for one in sources], [one.label for one in sources][:6])
    pace = st.sidebar.selectbox("Look for news", list(EVERY))
    st.sidebar.button("Look now")
    shown = [one for one in sources if one.label in chosen]
    training = [one for one in shown if one.kind == "training"]
    evaluations = [one for one in shown if one.kind == "evaluation"]
    smooth = st.sidebar.slider("Smooth training curves", 0.0, 0.99, 0.0, 0.01) if training else 0.0
    readable = [one for one in shown if one.kind != "training"]
    pages = {"Training": training, "Evaluations": evaluations, "Samples": readable}
    there = [name for name, some in pages.items() if some]
    if not there:
        st.info("Choose a run on the left.")
        return
    tabs = dict(zip(there, st.tabs(there), strict=True))
    if training:
        with tabs["Training"]:
            _training(training, smooth)
    if evaluations:
        with tabs["Evaluations"]:
            _evaluations(evaluations)
    if readable:
        with tabs["Samples"]:
            _samples(readable)
    st.fragment(run_every=EVERY[pace])(_look)(stamp)


def _look(stamp: Any) -> None:
    """Draw again where something is new, and only there: a page that does nothing does not flicker."""
    followers = st.session_state.get("followers", {}).values()
    if _stamp() != stamp or any(follower.behind for follower in followers):
        st.rerun()


def _stamp() -> list[tuple[str, str, int, int]]:
    """What there is to watch, with the sizes and times of its files."""
    told = []
    for source in _sources():
        inside = (SAMPLES, HEADER, RUN) if source.kind == "evaluation" else ("",)
        files = [source.path / name for name in inside]
        for file in files:
            with contextlib.suppress(FileNotFoundError):
                status = file.stat()
                told.append((source.label, file.name, status.st_size, status.st_mtime_ns))
    return told


def _sources() -> list[Source]:
    return find_sources(map(Path, sys.argv[1:]))


def _follower(path: Path, keep: Any) -> Follower[Any]:
    """One for each file and session, so that only news are read."""
    kept: dict[str, Follower[Any]] = st.session_state.setdefault("followers", {})
    return kept.setdefault(str(path), Follower(path, keep))


def _metrics(source: Source) -> Metrics:
    return metrics_of(source.path if source.path.suffix == ".json" else _follower(source.path, numbers))


def _training(sources: list[Source], smooth: float) -> None:
    runs = {source.label: _metrics(source) for source in sources}
    for label, metrics in runs.items():
        st.caption(_told(label, metrics))
        _headlines(metrics)
    names = dict.fromkeys(name for metrics in runs.values() for name in metrics.names)
    found, others = panels(names)
    for panel in found:
        _panel(panel, runs, smooth)
    if others:
        with st.expander(f"Everything else ({len(others)})"):
            picked = st.multiselect("Metrics", others, others[:3], key="others")
            _panel(Panel("", {name: {name: name} for name in picked}), runs, smooth)


def _told(label: str, metrics: Metrics) -> str:
    if not metrics.rows:
        return f"{label}: no step yet"
    damaged = f", {metrics.damaged} lines could not be read" if metrics.damaged else ""
    return f"{label}: step {metrics.rows[-1]['step']:g}, {len(metrics.names)} metrics{damaged}"


def _headlines(metrics: Metrics) -> None:
    rewards = [name for name in metrics.names if name.startswith(("reward/", "rewards/")) and name.endswith("/mean")]
    there = [(name, metrics.last(name)) for name in (*rewards[:4], *HEADLINES) if name in metrics.names][:6]
    for place, (name, value) in zip(st.columns(6), there, strict=False):
        place.metric(name.removeprefix("rewards/").removeprefix("reward/"), "–" if value is None else f"{value:.3g}")


def _panel(panel: Panel, runs: dict[str, Metrics], smooth: float) -> None:
    if panel.title:
        st.subheader(panel.title)
    drawn = list(charts_of(panel, runs, smooth))
    each = any(title.endswith(f" · {label}") for title, _ in drawn for label in runs)
    wide = len(runs) if each and 2 <= len(runs) <= 3 else 2 if len(drawn) <= 4 else 3
    for start in range(0, len(drawn), wide):
        for place, (title, chart) in zip(st.columns(wide), drawn[start : start + wide], strict=False):
            place.markdown(f"**{cell(title)}**")
            place.altair_chart(chart.properties(height=230), width="stretch")


def _progress(source: Source) -> Progress:
    return progress_of(source.path, _follower(source.path / SAMPLES, brief))


def _evaluations(sources: list[Source]) -> None:
    found = {source.label: _progress(source) for source in sources}
    for source in sources:
        _one_evaluation(source, found[source.label])
    finished = {label: one for label, one in found.items() if one.summary is not None}
    if finished:
        st.subheader("Figures")
        rows = {label: figure_rows(one.summary["figures"]) for label, one in finished.items() if one.summary}
        points = [
            {"label": row.name, "estimate": row.estimate, "low": row.low, "high": row.high}
            | ({"run": label} if len(rows) > 1 else {})
            for label, figures in rows.items()
            for row in figures
            if row.drawn
        ]
        if points:
            st.altair_chart(interval_chart(points), width="stretch")
        st.dataframe(
            [
                {"run": label, "figure": row.name, "value": row.value, "interval": row.interval, "SE total": row.total,
                 "SE sampling": row.sampling, "problems": row.n, "samples": row.samples, "missing": row.missing}
                for label, figures in rows.items() for row in figures
            ],
            hide_index=True,
        )  # fmt: skip


def _one_evaluation(source: Source, one: Progress) -> None:
    st.subheader(one.score or source.label)
    st.caption(" · ".join(filter(None, (source.label, one.model, "finished" if one.summary else "going on"))))
    told = f"{one.samples:,} of {one.asked:,} samples" if one.asked else f"{one.samples:,} samples"
    if one.share is not None:
        st.progress(one.share, told)
    places = st.columns(5)
    places[0].metric("samples", f"{one.samples:,}")
    places[1].metric("problems", f"{one.problems:,}")
    places[2].metric("mean tokens", number(one.tokens))
    places[3].metric("truncated", share(one.truncated))
    score = figure_rows(one.summary["figures"])[0] if one.summary else None
    places[4].metric(score.name if score else "score", score.value if score else "–")
    if one.damaged:
        st.warning(f"{one.damaged} lines of its samples could not be read")
    rows = _follower(source.path / SAMPLES, brief).rows
    lengths = [(float(row.tokens), row.finish or "not said") for row in rows if row.tokens is not None]
    if len(lengths) > 1:
        import numpy as np

        kinds = {name: "bad" if name in CUT else "accent" for name in dict.fromkeys(kind for _, kind in lengths)}
        bars = histogram(np.array([length for length, _ in lengths]), [kind for _, kind in lengths])
        st.markdown("**Tokens of a completion, by finish reason**")
        st.altair_chart(bars_chart(bars, kinds).properties(height=160), width="stretch")


def _book(source: Source) -> Book:
    """Of a finished run, once; of one that goes on, and of rollouts, as they are now."""
    if source.kind == "rollouts":
        return rollouts_of(_follower(source.path, rollout_brief))
    progress, samples = _progress(source), _follower(source.path / SAMPLES, brief)
    if progress.summary is None:
        return book_of(source.path, samples, finished=False)
    books: dict[str, tuple[float, Book]] = st.session_state.setdefault("books", {})
    written = (source.path / RUN).stat().st_mtime
    kept = books.get(str(source.path))
    if kept is None or kept[0] != written:
        books[str(source.path)] = kept = (written, book_of(source.path, samples, finished=True))
    return kept[1]


def _samples(sources: list[Source]) -> None:
    filters = st.columns([2, 3, 3])
    label = filters[0].selectbox("Run", [source.label for source in sources])
    source = next(one for one in sources if one.label == label)
    try:
        book = _book(source)
    except (DataError, OSError) as error:
        st.info(f"These samples cannot be read now; is the run being written? {error}")
        return
    outcomes = sorted({entry.outcome for entry in book.entries if entry.outcome})
    picked = filters[1].multiselect("Verdict" if book.run else "Finish reason", outcomes)
    words = filters[2].text_input("Search", placeholder="words of a completion or problem")
    entries = find(book, words, picked)
    problems = list(dict.fromkeys(entry.problem for entry in entries))
    st.caption(f"{len(entries):,} of {len(book.entries):,} samples, {len(problems):,} problems")
    if not entries:
        return
    problem = st.selectbox("Problem", problems)
    first = [entry for entry in entries if entry.problem == problem]
    beside = [entry for entry in book.entries if entry.problem == problem]
    other = next(
        (place for place, one in enumerate(beside) if one.outcome != first[0].outcome), min(1, len(beside) - 1)
    )
    asked = st.container()
    places = st.columns(2)
    own = f"{label}\n{problem}"  # a choice belongs to its problem: options of another may read the same
    left = places[0].selectbox("Sample", first, format_func=_name, key=f"left {own}")
    right = places[1].selectbox("Beside it", beside, other, format_func=_name, key=f"right {own}")
    for place, entry in zip(places, (left, right), strict=True):
        page = book.open(entry)
        if entry is left and page.problem:
            asked.code(
                page.problem + (f"\n\nAnswer: {page.answer}" if page.answer else ""), language=None, wrap_lines=True
            )
        place.caption(page.about)
        place.code(page.completion, language=None, wrap_lines=True, height=460)
        if page.cells:
            place.dataframe(list(page.cells), hide_index=True)


def _name(entry: Entry) -> str:
    return f"{entry.index} · {entry.outcome.replace('_', ' ')}" if entry.outcome else str(entry.index)


if __name__ == "__main__":
    main()
