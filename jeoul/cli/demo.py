"""``jeoul demo``: the shipped completions under two shipped recipes."""

from __future__ import annotations

import math
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from jeoul.cli.output import note, print_json, print_summary, print_table, shown

if TYPE_CHECKING:
    from jeoul.rewards.tables.table import RewardTable

__all__ = ["run"]

DEMOS = (
    ("demo_maths", "maths.jsonl", "English maths: think, then answer"),
    ("demo_norms_ko", "norms_ko.jsonl", "Korean norm questions, in the competition's form"),
)


def run(*, json: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Score two small shipped data sets and show what each reward gives, overall and per kind of completion.

    Parameters
    ----------
    json
        Print as JSON.
    """
    from jeoul.cli.recipe import find_recipe
    from jeoul.rollouts import Rollouts

    told = {}
    for name, file, title in DEMOS:
        with as_file(files("jeoul.demo") / file) as path:
            table = find_recipe(name).score(Rollouts.of(path))
        kinds = by_kind(table)
        if json:
            summary = {str(column): figures.to_dict() for column, figures in table.summary().iterrows()}
            told[name] = {"rows": len(table), "columns": summary, "kinds": kinds}
            continue
        print_summary(table, f"{title} ({len(table)} completions in {table.rollouts.group_count} groups)")
        header = ["kind of completion", "rows", *table.names, "total"]
        rows = [
            [kind, str(figures["rows"]), *(shown(figures[key]) for key in header[2:])]
            for kind, figures in kinds.items()
        ]
        print_table("Mean of each reward, by what the completion really is", header, rows)
    if json:
        print_json(told)
        return
    note(
        "n/a: the reward does not apply (an answer that math_correct cannot compare): no reward, rather than 0.\n"
        "silent groups: all completions of a prompt got the same value, so the column teaches nothing there.\n"
        "next: jeoul recipe show demo_maths · jeoul rewards tagged · jeoul score demo_maths YOUR.jsonl -o table.parquet"
    )


def by_kind(table: RewardTable) -> dict[str, dict[str, Any]]:
    """Mean value of each column and of the total for each ``kind`` of the data; NaN where none applies."""
    frame = table.to_pandas().drop(columns="group").assign(kind=list(table.rollouts.column("kind")))
    grouped = frame.groupby("kind")
    means, sizes = grouped.mean(), grouped.size()
    order = sizes.sort_values(ascending=False, kind="stable").index
    return {
        str(kind): {"rows": int(sizes[kind]), **{name: _figure(value) for name, value in means.loc[kind].items()}}
        for kind in order
    }


def _figure(value: Any) -> float | None:
    return None if math.isnan(value) else float(value)
