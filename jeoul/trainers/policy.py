"""What a causal language model does for the flat loop: write completions, tell log-probabilities of written ones.

Shape legend: B rows, P prompt and T completion positions, V vocabulary, L layers, E experts, k of them a token.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from jeoul.errors import DataError, TrainingError
from jeoul.trainers.logp import selective_logp
from jeoul.trainers.monitor_moe import routed_experts

__all__ = ["Batch", "Sample", "Tokenizer", "Tokens", "before_update", "finite", "sample", "token_logp"]


class Tokenizer(Protocol):
    """What is needed of a tokenizer; those of transformers have it."""

    @property
    def eos_token_id(self) -> Any: ...
    def encode(self, text: str, /) -> Any: ...
    def decode(self, token_ids: Any, /) -> Any: ...


class Sample(NamedTuple):
    """Completions of B prompts.

    Attributes:
        ids: [B, P + T]; prompts are padded on the left, completions on the right.
        prompt_mask: [B, P], True where there is a token.
        mask: [B, T], the same of completions; the end token is one.
        logp: [B, T], of each token under the distribution it was drawn from.
    """

    ids: Tensor
    prompt_mask: Tensor
    mask: Tensor
    logp: Tensor

    def completions(self) -> list[list[int]]:
        """Token ids of each completion, without padding."""
        rows = self.ids[:, -self.mask.shape[1] :].tolist()
        return [row[:length] for row, length in zip(rows, self.mask.sum(dim=1).tolist(), strict=True)]


class Batch(NamedTuple):
    """What a loss is made of.

    Attributes:
        ids, prompt_mask, mask: as in :class:`Sample`.
        old_logp: [B, T], under the policy that sampled.
        advantages, groups: [B].
        ref_logp: [B, T], under the reference, where there is a penalty towards it.
        experts: [B, T, L, k], chosen before the first update, of a mixture of experts.
    """

    ids: Tensor
    prompt_mask: Tensor
    mask: Tensor
    old_logp: Tensor
    advantages: Tensor
    groups: Tensor
    ref_logp: Tensor | None = None
    experts: Tensor | None = None

    def rows(self, index: Tensor) -> Batch:
        """Some of the rows."""
        chosen = {name: tensor[index] for name, tensor in self._asdict().items() if tensor is not None}
        return Batch(**chosen)


class Tokens(NamedTuple):
    """Of each completion token: log π_θ and entropy [B, T], with gradient; router logits [L, B·T, E] if there are."""

    logp: Tensor
    entropy: Tensor
    router: Tensor | None


@torch.no_grad()
def sample(
    model: Any,
    prompts: Sequence[Sequence[int]],
    *,
    max_new_tokens: int,
    eos: int,
    temperature: float = 1.0,
    generator: torch.Generator | None = None,
) -> Sample:
    """One completion of every prompt (token ids), with a key-value cache; temperature 0 takes the likeliest token.

    Plain on purpose: for a model of this loop's size ``generate`` spends more on bookkeeping than on the model. Rows
    that have ended are carried along until all have.

    Raises:
        TrainingError: the model's output is NaN.
        DataError: a prompt is empty.
    """
    if not all(prompts):
        raise DataError("a prompt has no tokens, so there is nothing to go on from; begin prompts with a token")
    width, device = max(map(len, prompts)), model.device
    padded = torch.tensor([[eos] * (width - len(ids)) + list(ids) for ids in prompts], device=device)
    prompt_mask = torch.tensor([[False] * (width - len(ids)) + [True] * len(ids) for ids in prompts], device=device)
    step_ids, seen, cache = padded, prompt_mask, None
    alive_B = torch.ones(len(prompts), dtype=torch.bool, device=device)
    tokens, logps, masks = [], [], []
    for _ in range(max_new_tokens):
        inputs = {"input_ids": step_ids, **_placed(seen, step_ids.shape[1])}
        out = model(**inputs, past_key_values=cache, use_cache=True, logits_to_keep=1)
        logp_BV = torch.log_softmax(out.logits[:, -1].float() / (temperature or 1.0), dim=-1)
        finite(logp_BV.amax(dim=-1), "the log-probabilities to sample from")
        if temperature:
            step_ids = torch.multinomial(logp_BV.exp(), 1, generator=generator)
        else:
            step_ids = logp_BV.argmax(dim=-1, keepdim=True)
        tokens.append(torch.where(alive_B, step_ids[:, 0], eos))
        logps.append(torch.where(alive_B, logp_BV.gather(1, step_ids)[:, 0], 0.0))
        masks.append(alive_B)
        alive_B = alive_B & (step_ids[:, 0] != eos)
        if not bool(alive_B.any()):
            break
        seen, cache = torch.cat([seen, torch.ones_like(seen[:, :1])], dim=1), out.past_key_values
    ids = torch.cat([padded, torch.stack(tokens, dim=1)], dim=1)
    return Sample(ids, prompt_mask, torch.stack(masks, dim=1), torch.stack(logps, dim=1))


def token_logp(model: Any, ids: Tensor, prompt_mask: Tensor, *, temperature: float = 1.0) -> Tokens:
    """One pass over prompts and completions [B, P + T]; values at a completion's padding have no meaning."""
    length = ids.shape[1] - prompt_mask.shape[1]
    # What follows an end cannot be seen by what stands before it, so only the prompt's padding has to be masked.
    seen = torch.cat([prompt_mask, torch.ones_like(ids[:, :length], dtype=torch.bool)], dim=1)
    experts = getattr(model.config, "num_experts_per_tok", None)
    routed = {} if experts is None else {"output_router_logits": True}
    inputs = {"input_ids": ids, **_placed(seen, ids.shape[1])}
    out = model(**inputs, use_cache=False, logits_to_keep=length + 1, **routed)
    targets = torch.cat([ids[:, -length:], ids[:, -1:]], dim=1)  # the last position predicts nothing: any token will do
    logits = out.logits[:, -length - 1 :]
    logp, entropy = selective_logp(logits, targets, temperature=temperature, entropy=True)
    if experts is None or not getattr(out, "router_logits", None):
        return Tokens(logp[:, :-1], entropy[:, :-1], None)
    layers = torch.stack([layer.view(*ids.shape, -1) for layer in out.router_logits])
    return Tokens(logp[:, :-1], entropy[:, :-1], layers[:, :, -length - 1 : -1].flatten(1, 2))


@torch.no_grad()
def before_update(batch: Batch, model: Any, reference: Any = None, temperature: float = 1.0) -> Batch:
    """The batch with log-probabilities under the reference, if there is one, and with the experts chosen so far."""
    if reference is not None:
        batch = batch._replace(
            ref_logp=token_logp(reference, batch.ids, batch.prompt_mask, temperature=temperature).logp
        )
    if (experts := getattr(model.config, "num_experts_per_tok", None)) is None:
        return batch
    router = token_logp(model, batch.ids, batch.prompt_mask).router
    if router is None:
        return batch
    chosen = routed_experts(router, experts)
    return batch._replace(experts=chosen.view(len(chosen), *batch.mask.shape, -1).permute(1, 2, 0, 3))


def finite(values: Tensor, what: str) -> None:
    """Refuse NaN and infinities: an update with them would ruin the model for good."""
    if not bool(torch.isfinite(values.detach()).all()):
        raise TrainingError(f"{what} are not finite any more: the model has diverged; try a lower learning rate")


def _placed(seen: Tensor, last: int) -> dict[str, Tensor]:
    """Positions of the last tokens, counted without padding; a mask only where there is padding: none is faster."""
    places = {"position_ids": (seen.long().cumsum(dim=1) - 1).clamp(min=0)[:, -last:]}
    return places if bool(seen.all()) else places | {"attention_mask": seen.long()}
