"""How evenly a mixture of experts is used, and whether its routing drifts, as pure functions.

Shape legend: N tokens, k experts a token, E experts; ``…`` leading dimensions, usually layers, one figure each.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from jeoul.errors import UsageError

__all__ = ["auxiliary_loss", "expert_counts", "load_figures", "routed_experts", "routing_drift"]


def routed_experts(router_logits: Tensor, k: int) -> Tensor:
    """The k experts with the highest router logits: […, N, E] → […, N, k].

    >>> routed_experts(torch.tensor([[0.1, 0.9, 0.5]]), k=2)
    tensor([[1, 2]])
    """
    experts = router_logits.shape[-1]
    if not 1 <= k <= experts:
        raise UsageError(f"k must lie in [1, {experts}], the number of experts, not {k!r}")
    return router_logits.detach().topk(k, dim=-1).indices


def expert_counts(experts: Tensor, n_experts: int, mask: Tensor | None = None) -> Tensor:
    """c_e, tokens routed to every expert: […, N, k] → […, E] in float64.

    Options:
        experts: expert indices, as the inference engine reports them or from :func:`routed_experts`.
        mask: boolean [N] or […, N]; padding is not counted.

    >>> expert_counts(torch.tensor([[0, 1], [0, 2]]), 4)
    tensor([2., 1., 1., 0.], dtype=torch.float64)
    """
    chosen = _indices("experts", experts)
    if chosen.numel() and (int(chosen.min()) < 0 or int(chosen.max()) >= n_experts):
        raise UsageError(f"experts must lie in [0, {n_experts}), not in [{int(chosen.min())}, {int(chosen.max())}]")
    ones = torch.ones(chosen.shape, dtype=torch.float64, device=chosen.device)
    if mask is not None:
        ones = ones * _mask_like(mask, chosen).unsqueeze(-1)
    counts = ones.new_zeros(*chosen.shape[:-2], n_experts)
    return counts.scatter_add_(-1, chosen.flatten(-2), ones.flatten(-2))


def load_figures(counts: Tensor) -> dict[str, Tensor]:
    """How even the load is, per layer: […, E] token counts → figures […].

    With l_e = c_e/Σc: ``max_violation`` max c/mean c − 1 (MaxVio, 2408.15664), ``min_violation`` 1 − min c/mean c,
    ``mean_violation`` mean |c/mean c − 1|, ``balance`` H(l)/log E (1 = even), ``cv`` std/mean (ddof 0),
    ``effective_experts`` 1/Σl², ``dead_fraction`` share of experts without a token. A layer without tokens is NaN.

    >>> {name: round(value.item(), 3) for name, value in load_figures(torch.tensor([2.0, 2.0, 0.0, 0.0])).items()}
    ... # doctest: +NORMALIZE_WHITESPACE
    {'moe/max_violation': 1.0, 'moe/min_violation': 1.0, 'moe/mean_violation': 1.0, 'moe/balance': 0.5, 'moe/cv': 1.0,
     'moe/effective_experts': 2.0, 'moe/dead_fraction': 0.5}
    """
    counts = counts.detach().to(torch.float64)
    if counts.dim() == 0 or bool((counts < 0).any()):
        raise UsageError("counts must be token counts […, E], none negative; expert_counts gives them")
    relative = counts / counts.mean(dim=-1, keepdim=True)
    load = counts / counts.sum(dim=-1, keepdim=True)
    experts = counts.shape[-1]
    entropy = torch.special.entr(load).sum(dim=-1)
    return {
        "moe/max_violation": relative.amax(dim=-1) - 1,
        "moe/min_violation": 1 - relative.amin(dim=-1),
        "moe/mean_violation": (relative - 1).abs().mean(dim=-1),
        "moe/balance": entropy / math.log(experts) if experts > 1 else torch.ones_like(entropy),
        "moe/cv": (relative - 1).square().mean(dim=-1).sqrt(),
        "moe/effective_experts": 1 / load.square().sum(dim=-1),
        "moe/dead_fraction": (load == 0).to(load.dtype).mean(dim=-1) + 0 * load.sum(dim=-1),
    }


def auxiliary_loss(router_logits: Tensor, k: int, mask: Tensor | None = None) -> Tensor:
    """E·Σ_e f_e·P_e per layer, with gradient through P: […, N, E] → […].

    f_e = c_e/(k·N) is the share of the routed slots, P_e the mean router probability: 1 for an even load, E for one
    expert alone (k = 1). Source: Switch Transformer 2101.03961 Eq. 4 (k = 1), DeepSeekMoE 2401.06066. transformers'
    ``load_balancing_loss_func`` counts f_e = c_e/N and is k times larger.

    >>> auxiliary_loss(torch.zeros(4, 8), k=2).item()
    1.0
    """
    dtype = torch.float64 if router_logits.dtype == torch.float64 else torch.float32
    experts = routed_experts(router_logits, k)
    counts = expert_counts(experts, router_logits.shape[-1], mask).to(dtype)
    inside = torch.ones(experts.shape[:-1], dtype=torch.bool, device=experts.device)
    if mask is not None:
        inside = _mask_like(mask, experts)
    safe = torch.where(
        inside.unsqueeze(-1), router_logits.to(dtype), torch.zeros((), dtype=dtype, device=inside.device)
    )
    probability = torch.softmax(safe, dim=-1) * inside.unsqueeze(-1)
    tokens = inside.sum(dim=-1, keepdim=True).clamp(min=1)
    return router_logits.shape[-1] * (counts / (k * tokens) * (probability.sum(dim=-2) / tokens)).sum(dim=-1)


def routing_drift(old_experts: Tensor, new_experts: Tensor, mask: Tensor | None = None) -> Tensor:
    """1 − |topk_old ∩ topk_new|/k, mean over tokens, per layer: […, N, k] twice → […]. 0 = all shared, 1 = none.

    The order of the experts has no meaning. Old is what sampled, new is what trains; between inference engine and
    trainer it is the routing mismatch that Routing Replay removes (2507.18071).

    >>> routing_drift(torch.tensor([[0, 1], [2, 3]]), torch.tensor([[1, 0], [2, 5]])).item()
    0.25
    """
    old, new = _indices("old_experts", old_experts), _indices("new_experts", new_experts)
    if old.shape != new.shape:
        raise UsageError(f"old_experts {tuple(old.shape)} and new_experts {tuple(new.shape)} must have one shape")
    shared = (old.unsqueeze(-1) == new.unsqueeze(-2)).any(dim=-1).sum(dim=-1)
    drift = 1 - shared.to(torch.float64) / old.shape[-1]
    if mask is None:
        return drift.mean(dim=-1)
    inside = _mask_like(mask, old)
    return torch.where(inside, drift, 0.0).sum(dim=-1) / inside.sum(dim=-1)


def _indices(name: str, experts: Tensor) -> Tensor:
    if experts.is_floating_point() or experts.dtype == torch.bool or experts.dim() < 2:
        raise UsageError(
            f"{name} must be expert indices […, N, k], not {experts.dtype} {tuple(experts.shape)}; "
            "from router logits make them with routed_experts"
        )
    return experts.detach().long()


def _mask_like(mask: Tensor, experts: Tensor) -> Tensor:
    if mask.dtype != torch.bool or mask.shape[-1:] != experts.shape[-2:-1]:
        raise UsageError(
            f"mask must be boolean with last dimension {experts.shape[-2]}, not {mask.dtype} {tuple(mask.shape)}"
        )
    return mask.expand(experts.shape[:-1])
