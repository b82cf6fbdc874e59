"""``jeoul run-code FILE --tests TESTS``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from jeoul.cli.output import note, print_json, print_table
from jeoul.errors import DataError, UsageError

if TYPE_CHECKING:
    from jeoul.rewards.code.outcomes import ProgramResult
    from jeoul.rewards.code.rows import RowTests

__all__ = ["run"]

SHOWN = 200


def run(
    file: Annotated[str, Parameter(allow_leading_hyphen=True)],
    *,
    tests: Path,
    row: int = 0,
    entry_point: str | None = None,
    extract: Literal["auto", "fenced", "continuation", "whole"] = "auto",
    sandbox: str = "local",
    isolation: Literal["require", "best_effort"] = "require",
    cpu: str = "2 s",
    idle: str = "2 s",
    tolerance: float | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Run one program against its tests in the sandbox, and show the verdict.

    Exit code 0: all tests passed; 1: not.

    Parameters
    ----------
    file
        A Python program, or a completion with one in a fenced block; - for stdin.
    tests
        Test code (.py: asserts, or check(candidate) with --entry-point), JSON in any shape that a data set has, or a
        data set's file (JSONL, Parquet), of which --row is taken.
    row
        Which row of the data set, from 0.
    entry_point
        The function under test, for check(candidate).
    extract
        Where the program stands; auto: the whole of a .py file, else a fenced block, the continuation of the row's
        prompt, or (stdin) the whole.
    sandbox
        local, or the address of a remote one: piston+http://host:2000.
    isolation
        require: refuse where programs are not held; best_effort: go on and say so.
    cpu
        Processor time of one test.
    idle
        Time in which it neither computes nor waits for a processor.
    tolerance
        Of floating-point numbers in standard output and calls.
    json
        Print as JSON.
    """
    from jeoul.rewards.code.extract import find_code
    from jeoul.rewards.code.settings import Settings

    text = _read(file)
    given = _tests(tests, row, entry_point, tolerance)
    found = find_code(text, _ways(file, extract), prompt=given.prompt, entry_point=given.entry_point)
    if found.code is None:
        if json:
            print_json({"passed": False, "program": found.how, "tests": []})
        else:
            print(f"no_code: {found.how}")
        sys.exit(1)
    settings = Settings(sandbox=sandbox, isolation=isolation, cpu=_time("--cpu", cpu), idle=_time("--idle", idle))
    runner = settings.runner()
    try:
        result = runner.run_many([(found.code, given.tests)])[0]
    finally:
        runner.close()
    _print(result, found.how, json)
    sys.exit(0 if result.tests and all(test.passed for test in result.tests) else 1)


def _ways(file: str, extract: str) -> Any:
    if extract != "auto":
        return (extract,)
    return ("whole",) if file.endswith(".py") else ("fenced", "continuation", *(("whole",) if file == "-" else ()))


def _read(file: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror}") from None
    return data.decode("utf-8", "replace")


def _time(option: str, text: str) -> Any:
    from jeoul.units import Duration

    try:
        return Duration.parse(text)
    except ValueError as error:
        raise UsageError(f"{option} {error}") from None


def _tests(path: Path, row: int, entry_point: str | None, tolerance: float | None) -> RowTests:
    from jeoul.reading import read_columns
    from jeoul.rewards.code.rows import RowTests, read_row, read_tests

    if path.suffix not in (".py", ".json"):
        columns = read_columns(path)
        count = len(next(iter(columns.values())))
        if not 0 <= row < count:
            raise UsageError(f"--row {row}: {path} has rows 0 to {count - 1}")
        return read_row({name: values[row] for name, values in columns.items()}, row, tolerance)
    text = _read(str(path))
    tests = read_tests(text, entry_point=entry_point, tolerance=tolerance, where=str(path))
    return RowTests(tests, "", entry_point or "")


def _print(result: ProgramResult, how: str, json: bool) -> None:
    if json:
        fields = ("kind", "signal", "detail", "seconds_cpu", "stdout", "stderr", "test")
        tests = [{name: getattr(test, name) for name in fields} for test in result.tests]
        good = bool(tests) and all(test.passed for test in result.tests)
        told = {"passed": good, "pass_rate": result.pass_rate, "program": how, "tier": result.tier,
                "not_enforced": list(result.missing), "trust": result.trust, "tests": tests}  # fmt: skip
        print_json(told)
        return
    rows = [
        [str(number), str(test.kind) + (f":{test.signal}" if test.signal else ""), f"{test.seconds_cpu:.3f}",
         _line(test.detail or test.stdout)]
        for number, test in enumerate(result.tests)
    ]  # fmt: skip
    passed = sum(test.passed for test in result.tests)
    print_table(
        f"{passed} of {len(rows)} tests passed ({how})", ["test", "outcome", "CPU s", "why, or output"], rows, left=4
    )
    if result.missing:
        note(f"tier {result.tier}; not enforced: {', '.join(result.missing)}")
    if result.trust == "weak":
        note("a test ran inside the program's own process: the program could have forged it")


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"
