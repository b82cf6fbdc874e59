"""``jeoul eval --outputs``: saved completions of any origin."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jeoul.cli.eval_completions import Completions
from jeoul.cli.output import note

if TYPE_CHECKING:
    from jeoul.evals.protocols import Protocol
    from jeoul.evals.suites_rows import Problems

__all__ = ["FromOutputs"]


@dataclass(frozen=True)
class FromOutputs:
    """Completions of a file of some format; ``columns`` are the user's names for completion, id and prompt."""

    path: str
    format: str | None
    columns: dict[str, str | None]

    @property
    def stem(self) -> str:
        """Name of the run's folder: the file's, without its endings."""
        return "stdin" if self.path == "-" else Path(self.path).name.split(".")[0]

    def refuse(self, folder: Path, force: bool) -> None:
        """A finished run, or something else, in the way; a run's own samples are scored where they are."""
        from jeoul.evals.run_folder import refuse_existing, samples_file

        if not samples_file(folder, self.path):
            refuse_existing(folder, force)

    @contextlib.contextmanager
    def completions(self, problems: Problems, protocol: Protocol, folder: Path, quiet: bool) -> Iterator[Completions]:
        """Read the file and find the problems that its rows answer."""
        from jeoul.evals.importers import format_of
        from jeoul.evals.outputs import all_alike, match_outputs, read_outputs
        from jeoul.evals.run_folder import samples_file

        kind = self.format or format_of(self.path)
        rows = read_outputs(self.path, kind)
        if kind != "plain":
            note(f"{self.path} is read as {kind}: {len(rows)} completions", quiet)
        found = match_outputs(rows, problems, name=self.path, asked=protocol.asked, **self.columns)
        header = self._header()
        made = ((header or {}).get("protocol") or {}).get("name", protocol.name)
        if made != protocol.name:
            note(f"these samples were generated under {made}, not under {protocol.name}: write SUITE@{made}", quiet)
        if all_alike(found):
            note(
                "the samples of every problem are equal: repeats from a cache, or with one seed, are one sample", quiet
            )
        yield Completions(found, self.path, header, kept=samples_file(folder, self.path))

    def _header(self) -> dict[str, Any] | None:
        """What the samples of a run's folder depend on."""
        from jeoul.evals.generation.store import has_header, read_header

        folder = Path(self.path)
        return read_header(folder) if has_header(folder) else None
