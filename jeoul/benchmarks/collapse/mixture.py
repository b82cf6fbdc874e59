"""A small mixture of experts for the objectives study: transformers' Mixtral from scratch, and its warm start."""

from __future__ import annotations

from typing import Any

import torch

from jeoul.benchmarks.collapse.arithmetic import CHARACTERS, END, warm_start

__all__ = ["LAYERS", "mixture", "warm_mixture"]

LAYERS, HIDDEN, EXPERTS, CHOSEN = 2, 64, 8, 2


def mixture(seed: int) -> Any:
    """8 experts in each of 2 layers, 2 of them a token; 0.23 M parameters."""
    from transformers import MixtralConfig, MixtralForCausalLM

    torch.manual_seed(seed)
    config = MixtralConfig(
        vocab_size=len(CHARACTERS),
        hidden_size=HIDDEN,
        intermediate_size=HIDDEN,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        num_key_value_heads=4,
        num_local_experts=EXPERTS,
        num_experts_per_tok=CHOSEN,
        router_aux_loss_coef=0.02,
        max_position_embeddings=32,
        bos_token_id=None,
        eos_token_id=END,
        pad_token_id=END,
    )
    made: Any = MixtralForCausalLM(config)
    return made.eval()


def warm_mixture(model: Any, seed: int, steps: int) -> None:
    """The supervised warm start, with the load-balancing loss, so that experts are used when training begins."""
    model.config.output_router_logits = True  # transformers adds its balancing loss where these are asked for
    warm_start(model, seed, steps)
    model.config.output_router_logits = False
