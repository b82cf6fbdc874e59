"""``jeoul contest write TABLE OUT``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from jeoul.cli.output import note
from jeoul.errors import UsageError

__all__ = ["run"]

Flag = Annotated[bool, Parameter(negative="")]


def run(
    table: str,
    out: Path,
    *,
    template: Path | None = None,
    id: str = "id",
    completion: str = "completion",
    take: Literal["only", "first", "last"] = "only",
    rewrite: Flag = False,
    force: Flag = False,
) -> None:
    """Write a submission from a table of completions; nothing is written unless every id has one answer.

    Parameters
    ----------
    table
        JSONL, Parquet (a scored table, too) or a folder: rows with an id and a completion.
    out
        The submission to write, a JSON array.
    template
        The contest's test file: its ids, order and inputs are the submission's.
    id
        Column of the ids.
    completion
        Column of the answers.
    take
        Which answer where an id has several.
    rewrite
        Bring answers that a reader understands into the form "{문장}"이/가 옳다. {이유}.
    force
        Replace an existing file.
    """
    from jeoul.evals.contest.files import Item, read_items, write_items
    from jeoul.evals.contest.lint import lint
    from jeoul.evals.contest.writing import submission_of
    from jeoul.reading import read_columns

    if out.exists() and not force:
        raise UsageError(f"{out} exists; give --force to replace it")
    wanted = None if template is None else read_items(template)
    rows = submission_of(read_columns(table), wanted, id=id, completion=completion, take=take, rewrite=rewrite)
    write_items(out, rows)
    faults = lint([Item(row["id"], None, row["output"]) for row in rows])
    note(f"wrote {out}: {len(rows)} items, {len(rows) - len(faults)} in the form (see: jeoul contest lint)")
