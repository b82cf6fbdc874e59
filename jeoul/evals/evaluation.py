"""Evaluate: a suite's recipe over completions, through the scoring engine, and the figures that come of it."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jeoul.errors import ScoringError
from jeoul.evals.outputs import Outputs
from jeoul.evals.protocols import Protocol
from jeoul.evals.suites_rows import Problems
from jeoul.evals.summary import Summary, summarise_run
from jeoul.rewards.tables.status import FAILED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jeoul.progress import Progress
    from jeoul.rewards.tables.table import RewardTable
    from jeoul.units import Duration

__all__ = ["Evaluation", "evaluate_outputs", "rollouts_of"]

FORMAT = 1
"""Of the run folder; raised when its files change."""


@dataclass(frozen=True)
class Evaluation:
    """A scored run: the table, the figures, and what they depend on (run.json)."""

    table: RewardTable = field(repr=False)
    summary: Summary
    about: Mapping[str, Any] = field(repr=False)


def evaluate_outputs(
    outputs: Outputs,
    problems: Problems,
    protocol: Protocol,
    *,
    origin: str = "",
    generated: Mapping[str, Any] | None = None,
    workers: int | None = None,
    deadline: Duration | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Score completions with the suite's recipe, and summarise.

    Args:
        outputs: the completions.
        problems: what they answer.
        protocol: how they were drawn, and what is reported of them.
        origin: where they are from, for run.json.
        generated: what they depend on, where Jeoul made them (the header of their store), for run.json.
        workers: processes for pure-Python rewards; default one per processor, 0: this one, without deadlines.
        deadline: the time one cell may take.
        progress: told how far each column is.

    Raises:
        UsageError: the suite cannot be scored yet.
        ScoringError: every cell of the score failed, so there is no figure.
    """
    from jeoul.rewards.engine.scoring import DEADLINE, score

    suite = problems.suite
    recipe = suite.recipe
    rollouts = rollouts_of(outputs, problems)
    table = score(recipe, rollouts, workers=workers, deadline=deadline or DEADLINE, progress=progress)
    status = table.status[:, table.index(suite.score)]
    if all(int(one) in FAILED for one in status):
        reason = table.reason[0][table.index(suite.score)]
        raise ScoringError(f"every cell of {suite.score} failed; the first: {reason}")
    summary = summarise_run(table, outputs, problems, protocol)
    return Evaluation(table, summary, _about(table, problems, protocol, outputs, origin, generated))


def rollouts_of(outputs: Outputs, problems: Problems) -> Any:
    """One row a sample with its problem's columns; what no table file can hold (pictures) stays out."""
    from jeoul.rollouts import Rollouts

    rows = {row["id"]: row for row in problems.rows}
    names = [name for name in problems.suite.fields if name not in ("id", "images", "problem")]
    columns: dict[str, list[Any]] = {
        "id": [row.problem for row in outputs.rows],
        "sample": [row.index for row in outputs.rows],
        "prompt": [rows[row.problem]["problem"] for row in outputs.rows],
        "completion": [row.completion for row in outputs.rows],
        "finish_reason": [row.finish_reason for row in outputs.rows],
        "completion_tokens": [row.completion_tokens for row in outputs.rows],
    }
    for name in names:
        if any(row.get(name) is not None for row in problems.rows):  # one problem may lack what others have
            columns[name] = [rows[row.problem].get(name) for row in outputs.rows]
    return Rollouts.of(columns, completion="completion", prompt="prompt", group="id")


def _about(
    table: RewardTable,
    problems: Problems,
    protocol: Protocol,
    outputs: Outputs,
    origin: str,
    generated: Mapping[str, Any] | None,
) -> dict[str, Any]:
    import jeoul

    suite = problems.suite
    return {
        "format": FORMAT,
        "score": f"{suite.name}@{protocol.name}",
        "suite": {"name": suite.name, "version": suite.version, "hash": suite.fingerprint},
        "protocol": {"name": protocol.name, "hash": protocol.fingerprint, **protocol.hashed()},
        "data": {"origin": problems.origin, "problems": len(problems), "hash": problems.fingerprint},
        "outputs": {
            "origin": origin,
            "samples": len(outputs.rows),
            "asked": outputs.asked,
            "null": outputs.null,
            "matched_by": dict(outputs.matched_by),
        },
        "generated": None if generated is None else dict(generated),
        "grader": {
            "score": suite.score,
            "form": suite.form,
            "bug": suite.bug,
            "columns": list(table.names),
            "recipe": table.recipe_toml,
            "recipe_hash": table.info["recipe"],
            "code": table.info["rewards"],
            "engines": table.info["engines"],
        },
        "versions": {"jeoul": jeoul.__version__, "python": platform.python_version()},
    }
