"""Saved completions of any origin, matched to the problems of a suite: by id, else by the problem's text."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jeoul.chat import completion_text, is_chat, prompt_text
from jeoul.errors import DataError, UsageError, did_you_mean, listed
from jeoul.evals.suites_rows import Problems, squeezed

__all__ = ["Output", "Outputs", "all_alike", "match_outputs", "read_outputs"]

IDS = ("id", "problem_id", "problem", "unique_id", "question_id", "task_id", "doc_id")
TEXTS = ("problem", "question", "prompt", "input", "messages")
COMPLETIONS = (
    "completion",
    "completions",
    "response",
    "responses",
    "output",
    "outputs",
    "generation",
    "generated_text",
)
INDICES = ("index", "sample", "sample_index", "repeat")
TOKENS = ("completion_tokens", "output_tokens")


@dataclass(frozen=True, slots=True)
class Output:
    """One completion of one problem."""

    problem: str
    """Id of the problem."""
    index: int
    """Which of its samples."""
    completion: str
    prompt: str = ""
    seed: int | None = None
    finish_reason: str | None = None
    """"length" where the completion was cut; None where nobody says."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    target: Any = None
    """The gold that another harness compared it with; the suite's own is what counts here."""

    def to_dict(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True)
class Outputs:
    """Completions by problem, in the order of the problems.

    Attributes:
        rows: the completions.
        asked: samples that were asked of each problem.
        null: rows whose completion is null: asked for, and not there.
        matched_by: how many rows were found by "id" and by "text".
    """

    rows: Sequence[Output] = field(repr=False)
    asked: int
    null: int
    matched_by: Mapping[str, int]


def read_outputs(path: str | Path, format: str | None = None) -> list[dict[str, Any]]:
    """Rows of completions: a log of another harness (see :mod:`jeoul.evals.importers`), or plain rows.

    Plain are JSONL (plain, gzip, zstd, or - for stdin), Parquet, a folder of either or of a run.

    Args:
        path: of the file or folder.
        format: name of the format, where its shape does not tell.
    """
    from jeoul.evals.importers import read_rows

    return read_rows(path, format)


def match_outputs(
    rows: Sequence[Mapping[str, Any]],
    problems: Problems,
    *,
    name: str = "the outputs",
    completion: str | None = None,
    id: str | None = None,
    prompt: str | None = None,
    asked: int = 0,
) -> Outputs:
    """The completions of a suite's problems.

    A row holds one completion, or a list of them. A null completion is a missing sample. A row is matched by its id;
    where it has none that the suite knows, by its problem's text, or by a prompt that contains it.

    Args:
        rows: as read from a file.
        problems: of the suite.
        name: of the file, for messages.
        completion: column of the completions; default the first of the usual names.
        id: column of the problem's id; default the first of the usual names that has ids of this suite.
        prompt: column of the problem or prompt; default the first of the usual names.
        asked: samples of each problem; 0: the most that one has.

    Raises:
        DataError: rows that match no problem (how many, and which), the same sample twice, an id beside the text of
            another problem, no completion in a row.
        UsageError: more samples of a problem than ``asked``.
    """
    rows = _numbered(rows, {row["id"] for row in problems.rows})
    finder = _Finder(problems, id, prompt, name, rows)
    where = _completion_column(rows, completion, name)
    found: dict[str, dict[int, Output]] = defaultdict(dict)
    strangers: list[int] = []
    null = 0
    for number, row in enumerate(rows):
        problem = finder.problem_of(row, number)
        if problem is None:
            strangers.append(number)
            continue
        for output in _outputs_of(row, problem, where, found[problem], f"{name}, row {number}"):
            if output is None:
                null += 1
            elif output.index in found[problem]:
                raise DataError(
                    f"{name}, row {number}: sample {output.index} of problem {problem!r} is there twice; a sample "
                    "counts once"
                )
            else:
                found[problem][output.index] = output
    if strangers:
        raise DataError(_unmatched(strangers, rows, problems, name))
    most = max(map(len, found.values()), default=0)
    if asked and most > asked:
        often = next(key for key, samples in found.items() if len(samples) == most)
        raise UsageError(
            f"{name} has {most} samples of problem {often!r}, and the protocol asks for {asked}: none is chosen for "
            f"you; write --samples {most}, or another protocol"
        )
    ordered = [found[row["id"]][index] for row in problems.rows for index in sorted(found.get(row["id"], ()))]
    if not ordered:
        raise DataError(f"{name} holds no completion ({null} rows are null)")
    return Outputs(ordered, asked or most, null, dict(finder.counts))


def all_alike(outputs: Outputs) -> bool:
    """Whether the samples of every problem are equal to the letter: repeats from a cache, or with one seed."""
    texts: dict[str, set[str]] = defaultdict(set)
    for row in outputs.rows:
        texts[row.problem].add(row.completion)
    return len(outputs.rows) > len(texts) > 1 and all(len(found) == 1 for found in texts.values())


def _numbered(rows: Sequence[Mapping[str, Any]], known: Set[str]) -> Sequence[Mapping[str, Any]]:
    """A batch's ``custom_id`` is unique in its file: an id, or an id and which of its samples (``a-3``, ``a#3``)."""
    if not rows or "custom_id" not in rows[0]:
        return rows
    often = Counter(row["custom_id"] for row in rows)
    made: list[Mapping[str, Any]] = []
    for row in rows:
        name = row["custom_id"]
        parts = None if name in known else re.fullmatch(r"(.+?)\W*_?(\d+)", name)
        if parts is None or parts[1] not in known:
            made.append({"id": name, **row})
        else:
            index = {"sample": int(parts[2])} if often[name] == 1 else {}
            made.append({"id": parts[1], **row, **index})
    return made


def _completion_column(rows: Sequence[Mapping[str, Any]], asked: str | None, name: str) -> str:
    columns = list(rows[0]) if rows else []
    where = asked or next((key for key in COMPLETIONS if key in columns), None)
    if where is None or where not in columns:
        wanted = asked or "completion"
        raise DataError(
            f"{name} has no column {wanted!r}{did_you_mean(wanted, columns)}; name it with --completion; its columns: "
            f"{listed(columns, 30)}"
        )
    return where


def _outputs_of(
    row: Mapping[str, Any], problem: str, where: str, taken: Mapping[int, Any], place: str
) -> list[Output | None]:
    """The completions of a row; None for each that is null."""
    value = row[where]
    several = value if isinstance(value, list) and not is_chat(value) else [value]
    start = next((row[key] for key in INDICES if isinstance(row.get(key), int)), None) if len(several) == 1 else None
    first = max(taken, default=-1) + 1 if start is None else start
    made: list[Output | None] = []
    for offset, one in enumerate(several):
        if one is None:
            made.append(None)
            continue
        try:
            text = completion_text(one)
        except ValueError as error:
            raise DataError(f"{place}: {where!r} {error}") from None
        made.append(
            Output(
                problem,
                first + offset,
                text,
                prompt=_prompt(row),
                seed=_whole(row.get("seed"), offset),
                finish_reason=_text(row.get("finish_reason"), offset),
                prompt_tokens=_whole(row.get("prompt_tokens"), offset),
                completion_tokens=next((n for key in TOKENS if (n := _whole(row.get(key), offset)) is not None), None),
                target=row.get("target"),
            )
        )
    return made


def _prompt(row: Mapping[str, Any]) -> str:
    try:
        return prompt_text(row.get("prompt"))
    except ValueError:
        return ""


def _whole(value: Any, offset: int) -> int | None:
    one = value[offset] if isinstance(value, list) and offset < len(value) else value
    return int(one) if isinstance(one, int | float) and one == one and not isinstance(one, bool) else None


def _text(value: Any, offset: int) -> str | None:
    one = value[offset] if isinstance(value, list) and offset < len(value) else value
    return one if isinstance(one, str) else None


class _Finder:
    """Finds the problem that a row answers."""

    def __init__(
        self, problems: Problems, id: str | None, prompt: str | None, name: str, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        columns = set(rows[0]) if rows else set()
        for asked in (id, prompt):
            if asked is not None and asked not in columns:
                raise DataError(
                    f"{name} has no column {asked!r}{did_you_mean(asked, columns)}; it has {listed(columns)}"
                )
        self.name, self.counts = name, Counter[str]()
        self.texts = {row["id"]: squeezed(row["problem"]) for row in problems.rows}
        self.ids: dict[str, str | None] = {}
        for key, text in self.texts.items():  # None: two problems with one text, told apart by id alone
            self.ids[text] = None if text in self.ids else key
        self.id_columns = (id,) if id else tuple(key for key in IDS if key in columns)
        self.text_columns = (prompt,) if prompt else tuple(key for key in TEXTS if key in columns)
        self.known: dict[str, str | None] = {}

    def problem_of(self, row: Mapping[str, Any], number: int) -> str | None:
        """Id of the problem; None where there is none."""
        for column in self.id_columns:
            key = str(row.get(column))
            if key in self.texts:
                self._same_problem(row, key, column, number)
                self.counts["id"] += 1
                return key
        for column in self.text_columns:
            found = self._named_in(row.get(column))
            if found is not None:
                self.counts["text"] += 1
                return found
        return None

    def _named_in(self, value: Any) -> str | None:
        """Id of the problem that a text is, or contains; each text is looked up once."""
        try:
            text = prompt_text(value)
        except ValueError:
            return None
        if text not in self.known:
            self.known[text] = self._by_text(squeezed(text))
        return self.known[text]

    def _same_problem(self, row: Mapping[str, Any], key: str, by: str, number: int) -> None:
        """An id of another copy may mean another problem; a text tells, where it names another and not this one."""
        for column in self.text_columns:
            other = None if column == by else self._named_in(row.get(column))
            if other in (None, key):
                continue
            text = squeezed(prompt_text(row.get(column)))
            if self.texts[key] in text and text != self.texts[str(other)]:  # a prompt that holds both
                continue
            raise DataError(
                f"{self.name}, row {number}: its id is {key!r}, but its {column} is that of {other!r}; the ids are "
                f"those of another copy: drop the column {by!r}, and rows are matched by their text"
            )

    def _by_text(self, text: str) -> str | None:
        if text in self.ids:
            return self.ids[text]
        inside = [key for problem, key in self.ids.items() if problem and problem in text]
        return max(inside, key=lambda key: len(self.texts[key]) if key else 0, default=None)


def _unmatched(strangers: Sequence[int], rows: Sequence[Mapping[str, Any]], problems: Problems, name: str) -> str:
    def told(row: Mapping[str, Any]) -> str:
        parts = {key: row[key] for key in (*IDS, *TEXTS) if isinstance(row.get(key), str | int)}
        return (
            ", ".join(f"{key}={squeezed(str(value))[:60]!r}" for key, value in list(parts.items())[:2])
            or "no id or text"
        )

    examples = "; ".join(f"row {number}: {told(rows[number])}" for number in strangers[:3])
    expected = problems.rows[0]
    return (
        f"{len(strangers)} of {len(rows)} rows of {name} match no problem of {problems.suite.name}, neither by id nor "
        f"by text: {examples}. Its problems look like id={expected['id']!r}, "
        f"problem={squeezed(expected['problem'])[:60]!r}; another suite, or --id COLUMN, --prompt COLUMN"
    )
