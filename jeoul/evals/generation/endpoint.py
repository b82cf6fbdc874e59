"""Any OpenAI-compatible HTTP endpoint as a model: ``/chat/completions`` for chats, else ``/completions``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from jeoul.chat import prompt_text
from jeoul.endpoints.client import Client, NoReply, Session
from jeoul.endpoints.replies import Refused
from jeoul.evals.generation.samples import Failure, Request, Sample
from jeoul.evals.generation.sampling import Sampling
from jeoul.evals.pictures import sendable

__all__ = ["Endpoint"]


class Endpoint(Client):
    """A model behind an OpenAI-compatible endpoint; its arguments are those of :class:`~jeoul.endpoints.client.Client`.

    Every sample is a request of its own with its own seed and ``n = 1``.
    """

    def close(self) -> None:
        """Nothing is held between runs."""

    async def generate(self, requests: Sequence[Request], sampling: Sampling) -> AsyncGenerator[Sample | Failure, None]:
        owed = iter(requests)
        async with self.session() as session:
            running: set[asyncio.Task[Sample | Failure]] = set()
            try:
                while True:
                    while len(running) < self.concurrency and (request := next(owed, None)) is not None:
                        running.add(asyncio.create_task(self._complete(session, request, sampling)))
                    if not running:
                        return
                    done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                    results = sorted(done, key=lambda task: task.exception() is not None)  # what is there is kept first
                    for task in results:
                        yield task.result()
            finally:
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)

    async def _complete(self, session: Session, request: Request, sampling: Sampling) -> Sample | Failure:
        """The sample, or why there is none after all tries."""
        guessed = len(prompt_text(request.prompt)) / 4 + sampling.max_tokens
        try:
            prompt = sendable(request.prompt, request.pictures)
            found, seconds = await session.complete(prompt, self._fields(request, sampling), guessed)
        except (Refused, NoReply) as failure:
            return Failure(request.problem, request.index, str(failure))
        return Sample(
            problem=request.problem,
            index=request.index,
            seed=request.seed,
            prompt=request.prompt,
            completion=found.text,
            finish_reason=found.finish_reason,
            prompt_tokens=found.prompt_tokens,
            completion_tokens=found.completion_tokens,
            seconds=round(seconds, 3),
            reasoning=found.reasoning,
        )

    def _fields(self, request: Request, sampling: Sampling) -> dict[str, Any]:
        fields = {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            self.max_tokens_field: sampling.max_tokens,
            "n": 1,
            "seed": request.seed,
        }
        return fields | ({"stop": list(sampling.stop)} if sampling.stop else {})
