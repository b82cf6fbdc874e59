"""Rate limits and waits of an HTTP client: requests and tokens a minute, and pauses that the server asks for."""

from __future__ import annotations

import asyncio
import email.utils
import random
import time
from collections.abc import Callable

__all__ = ["Limits", "backoff", "retry_after"]

Clock = Callable[[], float]


class Bucket:
    """So much a minute, evenly: a bucket that fills steadily and holds ``burst`` at most.

    In no minute more than ``per_minute + burst`` is taken, and one request more: an amount above ``burst`` is let
    through when the bucket is full, and the bucket then fills up from below 0.

    >>> bucket = Bucket(60, burst=1, now=0)
    >>> bucket.wait(1, now=0), bucket.take(1), bucket.wait(1, now=0), bucket.wait(1, now=1)
    (0.0, None, 1.0, 0.0)
    """

    def __init__(self, per_minute: float, burst: float, now: float) -> None:
        self.per_minute, self.burst, self.level, self.at = per_minute, burst, burst, now

    def wait(self, amount: float, now: float) -> float:
        """Seconds until ``amount`` is there; 0: take it now."""
        self.level = min(self.burst, self.level + (now - self.at) * self.per_minute / 60)
        self.at = now
        return max(0.0, (min(amount, self.burst) - self.level) * 60 / self.per_minute)

    def take(self, amount: float) -> None:
        """Take ``amount``, or give it back where it is below 0."""
        self.level = min(self.burst, self.level - amount)


class Limits:
    """Lets requests through, in their order, as limits and the server's pauses allow.

    Args:
        requests: a minute; None for no limit.
        tokens: a minute, of prompts and completions together; None for no limit.
    """

    def __init__(self, requests: float | None, tokens: float | None, clock: Clock = time.monotonic) -> None:
        now = clock()
        self.clock = clock
        self.requests = None if requests is None else Bucket(requests, 1, now)
        self.tokens = None if tokens is None else Bucket(tokens, tokens / 10, now)
        self.paused_until = now
        self.turn = asyncio.Lock()

    async def enter(self, tokens: float) -> None:
        """Wait until a request of about ``tokens`` tokens may be sent, and count it."""
        async with self.turn:
            while (wait := self._wait(tokens)) > 0:
                await asyncio.sleep(wait)
            for bucket, amount in ((self.requests, 1.0), (self.tokens, tokens)):
                if bucket is not None:
                    bucket.take(amount)

    def settle(self, guessed: float, used: float) -> None:
        """Correct what a request was counted for by what it used."""
        if self.tokens is not None:
            self.tokens.take(used - guessed)

    def pause(self, seconds: float) -> None:
        """Send nothing for so long: the server said so."""
        self.paused_until = max(self.paused_until, self.clock() + seconds)

    def _wait(self, tokens: float) -> float:
        now = self.clock()
        waits = [self.paused_until - now]
        if self.requests is not None:
            waits.append(self.requests.wait(1, now))
        if self.tokens is not None:
            waits.append(self.tokens.wait(tokens, now))
        return max(waits)


def backoff(attempt: int, first: float, most: float) -> float:
    """Seconds before try ``attempt`` + 1: ``min(most, first · 2^attempt)``, drawn from its upper half.

    The draw keeps many clients from coming back at once; it touches no result.

    >>> 2 <= backoff(3, first=0.5, most=60) <= 4, backoff(2000, first=0.5, most=60) <= 60
    (True, True)
    """
    return float(min(most, first * 2.0 ** min(attempt, 60)) * random.uniform(0.5, 1))


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds that a ``Retry-After`` header asks for (RFC 9110 10.2.3: seconds, or a date); None without a sound one.

    >>> retry_after("7", 0), retry_after("Thu, 01 Jan 1970 00:01:40 GMT", 40), retry_after("soon", 0)
    (7.0, 60.0, None)
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return max(0.0, seconds) if seconds == seconds and seconds < float("inf") else None
