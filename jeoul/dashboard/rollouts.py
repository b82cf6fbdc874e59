"""Rows of rollouts as trainers dump them: prompt, completion, step, and rewards as further numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jeoul.chat import completion_text, prompt_text
from jeoul.dashboard.evaluation import Brief, brief
from jeoul.dashboard.training import STEPS, flat_numbers, step_of
from jeoul.evals.outputs import COMPLETIONS

__all__ = ["completion_of", "prompt_of", "rewards_of", "rollout_brief"]

PROMPTS = ("prompt", "input", "problem", "question")
SHOWN = 90


def completion_of(row: Mapping[str, Any]) -> str | None:
    """The completion, under the first of the usual names that has a text or a conversation.

    >>> completion_of({"input": "1+1?", "output": "2", "score": 1.0}), completion_of({"step": 1})
    ('2', None)
    """
    for name in COMPLETIONS:
        if row.get(name):
            try:
                return completion_text(row[name])
            except ValueError:
                continue
    return None


def prompt_of(row: Mapping[str, Any]) -> str:
    """The prompt as text; "" where there is none."""
    for name in PROMPTS:
        if row.get(name):
            try:
                return prompt_text(row[name])
            except ValueError:
                continue
    return ""


def rewards_of(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every number of a row but its step.

    >>> rewards_of({"step": 2, "output": "x", "score": 1.0, "rewards": {"short": 0}})
    [{'reward': 'score', 'value': 1.0}, {'reward': 'rewards/short', 'value': 0.0}]
    """
    return [{"reward": name, "value": value} for name, value in flat_numbers(row) if name not in STEPS]


def rollout_brief(row: Mapping[str, Any]) -> Brief:
    """What is kept in memory: its "problem" is the step with the beginning of the prompt."""
    step = step_of(row)
    asked = " ".join(prompt_of(row).split())
    told = asked if len(asked) <= SHOWN else f"{asked[:40]} … {asked[-SHOWN + 40 :]}"
    return brief(row)._replace(problem=f"step {step:g}: {told}" if step is not None else told)
