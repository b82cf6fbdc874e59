"""Jeoul's advantages beside those that TRL's GRPOTrainer computes in real (tiny) training steps, in float64."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from parity_cases import LIMIT, reward_table

from jeoul.trainers.advantages import estimator

pytest.importorskip("trl")
pytestmark = [
    pytest.mark.usefixtures("double_default"),
    pytest.mark.filterwarnings("ignore::FutureWarning:transformers"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("grpo", {"multi_objective_aggregation": "sum_then_normalize", "scale_rewards": "group"}),
        ("grpo_batch_std", {"multi_objective_aggregation": "sum_then_normalize", "scale_rewards": "batch"}),
        ("dr_grpo", {"multi_objective_aggregation": "sum_then_normalize", "scale_rewards": "none"}),
        ("gdpo", {"multi_objective_aggregation": "normalize_then_sum"}),
    ],
)
def test_advantages(
    name: str, options: dict[str, str], missing: float, tiny_model: str, measured: Callable[[str, float], float]
) -> None:
    import tiny_trl

    tables = [reward_table(seed, missing) for seed in range(10)]
    run = tiny_trl.trainer(tiny_model, tables, **options)
    run.train()
    assert len(run.rewards) == len(run.advantages) == len(tables)
    worst = 0.0
    for table, rewards, advantages in zip(tables, run.rewards, run.advantages, strict=True):
        assert rewards.dtype == advantages.dtype == torch.float64
        torch.testing.assert_close(rewards, table.rewards, equal_nan=True, rtol=0, atol=0)
        weights = run.reward_weights.tolist()
        ours = estimator(name)(rewards, table.groups, weights, preset="trl")
        worst = max(worst, float((ours - advantages).abs().max()))
        if not missing and name != "dr_grpo":
            assert float(advantages.abs().max()) > 0.5  # something was compared
    label = f"trl advantages: {name}" + (", missing cells" if missing else "")
    assert measured(label, worst) <= LIMIT
