"""The hostile programs by what they try."""

from __future__ import annotations

from code_corpus import (
    asserting,
    crashes,
    exits,
    feigned,
    files,
    forging,
    killing,
    lying,
    network,
    outputs,
    patching,
    processes,
    resources,
    stealing,
)
from code_corpus.program import Program

__all__ = ["GROUPS"]

GROUPS: dict[str, tuple[Program, ...]] = {
    module.__name__.rpartition(".")[2]: module.PROGRAMS
    for module in (
        exits, lying, patching, stealing, forging, outputs, asserting, processes, killing, network, files, feigned, crashes,
        resources,
    )
}  # fmt: skip
