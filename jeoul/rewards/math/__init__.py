"""Verification of mathematical answers.

Modules in the order in which an answer meets them: ``extract`` (where it is stated), ``canonical`` with ``tidying``,
``korean``, ``numbers``, ``forms`` and ``tables`` (what it is), ``compare`` (whether two are the same), and behind that
``parser`` (expressions as trees), ``identity`` with ``evaluation`` (their values), ``scalars``, ``regions``,
``families`` and ``bases``; ``correct`` (the reward :func:`math_correct`) and ``explaining``.
"""

from __future__ import annotations

from jeoul.rewards.math.correct import judge, math_correct
from jeoul.rewards.math.stated import answer_extracted, boxed_format

__all__ = ["answer_extracted", "boxed_format", "judge", "math_correct"]
