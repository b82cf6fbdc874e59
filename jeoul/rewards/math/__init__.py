"""Verification of mathematical answers.

Modules in the order in which an answer meets them: ``extract`` (where it is stated), ``canonical`` with ``numbers`` and
``tables`` (what it is), ``compare`` (whether two are the same), ``correct`` (the reward :func:`math_correct`).
"""

from __future__ import annotations

from jeoul.rewards.math.correct import judge, math_correct

__all__ = ["judge", "math_correct"]
