"""Advantages per token, from a value function."""

from __future__ import annotations

import torch
from torch import Tensor

from jeoul.errors import UsageError

__all__ = ["gae"]


@torch.no_grad()
def gae(
    rewards_BT: Tensor,
    values_BT: Tensor,
    mask_BT: Tensor | None = None,
    *,
    gamma: float = 1.0,
    lam: float = 0.95,
    bootstrap_B: Tensor | None = None,
) -> Tensor:
    """Estimate the advantage of each token: δ_t = R_t + γ V_{t+1} − V_t,  A_t = Σ_l (γλ)^l δ_{t+l}.

    Sources: GAE 1506.02438; PPO 1707.06347, Eq. 11.

    rewards_BT   reward of each token (usually 0 but for the last)
    values_BT    V(s_t) before each token
    mask_BT      which tokens are the policy's. The others (padding, tool output) are stepped over: the next token
                 of the policy follows directly, its A and V undiscounted by the gap. They get 0.
    bootstrap_B  V after the last token; None: the episode has ended, 0

    Returns [B, T], in the dtype of the values (float32 for bfloat16 and float16). The value function's target is
    gae(…) + values. verl and NeMo whiten the result over the tokens of the batch; the paper does not, nor does this.

    >>> gae(torch.tensor([[0.0, 0.0, 1.0]]), torch.tensor([[0.5, 0.5, 0.5]]), lam=0.5)
    tensor([[0.1250, 0.2500, 0.5000]])
    """
    _check(rewards_BT, values_BT, mask_BT, bootstrap_B, gamma, lam)
    dtype = torch.float64 if values_BT.dtype == torch.float64 else torch.float32
    ours_BT = torch.ones_like(values_BT, dtype=torch.bool) if mask_BT is None else mask_BT.bool()
    rewards_TB = torch.where(ours_BT, rewards_BT.double(), 0.0).t()
    values_TB = torch.where(ours_BT, values_BT.double(), 0.0).t()
    if not bool((rewards_TB.isfinite() & values_TB.isfinite()).all()):
        raise UsageError("rewards or values are not finite within the mask; a token's reward and value are numbers")
    advantage_B = torch.zeros_like(values_TB[0])
    next_value_B = advantage_B if bootstrap_B is None else bootstrap_B.double()
    steps = []
    for t in range(values_TB.shape[0] - 1, -1, -1):
        ours_B = ours_BT[:, t]
        delta_B = rewards_TB[t] + gamma * next_value_B - values_TB[t]
        advantage_B = torch.where(ours_B, delta_B + gamma * lam * advantage_B, advantage_B)
        next_value_B = torch.where(ours_B, values_TB[t], next_value_B)
        steps.append(advantage_B)
    advantages_BT = torch.stack(steps[::-1], dim=1)
    return torch.where(ours_BT, advantages_BT, 0.0).to(dtype)


def _check(
    rewards_BT: Tensor,
    values_BT: Tensor,
    mask_BT: Tensor | None,
    bootstrap_B: Tensor | None,
    gamma: float,
    lam: float,
) -> None:
    for name, tensor in (("rewards", rewards_BT), ("values", values_BT)):
        if not isinstance(tensor, Tensor) or tensor.dim() != 2 or 0 in tensor.shape or not tensor.is_floating_point():
            what = f"{tensor.dtype} {list(tensor.shape)}" if isinstance(tensor, Tensor) else type(tensor).__name__
            raise UsageError(f"{name} is {what}; expected a floating tensor [B, T] with at least one token")
    for name, other in (("values", values_BT), ("mask", mask_BT)):
        if other is not None and other.shape != rewards_BT.shape:
            raise UsageError(
                f"{name} has shape {list(other.shape)}, rewards {list(rewards_BT.shape)}; expected the same"
            )
    if bootstrap_B is not None and bootstrap_B.shape != rewards_BT.shape[:1]:
        raise UsageError(f"bootstrap has shape {list(bootstrap_B.shape)}; expected [{rewards_BT.shape[0]}]")
    for name, value in (("gamma", gamma), ("lam", lam)):
        if not 0 <= value <= 1:
            raise UsageError(f"{name} is {value!r}; a discount lies between 0 and 1")
