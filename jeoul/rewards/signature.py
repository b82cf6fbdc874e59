"""How a reward function is read: arguments before ``*`` are data columns, those after it are options."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jeoul.errors import UsageError

__all__ = ["REQUIRED", "RESERVED", "Signature"]

REQUIRED = inspect.Parameter.empty
RESERVED = ("use", "weight", "clip", "when", "else", "on_error", "deadline", "monitor", "combine", "of")
"""Keys of a column in a recipe, which no reward may use for an argument of its own."""


@dataclass(frozen=True)
class Signature:
    """The arguments of a reward, split at ``*``.

    Attributes:
        data: name of each data argument → whether the data must have it (an argument with a default is optional).
        options: name of each option → its default, or ``REQUIRED``.
        variadic: name of the option given as ``*args`` (``tagged("think", "answer")``), if there is one.
        every_column: the function takes ``**kwargs``, so it is handed every column of the data (TRL's convention).
    """

    data: Mapping[str, bool]
    options: Mapping[str, Any]
    variadic: str | None = None
    every_column: bool = False

    @classmethod
    def of(cls, function: Callable[..., Any]) -> Signature:
        """Read a function, or a class with ``__init__`` (options) and ``__call__`` (data).

        >>> def near(completions, answer, *, within: float = 0.1): ...
        >>> Signature.of(near).data, Signature.of(near).options
        ({'completions': True, 'answer': True}, {'within': 0.1})
        """
        if not inspect.isclass(function):
            return cls._split(_signature(function))
        if not inspect.isroutine(function.__call__) or isinstance(function.__call__, types.MethodWrapperType):
            raise UsageError(f"{function.__name__} has no __call__ to score with, so it cannot be a reward")
        call = cls._split(_signature(function.__call__), skip_self=True)
        if call.options:
            raise UsageError(f"{function.__name__}.__call__ takes options {list(call.options)}; put them in __init__")
        built = _signature(function).parameters.values()
        variadic = next((p.name for p in built if p.kind is p.VAR_POSITIONAL), None)
        options = {
            p.name: () if p.kind is p.VAR_POSITIONAL else p.default for p in built if p.kind is not p.VAR_KEYWORD
        }
        return cls(call.data, options, variadic, call.every_column)

    @classmethod
    def _split(cls, signature: inspect.Signature, skip_self: bool = False) -> Signature:
        parameters = list(signature.parameters.values())[1 if skip_self else 0 :]
        data: dict[str, bool] = {}
        options: dict[str, Any] = {}
        variadic, every_column = None, False
        for parameter in parameters:
            if parameter.kind is parameter.VAR_KEYWORD:
                every_column = True
            elif parameter.kind is parameter.VAR_POSITIONAL:
                variadic = parameter.name
                options[parameter.name] = ()
            elif parameter.kind is parameter.KEYWORD_ONLY:
                options[parameter.name] = parameter.default
            else:
                data[parameter.name] = parameter.default is REQUIRED
        return cls(data, options, variadic, every_column)

    def reserved(self) -> list[str]:
        """Arguments whose names a recipe needs for itself."""
        return [name for name in (*self.data, *self.options) if name in RESERVED]

    def call(self, function: Callable[..., Any], data: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
        """Call ``function`` with columns and options, each where it belongs."""
        if self.variadic is None:
            return function(**data, **options)
        keywords = {name: value for name, value in options.items() if name != self.variadic}
        given = options.get(self.variadic, ())
        if not given:
            return function(**data, **keywords)
        known = inspect.signature(function).parameters
        positional = [data[name] if name in data else known[name].default for name in self.data]
        keywords |= {name: column for name, column in data.items() if name not in self.data}
        return function(*positional, *given, **keywords)


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError) as error:  # written in C without one
        raise UsageError(f"the arguments of {function!r} cannot be read: {error}") from None
