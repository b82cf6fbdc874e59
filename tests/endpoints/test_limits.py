from __future__ import annotations

import asyncio
import email.utils
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.endpoints.limits import Bucket, Limits, backoff, retry_after


@given(st.floats(1, 1e6), st.floats(0.1, 100), st.lists(st.floats(0, 50), min_size=1, max_size=60))
def test_no_minute_holds_more(per_minute: float, burst: float, amounts: list[float]) -> None:
    bucket, now, taken = Bucket(per_minute, burst, now=0), 0.0, []
    for amount in amounts:
        while (wait := bucket.wait(amount, now)) > 1e-9:
            now += wait
        bucket.take(amount)
        taken.append((now, amount))
    for start, _ in taken:
        within = [amount for at, amount in taken if start <= at < start + 60]
        assert sum(within) <= (per_minute + burst + max(amounts)) * (1 + 1e-6)


def test_waits_no_longer_than_needed() -> None:
    bucket, now = Bucket(120, 1, now=0), 0.0
    for _ in range(240):
        now += bucket.wait(1, now)
        bucket.take(1)
    assert now == pytest.approx(119.5)


def test_unused_tokens_come_back() -> None:
    limits = Limits(None, 600, clock=lambda: 0.0)
    assert limits.tokens is not None
    limits.tokens.take(500)
    limits.settle(guessed=500, used=20)
    assert limits.tokens.level == 40


def test_requests_are_spread_and_keep_their_order() -> None:
    async def go() -> tuple[list[int], float]:
        limits, order, start = Limits(6000, None), list[int](), time.monotonic()

        async def one(number: int) -> None:
            await limits.enter(0)
            order.append(number)

        await asyncio.gather(*map(one, range(30)))
        return order, time.monotonic() - start

    order, seconds = asyncio.run(go())
    assert order == list(range(30))
    assert 0.28 <= seconds < 5


def test_a_pause_holds_everything() -> None:
    async def go() -> float:
        limits, start = Limits(None, None), time.monotonic()
        limits.pause(0.2)
        limits.pause(0.1)  # a shorter one does not end it
        await asyncio.gather(*(limits.enter(0) for _ in range(3)))
        return time.monotonic() - start

    assert 0.2 <= asyncio.run(go()) < 5


@given(st.integers(0, 10_000), st.floats(0.01, 10), st.floats(0.01, 1000))
def test_backoff(attempt: int, first: float, most: float) -> None:
    longest = min(most, first * 2.0 ** min(attempt, 60))
    assert longest / 2 <= backoff(attempt, first, most) <= longest


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("3", 3), ("0.5", 0.5), ("-3", 0), (None, None), ("", None), ("nan", None), ("inf", None), ("tomorrow", None)],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, 0) == seconds


@given(st.integers(0, 4_000_000_000), st.integers(0, 10_000))
def test_retry_after_a_date(now: int, seconds: int) -> None:
    assert retry_after(email.utils.formatdate(now + seconds, usegmt=True), now) == seconds
    assert retry_after(email.utils.formatdate(now, usegmt=True), now + seconds) == 0


@given(st.text())
def test_retry_after_anything(value: str) -> None:
    seconds = retry_after(value, 0)
    assert seconds is None or seconds >= 0
