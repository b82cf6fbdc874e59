from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package: helpers are found beside them

from local_server import serving
from tiny_lm import make_model


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    torch.set_num_threads(1)
    return make_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def shared_server(model: Path) -> Iterator[Any]:
    with serving(model) as server:
        yield server


@pytest.fixture
def server(shared_server: Any) -> Any:
    shared_server.forget()
    shared_server.delay, shared_server.fault = 0.0, lambda number, body: ""
    return shared_server
