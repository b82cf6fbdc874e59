"""A client of any OpenAI-compatible HTTP endpoint: one request at a time, tried until there is a completion."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jeoul.endpoints.limits import Limits, backoff, retry_after
from jeoul.endpoints.replies import Completion, Refused, Retry, check, completion_of
from jeoul.errors import UsageError

if TYPE_CHECKING:
    import httpx2

__all__ = ["RESERVED", "Client", "NoReply", "Session"]

RESERVED = frozenset(
    {"model", "messages", "prompt", "temperature", "top_p", "max_tokens", "n", "stop", "seed", "stream"}
)
SECRET = 16  # characters: a shorter key stands for none


class NoReply(Exception):  # noqa: N818 - what happened, not a mistake
    """All tries failed in a way that another may not: the last failure; ``late``: no reply came in time."""

    def __init__(self, message: str, late: bool) -> None:
        super().__init__(message)
        self.late = late


class Client:
    """Where a model is served (vLLM, SGLang, llama.cpp, TGI, OpenAI …), and how it is asked.

    What can pass is tried again with exponential backoff (429, 5xx, timeouts, dropped connections, replies that are no
    completion); a ``Retry-After`` holds up all requests. A server with sampling defaults of its own (vLLM takes top-k
    and penalties from the model's ``generation_config.json``) applies them to what is not sent: switch them off in
    ``extra``, as ``{"top_k": -1, "repetition_penalty": 1.0}``.

    Args:
        model: as the server names it.
        base_url: up to and with the version, as ``http://localhost:8000/v1``.
        key_variable: the environment variable that holds the API key, sent as a bearer token; it is read when requests
            are sent, and neither kept nor shown. Where the variable is not set, none is sent.
        concurrency: requests under way at once.
        requests_per_minute, tokens_per_minute: limits; None for none.
        timeout: seconds for one whole try.
        tries: of one request, before it is given up.
        first_wait, longest_wait: seconds of backoff before the second try, and at most (of a ``Retry-After``, too).
        max_tokens_field: "max_completion_tokens" for OpenAI's reasoning models.
        extra: more fields of the request body; part of the model's identity.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str,
        key_variable: str = "OPENAI_API_KEY",
        concurrency: int = 32,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        timeout: float = 1800.0,
        tries: int = 8,
        first_wait: float = 1.0,
        longest_wait: float = 60.0,
        max_tokens_field: str = "max_tokens",
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        numbers = {"concurrency": concurrency, "timeout": timeout, "tries": tries, "longest_wait": longest_wait}
        limits = {"requests_per_minute": requests_per_minute, "tokens_per_minute": tokens_per_minute}
        for name, value in (numbers | {name: value for name, value in limits.items() if value is not None}).items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
                raise UsageError(f"{name} is {value!r}; it is a number above 0")
        taken = sorted(RESERVED & {*(extra or {})})
        if taken:
            raise UsageError(f"extra holds {taken[0]!r}, which the sampling or the prompt sets; leave it out")
        self.model, self.base_url, self.key_variable = model, _url(base_url), key_variable
        self.concurrency, self.timeout, self.tries = int(concurrency), float(timeout), int(tries)
        self.first_wait, self.longest_wait = float(first_wait), float(longest_wait)
        self.per_minute = (requests_per_minute, tokens_per_minute)
        self.max_tokens_field, self.extra = max_tokens_field, dict(extra or {})

    def identity(self) -> dict[str, Any]:
        """What completions depend on besides prompts and sampling, as values for JSON; no secret in it."""
        return {"backend": "openai", "model": self.model, "base_url": self.base_url, "extra": self.extra}

    @contextlib.asynccontextmanager
    async def session(self, limits: Limits | None = None) -> AsyncIterator[Session]:
        """Connections for the running event loop, closed at the end of the block.

        Args:
            limits: those of earlier sessions of the same loop, where they go on; default new ones.

        Raises:
            UsageError: the key is none.
        """
        import httpx2

        key = os.environ.get(self.key_variable, "").strip()
        if not key.isascii() or not key.isprintable():
            raise UsageError(f"{self.key_variable} holds what no API key holds (a line break, another script)")
        async with httpx2.AsyncClient(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx2.Timeout(self.timeout),
            limits=httpx2.Limits(max_connections=self.concurrency, max_keepalive_connections=self.concurrency),
        ) as http:
            yield Session(self, http, limits or Limits(*self.per_minute), key)


class Session:
    """Open connections of a :class:`Client`."""

    def __init__(self, client: Client, http: httpx2.AsyncClient, limits: Limits, key: str) -> None:
        self.client, self.http, self.limits, self.key = client, http, limits, key

    async def complete(
        self, prompt: str | Sequence[Mapping[str, Any]], fields: Mapping[str, Any], guessed: float
    ) -> tuple[Completion, float]:
        """The completion of a prompt, and the seconds that took, failed tries and waits left out.

        Text is for ``/completions``, messages for ``/chat/completions``.

        Args:
            prompt: of the model.
            fields: the sampling, as the request body has it.
            guessed: tokens that the request may take, for the limit of tokens a minute.

        Raises:
            Refused: the server will not complete this prompt.
            NoReply: all tries failed.
            UsageError: no prompt will be completed (no such model, a refused key …).
        """
        for attempt in range(self.client.tries):
            await self.limits.enter(guessed)
            start = time.monotonic()
            try:
                found = await self._once(prompt, fields)
            except Refused:
                self.limits.settle(guessed, 0)
                raise
            except Retry as retry:
                self.limits.settle(guessed, 0)
                last = retry
                if attempt + 1 < self.client.tries:
                    await self._wait(attempt, retry.after)
                continue
            self.limits.settle(guessed, (found.prompt_tokens or 0) + (found.completion_tokens or 0))
            return found, time.monotonic() - start
        raise NoReply(f"{last} ({self.client.tries} tries)", last.late)

    async def _wait(self, attempt: int, asked: float | None) -> None:
        if asked is not None:
            self.limits.pause(min(asked, self.client.longest_wait))
        await asyncio.sleep(backoff(attempt, self.client.first_wait, self.client.longest_wait))

    async def _once(self, prompt: str | Sequence[Mapping[str, Any]], fields: Mapping[str, Any]) -> Completion:
        import httpx2

        client, chat = self.client, not isinstance(prompt, str)
        url = f"{client.base_url}/{'chat/completions' if chat else 'completions'}"
        asked = {"messages" if chat else "prompt": prompt}
        body = json.dumps({"model": client.model, **asked, **fields, **client.extra}).encode()
        try:
            async with asyncio.timeout(client.timeout):  # the http client's own is per read: a drip would never end
                reply = await self.http.post(url, content=body, headers={"Content-Type": "application/json"})
        except (TimeoutError, httpx2.TimeoutException):
            raise Retry(f"no reply within {client.timeout:g} s", late=True) from None
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise Retry(f"{client.base_url} cannot be reached or broke off ({type(error).__name__})") from None
        text, hidden = reply.text, self._hidden(reply.text)
        check(reply.status_code, hidden, retry_after(reply.headers.get("Retry-After"), time.time()), client)
        # a placeholder such as EMPTY is no secret, and may be a word of a completion
        return completion_of(hidden if len(self.key) >= SECRET else text, chat)

    def _hidden(self, text: str) -> str:
        return text.replace(self.key, "***") if self.key else text


def _url(text: str) -> str:
    import httpx2

    try:
        url = httpx2.URL(text)
    except (httpx2.InvalidURL, TypeError):
        url = httpx2.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise UsageError(f"base_url is {text!r}; it is an address such as http://localhost:8000/v1")
    if url.userinfo or url.query or url.fragment:  # not quoted: there may be a key in it
        raise UsageError("base_url holds a user, a query or a fragment; a key belongs into the environment variable")
    plain = str(url).rstrip("/")
    for end in ("/chat/completions", "/completions"):
        plain = plain.removesuffix(end)
    return plain
