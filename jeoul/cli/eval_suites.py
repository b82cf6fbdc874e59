"""What ``jeoul eval`` shows of suites and protocols, where nothing is evaluated."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jeoul.cli.output import print_json, print_table

if TYPE_CHECKING:
    from jeoul.evals.suites import Suite

__all__ = ["list_suites", "show_suite"]


def list_suites(json: bool) -> None:
    """The suites and protocols there are."""
    from jeoul.evals.protocols import find_protocol, shipped_protocols
    from jeoul.evals.suites import find_suite, shipped_suites

    suites = [find_suite(name) for name in shipped_suites()]
    protocols = [find_protocol(name) for name in shipped_protocols()]
    if json:
        print_json(
            {
                "suites": {
                    one.name: {"about": one.about, "problems": one.rows, "pending": one.pending} for one in suites
                },
                "protocols": {one.name: {"about": one.about, "hash": one.fingerprint} for one in protocols},
            }
        )
        return
    rows = [[one.name, str(one.rows or "?"), one.about + (" (cannot be scored yet)" if one.pending else "")]
            for one in suites]  # fmt: skip
    print_table("Suites", ["name", "problems", "what it is"], rows, left=3)
    print_table("Protocols", ["name", "what it is"], [[one.name, one.about] for one in protocols], left=2)


def show_suite(suite: Suite, json: bool) -> None:
    """One suite: where it is from, what to know, an example, published scores, its recipe."""
    from dataclasses import asdict

    if json:
        print_json({name: str(value) if isinstance(value, Path) else value for name, value in asdict(suite).items()})
        return
    source = suite.source
    where = f"hub: {source.hub} ({source.split})" if source.hub else f"file: {source.path or source.local}"
    print(f"{suite.name}, version {suite.version}: {suite.about}\n{where}; licence: {suite.licence or 'not stated'}")
    for note_ in suite.notes:
        print(f"- {note_}")
    for name, value in suite.example.items():
        print(f"{name}: {value}")
    for one in suite.published:
        print(f"published: {one.model} {one.score} under {one.protocol} ({one.source})")
    print(f"cannot be scored yet: {suite.pending}" if suite.pending else f"\n{suite.recipe_toml.strip()}")
