"""Rows in the shapes of the data sets, written here; none is copied from them."""

from __future__ import annotations

import base64
import json
import pickle
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul.errors import DataError
from jeoul.rewards.code.forms import Asserts, Call, Checker, InProcess, Stdio
from jeoul.rewards.code.rows import packed, read_row, read_tests

CHECK = "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate(0) == 0\n"
HUMAN = {
    "task_id": "Own/0",
    "prompt": "def double(x):\n",
    "entry_point": "double",
    "test": CHECK,
    "canonical_solution": "",
}


def sealed(thing: object) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(thing))).decode()


def test_humaneval():
    row = read_row(HUMAN)
    assert row.tests == (Asserts(CHECK, "double"),)
    assert (row.prompt, row.entry_point, row.tests[0].count) == ("def double(x):\n", "double", 2)


def test_mbpp_and_its_sanitized_form():
    lines = ["assert double(2) == 4", "assert double(0) == 0"]
    full = {"task_id": 1, "text": "Double.", "test_list": lines, "test_setup_code": "k = 2", "challenge_test_list": []}
    assert read_row(full).tests == (Asserts("k = 2\n" + "\n".join(lines)),)
    sanitized = {"task_id": 1, "prompt": "Double.", "test_list": lines, "test_imports": ["import math", "import re"]}
    assert read_row(sanitized).tests == (Asserts("import math\nimport re\n" + "\n".join(lines)),)
    assert read_tests(np.array(lines)) == read_tests(lines)


def test_input_output_with_standard_input():
    cell = {"inputs": ["1 2\n", ["3 4", "5"]], "outputs": ["3\n", ["7", "5"]]}
    wanted = (Stdio("1 2\n", "3\n"), Stdio("3 4\n5", "7\n5"))
    assert read_tests(cell) == wanted
    assert read_tests(json.dumps(cell)) == wanted
    assert read_row({"problem_id": 7, "input_output": json.dumps(cell)}).tests == wanted


def test_input_output_with_a_function():
    cell = {"fn_name": "add", "inputs": [[1, 2], [[1], [2]]], "outputs": [[3], [[1, 2]]]}
    assert read_tests(cell) == (Call("add", (1, 2), {}, 3, lists=True), Call("add", ([1], [2]), {}, [1, 2], lists=True))
    plain = {"fn_name": "add", "inputs": [[1, 2], [2, 2]], "outputs": [3, 4]}
    assert [test.expected for test in read_tests(plain)] == [3, 4]
    lines = {"fn_name": "add", "inputs": ['1\n"a"'], "outputs": ["[true]"]}
    assert read_tests(lines) == (Call("add", (1, "a"), {}, [True], lists=True),)
    mixed = {"fn_name": "pair", "inputs": [[1], [2]], "outputs": [[1, 1], [2]]}  # not wrapped: lists of any length
    assert [test.expected for test in read_tests(mixed)] == [[1, 1], [2]]


def test_codecontests():
    row = {
        "name": "1_A", "public_tests": {"input": ["1\n"], "output": ["2\n"]},
        "private_tests": {"input": ["2\n"], "output": ["4\n"]}, "generated_tests": {"input": [], "output": []},
    }  # fmt: skip
    assert read_row(row).tests == (Stdio("1\n", "2\n"), Stdio("2\n", "4\n"))


def test_livecodebench():
    public = [{"input": "1 2", "output": "3", "testtype": "stdin"}]
    private = [{"input": "2 2", "output": "4", "testtype": "stdin"}]
    row = {
        "question_id": "a", "public_test_cases": json.dumps(public), "starter_code": "",
        "private_test_cases": sealed(json.dumps(private)), "metadata": "{}",
    }  # fmt: skip
    assert read_row(row).tests == (Stdio("1 2", "3"), Stdio("2 2", "4"))
    assert read_row(row | {"private_test_cases": json.dumps(private)}).tests == (Stdio("1 2", "3"), Stdio("2 2", "4"))


def test_livecodebench_functional():
    cases = [{"input": '[1, 2]\n"a"', "output": "[true]", "testtype": "functional"}]
    starter = "class Solution:\n    def find(self, xs: List[int], s: str) -> List[bool]:\n        "
    row = {
        "question_id": "a",
        "public_test_cases": json.dumps(cases),
        "private_test_cases": "",
        "starter_code": starter,
    }
    wanted = Call("find", ([1, 2], "a"), {}, [True], lists=True)
    assert read_row(row).tests == (wanted,)
    assert read_row(row | {"starter_code": "", "metadata": '{"func_name": "find"}'}).tests == (wanted,)
    with pytest.raises(DataError, match="row 3 \\(a\\), test 0: a functional test needs the starter code"):
        read_row(row | {"starter_code": ""}, 3)


def test_own_tests():
    cell = [
        {"stdin": "1", "stdout": "2"},
        {"function": "f", "args": [1], "expected": 2, "tolerance": 0.1},
        {"assert": "assert f(1) == 2"},
        {"checker": "def check(stdin, stdout, expected):\n    return True", "stdin": "x"},
        {"in_process": "import unittest"},
    ]
    assert read_tests(cell) == (
        Stdio("1", "2"), Call("f", (1,), {}, 2, tolerance=0.1, lists=True), Asserts("assert f(1) == 2"),
        Checker("def check(stdin, stdout, expected):\n    return True", "x"), InProcess("import unittest"),
    )  # fmt: skip
    assert read_tests([Stdio("", "")]) == (Stdio("", ""),)


@pytest.mark.parametrize(
    ("cell", "options", "said"),
    [
        ([], {}, "row 5: there are no tests"),
        ("", {}, "row 5: there are no tests"),
        (None, {}, "row 5: tests are a text, a list or an object, not NoneType"),
        (3, {}, "not int"),
        ([1], {}, "a test is an object or a line, not int"),
        (CHECK, {}, "row 5: tests that define check\\(\\) need the column entry_point"),
        (CHECK, {"entry_point": "a b"}, "row 5: entry_point is the name of a function"),
        (["assert f("], {}, "row 5: the test code is not Python"),
        ("import unittest\nclass T(unittest.TestCase): ...", {}, "neither assert nor check"),
        ('{"inputs": [1]', {}, "row 5: the tests cannot be read as JSON"),
        ("[" * 100_000, {}, "cannot be read as JSON"),
        ({"inputs": [1], "outputs": []}, {}, "there are 1 inputs and 0 outputs"),
        ({"inputs": "1", "outputs": "2"}, {}, "inputs and outputs must be lists"),
        ({"inputs": [1], "outputs": [2], "fn_name": "f"}, {}, "row 5, input 0: arguments of f are a list"),
        ([{"input": "1", "output": "2", "testtype": "odd"}], {}, "testtype is stdin or functional, not 'odd'"),
        ([{"input": "[1", "output": "2", "testtype": "functional"}], {"entry_point": "f"}, "test 0, an argument"),
        ([{"stdin": "1"}], {}, "row 5, test 0: there is neither stdout nor function"),
        ([{"function": "f"}], {}, "row 5, test 0: a call needs expected"),
        ([{"stdni": "1"}], {}, "row 5, test 0: unknown stdni"),
        ([{"function": "f", "args": 5, "expected": 1}], {}, "row 5, test 0: args is a list, not '5'"),
        ([{"function": "f", "kwargs": [1], "expected": 1}], {}, "kwargs is an object"),
        ([{"function": "f", "args": [1], "inplace": "x", "expected": 1}], {}, "inplace is the index of an argument"),
        ([{"stdout": None}], {}, "stdout is a text or a list of lines, not 'None'"),
        ([{"stdout": "x", "tolerance": True}], {}, "tolerance is a number, not 'True'"),
        ("not-base64!", {}, "neither JSON nor base64"),
        ("aGVsbG8=", {}, "cannot be decompressed"),
    ],
)
def test_what_is_wrong_is_said_with_the_row(cell, options, said):
    with pytest.raises(DataError, match=said) as caught:
        read_tests(cell, where="row 5", **options)
    assert str(caught.value).startswith("row 5")


def test_a_row_without_tests_names_itself_and_its_columns():
    with pytest.raises(DataError, match=r"row 2 \(x\): there is no column of tests .* the row has id, prompt"):
        read_row({"id": "x", "prompt": "p"}, 2)


class Payload:
    def __reduce__(self):
        return print, ("unpickled",)


@pytest.mark.parametrize("thing", [Payload(), print, ["[1]"], {"a": 1}, 5, "a", ("[]", "[]")])
def test_nothing_is_unpickled(thing, capsys):
    if thing == "a":
        with pytest.raises(DataError, match=r"cannot be read as JSON|neither"):
            read_tests(sealed(thing))
        return
    with pytest.raises(DataError, match=r"refused|expected one"):
        read_tests(sealed(thing))
    assert capsys.readouterr().out == ""


def test_a_few_kilobytes_that_stand_for_gigabytes_are_refused(monkeypatch):
    monkeypatch.setattr(packed, "MOST", 2**20)
    bomb = base64.b64encode(zlib.compress(b"[" * 2**24)).decode()
    with pytest.raises(DataError, match="are larger than 1 MiB"):
        packed.unpack(bomb, "row 0")
    with pytest.raises(DataError, match="are cut"):
        packed.unpack(base64.b64encode(zlib.compress(b"[1, 2, 3]" * 100)[:-8]).decode(), "row 0")
    with pytest.raises(DataError, match="no pickle of a text"):
        packed.unpack(base64.b64encode(zlib.compress(b"\x80\x04\x95")).decode(), "row 0")


WORDS = st.sampled_from(
    ["inputs", "outputs", "input", "output", "fn_name", "testtype", "functional", "stdin", "stdout", "function", "args", "kwargs",
     "expected", "assert", "assert f(1)", "checker", "inplace", "lists", "tolerance", "[1]", "1\n2", "def check(x): ...", "x"]
)  # fmt: skip
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=12,
)


@settings(max_examples=400)
@given(ANYTHING, ANYTHING, st.sampled_from(["", "f"]))
def test_any_cell_is_tests_or_one_message(cell, setup, entry_point):
    try:
        tests = read_tests(cell, setup=setup, entry_point=entry_point, where="row 9")
    except DataError as error:
        tests = str(error).startswith("row 9")
    assert tests
