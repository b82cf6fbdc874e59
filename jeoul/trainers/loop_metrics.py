"""What the flat loop writes down of a step, from the functions of ``monitor`` and ``monitor_moe``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from jeoul.trainers import monitor, monitor_moe
from jeoul.trainers.presets import preset
from jeoul.trainers.signal import Columns, Signal

if TYPE_CHECKING:
    from jeoul.rewards.tables.table import RewardTable

__all__ = ["Met", "reward_metrics", "routing_metrics"]


def reward_metrics(table: RewardTable) -> dict[str, Any]:
    """The figures of every column, ``reward/<col>/share`` of those that reach the advantage, and ``collapse``.

    The last is the share of pairs of a group with different rewards and the same advantage.
    """
    values, groups = torch.from_numpy(table.value.copy()), torch.from_numpy(table.groups.copy())
    figures: dict[str, Any] = dict(monitor.reward_figures(values, groups, table.names))
    how = table.info["advantage"]
    options = dict(how["options"])
    chosen = preset(options.get("preset", "paper"))
    if chosen.batch == "token":  # who drives what is asked of rows, not of tokens
        options["preset"] = preset(chosen, batch="sequence")
    signal = Signal.of(how["estimator"], Columns.of(table), **options)
    figures |= {f"reward/{name}/share": share for name, share in signal.shares.items()}
    return figures | {"collapse": signal.collapse.probability}


def routing_metrics(router: Tensor, experts: Tensor, mask_BT: Tensor) -> dict[str, Tensor]:
    """``moe/…``, means over layers: the experts' load, and the drift from ``experts`` [B, T, L, k], chosen before."""
    tokens, old_experts = mask_BT.flatten(), experts.permute(2, 0, 1, 3).flatten(1, 2)
    chosen = monitor_moe.routed_experts(router, old_experts.shape[-1])
    load = monitor_moe.load_figures(monitor_moe.expert_counts(chosen, router.shape[-1], tokens))
    drift = monitor_moe.routing_drift(old_experts, chosen, tokens)
    return {name: value.mean() for name, value in (load | {"moe/routing_drift": drift}).items()}


class Met:
    """Figures of the updates of a step: means over them, but least and greatest of ``…/min`` and ``…/max``."""

    def __init__(self) -> None:
        self.figures: dict[str, list[Tensor]] = {}
        self.logp: list[tuple[Tensor, Tensor, Tensor]] = []

    def add(self, figures: Mapping[str, Tensor], logp_BT: Tensor, old_logp_BT: Tensor, mask_BT: Tensor) -> None:
        """Those of one update, and its log-probabilities."""
        for name, value in figures.items():
            self.figures.setdefault(name, []).append(value.detach().double())
        self.logp.append((logp_BT.detach(), old_logp_BT, mask_BT))

    def metrics(self) -> dict[str, Tensor]:
        """Over the updates; importance ratios over all their tokens and sequences together."""
        how = {"min": torch.amin, "max": torch.amax}
        found = {
            name: how.get(name.rpartition("/")[2], torch.nanmean)(torch.stack(values))
            for name, values in self.figures.items()
        }
        logp_BT, old_logp_BT, mask_BT = map(torch.cat, zip(*self.logp, strict=True))
        found |= monitor.importance_ratios(logp_BT, old_logp_BT, mask_BT)
        return found | {"ratio/token/ess": monitor.effective_sample_size((logp_BT - old_logp_BT)[mask_BT])}
