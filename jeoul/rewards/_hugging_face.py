"""Metrics of Hugging Face ``evaluate``: found by path, name or instance, called, and their results read."""

from __future__ import annotations

import functools
import inspect
import math
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jeoul.errors import UsageError, did_you_mean, listed

__all__ = ["Metric", "MetricOption", "find_metric", "metric_versions"]

STATE = (
    "writer", "buf_writer", "data", "selected_feature_format", "cache_file_name",
    "filelock", "rendez_vous_lock", "file_paths", "filelocks",
)  # fmt: skip
"""What evaluate keeps in a metric between ``add`` and ``compute``."""


class MetricOption:
    """Marks an option as a metric: ``Annotated[Any, MetricOption()]`` takes text or an ``evaluate`` module."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(_checked)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string"}


def _checked(choice: Any) -> Any:
    if not isinstance(choice, str) and not _is_module(choice):
        raise UsageError(f"a metric is the path of its script, its name on the hub, or an evaluate.Metric; {choice!r}")
    return choice


def _is_module(thing: Any) -> bool:
    """Whether it is an instance of ``evaluate.EvaluationModule``: told without the 5 s that importing it takes."""
    return any(f"{kind.__module__}.{kind.__name__}" == "evaluate.module.EvaluationModule" for kind in type(thing).mro())


class Metric:
    """An ``evaluate`` module with one way to call it: no files, the same random numbers each time, one call at once.

    Attributes:
        name: as evaluate calls it.
        inputs: names of what it takes, predictions among them as a rule.
        lists: those that it takes as lists only (the references of ``sari``): a text given for one is a list of it.
    """

    def __init__(self, module: Any) -> None:
        self.module = _own(module)
        self.name = str(self.module.name)
        features = self.module.features
        choices = features if isinstance(features, list) else [features]
        self.inputs: list[str] = list(choices[0])
        self.lists = {name for name in self.inputs if all(_is_list(choice.get(name)) for choice in choices)}
        self.lock = threading.Lock()

    def completions_input(self, asked: str | None) -> str:
        """The input that completions are: the one asked for, else predictions, else the only one."""
        if asked is not None:
            if asked not in self.inputs:
                hint = did_you_mean(asked, self.inputs)
                raise UsageError(f"{self.name} has no input {asked!r}{hint}; it takes {listed(self.inputs)}")
            return asked
        if "predictions" in self.inputs:
            return "predictions"
        if len(self.inputs) == 1:
            return self.inputs[0]
        raise UsageError(
            f'{self.name} takes {listed(self.inputs)}; say which are the completions: completions_as="{self.inputs[0]}"'
        )

    def check_arguments(self, arguments: Mapping[str, Any]) -> None:
        """UsageError where its ``compute`` takes no such argument."""
        parameters = inspect.signature(self.module._compute).parameters.values()
        takes = [item.name for item in parameters if item.kind is not item.VAR_KEYWORD and item.name not in self.inputs]
        if any(item.kind is item.VAR_KEYWORD for item in parameters):
            return
        for name in arguments:
            if name not in takes:
                hint = did_you_mean(name, takes)
                raise UsageError(f"{self.name} takes no argument {name!r}{hint}; beside its inputs: {listed(takes)}")

    def columns(self, completions_as: str | None, completions: Sequence[str], given: Mapping[str, Any]) -> Columns:
        """Its inputs, each with its column; UsageError names one that is missing."""
        own = self.completions_input(completions_as)
        columns: Columns = {}
        for name in self.inputs:
            column = completions if name == own else given.get(name)
            if column is not None:
                wrap = name in self.lists
                columns[name] = [[cell] if wrap and isinstance(cell, str) else cell for cell in column]
            else:
                raise UsageError(
                    f"{self.name} takes {listed(self.inputs)}, and the data has no column {name!r}; if it has another "
                    f'name: {name} = "…"'
                )
        return columns

    def compute(self, columns: Mapping[str, Sequence[Any]], arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Its results for these columns. Nothing of a call that fails stays for the next."""
        with self.lock:
            try:
                result = self.module.compute(**{name: list(column) for name, column in columns.items()}, **arguments)
            finally:
                _forget(self.module)
        if isinstance(result, Mapping):
            return result
        if isinstance(result, SimpleNamespace):  # mauve
            return vars(result)
        if isinstance(_plain(result), float | list):  # wer, cer
            return {self.name: result}
        raise UsageError(f"{self.name} gave a {type(result).__name__}, not a dictionary of results")

    def read(self, result: Mapping[str, Any], key: str | None) -> Any:
        """One of the results: the one asked for, or the only one that is a number or a list; NaN where it is None."""
        if key is not None:
            if key not in result:
                hint = did_you_mean(key, result)
                raise UsageError(f"{self.name} gives no {key!r}{hint}; it gives {listed(result)}")
            return math.nan if result[key] is None else _plain(result[key])
        if [*result.values()] == [None]:
            return math.nan
        read = {name: _plain(value) for name, value in result.items()}
        usable = [name for name, value in read.items() if isinstance(value, float | list)]
        if len(usable) != 1:
            example = usable[0] if usable else "…"
            raise UsageError(f'{self.name} gives {listed(result)}; say which: key="{example}"')
        return read[usable[0]]


Columns = dict[str, Sequence[Any]]


def missing_inputs(columns: Mapping[str, Sequence[Any]]) -> list[str]:
    """For each row the first of its inputs that is None or NaN; "" where all are there.

    >>> missing_inputs({"predictions": ["a", "b"], "references": ["a", None]})
    ['', 'references']
    """
    names = list(columns)
    return [
        next((name for name, cell in zip(names, row, strict=True) if _nothing(cell)), "")
        for row in zip(*columns.values(), strict=True)
    ]


def _is_list(feature: Any) -> bool:
    """Whether a feature of ``datasets`` is a list, under whichever of the names it has had."""
    return isinstance(feature, list) or type(feature).__name__ in ("List", "LargeList", "Sequence")


def _nothing(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def _plain(value: Any) -> Any:
    """A number as float, numbers in a row as a list of them; anything else as it is."""
    if hasattr(value, "tolist"):  # numpy, torch
        value = value.tolist()
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, list | tuple) and all(item is None or isinstance(item, int | float) for item in value):
        return [math.nan if item is None else float(item) for item in value]
    if isinstance(value, list | tuple) and all(hasattr(item, "item") for item in value):
        return [float(item) for item in value]
    return value


def _own(module: Any) -> Any:
    """A module of our own with the same metric inside: what the user has added to theirs stays theirs alone.

    In memory, because files would lie in the user's home, and a lock on them delays whoever else uses the metric.
    """
    own = object.__new__(type(module))
    own.__dict__.update(module.__dict__)
    for name in ("compute", "add", "add_batch"):  # copies of methods, bound to the other one
        own.__dict__.pop(name, None)
    own.keep_in_memory, own.num_process, own.process_id = True, 1, 0
    own.seed = 0  # evaluate's default is a number of the process, by which bootstraps in a metric differ
    _forget(own)
    return own


def _forget(module: Any) -> None:
    for name in STATE:
        setattr(module, name, None)


def find_metric(choice: Any, config: str | None = None) -> Metric:
    """The metric a user chose: the path of its script, its name on the hub, or an ``evaluate`` module.

    Raises:
        UsageError: it cannot be had, with what to do.
    """
    if isinstance(choice, str):
        return _loaded(choice, config, _stamp(choice))
    _checked(choice)
    if config is not None:
        raise UsageError("config is for metrics that are loaded; this one is an instance, made with its configuration")
    return Metric(choice)


def _stamp(choice: str) -> int:
    """When the script was last changed, so that an edited one is read again; 0 where it is none."""
    try:
        path = Path(choice)
        script = path if path.suffix == ".py" else path / f"{path.name}.py"
        return script.stat().st_mtime_ns
    except (OSError, ValueError):
        return 0


@functools.lru_cache(maxsize=8)
def _loaded(choice: str, config: str | None, stamp: int) -> Metric:
    try:
        if not choice.strip():
            raise FileNotFoundError
        import evaluate

        return Metric(evaluate.load(choice, config, keep_in_memory=True))
    except Exception as error:  # whatever the script raises
        if not stamp and isinstance(error, FileNotFoundError | ConnectionError):
            raise UsageError(
                f"there is no metric {choice!r}: no such script is here, none in evaluate's cache, and the hub was not "
                f'reached or has none. Give the path of its script, as in metric="metrics/rouge.py", or an '
                f"evaluate.Metric; or load it once where there is a network: "
                f'python -c "import evaluate; evaluate.load({choice!r})"'
            ) from error
        raise UsageError(f"the metric {choice!r} cannot be loaded: {type(error).__name__}: {error}") from error


def metric_versions(metric: Any, config: str | None = None, **_: Any) -> dict[str, str]:
    """What values depend on beside the recipe: evaluate's version, and a hash of the metric's script."""
    from importlib.metadata import version

    found = find_metric(metric, config)
    code = getattr(found.module, "_hash", None)
    kind = type(found.module)
    script = f"script {code[:16]}" if code else f"{kind.__module__}.{kind.__qualname__}"
    return {"evaluate": version("evaluate"), "metric": f"{found.name} ({script})"}
