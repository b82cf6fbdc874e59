"""Progress of a generation on a terminal: samples, tokens a second, time left; nothing at all elsewhere."""

from __future__ import annotations

import time

from jeoul.evals.generation.samples import Sample
from jeoul.progress import Bars

__all__ = ["Rate", "ThroughputBar"]


class Rate:
    """How fast samples arrive.

    >>> rate = Rate(clock=iter([0.0, 2.0]).__next__)
    >>> rate.add(Sample("a", 0, 0, "", "", "stop", 3, 10, 0.1))
    >>> str(rate)
    '0.50 samples/s, 5 tokens/s'
    """

    def __init__(self, clock: object = time.monotonic) -> None:
        assert callable(clock)
        self.clock = clock
        self.start, self.samples, self.tokens = clock(), 0, 0

    def add(self, sample: Sample) -> None:
        """Count a sample; tokens that a server did not count are not guessed."""
        self.samples += 1
        self.tokens += sample.completion_tokens or 0

    @property
    def seconds(self) -> float:
        """Since the start."""
        return float(self.clock() - self.start)

    def __str__(self) -> str:
        seconds = max(self.seconds, 1e-9)
        tokens = f", {self.tokens / seconds:,.0f} tokens/s" if self.tokens else ""
        return f"{self.samples / seconds:.2f} samples/s{tokens}"


class ThroughputBar(Bars):
    """A bar on stderr while it is a terminal and it is ``shown``; what was there before counts as done, not as speed.

    Args:
        total: samples of the whole run.
        done: those kept from before.
    """

    def __init__(self, total: int, done: int = 0, shown: bool = True) -> None:
        super().__init__(shown)
        self.rate, self.failed = Rate(), 0
        self.task = self.bars.add_task("generating", total=total, completed=done)

    def add(self, sample: Sample | None) -> None:
        """One more sample, or None for a request without one."""
        if sample is None:
            self.failed += 1
        else:
            self.rate.add(sample)
        missing = f", {self.failed} failed" if self.failed else ""
        self.bars.update(self.task, advance=sample is not None, description=f"{self.rate}{missing}")
