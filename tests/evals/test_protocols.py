"""Protocols: the shipped ones, a user's own, what their hash is of."""

from __future__ import annotations

from pathlib import Path

import pytest

from jeoul.errors import DataError, UsageError
from jeoul.evals.generation.sampling import Sampling
from jeoul.evals.protocols import Protocol, find_protocol, parse_protocol, shipped_protocols


@pytest.mark.parametrize(
    ("name", "sampling"),
    [
        ("gdpo", Sampling(temperature=0.6, top_p=0.95, max_tokens=32_768, n=16)),
        ("drgrpo", Sampling(max_tokens=3000)),
        ("field", Sampling(temperature=0.6, top_p=0.95, max_tokens=32_768, n=16)),
        ("greedy", Sampling(max_tokens=8192)),
        ("given", None),
    ],
)
def test_shipped_ones_are_what_papers_say(name: str, sampling: Sampling | None) -> None:
    protocol = find_protocol(name)
    assert protocol.sampling == sampling
    assert protocol.exceed == 4000
    assert protocol.about


def test_hashes_tell_protocols_apart_and_leave_out_the_name_and_the_seed() -> None:
    prints = {name: find_protocol(name).fingerprint for name in shipped_protocols()}
    assert len(set(prints.values())) == len(prints)
    text = shipped_protocols()["gdpo"]
    assert parse_protocol(text.replace("n = 16", "n = 16\nseed = 7"), "other").fingerprint == prints["gdpo"]
    for change in (
        ("n = 16", "n = 8"),
        ("0.6", "0.7"),
        ("step by step", "slowly"),
        ("version = 1", "version = 2"),
        ("4000", "5000"),
    ):
        assert parse_protocol(text.replace(*change), "gdpo").fingerprint != prints["gdpo"]


def test_another_number_of_samples_is_another_protocol() -> None:
    field = find_protocol("field")
    assert field.with_samples(16) is field
    assert (field.with_samples(64).name, field.with_samples(64).asked) == ("field[n=64]", 64)
    assert field.with_samples(64).fingerprint != field.fingerprint
    assert (find_protocol("given").with_samples(4).asked, find_protocol("given").asked) == (4, 0)
    for wrong, message in ((0, "samples is 0"), (-1, "samples is -1")):
        with pytest.raises(UsageError, match=message):
            field.with_samples(wrong)
    with pytest.raises(UsageError, match="would give the same completion 4 times"):
        find_protocol("greedy").with_samples(4)


def test_another_length_is_another_protocol_and_another_seed_is_not() -> None:
    field = find_protocol("field")
    short = field.with_samples(4).with_max_tokens(512)
    assert (short.name, short.sampling) == (
        "field[n=4,max_tokens=512]",
        Sampling(temperature=0.6, top_p=0.95, n=4, max_tokens=512),
    )
    assert field.with_max_tokens(32768) is field
    assert short.fingerprint != field.with_samples(4).fingerprint
    assert field.with_seed(9).fingerprint == field.fingerprint
    assert field.with_seed(9).drawn().seed == 9
    for change in ("with_max_tokens", "with_seed"):
        with pytest.raises(UsageError, match="'given' does not say how completions are drawn"):
            getattr(find_protocol("given"), change)(1)


def test_prompts() -> None:
    drgrpo = find_protocol("drgrpo").prompt("{x} and {problem}")  # braces of a problem are its own
    assert [turn["role"] for turn in drgrpo] == ["system", "user"]  # type: ignore[index]
    assert drgrpo[1]["content"] == "{x} and {problem}"  # type: ignore[index]
    raw = find_protocol("drgrpo_r1").prompt("1+1?")
    assert isinstance(raw, str)
    assert raw.endswith("User: 1+1?\nAssistant: <think>")


def test_a_file_of_ones_own_and_its_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[sampling]\ntemperature = 1\nn = 4\n[prompt]\nuser = "Q: {problem}"\n', encoding="utf-8")
    assert find_protocol(str(path)) == Protocol("mine", sampling=Sampling(temperature=1.0, n=4), user="Q: {problem}")
    path.write_text(
        'versoin = 1\nversion = 0\n[sampling]\ntop_k = 4\n[prompt]\nuser = "Q"\nsys = ""\n[figures]\nks = [0]\n',
        encoding="utf-8",
    )
    with pytest.raises(UsageError) as caught:
        find_protocol(str(path))
    for part in ("versoin: unknown (did you mean 'version'?)", "version: must be a whole number, 1 or more, not 0",
                 "sampling has no 'top_k'", "user: must be a text with {problem} in it", "prompt.sys: unknown", "ks: must be a list"):  # fmt: skip
        assert part in str(caught.value)
    with pytest.raises(DataError, match="there is no protocol"):
        find_protocol(str(tmp_path / "none.toml"))
    with pytest.raises(UsageError, match=r"there is no protocol 'gdop' \(did you mean 'gdpo'\?\)"):
        find_protocol("gdop")
