"""The arithmetic of ``logp`` on one chunk of rows, and the walk over chunks.

Shape legend: R rows of a chunk, N rows in all, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["Incoming", "Rows", "backward_rows", "chunks_of", "float_dtype", "forward_rows", "rows_for"]


class Rows(NamedTuple):
    """Results of all rows [N], filled chunk by chunk."""

    logp: Tensor
    log_sum: Tensor
    entropy: Tensor | None

    @classmethod
    def empty(cls, rows: int, like: Tensor, entropy: bool) -> Rows:
        dtype = float_dtype(like.dtype)
        logp = torch.empty(rows, dtype=dtype, device=like.device)
        return cls(logp, torch.empty_like(logp), torch.empty_like(logp) if entropy else None)

    def select(self, rows: Tensor) -> Rows:
        return Rows(self.logp[rows], self.log_sum[rows], None if self.entropy is None else self.entropy[rows])


class Incoming(NamedTuple):
    """Gradients that arrive for every row [N], and which rows have any."""

    logp: Tensor
    entropy: Tensor | None
    live: Tensor

    @classmethod
    def of(cls, d_logp: Tensor | None, d_entropy: Tensor | None, rows: int) -> Incoming:
        given = d_logp if d_logp is not None else d_entropy
        assert given is not None, "without any gradient there is nothing to do"
        flat = given.new_zeros(rows) if d_logp is None else d_logp.reshape(-1)
        if d_entropy is None:
            return cls(flat, None, flat != 0)
        spread = d_entropy.reshape(-1)
        return cls(flat, spread, (flat != 0) | (spread != 0))

    def select(self, rows: Tensor | slice) -> Incoming:
        return Incoming(self.logp[rows], None if self.entropy is None else self.entropy[rows], self.live[rows])


def forward_rows(z_RV: Tensor, ids_R: Tensor, scale: float, out: Rows, rows: slice) -> None:
    """Write log-probability, log-normaliser and, if asked for, entropy of these rows into ``out``."""
    log_sum_R1, scratch_RV = _normaliser(z_RV, scale, out.logp.dtype)
    chosen_R1 = z_RV.gather(1, ids_R.unsqueeze(1)).to(out.logp.dtype) * scale
    out.log_sum[rows] = log_sum_R1.squeeze(1)
    out.logp[rows] = (chosen_R1 - log_sum_R1).squeeze(1)
    if out.entropy is not None:
        log_p_RV = _shifted(z_RV, scale, log_sum_R1, out=scratch_RV)
        p_RV = log_p_RV.exp()
        # A forbidden token has p = 0 and log p = −inf; their product is 0, not NaN.
        out.entropy[rows] = -p_RV.mul_(log_p_RV.clamp_(min=torch.finfo(log_p_RV.dtype).min)).sum(dim=1)


def backward_rows(
    z_RV: Tensor, ids_R: Tensor, scale: float, saved: Rows, incoming: Incoming, rows: slice, out_RV: Tensor
) -> None:
    """Write ∂/∂z of Σ g·logp + h·H to ``out_RV`` (it may be z): scale·[g·(1[v = y] − p_v) − h·p_v·(log p_v + H)]."""
    here = incoming.select(rows)
    dead_R = ~here.live
    if bool(dead_R.all()):
        out_RV.zero_()
        return
    g_R1, target_R1 = here.logp.unsqueeze(1) * scale, ids_R.unsqueeze(1)
    log_p_RV = _shifted(z_RV, scale, saved.log_sum[rows].unsqueeze(1))
    if here.entropy is None or saved.entropy is None:
        p_RV = log_p_RV.exp_()
        d_target_R1 = g_R1 * (1 - p_RV.gather(1, target_R1))
        torch.mul(p_RV, -g_R1, out=out_RV)
    else:
        p_RV = log_p_RV.exp()
        log_p_RV.clamp_(min=torch.finfo(log_p_RV.dtype).min)
        h_R1 = here.entropy.unsqueeze(1) * scale
        log_p_RV.add_(saved.entropy[rows].unsqueeze(1)).mul_(-h_R1).sub_(g_R1)
        d_target_R1 = (p_RV * log_p_RV).gather(1, target_R1) + g_R1
        torch.mul(p_RV, log_p_RV, out=out_RV)
    out_RV.scatter_(1, target_R1, d_target_R1.to(out_RV.dtype))
    if bool(dead_R.any()):
        out_RV[dead_R] = 0


def _normaliser(z_RV: Tensor, scale: float, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Log Σ_v exp(scale·z_v) as [R, 1], and scratch memory of z's shape.

    Not torch.log_softmax: on a CPU its running sum over 150,000 terms is off by 1.7e-5; sum() adds in a tree.
    """
    highest_R1 = z_RV.amax(dim=1, keepdim=True).to(dtype) * scale
    scratch_RV = _shifted(z_RV, scale, highest_R1)
    return scratch_RV.exp_().sum(dim=1, keepdim=True).log_().add_(highest_R1), scratch_RV


def _shifted(z_RV: Tensor, scale: float, by_R1: Tensor, out: Tensor | None = None) -> Tensor:
    """scale·z − by, in by's dtype."""
    if out is None:
        out = torch.empty(z_RV.shape, dtype=by_R1.dtype, device=z_RV.device)
    return torch.sub(z_RV, by_R1, out=out) if scale == 1 else torch.mul(z_RV, scale, out=out).sub_(by_R1)


def chunks_of(tensor: Tensor, rows: int) -> Iterator[tuple[Tensor, slice]]:
    """[…, V] as chunks [≤ rows, V] that share its memory (also if it is a slice), each with its place in all rows."""
    tensor = tensor.detach()
    offset = 0
    for slab in _slabs(tensor):
        for start in range(0, len(slab), rows):
            part = slab[start : start + rows]
            yield part, slice(offset + start, offset + start + len(part))
        offset += len(slab)


def _slabs(tensor: Tensor) -> Iterator[Tensor]:
    if tensor.dim() == 1:
        yield tensor.unsqueeze(0)
    elif tensor.dim() == 2:
        yield tensor
    elif tensor.is_contiguous():
        yield tensor.view(-1, tensor.shape[-1])
    else:
        for part in tensor.unbind(0):
            yield from _slabs(part)


def rows_for(device: torch.device, vocabulary: int, *, cpu: int, other: int) -> int:
    """Rows whose logits number about ``cpu`` (they stay in the cache) or ``other`` (they fill an accelerator)."""
    return max(1, (cpu if device.type == "cpu" else other) // max(1, vocabulary))


def float_dtype(dtype: torch.dtype) -> torch.dtype:
    """The dtype that sums are computed in: float64 for float64, else float32."""
    return torch.float64 if dtype == torch.float64 else torch.float32
