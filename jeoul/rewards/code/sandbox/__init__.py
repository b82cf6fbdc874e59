"""Run programs that nobody trusts: see :class:`Sandbox`.

In the trainer's process, from the outside in: ``sandbox`` (batches, threads, slots), ``running`` (the tests of one
program) with ``judging`` (from output to verdict), ``lease`` (a slot in use), ``slot`` (a zygote). At the start:
``plans`` with ``interpreter`` (how a zygote can be held), ``starting``, ``probe`` and ``canaries`` (whether it is).
Everything under ``inside`` runs in the sandbox's own processes.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jeoul.rewards.code.sandbox.errors import IsolationError, IsolationWarning
    from jeoul.rewards.code.sandbox.limits import Limits
    from jeoul.rewards.code.sandbox.sandbox import Job, Sandbox
    from jeoul.rewards.code.sandbox.starting import Report

__all__ = ["IsolationError", "IsolationWarning", "Job", "Limits", "Report", "Sandbox"]

_HOMES = {"IsolationError": "errors", "IsolationWarning": "errors", "Limits": "limits", "Report": "starting"}


def __getattr__(name: str) -> Any:
    # ``forms`` needs the codec below this package, and the sandbox needs ``forms``
    if name in __all__:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES.get(name, 'sandbox')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
