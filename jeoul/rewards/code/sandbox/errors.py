"""The refusal to run programs that nothing holds."""

from __future__ import annotations

from jeoul.errors import ScoringError

__all__ = ["IsolationError", "IsolationWarning"]


class IsolationError(ScoringError):
    """Programs would not be held as required, or the sandbox gives wrong verdicts here; says what helps."""


class IsolationWarning(UserWarning):
    """Programs are run though not everything is denied to them."""
