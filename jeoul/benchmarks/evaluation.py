"""``jeoul bench eval``: how long scoring saved samples takes, from the file to the figures, and in how much memory."""

from __future__ import annotations

import json as json_module
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from jeoul.benchmarks.tree_usage import tree_usage
from jeoul.cli.output import print_json, print_table
from jeoul.errors import DataError, ScoringError, UsageError

__all__ = ["run", "written_bodies"]

RIGHT = 0.6
"""Share of samples that give the gold."""
WRONG = 12
"""Other answers of each problem, of which the first are the most frequent: its gold with other digits, and others'."""
TICK = 0.05  # seconds between two looks at memory


def run(
    *,
    suite: str = "sample",
    data: Path | None = None,
    generations: Path | None = None,
    rows: int = 40_000,
    workers: int | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Score many saved samples through ``jeoul eval``, as a process: seconds, processor time, memory of all processes.

    Every sample is a text of its own: a body, then in a box the gold (6 of 10) or one of 12 wrong answers to the
    problem: its gold with other digits, or the gold of another problem.

    Parameters
    ----------
    suite
        Whose problems they answer.
    data
        Folder of local copies of suites.
    generations
        JSONL with real completions, whose texts before the last box are the bodies; else bodies are made up.
    rows
        Samples in all, the same number of each problem.
    workers
        Of jeoul eval; default one per processor.
    json
        Print as JSON.
    """
    from jeoul.evals.suites import find_suite
    from jeoul.evals.suites_rows import load_problems

    problems = load_problems(find_suite(suite), data).rows
    samples = rows // len(problems)
    if samples < 1:
        raise UsageError(f"--rows is {rows}; {suite} has {len(problems)} problems, so expected that or more")
    bodies = made_bodies() if generations is None else written_bodies(generations)
    with tempfile.TemporaryDirectory() as folder:
        outputs = Path(folder, "outputs.jsonl")
        right = _write(outputs, problems, samples, bodies)
        command = ["eval", suite, "--outputs", str(outputs), "-o", str(Path(folder, "run")), "--json", "-q"]
        command += [] if data is None else ["--data", str(data)]
        command += [] if workers is None else ["--workers", str(workers)]
        size = outputs.stat().st_size
        figures = _measured([sys.executable, "-c", "from jeoul.cli import main; main()", *command], Path(folder))
    summary = figures.pop("summary")
    made = {
        "samples": samples * len(problems),
        "file MB": round(size / 1e6),
        **figures,
        "accuracy made": round(right / samples / len(problems), 4),
        "accuracy found": round(summary["figures"][f"avg@{samples}"]["estimate"], 4),
    }
    if json:
        print_json(made)
    else:
        print_table("jeoul eval --outputs", list(made), [[str(value) for value in made.values()]], left=0)


def _write(path: Path, problems: Sequence[Any], samples: int, bodies: Sequence[str]) -> int:
    """Write the outputs; how many of them give the gold."""
    chance, right = random.Random(1), 0
    golds = [row["answer"][0] if isinstance(row["answer"], list) else str(row["answer"]) for row in problems]
    with path.open("w", encoding="utf-8") as file:
        for number, row in enumerate(problems):
            wrong = _wrong(golds[number], golds, chance)
            for sample in range(samples):
                is_right = chance.random() < RIGHT
                answer = golds[number] if is_right else wrong[min(int(chance.expovariate(0.4)), WRONG - 1)]
                right += is_right
                body = bodies[(number * samples + sample) % len(bodies)]
                text = f"{body}\n\nThat was attempt {number}-{sample}. The final answer is $\\boxed{{{answer}}}$."
                said = {"id": row["id"], "sample": sample, "completion": text, "finish_reason": "stop"}
                file.write(json_module.dumps(said | {"completion_tokens": len(text) // 3}) + "\n")
    return right


def _wrong(gold: str, golds: Sequence[str], chance: random.Random) -> list[str]:
    r"""Wrong answers, the most frequent first: three of four are the gold with each digit another.

    A few of those are the gold after all (``\frac{9}{6}`` for ``\frac{3}{2}``), and a right grader finds them.
    """

    def changed() -> str:
        return "".join(chance.choice("123456789".replace(one, "")) if one.isdecimal() else one for one in gold)

    made = [changed() if place % 4 else chance.choice(golds) for place in range(1, WRONG + 1)]
    return [answer if answer != gold else f"{gold}+7" for answer in made]


def made_bodies(count: int = 500) -> list[str]:
    """Texts of 500 to 3000 characters with formulas in them."""
    chance = random.Random(2)

    def line() -> str:
        a, b, c = (chance.randrange(2, 99) for _ in range(3))
        return f"Since $\\frac{{{a}}}{{{b}}} x + {c} = {a * b}$, we have $x = {b} \\cdot {a * b - c} / {a}$, hence {c}."

    return [" ".join(line() for _ in range(chance.randrange(6, 36))) for _ in range(count)]


def written_bodies(path: Path) -> list[str]:
    """Real completions up to their last box.

    Raises:
        DataError: the file has no column ``completion``.
    """
    from jeoul.reading import read_columns

    columns = read_columns(path)
    if "completion" not in columns:
        raise DataError(f"{path} has no column 'completion'")
    return [str(text).rpartition("\\boxed{")[0] or str(text) for text in columns["completion"]]


def _measured(command: list[str], folder: Path) -> dict[str, Any]:
    """Run a command: wall and processor seconds, most memory at once, and the JSON that it printed."""
    start, peak, spent = time.monotonic(), 0, dict[int, float]()
    with (folder / "stdout").open("w+b") as out, (folder / "stderr").open("w+b") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, cwd=os.getcwd())
        while process.poll() is None:
            usage = tree_usage(process.pid)
            peak, spent = max(peak, usage.memory), spent | usage.seconds
            time.sleep(TICK)
        seconds = time.monotonic() - start
        if process.returncode:
            raise ScoringError(f"jeoul eval ended with {process.returncode}: {(folder / 'stderr').read_text()[-500:]}")
    return {
        "seconds": round(seconds, 1),
        "processor seconds": round(sum(spent.values()), 1) if spent else "–",
        "of the main process": round(spent[process.pid], 1) if spent else "–",
        "peak MB, all processes": round(peak / 1e6) if peak else "–",
        "summary": json_module.loads((folder / "stdout").read_text(encoding="utf-8")),
    }
