"""``jeoul regrade RUN``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from jeoul.cli.output import note, print_json, print_table, prints_on_stderr
from jeoul.errors import UsageError

if TYPE_CHECKING:
    from jeoul.evals.regrading import Change, Regrading

__all__ = ["run"]

WORDS = {
    "up": "score went up",
    "down": "score went down",
    "gone": "had a score and has none",
    "come": "had no score and has one",
    "reason": "same score, another outcome",
}
LENGTHS = ("characters", "tokens")
TAIL = 300  # characters of a completion's end that are shown


def run(
    folder: Annotated[Path, Parameter(name="run")],
    /,
    *,
    out: Annotated[Path | None, Parameter(alias="-o")] = None,
    recipe: str | None = None,
    score: str | None = None,
    suite: str | None = None,
    data: Path | None = None,
    show: int = 5,
    fail_if_changed: Annotated[bool, Parameter(negative="")] = False,
    workers: int | None = None,
    deadline: str = "5 s",
    force: bool = False,
    json: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(alias="-q", negative="")] = False,
) -> None:
    """Grade a run's samples again, and tell the verdicts that changed; nothing is generated.

    Exit code 0 whether or not any changed; with --fail-if-changed 1 where one did.

    Parameters
    ----------
    folder
        A finished run, as jeoul eval wrote it.
    out
        Folder of the new run; default RUN-regraded. The run itself only with --force.
    recipe
        Another recipe (TOML file, or the name of a shipped one); default the run's own, with this version's rewards.
    score
        The column of --recipe that is the score; default the run's, where the recipe has it, else its first.
    suite
        Another suite, or version of it, for the same problems: its recipe and golds count.
    data
        Folder of local copies of suites, or one such file, for --suite.
    show
        Changed verdicts to show with their texts, of each kind; --json has all.
    fail_if_changed
        Exit with code 1 where a verdict changed.
    workers
        Worker processes; default one per processor. 0: in this process, without deadlines.
    deadline
        Time the grading of one completion may take.
    force
        Replace an existing result.
    json
        Print as JSON.
    quiet
        No progress, no remarks.
    """
    from jeoul.cli.recipe import find_recipe
    from jeoul.evals.regrading import regrade, write_regraded
    from jeoul.evals.reports import write_report
    from jeoul.evals.run_folder import read_run, refuse_existing
    from jeoul.evals.suites import find_suite
    from jeoul.evals.suites_rows import check_example, load_problems
    from jeoul.progress import Bars
    from jeoul.units import Duration

    try:
        limit = Duration.parse(deadline)
    except ValueError as error:
        raise UsageError(f"--deadline {error}") from None
    old = read_run(folder)
    target = folder.with_name(f"{folder.resolve().name}-regraded") if out is None else out
    refuse_existing(target, force)
    problems = None
    if suite is not None:
        found = find_suite(suite)
        check_example(found)
        problems = load_problems(found, data)
    with Bars(shown=not quiet) as bars, prints_on_stderr():
        made = regrade(
            old, recipe=None if recipe is None else find_recipe(recipe), score=score, problems=problems,
            workers=workers, deadline=limit, progress=bars,
        )  # fmt: skip
    write_regraded(target, old, made)
    write_report(target)  # the one that was there shows the old figures
    if json:
        print_json(made.to_dict() | {"folder": str(target)})
    else:
        _print(made, show)
        if made.same_grader:
            note("recipe, code and engines are those the run was graded with", quiet)
        note(f"wrote {target}", quiet)
    if fail_if_changed and made.changes:
        sys.exit(1)


def _print(made: Regrading, show: int) -> None:
    rows = [[name, *_shown(name, *pair)] for name, pair in made.figures.items()]
    print_table(
        f"{made.evaluation.summary.score}: {len(made.outputs.rows)} samples graded again",
        ["figure", "before", "after", "change"],
        rows,
    )
    print(f"{len(made.changes)} verdicts changed" + (":" if made.changes else ""))
    for direction, words in WORDS.items():
        changes = [change for change in made.changes if change.direction == direction]
        if changes:
            print(f"  {len(changes)}: {words}")
        for change in changes[:show]:
            _print_change(change)
    for name, count in made.columns.items():
        if count:
            print(f"column {name}: {count} cells have another value")


def _print_change(change: Change) -> None:
    tail = " ".join(_printable(change.after.completion[-TAIL:]).split())
    scores = f"{change.before.score:g} → {change.after.score:g}"
    print(f"    {_printable(change.question)}, sample {change.after.sample}: {scores}")
    print(f"      …{tail}")
    print(f"      before: {_printable(change.before.reason)}\n      after:  {_printable(change.after.reason)}")


def _printable(text: str) -> str:
    """What a model wrote does not steer the terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _shown(name: str, before: float | None, after: float | None) -> list[str]:
    def one(value: float | None, plus: str = "") -> str:
        if value is None or value != value:
            return "–"
        return f"{value:{plus},.0f}" if name in LENGTHS else f"{100 * value:{plus}.1f}" + ("" if plus else "%")

    gap = None if before is None or after is None else after - before
    return [one(before), one(after), one(gap, "+")]
