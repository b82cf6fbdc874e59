"""What must agree before two scores are compared: suite, protocol, data and grader; an error names the field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jeoul.errors import DataError
from jeoul.evals.comparison.sides import Side
from jeoul.evals.suites_rows import squeezed

__all__ = ["differences", "refuse_unlike"]

ADVICE = {
    "suite": "scores of different suites, or versions of one, are not compared; give A and B of one suite, or grade "
    "both with one: jeoul regrade RUN --suite SUITE",
    "protocol": "completions drawn in different ways are not compared; generate both under one protocol",
    "data": "they do not answer the same problems; evaluate both on one copy of the data",
    "grader": "they were scored by different versions of the grader; score both by this one: --regrade here, or jeoul "
    "regrade RUN",
    "recipe": "they were scored by different recipes; score both by one: jeoul regrade RUN --recipe FILE",
}


def refuse_unlike(sides: Sequence[Side]) -> dict[str, str]:
    """What all sides have in common: "suite", "protocol", "data", "grader" → hash; "" where it is not recorded.

    Raises:
        DataError: two sides are not alike; it names the sides and every field that differs, with both values.
    """
    first = sides[0]
    for other in sides[1:]:
        found = list(differences(first, other))
        if found:
            fields = "\n".join(
                f"  {field}: {one} in {first.label}, {two} in {other.label}" for field, one, two in found
            )
            parts = dict.fromkeys(field.partition(".")[0] for field, _, _ in found)
            if any(field in ("grader.recipe", "grader.score") for field, _, _ in found):
                parts = {**{part: None for part in parts if part != "grader"}, "recipe": None}
            advice = "; ".join(ADVICE[part] for part in parts)
            raise DataError(f"{first.label} and {other.label} are not alike:\n{fields}\n  {advice}")
    known = {part: first.hash_of(part) for part in ("suite", "protocol", "data")}
    for side in sides[1:]:
        known = {part: one if one == side.hash_of(part) else "" for part, one in known.items()}
    return {**known, "grader": str(first.table.info.get("recipe", ""))}


def differences(a: Side, b: Side) -> Iterator[tuple[str, str, str]]:
    """(field, A's value, B's value) of everything that must agree and does not; what one side lacks is not compared."""
    for part in ("suite", "protocol", "data"):
        one, two = a.about.get(part) or {}, b.about.get(part) or {}
        if not one or not two or one.get("hash") == two.get("hash"):
            continue
        skipped = ("origin", "name") if part in ("data", "protocol") else ()
        fields = [row for row in _fields(part, one, two) if row[0].rpartition(".")[2] not in skipped]
        yield from [row for row in fields if not row[0].endswith(".hash")] or fields
    if not (a.hash_of("data") and b.hash_of("data")):
        yield from _texts(a, b)
    yield from _graders(a, b)


def _graders(a: Side, b: Side) -> Iterator[tuple[str, str, str]]:
    if a.score != b.score:
        yield "grader.score", repr(a.score), repr(b.score)
    one, two = a.table.info, b.table.info
    if one.get("recipe") != two.get("recipe"):
        yield "grader.recipe", _short(one.get("recipe")), _short(two.get("recipe"))
    for name, part in (("code", "rewards"), ("engines", "engines")):
        yield from _fields(f"grader.{name}", one.get(part) or {}, two.get(part) or {})


def _texts(a: Side, b: Side) -> Iterator[tuple[str, str, str]]:
    """Where no hash of the data is recorded, shared questions must have the same prompt and the same gold."""
    golds = gold_columns(a)
    for name in ("prompt", *golds):
        one, two = _by_question(a, name), _by_question(b, name)
        for question in one:
            if question in two and one[question] != two[question]:
                yield f"data.{name} of {question[:60]!r}", repr(one[question])[:80], repr(two[question])[:80]
                break


def gold_columns(side: Side) -> list[str]:
    """Columns of the data that the score is judged against."""
    column = side.table.recipe[side.score]
    if column.reward is None:
        return []
    named = [column.data.get(name, name) for name in column.reward.signature.data]
    mine = (side.table.rollouts.completion, side.table.rollouts.prompt, "completions", "prompts")
    return [name for name in named if name not in mine and side.column(name) is not None]


def _by_question(side: Side, name: str) -> dict[str, Any]:
    values: Sequence[Any] | None = side.table.rollouts.prompts() if name == "prompt" else side.column(name)
    if values is None:
        return {}
    found: dict[str, Any] = {}
    for question, value in zip(side.questions, values, strict=True):
        found.setdefault(question, squeezed(value) if isinstance(value, str) else value)
    return found


def _fields(path: str, one: Any, two: Any) -> Iterator[tuple[str, str, str]]:
    """The leaves in which two JSON values differ."""
    if isinstance(one, Mapping) and isinstance(two, Mapping):
        for key in dict.fromkeys([*one, *two]):
            yield from _fields(f"{path}.{key}", one.get(key), two.get(key))
    elif one != two:
        yield path, _short(one), _short(two)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    if len(text) in (16, 64) and all(letter in "0123456789abcdef" for letter in text):
        return text[:8]  # a hash
    return repr(value) if len(repr(value)) <= 60 else f"{repr(value)[:59]}…"
