"""``jeoul bench collapse train``: estimators beside one another on a small transformer, from one warm start a seed."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from jeoul.benchmarks.collapse import report
from jeoul.benchmarks.collapse.plan import Plan, this_machine, write_plan
from jeoul.benchmarks.collapse.runs import Size, Work, prepare, work
from jeoul.benchmarks.collapse.scenarios import CLAIMS, TASKS, Task, find_task
from jeoul.cli.output import note
from jeoul.errors import ScoringError, UsageError, did_you_mean

__all__ = ["run"]

Words = Annotated[tuple[str, ...], Parameter(consume_multiple=True)]


def run(
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    scenario: Words = tuple(TASKS),
    arm: Words = (),
    seeds: int = 5,
    jobs: int = 1,
    steps: int = 100,
    prompts: int = 16,
    group: int = 8,
    hidden: int = 96,
    layers: int = 2,
    warm_steps: int = 110,
    learning_rate: float = 3e-4,
    evaluate_every: int = 5,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Train a small transformer on several rewards with every estimator, seeds paired, and report what comes of it.

    Parameters
    ----------
    output
        Folder of the study. The same command goes on where it was killed; more seeds, scenarios and arms may join.
    scenario
        equal, scale, noise (with controls), length (with gated arms), length_gated.
    arm
        By default all of a scenario: grpo, grpo_bn, grpo_scaled, dr_grpo, gdpo, gdpo_nobn, and its own.
    seeds
        Paired runs of each arm: the same warm start, prompts and random numbers.
    jobs
        Runs at a time, a process of one thread each.
    steps
        Steps of reinforcement learning, one update each.
    prompts
        Prompts a step.
    group
        Completions of a prompt.
    hidden
        Width of the transformer: 96, with 2 layers, are 0.19 M parameters.
    layers
        Of the transformer.
    warm_steps
        Of the supervised warm start.
    learning_rate
        Of reinforcement learning (AdamW).
    evaluate_every
        Steps between evaluations.
    json
        Print the report as JSON.
    """
    tasks = [find_task(name) for name in scenario]
    if seeds < 2 or jobs < 1:
        raise UsageError(f"--seeds {seeds} --jobs {jobs}: write 2 seeds or more (one has no spread), and 1 job or more")
    arms = {task.name: _arms(task, arm) for task in tasks}
    size = Size(hidden, layers, warm_steps, steps, prompts, group, learning_rate, evaluate_every)
    write_plan(_plan(tasks, arms, range(seeds), size, output.name), output)
    runs = [
        Work(output, task.name, name, seed, size) for seed in range(seeds) for task in tasks for name in arms[task.name]
    ]
    owed = [one for one in runs if not one.finished()]
    note(f"{len(runs)} runs, {len(runs) - len(owed)} of them finished before")
    for number, (one, seconds) in enumerate(_finished(owed, jobs), start=1):
        note(f"{number} of {len(owed)}: {one.scenario}, {one.arm}, seed {one.seed}: {seconds:.0f} s")
    report.run(output, json=json)


def _arms(task: Task, wanted: Sequence[str]) -> list[str]:
    """Those of a task that are wanted; one that no task has is refused."""
    known = [name for each in TASKS.values() for name in each.recipes()]
    for name in wanted:
        if name not in known:
            raise UsageError(
                f"no arm {name!r}{did_you_mean(name, known)}; there are: {', '.join(dict.fromkeys(known))}"
            )
    own = [name for name in task.recipes() if not wanted or name in wanted]
    if "grpo" not in own:
        raise UsageError(f"{task.name} without grpo has nothing to compare with; add --arm grpo")
    return own


def _finished(owed: Sequence[Work], jobs: int) -> Iterator[tuple[Work, float]]:
    """Do the work, one run after another or several at a time; each as it is finished."""
    if jobs == 1:
        for one in owed:
            prepare(one)
            yield one, work(one)
        return
    spawn = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(jobs, spawn, _end_with_parent, (os.getpid(),)) as pool:
            first = {one.seed: one for one in owed}
            list(pool.map(prepare, first.values()))
            futures = {pool.submit(work, one): one for one in owed}
            try:
                for future in as_completed(futures):
                    yield futures[future], future.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
    except BrokenProcessPool:
        raise ScoringError(
            "a process that trained was ended from outside (killed, or out of memory); what is done is kept: "
            "give the same command again, with fewer --jobs where memory is short"
        ) from None


def _end_with_parent(parent: int) -> None:
    """In a worker: end when the command is gone. Killed, it cannot tell; the pool's pipes would wait for ever."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _plan(
    tasks: Sequence[Task], arms: Mapping[str, Sequence[str]], seeds: Sequence[int], size: Size, name: str
) -> Plan:
    options = " ".join(f"--{option.replace('_', '-')} {value:g}" for option, value in asdict(size).items())
    there = {(task, arm) for task, own in arms.items() for arm in own}
    claims = [each for each in CLAIMS if {(each.environment, each.arm), (each.environment, each.baseline)} <= there]
    about = (
        f"A transformer (Llama as transformers has it, from scratch: hidden size {size.hidden}, {size.layers} layers, "
        f"a character a token) adds a number of at most two digits and one of one digit. It learns first from "
        f"{size.warm_steps} batches of right answers in four styles, then by {size.steps} steps of reinforcement "
        f"learning: {size.prompts} prompts × {size.group} completions, one update a step with GRPO's objective (arms "
        f"differ in their advantages alone), AdamW at {size.learning_rate:g}, gradients clipped at norm 1.",
        "All arms of a seed share the warm start, the prompts and the random numbers. Figures are means over 256 fixed "
        f"prompts, sampled at temperature 1, every {size.evaluate_every} steps.",
    )
    return Plan(
        "Several rewards on a small transformer",
        f"jeoul bench collapse train -o {name} --seeds {len(seeds)} {options}",
        size.steps,
        tuple(seeds),
        tuple(task.planned(arms[task.name]) for task in tasks),
        tuple(claims),
        about,
        this_machine(),
    )
