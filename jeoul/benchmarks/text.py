"""``jeoul bench text``: text rewards beside the libraries people use, on the same texts, interleaved in one run.

Every round has texts of its own, in groups of 8 completions that share a reference, so that nothing is remembered from
the round before. Processor time; a ratio is the median over rounds of theirs to ours.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from jeoul.benchmarks.text_bertscore import bertscore_lines
from jeoul.benchmarks.text_lines import Line
from jeoul.benchmarks.text_memory import memory_lines
from jeoul.benchmarks.text_rouge import rouge_lines
from jeoul.cli.output import print_json, print_table
from jeoul.errors import UsageError

__all__ = ["run"]


def run(
    *,
    words: Annotated[tuple[int, ...], Parameter(consume_multiple=True)] = (50, 300, 2000),
    rounds: int = 5,
    model: str = "small",
    memory: int = 0,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Measure text rewards beside their peers: speed, and whether the scores are the same.

    Parameters
    ----------
    words
        Words of a text, one comparison for each.
    rounds
        Rounds of a comparison.
    model
        BERTScore's: "small" or "base" (random weights in the sizes of MiniLM and of bert-base's 9 layers), a folder, a
        name on the hub, or "none". "base" takes minutes.
    memory
        Pairs of BERTScore whose memory is measured too, beside a tenth and a hundredth of them (100000 takes minutes).
    json
        Print as JSON.
    """
    if rounds < 1 or not words or min(words) < 1:
        raise UsageError(f"--rounds and --words must be 1 or more, not {rounds} and {list(words)}")
    if memory < 0:
        raise UsageError(f"--memory must be 0 or more pairs, not {memory}")
    lines = [*rouge_lines(words, rounds), *bertscore_lines(model, rounds)]
    memories = list(memory_lines(memory)) if memory else []
    if json:
        print_json({"speed": [asdict(line) for line in lines], "memory": [asdict(line) for line in memories]})
        return
    header = ["what", "peer", "words", "peer, pairs/s", "jeoul, pairs/s", "ratio", "equal", "goal"]
    print_table("Text rewards, groups of 8, one process", header, map(_shown, lines), left=2)
    if memories:
        header = ["pairs", "MiB on top", "seconds", "MiB of all embeddings", "MiB kept at most"]
        cells = [[f"{value:,.0f}" for value in asdict(line).values()] for line in memories]
        print_table("BERTScore's memory, one call, all pairs different", header, cells)


def _shown(line: Line) -> list[str]:
    equal = "–" if line.equal is None else "NO" if not line.equal else "to the last bit"
    if line.difference is not None:
        equal = f"NO: {line.difference:.0e}" if line.equal is False else f"to {line.difference:.0e}"
    goal = f"≥ {line.goal:g}" if line.goal else ""
    rates = [f"{rate:,.0f}" for rate in (line.theirs, line.ours)]
    return [line.what, line.peer, str(line.words), *rates, f"{line.ratio:.1f}", equal, goal]
