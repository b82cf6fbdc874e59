"""Jeoul's losses beside verl's core_algos, value and gradient, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from parity_cases import LIMIT, SEEDS, Tokens, Value, difference, of, token_batch
from torch import Tensor

from jeoul.trainers import losses

pytest.importorskip("verl")
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

LENGTH = 20
SEQUENCES = "seq-mean-token-mean"


def verl_loss(
    name: str,
    aggregation: str = "token-mean",
    clip: tuple[float, float] = (0.2, 0.2),
    weights: Callable[[Tokens], Tensor] | None = None,
    policy_loss: dict[str, Any] | None = None,
    **options: Any,
) -> Value:
    """The registered loss under an actor's configuration."""
    from verl.trainer.ppo import core_algos
    from verl.workers.config import ActorConfig
    from verl.workers.config.actor import PolicyLossConfig

    config = ActorConfig(
        strategy="fsdp",
        rollout_n=1,
        ppo_micro_batch_size_per_gpu=1,
        clip_ratio=clip[0],
        clip_ratio_low=clip[0],
        clip_ratio_high=clip[1],
        policy_loss=PolicyLossConfig(**policy_loss or {}),
        **options,
    )

    def value(logp: Tensor, batch: Tokens) -> Tensor:
        mask = batch.mask.double()
        return core_algos.get_policy_loss_fn(name)(
            old_log_prob=batch.old,
            log_prob=logp,
            advantages=batch.advantages[:, None] * mask,
            response_mask=mask,
            loss_agg_mode=aggregation,
            config=config,
            rollout_is_weights=None if weights is None else weights(batch),
        )[0]

    return value


def sampler_weights(batch: Tokens) -> Tensor:
    return losses.sampler_weights(batch.old, batch.ref, batch.mask, cap=3.0)


def weighted(loss: Callable[..., losses.Loss], **options: Any) -> Value:
    def value(logp: Tensor, batch: Tokens) -> Tensor:
        given = {"weights": sampler_weights(batch), **options}
        return loss(logp, batch.old, batch.advantages, batch.mask, **given).value

    return value


SMALL = (3e-4, 4e-4)
CASES: dict[str, tuple[Value, dict[str, Any]]] = {
    "vanilla = ppo, dual_clip 3": (of(losses.ppo, dual_clip=3.0), {"name": "vanilla"}),
    "vanilla, clip_ratio_c off = ppo": (of(losses.ppo), {"name": "vanilla", "clip_ratio_c": 1e9}),
    "vanilla, clip .2/.28, no dual = dapo": (
        of(losses.dapo),
        {"name": "vanilla", "clip": (0.2, 0.28), "clip_ratio_c": 1e9},
    ),
    "vanilla, seq-mean-token-mean = grpo": (
        of(losses.grpo),
        {"name": "vanilla", "aggregation": SEQUENCES, "clip_ratio_c": 1e9},
    ),
    "vanilla, seq-mean-token-sum": (
        of(losses.ppo, dual_clip=3.0, aggregation="sequence_mean_token_sum"),
        {"name": "vanilla", "aggregation": "seq-mean-token-sum"},
    ),
    "vanilla, seq-mean-token-sum-norm = dr_grpo": (
        of(losses.dr_grpo, length=LENGTH),
        {
            "name": "vanilla",
            "aggregation": "seq-mean-token-sum-norm",
            "clip_ratio_c": 1e9,
            "global_batch_info": {"loss_scale_factor": LENGTH},
        },
    ),
    "vanilla with sampler weights": (
        weighted(losses.ppo, dual_clip=3.0),
        {"name": "vanilla", "weights": sampler_weights},
    ),
    "gspo": (of(losses.gspo), {"name": "gspo", "aggregation": SEQUENCES, "clip": SMALL}),
    "gspo = gspo_token": (of(losses.gspo_token), {"name": "gspo", "aggregation": SEQUENCES, "clip": SMALL}),
    "geo_mean .4 = gmpo": (of(losses.gmpo), {"name": "geo_mean", "clip": (0.4, 0.4)}),
    "geo_mean .2 = gmpo .2": (of(losses.gmpo, clip_low=0.2, clip_high=0.2), {"name": "geo_mean"}),
    "sapo": (of(losses.sapo), {"name": "sapo", "aggregation": SEQUENCES}),
    "cispo = cispo .2/.2": (of(losses.cispo, clip_low=0.2, clip_high=0.2), {"name": "cispo"}),
    "dppo_tv": (of(losses.dppo_tv), {"name": "dppo_tv", "clip": (0.15, 0.15), "clip_ratio_c": 20.0}),
    "dppo_kl": (of(losses.dppo_kl), {"name": "dppo_kl", "clip": (0.05, 0.05), "clip_ratio_c": 20.0}),
    "kl_cov": (
        of(losses.kl_cov, share=0.2),
        {"name": "kl_cov", "policy_loss": {"kl_cov_ratio": 0.2, "ppo_kl_coef": 1.0}},
    ),
    "clip_cov, every candidate": (
        of(losses.clip_cov, share=1.0, bounds=(0.1, 5.0)),
        {
            "name": "clip_cov",
            "policy_loss": {"clip_cov_ratio": 1.0, "clip_cov_lb": 0.1, "clip_cov_ub": 5.0},
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_loss(name: str, measured: Callable[[str, float], float]) -> None:
    ours, theirs = CASES[name]
    assert measured(f"verl loss: {name}", difference(ours, verl_loss(**theirs))) <= LIMIT


@pytest.mark.parametrize("estimator", ["k1", "k2", "k3"])
def test_kl_penalty(estimator: str, measured: Callable[[str, float], float]) -> None:
    """k3 where it stays below 10: verl clamps its value there."""
    ours, theirs = kl_pair(estimator)
    assert measured(f"verl loss: kl_penalty {estimator}", difference(ours, theirs, spreads=(0.1, 0.4))) <= LIMIT


def kl_pair(estimator: str) -> tuple[Value, Value]:
    from verl.trainer.ppo import core_algos

    def ours(logp: Tensor, batch: Tokens) -> Tensor:
        return losses.kl_penalty(logp, batch.ref, batch.mask, coefficient=1.0, estimator=estimator).value

    def theirs(logp: Tensor, batch: Tokens) -> Tensor:
        penalty = core_algos.kl_penalty(logp, batch.ref, estimator)
        return core_algos.agg_loss(penalty, batch.mask.double(), "token-mean")

    return ours, theirs


def test_value_loss(measured: Callable[[str, float], float]) -> None:
    from verl.trainer.ppo import core_algos

    def ours(values: Tensor, batch: Tokens) -> Tensor:
        return losses.value_loss(values, batch.old, batch.ref, batch.mask).value

    def theirs(values: Tensor, batch: Tokens) -> Tensor:
        return core_algos.compute_value_loss(values, batch.ref, batch.old, batch.mask.double(), 0.2)[0]

    assert measured("verl loss: compute_value_loss", difference(ours, theirs)) <= LIMIT


@pytest.mark.parametrize("level", ["token", "sequence"])
def test_sampler_weights(level: str, measured: Callable[[str, float], float]) -> None:
    from verl.trainer.ppo.rollout_corr_helper import compute_rollout_correction_weights

    for seed in SEEDS:
        b = token_batch(seed, 0.4)
        for limits, spelt in (({"cap": 2.0}, 2.0), ({"floor": 0.5, "cap": 2.0, "outside": "mask"}, "0.5_2.0")):
            ours = losses.sampler_weights(b.old, b.ref, b.mask, level=level, **limits)
            theirs = compute_rollout_correction_weights(b.old - b.ref, b.mask.double(), level, spelt)[0]
            worst = float((ours - theirs).abs().max())
            assert measured(f"verl sampler weights: rollout correction, per {level}", worst) <= LIMIT


# --- where they are not equal, and docs/parity.md says why -----------------------------------------------------------


def test_cispo_is_two_sided_there() -> None:
    assert difference(of(losses.cispo), verl_loss("cispo")) > 0.1


def test_geo_mean_averages_weights_geometrically() -> None:
    theirs = verl_loss("geo_mean", clip=(0.4, 0.4), weights=sampler_weights)
    assert difference(weighted(losses.gmpo), theirs) > 1e-3


def test_k3_is_clamped_there() -> None:
    ours, theirs = kl_pair("k3")
    assert difference(ours, theirs, spreads=(3.0,)) > 1.0
