"""``jeoul bench collapse counts``: what an estimator can tell apart within a group of binary rewards, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from jeoul.benchmarks.collapse.distinct import distinct_groups
from jeoul.benchmarks.collapse.families import exact_advantages, family, read_weights
from jeoul.benchmarks.collapse.probability import Rows, collapse_probability, make_rows
from jeoul.charts import lines_chart, save_chart, stacked
from jeoul.cli.output import note, print_json, print_table
from jeoul.errors import UsageError

__all__ = ["Count", "Example", "Probability", "examples", "run"]

Words = Annotated[tuple[str, ...], Parameter(consume_multiple=True)]


@dataclass(frozen=True)
class Count:
    """Distinct advantage groups of binary G × n rewards; None where that many groups were not asked for."""

    columns: int
    size: int
    estimator: str
    distinct: int | None


@dataclass(frozen=True)
class Probability:
    """P(A_i = A_j | r_i ≠ r_j), as a fraction and as a number; None where no two rows can differ."""

    size: int
    estimator: str
    fraction: str | None
    value: float | None
    exact: bool


@dataclass(frozen=True)
class Example:
    """A group that has been argued about, and its advantages before any batch step, written exactly."""

    name: str
    rows: tuple[tuple[int, ...], ...]
    estimator: str
    exact: tuple[str, ...]
    values: tuple[float, ...]


GROUPS: dict[str, tuple[tuple[int, ...], ...]] = {
    "r1 = (1,1,0), r2 = (0,0,1): the paper's, G = 3": ((1, 0), (1, 0), (0, 1)),
    "two students (0,2), (1,1)": ((0, 2), (1, 1)),
    "the students and (0,0)": ((0, 2), (1, 1), (0, 0)),
}


def run(
    *,
    columns: Annotated[tuple[int, ...], Parameter(consume_multiple=True)] = (2, 3, 4, 5),
    most: int = 16,
    estimator: Words = ("grpo", "dr_grpo", "gdpo"),
    weights: Words | None = None,
    marginals: Words | None = None,
    correlation: str = "0",
    joint: Words | None = None,
    limit: int = 500_000,
    chart: Path | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Count distinct advantage groups and the probability of collapse, exactly, before any batch step.

    Parameters
    ----------
    columns
        Numbers of binary columns n.
    most
        Groups of 2 up to this many rows.
    estimator
        Which to count.
    weights
        Of the columns, such as 1 1/2; then only that many columns are counted. Default 1 each.
    marginals
        For the probability: chance of a 1 in each column. Default 1/2 for each of two, or of as many as weights.
    correlation
        For the probability: of every two columns.
    joint
        Instead of marginals and correlation: chances of the rows 00, 01, 10, 11 (three columns: 000, 001, …).
    limit
        Most groups, C(2ⁿ + G − 1, G), to make for one figure where there is no closed form.
    chart
        Write a chart here: .svg, .png, .html or .json.
    json
        Print as JSON.
    """
    if most < 2 or not columns or min(columns) < 1:
        raise UsageError(f"--most {most} and --columns {list(columns)}; write 2 or more, and 1 or more")
    for name in estimator:
        family(name)
    rows = _rows(marginals or ("1/2",) * len(weights or "12"), correlation, joint)
    if weights is not None:
        columns = (len(weights),)
    counts = [
        Count(
            n, size, name, distinct_groups(n, size, name, None if weights is None else read_weights(weights, n), limit)
        )
        for n in columns
        for name in estimator
        for size in range(2, most + 1)
    ]
    chances = probabilities(rows, range(2, most + 1), estimator, weights)
    if chart is not None:
        save_chart(counts_chart(counts, chances), chart)
    if json:
        figures: dict[str, list[Any]] = {"distinct": counts, "collapse": chances, "examples": examples()}
        print_json({name: [asdict(each) for each in part] for name, part in figures.items()})
        return
    _print(counts, chances, most, rows)
    if any(count.distinct is None for count in counts):
        note(f"–: more than {limit:,} groups; --limit 100000000 makes them (about a minute, 0.6 GB)")


def probabilities(
    rows: Rows, sizes: Sequence[int], estimators: Sequence[str], weights: Sequence[str] | None = None
) -> list[Probability]:
    """The chance of collapse for each estimator that has one of its own, and each size."""
    factors = None if weights is None else read_weights(weights, rows.columns)
    found = []
    for name in estimators:
        if family(name) == "correlation":
            note(f"{name} has exact counts only: it gives whole groups 0 where correlations cancel")
            continue
        for size in sizes:
            chance = collapse_probability(rows, size, name, factors)
            shown = None if chance is None or len(str(chance)) > 200 else str(chance)
            found.append(Probability(size, name, shown, None if chance is None else float(chance), rows.exact))
    return found


def examples() -> list[Example]:
    """The paper's and the article's groups, decided in exact numbers."""
    found = []
    for name, rows in GROUPS.items():
        for estimator in ("grpo", "gdpo"):
            exact = exact_advantages(rows, estimator)
            found.append(Example(name, rows, estimator, tuple(map(repr, exact)), tuple(map(float, exact))))
    return found


def counts_chart(counts: Sequence[Count], chances: Sequence[Probability]) -> Any:
    """Distinct groups and chance of collapse over G."""
    made = [
        {"G": each.size, "distinct groups": each.distinct, "estimator": each.estimator, "columns": str(each.columns)}
        for each in counts
        if each.distinct is not None
    ]
    merged = [
        {"G": each.size, "collapse": each.value, "estimator": each.estimator}
        for each in chances
        if each.value is not None
    ]
    title = "Distinct advantage groups of binary rewards"
    drawn = [lines_chart(made, "G", "distinct groups", "estimator", title=title, scale="log", dash="columns")]
    drawn.append(lines_chart(merged, "G", "collapse", "estimator", title="P(same advantage | different rewards)"))
    return stacked(drawn)


def _rows(marginals: Sequence[str], correlation: str, joint: Sequence[str] | None) -> Rows:
    if joint is None:
        return make_rows(_fractions("marginals", marginals), _fractions("correlation", [correlation])[0])
    return Rows(tuple(_fractions("joint", joint)))


def _fractions(option: str, words: Sequence[str]) -> list[Fraction]:
    try:
        return [Fraction(word) for word in words]
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"--{option} is {' '.join(words)}; write numbers such as 1/2 or 0.3") from None


def _print(counts: Sequence[Count], chances: Sequence[Probability], most: int, rows: Rows) -> None:
    header = [f"G = {size}" if size == 2 else str(size) for size in range(2, most + 1)]
    lines: dict[str, list[str]] = {}
    for count in counts:
        shown = "–" if count.distinct is None else str(count.distinct)
        lines.setdefault(f"n = {count.columns}, {count.estimator}", []).append(shown)
    title = "Distinct advantage groups, of all binary G × n rewards, before any batch step"
    print_table(title, ["", *header], ([name, *cells] for name, cells in lines.items()))
    lines = {}
    for chance in chances:
        lines.setdefault(chance.estimator, []).append("–" if chance.value is None else f"{chance.value:.4f}")
    patterns = (f"{number:0{rows.columns}b}: {_short(chance)}" for number, chance in enumerate(rows.chances))
    title = f"P(A_i = A_j | r_i ≠ r_j), rows drawn with {', '.join(patterns)}"
    print_table(title, ["", *header], ([name, *cells] for name, cells in lines.items()))
    decided = [[each.name, each.estimator, ", ".join(each.exact)] for each in examples()]
    print_table("Examples, exactly", ["rewards", "estimator", "advantages"], decided, left=3)


def _short(chance: Fraction) -> str:
    return str(chance) if len(str(chance)) < 12 else f"{float(chance):.4f}"
