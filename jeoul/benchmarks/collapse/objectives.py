"""``jeoul bench collapse objectives``: policy objectives side by side on stale samples and a mixture of experts.

Every batch is used for several updates, so all but the first see samples of an older policy: that is where objectives
differ. All arms of a seed share warm start, prompts, random numbers and advantages (GRPO's, on format and correctness).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
from cyclopts import Parameter

from jeoul.benchmarks.collapse import arithmetic
from jeoul.benchmarks.collapse.arithmetic import NEW_TOKENS, Characters, evaluate, prompts
from jeoul.benchmarks.collapse.mixture import mixture, warm_mixture
from jeoul.benchmarks.collapse.plan import DONE, Figure, Plan, Scenario, run_folder, this_machine, write_plan
from jeoul.benchmarks.collapse.study import Claim, Metric
from jeoul.cli.output import note
from jeoul.errors import DataError, TrainingError, UsageError, did_you_mean
from jeoul.rewards.recipes.column import use
from jeoul.rewards.recipes.recipe import Recipe
from jeoul.trainers.loop import Settings, train
from jeoul.trainers.loop_files import CHECKPOINT, METRICS, read_metrics
from jeoul.writing import whole_file

__all__ = ["ARMS", "CLAIMS", "SCENARIOS", "Run", "run", "train_one"]

Words = Annotated[tuple[str, ...], Parameter(consume_multiple=True)]
SCENARIOS = {"stale": (2, 4), "fresh": (1, 1)}
"""Passes over a batch, and updates a pass."""


@dataclass(frozen=True)
class Objective:
    """An arm: a loss of ``jeoul.trainers.losses`` with its options, and what it does in words."""

    name: str
    about: str
    options: Mapping[str, float]


ARMS = {
    "grpo": Objective("grpo", "ratio of each token, clipped at ± .2; mean of sequence means", {}),
    "dapo": Objective("dapo", "ratio of each token, clipped at − .2 and + .28; mean of tokens", {}),
    "gspo": Objective("gspo", "ratio of the sequence (geometric mean), clipped at − 3e-4 and + 4e-4, as published", {}),
    "gspo, clip 0.2": Objective("gspo", "the same clipped at ± .2", {"clip_low": 0.2, "clip_high": 0.2}),
    "gmpo": Objective("gmpo", "geometric mean of token ratios, each held within e^± .4 on one side", {}),
    "minirl": Objective("minirl", "log-probability weighted by the ratio, masked at − .2 and + .27; sum of tokens", {}),
    "cispo": Objective("cispo", "log-probability weighted by the ratio, capped at 5; mean of tokens", {}),
}


def _watched(name: str, key: str, *metrics: Metric) -> Figure:
    return Figure(name, key, metrics or ("area",), range=None)


FIGURES = (
    Figure("format", "eval/format", threshold=0.9),
    Figure("correct", "eval/correct", ("area", "final")),
    Figure("exact (both)", "eval/exact", threshold=0.4),
    _watched("token ratio, most", "ratio/token/max", "area", "greatest"),
    _watched("token ratio, least", "ratio/token/min", "area", "least"),
    _watched("sequence ratio, most", "ratio/sequence/max", "area", "greatest"),
    _watched("clipped above", "clip/high"),
    _watched("clipped below", "clip/low"),
    _watched("KL to the sampler (k3)", "kl/k3", "area", "greatest"),
    _watched("gradient norm", "grad_norm", "area", "variation"),
    _watched("entropy", "entropy", "area", "final"),
    _watched("routing drift", "moe/routing_drift", "area", "greatest"),
    _watched("busiest expert (MaxVio)", "moe/max_violation", "area", "final"),
)
CLAIMS = (
    Claim("stale", "gspo", "grpo", "clipped above", "area", True, "GSPO 2507.18071: two orders of magnitude more"),
    Claim(
        "stale", "gspo", "gspo, clip 0.2", "clipped above", "area", True, "reference: .2 is about 500 times too wide"
    ),
    Claim(
        "stale", "grpo", "gmpo", "token ratio, most", "greatest", True, "GMPO 2507.20673: a narrower range of ratios"
    ),
    Claim("stale", "grpo", "gmpo", "KL to the sampler (k3)", "area", True, "GMPO 2507.20673: a smaller KL"),
    Claim("stale", "gmpo", "grpo", "entropy", "final", True, "GMPO 2507.20673: entropy is kept"),
    Claim("stale", "dapo", "grpo", "entropy", "final", True, "DAPO 2503.14476: a higher upper clip keeps entropy"),
    Claim("stale", "gspo", "grpo", "exact (both)", "area", True, "GSPO 2507.18071: learns faster, also mixtures"),
    Claim("stale", "gmpo", "grpo", "exact (both)", "area", True, "GMPO 2507.20673"),
    Claim("stale", "cispo", "dapo", "exact (both)", "steps", True, "CISPO 2506.13585: half the steps of DAPO"),
    Claim("stale", "minirl", "gspo", "exact (both)", "area", False, "ours: the simplest does not beat GSPO here"),
)
"""Written before the study was run. They are about models a hundred thousand times as large: what is not reproduced
here is not refuted there. Rate, thresholds and steps were set by a look at seed 99, which is not in the study."""


@dataclass(frozen=True)
class Run:
    """One run of the study, and all that decides its figures."""

    output: Path
    scenario: str
    arm: str
    seed: int
    steps: int
    rate: float
    warm_steps: int

    @property
    def folder(self) -> Path:
        """Where it is."""
        return run_folder(self.output, self.scenario, self.arm, self.seed)

    def settings(self) -> Settings:
        """Of the flat loop."""
        epochs, minibatches = SCENARIOS[self.scenario]
        objective = ARMS[self.arm]
        return Settings(
            steps=self.steps,
            prompts=16,
            group=8,
            max_new_tokens=NEW_TOKENS,
            objective=objective.name,
            objective_options=dict(objective.options),
            learning_rate=self.rate,
            epochs=epochs,
            minibatches=minibatches,
            seed=self.seed,
            workers=0,
            evaluate_every=5,
        )


def run(
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    scenario: Words = ("stale",),
    arm: Words = tuple(ARMS),
    seeds: int = 5,
    steps: int = 80,
    learning_rate: float = 3e-4,
    warm_steps: int = 150,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Train a small mixture of experts with each policy objective on stale samples, seeds paired, and report.

    Parameters
    ----------
    output
        Folder of the study. The same command goes on where it was stopped or killed; more seeds and arms may join.
    scenario
        stale (8 updates a batch), fresh (1 update a batch: a control, in which no sample is stale).
    arm
        grpo, dapo, gspo, "gspo, clip 0.2", gmpo, minirl, cispo.
    seeds
        Paired runs of each arm.
    steps
        Batches of a run: 16 prompts, 8 completions each.
    learning_rate
        Of AdamW, the same for all arms.
    warm_steps
        Batches of the supervised warm start, which all arms of a seed share.
    json
        Print the report as JSON.
    """
    _check(scenario, arm, seeds)
    torch.set_num_threads(1)  # sums depend on it, and so would every figure
    write_plan(_plan(output, scenario, arm, seeds, steps, learning_rate, warm_steps), output)
    runs = [
        Run(output, each, name, seed, steps, learning_rate, warm_steps)
        for seed in range(seeds)
        for each in scenario
        for name in arm
    ]
    for number, one in enumerate(runs, start=1):
        told = train_one(one)
        note(f"{number} of {len(runs)}: {one.scenario}, {one.arm}, seed {one.seed}: {told}")
    from jeoul.benchmarks.collapse import report

    report.run(output, json=json)


def train_one(one: Run) -> str:
    """Train one run to its end, or go on with it; how that went. A run that diverges is over too: a crash is a result.

    Raises:
        UsageError: the folder holds the run with other options.
    """
    if (one.folder / DONE).exists():
        return _finished(one)
    model = _warm(one)
    recipe = Recipe(use(arithmetic.format), use(arithmetic.correct)).normalise("grpo")
    error = ""
    try:
        train(model, Characters(), prompts, recipe, one.settings(), folder=one.folder, evaluate=evaluate)
    except TrainingError as diverged:
        error = str(diverged)
    seconds = sum(row["seconds"] for row in read_metrics(one.folder / METRICS))
    told: dict[str, Any] = {
        "error": error,
        "seconds": seconds,
        "settings": asdict(one.settings()),
        "machine": this_machine(),
    }
    with whole_file(one.folder / DONE) as beside:
        beside.write_text(json.dumps(told | {"warm_steps": one.warm_steps}, indent=1) + "\n", encoding="utf-8")
    (one.folder / CHECKPOINT).unlink(missing_ok=True)
    return error or f"{seconds:.0f} s"


def _finished(one: Run) -> str:
    path = one.folder / DONE
    try:
        there = json.loads(path.read_bytes())
        same = (
            there["settings"] == json.loads(json.dumps(asdict(one.settings())))
            and there["warm_steps"] == one.warm_steps
        )
        error = str(there["error"])
    except (ValueError, TypeError, KeyError):
        raise DataError(f"{path} is not what a finished run writes; delete its folder to run it again") from None
    if not same:
        raise UsageError(f"{one.folder} was run with other options; give the same ones, or another -o")
    return error or "finished before"


def _warm(one: Run) -> Any:
    """The policy that all arms of a seed start from, made where it is not there yet."""
    path = one.output / "warm" / f"{one.warm_steps}-seed-{one.seed}.pt"
    model = mixture(one.seed)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        warm_mixture(model, one.seed, one.warm_steps)
        with whole_file(path) as beside:
            torch.save(model.state_dict(), beside)
    try:
        model.load_state_dict(torch.load(path, weights_only=True))
    except Exception as error:
        raise DataError(f"{path} is no warm start of this policy ({error}); delete it to make it again") from None
    return model


def _check(scenarios: Sequence[str], arms: Sequence[str], seeds: int) -> None:
    for what, names, known in (("scenario", scenarios, SCENARIOS), ("arm", arms, ARMS)):
        for name in names:
            if name not in known:
                raise UsageError(f"no {what} {name!r}{did_you_mean(name, known)}; there are: {', '.join(known)}")
    if seeds < 2:
        raise UsageError(f"--seeds {seeds} has no spread; write 2 or more, better 5")
    if "grpo" not in arms:
        raise UsageError("without grpo there is nothing to compare with; add --arm grpo")


def _plan(
    output: Path, scenarios: Sequence[str], arms: Sequence[str], seeds: int, steps: int, rate: float, warm: int
) -> Plan:
    about = {
        "stale": "8 updates a batch, in 2 passes of 4 minibatches: samples are up to 7 updates old",
        "fresh": "one update a batch: no sample is stale, and objectives differ in how they average alone",
    }
    planned = tuple(Scenario(name, about[name], {arm: ARMS[arm].about for arm in arms}, FIGURES) for name in scenarios)
    claims = tuple(each for each in CLAIMS if each.environment in scenarios and {each.arm, each.baseline} <= {*arms})
    command = (
        f"jeoul bench collapse objectives -o {output.name} --scenario {' '.join(scenarios)} --seeds {seeds} "
        f"--steps {steps} --learning-rate {rate:g} --warm-steps {warm}"
    )
    text = (
        "A mixture of experts (transformers' Mixtral: 2 layers, 8 experts, 2 a token, 0.23 M parameters, from scratch) "
        f"adds numbers, a character a token. It learns first from {warm} batches of right answers in four styles, then "
        f"by {steps} batches of 16 prompts × 8 completions, rewarded for format and correctness, GRPO's advantages, "
        f"AdamW at {rate:g}, gradients clipped at norm 1, no penalty towards a reference and no balancing loss.",
        "Figures are means over a batch's updates, or extremes where they are named so; rewards are means over 256 "
        "fixed prompts, every 5 batches. “Clipped” is the share of what the objective clips: tokens, or sequences for "
        "gspo; of cispo, tokens at the cap. Gradient norms are before clipping, and depend on how an objective "
        "averages: compare their variation. Routing drift: share of the experts chosen for a token that were not "
        "chosen before the batch's first update.",
    )
    return Plan(
        "Policy objectives on stale samples", command, steps, tuple(range(seeds)), planned, claims, text, this_machine()
    )
