"""Finds the program in a completion by a declared rule: a fenced block, a prompt's continuation, the whole text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

__all__ = ["LONGEST", "Extracted", "Method", "defines", "find_code"]

Method = Literal["fenced", "continuation", "whole"]
Which = Literal["last", "first"]
Unclosed = Literal["take", "leave"]

LONGEST = 2**20
"""Characters of a program above which it is none: what is longer was made to be."""
PYTHON = ("python", "python3", "py", "py3", "python-3", "{python}", "{.python}")
_FENCE = re.compile(r"^([^`~\n]*)(`{3,}|~{3,})[ \t]*([^`\n]*)$", re.MULTILINE)
_FUTURE = re.compile(r"^from __future__ import [^\n]*\n?", re.MULTILINE)
_MARGIN = re.compile(r"^(?=[^\s)\]}])", re.MULTILINE)


class Extracted(NamedTuple):
    """A program, or None, and in words where it was or why there is none."""

    code: str | None
    how: str


class Block(NamedTuple):
    """A fenced block: the language its fence names (in small letters), where its text is, and whether it was closed."""

    language: str
    start: int
    end: int
    indent: str
    closed: bool


def find_code(
    completion: str,
    methods: Sequence[Method] = ("fenced",),
    *,
    which: Which = "last",
    unclosed: Unclosed = "take",
    prompt: str = "",
    entry_point: str = "",
) -> Extracted:
    r"""The program that a completion states, by the first of ``methods`` that finds one.

    What stands before the last ``</think>`` does not count; a text that opens with ``<think>`` and never closes it has
    no program yet.

    - ``fenced``: the last (or first) block between fences of at least three backticks or tildes, each on a line of its
      own, whose opening names Python; where no block does, the last one that names nothing. Blocks of other languages
      are no program. A fence that is never closed runs to the end (a stop sequence took the close) with
      ``unclosed="take"``, and is no block with "leave".
    - ``continuation``: the text goes on where ``prompt`` ends, as a base model writes: up to the first line that starts
      at the margin; a first line whose indentation was stripped gets four blanks. A text that defines ``entry_point``
      itself is whole.
    - ``whole``: the whole text.

    Where ``prompt`` is code that defines ``entry_point`` (HumanEval), it stands before the program: its imports and
    helpers count, and a program that defines the function again replaces it.

    Linear in the length of the completion.

    >>> text = "First\n```python\nx = 1\n```\nthen\n```py\nprint(2)\n```\nwhich prints\n```\n2\n```"
    >>> find_code(text)
    Extracted(code='print(2)\n', how='the last of 2 python blocks')
    >>> find_code("print(2)")
    Extracted(code=None, how='there is no fenced block')
    >>> find_code("    return 2\n\nprint(f())", ["continuation"], prompt="def f():\n", entry_point="f").code
    'def f():\n    return 2\n\n'
    """
    text, thinking = _answer(completion)
    if thinking:
        return Extracted(None, "the reasoning is not closed")
    leads = prompt if prompt and entry_point and defines(prompt, entry_point) else ""
    reasons = []
    for method in methods:
        found = _by(method, text, which, unclosed, leads, entry_point)
        if found.code is not None and len(found.code) > LONGEST:
            return Extracted(None, f"{found.how} is longer than {LONGEST:,} characters")
        if found.code is not None and not found.code.strip():
            found = Extracted(None, f"{found.how} is empty")
        if found.code is not None:
            return found._replace(code=_after_prompt(found.code, leads))
        reasons.append(found.how)
    return Extracted(None, ", ".join(reasons))


def defines(code: str, name: str) -> bool:
    r"""Whether a line at the margin defines a function or class of this name.

    >>> defines("import x\ndef f(a): ...", "f"), defines("    def f(): ...", "f")
    (True, False)
    """
    pattern = rf"^(?:async[ \t]+)?(?:def|class)[ \t]+{re.escape(name)}\b"
    return re.search(pattern, code, re.MULTILINE) is not None


def _answer(completion: str) -> tuple[str, bool]:
    """What stands after the reasoning, and whether there is nothing but reasoning."""
    _, close, after = completion.rpartition("</think>")
    if close:
        return after, False
    return completion, completion[:1000].lstrip().startswith("<think>")


def _by(method: Method, text: str, which: Which, unclosed: Unclosed, leads: str, entry_point: str) -> Extracted:
    if method == "whole":
        return Extracted(text, "the whole text")
    if method == "fenced":
        return _fenced(text, which, unclosed)
    if entry_point and defines(text, entry_point):
        return Extracted(text, f"the whole text, which defines {entry_point}")
    if not leads:
        return Extracted(None, "there is no prompt to continue")
    return Extracted(_continued(text), "the continuation of the prompt")


def _fenced(text: str, which: Which, unclosed: Unclosed) -> Extracted:
    kept: dict[str, Block] = {}
    counts = {"python": 0, "untagged": 0, "other": 0}
    for block in _blocks(text):
        if not block.closed and unclosed == "leave":
            continue
        kind = "untagged" if not block.language else "python" if block.language in PYTHON else "other"
        counts[kind] += 1
        if which == "last" or kind not in kept:
            kept[kind] = block
    for kind in ("python", "untagged"):
        if kind in kept:
            end = "" if kept[kind].closed else ", never closed"
            several = f"the {which} of {counts[kind]} {kind} blocks" if counts[kind] > 1 else f"the {kind} block"
            return Extracted(_cut(text, kept[kind]), several + end)
    blocks = counts["other"]
    return Extracted(None, f"none of {blocks} fenced blocks is Python" if blocks else "there is no fenced block")


def _blocks(text: str) -> Iterator[Block]:
    """The fenced blocks in order; the one a text ends in is not closed."""
    opening: re.Match[str] | None = None
    for line in _FENCE.finditer(text):
        before, fence, info = line.groups()
        if opening is None:
            language = info.split()[0].lower() if info.strip() else ""
            if not before.strip() or language in PYTHON:  # "Here it is: ```python" opens one too
                opening, tag = line, language
        elif fence.startswith(opening[2]) and not before.strip() and not info.strip():
            yield Block(tag, opening.end() + 1, line.start(), opening[1], True)
            opening = None
    if opening is not None:
        yield Block(tag, opening.end() + 1, len(text), opening[1], False)


def _cut(text: str, block: Block) -> str:
    """The text of a block without the indentation that its fence itself has, as in a list."""
    inner, indent = text[block.start : block.end], block.indent
    if not indent or indent.strip() or len(indent) > 100 or len(inner) > LONGEST:
        return inner
    return re.sub(rf"^{indent}", "", inner, flags=re.MULTILINE)


def _continued(text: str) -> str:
    """The body that goes on, to the first line that starts at the margin outside a triple-quoted text."""
    body = text.lstrip("\n")[: LONGEST + 1]
    if body[:1].strip():
        body = "    " + body
    seen, quotes = 0, [0, 0]
    for line in _MARGIN.finditer(body):
        for index, mark in enumerate(('"""', "'''")):
            quotes[index] += body.count(mark, seen, line.start())
        seen = line.start()
        if quotes[0] % 2 == 0 and quotes[1] % 2 == 0:
            return body[: line.start()]
    return body


def _after_prompt(code: str, leads: str) -> str:
    """The program behind the prompt's imports and helpers; imports from __future__ come first or not at all."""
    if not leads:
        return code
    future = "".join(_FUTURE.findall(code))
    between = "" if leads.endswith("\n") else "\n"
    return f"{future}{leads}{between}{_FUTURE.sub('', code)}"
