"""Policy losses: the laws of ALGORITHMS.md §2, each against formulas written out again here in plain Python."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from jeoul.errors import UsageError
from jeoul.trainers import losses as L  # noqa: N812
from jeoul.trainers.aggregation import AGGREGATIONS, aggregate

DTYPES = [torch.float32, torch.float64]
EVERY = list(L.LOSSES)
SEQUENCE_LEVEL = ["gspo", "luspo", "gmpo", "hmpo", "gvpo"]
TOLERANCE = {torch.float32: 2e-5, torch.float64: 1e-10}


def options(name: str, rows: int) -> dict[str, Any]:
    """What a loss cannot do without."""
    if name == "dr_grpo":
        return {"length": 10.0}
    if name == "gvpo":
        return {"groups": torch.arange(rows) // 2}
    if name == "clip_cov":
        return {"generator": torch.Generator().manual_seed(0)}
    return {}


def batch(seed: int, rows: int = 4, width: int = 6, spread: float = 0.5, dtype: torch.dtype = torch.float64) -> tuple:
    """logp, old_logp, advantages, mask: uneven lengths, at least one token a row."""
    generator = torch.Generator().manual_seed(seed)
    old = -torch.rand(rows, width, generator=generator, dtype=torch.float64) * 3 - 0.05
    logp = (old + spread * torch.randn(rows, width, generator=generator, dtype=torch.float64)).clamp(max=-0.01)
    advantages = torch.randn(rows, generator=generator, dtype=torch.float64)
    lengths = torch.randint(1, width + 1, (rows,), generator=generator)
    mask = torch.arange(width) < lengths[:, None]
    return logp.to(dtype), old.to(dtype), advantages.to(dtype), mask


def gradient(name: str, logp: Tensor, *rest: Tensor, **given_options: Any) -> tuple[L.Loss, Tensor]:
    leaf = logp.detach().clone().requires_grad_()
    loss = L.policy_loss(name)(leaf, *rest, **(options(name, len(logp)) | given_options))
    loss.value.backward()
    assert leaf.grad is not None
    return loss, leaf.grad


# --- every objective written again, token by token, in Python floats -------------------------------------------------


def clip(x: float, low: float, high: float) -> float:
    return min(max(x, low), high)


def rows_of(
    logp: Tensor, old: Tensor, advantages: Tensor, mask: Tensor
) -> list[tuple[list[float], list[float], float]]:
    out = []
    for b in range(len(logp)):
        chosen = [t for t in range(logp.shape[1]) if mask[b, t]]
        values = [float(logp[b, t]) for t in chosen]
        out.append((values, [v - float(old[b, t]) for v, t in zip(values, chosen, strict=True)], float(advantages[b])))
    return out


def token_objectives(name: str, lp: list[float], d: list[float], a: float) -> list[float]:
    """Objective at each token, without aggregation, at the table's defaults."""
    rho = [math.exp(x) for x in d]
    mean_d = sum(d) / len(d)
    if name in ("ppo", "grpo", "dr_grpo", "bnpo"):
        return [min(r * a, clip(r, 0.8, 1.2) * a) for r in rho]
    if name == "dapo":
        return [min(r * a, clip(r, 0.8, 1.28) * a) for r in rho]
    if name in ("gspo", "gspo_token", "luspo"):
        s = math.exp(mean_d)
        return [min(s * a, clip(s, 1 - 3e-4, 1 + 4e-4) * a)] * len(d)
    if name in ("gmpo", "hmpo"):
        held = [min(x, 0.4) if a > 0 else max(x, -0.4) for x in d]
        if name == "gmpo":
            return [a * math.exp(sum(held) / len(held))] * len(d)
        return [a * len(held) / sum(math.exp(-x) for x in held)] * len(d)
    if name == "minirl":
        keep = [not ((a > 0 and r > 1.27) or (a < 0 and r < 0.8)) for r in rho]
        return [k * min(r, 5.0) * a * x for k, r, x in zip(keep, rho, lp, strict=True)]
    if name == "cispo":
        return [min(r, 5.0) * a * x for r, x in zip(rho, lp, strict=True)]
    if name == "sapo":
        tau = 1.0 if a > 0 else 1.05
        return [4 / tau / (1 + math.exp(-tau * (r - 1))) * a for r in rho]
    if name == "vespo":
        k, lam = (2.0, 3.0) if a >= 0 else (3.0, 2.0)
        w = math.exp(max(sum(d), math.log(1e-8)))
        return [math.exp(lam) * w**k * math.exp(-lam * w) * a * x for x in lp]
    if name == "dppo_tv":
        moved = [math.exp(x) - math.exp(x - y) for x, y in zip(lp, d, strict=True)]
        keep = [m <= 0.15 if a > 0 else m >= -0.15 for m in moved]
        return [k * min(r, 20.0) * a * x for k, r, x in zip(keep, rho, lp, strict=True)]
    raise KeyError(name)


@pytest.mark.parametrize("name", ["sapo", "vespo"])
def test_options_are_not_rounded_to_float32(name: str) -> None:
    """1.05 in float32 is off by 5e-8: enough to fail parity in float64."""
    logp, old, advantages, mask = batch(2)
    extra = {"tau_positive": 1.1, "tau_negative": 1.1} if name == "sapo" else {"k_positive": 1.1, "k_negative": 1.1}
    value = gradient(name, logp, old, advantages, mask, **extra)[0].value.item()
    if name == "sapo":
        gate = 4 / 1.1 * torch.sigmoid(1.1 * ((logp - old).exp() - 1)) * advantages[:, None]
        expected = -aggregate(gate, mask, "sequence_mean_token_mean")
    else:
        lam = torch.where(advantages >= 0, 3.0, 2.0).double()
        log_w = ((logp - old) * mask).sum(1)
        phi = torch.exp(lam + 1.1 * log_w - lam * log_w.exp())
        expected = -aggregate((phi * advantages)[:, None] * logp, mask)
    assert value == pytest.approx(expected.item(), rel=1e-12)


NAIVE = [name for name in EVERY if name not in ("gvpo", "dppo_kl", "clip_cov", "kl_cov")]


def naive(name: str, *tensors: Tensor, how: str | None = None, length: float = 10.0) -> float:
    rows = rows_of(*tensors)
    objectives = [token_objectives(name, *row) for row in rows]
    how = how or L.default_aggregation(name)
    if how == "token_mean":
        return -sum(map(sum, objectives)) / sum(map(len, objectives))
    if how == "sequence_mean_token_mean":
        return -sum(sum(o) / len(o) for o in objectives) / len(objectives)
    return -sum(map(sum, objectives)) / len(objectives) / (length if how == "sequence_mean_token_sum_norm" else 1)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAIVE)
def test_equals_the_formula_written_out(name: str, dtype: torch.dtype) -> None:
    for seed in range(8):
        tensors = batch(seed, dtype=dtype)
        value = gradient(name, *tensors)[0].value.item()
        assert value == pytest.approx(naive(name, *tensors), rel=TOLERANCE[dtype] * 10, abs=TOLERANCE[dtype])


@pytest.mark.parametrize("how", list(AGGREGATIONS))
@pytest.mark.parametrize("name", NAIVE)
def test_any_aggregation(name: str, how: str) -> None:
    tensors = batch(3)
    extra = {"length": 10.0 if how == "sequence_mean_token_sum_norm" else None, "aggregation": how}
    assert gradient(name, *tensors, **extra)[0].value.item() == pytest.approx(naive(name, *tensors, how=how), rel=1e-9)


def test_defaults_are_the_tables() -> None:
    short = {
        "token_mean": "TM",
        "sequence_mean_token_mean": "SMTM",
        "sequence_mean_token_sum": "SMTS",
        "sequence_mean_token_sum_norm": "SMTS-norm",
    }
    table = {name: short.get(str(L.default_aggregation(name))) for name in EVERY}
    assert table == {
        **dict.fromkeys(["ppo", "dapo", "bnpo", "cispo", "vespo", "dppo_tv", "dppo_kl", "clip_cov", "kl_cov"], "TM"),
        **dict.fromkeys(["grpo", "gspo", "gspo_token", "gmpo", "hmpo", "sapo"], "SMTM"),
        **dict.fromkeys(["minirl", "luspo"], "SMTS"),
        "dr_grpo": "SMTS-norm",
        "gvpo": None,
    }


# --- laws of §2 ------------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(
    d=st.lists(st.floats(-2.0, 2.0), min_size=1, max_size=6),
    a=st.sampled_from([-1.7, -0.3, 0.0, 0.4, 2.0]),
    name=st.sampled_from(["ppo", "grpo", "dr_grpo", "dapo", "bnpo"]),
    dtype=st.sampled_from(DTYPES),
)
def test_clipped_gradient_is_zero_iff_outside(d: list[float], a: float, name: str, dtype: torch.dtype) -> None:
    high = 1.28 if name == "dapo" else 1.2
    rho = torch.tensor(d, dtype=dtype).exp()
    if ((rho - 0.8).abs() < 1e-5).any() or ((rho - high).abs() < 1e-5).any() or (rho == 0).any():
        return
    old = torch.full((1, len(d)), -4.0, dtype=dtype)
    grad = gradient(name, old + torch.tensor(d, dtype=dtype), old, torch.tensor([a], dtype=dtype), old < 0)[1]
    outside = ((rho > high) & (a > 0)) | ((rho < 0.8) & (a < 0)) | (a == 0)
    assert torch.equal(grad[0] == 0, outside.expand(len(d)))
    scale = 10.0 if name == "dr_grpo" else len(d)
    torch.testing.assert_close(grad[0][~outside], (-rho * a / scale)[~outside], rtol=1e-4, atol=1e-6)


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), dtype=st.sampled_from(DTYPES))
def test_gspo_gives_every_token_the_same_weight(seed: int, dtype: torch.dtype) -> None:
    logp, old, advantages, mask = batch(seed, dtype=dtype)
    wide = {"clip_low": 1.0, "clip_high": 1e6}
    grad = gradient("gspo", logp, old, advantages, mask, **wide)[1]
    tokens = mask.sum(1, keepdim=True)
    s = torch.exp(((logp - old) * mask).sum(1, keepdim=True) / tokens)
    expected = torch.where(mask, -s * advantages[:, None] / tokens / len(logp), 0.0)
    torch.testing.assert_close(grad, expected, rtol=1e-4, atol=1e-7)


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), spread=st.sampled_from([1e-4, 1e-3, 0.3]), dtype=st.sampled_from(DTYPES))
def test_gspo_token_equals_gspo(seed: int, spread: float, dtype: torch.dtype) -> None:
    logp, old, advantages, mask = batch(seed, spread=spread, dtype=dtype)
    per_token = advantages[:, None].expand_as(logp).contiguous()
    one, grad_one = gradient("gspo", logp, old, advantages, mask)
    other, grad_other = gradient("gspo_token", logp, old, per_token, mask)
    torch.testing.assert_close(one.value, other.value)
    torch.testing.assert_close(grad_one, grad_other, rtol=1e-5, atol=1e-7)


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6))
def test_gmpo_without_clipping_is_gspo_and_clipped_tokens_have_no_gradient(seed: int) -> None:
    tensors = batch(seed)
    loose, grad_loose = gradient("gmpo", *tensors, clip_low=1e6, clip_high=1e6)
    gspo, grad_gspo = gradient("gspo", *tensors, clip_low=1.0, clip_high=1e6)
    torch.testing.assert_close(loose.value, gspo.value)
    torch.testing.assert_close(grad_loose, grad_gspo)
    logp, old, advantages, mask = tensors
    grad, d = gradient("gmpo", *tensors)[1], logp - old
    clipped = torch.where(advantages[:, None] > 0, d > 0.4, d < -0.4)
    assert (grad[clipped | ~mask] == 0).all()
    for row, keep in zip(grad, mask & ~clipped, strict=True):
        if keep.any():
            torch.testing.assert_close(row[keep], row[keep][0].expand(int(keep.sum())))
            assert (row[keep] != 0).all()


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), dtype=st.sampled_from(DTYPES))
def test_means_are_ordered_and_hmpo_weighs_by_inverse_ratio(seed: int, dtype: torch.dtype) -> None:
    logp, old, _, mask = batch(seed, dtype=dtype)
    ones = torch.ones(len(logp), dtype=dtype)
    harmonic, grad = gradient("hmpo", logp, old, ones, mask, clip_low=1e6, clip_high=1e6)
    geometric = gradient("gmpo", logp, old, ones, mask, clip_low=1e6, clip_high=1e6)[0]
    arithmetic = aggregate(torch.exp(logp - old), mask, "sequence_mean_token_mean")
    assert -harmonic.value <= -geometric.value + 1e-6
    assert -geometric.value <= arithmetic + 1e-6
    weight = torch.where(mask, grad * torch.exp(logp - old), torch.nan)
    for row in weight:
        kept = row[~row.isnan()]
        torch.testing.assert_close(kept, kept[0].expand_as(kept), rtol=1e-3, atol=1e-7)


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), dtype=st.sampled_from(DTYPES))
def test_minirl_without_mismatch_has_ppos_gradient(seed: int, dtype: torch.dtype) -> None:
    tensors = batch(seed, dtype=dtype)
    centred = tensors[2] - tensors[2].mean()  # the advantage of dr_grpo for one group
    rest = (tensors[1], centred, tensors[3])
    mine = gradient("minirl", tensors[0], *rest, importance_cap=1e9)[1]
    ppo = gradient("ppo", tensors[0], *rest, clip_high=0.27, aggregation="sequence_mean_token_sum")[1]
    torch.testing.assert_close(mine, ppo, rtol=1e-4, atol=1e-7)


def test_minirl_weighs_by_the_sampler_and_masks_by_the_old_policy() -> None:
    logp, old = torch.tensor([[-1.0, -1.0]]), torch.tensor([[-1.1, -2.0]])
    sampler = torch.tensor([[-4.0, -1.0]])
    grad = gradient("minirl", logp, old, torch.ones(1), logp < 0, sampler_logp_BT=sampler)[1]
    torch.testing.assert_close(grad, torch.tensor([[-5.0, 0.0]]))  # e³ capped at 5; ρ = e beyond 1.27


@settings(max_examples=40)
@given(tau=st.floats(0.1, 20), a=st.floats(-3, 3).filter(lambda x: abs(x) > 1e-3), dtype=st.sampled_from(DTYPES))
def test_sapo_gradient_at_ratio_one_is_the_advantage(tau: float, a: float, dtype: torch.dtype) -> None:
    logp = torch.full((1, 3), -1.5, dtype=dtype)
    rest = (logp, torch.tensor([a], dtype=dtype), logp < 0)
    grad = gradient("sapo", logp, *rest, tau_positive=tau, tau_negative=tau)[1]
    torch.testing.assert_close(grad, torch.full_like(logp, -a / 3), rtol=1e-4, atol=1e-7)


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), low=st.floats(0, 0.99), high=st.floats(0, 5), dtype=st.sampled_from(DTYPES))
def test_cispo_keeps_every_gradient(seed: int, low: float, high: float, dtype: torch.dtype) -> None:
    logp, old, advantages, mask = batch(seed, spread=2.0, dtype=dtype)
    grad = gradient("cispo", logp, old, advantages, mask, clip_low=low, clip_high=high)[1]
    assert torch.equal(grad != 0, mask & (advantages != 0)[:, None])
    expected = -torch.exp(logp - old).clamp(1 - low, 1 + high) * advantages[:, None] / mask.sum()
    torch.testing.assert_close(grad[mask], expected[mask], rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("dtype", DTYPES)
def test_gradient_weights_of_the_seven_token_example(dtype: torch.dtype) -> None:
    d = torch.zeros(1, 7, dtype=dtype)
    d[0, 3], d[0, 5] = 1.5, -1.5  # ρ = 4.48 and 0.22
    old = torch.full_like(d, -3.0)
    rest = (old, torch.ones(1, dtype=dtype), old < 0)

    def weights(name: str, **extra: Any) -> list[float]:
        return (-7 * gradient(name, old + d, *rest, **extra)[1][0]).tolist()

    near = pytest.approx
    assert weights("grpo", clip_high=0.28) == near([1, 1, 1, 0, 1, math.exp(-1.5), 1], rel=1e-5)
    assert weights("gspo") == near([1.0] * 7, rel=1e-5)
    geometric = math.exp((0.4 - 1.5) / 7)
    assert weights("gmpo") == near([geometric] * 3 + [0] + [geometric] * 3, rel=1e-5)
    scale = (7 / (5 + math.exp(-0.4) + math.exp(1.5))) ** 2
    assert weights("hmpo") == near([scale] * 3 + [0, scale, scale * math.exp(1.5), scale], rel=1e-5)
    assert weights("hmpo")[5] == near(2.13, abs=5e-3)


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), beta=st.floats(0.05, 2))
def test_gvpo_gradient_is_the_weighted_log_likelihood(seed: int, beta: float) -> None:
    logp, old, rewards, mask = batch(seed, rows=6)
    groups = torch.tensor([5, 5, 9, 5, 9, 2])  # the last one is alone
    loss, grad = gradient("gvpo", logp, old, rewards, mask, groups=groups, beta=beta)
    implied, expected, value = ((logp - old) * mask).sum(1), torch.zeros_like(logp), 0.0
    for label in (5, 9):
        rows = groups == label
        w = (rewards[rows] - rewards[rows].mean()) - beta * (implied[rows] - implied[rows].mean())
        expected[rows] = -beta * w[:, None] * mask[rows] / (int(rows.sum()) - 1) / 2
        value += float(w.square().sum()) / (int(rows.sum()) - 1) / 4
    torch.testing.assert_close(grad, expected)
    assert loss.value.item() == pytest.approx(value)
    shifted = gradient("gvpo", logp, old, rewards + 3.0, mask, groups=groups, beta=beta)[1]
    torch.testing.assert_close(grad, shifted)


def test_luspo_is_gspo_times_length() -> None:
    logp, old, advantages, mask = batch(1, spread=1e-4)
    single = [
        gradient("gspo", logp[i : i + 1], old[i : i + 1], advantages[i : i + 1], mask[i : i + 1])[0] for i in range(4)
    ]
    expected = sum(loss.value * mask[i].sum() for i, loss in enumerate(single)) / 4
    torch.testing.assert_close(gradient("luspo", logp, old, advantages, mask)[0].value, expected)


def test_dual_clip_bounds_the_loss_of_bad_tokens() -> None:
    logp, old = torch.tensor([[2.0, 0.5, 2.0]], dtype=torch.float64), torch.zeros(1, 3, dtype=torch.float64)
    advantages = torch.tensor([[-1.0, -1.0, 1.0]], dtype=torch.float64)
    loss, grad = gradient("ppo", logp, old, advantages, old == 0, dual_clip=3.0)
    assert loss.value.item() == pytest.approx((3.0 + math.exp(0.5) - 1.2) / 3)
    torch.testing.assert_close(grad, torch.tensor([[0.0, math.exp(0.5) / 3, 0.0]], dtype=torch.float64))
    assert loss.metrics["clip/dual"].item() == pytest.approx(1 / 3)


def test_dppo_masks_by_probability_not_by_ratio() -> None:
    old = torch.tensor([[-9.0, -0.7, -0.1]])
    logp = torch.tensor([[-6.0, -0.3, -0.6]])
    for name in ("dppo_tv", "dppo_kl"):
        grad = gradient(name, logp, old, torch.ones(1), old < 0)[1]
        assert (grad != 0).tolist() == [
            [True, False, True]
        ]  # rare token free; frequent up: held; down with A > 0: free
        grad = gradient(name, logp, old, -torch.ones(1), old < 0)[1]
        assert (grad != 0).tolist() == [[True, True, False]]


def test_covariance_losses_touch_the_right_tokens() -> None:
    logp = torch.tensor([[-0.1, -3.0, -3.0, -3.0]], dtype=torch.float64)
    advantages = torch.tensor([[3.0, -1.0, -1.0, -1.0]], dtype=torch.float64)
    mask = logp < 0
    plain = gradient("ppo", logp, logp - 0.1, advantages, mask)[1]
    clipped, grad = gradient("clip_cov", logp, logp - 0.1, advantages, mask, bounds=(1.0, 99.0))
    assert (grad == 0).tolist() == [[True, False, False, False]]
    torch.testing.assert_close(grad[:, 1:], plain[:, 1:])
    assert clipped.metrics["cov/chosen"].item() == 0.25
    penalised = gradient("kl_cov", logp, logp - 0.1, advantages, mask, beta=2.0)[1]
    torch.testing.assert_close(penalised - plain, torch.tensor([[0.5, 0.0, 0.0, 0.0]], dtype=torch.float64))


# --- what holds for all of them --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY)
def test_what_is_masked_never_matters(name: str) -> None:
    logp, old, advantages, mask = batch(7)
    clean, grad = gradient(name, logp, old, advantages, mask)
    for poison in (math.nan, math.inf, -math.inf, 1e30):
        dirty = [torch.where(mask, tensor, poison) for tensor in (logp, old)]
        loss, spoilt = gradient(name, *dirty, advantages, mask)
        assert torch.equal(loss.value, clean.value)
        assert torch.equal(spoilt, grad)
        assert all(torch.equal(loss.metrics[key], clean.metrics[key]) for key in clean.metrics)


@pytest.mark.parametrize("name", EVERY)
def test_more_padding_and_empty_sequences_change_nothing(name: str) -> None:
    logp, old, advantages, mask = batch(8)
    expected, grad = gradient(name, logp, old, advantages, mask)
    wide = [torch.cat([tensor, torch.full((4, 3), -7.0)], 1) for tensor in (logp, old)]
    wide_mask = torch.cat([mask, torch.zeros(4, 3, dtype=torch.bool)], 1)
    loss, wide_grad = gradient(name, *wide, advantages, wide_mask)
    torch.testing.assert_close(loss.value, expected.value)
    torch.testing.assert_close(wide_grad[:, :6], grad)
    if name not in ("clip_cov", "kl_cov"):
        empty = [torch.cat([tensor, torch.full((1, 6), math.nan)]) for tensor in (logp, old)]
        more = torch.cat([advantages, torch.tensor([math.nan])])
        loss, tall_grad = gradient(name, *empty, more, torch.cat([mask, torch.zeros(1, 6, dtype=torch.bool)]))
        torch.testing.assert_close(loss.value, expected.value)
        torch.testing.assert_close(tall_grad[:4], grad)
        assert (tall_grad[4] == 0).all()


@pytest.mark.parametrize("name", EVERY)
def test_a_batch_without_tokens_gives_zero(name: str) -> None:
    logp, old, advantages, mask = batch(9)
    loss, grad = gradient(name, logp, old, advantages, torch.zeros_like(mask))
    assert loss.value.item() == 0
    assert (grad == 0).all()


@pytest.mark.parametrize("name", EVERY)
def test_permuting_rows_permutes_the_gradient(name: str) -> None:
    tensors, order = batch(10), torch.tensor([2, 0, 3, 1])
    extra = {"groups": torch.tensor([0, 0, 1, 1])} if name == "gvpo" else {}
    moved = {"groups": extra["groups"][order]} if extra else {}
    loss, grad = gradient(name, *tensors, **extra)
    other, other_grad = gradient(name, *(tensor[order] for tensor in tensors), **moved)
    torch.testing.assert_close(loss.value, other.value)
    torch.testing.assert_close(grad[order], other_grad)


@pytest.mark.parametrize("name", [name for name in EVERY if name not in ("clip_cov", "kl_cov", "gvpo")])
def test_micro_batches_with_the_global_count_add_up(name: str) -> None:
    tensors = batch(11)
    whole, grad = gradient(name, *tensors)
    count = float(tensors[3].sum()) if L.default_aggregation(name) == "token_mean" else 4.0
    halves = [gradient(name, *(t[rows] for t in tensors), denominator=count) for rows in (slice(0, 1), slice(1, 4))]
    torch.testing.assert_close(halves[0][0].value + halves[1][0].value, whole.value)
    torch.testing.assert_close(torch.cat([halves[0][1], halves[1][1]]), grad)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(name: str, dtype: torch.dtype) -> None:
    logp, old, advantages, mask = batch(12)
    half = [tensor.to(dtype) for tensor in (logp, old, advantages)]
    loss, grad = gradient(name, *half, mask)
    exact = gradient(name, *(tensor.float() for tensor in half), mask)[0]
    assert loss.value.dtype == torch.float32
    assert grad.dtype == dtype
    assert torch.equal(loss.value, exact.value)


@pytest.mark.parametrize("name", EVERY)
def test_gradcheck(name: str) -> None:
    """Numerical gradients, where no stop-gradient is declared; spread so small that no clip boundary is near."""
    stopped = {"minirl", "cispo", "vespo", "dppo_tv", "dppo_kl"}
    logp, old, advantages, mask = batch(13, spread=0.05)
    extra = options(name, 4)

    def value(leaf: Tensor) -> Tensor:
        if "generator" in extra:
            extra["generator"].manual_seed(0)
        return L.policy_loss(name)(leaf, old, advantages, mask, **extra).value

    leaf = logp.clone().requires_grad_()
    if name in stopped or name == "gspo_token":
        assert torch.autograd.grad(value(leaf), leaf)[0].isfinite().all()  # by definition not the value's derivative
    else:
        assert torch.autograd.gradcheck(value, (leaf,), eps=1e-7, atol=1e-6)


@pytest.mark.parametrize("name", EVERY)
def test_weights_scale_the_objective(name: str) -> None:
    logp, old, advantages, mask = batch(14)
    if name in ("gvpo", "vespo"):
        return
    plain = gradient(name, logp, old, advantages, mask)[1]
    twice = gradient(name, logp, old, advantages, mask, weights=torch.full((4,), 2.0, dtype=torch.float64))[1]
    torch.testing.assert_close(twice, 2 * plain)
    only_first = torch.tensor([1.0, 0, 0, 0], dtype=torch.float64)[:, None].expand_as(logp)
    first = gradient(name, logp, old, advantages, mask, weights=only_first)[1]
    torch.testing.assert_close(first[0], plain[0])
    assert (first[1:] == 0).all()


@pytest.mark.parametrize("name", EVERY)
def test_far_off_policy_is_finite(name: str) -> None:
    old = torch.full((2, 3), -300.0)
    for logp, other in ((torch.full((2, 3), -0.1), old), (old, torch.full((2, 3), -0.1))):
        loss, grad = gradient(name, logp, other, torch.tensor([1.0, -1.0]), old < 0)
        assert loss.value.isfinite()
        assert grad.isfinite().all()


@pytest.mark.parametrize("name", EVERY)
def test_passing_logp_twice_is_on_policy(name: str) -> None:
    logp, _, advantages, mask = batch(15)
    leaf = logp.clone().requires_grad_()
    loss = L.policy_loss(name)(leaf, leaf, advantages, mask, **options(name, 4))
    loss.value.backward()
    assert leaf.grad is not None
    assert (leaf.grad[mask] != 0).any()


def test_metrics_are_what_they_say() -> None:
    logp, old, advantages, mask = batch(16)
    metrics = gradient("ppo", logp, old, advantages, mask)[0].metrics
    d = (logp - old)[mask]
    a = advantages[:, None].expand_as(logp)[mask]
    expected = {
        "ratio/min": d.exp().min(),
        "ratio/mean": d.exp().mean(),
        "ratio/max": d.exp().max(),
        "clip/low": ((a < 0) & (d.exp() < 0.8)).double().mean(),
        "clip/high": ((a > 0) & (d.exp() > 1.2)).double().mean(),
        "kl/k1": -d.mean(),
        "kl/k3": (d.exp() - d - 1).mean(),
    }
    for key, value in expected.items():
        assert metrics[key].item() == pytest.approx(value.item()), key
        assert metrics[key].dim() == 0
        assert not metrics[key].requires_grad


# --- KL, entropy, sampler, value -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_kl_estimators(dtype: torch.dtype) -> None:
    logp, ref, _, mask = batch(17, dtype=dtype)
    u = ref - logp
    for name, expected in {"k1": -u, "k2": u**2 / 2, "k3": u.exp() - u - 1}.items():
        torch.testing.assert_close(L.kl_estimate(logp, ref, name), expected, rtol=1e-4, atol=1e-6)
        loss = L.kl_penalty(logp, ref, mask, coefficient=0.3, estimator=name)
        torch.testing.assert_close(loss.value, 0.3 * expected[mask].mean())
        torch.testing.assert_close(loss.metrics["kl/reference"], expected[mask].mean())
    assert (L.kl_estimate(logp, ref, "k3") >= 0).all()


def test_k1_and_k3_estimate_the_same_divergence() -> None:
    p, q = torch.tensor([0.5, 0.3, 0.2]).double(), torch.tensor([0.2, 0.5, 0.3]).double()
    exact = (p * (p / q).log()).sum()
    for name in ("k1", "k3"):
        torch.testing.assert_close((p * L.kl_estimate(p.log(), q.log(), name)).sum(), exact)


def test_grpo_and_its_kl() -> None:
    logp, old, advantages, mask = batch(18)
    ref = old - 0.2
    plain = gradient("grpo", logp, old, advantages, mask)[0]
    assert torch.equal(gradient("grpo", logp, old, advantages, mask, ref_logp_BT=ref, beta=0.0)[0].value, plain.value)
    with_kl = gradient("grpo", logp, old, advantages, mask, ref_logp_BT=ref)[0]
    u = ref - logp
    expected = plain.value + 0.04 * aggregate(u.exp() - u - 1, mask, "sequence_mean_token_mean")
    torch.testing.assert_close(with_kl.value, expected)
    with pytest.raises(UsageError, match=r"beta=0\.1 needs ref_logp"):
        L.grpo(logp, old, advantages, mask, beta=0.1)


def test_terms_add_and_refuse_to_share_a_name() -> None:
    logp, old, advantages, mask = batch(19)
    entropy = torch.rand_like(logp)
    total = L.ppo(logp, old, advantages, mask) + L.entropy_bonus(entropy, mask, coefficient=0.01)
    torch.testing.assert_close(total.value, L.ppo(logp, old, advantages, mask).value - 0.01 * entropy[mask].mean())
    assert total.metrics["entropy"].item() == pytest.approx(entropy[mask].mean().item())
    with pytest.raises(UsageError, match="share the metrics"):
        total + L.entropy_bonus(entropy, mask, coefficient=0.01)


def test_sampler_weights() -> None:
    old, sampler, _, mask = batch(20, spread=1.0)
    d = torch.where(mask, old - sampler, 0.0)
    token = L.sampler_weights(old, sampler, mask, cap=2.0)
    torch.testing.assert_close(token, torch.where(mask, d.exp().clamp(max=2.0), 0.0))
    sequence = L.sampler_weights(old, sampler, mask, level="sequence", cap=2.0)
    product = d.sum(1, keepdim=True).exp().expand_as(d)
    torch.testing.assert_close(sequence, torch.where(mask, product.clamp(max=2.0), 0.0))
    masked = L.sampler_weights(old, sampler, mask, level="sequence", outside="mask", floor=0.5, cap=2.0)
    inside = (product >= 0.5) & (product <= 2.0) & mask
    torch.testing.assert_close(masked, torch.where(inside, product, 0.0))
    assert torch.equal(L.sampler_weights(old, old, mask), mask.double())


def test_value_loss() -> None:
    v, old, returns, mask = (
        torch.randn(3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(i)) for i in range(4)
    )
    mask = mask > -0.5
    held = old + (v - old).clamp(-0.2, 0.2)
    expected = torch.maximum((v - returns) ** 2, (held - returns) ** 2)[mask].mean() / 2
    loss = L.value_loss(v, old, returns, mask)
    torch.testing.assert_close(loss.value, expected)
    torch.testing.assert_close(
        L.value_loss(v, old, returns, mask, clip=None).value, ((v - returns) ** 2)[mask].mean() / 2
    )
    assert loss.metrics["value/clip"].item() == pytest.approx(
        (((held - returns) ** 2 > (v - returns) ** 2) & mask).sum().item() / mask.sum().item()
    )
    leaf = v.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: L.value_loss(x, old, returns, mask).value, (leaf,))


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"logp": torch.zeros(3)}, r"logp must have shape \[B, T\], not \(3,\)"),
        ({"logp": torch.zeros(2, 3, dtype=torch.long)}, "logp must be a floating-point tensor, not torch.int64"),
        ({"old": torch.zeros(2, 4)}, r"old_logp has shape \(2, 4\), logp has \(2, 3\)"),
        ({"advantages": torch.zeros(3)}, r"advantages has shape \(3,\)"),
        ({"advantages": torch.zeros(())}, r"advantages must have shape \[B\] or \[B, T\], not \(\)"),
        ({"mask": torch.ones(2, 2) > 0}, r"mask must be a tensor of logp's shape \(2, 3\)"),
        ({"mask": torch.full((2, 3), 0.5)}, r"mask must be boolean or hold only 0 and 1"),
        ({"old": torch.tensor([[0.0, math.nan, 0.0]] * 2)}, r"old_logp .* 2 non-finite .* first at \(0, 1\); take"),
        ({"logp": torch.tensor([[0.0, 0.0, -math.inf]] * 2)}, r"logp .* first at \(0, 2\)"),
        ({"advantages": torch.tensor([math.nan, 0.0])}, r"advantages .* is 0, not NaN"),
    ],
)
def test_bad_tensors_are_named(change: dict[str, Tensor], message: str) -> None:
    good = {
        "logp": torch.zeros(2, 3),
        "old": torch.zeros(2, 3),
        "advantages": torch.zeros(2),
        "mask": torch.ones(2, 3) > 0,
    }
    with pytest.raises(UsageError, match=message):
        L.ppo(*(good | change).values())


@pytest.mark.parametrize(
    ("name", "extra", "message"),
    [
        ("ppo", {"aggregation": "token_means"}, "did you mean 'token_mean'"),
        ("ppo", {"length": 5}, "length has no meaning"),
        ("ppo", {"denominator": 0}, "denominator must be positive"),
        ("ppo", {"clip_low": -0.1}, "clip_low must lie in"),
        ("ppo", {"dual_clip": 0.5}, "dual_clip must be above 1"),
        ("dr_grpo", {"length": None}, "length must be positive"),
        ("sapo", {"tau_positive": 0.0}, "tau_positive must be above 0"),
        ("gvpo", {"groups": torch.zeros(2)}, "groups must be integer labels"),
        ("grpo", {"ref_logp_BT": torch.full((2, 3), math.nan)}, r"ref_logp .* non-finite"),
        ("grpo", {"ref_logp_BT": torch.zeros(2, 3), "kl_estimator": "k4"}, "write one of k1, k2, k3"),
        ("vespo", {"lambda_negative": -1.0}, "lambda_negative must be above 0"),
    ],
)
def test_bad_options_are_named(name: str, extra: dict[str, Any], message: str) -> None:
    zeros = torch.zeros(2, 3)
    with pytest.raises(UsageError, match=message):
        L.policy_loss(name)(zeros, zeros, torch.ones(2), zeros == 0, **(options(name, 2) | extra))


@pytest.mark.parametrize("name", SEQUENCE_LEVEL)
def test_advantages_per_token_have_no_meaning_for_sequences(name: str) -> None:
    zeros = torch.zeros(2, 3)
    with pytest.raises(UsageError, match=r"advantages must have shape \[B\]"):
        L.policy_loss(name)(zeros, zeros, zeros, zeros == 0, **options(name, 2))


def test_registry() -> None:
    assert set(L.LOSSES) <= set(L.__all__)
    assert all(isinstance(getattr(L, name), Callable | dict | type) for name in L.__all__)
    with pytest.raises(UsageError, match="did you mean 'dr_grpo'"):
        L.policy_loss("drgrpo")
