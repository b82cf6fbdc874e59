"""Code rewards: programs taken from completions, run in a sandbox whose verdict cannot be forged.

``extract`` (where the program stands), ``rows`` (tests out of data sets) and ``forms`` (what a test is) lead to
``sandbox`` (this machine) or ``remote`` (another); ``outcomes`` are named. ``runs`` shares one execution between the
rewards of ``columns``, which ``values`` computes. ``lint`` with ``findings`` runs nothing.
"""

from __future__ import annotations

from jeoul.rewards.code.columns import (
    code_bug_free,
    code_compiles,
    code_pass_all,
    code_pass_rate,
    code_vacuous,
)
from jeoul.rewards.code.lint import code_lint

__all__ = [
    "code_bug_free",
    "code_compiles",
    "code_lint",
    "code_pass_all",
    "code_pass_rate",
    "code_vacuous",
]
