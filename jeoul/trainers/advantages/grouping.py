"""Rows of a batch → groups, and the layouts in which group statistics are cheap.

Shapes: B rows, K columns, N groups, G rows in the largest group.

Folded layout [G, N, K]: the j-th row of every group lies in plane j, so that a statistic over a group is a
reduction over the leading axis, vectorised over N·K, and broadcasts back without a copy. Uneven groups leave
slots empty (NaN). Where that would waste more than `WASTE` times the memory (one giant group beside many tiny
ones), rows stay in place [B, K] and statistics are scattered.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Grouping", "group_rows", "whole_batch"]

WASTE = 4


@dataclass(frozen=True)
class Grouping:
    """Group labels, factorised once. Build it with `group_rows` and pass it wherever `groups` is asked for.

    rows, count, size   B, N, G
    take                row that lies in each slot of the folded layout, B in empty slots; None where rows already
                        lie in equal blocks
    segments            group number of each row, only for the scattered layout
    """

    rows: int
    count: int
    size: int
    take: Tensor | None = None
    segments: Tensor | None = None

    @property
    def full(self) -> bool:
        """Whether no slot of the layout is empty."""
        return self.segments is not None or self.count * self.size == self.rows

    def fold(self, x_B: Tensor, empty: float = float("nan")) -> Tensor:
        """Lay rows out by group, [B, …] → [G, N, …]; empty slots hold `empty`."""
        if self.segments is not None:
            return x_B
        if self.take is None:
            return x_B.reshape(self.count, self.size, *x_B.shape[1:]).transpose(0, 1).contiguous()
        if not self.full:
            x_B = torch.cat([x_B, x_B.new_full((1, *x_B.shape[1:]), empty)])
        return x_B.index_select(0, self.take).view(self.size, self.count, *x_B.shape[1:])

    def unfold(self, x: Tensor) -> Tensor:
        """Undo `fold`, [G, N, …] → [B, …]."""
        if self.segments is not None:
            return x
        inner = x.shape[2:]
        if self.take is None:
            return x.transpose(0, 1).reshape(self.rows, *inner)
        x_B = x.new_empty((self.rows + 1, *inner))
        return x_B.index_copy_(0, self.take, x.reshape(-1, *inner))[: self.rows]

    def total(self, x: Tensor) -> Tensor:
        """Sum over each group: [1, N, …] (scattered: [N, …])."""
        if self.segments is None:
            return x.sum(0, keepdim=True)
        return x.new_zeros(self.count, *x.shape[1:]).index_add_(0, self.segments, x)

    def count_true(self, mask: Tensor) -> Tensor:
        """Count the true cells of each group, in float64, in the shape of `total`."""
        if self.segments is None:
            return mask.sum(0, keepdim=True).to(torch.float64)
        return self.total(mask.to(torch.float64))

    def highest(self, x: Tensor) -> Tensor:
        """Find the maximum over each group, in the shape of `total`."""
        if self.segments is None:
            return x.amax(0, keepdim=True) if x.shape[0] > 1 else x
        start = x.new_full((self.count, *x.shape[1:]), -torch.inf)
        where = self.segments.view(-1, *[1] * (x.dim() - 1)).expand_as(x)
        return start.scatter_reduce_(0, where, x, "amax")

    def lowest(self, x: Tensor) -> Tensor:
        """Find the minimum over each group, in the shape of `total`."""
        return self.highest(x.neg()).neg() if self.segments is not None else x.amin(0, keepdim=True)

    def spread(self, statistic: Tensor) -> Tensor:
        """Make a statistic of groups broadcast against folded rows."""
        return statistic if self.segments is None else statistic.index_select(0, self.segments)


def whole_batch(rows: int) -> Grouping:
    """Make all rows one group: statistics over the batch.

    >>> whole_batch(6).count
    1
    """
    return Grouping(rows, 1, rows)


def group_rows(groups_B: Tensor) -> Grouping:
    """Factorise integer group labels of any value and order.

    Equal blocks of rows (what every trainer produces) are recognised without a sort.

    >>> group_rows(torch.tensor([7, 7, 2, 2])).take is None
    True
    >>> group_rows(torch.tensor([7, 2, 7, 2])).take.tolist()  # label 2 is group 0
    [1, 0, 3, 2]
    """
    rows = groups_B.shape[0]
    bounds = _boundaries(groups_B)
    if _equal_blocks(bounds, rows) and _no_label_twice(groups_B, bounds):
        count = bounds.shape[0] + 1
        return Grouping(rows, count, rows // count)
    order_B = torch.argsort(groups_B, stable=True)
    bounds = _boundaries(groups_B.index_select(0, order_B))
    count = bounds.shape[0] + 1
    if _equal_blocks(bounds, rows):
        return Grouping(rows, count, rows // count, take=order_B.view(count, rows // count).t().reshape(-1))
    return _uneven(order_B, bounds)


def _uneven(order_B: Tensor, bounds: Tensor) -> Grouping:
    """Lay out groups of different sizes: with empty slots, or scattered where those would be too many."""
    rows, count = order_B.shape[0], bounds.shape[0] + 1
    starts_N = torch.cat([bounds.new_zeros(1), bounds])
    sizes_N = torch.diff(starts_N, append=bounds.new_tensor([rows]))
    size = int(sizes_N.max())
    number_B = torch.repeat_interleave(torch.arange(count, device=order_B.device), sizes_N, output_size=rows)
    if count * size > WASTE * rows:
        return Grouping(rows, count, size, segments=torch.empty_like(number_B).index_copy_(0, order_B, number_B))
    place_B = torch.arange(rows, device=order_B.device) - starts_N.index_select(0, number_B)
    take = order_B.new_full((size * count,), rows).index_copy_(0, place_B * count + number_B, order_B)
    return Grouping(rows, count, size, take=take)


def _boundaries(labels_B: Tensor) -> Tensor:
    """Find the rows at which a new run of equal labels begins, without row 0."""
    return (labels_B[1:] != labels_B[:-1]).nonzero().flatten() + 1


def _equal_blocks(bounds: Tensor, rows: int) -> bool:
    """Check that all runs have the same number of rows."""
    count = bounds.shape[0] + 1
    if rows % count != 0:
        return False
    return torch.equal(bounds, torch.arange(rows // count, rows, rows // count, device=bounds.device))


def _no_label_twice(labels_B: Tensor, bounds: Tensor) -> bool:
    """Check that no label comes back in a later run of equal blocks."""
    heads_N = labels_B[:: labels_B.shape[0] // (bounds.shape[0] + 1)]
    if bool((heads_N[1:] > heads_N[:-1]).all()):
        return True
    ordered_N = heads_N.sort().values
    return bool((ordered_N[1:] > ordered_N[:-1]).all())
