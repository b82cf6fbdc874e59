"""``jeoul rewards [NAME]``: the registry, or one reward's card."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from jeoul.cli.output import print_json, print_table
from jeoul.rewards.signature import REQUIRED

if TYPE_CHECKING:
    from jeoul.rewards.registry import Reward

__all__ = ["run"]


def run(name: str | None = None, /, *, json: Annotated[bool, Parameter(negative="")] = False) -> None:
    """List the rewards, or show one reward's card.

    Parameters
    ----------
    name
        A reward: its name, "package.module:function" or "file.py:function".
    json
        Print as JSON.
    """
    from jeoul.rewards.registry import find_reward, reward_names

    if name is not None:
        card = describe(find_reward(name))
        if json:
            print_json(card)
        else:
            print(_text(card))
        return
    cards = [describe(find_reward(known)) for known in reward_names()]
    if json:
        print_json(cards)
        return
    rows = [[card["name"], _range(card), ", ".join(card["data"]), card["summary"]] for card in cards]
    print_table("Rewards", ["name", "range", "reads", "what it gives"], rows, left=4)


def describe(reward: Reward) -> dict[str, Any]:
    """All that is known of a reward, as plain values."""
    options = {}
    for option, default in reward.signature.options.items():
        options[option] = "required" if default is REQUIRED else default if default is None else str(default)
    return {
        "name": reward.name,
        "summary": reward.summary,
        "range": reward.range,
        "unit": reward.unit,
        "reference": reward.source,
        "scope": reward.scope,
        "cost": reward.cost,
        "data": [name if required else f"{name} (optional)" for name, required in reward.signature.data.items()],
        "options": options,
        "hacks": list(reward.hacks),
        "doc": inspect.getdoc(reward.function) or "",
        "locator": reward.locator,
    }


def _range(card: dict[str, Any]) -> str:
    return f"[{card['range'][0]:g}, {card['range'][1]:g}]" if card["range"] else "any"


def _text(card: dict[str, Any]) -> str:
    lines = [card["name"], "", card["doc"], ""]
    lines.append(f"range      {_range(card)}{' ' if card['unit'] else ''}{card['unit']}")
    lines.append(f"scope      {card['scope']}, {card['cost']}")
    lines.append(f"reads      {', '.join(card['data'])}")
    lines += [f"option     {name} = {default}" for name, default in card["options"].items()]
    lines += [f"hacked by  {hack}" for hack in card["hacks"]]
    if card["reference"]:
        lines.append(f"source     {card['reference']}")
    return "\n".join(lines)
