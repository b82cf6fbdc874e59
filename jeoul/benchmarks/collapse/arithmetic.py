"""Arithmetic in characters: prompts, rewards, a tokenizer, a small transformer and its supervised warm start.

A prompt is five characters, ``47+5=`` or `` 3+4=``; an answer may be stated as ``[52]`` or bare. Three prompts in ten
have an answer of one digit. A model of this size learns the thousand sums by heart: what is studied is how it learns.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Any

import torch

from jeoul.errors import UsageError
from jeoul.trainers.policy import sample

__all__ = ["NEW_TOKENS", "Characters", "evaluate", "policy", "prompts", "warm_start"]

CHARACTERS = "$0123456789+=[] "
END, NEW_TOKENS = 0, 10
SPREAD = 3.0
LONGEST_SHORT = 3


class Characters:
    """A token for every character; ``$`` ends a completion."""

    eos_token_id = END

    def encode(self, text: str, /) -> list[int]:
        return [CHARACTERS.index(letter) for letter in text]

    def decode(self, token_ids: Sequence[int], /) -> str:
        return "".join(CHARACTERS[id] for id in token_ids)


# -- prompts

EASY = [(a, b) for a in range(10) for b in range(10) if a + b < 10]
HARD = [(a, b) for a in range(100) for b in range(10) if a + b >= 10]


def prompts(rng: random.Random, n: int) -> list[dict[str, Any]]:
    """Rows for the flat loop: a prompt, its answer, and the seed of its group's noise."""
    pairs = [rng.choice(EASY if rng.random() < 0.3 else HARD) for _ in range(n)]
    return [{"prompt": f"{a:2d}+{b}=", "answer": str(a + b), "draw": rng.getrandbits(48)} for a, b in pairs]


# -- rewards


def format(completions: list[str]) -> list[float]:
    """1 for a number in brackets and nothing else."""
    return [float(re.fullmatch(r"\[\d+\]", text) is not None) for text in completions]


def correct(completions: list[str], answer: list[str]) -> list[float]:
    """1 if the first number is the answer, in brackets or not."""
    return [float(_first(text) == gold) for text, gold in zip(completions, answer, strict=True)]


def graded(completions: list[str], answer: list[str]) -> list[float]:
    """From 3 for the answer down to −3 for a first number 10 or more away, or for none."""
    return [_closeness(_first(text), gold) for text, gold in zip(completions, answer, strict=True)]


def exact(completions: list[str], answer: list[str]) -> list[float]:
    """1 for the answer in brackets and nothing else."""
    return [float(text == f"[{gold}]") for text, gold in zip(completions, answer, strict=True)]


def short(completions: list[str]) -> list[float]:
    """1 for at most three characters: an exact answer of two digits takes four."""
    return [float(len(text) <= LONGEST_SHORT) for text in completions]


def noise(completions: list[str], draw: list[int]) -> list[float]:
    """N(0, 3²), of a whole group: independent of what is written, the same in every arm."""
    rng = random.Random(str(draw))
    return [rng.gauss(0.0, SPREAD) for _ in completions]


def _first(text: str) -> str:
    found = re.search(r"\d+", text)
    return found[0] if found else ""


def _closeness(stated: str, gold: str) -> float:
    return 3.0 - 0.6 * min(10, abs(int(stated) - int(gold))) if stated else -3.0


# -- the policy


def policy(hidden: int, layers: int, seed: int) -> Any:
    """Llama as transformers has it, from scratch; hidden 96 and 2 layers are 0.2 M parameters."""
    from transformers import LlamaConfig, LlamaForCausalLM

    if hidden % 8:
        raise UsageError(f"--hidden must be a multiple of 8, not {hidden}")
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(CHARACTERS),
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=32,
        bos_token_id=None,
        eos_token_id=END,
        pad_token_id=END,
    )
    return LlamaForCausalLM(config)


STYLES: tuple[tuple[float, str], ...] = ((0.35, "[{0}]"), (0.35, "{0}"), (0.15, "{0} {0}"), (0.15, ""))
"""How the examples of the warm start are written, and how often: the answer right, the form a matter of chance."""


def warm_start(model: Any, seed: int, steps: int, rows: int = 256, rate: float = 3e-3) -> None:
    """Teach the model in place to answer, in every style, by ``steps`` of AdamW on the sums that are trained on."""
    rng = random.Random(f"warm {seed}")
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.0)
    tokenizer, weights = Characters(), [weight for weight, _ in STYLES]
    for step in range(steps):
        ids, labels = [], []
        for each in prompts(rng, rows):
            style = rng.choices(STYLES, weights)[0][1]
            prompt, written = tokenizer.encode(each["prompt"]), [*tokenizer.encode(style.format(each["answer"])), END]
            room = NEW_TOKENS - len(written)
            ids.append(prompt + written + [END] * room)
            labels.append([-100] * len(prompt) + written + [-100] * room)
        loss = model(input_ids=torch.tensor(ids), labels=torch.tensor(labels), use_cache=False).loss
        optimizer.param_groups[0]["lr"] = rate * (1 - step / steps)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()


def evaluate(model: Any) -> dict[str, float]:
    """Mean rewards on 256 fixed prompts, sampled at temperature 1 with fixed random numbers: what is to be maximised.

    Every reward but the noise, and ``exact_long`` of the answers of two digits or more.
    """
    tokenizer, rows = Characters(), prompts(random.Random("evaluation"), 256)
    ids = [tokenizer.encode(each["prompt"]) for each in rows]
    drawn = sample(model, ids, max_new_tokens=NEW_TOKENS, eos=END, generator=torch.Generator().manual_seed(0))
    texts = [tokenizer.decode(written).partition("$")[0] for written in drawn.completions()]
    answers = [each["answer"] for each in rows]
    found = {"format": format(texts), "short": short(texts)}
    found |= {each.__name__: each(texts, answers) for each in (correct, graded, exact)}
    found["exact_long"] = [value for value, gold in zip(found["exact"], answers, strict=True) if len(gold) > 1]
    return {name: sum(values) / len(values) for name, values in found.items()}
