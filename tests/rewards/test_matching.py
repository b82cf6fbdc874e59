"""exact_match, contains and regex: each option in a table, then properties that hold for any text."""

import math
import pickle
import time
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.errors import DataError, UsageError
from jeoul.rewards.matching import contains, exact_match, regex

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=40)
LENIENT = {"ignore_case": True, "ignore_punctuation": True, "space": "remove", "normal_form": "NFKC"}
CALLS = [
    lambda texts: exact_match(texts, ["4"] * len(texts)),
    lambda texts: exact_match(texts, [["a", 4.0]] * len(texts), extract=r"(\w)", take="only", **LENIENT),
    lambda texts: contains(texts, ["a"] * len(texts), none_of=("b",), ignore_case=True, whole_word=True),
    lambda texts: regex(texts, pattern=r"\p{L}+", ignore_case=True),
]

HANGUL_JAMO = "\u1112\u1161\u11ab"


@pytest.mark.parametrize(
    ("text", "answer", "options", "value"),
    [
        ("4", "4", {}, 1),
        (" 4\n", "4", {}, 1),
        (" 4\n", "4", {"space": "keep"}, 0),
        ("a  b\nc", "a b c", {}, 0),
        ("a  b\nc", "a b c", {"space": "collapse"}, 1),
        ("a  b\nc", "abc", {"space": "remove"}, 1),
        ("ab c", "a bc", {"space": "collapse"}, 0),
        ("Paris", "paris", {}, 0),
        ("STRASSE", "straße", {"ignore_case": True}, 1),
        ("ΟΔΟΣ", "οδος", {"ignore_case": True}, 1),
        ("Paris.", "Paris", {}, 0),
        ("«Paris».", "Paris", {"ignore_punctuation": True}, 1),
        ("-4", "4", {"ignore_punctuation": True}, 0),
        ("1.5", "15", {"ignore_punctuation": True}, 0),
        ("1,5.", "1,5", {"ignore_punctuation": True}, 1),
        ("(4)", "4", {"ignore_punctuation": True}, 1),
        ("$4", "4", {"ignore_punctuation": True}, 0),
        (HANGUL_JAMO, "한", {}, 1),
        (HANGUL_JAMO, "한", {"normal_form": "none"}, 0),
        ("４①", "41", {}, 0),
        ("４①", "41", {"normal_form": "NFKC"}, 1),
        ("4", 4, {}, 1),
        ("4", 4.0, {}, 1),
        ("4.0", 4.0, {}, 1),
        ("4", np.int64(4), {}, 1),
        ("0.5", 0.5, {}, 1),
        ("True", True, {}, 1),
        ("1", True, {}, 0),
        ("b", ["a", "b"], {}, 1),
        ("b", np.array(["a", "b"]), {}, 1),
        ("", ["a", ""], {}, 0),
        ("", "a", {}, 0),
    ],
)
def test_exact_match(text, answer, options, value):
    assert exact_match([text], [answer], **options) == [value]


@pytest.mark.parametrize("answer", [None, math.nan, [], [None], "", "  ", ["", math.nan]])
def test_no_answer_does_not_apply(answer):
    (score,) = exact_match([""], [answer])
    assert math.isnan(score)
    assert score.reason == "there is no answer to compare with"


def test_an_answer_of_which_nothing_is_left_does_not_apply():
    assert math.isnan(exact_match(["!"], ["?"], ignore_punctuation=True)[0])


@pytest.mark.parametrize("answer", [{"a": 1}, [["a"]], object()])
def test_an_answer_that_is_no_text(answer):
    with pytest.raises(DataError, match="flat list"):
        exact_match(["a"], [answer])


@pytest.mark.parametrize("where", [{"tag": "a"}, {"extract": "<a>(.*?)</a>"}])
@pytest.mark.parametrize(
    ("text", "take", "value", "reason"),
    [
        ("<a>5</a> <a>4</a>", "last", 1, ""),
        ("<a>5</a> <a>4</a>", "first", 0, "'5' is not '4'"),
        ("<a>4</a> <a>4</a>", "only", 0, "has more than one part to compare"),
        ("<a>4</a>", "only", 1, ""),
        ("4", "last", 0, "has no part to compare"),
        ("</a>4<a>", "first", 0, "has no part to compare"),
        ("</a>4<a>", "last", 0, "has no part to compare"),
        ("<a></a>", "last", 0, "'' is not '4'"),
    ],
)
def test_part_of_the_completion(where, text, take, value, reason):
    (score,) = exact_match([text], ["4"], take=take, **where)
    assert (score, score.reason) == (value, reason)


def test_tag_and_extract_together_are_refused():
    with pytest.raises(UsageError, match="not both"):
        exact_match([], [], tag="a", extract="b")


def test_extract_without_a_group_and_with_an_unused_one():
    assert exact_match(["so 42"], ["42"], extract=r"\d+") == [1]
    assert exact_match(["x"], ["x"], extract=r"x(y)?") == [0]


@pytest.mark.parametrize(("extract", "says"), [("(", "not a regular expression"), ("(a)(b)", "2 groups")])
def test_a_wrong_extract_is_refused_before_any_row(extract, says):
    with pytest.raises(UsageError, match=says):
        exact_match([], [], extract=extract)


def test_reasons_stay_short():
    assert len(exact_match(["a" * 10**6], ["b" * 10**6])[0].reason) < 150


@pytest.mark.parametrize(
    ("text", "phrase", "options", "value"),
    [
        ("It is Paris.", "Paris", {}, 1),
        ("It is Paris.", ["Lyon", "Paris"], {}, 1),
        ("It is Paris.", "paris", {}, 0),
        ("It is Paris.", "paris", {"ignore_case": True}, 1),
        ("14", 4, {}, 1),
        ("14", 4, {"whole_word": True}, 0),
        ("4, 14", 4, {"whole_word": True}, 1),
        ("a.c", "a.c", {"whole_word": True}, 1),
        ("abc", "a.c", {"whole_word": True}, 0),
        ("파리는", "파리", {"whole_word": True}, 0),
        (HANGUL_JAMO, "한", {}, 1),
        (HANGUL_JAMO, "한", {"normal_form": "none"}, 0),
        ("a b", "a", {"any_of": ("c", "b")}, 1),
        ("a b", "a", {"any_of": ("c", "d")}, 0),
        ("a b", "a", {"all_of": ("a", "b")}, 1),
        ("a b", "a", {"all_of": ("a", "c")}, 0),
        ("a b", "a", {"none_of": ("b",)}, 0),
        ("a b", "z", {"any_of": ("a",)}, 0),
    ],
)
def test_contains(text, phrase, options, value):
    assert contains([text], [phrase], **options) == [value]


def test_contains_without_a_phrase_column():
    assert contains(["a", "b", "ab"], any_of=("a",), none_of=("b",)) == [1, 0, 0]
    assert [score.reason for score in contains(["b", "ab"], any_of=("a",), none_of=("b",))] == [
        "does not contain 'a'",
        "contains 'b'",
    ]
    assert math.isnan(contains(["a"], [None], any_of=("a",))[0])


@pytest.mark.parametrize("options", [{}, {"any_of": ("",)}, {"none_of": ("a", "")}])
def test_contains_refuses_what_says_nothing(options):
    with pytest.raises(UsageError, match=r"contains needs|empty phrase"):
        contains([], **options)


@pytest.mark.parametrize(
    ("text", "pattern", "options", "value"),
    [
        ("on 2025-01-31", r"\d{4}-\d\d-\d\d", {}, 1),
        ("on 2025-01-31", r"\d{4}-\d\d-\d\d", {"full": True}, 0),
        ("ABC", "abc", {}, 0),
        ("ABC", "abc", {"ignore_case": True}, 1),
        ("a\nb", "^b", {}, 0),
        ("a\nb", "^b", {"multiline": True}, 1),
        ("a\nb", "a.b", {}, 0),
        ("a\nb", "a.b", {"dotall": True}, 1),
        ("저울", r"\p{Hangul}+", {"full": True}, 1),
    ],
)
def test_regex(text, pattern, options, value):
    assert regex([text], pattern=pattern, **options) == [value]


@pytest.mark.parametrize("pattern", ["(", "[z-a]", "a{99999999999999}", "(" * 50_000, r"\p{Nope}"])
def test_a_wrong_pattern_is_refused_before_any_row(pattern):
    with pytest.raises(UsageError, match="is not a regular expression"):
        regex([], pattern=pattern)


@pytest.mark.parametrize("call", CALLS)
@given(texts=st.lists(ANY_TEXT, max_size=6), data=st.data())
def test_any_text_any_order_any_batch(call, texts, data):
    scores = call(texts)
    assert all(score in (0, 1) for score in scores)
    assert scores == [call([text])[0] for text in texts]
    order = data.draw(st.permutations(range(len(texts))))
    assert call([texts[i] for i in order]) == [scores[i] for i in order]
    assert [score.reason for score in pickle.loads(pickle.dumps(scores))] == [score.reason for score in scores]


@given(ANY_TEXT)
def test_a_text_is_its_own_answer_in_any_normal_form(text):
    other_form = unicodedata.normalize("NFD", text)
    (score,) = exact_match([other_form], [text])
    assert score == 1 or (math.isnan(score) and not text.replace("\u034f", "").strip())


@pytest.mark.parametrize("made", [exact_match, contains, regex])
def test_pickles_as_itself(made):
    assert pickle.loads(pickle.dumps(made)) is made


@pytest.mark.parametrize("piece", ["\u0300\u0316", ".", "{", "<a>", "<a></a>", "ﷺ", "!.", "가 "])
def test_two_megabytes_take_seconds(piece):
    text = piece * (2_000_000 // len(piece.encode()))
    start = time.monotonic()
    assert [exact_match([text], ["4"], tag="a", take=take)[0] for take in ("first", "last", "only")] == [0, 0, 0]
    exact_match([text], ["4"], **LENIENT)
    exact_match([text], ["4"], **{**LENIENT, "normal_form": "NFC"})
    contains([text], ["4"], whole_word=True, ignore_case=True)
    assert time.monotonic() - start < 10
