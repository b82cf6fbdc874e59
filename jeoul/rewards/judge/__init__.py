"""A language model as the judge of a completion, asked by a rubric: ``rubric``, ``verdict``, ``cache``, ``reward``."""

from jeoul.rewards.judge.reward import judge

__all__ = ["judge"]
