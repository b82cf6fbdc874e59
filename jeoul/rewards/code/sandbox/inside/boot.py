"""Start of a zygote: ``python -S -s -P boot.py SPEC``. Runs by itself, outside the package.

The modules of ``inside`` are imported under empty stand-ins of the packages above them: what those import has no
business in a process that must stay small.
"""

import json
import os
import signal
import sys
import types


def main() -> None:
    """Read what to do from the command line, get warm, serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that owns us
    spec = json.loads(sys.argv[1])
    folder = spec["inside"]
    name = "jeoul.rewards.code.sandbox"
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        stand_in = types.ModuleType(".".join(parts[:count]))
        stand_in.__path__ = []
        sys.modules[stand_in.__name__] = stand_in
    sys.modules[name].__path__ = [folder.rpartition("/")[0]]
    register, os.register_at_fork = os.register_at_fork, _nothing
    try:
        from jeoul.rewards.code.sandbox.inside.warm import preload, start

        preload()
    finally:
        os.register_at_fork = register
    start(spec)


def _nothing(**_: object) -> None:
    """Registers no hook: what modules do after a fork is to no purpose in a process of one thread, and costs time."""


if __name__ == "__main__":
    main()
