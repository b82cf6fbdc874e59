"""Bandits in which the ways to make one advantage of several rewards come apart, or do not.

Sizes that the reference leaves open (prompts, options, starts) are chosen here and nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from jeoul.benchmarks.collapse.learner import Arm, Column, Environment, Head

__all__ = ["ENVIRONMENTS"]

CHANCE = Head((0.0,) * 10, fixed=True)
"""Ten equally likely outcomes that no policy can change."""


def scales(prompts: int = 1, spread: float = 0.0) -> Environment:
    """A: format {0, 1} beside correctness −3 … 3.

    With one prompt a batch is one group, and a batch step changes next to nothing. The reference's figures fit one
    prompt: their spread over seeds is that of one prompt's runs.
    """
    name = "A" if prompts == 1 else f"A{prompts}"
    return Environment(
        name,
        f"format {{0, 1}} beside correctness [−3, 3], unequal scales; prompts: {prompts}",
        heads=(Head((0.0, 0.0), spread=spread), Head((0.0,) * 7, spread=spread)),
        columns=(
            Column("format", (0,), _table([[0, 1]]), (0, 1)),
            Column("correct", (1,), torch.linspace(-3, 3, 7, dtype=torch.float64).view(1, -1), (-3, 3)),
        ),
        thresholds={"format": 0.8, "correct": 1.5},
        prompts=prompts,
        group=4,
        steps=200,
        rate=0.05,
    )


def several_prompts() -> Environment:
    """A8: A with eight prompts that start apart, so that the batch step has groups to weigh against one another."""
    return scales(8, 0.5)


def _lengths(needed_P: Tensor) -> tuple[Column, Column]:
    """The right answer of four counts from the needed length on (0 … 7); up to 2 is short."""
    lengths, right = torch.arange(8), torch.arange(4) == 0
    solved = (lengths >= needed_P.view(-1, 1))[:, :, None] & right
    short = (lengths <= 2).view(1, -1)
    return (
        Column("correct", (0, 1), solved.double(), (0, 1)),
        Column("short", (0,), short.double(), (0, 1)),
    )


def length() -> Environment:
    """B: prompts need lengths 0 … 5, and up to 2 is rewarded."""
    return Environment(
        "B",
        "length against correctness: prompts need lengths 0, 0, 1, 1, 2, 2, 3, 5; up to 2 is rewarded",
        heads=(Head((0.0,) * 8, spread=0.5), Head((0.0,) * 4, spread=0.5)),
        columns=_lengths(torch.tensor([0, 0, 1, 1, 2, 2, 3, 5])),
        thresholds={"correct": 0.6, "short": 0.8},
        prompts=8,
        group=4,
        steps=300,
        rate=0.05,
    )


def long_prompts() -> Environment:
    """B2: three prompts of ten can only be solved at length."""
    needed = torch.tensor([0, 0, 0, 0, 0, 0, 0, 5, 5, 5])
    correct, short = _lengths(needed)

    def solved_long(chances: list[Tensor]) -> Tensor:
        length_ESPo, answer_ESPo = (chance[:, :, needed > 0] for chance in chances)
        return (length_ESPo[..., 5:].sum(-1) * answer_ESPo[..., 0]).mean(-1)

    return Environment(
        "B2",
        "30 % of the prompts need long answers, and short ones are rewarded everywhere",
        heads=(Head((0.0,) * 8, spread=0.5), Head((0.0,) * 4, spread=0.5)),
        columns=(correct, short),
        thresholds={"correct": 0.6, "short": 0.8, "correct, long prompts": 0.6},
        prompts=10,
        group=4,
        steps=300,
        rate=0.05,
        arms=(
            Arm("grpo, short gated", "grpo", gate=(1, 0, 1.0)),
            Arm("gdpo, short gated", "gdpo", gate=(1, 0, 1.0)),
            Arm("grpo, short × 0.25", "grpo", weights=(1.0, 0.25)),
            Arm("gdpo, short × 0.25", "gdpo", weights=(1.0, 0.25)),
        ),
        expected={"correct, long prompts": solved_long},
    )


def many(columns: int = 16, rate: float = 96.0, name: str = "C") -> Environment:
    """C: many independent binary rewards, SGD, at the rate at which gdpo ends at about .94, as in the reference."""
    return Environment(
        name,
        f"{columns} independent binary rewards, SGD at {rate:g}: who sets the size of a step",
        heads=(Head((0.0, 0.0), spread=0.5),) * columns,
        columns=tuple(Column(f"r{k + 1}", (k,), _table([[0, 1]]), (0, 1)) for k in range(columns)),
        thresholds={"mean of all": 0.9},
        prompts=4,
        group=4,
        steps=200,
        rate=rate,
        optimiser="sgd",
        arms=(Arm("gdpo_nobn, rate/√n", "gdpo_nobn", rate=1 / math.sqrt(columns)),),
        expected={"mean of all": lambda chances: torch.stack([each[..., 1].mean(-1) for each in chances]).mean(0)},
    )


def many_slowly() -> Environment:
    """C1: C at a 96th of the rate, where no step is too long."""
    return many(rate=1.0, name="C1")


def tools() -> Environment:
    """D: a tool call: −3 unless it parses, then name, arguments and values."""
    name, part = (torch.arange(4) == 0).double().view(4, 1, 1), torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64)
    matched = name * (1 + part.view(1, 3, 1) + part.view(1, 1, 3)) / 3
    correct = torch.stack([torch.full_like(matched, -3.0), 6 * matched - 3]).unsqueeze(0)
    return Environment(
        "D",
        "tool calls: correctness [−3, 3] of name, arguments and values, −3 where the format fails; format {0, 1}",
        heads=(Head((1.0, 0.0), spread=0.5), Head((0.0,) * 4, spread=0.5), *(Head((0.0,) * 3, spread=0.5),) * 2),
        columns=(
            Column("format", (0,), _table([[0, 1]]), (0, 1)),
            Column("correct", (0, 1, 2, 3), correct, (-3, 3)),
        ),
        thresholds={"format": 0.8, "correct": 1.5},
        prompts=8,
        group=4,
        steps=300,
        rate=0.05,
    )


def correlated() -> Environment:
    """E: a judge that mostly repeats correctness, and brevity that works against both."""
    right, terse = (torch.arange(4) == 0).view(4, 1, 1, 1), torch.tensor([False, True]).view(1, 2, 1, 1)
    luck, slip = torch.arange(10).view(1, 1, 10, 1), (torch.arange(10) < 1).view(1, 1, 1, 10)
    correct = right & (luck < torch.where(terse, 5, 9))
    return Environment(
        "E",
        "a judge that agrees with correctness in 9 of 10, and brevity, which lowers success from 9 to 5 of 10",
        heads=(Head((0.0,) * 4, spread=0.5), Head((0.0, 0.0), spread=0.5), CHANCE, CHANCE),
        columns=(
            Column("correct", (0, 1, 2), correct.squeeze(-1).double().unsqueeze(0), (0, 1)),
            Column("judged", (0, 1, 2, 3), (correct ^ slip).double().unsqueeze(0), (0, 1)),
            Column("brief", (1,), _table([[0, 1]]), (0, 1)),
        ),
        thresholds={"correct": 0.5, "judged": 0.5, "brief": 0.8},
        prompts=8,
        group=4,
        steps=300,
        rate=0.05,
    )


def _table(values: list[list[float]]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


ENVIRONMENTS: dict[str, Callable[[], Environment]] = {
    "A": scales,
    "A8": several_prompts,
    "B": length,
    "B2": long_prompts,
    "C": many,
    "C1": many_slowly,
    "D": tools,
    "E": correlated,
}
