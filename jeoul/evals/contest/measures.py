"""ROUGE-1, BERTScore and BLEURT of pairs of texts: computed here, or given; and why one cannot be had."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jeoul.errors import DataError, UsageError, listed
from jeoul.rewards.korean.components import COMPONENTS, Component, component

__all__ = ["OFFICIAL_TOKENIZER", "Measures", "read_given"]

OFFICIAL_TOKENIZER = "mecab"
LARGEST = 2.0  # of a given value: BLEURT leaves 0 to 1 by a little, a value times 100 by far


@dataclass(frozen=True)
class Measures:
    """The measures of a reason.

    Attributes:
        computed: name → function of candidates and references.
        given: name → value by id, computed elsewhere.
        absent: name → why it cannot be had; never replaced by another.
        tokenizer: of ROUGE-1.
    """

    computed: Mapping[str, Component] = field(default_factory=dict)
    given: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    tokenizer: str = OFFICIAL_TOKENIZER

    @classmethod
    def of(
        cls,
        names: Sequence[str] = COMPONENTS,
        given: Mapping[str, Mapping[str, float]] | None = None,
        tokenizer: str = OFFICIAL_TOKENIZER,
    ) -> Measures:
        """The named measures, each given or loaded; what fails to load is absent with its reason.

        ROUGE-1 by another tokenizer is not the official one: it is computed and shown, and the official one is absent.
        """
        given = given or {}
        if unknown := [name for name in (*names, *given) if name not in COMPONENTS]:
            raise UsageError(f"there is no measure {unknown[0]!r}; there are {listed(COMPONENTS)}")
        computed, absent = {}, {}
        for name in COMPONENTS:
            if name in given:
                continue
            if name not in names:
                absent[name] = "not asked for (--components)"
                continue
            try:
                computed[name] = component(name, **({"tokenizer": tokenizer} if name == "rouge1" else {}))
            except UsageError as error:
                absent[name] = str(error)
        return cls(computed, given, absent, tokenizer)

    @property
    def names(self) -> list[str]:
        """The measures that can be had, in the official order."""
        return [name for name in COMPONENTS if name in self.computed or name in self.given]

    @property
    def missing(self) -> dict[str, str]:
        """Why there is no official final score: empty where there is one."""
        why = {name: self.absent.get(name, "not given") for name in COMPONENTS if name not in self.names}
        if self.tokenizer != OFFICIAL_TOKENIZER and "rouge1" in self.computed:
            why["rouge1"] = f"its tokenizer is {self.tokenizer!r}, the official one {OFFICIAL_TOKENIZER!r}"
        return why

    def scores(self, name: str, ids: Sequence[str], mine: Sequence[str], golds: Sequence[str]) -> list[float]:
        """Values of one measure for pairs of texts; 0 where either is empty."""
        if name in self.given:
            known = self.given[name]
            lacking = [id for id in ids if math.isnan(known.get(id, math.nan))]
            if lacking:
                raise DataError(f"the given {name} has no number for the ids {listed(lacking, 5)}")
            return [known[id] for id in ids]
        full = [index for index, pair in enumerate(zip(mine, golds, strict=True)) if all(map(str.strip, pair))]
        found = self.computed[name]([mine[index] for index in full], [golds[index] for index in full])
        values = [0.0] * len(ids)
        for index, value in zip(full, found, strict=True):
            values[index] = float(value)
        return values


def read_given(path: Path) -> dict[str, dict[str, float]]:
    """Measures computed elsewhere: a JSONL or Parquet file with ``id`` and columns named after measures."""
    from jeoul.reading import read_columns

    columns = read_columns(path)
    names = [name for name in COMPONENTS if name in columns]
    if "id" not in columns or not names:
        raise DataError(f"{path} needs a column id and one of {listed(COMPONENTS)}; it has {listed(columns)}")
    ids = [str(cell) for cell in columns["id"]]
    if len(set(ids)) < len(ids):
        raise DataError(f"{path} has an id twice; every id stands once")
    given = {}
    for name in names:
        values = {}
        for id, cell in zip(ids, columns[name], strict=True):
            if cell is not None and (isinstance(cell, bool) or not isinstance(cell, int | float)):
                raise DataError(f"{path}, id {id!r}: {name} is a number, not {cell!r}")
            values[id] = value = math.nan if cell is None else float(cell)
            if not math.isnan(value) and abs(value) > LARGEST:
                raise DataError(f"{path}, id {id!r}: {name} is {cell!r}; it is a number about 0 to 1, not times 100")
        given[name] = values
    return given
