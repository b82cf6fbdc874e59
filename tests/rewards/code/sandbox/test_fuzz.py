"""Each target of ``fuzz_sandbox.py`` for a moment; ``--seconds 600`` is for people."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location("fuzz_sandbox", Path(__file__).with_name("fuzz_sandbox.py"))
fuzz_sandbox = importlib.util.module_from_spec(spec)
sys.modules["fuzz_sandbox"] = fuzz_sandbox
spec.loader.exec_module(fuzz_sandbox)


@pytest.mark.parametrize("name", ["codec", "remote", "frames"])
def test_nothing_but_what_is_named_is_raised(name):
    counts, found = fuzz_sandbox.fuzz({name: getattr(fuzz_sandbox, name)}, 1.0, 0)
    assert not found
    assert counts[name] >= 50


def test_programs_that_write_to_all_they_have_forge_nothing(fresh):
    fresh()  # or skip
    programs = fuzz_sandbox.Programs()
    try:
        counts, found = fuzz_sandbox.fuzz({"programs": programs}, 2.0, 0)
    finally:
        programs.close()
    assert not found
    assert counts["programs"] >= 1
