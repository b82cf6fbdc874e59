"""Log-probabilities of given tokens without the memory: no float32 [B, T, V] is ever made.

Shape legend: ``…`` any leading dimensions (rows), V vocabulary, H hidden size. Both functions walk over the rows in
chunks that stay in the cache, keep what the backward pass needs ([…] numbers, not […, V]) and compute half-precision
inputs in float32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple, cast, overload

import torch
from torch import Tensor

from jeoul.errors import UsageError
from jeoul.trainers.logp_rows import Incoming, Rows, backward_rows, chunks_of, float_dtype, forward_rows, rows_for

__all__ = ["TokenLogp", "selective_logp", "selective_logp_from_hidden"]


class TokenLogp(NamedTuple):
    """``logp``: log-probability of each given token; ``entropy``: of the distribution it is drawn from, in nats."""

    logp: Tensor
    entropy: Tensor


@overload
def selective_logp(
    logits: Tensor,
    ids: Tensor,
    *,
    temperature: float = ...,
    entropy: Literal[False] = ...,
    consume_logits: bool = ...,
    chunk_rows: int | None = ...,
) -> Tensor: ...
@overload
def selective_logp(
    logits: Tensor,
    ids: Tensor,
    *,
    entropy: Literal[True],
    temperature: float = ...,
    consume_logits: bool = ...,
    chunk_rows: int | None = ...,
) -> TokenLogp: ...


def selective_logp(
    logits: Tensor,
    ids: Tensor,
    *,
    temperature: float = 1.0,
    entropy: bool = False,
    consume_logits: bool = False,
    chunk_rows: int | None = None,
) -> Tensor | TokenLogp:
    """Log softmax(logits / temperature)[ids], with gradient.

    Extra memory of forward and backward: the gradient (1× the logits) and one chunk; with ``consume_logits`` the chunk
    alone. The result is float32 (float64 for float64 logits): TRL and verl return bfloat16 for bfloat16 logits, which
    is wrong by up to 0.06 nats. A row whose incoming gradient is 0 (a masked token) gets gradient exactly 0, even where
    its logits are NaN.

    Args:
        logits: floating […, V]; −inf (a forbidden token) is fine. To drop the last position, give it any id and mask
            its result; slicing ``logits[:, :-1]`` costs a copy of the gradient.
        ids: integers […] in [0, V); for padding write any token, e.g. ``ids.clamp(min=0)``, and mask the result.
        temperature: that of the sampler, above 0.
        entropy: also return the entropy of every row, with gradient.
        consume_logits: the backward pass writes the gradient over the logits, which are lost: nothing else may need
            them afterwards. A second backward pass is refused by autograd.
        chunk_rows: rows at a time; None chooses by device.

    Returns:
        Log-probabilities […], or ``TokenLogp`` with ``entropy``.

    >>> selective_logp(torch.tensor([[0.0, 0.0], [0.0, 1.0]]), torch.tensor([0, 1]))
    tensor([-0.6931, -0.3133])
    >>> selective_logp(torch.zeros(1, 4), torch.tensor([2]), entropy=True).entropy
    tensor([1.3863])
    """
    _check(logits, ids, temperature, "logits", logits.shape[-1] if logits.dim() else 0)
    if chunk_rows is None:
        chunk_rows = rows_for(logits.device, logits.shape[-1], cpu=2**21, other=2**26)
    logp, spread = _from_logits(logits, ids, 1 / temperature, chunk_rows, entropy, consume_logits)
    return TokenLogp(logp, spread) if entropy else logp


def selective_logp_from_hidden(
    hidden: Tensor,
    weight: Tensor,
    ids: Tensor,
    *,
    bias: Tensor | None = None,
    temperature: float = 1.0,
    entropy: bool = False,
    block_rows: int | None = None,
) -> Tensor | TokenLogp:
    """:func:`selective_logp` of ``hidden @ weight.T + bias`` without making the logits.

    Logits exist for one block of rows at a time and are computed again in the backward pass: one more matrix product
    than with full logits (4 instead of 3). Products of half-precision inputs are accumulated and kept in float32. Rows
    without gradient (masked tokens) are skipped in the backward pass.

    Args:
        hidden: floating […, H], the input of the language-model head.
        weight: [V, H], the head, of hidden's dtype. A frozen head (``requires_grad=False``) saves a product.
        ids, temperature, entropy: as in :func:`selective_logp`.
        bias: [V] or None.
        block_rows: rows at a time; None chooses by device. A block costs block_rows × V float32.

    >>> head = torch.eye(2)
    >>> selective_logp_from_hidden(torch.tensor([[0.0, 0.0], [0.0, 1.0]]), head, torch.tensor([0, 1]))
    tensor([-0.6931, -0.3133])
    """
    if weight.dim() != 2 or hidden.dim() == 0 or weight.shape[1] != hidden.shape[-1] or weight.dtype != hidden.dtype:
        raise UsageError(
            f"weight must be [V, H] with hidden's H and dtype, not {tuple(weight.shape)} {weight.dtype} "
            f"for hidden {tuple(hidden.shape)} {hidden.dtype}; an embedding is [V, H], its transpose is not"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise UsageError(f"bias must have shape ({weight.shape[0]},), not {tuple(bias.shape)}")
    _check(hidden, ids, temperature, "hidden", weight.shape[0])
    if block_rows is None:
        block_rows = rows_for(hidden.device, weight.shape[0], cpu=2**25 + 2**22, other=2**28)
    logp, spread = _from_hidden(hidden, weight, bias, ids, 1 / temperature, block_rows, entropy)
    return TokenLogp(logp, spread) if entropy else logp


class _FromLogits(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, ids: Tensor, scale: float, chunk_rows: int, entropy: bool, consume: bool
    ) -> tuple[Tensor, Tensor | None]:
        ctx.set_materialize_grads(False)
        out = Rows.empty(ids.numel(), logits, entropy)
        for z_RV, rows in chunks_of(logits, chunk_rows):
            forward_rows(z_RV, ids.reshape(-1)[rows], scale, out, rows)
        ctx.save_for_backward(logits, ids, *out)
        ctx.options = scale, chunk_rows, consume
        return out.logp.view(ids.shape), None if out.entropy is None else out.entropy.view(ids.shape)

    @staticmethod
    def backward(ctx: Any, d_logp: Tensor | None, d_entropy: Tensor | None) -> tuple[Tensor | None, ...]:
        if d_logp is None and d_entropy is None:
            return (None,) * 6
        logits, ids, *rest = ctx.saved_tensors
        saved = Rows(*rest)
        scale, chunk_rows, consume = ctx.options
        incoming = Incoming.of(d_logp, d_entropy, ids.numel())
        grad = logits.detach() if consume else torch.empty_like(logits, memory_format=torch.contiguous_format)
        for (z_RV, rows), (out_RV, _) in zip(chunks_of(logits, chunk_rows), chunks_of(grad, chunk_rows), strict=True):
            backward_rows(z_RV, ids.reshape(-1)[rows], scale, saved, incoming, rows, out_RV)
        if consume:
            torch.autograd.graph.increment_version(logits)
        return grad, None, None, None, None, None


class _FromHidden(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        ids: Tensor,
        scale: float,
        block_rows: int,
        entropy: bool,
    ) -> tuple[Tensor, Tensor | None]:
        ctx.set_materialize_grads(False)
        hidden_NH, ids_N = hidden.reshape(-1, hidden.shape[-1]), ids.reshape(-1)
        out = Rows.empty(ids.numel(), hidden, entropy)
        project = _projector(weight, bias, min(block_rows, len(hidden_NH)))
        chunk_rows = rows_for(hidden.device, len(weight), cpu=2**21, other=2**26)
        for start in range(0, len(hidden_NH), block_rows):
            z_RV = project(hidden_NH[start : start + block_rows])
            for z, rows in chunks_of(z_RV, chunk_rows):
                inside = slice(start + rows.start, start + rows.stop)
                forward_rows(z, ids_N[inside], scale, out, inside)
        ctx.save_for_backward(hidden, weight, bias, ids, *out)
        ctx.options = scale, block_rows
        return out.logp.view(ids.shape), None if out.entropy is None else out.entropy.view(ids.shape)

    @staticmethod
    def backward(ctx: Any, d_logp: Tensor | None, d_entropy: Tensor | None) -> tuple[Tensor | None, ...]:
        if d_logp is None and d_entropy is None:
            return (None,) * 7
        hidden, weight, bias, ids, *rest = ctx.saved_tensors
        scale, block_rows = ctx.options
        incoming = Incoming.of(d_logp, d_entropy, ids.numel())
        live = incoming.live.nonzero().flatten()  # masked rows cost nothing and, if NaN, spoil nothing
        incoming, saved = incoming.select(live), Rows(*rest).select(live)
        hidden_NH, ids_N = hidden.reshape(-1, hidden.shape[-1])[live], ids.reshape(-1)[live]
        grads = _HeadGrads(hidden_NH, weight, bias, ctx.needs_input_grad[:3])
        project = _projector(weight, bias, min(block_rows, max(1, len(live))))
        chunk_rows = rows_for(hidden.device, len(weight), cpu=2**21, other=2**26)
        for start in range(0, len(live), block_rows):
            z_RV = project(hidden_NH[start : start + block_rows])
            for z, rows in chunks_of(z_RV, chunk_rows):
                inside = slice(start + rows.start, start + rows.stop)
                backward_rows(z, ids_N[inside], scale, saved, incoming, inside, z)
            grads.add(z_RV, slice(start, start + len(z_RV)))
        return *grads.result(hidden, live), None, None, None, None


_from_logits = cast("Callable[..., tuple[Tensor, Tensor]]", _FromLogits.apply)
_from_hidden = cast("Callable[..., tuple[Tensor, Tensor]]", _FromHidden.apply)


class _HeadGrads:
    """Gradients of hidden rows, head and bias, accumulated in float32 (float64)."""

    def __init__(self, hidden_NH: Tensor, weight: Tensor, bias: Tensor | None, needed: tuple[bool, ...]) -> None:
        dtype = float_dtype(weight.dtype)
        self.hidden_NH, self.weight, self.bias = hidden_NH, weight, bias
        self.d_hidden = torch.empty_like(hidden_NH, dtype=dtype) if needed[0] else None
        self.d_weight = torch.zeros_like(weight, dtype=dtype) if needed[1] else None
        self.d_bias = torch.zeros_like(bias, dtype=dtype) if needed[2] and bias is not None else None

    def add(self, d_z_RV: Tensor, rows: slice) -> None:
        if self.d_hidden is not None:
            self.d_hidden[rows] = 0
            for tile_WH, columns in _tiles(self.weight, d_z_RV.dtype):
                self.d_hidden[rows].addmm_(d_z_RV[:, columns], tile_WH)
        if self.d_weight is not None:
            self.d_weight.addmm_(d_z_RV.t(), self.hidden_NH[rows].to(d_z_RV.dtype))
        if self.d_bias is not None:
            self.d_bias += d_z_RV.sum(dim=0)

    def result(self, hidden: Tensor, live: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        d_hidden = None
        if self.d_hidden is not None:
            d_hidden = torch.zeros_like(hidden, memory_format=torch.contiguous_format)
            d_hidden.view(-1, hidden.shape[-1])[live] = self.d_hidden.to(hidden.dtype)
        d_weight = None if self.d_weight is None else self.d_weight.to(self.weight.dtype)
        d_bias = None if self.d_bias is None or self.bias is None else self.d_bias.to(self.bias.dtype)
        return d_hidden, d_weight, d_bias


def _projector(weight: Tensor, bias: Tensor | None, block_rows: int) -> Callable[[Tensor], Tensor]:
    """Map hidden [R, H] → logits [R, V] in float32 (float64), always in the same memory."""
    dtype = float_dtype(weight.dtype)
    buffer = torch.empty(block_rows, len(weight), dtype=dtype, device=weight.device)

    def project(hidden_RH: Tensor) -> Tensor:
        z_RV = buffer[: len(hidden_RH)]
        for tile_WH, columns in _tiles(weight, dtype):
            torch.mm(hidden_RH.to(dtype), tile_WH.t(), out=z_RV[:, columns])
        return z_RV if bias is None else z_RV.add_(bias)

    return project


def _tiles(weight: Tensor, dtype: torch.dtype) -> Iterator[tuple[Tensor, slice]]:
    """Give the head in ``dtype``: as it is, or piece by piece where that takes a copy; each with its place in V."""
    step = max(1, len(weight)) if weight.dtype == dtype else 2**14
    for start in range(0, len(weight), step):
        yield weight[start : start + step].to(dtype), slice(start, start + step)


def _check(source: Tensor, ids: Tensor, temperature: float, name: str, vocabulary: int) -> None:
    if not source.is_floating_point() or source.dim() == 0:
        raise UsageError(f"{name} must be a floating-point tensor […, {name[0].upper()}], not {source.dtype}")
    if ids.is_floating_point() or ids.dtype == torch.bool or ids.shape != source.shape[:-1]:
        raise UsageError(
            f"ids must be integers of shape {tuple(source.shape[:-1])}, {name} without its last dimension, "
            f"not {ids.dtype} {tuple(ids.shape)}"
        )
    if not temperature > 0:
        raise UsageError(f"temperature must be above 0, not {temperature!r}")
    if ids.numel() and (int(ids.min()) < 0 or int(ids.max()) >= vocabulary):
        raise UsageError(
            f"ids must lie in [0, {vocabulary}), not in [{int(ids.min())}, {int(ids.max())}]; give padding any token, "
            "e.g. ids.clamp(min=0), and mask the result"
        )
