import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.units import Duration, Length, characters, seconds, tokens, words


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1024 tokens", tokens(1024)),
        ("1 token", tokens(1)),
        (" 12words ", words(12)),
        ("80 Chars", characters(80)),
        ("9007199254740993 tokens", tokens(2**53 + 1)),  # not through a float
        ("1e3 tokens", tokens(1000)),
    ],
)
def test_a_length_is_read_with_its_unit(text, value):
    assert Length.parse(text) == value


@pytest.mark.parametrize(("text", "amount"), [("5 s", 5), ("0.5 sec", 0.5), ("1e-07 seconds", 1e-7), ("2 second", 2)])
def test_a_duration_is_read_in_seconds(text, amount):
    assert Duration.parse(text) == seconds(amount)


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (Length, 1024, 'has no unit; write "1024 tokens"'),
        (Length, True, "has no unit"),
        (Length, None, "has no unit"),
        (Length, "1024", "not a number and a unit"),
        (Length, "tokens", "not a number and a unit"),
        (Length, "-1 tokens", "not a number and a unit"),
        (Length, "1,024 tokens", "not a number and a unit"),
        (Length, "nan tokens", "not a number and a unit"),
        (Length, "١٠ tokens", "not a number and a unit"),
        (Length, "5 metres", "'metres' is not one of the units characters, tokens, words"),
        (Length, "5 s", "'s' is not one of the units"),
        (Length, "9" * 400 + ".5 tokens", "must be finite"),
        (Length, seconds(5), "has no unit"),
        (Duration, 5, 'has no unit; write "5 s"'),
        (Duration, "5 tokens", "is not one of the units seconds"),
    ],
)
def test_what_is_not_a_quantity_is_refused_with_what_to_write(kind, value, said):
    with pytest.raises(ValueError, match=r".") as caught:
        kind.parse(value)
    assert said in str(caught.value)


@pytest.mark.parametrize("amount", [-1, float("nan"), float("inf"), True, "5", None])
def test_amounts_are_finite_and_not_negative(amount):
    with pytest.raises(ValueError, match="amount must be"):
        tokens(amount)


def test_a_unit_is_one_of_the_kind():
    with pytest.raises(ValueError, match="'bananas' is not one of the units"):
        Length(5, "bananas")


amounts = st.integers(0, 2**70) | st.floats(0, 1e300, allow_subnormal=False)


@given(amounts, st.sampled_from([tokens, words, characters, seconds]))
def test_text_and_repr_give_the_quantity_back(amount, make):
    quantity = make(amount)
    again = type(quantity).parse(str(quantity))
    assert again == quantity == eval(repr(quantity)) == pickle.loads(pickle.dumps(quantity))
    assert str(again) == str(quantity)


def test_equal_quantities_write_themselves_alike():
    assert str(seconds(5.0)) == str(seconds(5)) == "5 seconds"


def test_units_differ():
    assert len({tokens(5), words(5), characters(5), seconds(5), tokens(5)}) == 4
