"""What is evaluated: completions, wherever they come from."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from jeoul.evals.outputs import Outputs
    from jeoul.evals.protocols import Protocol as EvalProtocol
    from jeoul.evals.suites_rows import Problems

__all__ = ["Completions", "Source"]


@dataclass(frozen=True)
class Completions:
    """Completions of a suite's problems.

    Attributes:
        outputs: the completions.
        origin: where they are from.
        generated: what they depend on, where Jeoul made them; else None.
        kept: whether they are the samples of the run's folder, and stay there as they are.
    """

    outputs: Outputs
    origin: str
    generated: dict[str, Any] | None = field(default=None, repr=False)
    kept: bool = False


class Source(Protocol):
    """Where completions come from."""

    @property
    def stem(self) -> str:
        """Name of the run's folder, where none is given."""

    def refuse(self, folder: Path, force: bool) -> None:
        """UsageError where ``folder`` holds what must not be replaced."""

    def completions(
        self, problems: Problems, protocol: EvalProtocol, folder: Path, quiet: bool
    ) -> AbstractContextManager[Completions]:
        """The completions, while the block runs that evaluates them."""
