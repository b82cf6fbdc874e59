"""Sandboxes for tests: what the machine does not allow is skipped, with the probe's own words."""

from __future__ import annotations

import pytest

from jeoul.rewards.code.sandbox import Limits, Sandbox


def made(tier="auto", **options):
    """A sandbox of this tier, or a skip that says why there is none."""
    options.setdefault("slots", 1)
    sandbox = Sandbox(tier=tier, **options)
    report = sandbox.report()
    if not report.holds:
        sandbox.close()
        pytest.skip(str(report))
    return sandbox


@pytest.fixture(scope="session", params=["A", "B"])
def held(request):
    """A sandbox that holds programs, in each tier."""
    with made(request.param, limits=Limits(cpu=1.0, idle=1.0)) as sandbox:
        yield sandbox


@pytest.fixture
def fresh():
    """Makes sandboxes that end with the test."""
    every = []

    def make(tier="auto", **options):
        every.append(made(tier, **options))
        return every[-1]

    yield make
    for sandbox in every:
        sandbox.close()
