"""``jeoul diagnose TABLE``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from jeoul.cli.output import note, print_json, print_table, shown
from jeoul.errors import UsageError

if TYPE_CHECKING:
    from jeoul.trainers.diagnosis import Diagnosis

__all__ = ["run"]


def run(
    table: Path,
    /,
    *,
    estimator: tuple[str, ...] = ("grpo", "gdpo"),
    preset: str = "paper",
    primary: str | None = None,
    want: tuple[str, ...] = (),
    examples: int = 3,
    chart: Path | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Show what GRPO, GDPO or any other estimator makes of a table: who drives the update, what collapses, what to try.

    Parameters
    ----------
    table
        What jeoul score -o wrote.
    estimator
        Estimators to compare.
    preset
        Whose constants: paper, trl, verl, swift, nemo or nvlabs.
    primary
        The column the others are there to support; default the one of greatest weight.
    want
        A wanted share of the update, e.g. --want correct=0.7 --want tagged=0.3; prints the weights for it.
    examples
        Collapsed pairs and flipped rows to show.
    chart
        Draw shares and correlations to an .svg, .png or .html file.
    json
        Print as JSON.
    """
    from jeoul.rewards.tables.table import RewardTable
    from jeoul.trainers.diagnosis import diagnose

    loaded = RewardTable.load(table)
    found = diagnose(loaded, estimator, primary=primary, want=_shares(want), examples=examples, preset=preset)
    if chart is not None:
        from jeoul.charts import diagnosis_chart, save_chart

        save_chart(diagnosis_chart(found), chart)
        note(f"wrote {chart}")
    if json:
        print_json(found.to_dict())
    else:
        _print(found)


def _shares(given: tuple[str, ...]) -> dict[str, float]:
    shares = {}
    for text in given:
        name, _, share = text.partition("=")
        try:
            shares[name] = float(share)
        except ValueError:
            raise UsageError(f"--want {text}: write a column and its share, as in --want correct=0.7") from None
    return shares


def _print(found: Diagnosis) -> None:
    names = [figures.name for figures in found.estimators]
    header = ["column", "weight", "mean", "std", "saturated", "silent groups", *(f"{name} share" for name in names)]
    rows = []
    for column in found.columns:
        shares = ["–" if column.monitored else f"{column.shares[name]:.0%}" for name in names]
        weight = "monitor" if column.monitored else shown(column.weight)
        figures = [shown(column.mean), shown(column.std), f"{column.saturation:.0%}", f"{column.silent:.0%}"]
        rows.append([column.name, weight, *figures, *shares])
    print_table(f"{found.rows} completions in {found.groups} groups; share of the update by column", header, rows)

    correlation = [
        [a.name, *("" if a is b else shown(a.correlation[b.name]) for b in found.columns)] for a in found.columns
    ]
    print_table("Correlation within groups", ["", *(column.name for column in found.columns)], correlation)

    collapsed = [
        [each.name, str(each.pairs), str(each.collapsed), f"{each.collapse:.1%}", str(each.zero_rows)]
        for each in found.estimators
    ]
    header = ["estimator", "pairs that differ", "same advantage", "collapse", "rows without advantage"]
    print_table("Collapse: different rewards, same advantage", header, collapsed)
    for each in found.estimators:
        for pair in each.examples:
            print(f"{each.name}: rows {pair.rows[0]} and {pair.rows[1]} both get {pair.advantage:.3g}")
            for rewards, text in zip(pair.rewards, pair.texts, strict=True):
                print(f"  {', '.join(f'{name} {shown(value)}' for name, value in rewards.items())}: {text!r}")
    for flip in found.flips:
        print(f"\n{flip.estimators[0]} against {flip.estimators[1]}: {flip.rows} rows change sign ({flip.share:.1%})")
        for row, first, second in flip.examples:
            print(f"  row {row}: {first:+.3g} against {second:+.3g}")
    for line in (*found.dominated, *found.notes):
        print(f"\n{line}")
    if found.wanted:
        rows = [
            [name, shown(weight), f"{found.wanted['shares'][name]:.0%}"]
            for name, weight in found.wanted["weights"].items()
        ]
        print_table(f"Weights for the wanted shares under {found.used}", ["column", "weight", "share"], rows)
    print(
        f"\nTo try (primary column: {found.primary}; estimator: {found.used}):"
        if found.suggestions
        else "\nNothing to suggest."
    )
    for suggestion in found.suggestions:
        print(f"- {suggestion}")
    if found.suggestions:
        note(
            f"share: of the update {found.primary} gets · follows: rows whose advantage has the sign "
            f"{found.primary} alone would give · collapse: see above"
        )
