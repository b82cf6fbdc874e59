from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
TOLD = {
    "score_and_diagnose.py": ["checks_itself", "silent_groups", "total: ", "grpo against gdpo"],
    "gdpo_step.py": ["four", "It is 4 I think"],
}


def test_every_example_is_tested() -> None:
    if not EXAMPLES.is_dir():
        pytest.skip("no examples beside the tests")
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(TOLD)


@pytest.mark.parametrize("name", TOLD)
def test_example(name: str, tmp_path: Path) -> None:
    if not EXAMPLES.is_dir():
        pytest.skip("no examples beside the tests")
    done = subprocess.run(
        [sys.executable, EXAMPLES / name], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert all(text in done.stdout for text in TOLD[name]), done.stdout
    if name == "gdpo_step.py":
        assert float(done.stdout.split()[0]) > 0.5, "the right, short answer must have become the likeliest"
