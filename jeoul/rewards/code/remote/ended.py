"""What a remote machine says of one run, whatever its protocol."""

from __future__ import annotations

from typing import NamedTuple

from jeoul.rewards.code.outcomes import Kind

__all__ = ["Ended", "UnavailableError"]


class Ended(NamedTuple):
    """One run: how it ended (``passed`` = it came to its end), its output, and why in words."""

    kind: Kind
    stdout: str = ""
    stderr: str = ""
    signal: str = ""
    detail: str = ""
    seconds: float = 0.0


class UnavailableError(Exception):
    """The other machine did not run the program; asking again may help."""
