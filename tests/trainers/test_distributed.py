"""Advantages of rows spread over ranks equal those of all rows in one place."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

import jeoul
from jeoul.errors import UsageError
from jeoul.trainers import advantages as adv

WORLD = 2
ROWS = 12


def everything() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Rewards with missing cells, three groups of four, lengths."""
    rewards = torch.randn(ROWS, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    rewards[1, 0] = rewards[7, 2] = torch.nan
    rewards[8:] = 0.1
    return rewards, torch.arange(ROWS) // 4, torch.arange(ROWS) + 1


SPLITS = {
    "groups complete on a rank": [list(range(8)), list(range(8, 12))],
    "groups split over ranks": [list(range(6)), list(range(6, 12))],
    "rows dealt out": [list(range(0, ROWS, 2)), list(range(1, ROWS, 2))],
    "a rank without rows": [list(range(ROWS)), []],
}


def same_as_in_one_place(rank: int) -> None:
    rewards, groups, lengths = everything()
    for split in SPLITS.values():
        own = split[rank]
        order = [row for rows in split for row in rows]
        for name in adv.ESTIMATORS:
            for preset in ("paper", "swift"):
                whole = adv.estimator(name)(rewards[order], groups[order], preset=preset)
                part = adv.estimator(name)(rewards[own], groups[own], preset=preset, process_group=dist.group.WORLD)
                place = [order.index(row) for row in own]
                assert torch.equal(part, whole[place]), (name, preset)
        full = rewards.nan_to_num(0.0)
        whole = adv.gdpo(full[order], groups[order], preset="verl", lengths=lengths[order], by_column=True)
        part = adv.gdpo(
            full[own],
            groups[own],
            preset="verl",
            lengths=lengths[own],
            by_column=True,
            process_group=dist.group.WORLD,
        )
        assert torch.equal(part, whole[[order.index(row) for row in own]])


def bad_input_fails_everywhere(rank: int) -> None:
    rewards, groups, _ = everything()
    with pytest.raises(UsageError, match="groups has shape" if rank == 1 else "rank 1 of the process group"):
        adv.gdpo(rewards, groups[: ROWS - rank], process_group=dist.group.WORLD)
    with pytest.raises(UsageError, match="all ranks must pass the same columns"):
        adv.gdpo(rewards[:, : 3 - rank], groups, process_group=dist.group.WORLD)
    with pytest.raises(UsageError, match="empty on every rank"):
        adv.gdpo(rewards[:0], groups[:0], process_group=dist.group.WORLD)
    with pytest.raises(UsageError, match="factorised on one rank"):
        adv.gdpo(rewards, adv.group_rows(groups), process_group=dist.group.WORLD)


CHECKS: dict[str, Callable[[int], None]] = {
    "same_as_in_one_place": same_as_in_one_place,
    "bad_input_fails_everywhere": bad_input_fails_everywhere,
}


@pytest.mark.parametrize("check", list(CHECKS))
def test_two_ranks(check: str, tmp_path: Path) -> None:
    """Each rank is this file run as a script: forking a process that has used torch's threads may hang."""
    environment = {**os.environ, "PYTHONPATH": str(Path(jeoul.__file__).parents[1])}
    ranks = [
        subprocess.Popen(
            [sys.executable, __file__, check, str(rank), str(tmp_path / "meeting")],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(WORLD)
    ]
    try:
        errors = [process.communicate(timeout=120)[1] for process in ranks]
    finally:
        for process in ranks:
            process.kill()
    assert [process.returncode for process in ranks] == [0] * WORLD, "\n".join(errors)


def main() -> None:
    """Run one check as one rank: `python test_distributed.py CHECK RANK MEETING_FILE`."""
    check, rank, meeting = sys.argv[1:]
    torch.set_num_threads(1)
    patience = datetime.timedelta(seconds=60)
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=int(rank), world_size=WORLD, timeout=patience)
    CHECKS[check](int(rank))
    dist.barrier()
    dist.destroy_process_group()
    sys.stdout.flush()
    os._exit(0)  # gloo's threads now and then abort the interpreter's own shutdown


if __name__ == "__main__":
    main()
