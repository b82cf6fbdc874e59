"""What the doctests of the package leave out: modules of extras that are not installed here."""

import importlib.util

collect_ignore = [] if importlib.util.find_spec("inspect_ai") else ["jeoul/evals/exporters/inspect_ai.py"]
