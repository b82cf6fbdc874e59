"""A causal language model of a few thousand parameters, a character tokenizer, prompts and a recipe, made on the spot."""

from __future__ import annotations

import torch
from transformers import LlamaConfig, LlamaForCausalLM, MixtralConfig, MixtralForCausalLM

from jeoul.rewards.recipes.column import use

CHARACTERS = "$0123456789+="
SIZE = {
    "vocab_size": len(CHARACTERS),
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "bos_token_id": None,
    "eos_token_id": 0,
    "pad_token_id": 0,
}


class Characters:
    eos_token_id = 0

    def encode(self, text):
        return [CHARACTERS.index(letter) for letter in text]

    def decode(self, ids):
        return "".join(CHARACTERS[id] for id in ids)


def tiny(seed=0, experts=0):
    torch.manual_seed(seed)
    if experts:
        return MixtralForCausalLM(MixtralConfig(**SIZE, num_local_experts=experts, num_experts_per_tok=2))
    return LlamaForCausalLM(LlamaConfig(**SIZE))


def sums(rng, n):
    pairs = [(rng.randrange(30), rng.randrange(10)) for _ in range(n)]
    return [{"prompt": f"{a}+{b}=", "answer": str(a + b)} for a, b in pairs]


def first_digit(completions, answer):
    return [float(text[:1] == gold[:1]) for text, gold in zip(completions, answer, strict=True)]


def brief(completions):
    return [-float(len(text)) for text in completions]


def recipe(how="gdpo", **options):
    return (1.0 * use(first_digit) + 0.5 * use(brief)).normalise(how, **options)
