"""A study's folder from a known process: logistic curves with shifts that are put in, noise and all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from jeoul.benchmarks.collapse.plan import DONE, Figure, Plan, Scenario, run_folder, write_plan
from jeoul.benchmarks.collapse.study import Claim

STEPS, EVERY = 100, 5
FIGURES = (
    Figure("format", "eval/format", threshold=0.8),
    Figure("ratio", "ratio/token/max", ("greatest",), range=None),
)


def study(
    folder: Path, middles: Mapping[str, float], seeds: int, *, random: int = 0, claims: tuple[Claim, ...] = ()
) -> Plan:
    """Arms whose format is learnt at the given steps, give or take; inf: never."""
    scenario = Scenario("made", "curves of a known law", dict.fromkeys(middles, ""), FIGURES)
    plan = Plan("A made study", "none", STEPS, tuple(range(seeds)), (scenario,), claims, ("It was made.",))
    write_plan(plan, folder)
    generator = np.random.default_rng(random)
    for seed in range(seeds):
        shared = generator.normal(0, 4)  # what a seed's arms have in common
        for arm, middle in middles.items():
            write_run(run_folder(folder, "made", arm, seed), middle + shared + generator.normal(0, 2), generator)
    return plan


def write_run(
    folder: Path, middle: float, generator: np.random.Generator, last: int = STEPS, done: bool = True
) -> None:
    folder.mkdir(parents=True)
    lines = []
    for step in range(1, last + 1):
        row = {
            "step": step,
            "seconds": 0.1,
            "ratio/token/max": float(np.exp(0.1 * generator.normal() ** 2)),
            "nothing": None,
        }
        if step % EVERY == 0:
            level = 0.0 if np.isinf(middle) else 1 / (1 + np.exp(-(step - middle) / 6))
            row["eval/format"] = float(np.clip(level + 0.005 * generator.normal(), 0, 1))
        lines.append(json.dumps(row))
    torn = "" if done else lines[-1][:7]
    (folder / "metrics.jsonl").write_text("\n".join(lines) + "\n" + torn)
    if done:
        (folder / DONE).write_text("{}")
