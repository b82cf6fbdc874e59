"""The reward for a program in which nothing wrong is seen without running it."""

from __future__ import annotations

from typing import Any, Literal

from jeoul.rewards.code.extract import Method, find_code
from jeoul.rewards.code.findings import findings
from jeoul.rewards.registry import reward
from jeoul.rewards.scores import Score

__all__ = ["code_lint"]

Check = Literal["undefined", "unsafe"]


def _load(**_: Any) -> None:
    import pyflakes.checker  # noqa: F401


def _versions(**_: Any) -> dict[str, str]:
    from importlib.metadata import version

    return {"pyflakes": version("pyflakes")}


@reward(
    range=(0, 1),
    reference="pyflakes (undefined names); Python's parser; calls by their full names",
    prepare=_load,
    versions=_versions,
    hacks=(
        "a program that does nothing is clean",
        "from m import *: names that it might define are not told from undefined ones",
        "getattr(os, 'sys' + 'tem'): what is called is not known before it runs",
    ),
)
def code_lint(
    completions: list[str],
    problem: list[Any] | None = None,
    entry_point: list[Any] | None = None,
    *,
    extract: tuple[Method, ...] = ("fenced",),
    checks: tuple[Check, ...] = ("undefined", "unsafe"),
    names: tuple[str, ...] = (),
) -> list[float | None]:
    r"""1 if the program in a completion parses, uses no undefined name and makes no unsafe call, else 0.

    Nothing is run, so a bug that only shows in running is not seen, and a right program may be refused (a name that a
    judge defines: say so in ``names``). Without a program 0; never NaN.

    Args:
        completions: texts of the model.
        problem: the prompt's code, where a program continues it or needs its imports (HumanEval).
        entry_point: the function it defines.
        extract: where the program stands, see :func:`jeoul.rewards.code.extract.find_code`.
        checks: which findings count beside syntax: "undefined", "unsafe" (``eval``, ``os.system``, ``subprocess``,
            sockets, ``ctypes``, ``pickle.loads``, files opened to write …).
        names: that are there without being defined.

    >>> program = "```python\nimport os\ndef f(x):\n    os.system(y)\n```"
    >>> for score in code_lint(["```python\nprint(1)\n```", program, "no program"]):
    ...     print(float(score), score.reason)
    1.0 nothing found
    0.0 2 findings: undefined name 'y' (line 3); unsafe call os.system (line 3)
    0.0 no program: there is no fenced block
    """
    rows = range(len(completions))
    return [_score(completions[row], _at(problem, row), _at(entry_point, row), extract, checks, names) for row in rows]


def _at(cells: list[Any] | None, row: int) -> str:
    cell = None if cells is None else cells[row]
    return cell if isinstance(cell, str) else ""


def _score(
    completion: str,
    prompt: str,
    entry_point: str,
    extract: tuple[Method, ...],
    checks: tuple[Check, ...],
    names: tuple[str, ...],
) -> Score:
    program = find_code(completion, extract, prompt=prompt, entry_point=entry_point)
    if program.code is None:
        return Score(0, f"no program: {program.how}")
    found = [one for one in findings(program.code, names) if one.check in ("syntax", *checks)]
    if not found:
        return Score(1, "nothing found")
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    count = f"{len(found)} findings" if len(found) > 1 else "1 finding"
    return Score(0, f"{count}: {'; '.join(map(str, found[:5]))}{more}")
