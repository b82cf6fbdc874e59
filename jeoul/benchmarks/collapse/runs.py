"""The runs of ``jeoul bench collapse train``: a folder each, finished ones skipped, unfinished ones gone on with."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

import jeoul
from jeoul.benchmarks.collapse.arithmetic import NEW_TOKENS, Characters, evaluate, policy, prompts, warm_start
from jeoul.benchmarks.collapse.plan import DONE, run_folder, this_machine
from jeoul.benchmarks.collapse.scenarios import find_task
from jeoul.errors import DataError, TrainingError, UsageError
from jeoul.trainers.loop import Settings, train
from jeoul.trainers.loop_files import CHECKPOINT, METRICS, read_metrics
from jeoul.writing import whole_file

__all__ = ["Size", "Work", "prepare", "work"]


@dataclass(frozen=True)
class Size:
    """Of the policy, of its warm start (which all arms of a seed share), and of a run."""

    hidden: int = 96
    layers: int = 2
    warm_steps: int = 110
    steps: int = 100
    prompts: int = 16
    group: int = 8
    learning_rate: float = 3e-4
    evaluate_every: int = 5


@dataclass(frozen=True)
class Work:
    """One run."""

    out: Path
    scenario: str
    arm: str
    seed: int
    size: Size

    @property
    def folder(self) -> Path:
        """Where it is."""
        return run_folder(self.out, self.scenario, self.arm, self.seed)

    @property
    def warm(self) -> Path:
        """Where the policy that it starts from is."""
        size = self.size
        return self.out / "warm" / f"{size.hidden}x{size.layers}-{size.warm_steps}-seed-{self.seed}.pt"

    def finished(self) -> bool:
        """Whether it is; a finished run of another size is refused."""
        path = self.folder / DONE
        if not path.exists():
            return False
        try:
            size = json.loads(path.read_bytes())["size"]
        except (ValueError, TypeError, KeyError):
            raise DataError(f"{path} is not what a finished run writes; delete its folder to run it again") from None
        if size != asdict(self.size):
            other = ", ".join(
                f"{name} {size.get(name)}" for name, ours in asdict(self.size).items() if size.get(name) != ours
            )
            raise UsageError(f"{self.folder} was run with {other}; give the same options, or another -o")
        return True


def prepare(one: Work) -> None:
    """Make the warm start of a run's seed, unless it is there."""
    if one.warm.exists():
        return
    one.warm.parent.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    model = policy(one.size.hidden, one.size.layers, one.seed)
    warm_start(model, one.seed, one.size.warm_steps)
    with whole_file(one.warm) as beside:
        torch.save(model.state_dict(), beside)


def work(one: Work) -> float:
    """Train one run to its end; seconds of its steps. One that diverges is over too: ``done.json`` has the error."""
    if one.finished():  # by another command, since this one looked
        return 0.0
    torch.set_num_threads(1)  # sums depend on it, and so would every figure
    model = policy(one.size.hidden, one.size.layers, one.seed)
    try:
        model.load_state_dict(torch.load(one.warm, weights_only=True))
    except Exception as error:
        raise DataError(f"{one.warm} is no warm start of this size ({error}); delete it to make it again") from None
    settings = Settings(
        steps=one.size.steps,
        prompts=one.size.prompts,
        group=one.size.group,
        max_new_tokens=NEW_TOKENS,
        learning_rate=one.size.learning_rate,
        seed=one.seed,
        workers=0,
        evaluate_every=one.size.evaluate_every,
    )

    recipe, diverged = find_task(one.scenario).recipes()[one.arm], ""
    try:
        train(model, Characters(), prompts, recipe, settings, folder=one.folder, evaluate=evaluate)
    except TrainingError as error:
        diverged = str(error)
    seconds = sum(float(row["seconds"]) for row in read_metrics(one.folder / METRICS))
    told = {"scenario": one.scenario, "arm": one.arm, "seed": one.seed, "error": diverged, "seconds": seconds}
    told |= {"size": asdict(one.size), "settings": asdict(settings), "recipe": recipe.fingerprint}
    told |= {"machine": this_machine(), "jeoul": jeoul.__version__}
    with whole_file(one.folder / DONE) as beside:
        beside.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (one.folder / CHECKPOINT).unlink(missing_ok=True)
    return seconds
