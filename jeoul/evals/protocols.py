"""How completions are sampled and what is reported of them: named, versioned and hashed, so that like meets like."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from jeoul.errors import DataError, UsageError, did_you_mean, listed
from jeoul.evals.generation.sampling import Sampling

__all__ = ["Protocol", "find_protocol", "parse_protocol", "shipped_protocols"]


@dataclass(frozen=True)
class Protocol:
    """Sampling, prompt and figures under one name.

    Attributes:
        name: the part of ``set@protocol`` behind the @.
        version: raised whenever anything below changes what a score means.
        about: one line: whose protocol it is.
        sampling: how completions are drawn; None where they come as they are, and nobody says how.
        system: system message; "" for none.
        user: the message with ``{problem}`` in it.
        raw: whether ``user`` is the whole prompt, past the model's chat template.
        ks: the k of pass@k and maj@k that are reported, where there are as many samples.
        exceed: tokens above which a completion counts as exceeding; it is not truncation.
        n: samples asked of each problem where there is no ``sampling``; 0: as many as one problem has.
    """

    name: str
    version: int = 1
    about: str = ""
    sampling: Sampling | None = None
    system: str = ""
    user: str = "{problem}"
    raw: bool = False
    ks: tuple[int, ...] = ()
    exceed: int = 4000
    n: int = 0

    @property
    def asked(self) -> int:
        """Samples asked of each problem; 0: as many as one problem has."""
        return self.n if self.sampling is None else self.sampling.n

    def hashed(self) -> dict[str, Any]:
        """What two scores must have in common to be compared: all but the name, the line about it and the seed."""
        values = {name: value for name, value in asdict(self).items() if name not in ("name", "about")}
        if self.sampling is not None:
            values["sampling"] = {name: one for name, one in self.sampling.to_dict().items() if name != "seed"}
        return values

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of :meth:`hashed`."""
        return hashlib.sha256(json.dumps(self.hashed(), sort_keys=True).encode()).hexdigest()

    def prompt(self, problem: str) -> str | list[dict[str, str]]:
        """The prompt of a problem: messages, or text where the protocol is ``raw``.

        >>> Protocol("p", user="{problem} Think.").prompt("1+1?")
        [{'role': 'user', 'content': '1+1? Think.'}]
        """
        text = self.user.replace("{problem}", problem)  # not format: problems are full of braces
        if self.raw:
            return text
        system = [{"role": "system", "content": self.system}] if self.system else []
        return [*system, {"role": "user", "content": text}]

    def with_samples(self, n: int) -> Protocol:
        """The same with ``n`` samples of a problem, under a name that says so: another protocol.

        >>> find_protocol("field").with_samples(64).name
        'field[n=64]'
        """
        if n < 1:
            raise UsageError(f"samples is {n}; expected 1 or more")
        if n == self.asked:
            return self
        if self.sampling is None:
            return replace(self, name=self._changed(f"n={n}"), n=n)
        return replace(self, name=self._changed(f"n={n}"), sampling=replace(self.sampling, n=n))

    def with_max_tokens(self, most: int) -> Protocol:
        """The same with completions of at most ``most`` tokens, under a name that says so: another protocol.

        >>> find_protocol("greedy").with_max_tokens(512).name
        'greedy[max_tokens=512]'
        """
        if self.sampling is None:
            raise UsageError(
                f"the protocol {self.name!r} does not say how completions are drawn, so it has no max_tokens"
            )
        if most == self.sampling.max_tokens:
            return self
        return replace(self, name=self._changed(f"max_tokens={most}"), sampling=replace(self.sampling, max_tokens=most))

    def with_seed(self, seed: int) -> Protocol:
        """The same protocol, its samples drawn with other seeds."""
        return replace(self, sampling=replace(self.drawn(), seed=seed))

    def drawn(self) -> Sampling:
        """How completions are drawn; UsageError where the protocol does not say."""
        if self.sampling is not None:
            return self.sampling
        others = [name for name in shipped_protocols() if find_protocol(name).sampling is not None]
        raise UsageError(
            f"the protocol {self.name!r} does not say how completions are drawn; write SUITE@PROTOCOL with one of "
            f"{listed(others)}, or your own: SUITE@file.toml"
        )

    def _changed(self, what: str) -> str:
        """``field[n=64]`` → ``field[n=64,max_tokens=512]``."""
        return f"{self.name[:-1]},{what}]" if self.name.endswith("]") else f"{self.name}[{what}]"


_TABLES = {"prompt": ("system", "user", "raw"), "figures": ("ks", "exceed")}
_KEYS = ("name", "version", "about", "sampling", *_TABLES)


def shipped_protocols() -> dict[str, str]:
    """Name → TOML text of the protocols that come with Jeoul."""
    found = sorted(files("jeoul.protocols").iterdir(), key=lambda file: file.name)
    return {file.name[:-5]: file.read_text(encoding="utf-8") for file in found if file.name.endswith(".toml")}


def find_protocol(name: str) -> Protocol:
    """A protocol by the path of its TOML file, or a shipped one by name.

    >>> find_protocol("greedy").sampling.greedy
    True
    """
    path = Path(name)
    if name.endswith(".toml") or "/" in name:
        try:
            return parse_protocol(path.read_text(encoding="utf-8-sig"), path.stem)
        except FileNotFoundError:
            raise DataError(f"there is no protocol {path}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"the protocol {path} cannot be read: {error}") from None
    known = shipped_protocols()
    if name not in known:
        raise UsageError(
            f"there is no protocol {name!r}{did_you_mean(name, known)}; there are {listed(known)}; your own: "
            "SUITE@file.toml"
        )
    return parse_protocol(known[name], name)


def parse_protocol(text: str, name: str) -> Protocol:
    """A protocol from TOML text; UsageError with every mistake in it."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the protocol {name} is not TOML: {error}") from None
    problems: list[str] = []
    values: dict[str, Any] = {}
    for key, value in document.items():
        if key in _TABLES and isinstance(value, dict):
            problems += [f"{key}.{one}: unknown{did_you_mean(one, _TABLES[key])}; it takes {listed(_TABLES[key])}"
                         for one in value if one not in _TABLES[key]]  # fmt: skip
            values |= {one: kept for one, kept in value.items() if one in _TABLES[key]}
        elif key == "sampling" and isinstance(value, dict):
            try:
                values[key] = Sampling.from_dict(value)
            except UsageError as error:
                problems.append(str(error))
        elif key in ("name", "version", "about"):
            values[key] = value
        else:
            hint = did_you_mean(key, _KEYS)
            problems.append(f"{key}: unknown{hint}; a protocol has version, about, [sampling], [prompt] and [figures]")
    values, mistakes = _checked(values)
    problems += mistakes
    if problems:
        raise UsageError(f"mistakes in the protocol {name}:\n" + "\n".join(f"  {problem}" for problem in problems))
    return Protocol(**({"name": name} | values))


def _checked(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    clean, problems = dict(values), []
    for name, value in values.items():
        wanted = _wanted(name, value)
        if wanted:
            problems.append(f"{name}: must be {wanted}, not {value!r}")
        elif name == "ks":
            clean[name] = tuple(value)
    return clean, problems


def _wanted(name: str, value: Any) -> str:
    """What ``name`` must be, if ``value`` is not that."""
    if name in ("version", "exceed"):
        return "" if type(value) is int and value >= 1 else "a whole number, 1 or more"
    if name == "ks":
        fits = isinstance(value, list) and all(type(k) is int and k >= 1 for k in value)
        return "" if fits else "a list such as [1, 8]"
    if name == "raw":
        return "" if isinstance(value, bool) else "true or false"
    if name == "user":
        return "" if isinstance(value, str) and "{problem}" in value else "a text with {problem} in it"
    return "" if isinstance(value, str | Sampling) else "a text"
