"""The reward registry: ``@reward``, and finding a reward by name, ``pkg.mod:fn`` or ``file.py:fn``."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import keyword
import pkgutil
import sys
import unicodedata
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, overload

from jeoul.errors import UsageError, did_you_mean, listed
from jeoul.rewards.signature import Signature

if TYPE_CHECKING:
    from jeoul.rewards.recipes.column import Column
    from jeoul.units import Duration

__all__ = ["Reward", "find_reward", "reward", "reward_names"]

Scope = Literal["row", "group"]
Cost = Literal["cheap", "medium", "dear"]
ENTRY_POINTS = "jeoul.rewards"

_registered: dict[str, Reward] = {}


@dataclass(frozen=True, eq=False)
class Reward:
    """A reward function and what is known about it.

    Called with a list of completions it scores them, as a plain function would; called with anything else it makes a
    column of a recipe: ``exact_match(["4"], ["4"])`` gives ``[1.0]``, ``exact_match(answer="gold")`` a :class:`Column`.

    Attributes:
        name: unique name in the registry.
        function: the batch function, or a class whose instances are one (a model, built once per process).
        locator: ``pkg.mod:name`` or ``/path/file.py:name`` by which another process finds it; empty for a function
            that has no importable name (a closure, a notebook cell), which then travels by value.
        range: least and greatest value it can give, where known.
        unit: of the value, where it has one.
        source: paper or specification that defines it.
        scope: ``"row"``, or ``"group"`` for a reward that must see all completions of a prompt at once.
        cost: cheap columns are computed before dear ones, so that a gate can spare the dear ones.
        batch: completions per call for a model, which runs in the main process; None for everything else.
        hacks: known ways in which a policy games it.
        prepare: called with the options once in a process, before its first cell and outside that cell's deadline: it
            loads a dictionary.
        versions: called with the options: name → version of what values depend on beside the recipe (an engine, a
            dictionary, a model); kept with every table.
        deadline: the time one cell may take, where its column does not say; None: the engine's.
        evaluation_only: why a recipe must have it as a monitor, unless its option ``training`` is set; empty for all
            others.
        native: made with ``@reward`` (completions are strings); else a TRL function (completions as the data has them).
    """

    name: str
    function: Callable[..., Any]
    signature: Signature
    locator: str = ""
    range: tuple[float, float] | None = None
    unit: str = ""
    source: str = ""
    scope: Scope = "row"
    cost: Cost = "cheap"
    batch: int | None = None
    hacks: tuple[str, ...] = ()
    prepare: Callable[..., object] | None = None
    versions: Callable[..., Mapping[str, str]] | None = None
    native: bool = True
    evaluation_only: str = ""
    deadline: Duration | None = None

    def __post_init__(self) -> None:
        for name in (
            *functools.WRAPPER_ASSIGNMENTS,
            "__wrapped__",
        ):  # TRL logs by __name__, doctest finds by __wrapped__
            value = self.function if name == "__wrapped__" else getattr(self.function, name, None)
            object.__setattr__(self, name, self.name if name == "__name__" else value)

    @property
    def stateful(self) -> bool:
        """Whether it is a class, to be built before it is called."""
        return isinstance(self.function, type)

    @property
    def asynchronous(self) -> bool:
        """Whether calls are awaited."""
        function: Any = self.function
        if isinstance(function, functools.partial):
            function = function.func
        called = function if inspect.isroutine(function) else (function if self.stateful else type(function)).__call__
        return inspect.iscoroutinefunction(called)

    @property
    def summary(self) -> str:
        """First line of its docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    def bind(self, options: dict[str, Any]) -> Callable[[dict[str, Any]], Any]:
        """A function of the data columns alone, with the options set (and the model built)."""
        signature, function = self.signature, self.function
        if self.prepare is not None:
            self.prepare(**options)
        if not self.stateful:
            return lambda data: signature.call(function, data, options)
        positional = options.get(signature.variadic, ()) if signature.variadic else ()
        built = function(*positional, **{name: value for name, value in options.items() if name != signature.variadic})
        return lambda data: built(**data)

    @overload
    def __call__(self, completions: list[Any], /, *args: Any, **kwargs: Any) -> Any: ...
    @overload
    def __call__(self, *args: Any, **kwargs: Any) -> Column: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        first = (
            args[0]
            if args
            else next((kwargs[name] for name in ("completions", *self.signature.data) if name in kwargs), None)
        )
        if not isinstance(first, list):
            from jeoul.rewards.recipes.column import Column

            return Column.of(self, args, kwargs)
        if not self.stateful:
            return self.function(*args, **kwargs)
        data = dict(zip(self.signature.data, args, strict=False))
        options = {name: kwargs.pop(name) for name in list(kwargs) if name in self.signature.options}
        return self.bind(options)(data | kwargs)

    def __repr__(self) -> str:
        return f"<reward {self.name}>"

    def __reduce__(self) -> Any:
        if self.locator and self._found_again():
            return _find_again, (self.locator, self.name)
        return super().__reduce__()

    def _found_again(self) -> bool:
        """Whether the locator still leads here: not to a later function of the name, or the bare function."""
        try:
            found = _from_locator(self.locator, None)
        except UsageError:
            return False
        return found.function is self.function and found.native == self.native


def _find_again(locator: str, name: str) -> Reward:
    return as_reward(_from_locator(locator, None), name)


def locator_of(function: Callable[..., Any]) -> str:
    """``module:qualname`` if importing that gives ``function`` (or the reward made of it), else ``""``."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
    if not module or module == "__main__" or not name.isidentifier():
        return ""
    file = getattr(sys.modules.get(module), "__jeoul_file__", None)
    return f"{file or module}:{name}"


@overload
def reward(function: Callable[..., Any], /) -> Reward: ...
@overload
def reward(
    *,
    name: str | None = None,
    range: tuple[float, float] | None = None,
    unit: str = "",
    reference: str = "",
    scope: Scope = "row",
    cost: Cost = "cheap",
    batch: int | None = None,
    hacks: tuple[str, ...] = (),
    prepare: Callable[..., object] | None = None,
    versions: Callable[..., Mapping[str, str]] | None = None,
    evaluation_only: str = "",
    deadline: Duration | None = None,
) -> Callable[[Callable[..., Any]], Reward]: ...
def reward(function: Callable[..., Any] | None = None, /, *, name: str | None = None, **about: Any) -> Any:
    """Register a function (or a class with ``__call__``) of a batch of completions as a reward.

    Arguments before ``*`` are data columns, found by name; those after it are options a recipe may set. It returns one
    number per completion; ``None`` or NaN means "does not apply", a :class:`Score` also says why.

    >>> @reward(range=(0, 1), hacks=("writes the word and nothing else",))
    ... def says_please(completions, *, word: str = "please"):
    ...     return [float(word in text) for text in completions]
    >>> says_please(["yes please", "no"]), says_please(word="thanks")
    ([1.0, 0.0], says_please(word='thanks'))

    Raises:
        UsageError: the name is taken by another reward, or is not an identifier.
    """
    for key, allowed in (("scope", get_args(Scope)), ("cost", get_args(Cost))):
        if about.get(key, allowed[0]) not in allowed:
            raise UsageError(f"{key} must be one of {listed(allowed)}, not {about[key]!r}")
    if function is None:
        return functools.partial(_register, name=name, **about)
    return _register(function, name=name, **about)


def _register(function: Callable[..., Any], *, name: str | None = None, reference: str = "", **about: Any) -> Reward:
    if not inspect.isroutine(function) and not inspect.isclass(function):
        raise UsageError(f"@reward takes a function or a class, not {function!r}; use(…) takes anything callable")
    made = Reward(
        name or function.__name__, function, Signature.of(function), locator_of(function), source=reference, **about
    )
    if not is_name(made.name):
        raise UsageError(f"a reward's name must be an identifier, not {made.name!r}")
    if taken := made.signature.reserved():
        raise UsageError(f"{made.name}: the argument names {listed(taken)} belong to the recipe; choose others")
    before = _registered.get(made.name)
    if before is not None and _home(before.function) != _home(function):
        raise UsageError(
            f"the name {made.name!r} is taken by {_home(before.function)}; give {_home(function)} another: "
            f'@reward(name="…")'
        )
    _registered[made.name] = made
    return made


def is_name(name: str) -> bool:
    """Whether a gate can name it: an identifier, no keyword, and as Python's parser would spell it (NFKC)."""
    return name.isidentifier() and not keyword.iskeyword(name) and unicodedata.normalize("NFKC", name) == name


def _home(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


@functools.cache
def _load_builtin() -> None:
    """Import every module of ``jeoul.rewards``: a new built-in is one file there, listed nowhere else."""
    import jeoul.rewards

    for module in pkgutil.iter_modules(jeoul.rewards.__path__):
        if not module.name.startswith("_"):
            importlib.import_module(f"jeoul.rewards.{module.name}")


def _entry_points() -> dict[str, Any]:
    return _entry_points_on(tuple(sys.path))


@functools.cache
def _entry_points_on(path: tuple[str, ...]) -> dict[str, Any]:
    """The plug-ins installed along a path: a name is looked up for every column, and the search reads many files."""
    from importlib.metadata import entry_points

    found: dict[str, Any] = {}
    for point in entry_points(group=ENTRY_POINTS):
        if point.name in found and found[point.name].value != point.value:
            values = f"{found[point.name].value} and {point.value}"
            raise UsageError(f"two plug-ins offer a reward {point.name!r}: {values}; remove one of the packages")
        if point.name in builtin_names():
            raise UsageError(
                f"the plug-in {point.value} offers a reward {point.name!r}, which is built in; rename it there"
            )
        found[point.name] = point
    return found


@functools.cache
def _plugin(name: str, value: str, point: Any) -> Reward:
    try:
        return as_reward(point.load(), name)
    except Exception as error:
        raise UsageError(f"the plug-in reward {name!r} ({value}) cannot be loaded: {error}") from error


def everywhere(name: str) -> bool:
    """Whether every process finds the reward by this name alone: it is built in, or a plug-in."""
    return name in builtin_names() or name in _entry_points()


def reward_names() -> list[str]:
    """Names of all rewards that can be used without a module path: built in, from plug-ins, and made here."""
    _load_builtin()
    return sorted({*_registered, *_entry_points()})


def builtin_names() -> list[str]:
    """Names of the rewards that come with Jeoul."""
    _load_builtin()
    return sorted(name for name, made in _registered.items() if made.function.__module__.startswith("jeoul."))


def find_reward(name: str, folder: Path | None = None) -> Reward:
    """The reward called ``name``: a registered name, ``pkg.mod:fn``, or ``file.py:fn`` (relative to ``folder``).

    Raises:
        UsageError: there is none; the message names the nearest.
    """
    if ":" in name:
        return _from_locator(name, folder)
    if name not in _registered:
        _load_builtin()
    if name in _registered:
        return _registered[name]
    plugins = _entry_points()
    if name in plugins:
        return _plugin(name, plugins[name].value, plugins[name])
    known = reward_names()
    raise UsageError(
        f"there is no reward {name!r}{did_you_mean(name, known)}; there are {listed(known, 40)}; "
        f'your own: "package.module:function" or "file.py:function"'
    )


def as_reward(thing: Any, name: str | None = None) -> Reward:
    """A reward as it is; any other callable as a TRL reward function."""
    if isinstance(thing, Reward):
        return thing if name in (None, thing.name) else replace(thing, name=name)
    if not callable(thing):
        raise UsageError(f"{thing!r} is not a function, so it cannot be a reward")
    called = name or str(getattr(thing, "__name__", type(thing).__name__))
    if not inspect.isroutine(thing) and not inspect.isclass(thing):  # functools.partial, an instance with __call__
        return Reward(called, thing, Signature.of(thing), native=False)
    return Reward(called, thing, Signature.of(thing), locator_of(thing), native=False)


def _from_locator(locator: str, folder: Path | None) -> Reward:
    where, _, name = locator.rpartition(":")
    try:
        module = _from_file(where, folder) if where.endswith(".py") else importlib.import_module(where)
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(f"{locator!r}: importing {where!r} fails: {type(error).__name__}: {error}") from error
    if not hasattr(module, name):
        names = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise UsageError(f"{where!r} has no {name!r}{did_you_mean(name, names)}; it has {listed(names)}")
    return as_reward(getattr(module, name))


def _from_file(file: str, folder: Path | None) -> Any:
    path = ((folder or Path.cwd()) / file).resolve()
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    module_name = f"_jeoul_file_{path.stem}_{zlib.crc32(bytes(path)):08x}"
    if module_name in sys.modules:
        return sys.modules[module_name]
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    module.__jeoul_file__ = str(path)  # type: ignore[attr-defined]
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[module_name]
        raise
    return module
