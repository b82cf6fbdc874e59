"""Suites as inspect_ai tasks, and any reward as an inspect_ai scorer. Importing this imports inspect_ai."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import anyio
from inspect_ai import Epochs, Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageSystem, ChatMessageUser, GenerateConfig
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import TaskState, generate

from jeoul.evals.exporters.grading import Grade, SuiteGrader, grades_of, recipe_of, refuse_raw

__all__ = ["as_inspect_scorer", "suite_scorer", "suite_task"]

METRICS: dict[str, Any] = {"*": [mean(), stderr()]}
"""Of every column; a column without a value for a sample is left out there, not counted as 0."""


def as_inspect_scorer(
    recipe: Any, *, completion: str = "completion", prompt: str = "prompt", answer: str = "answer"
) -> Scorer:
    """A scorer of a recipe, a column, a reward, its name, or a recipe's file.

    A row of data is the sample's metadata, with its input as ``prompt``, its target as ``answer`` (a list where it has
    several) and the model's output as ``completion``: names that the arguments change.
    """
    made = recipe_of(recipe)

    @scorer(metrics=METRICS, name="jeoul_" + "_".join(made.names)[:60])
    def graded() -> Scorer:
        async def score(state: TaskState, target: Target) -> Score:
            golds: Any = list(target) if len(target) > 1 else target.text
            row = {
                **(state.metadata or {}),
                prompt: state.input_text,
                answer: golds,
                completion: state.output.completion,
            }
            grades = await anyio.to_thread.run_sync(grades_of, made, [row])
            return _score(grades[0], state.output.completion)

        return score

    return graded()


@scorer(metrics=METRICS)
def suite_scorer(suite: str, data: str | None = None, suite_hash: str = "") -> Scorer:
    """The grader of a suite: every column of its recipe, the score first.

    Samples are those of :func:`suite_task`, or have the ids of the suite's problems.
    """
    opened = SuiteGrader.open(suite, data=data, suite_hash=suite_hash)
    rows = {row["id"]: row for row in opened.problems.rows}

    async def score(state: TaskState, target: Target) -> Score:
        row = rows.get(str(state.sample_id))
        if row is None:
            return Score.unscored(
                explanation=f"the suite {opened.problems.suite.name} has no problem {state.sample_id!r}"
            )
        grades = await anyio.to_thread.run_sync(opened.grades, row, [state.output.completion])
        return _score(grades[0], state.output.completion)

    return score


def suite_task(
    suite: str, *, data: str | None = None, samples: int | None = None, suite_hash: str = "", **task: Any
) -> Task:
    """A suite under a protocol as a task: its problems, prompts, sampling, repeats and grader.

    Args:
        suite: ``SUITE[@PROTOCOL]``; without a protocol the model's own sampling, once.
        data: folder of local copies of suites; default the folder ``JEOUL_DATA`` names, then the hub.
        samples: of each problem, where it is not the protocol's number.
        suite_hash: of the suite that was exported; another one is refused.
        task: further arguments of ``Task``.

    Raises:
        UsageError: the protocol is a raw prompt.
    """
    opened = SuiteGrader.open(suite, data=data, samples=samples, suite_hash=suite_hash)
    protocol = opened.protocol
    refuse_raw(protocol)
    drawn = protocol.sampling
    config = GenerateConfig()
    if drawn is not None:
        config = GenerateConfig(
            temperature=drawn.temperature, top_p=drawn.top_p, max_tokens=drawn.max_tokens,
            stop_seqs=list(drawn.stop) or None,
        )  # fmt: skip
    return Task(
        dataset=MemoryDataset([_sample(opened, row) for row in opened.problems.rows], name=opened.problems.suite.name),
        solver=generate(),
        scorer=suite_scorer(suite, data, suite_hash),
        config=config,
        epochs=Epochs(max(1, protocol.asked), "mean"),
        **{"version": opened.problems.suite.version} | task,
    )


def _sample(opened: SuiteGrader, row: Mapping[str, Any]) -> Sample:
    said: Any = opened.protocol.prompt(row["problem"])
    kinds: dict[str, Any] = {"system": ChatMessageSystem, "user": ChatMessageUser}
    golds = row.get("answer", "")
    return Sample(
        id=row["id"],
        input=[kinds[message["role"]](content=message["content"]) for message in said],
        target=[str(gold) for gold in golds] if isinstance(golds, list) else str(golds),
        metadata={name: value for name, value in row.items() if name not in ("id", "problem", "answer", "images")},
    )


def _score(grades: Mapping[str, Grade], completion: str) -> Score:
    """Every column's value; all of them NaN: unscored."""
    values = {name: grade.value for name, grade in grades.items()}
    told = "\n".join(f"{name}: {grade.status}: {grade.reason}" for name, grade in grades.items())
    about = {name: {"status": grade.status, "reason": grade.reason} for name, grade in grades.items()}
    if all(math.isnan(value) for value in values.values()):
        return Score.unscored(reason="scoring_failed", answer=completion, explanation=told, metadata=about)
    return Score(value=values, answer=completion, explanation=told, metadata=about)
