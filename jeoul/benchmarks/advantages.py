"""``jeoul bench advantages``: Jeoul's advantages beside TRL's and verl's own code, in one run, calls taking turns.

Peers that are not installed are left out. ``make test-trl`` and ``make test-verl`` make environments with one each.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Annotated, Any

import torch
from cyclopts import Parameter
from torch import Tensor

from jeoul.benchmarks.advantage_peers import trl_gdpo, verl_gdpo
from jeoul.cli.output import note, print_json, print_table, shown
from jeoul.trainers.advantages import estimator, gdpo, gdpo_nobn, group_rows
from jeoul.trainers.presets import PRESETS

__all__ = ["run"]

SIZE = 8
WIDTH = 16
"""Tokens of the longest completion: few, which favours verl, whose tensors are [B, T]."""
PEER_ROWS = 100_000
OTHERS = ("grpo", "grpo_bn", "reinforce_pp_baseline", "rloo", "grpo_batch_std", "dvao")


@dataclass(frozen=True)
class Speed:
    """Median milliseconds of processor time of a call; a peer's are None where it is not installed or cannot do it."""

    rows: int
    columns: int
    order: str
    ours: float
    ours_verl: float
    trl: float | None
    verl: float | None

    @property
    def trl_ratio(self) -> float | None:
        """TRL's time in units of ours."""
        return None if self.trl is None else self.trl / self.ours

    @property
    def verl_ratio(self) -> float | None:
        """The same for verl, ours with verl's preset."""
        return None if self.verl is None else self.verl / self.ours_verl


@dataclass(frozen=True)
class Whitening:
    """Milliseconds and tensor memory of the batch step over tokens: from lengths, and on [B, T]."""

    rows: int
    tokens: int
    from_lengths: float
    on_tokens: float
    on_tokens_mib: float
    difference: float


@dataclass(frozen=True)
class Constants:
    """How many of the batches have a row of a constant group with an advantage."""

    who: str
    kind: str
    batches: int
    above_zero: int
    above_tenth: int


def run(
    *,
    rows: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000),
    columns: tuple[int, ...] = (1, 4, 8),
    batches: int = 10_000,
    seconds: float = 2.0,
    threads: int = 1,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Measure advantages: time beside TRL's and verl's code, and what constant groups get.

    Parameters
    ----------
    rows
        Batch sizes, in groups of 8; peers up to 100,000 rows.
    columns
        Numbers of reward columns.
    batches
        Random batches of constant groups.
    seconds
        Processor time for each line of the table.
    threads
        Of torch. With more than one, a busy machine makes the figures useless.
    json
        Print as JSON.
    """
    torch.manual_seed(0)
    torch.set_num_threads(threads)
    for name, found in (("trl", trl_gdpo(torch.zeros(8, 1), 8)), ("verl", verl_gdpo(*_random(8, 1)))):
        if found is None:
            note(f"{name} is not installed: left out; make test-{name}, then .venv-{name}/bin/jeoul bench advantages")
    speeds = [speed for count in rows for k in columns for speed in measure(count, k, seconds)]
    whitening = whiten(min(4096, max(rows)), 2048 if max(rows) >= 4096 else 64, seconds)
    constants = list(constant_groups(batches))
    if json:
        figures = [asdict(each) | {"trl_ratio": each.trl_ratio, "verl_ratio": each.verl_ratio} for each in speeds]
        print_json(
            {
                "threads": torch.get_num_threads(),
                "speed": figures,
                "linearity": linearity(speeds),
                "whitening": asdict(whitening),
                "constant_groups": [asdict(each) for each in constants],
            }
        )
        return
    _print_speeds(speeds)
    _print_rest(speeds, whitening, constants)


def measure(rows: int, columns: int, seconds: float) -> Iterator[Speed]:
    """Contiguous groups, shuffled rows, a tenth of the cells missing: each also with labels factorised before."""
    rewards, groups, lengths = _random(rows, columns)
    shuffle = torch.randperm(rows)
    holes = rewards.masked_fill(torch.rand(rows, columns) < 0.1, torch.nan)
    mixed, mixed_groups, mixed_lengths = rewards[shuffle], groups[shuffle], lengths[shuffle]
    known, mixed_known = group_rows(groups), group_rows(mixed_groups)
    peers = rows <= PEER_ROWS
    plans: dict[str, tuple[Tensor, Any, Tensor, Tensor, Callable[[], Tensor] | None]] = {
        "contiguous": (rewards, groups, lengths, rewards, verl_gdpo(rewards, groups, lengths)),
        "contiguous, known": (rewards, known, lengths, rewards, verl_gdpo(rewards, groups, lengths)),
        "shuffled": (mixed, mixed_groups, mixed_lengths, rewards, verl_gdpo(mixed, mixed_groups, mixed_lengths)),
        "shuffled, known": (mixed, mixed_known, mixed_lengths, rewards, verl_gdpo(mixed, mixed_groups, mixed_lengths)),
        "10 % missing": (holes, groups, lengths, holes, None),  # a NaN poisons verl's batch
        "10 % missing, known": (holes, known, lengths, holes, None),
    }
    for order, (table, labels, tokens, blocks, verl) in plans.items():
        calls: dict[str, Callable[[], Tensor] | None] = {
            "ours": lambda table=table, labels=labels: gdpo(table, labels, preset="trl"),  # type: ignore[misc]
            "ours_verl": lambda table=table, labels=labels, tokens=tokens: gdpo(  # type: ignore[misc]
                table, labels, preset="verl", lengths=tokens
            ),
            "trl": trl_gdpo(blocks, SIZE) if peers else None,  # TRL has no other order than blocks
            "verl": verl if peers else None,
        }
        times = take_turns(calls, seconds)
        ours, ours_verl = times["ours"], times["ours_verl"]
        assert ours is not None
        assert ours_verl is not None
        yield Speed(rows, columns, order, ours, ours_verl, times["trl"], times["verl"])


def take_turns(calls: dict[str, Callable[[], Tensor] | None], seconds: float) -> dict[str, float | None]:
    """Median milliseconds of each call. Every round calls all of them once; a slow one sits rounds out, after three."""
    spent: dict[str, list[float]] = {name: [] for name, call in calls.items() if call is not None}
    for call in calls.values():
        if call is not None:
            call()
    share = seconds / len(spent)
    while any(sum(times) < share or len(times) < 3 for times in spent.values()):
        for name, times in spent.items():
            call = calls[name]
            assert call is not None
            if len(times) >= 3 and sum(times) > share:
                continue
            start = time.process_time()
            call()
            times.append(time.process_time() - start)
    return {name: statistics.median(spent[name]) * 1e3 if name in spent else None for name in calls}


def linearity(speeds: list[Speed]) -> list[dict[str, float]]:
    """For each step in rows: how often as many rows there are, and how often as long they take (contiguous)."""
    figures = []
    for columns in sorted({each.columns for each in speeds}):
        line = [each for each in speeds if each.columns == columns and each.order == "contiguous"]
        for less, more in pairwise(sorted(line, key=lambda each: each.rows)):
            figures.append(
                {"columns": columns, "rows": more.rows, "times_rows": more.rows / less.rows}
                | {"times_time": more.ours / less.ours}
            )
    return figures


def whiten(rows: int, tokens: int, seconds: float) -> Whitening:
    """The batch step of verl's preset: in closed form from lengths [B], and as masked_whiten of [B, T]."""
    rewards, groups, _ = _random(rows, 4)
    lengths = torch.randint(1, tokens + 1, (rows,))
    mask = (torch.arange(tokens) < lengths[:, None]).float()
    before = gdpo_nobn(rewards, groups, preset="verl")

    def on_tokens() -> Tensor:
        try:
            from verl.utils.torch_functional import masked_whiten
        except ImportError:
            return _masked_whiten(before[:, None] * mask, mask)
        whitened: Tensor = masked_whiten(before[:, None] * mask, mask) * mask
        return whitened

    def from_lengths() -> Tensor:
        return gdpo(rewards, groups, preset="verl", lengths=lengths)

    difference = float((on_tokens()[:, 0] - from_lengths()).abs().max())
    times = take_turns({"lengths": from_lengths, "tokens": on_tokens}, seconds)
    closed, wide = times["lengths"], times["tokens"]
    assert closed is not None
    assert wide is not None
    return Whitening(rows, tokens, closed, wide, rows * tokens * 4 / 2**20, difference)


def _masked_whiten(values: Tensor, mask: Tensor) -> Tensor:
    """What verl's function of that name computes."""
    count = mask.sum()
    mean = (values * mask).sum() / count
    variance = ((values - mean).square() * mask).sum() / (count - 1)
    return (values - mean) * torch.rsqrt(variance + 1e-8) * mask


def constant_groups(batches: int) -> Iterator[Constants]:
    """Random constant groups, alone and beside one that varies, and whether a row of theirs gets an advantage."""
    counts = {(who, kind): [0, 0, 0] for who in ("jeoul", "trl", "verl") for kind in ("alone", "mixed")}
    for number in range(batches):
        kind = "mixed" if number % 2 else "alone"
        rewards, size, dead = _constant_batch(number, kind == "mixed")
        groups = torch.arange(len(rewards)) // size
        lengths = torch.randint(2, 99, (len(rewards),))
        weights = (torch.rand(rewards.shape[1]) * 2 + 0.1).tolist()
        other = estimator(OTHERS[number % len(OTHERS)])
        ours = [
            function(rewards, groups, weights, preset=preset, lengths=lengths)[:dead]
            for preset in PRESETS
            for function in (gdpo, other)
        ]
        _count(counts["jeoul", kind], ours)
        single = rewards.float()
        for who, call in (
            ("trl", trl_gdpo(single, size)),
            ("verl", verl_gdpo(single, groups, lengths) if number % 10 < 2 else None),  # it is slow
        ):
            if call is not None:
                advantages = call()[:dead]
                _count(counts[who, kind], [advantages if advantages.dim() == 1 else advantages[:, 0]])
    for (who, kind), (seen, above_zero, above_tenth) in counts.items():
        if seen:
            yield Constants(who, kind, seen, above_zero, above_tenth)


def _constant_batch(number: int, mixed: bool) -> tuple[Tensor, int, int]:
    """Rewards of 1 to 4 constant groups, then one that varies if ``mixed``; the group size; the constant rows."""
    size, groups, columns = (int(torch.randint(low, high, ())) for low, high in ((2, 65), (1, 5), (1, 6)))
    dtype = (torch.float32, torch.float64, torch.bfloat16, torch.float16)[number // 2 % 4]
    scale = 10.0 ** torch.randint(-3, 4, (columns,))
    values = (torch.randn(groups, columns) * scale).clamp(-6e4, 6e4)
    rewards = values.repeat_interleave(size, 0)
    if mixed:
        rewards = torch.cat([rewards, torch.rand(size, columns) * 3])
    return rewards.to(dtype), size, groups * size


def _count(into: list[int], advantages: list[Tensor]) -> None:
    highest = max(float(each.abs().nan_to_num(nan=1.0).max()) for each in advantages)
    into[0] += 1
    into[1] += highest > 0
    into[2] += highest > 0.1


def _random(rows: int, columns: int) -> tuple[Tensor, Tensor, Tensor]:
    """Rewards [B, K], group labels in blocks, tokens of each row."""
    lengths = torch.randint(1, WIDTH + 1, (rows,))
    lengths[0] = WIDTH
    return torch.rand(rows, columns), torch.arange(rows) // SIZE, lengths


def _print_speeds(speeds: list[Speed]) -> None:
    header = ["rows", "columns", "order", "ours", "TRL", "TRL / ours", "ours as verl", "verl", "verl / ours"]
    print_table(
        f"gdpo, milliseconds of processor time, groups of {SIZE}, {torch.get_num_threads()} thread(s)",
        header,
        [
            [
                *(f"{each.rows:,}", str(each.columns), each.order),
                *(f"{each.ours:.3f}", shown(each.trl), shown(each.trl_ratio)),
                *(f"{each.ours_verl:.3f}", shown(each.verl), shown(each.verl_ratio)),
            ]
            for each in speeds
        ],
        left=3,
    )


def _print_rest(speeds: list[Speed], whitening: Whitening, constants: list[Constants]) -> None:
    steps = [
        [str(step["columns"]), f"{step['rows']:,}", f"{step['times_rows']:g}", f"{step['times_time']:.1f}"]
        for step in linearity(speeds)
    ]
    print_table("Growth, contiguous groups", ["columns", "rows", "× rows", "× time"], steps)
    print_table(
        f"Whitening over tokens, {whitening.rows:,} rows of up to {whitening.tokens:,}, 4 columns",
        ["", "ms", "MiB a [B, T] tensor", "difference"],
        [
            ["whole of gdpo, from lengths", f"{whitening.from_lengths:.2f}", "0", ""],
            [
                "whitening alone, on [B, T]",
                f"{whitening.on_tokens:.1f}",
                f"{whitening.on_tokens_mib:.0f}",
                f"{whitening.difference:.1e}",
            ],
        ],
    )
    print_table(
        "Constant groups: batches in which one of their rows has an advantage",
        ["", "groups", "batches", "|A| > 0", "|A| > 0.1"],
        [
            [each.who, each.kind, f"{each.batches:,}"]
            + [f"{count:,} ({count / each.batches:.0%})" for count in (each.above_zero, each.above_tenth)]
            for each in constants
        ],
        left=2,
    )
