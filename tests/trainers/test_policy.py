from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, GPTNeoXConfig, GPTNeoXForCausalLM, Qwen3Config, Qwen3ForCausalLM

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package: helpers are found beside them

from tiny_policy import SIZE, tiny

from jeoul.errors import DataError, TrainingError
from jeoul.trainers.policy import Batch, before_update, sample, token_logp

PROMPTS = [[3, 4, 11, 5, 12], [7], [1, 2, 3], [9, 9, 11, 9, 12], [5, 11]]


def seeded(make):
    torch.manual_seed(0)
    return make().eval()


MODELS = {
    "llama": lambda: tiny(),
    "mixtral": lambda: tiny(experts=4),
    "qwen3": lambda: Qwen3ForCausalLM(Qwen3Config(**SIZE, head_dim=8)),
    "gpt2": lambda: GPT2LMHeadModel(
        GPT2Config(vocab_size=13, n_positions=32, n_embd=16, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0)
    ),
    "gpt_neox": lambda: GPTNeoXForCausalLM(GPTNeoXConfig(**{**SIZE, "bos_token_id": 0})),
}


@pytest.fixture(params=MODELS)
def model(request):
    return seeded(MODELS[request.param])


def alone(model, prompt, completion):
    """Log-softmax of one sequence, without padding, cache or chunks."""
    with torch.no_grad():
        logits = model(torch.tensor([prompt + completion])).logits[0].double()
    return logits.log_softmax(-1)[len(prompt) - 1 : -1].gather(1, torch.tensor(completion)[:, None])[:, 0]


def test_log_probabilities_are_those_of_each_sequence_alone(model):
    drawn = sample(model, PROMPTS, max_new_tokens=6, eos=0, generator=torch.Generator().manual_seed(1))
    again = token_logp(model, drawn.ids, drawn.prompt_mask).logp
    for row, (prompt, completion) in enumerate(zip(PROMPTS, drawn.completions(), strict=True)):
        expected, length = alone(model, prompt, completion).float(), len(completion)
        torch.testing.assert_close(drawn.logp[row, :length], expected, atol=2e-6, rtol=0)
        torch.testing.assert_close(again[row, :length], expected, atol=2e-6, rtol=0)


def test_greedy_is_what_generate_writes(model):
    drawn = sample(model, PROMPTS, max_new_tokens=6, eos=0, temperature=0)
    for prompt, completion in zip(PROMPTS, drawn.completions(), strict=True):
        ids = torch.tensor([prompt])
        options = {"max_new_tokens": 6, "do_sample": False, "pad_token_id": 0, "attention_mask": torch.ones_like(ids)}
        assert completion == model.generate(ids, **options)[0, len(prompt) :].tolist()


def test_a_completion_ends_with_the_end_token_and_nothing_counts_after_it():
    drawn = sample(seeded(tiny), PROMPTS * 20, max_new_tokens=8, eos=0, generator=torch.Generator().manual_seed(0))
    lengths = drawn.mask.sum(dim=1)
    assert lengths.min() < 8
    for row, completion in enumerate(drawn.completions()):
        assert 0 not in completion[:-1]
        assert completion[-1] == 0 or len(completion) == 8
        assert not drawn.logp[row, len(completion) :].any()


def test_tokens_are_drawn_as_often_as_their_probability_says():
    model, count = seeded(tiny), 20_000
    drawn = sample(
        model, [[3, 4]] * count, max_new_tokens=1, eos=0, temperature=0.5, generator=torch.Generator().manual_seed(0)
    )
    with torch.no_grad():
        expected = (model(torch.tensor([[3, 4]])).logits[0, -1] / 0.5).softmax(-1)
    seen = torch.bincount(drawn.ids[:, -1], minlength=13) / count
    assert float((seen - expected).abs().max()) < 5 * (0.25 / count) ** 0.5
    torch.testing.assert_close(drawn.logp[:, 0].exp(), expected[drawn.ids[:, -1]])


def test_the_gradient_is_that_of_plain_log_softmax():
    model = seeded(tiny)
    drawn = sample(model, PROMPTS[:1] * 3, max_new_tokens=4, eos=0, generator=torch.Generator().manual_seed(0))
    (token_logp(model, drawn.ids, drawn.prompt_mask).logp * drawn.mask).sum().backward()
    ours = [weight.grad.clone() for weight in model.parameters()]
    model.zero_grad()
    logits = model(drawn.ids).logits[:, 4:-1].log_softmax(-1)
    (logits.gather(2, drawn.ids[:, 5:, None])[..., 0] * drawn.mask).sum().backward()
    for own, weight in zip(ours, model.parameters(), strict=True):
        torch.testing.assert_close(own, weight.grad, atol=1e-5, rtol=1e-4)


def test_entropy_is_of_the_distribution_at_the_temperature():
    model = seeded(tiny)
    ids = torch.tensor([[3, 4, 5]])
    found = token_logp(model, ids, torch.ones(1, 2, dtype=torch.bool), temperature=2.0).entropy
    logp = (model(ids).logits[0, 1] / 2).log_softmax(-1)
    torch.testing.assert_close(found[0, 0], -(logp.exp() * logp).sum())


def test_experts_are_those_the_router_prefers_at_completion_tokens():
    model = seeded(MODELS["mixtral"])
    drawn = sample(model, PROMPTS, max_new_tokens=4, eos=0, generator=torch.Generator().manual_seed(0))
    batch = Batch(*drawn, torch.zeros(5), torch.arange(5))
    experts = before_update(batch, model).experts
    assert experts.shape == (*drawn.mask.shape, 2, 2)
    seen, router = [], model.model.layers[1].mlp.gate
    hook = router.register_forward_hook(lambda module, args, out: seen.append(args[0]))
    prompt, completion = PROMPTS[1], drawn.completions()[1]
    model(torch.tensor([prompt + completion]))
    hook.remove()
    logits = torch.nn.functional.linear(seen[0].flatten(0, -2), router.weight)[len(prompt) - 1 : -1]
    expected = logits.topk(2, dim=-1).indices.sort().values
    assert torch.equal(experts[1, : len(completion), 1].sort().values, expected)


def test_what_cannot_be_sampled_is_refused():
    with pytest.raises(DataError, match="no tokens"):
        sample(seeded(tiny), [[3], []], max_new_tokens=2, eos=0)
    model = seeded(tiny)
    torch.nn.init.constant_(model.lm_head.weight, float("nan"))
    with pytest.raises(TrainingError, match="diverged"):
        sample(model, [[3]], max_new_tokens=2, eos=0)
