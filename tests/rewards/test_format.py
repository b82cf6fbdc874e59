"""tagged and json_format: every rule in a table, and texts written to break the parser."""

import json
import pickle
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.errors import UsageError
from jeoul.rewards.format import json_format, tagged

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=40)
JSON_LIKE = st.text('[]{}":,1a`\n', max_size=12)
PIECES = st.lists(st.sampled_from(["<think>", "</think>", "<answer>", "</answer>", "x", " ", "\n"]), max_size=8)
FINE = "<think>r</think><answer>4</answer>"
PERSON = {"type": "object", "required": ["age"], "properties": {"age": {"type": "integer"}}}
CALLS = [
    lambda texts: tagged(texts),
    lambda texts: tagged(texts, partial=True, outside="anything", empty=True),
    lambda texts: tagged(texts, "think", opened=True, outside="after", partial=True),
    lambda texts: json_format(texts),
    lambda texts: json_format(texts, schema=PERSON, prose=True),
]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (FINE, ""),
        ("\n<think>\r\nr\n</think>\n\n<answer> 4 </answer>\n", ""),
        ("", "0 of 8 rules: <think> is missing; </think> is missing; <answer> is missing; </answer> is missing"),
        ("<think>r</think><answer>4", "3 of 8 rules: </answer> is missing"),
        (FINE + "<answer>5</answer>", "2 of 8 rules: <answer> stands 2 times; </answer> stands 2 times"),
        ("<think>" + FINE, "3 of 8 rules: <think> stands 2 times"),
        (FINE.replace("think>", "Think>"), "2 of 8 rules: <think> is missing; </think> is missing"),
        (FINE.replace("<think>", "<think a=1>"), "3 of 8 rules: <think> is missing"),
        ("<answer>4</answer><think>r</think>", "4 of 8 rules: </think> is not before <answer>"),
        ("<think>r<answer>4</answer></think>", "4 of 8 rules: </think> is not before <answer>"),
        ("</think>r<think><answer>4</answer>", "4 of 8 rules: <think> is not before </think>"),
        ("<think> </think><answer>\u200b\u3164</answer>", "6 of 8 rules: <think> is empty; <answer> is empty"),
        ("Sure. " + FINE, "7 of 8 rules: 'Sure. ' stands outside of the tags"),
        (FINE + " done", "7 of 8 rules: 'done' stands outside of the tags"),
        (FINE.replace("><answer", ">so<answer"), "7 of 8 rules: 'so' stands outside of the tags"),
    ],
)
def test_each_rule_is_seen_in_the_reason(text, reason):
    (score,) = tagged([text])
    (share,) = tagged([text], partial=True)
    assert score.reason == share.reason == reason
    assert score == (not reason)
    assert share == (int(reason[0]) / 8 if reason else 1)


@pytest.mark.parametrize(
    ("text", "tags", "options", "value"),
    [
        ("<a>1</a>", ("a",), {}, 1),
        ("<think></think><answer></answer>", (), {"empty": True}, 1),
        ("Hm. " + FINE, (), {"outside": "before"}, 1),
        (FINE + " Bye.", (), {"outside": "before"}, 0),
        (FINE + " Bye.", (), {"outside": "after"}, 1),
        ("Hm. " + FINE, (), {"outside": "after"}, 0),
        ("<think>r</think> so <answer>4</answer>", (), {"outside": "after"}, 0),
        ("a<think>r</think>b<answer>4</answer>c", (), {"outside": "anything"}, 1),
        ("r</think><answer>4</answer>", (), {"opened": True}, 1),
        (" </think><answer>4</answer>", (), {"opened": True}, 0),
        (FINE, (), {"opened": True}, 0),
        ("<think>r</think>4", ("think",), {"outside": "after"}, 1),
        ("<생각>r</생각>", ("생각",), {}, 1),
    ],
)
def test_options(text, tags, options, value):
    assert tagged([text], *tags, **options) == [value]


def test_partial_counts_only_the_rules_there_are():
    assert tagged(["<a>1</a"], "a", partial=True, outside="anything", empty=True) == [1 / 3]
    assert tagged([""], "a", partial=True, opened=True) == [1 / 5]  # <a> is rightly not there


@pytest.mark.parametrize("tags", [("",), ("a", "a"), ("a b",), ("<a>",), ("/a",)])
def test_impossible_tags_are_refused_before_any_row(tags):
    with pytest.raises(UsageError, match="tags are different names"):
        tagged([], *tags)


def reference_tagged(text):
    """Independently: the marks in the order of the text must be exactly the four, and the gaps as wanted."""
    marks = ["<think>", "</think>", "<answer>", "</answer>"]
    gaps, found = [], []
    while text:
        at, mark = min(((text.find(mark), mark) for mark in marks if mark in text), default=(len(text), ""))
        gaps.append(text[:at])
        found.append(mark)
        text = text[at + len(mark) :] if mark else ""
    gaps += [""] * (5 - len(gaps))
    inside, outside = (gaps[1], gaps[3]), (gaps[0], gaps[2], *gaps[4:])
    filled = all(map(str.strip, inside)) and not any(map(str.strip, outside))
    return [mark for mark in found if mark] == marks and filled


@given(PIECES)
def test_against_a_reference(pieces):
    assert tagged(["".join(pieces)]) == [reference_tagged("".join(pieces))]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": [1, 2.5e3, null, true, "\\ud800"]}', ""),
        (" \n4 ", ""),
        ('```json\n{"a": 1}\n```', ""),
        ('\n```\n{"a": "```"}\n```  \n', ""),
        ('{"a": "```"}', ""),
        ("", "is empty"),
        (" \n", "is empty"),
        ("{'a': 1}", "is not JSON: Expecting property name enclosed in double quotes at line 1, column 2"),
        ("{} {}", "is not JSON: Extra data at line 1, column 4"),
        ("\ufeff{}", "is not JSON: Unexpected UTF-8 BOM (decode using utf-8-sig) at line 1, column 1"),
        ("NaN", "NaN is not JSON"),
        ("[-Infinity]", "-Infinity is not JSON"),
        ('{"a": 1, "b": 2, "a": 1}', "the key 'a' stands twice in one object"),
        ("9" * 4300, ""),
        ("9" * 4301, "has an integer of more than 4300 digits"),
        ("[" * 64 + "]" * 64, ""),
        ("[" * 65 + "]" * 65, "is nested deeper than 64 levels"),
        ("[" * 500 + "]" * 500, "is nested deeper than 64 levels"),
        ("[" * 100_000, "is nested deeper than 64 levels"),
        ('{"a":' * 100_000, "is nested deeper than 64 levels"),
        ("```json\n{}", "the code fence is not closed"),
        ("```", "the code fence is not closed"),
        ("```python\n{}\n```", "the code fence is of 'python', not json"),
        ("Here:\n```json\n{}\n```", "has text around its code fence"),
    ],
)
def test_json(text, reason):
    (score,) = json_format([text])
    assert (score, score.reason) == (not reason, reason)


@pytest.mark.parametrize(
    ("text", "options", "value"),
    [
        ("```json\n{}\n```", {"fence": False}, 0),
        ("{}", {"fence": False}, 1),
        ("Here:\n```json\n{}\n```\nBye", {"prose": True}, 1),
        ("{}", {"prose": True}, 0),
        ("```\n{}\n```\n```\n{}\n```", {"prose": True}, 0),
    ],
)
def test_json_options(text, options, value):
    assert json_format([text], **options) == [value]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"age": 7}', ""),
        ('{"age": "7"}', "$.age: '7' is not of type 'integer'"),
        ("{}", "$: 'age' is a required property"),
        ("[]", "$: [] is not of type 'object'"),
    ],
)
def test_json_schema(text, reason):
    (score,) = json_format([text], schema=PERSON)
    assert (score, score.reason) == (not reason, reason)


def test_a_huge_instance_is_not_quoted_in_full():
    assert len(json_format([json.dumps(["x" * 1000] * 1000)], schema=PERSON)[0].reason) < 300


def test_schemas_that_recurse():
    tree = {"$ref": "#/$defs/n", "$defs": {"n": {"type": "object", "additionalProperties": {"$ref": "#/$defs/n"}}}}
    assert json_format(['{"a":' * 63 + "{}" + "}" * 63], schema=tree) == [1]
    assert json_format(["{}"], schema={"$ref": "#"})[0].reason == "is nested too deep for the schema"


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"type": "nope"}, r"not a JSON Schema: \$.type"),
        ({"enum": {1, 2}}, "not JSON itself"),
    ],
)
def test_a_wrong_schema_is_refused_before_any_row(schema, says):
    with pytest.raises(UsageError, match=says):
        json_format([], schema=schema)


@pytest.mark.parametrize("target", ["https://example.org/person.json", "#/$defs/nope"])
def test_references_are_never_fetched(target):
    with pytest.raises(UsageError, match="refers to what it does not contain"):
        json_format(["{}"], schema={"$ref": target})


def test_prose_needs_a_fence():
    with pytest.raises(UsageError, match="needs fence"):
        json_format([], prose=True, fence=False)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda children: st.lists(children) | st.dictionaries(st.text(), children),
        max_leaves=10,
    )
)
def test_whatever_is_json_is_json(value):
    assert json_format([json.dumps(value), f"```json\n{json.dumps(value, indent=1)}\n```"]) == [1, 1]


@pytest.mark.parametrize("call", CALLS)
@given(texts=st.lists(ANY_TEXT | PIECES.map("".join) | JSON_LIKE, max_size=6), data=st.data())
def test_any_text_any_order_any_batch(call, texts, data):
    scores = call(texts)
    assert all(0 <= score <= 1 for score in scores)
    assert scores == [call([text])[0] for text in texts]
    order = data.draw(st.permutations(range(len(texts))))
    assert call([texts[i] for i in order]) == [scores[i] for i in order]
    assert [score.reason for score in pickle.loads(pickle.dumps(scores))] == [score.reason for score in scores]


@pytest.mark.parametrize("made", [tagged, json_format])
def test_pickles_as_itself(made):
    assert pickle.loads(pickle.dumps(made)) is made


@pytest.mark.parametrize("piece", ["<think>", "</think>", "{", "[", "[]", '{"a":', "```json\n", "\n```", '"', "9"])
def test_ten_megabytes_take_no_time(piece):
    text = piece * (10_000_000 // len(piece))
    start = time.monotonic()
    scores = [*tagged([text]), *json_format([text], schema=PERSON), *json_format([text], prose=True)]
    assert time.monotonic() - start < 5
    assert scores == [0, 0, 0]
    assert all(len(score.reason) < 200 for score in scores)
