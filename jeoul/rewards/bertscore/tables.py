"""What bert-score knows by heart: the model of a language, the layer of a model, the baselines."""

from __future__ import annotations

import csv
import functools
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jeoul.errors import UsageError, did_you_mean

__all__ = ["Baseline", "baseline_of", "layer_of", "model_of"]

Baseline = tuple[float, float, float]
"""Of precision, recall and F1: the mean over random pairs, which rescaling makes 0."""


@functools.cache
def _package() -> Any:
    try:
        import bert_score.utils
    except ImportError as error:
        raise UsageError(
            f"bertscore takes its tables from the package bert-score, which cannot be imported ({error}): "
            'pip install "bert-score>=0.3.13"'
        ) from error
    return bert_score.utils


def model_of(model: str | None, lang: str | None) -> str:
    """The model given, else bert-score's for the language: mBERT for any that it does not know.

    >>> model_of(None, "en"), model_of(None, "ko")
    ('roberta-large', 'bert-base-multilingual-cased')
    """
    if model is not None:
        return model
    if lang is None:
        raise UsageError('bertscore needs lang or model: lang = "ko" is model = "bert-base-multilingual-cased"')
    return str(_package().lang2model[lang.lower()])


def layer_of(model: str, num_layers: int | None) -> int:
    """The layer whose output is compared: bert-score's choice for the model, by its authors' correlations on WMT16.

    >>> layer_of("bert-base-multilingual-cased", None)
    9
    """
    if num_layers is not None:
        return num_layers
    known: Mapping[str, int] = _package().model2layers
    if model not in known:
        raise UsageError(
            f"bert-score has no layer for the model {model!r}{did_you_mean(model, known)}: say which layer's output "
            "counts, num_layers = … (bert-score takes layers at about three quarters of the depth: 9 of 12)"
        )
    return known[model]


def baseline_of(rescale: bool | str, model: str, lang: str | None, layer: int) -> Baseline | None:
    """Precision, recall and F1 of random pairs: out of bert-score's files, or a file like them.

    >>> baseline_of(True, "roberta-large", "en", 17)
    (0.83150584, 0.8314941, 0.83122575)
    """
    if rescale is False:
        return None
    if isinstance(rescale, str):
        path = Path(rescale)
        if not path.is_file():
            raise UsageError(f"there is no baseline file {path}")
    else:
        path = _shipped(model, lang)
    with path.open(encoding="utf-8", newline="") as file:
        rows = {row.get("LAYER"): row for row in csv.DictReader(file)}
    try:
        row = rows[str(layer)]
        first, second, third = (float(row[name] or "") for name in "PRF")
    except (KeyError, ValueError):
        raise UsageError(
            f"{path} has no baseline of layer {layer}: it must have the columns LAYER,P,R,F and a row for it"
        ) from None
    if not all(math.isfinite(value) and value < 1 for value in (first, second, third)):
        raise UsageError(f"{path}: baselines of layer {layer} must be numbers below 1, not {first}, {second}, {third}")
    return first, second, third


def _shipped(model: str, lang: str | None) -> Path:
    if lang is None:
        raise UsageError('rescale_with_baseline = true needs the language of the baseline: lang = "en"')
    folder = Path(_package().__file__).parent / "rescale_baseline"
    path = folder / lang / f"{model}.tsv"
    if path.is_file():
        return path
    languages = sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
    if lang not in languages:
        raise UsageError(
            f"bert-score has no baseline for lang = {lang!r} (Korean has none); it has {', '.join(languages)}: leave "
            "rescale_with_baseline out, or give it a file with the columns LAYER,P,R,F"
        )
    models = sorted(str(file.relative_to(folder / lang).with_suffix("")) for file in (folder / lang).rglob("*.tsv"))
    raise UsageError(f"bert-score has no baseline for {model!r} in {lang!r}; it has {', '.join(models)}")
