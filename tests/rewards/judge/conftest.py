from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package: helpers are found beside them

from judge_server import serving


@pytest.fixture(scope="session")
def shared_judge() -> Iterator[Any]:
    with serving() as server:
        yield server


@pytest.fixture
def server(shared_judge: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("JEOUL_CACHE", str(tmp_path / "cache"))
    shared_judge.forget()
    return shared_judge
