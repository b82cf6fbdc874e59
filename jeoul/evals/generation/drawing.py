"""Drawing the next token with a random number of each row's own, so that a row does not depend on its batch."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import torch

from jeoul.errors import DataError

__all__ = ["Draws", "TextStops", "cut", "draw"]


def draw(logits_BV: torch.Tensor, chance_B: torch.Tensor, temperature: float, top_p: float) -> torch.Tensor:
    """Tokens by inversion: the first, in the order of the vocabulary, whose cumulative probability exceeds the chance.

    Probabilities are ``softmax(logits / temperature)``, of which the smallest set that reaches ``top_p`` is kept, and
    what is as likely as its last token. The order of the vocabulary, rather than of likelihood, keeps a rounding error
    of another batch size from swapping two tokens that are nearly as likely.

    >>> draw(torch.log(torch.tensor([[0.5, 0.3, 0.2]])), torch.tensor([0.6]), temperature=1.0, top_p=1.0)
    tensor([1])

    Raises:
        DataError: a probability is NaN.
    """
    logits = logits_BV.float()
    probs = ((logits - logits.amax(-1, keepdim=True)) / temperature).softmax(-1)
    if probs.device.type != "mps":  # which has no doubles
        probs = probs.double()
    if top_p < 1:
        sorted_probs = probs.sort(-1, descending=True).values
        before = sorted_probs.cumsum(-1) - sorted_probs
        last = (before < top_p).sum(-1, keepdim=True) - 1
        probs = probs.where(probs >= sorted_probs.gather(-1, last.clamp_min(0)), 0)
    cumulative = probs.cumsum(-1)
    total = cumulative[:, -1:]
    if not bool(total.isfinite().all()):
        raise DataError("the model's probabilities are NaN; load it in another dtype (bfloat16 or float32)")
    target = chance_B.to(probs).unsqueeze(-1) * total
    found = torch.searchsorted(cumulative, target, right=True).clamp_max(probs.shape[-1] - 1)
    rounded_up = probs.gather(-1, found) == 0
    return found.where(~rounded_up, probs.argmax(-1, keepdim=True)).squeeze(-1)


class Draws:
    """A logits processor for ``generate(do_sample=False)``: leaves each row only the token drawn with its own seed."""

    def __init__(self, seeds: Sequence[int], temperature: float, top_p: float) -> None:
        self.chances = [random.Random(seed) for seed in seeds]
        self.temperature, self.top_p = temperature, top_p

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        chance = torch.tensor([chance.random() for chance in self.chances], dtype=torch.float64)
        chosen = draw(scores, chance.float() if scores.device.type == "mps" else chance, self.temperature, self.top_p)
        return torch.full_like(scores, float("-inf")).scatter_(-1, chosen.to(scores.device).unsqueeze(-1), 0.0)


class TextStops:
    """A stopping criterion: rows end at a stop text, or at a number of tokens of their own.

    ``ends`` says after how many tokens each did; None where neither came.
    """

    def __init__(self, tokenizer: Any, stop: Sequence[str], most: Sequence[int], prompt_length: int) -> None:
        self.tokenizer, self.stop, self.most, self.prompt_length = tokenizer, tuple(stop), most, prompt_length
        # a stop text of b bytes lies within the last b tokens; a few more where some decode to nothing
        self.tail = max((len(text.encode("utf-8", "replace")) for text in stop), default=0) + 8
        self.ends: list[int | None] = [None] * len(most)

    def __call__(self, input_ids: torch.Tensor, scores: object, **_: object) -> torch.Tensor:
        written = input_ids.shape[1] - self.prompt_length
        for row, most in enumerate(self.most):
            if self.ends[row] is None and (written >= most or self._stopped(input_ids[row], written)):
                self.ends[row] = written
        return torch.tensor([end is not None for end in self.ends], device=input_ids.device)

    def _stopped(self, ids: torch.Tensor, written: int) -> bool:
        if not self.stop:
            return False
        tail = self.tokenizer.decode(ids[-min(self.tail, written) :], skip_special_tokens=True)
        return any(text in tail for text in self.stop)


def cut(text: str, stop: Sequence[str]) -> tuple[str, bool]:
    """Text up to the first stop text, and whether there was one.

    >>> cut("4</answer> and", ["</answer>", "and"])
    ('4', True)
    """
    at = min((found for word in stop if (found := text.find(word)) >= 0), default=-1)
    return (text, False) if at < 0 else (text[:at], True)
