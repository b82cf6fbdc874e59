"""BERTScore beside bert-score, for ``jeoul bench text``: one forward pass after another, so what counts is their shape.

Groups of 8 completions of different lengths share a reference. In every round all ways score the same new texts, in
turn, on one thread. bert-score gets the batch size that is fastest for it here, and a scorer that is loaded once.
"""

from __future__ import annotations

import random
import statistics
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jeoul.benchmarks.text_lines import GROUP, Group, Line, Way, manual, spent
from jeoul.rewards.registry import find_reward

__all__ = ["bertscore_lines", "random_model", "uneven"]

GROUPS = 8
DEFAULT = 64
BATCHES = (4, 8, 16, DEFAULT)
WITHIN = 1e-5
SIZES = {"tiny": (128, 1, 2), "small": (384, 6, 12), "base": (768, 9, 12)}
"""Hidden size, layers and heads: for memory, of all-MiniLM-L6-v2, of what BERTScore uses of mBERT (base, cased)."""


def bertscore_lines(model: str, rounds: int, groups: int = GROUPS) -> Iterator[Line]:
    """Batched, in bfloat16, one pair a call, and a second step over the same references."""
    if model == "none":
        return
    with _one_thread(), tempfile.TemporaryDirectory() as folder:
        name, layers = (random_model(Path(folder), model), SIZES[model][1]) if model in SIZES else (model, None)
        yield from _lines(name, layers, model, rounds, groups)


def _lines(name: str, layers: int | None, model: str, rounds: int, groups: int) -> Iterator[Line]:
    from jeoul.rewards.bertscore.tables import layer_of

    layer = _depth(name) if layers is None and Path(name).is_dir() else layer_of(name, layers)
    peer = _peer(name, layer)
    exact, rough = (_ours(name, layer, dtype) for dtype in ("float32", "bfloat16"))
    chance = random.Random(0)
    warm = uneven(chance, groups)
    for way in (exact, rough):
        way(warm)
    best = min(BATCHES, key=lambda size: spent(_batched(peer, size), warm)[0])
    ways = {"batched": _batched(peer, best), "default": _batched(peer, DEFAULT), "pairs": _one_by_one(peer)}
    ways |= {"float32": exact, "bfloat16": rough}
    seconds: dict[str, list[float]] = {way: [] for way in [*ways, "next", "next batched", "function"]}
    differences: dict[str, float] = {"float32": 0.0, "bfloat16": 0.0}
    words = []
    for number in range(rounds):
        texts = uneven(chance, groups)
        words += [len(text.split()) for _, completions in texts for text in completions]
        found = {}
        for how in list(ways) if number % 2 else list(ways)[::-1]:
            took, found[how] = spent(ways[how], texts)
            seconds[how].append(took)
        for how in differences:
            apart = max(abs(a - b) for a, b in zip(found[how], found["pairs"], strict=True))
            differences[how] = max(differences[how], apart)
        again = [(texts[i][0], completions) for i, (_, completions) in enumerate(uneven(chance, groups))]
        seconds["next"].append(spent(exact, again)[0])
        seconds["next batched"].append(spent(ways["batched"], again)[0])
        one = [(texts[0][0], texts[0][1][:1])]  # all pairs would take as many times as long
        seconds["function"].append(groups * GROUP * spent(_function(name, layer), one)[0])
    pairs, size = groups * GROUP, round(statistics.mean(words))

    def line(what: str, peer_is: str, theirs: str, mine: str, goal: float, within: float, apart: float | None) -> Line:
        ratio = statistics.median(a / b for a, b in zip(seconds[theirs], seconds[mine], strict=True))
        rates = [pairs / statistics.median(seconds[way]) for way in (theirs, mine)]
        equal = None if not within or apart is None else apart <= within
        return Line(what, size, peer_is, rates[0], rates[1], ratio, equal, goal, within, apart)

    batched, single = f"bert-score, batches of {best}", "bert-score, a pair a call"
    yield line(f"bertscore, {model}", batched, "batched", "float32", 1.4, WITHIN, differences["float32"])
    yield line(f"bertscore, {model}, bfloat16", batched, "batched", "bfloat16", 2.2, 0, differences["bfloat16"])
    yield line(f"bertscore, {model}", single, "pairs", "float32", 6, WITHIN, differences["float32"])
    yield line(f"bertscore, {model}", "bert_score.score(), a pair a call", "function", "float32", 6, 0, None)
    default = f"bert-score, batches of {DEFAULT}, its default"
    yield line(f"bertscore, {model}", default, "default", "float32", 1.4, 0, None)
    yield line(f"bertscore, {model}, same references again", batched, "next batched", "next", 1.4, 0, None)


def _flat(groups: Sequence[Group]) -> tuple[list[str], list[str]]:
    completions = [text for _, texts in groups for text in texts]
    return completions, [reference for reference, texts in groups for _ in texts]


def _ours(name: str, layer: int, dtype: str) -> Way:
    score = find_reward("bertscore").bind({"model": name, "num_layers": layer, "dtype": dtype, "device": "cpu"})

    def way(groups: Sequence[Group]) -> list[float]:
        completions, references = _flat(groups)
        found: list[float] = score({"completions": completions, "reference": references})
        return found

    return way


def _peer(name: str, layer: int) -> Any:
    from bert_score import BERTScorer

    return BERTScorer(model_type=name, num_layers=layer, device="cpu", nthreads=0)


def _batched(peer: Any, size: int) -> Way:
    def way(groups: Sequence[Group]) -> list[float]:
        found: list[float] = peer.score(*_flat(groups), batch_size=size)[2].tolist()
        return found

    return way


def _one_by_one(peer: Any) -> Way:
    def way(groups: Sequence[Group]) -> list[float]:
        return [peer.score([text], [reference])[2].item() for text, reference in zip(*_flat(groups), strict=True)]

    return way


def _function(name: str, layer: int) -> Way:
    """The function that most rewards call: it loads the model anew each time."""
    from bert_score import score

    def way(groups: Sequence[Group]) -> list[float]:
        found: list[float] = score(*_flat(groups), model_type=name, num_layers=layer, device="cpu")[2].tolist()
        return found

    return way


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processor time of two threads is not twice that of one: they wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


# -- texts and models


def uneven(chance: random.Random, count: int) -> list[Group]:
    """Groups from Python's manual: references of 5 to 60 words, completions half to one and a half times as long."""

    def one(size: int) -> str:
        start = chance.randrange(len(words) - size)
        return " ".join(words[start : start + size])

    words = manual()
    groups = []
    for _ in range(count):
        size = chance.choice((5, 10, 15, 20, 30, 40, 60))
        groups.append((one(size), [one(max(1, round(size * chance.uniform(0.5, 1.5)))) for _ in range(GROUP)]))
    return groups


def random_model(folder: Path, size: str) -> str:
    """A BERT with random weights and a vocabulary of the manual's words: as fast as a trained one of its size."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizer

    counts = Counter(word.lower() for word in manual())
    characters = sorted({character for word in counts for character in word})
    common = [word for word, _ in counts.most_common(8000) if len(word) > 1]
    pieces = dict.fromkeys(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters, *common])
    pieces |= dict.fromkeys(f"##{character}" for character in characters)
    (folder / "vocab.txt").write_text("\n".join(pieces), encoding="utf-8")
    hidden, layers, heads = SIZES[size]
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=4 * hidden,
    )
    BertModel(config).save_pretrained(folder)
    BertTokenizer(str(folder / "vocab.txt"), model_max_length=512).save_pretrained(folder)
    return str(folder)


def _depth(folder: str) -> int:
    """All layers, where bert-score names none for a folder."""
    from transformers import AutoConfig

    return int(AutoConfig.from_pretrained(folder).num_hidden_layers)
