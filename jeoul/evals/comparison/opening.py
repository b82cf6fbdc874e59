"""Sides from what a user names: run folders, folders of runs, reward tables, saved outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jeoul.errors import DataError, UsageError
from jeoul.evals.comparison.sides import Side, runs_in, side_of_evaluation, side_of_run, side_of_table
from jeoul.evals.outputs import match_outputs, read_outputs
from jeoul.evals.run_folder import RUN

if TYPE_CHECKING:
    from jeoul.evals.suites_rows import Problems
    from jeoul.progress import Progress
    from jeoul.rewards.tables.table import RewardTable

__all__ = ["labels_of", "open_sides"]


def labels_of(origins: Sequence[str]) -> list[str]:
    """Letters in their order, each with the part of its path that tells it from the others.

    >>> labels_of(["runs/math500@field/base", "runs/math500@field/tuned"]), labels_of(["a.parquet", "a.parquet"])
    (['A base', 'B tuned'], ['A a.parquet', 'B a.parquet'])
    """
    parts = [Path(origin).parts or (origin,) for origin in origins]
    names = [part[-1] for part in parts]
    if len(set(names)) < len(names) and len({part[:-1] for part in parts}) == len(parts):
        names = ["/".join(part[-2:]) for part in parts]
    return [f"{chr(ord('A') + place)} {name}" for place, name in enumerate(names)]


def open_sides(
    origins: Sequence[str],
    *,
    score: str | None = None,
    suite: str | None = None,
    data: Path | None = None,
    columns: Mapping[str, str | None] | None = None,
    regrade: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
) -> list[list[Side]]:
    """The runs of each side; one each, or several where a folder holds runs of several suites.

    Args:
        origins: run folders, folders of them, saved reward tables (Parquet), or outputs, which need ``suite``.
        score: column of reward tables that is the score, where several columns train.
        suite: ``SUITE[@PROTOCOL]`` by which outputs are scored.
        data: where the suite's problems are.
        columns: names of the outputs' columns, as ``completion``, ``id`` and ``prompt``.
        regrade: score runs and tables again, by their own recipes and this version's rewards.
        workers: worker processes for scoring.
        progress: told how far scoring is.

    Raises:
        UsageError: outputs without ``suite``, more than 26 sides, or a table whose score is not known.
        DataError: a file or folder is not what it should be.
    """
    if not 2 <= len(origins) <= 26:
        raise UsageError(f"a comparison is of 2 sides to 26, not {len(origins)}")
    scorer = _Scorer(suite, data, dict(columns or {}), regrade, workers, progress)
    return [scorer.sides(origin, label, score) for origin, label in zip(origins, labels_of(origins), strict=True)]


class _Scorer:
    """Opens one side after another; a suite is read once."""

    def __init__(
        self,
        suite: str | None,
        data: Path | None,
        columns: dict[str, str | None],
        regrade: bool,
        workers: int | None,
        progress: Progress | None,
    ) -> None:
        self.suite, self.data, self.columns, self.regrade = suite, data, columns, regrade
        self.workers, self.progress = workers, progress
        self.problems: Problems | None = None

    def sides(self, origin: str, label: str, score: str | None) -> list[Side]:
        path = Path(origin)
        if not path.exists():
            raise DataError(f"there is no file or folder {origin}")
        if path.is_dir() and (self.suite is None or (path / RUN).exists()):
            runs = runs_in(path)
            return [side_of_run(run, label, table=self.again(run.table()) if self.regrade else None) for run in runs]
        if path.is_file() and is_table(path):
            from jeoul.rewards.tables.table import RewardTable

            table = RewardTable.load(path)
            return [side_of_table(self.again(table) if self.regrade else table, label, origin, score)]
        return [self.outputs(origin, label)]

    def again(self, table: RewardTable) -> RewardTable:
        """The table, scored again by its own recipe."""
        from jeoul.rewards.engine.scoring import score

        return score(table.recipe, table.rollouts, workers=self.workers, progress=self.progress)

    def outputs(self, origin: str, label: str) -> Side:
        from jeoul.evals.evaluation import evaluate_outputs
        from jeoul.evals.protocols import find_protocol
        from jeoul.evals.suites import find_suite, split_name
        from jeoul.evals.suites_rows import check_example, load_problems

        if self.suite is None:
            raise UsageError(
                f"{origin} is no run and no reward table; to score it here as the outputs of a suite, write --suite "
                "SUITE[@PROTOCOL] (see: jeoul eval)"
            )
        name, asked = split_name(self.suite)
        protocol = find_protocol(asked)
        if self.problems is None:
            found = find_suite(name)
            check_example(found)
            self.problems = load_problems(found, self.data)
        how: dict[str, Any] = {"asked": protocol.asked, **self.columns}
        matched = match_outputs(read_outputs(origin), self.problems, name=origin, **how)
        made = evaluate_outputs(
            matched, self.problems, protocol, origin=origin, workers=self.workers, progress=self.progress
        )
        return side_of_evaluation(made, label, origin)


def is_table(path: Path) -> bool:
    """Whether a file is a saved reward table."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from jeoul.rewards.tables.file import METADATA

    try:
        return METADATA in (pq.read_schema(path).metadata or {})
    except (pa.ArrowException, OSError):
        return False
