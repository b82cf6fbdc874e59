r"""Coverage-guided fuzzing of extraction and comparison, and a search for slow inputs. A script, not a test.

::

    python -m venv /tmp/fuzz && /tmp/fuzz/bin/pip install atheris     # needs a wheel for this Python
    PYTHONPATH=$PWD:.venv/lib/python3.11/site-packages /tmp/fuzz/bin/python tests/rewards/math/fuzz_math.py \
        --out /tmp/fuzz/out --seconds 600 [--golds ../shared/data/suites]
    .venv/bin/python tests/rewards/math/fuzz_math.py --out /tmp/fuzz/out --slow 300 [--golds …]    # no atheris needed

An input is bytes: the gold, 0xFF, the answer, both UTF-8 with surrogates. Whatever raises, or takes more than
``--limit`` seconds of processor time, is written to ``out/found`` under the name of its error and line; a finding gets
a row in ``test_hostile.py``. The first form exits 1 if there are any. ``--slow`` climbs: it mutates the slowest inputs
it knows, token by token, and prints the slowest of all; ``--replay FILE …`` times files once more.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import re
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

SEPARATOR = b"\xff"
OUTCOMES = {"correct", "incorrect", "no_answer", "undecided", "gold_invalid"}
TOKENS = r"""
\frac{ \frac12 \sqrt{ \sqrt[3]{ \binom{ { } ( ) [ ] \{ \} ^{ _{ ^ _ , ; : | ! !! % ° + - * / = < > \le \ge \ne \pm \mp
\cup \cap \in \setminus \mathbb{R} \mathbb{Z} \emptyset \infty \pi e i x y n k k\in\mathbb{Z} \sin \cos( \tan \arcsin
\ln \log_2 \log \exp \lfloor \rfloor \lceil \rceil \sum_{k=1}^{ \prod_{k=1}^{ \int_0^1 \lim_{x\to0} dx \text{ \mathrm{
\overline{3} 0.1\overline{6} \dot{3} 0.333... \ldots \left( \right) \begin{pmatrix} \end{pmatrix} \begin{cases}
\end{cases} & \\ \boxed{ \fbox{ $ $$ \( \) \[ \] <think> </think> <answer> </answer> 정답은 답: 입니다 분의 일 이 삼 십 백
천 만 억 개 원 cm kg hours m^2 miles\ per\ hour percent million 1 2 3 7 10 42 99 0 -1 0.5 1.25 1e9 1e999 1,234 10^{9}
10^{10^{10}} 9^{9^{9}} 2^{1000} 100! 3:45 p.m. (A) (B) and or 또는 x= f(x)= y=2x+3 52_8 base 16 all\ real\ numbers
no\ solution undefined \angle ABC= ½ √ ² ₂ ∞ ≤ ± ③ ٣ ５ ＝ … · × ÷ ′ ″ "" ' " \
"""
FRAGMENTS = [token.replace("\\ ", " ") for token in re.findall(r"(?:\\ |\S)+", TOKENS)]
FRAGMENTS += [" ", "\n", "\t", "\0", "\u200b", "\u202e", "\u2028", "\u3000", "\u0301\u0316", "\ud800", "\U0001d7d9"]


def golds(folder: Path | None) -> list[str]:
    """Golds of the suites, where they are."""
    files = sorted(folder.glob("*.jsonl")) if folder else []
    cells = [json.loads(line)["answer"] for file in files for line in file.read_text("utf-8").splitlines()]
    found = {str(gold) for cell in cells for gold in (cell if isinstance(cell, list) else [cell])}
    return sorted(found) or ["42", r"\frac{1}{2}", "(1,2]", r"x=\frac{\pi}{6}+k\pi, k\in\mathbb{Z}", "y=2x+3", "52_8"]


def decode(data: bytes) -> tuple[str, str]:
    """Gold and answer out of an input."""
    gold, _, answer = data.partition(SEPARATOR)
    return tuple(part.decode("utf-8", "surrogateescape") for part in (gold, answer))  # type: ignore[return-value]


def encode(gold: str, answer: str) -> bytes:
    return SEPARATOR.join(part.encode("utf-8", "surrogatepass") for part in (gold, answer))


def check(gold: str, answer: str) -> None:
    """Everything that reads a gold or a model's text, with what it promises."""
    from jeoul.rewards.math.canonical import read
    from jeoul.rewards.math.correct import bare, forget, judge, math_correct
    from jeoul.rewards.math.extract import find_answer
    from jeoul.rewards.math.stated import answer_extracted, boxed_format

    forget()
    texts = [answer, rf"\boxed{{{answer}}}"]
    for score in math_correct(texts, [gold, gold]) + math_correct(texts, [gold, gold], extract=("whole",)):
        assert math.isnan(score) or score in (0, 1), score
        assert score.reason.partition(":")[0] in OUTCOMES, score.reason
        assert len(score.reason) < 600, score.reason
    for score in answer_extracted([answer]) + boxed_format([answer]):
        assert score in (0, 1), score
    find_answer(answer, ("whole", "phrase"))
    if read(bare(gold)) and read(answer):
        assert judge(gold, answer).outcome in OUTCOMES


class Findings:
    """Inputs that break a promise, one file for each kind."""

    def __init__(self, folder: Path, limit: float) -> None:
        self.folder, self.limit, self.count, self.longest = folder, limit, 0, 0.0
        folder.mkdir(parents=True, exist_ok=True)
        self.known = {file.stem for file in folder.iterdir()}

    def run(self, data: bytes) -> None:
        self.count += 1
        start = time.process_time()
        try:
            check(*decode(data))
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            self._keep(f"{type(error).__name__}-{Path(frame.filename).stem}-{frame.lineno}", data)
        took = time.process_time() - start
        self.longest = max(self.longest, took)
        if took > self.limit:
            self._keep(f"slow-{took:.1f}s-{len(data)}", data)

    def _keep(self, name: str, data: bytes) -> None:
        if name not in self.known:
            self.known.add(name)
            (self.folder / f"{name}.bin").write_bytes(data)
            print(f"found {name}: {data[:200]!r}", file=sys.stderr, flush=True)


def coverage_guided(out: Path, seconds: int, limit: float, seeds: list[str]) -> int:
    import atheris

    with atheris.instrument_imports(include=["jeoul.rewards.math"]):
        check("1", "x+1")
    corpus = out / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    chance = random.Random(1)
    for index, gold in enumerate(seeds):
        (corpus / f"seed{index}").write_bytes(encode(gold, chance.choice(seeds)))
    for index, token in enumerate(FRAGMENTS):
        (corpus / f"token{index}").write_bytes(encode(token, chance.choice(FRAGMENTS) + chance.choice(FRAGMENTS)))
    words = ["".join(f"\\x{byte:02x}" for byte in token.encode("utf-8", "surrogatepass")) for token in FRAGMENTS] + [
        r"\xff"
    ]
    (out / "words").write_text("".join(f'"{word}"\n' for word in words))
    findings = Findings(out / "found", limit)
    options = [f"-max_total_time={seconds}", "-max_len=1200", "-timeout=60", "-rss_limit_mb=3000", f"-dict={out}/words"]
    atheris.Setup([sys.argv[0], *options, "-print_final_stats=1", str(corpus)], findings.run)
    pid = os.fork()  # libFuzzer ends its process itself
    if not pid:
        atheris.Fuzz()
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    kept = sorted(file.name for file in (out / "found").iterdir())
    print(f"found: {kept or 'nothing'}; exit status {status}", file=sys.stderr)
    return 1 if kept or status else 0


def mutants(known: list[tuple[float, str, str]], chance: random.Random, longest: int) -> Iterator[tuple[str, str]]:
    """Neighbours of inputs that are slow already."""
    while True:
        _, gold, answer = chance.choice(known)
        sides = [gold, answer]
        for _ in range(chance.randrange(1, 4)):
            which = chance.randrange(2)
            text = sides[which]
            at, to = sorted(chance.randrange(len(text) + 1) for _ in range(2))
            kind = chance.randrange(6)
            if kind == 0:
                text = text[:at] + chance.choice(FRAGMENTS) + text[at:]
            elif kind == 1:
                text = text[:at] + text[to:]
            elif kind == 2:
                text = text[:at] + text[at:to] * chance.choice((2, 3, 8, 40)) + text[to:]
            elif kind == 3:
                opening, closing = chance.choice(
                    (("{", "}"), ("(", ")"), (r"\sqrt{", "}"), (r"\{", r"\}"), ("[", "]"), ("", "!"))
                )
                text = text[:at] + opening + text[at:to] + closing + text[to:]
            elif kind == 4:
                text = chance.choice(known)[1 + chance.randrange(2)] + chance.choice((",", "+", " ", "=", "")) + text
            else:
                text = sides[1 - which] + chance.choice(("", "+x-x", "*1", "+10^{-9}"))
            sides[which] = text[:longest]
        yield sides[0], sides[1]


def climb(out: Path, seconds: int, limit: float, seeds: list[str], start: int, longest: int) -> int:
    """Slowest input found in the time."""
    findings, chance = Findings(out / "found", limit), random.Random(start)
    known = [(0.0, gold, chance.choice(seeds)) for gold in chance.sample(seeds, min(150, len(seeds)))]
    known += [(0.0, token, chance.choice(FRAGMENTS)) for token in FRAGMENTS]
    until = time.monotonic() + seconds
    for gold, answer in mutants(known, chance, longest):
        if time.monotonic() > until:
            break
        begin = time.process_time()
        findings.run(encode(gold, answer))
        took = time.process_time() - begin
        slowest = chance.randrange(len(known))
        place = min((slowest, chance.randrange(len(known))), key=lambda at: known[at][0])
        if took > known[place][0] * 0.98:
            known[place] = (took, gold, answer)
    took, gold, answer = max(known)
    print(
        f"{findings.count:,} inputs; slowest {took:.3f} s for everything that is checked: {gold!r:.600} {answer!r:.600}"
    )
    (out / "slowest.bin").write_bytes(encode(gold, answer))
    return int(took > limit)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="where corpus and findings are kept")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--limit", type=float, default=1.0, help="seconds of processor time that are too many")
    parser.add_argument("--golds", type=Path, help="folder of JSONL files with an answer column")
    parser.add_argument("--slow", type=int, default=0, metavar="SECONDS", help="search for slow inputs instead")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest", type=int, default=300, help="characters of a side, in the search for slow inputs")
    parser.add_argument("--replay", type=Path, nargs="*", help="files to time once more")
    told = parser.parse_args()
    if told.replay:
        for file in told.replay:
            start = time.process_time()
            check(*decode(file.read_bytes()))
            print(f"{time.process_time() - start:.3f} s  {file}")
        return 0
    seeds = golds(told.golds)
    if told.slow:
        return climb(told.out, told.slow, told.limit, seeds, told.seed, told.longest)
    return coverage_guided(told.out, told.seconds, told.limit, seeds)


if __name__ == "__main__":
    sys.exit(main())
