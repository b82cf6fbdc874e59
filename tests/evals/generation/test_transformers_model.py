from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from drawing_by_hand import by_hand
from tiny_lm import make_model

from jeoul.errors import UsageError
from jeoul.evals.generation import Failure, Request, Sample, Sampling, open_backend, requests_for
from jeoul.evals.generation.transformers_model import TransformersModel

PROMPTS = {f"p{number}": "가 word " * (number % 5) + str(number) for number in range(8)}
SAMPLED = Sampling(temperature=1.0, top_p=0.9, max_tokens=40, n=2)


def opened(model: Path, **options: Any) -> Any:
    return open_backend("transformers", str(model), **{"dtype": "float32", "device": "cpu", **options})


def results(backend: Any, requests: Sequence[Request], sampling: Sampling) -> dict[tuple[str, int], Any]:
    async def collect() -> dict[tuple[str, int], Any]:
        found = [result async for result in backend.generate(requests, sampling)]
        assert len(found) == len({result.key for result in found}) == len(requests)
        return {result.key: result for result in found}

    return asyncio.run(collect())


def told(found: dict[tuple[str, int], Sample]) -> dict[tuple[str, int], tuple[Any, ...]]:
    return {key: (one.completion, one.finish_reason, one.completion_tokens) for key, one in found.items()}


@pytest.mark.parametrize("sampling", [Sampling(max_tokens=40), SAMPLED, Sampling(1.0, 1.0, 40, 2, stop=("e", "가"))])
def test_batch_and_order_change_nothing(model: Path, sampling: Sampling) -> None:
    requests = requests_for(PROMPTS, sampling.n, seed=3)
    alone = told(results(opened(model, batch_size=1), requests, sampling))
    for size in (3, 7, 16):
        shuffled = random.Random(size).sample(requests, len(requests))
        assert told(results(opened(model, batch_size=size), shuffled, sampling)) == alone
    half = told(results(opened(model, batch_size=16), requests[::2], sampling))
    assert half == {request.key: alone[request.key] for request in requests[::2]}
    assert len({completion for completion, *_ in alone.values()}) > len(PROMPTS) * sampling.n * 0.8


@pytest.mark.parametrize("sampling", [Sampling(max_tokens=25), Sampling(0.8, 0.9, 25, 2)])
def test_is_the_model_step_by_step(model: Path, sampling: Sampling) -> None:
    """Without generate, cache, batch or padding: the whole text through the model for every token."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    plain: Any = AutoModelForCausalLM.from_pretrained(model, dtype="float32").eval()
    requests = requests_for(PROMPTS, sampling.n, seed=1)
    found = results(opened(model), requests, sampling)
    for request in requests:
        ids, chance = tokenizer(request.prompt)["input_ids"], random.Random(request.seed)
        written: list[int] = []
        while len(written) < sampling.max_tokens and tokenizer.eos_token_id not in written:
            with torch.inference_mode():
                logits = plain(torch.tensor([ids + written])).logits[0, -1]
            if sampling.greedy:
                written.append(int(logits.argmax()))
            else:
                written.append(by_hand(logits.tolist(), chance.random(), sampling.temperature, sampling.top_p))
        one = found[request.key]
        assert one.completion == tokenizer.decode(written, skip_special_tokens=True)
        assert (one.prompt_tokens, one.completion_tokens) == (len(ids), len(written))
        assert one.finish_reason == ("stop" if tokenizer.eos_token_id in written else "length")


def test_seeds_make_samples(model: Path) -> None:
    prompts = {"p": "x"}
    first = results(opened(model), requests_for(prompts, 8, seed=0), SAMPLED)
    again = results(opened(model), requests_for(prompts, 8, seed=0), SAMPLED)
    other = results(opened(model), requests_for(prompts, 8, seed=1), SAMPLED)
    assert told(first) == told(again)
    assert len({one.completion for one in (*first.values(), *other.values())}) == 16


def test_how_completions_end(model: Path) -> None:
    sampling = Sampling(1.0, 1.0, 200, 40)
    ended = list(results(opened(model), requests_for({"p": "x"}, 40, 0), sampling).values())
    by_reason = {reason: [one for one in ended if one.finish_reason == reason] for reason in ("stop", "length")}
    assert min(map(len, by_reason.values())) > 3  # both happen
    assert all(one.completion_tokens < 200 for one in by_reason["stop"])
    assert all(one.completion_tokens == 200 for one in by_reason["length"])
    assert not any("<end>" in one.completion or "<pad>" in one.completion for one in ended)


def test_stop_texts_end_completions_and_are_no_part_of_them(model: Path) -> None:
    requests = requests_for({"p": "x"}, 20, 0)
    free = results(opened(model), requests, Sampling(1.0, 1.0, 100, 20))
    words = ("e", "B")
    for key, one in results(opened(model), requests, Sampling(1.0, 1.0, 100, 20, stop=words)).items():
        cuts = [at for word in words if (at := free[key].completion.find(word)) >= 0]
        assert one.completion == free[key].completion[: min(cuts, default=None)]
        assert one.finish_reason == ("stop" if cuts else free[key].finish_reason)
        assert one.completion_tokens <= free[key].completion_tokens


def test_the_context_ends_a_completion(tmp_path: Path) -> None:
    small = make_model(tmp_path, context=32)
    prompts = {"fits": "x" * 10, "just": "x" * 31, "full": "x" * 32, "over": "x" * 99}
    found = results(opened(small), requests_for(prompts, 1, 0), Sampling(max_tokens=500))
    assert isinstance(found["fits", 0], Sample)
    assert found["fits", 0].completion_tokens <= 22
    assert found["just", 0].completion_tokens == 1
    for name, length in (("full", 32), ("over", 99)):
        assert found[name, 0] == Failure(name, 0, f"the prompt has {length} tokens and the model reads 32")


def test_chats_go_through_the_template(model: Path) -> None:
    chat = [{"role": "system", "content": "S"}, {"role": "user", "content": [{"type": "text", "text": "가?"}]}]
    text = "<system>S\n<user>가?\n<assistant>"
    found = results(opened(model), requests_for({"chat": chat, "text": text}, 1, 0), Sampling(max_tokens=30))
    assert found["chat", 0].completion == found["text", 0].completion
    assert found["chat", 0].prompt_tokens == len(text.encode())


def test_hostile_prompts(model: Path) -> None:
    prompts = {"surrogate": "\ud800", "zero": "\0", "empty": "", "mark": "<end><pad>", "right": "é" * 50}
    found = results(opened(model), requests_for(prompts, 1, 0), Sampling(max_tokens=5))
    assert found["empty", 0] == Failure("empty", 0, "the prompt has no token")
    assert found["surrogate", 0].prompt_tokens == len("\ufffd".encode())
    assert all(isinstance(found[name, 0], Sample) for name in ("zero", "mark", "right"))


def test_a_batch_that_does_not_fit_is_halved(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = requests_for(PROMPTS, 1, 0)
    expected, backend, sizes = told(results(opened(model), requests, SAMPLED)), opened(model), []
    complete = TransformersModel._complete

    def short_of_memory(self: Any, batch: Any, sampling: Any, limit: int = 3) -> Any:
        sizes.append(len(batch))
        if len(batch) > limit:
            raise torch.cuda.OutOfMemoryError
        return complete(self, batch, sampling)

    monkeypatch.setattr(TransformersModel, "_complete", short_of_memory)
    assert told(results(backend, requests, SAMPLED)) == expected
    assert sizes == [8, 4, 2, 2, 4, 2, 2]
    monkeypatch.setattr(TransformersModel, "_complete", lambda *args: short_of_memory(*args, limit=0))
    with pytest.raises(UsageError, match="do not fit into the GPU's memory"):
        results(backend, requests, SAMPLED)


def test_identity(model: Path, tmp_path: Path) -> None:
    identity = opened(model).identity()
    assert identity["dtype"] == "float32"
    assert opened(model).identity() == identity
    copy = tmp_path / "copy"
    shutil.copytree(model, copy)
    assert opened(copy).identity() == identity | {"model": str(copy)}
    (copy / "trainer_state.json").write_text("{}")
    assert opened(copy).identity()["weights"] == identity["weights"]
    data = bytearray((copy / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (copy / "model.safetensors").write_bytes(data)
    assert opened(copy).identity()["weights"] != identity["weights"]
    assert opened(model, dtype="bfloat16").identity() == identity | {"dtype": "bfloat16"}


def test_nothing_is_loaded_for_nothing_owed(model: Path) -> None:
    backend = opened(model)
    assert results(backend, [], SAMPLED) == {}
    assert backend.model is None


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("transformers", {"dtype": "float8"}, "dtype is 'float8'; it is one of auto"),
        ("transformers", {"batch_size": 0}, "batch_size is 0"),
        ("transformers", {"batchsize": 1}, r"no option 'batchsize' \(did you mean 'batch_size'\?\)"),
        ("transformer", {}, r"no backend 'transformer' \(did you mean 'transformers'\?\)"),
    ],
)
def test_refuses(model: Path, name: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        open_backend(name, str(model), **options)


def test_no_model(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be loaded"):
        open_backend("transformers", str(tmp_path))


def test_no_template_and_no_images(model: Path, tmp_path: Path) -> None:
    chat = {"p": [{"role": "user", "content": "x"}]}
    with pytest.raises(UsageError, match="has no chat template"):
        results(opened(make_model(tmp_path, template=False)), requests_for(chat, 1, 0), SAMPLED)
    image = {"p": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:"}}]}]}
    with pytest.raises(UsageError, match="a part of type 'image_url'"):
        results(opened(model), requests_for(image, 1, 0), SAMPLED)


def test_one_at_a_time_any_dtype_is_repeatable(model: Path) -> None:
    requests = requests_for(PROMPTS, 2, seed=3)
    backend = opened(model, batch_size=1, dtype="bfloat16")
    whole = told(results(backend, requests, SAMPLED))
    assert told(results(backend, requests[::-2], SAMPLED)) == {one.key: whole[one.key] for one in requests[::-2]}
