"""What the YAML of an exported lm-eval task calls: problems, prompts, and grades of all samples of a problem."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jeoul.evals.exporters.grading import SuiteGrader

__all__ = ["ExportedTask", "mean_of_known"]

ABOUT = "jeoul.json"


class ExportedTask:
    """A task's folder, as ``jeoul export lm-eval`` wrote it.

    Args:
        folder: of the task; its ``jeoul.json`` says which suite, under which protocol.
    """

    def __init__(self, folder: str | Path) -> None:
        self.about = json.loads((Path(folder) / ABOUT).read_text(encoding="utf-8"))

    @functools.cached_property
    def opened(self) -> SuiteGrader:
        """The suite with its problems; DataError where it is another one than was exported."""
        about = self.about
        return SuiteGrader.open(about["suite"], samples=about["samples"], suite_hash=about["suite_hash"])

    @functools.cached_property
    def rows(self) -> dict[str, Mapping[str, Any]]:
        """Id → problem."""
        return {row["id"]: row for row in self.opened.problems.rows}

    def problems(self, **_: Any) -> dict[str, Any]:
        """The data set, with one split "test": id, prompt and gold of each problem."""
        from datasets import Dataset

        protocol = self.opened.protocol
        return {
            "test": Dataset.from_list(
                [
                    {"id": name, "prompt": _user(protocol.prompt(row["problem"])), "answer": _gold(row.get("answer"))}
                    for name, row in self.rows.items()
                ]
            )
        }

    def results(self, doc: Mapping[str, Any], results: Sequence[Any]) -> dict[str, float]:
        """Mean over the samples of a problem of every column, over those that have a value; NaN where none has.

        ``scored`` is the share of samples for which the score has a value: a failed cell is no 0, and is seen here.
        """
        texts = [text for one in results for text in ([one] if isinstance(one, str) else one)]
        grades = self.opened.grades(self.rows[doc["id"]], texts)
        score = self.opened.problems.suite.score
        found = {name: mean_of_known(grade[name].value for grade in grades) for name in self.opened.columns}
        return found | {"scored": sum(not math.isnan(grade[score].value) for grade in grades) / len(grades)}


def mean_of_known(values: Iterable[float]) -> float:
    """The mean of the values that are there; NaN where none is.

    >>> mean_of_known([1.0, float("nan"), 0.0]), mean_of_known([])
    (0.5, nan)
    """
    known = [value for value in values if not math.isnan(value)]
    return math.fsum(known) / len(known) if known else math.nan


def _user(prompt: Any) -> str:
    """The user's message, or the raw prompt; a system message is the task's description."""
    return prompt if isinstance(prompt, str) else str(prompt[-1]["content"])


def _gold(answer: Any) -> str:
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
