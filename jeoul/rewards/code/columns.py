"""The rewards that run programs. Columns with equal options share one execution of each completion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from jeoul.rewards.code import values
from jeoul.rewards.code.extract import Method
from jeoul.rewards.code.runs import Cells, Run, run_all
from jeoul.rewards.code.settings import TWO_SECONDS, Isolation, Settings
from jeoul.rewards.registry import reward
from jeoul.rewards.scores import Score
from jeoul.units import Duration

__all__ = ["code_bug_free", "code_compiles", "code_pass_all", "code_pass_rate", "code_vacuous"]

BATCH = 256
SOURCE = "verdicts in a process that runs no code of the candidate's: docs/code.md"
_GAMES = ("answers learnt from tests that the prompt shows",)


class _Column:
    """Options, and the data of a batch, of all of them."""

    value: ClassVar[Callable[..., Score]]

    def __init__(
        self,
        *,
        extract: tuple[Method, ...] = ("fenced",),
        imports: bool = False,
        tolerance: float | None = None,
        sandbox: str = "local",
        isolation: Isolation = "require",
        cpu: Duration = TWO_SECONDS,
        idle: Duration = TWO_SECONDS,
        memory_mb: int = 1024,
        packages: tuple[str, ...] = ("numpy",),
        batch_deadline: Duration | None = None,
        in_process: bool = False,
    ) -> None:
        self.options = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        self.settings = Settings(**self.options)
        self.ready()

    def ready(self) -> None:
        """Start the runner, so that a sandbox that refuses is heard of before anything is scored."""
        from jeoul.rewards.code.settings import runner_for

        runner_for(self.settings)

    def __call__(
        self,
        completions: list[str],
        tests: list[Any],
        private_tests: list[Any] | None = None,
        entry_point: list[Any] | None = None,
        setup: list[Any] | None = None,
        starter: list[Any] | None = None,
        problem: list[Any] | None = None,
    ) -> list[float | None]:
        """Score each completion by its tests."""
        cells = Cells(tests, private_tests, entry_point, setup, starter, problem)
        return [self.score(run) for run in run_all(completions, cells, self.settings)]

    def score(self, run: Run) -> Score:
        return type(self).value(run)

    def __reduce__(self) -> tuple[Any, ...]:  # by its options: the other process starts a sandbox of its own
        return _again, (type(self).__name__, self.options)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.options.items())})"


def _again(name: str, options: Mapping[str, Any]) -> Any:
    made: Any = globals()[name]
    return made.function(**options)


def _versions(sandbox: str = "local", **_: Any) -> dict[str, str]:
    import platform

    return {"sandbox": f"{sandbox}, {platform.system()}" if sandbox == "local" else sandbox}


@reward(range=(0, 1), reference=SOURCE, cost="dear", batch=BATCH, versions=_versions, hacks=_GAMES)
class code_pass_rate(_Column):  # noqa: N801  (a reward goes by one name, in Python and in recipes)
    r"""Share of the tests that the program in a completion passes; 0 without a program.

    ``tests`` are what data sets have (HumanEval, MBPP, APPS, TACO, CodeContests, LiveCodeBench) or plain lists; see
    :func:`jeoul.rewards.code.rows.read_tests`. A test of HumanEval or MBPP is one ``assert``. Programs run in a sandbox
    and never see what is expected; an object that claims to equal everything passes nothing.

    Args:
        extract: where the program stands, by the first way that finds one: "fenced" (the last Python block),
            "continuation" (of the code in ``problem``), "whole".
        imports: a judge's usual imports stand before the program (LeetCode, LiveCodeBench).
        tolerance: of floating-point numbers in calls and standard output; none: exact.
        sandbox: "local", or another machine's ``sandbox_fusion+http://host:8080`` or ``piston+http://host:2000``.
        isolation: "require" refuses to start where programs are not held (``jeoul sandbox check`` says what is missing
            here); "best_effort" goes on and says so in every reason.
        cpu: processor time of one test, over all threads.
        idle: time in which it neither computes nor waits for a processor.
        memory_mb: MiB of address space.
        packages: installed packages that programs may import, beside the standard library (not remotely).
        batch_deadline: time for one call; what has not run by then is an infra cell.
        in_process: allow tests inside the program's own process (unittest), whose verdict it can forge.

    Completions that the machine fails to run are infra cells (NaN), never 0; nothing that a program does leads there.
    A row whose tests cannot be read is an error cell. The reason begins with how the first failed test ended.

    >>> rate = code_pass_rate(isolation="best_effort")
    >>> rate
    code_pass_rate(isolation='best_effort')
    """

    value = staticmethod(values.pass_rate)


@reward(range=(0, 1), reference=SOURCE, cost="dear", batch=BATCH, versions=_versions, hacks=_GAMES)
class code_pass_all(_Column):  # noqa: N801
    """1 if the program in a completion passes all of its tests, else 0.

    Options, data, 0 and NaN as in ``code_pass_rate``. One failed test decides, also where the machine failed others.

    >>> code_pass_all(extract=("whole",))
    code_pass_all(extract=('whole',))
    """

    value = staticmethod(values.pass_all)


@reward(
    range=(0, 1),
    reference=f"{SOURCE}; Liu et al. 2026, GDPO: bug = a compile or runtime error",
    cost="dear",
    batch=BATCH,
    versions=_versions,
    hacks=("an empty program, or try/except around everything, has no bug: set when_passing, as code.toml does",),
)
class code_bug_free(_Column):  # noqa: N801
    """1 if there is a program and no test of it ends in a bug, else 0; right or wrong answers do not matter.

    A bug is an error, crash or timeout of compiling, an uncaught exception or non-zero exit, an exit before the answer,
    a crash, too much memory or output, and a timeout with ``timeout_is_bug``. GDPO's paper does not say whether a
    timeout counts. ``when_passing``: 0 unless a test passes; a gate ``when = "pass_rate > 0"`` is the same, but makes a
    0 of what the machine failed to run. Other options, data and NaN as in ``code_pass_rate``.

    >>> code_bug_free(timeout_is_bug=False)
    code_bug_free(timeout_is_bug=False)
    """

    def __init__(
        self,
        *,
        timeout_is_bug: bool = True,
        when_passing: bool = False,
        extract: tuple[Method, ...] = ("fenced",),
        imports: bool = False,
        tolerance: float | None = None,
        sandbox: str = "local",
        isolation: Isolation = "require",
        cpu: Duration = TWO_SECONDS,
        idle: Duration = TWO_SECONDS,
        memory_mb: int = 1024,
        packages: tuple[str, ...] = ("numpy",),
        batch_deadline: Duration | None = None,
        in_process: bool = False,
    ) -> None:
        super().__init__(
            extract=extract, imports=imports, tolerance=tolerance, sandbox=sandbox, isolation=isolation, cpu=cpu,
            idle=idle, memory_mb=memory_mb, packages=packages, batch_deadline=batch_deadline, in_process=in_process,
        )  # fmt: skip
        self.options |= {"timeout_is_bug": timeout_is_bug, "when_passing": when_passing}

    def score(self, run: Run) -> Score:
        return values.bug_free(run, bool(self.options["timeout_is_bug"]), bool(self.options["when_passing"]))


@reward(
    range=(0, 1),
    reference=SOURCE,
    cost="dear",
    batch=BATCH,
    versions=_versions,
    hacks=("any program that parses: an empty function",),
)
class code_compiles(_Column):  # noqa: N801
    """1 if there is a program and it compiles, else 0.

    Options, data and NaN as in ``code_pass_rate``; ``code_lint`` needs no tests and runs nothing.

    >>> code_compiles().monitor()
    code_compiles().monitor()
    """

    value = staticmethod(values.compiles)


@reward(
    range=(0, 1),
    reference=SOURCE,
    cost="dear",
    batch=BATCH,
    versions=_versions,
    hacks=("one constant for the first test and another for the rest",),
    evaluation_only="it tells how programs avoid bugs without doing anything, and a policy must not be paid for that",
)
class code_vacuous(_Column):  # noqa: N801
    """1 if the program has no bug and yet answers nothing, or the same to all of several tests: a monitor.

    A rising share beside a rising ``code_bug_free`` says that the policy has learnt not to fail rather than to solve.
    Options, data and NaN as in ``code_pass_rate``; ``training=True`` allows a weight. 0 without a program, or with a
    bug.

    >>> code_vacuous().monitor()
    code_vacuous().monitor()
    """

    value = staticmethod(values.vacuous)

    def __init__(
        self,
        *,
        training: bool = False,
        extract: tuple[Method, ...] = ("fenced",),
        imports: bool = False,
        tolerance: float | None = None,
        sandbox: str = "local",
        isolation: Isolation = "require",
        cpu: Duration = TWO_SECONDS,
        idle: Duration = TWO_SECONDS,
        memory_mb: int = 1024,
        packages: tuple[str, ...] = ("numpy",),
        batch_deadline: Duration | None = None,
        in_process: bool = False,
    ) -> None:
        super().__init__(
            extract=extract, imports=imports, tolerance=tolerance, sandbox=sandbox, isolation=isolation, cpu=cpu,
            idle=idle, memory_mb=memory_mb, packages=packages, batch_deadline=batch_deadline, in_process=in_process,
        )  # fmt: skip
        self.options["training"] = training
