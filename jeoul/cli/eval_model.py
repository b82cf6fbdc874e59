"""``jeoul eval --model``: which model, run how, and its completions in the folder of the run."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Group, Parameter

from jeoul.cli.eval_completions import Completions
from jeoul.cli.output import note
from jeoul.errors import UsageError

if TYPE_CHECKING:
    from jeoul.evals.generation.backend import Backend
    from jeoul.evals.generation.generate import Generated
    from jeoul.evals.protocols import Protocol
    from jeoul.evals.suites_rows import Problems

__all__ = ["FromModel", "ModelOptions"]

OBJECTS = ("template", "engine", "extra")


@Parameter(name="*", group=Group("Options of the model", sort_key=2))
@dataclass(frozen=True)
class ModelOptions:
    """How a model is run; what is not given is the backend's default.

    Parameters
    ----------
    backend
        transformers, vllm or openai; default openai where there is a --base-url, else transformers.
    base_url
        OpenAI-compatible endpoint: http://localhost:8000/v1.
    key_variable
        Environment variable with the endpoint's key (OPENAI_API_KEY).
    concurrency
        Requests under way at once (openai: 32, vllm: 512).
    requests_per_minute
        Rate limit of the endpoint.
    tokens_per_minute
        Rate limit of the endpoint.
    timeout
        Seconds that one try of a request may take (openai).
    tries
        Tries of one request (openai).
    max_tokens_field
        max_completion_tokens for OpenAI's reasoning models.
    extra
        JSON object of more fields of a request (openai), such as '{"top_k": -1}'.
    dtype
        auto, float32, bfloat16 or float16 (transformers).
    device
        auto, cpu, cuda, cuda:1 … (transformers).
    batch_size
        Prompts at once (transformers: 16).
    revision
        Branch, tag or commit on the hub (transformers).
    trust_remote_code
        Run the code that comes with the model (transformers).
    template
        JSON object of arguments of the chat template (transformers, vllm), such as '{"enable_thinking": false}'.
    engine
        JSON object of vLLM's engine arguments, such as '{"tensor_parallel_size": 2}'.
    """

    backend: str | None = None
    base_url: str | None = None
    key_variable: str | None = None
    concurrency: int | None = None
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    timeout: float | None = None
    tries: int | None = None
    max_tokens_field: str | None = None
    extra: str | None = None
    dtype: str | None = None
    device: str | None = None
    batch_size: int | None = None
    revision: str | None = None
    trust_remote_code: Annotated[bool | None, Parameter(negative="")] = None
    template: str | None = None
    engine: str | None = None

    def given(self) -> dict[str, Any]:
        """Those that are given, but the backend; JSON objects read."""
        values = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "backend"}
        return {
            name: _object(name, value) if name in OBJECTS else value
            for name, value in values.items()
            if value is not None
        }


@dataclass(frozen=True)
class FromModel:
    """Completions that a model writes, kept in the run's folder one by one."""

    model: str
    options: ModelOptions
    restart: bool

    @property
    def stem(self) -> str:
        """Name of the run's folder: the last part of the model's path or hub id.

        >>> FromModel("Qwen/Qwen2.5-7B", ModelOptions(), False).stem
        'Qwen2.5-7B'
        """
        return Path(self.model).name or Path(self.model).resolve().name or "model"

    def refuse(self, folder: Path, force: bool) -> None:
        """A folder of something else; what a run left there is gone on with."""
        from jeoul.evals.run_folder import SAMPLES, refuse_existing

        if not (folder / SAMPLES).is_file():
            refuse_existing(folder, force)

    @contextlib.contextmanager
    def completions(self, problems: Problems, protocol: Protocol, folder: Path, quiet: bool) -> Iterator[Completions]:
        """Generate what the folder does not have yet. While the block runs, no other process can write the folder."""
        from jeoul.evals.generation.generate import generate
        from jeoul.evals.generation.store import SampleStore
        from jeoul.evals.model_run import outputs_of, requests_of, run_header
        from jeoul.evals.run_folder import sweep

        requests = requests_of(problems, protocol)
        backend = self._opened(any(request.pictures for request in requests))
        with contextlib.closing(backend):
            header = run_header(backend, requests, problems, protocol)
            with SampleStore(folder, header, self.restart) as store:
                sweep(folder)
                if len(store):
                    note(f"going on with {len(store)} samples of {folder}", quiet)
                _tell(generate(backend, requests, protocol.drawn(), store, progress=not quiet), quiet)
                backend.close()  # its memory is free while answers are graded
                outputs = outputs_of(store.samples(), problems, protocol.asked, str(folder))
                yield Completions(outputs, self.model, header, kept=True)

    def _opened(self, pictured: bool) -> Backend:
        from jeoul.evals.generation.backend import open_backend

        given = self.options.given()
        backend = self.options.backend or ("openai" if "base_url" in given else "transformers")
        if backend == "openai" and "base_url" not in given:
            raise UsageError("the backend 'openai' needs --base-url, such as http://localhost:8000/v1")
        if pictured and backend != "openai":
            raise UsageError(
                f"the problems hold pictures, which the backend {backend!r} does not show to models; serve the model "
                "(vLLM, SGLang, llama.cpp …) and give --base-url http://localhost:8000/v1, or score saved completions: "
                "--outputs FILE"
            )
        return open_backend(backend, self.model, **given)


def _tell(done: Generated, quiet: bool) -> None:
    if done.new:
        seconds = max(done.seconds, 1e-9)
        tokens = f", {done.completion_tokens / seconds:,.0f} tokens/s" if done.completion_tokens else ""
        note(
            f"generated {done.new} samples in {done.seconds:,.0f} s: {done.new / seconds:,.2f} samples/s{tokens}", quiet
        )
    for reason, count in Counter(failure.reason for failure in done.missing).most_common(3):
        note(f"{count} requests got no completion: {reason}; the same command asks for them again", quiet)


def _object(name: str, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise UsageError(f"""--{name} is {text!r}; it is a JSON object such as '{{"name": 1}}'""")
    return value
