"""Fixtures of the parity tests, and the figures they print after the run: docs/parity.md cites those."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package: helpers are found beside them

collect_ignore = ["tiny_trl.py"]  # imports TRL; the tests import it when that is there
FIGURES: dict[str, float] = {}


@pytest.fixture
def measured() -> Callable[[str, float], float]:
    """Note the greatest difference seen under a name; gives it back."""

    def note(name: str, difference: float) -> float:
        FIGURES[name] = max(FIGURES.get(name, 0.0), difference)
        return difference

    return note


@pytest.fixture
def double_default() -> Iterator[None]:
    """TRL makes rewards, logits and constants in the default dtype."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the tiny model lies that TRL trains."""
    import tiny_trl

    return tiny_trl.tiny_model(tmp_path_factory.mktemp("model"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if FIGURES:
        terminalreporter.section("greatest difference between Jeoul and the framework")
        for name, difference in FIGURES.items():
            terminalreporter.write_line(f"{name:<68} {difference:.1e}")
