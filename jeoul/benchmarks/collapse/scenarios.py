"""What ``jeoul bench collapse train`` trains on: reward columns over arithmetic, the arms, what is measured of them.

Thresholds and claims were written before the study was run: thresholds well above the warm start's level and within
reach, claims from the reference's short runs of this kind (tie, tie, collapse under noise) and from the bandits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from jeoul.benchmarks.collapse import arithmetic
from jeoul.benchmarks.collapse.plan import Figure, Scenario
from jeoul.benchmarks.collapse.study import Claim
from jeoul.errors import UsageError, did_you_mean
from jeoul.rewards.recipes.column import Column, use
from jeoul.rewards.recipes.recipe import Recipe
from jeoul.rewards.registry import as_reward

__all__ = ["ARMS", "CLAIMS", "TASKS", "Task", "find_task"]

ARMS = ("grpo", "grpo_bn", "grpo_scaled", "dr_grpo", "gdpo", "gdpo_nobn")
BOUNDS = {"format": (0, 1), "correct": (0, 1), "graded": (-3, 3), "exact": (0, 1), "short": (0, 1), "noise": (-9, 9)}
"""The range that grpo_scaled brings to unit length; of noise, three standard deviations each way."""
FIGURES = {
    "format": Figure("format", "eval/format", threshold=0.9),
    "correct": Figure("correct", "eval/correct", threshold=0.6),
    "graded": Figure("graded", "eval/graded", threshold=2.0, range=6.0),
    "exact": Figure("exact", "eval/exact", threshold=0.6),
    "exact_long": Figure("exact, long answers", "eval/exact_long", threshold=0.6),
    "short": Figure("short", "eval/short", threshold=0.8),
}
COLLAPSE = Figure("collapse", "collapse", ("area",), range=None)
"""Share of the differently rewarded pairs of a group that get the same advantage."""


@dataclass(frozen=True)
class Task:
    """Columns that are trained together.

    Attributes:
        about: one line.
        columns: with their weights.
        figures: names in ``FIGURES``.
        variants: other columns, for an arm under grpo and one under gdpo: "noise × 0.1" → columns.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    figures: tuple[str, ...]
    variants: Mapping[str, tuple[Column, ...]] = field(default_factory=dict)

    def recipes(self) -> dict[str, Recipe]:
        """Every arm's recipe by its name."""
        found = {name: _recipe(self.columns, name) for name in ARMS}
        for variant, columns in self.variants.items():
            found |= {f"{name}, {variant}": _recipe(columns, name) for name in ("grpo", "gdpo")}
        return found

    def planned(self, arms: Iterable[str]) -> Scenario:
        """What the study's plan says of it, with these of its arms."""
        watched = Figure("share of the first column", f"reward/{self.columns[0].name}/share", ("area",), range=None)
        return Scenario(
            self.name, self.about, dict.fromkeys(arms, ""), (*map(FIGURES.__getitem__, self.figures), COLLAPSE, watched)
        )


def _recipe(columns: tuple[Column, ...], estimator: str) -> Recipe:
    recipe = Recipe(*columns)
    if estimator != "grpo_scaled":
        return recipe.normalise(estimator)
    return recipe.normalise(estimator, bounds=[BOUNDS[name] for name in recipe.names])


_format, _correct, _graded, _exact, _short = (
    use(each) for each in (arithmetic.format, arithmetic.correct, arithmetic.graded, arithmetic.exact, arithmetic.short)
)
_noise = use(replace(as_reward(arithmetic.noise), scope="group"))  # by row, equal completions would have equal noise
_gated = (_exact, 0.5 * _short.when(_exact >= 1))

TASKS = {
    task.name: task
    for task in (
        Task(
            "equal",
            "format and correctness, both binary, of equal weight",
            (_format, _correct),
            ("format", "correct"),
        ),
        Task(
            "scale",
            "format in {0, 1} beside graded correctness in [−3, 3]",
            (_format, _graded),
            ("format", "graded", "correct"),
        ),
        Task(
            "noise",
            "format, correctness and a column of pure noise, N(0, 3²); as controls the noise × 0.1, and monitored",
            (_format, _correct, _noise),
            ("format", "correct"),
            {
                "noise × 0.1": (_format, _correct, 0.1 * _noise),
                "noise monitored": (_format, _correct, _noise.monitor()),
            },
        ),
        Task(
            "length",
            "exact answers, and half the weight on at most three characters: most prompts cannot have both",
            (_exact, 0.5 * _short),
            ("exact", "exact_long", "short"),
            {"short gated": _gated},
        ),
        Task(
            "length_gated",
            "the same, but being short counts only where the answer is exact",
            _gated,
            ("exact", "exact_long", "short"),
        ),
    )
}

CLAIMS = (
    Claim("equal", "gdpo", "grpo", "format", "final", False),
    Claim("equal", "gdpo", "grpo", "correct", "final", False),
    Claim("scale", "gdpo", "grpo", "format", "final", False),
    Claim("scale", "gdpo", "grpo", "format", "steps", True, "ours"),
    Claim("noise", "gdpo", "grpo", "format", "final", True),
    Claim("noise", "grpo, noise × 0.1", "grpo", "format", "final", True, "ours"),
    Claim("noise", "grpo, noise monitored", "grpo", "format", "final", True, "ours"),
    Claim("noise", "gdpo", "grpo, noise monitored", "format", "final", False, "ours"),
    Claim("length", "gdpo", "grpo", "exact, long answers", "final", False, "ours"),
    Claim("length", "grpo, short gated", "grpo", "exact, long answers", "final", True, "ours"),
    Claim("length", "gdpo, short gated", "gdpo", "exact, long answers", "final", True, "ours"),
    Claim("length_gated", "gdpo", "grpo", "exact, long answers", "final", False, "ours"),
)


def find_task(name: str) -> Task:
    """The task of this name; an unknown one is refused with its nearest neighbour."""
    if name not in TASKS:
        raise UsageError(f"no scenario {name!r}{did_you_mean(name, TASKS)}; there are: {', '.join(TASKS)}")
    return TASKS[name]
