"""``jeoul compare A B [C…]``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from jeoul.cli.output import note, print_json, print_table, prints_on_stderr
from jeoul.errors import UsageError

if TYPE_CHECKING:
    from jeoul.evals.comparison.result import Comparison

__all__ = ["run"]


def run(
    *sides: str,
    score: str | None = None,
    suite: str | None = None,
    data: Path | None = None,
    completion: str | None = None,
    id: str | None = None,
    prompt: str | None = None,
    regrade: Annotated[bool, Parameter(negative="")] = False,
    pairwise: Annotated[bool, Parameter(negative="")] = False,
    level: float = 0.95,
    margin: float = 0.02,
    flips: int = 5,
    seed: int = 0,
    fail_if_worse: Annotated[bool, Parameter(negative="")] = False,
    worse_by: float = 0.0,
    workers: int | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
    markdown: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(alias="-q", negative="")] = False,
) -> None:
    """Compare B with A, and C with A …, question by question; exit code 1 with --fail-if-worse where one is worse.

    Runs of unlike suites, protocols, data or graders are refused, with the field that differs (exit code 3).

    Parameters
    ----------
    sides
        Two or more of: a run (what jeoul eval wrote), a folder of runs of several suites, a reward table (what jeoul
        score -o wrote), or saved outputs, which need --suite.
    score
        The column of reward tables that is the score, where several train.
    suite
        SUITE or SUITE@PROTOCOL that scores saved outputs.
    data
        Folder of local copies of suites, or one such file; default the folder JEOUL_DATA names.
    completion
        Column of the completions in outputs, where it is not one of the usual names.
    id
        Column of the problem's id in outputs.
    prompt
        Column of the problem's text or prompt in outputs.
    regrade
        Score runs and tables again, by their own recipes and this version's rewards, before they are compared.
    pairwise
        All pairs, not only those with the first.
    level
        Of the intervals; verdicts are at 1 − level.
    margin
        The largest difference in a share that does not matter: for "equivalent", and for what would settle it.
    flips
        Flipped questions to show, of each direction.
    seed
        Of bootstrap and drawn sign flips.
    fail_if_worse
        Exit with code 1 where the score of any set is found worse (by Holm's p), by more than --worse-by.
    worse_by
        A drop of the score up to this is no failure, e.g. 0.01.
    workers
        Worker processes for scoring; default one per processor.
    json
        Print as JSON.
    markdown
        Print as Markdown.
    quiet
        No progress, no remarks.
    """
    from jeoul.evals.comparison.making import compare_sides, matched_sets
    from jeoul.evals.comparison.opening import open_sides
    from jeoul.progress import Bars

    if json and markdown:
        raise UsageError("--json and --markdown are two answers; choose one")
    if not worse_by >= 0:
        raise UsageError(f"--worse-by is {worse_by}; expected a drop of the score, such as 0.01")
    with Bars(shown=not quiet) as bars, prints_on_stderr():
        opened = open_sides(
            sides, score=score, suite=suite, data=data, columns={"completion": completion, "id": id, "prompt": prompt},
            regrade=regrade, workers=workers, progress=bars,
        )  # fmt: skip
        sets, left_out = matched_sets(opened)
        found = compare_sides(
            sets, level=level, margin=margin, pairwise=pairwise, flips=flips, seed=seed, left_out=left_out,
            regraded=regrade,
        )  # fmt: skip
    if json:
        print_json(found.to_dict())
    elif markdown:
        from jeoul.evals.comparison.rendering import as_markdown

        sys.stdout.write(as_markdown(found))
    else:
        _print(found)
    worse = _worse(found, worse_by)
    for line in worse if fail_if_worse else ():
        note(line, quiet)
    if worse and fail_if_worse:
        sys.exit(1)


def _print(found: Comparison) -> None:
    from jeoul.evals.comparison.rendering import sections

    for section in sections(found):
        if section.header:
            print_table(section.title, section.header, section.rows, left=section.left)
        else:
            print(section.title)
        for line in section.lines:
            print(line)
        print()


def _worse(found: Comparison, by: float) -> list[str]:
    """The pairs whose score is worse by more than ``by``, in words."""
    from jeoul.evals.comparison.rendering import sentence

    return [
        f"worse: {one.score}: {pair.b} against {pair.a}: {sentence(pair.score, found.level)}"
        for one, pair in found.pairs
        if pair.score.verdict == "worse" and abs(pair.score.difference) > by
    ]
