"""``jeoul sandbox check``."""

from __future__ import annotations

import sys
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from jeoul.cli.output import note, print_json, print_table

__all__ = ["check"]


def check(
    *,
    tier: Literal["auto", "A", "B", "C"] = "auto",
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Try what a hostile program would, and show what is denied to it on this machine.

    Exit code 0: everything that is tried is denied, so code rewards run; 1: not, and how to get there.

    Parameters
    ----------
    tier
        A: own namespaces; B: seccomp, Landlock, limits; C: limits only; auto: the first that holds here.
    json
        Print as JSON.
    """
    from jeoul.rewards.code.sandbox import Sandbox
    from jeoul.rewards.code.sandbox.probe import PROBED

    with_one = Sandbox(slots=1, tier=tier)
    try:
        report = with_one.report()
    finally:
        with_one.close()
    told = {
        "holds": report.holds,
        "tier": report.tier,
        "ways": [
            {"way": str(one.plan), "failed": one.failed, "not_denied": list(one.missing)} for one in report.attempts
        ],
        "denied": list(report.enforced),
        "not_denied": list(report.missing),
        "met": dict(report.chosen.observed.said) if report.chosen and report.chosen.observed else {},
        "fixes": list(report.fixes),
    }
    if json:
        print_json(told)
    else:
        _print(told, PROBED)
    sys.exit(0 if report.holds else 1)


def _print(told: dict[str, Any], probed: dict[str, str]) -> None:
    seen = {**dict.fromkeys(told["denied"], "denied"), **dict.fromkeys(told["not_denied"], "NOT denied")}
    rows = [[name, words, seen.get(name, "not tried")] for name, words in probed.items()]
    print_table(f"Tier {told['tier'] or 'none'}: what a program tried here, and what came of it",
                ["name", "what is tried", "observed"], rows, left=3)  # fmt: skip
    for way in told["ways"]:
        missing = f"does not deny {', '.join(way['not_denied'])}" if way["not_denied"] else "denies all of it"
        note(f"{way['way']}: {way['failed'] or missing}")
    for fix in told["fixes"]:
        note(f"fix: {fix}")
    if told["holds"]:
        note("programs are held: code rewards run here")
    else:
        note('programs are not held: code rewards refuse to run here, unless isolation = "best_effort"')
