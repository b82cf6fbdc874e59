"""Every policy loss by name: ``policy_loss("gspo")(logp, old_logp, advantages, mask, **options) -> Loss``.

The functions live in three files by what they do with the importance ratio: ``losses_token`` (one clipped ratio per
token), ``losses_sequence`` (one per sequence) and ``losses_weighted`` (a weight or a bent ratio instead of a clip).
Terms to add to them are in ``kl``; how they average is in ``aggregation``. Formulas and sources: docstrings; the table
of defaults:

>>> for name in ("ppo", "grpo", "gspo"):
...     print(f"{name:5} {default_aggregation(name)}")
ppo   token_mean
grpo  sequence_mean_token_mean
gspo  sequence_mean_token_mean
"""

from __future__ import annotations

import inspect
from collections.abc import Callable

from jeoul.errors import UsageError, did_you_mean
from jeoul.trainers.aggregation import AGGREGATIONS, aggregate
from jeoul.trainers.kl import KL_ESTIMATORS, entropy_bonus, kl_estimate, kl_penalty, sampler_weights
from jeoul.trainers.loss_inputs import Loss
from jeoul.trainers.losses_sequence import gmpo, gspo, gspo_token, gvpo, hmpo, luspo, vespo
from jeoul.trainers.losses_token import bnpo, dapo, dr_grpo, grpo, ppo, value_loss
from jeoul.trainers.losses_weighted import cispo, clip_cov, dppo_kl, dppo_tv, kl_cov, minirl, sapo

__all__ = [
    "AGGREGATIONS",
    "KL_ESTIMATORS",
    "LOSSES",
    "Loss",
    "PolicyLoss",
    "aggregate",
    "bnpo",
    "cispo",
    "clip_cov",
    "dapo",
    "default_aggregation",
    "dppo_kl",
    "dppo_tv",
    "dr_grpo",
    "entropy_bonus",
    "gmpo",
    "grpo",
    "gspo",
    "gspo_token",
    "gvpo",
    "hmpo",
    "kl_cov",
    "kl_estimate",
    "kl_penalty",
    "luspo",
    "minirl",
    "policy_loss",
    "ppo",
    "sampler_weights",
    "sapo",
    "value_loss",
    "vespo",
]

PolicyLoss = Callable[..., Loss]
"""``(logp_BT, old_logp_BT, advantages, mask_BT, *, options) -> Loss``."""

LOSSES: dict[str, PolicyLoss] = {
    loss.__name__: loss
    for loss in (
        *(ppo, grpo, dr_grpo, dapo, bnpo),
        *(gspo, gspo_token, luspo, gmpo, hmpo, gvpo, vespo),
        *(minirl, cispo, sapo, dppo_tv, dppo_kl, clip_cov, kl_cov),
    )
}
"""Every policy loss by its name."""


def policy_loss(name: str) -> PolicyLoss:
    """The loss of this name; an unknown one is refused with its nearest neighbour.

    >>> policy_loss("dapo") is dapo
    True
    >>> policy_loss("drgrpo")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    jeoul.errors.UsageError: policy loss 'drgrpo' is unknown (did you mean 'dr_grpo'?); write one of ppo, grpo, dr_grpo,
    ...
    """
    if name not in LOSSES:
        hint = did_you_mean(str(name), LOSSES)
        raise UsageError(f"policy loss {name!r} is unknown{hint}; write one of {', '.join(LOSSES)}")
    return LOSSES[name]


def default_aggregation(name: str) -> str | None:
    """How the loss of this name averages unless told otherwise; None for gvpo, which has one average by definition."""
    option = inspect.signature(policy_loss(name)).parameters.get("aggregation")
    return None if option is None else str(option.default)
