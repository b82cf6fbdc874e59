"""The choices that a formula leaves open, and how each framework made them.

Every framework that ships GDPO ships a different GDPO: another epsilon, another batch step, another meaning of
NaN. A `Preset` names those choices; the six presets here were read from the frameworks' own code and are checked
against it (see docs). `preset("trl", ddof=0)` is a preset with one choice changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

from jeoul.errors import UsageError, did_you_mean

__all__ = ["PRESETS", "BatchStep", "NanRule", "Preset", "preset", "weights_in_order"]

BatchStep = Literal["none", "sequence", "token"]
NanRule = Literal["exclude", "zero", "poison"]


@dataclass(frozen=True)
class Preset:
    """Declared options of an advantage estimator.

    column_eps     added to the standard deviation of a column in a group (normalise, then sum)
    sum_eps        added to the standard deviation of the weighted sum (sum, then normalise)
    ddof           1 divides by n − 1, 0 by n, in every group statistic (the batch step always uses n − 1)
    leave_one_out  a row's own reward takes no part in its mean and standard deviation
    skip_zero_std  with leave_one_out: where the others are all equal, centre but do not divide
    batch          the last step of gdpo and its kin: "none", "sequence" (every row counts once) or
                   "token" (every row counts as often as it has tokens; needs `lengths`)
    batch_eps      "sequence": added to the standard deviation; "token": added to the variance
    nan            NaN in a column that is normalised: "exclude" (statistics over the present cells, the cell
                   adds nothing), "zero" (read as reward 0) or "poison" (the result is NaN)
    sum_nan        the same for sum-then-normalise
    nan_rows       a row without any present cell: "exclude" from the batch statistics, or "count" it as 0;
                   its advantage is 0 either way
    dead_rows      rows without signal (constant group, cancelled columns) after a batch step that shifts the
                   mean: "zero" leaves them at exactly 0, "shift" does what the frameworks do
    one_column     what gdpo does with a single column: "gdpo", or "grpo"
    weight_order   how the framework reads a list of weights: by "column" or in "alphabetical" order of names
                   (see `weights_in_order`; the functions here always go by column)
    """

    name: str
    column_eps: float = 1e-4
    sum_eps: float = 1e-4
    ddof: int = 1
    leave_one_out: bool = False
    skip_zero_std: bool = False
    batch: BatchStep = "sequence"
    batch_eps: float = 1e-4
    nan: NanRule = "exclude"
    sum_nan: NanRule = "exclude"
    nan_rows: Literal["exclude", "count"] = "exclude"
    dead_rows: Literal["zero", "shift"] = "zero"
    one_column: Literal["gdpo", "grpo"] = "gdpo"
    weight_order: Literal["column", "alphabetical"] = "column"

    def __post_init__(self) -> None:
        for option in ("column_eps", "sum_eps", "batch_eps"):
            value = getattr(self, option)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
                raise UsageError(f"{option} is {value!r}; write a finite number of at least 0")
        for option in ("leave_one_out", "skip_zero_std"):
            if not isinstance(getattr(self, option), bool):
                raise UsageError(f"{option} is {getattr(self, option)!r}; write true or false")
        if self.ddof not in (0, 1) or isinstance(self.ddof, bool):
            raise UsageError(f"ddof is {self.ddof!r}; write 1 (divide by n - 1) or 0 (divide by n)")
        for option, allowed in _CHOICES.items():
            if getattr(self, option) not in allowed:
                raise UsageError(f"{option} is {getattr(self, option)!r}; write one of {', '.join(allowed)}")


_CHOICES: dict[str, tuple[str, ...]] = {
    "batch": get_args(BatchStep),
    "nan": get_args(NanRule),
    "sum_nan": get_args(NanRule),
    "nan_rows": ("exclude", "count"),
    "dead_rows": ("zero", "shift"),
    "one_column": ("gdpo", "grpo"),
    "weight_order": ("column", "alphabetical"),
}

PRESETS: dict[str, Preset] = {
    each.name: each
    for each in (
        Preset("paper"),  # 2601.05242 Eq. 4, 6, 7; NaN as in DESIGN.md, in both families
        Preset("trl", sum_nan="zero"),  # TRL 1.16 GRPOTrainer, both values of multi_objective_aggregation
        Preset(  # verl 0.9.1 core_algos: masked_whiten over the tokens of the batch
            "verl",
            column_eps=1e-6,
            sum_eps=1e-6,
            batch="token",
            batch_eps=1e-8,
            nan="poison",
            sum_nan="poison",
        ),
        Preset(  # ms-swift compute_advantages: 1e-8 with scale_rewards="gdpo", 1e-4 otherwise
            "swift", column_eps=1e-8, batch_eps=1e-8, sum_nan="zero", nan_rows="count"
        ),
        Preset(  # NeMo-RL advantage_estimator.py
            "nemo",
            column_eps=1e-6,
            sum_eps=1e-6,
            leave_one_out=True,
            skip_zero_std=True,
            batch_eps=0.0,
            nan="poison",
            sum_nan="poison",
            weight_order="alphabetical",
        ),
        Preset(  # NVlabs/GDPO, its TRL fork
            "nvlabs", nan="zero", sum_nan="zero", nan_rows="count", one_column="grpo"
        ),
    )
}


def preset(name: str | Preset = "paper", /, **changes: Any) -> Preset:
    """Look a preset up by name, with the given options changed.

    >>> preset("verl").batch
    'token'
    >>> preset("trl", ddof=0).ddof
    0
    >>> preset("vrel")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    jeoul.errors.UsageError: no preset named 'vrel' (did you mean 'verl'?); there are: paper, trl, ...
    """
    if isinstance(name, Preset):
        base = name
    elif name in PRESETS:
        base = PRESETS[name]
    else:
        raise UsageError(_unknown("preset", name, list(PRESETS)))
    if not changes:
        return base
    options = [field.name for field in fields(Preset) if field.name != "name"]
    for option in changes:
        if option not in options:
            raise UsageError(_unknown("preset option", option, options))
    return replace(base, **changes)


def weights_in_order(names: Sequence[str], weights: dict[str, float], framework: str | Preset) -> list[float]:
    """Turn weights by name into the list that a framework with positional weights expects.

    >>> weights_in_order(["format", "correct"], {"format": 0.5, "correct": 1.0}, "trl")
    [0.5, 1.0]
    >>> weights_in_order(["format", "correct"], {"format": 0.5, "correct": 1.0}, "nemo")
    [1.0, 0.5]
    """
    if sorted(names) != sorted(weights):
        raise UsageError(
            f"weights name {sorted(weights)}, the columns are {sorted(names)}; give exactly one weight a column"
        )
    alphabetical = preset(framework).weight_order == "alphabetical"
    return [weights[name] for name in (sorted(names) if alphabetical else names)]


def _unknown(what: str, name: object, known: list[str]) -> str:
    return f"no {what} named {name!r}{did_you_mean(str(name), known)}; there are: {', '.join(known)}"
