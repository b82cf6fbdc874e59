"""A model's token embeddings at one layer, with those of references kept from call to call."""

from __future__ import annotations

import functools
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from jeoul.errors import UsageError
from jeoul.rewards._checkpoints import Dtype, batches, loaded, on_device, readable
from jeoul.rewards.tokenizers.tokenizer import Recent

__all__ = ["Encoder", "Tokens", "encoder_for"]

CACHE_BYTES = 256_000_000
"""Of reference embeddings, an encoder: at 37 tokens of 768 numbers about 2,200 references."""
_CHARACTERS_A_TOKEN = 200
"""A text is cut at so many times its most tokens before it is tokenized, as 10 MB would take seconds to."""
_LAYERS = ("encoder.layer", "encoder.layers", "encoder.block", "transformer.layer", "layer", "layers", "block")
"""Where models of transformers have their layers: BERT, BART, T5, DistilBERT, XLNet, encoders of their own."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text as the model reads it: token numbers with the special ones, and whether it was cut.

    The numbers are held as bytes: a ninth of a tuple's memory, and their hash is computed once.
    """

    numbers: bytes
    cut: bool

    @property
    def ids(self) -> array[int]:
        """Token numbers."""
        return array("i", self.numbers)

    def __len__(self) -> int:
        return len(self.numbers) // array("i").itemsize


@functools.lru_cache(maxsize=4)
def encoder_for(model: str, layer: int, device: str | None, dtype: Dtype, max_length: int | None) -> Encoder:
    """One for each process, whatever columns use it."""
    return Encoder(model, layer, device, dtype, max_length)


class Encoder:
    """The first ``layer`` layers of a model, and its tokenizer."""

    def __init__(self, model: str, layer: int, device: str | None, dtype: Dtype, max_length: int | None) -> None:
        import torch
        from transformers import AutoModel, AutoTokenizer

        self.name, self.layer = model, layer
        self.device = on_device(device)
        self.tokenizer: Any = loaded(AutoTokenizer.from_pretrained, model)
        whole: Any = loaded(AutoModel.from_pretrained, model)
        self.most = _most_tokens(model, self.tokenizer, whole.config, max_length)
        self.network = _first_layers(whole, layer, model).eval().to(self.device, getattr(torch, dtype))
        self.pad = self.tokenizer.pad_token_id or 0
        self.special = frozenset({self.tokenizer.cls_token_id, self.tokenizer.sep_token_id} - {None})
        self.kept: Recent[Any] = Recent(CACHE_BYTES)

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Token numbers of each text; its white space at both ends is dropped, as bert-score does."""
        safe = [readable(text, self.most * _CHARACTERS_A_TOKEN) for text in texts]
        ids = self._cut_at(self.most + 1, [text for text, _ in safe])  # one more than counts shows what was cut
        long = [index for index, found in enumerate(ids) if len(found) > self.most]
        for index, found in zip(long, self._cut_at(self.most, [safe[index][0] for index in long]), strict=True):
            ids[index] = found
        cut = set(long)
        return [Tokens(array("i", row).tobytes(), index in cut or safe[index][1]) for index, row in enumerate(ids)]

    def _cut_at(self, most: int, texts: list[str]) -> list[list[int]]:
        if not texts:
            return []
        options = {"return_attention_mask": False, "return_token_type_ids": False}
        found = self.tokenizer(texts, truncation=True, max_length=most, **options)["input_ids"]
        return [list(row) for row in found]

    def embedded(self, tokens: Iterable[Tokens], most: int) -> dict[Tokens, Any]:
        """Unit vectors of the tokens of each text, float32 [tokens, size]; ``most`` texts a pass at most."""
        import torch

        wanted = list(dict.fromkeys(tokens))
        found: dict[Tokens, Any] = {}
        with torch.inference_mode():
            for batch in batches(list(map(len, wanted)), most, self.device):
                rows = [wanted[index].ids for index in batch]
                ids = torch.full((len(rows), len(rows[0])), self.pad)
                mask = torch.zeros_like(ids)
                for row, numbers in enumerate(rows):
                    ids[row, : len(numbers)] = torch.tensor(numbers.tolist())
                    mask[row, : len(numbers)] = 1
                output = self.network(ids.to(self.device), attention_mask=mask.to(self.device))[0]
                unit = torch.nn.functional.normalize(output.float(), dim=-1)
                for row, index in enumerate(batch):  # copied: a view would keep the padding alive
                    found[wanted[index]] = unit[row, : len(rows[row])].clone()
        return found

    def references(self, tokens: Iterable[Tokens], most: int) -> dict[Tokens, Any]:
        """The same for references, remembered: a group shares one, and an epoch comes back to it."""
        wanted = dict.fromkeys(tokens)
        found = {item: vectors for item in wanted if (vectors := self.kept.get(item)) is not None}
        new = self.embedded((item for item in wanted if item not in found), most)
        for item, vectors in new.items():
            self.kept.put(item, vectors, vectors.numel() * vectors.element_size())
        return found | new


def _most_tokens(model: str, tokenizer: Any, config: Any, asked: int | None) -> int:
    """Tokens of a text at most: what tokenizer and model allow, or fewer; at least one beside the special ones."""
    allowed = int(min(tokenizer.model_max_length, 1_000_000))
    positions = getattr(config, "max_position_embeddings", None)
    if isinstance(positions, int) and positions > 0:
        taken = config.pad_token_id + 1 if config.model_type in _POSITIONS_AFTER_PAD else 0
        allowed = min(allowed, positions - taken)
    allowed = min(allowed, 4096)
    least: int = tokenizer.num_special_tokens_to_add() + 1
    if asked is None:
        return max(allowed, least)
    if not least <= asked <= allowed:
        raise UsageError(f"max_length must be from {least} to {allowed} tokens for the model {model!r}, not {asked}")
    return asked


_POSITIONS_AFTER_PAD = ("roberta", "xlm-roberta", "camembert", "mpnet", "longformer", "bertweet", "xlm-roberta-xl")
"""Types of models that number positions from the padding's number on: RoBERTa's 514 hold 512 tokens."""


def _first_layers(whole: Any, layer: int, name: str) -> Any:
    """The encoder with its first ``layer`` layers, as bert-score cuts it: what follows the layers (a norm) stays."""
    network = whole.encoder if hasattr(whole, "decoder") and hasattr(whole, "encoder") else whole
    if hasattr(network, "n_layers"):  # XLM
        _check_depth(name, layer, network.n_layers)
        network.n_layers = layer
        return network
    if hasattr(network, "encoder") and hasattr(network.encoder, "albert_layer_groups"):  # one layer, gone through again
        _check_depth(name, layer, network.config.num_hidden_layers)
        network.config.num_hidden_layers = layer
        network.encoder.config.num_hidden_layers = layer
        return network
    for path in _LAYERS:
        owner, last = network, path.rpartition(".")[2]
        for part in path.split(".")[:-1]:
            owner = getattr(owner, part, None)
        layers = getattr(owner, last, None)
        if layers is not None:
            _check_depth(name, layer, len(layers))
            setattr(owner, last, layers[:layer])
            return network
    raise UsageError(f"{name!r} is a {type(whole).__name__}, whose layers cannot be told; bertscore needs an encoder")


def _check_depth(name: str, layer: int, depth: int) -> None:
    if not 0 <= layer <= depth:
        raise UsageError(f"num_layers must be from 0 to {depth} for the model {name!r}, not {layer}")
