"""Start of a zygote: ``python -S -s -P boot.py SPEC``. Runs by itself, outside the package.

The modules of ``inside`` are imported under empty stand-ins of the packages above them: what those import has no
business in a process that must stay small.
"""

import json
import sys
import types


def main() -> None:
    """Read what to do from the command line, get warm, serve."""
    spec = json.loads(sys.argv[1])
    folder = spec["inside"]
    name = "jeoul.rewards.code.sandbox"
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        stand_in = types.ModuleType(".".join(parts[:count]))
        stand_in.__path__ = []
        sys.modules[stand_in.__name__] = stand_in
    sys.modules[name].__path__ = [folder.rpartition("/")[0]]
    from jeoul.rewards.code.sandbox.inside.warm import start

    start(spec)


if __name__ == "__main__":
    main()
