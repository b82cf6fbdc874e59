from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.rewards.code.extract import LONGEST, defines, find_code

FENCE = "```"
HUMAN = 'from math import sqrt\n\ndef root(x):\n    """Square root."""\n'


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("```python\nx\n```", "x\n"),
        ("a\n```py\nx\n```\nb\n```python\ny\n```\n", "y\n"),
        ("```Python\nx\n```", "x\n"),
        ("```python title=\"a.py\"\nx\n```", "x\n"),
        ("```\nx\n```", "x\n"),
        ("```python\nx\n```\nIt prints\n```\n5\n```", "x\n"),  # what it prints is no program
        ("```python\nx\n```\n```bash\npython a.py\n```", "x\n"),
        ("```bash\nls\n```", None),
        ("~~~python\nx\n~~~", "x\n"),
        ("````python\nx\n```\ny\n````", "x\n```\ny\n"),
        ("~~~python\nx\n```\ny\n~~~", "x\n```\ny\n"),
        ("Here it is: ```python\nx\n```", "x\n"),
        ("write it in ``` fences\n```python\nx\n```", "x\n"),
        ("1. first\n   ```python\n   if x:\n       y\n   ```", "if x:\n    y\n"),
        ("```python\nx", "x"),  # a stop sequence took the close
        ("```python\nold\n```\n```python\nnew", "new"),
        ("```python\n\n```", None),
        ("x = 1", None),
        ("", None),
        ("`x`", None),
        ("<think>\n```python\ndraft\n```\n</think>\n```python\nx\n```", "x\n"),
        ("<think>\n```python\ndraft\n```\n</think>\nno", None),
        ("<think>\n```python\ndraft\n```", None),
        ("draft\n```python\nold\n```</think>\n```python\nx\n```", "x\n"),
        ("```python\r\nx\r\n```\r\n", "x\r\n"),
    ],
)  # fmt: skip
def test_fenced_blocks(text, code):
    assert find_code(text).code == code


def test_the_rule_is_declared():
    text = "```python\nx\n```\n```python\ny\n```\n```python\nz"
    assert find_code(text, which="first").code == "x\n"
    assert find_code(text, unclosed="leave").code == "y\n"
    assert find_code("x = 1", ["fenced", "whole"]).code == "x = 1"
    assert find_code("```python\nx\n```", ["whole"]).code.startswith("```")


@pytest.mark.parametrize(
    ("completion", "code"),
    [
        ("    return sqrt(x)\n", HUMAN + "    return sqrt(x)\n"),
        ("    return sqrt(x)\n\nprint(root(4))\n", HUMAN + "    return sqrt(x)\n\n"),
        ("    return sqrt(x)\n\n\ndef other():\n    pass", HUMAN + "    return sqrt(x)\n\n\n"),
        ("return sqrt(x)", HUMAN + "    return sqrt(x)"),  # its indentation was stripped
        ("    a = '''\nmargin\n'''\n    return a\nx", HUMAN + "    a = '''\nmargin\n'''\n    return a\n"),
        ("    return f(\n        x\n)\n", HUMAN + "    return f(\n        x\n)\n"),
        ("def root(x):\n    return x\n", HUMAN + "def root(x):\n    return x\n"),
        ("```python\ndef root(x):\n    return 1\n```", HUMAN + "def root(x):\n    return 1\n"),
        ("```python\n    return 1\n```", HUMAN + "    return 1\n"),
        ("```python\nfrom __future__ import annotations\ndef root(x): ...\n```",
         "from __future__ import annotations\n" + HUMAN + "def root(x): ...\n"),
    ],
)  # fmt: skip
def test_continuations_of_a_prompt(completion, code):
    found = find_code(completion, ["fenced", "continuation"], prompt=HUMAN, entry_point="root")
    assert found.code == code


def test_a_prompt_in_words_is_no_code_to_continue():
    found = find_code("    return 1", ["continuation"], prompt="Write root.", entry_point="root")
    assert found == (None, "there is no prompt to continue")
    assert find_code("```python\nx\n```", prompt="Write root.", entry_point="root").code == "x\n"


def test_definitions_are_found_at_the_margin():
    assert defines("async def f(): ...", "f")
    assert defines("class f: ...", "f")
    assert not defines("def ff(): ...\n    def f(): ...", "f")


def test_why_there_is_none():
    assert find_code("```bash\nls\n```").how == "none of 1 fenced blocks is Python"
    assert find_code("<think>").how == "the reasoning is not closed"
    assert "longer than" in find_code("```python\n" + "x" * (LONGEST + 1)).how
    assert find_code("a", ["fenced", "continuation"]).how == "there is no fenced block, there is no prompt to continue"


HOSTILE = {
    "ticks": "`" * 10_000_000,
    "fences": "```\n" * 600_000,
    "openings": "```python\n" * 250_000,
    "blanks": " " * 10_000_000 + "```",
    "lines": "\n" * 3_000_000,
    "thoughts": "</think>" * 1_250_000,
    "mixed": "~`" * 1_000_000,
    "indented fence": " " * 5_000_000 + "```python\nx\n" + "y\n" * 1_000_000,
    "open quotes": "    '''\n" + "a\n" * 1_000_000,
    "definitions": "def " * 500_000,
    "a wide definition": "def" + " " * 10_000_000,
    "controls": "\x00\x1b[2J\u202e" * 300_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_megabytes_take_time_that_is_linear(name):
    start = time.process_time()
    for methods in (["fenced"], ["fenced", "continuation", "whole"]):
        find_code(HOSTILE[name], methods, prompt=HUMAN, entry_point="root")
    assert time.process_time() - start < 30  # a quadratic rule takes hours


@given(st.text(alphabet="`~\npyxd f:'\"</think>", max_size=200))
def test_any_text_has_a_program_or_a_reason(text):
    for methods in (["fenced"], ["fenced", "continuation", "whole"]):
        found = find_code(text, methods, prompt=HUMAN, entry_point="root")
        assert found.how
        assert found.code is None or found.code.strip()


def test_a_block_survives_whatever_stands_around_it():
    rng = random.Random(1)
    for _ in range(200):
        code = "\n".join(rng.choice(["x = 1", "", "    y", "# `a` and ``b``", "s = '~~'"]) for _ in range(5)) + "\nz\n"
        around = "\n".join(rng.choice(["text", "", "- list `x`", "> quote"]) for _ in range(3))
        assert find_code(f"{around}\n```python\n{code}```\n{around}").code == code
