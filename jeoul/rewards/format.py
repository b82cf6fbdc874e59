"""Rewards for the form of a completion: ``tagged`` (think/answer and any other tags) and ``json_format``."""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Literal

from jeoul.errors import UsageError
from jeoul.rewards._text import VISIBLE, shown
from jeoul.rewards.registry import reward
from jeoul.rewards.scores import Score

__all__ = ["json_format", "tagged"]

Outside = Literal["nothing", "before", "after", "anything"]

DEEPEST = 64  # levels of nesting; the parser and the schema validator recurse, and a thousand is all Python has


@reward(
    range=(0, 1),
    reference="DeepSeek-AI 2025, DeepSeek-R1 (arXiv 2501.12948), format reward; no formula is given there",
    hacks=(
        "one character of reasoning between the tags",
        "the whole answer, or a second one, written inside <think>",
        "partial=True: the tags alone earn most of it; a truncated text keeps its share",
    ),
)
def tagged(
    completions: list[str],
    *tags: str,
    outside: Outside = "nothing",
    empty: bool = False,
    opened: bool = False,
    partial: bool = False,
) -> list[float | None]:
    r"""1 if the completion is a sequence of tagged blocks, ``<think>…</think><answer>…</answer>`` by default, else 0.

    The rules, of which the reason names each that is broken:

    1. each opening and each closing tag stands exactly once (2 rules a tag; exact spelling, so case matters and
       ``<think a=1>`` is another tag);
    2. blocks follow each other in the given order, none inside another;
    3. no block is empty (1 rule a tag): it holds a character that can be seen;
    4. nothing but white space stands outside of the blocks.

    Rules 3 and 4 can be told only where 2 holds, and 2 only where 1 holds; what cannot be told is not met.

    Args:
        completions: texts of the model.
        tags: names of the tags in their order; none means think, answer.
        outside: where other text may stand: "nothing", "before" the first block, "after" the last, or "anything".
        empty: whether blocks may be empty (rule 3 is gone).
        opened: whether the prompt ends with the first opening tag, so the completion must not repeat it.
        partial: give the share of rules that are met instead of 1 or 0: with think and answer in eighths.

    Never NaN; an empty completion scores 0.

    Differs (1 = full reward): open-r1 ``format_reward`` wants exactly one newline on each side of every tag, 0 for
    ``<think>r</think><answer>4</answer>`` (here 1), and 1 for two ``<answer>`` blocks (here 0); ``tag_count_reward``
    gives 1 for the tags in reverse order (here .5 with ``partial``). TRL ``think_format_reward`` gives 1 for
    ``<think></think>`` alone; it is near ``tagged("think", outside="after")``. ms-swift ``format`` gives 1 for two
    ``<answer>`` blocks or empty ones, and 0 for a newline at the end (here 1). All three give 0 where the prompt has
    opened the tag (here ``opened=True``).

    >>> texts = ["<think>2+2</think>\n<answer>4</answer>\n", "<think>2+2</think><answer>4"]
    >>> tagged(texts), tagged(texts, partial=True), tagged(["2+2</think>4"], "think", opened=True, outside="after")
    ([1.0, 0.0], [1.0, 0.375], [1.0])
    >>> tagged(texts)[1].reason
    '3 of 8 rules: </answer> is missing'
    """
    names = tags or ("think", "answer")
    wrong = [name for name in names if not name or any(letter in "<>/" or letter.isspace() for letter in name)]
    if wrong or len(set(names)) < len(names):
        raise UsageError(f"tags are different names without <, > and spaces, not {', '.join(map(repr, names))}")
    return [_tagged(text, names, outside, empty, opened, partial) for text in completions]


def _tagged(text: str, names: tuple[str, ...], outside: Outside, empty: bool, opened: bool, partial: bool) -> Score:
    rules = 2 * len(names) + 1 + len(names) * (not empty) + (outside != "anything")
    marks = [mark for name in names for mark in (f"<{name}>", f"</{name}>")]
    broken = list(_miscounted(text, marks, opened))
    unmet = rules - len(marks) + len(broken)  # until shown otherwise, no rule that builds on the counts is met
    if not broken:
        ends = [(at, at + len(mark)) for mark in marks for at in [text.find(mark)]]
        if opened:
            ends[0] = (0, 0)
        broken = [f"{marks[i]} is not before {marks[i + 1]}" for i, (a, b) in enumerate(pairwise(ends)) if a[1] > b[0]]
        if not broken:
            broken = [*(() if empty else _hollow(text, names, ends)), *_around(text, ends, outside)]
            unmet = len(broken)
    if not broken:
        return Score(1)
    return Score((rules - unmet) / rules * partial, f"{rules - unmet} of {rules} rules: {'; '.join(broken)}")


def _miscounted(text: str, marks: list[str], opened: bool) -> Iterator[str]:
    for index, mark in enumerate(marks):
        count = text.count(mark)
        if opened and index == 0:
            if count:
                yield f"{mark} stands again, though the prompt has opened it"
        elif count != 1:
            yield f"{mark} stands {count} times" if count else f"{mark} is missing"


def _hollow(text: str, names: tuple[str, ...], ends: list[tuple[int, int]]) -> Iterator[str]:
    for name, opening, closing in zip(names, ends[::2], ends[1::2], strict=True):
        if not VISIBLE.search(text, opening[1], closing[0]):
            yield f"<{name}> is empty"


def _around(text: str, ends: list[tuple[int, int]], outside: Outside) -> Iterator[str]:
    """Yield what is wrong with the text before, between and after the blocks: one rule, so one message at most."""
    if outside == "anything":
        return
    gaps = [(a[1], b[0]) for a, b in zip(ends[1::2], ends[2::2], strict=False)]
    gaps += [(0, ends[0][0])] * (outside != "before") + [(ends[-1][1], len(text))] * (outside != "after")
    stray = next(((found.start(), gap[1]) for gap in gaps if (found := VISIBLE.search(text, *gap))), None)
    if stray:
        yield f"{shown(text[slice(*stray)], 20)} stands outside of the tags"


class _NotJsonError(Exception):
    """Why a completion is not JSON."""


@reward(
    range=(0, 1),
    reference="RFC 8259; JSON Schema 2020-12",
    hacks=(
        "without a schema: {} or 0 is JSON",
        "a schema without required or minLength: empty objects and texts",
        "prose=True: the answer in the block, anything around it",
    ),
)
def json_format(
    completions: list[str], *, schema: dict[str, Any] | None = None, fence: bool = True, prose: bool = False
) -> list[float | None]:
    r"""1 if the completion is JSON (valid against ``schema``, where one is given), else 0 and the first fault.

    JSON is meant as RFC 8259 writes it, and so that every reader finds the same in it: ``NaN`` and ``Infinity`` (which
    Python reads), a key twice in an object, integers of more than 4300 digits and more than 64 levels are refused.

    Args:
        completions: texts of the model.
        schema: JSON Schema; 2020-12 unless ``$schema`` says otherwise. References must stay inside of it.
        fence: whether one Markdown code fence (plain or ``json``) may stand around it.
        prose: whether text may stand around that fence, which is then needed. The fence is from the first line that
            opens with three backquotes to the last one, so two blocks are not JSON.

    Never NaN; an empty completion scores 0. Time grows with the text, but for schemas with ``uniqueItems`` over arrays
    of mixed types or a slow ``pattern``; those the engine's deadline bounds.

    Differs: open-r1, TRL and ms-swift have none; ms-swift ``react_format`` gives 1.0 for ``Action Input: {oops``.

    >>> person = {"type": "object", "required": ["age"], "properties": {"age": {"type": "integer"}}}
    >>> texts = ['{"age": 7}', '{"age": "7"}', '```json\n{"age": 7}\n```', '{"age": 7, "age": 8}']
    >>> json_format(texts, schema=person)
    [1.0, 0.0, 1.0, 0.0]
    >>> [score.reason for score in json_format(texts, schema=person) if score.reason]
    ["$.age: '7' is not of type 'integer'", "the key 'age' stands twice in one object"]
    """
    if prose and not fence:
        raise UsageError("prose=True needs fence=True: it is the fence that tells JSON from prose")
    validator = None if schema is None else _validator(_as_key(schema))
    return [_json_score(text, validator, fence, prose) for text in completions]


def _json_score(text: str, validator: Any, fence: bool, prose: bool) -> Score:
    try:
        value = _parsed(_unfenced(text, prose) if fence else text)
    except _NotJsonError as error:
        return Score(0, str(error))
    if validator is None:
        return Score(1)
    from referencing.exceptions import Unresolvable

    try:
        fault = next(validator.iter_errors(value), None)
    except RecursionError:
        return Score(0, "is nested too deep for the schema")
    except Unresolvable as error:
        raise UsageError(f"the schema refers to what it does not contain: {error}") from error
    return Score(1) if fault is None else Score(0, f"{_cut(fault.json_path, 80)}: {_cut(fault.message, 160)}")


def _unfenced(text: str, prose: bool) -> str:
    """Take the text in the fence, if there is one. No line of JSON begins with ```: its strings have no newlines."""
    start = 0 if text.startswith("```") else text.find("\n```") + 1
    if not text.startswith("```", start):
        if prose:
            raise _NotJsonError("has no code fence")
        return text
    end, body = text.rfind("\n```"), text.find("\n", start)
    if end < body or body < 0:
        raise _NotJsonError("the code fence is not closed")
    if not prose and (text[:start].strip() or text[end + 4 :].strip()):
        raise _NotJsonError("has text around its code fence")
    if text[start + 3 : body].strip().lower() not in ("", "json"):
        raise _NotJsonError(f"the code fence is of {shown(text[start + 3 : body].strip(), 20)}, not json")
    return text[body:end]


def _parsed(text: str) -> Any:
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except RecursionError:
        raise _NotJsonError(f"is nested deeper than {DEEPEST} levels") from None
    except json.JSONDecodeError as error:
        fault = f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise _NotJsonError(fault if text.strip() else "is empty") from None
    except ValueError:
        raise _NotJsonError("has an integer of more than 4300 digits") from None
    # Where exactly recursion ends depends on the caller's stack; this bound does not.
    if text.count("[") + text.count("{") > DEEPEST and _deeper(value, DEEPEST):
        raise _NotJsonError(f"is nested deeper than {DEEPEST} levels")
    return value


def _deeper(value: Any, levels: int) -> bool:
    level = [value]
    for _ in range(levels + 1):
        nested = [node.values() if isinstance(node, dict) else node for node in level if isinstance(node, dict | list)]
        level = [child for children in nested for child in children]
    return bool(nested)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        key, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise _NotJsonError(f"the key {shown(key)} stands twice in one object")
    return made


def _no_constant(name: str) -> float:
    raise _NotJsonError(f"{name} is not JSON")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _as_key(schema: dict[str, Any]) -> str:
    try:
        return json.dumps(schema)
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"the schema is not JSON itself: {error}") from error


@functools.lru_cache(maxsize=64)
def _validator(schema: str) -> Any:
    import jsonschema
    from referencing import Registry

    content = json.loads(schema)
    kind = jsonschema.validators.validator_for(content, default=jsonschema.Draft202012Validator)
    try:
        kind.check_schema(content)
    except jsonschema.SchemaError as error:
        raise UsageError(f"the schema is not a JSON Schema: {error.json_path}: {_cut(error.message, 200)}") from error
    return kind(content, registry=Registry())  # empty, so that references are never fetched from the network
