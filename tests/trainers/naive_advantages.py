"""The advantage estimators once more, from the equations, with loops, lists and exact fractions: the tests' reference.

Rewards are lists of Fraction or None (does not apply). Nothing here is shared with the package.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

Cell = Fraction | None
Rows = list[list[Cell]]

SUMS = ("grpo", "dr_grpo", "grpo_batch_std", "reinforce_pp_baseline", "reinforce_pp", "rloo", "grpo_bn")
SUMS += ("grpo_scaled", "dvao", "corr_grpo")
DECOUPLED = ("gdpo", "gdpo_nobn", "saw", "sa_mrpo", "dara")
STEPPED = ("reinforce_pp_baseline", "reinforce_pp", "grpo_bn", "gdpo", "saw", "sa_mrpo", "dara")
TINY = 1e-11


def mean(values: Sequence[Any]) -> Any:
    return sum(values) / len(values)


def std(values: Sequence[Any], ddof: int = 1) -> float:
    if len(values) <= ddof:
        return 0.0
    centre = mean(values)
    return math.sqrt(sum((v - centre) ** 2 for v in values) / (len(values) - ddof))


def present(values: Sequence[Cell]) -> list[Fraction]:
    return [v for v in values if v is not None]


def fill(rows: Rows, members: list[int]) -> Rows:
    """Missing cells at the mean of their column among `members`."""
    filled = [list(row) for row in rows]
    for k in range(len(rows[0])):
        seen = present([rows[b][k] for b in members])
        for b in members:
            if rows[b][k] is None:
                filled[b][k] = mean(seen) if seen else Fraction(0)
    return filled


def treat_missing(rows: Rows, rule: str, nan_rows: str) -> tuple[Rows, list[int]]:
    """Rows after the preset's NaN rule, and which of them take part in statistics."""
    empty = [all(cell is None for cell in row) for row in rows]
    if rule == "zero":
        keep_empty = nan_rows == "exclude"
        rows = [
            [None if e and keep_empty else Fraction(0) if cell is None else cell for cell in row]
            for row, e in zip(rows, empty, strict=True)
        ]
    part = [b for b in range(len(rows)) if nan_rows == "count" or not empty[b]]
    return rows, part


def column_weights(name: str, rows: Rows, groups: list[list[int]], options: dict[str, Any]) -> list[float]:
    """What an estimator multiplies the weights of columns by."""
    K = len(rows[0])
    columns = [present([row[k] for row in rows]) for k in range(K)]
    bounds = options.get("bounds") or [(min(c), max(c)) if c else (0, 0) for c in columns]
    if name == "grpo_scaled":
        return [1 / float(high - low) if high > low else 0.0 for low, high in bounds]
    if name == "saw":
        cv = [
            std(c) / float(abs(mean(c) - low) + Fraction(1, 10**8)) if c else 0.0
            for c, (low, _) in zip(columns, bounds, strict=True)
        ]
        total = sum(cv)
        n = K if options.get("mode", "gdpo") == "gdpo" else 1
        return [n * v / total if total else 0.0 for v in cv]
    if name == "sa_mrpo":
        saturation = [
            float((mean(c) - low) / Fraction(high - low)) if c and high > low else 0.0
            for c, (low, high) in zip(columns, bounds, strict=True)
        ]
        return [(1 - min(max(s, 0.0), 1.0)) ** options.get("gamma", 0.5) for s in saturation]
    if name == "dara":
        varying = [sum(len(set(present([rows[b][k] for b in g]))) > 1 for g in groups) for k in range(K)]
        return [min(options.get("cap", 5.0), math.sqrt(max(varying) / v)) if v else 0.0 for v in varying]
    return [1.0] * K


def scaled_sum(name: str, sums: dict[int, Any], cells: dict[int, list[Cell]], weights: list[Any], p: Any) -> dict:
    """A of one group from its sums: (s − s̄)/D, with the divisor of each estimator but the batch's."""
    ids = list(sums)
    s = [sums[b] for b in ids]
    if len(ids) < 2 or max(s) - min(s) <= TINY * max(1, abs(max(s))):
        return dict.fromkeys(ids, 0.0)
    if name in ("dr_grpo", "reinforce_pp_baseline", "reinforce_pp", "grpo_batch_std"):
        return {b: float(sums[b] - mean(s)) for b in ids}
    if name == "dvao":
        spread = sum(float(w) * std(present([cells[b][k] for b in ids]), p.ddof) for k, w in enumerate(weights))
        return {b: float(sums[b] - mean(s)) / (spread + p.sum_eps) for b in ids}
    if name == "corr_grpo":
        filled = fill([cells[b] for b in ids], list(range(len(ids))))
        total = correlations([[row[k] * (1 if w > 0 else -1) for row in filled] for k, w in enumerate(weights)])
        root = math.sqrt(max(total, 0.0))
        return {b: 0.0 if root < 1e-6 else float(sums[b] - mean(s)) / (root + p.sum_eps) for b in ids}
    return {b: standardise(sums[b], [sums[c] for c in ids if c != b], s, p.sum_eps, p) for b in ids}


def correlations(columns: list[list[Fraction]]) -> float:
    """Σ_lm ρ_lm over columns that vary."""
    varying = [c for c in columns if len(set(c)) > 1]
    total = 0.0
    for x in varying:
        for y in varying:
            covariance = sum((a - mean(x)) * (b - mean(y)) for a, b in zip(x, y, strict=True))
            total += float(covariance) / (std(x) * std(y) * (len(x) - 1))
    return total


def standardise(value: Any, others: list[Any], everyone: list[Any], eps: float, p: Any) -> float:
    """(r − mean)/(σ + eps) within everyone, or within the others with leave-one-out."""
    reference = others if p.leave_one_out else everyone
    if p.leave_one_out and max(reference) - min(reference) <= TINY * max(1, abs(max(reference))):
        sigma = 0.0
    else:
        sigma = std(reference, p.ddof)
    divisor = 1.0 if p.leave_one_out and p.skip_zero_std and sigma == 0 else sigma + eps
    return float(value - mean(reference)) / divisor if divisor else 0.0


def advantages(
    name: str, rows: Rows, labels: list[int], weights: list[Fraction], p: Any, lengths: list[int] | None, **options: Any
) -> list[float]:
    """A of every row, by the definition of estimator `name` under preset `p` (its NaN rule not "poison")."""
    decoupled = name in DECOUPLED and options.get("mode") != "grpo"
    rows, part = treat_missing(rows, p.nan if decoupled else p.sum_nan, p.nan_rows)
    members: dict[int, list[int]] = {}
    for b, label in enumerate(labels):
        members.setdefault(0 if name == "reinforce_pp" else label, []).append(b)
    factor = column_weights(name, rows, list(members.values()), options)
    mixed = [w if f == 1.0 else float(w) * f for w, f in zip(weights, factor, strict=True)]
    result = [0.0] * len(rows)
    live = [False] * len(rows)
    for group in members.values():
        ids = [b for b in group if b in part]
        if not ids:
            continue
        compute: Callable[..., dict] = decoupled_group if decoupled else summed_group
        for b, a in compute(name, rows, ids, mixed, p).items():
            result[b] = a
        told_apart = any(result[b] != 0.0 for b in ids)
        for b in ids:
            live[b] = told_apart and any(
                rows[b][k] is not None and len(set(present([rows[c][k] for c in ids]))) > 1 for k in range(len(weights))
            )
    if name == "grpo_batch_std":
        filled = fill(rows, list(range(len(rows))))
        sigma = std([sum(w * v for w, v in zip(weights, filled[b], strict=True)) for b in part])
        result = [a / (sigma + p.sum_eps) if a else 0.0 for a in result]
    always = name in ("reinforce_pp", "reinforce_pp_baseline")
    if name in STEPPED and (always or p.batch != "none") and not (name == "saw" and not decoupled):
        result = batch_step(result, part, live, p, lengths)
    return result


def summed_group(name: str, rows: Rows, ids: list[int], weights: list[Any], p: Any) -> dict[int, float]:
    filled = fill(rows, ids)
    if name == "rloo":
        out = dict.fromkeys(ids, 0.0)
        for k, w in enumerate(weights):
            for b in ids:
                others = present([rows[c][k] for c in ids if c != b])
                if rows[b][k] is not None and others:
                    out[b] += float(w * (rows[b][k] - mean(others)))
        return out if max(out.values()) - min(out.values()) > TINY else dict.fromkeys(ids, 0.0)
    sums = {b: sum(w * v for w, v in zip(weights, filled[b], strict=True)) for b in ids}
    return scaled_sum(name, sums, {b: rows[b] for b in ids}, weights, p)


def decoupled_group(name: str, rows: Rows, ids: list[int], weights: list[Any], p: Any) -> dict[int, float]:
    out = dict.fromkeys(ids, 0.0)
    for k, w in enumerate(weights):
        seen = [b for b in ids if rows[b][k] is not None]
        values = present([rows[b][k] for b in seen])
        if len(set(values)) < 2:
            continue
        for b in seen:
            others = present([rows[c][k] for c in seen if c != b])
            out[b] += float(w) * standardise(rows[b][k], others, values, p.column_eps, p)
    if max(out.values()) - min(out.values()) <= TINY:
        return dict.fromkeys(ids, 0.0)
    return out


def batch_step(
    values: list[float], part: list[int], live: list[bool], p: Any, lengths: list[int] | None
) -> list[float]:
    if p.batch == "token":
        assert lengths is not None
        tokens = [values[b] for b in part for _ in range(lengths[b])]
        centre, divisor = mean(tokens), math.sqrt(std(tokens) ** 2 + p.batch_eps)
    else:
        chosen = [values[b] for b in part]
        centre, divisor = mean(chosen), std(chosen) + p.batch_eps
    shifted = [b in part if p.dead_rows == "shift" else live[b] for b in range(len(values))]
    return [(a - centre) / divisor if s and divisor else 0.0 for a, s in zip(values, shifted, strict=True)]
