"""How a verdict came about, and what a data set's golds are: for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from jeoul.rewards.math.canonical import Form, Items, Reading, Value, read
from jeoul.rewards.math.correct import bare, judge
from jeoul.rewards.math.extract import boxed, find_answer
from jeoul.rewards.math.numbers import Number
from jeoul.rewards.math.scalars import read_scalar
from jeoul.rewards.math.verdict import DEFAULT, Policy

__all__ = ["audit", "explain", "kind"]


def explain(gold: str, answer: str, policy: Policy = DEFAULT) -> dict[str, Any]:
    r"""What was extracted, how each side was read, which stage decided, and why.

    An answer in which nothing is anchored is taken whole.

    >>> told = explain("(1,2)", r"so \boxed{1<x<2}")
    >>> told["extracted"], told["gold"], told["outcome"], told["stage"], told["why"]
    ('1<x<2', ['tuple of 2: number 1; number 2'], 'correct', 2, 'the same set of reals')
    """
    found = find_answer(answer)
    text, how = (found.text, found.how) if found.text is not None else (answer.strip(), "the whole text")
    sides = [[shown(reading) for reading in read(side)] for side in (bare(gold), text)]
    told: dict[str, Any] = {"extracted": text, "how": how, "gold": sides[0], "answer": sides[1]}
    if not sides[0] or not sides[1]:
        outcome = "no_answer" if sides[0] else "gold_invalid"
        return told | {"outcome": outcome, "stage": 0, "why": "nothing to compare"}
    verdict = judge(gold, text, policy)
    return told | {"outcome": verdict.outcome, "stage": verdict.stage, "why": verdict.why}


def kind(value: Value) -> str:
    """What sort of thing a value is, in a word."""
    if isinstance(value, Items):
        return value.kind.split()[0]
    if isinstance(value, Form):
        if any(sign in value.source for sign in ("<", ">", "\\le", "\\ge", "\\ne")):
            return "relation"
        return "equation" if "=" in value.source else "expression" if read_scalar(value) else "unread"
    return type(value).__name__.lower()


def shown(reading: Reading) -> str:
    """A reading on one line."""
    value = reading.value
    label = f"{reading.label} = " if reading.label else ""
    if isinstance(value, Number):
        parts = [str(value.value), f"√{value.root}" if value.root != 1 else "", f"π^{value.pi}" if value.pi else ""]
        unit = "%" if value.percent else value.unit
        return f"{label}number {''.join(parts)}{' ' + unit if unit else ''}"
    if isinstance(value, Items):
        inside = "; ".join(map(shown, value.elements[:8])) + ("; …" if len(value.elements) > 8 else "")
        return f"{label}{value.kind} of {len(value.elements)}: {inside}"
    text = value.text if isinstance(value, Form) else str(value)
    return f"{label}{kind(value)} {text[:200]}"


def audit(golds: Iterable[str]) -> dict[str, Any]:
    r"""What the golds of a data set are: how many of each kind, which do not equal themselves, which look wrong.

    >>> told = audit(["42", r"\frac{1}{2}", "", "5 frogs"])
    >>> told["kinds"], [(row["gold"], row["why"]) for row in told["suspicious"]]
    ({'number': 2, 'blank': 1, 'unread': 1}, [('', 'blank'), ('5 frogs', 'only its own spelling is accepted')])
    """
    kinds: Counter[str] = Counter()
    suspicious: list[dict[str, Any]] = []
    for row, gold in enumerate(golds):
        readings = read(bare(gold))
        sort = kind(readings[0].value) if readings else "blank"
        kinds[sort] += 1
        why = _suspicion(gold, sort)
        if why:
            suspicious.append({"row": row, "gold": gold, "why": why})
    return {"golds": kinds.total(), "kinds": dict(kinds.most_common()), "suspicious": suspicious}


def _suspicion(gold: str, sort: str) -> str:
    if sort == "blank":
        return "blank"
    for form in (gold, f"${gold}$" if "$" not in gold else gold):
        if judge(gold, boxed(rf"\boxed{{{form}}}") or "?").outcome != "correct":
            return "does not equal itself in a box"
    if gold.count("$") % 2 and "\\$" not in gold:
        return "a $ without its other"
    if gold.count("{") != gold.count("}") or abs(gold.count("(") - gold.count(")")) > 1:
        return "brackets that do not match"
    return "only its own spelling is accepted" if sort == "unread" else ""
