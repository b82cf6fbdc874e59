"""Every example in the documentation is run, and its output compared.

Blocks with ``title="name"`` are written as files; ``python`` blocks with prompts run as doctests; ``console`` blocks run
their ``$`` lines in a shell. ``...`` in an expected output stands for anything.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("README*.md"), *(ROOT / "docs").glob("**/*.md")])
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    language: str
    title: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = re.finditer(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [Block(m[1], m[2] or "", m[3], text.count("\n", 0, m.start()) + 2) for m in found]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))  # scripts that evaluate loads are copied there
    names: dict[str, object] = {"__name__": "__main__"}
    for block in blocks(page):
        if block.title:
            (tmp_path / block.title).write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            run_console(block, page)
        elif block.language == "python" and ">>>" in block.text:
            run_doctest(block, page, names)


def run_doctest(block: Block, page: Path, names: dict[str, object]) -> None:
    test = doctest.DocTestParser().get_doctest(block.text, names, page.name, str(page), block.line)
    report: list[str] = []
    failed, _ = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=report.append, clear_globs=False)
    names.update(test.globs)
    assert not failed, "".join(report)


def run_console(block: Block, page: Path) -> None:
    shell = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
    shell.pop("COLUMNS", None)
    for command, expected in commands(block.text):
        if command.startswith(("pip ", "make ", "git ")):
            continue  # set-up is what CI itself does
        done = subprocess.run(command, shell=True, env=shell, capture_output=True, text=True, timeout=120, check=False)
        got = done.stdout + done.stderr
        same = doctest.OutputChecker().check_output(squeezed(expected), squeezed(got), FLAGS)
        assert same or not expected.strip(), f"{page.name}:{block.line}: $ {command}\n{got}\n--- expected\n{expected}"


def commands(text: str) -> list[tuple[str, str]]:
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    return [(part.partition("\n")[0], part.partition("\n")[2]) for part in parts]


def squeezed(text: str) -> str:
    """Without what only lays a table out."""
    lines = (re.sub(r"[─\s]+", " ", line).strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def test_examples_are_found() -> None:
    assert any(block.language == "console" for block in blocks(ROOT / "README.md"))


def test_links_between_pages_exist() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists() or not (ROOT / "docs").exists(), f"{page.name}: {target}"
