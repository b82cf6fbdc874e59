from __future__ import annotations

import pytest

from jeoul.errors import UsageError
from jeoul.rewards.judge.rubric import read_rubric


def test_braces_and_columns() -> None:
    rubric = read_rubric(r"Is {{x}} or \frac{A}{B} in {completion}, {completion}?", (0, 1), 1000)
    assert rubric.columns == ("completion",)
    user = rubric.messages({"completion": "c"})[1]["content"]
    assert user.startswith(r"Is {x} or \frac{A}{B} in ")
    assert user.count("<<<COMPLETION") == 2


def test_values_are_not_templates() -> None:
    rubric = read_rubric("{prompt} {completion}", (0, 1), 1000)
    user = rubric.messages({"prompt": "{completion}", "completion": "{prompt} {{}}"})[1]["content"]
    assert "\n{completion}\n" in user
    assert "\n{prompt} {{}}\n" in user


def test_other_values_are_json() -> None:
    rubric = read_rubric("{answer} {completion}", (0, 1), 1000)
    assert '["1/2", 0.5, "반"]' in rubric.messages({"answer": ["1/2", 0.5, "반"], "completion": "c"})[1]["content"]


def test_the_fingerprint_is_of_everything_asked() -> None:
    made = {read_rubric(*options).fingerprint for options in (
        ("{completion}", (0, 1), 1000), ("{completion} ", (0, 1), 1000), ("{completion}", (0, 2), 1000),
        ("{completion}", (0, 1), 2000), ("{completion}", (0, 1), 1000),
    )}  # fmt: skip
    assert len(made) == 4


def test_a_column_that_is_not_there() -> None:
    with pytest.raises(UsageError, match=r"the rubric names \{prompt\}.*for braces write \{\{prompt\}\}"):
        read_rubric("{prompt} {completion}", (0, 1), 1000).messages({"completion": "c"})
