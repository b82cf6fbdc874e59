"""The reward ``judge``: how good a language model finds a completion, by a rubric."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

from jeoul.endpoints.client import Client, NoReply, Session
from jeoul.endpoints.limits import Limits
from jeoul.endpoints.replies import Completion, Refused
from jeoul.errors import UsageError
from jeoul.rewards.judge.cache import Replies, key_of
from jeoul.rewards.judge.rubric import read_rubric
from jeoul.rewards.judge.verdict import NoVerdict, read_verdict
from jeoul.rewards.registry import reward
from jeoul.rewards.scores import Failed, Score, does_not_apply, failed, machine_failed, timed_out
from jeoul.units import seconds

__all__ = ["judge"]

URL_VARIABLE = "OPENAI_BASE_URL"
CUT = ("length", "max_tokens")
LONGEST, SCALE = 40_000, (1.0, 10.0)


def _versions(**options: Any) -> dict[str, str]:
    rubric = read_rubric(options["rubric"], options.get("scale", SCALE), options.get("longest", LONGEST))
    return {"model": options["model"], "rubric": rubric.fingerprint[:16]}


@reward(
    range=(0, 1),
    reference="Zheng et al. 2023, judging LLM-as-a-judge (arXiv 2306.05685)",
    cost="dear",
    versions=_versions,
    deadline=seconds(3600),
    hacks=(
        "length, confident tone, lists and headings, which judges like whatever they say",
        "text that speaks to the judge: it is quoted as data, which a weak judge may still obey",
        "whatever this judge cannot tell: train on it, and that is what is learned",
    ),
)
class judge:  # noqa: N801  (a reward goes by one name, in Python and in recipes)
    """What a language model gives a completion by a rubric, behind any OpenAI-compatible endpoint.

    Formula: (score − least) / (greatest − least) of the scale; the judge is asked once, at temperature 0 with a seed.
    Its reply must end in one line ``{"score": N}``; a reply without one, with two, or off the scale is an *error* of
    the cell, never a 0. No reply after all tries is ``timeout`` or ``infra``, and asked again by the next run.

    The rubric is a text with ``{completion}`` and as it likes ``{prompt}`` and other columns of the data, each put in
    as quoted data between marks that no text can forge. ``answer = "gold"`` says that ``{answer}`` is the column
    ``gold``. The table keeps the model and a hash of the rubric.

    Args:
        rubric: its text, or a file (``.md``, ``.txt``).
        model: as the server names it.
        base_url: up to and with the version, as ``http://localhost:8000/v1``; default the environment variable
            ``OPENAI_BASE_URL``.
        key_variable: environment variable with the API key.
        scale: least and greatest score.
        max_tokens: of a reply.
        seed: of all requests.
        longest: characters of a quoted text; of a longer one the middle is left out, and the judge is told.
        cache: folder of replies, kept by model, prompt and rubric; default ``$JEOUL_CACHE/judge`` or
            ``~/.cache/jeoul/judge``; "none" for none.
        requests_per_minute, tokens_per_minute: limits of the endpoint.
        timeout: seconds for one try.
        tries: of a request.
        first_wait, longest_wait: seconds between tries.
        max_tokens_field: "max_completion_tokens" for OpenAI's reasoning models.
        extra: more fields of a request.

    NaN ("does not apply"): a column of the rubric is None in the row.

    >>> judge(rubric="Is it polite? {completion}", model="m", base_url="http://localhost:8000/v1").monitor().monitored
    True
    """

    def __init__(
        self,
        *,
        rubric: str,
        model: str,
        base_url: str | None = None,
        key_variable: str = "OPENAI_API_KEY",
        scale: tuple[float, float] = SCALE,
        max_tokens: int = 1024,
        seed: int = 0,
        longest: int = LONGEST,
        cache: str | None = None,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        timeout: float = 120.0,
        tries: int = 6,
        first_wait: float = 1.0,
        longest_wait: float = 60.0,
        max_tokens_field: str = "max_tokens",
        extra: dict[str, Any] | None = None,
    ) -> None:
        url = base_url or os.environ.get(URL_VARIABLE, "")
        if not url:
            raise UsageError(f'judge needs base_url = "http://…/v1", or the environment variable {URL_VARIABLE}')
        if max_tokens < 1:
            raise UsageError(f"max_tokens is {max_tokens}; expected 1 or more")
        self.rubric = read_rubric(rubric, scale, longest)
        self.client = Client(
            model, base_url=url, key_variable=key_variable, requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute, timeout=timeout, tries=tries, first_wait=first_wait,
            longest_wait=longest_wait, max_tokens_field=max_tokens_field, extra=extra,
        )  # fmt: skip
        self.sampling = {"temperature": 0.0, "top_p": 1.0, max_tokens_field: max_tokens, "n": 1, "seed": seed}
        self.max_tokens = max_tokens
        self.replies = Replies.in_folder(cache)
        self.state: _State | None = None
        self.hopeless = ""

    async def __call__(
        self, completions: list[str], prompts: list[str] | None = None, **columns: list[Any]
    ) -> list[Score]:
        """The score of each completion (the engine calls for one at a time, many at once)."""
        rows = [
            {name: column[place] for name, column in columns.items()}
            | {"completion": completion}
            | ({} if prompts is None else {"prompt": prompts[place]})
            for place, completion in enumerate(completions)
        ]
        return [await self._score(row) for row in rows]

    async def _score(self, row: dict[str, Any]) -> Score:
        missing = [name for name in self.rubric.columns if name in row and row[name] is None]
        if missing:
            return does_not_apply(f"no {missing[0]}")
        messages = self.rubric.messages(row)
        model = {"model": self.client.model, "extra": self.client.extra}
        key = key_of(model, self.sampling, messages, self.rubric.fingerprint)
        async with self._running() as state, state.locks[key]:  # equal requests wait for the first
            reply = self.replies.get(key)
            if reply is None:
                found = await self._ask(state, messages)
                if isinstance(found, Failed):
                    return found
                if found.finish_reason in CUT:
                    return failed(f"the judge's reply was cut at {self.max_tokens} tokens; raise max_tokens")
                reply = found.text
            try:
                verdict = read_verdict(reply, self.rubric.least, self.rubric.greatest)
            except NoVerdict as error:  # not kept: another try may be asked
                return failed(str(error))
            self.replies.put(key, reply)
        width = self.rubric.greatest - self.rubric.least
        scale = f"{verdict.score:g} of {self.rubric.least:g} to {self.rubric.greatest:g}"
        return Score((verdict.score - self.rubric.least) / width, f"{scale}: {verdict.why}")

    async def _ask(self, state: _State, messages: list[dict[str, str]]) -> Completion | Failed:
        if self.hopeless:  # a refused key is refused for all
            return machine_failed(self.hopeless)
        guessed = sum(len(message["content"]) for message in messages) / 4 + self.max_tokens
        try:
            session = await state.open()
            return (await session.complete(messages, self.sampling, guessed))[0]
        except Refused as error:
            return failed(f"the judge's server refuses: {error}")
        except NoReply as error:
            return (timed_out if error.late else machine_failed)(f"no reply of the judge: {error}")
        except UsageError as error:
            self.hopeless = f"the judge cannot be asked: {error}"
            return machine_failed(self.hopeless)

    @contextlib.asynccontextmanager
    async def _running(self) -> AsyncIterator[_State]:
        """State of the running loop. Connections end with the last call: what outlives its loop cannot be closed."""
        loop = asyncio.get_running_loop()
        if self.state is None or self.state.loop is not loop:
            self.state = _State(loop, self.client)
        state = self.state
        state.users += 1
        try:
            yield state
        finally:
            state.users -= 1
            await state.close()


class _State:
    """What belongs to one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, client: Client) -> None:
        self.loop, self.client = loop, client
        self.limits = Limits(*client.per_minute)
        self.users = 0
        self.stack: contextlib.AsyncExitStack | None = None
        self.opened: Session | None = None
        self.turn = asyncio.Lock()
        self.locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def open(self) -> Session:
        """The connections, opened where they are not."""
        async with self.turn:
            if self.opened is None:
                stack = contextlib.AsyncExitStack()
                self.opened = await stack.enter_async_context(self.client.session(self.limits))
                self.stack = stack
            return self.opened

    async def close(self) -> None:
        """Close the connections where nobody uses them."""
        async with self.turn:
            if not self.users and self.stack is not None:
                stack, self.stack, self.opened = self.stack, None, None
                await stack.aclose()
