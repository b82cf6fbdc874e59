"""The problems of a suite, from a folder of copies, the suite's own file or the hub; checked before scoring."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jeoul.errors import DataError, UsageError, listed
from jeoul.evals.suites import Suite

__all__ = ["DATA_VARIABLE", "Problems", "load_problems", "squeezed"]

DATA_VARIABLE = "JEOUL_DATA"
"""Environment variable with the folder of local copies, where ``--data`` is not given."""
ENDINGS = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".json", ".parquet", "")


@dataclass(frozen=True)
class Problems:
    """The problems of a suite, in the order of its data.

    Attributes:
        suite: whose they are.
        rows: one mapping a problem: ``id``, ``problem`` and what else the suite's fields name.
        origin: where they were read from.
        fingerprint: SHA-256 (hex) of problems and golds; pictures and other fields are not part of it.
    """

    suite: Suite
    rows: Sequence[Mapping[str, Any]] = field(repr=False)
    origin: str
    fingerprint: str

    def __len__(self) -> int:
        return len(self.rows)

    def first(self, count: int) -> Problems:
        """The first ``count``, with a fingerprint of their own: their score is not compared with the suite's."""
        if count < 1:
            raise UsageError(f"limit is {count}; expected 1 or more")
        rows = self.rows[:count]
        return self if len(rows) == len(self) else replace(self, rows=rows, fingerprint=_fingerprint(rows))


def squeezed(text: str) -> str:
    """A problem's text without what copies differ in: runs of white space, and white space at both ends."""
    return " ".join(text.split())


def load_problems(suite: Suite, data: Path | None = None) -> Problems:
    """The problems of a suite.

    Args:
        suite: the suite.
        data: a folder of local copies (``FOLDER/aime24.jsonl``) or one such file; default the folder that the
            environment variable ``JEOUL_DATA`` names, then the suite's own file, then the hub.

    Raises:
        DataError: they cannot be found, rows repeat, a gold or a text is missing, or there are more or fewer than the
            suite says; the message tells what to do.
    """
    raw, origin = _raw_rows(suite, data)
    rows = [_mapped(suite, row, number, origin) for number, row in enumerate(raw)]
    rows = _distinct(suite, rows, origin)
    if not rows:
        raise DataError(f"{origin} holds no rows")
    if suite.rows and len(rows) != suite.rows:
        raise DataError(f"{origin} holds {len(rows)} problems, and {suite.name} has {suite.rows}: another data set?")
    bare = [row["id"] for row in rows if row.get("answer") in (None, "")]
    if 0 < len(bare) < len(rows):
        raise DataError(f"{origin}: {len(bare)} problems have no gold: {listed(bare, 5)}")
    return Problems(suite, rows, origin, _fingerprint(rows))


def _fingerprint(rows: Sequence[Mapping[str, Any]]) -> str:
    text = json.dumps([[squeezed(row["problem"]), row.get("answer")] for row in rows], default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _raw_rows(suite: Suite, data: Path | None) -> tuple[list[dict[str, Any]], str]:
    source = suite.source
    asked = data or (Path(os.environ[DATA_VARIABLE]) if os.environ.get(DATA_VARIABLE) else None)
    if asked is not None and not asked.exists():
        raise DataError(f"there is no file or folder {asked} ({'--data' if data else DATA_VARIABLE})")
    if asked is not None:
        found = asked if asked.is_file() else _copy_in(asked, source.local or suite.name)
        if found is not None:
            return _read(found), str(found)
        if data is not None:
            wanted = source.local or f"{suite.name}.jsonl"
            raise DataError(f"{data} holds no copy of {suite.name}; expected {data / wanted} (or .parquet, .json)")
    if source.path:
        path = Path(source.path) if suite.folder is None else suite.folder / source.path
        return _read(path), str(path)
    if source.hub:
        return _from_hub(suite)
    raise DataError(f"{suite.name} is not on the hub: {_copies_help(suite)}")


def _copies_help(suite: Suite) -> str:
    wanted = suite.source.local or f"{suite.name}.jsonl"
    return f"give --data FOLDER with {wanted} in it (or the file itself), or set {DATA_VARIABLE} to that folder"


def _copy_in(folder: Path, name: str) -> Path | None:
    stem = name.partition(".")[0]
    candidates = (folder / name, *(folder / f"{stem}{ending}" for ending in ENDINGS))
    return next((path for path in candidates if path.exists()), None)


def _read(path: Path) -> list[dict[str, Any]]:
    from jeoul.reading import read_columns

    if path.suffix == ".json":  # an array of objects over several lines
        try:
            rows = json.loads(path.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError, RecursionError) as error:
            raise DataError(f"{path} cannot be read as JSON: {error}") from None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise DataError(f"{path} is not a JSON array of objects")
        return rows
    columns = read_columns(path)
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _from_hub(suite: Suite) -> tuple[list[dict[str, Any]], str]:
    import datasets

    source, rows = suite.source, []
    for config in source.configs or (None,):
        try:
            part = datasets.load_dataset(source.hub, config, split=source.split, revision=source.revision)
        except Exception as error:  # the hub, the network, the cache and the parser raise what they like
            raise DataError(
                f"{suite.name}: {source.hub} ({source.split}) cannot be read from the hub: "
                f"{type(error).__name__}: {' '.join(str(error).split())[:300]}. "
                f"Without a network, {_copies_help(suite)}; or read it once online, and the cache serves it offline"
            ) from None
        part = _undecoded(part)
        rows += [row | ({"config": config} if config is not None else {}) for row in part]
    return rows, f"hub:{source.hub}@{source.revision}/{source.split}"


def _undecoded(part: Any) -> Any:
    """A ``datasets.Dataset`` whose pictures are the bytes of their files, not what an image library makes of them."""
    from datasets import Features, Image

    def plain(feature: Any) -> Any:
        if isinstance(feature, Image):
            return Image(decode=False)
        inner = getattr(feature, "feature", None)  # of a list
        return type(feature)(Image(decode=False)) if isinstance(inner, Image) else feature

    features = Features({name: plain(feature) for name, feature in part.features.items()})
    return part if features == part.features else part.cast(features)


def _mapped(suite: Suite, row: Mapping[str, Any], number: int, origin: str) -> dict[str, Any]:
    made = {}
    for name, columns in suite.fields.items():
        found = next((value for column in columns if (value := _at(row, column)) is not None), None)
        if found is not None:
            made[name] = found
        elif name == "problem":
            have = listed(row, 20)
            raise DataError(
                f"{origin}, row {number}: there is no problem (column {listed(columns)}); the row has {have}; under "
                '[fields] the suite says which column it is: problem = "question"'
            )
    made["problem"] = str(made["problem"])
    made["id"] = str(made["id"]) if "id" in made else f"{suite.name}-{number:04d}"
    if isinstance(made.get("answer"), list) and not made["answer"]:
        raise DataError(f"{origin}, row {number} ({made['id']}): the list of golds is empty")
    return made


def _at(row: Mapping[str, Any], column: str) -> Any:
    """A column, or what ``a.b`` finds in objects; None where there is nothing."""
    if column in row:
        return row[column]
    found: Any = row
    for part in column.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _distinct(suite: Suite, rows: list[dict[str, Any]], origin: str) -> list[dict[str, Any]]:
    """Each problem once: some copies repeat every row 32 times, and a score over them counts no question twice."""
    seen: dict[str, dict[str, Any]] = {}
    ids: dict[str, str] = {}
    for row in rows:
        key = squeezed(row["problem"]) + ("\0" + row["id"] if "images" in row else "")  # "Find x." of many pictures
        first = seen.setdefault(key, row)
        if first.get("answer") != row.get("answer"):
            raise DataError(
                f"{origin}: the same problem has two golds: {first['id']} {first.get('answer')!r:.60} and {row['id']} "
                f"{row.get('answer')!r:.60}"
            )
        if ids.setdefault(row["id"], key) != key:
            raise DataError(f"{origin}: two problems have the id {row['id']!r}; ids must differ")
    if len(seen) < len(rows) and suite.source.repeated == "refuse":
        times = Counter(squeezed(row["problem"]) for row in rows).most_common(1)[0]
        raise DataError(
            f"{origin} holds {len(rows)} rows and only {len(seen)} different problems (one stands {times[1]} times: "
            f'{times[0][:60]!r}); take a copy without repetitions, or write repeated = "drop" under [source]'
        )
    return list(seen.values())


def check_example(suite: Suite) -> None:
    """UsageError where the suite cannot be scored, or its own example does not earn the full score."""
    from jeoul.rewards.engine.scoring import score

    recipe, completion = suite.recipe, suite.example.get("completion")
    if completion is None:
        return
    row = {name: value for name, value in suite.example.items() if name != "completion"}
    table = score(recipe, [row | {"prompt": row.get("problem", ""), "completion": completion}], workers=0)
    value = float(table.column(suite.score)[0])
    if value != 1:
        reason = table.reason[0][table.index(suite.score)]
        raise UsageError(f"{suite.name}: its own example scores {value}, not 1: {reason}")
