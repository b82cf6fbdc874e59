"""Jeoul's losses beside GRPOTrainer's own ``_compute_loss``, value and gradient, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from parity_cases import LIMIT, Tokens, Value, difference, of, reward_table
from torch import Tensor

from jeoul.trainers import losses
from jeoul.trainers.logp import selective_logp

pytest.importorskip("trl")
pytestmark = [
    pytest.mark.usefixtures("double_default"),
    pytest.mark.filterwarnings("ignore::FutureWarning:transformers"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

LENGTH = 20
GSPO = {"loss_type": "grpo", "importance_sampling_level": "sequence", "epsilon": 3e-4, "epsilon_high": 4e-4}
CASES: dict[str, tuple[Value, dict[str, Any]]] = {
    "grpo": (of(losses.grpo), {"loss_type": "grpo"}),
    "grpo, clip .2/.28, beta .04": (
        of(losses.grpo, reference=True, clip_high=0.28),
        {"loss_type": "grpo", "epsilon_high": 0.28, "beta": 0.04, "use_bias_correction_kl": False},
    ),
    "grpo, dual_clip 3 = delta 3": (of(losses.grpo, dual_clip=3.0), {"loss_type": "grpo", "delta": 3.0}),
    "bnpo": (of(losses.bnpo), {"loss_type": "bnpo"}),
    "bnpo, beta .1": (
        of(losses.bnpo, reference=True, beta=0.1),
        {"loss_type": "bnpo", "beta": 0.1, "use_bias_correction_kl": False},
    ),
    "dr_grpo, length = max_completion_length": (of(losses.dr_grpo, length=LENGTH), {"loss_type": "dr_grpo"}),
    "dapo": (of(losses.dapo), {"loss_type": "dapo", "epsilon_high": 0.28}),
    "gspo": (of(losses.gspo), GSPO),
    "cispo, clip_high 4 = epsilon_high 5": (of(losses.cispo), {"loss_type": "cispo", "epsilon_high": 5.0}),
    "sapo": (of(losses.sapo), {"loss_type": "sapo"}),
    "luspo": (of(losses.luspo), GSPO | {"loss_type": "luspo"}),
    "vespo": (of(losses.vespo), {"loss_type": "vespo"}),
}


def trl_loss(
    tiny_model: str,
    options: dict[str, Any],
    correction: Callable[[Tokens], Tensor] | None = None,
    compute: Callable[..., Tensor] | None = None,
) -> Value:
    """TRL's loss of given log-probabilities: its trainer, whose model is not asked for them."""
    import tiny_trl
    from trl import GRPOTrainer

    run = tiny_trl.trainer(tiny_model, [reward_table(0)], **options | {"max_completion_length": LENGTH})
    run.current_gradient_accumulation_steps = 1
    run.model.train()
    if correction is not None:  # vLLM itself is not needed for what its mismatch does to the loss
        run.use_vllm = run.vllm_importance_sampling_correction = True

    def value(logp: Tensor, batch: Tokens) -> Tensor:
        run._get_per_token_logps_and_entropies = lambda *args, **kwargs: (logp, torch.zeros_like(logp), None)
        ids = torch.zeros(logp.shape, dtype=torch.long)
        inputs = {
            "prompt_ids": ids[:, :1],
            "prompt_mask": torch.ones_like(ids[:, :1]),
            "completion_ids": ids,
            "completion_mask": batch.mask.long(),
            "advantages": batch.advantages,
            "old_per_token_logps": batch.old,
            "ref_per_token_logps": batch.ref,
            "num_items_in_batch": batch.mask.sum(),
        }
        if correction is not None:
            inputs["importance_sampling_ratio"] = correction(batch)
        return (compute or GRPOTrainer._compute_loss)(run, None, inputs)

    return value


@pytest.mark.parametrize("name", CASES)
def test_loss(name: str, tiny_model: str, measured: Callable[[str, float], float]) -> None:
    ours, options = CASES[name]
    assert measured(f"trl loss: {name}", difference(ours, trl_loss(tiny_model, options))) <= LIMIT


def test_loss_with_sampler_weights(tiny_model: str, measured: Callable[[str, float], float]) -> None:
    def correction(batch: Tokens) -> Tensor:
        return losses.sampler_weights(batch.old, batch.ref, batch.mask, cap=3.0)

    def ours(logp: Tensor, batch: Tokens) -> Tensor:
        weights = correction(batch)
        return losses.grpo(logp, batch.old, batch.advantages, batch.mask, weights=weights).value

    worst = difference(ours, trl_loss(tiny_model, {"loss_type": "grpo"}, correction))
    assert measured("trl loss: grpo with sampler weights", worst) <= LIMIT


def test_gmpo_of_trl_experimental(tiny_model: str, measured: Callable[[str, float], float]) -> None:
    from trl.experimental.gmpo.gmpo_trainer import GMPOTrainer

    theirs = trl_loss(tiny_model, {"epsilon": 0.4, "epsilon_high": 0.4}, compute=GMPOTrainer._compute_loss)
    assert measured("trl loss: gmpo (experimental)", difference(of(losses.gmpo), theirs)) <= LIMIT


def test_kl_has_a_factor_there_by_default(tiny_model: str) -> None:
    """use_bias_correction_kl, on since TRL 1.16, multiplies each token's k3 by its ratio, with gradient."""
    theirs = trl_loss(tiny_model, {"loss_type": "grpo", "beta": 0.04})
    assert difference(of(losses.grpo, reference=True), theirs) > 1e-2


def test_cispo_means_another_cap(tiny_model: str) -> None:
    """TRL's epsilon_high is the cap itself, ours what is above 1: the same number is another loss."""
    theirs = trl_loss(tiny_model, {"loss_type": "cispo", "epsilon_high": 0.28})
    assert difference(of(losses.cispo, clip_high=0.28), theirs) > 0.1


@pytest.mark.parametrize("loss_type", ["grpo", "dapo", "bnpo", "dr_grpo", "sapo"])
def test_real_step(loss_type: str, tiny_model: str, measured: Callable[[str, float], float]) -> None:
    """Two optimiser steps on one batch: the loss TRL trains on, against ours on our own log-probabilities."""
    import tiny_trl

    tables = [reward_table(seed) for seed in range(4)]
    run = tiny_trl.trainer(tiny_model, tables, loss_type=loss_type, num_iterations=2, beta=0.0)
    seen: list[Tensor] = []
    training_step = run.training_step

    def watched(policy: Any, inputs: Any, count: Any = None) -> Tensor:
        before = {name: tensor.clone() for name, tensor in policy.state_dict().items()}
        result = training_step(policy, inputs, count)
        batch = run.losses[-1][0]
        after = {name: tensor.clone() for name, tensor in policy.state_dict().items()}
        policy.load_state_dict(before)
        seen.append(our_logp(policy, batch))
        policy.load_state_dict(after)
        return result

    run.training_step = watched
    run.train()
    worst = 0.0
    for (inputs, _, loss), logp in zip(run.losses, seen, strict=True):
        options = {"length": run.max_completion_length} if loss_type == "dr_grpo" else {}
        ours = losses.policy_loss(loss_type)(
            logp,
            logp if inputs.get("old_per_token_logps") is None else inputs["old_per_token_logps"],
            inputs["advantages"],
            inputs["completion_mask"],
            **{"clip_high": 0.2} if loss_type == "dapo" else {},
            **options,
        )
        worst = max(worst, float((ours.value.detach() - loss).abs()))
    assert len(seen) == len(tables)
    assert measured(f"trl loss: {loss_type}, real steps (TRL's logp are float32)", worst) <= LIMIT


@torch.no_grad()
def our_logp(policy: Any, batch: dict[str, Tensor]) -> Tensor:
    ids = torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1)
    mask = torch.cat([batch["prompt_mask"], batch["completion_mask"]], dim=1)
    width = batch["completion_ids"].shape[1]
    logits = policy(input_ids=ids, attention_mask=mask).logits[:, -width - 1 : -1]
    return selective_logp(logits, batch["completion_ids"])
