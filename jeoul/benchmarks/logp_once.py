"""One measurement of ``jeoul bench losses``, in a process of its own, so that its peak memory is nobody else's.

``python -m jeoul.benchmarks.logp_once '{"way": "ours", …}'`` prints a JSON object.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

__all__ = ["HEADS", "LOGITS", "Job", "Outcome", "measure"]

PROC = Path("/proc/self")
CHECKED = 64
"""Rows that are computed in float64 too."""


@dataclass(frozen=True)
class Job:
    """What to measure: ``way`` is a key of LOGITS, or of HEADS with ``hidden`` above 0."""

    way: str
    rows: int
    vocab: int
    dtype: str
    device: str = "cpu"
    hidden: int = 0


@dataclass(frozen=True)
class Outcome:
    """Seconds of forward + backward, bytes beyond what was there before, greatest error of a log-probability."""

    seconds: float
    cpu_seconds: float
    extra_bytes: int
    error: float


Logp = Callable[[Tensor, Tensor], Tensor]
HeadLogp = Callable[[Tensor, Tensor, Tensor], Tensor]


def naive(logits: Tensor, ids: Tensor) -> Tensor:
    """What one writes: a float32 log-softmax of everything, then the ones that are asked for."""
    return torch.log_softmax(logits.float(), -1).gather(-1, ids[:, None])[:, 0]


def _ours() -> Logp:
    from jeoul.trainers.logp import selective_logp

    return selective_logp


def _consuming() -> Logp:
    from jeoul.trainers.logp import selective_logp

    return lambda logits, ids: selective_logp(logits, ids, consume_logits=True)


def _trl() -> Logp:
    from trl.trainer.utils import selective_log_softmax

    function: Logp = selective_log_softmax
    return function


def _verl() -> Logp:
    from verl.utils.torch_functional import logprobs_from_logits

    function: Logp = logprobs_from_logits
    return function


LOGITS: dict[str, Callable[[], Logp]] = {
    "ours": _ours,
    "ours, consuming the logits": _consuming,
    "naive torch": lambda: naive,
    "TRL selective_log_softmax": _trl,
    "verl logprobs_from_logits": _verl,
}
"""Ways from logits [N, V] and ids [N] to log-probabilities [N]. Each loads what it needs, or raises ImportError."""


def _ours_head() -> HeadLogp:
    from jeoul.trainers.logp import selective_logp_from_hidden

    def logp(hidden: Tensor, head: Tensor, ids: Tensor) -> Tensor:
        result = selective_logp_from_hidden(hidden, head, ids)
        assert isinstance(result, Tensor)
        return result

    return logp


def _trl_head() -> HeadLogp:
    from trl.kernels import ChunkedLogProbFunction

    def logp(hidden: Tensor, head: Tensor, ids: Tensor) -> Tensor:
        result: Tensor = ChunkedLogProbFunction.apply(hidden, head, None, ids, 1.0, 8192, None, 1.0, ())[0]
        return result

    return logp


def _verl_head() -> HeadLogp:
    from verl.utils.experimental.torch_functional import FusedLinearForPPO

    fused = FusedLinearForPPO()

    def logp(hidden: Tensor, head: Tensor, ids: Tensor) -> Tensor:
        result: Tensor = fused(hidden[None], head, ids[None])[0][0]
        return result

    return logp


HEADS: dict[str, Callable[[], HeadLogp]] = {
    "ours": _ours_head,
    "full logits, naive torch": lambda: lambda hidden, head, ids: naive(hidden @ head.t(), ids),
    "TRL ChunkedLogProbFunction": _trl_head,
    "verl FusedLinearForPPO": _verl_head,
}
"""Ways from hidden states [N, H] and head [V, H] to log-probabilities [N]."""


def measure(job: Job) -> Outcome:
    """Forward and backward once, after a warm-up on a few rows."""
    torch.manual_seed(0)
    ids = torch.randint(0, job.vocab, (job.rows,), device=job.device)
    incoming = torch.randn(job.rows, device=job.device)
    inputs, compute = _with_head(job) if job.hidden else _with_logits(job)
    exact = _exact(inputs, ids)
    few = [inputs[0][:16].clone().requires_grad_(), *inputs[1:]]
    torch.autograd.backward(compute(few, ids[:16]).sum())
    del few
    leaves = [each.requires_grad_() for each in inputs]
    before = _reset_peak(job.device)
    start, cpu = time.perf_counter(), time.process_time()
    logp = compute(leaves, ids)
    torch.autograd.backward((logp.float() * incoming).sum())
    if job.device != "cpu":
        torch.cuda.synchronize()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    extra = _peak(job.device) - before
    return Outcome(seconds, cpu, extra, float((logp.detach()[: len(exact)].double() - exact).abs().max()))


def _with_logits(job: Job) -> tuple[list[Tensor], Callable[[list[Tensor], Tensor], Tensor]]:
    logits = torch.empty(job.rows, job.vocab, dtype=getattr(torch, job.dtype), device=job.device)
    for part in torch.split(logits, 64):  # a float32 copy of all of it would be the peak
        part.copy_(torch.randn(part.shape, device=job.device) * 3)
    logp = LOGITS[job.way]()
    return [logits], lambda given, ids: logp(given[0], ids)


def _with_head(job: Job) -> tuple[list[Tensor], Callable[[list[Tensor], Tensor], Tensor]]:
    dtype = getattr(torch, job.dtype)
    hidden = torch.randn(job.rows, job.hidden, device=job.device).to(dtype)
    head = (torch.randn(job.vocab, job.hidden, device=job.device) * (2 / job.hidden**0.5)).to(dtype)
    logp = HEADS[job.way]()
    return [hidden, head], lambda given, ids: logp(given[0], given[1], ids)


def _exact(inputs: list[Tensor], ids: Tensor) -> Tensor:
    """Log-probabilities of the first rows in float64, one row at a time."""
    exact = []
    for row, token in zip(inputs[0][:CHECKED], ids, strict=False):
        logits = row.double()
        if len(inputs) > 1:
            logits = torch.cat([part.double() @ logits for part in torch.split(inputs[1], 2**14)])
        exact.append(torch.log_softmax(logits, -1)[token])
    return torch.stack(exact)


def _reset_peak(device: str) -> int:
    """Bytes in use now, from which the peak is counted."""
    if device != "cpu":
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        return torch.cuda.memory_allocated()
    if not PROC.exists():
        return _peak(device)  # no reset there: only what goes beyond the peak of making the inputs is seen
    (PROC / "clear_refs").write_text("5")
    return _status("VmRSS")


def _peak(device: str) -> int:
    if device != "cpu":
        return torch.cuda.max_memory_allocated()
    if PROC.exists():
        return _status("VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _status(field: str) -> int:
    lines = (PROC / "status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


if __name__ == "__main__":
    print(json.dumps(asdict(measure(Job(**json.loads(sys.argv[1]))))))
