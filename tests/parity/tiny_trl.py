"""A language model of a few thousand parameters, made here without a download, in TRL's own GRPOTrainer."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from parity_cases import Table
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import Tensor
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM
from trl import GRPOConfig, GRPOTrainer

WORDS = ["<pad>", "<eos>", "<unk>", *(f"w{number}" for number in range(29))]


def tiny_model(folder: Path) -> str:
    """Write model and tokenizer into the folder; gives its path, for TRL to load policy and reference from."""
    vocabulary = {word: number for number, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>", padding_side="left"
    )
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=len(WORDS),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        eos_token_id=1,
        pad_token_id=0,
    )
    Qwen2ForCausalLM(config).to(torch.float64).save_pretrained(folder)
    return str(folder)


class Recorder(GRPOTrainer):
    """TRL's trainer, with notes of what it computes: each method is TRL's own, called and copied."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.rewards: list[Tensor] = []
        self.advantages: list[Tensor] = []
        self.losses: list[tuple[dict[str, Any], Tensor, Tensor]] = []  # inputs, log-probabilities, loss
        super().__init__(*args, **kwargs)

    def _calculate_rewards(self, *args: Any, **kwargs: Any) -> Tensor:
        rewards = super()._calculate_rewards(*args, **kwargs)
        self.rewards.append(rewards.clone())
        return rewards

    def _generate_and_score_completions(self, inputs: Any) -> Any:
        output = super()._generate_and_score_completions(inputs)
        self.advantages.append(output["advantages"].clone())
        return output

    def _get_per_token_logps_and_entropies(self, *args: Any, **kwargs: Any) -> Any:
        result = super()._get_per_token_logps_and_entropies(*args, **kwargs)
        self.logps = result[0]
        return result

    def _compute_loss(self, model: Any, inputs: Any) -> Tensor:
        loss = super()._compute_loss(model, inputs)
        self.losses.append((inputs, self.logps.detach().clone(), loss.detach().clone()))
        return loss


def trainer(model: str, tables: list[Table], **options: Any) -> Recorder:
    """A trainer whose reward functions read the tables off, one a step, whatever the model writes."""

    def column(k: int) -> Any:
        def reward(completions: list[str], trainer_state: Any, **_: Any) -> list[float | None]:
            cells = tables[trainer_state.global_step % len(tables)].rewards[:, k].tolist()
            assert len(cells) == len(completions)
            return [None if cell != cell else cell for cell in cells]

        reward.__name__ = f"column_{k}"
        return reward

    rows, size = len(tables[0].rewards), tables[0].size
    config = GRPOConfig(
        **{
            "output_dir": tempfile.gettempdir(),
            "per_device_train_batch_size": rows,
            "num_generations": size,
            "max_completion_length": 6,
            "max_steps": len(tables),
            "reward_weights": tables[0].weights,
            "report_to": [],
            "save_strategy": "no",
            "logging_strategy": "no",
            "disable_tqdm": True,
            "use_cpu": True,
            "bf16": False,
            "learning_rate": 1e-2,
        }
        | options
    )
    data = Dataset.from_dict({"prompt": [f"w{number} w{number + 1}" for number in range(8)]})
    rewards = [column(k) for k in range(tables[0].rewards.shape[1])]
    return Recorder(model, rewards, config, data, processing_class=PreTrainedTokenizerFast.from_pretrained(model))
