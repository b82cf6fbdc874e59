"""What is compared: a finished run, a saved reward table, or saved outputs scored here; all in one shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jeoul.errors import DataError, UsageError, listed
from jeoul.evals.outputs import IDS, INDICES
from jeoul.evals.run_folder import RUN, Run, read_run

if TYPE_CHECKING:
    from jeoul.evals.evaluation import Evaluation
    from jeoul.rewards.tables.table import RewardTable

__all__ = ["Side", "runs_in", "side_of_evaluation", "side_of_run", "side_of_table"]

DEEPEST = 3  # folders between the one that is named and a run in it: SUITE@PROTOCOL/MODEL, and one to spare


@dataclass(frozen=True)
class Side:
    """Scored samples of one model on one set.

    Attributes:
        label: of the side in messages and reports.
        origin: folder or file.
        kind: "run", "table" or "outputs".
        name: ``set@protocol``, or the score's column for a table.
        table: the scored samples, one a row.
        score: the column that is the score.
        form: the column that says whether the form is kept; "" for none.
        bug: the column that is 1 for programs without a bug; "" for none.
        questions: id of the question of each row.
        samples: index of each row among those of its question.
        asked: samples asked of each question.
        total: questions of the set; None where it is not known.
        ks: the k of pass@k and maj@k that the protocol reports.
        exceed: tokens above which a completion counts as exceeding.
        about: run.json, or as much of it as there is.
    """

    label: str
    origin: str
    kind: str
    name: str
    table: RewardTable = field(repr=False)
    score: str
    form: str
    bug: str
    questions: Sequence[str] = field(repr=False)
    samples: Sequence[int] = field(repr=False)
    asked: int
    total: int | None
    ks: tuple[int, ...]
    exceed: int
    about: Mapping[str, Any] = field(repr=False)

    def column(self, name: str) -> Sequence[Any] | None:
        """A column of the data; None where there is none."""
        return self.table.rollouts.columns.get(name)

    def hash_of(self, part: str) -> str:
        """Recorded hash of "suite", "protocol" or "data"; "" where there is none."""
        return str((self.about.get(part) or {}).get("hash") or "")

    def labelled(self, label: str) -> Side:
        """The same under another label."""
        return replace(self, label=label)


def side_of_run(run: Run, label: str, kind: str = "run", table: RewardTable | None = None) -> Side:
    """A finished run; ``table`` stands for its own where it was graded again."""
    about, found = run.about, run.table() if table is None else table
    try:
        score, protocol, asked = about["grader"]["score"], about["protocol"], int(about["outputs"]["asked"])
        ks, exceed, total = tuple(protocol["ks"]), int(protocol["exceed"]), int(about["data"]["problems"])
        found.index(score)
        questions = [str(one) for one in found.rollouts.column("id")]
        samples = [int(one) for one in found.rollouts.column("sample")]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{run.folder} is damaged: {type(error).__name__}: {error}; make it again") from None
    form, bug = (about["grader"].get(name, "") for name in ("form", "bug"))
    return Side(label, str(run.folder), kind, str(about["score"]), found, score, form, bug, questions, samples, asked,
                total, ks, exceed, about)  # fmt: skip


def side_of_evaluation(made: Evaluation, label: str, origin: str) -> Side:
    """Outputs that were scored a moment ago."""
    return side_of_run(Run(Path(origin), made.about, {}), label, "outputs", made.table)


def side_of_table(table: RewardTable, label: str, origin: str, score: str | None = None) -> Side:
    """A saved reward table. Questions are told apart by an id column where there is one, else by their prompts."""
    if score is None:
        if len(table.trained) != 1:
            raise UsageError(
                f"{origin} has {len(table.trained)} columns that train, so which is the score? Write --score with one "
                f"of {listed(table.names)}"
            )
        score = table.trained[0]
    table.index(score)
    questions = _questions(table, origin)
    counts = Counter(questions)
    samples, most = _samples(table, questions, origin), max(counts.values())
    return Side(label, origin, "table", score, table, score, "", "", questions, samples, most, None, (most,), 4000, {})


def runs_in(folder: Path) -> list[Run]:
    """The finished runs in a folder: itself, or those below it, by path; DataError where there are none."""
    if (folder / RUN).exists():
        return [read_run(folder)]
    found = sorted(path.parent for depth in range(1, DEEPEST + 1) for path in folder.glob("*/" * depth + RUN))
    if not found:
        return [read_run(folder)]  # its error says what is not there
    return [read_run(path) for path in found]


def _questions(table: RewardTable, origin: str) -> list[str]:
    columns = table.rollouts.columns
    for name in IDS:
        if name in columns and all(isinstance(one, str | int) for one in columns[name]):
            ids = [str(one) for one in columns[name]]
            if len(set(ids)) == table.rollouts.group_count == len(set(zip(ids, table.groups.tolist(), strict=True))):
                return ids
    prompts = [" ".join(prompt.split()) for prompt in table.rollouts.prompts()]
    if all(prompts) and len(set(prompts)) == table.rollouts.group_count:
        return prompts
    raise DataError(
        f"{origin}: its questions cannot be told apart: it has neither a column {listed(IDS)} nor a prompt that goes "
        "with its groups; score the data with such a column and --group"
    )


def _samples(table: RewardTable, questions: Sequence[str], origin: str) -> list[int]:
    """The index column where it tells the samples of a question apart, else their order."""
    for name in INDICES:
        column = table.rollouts.columns.get(name)
        if column is not None and all(isinstance(one, int) for one in column):
            pairs = set(zip(questions, column, strict=True))
            if len(pairs) < len(table):
                raise DataError(f"{origin}: two rows are the same sample ({name}) of one question")
            return [int(one) for one in column]
    seen: Counter[str] = Counter()
    found = []
    for question in questions:
        found.append(seen[question])
        seen[question] += 1
    return found
