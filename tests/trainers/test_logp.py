"""Token log-probabilities: equal to the plain computation in value and gradient, within its memory."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from jeoul.errors import UsageError
from jeoul.trainers.logp import TokenLogp, selective_logp, selective_logp_from_hidden


def plain(logits: Tensor, ids: Tensor, temperature: float = 1.0) -> tuple[Tensor, Tensor]:
    log_p = torch.log_softmax(logits.double() / temperature, dim=-1)
    p = log_p.exp()
    entropy = -torch.where(p > 0, p * log_p, 0.0).sum(-1)
    return log_p.gather(-1, ids.unsqueeze(-1)).squeeze(-1), entropy


def inputs(shape: tuple[int, ...], vocabulary: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> tuple:
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(*shape, vocabulary, generator=generator, dtype=torch.float64)
    return logits.to(dtype), torch.randint(vocabulary, shape, generator=generator)


@settings(max_examples=50)
@given(
    shape=st.sampled_from([(1,), (5,), (2, 3), (2, 2, 2), (0,), (3, 1)]),
    vocabulary=st.integers(1, 40),
    temperature=st.sampled_from([1.0, 0.7, 3.0]),
    chunk=st.sampled_from([None, 1, 2, 100]),
    consume=st.booleans(),
    dtype=st.sampled_from([torch.float32, torch.float64]),
)
def test_value_and_gradient(
    shape: tuple[int, ...], vocabulary: int, temperature: float, chunk: int | None, consume: bool, dtype: torch.dtype
) -> None:
    logits, ids = inputs(shape, vocabulary, dtype)
    g, h = torch.randn(shape, dtype=torch.float64), torch.randn(shape, dtype=torch.float64)
    reference = logits.detach().double().clone().requires_grad_()
    logp, entropy = plain(reference, ids, temperature)
    ((logp * g).sum() + (entropy * h).sum()).backward()
    leaf = logits.clone().requires_grad_()
    mine = selective_logp(
        leaf * 1, ids, temperature=temperature, entropy=True, consume_logits=consume, chunk_rows=chunk
    )
    ((mine.logp * g).sum() + (mine.entropy * h).sum()).backward()
    close = {"rtol": 1e-4, "atol": 1e-5} if dtype == torch.float32 else {"rtol": 1e-9, "atol": 1e-11}
    torch.testing.assert_close(mine.logp.double(), logp, **close)
    torch.testing.assert_close(mine.entropy.double(), entropy, **close)
    torch.testing.assert_close(leaf.grad.double(), reference.grad, **close)


@pytest.mark.parametrize("entropy", [False, True])
@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_gradcheck_logits(entropy: bool, temperature: float) -> None:
    logits, ids = inputs((2, 3), 7)

    def f(x: Tensor) -> Any:
        return selective_logp(x, ids, temperature=temperature, entropy=entropy, chunk_rows=2)

    assert torch.autograd.gradcheck(f, (logits.requires_grad_(),))


@pytest.mark.parametrize("entropy", [False, True])
@pytest.mark.parametrize("biased", [False, True])
def test_gradcheck_hidden(entropy: bool, biased: bool) -> None:
    hidden = torch.randn(2, 3, 4, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(7, 4, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(7, dtype=torch.float64, requires_grad=True) if biased else None
    ids = torch.randint(7, (2, 3))

    def f(hidden: Tensor, weight: Tensor, bias: Tensor | None = None) -> Any:
        return selective_logp_from_hidden(
            hidden, weight, ids, bias=bias, temperature=0.8, entropy=entropy, block_rows=4
        )

    assert torch.autograd.gradcheck(f, (hidden, weight, *([bias] if bias is not None else [])))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_error_at_a_real_vocabulary(dtype: torch.dtype) -> None:
    logits, ids = inputs((6,), 151_936, dtype)
    logp, entropy = plain(logits, ids)
    mine = selective_logp(logits, ids, entropy=True)
    assert mine.logp.dtype == torch.float32
    torch.testing.assert_close(mine.logp.double(), logp, rtol=0, atol=1e-5)
    torch.testing.assert_close(mine.entropy.double(), entropy, rtol=0, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_gradient_is_the_rounded_exact_one(dtype: torch.dtype) -> None:
    logits, ids = inputs((4,), 33, dtype)
    exact, half = logits.double().clone().requires_grad_(), logits.clone().requires_grad_()
    plain(exact, ids)[0].sum().backward()
    selective_logp(half, ids).sum().backward()
    assert half.grad.dtype == dtype
    torch.testing.assert_close(half.grad.double(), exact.grad, rtol=8e-3, atol=1e-7)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_from_hidden_equals_full_logits(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(3, 5, 16, generator=generator, dtype=torch.float64).to(dtype)
    weight = torch.randn(211, 16, generator=generator, dtype=torch.float64).to(dtype)
    ids, g = torch.randint(211, (3, 5), generator=generator), torch.randn(3, 5, generator=generator)
    exact = [tensor.detach().double().clone().requires_grad_() for tensor in (hidden, weight)]
    (plain(exact[0] @ exact[1].t(), ids)[0] * g).sum().backward()
    mine = [tensor.clone().requires_grad_() for tensor in (hidden, weight)]
    logp = selective_logp_from_hidden(*mine, ids, block_rows=4)
    (logp * g).sum().backward()
    torch.testing.assert_close(logp.double(), plain(hidden.double() @ weight.double().t(), ids)[0], rtol=0, atol=1e-5)
    for leaf, reference in zip(mine, exact, strict=True):
        rtol = 8e-3 if dtype == torch.bfloat16 else 1e-4
        torch.testing.assert_close(leaf.grad.double(), reference.grad, rtol=rtol, atol=1e-5)


def test_a_frozen_head_gets_no_gradient() -> None:
    hidden, weight = torch.randn(3, 4, requires_grad=True), torch.randn(7, 4)
    selective_logp_from_hidden(hidden, weight, torch.tensor([0, 1, 2])).sum().backward()
    assert hidden.grad is not None
    assert weight.grad is None


def test_forbidden_tokens_have_no_probability_and_no_nan() -> None:
    logits = torch.tensor([[0.0, -math.inf, 1.0]], dtype=torch.float64, requires_grad=True)
    mine = selective_logp(logits, torch.tensor([2]), entropy=True)
    expected = plain(torch.tensor([[0.0, 1.0]]), torch.tensor([1]))
    torch.testing.assert_close(tuple(mine), tuple(tensor for tensor in expected))
    (mine.logp + mine.entropy).sum().backward()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
    assert logits.grad[0, 1] == 0
    assert selective_logp(logits.detach(), torch.tensor([1])).item() == -math.inf


@pytest.mark.parametrize("entropy", [False, True])
def test_rows_without_gradient_stay_clean_even_where_nan(entropy: bool) -> None:
    logits, ids = inputs((4,), 9)
    logits[1] = math.nan
    leaf = logits.clone().requires_grad_()
    out = selective_logp(leaf, ids, entropy=entropy, chunk_rows=3)
    kept = torch.tensor([True, False, True, True])
    total = torch.where(kept, out.logp + out.entropy if isinstance(out, TokenLogp) else out, 0.0).sum()
    total.backward()
    assert (leaf.grad[1] == 0).all()
    assert leaf.grad.isfinite().all()
    hidden, weight = torch.randn(4, 5), torch.randn(9, 5, requires_grad=True)
    hidden[1] = math.nan
    hidden.requires_grad_()
    out = selective_logp_from_hidden(hidden, weight, ids, entropy=entropy)
    torch.where(kept, out.logp + out.entropy if isinstance(out, TokenLogp) else out, 0.0).sum().backward()
    assert hidden.grad.isfinite().all()
    assert (hidden.grad[1] == 0).all()
    assert weight.grad.isfinite().all()


def test_consuming_really_writes_over_the_logits() -> None:
    leaf, ids = inputs((3,), 5)
    leaf.requires_grad_()
    logits = leaf * 1
    out = selective_logp(logits, ids, consume_logits=True).sum()
    before = logits.detach().clone()
    out.backward(retain_graph=True)
    expected = torch.nn.functional.one_hot(ids, 5) - torch.softmax(before, -1)
    torch.testing.assert_close(logits.detach(), expected)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.backward()


def test_slices_share_their_memory() -> None:
    base, ids = inputs((3, 6), 11)
    base.requires_grad_()
    mine = selective_logp(base[:, 1:-1], ids[:, 2:], chunk_rows=2)
    torch.testing.assert_close(mine, plain(base.detach()[:, 1:-1], ids[:, 2:])[0])
    mine.sum().backward()
    assert (base.grad[:, 0] == 0).all()
    again = torch.zeros_like(base.grad)
    again[:, 1:-1] = torch.nn.functional.one_hot(ids[:, 2:], 11) - torch.softmax(base.detach()[:, 1:-1], -1)
    torch.testing.assert_close(base.grad, again)


def test_no_grad_and_entropy_alone() -> None:
    logits, ids = inputs((3,), 5)
    with torch.no_grad():
        assert not selective_logp(logits.requires_grad_(), ids).requires_grad
    selective_logp(logits, ids, entropy=True).entropy.sum().backward()
    expected = logits.detach().clone().requires_grad_()
    plain(expected, ids)[1].sum().backward()
    torch.testing.assert_close(logits.grad, expected.grad)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda z, i: selective_logp(z.long(), i), "logits must be a floating-point tensor"),
        (lambda z, i: selective_logp(z, i.float()), "ids must be integers of shape"),
        (lambda z, i: selective_logp(z, i[:1]), r"ids must be integers of shape \(2,\)"),
        (lambda z, i: selective_logp(z, i - 100), r"ids must lie in \[0, 4\), not in .*clamp\(min=0\)"),
        (lambda z, i: selective_logp(z, i + 4), r"ids must lie in \[0, 4\)"),
        (lambda z, i: selective_logp(z, i, temperature=0.0), "temperature must be above 0"),
        (lambda z, i: selective_logp_from_hidden(z, z.t(), i), r"weight must be \[V, H\]"),
        (lambda z, i: selective_logp_from_hidden(z, torch.zeros(9, 4), i, bias=torch.zeros(4)), "bias must have shape"),
    ],
)
def test_bad_input_is_named(call: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        call(torch.zeros(2, 4), torch.zeros(2, dtype=torch.long))


MEMORY = """
import torch
from jeoul.trainers.logp import selective_logp, selective_logp_from_hidden
torch.set_num_threads(1)
def status(key):
    return next(int(line.split()[1]) * 1024 for line in open('/proc/self/status') if line.startswith(key))
rows, vocabulary, hidden_size = 1500, 50_000, 64
ids = torch.zeros(rows, dtype=torch.long)
warm = torch.zeros(2, 64, requires_grad=True)
selective_logp(warm, ids[:2]).sum().backward()
if {hidden}:
    hidden = torch.zeros(rows, hidden_size, requires_grad=True)
    weight = torch.zeros(vocabulary, hidden_size, requires_grad=True)
else:
    logits = torch.randn(rows, vocabulary).requires_grad_()
size = rows * vocabulary * 4
open('/proc/self/clear_refs', 'w').write('5')
before = status('VmRSS')
if {hidden}:
    out = selective_logp_from_hidden(hidden, weight, ids, block_rows=64)
else:
    out = selective_logp(logits, ids, consume_logits={consume}, chunk_rows=8)
out.sum().backward()
print((status('VmHWM') - before) / size)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize(("hidden", "consume", "most"), [(False, False, 1.2), (False, True, 0.2), (True, False, 0.4)])
def test_peak_memory_in_multiples_of_the_logits(hidden: bool, consume: bool, most: float) -> None:
    """Bounds looser than the benchmark's, because a small case has the same constant costs."""
    script = MEMORY.format(hidden=hidden, consume=consume)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120)
    if "Permission" in done.stderr:
        pytest.skip("the kernel does not let this process reset its peak")
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < most
