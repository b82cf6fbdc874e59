"""Rows of a batch → groups, and the layouts in which group statistics are cheap.

Shapes: B rows, K columns, N groups, G rows in the largest group.

Folded layout [K, G, N]: the j-th row of every group lies in plane j, so that a statistic over a group is a
reduction over the axis before the last, vectorised over N, and broadcasts back without a copy; and every column is
one contiguous piece. Uneven groups leave slots empty (NaN). Where that would waste more than `WASTE` times the
memory (one giant group beside many tiny ones), rows stay in order, [K, B], and statistics are scattered.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from jeoul.errors import UsageError

__all__ = ["Grouping", "group_rows", "whole_batch"]

WASTE = 4

Rows = npt.NDArray[Any]


@dataclass(frozen=True)
class Grouping:
    """Group labels, factorised once. Build it with `group_rows` and pass it wherever `groups` is asked for.

    rows, count, size   B, N, G
    take                row that lies in each slot of the folded layout, [G, N], B in empty slots; None where rows
                        already lie in equal blocks
    place               slot of the folded layout, as one axis, in which each row lies, [B]
    segments            group number of each row, only for the scattered layout
    full                whether no slot of the layout is empty
    first               number of the first group, where these are some of the groups of a batch (see `blocks`)
    """

    rows: int
    count: int
    size: int
    take: Tensor | None = None
    place: Tensor | None = None
    segments: Tensor | None = None
    full: bool = True
    first: int = 0

    def pad(self, x_B: Tensor, empty: float = float("nan")) -> Tensor:
        """Add the row that empty slots show; without empty slots, nothing."""
        return x_B if self.full else torch.cat([x_B, x_B.new_full((1, *x_B.shape[1:]), empty)])

    def fold(self, x_B: Tensor, dtype: torch.dtype | None = None) -> Tensor:
        """Lay padded rows out by group: [B] → [G, N], [B, K] → [K, G, N] (scattered: [B], [K, B]); always a copy."""
        dtype = dtype or x_B.dtype
        if self.segments is not None:
            laid = x_B.t()
        elif self.take is not None:
            laid = x_B.index_select(0, self.take.reshape(-1)).t()
        else:
            start = self.first * self.size
            laid = x_B[start : start + self.count * self.size]
            laid = laid.reshape(self.count, self.size, *x_B.shape[1:]).permute(*range(x_B.dim(), -1, -1))
        laid = laid.to(dtype, copy=True, memory_format=torch.contiguous_format)
        return laid if self.take is None else laid.view(*x_B.shape[1:], self.size, self.count)

    def unfold(self, x: Tensor, dtype: torch.dtype) -> Tensor:
        """Undo `fold` for the whole batch: [G, N] → [B], [K, G, N] → [B, K]."""
        if self.segments is not None:
            return x.t().to(dtype, memory_format=torch.contiguous_format)
        inner = x.shape[:-2]
        if self.place is None:
            laid = x.permute(*range(x.dim() - 1, -1, -1))
            return laid.to(dtype, copy=True, memory_format=torch.contiguous_format).view(self.rows, *inner)
        rows_first = x.reshape(*inner, -1).to(dtype).index_select(-1, self.place).t()
        return rows_first.contiguous() if inner else rows_first

    def blocks(self, rows: int) -> Iterator[Grouping]:
        """Cut the groups into runs of about `rows` rows, in order. Scattered groups are one block."""
        step = max(1, rows // self.size)
        if self.segments is not None or step >= self.count:
            yield self
            return
        for first in range(0, self.count, step):
            count = min(step, self.count - first)
            take = None if self.take is None else self.take[:, first : first + count]
            yield replace(self, count=count, take=take, first=first)

    def total(self, x: Tensor) -> Tensor:
        """Sum over each group: […, 1, N] (scattered: […, N])."""
        if self.segments is None:
            return x.sum(-2, keepdim=True)
        return x.new_zeros(*x.shape[:-1], self.count).scatter_add_(-1, self.segments.expand_as(x), x)

    def count_true(self, mask: Tensor) -> Tensor:
        """Count the true cells of each group, in float64, in the shape of `total`."""
        return self.total(mask.to(torch.float64))

    def highest(self, x: Tensor) -> Tensor:
        """Find the maximum over each group, in the shape of `total`."""
        if self.segments is None:
            return x.amax(-2, keepdim=True) if x.shape[-2] > 1 else x
        start = x.new_full((*x.shape[:-1], self.count), -torch.inf)
        return start.scatter_reduce_(-1, self.segments.expand_as(x), x, "amax")

    def lowest(self, x: Tensor) -> Tensor:
        """Find the minimum over each group, in the shape of `total`."""
        return self.highest(x.neg()).neg_() if self.segments is not None else x.amin(-2, keepdim=True)

    def spread(self, statistic: Tensor) -> Tensor:
        """Make a statistic of groups broadcast against folded rows."""
        return statistic if self.segments is None else statistic.index_select(-1, self.segments)


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
    [[1, 0], [3, 2]]
    """
    if not isinstance(groups_B, Tensor) or groups_B.dim() != 1 or not len(groups_B):
        shape = list(groups_B.shape) if isinstance(groups_B, Tensor) else type(groups_B).__name__
        raise UsageError(f"groups is {shape}; expected a tensor of integer labels [B], one a row, B at least 1")
    labels = groups_B.numpy(force=True)
    rows = len(labels)
    size = _block_size(labels)
    if size:
        return Grouping(rows, rows // size, size)
    order_B = _order(labels)
    sorted_B = labels[order_B]
    size = _sorted_size(sorted_B)
    if not size:
        return _uneven(order_B, _run_starts(sorted_B), groups_B.device)
    take = np.ascontiguousarray(order_B.reshape(-1, size).T)
    return _laid(rows, take, groups_B.device)


def _laid(rows: int, take: Rows, device: torch.device, full: bool = True) -> Grouping:
    """Make the folded layout that has row ``take[j, n]`` in slot (j, n), and ``rows`` itself in empty ones."""
    size, count = take.shape
    place = np.empty(rows + (not full), dtype=np.int64)
    place[take.reshape(-1)] = np.arange(take.size)
    at, where = torch.from_numpy(take), torch.from_numpy(place[:rows])
    return Grouping(rows, count, size, take=at.to(device), place=where.to(device), full=full)


def _uneven(order_B: Rows, starts_N: Rows, device: torch.device) -> Grouping:
    """Lay out groups of different sizes: with empty slots, or scattered where those would be too many."""
    rows, count = len(order_B), len(starts_N)
    sizes_N = np.diff(starts_N, append=rows)
    size = int(sizes_N.max())
    number_B = np.repeat(np.arange(count), sizes_N)
    if count * size > WASTE * rows:
        segments = np.empty_like(number_B)
        segments[order_B] = number_B
        return Grouping(rows, count, size, segments=torch.from_numpy(segments).to(device))
    take = np.full((size, count), rows)
    take[np.arange(rows) - starts_N[number_B], number_B] = order_B
    return _laid(rows, take, device, full=False)


def _order(labels: Rows) -> Rows:
    """Sort the rows by label, keeping the order within a label.

    By radix, 16 bits a pass (numpy's stable sort of 16-bit integers is one): a tenth of the time of a sort by
    comparison. Labels are seldom more than 2¹⁶ apart, and hardly ever 2³².
    """
    least = labels.min()
    low, high = int(least), int(labels.max())
    if high - low >= 1 << 32:
        return np.argsort(labels, kind="stable")
    keys = labels.astype(np.int64, copy=False) - least.astype(np.int64)  # unsigned ones wrap on both sides
    order: Rows = keys.astype(np.uint16).argsort(kind="stable")
    if high - low >= 1 << 16:
        order = order[(keys >> 16).astype(np.uint16)[order].argsort(kind="stable")]
    return order


def _run_starts(labels: Rows) -> Rows:
    """Find the rows at which a run of equal labels begins."""
    begins = np.empty(len(labels), dtype=bool)
    begins[0] = True
    np.not_equal(labels[1:], labels[:-1], out=begins[1:])
    return np.flatnonzero(begins)


def _block_size(labels: Rows) -> int:
    """Find how many rows every group has, where rows lie in equal blocks, one a group; 0 where they do not."""
    few = labels[:8].tolist()
    if len(few) > 1 and few[0] != few[1]:  # groups of one, if anything: a few rows tell a shuffled batch
        return int(all(map(operator.lt, few, few[1:])) and _rising(labels))
    size = int((labels != labels[0]).argmax()) or len(labels)
    if len(labels) % size:
        return 0
    table = labels.reshape(-1, size)
    if not bool((table[:, 1:] == table[:, :-1]).all()):
        return 0
    heads_N = table[:, 0]
    return size if _rising(heads_N) or _rising(np.sort(heads_N)) else 0


def _sorted_size(sorted_B: Rows) -> int:
    """Find how many rows every group has, where labels are sorted; 0 where the groups differ in size."""
    size = int(sorted_B.searchsorted(sorted_B[0], "right"))
    if len(sorted_B) % size:
        return 0
    heads_N, ends_N = sorted_B[::size], sorted_B[size - 1 :: size]
    return size if bool((heads_N == ends_N).all()) and _rising(heads_N) else 0


def _rising(heads_N: Rows) -> bool:
    return bool((heads_N[1:] > heads_N[:-1]).all())
