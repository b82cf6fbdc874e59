"""Samples for reading: of a finished run with verdicts and rewards, of an unfinished one, and rollouts of training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jeoul.dashboard.evaluation import Brief
from jeoul.dashboard.following import Follower
from jeoul.dashboard.rollouts import completion_of, prompt_of, rewards_of
from jeoul.evals.reports import ReportedRun, read_report
from jeoul.evals.reports.texts import cut, visible

__all__ = ["Book", "Entry", "Page", "book_of", "find", "rollouts_of"]


@dataclass(frozen=True)
class Entry:
    """A sample in the list: where it is in the file or the records, whose it is, and what became of it."""

    place: int
    problem: str
    index: int
    outcome: str
    """Verdict of a finished run; else the finish reason, or ""."""


@dataclass(frozen=True)
class Page:
    """A sample opened. Texts are as they can be shown: cut, and nothing in them unseen."""

    problem: str
    answer: str
    completion: str
    about: str
    cells: Sequence[Mapping[str, Any]] = field(repr=False)
    """``reward``, ``value``, ``status`` and ``reason`` of each column; none while the run is not scored."""


@dataclass(frozen=True)
class Book:
    """Samples of one evaluation."""

    entries: Sequence[Entry]
    run: ReportedRun | None = field(repr=False)
    samples: Follower[Brief] = field(repr=False)
    rollouts: bool = False
    """Whether its rows are of a trainer, with rewards as further numbers."""

    def open(self, entry: Entry) -> Page:
        """The sample as it is read."""
        if self.run is not None:
            return _scored(self.run, entry.place)
        row = self.samples.row(entry.place)
        tokens, finish = row.get("completion_tokens"), row.get("finish_reason")
        told = [f"{tokens:,} tokens" if isinstance(tokens, int) else "", str(finish or "")]
        about, cells = " · ".join(filter(None, told)), rewards_of(row) if self.rollouts else ()
        return Page(_text(prompt_of(row)), "", _text(completion_of(row) or ""), about, cells)

    def texts(self, entry: Entry) -> str:
        """What a search looks into, in small letters."""
        if self.run is not None:
            sample = self.run.records.samples[entry.place]
            problem = self.run.records.problems[sample["p"]]
            parts = [problem["id"], problem["text"], sample["t"], sample.get("z", ""), *sample["r"]]
        else:
            row = self.samples.row(entry.place)
            parts = [entry.problem, prompt_of(row), completion_of(row) or ""]
        return "\n".join(parts).lower()


def book_of(folder: Path, samples: Follower[Brief], finished: bool) -> Book:
    """The samples of a run's folder; ``finished``: as the report has them."""
    if finished:
        (run,) = read_report(folder).runs
        ids = [problem["id"] for problem in run.records.problems]
        entries = [Entry(place, ids[one["p"]], one["i"], one["v"]) for place, one in enumerate(run.records.samples)]
        return Book(entries, run, samples)
    entries = [Entry(place, one.problem, one.repeat, one.finish or "") for place, one in enumerate(samples.rows)]
    return Book(entries, None, samples)


def rollouts_of(samples: Follower[Brief]) -> Book:
    """A file of rollouts; those of a prompt and a step are numbered as they come."""
    seen: Counter[str] = Counter()
    entries = []
    for place, one in enumerate(samples.read().rows):
        entries.append(Entry(place, one.problem, seen[one.problem], one.finish or ""))
        seen[one.problem] += 1
    return Book(entries, None, samples, rollouts=True)


def find(book: Book, words: str = "", outcomes: Sequence[str] = ()) -> list[Entry]:
    """Entries with one of the outcomes (none given: any) in which all words stand."""
    wanted = words.lower().split()
    chosen = [entry for entry in book.entries if not outcomes or entry.outcome in outcomes]
    if not wanted:
        return chosen
    texts = ((entry, book.texts(entry)) for entry in chosen)
    return [entry for entry, text in texts if all(word in text for word in wanted)]


def _scored(run: ReportedRun, place: int) -> Page:
    sample = run.records.samples[place]
    problem = run.records.problems[sample["p"]]
    middle = f"\n… {sample['c']:,} characters are not shown …\n{sample['z']}" if "c" in sample else ""
    told = [f"{sample['n']:,} characters", *([f"{sample['k']:,} tokens"] if "k" in sample else []), sample.get("f", "")]
    cells = [
        {
            "reward": column["name"],
            "value": sample["x"][number],
            "status": sample["s"][number] if "s" in sample else "ok",
            "reason": visible(sample["r"][number]),
        }
        for number, column in enumerate(run.columns)
    ]
    return Page(
        visible(problem["text"]),
        visible(problem.get("answer", "")),
        visible(sample["t"]) + visible(middle),
        " · ".join(filter(None, told)),
        cells,
    )


def _text(text: str) -> str:
    head, left_out, tail = cut(text)
    return visible(head) + (f"\n… {left_out:,} characters are not shown …\n{visible(tail)}" if left_out else "")
