"""What a study set out to measure, written down before its first run: ``study.json`` in the study's folder.

A study is a folder: ``study.json``, and for each run ``<scenario>/<arm>/seed-<n>/`` with ``metrics.jsonl`` of the flat
loop and, once the run is over, ``done.json``.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from jeoul.benchmarks.collapse.study import METRICS, Claim, Metric
from jeoul.errors import DataError, UsageError
from jeoul.writing import whole_file

__all__ = ["DONE", "PLAN", "Figure", "Plan", "Scenario", "read_plan", "run_folder", "this_machine", "write_plan"]

PLAN, DONE = "study.json", "done.json"


@dataclass(frozen=True)
class Figure:
    """Something recorded while an arm trains.

    Attributes:
        name: in the report.
        key: in ``metrics.jsonl``, such as "eval/format".
        metrics: to take of its curve. "steps" needs a threshold.
        threshold: at which a reward counts as learnt.
        range: greatest possible value less the least: a difference of a twentieth of it does not matter. None: a
            figure that is only watched, where more is neither better nor worse, and nothing is compared.
    """

    name: str
    key: str
    metrics: tuple[Metric, ...] = METRICS
    threshold: float | None = None
    range: float | None = 1.0


@dataclass(frozen=True)
class Scenario:
    """One environment of the study, the arms trained in it, and what they do differently ("": the name says it)."""

    name: str
    about: str
    arms: Mapping[str, str]
    figures: tuple[Figure, ...]
    baseline: str = "grpo"


@dataclass(frozen=True)
class Plan:
    """A study.

    Attributes:
        title: of the report.
        command: that runs it.
        steps: of every run.
        claims: to be held against what comes out.
        about: paragraphs on what was trained and how.
        machine: what it runs on.
    """

    title: str
    command: str
    steps: int
    seeds: tuple[int, ...]
    scenarios: tuple[Scenario, ...]
    claims: tuple[Claim, ...] = ()
    about: tuple[str, ...] = ()
    machine: Mapping[str, str] = field(default_factory=dict)


def write_plan(plan: Plan, folder: Path) -> None:
    """Write ``study.json`` before the first run, or find the same plan there: more seeds and scenarios may join.

    Raises:
        UsageError: the folder holds a study with other arms, figures, claims or steps under the same names.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / PLAN
    if path.exists():
        plan = _joined(read_plan(folder), plan, path)
    with whole_file(path) as beside:
        beside.write_text(json.dumps(asdict(plan), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_plan(folder: Path) -> Plan:
    """The plan of a study's folder; DataError where there is none, or no such one."""
    path = folder / PLAN
    if not path.is_file():
        raise DataError(f"{folder} has no {PLAN}; give the folder that a study was run into (-o)")
    try:
        return TypeAdapter(Plan).validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DataError(f"{path} is no plan of a study: {where}: {first['msg']}") from None


def run_folder(folder: Path, scenario: str, arm: str, seed: int) -> Path:
    """Where a run of the study is.

    >>> run_folder(Path("out"), "noise", "gdpo, noise × 0.1", 3).as_posix()
    'out/noise/gdpo-noise-0.1/seed-3'
    """
    return folder / _safe(scenario) / _safe(arm) / f"seed-{seed}"


def this_machine() -> dict[str, str]:
    """What a study runs on, as far as its figures could depend on it."""
    import torch

    cpu = next((line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if "model name" in line), "")
    return {
        "cpu": f"{cpu or platform.machine()}, {os.cpu_count()} cores",
        "threads": str(torch.get_num_threads()),
        "python": platform.python_version(),
        "torch": str(torch.__version__),
    }


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return []


def _safe(name: str) -> str:
    words = "".join(letter if letter.isalnum() or letter in "._" else " " for letter in name.replace("×", " ")).split()
    return "-".join(words)


def _joined(old: Plan, new: Plan, path: Path) -> Plan:
    """The old plan with what the new one adds; what both have must be the same."""
    if (old.steps, old.title) != (new.steps, new.title):
        raise UsageError(f"{path} is of {old.title!r} with {old.steps} steps; give another folder, or the same study")
    ours = {each.name: each for each in new.scenarios}
    for each in old.scenarios:
        if each.name in ours and any(ours[each.name].arms.get(arm, how) != how for arm, how in each.arms.items()):
            raise UsageError(f"{path} has other arms in {each.name!r}; give another folder, or delete this one")
        if each.name in ours and (each.figures, each.baseline) != (ours[each.name].figures, ours[each.name].baseline):
            raise UsageError(f"{path} has other figures in {each.name!r}; give another folder, or delete this one")
    scenarios = {each.name: each for each in old.scenarios}
    for name, each in ours.items():
        before = scenarios.get(name)
        arms = {**before.arms, **each.arms} if before else each.arms
        scenarios[name] = Scenario(name, each.about, arms, each.figures, each.baseline)
    claims = tuple(dict.fromkeys([*old.claims, *new.claims]))
    seeds = tuple(sorted({*old.seeds, *new.seeds}))
    return Plan(new.title, new.command, new.steps, seeds, tuple(scenarios.values()), claims, new.about, new.machine)
