import numpy as np
import pytest

from jeoul.chat import completion_text, is_chat, prompt_text, split_messages

ASKED = {"role": "user", "content": "1+1?"}
SAID = {"role": "assistant", "content": "2"}
TOOL = {"role": "tool", "content": "…"}
SYSTEM = {"role": "system", "content": "Be brief."}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2", "2"),
        ("", ""),
        ([SAID], "2"),
        ([SAID, TOOL, {"role": "assistant", "content": "3"}], "2\n3"),
        ([{"role": "assistant", "content": None}], ""),
        ([{"role": "assistant"}], ""),
        ([{"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "image"}, {"text": "b"}]}], "ab"),
        ([{"role": "assistant", "content": ["a", "b"]}], "ab"),
    ],
)
def test_completion_text(value, text):
    assert completion_text(value) == text


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "is null"),
        (float("nan"), "is null"),
        (7, "is int 7"),
        ([], "is list []"),
        (["a"], "is list ['a']"),
        (np.array(["a", "b"]), "is ndarray"),
        ([ASKED, TOOL], "without an assistant turn (its roles: tool, user)"),
        ([{"role": "assistant", "content": 7}], "content is int 7"),
        ([{"role": "assistant", "content": b"7"}], "content is bytes"),
        ([{"role": "assistant", "content": [7]}], "content is list [7]"),
        ({"a": "b" * 100}, "…"),
    ],
)
def test_what_is_no_completion_is_described(value, said):
    with pytest.raises(ValueError, match=r".") as caught:
        completion_text(value)
    assert said in str(caught.value)


@pytest.mark.parametrize(("value", "text"), [(None, ""), ([], ""), ("a", "a"), ([SYSTEM, ASKED], "Be brief.\n1+1?")])
def test_prompt_text(value, text):
    assert prompt_text(value) == text


def test_a_prompt_is_text_or_a_chat():
    with pytest.raises(ValueError, match="is int 5; a prompt is"):
        prompt_text(5)


@pytest.mark.parametrize(
    ("messages", "prompt", "completion"),
    [
        ([ASKED, SAID], [ASKED], [SAID]),
        ([SYSTEM, ASKED, SAID, ASKED, SAID, TOOL, SAID], [SYSTEM, ASKED, SAID, ASKED], [SAID, TOOL, SAID]),
        ([SAID], [], [SAID]),
    ],
)
def test_a_conversation_splits_after_the_last_question(messages, prompt, completion):
    assert split_messages(messages) == (prompt, completion)


@pytest.mark.parametrize(
    ("messages", "said"), [([ASKED], "ends with the user's turn"), ("a", "is str 'a'"), ([], "list")]
)
def test_a_conversation_without_completion_is_refused(messages, said):
    with pytest.raises(ValueError, match=said):
        split_messages(messages)


@pytest.mark.parametrize(("value", "chat"), [([SAID], True), ([], False), ("a", False), ([SAID, "a"], False)])
def test_is_chat(value, chat):
    assert is_chat(value) is chat
