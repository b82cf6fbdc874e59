"""The flat loop: sample, score with a recipe, make advantages, update, write down, again. To read and to compare with.

One process, one device, no trainer class; anything bigger is TRL's or verl's work. What it decides for itself:

- π_old is the sampler's own log-probability of each token, at the sampling temperature: no pass to compute it again.
- The model stays in eval mode: dropout would make π_θ another policy than the one that sampled.
- A step's random numbers (prompts, samples, minibatches) come from (seed, step) alone: runs with another estimator or
  objective see the same ones, and a resumed run goes on bit for bit.
- Every minibatch is one step of AdamW (no weight decay, constant rate) with gradients clipped by norm.

Shape legend: N prompts, G completions of each, B = N·G rows, P prompt and T completion positions, K columns.
"""

from __future__ import annotations

import copy
import inspect
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from jeoul.errors import DataError, UsageError, did_you_mean
from jeoul.rewards.recipes.recipe import Recipe
from jeoul.rollouts import Rollouts
from jeoul.trainers import monitor, monitor_moe
from jeoul.trainers.advantages import estimator
from jeoul.trainers.kl import kl_penalty
from jeoul.trainers.loop_files import Run
from jeoul.trainers.loop_metrics import Met, reward_metrics, routing_metrics
from jeoul.trainers.losses import Loss, default_aggregation, policy_loss
from jeoul.trainers.policy import Batch, Tokenizer, Tokens, before_update, finite, sample, token_logp
from jeoul.trainers.presets import preset

if TYPE_CHECKING:
    from jeoul.rewards.tables.table import RewardTable

__all__ = ["Prompts", "Settings", "advantages_of", "collect", "loss_of", "train", "update"]

Prompts = Callable[[random.Random, int], Sequence[Mapping[str, Any]]]
"""``(rng, n)`` → n rows with "prompt" and the columns that the recipe reads; random by ``rng`` alone."""
COUNTS = ("steps", "prompts", "group", "max_new_tokens", "epochs", "minibatches", "save_every", "evaluate_every")


@dataclass(frozen=True)
class Settings:
    """How to train. The estimator is the recipe's: ``recipe.normalise("gdpo")``.

    Attributes:
        steps: batches to sample.
        prompts, group: N prompts a step, G completions of each.
        max_new_tokens: where a completion is cut.
        temperature: of sampling, and of every log-probability.
        objective: a name in ``jeoul.trainers.losses``, with its ``objective_options``. ``length``, where it is needed
            and not given, is ``max_new_tokens``.
        epochs, minibatches: passes over a batch, and optimiser steps in each, on whole groups; all but the first step
            see stale samples.
        beta: coefficient of the k3 penalty towards the reference; 0 is without.
        router_loss: coefficient of the load-balancing loss of a mixture of experts.
        workers: processes for rewards, as in ``Recipe.score``; 0 is this one, without deadlines.
        save_every, evaluate_every: in steps; the last step is always saved and evaluated.
    """

    steps: int = 100
    prompts: int = 32
    group: int = 8
    max_new_tokens: int = 64
    temperature: float = 1.0
    objective: str = "grpo"
    objective_options: Mapping[str, Any] = field(default_factory=dict)
    learning_rate: float = 1e-4
    max_grad_norm: float = 1.0
    epochs: int = 1
    minibatches: int = 1
    beta: float = 0.0
    router_loss: float = 0.0
    seed: int = 0
    workers: int | None = None
    save_every: int = 50
    evaluate_every: int = 10

    def __post_init__(self) -> None:
        for name in COUNTS:
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise UsageError(f"{name} must be a whole number of at least 1, not {getattr(self, name)!r}")
        for name in ("temperature", "learning_rate", "max_grad_norm"):
            if not getattr(self, name) > 0:
                raise UsageError(f"{name} must be above 0, not {getattr(self, name)!r}")
        if self.prompts % self.minibatches:
            raise UsageError(f"{self.prompts} prompts do not make {self.minibatches} equal minibatches of whole groups")
        takes = inspect.signature(policy_loss(self.objective)).parameters
        for name in self.objective_options:
            if name not in takes:
                hint = did_you_mean(name, takes)
                raise UsageError(
                    f"{self.objective} has no option {name!r}{hint}; it takes {', '.join(list(takes)[4:])}"
                )


def train(
    model: Any,
    tokenizer: Tokenizer,
    prompts: Prompts,
    recipe: Recipe,
    settings: Settings,
    *,
    folder: Path | None = None,
    reference: Any = None,
    evaluate: Callable[[Any], Mapping[str, float]] | None = None,
    after_step: Callable[[Mapping[str, Any]], object] | None = None,
) -> list[dict[str, Any]]:
    """Train the model in place; the metrics of every step, the first of which is 1.

    Args:
        model: a causal language model of transformers, dense or a mixture of experts.
        prompts: see :data:`Prompts`.
        recipe: columns, weights and estimator.
        folder: for ``metrics.jsonl`` and ``checkpoint.pt``; the same run goes on from what is there.
        reference: for ``beta``; default a copy of the model as given.
        evaluate: called with the model; its figures join the metrics as ``eval/<name>``.
        after_step: told the metrics of each step.

    Raises:
        TrainingError: a log-probability or gradient is not finite any more; nothing was updated with it.
        UsageError: the folder holds another run.
    """
    if settings.beta and reference is None:
        reference = copy.deepcopy(model)
    model.eval()
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.learning_rate, weight_decay=0.0)
    with Run(folder, asdict(settings) | {"recipe": recipe.fingerprint}) as run:
        for step in range(run.resume(model, optimizer) + 1, settings.steps + 1):
            start, last = time.perf_counter(), step == settings.steps
            rng = random.Random(f"{settings.seed} {step}")
            rows = prompts(rng, settings.prompts)
            generator = torch.Generator(model.device).manual_seed(rng.getrandbits(62))
            batch, metrics = collect(model, tokenizer, rows, recipe, settings, generator, step, reference)
            metrics |= update(model, optimizer, batch, settings, generator)
            spent = time.perf_counter() - start
            metrics |= {"seconds": spent, "length": batch.mask.sum(dim=1).double().mean()}
            metrics |= monitor.throughput(spent, tokens=int(batch.mask.sum()), sequences=len(batch.mask))
            if evaluate is not None and (last or step % settings.evaluate_every == 0):
                metrics |= {f"eval/{name}": figure for name, figure in evaluate(model).items()}
            written = run.write(step, metrics)
            if last or step % settings.save_every == 0:
                run.save(step, model, optimizer)
            if after_step is not None:
                after_step(written)
        return run.metrics


def collect(
    model: Any,
    tokenizer: Tokenizer,
    rows: Sequence[Mapping[str, Any]],
    recipe: Recipe,
    settings: Settings,
    generator: torch.Generator,
    step: int = 0,
    reference: Any = None,
) -> tuple[Batch, dict[str, Any]]:
    """Sample G completions of each row's prompt, score them, make their advantages; and the figures of the rewards."""
    if len(rows) != settings.prompts or any("prompt" not in row or row.keys() != rows[0].keys() for row in rows):
        raise DataError(
            f"expected {settings.prompts} rows with the same columns, 'prompt' among them; {len(rows)} came"
        )
    repeated = [row for row in rows for _ in range(settings.group)]
    ids, eos = [list(tokenizer.encode(row["prompt"])) for row in repeated], tokenizer.eos_token_id
    if not isinstance(eos, int):
        raise UsageError(f"the tokenizer's eos_token_id is {eos!r}: a completion needs a token to end with; set one")
    limit, temperature = settings.max_new_tokens, settings.temperature
    drawn = sample(model, ids, max_new_tokens=limit, eos=eos, temperature=temperature, generator=generator)
    written = drawn.completions()
    texts = [tokenizer.decode(row[:-1] if row[-1] == eos else row) for row in written]
    columns = {name: [row[name] for row in repeated] for name in rows[0]}
    columns |= {"completion": texts, "completion_ids": written}
    groups = np.arange(len(texts)) // settings.group
    rollouts = Rollouts.from_columns(columns, groups, "completion", "prompt")
    table = recipe.score(rollouts, step=step, workers=settings.workers)
    advantages = advantages_of(table, drawn.mask.sum(dim=1)).to(drawn.logp)
    batch = Batch(*drawn, advantages, torch.from_numpy(groups).to(model.device))
    return before_update(batch, model, reference if settings.beta else None, temperature), reward_metrics(table)


def advantages_of(table: RewardTable, lengths: Tensor) -> Tensor:
    """Advantages [B] by the recipe's estimator, in float64; lengths [B] in tokens are for presets that need them."""
    how = table.info["advantage"]
    options = dict(how["options"])
    if preset(options.get("preset", "paper")).batch == "token":
        options["lengths"] = lengths
    weights = [float(table.weights[table.index(name)]) for name in table.trained]
    rewards, groups = table.tensor(dtype=torch.float64), torch.from_numpy(table.groups.copy())
    return estimator(how["estimator"])(rewards, groups, weights, **options)


def update(
    model: Any, optimizer: torch.optim.Optimizer, batch: Batch, settings: Settings, generator: torch.Generator
) -> dict[str, Tensor]:
    """Epochs × minibatches of optimiser steps on one batch; the figures of what the objective met."""
    met = Met()
    for _ in range(settings.epochs):
        order = torch.randperm(settings.prompts, generator=generator, device=model.device)
        for chosen in order.chunk(settings.minibatches):
            part = batch.rows(torch.isin(batch.groups, chosen).nonzero().flatten())
            tokens = token_logp(model, part.ids, part.prompt_mask, temperature=settings.temperature)
            finite(tokens.logp[part.mask], "the log-probabilities of the sampled tokens")
            loss = loss_of(tokens, part, settings)
            optimizer.zero_grad()
            torch.autograd.backward(loss.value)
            norm = torch.nn.utils.clip_grad_norm_(model.parameters(), settings.max_grad_norm)
            finite(norm, "the gradients")
            optimizer.step()
            figures = {"loss": loss.value, "entropy": monitor.mean_entropy(tokens.entropy, part.mask), **loss.metrics}
            figures |= {"grad_norm": norm, "grad_norm/min": norm, "grad_norm/max": norm}
            if tokens.router is not None and part.experts is not None:
                figures |= routing_metrics(tokens.router, part.experts, part.mask)
            met.add(figures, tokens.logp, part.old_logp, part.mask)
    return met.metrics()


def loss_of(tokens: Tokens, batch: Batch, settings: Settings) -> Loss:
    """The objective, the penalty towards the reference and the load-balancing loss, as far as they are asked for."""
    options = dict(settings.objective_options)
    how = options.get("aggregation", default_aggregation(settings.objective)) or "token_mean"
    if how == "sequence_mean_token_sum_norm":
        options.setdefault("length", settings.max_new_tokens)
    if settings.objective == "gvpo":
        options["groups"] = batch.groups
    loss = policy_loss(settings.objective)(tokens.logp, batch.old_logp, batch.advantages, batch.mask, **options)
    if batch.ref_logp is not None:
        averaged: dict[str, Any] = {"aggregation": how, "length": options.get("length")}
        loss += kl_penalty(tokens.logp, batch.ref_logp, batch.mask, coefficient=settings.beta, **averaged)
    if settings.router_loss and tokens.router is not None and batch.experts is not None:
        chosen = batch.experts.shape[-1]
        uneven = monitor_moe.auxiliary_loss(tokens.router, chosen, batch.mask.flatten()).mean()
        loss += Loss(settings.router_loss * uneven, {"moe/auxiliary_loss": uneven.detach()})
    return loss
