"""What the tests of advantages share: names, tolerances and small reward tables."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import torch
from torch import Tensor

from jeoul.trainers import advantages as adv
from jeoul.trainers.presets import preset

EVERY = list(adv.ESTIMATORS)
CENTRED = [name for name in EVERY if name != "reinforce_pp"]
STEPPED = ["grpo_bn", "gdpo", "saw", "sa_mrpo", "dara", "reinforce_pp", "reinforce_pp_baseline"]
DTYPES = [torch.float32, torch.float64]
CLOSE = {torch.float32: 3e-6, torch.float64: 1e-9}
NO_EPS = preset("paper", column_eps=0.0, sum_eps=0.0, batch_eps=0.0)


def table(
    seed: int, sizes: list[int], columns: int, missing: float = 0.0, dtype: torch.dtype = torch.float64
) -> Tensor:
    """Rewards that are multiples of 1/4, so that float32 and Fraction agree on them; some missing."""
    generator = random.Random(seed)
    rows = [[generator.randint(-4, 8) / 4 for _ in range(columns)] for _ in range(sum(sizes))]
    rewards = torch.tensor(rows, dtype=dtype)
    if missing:
        rewards[torch.tensor([[generator.random() < missing for _ in row] for row in rows])] = torch.nan
    return rewards


def labels(sizes: list[int], seed: int | None = None) -> Tensor:
    """Group labels, in blocks; shuffled with a seed. Label values are arbitrary."""
    names = [7, -3, 10**12, 0, 55, 4, 9, 12]
    flat = [names[i] for i, size in enumerate(sizes) for _ in range(size)]
    if seed is not None:
        random.Random(seed).shuffle(flat)
    return torch.tensor(flat)


def fractions(rewards: Tensor) -> list[list[Fraction | None]]:
    return [[None if math.isnan(v) else Fraction(v) for v in row] for row in rewards.tolist()]


def close(ours: Tensor, theirs: list[float] | Tensor, dtype: torch.dtype = torch.float64) -> None:
    expected = theirs if isinstance(theirs, Tensor) else torch.tensor(theirs, dtype=torch.float64)
    torch.testing.assert_close(ours.double(), expected.double(), rtol=CLOSE[dtype], atol=CLOSE[dtype])


def ids(*sizes: int) -> Tensor:
    return torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))


SHAPES = [
    ([4, 4], None),
    ([3, 5, 2], None),
    ([2, 2, 2, 2], 1),
    ([1, 6, 3], 2),
    ([30, 1, 1, 1, 1, 1, 1, 1], 3),
    ([5], None),
]
