import math

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.arrow_column import JOINED_CHUNKS, ArrowColumn, ColumnBuilder, valid_text

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from([2**63 - 1, 2**63, -(2**63), -(2**63) - 1, -0.0, 1e308, "\x00", "🙂"])
)
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)
one_kind = st.sampled_from([st.integers(), st.text(), st.booleans(), st.floats(allow_nan=False), st.none(), values])


def exact(value):
    """Equality that tells 1, 1.0 and True apart, and -0.0 from 0.0."""
    if isinstance(value, list):
        return [exact(item) for item in value]
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    return type(value), repr(value)


@given(st.lists(one_kind.flatmap(st.lists), max_size=6), st.data())
def test_values_come_back_exactly_as_they_went_in(chunks, data):
    builder = ColumnBuilder()
    for chunk in chunks:
        builder.add(list(chunk))
    column, plain = builder.finish(), [value for chunk in chunks for value in chunk]
    assert exact(list(column)) == exact(plain)
    assert len(column) == len(plain)
    cut = slice(*data.draw(st.tuples(*[st.none() | st.integers(-9, 9)] * 2, st.sampled_from([None, 1, 2, -1, -3]))))
    assert exact(column[cut]) == exact(plain[cut])
    if plain:
        index = data.draw(st.integers(-len(plain), len(plain) - 1))
        assert exact(column[index]) == exact(plain[index])


@pytest.mark.parametrize("index", [2, -3])
def test_an_index_out_of_range_is_an_index_error(index):
    builder = ColumnBuilder()
    builder.add([1, 2])
    with pytest.raises(IndexError):
        builder.finish()[index]


def test_nan_stays_nan_also_beside_text():
    builder = ColumnBuilder()
    builder.add([math.nan, 1.0])
    builder.add(["a", math.inf])
    nan, one, text, infinite = builder.finish()
    assert math.isnan(nan)
    assert (one, text, infinite) == (1.0, "a", math.inf)


def test_many_small_chunks_are_joined():
    builder = ColumnBuilder()
    for number in range(3 * JOINED_CHUNKS + 5):
        builder.add([str(number)] if number < 3 * JOINED_CHUNKS else [number])
    column = builder.finish()
    assert column.array.num_chunks <= JOINED_CHUNKS
    expected = [str(number) if number < 3 * JOINED_CHUNKS else number for number in range(3 * JOINED_CHUNKS + 5)]
    assert list(column) == expected


def test_skip_to_fills_with_null():
    builder = ColumnBuilder()
    builder.skip_to(2)
    builder.add(["a"])
    builder.skip_to(4)
    builder.skip_to(1)
    assert list(builder.finish()) == [None, None, "a", None]


def test_one_great_chunk_is_not_decoded_at_once(monkeypatch):
    seen = []
    monkeypatch.setattr(ArrowColumn, "_decoded", lambda self, array: seen.append(len(array)) or array.to_pylist())
    assert sum(ArrowColumn(pa.chunked_array([list(range(50_001))]))) == sum(range(50_001))
    assert max(seen) <= 20_000


@pytest.mark.parametrize(("chunk", "plain"), [(["a", None], True), ([1], False), (["a", 1], False), ([[1]], False)])
def test_plain_text(chunk, plain):
    builder = ColumnBuilder()
    builder.add(chunk)
    assert builder.finish().plain_text is plain


@given(st.text(st.characters()))
def test_valid_text_changes_lone_surrogates_only(text):
    valid = valid_text(text)
    assert [a for a, b in zip(valid, text, strict=True) if a != b] == ["�"] * sum(
        "\ud800" <= c <= "\udfff" for c in text
    )
    valid.encode()


def test_a_lone_surrogate_in_a_text_column_becomes_a_replacement_character():
    builder = ColumnBuilder()
    builder.add(["a\ud800b", None, "c"])
    assert list(builder.finish()) == ["a�b", None, "c"]
