"""A model run here with Transformers: left-padded batches, and completions that do not depend on the batch."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from jeoul.errors import UsageError
from jeoul.evals.generation.prompts import token_ids
from jeoul.evals.generation.samples import Failure, Request, Sample
from jeoul.evals.generation.sampling import Sampling
from jeoul.evals.generation.weights import weights_hash

__all__ = ["TransformersModel"]

DTYPES = ("auto", "float32", "bfloat16", "float16")


class TransformersModel:
    """A causal language model by path or hub id.

    Prompts of like length share a batch, the longest first; where a batch does not fit into the GPU's memory, its
    halves are tried. Each sample is drawn with random numbers of its own seed, so batch and order leave it as it is, up
    to the rounding of the dtype. In float32 the tests find no difference. In bfloat16 another batch turns tokens, and
    then all that follow them (with a tiny random model, half of the completions of 60 tokens): where a resumed run must
    be the same to the letter, take float32 or ``batch_size = 1``.

    Args:
        model: a folder or a hub id.
        revision: a branch, tag or commit of the hub.
        dtype: of the weights: "auto" (that of the files), "float32", "bfloat16", "float16".
        device: "auto" (a GPU where there is one), or as torch names it.
        batch_size: prompts at once.
        template: more arguments of the chat template, as ``{"enable_thinking": False}``.
        trust_remote_code: run the code that comes with the model.
    """

    def __init__(
        self,
        model: str,
        *,
        revision: str | None = None,
        dtype: str = "auto",
        device: str = "auto",
        batch_size: int = 16,
        template: Mapping[str, Any] | None = None,
        trust_remote_code: bool = False,
    ) -> None:
        if dtype not in DTYPES:
            raise UsageError(f"dtype is {dtype!r}; it is one of {', '.join(DTYPES)}")
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            raise UsageError(f"batch_size is {batch_size!r}; it is a whole number of at least 1")
        self.name, self.dtype, self.batch_size, self.template = model, dtype, batch_size, dict(template or {})
        self.device, self.options = device, {"revision": revision, "trust_remote_code": trust_remote_code}
        self.config, self.tokenizer = _described(model, self.options)
        self.context: int | None = getattr(self.config.get_text_config(), "max_position_embeddings", None)
        self.model: Any = None  # loaded when something is owed
        self.ends: frozenset[int] = frozenset()

    def identity(self) -> dict[str, Any]:
        return {
            "backend": "transformers",
            "model": self.name,
            "weights": weights_hash(self.name) or getattr(self.config, "_commit_hash", None),
            "dtype": str(self.config.dtype).removeprefix("torch.") if self.dtype == "auto" else self.dtype,
            "template": self.template,
        }

    def close(self) -> None:
        """Drop the model."""
        self.model = None

    async def generate(self, requests: Sequence[Request], sampling: Sampling) -> AsyncGenerator[Sample | Failure, None]:
        known: dict[str, list[int]] = {}
        owed: list[tuple[Request, list[int]]] = []
        for request in requests:
            key = repr(request.prompt)
            if key not in known:
                known[key] = token_ids(self.tokenizer, request.prompt, self.template)
            ids = known[key]
            if problem := self._too_long(ids):
                yield Failure(request.problem, request.index, problem)
            else:
                owed.append((request, ids))
        if owed and self.model is None:
            self._load()
        owed.sort(key=lambda pair: len(pair[1]), reverse=True)
        for start in range(0, len(owed), self.batch_size):
            for sample in self._fitting(owed[start : start + self.batch_size], sampling):
                yield sample
            await asyncio.sleep(0)  # an interrupt is heard here

    def _load(self) -> None:
        self.model = _loaded(self.name, self.dtype, self.device, self.options)
        self.ends = _end_tokens(self.model, self.tokenizer)
        _forget_defaults(self.model, self.tokenizer, self.ends)

    def _too_long(self, ids: list[int]) -> str:
        if not ids:
            return "the prompt has no token"
        if self.context is not None and len(ids) >= self.context:
            return f"the prompt has {len(ids)} tokens and the model reads {self.context}"
        return ""

    def _fitting(self, batch: list[tuple[Request, list[int]]], sampling: Sampling) -> list[Sample]:
        import torch

        try:
            return self._complete(batch, sampling)
        except torch.cuda.OutOfMemoryError:
            if len(batch) == 1:
                raise UsageError(
                    f"one prompt of {len(batch[0][1])} tokens and max_tokens = {sampling.max_tokens} do not fit into "
                    f"the GPU's memory; lower max_tokens or the dtype"
                ) from None
        torch.cuda.empty_cache()
        half = len(batch) // 2
        return self._fitting(batch[:half], sampling) + self._fitting(batch[half:], sampling)

    def _complete(self, batch: list[tuple[Request, list[int]]], sampling: Sampling) -> list[Sample]:
        import torch
        from transformers import LogitsProcessorList, StoppingCriteriaList

        from jeoul.evals.generation.drawing import Draws, TextStops

        start = time.monotonic()
        width = max(len(ids) for _, ids in batch)
        pad = self.model.generation_config.pad_token_id
        inputs = torch.tensor([[pad] * (width - len(ids)) + ids for _, ids in batch], device=self.model.device)
        mask = torch.tensor([[0] * (width - len(ids)) + [1] * len(ids) for _, ids in batch], device=self.model.device)
        room = [sampling.max_tokens if self.context is None else self.context - len(ids) for _, ids in batch]
        most = [min(sampling.max_tokens, left) for left in room]
        stops = TextStops(self.tokenizer, sampling.stop, most, width)
        seeds = [request.seed for request, _ in batch]
        draws = [] if sampling.greedy else [Draws(seeds, sampling.temperature, sampling.top_p)]
        with torch.inference_mode():
            out = self.model.generate(
                input_ids=inputs,
                attention_mask=mask,
                max_new_tokens=max(most),
                logits_processor=LogitsProcessorList(draws),
                stopping_criteria=StoppingCriteriaList([stops]),
            )
        written = out[:, width:].tolist()
        seconds = round(time.monotonic() - start, 3)
        ended = zip(batch, written, stops.ends, strict=True)
        return [self._sample(request, ids, row[:end], sampling, seconds) for (request, ids), row, end in ended]

    def _sample(
        self, request: Request, prompt: list[int], written: list[int], sampling: Sampling, seconds: float
    ) -> Sample:
        from jeoul.evals.generation.drawing import cut

        end = next((at for at, token in enumerate(written) if token in self.ends), None)
        tokens = written if end is None else written[: end + 1]
        text, stopped = cut(self.tokenizer.decode(tokens, skip_special_tokens=True), sampling.stop)
        return Sample(
            problem=request.problem,
            index=request.index,
            seed=request.seed,
            prompt=request.prompt,
            completion=text,
            finish_reason="stop" if stopped or end is not None else "length",
            prompt_tokens=len(prompt),
            completion_tokens=len(tokens),
            seconds=seconds,
        )


def _described(name: str, options: dict[str, Any]) -> tuple[Any, Any]:
    from transformers import AutoConfig, AutoTokenizer

    try:
        return AutoConfig.from_pretrained(name, **options), AutoTokenizer.from_pretrained(name, **options)
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(_not_loaded(name, error)) from None


def _loaded(name: str, dtype: str, device: str, options: dict[str, Any]) -> Any:
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    if not sys.stderr.isatty():
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        model: Any = AutoModelForCausalLM.from_pretrained(name, dtype=dtype, **options)
        return model.to(device).eval()
    except (OSError, ValueError, RuntimeError) as error:
        raise UsageError(_not_loaded(name, error)) from None


def _not_loaded(name: str, error: Exception) -> str:
    first = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return f"the model {name!r} cannot be loaded: {first}"


def _end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    ends = model.generation_config.eos_token_id
    listed = ends if isinstance(ends, list | tuple) else [ends]
    return frozenset(int(token) for token in (*listed, tokenizer.eos_token_id) if token is not None)


def _forget_defaults(model: Any, tokenizer: Any, ends: frozenset[int]) -> None:
    """Drop the sampling defaults that came with the model (top-k, penalties): the protocol alone decides."""
    from transformers import GenerationConfig

    pad = min(ends, default=0) if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    build: Any = GenerationConfig
    model.generation_config = build(do_sample=False, eos_token_id=sorted(ends) or None, pad_token_id=pad)
