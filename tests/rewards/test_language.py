"""language: which letters count, what is left out first, and texts written to be slow."""

import math
import pickle
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.errors import UsageError
from jeoul.rewards.language import language

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=40)
MARKS = ["$", "$$", "`", "```", "\\(", "\\)", "\\[", "\\frac", "<b>", "a", "가", "\n"]
MARKUP = st.lists(st.sampled_from(MARKS)).map("".join)


@pytest.mark.parametrize(
    ("text", "scripts", "value"),
    [
        ("답은 4입니다.", (), 1),
        ("The answer is 4.", (), 0),
        ("답은 four", (), 2 / 6),
        ("답은 four", ("Latin",), 4 / 6),
        ("답은 four", ("Hangul", "Latin"), 1),
        ("ㅋㅋㅋ lol", (), 1 / 2),
        ("漢字 한자", (), 1 / 2),
        ("漢字 한자", ("Han", "Hangul"), 1),
        ("カード", ("Katakana",), 1),
        ("らーめん", ("Hiragana",), 1),
        ("Привет", ("Cyrillic",), 1),
        ("naïve", ("Latin",), 1),
        ("답 𝑥", (), 1),
        ("답은 맞다 100% 🙂", (), 1),
        ("답", ("hangul",), 1),
        ("답", ("Hang",), 1),
    ],
)
def test_share(text, scripts, value):
    assert language([text], *scripts) == [pytest.approx(value)]


@pytest.mark.parametrize("text", ["", " ", "42", "$x = 4$", "🙂 4+4=8", "\ud800", "𝑥", "<think></think>"])
def test_no_letters_does_not_apply(text):
    (score,) = language([text])
    assert math.isnan(score)
    assert score.reason == "has no letters"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("답은 $x$ 다", "latex"),
        ("답은 $$x\ny$$ 다", "latex"),
        ("답은 \\(f(x)\\) 다", "latex"),
        ("답은 \\[\nf(x)[1]\n\\] 다", "latex"),
        ("\\therefore 답은 \\frac12", "latex"),
        ("답은 `print` 다", "code"),
        ("답은\n```python\nprint(1)\n```\n다", "code"),
        ("<think>음</think><br/>답", "tags"),
    ],
)
def test_what_is_left_out(text, kind):
    assert language([text]) == language([text], ignore=(kind,)) == [1]
    assert language([text], ignore=())[0] < 1


@pytest.mark.parametrize(
    "text", ["답 $5\nab", "답 $5 ab", "답 \\(ab", "답 \\[ab", "답 ab\\)", "답 `ab", "답 a < b", "답 <1ab>", "답 ```ab"]
)
def test_what_is_not_closed_stays(text):
    assert language([text]) == [1 / 3]


def test_reason():
    assert language(["답은 four"])[0].reason == "2 of 6 letters are Hangul"


@pytest.mark.parametrize(("name", "says"), [("Hangull", "did you mean 'Hangul'"), ("Korean", "there are"), ("}", "}")])
def test_an_unknown_script_is_refused_before_any_row(name, says):
    with pytest.raises(UsageError, match=says):
        language([], name)


def script_of(letter):
    """Independently of the regex package: by the letter's Unicode name."""
    return unicodedata.name(letter, "").split(" ")[0].removeprefix("HALFWIDTH ")


@given(st.text(alphabet=st.sampled_from("abZé가힣ㅏㅋдЯ漢字 1.,!"), max_size=40))
def test_against_unicode_names(text):
    letters = [letter for letter in text if unicodedata.category(letter)[0] == "L"]
    (score,) = language([text])
    if letters:
        assert score == pytest.approx(sum(script_of(letter) == "HANGUL" for letter in letters) / len(letters))
    else:
        assert math.isnan(score)


@given(ANY_TEXT)
def test_the_normal_form_of_the_text_does_not_matter(text):
    assert repr(language([unicodedata.normalize("NFD", text)])) == repr(language([text]))


@pytest.mark.parametrize("options", [{}, {"ignore": ()}])
@given(texts=st.lists(ANY_TEXT | MARKUP, max_size=6), data=st.data())
def test_any_text_any_order_any_batch(options, texts, data):
    scores = language(texts, "Hangul", "Latin", **options)
    assert all(math.isnan(score) or 0 <= score <= 1 for score in scores)
    assert repr(scores) == repr([language([text], "Hangul", "Latin", **options)[0] for text in texts])
    order = data.draw(st.permutations(range(len(texts))))
    assert repr(language([texts[i] for i in order], "Hangul", "Latin", **options)) == repr([scores[i] for i in order])
    assert [score.reason for score in pickle.loads(pickle.dumps(scores))] == [score.reason for score in scores]


def test_pickles_as_itself():
    assert pickle.loads(pickle.dumps(language)) is language


@pytest.mark.parametrize("piece", ["<think>", "<", "<a", "{", "`", "$", "$$a", "\\(", "\\[a", "\\a", "\u0300\u0316"])
def test_five_megabytes_take_no_time(piece):
    start = time.monotonic()
    language(["가" + piece * (5_000_000 // len(piece))])
    assert time.monotonic() - start < 5
