"""BERTScore's memory by number of pairs, for ``jeoul bench text --memory``: each count in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jeoul.benchmarks.text_bertscore import SIZES, random_model

__all__ = ["Memory", "memory_lines"]

WARM = 1000
TEXT = 18
"""Characters of a text: all pairs are different, so that nothing but a bound keeps their embeddings from piling up."""
_CODE = """
import json, random, resource, sys, time, torch
from jeoul.rewards.bertscore.encoder import CACHE_BYTES
from jeoul.rewards.registry import find_reward
folder, layers, pairs, warm, size = sys.argv[1], *map(int, sys.argv[2:])
torch.set_num_threads(1)
score = find_reward("bertscore").bind({"model": folder, "num_layers": layers, "device": "cpu"})
chance = random.Random(0)
def texts(count): return ["".join(chance.choices("abcdefgh xyz", k=size)) for _ in range(count)]
def peak(forget=False):  # loading takes more than scoring, so Linux is told to forget what was before
    try:
        if forget: open("/proc/self/clear_refs", "w").write("5")
        return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
score({"completions": texts(warm), "reference": texts(warm)})
columns = {"completions": texts(pairs), "reference": texts(pairs)}
before, start = peak(forget=True), time.process_time()
found = score(columns)
assert len(found) == pairs and all(value == value for value in found)
print(json.dumps([peak() - before, time.process_time() - start, CACHE_BYTES / 2**20]))
"""


@dataclass(frozen=True)
class Memory:
    """Peak memory of one call.

    Attributes:
        pairs: all different, in one call.
        mib: on top of the model, the texts and a first call of 1,000 pairs.
        seconds: of processor time.
        embeddings: MiB that all token embeddings of the pairs would take.
        kept: MiB that embeddings of references may take, which are kept for the next step.
    """

    pairs: int
    mib: float
    seconds: float
    embeddings: float
    kept: float


def memory_lines(most: int) -> Iterator[Memory]:
    """A hundredth, a tenth and all of so many pairs, with a small model of random weights."""
    hidden, layers, _ = SIZES["tiny"]
    with tempfile.TemporaryDirectory() as folder:
        name = random_model(Path(folder), "tiny")
        for pairs in dict.fromkeys((max(1, most // 100), max(1, most // 10), most)):
            arguments = [name, *map(str, (layers, pairs, WARM, TEXT))]
            done = subprocess.run([sys.executable, "-c", _CODE, *arguments], capture_output=True, text=True, check=True)
            mib, seconds, kept = json.loads(done.stdout.splitlines()[-1])
            yield Memory(pairs, mib, seconds, pairs * 2 * TEXT * hidden * 4 / 2**20, kept)
