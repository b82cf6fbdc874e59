"""A run: what is owed goes to the model, and every sample is in the file as soon as it is known."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from jeoul.errors import JeoulError, UsageError
from jeoul.evals.generation.backend import Backend
from jeoul.evals.generation.samples import Failure, Request
from jeoul.evals.generation.sampling import Sampling
from jeoul.evals.generation.store import SampleStore
from jeoul.evals.generation.throughput import ThroughputBar

__all__ = ["Generated", "generate", "header_of", "requests_hash"]

PATIENCE = 20  # requests in a row without a sample: nothing is to be expected of the rest


@dataclass(frozen=True)
class Generated:
    """What a run did.

    Attributes:
        total: samples asked for.
        kept: of these, those that were in the folder before.
        new: those generated now.
        missing: requests that got no completion; they are owed still.
        completion_tokens: of the new samples, as far as the model counted them.
        seconds: wall time.
    """

    total: int
    kept: int
    new: int
    missing: tuple[Failure, ...]
    completion_tokens: int
    seconds: float


def generate(
    backend: Backend, requests: Sequence[Request], sampling: Sampling, store: SampleStore, *, progress: bool = False
) -> Generated:
    """Generate what ``store`` does not have yet, each sample once. Works inside a running event loop, too.

    Raises:
        UsageError: no request can succeed, or two requests have one (problem, index).
        JeoulError: 20 requests in a row failed; the message has the last reason. What was generated is kept.
    """
    if len({request.key for request in requests}) < len(requests):
        raise UsageError("two requests have the same problem and index; each sample is generated once")
    return _run(_generate(backend, requests, sampling, store, progress))


def header_of(backend: Backend, requests: Sequence[Request], sampling: Sampling, **more: Any) -> dict[str, Any]:
    """What a run's samples depend on, for its :class:`SampleStore`; ``more`` is the suite's and the protocol's."""
    return {
        **more,
        "model": backend.identity(),
        "sampling": sampling.to_dict(),
        "requests": {"count": len(requests), "sha256": requests_hash(requests)},
    }


def requests_hash(requests: Sequence[Request]) -> str:
    """SHA-256 (hex) of the requests in any order: problems, repeats, seeds and prompts."""
    digest = hashlib.sha256()
    for request in sorted(requests, key=lambda request: request.key):
        digest.update(json.dumps([request.problem, request.index, request.seed, request.prompt]).encode() + b"\n")
    return digest.hexdigest()


async def _generate(
    backend: Backend, requests: Sequence[Request], sampling: Sampling, store: SampleStore, progress: bool
) -> Generated:
    owed = [request for request in requests if request.key not in store]
    kept = len(requests) - len(owed)
    failures: list[Failure] = []
    row = 0
    bar = ThroughputBar(len(requests), kept, progress)
    with bar:
        results = backend.generate(owed, sampling)
        try:
            async for result in results:
                if isinstance(result, Failure):
                    failures.append(result)
                    row += 1
                    bar.add(None)
                    if row == PATIENCE:
                        raise JeoulError(_given_up(result, store, len(requests)))
                    continue
                row = 0
                store.add(result)
                bar.add(result)
        finally:
            await results.aclose()
    rate = bar.rate
    return Generated(len(requests), kept, rate.samples, tuple(failures), rate.tokens, rate.seconds)


def _given_up(last: Failure, store: SampleStore, total: int) -> str:
    return (
        f"{PATIENCE} requests in a row got no completion; the last one: {last.reason}. "
        f"{len(store)} of {total} samples are kept in {store.folder}: the same command goes on from there"
    )


def _run(work: Coroutine[Any, Any, Generated]) -> Generated:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    outcome: list[Generated | BaseException] = []

    def thread() -> None:
        try:
            outcome.append(asyncio.run(work))
        except BaseException as error:
            outcome.append(error)

    runner = threading.Thread(target=thread, name="jeoul-generate")
    runner.start()
    runner.join()
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]
