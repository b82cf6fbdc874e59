"""What every way of running a model offers, and how one is chosen by name."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Protocol

from jeoul.errors import UsageError, did_you_mean, listed
from jeoul.evals.generation.samples import Failure, Request, Sample
from jeoul.evals.generation.sampling import Sampling

__all__ = ["BACKENDS", "Backend", "open_backend"]

BACKENDS = {
    "transformers": ("jeoul.evals.generation.transformers_model", "TransformersModel"),
    "vllm": ("jeoul.evals.generation.vllm_model", "VllmModel"),
    "openai": ("jeoul.evals.generation.endpoint", "Endpoint"),
}


class Backend(Protocol):
    """A model that completes prompts."""

    def identity(self) -> dict[str, Any]:
        """What the completions depend on besides prompts and sampling, as values for JSON; no secret in it."""

    def generate(self, requests: Sequence[Request], sampling: Sampling) -> AsyncGenerator[Sample | Failure, None]:
        """A sample, or the reason that there is none, for every request, in any order, as soon as it is known.

        A request's completion depends on its prompt and seed, not on its neighbours.

        Raises:
            UsageError: no request can succeed (no such model, a refused key …).
        """

    def close(self) -> None:
        """Give back what it holds."""


def open_backend(name: str, model: str, **options: Any) -> Backend:
    """The backend of that name with a model.

    Raises:
        UsageError: there is no such backend or option, its library is not installed, or the model is not found.
    """
    if name not in BACKENDS:
        raise UsageError(f"there is no backend {name!r}{did_you_mean(name, BACKENDS)}; there are {listed(BACKENDS)}")
    module, cls = BACKENDS[name]
    build = getattr(importlib.import_module(module), cls)
    known = [option for option in inspect.signature(build).parameters if option != "model"]
    for option in options:
        if option not in known:
            hint = did_you_mean(option, known)
            raise UsageError(f"the backend {name!r} has no option {option!r}{hint}; it has {listed(known, 30)}")
    backend: Backend = build(model, **options)
    return backend
