"""Same name, other number: Jeoul's rewards beside those of open-r1, TRL and ms-swift, on fixed probes.

Give each peer's checkout (or have it installed; one that is absent is left out)::

    jeoul bench rewards --open-r1 ../open-r1 --trl ../trl --ms-swift ../ms-swift

The peers' own functions are run. Of their files only imports that no reward here uses are replaced by empty modules.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import math
import sys
import types
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jeoul.rewards.format import tagged
from jeoul.rewards.length import cosine_length, soft_overlong
from jeoul.rewards.matching import exact_match
from jeoul.rewards.repetition import repetition
from jeoul.units import tokens

__all__ = ["compare", "run"]

Score = Callable[[str, int], Any]  # of a text and its length in tokens
RIGHT = r"\boxed{4}"
FINE = "<think>\nr\n</think>\n<answer>\n4\n</answer>"
# reward → (what the probe shows, text, length in tokens)
PROBES: dict[str, list[tuple[str, str, int]]] = {
    "tagged": [
        ("newline on each side of every tag", FINE, 9),
        ("no newlines", "<think>r</think><answer>4</answer>", 9),
        ("newline at the end", FINE + "\n", 9),
        ("another line at the end", FINE + "\ndone", 9),
        ("two <answer>", FINE + "\n<answer>\n5\n</answer>", 9),
        ("empty blocks", "<think></think><answer></answer>", 9),
        ("think alone", "<think>\nr\n</think>", 9),
        ("<think> opened by the prompt", FINE.removeprefix("<think>"), 9),
    ],
    "exact_match": [(text, text, 1) for text in ("4", "<answer>4</answer>", RIGHT)],
    "soft_overlong": [(f"{n} tokens", "", n) for n in (80, 81, 90, 100, 101, 120, 200)],
    "cosine_length": [
        (f"{length} characters, {count} tokens", "a" * (length - len(RIGHT)) + RIGHT, count)
        for length, count in ((20, 20), (500, 500), (1000, 1000), (1500, 1500), (2000, 2000), (1000, 250))
    ],
    "repetition": [
        ("empty", "", 0),
        ("a × 10", "a " * 10, 10),
        ("A a A a A a", "A a A a A a", 6),
        ("ha × 100, no spaces", "ha" * 100, 100),
        ("我觉得 × 50", "我觉得" * 50, 150),
        ("ten words twice", "a b c d e f g h i j " * 2, 20),
    ],
}


def jeoul_rewards() -> dict[str, Score]:
    """Jeoul's rewards, with the peers' settings where those differ from its own."""
    curve = {"limit": tokens(1000), "shortest": 1, "longest": 0.5, "exceeded": 0}
    return {
        "tagged": lambda text, n: tagged([text]),
        "exact_match": lambda text, n: exact_match([text], ["4"]),
        "soft_overlong": lambda text, n: soft_overlong([""], [[0] * n], limit=tokens(100), buffer=tokens(20)),
        "cosine_length": lambda text, n: cosine_length([text], [[0] * n], **curve),
        "repetition": lambda text, n: repetition([text], ngram=3),
    }


def open_r1_rewards(root: Path | None) -> dict[str, Score]:
    """open-r1's, as its command line sets them for right answers."""
    unused = ["open_r1.utils.code_providers", "open_r1.utils.competitive_programming"]
    module = _module("open_r1.rewards", root, "src/open_r1/rewards.py", unused)
    overlong = module.get_soft_overlong_punishment(100, 20)
    cosine = module.get_cosine_scaled_reward(max_len=1000)
    repeated = module.get_repetition_penalty_reward(3, -1.0)
    return {
        "tagged": lambda text, n: module.format_reward(_chat(text)),
        "exact_match": lambda text, n: module.accuracy_reward(_chat(text), ["4"]),
        "soft_overlong": lambda text, n: overlong([[0] * n]),
        "cosine_length": lambda text, n: cosine(_chat(text), ["$4$"]),
        "repetition": lambda text, n: repeated(_chat(text)),
    }


def trl_rewards(root: Path | None) -> dict[str, Score]:
    """TRL's; its repetition counts tokens, here one for each word that differs."""
    family = {
        name: _module(f"trl.rewards.{name}_rewards", root, f"trl/rewards/{name}_rewards.py", ["trl.import_utils"])
        for name in ("accuracy", "format", "other")
    }
    overlong = family["other"].get_soft_overlong_punishment(100, 20)
    cosine = family["accuracy"].get_cosine_scaled_reward(max_len=1000)
    repeated = family["other"].get_repetition_penalty_reward(3, -1.0)
    return {
        "tagged": lambda text, n: family["format"].think_format_reward(_chat(text)),
        "exact_match": lambda text, n: family["accuracy"].accuracy_reward(_chat(text), ["4"]),
        "soft_overlong": lambda text, n: overlong([[0] * n]),
        "cosine_length": lambda text, n: cosine(_chat(text), ["$4$"], [[0] * n]),
        "repetition": lambda text, n: repeated([[hash(word) for word in text.split()]]) if " " in text else None,
    }


def ms_swift_rewards(root: Path | None) -> dict[str, Score]:
    """ms-swift's; its cosine with open-r1's bounds, every answer right."""
    module = _module("swift.rewards.orm", root, "swift/rewards/orm.py", ["swift.infer_engine"])
    overlong = module.SoftOverlong(SimpleNamespace(soft_max_length=100, soft_cache_length=20))
    repeated = module.RepetitionPenalty(SimpleNamespace(repetition_n_grams=3, repetition_max_penalty=-1.0))
    bounds = {"min_len_value_wrong": -1, "max_len_value_wrong": -0.5, "max_len": 1000}
    bounds |= {"min_len_value_correct": 1, "max_len_value_correct": 0.5}
    settings = SimpleNamespace(**{f"cosine_{name}": value for name, value in bounds.items()})
    cosine = module.CosineReward(settings, accuracy_orm=lambda completions, solution, **_: [1.0] * len(completions))
    return {
        "tagged": lambda text, n: module.Format()([text]),
        "exact_match": lambda text, n: module.MathAccuracy()([text], ["4"]),
        "soft_overlong": lambda text, n: overlong([""], response_token_ids=[[0] * n]),
        "cosine_length": lambda text, n: cosine([text], [text], response_token_ids=[[0] * n]),
        "repetition": lambda text, n: repeated([text]),
    }


def compare(open_r1: Path | None = None, trl: Path | None = None, ms_swift: Path | None = None) -> str:
    """Give the table in Markdown: a row for each probe, a column for each library that could be loaded."""
    columns = {"jeoul": jeoul_rewards()}
    for name, load, root in (
        ("open-r1", open_r1_rewards, open_r1),
        ("TRL", trl_rewards, trl),
        ("ms-swift", ms_swift_rewards, ms_swift),
    ):
        try:
            columns[name] = load(root)
        except (ImportError, FileNotFoundError) as error:
            print(f"{name} left out: {error}", file=sys.stderr)
    lines = [_line(["reward", "probe", *columns]), _line(["---", "---", *["---:"] * len(columns)])]
    for reward, probes in PROBES.items():
        for label, text, count in probes:
            values = (_shown(rewards[reward], text, count) for rewards in columns.values())
            lines.append(_line([reward, f"`{label}`", *values]))
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _shown(score: Score, text: str, count: int) -> str:
    with contextlib.redirect_stdout(io.StringIO()):  # the peers print about golds they cannot parse
        try:
            value = score(text, count)
        except Exception as error:  # a peer that raises is a result
            return type(error).__name__
    value = value[0] if value is not None else None
    return "–" if value is None or math.isnan(value) else f"{value + 0.0:.4g}"


def _chat(text: str) -> list[list[dict[str, str]]]:
    return [[{"role": "assistant", "content": text}]]


class _Unused(types.ModuleType):
    """A module that has every name, each a function that says yes."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args: True


def _module(name: str, root: Path | None, file: str, unused: list[str]) -> Any:
    if root is None:
        return importlib.import_module(name)
    spec = importlib.util.spec_from_file_location(name, root / file)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(root / file)
    for other in unused:
        parts = other.split(".")
        sys.modules |= {package: _Unused(package) for package in (".".join(parts[: i + 1]) for i in range(len(parts)))}
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(*, open_r1: Path | None = None, trl: Path | None = None, ms_swift: Path | None = None) -> None:
    """Compare rewards with their namesakes in other libraries, by running those.

    Parameters
    ----------
    open_r1
        Its checkout; without it the installed package, if there is one.
    trl
        The same.
    ms_swift
        The same.
    """
    print(compare(open_r1, trl, ms_swift))
