"""Grading a run's samples again by another version of the grader, another recipe or suite; nothing is generated."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from jeoul.errors import DataError, UsageError, did_you_mean, listed
from jeoul.evals.comparison.flips import text_of
from jeoul.evals.comparison.result import Text
from jeoul.evals.comparison.sides import Side, side_of_evaluation, side_of_run
from jeoul.evals.evaluation import Evaluation, evaluate_outputs
from jeoul.evals.generation.sampling import Sampling
from jeoul.evals.generation.store import HEADER
from jeoul.evals.outputs import Output, Outputs, match_outputs
from jeoul.evals.protocols import Protocol
from jeoul.evals.run_folder import SAMPLES, Run, write_run
from jeoul.evals.statistics.estimates import Estimate
from jeoul.evals.statistics.intervals import NOTHING
from jeoul.evals.suites import Source, Suite
from jeoul.evals.suites_rows import Problems, squeezed
from jeoul.evals.summary import BREAKDOWNS, OUTCOMES, Summary, natural_order
from jeoul.writing import whole_file

if TYPE_CHECKING:
    from jeoul.progress import Progress
    from jeoul.rewards.recipes.recipe import Recipe
    from jeoul.rewards.tables.table import RewardTable
    from jeoul.units import Duration

__all__ = ["Change", "Regrading", "problems_of_run", "protocol_of_run", "regrade", "write_regraded"]

Direction = Literal["up", "down", "gone", "come", "reason"]


@dataclass(frozen=True, slots=True)
class Change:
    """A sample whose verdict changed.

    ``direction``: the score went "up" or "down", is "gone" (it was a value and is NaN) or has "come"; "reason": the
    value is the same, and its outcome is another ("undecided" was "incorrect").
    """

    question: str
    problem: str
    direction: Direction
    before: Text
    after: Text


@dataclass(frozen=True)
class Regrading:
    """A run graded again.

    Attributes:
        evaluation: as it is now.
        outputs: the run's completions.
        changes: samples whose verdict changed, in the order of the run.
        figures: name → value before and after; None where it is, or was, not there.
        columns: other columns of both recipes → cells whose value changed.
        same_grader: whether recipe, code and engines are those the run was graded with.
    """

    evaluation: Evaluation = field(repr=False)
    outputs: Outputs = field(repr=False)
    changes: tuple[Change, ...] = field(repr=False)
    figures: Mapping[str, tuple[float | None, float | None]]
    columns: Mapping[str, int]
    same_grader: bool

    def count(self, direction: Direction) -> int:
        """How many changed so."""
        return sum(change.direction == direction for change in self.changes)

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it; NaN is for the writer to make null."""
        return {
            "samples": len(self.outputs.rows),
            "changed": {name: self.count(name) for name in ("up", "down", "gone", "come", "reason")},
            "changes": [asdict(change) for change in self.changes],
            "figures": {name: {"before": before, "after": after} for name, (before, after) in self.figures.items()},
            "columns": dict(self.columns),
            "same_grader": self.same_grader,
        }


def regrade(
    run: Run,
    *,
    recipe: Recipe | None = None,
    score: str | None = None,
    problems: Problems | None = None,
    workers: int | None = None,
    deadline: Duration | None = None,
    progress: Progress | None = None,
) -> Regrading:
    """Grade a run's own samples again with this version's rewards.

    Args:
        run: a finished run.
        recipe: another recipe; default the run's own.
        score: the column of ``recipe`` that is the score; default the run's, where the recipe has it, else its first.
        problems: of another suite, whose recipe and golds count; not with ``recipe``.
        workers: processes for pure-Python rewards.
        deadline: the time one cell may take.
        progress: told how far each column is.

    Raises:
        UsageError: ``recipe`` and ``problems`` at once, or a column that is not in the recipe.
        DataError: the run is damaged, or its samples are not of those problems.
    """
    if recipe is not None and problems is not None:
        raise UsageError("a suite has its own recipe: give a recipe or a suite, not both")
    if score is not None and recipe is None:
        raise UsageError("--score names a column of --recipe; a run's own score stays what it is")
    table = run.table()
    before = side_of_run(run, "before", table=table)
    own = problems_of_run(run, table, recipe, score) if problems is None else problems
    outputs = _outputs(before, own, problems is not None)
    made = evaluate_outputs(
        outputs, own, protocol_of_run(run), origin=str(run.about["outputs"].get("origin", "")),
        generated=run.about.get("generated"), workers=workers, deadline=deadline, progress=progress,
    )  # fmt: skip
    if problems is None:
        made = replace(made, summary=_with_unanswered(made.summary, run.summary))
    made = replace(made, about=_about(run, made, recipe, own if problems is not None else None))
    after = side_of_evaluation(made, "after", str(run.folder))
    return Regrading(
        evaluation=made,
        outputs=outputs,
        changes=tuple(_changes(before, after)),
        figures=_figures(run.summary, made),
        columns=_columns(before, after),
        same_grader=all(table.info.get(name) == made.table.info.get(name) for name in ("recipe", "rewards", "engines")),
    )


def write_regraded(folder: Path, run: Run, made: Regrading) -> None:
    """Write the run anew: its samples as they are, to the byte, and the new table, figures and run.json."""
    own = run.folder / SAMPLES
    if folder.resolve() != run.folder.resolve() and own.is_file():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for path in (own, run.folder / HEADER):
                if path.is_file():
                    with whole_file(folder / path.name) as beside:
                        shutil.copyfile(path, beside)
        except OSError as error:
            raise DataError(f"{folder} cannot be written: {error}") from None
    samples = None if own.is_file() else made.outputs.rows
    write_run(folder, made.evaluation.about, samples, made.evaluation.table, made.evaluation.summary.to_dict())


def protocol_of_run(run: Run) -> Protocol:
    """The protocol of a run, as its run.json has it."""
    try:
        values = {name: value for name, value in run.about["protocol"].items() if name != "hash"}
        sampling = values.pop("sampling")
        return Protocol(**(values | {"ks": tuple(values["ks"])}),
                        sampling=None if sampling is None else Sampling.from_dict(sampling))  # fmt: skip
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{run.folder} is damaged: its protocol: {type(error).__name__}: {error}") from None


def problems_of_run(run: Run, table: RewardTable, recipe: Recipe | None = None, score: str | None = None) -> Problems:
    """The problems of a run's samples, from its table, with its recipe or another one.

    Of problems without a sample only the number is known: they keep the denominators what they are.
    """
    about = run.about
    columns = {name: column for name, column in table.rollouts.columns.items() if name not in OF_SAMPLES}
    rows: dict[str, dict[str, Any]] = {}
    for place, one in enumerate(table.rollouts.column("id")):
        if str(one) not in rows:
            known = {name: column[place] for name, column in columns.items() if column[place] is not None}
            prompt = str(table.rollouts.prompts()[place])
            rows[str(one)] = {**known, "id": str(one), "problem": prompt}
    for place in range(int(about["data"]["problems"]) - len(rows)):
        rows[f"\0unanswered {place}"] = {"id": f"\0unanswered {place}", "problem": ""}
    names = table.recipe.names if recipe is None else recipe.names
    own, form, bug = (about["grader"].get(name, "") for name in ("score", "form", "bug"))
    if score is not None and score not in names:
        raise UsageError(f"the recipe has no column {score!r}{did_you_mean(score, names)}; it has {listed(names)}")
    suite = Suite(
        name=about["suite"]["name"],
        version=about["suite"]["version"],
        about="",
        source=Source(path=str(run.folder)),
        fields={name: (name,) for name in (*columns, "problem")},
        recipe_toml=table.recipe_toml if recipe is None else recipe.to_toml(),
        score=score or (own if own in names else names[0]),
        form=form if form in names else "",
        bug=bug if bug in names else "",
    )
    return Problems(suite, list(rows.values()), str(about["data"].get("origin", "")), about["data"]["hash"])


OF_SAMPLES = ("id", "sample", "prompt", "completion", "finish_reason", "completion_tokens")
"""Columns of a run's table that belong to its samples, not to their problems."""


def _outputs(before: Side, problems: Problems, other: bool) -> Outputs:
    table, tokens, finish = before.table, before.column("completion_tokens"), before.column("finish_reason")
    prompts, about = table.rollouts.prompts(), before.about["outputs"]
    rows = [
        Output(
            problem=question,
            index=before.samples[row],
            completion=table.rollouts.texts[row],
            finish_reason=None if finish is None else finish[row],
            completion_tokens=None if tokens is None or tokens[row] is None else int(tokens[row]),
        )
        for row, question in enumerate(before.questions)
    ]
    if not other:
        return Outputs(rows, before.asked, int(about.get("null", 0)), dict(about.get("matched_by", {})))
    given = [
        {"id": one.problem, "problem": prompts[place], "sample": one.index, "completion": one.completion,
         "finish_reason": one.finish_reason, "completion_tokens": one.completion_tokens}
        for place, one in enumerate(rows)
    ]  # fmt: skip
    return replace(match_outputs(given, problems, name=str(before.origin)), asked=before.asked)


def _with_unanswered(summary: Summary, old: Mapping[str, Any]) -> Summary:
    """Breakdowns with the problems that have no sample: a run's table does not know of which subject they are."""
    groups = {name: dict(made) for name, made in summary.breakdowns.items()}
    for name in BREAKDOWNS:
        for label, was in ((old.get("breakdowns") or {}).get(name) or {}).items():
            one = groups.setdefault(name, {}).get(label)
            if one is None:  # nobody answered one of them
                numbers = {key: math.nan if value is None else value for key, value in was.items()}
                one = Estimate(**(numbers | {"interval": NOTHING, "seed": was["seed"]}))
            groups[name][label] = replace(
                one,
                n_missing=was["n"] + was["n_missing"] - one.n,
                samples_missing=was["samples"] + was["samples_missing"] - one.samples,
            )
        if name in groups:
            groups[name] = dict(sorted(groups[name].items(), key=natural_order))
    return replace(summary, breakdowns={name: groups[name] for name in (*BREAKDOWNS, "length") if name in groups})


def _about(run: Run, made: Evaluation, recipe: Recipe | None, problems: Problems | None) -> dict[str, Any]:
    """run.json: what is not graded anew stays as it was recorded, so that like still meets like."""
    about = {**run.about, **{name: made.about[name] for name in ("grader", "versions")}}
    if problems is not None:
        about |= {name: made.about[name] for name in ("score", "suite", "data", "outputs")}
        about["outputs"] = {**made.about["outputs"], "origin": run.about["outputs"].get("origin", "")}
    elif recipe is not None:
        parts = [run.about["suite"]["hash"], recipe.fingerprint, made.about["grader"]["score"]]
        about["suite"] = {**run.about["suite"], "hash": hashlib.sha256(json.dumps(parts).encode()).hexdigest()}
    old = {name: run.about["grader"].get(name) for name in ("recipe_hash", "code", "engines")}
    return {**about, "regraded": {"from": str(run.folder), "grader": old, "versions": run.about.get("versions")}}


def _changes(before: Side, after: Side) -> list[Change]:
    prompts, there = after.table.rollouts.prompts(), set(after.questions)
    by_text = {squeezed(prompt): question for prompt, question in zip(prompts, after.questions, strict=True)}
    old = {
        (question if question in there else by_text.get(squeezed(prompt), ""), sample): row
        for row, (question, prompt, sample) in enumerate(
            zip(before.questions, before.table.rollouts.prompts(), before.samples, strict=True)
        )
    }  # another suite may call the same problem otherwise
    found = []
    for row, key in enumerate(zip(after.questions, after.samples, strict=True)):
        if key in old:
            one, two = text_of(before, old[key]), text_of(after, row)
            direction = _direction(one, two)
            if direction is not None:
                found.append(Change(key[0], str(prompts[row]), direction, one, two))
    return found


def _direction(before: Text, after: Text) -> Direction | None:
    if math.isnan(before.score) or math.isnan(after.score):
        if math.isnan(before.score) and math.isnan(after.score):
            return None
        return "come" if math.isnan(before.score) else "gone"
    if before.score != after.score:
        return "up" if after.score > before.score else "down"
    outcomes = {text.reason.partition(":")[0] for text in (before, after)}
    return "reason" if len(outcomes) > 1 and outcomes <= {*OUTCOMES} else None


def _figures(old: Mapping[str, Any], made: Evaluation) -> dict[str, tuple[float | None, float | None]]:
    before = {name: one.get("estimate") for name, one in (old.get("figures") or {}).items()}
    after = {name: one.estimate for name, one in made.summary.figures.items()}
    return {name: (before.get(name), after.get(name)) for name in dict.fromkeys([*after, *before])}


def _columns(before: Side, after: Side) -> dict[str, int]:
    if len(before.table) != len(after.table) or list(before.questions) != list(after.questions):
        return {}
    shared = [name for name in before.table.names if name in after.table.names and name != before.score]
    return {name: _different(before.table.column(name), after.table.column(name)) for name in shared}


def _different(one: NDArray[np.float64], two: NDArray[np.float64]) -> int:
    return int(np.count_nonzero(~((one == two) | (np.isnan(one) & np.isnan(two)))))
