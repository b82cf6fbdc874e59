"""A submission from a table of completions, checked before it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from jeoul.errors import DataError, UsageError, listed
from jeoul.evals.contest.files import Item, refuse_repeated
from jeoul.evals.contest.lint import rewritten

__all__ = ["Take", "submission_of"]

Take = Literal["only", "first", "last"]


def submission_of(
    columns: Mapping[str, Sequence[Any]],
    template: Sequence[Item] | None = None,
    *,
    id: str = "id",
    completion: str = "completion",
    take: Take = "only",
    rewrite: bool = False,
) -> list[dict[str, Any]]:
    """The items of a submission, in the order of ``template`` (the contest's test file), else of the table.

    Args:
        columns: of the table.
        template: items whose ids and inputs the submission must have, each with one answer.
        id: column of the ids.
        completion: column of the answers.
        take: which answer where an id has several: "only" refuses them.
        rewrite: bring answers that a reader understands into the stated form.

    Raises:
        UsageError: a column is not there.
        DataError: an id has no answer, several, an empty one, or none that the template knows.
    """
    for name, what in ((id, "--id"), (completion, "--completion")):
        if name not in columns:
            raise UsageError(f"the table has no column {name!r}; it has {listed(columns)}: give {what}")
    refuse_repeated(template or (), "the template")
    answers = _answers(columns[id], columns[completion], take)
    inputs = {item.id: item.input for item in template} if template else _inputs(columns, id)
    if template:
        missing = [one for one in inputs if one not in answers]
        unknown = [one for one in answers if one not in inputs]
        if missing or unknown:
            raise DataError(
                f"the table lacks an answer for {len(missing)} ids ({listed(missing, 5)}) and has {len(unknown)} for "
                f"ids that the template lacks ({listed(unknown, 5)})"
            )
    return [
        {
            "id": one,
            **({"input": inputs[one]} if inputs.get(one) is not None else {}),
            "output": {"answer": rewritten(answers[one]) if rewrite else answers[one]},
        }
        for one in (inputs if template else answers)
    ]


def _answers(ids: Sequence[Any], texts: Sequence[Any], take: Take) -> dict[str, str]:
    taken: dict[str, tuple[int, Any]] = {}
    for row, (cell, text) in enumerate(zip(ids, texts, strict=True)):
        one = cell if isinstance(cell, str) else str(cell) if isinstance(cell, int) else None
        if one is None:
            raise DataError(f"row {row}: an id is a text, not {cell!r}")
        if one in taken and take == "only":
            raise DataError(f"id {one!r} has several answers; a submission has one: give --take first or --take last")
        if one not in taken or take == "last":
            taken[one] = row, text
    for one, (row, text) in taken.items():
        if not isinstance(text, str) or not text.strip():
            raise DataError(f"row {row}, id {one!r}: the answer is empty")
    return {one: text for one, (_, text) in taken.items()}


def _inputs(columns: Mapping[str, Sequence[Any]], id: str) -> dict[str, Any]:
    if "input" not in columns:
        return {}
    return {str(one): given for one, given in zip(columns[id], columns["input"], strict=True)}
