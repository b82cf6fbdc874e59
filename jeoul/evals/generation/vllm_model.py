"""A model run here with vLLM: continuous batching; each sample is yielded as soon as it is complete."""

from __future__ import annotations

import asyncio
import importlib
import os
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from jeoul.errors import JeoulError, UsageError
from jeoul.evals.generation.prompts import token_ids
from jeoul.evals.generation.samples import Failure, Request, Sample
from jeoul.evals.generation.sampling import Sampling
from jeoul.evals.generation.weights import weights_hash

__all__ = ["VllmModel"]


class VllmModel:
    """A model by path or hub id in vLLM's engine (``AsyncLLM``), which is to be installed beside Jeoul.

    Each request carries its own seed. vLLM's kernels choose their order of summing by the batch, so that a sample can
    differ between runs where two tokens are nearly as likely (its own documentation on reproducibility says so).

    Args:
        model: a folder or a hub id.
        concurrency: requests handed to the engine at once; it batches them as memory allows.
        template: more arguments of the chat template, as ``{"enable_thinking": False}``.
        engine: more arguments of ``AsyncEngineArgs``, as ``{"tensor_parallel_size": 2, "max_model_len": 40960}``.
    """

    def __init__(
        self,
        model: str,
        *,
        concurrency: int = 512,
        template: Mapping[str, Any] | None = None,
        engine: Mapping[str, Any] | None = None,
    ) -> None:
        if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:
            raise UsageError(f"concurrency is {concurrency!r}; it is a whole number of at least 1")
        try:
            arguments, self.engines = _vllm("engine.arg_utils"), _vllm("v1.engine.async_llm")
            self.params, failures = _vllm("sampling_params"), _vllm("v1.engine.exceptions")
        except ImportError as error:
            raise UsageError(
                f"the backend 'vllm' needs vLLM 0.9 or later ({error}): pip install vllm; "
                f"or use 'transformers', or a server with 'openai'"
            ) from None
        self.dead, self.refusals = failures.EngineDeadError, (*_refusals(), failures.EngineGenerateError)
        self.name, self.concurrency = model, concurrency
        self.template, self.engine = dict(template or {}), dict(engine or {})
        try:
            self.arguments = arguments.AsyncEngineArgs(model=model, **self.engine)
        except TypeError as error:
            raise UsageError(f"engine: {error}") from None
        self.running: Any = None

    def identity(self) -> dict[str, Any]:
        # where and how it runs does not change what is asked of it; everything else may
        apart = {"tensor_parallel_size", "pipeline_parallel_size", "gpu_memory_utilization", "max_num_seqs"}
        return {
            "backend": "vllm",
            "model": self.name,
            "weights": weights_hash(self.name),
            "engine": {name: value for name, value in self.engine.items() if name not in apart},
            "template": self.template,
        }

    def close(self) -> None:
        """Stop the engine."""
        if self.running is not None:
            self.running.shutdown()
            self.running = None

    async def generate(self, requests: Sequence[Request], sampling: Sampling) -> AsyncGenerator[Sample | Failure, None]:
        from transformers import AutoTokenizer

        if not requests:
            return
        options = {"revision": self.engine.get("revision"), "trust_remote_code": self.engine.get("trust_remote_code")}
        tokenizer = AutoTokenizer.from_pretrained(self.engine.get("tokenizer") or self.name, **options)
        self.close()  # an engine belongs to the event loop it was started in
        self.running = self._started()
        owed, tasks = iter(requests), set[asyncio.Task[Sample | Failure]]()
        try:
            while True:
                while len(tasks) < self.concurrency and (request := next(owed, None)) is not None:
                    ids = token_ids(tokenizer, request.prompt, self.template)
                    tasks.add(asyncio.create_task(self._complete(request, ids, sampling)))
                if not tasks:
                    return
                done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in sorted(done, key=lambda task: task.exception() is not None):
                    yield task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.close()

    def _started(self) -> Any:
        try:
            return self.engines.AsyncLLM.from_engine_args(self.arguments)
        except Exception as error:  # no GPU, no memory, no such model: whatever a worker process died of
            raise UsageError(f"vLLM cannot start with the model {self.name!r}: {error}") from None

    async def _complete(self, request: Request, ids: list[int], sampling: Sampling) -> Sample | Failure:
        params = self.params.SamplingParams(
            n=1,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            max_tokens=sampling.max_tokens,
            stop=list(sampling.stop),
            seed=request.seed,
            output_kind=self.params.RequestOutputKind.FINAL_ONLY,
        )
        start, last, name = time.monotonic(), None, f"{request.index}/{request.problem}"
        try:
            outputs = self.running.generate(prompt={"prompt_token_ids": ids}, sampling_params=params, request_id=name)
            async for output in outputs:
                last = output
        except self.refusals as error:  # a prompt longer than the model's context
            return Failure(request.problem, request.index, str(error) or repr(error.__cause__))
        except self.dead as error:
            raise JeoulError(
                f"vLLM's engine has stopped: {error}; the same command goes on from what is kept"
            ) from None
        if last is None or not last.outputs:
            return Failure(request.problem, request.index, "the engine gave no output")
        written = last.outputs[0]
        return Sample(
            problem=request.problem,
            index=request.index,
            seed=request.seed,
            prompt=request.prompt,
            completion=written.text,
            finish_reason=written.finish_reason or "unknown",
            prompt_tokens=len(ids),
            completion_tokens=len(written.token_ids),
            seconds=round(time.monotonic() - start, 3),
        )


def _vllm(module: str) -> Any:
    os.environ.setdefault("VLLM_LOGGING_STREAM", "ext://sys.stderr")  # stdout is for results
    return importlib.import_module(f"vllm.{module}")


def _refusals() -> tuple[type[Exception], ...]:
    """What vLLM raises for a prompt that it will not take: a ValueError until 0.26, since then an error of its own."""
    try:
        return ValueError, getattr(_vllm("exceptions"), "VLLMClientError", ValueError)
    except ImportError:
        return (ValueError,)
