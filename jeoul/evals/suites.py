"""Suites: where problems come from, what their columns are called, and how an answer is scored. A suite is one file."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jeoul.errors import DataError, Problem, RecipeError, UsageError, did_you_mean, listed

if TYPE_CHECKING:
    from jeoul.rewards.recipes.recipe import Recipe

__all__ = ["Published", "Source", "Suite", "find_suite", "parse_suite", "shipped_suites", "split_name"]


@dataclass(frozen=True)
class Source:
    """Where the rows of a suite are.

    Attributes:
        hub: data set on the Hugging Face hub, e.g. ``HuggingFaceH4/MATH-500``; "" where there is none.
        split: its split.
        configs: its configurations, read one after the other; none: the default one.
        revision: branch, tag or commit there. What pins a score is the hash of the data, which every run records.
        local: name of the file in a ``--data`` folder.
        path: a file or folder of rows; relative to the suite's own file.
        repeated: "refuse" rows that repeat, or "drop" repetitions (which must be alike) and keep the first.
    """

    hub: str = ""
    split: str = "test"
    configs: tuple[str, ...] = ()
    revision: str = "main"
    local: str = ""
    path: str = ""
    repeated: str = "refuse"


@dataclass(frozen=True)
class Published:
    """A score from a paper."""

    model: str
    score: float
    protocol: str
    source: str


@dataclass(frozen=True)
class Suite:
    """A set of problems with the recipe that scores them.

    Attributes:
        name: the part of ``set@protocol`` before the @.
        version: raised whenever a score would change.
        about: one line.
        source: where the rows are.
        fields: name here → columns of the data, of which the first that is there counts (``a.b`` looks into objects).
            ``problem`` is needed; ``id``, ``answer``, ``subject`` and ``level`` are looked for under their own names
            where nothing else is said; ``images`` are for the model alone; others are kept as they are.
        rows: how many problems there are; 0: any number.
        recipe_toml: the recipe; "" where the suite cannot be scored yet.
        score: the column of the recipe that is the score.
        form: the column that says whether the form is kept; "" for none.
        bug: the column that is 1 for programs without a bug, of which the bug ratio is made; "" for none.
        pending: why it cannot be scored yet; "" where it can.
        example: a problem with its answer, as a reader wants to see them.
        licence: of the problems.
        notes: what to know: traps in copies, what contains what.
        published: scores from papers.
        folder: where the suite's own file is; what it names is looked for there.
    """

    name: str
    version: int
    about: str
    source: Source
    fields: Mapping[str, tuple[str, ...]]
    rows: int = 0
    recipe_toml: str = ""
    score: str = ""
    form: str = ""
    bug: str = ""
    pending: str = ""
    example: Mapping[str, Any] = field(default_factory=dict)
    licence: str = ""
    notes: tuple[str, ...] = ()
    published: tuple[Published, ...] = ()
    folder: Path | None = None

    @property
    def recipe(self) -> Recipe:
        """The recipe; UsageError where the suite cannot be scored."""
        from jeoul.rewards.recipes.recipe import Recipe

        if self.pending:
            raise UsageError(f"{self.name} cannot be scored: {self.pending}")
        return Recipe.from_toml(self.recipe_toml, self.folder)

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of what a score depends on here: version, recipe, score column, fields; not of the data."""
        recipe = self.pending or self.recipe.fingerprint
        parts = [self.version, recipe, self.score, {name: list(columns) for name, columns in self.fields.items()}]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def split_name(name: str) -> tuple[str, str]:
    """``SUITE[@PROTOCOL]`` as two; without a protocol: "given", completions as they are.

    >>> split_name("math500@gdpo"), split_name("my.toml")
    (('math500', 'gdpo'), ('my.toml', 'given'))
    """
    suite, at, protocol = name.rpartition("@")
    if not at:
        return name, "given"
    if not suite or not protocol:
        raise UsageError(f"{name!r} is not SUITE@PROTOCOL, such as math500@gdpo")
    return suite, protocol


def shipped_suites() -> dict[str, str]:
    """Name → TOML text of the suites that come with Jeoul."""
    found = sorted(files("jeoul.suites").iterdir(), key=lambda file: file.name)
    return {file.name[:-5]: file.read_text(encoding="utf-8") for file in found if file.name.endswith(".toml")}


def find_suite(name: str) -> Suite:
    """A suite by the path of its TOML file, or a shipped one by name.

    >>> find_suite("aime24").rows
    30
    """
    if name.endswith(".toml") or "/" in name:
        path = Path(name)
        try:
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise DataError(f"there is no suite {path}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"the suite {path} cannot be read: {error}") from None
        return parse_suite(text, path.stem, path.parent)
    known = shipped_suites()
    if name not in known:
        raise UsageError(
            f"there is no suite {name!r}{did_you_mean(name, known)}; there are {listed(known, 30)}; your own: file.toml"
        )
    return parse_suite(known[name], name, Path(str(files("jeoul.suites"))))


_TEXTS = ("name", "about", "score", "form", "bug", "pending", "licence")
_KEYS = (*_TEXTS, "version", "rows", "source", "fields", "example", "notes", "published", "reward", "advantage")
_SOURCE = {"hub": str, "split": str, "configs": list, "revision": str, "local": str, "path": str, "repeated": str}


def parse_suite(text: str, name: str, folder: Path | None = None) -> Suite:
    """A suite from TOML text; UsageError with every mistake in it."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the suite {name} is not TOML: {error}") from None
    problems = [
        Problem(key, f"unknown{did_you_mean(key, _KEYS)}; a suite takes {listed(_KEYS, 30)}")
        for key in document
        if key not in _KEYS
    ]
    problems += [Problem(key, "must be a text") for key in _TEXTS if not isinstance(document.get(key, ""), str)]
    for key in ("version", "rows"):
        value = document.get(key, 1)
        if not isinstance(value, int) or isinstance(value, bool) or value < (key == "version"):
            problems.append(Problem(key, f"must be a whole number, not {value!r}"))
    source, wrong_source = _read_source(document)
    fields, wrong_fields = _read_fields(document)
    published, wrong_published = _read_published(document)
    problems += [*wrong_source, *wrong_fields, *wrong_published]
    notes, example = document.get("notes", []), document.get("example", {})
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        problems.append(Problem("notes", "must be a list of texts"))
    if not isinstance(example, dict):
        problems.append(Problem("example", "must be a table with problem and answer"))
    toml, score, mistakes = _read_recipe(document, folder)
    problems += mistakes
    if problems:
        raise UsageError(f"mistakes in the suite {name}:\n" + "\n".join(f"  {problem}" for problem in problems))
    texts = {key: document[key] for key in ("form", "bug", "pending", "licence") if key in document}
    return Suite(
        name=document.get("name", name), version=document.get("version", 1), about=document.get("about", ""),
        source=source, fields=fields, rows=document.get("rows", 0), recipe_toml=toml, score=score, example=example,
        notes=tuple(notes), published=published, folder=folder, **texts,
    )  # fmt: skip


def _read_source(document: Mapping[str, Any]) -> tuple[Source, list[Problem]]:
    table = document.get("source")
    if not isinstance(table, dict):
        return Source(), [Problem("source", 'is missing: [source] with hub = "owner/name" or path = "file.jsonl"')]
    problems = []
    for key, value in table.items():
        if key not in _SOURCE:
            problems.append(
                Problem(f"source.{key}", f"unknown{did_you_mean(key, _SOURCE)}; it takes {listed(_SOURCE)}")
            )
        elif not isinstance(value, _SOURCE[key]):
            problems.append(Problem(f"source.{key}", f"must be a {_SOURCE[key].__name__}, not {value!r}"))
    if not any(table.get(key) for key in ("hub", "path", "local")):
        problems.append(Problem("source", 'needs hub = "owner/name", path = "file.jsonl" or local = "file.jsonl"'))
    if table.get("repeated", "refuse") not in ("refuse", "drop"):
        problems.append(Problem("source.repeated", f'must be "refuse" or "drop", not {table["repeated"]!r}'))
    if problems:
        return Source(), problems
    values: dict[str, Any] = {key: tuple(value) if key == "configs" else value for key, value in table.items()}
    return Source(**values), []


def _read_fields(document: Mapping[str, Any]) -> tuple[dict[str, tuple[str, ...]], list[Problem]]:
    table = document.get("fields", {})
    if not isinstance(table, dict):
        return {}, [Problem("fields", 'must be a table: problem = "question"')]
    fields: dict[str, tuple[str, ...]] = {name: (name,) for name in ("id", "problem", "answer", "subject", "level")}
    problems = []
    for name, columns in table.items():
        several = [columns] if isinstance(columns, str) else columns
        if not isinstance(several, list) or not several or not all(isinstance(one, str) for one in several):
            problems.append(Problem(f"fields.{name}", f"must be a column or a list of columns, not {columns!r}"))
        elif name in ("completion", "prompt", "sample"):
            problems.append(Problem(f"fields.{name}", "belongs to the completions; choose another name"))
        else:
            fields[name] = tuple(several)
    return fields, problems


def _read_published(document: Mapping[str, Any]) -> tuple[tuple[Published, ...], list[Problem]]:
    rows, wanted = document.get("published", []), {"model", "score", "protocol", "source"}
    if not isinstance(rows, list) or any(not isinstance(row, dict) or set(row) != wanted for row in rows):
        return (), [Problem("published", f"must be tables [[published]] with {listed(sorted(wanted))}")]
    return tuple(Published(**row) for row in rows), []


def _read_recipe(document: Mapping[str, Any], folder: Path | None) -> tuple[str, str, list[Problem]]:
    """The recipe as TOML, the column that is the score, and mistakes."""
    import tomli_w

    from jeoul.rewards.recipes.recipe import Recipe

    if document.get("pending"):
        wrong = "reward" in document
        return "", "", [Problem("pending", "a suite is pending or has a recipe, not both")] if wrong else []
    if "reward" not in document:
        return "", "", [Problem("reward", 'is missing: [reward.correct] with use = "math_correct", for one')]
    text = tomli_w.dumps({key: document[key] for key in ("reward", "advantage") if key in document})
    try:
        recipe = Recipe.from_toml(text, folder)
    except RecipeError as error:
        return "", "", list(error.problems)
    score = document.get("score", recipe.names[0])
    problems = [
        Problem(key, f"there is no column {name!r}{did_you_mean(str(name), recipe.names)}; the recipe has "
                f"{listed(recipe.names)}")
        for key, name in (("score", score), ("form", document.get("form", "")), ("bug", document.get("bug", "")))
        if name and name not in recipe.names
    ]  # fmt: skip
    return text, score, problems
