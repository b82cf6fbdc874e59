"""``jeoul score RECIPE DATA [-o TABLE]``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from jeoul.cli.output import note, print_json, print_summary, prints_on_stderr
from jeoul.errors import ScoringError, UsageError, listed

if TYPE_CHECKING:
    from jeoul.rewards.tables.table import RewardTable

__all__ = ["run"]


def run(
    recipe: str,
    data: Annotated[str, Parameter(allow_leading_hyphen=True)],  # "-" is stdin
    *,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    completion: str | None = None,
    prompt: str | None = None,
    group: str | None = None,
    nested: tuple[str, ...] = (),
    workers: int | None = None,
    deadline: str = "5 s",
    step: int = 0,
    restart: bool = False,
    force: bool = False,
    json: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(alias="-q", negative="")] = False,
) -> None:
    """Score a file of completions with a recipe.

    With -o the result is written as a Parquet table, and a run that was stopped, or killed, goes on where it was.

    Parameters
    ----------
    recipe
        A recipe file (TOML), or the name of a shipped one (see: jeoul recipe list).
    data
        JSONL (plain, gzip, zstd), Parquet, a folder of either or of a Hugging Face data set, or - for stdin.
    output
        Parquet file to write.
    completion
        Column of the completions, where it is not "completion", "completions" or "messages".
    prompt
        Column of the prompts, where it is not "prompt".
    group
        Column that tells groups apart; else "group" where there is one, else equal prompts.
    nested
        Columns with one value per completion, where a row holds a list of completions.
    workers
        Worker processes; default one per processor. 0: in this process, without deadlines.
    deadline
        Time one cell may take, e.g. "0.5 s".
    step
        Training step, for weights with a schedule.
    restart
        Drop what a stopped run has left, and start again.
    force
        Replace an existing output.
    json
        Print the summary as JSON.
    quiet
        No progress, no remarks.
    """
    from jeoul.cli.recipe import find_recipe
    from jeoul.progress import Bars
    from jeoul.rewards.engine.scoring import score
    from jeoul.rollouts import Rollouts
    from jeoul.units import Duration

    made = find_recipe(recipe)
    try:
        limit = Duration.parse(deadline)
    except ValueError as error:
        raise UsageError(f"--deadline {error}") from None
    if output is not None and output.exists() and not output.is_file():
        raise UsageError(f"{output} is no regular file; choose another -o")
    if output is not None and output.exists() and not force:
        raise UsageError(f"{output} exists; give --force to replace it, or another -o")
    journal = None if output is None else output.with_name(f"{output.name}.unfinished")
    if journal is not None and journal.exists() and not restart:
        note(f"going on with {journal}", quiet)
    rollouts = Rollouts.of(data, completion=completion, prompt=prompt, group=group, nested=nested)
    if rollouts.group_count == len(rollouts) > 1:
        note("every row is a group of its own: give --group, or a prompt column that repeats", quiet)
    how: dict[str, Any] = {"step": step, "workers": workers, "deadline": limit, "journal": journal, "restart": restart}
    with Bars(shown=not quiet) as bars, prints_on_stderr():
        table = score(made, rollouts, **how, progress=bars)
    if output is not None and journal is not None:
        table.save(output)
        journal.unlink(missing_ok=True)
        note(f"wrote {output}: {len(table)} rows", quiet)
    unusable = _report_failures(table, quiet)
    if json:
        summary = {str(name): figures.to_dict() for name, figures in table.summary().iterrows()}
        print_json(
            {
                "rows": len(table),
                "groups": rollouts.group_count,
                "recipe": table.info["recipe"],
                "output": None if output is None else str(output),
                "columns": summary,
            }
        )
    else:
        print_summary(table, f"{len(table)} completions in {rollouts.group_count} groups")
    if unusable:
        raise ScoringError(f"every cell failed in: {listed(unusable)}")


def _report_failures(table: RewardTable, quiet: bool) -> list[str]:
    """Tell of each column with failed cells how many and the first reason; the columns in which every cell failed."""
    from jeoul.rewards.tables.status import FAILED, Status

    unusable = []
    for index, name in enumerate(table.names):
        failed = [row for row in range(len(table)) if table.status[row, index] in FAILED]
        if failed:
            what = Status(int(table.status[failed[0], index])).name
            note(
                f"{name}: {len(failed)} cells failed; row {failed[0]}: {what}: {table.reason[failed[0]][index]}", quiet
            )
        if len(failed) == len(table):
            unusable.append(name)
    return unusable
