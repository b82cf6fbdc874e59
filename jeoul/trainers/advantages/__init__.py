"""Advantage estimators: rewards [B, K], groups [B], weights [K] → advantages [B], as pure torch functions.

>>> estimator("gdpo") is gdpo
True
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from jeoul.errors import UsageError, did_you_mean
from jeoul.trainers.advantages.decoupled import dara, gdpo, gdpo_nobn, sa_mrpo, saw
from jeoul.trainers.advantages.evaluate import Options, Weights
from jeoul.trainers.advantages.grouping import Grouping, group_rows
from jeoul.trainers.advantages.sums import (
    corr_grpo,
    dr_grpo,
    dvao,
    grpo,
    grpo_batch_std,
    grpo_bn,
    grpo_scaled,
    reinforce_pp,
    reinforce_pp_baseline,
    rloo,
)
from jeoul.trainers.advantages.temporal import gae

__all__ = [
    "ESTIMATORS",
    "Grouping",
    "Options",
    "contributions",
    "corr_grpo",
    "dara",
    "dr_grpo",
    "dvao",
    "estimator",
    "gae",
    "gdpo",
    "gdpo_nobn",
    "group_rows",
    "grpo",
    "grpo_batch_std",
    "grpo_bn",
    "grpo_scaled",
    "reinforce_pp",
    "reinforce_pp_baseline",
    "rloo",
    "sa_mrpo",
    "saw",
]

ESTIMATORS: dict[str, Callable[..., Tensor]] = {
    "grpo": grpo,
    "dr_grpo": dr_grpo,
    "grpo_batch_std": grpo_batch_std,
    "reinforce_pp_baseline": reinforce_pp_baseline,
    "reinforce_pp": reinforce_pp,
    "rloo": rloo,
    "gdpo": gdpo,
    "gdpo_nobn": gdpo_nobn,
    "grpo_bn": grpo_bn,
    "grpo_scaled": grpo_scaled,
    "dvao": dvao,
    "corr_grpo": corr_grpo,
    "saw": saw,
    "sa_mrpo": sa_mrpo,
    "dara": dara,
}
"""Estimators by name. `gae` is not one of them: it takes rewards and values per token."""


def estimator(name: str) -> Callable[..., Tensor]:
    """Look an estimator up by name.

    >>> estimator("gdpo_nobm")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    jeoul.errors.UsageError: no estimator named 'gdpo_nobm' (did you mean 'gdpo_nobn'?); there are: grpo, dr_grpo, ...
    """
    if name in ESTIMATORS:
        return ESTIMATORS[name]
    if name == "gae":
        raise UsageError("gae takes rewards and values per token, [B, T]; call gae(rewards, values, mask) itself")
    raise UsageError(f"no estimator named {name!r}{did_you_mean(name, ESTIMATORS)}; there are: {', '.join(ESTIMATORS)}")


def contributions(
    name: str, rewards: Tensor, groups: Tensor | Grouping, weights: Weights = None, **options: Any
) -> Tensor:
    """Split the advantage into the parts of its columns, [B, K]; the parts of a row add up to its advantage.

    Normalise, then sum: w_k A_k. Sum, then normalise: w_k (r_k − μ_k)/D. A batch step divides each part by the
    same σ and takes the part's own batch mean off. Columns of weight 0 and missing cells have 0.

    >>> import torch
    >>> r = torch.tensor([[1.0, 0.0], [0.0, 3.0], [0.0, 0.0]])
    >>> contributions("grpo", r, torch.zeros(3, dtype=torch.long))
    tensor([[ 0.4364, -0.6546],
            [-0.2182,  1.3092],
            [-0.2182, -0.6546]])
    """
    return estimator(name)(rewards, groups, weights, by_column=True, **options)
