from __future__ import annotations

import math

import pytest
import torch

from jeoul import use
from jeoul.trainers.loop_metrics import Met, reward_metrics, routing_metrics

DATA = {"prompt": ["p"] * 4, "completion": list("wxyz"), "right": [0, 1, 0, 0], "form": [1, 0, 1, 0]}


def right(completions, right):
    return right


def form(completions, form):
    return form


def seen(completions, form):
    return form


def test_reward_metrics_are_those_of_the_table():
    recipe = (use(right) + use(form) + use(seen).monitor()).normalise("grpo")
    figures = {name: float(value) for name, value in reward_metrics(recipe.score(DATA, workers=0)).items()}
    assert (figures["reward/right/mean"], figures["reward/form/mean"], figures["reward/seen/mean"]) == (0.25, 0.5, 0.5)
    assert "reward/seen/share" not in figures
    assert figures["reward/form/share"] + figures["reward/right/share"] == pytest.approx(1)
    # of six pairs one is rewarded alike; (0, 1) and (1, 0) merge, twice
    assert figures["collapse"] == pytest.approx(2 / 5)


def test_a_preset_over_tokens_is_asked_by_rows():
    recipe = use(right) + 0.0 * use(form)
    figures = reward_metrics(recipe.normalise("gdpo", preset="verl").score(DATA, workers=0))
    assert figures["reward/right/share"] == pytest.approx(1)


def test_least_and_greatest_are_kept_and_the_rest_averaged():
    met, mask = Met(), torch.ones(1, 2, dtype=torch.bool)
    for figure, logp in ((1.0, 0.0), (3.0, math.log(2))):
        value = torch.tensor(figure)
        figures = {"loss": value, "ratio/min": value, "ratio/max": value, "clip/low": torch.tensor(math.nan)}
        met.add(figures, torch.full((1, 2), logp), torch.zeros(1, 2), mask)
    found = met.metrics()
    assert (found["loss"], found["ratio/min"], found["ratio/max"]) == (2, 1, 3)
    assert found["clip/low"].isnan()
    assert found["ratio/token/max"] == pytest.approx(2)
    assert found["ratio/token/ess"] == pytest.approx((1 + 1 + 2 + 2) ** 2 / (1 + 1 + 4 + 4) / 4)


def test_routing_is_compared_token_by_token_without_padding():
    router = torch.tensor([[[3.0, 2, 0, 0], [0, 0, 3, 2], [9, 9, 0, 0]]])  # 1 layer, 1 × 3 tokens, 4 experts
    old = torch.tensor([[[[1, 0]], [[0, 2]], [[2, 3]]]])  # [B, T, L, k]
    figures = routing_metrics(router, old, torch.tensor([[True, True, False]]))
    assert figures["moe/routing_drift"] == pytest.approx((0 + 0.5) / 2)
    assert figures["moe/effective_experts"] == pytest.approx(4)
