"""The vLLM backend: with vLLM where it is installed; else its calls, against a package with vLLM's signatures."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jeoul.errors import JeoulError, UsageError
from jeoul.evals.generation import Failure, Sampling, open_backend, requests_for

INSTALLED = importlib.util.find_spec("vllm") is not None
PROMPTS: dict[str, Any] = {f"p{number}": f"{number} + {number} = " for number in range(5)}
SAMPLING = Sampling(temperature=1.0, top_p=0.9, max_tokens=12, n=3, stop=("e",), seed=2)

# The names and signatures are those of vLLM 0.10 to 0.27 (vllm/v1/engine/async_llm.py, sampling_params.py); behind
# them the tiny model of these tests writes.
PACKAGE = {
    "__init__.py": "",
    "exceptions.py": "class VLLMClientError(Exception): ...\n",
    "sampling_params.py": """
import dataclasses, enum
class RequestOutputKind(enum.Enum):
    CUMULATIVE, DELTA, FINAL_ONLY = range(3)
@dataclasses.dataclass(kw_only=True)
class SamplingParams:
    n: int = 1
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int | None = None
    stop: list | None = None
    max_tokens: int | None = 16
    output_kind: RequestOutputKind = RequestOutputKind.CUMULATIVE
""",
    "engine/__init__.py": "",
    "engine/arg_utils.py": """
import dataclasses
@dataclasses.dataclass
class AsyncEngineArgs:
    model: str = ""
    tokenizer: str | None = None
    revision: str | None = None
    trust_remote_code: bool = False
    tensor_parallel_size: int = 1
    max_model_len: int | None = None
""",
    "v1/__init__.py": "",
    "v1/engine/__init__.py": "",
    "v1/engine/exceptions.py": """
class EngineGenerateError(Exception): ...
class EngineDeadError(Exception): ...
""",
    "v1/engine/async_llm.py": """
from types import SimpleNamespace
from jeoul.evals.generation import Request, Sampling, open_backend
from vllm.exceptions import VLLMClientError
from vllm.sampling_params import RequestOutputKind
from vllm.v1.engine.exceptions import EngineDeadError, EngineGenerateError
class AsyncLLM:
    stopped = []
    @classmethod
    def from_engine_args(cls, engine_args, start_engine_loop=True):
        if engine_args.tensor_parallel_size > 1:
            raise RuntimeError("Engine core initialization failed")
        self = cls()
        self.model = open_backend("transformers", engine_args.model, dtype="float32", device="cpu")
        self.names = set()
        return self
    def shutdown(self, timeout=None):
        self.stopped.append(self)
    async def generate(self, prompt, sampling_params, request_id):
        assert sampling_params.n == 1 and sampling_params.output_kind is RequestOutputKind.FINAL_ONLY
        assert request_id not in self.names
        self.names.add(request_id)
        text = self.model.tokenizer.decode(prompt["prompt_token_ids"])
        if "refuse" in text:
            raise VLLMClientError("The prompt is longer than the maximum model length")
        if "stumble" in text:
            raise EngineGenerateError() from KeyError("x")
        if "die" in text:
            raise EngineDeadError("EngineCore encountered an issue")
        p = sampling_params
        sampling = Sampling(p.temperature, p.top_p, p.max_tokens, 1, tuple(p.stop))
        sample = await anext(self.model.generate([Request("p", 0, p.seed, text)], sampling))
        output = SimpleNamespace(
            text=sample.completion, finish_reason=sample.finish_reason, token_ids=[0] * sample.completion_tokens
        )
        yield SimpleNamespace(outputs=[output], finished=True)
""",
}


@pytest.fixture
def vllm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if INSTALLED:
        pytest.skip("vLLM itself is installed")
    for name, code in PACKAGE.items():
        path = tmp_path / "vllm" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "vllm"]:
        del sys.modules[name]


def results(backend: Any, prompts: Any, sampling: Sampling = SAMPLING) -> dict[tuple[str, int], Any]:
    async def collect() -> dict[tuple[str, int], Any]:
        requests = requests_for(prompts, sampling.n, sampling.seed)
        return {result.key: result async for result in backend.generate(requests, sampling)}

    return asyncio.run(collect())


def told(found: dict[tuple[str, int], Any]) -> dict[tuple[str, int], Any]:
    return {
        key: (one.seed, one.prompt, one.completion, one.finish_reason, one.prompt_tokens, one.completion_tokens)
        for key, one in found.items()
    }


@pytest.mark.skipif(INSTALLED, reason="vLLM is installed")
def test_without_vllm_the_message_says_what_to_do(model: Path) -> None:
    with pytest.raises(UsageError, match=r"the backend 'vllm' needs vLLM 0.9 or later .*: pip install vllm; or use"):
        open_backend("vllm", str(model))


@pytest.mark.skipif(not INSTALLED, reason="vLLM is not installed")
def test_with_vllm(model: Path) -> None:
    backend = open_backend("vllm", str(model), engine={"dtype": "float32", "enforce_eager": True, "max_model_len": 200})
    found = results(backend, PROMPTS, Sampling(max_tokens=12))
    here = open_backend("transformers", str(model), dtype="float32")
    assert told(found) == told(results(here, PROMPTS, Sampling(max_tokens=12)))


def test_what_is_asked_and_kept(vllm: None, model: Path) -> None:
    backend: Any = open_backend("vllm", str(model), concurrency=4)
    here = open_backend("transformers", str(model), dtype="float32", device="cpu")
    chat = {"chat": [{"role": "user", "content": "Hi"}]}
    assert told(results(backend, PROMPTS | chat)) == told(results(here, PROMPTS | chat))
    assert backend.running is None
    assert len(backend.engines.AsyncLLM.stopped) == 1


def test_failures(vllm: None, model: Path) -> None:
    backend: Any = open_backend("vllm", str(model))
    found = results(backend, {"good": "x", "long": "refuse", "odd": "stumble"})
    assert found["long", 2] == Failure("long", 2, "The prompt is longer than the maximum model length")
    assert found["odd", 0] == Failure("odd", 0, "KeyError('x')")
    assert found["good", 1].completion_tokens > 0
    with pytest.raises(JeoulError, match="engine has stopped: EngineCore encountered an issue; the same command"):
        results(backend, {"good": "x", "dead": "die"})
    assert backend.running is None


def test_identity_and_mistakes(vllm: None, model: Path) -> None:
    backend: Any = open_backend("vllm", str(model), engine={"tensor_parallel_size": 2, "max_model_len": 64})
    assert backend.identity()["engine"] == {"max_model_len": 64}
    with pytest.raises(UsageError, match=r"vLLM cannot start with the model .*Engine core initialization failed"):
        results(backend, PROMPTS)
    with pytest.raises(UsageError, match=r"engine: .*unexpected keyword argument 'max_len'"):
        open_backend("vllm", str(model), engine={"max_len": 64})
    with pytest.raises(UsageError, match="concurrency is 0"):
        open_backend("vllm", str(model), concurrency=0)
