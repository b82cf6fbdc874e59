from __future__ import annotations

import pytest
from code_corpus.benign import CALLS, STDIO
from hypothesis import given
from hypothesis import strategies as st

from jeoul import code_lint
from jeoul.rewards.code.findings import LONGEST_LINTED, findings


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("print(1)", []),
        ("def f(x):\n    return y", ["undefined name 'y' (line 2)"]),
        ("def f():\n    print(x)\n    x = 1", ["undefined name 'x' (line 2)"]),  # a local before its assignment
        ("from m import *\nprint(x)", []),
        ("import os\nos.system('ls')", ["unsafe call os.system (line 2)"]),
        ("import os as o\no.execv('a', [])", ["unsafe call os.execv (line 2)"]),
        ("from os import system as s\ns('ls')", ["unsafe call os.system (line 2)"]),
        ("import subprocess\nsubprocess.run([])", ["unsafe call subprocess.run (line 2)"]),
        ("import urllib.request\nurllib.request.urlopen('x')", ["unsafe call urllib.request.urlopen (line 2)"]),
        ("import socket\nsocket.socket()", ["unsafe call socket.socket (line 2)"]),
        ("eval('1')", ["unsafe call eval (line 1)"]),
        ("import builtins\nbuiltins.exec('1')", ["unsafe call exec (line 2)"]),
        ("def eval(x):\n    return x\neval(1)", []),  # its own
        ("class M:\n    def eval(self): ...\nM().eval()", []),
        ("open('a')", []),
        ("open(0).read()", []),
        ("open('a', 'w')", ["opens a file to write (line 1)"]),
        ("open('a', mode='ab')", ["opens a file to write (line 1)"]),
        ("exit()", []),
        ("print '5'", ["syntax error: Missing parentheses in call to 'print'. Did you mean print(...)? (line 1)"]),
        ("x = '\\d'", []),  # a warning of Python's
        ("x\x00y", None),
        ("x = '\ud800'", None),
        ("-" * 100_000 + "5", ["nested too deeply"]),
        ("x" + ".a" * 50_000, ["nested too deeply"]),
        ("(" * 1000, None),
        ("x = 1\n" * LONGEST_LINTED, [f"longer than {LONGEST_LINTED:,} characters"]),
    ],
)  # fmt: skip
def test_findings(code, found):
    said = list(map(str, findings(code)))
    if found is None:
        assert [one.check for one in findings(code)] == ["syntax"]
    else:
        assert said == found


def test_names_that_a_judge_defines():
    assert findings("def f(x: List[int]): ...", ("List",)) == []
    assert len(findings("def f(x: List[int]): ...")) == 1


def test_the_reward_names_what_it_found():
    program = "```python\nimport os\ndef f():\n    return x\nos.system('')\n```"
    assert code_lint([program]) == [0]
    assert code_lint([program], checks=("undefined",))[0].reason == "1 finding: undefined name 'x' (line 3)"
    assert code_lint(["```python\nx = (\n```"], checks=()) == [0]
    assert code_lint(["nothing"])[0].reason == "no program: there is no fenced block"


def test_a_program_that_continues_its_prompt():
    prompt = 'from typing import List\n\ndef total(xs: List[int]) -> int:\n    """Sum."""\n'
    assert code_lint(["    return sum(xs)\n"], [prompt], ["total"], extract=("continuation",)) == [1]
    assert code_lint(["```python\ndef total(xs: List[int]): ...\n```"], [prompt], ["total"]) == [1]
    assert code_lint(["```python\ndef total(xs: List[int]): ...\n```"]) == [0]


@given(st.text(max_size=100))
def test_any_text_is_scored(text):
    assert code_lint([f"```python\n{text}\n```", text])[0] in (0, 1)


def test_honest_programs_are_clean_but_for_those_that_call_eval():
    found = {one.name for one in (*STDIO, *CALLS) if findings(one.code)}
    assert found == {"exec and eval"}
