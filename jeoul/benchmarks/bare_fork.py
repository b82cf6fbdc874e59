"""Runs programs in forks of a warm interpreter that hold nothing and judge nothing: what a process of its own costs.

Started by itself, ``python -S -s -P bare_fork.py MODULE,…``, with the programs and their standard input as JSON on
standard input; prints the CPU seconds of all processes.
"""

import gc
import importlib
import json
import os
import resource
import sys
import types


def main() -> None:
    """Run all programs; exit code 1 where one does not end well."""
    register, os.register_at_fork = os.register_at_fork, _nothing
    for name in sys.argv[1].split(","):
        importlib.import_module(name)
    os.register_at_fork = register
    jobs = json.load(sys.stdin)
    gc.collect()
    gc.freeze()
    _run(*jobs[0])
    before = _used()
    for program, given in jobs:
        _run(program, given)
    print(_used() - before)


def _nothing(**_: object) -> None:
    """No hook is registered: they cost time in every fork."""


def _run(program: str, given: str) -> None:
    (asked, asks), (answers, answered) = os.pipe(), os.pipe()
    os.write(asks, given.encode())  # a line: it fits into the pipe, as what is printed does
    os.close(asks)
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.dup2(asked, 0)
            os.dup2(answered, 1)
            module = types.ModuleType("__main__")
            sys.modules["__main__"] = module
            exec(compile(program, "<program>", "exec"), module.__dict__)
            sys.stdout.flush()
            status = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    os.close(answered)
    printed = os.read(answers, 65536)
    os.close(answers)
    os.close(asked)
    if status != 0 or not printed:
        sys.exit("a program fails, or prints nothing")


def _used() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()
