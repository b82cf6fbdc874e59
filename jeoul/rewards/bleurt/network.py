"""BLEURT in PyTorch: a converted checkpoint in the classes of transformers, every weight of it accounted for.

BLEURT-20 is RemBERT (embeddings narrower than the layers, a linear map between) with a tanh pooler over [CLS] and one
linear output; the checkpoints before it are BERT with the same on top. Names of weights as converted by bleurt-pytorch
(Di Liello 2022), whose model classes no released transformers has.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jeoul.errors import DataError, UsageError, listed
from jeoul.rewards._checkpoints import Dtype, batches, loaded, on_device
from jeoul.rewards.bleurt.pieces import pieces_in

__all__ = ["Network", "network_for"]

_FILES = ["*.json", "*.safetensors", "*.bin", "*.model", "vocab.txt"]
_SIZES = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "max_position_embeddings",
)


@functools.lru_cache(maxsize=2)
def network_for(checkpoint: str, device: str | None, dtype: Dtype, max_length: int | None) -> Network:
    """One for each process, whatever columns use it."""
    return Network(checkpoint, device, dtype, max_length)


class Network:
    """A checkpoint that scores pairs of texts."""

    def __init__(self, checkpoint: str, device: str | None, dtype: Dtype, max_length: int | None) -> None:
        import torch

        self.device = on_device(device)
        folder = _folder(checkpoint)
        config = _json(folder / "config.json")
        self.pieces = pieces_in(folder)
        allowed = _sizes(config, folder)["max_position_embeddings"]
        if (folder / "bleurt_config.json").is_file():
            allowed = min(allowed, _json(folder / "bleurt_config.json").get("max_seq_length", allowed))
        if max_length is not None and not 5 <= max_length <= allowed:
            raise UsageError(f"max_length must be from 5 to {allowed} tokens for {checkpoint!r}, not {max_length}")
        self.most = max_length or allowed
        model = _model(config, folder)
        _fill(model, _weights(folder), folder)
        self.model = model.eval().to(self.device, getattr(torch, dtype))

    def scores(self, references: Sequence[str], candidates: Sequence[str], most: int) -> list[tuple[float, bool]]:
        """Of each pair the score, and whether it was cut; ``most`` pairs a pass at most, those of like length."""
        import torch

        read = {text: self.pieces.read(text, self.most) for text in dict.fromkeys([*references, *candidates])}
        pairs = [self.pieces.joined(read[r], read[c], self.most) for r, c in zip(references, candidates, strict=True)]
        wanted = list(dict.fromkeys(pairs))
        found: dict[Any, float] = {}
        with torch.inference_mode():
            for batch in batches([len(pair.ids) for pair in wanted], most, self.device):
                rows = [wanted[index] for index in batch]
                ids = torch.zeros(len(rows), len(rows[0].ids), dtype=torch.long)
                mask, segments = torch.zeros_like(ids), torch.zeros_like(ids)
                for row, pair in enumerate(rows):
                    ids[row, : len(pair.ids)] = torch.tensor(pair.ids)
                    mask[row, : len(pair.ids)] = 1
                    segments[row, pair.first : len(pair.ids)] = 1
                inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": segments}
                output = self.model(**{name: value.to(self.device) for name, value in inputs.items()}).logits
                found.update(zip(rows, output[:, 0].float().tolist(), strict=True))
        return [(found[pair], pair.cut) for pair in pairs]


def _folder(checkpoint: str) -> Path:
    if Path(checkpoint).is_dir():
        return Path(checkpoint)
    if Path(checkpoint).is_absolute():
        raise UsageError(f"there is no folder {checkpoint}")
    from huggingface_hub import snapshot_download

    def download(name: str, local_files_only: bool) -> str:
        return snapshot_download(name, allow_patterns=_FILES)

    return Path(loaded(download, checkpoint))


def _json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{file} cannot be read as the JSON that a converted checkpoint has: {error}") from error
    if not isinstance(found, dict):
        raise DataError(f"{file} must be a JSON object, not {type(found).__name__}")
    return found


def _sizes(config: Mapping[str, Any], folder: Path) -> dict[str, int]:
    wrong = [name for name in _SIZES if not isinstance(config.get(name), int) or config[name] < 1]
    if wrong:
        raise DataError(f"{folder / 'config.json'} must give {listed(wrong)} as whole numbers above 0")
    return {name: config[name] for name in _SIZES}


def _model(config: Mapping[str, Any], folder: Path) -> Any:
    """The network of the sizes that the checkpoint names, its weights not set."""
    import transformers

    given: dict[str, Any] = dict(_sizes(config, folder), num_labels=1, pad_token_id=0)
    given |= {name: config[name] for name in ("hidden_act", "type_vocab_size", "layer_norm_eps") if name in config}
    width = config.get("embedding_size", config.get("input_embedding_size"))
    try:
        if width is None:
            return transformers.BertForSequenceClassification(transformers.BertConfig(**given))
        narrow = {"input_embedding_size": width, "output_embedding_size": width}
        return transformers.RemBertForSequenceClassification(transformers.RemBertConfig(**given, **narrow))
    except Exception as error:  # transformers raises what its parts raise
        raise DataError(f"{folder / 'config.json'} describes no network that can be built: {error}") from error


def _weights(folder: Path) -> dict[str, Any]:
    """All tensors of a checkpoint, in one file or in the parts that an index names."""
    for name in ("model.safetensors", "pytorch_model.bin"):
        index = folder / f"{name}.index.json"
        if (folder / name).is_file():
            return _tensors(folder / name)
        if index.is_file():
            parts = sorted(set(_json(index).get("weight_map", {}).values()))
            return {key: tensor for part in parts for key, tensor in _tensors(folder / part).items()}
    raise DataError(f"{folder} has no weights: model.safetensors or pytorch_model.bin")


def _tensors(file: Path) -> dict[str, Any]:
    import torch
    from safetensors.torch import load_file

    try:
        if file.suffix == ".safetensors":
            return dict(load_file(file))
        return dict(torch.load(file, map_location="cpu", weights_only=True))
    except Exception as error:  # each format raises its own
        raise DataError(f"{file} cannot be read as weights: {error}") from error


def _fill(model: Any, weights: Mapping[str, Any], folder: Path) -> None:
    """Give the network its weights: a name or shape too many, or too few, is an error."""
    own = model.state_dict()
    given = {_renamed(name, model.base_model_prefix): tensor for name, tensor in weights.items()}
    given = {name: tensor for name, tensor in given.items() if not name.endswith("embeddings.position_ids")}
    missing, unexpected = sorted(own.keys() - given.keys()), sorted(given.keys() - own.keys())
    if missing or unexpected:
        raise DataError(
            f"{folder} is no BLEURT checkpoint of {type(model).__name__}'s form: it lacks {listed(missing, 4)}; "
            f"it has in excess {listed(unexpected, 4)}"
        )
    wrong = [name for name in own if own[name].shape != given[name].shape]
    if wrong:
        shapes = f"{tuple(given[wrong[0]].shape)} where config.json makes it {tuple(own[wrong[0]].shape)}"
        raise DataError(f"{folder}: {listed(wrong, 4)} have other shapes than config.json says ({wrong[0]}: {shapes})")
    model.load_state_dict(given, strict=True)


def _renamed(name: str, prefix: str) -> str:
    """A weight's name in transformers.

    >>> _renamed("bleurt.encoder.embedding_projection.weight", "rembert")
    'rembert.encoder.embedding_hidden_mapping_in.weight'
    """
    head, dot, rest = name.partition(".")
    renamed = f"{prefix}.{rest}" if dot and head == "bleurt" else name
    return renamed.replace("encoder.embedding_projection.", "encoder.embedding_hidden_mapping_in.")
