"""The corpora are found beside the tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from jeoul.rewards.code.sandbox import Sandbox

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package


@pytest.fixture(scope="session")
def held() -> None:
    """Skip where programs are not held (macOS, old kernels): code rewards refuse there, as they should."""
    report = Sandbox(slots=1).report()
    if not report.holds:
        pytest.skip(f"programs are not held here: {report}")
