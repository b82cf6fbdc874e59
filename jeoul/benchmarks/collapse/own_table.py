"""``jeoul bench collapse table``: what the benchmark asks of made-up rewards, asked of a saved table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from jeoul.benchmarks.collapse.arms import ESTIMATED
from jeoul.charts import collapse_chart, save_chart, share_chart, stacked
from jeoul.cli.output import note, print_json, print_table, shown

if TYPE_CHECKING:
    from jeoul.trainers.diagnosis import Diagnosis, Pair

__all__ = ["run"]

Words = Annotated[tuple[str, ...], Parameter(consume_multiple=True)]


def run(
    table: Path,
    /,
    *,
    estimator: Words = ESTIMATED,
    preset: str = "paper",
    examples: int = 2,
    chart: Path | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Tell which of your own completions collapse onto one advantage, and what each estimator would do with them.

    Parameters
    ----------
    table
        What jeoul score -o wrote.
    estimator
        Which to compare; the recipe's own is added.
    preset
        Whose constants: paper, trl, verl, swift, nemo or nvlabs.
    examples
        Collapsed pairs to show for each estimator, with their texts.
    chart
        Draw collapse and shares to an .svg, .png, .html or .json file.
    json
        Print as JSON, every collapsed row among it.
    """
    from jeoul.rewards.tables.table import RewardTable
    from jeoul.trainers.diagnosis import diagnose

    found = diagnose(RewardTable.load(table), estimator, examples=examples, preset=preset)
    if chart is not None:
        save_chart(stacked([collapse_chart(found), share_chart(found)]), chart)
        note(f"wrote {chart}")
    if json:
        print_json(_asked(found))
    else:
        _print(found)


def _asked(found: Diagnosis) -> dict[str, Any]:
    told = found.to_dict()
    told["flips"] = [flip for flip in told["flips"] if found.used in flip["estimators"]]
    return {key: told[key] for key in ("rows", "groups", "used", "columns", "estimators", "flips", "notes")}


def _print(found: Diagnosis) -> None:
    rows = [
        [
            each.name,
            f"{each.collapsed}/{each.pairs}",
            "–" if not each.pairs else f"{each.collapse:.4f}",
            str(len(each.rows)),
            f"{each.distinct.advantages}/{each.distinct.rewards}",
            str(each.zero_rows),
        ]
        for each in found.estimators
    ]
    header = ["estimator", "collapsed pairs", "P(same | differ)", "rows in them", "distinct groups", "rows without any"]
    print_table(f"{found.rows} completions in {found.groups} groups: what is told apart", header, rows)

    trained = [column for column in found.columns if not column.monitored]
    flipped = {name: flip.share for flip in found.flips if found.used in flip.estimators for name in flip.estimators}
    rows = [
        [
            each.name,
            *(f"{column.shares[each.name]:.0%}" for column in trained),
            "recipe's" if each.name == found.used else f"{flipped[each.name]:.1%}",
            shown(each.spread),
        ]
        for each in found.estimators
    ]
    header = ["estimator", *(f"{column.name} share" for column in trained), "other sign", "std of A"]
    print_table(f"What each would do; the recipe uses {found.used}", header, rows)
    _print_pairs(found)
    for line in found.notes:
        print(f"\n{line}")
    note(
        "distinct groups: of advantages, of those of rewards · rows without any: advantage 0 · "
        f"share: of the update · other sign: rows whose advantage has the other sign under {found.used}"
    )


def _print_pairs(found: Diagnosis) -> None:
    """Each pair once, with all estimators that merge it."""
    merging: dict[tuple[int, int], list[str]] = {}
    pairs: dict[tuple[int, int], Pair] = {}
    for each in found.estimators:
        for pair in each.examples:
            merging.setdefault(pair.rows, []).append(each.name)
            pairs[pair.rows] = pair
    if pairs:
        print("Different rewards, one advantage:")
    for place, names in merging.items():
        print(f"- rows {place[0]} and {place[1]}, under {', '.join(names)}")
        for rewards, text in zip(pairs[place].rewards, pairs[place].texts, strict=True):
            print(f"  {', '.join(f'{name} {shown(value)}' for name, value in rewards.items())}: {text!r}")
