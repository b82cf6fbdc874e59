"""Rows spread over ranks: gather them (they are tiny: K numbers each), compute everywhere, keep one's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.distributed as dist
from torch import Tensor

from jeoul.errors import UsageError
from jeoul.trainers.advantages.checks import check_labels, check_rewards
from jeoul.trainers.advantages.grouping import Grouping

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup

__all__ = ["Rows", "gather_rows"]


@dataclass(frozen=True)
class Rows:
    """Rewards, groups and lengths of all ranks, in rank order, and which rows are this rank's."""

    rewards: Tensor
    groups: Tensor
    lengths: Tensor | None
    own: slice


def gather_rows(
    rewards_BK: Tensor, groups: Tensor | Grouping, lengths_B: Tensor | None, process_group: ProcessGroup
) -> Rows:
    """Collect the rows of every rank of `process_group`. Ranks may hold different numbers of rows, also none.

    The same label on two ranks means the same group: a prompt's completions may be split over ranks. If one rank
    is given bad input, every rank raises, so that none is left waiting in a collective.
    """
    problem: UsageError | None = None
    try:
        check_rewards(rewards_BK, allow_empty=True)
        if not isinstance(groups, Tensor):
            raise UsageError("groups was factorised on one rank; with process_group pass the integer labels [B]")
        check_labels(groups, rewards_BK)
    except UsageError as error:
        problem = error
    sizes = _agree(rewards_BK, lengths_B is not None, problem, process_group)
    assert isinstance(groups, Tensor)
    start = sum(sizes[: dist.get_rank(process_group)])
    return Rows(
        _gather(rewards_BK, sizes, process_group),
        _gather(groups.long(), sizes, process_group),
        None if lengths_B is None else _gather(lengths_B.double(), sizes, process_group),
        slice(start, start + rewards_BK.shape[0]),
    )


def _agree(rewards_BK: Tensor, has_lengths: bool, problem: UsageError | None, process_group: ProcessGroup) -> list[int]:
    """Count the rows of each rank, after checking that all hold the same kind of rows."""
    device = rewards_BK.device if isinstance(rewards_BK, Tensor) else torch.device("cpu")
    mine = [1, 0, 0, 0, 0]
    if problem is None:
        kind = [torch.float64, torch.float32, torch.bfloat16, torch.float16].index(rewards_BK.dtype)
        mine = [0, rewards_BK.shape[1], kind, int(has_lengths), rewards_BK.shape[0]]
    header = torch.tensor(mine, dtype=torch.int64, device=device)
    headers = [torch.empty_like(header) for _ in range(dist.get_world_size(process_group))]
    dist.all_gather(headers, header, group=process_group)
    if problem is not None:
        raise problem
    rows = [each.tolist() for each in headers]
    for rank, (failed, *kind_of_rows, _) in enumerate(rows):
        if failed:
            raise UsageError(f"rank {rank} of the process group was given bad input; see its error")
        if kind_of_rows != rows[0][1:4]:
            raise UsageError(
                f"rank {rank} has (columns, dtype, lengths) = {kind_of_rows}, rank 0 has {rows[0][1:4]}; "
                "all ranks must pass the same columns, dtype and options"
            )
    if sum(each[-1] for each in rows) == 0:
        raise UsageError("rewards is empty on every rank; an empty batch has no advantages: skip the step")
    return [each[-1] for each in rows]


def _gather(rows: Tensor, sizes: list[int], process_group: ProcessGroup) -> Tensor:
    """Concatenate over ranks; collectives need equal shapes, so short ranks are padded and trimmed again."""
    padded = rows.new_zeros(max(sizes), *rows.shape[1:])
    padded[: rows.shape[0]] = rows
    parts = [torch.empty_like(padded) for _ in sizes]
    dist.all_gather(parts, padded, group=process_group)
    return torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)])
