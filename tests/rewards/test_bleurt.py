"""BLEURT on small checkpoints of its architecture, made here, against the formula written out in numpy."""

from __future__ import annotations

import io
import json
import math
import pickle
import random
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul.errors import DataError, RecipeError, ScoringError, UsageError
from jeoul.rewards.bleurt import bleurt
from jeoul.rewards.bleurt.network import network_for
from jeoul.rewards.bleurt.pieces import pieces_in
from jeoul.rewards.overlap import rouge1
from jeoul.rewards.recipes.column import sum_of
from jeoul.rewards.recipes.recipe import Recipe
from jeoul.rewards.registry import find_reward

torch = pytest.importorskip("torch")
spm = pytest.importorskip("sentencepiece")

TEXTS = [
    "The cat sat on the mat.",
    "a dog",
    "KBS는 방송사이다.",
    "한국어 문장의 뜻이 같다",
    "👍🏽 좋아요",
    "x",
    "1 + 1 = 2",
]
WIDTH, NARROW, HEADS, INNER, POSITIONS = 24, 8, 3, 40, 48


def weights_of(words: int, narrow: int | None, layers: int = 2) -> dict[str, Any]:
    """All tensors of a converted checkpoint, by bleurt-pytorch's names."""
    chance = np.random.default_rng(7)
    tensors: dict[str, Any] = {}

    def linear(name: str, out: int, into: int) -> None:
        tensors[f"{name}.weight"] = chance.normal(0, 0.3, (out, into))
        tensors[f"{name}.bias"] = chance.normal(0, 0.3, out)

    def norm(name: str, size: int) -> None:
        tensors[f"{name}.weight"] = chance.normal(1, 0.2, size)
        tensors[f"{name}.bias"] = chance.normal(0, 0.2, size)

    size = narrow or WIDTH
    for kind, count in (("word", words), ("position", POSITIONS), ("token_type", 2)):
        tensors[f"bleurt.embeddings.{kind}_embeddings.weight"] = chance.normal(0, 0.5, (count, size))
    norm("bleurt.embeddings.LayerNorm", size)
    if narrow:
        linear("bleurt.encoder.embedding_projection", WIDTH, narrow)
    for layer in range(layers):
        base = f"bleurt.encoder.layer.{layer}"
        for part in ("query", "key", "value"):
            linear(f"{base}.attention.self.{part}", WIDTH, WIDTH)
        linear(f"{base}.attention.output.dense", WIDTH, WIDTH)
        norm(f"{base}.attention.output.LayerNorm", WIDTH)
        linear(f"{base}.intermediate.dense", INNER, WIDTH)
        linear(f"{base}.output.dense", WIDTH, INNER)
        norm(f"{base}.output.LayerNorm", WIDTH)
    linear("bleurt.pooler.dense", WIDTH, WIDTH)
    linear("classifier", 1, WIDTH)
    return {name: value.astype(np.float32) for name, value in tensors.items()}


def config_of(words: int, narrow: int | None) -> dict[str, Any]:
    return {
        "architectures": ["BleurtForSequenceClassification"], "model_type": "bleurt", "vocab_size": words,
        "embedding_size": narrow, "hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": HEADS,
        "intermediate_size": INNER, "hidden_act": "gelu", "max_position_embeddings": POSITIONS, "type_vocab_size": 2,
        "layer_norm_eps": 1e-12, "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "pad_token_id": 0,
    }  # fmt: skip


def save(folder: Path, narrow: int | None, tensors: dict[str, Any], form: str = "bin") -> str:
    parts = {name: torch.from_numpy(value.copy()) for name, value in tensors.items()}
    if form == "bin":
        torch.save(parts, folder / "pytorch_model.bin")
    else:
        from safetensors.torch import save_file

        save_file(parts, folder / "model.safetensors")
    words = len(tensors["bleurt.embeddings.word_embeddings.weight"])
    (folder / "config.json").write_text(json.dumps(config_of(words, narrow)))
    return str(folder)


def sentencepiece(folder: Path) -> int:
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS * 20), model_writer=model, vocab_size=90, hard_vocab_limit=False, pad_id=0, unk_id=1,
        bos_id=-1, eos_id=-1, control_symbols=["[CLS]", "[SEP]"], minloglevel=2,
    )  # fmt: skip
    (folder / "spm.model").write_bytes(model.getvalue())
    return int(spm.SentencePieceProcessor(model_proto=model.getvalue()).get_piece_size())


def wordpiece(folder: Path) -> int:
    characters = sorted({character for text in TEXTS for character in text.lower() if character.strip()})
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters, *(f"##{piece}" for piece in characters)]
    (folder / "vocab.txt").write_text("\n".join(pieces), encoding="utf-8")
    return len(pieces)


@pytest.fixture(scope="module", params=["BLEURT-20", "BERT"])
def checkpoint(request: Any, tmp_path_factory: Any) -> tuple[str, int | None, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("checkpoint")
    narrow = NARROW if request.param == "BLEURT-20" else None
    words = sentencepiece(folder) if narrow else wordpiece(folder)
    tensors = weights_of(words, narrow)
    return save(folder, narrow, tensors, "bin" if narrow else "safetensors"), narrow, tensors


@pytest.fixture(scope="module")
def small(tmp_path_factory: Any) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("small")
    return {"checkpoint": save(folder, NARROW, weights_of(sentencepiece(folder), NARROW)), "device": "cpu"}


def scores(completions: list[str], references: list[Any], **options: Any) -> list[Any]:
    return find_reward("bleurt").bind(options)({"completions": completions, "reference": references})


def by_formula(tensors: dict[str, Any], ids: list[int], segments: list[int]) -> float:
    """One pair alone, in float64: no batch, no padding, no library of networks."""
    parts = {name: value.astype(np.float64) for name, value in tensors.items()}

    def linear(name: str, x: Any) -> Any:
        return x @ parts[f"{name}.weight"].T + parts[f"{name}.bias"]

    def norm(name: str, x: Any) -> Any:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return scaled * parts[f"{name}.weight"] + parts[f"{name}.bias"]

    gelu = np.vectorize(lambda value: value * (1 + math.erf(value / math.sqrt(2))) / 2)
    x = sum(
        parts[f"bleurt.embeddings.{kind}_embeddings.weight"][rows]
        for kind, rows in (("word", ids), ("position", range(len(ids))), ("token_type", segments))
    )
    x = norm("bleurt.embeddings.LayerNorm", x)
    if "bleurt.encoder.embedding_projection.weight" in parts:
        x = linear("bleurt.encoder.embedding_projection", x)
    for layer in range(2):
        base = f"bleurt.encoder.layer.{layer}"
        query, key, value = (
            linear(f"{base}.attention.self.{part}", x).reshape(len(ids), HEADS, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        logits = query @ key.transpose(0, 2, 1) / math.sqrt(WIDTH // HEADS)
        shares = np.exp(logits - logits.max(-1, keepdims=True))
        mixed = (shares / shares.sum(-1, keepdims=True) @ value).transpose(1, 0, 2).reshape(len(ids), WIDTH)
        x = norm(f"{base}.attention.output.LayerNorm", linear(f"{base}.attention.output.dense", mixed) + x)
        inner = gelu(linear(f"{base}.intermediate.dense", x))
        x = norm(f"{base}.output.LayerNorm", linear(f"{base}.output.dense", inner) + x)
    return float(linear("classifier", np.tanh(linear("bleurt.pooler.dense", x[0])))[0])


def read(folder: str, reference: str, candidate: str) -> tuple[list[int], list[int]]:
    """Google's way: both cut into pieces, the longer shortened one piece at a time, [CLS] and [SEP] around."""
    if (Path(folder) / "spm.model").is_file():
        model = spm.SentencePieceProcessor(model_file=str(Path(folder) / "spm.model"))
        one, two = (model.encode(text.strip(), out_type=int) for text in (reference, candidate))
        cls, sep = model.piece_to_id("[CLS]"), model.piece_to_id("[SEP]")
    else:
        from transformers import BertTokenizer

        tokenizer = BertTokenizer.from_pretrained(folder)
        one, two = (tokenizer.encode(text, add_special_tokens=False) for text in (reference, candidate))
        cls, sep = tokenizer.cls_token_id, tokenizer.sep_token_id
    while len(one) + len(two) > POSITIONS - 3:
        (one if len(one) > len(two) else two).pop()
    ids = [cls, *one, sep, *two, sep]
    return ids, [0] * (len(one) + 2) + [1] * (len(two) + 1)


def test_equals_the_formula(checkpoint: tuple[str, int | None, dict[str, Any]]) -> None:
    folder, _, tensors = checkpoint
    chance = random.Random(1)
    words = " ".join(TEXTS).split()
    completions = [" ".join(chance.choices(words, k=chance.choice([0, 1, 3, 9, 20]))) for _ in range(40)]
    references = [" ".join(chance.choices(words, k=chance.choice([1, 2, 5, 12, 20]))) for _ in range(40)]
    found = scores(completions, references, checkpoint=folder, device="cpu")
    wanted = [by_formula(tensors, *read(folder, r, c)) for c, r in zip(completions, references, strict=True)]
    assert found == pytest.approx(wanted, abs=2e-5)
    assert np.std(wanted) > 0.05
    cut = [len(read(folder, r, c)[0]) == POSITIONS for c, r in zip(completions, references, strict=True)]
    assert any(cut)
    assert all("cut" not in score.reason or short for score, short in zip(found, cut, strict=True))


def test_of_several_references_the_best_counts(small: dict[str, Any]) -> None:
    one, two = (float(scores(["a dog"], [text], **small)[0]) for text in TEXTS[:2])
    (best,) = scores(["a dog"], [[TEXTS[0], None, TEXTS[1]]], **small)
    assert best == pytest.approx(max(one, two), abs=1e-6)
    assert best.reason == f"BLEURT {best:.3f}, the best of 2 references"


@pytest.mark.parametrize("cell", [None, math.nan, [], [None]])
def test_no_reference_does_not_apply(small: dict[str, Any], cell: Any) -> None:
    found = scores(["a", "b"], [cell, "x"], **small)
    assert math.isnan(found[0])
    assert found[0].reason == "no reference"
    assert math.isfinite(found[1])


texts = st.one_of(st.sampled_from([*TEXTS, "", " \n", "[SEP]"]), st.text(st.characters(codec=None), max_size=30))


def test_any_split_gives_the_same(small: dict[str, Any]) -> None:
    @settings(max_examples=30)
    @given(st.lists(st.tuples(texts, texts), min_size=2, max_size=6), st.integers(0, 5))
    def check(pairs: list[tuple[str, str]], cut: int) -> None:
        completions, references = map(list, zip(*pairs, strict=True))
        parts = scores(completions[:cut], references[:cut], **small) + scores(
            completions[cut:], references[cut:], **small
        )
        assert scores(completions, references, **small) == pytest.approx(parts, abs=1e-5)

    check()


def test_hostile_texts(small: dict[str, Any]) -> None:
    long = ["cat " * 300_000, "a" * 1_200_000, "가" * 400_000, "{" * 1_000_000, "\ud800 a", "\x00a", "", " \n"]
    found = scores(long, ["The cat sat"] * len(long), **small)
    assert all(math.isfinite(score) for score in found)
    assert "cut" in found[0].reason
    assert "cut" not in found[5].reason


def test_bfloat16_and_pickling(small: dict[str, Any]) -> None:
    exact = scores(TEXTS, TEXTS[::-1], **small)
    assert scores(TEXTS, TEXTS[::-1], **small, dtype="bfloat16") == pytest.approx(exact, abs=0.1)
    reward = find_reward("bleurt").function(**small)
    assert pickle.loads(pickle.dumps(reward))(TEXTS, TEXTS[::-1]) == exact
    assert pickle.loads(pickle.dumps(bleurt)) is bleurt


# -- checkpoints that are not


def altered(small: dict[str, Any], folder: Path, **change: Any) -> str:
    """A copy of the checkpoint with some tensors changed, left out (None) or added."""
    words = sentencepiece(folder)
    tensors = weights_of(words, NARROW) | {name.replace("__", "."): value for name, value in change.items()}
    return save(folder, NARROW, {name: value for name, value in tensors.items() if value is not None})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"classifier__bias": None}, "it lacks classifier.bias"),
        ({"extra__weight": np.zeros(2, np.float32)}, "in excess extra.weight"),
        ({"classifier__weight": np.zeros((2, WIDTH), np.float32)}, "other shapes"),
        (
            {"bleurt__encoder__embedding_projection__bias": None},
            "it lacks rembert.encoder.embedding_hidden_mapping_in.bias",
        ),
    ],
)
def test_every_weight_is_accounted_for(
    small: dict[str, Any], tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        scores(["a"], ["b"], checkpoint=altered(small, tmp_path, **change), device="cpu")


def test_positions_of_old_checkpoints_are_no_weight(small: dict[str, Any], tmp_path: Path) -> None:
    change = {"bleurt__embeddings__position_ids": np.arange(POSITIONS)[None]}
    folder = altered(small, tmp_path, **change)
    assert scores(TEXTS, TEXTS[::-1], checkpoint=folder, device="cpu") == scores(TEXTS, TEXTS[::-1], **small)


def test_weights_in_parts(small: dict[str, Any], tmp_path: Path) -> None:
    from safetensors.torch import save_file

    folder = altered(small, tmp_path)
    parts = torch.load(tmp_path / "pytorch_model.bin", weights_only=True)
    (tmp_path / "pytorch_model.bin").unlink()
    where = {name: f"part-{number % 2}.safetensors" for number, name in enumerate(parts)}
    for file in set(where.values()):
        save_file({name: tensor for name, tensor in parts.items() if where[name] == file}, tmp_path / file)
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": where}))
    assert scores(TEXTS, TEXTS[::-1], checkpoint=folder, device="cpu") == scores(TEXTS, TEXTS[::-1], **small)


def spoil(folder: Path, what: str) -> None:
    if what == "config":
        (folder / "config.json").write_text("{")
    elif what == "sizes":
        (folder / "config.json").write_text('{"vocab_size": 3}')
    elif what == "heads":
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | {"num_attention_heads": 7}))
    elif what == "tokenizer":
        (folder / "spm.model").unlink()
    elif what == "pieces":
        (folder / "spm.model").write_bytes(b"nothing")
    elif what == "weights":
        (folder / "pytorch_model.bin").write_bytes(b"nothing")
    else:
        (folder / "pytorch_model.bin").unlink()


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("config", "cannot be read as the JSON"),
        ("sizes", "must give hidden_size"),
        ("heads", "no network that can be built"),
        ("tokenizer", "has no tokenizer"),
        ("pieces", "not a SentencePiece model"),
        ("weights", "cannot be read as weights"),
        ("no weights", "has no weights"),
    ],
)
def test_a_broken_folder(small: dict[str, Any], tmp_path: Path, what: str, said: str) -> None:
    folder = altered(small, tmp_path)
    spoil(tmp_path, what)
    with pytest.raises(DataError, match=said):
        scores(["a"], ["b"], checkpoint=folder, device="cpu")


def test_a_vocabulary_without_the_special_pieces(tmp_path: Path) -> None:
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS * 20), model_writer=model, vocab_size=90, hard_vocab_limit=False, minloglevel=2
    )
    (tmp_path / "spm.model").write_bytes(model.getvalue())
    with pytest.raises(DataError, match="no \\[CLS\\]"):
        pieces_in(tmp_path)


def test_the_length_of_google_s_config_counts(small: dict[str, Any], tmp_path: Path) -> None:
    folder = altered(small, tmp_path)
    (tmp_path / "bleurt_config.json").write_text('{"max_seq_length": 16}')
    assert network_for(folder, "cpu", "float32", None).most == 16
    with pytest.raises(UsageError, match="from 5 to 16"):
        scores(["a"], ["b"], checkpoint=folder, device="cpu", max_length=17)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"checkpoint": "/nowhere/at/all"}, "no folder"),
        ({"batch_size": 0}, "batch_size"),
        ({"python": "python3"}, "tensorflow"),
        ({"engine": "tensorflow", "device": "cpu"}, "TensorFlow has its own"),
        ({"engine": "tensorflow", "python": "/nowhere/python"}, "cannot be started"),
    ],
)
def test_mistakes(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        scores(["a"], ["b"], **options)


# -- evaluation only


def test_a_recipe_must_monitor_it(small: dict[str, Any]) -> None:
    for wrong in (
        lambda: Recipe(bleurt(**small)),
        lambda: bleurt(**small) + rouge1(),
        lambda: Recipe(sum_of(bleurt(**small), rouge1(reference="reference"))),
        lambda: Recipe.from_toml("[reward.bleurt]\nweight = 0.5\n[reward.rouge1]\n"),
    ):
        with pytest.raises(RecipeError, match=r"reward\.bleurt: is for evaluation only \(BLEURT-20 has 579 million"):
            wrong()
    assert Recipe(bleurt(**small, training=True)).columns[0].options["training"]
    recipe = Recipe(bleurt(**small).monitor(), rouge1())
    assert Recipe.from_toml(recipe.to_toml()) == recipe
    rows = [{"completion": text, "reference": TEXTS[0]} for text in TEXTS]
    table = recipe.score(rows)
    assert table.raw[:, 0].tolist() == pytest.approx(scores(TEXTS, [TEXTS[0]] * len(TEXTS), **small), abs=1e-5)
    assert table.trained == ("rouge1",)


# -- the process of Google's package. TensorFlow is 600 MB and bleurt not on PyPI, so a package of bleurt's interface stands
# in for it: what is tested here is the process, its pipes and its ends.

STAND_IN = """
import sys, time
class BleurtScorer:
    def __init__(self, checkpoint):
        print("TensorFlow says something on standard output")
        if checkpoint == "absent":
            raise FileNotFoundError("Could not find BLEURT config file")
    def score(self, *, references, candidates, batch_size):
        print("and again")
        if "sleep" in candidates:
            time.sleep(60)
        if "die" in candidates:
            sys.exit("Out of memory")
        return [len(r) - len(c) / 10 for r, c in zip(references, candidates)]
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    package = tmp_path / "bleurt"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "score.py").write_text(textwrap.dedent(STAND_IN))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return {"engine": "tensorflow", "checkpoint": "BLEURT-20", "python": sys.executable}


def test_process(stand_in: dict[str, Any]) -> None:
    reward = find_reward("bleurt").function(**stand_in, timeout=20.0)
    assert reward(["ab", "가나다", "\ud800"], ["x", ["y", "yyy"], None])[:2] == pytest.approx([0.8, 2.7])
    many = reward(["a" * 100_000] * 30, ["b"] * 30)  # more than a pipe holds
    assert many == [1 - 10_000] * 30
    process = reward.scorer.process
    del reward
    assert process.wait(5) is not None


def test_a_process_that_hangs_is_ended(stand_in: dict[str, Any]) -> None:
    reward = find_reward("bleurt").function(**stand_in, timeout=2.0)
    with pytest.raises(ScoringError, match="did not answer within 2 s"):
        reward(["sleep"], ["a"])
    assert reward.scorer.process.poll() is not None
    with pytest.raises(ScoringError, match="ended"):
        reward(["a"], ["a"])


def test_a_process_that_dies_says_why(stand_in: dict[str, Any]) -> None:
    reward = find_reward("bleurt").function(**stand_in, timeout=20.0)
    with pytest.raises(ScoringError, match="Out of memory"):
        reward(["die"], ["a"])
    with pytest.raises(UsageError, match="Could not find BLEURT config file"):
        find_reward("bleurt").function(**stand_in | {"checkpoint": "absent"})


@pytest.mark.skipif("bleurt" in sys.modules, reason="the package is here")
def test_without_the_package() -> None:
    with pytest.raises(UsageError, match="No module named 'bleurt'"):
        scores(["a"], ["b"], engine="tensorflow", checkpoint="BLEURT-20")
