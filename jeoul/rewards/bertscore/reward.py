"""The reward ``bertscore``: how near a completion's tokens are to a reference's in a model's embedding space."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jeoul.errors import UsageError
from jeoul.rewards._checkpoints import Dtype
from jeoul.rewards._sharing import Measure, references_in
from jeoul.rewards.bertscore.matching import f1, idf_weights, matched
from jeoul.rewards.bertscore.tables import baseline_of, layer_of, model_of
from jeoul.rewards.registry import reward
from jeoul.rewards.scores import Score, does_not_apply

if TYPE_CHECKING:
    from jeoul.rewards.bertscore.encoder import Encoder, Tokens

__all__ = ["bertscore"]

_CHUNK_TOKENS = 32_768
"""Tokens held as embeddings at a time: 100 MB at 768 numbers each, however many pairs a call has."""


def _versions(**options: Any) -> dict[str, str]:
    """Of the packages whose code, tables and rounding the values depend on."""
    found = {}
    for package in ("bert-score", "transformers", "tokenizers", "torch"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # the call itself will say so
            continue
    return found


@dataclass(frozen=True, slots=True)
class _Pair:
    """A completion with one of its references, and whether bert-score's batch clamps its precision, its recall."""

    row: int
    completion: Tokens
    reference: Tokens
    clamp: tuple[bool, bool] = (False, False)


@reward(
    reference="Zhang et al. 2020, BERTScore (arXiv 1904.09675); tables and baselines of bert-score 0.3.13",
    cost="dear",
    batch=1024,
    versions=_versions,
    hacks=(
        "a sentence that says the opposite: negation moves few embeddings ('옳다' and '옳지 않다')",
        "the prompt or the question copied, where references repeat it",
        "a fluent text on the topic: random pairs are at .6 to .8 already, so differences are small",
        "measure='recall': writing more is never punished",
        "measure='precision': one sure word scores near 1",
        "anything after max_length tokens is not read",
    ),
)
class bertscore:  # noqa: N801  (a reward goes by one name, in Python and in recipes)
    r"""BERTScore between completion and reference: greedy matching of token embeddings.

    Formula, with unit embeddings c_i, r_j of the model's layer and weights w (1, or idf; 0 for [CLS] and [SEP], which
    may be matched all the same): ``precision = Σ w_i·max_j c_i·r_j / Σ w_i``, ``recall`` likewise over the reference's
    tokens, ``f1 = 2·p·r/(p+r)``. Range −1 to 1 (unlike 0 and 1 in practice .6 to 1); rescaled, at most 1. A
    ``reference`` cell is a text or a list of texts, of which the best counts.

    Args:
        model: name on the Hugging Face hub, or a folder; default: bert-score's for ``lang`` ("ko": mBERT).
        lang: language code, which chooses the model and the baseline.
        num_layers: layer whose output is compared; default: bert-score's for the model.
        measure: "f1", "precision" or "recall".
        idf: weigh tokens by ``ln((N+1)/(n+1))`` over N references, n of which have the token. A file of references, one
            a line, gives every batch the same weights; ``true`` counts the references of the call, as bert-score does,
            so that in a recipe the weights differ from batch to batch.
        rescale_with_baseline: ``(x − b)/(1 − b)``, with bert-score's b for model and language (Korean has none), or
            from a file with the columns LAYER,P,R,F.
        batch_size: texts a forward pass at most (on a CPU fewer: see :func:`batches`); with ``clamp``, pairs a batch.
        device: "cpu", "cuda", …; default: the first GPU, where there is one.
        dtype: "bfloat16" is about twice as fast where the processor has it (avx512_bf16, AMX, a GPU), several times
            slower where it has not; scores then differ by up to 2e-3.
        max_length: tokens of a text at most; default: as many as the model reads.
        clamp: repeat what bert-score's batched call does (below), for scores that must equal published ones.

    A completion, or a reference, that is empty or has no token scores a raw 0 and says so: bert-score 0.3.13 raises an
    exception under transformers 5. A text longer than ``max_length`` tokens is cut, which the reason says. Time and
    memory are linear: a text is cut at 200 characters for each of those tokens before it is tokenized.

    NaN ("does not apply"): the cell is None, NaN or an empty list.

    Differs from bert-score 0.3.13. (1) There, scores depend on the other pairs of a batch: a pair shorter than the
    longest is padded, and padding counts as a cosine of 0, which lifts negative maxima. Here a pair scores as in
    bert-score's call of that one pair (to 1e-5), whatever else is in the batch; ``clamp=True`` clamps as its batches
    do, and then depends on the batch likewise. (2) With idf, tokens that all weigh 0 weigh the same, where it has NaN
    and F1 0: with one shared reference, always. (3) F1 has no bound there where precision and recall differ in sign;
    here it is 0 where it is not within −1 and 1. (4) A folder whose tokenizer names no longest text is read up to the
    model's positions (at most 4,096 tokens): there an OverflowError.

    >>> score = bertscore(lang="ko", measure="recall")
    >>> score
    bertscore(lang='ko', measure='recall')
    """

    def __init__(
        self,
        *,
        model: str | None = None,
        lang: str | None = None,
        num_layers: int | None = None,
        measure: Measure = "f1",
        idf: bool | str = False,
        rescale_with_baseline: bool | str = False,
        batch_size: int = 64,
        device: str | None = None,
        dtype: Dtype = "float32",
        max_length: int | None = None,
        clamp: bool = False,
    ) -> None:
        if batch_size < 1:
            raise UsageError(f"batch_size must be 1 or more, not {batch_size}")
        self.options = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        self.measure, self.batch_size, self.clamp, self.idf = measure, batch_size, clamp, idf
        name = model_of(model, lang)
        layer = layer_of(name, num_layers)
        self.baseline = baseline_of(rescale_with_baseline, name, lang, layer)
        documents = _lines(idf) if isinstance(idf, str) else None

        from jeoul.rewards.bertscore.encoder import encoder_for

        self.encoder: Encoder = encoder_for(name, layer, device, dtype, max_length)
        self.weights: Any = None if documents is None else self._idf(self.encoder.tokens(documents))

    def __call__(self, completions: list[str], reference: list[Any]) -> list[float | None]:
        """Score each completion against its reference cell."""
        cells = [references_in(cell) for cell in reference]
        texts = {text: None for text in completions if text.strip()}
        texts |= {text: None for cell in cells for text in cell if text.strip()}
        known: dict[str, Tokens] = dict(zip(texts, self._tokens(list(texts)), strict=True))
        weigh = self.weights
        if self.idf is True:
            weigh = self._idf([known[text] for cell in cells for text in cell if text in known])
        weigh = weigh or self._alike
        pairs = [
            _Pair(row, known[completion], known[text])
            for row, (completion, cell) in enumerate(zip(completions, cells, strict=True))
            for text in cell
            if completion in known and text in known and self._counts(known[completion]) and self._counts(known[text])
        ]
        values: dict[int, list[tuple[_Pair, float, float]]] = {}
        for pair, precision, recall in self._scored(self._clamped(pairs), weigh):
            values.setdefault(pair.row, []).append((pair, precision, recall))
        return [
            self._best(values[row], len(cell)) if row in values else self._nothing(completion in known, cell)
            for row, (completion, cell) in enumerate(zip(completions, cells, strict=True))
        ]

    def _tokens(self, texts: list[str]) -> list[Tokens]:
        return [
            found for start in range(0, len(texts), 1000) for found in self.encoder.tokens(texts[start : start + 1000])
        ]

    def _counts(self, tokens: Tokens) -> bool:
        """Whether a text has a token of its own (one of white space or control characters has none)."""
        return any(number not in self.encoder.special for number in tokens.ids)

    def _alike(self, ids: Sequence[int]) -> list[float]:
        return [float(number not in self.encoder.special) for number in ids]

    def _idf(self, documents: Sequence[Tokens]) -> Any:
        return idf_weights([tokens.ids for tokens in documents], self.encoder.special)

    def _clamped(self, pairs: list[_Pair]) -> list[_Pair]:
        """The pairs with what bert-score's batches, in this order, pad."""
        if not self.clamp:
            return pairs
        found = []
        for start in range(0, len(pairs), self.batch_size):
            batch = pairs[start : start + self.batch_size]
            most = max(len(pair.completion) for pair in batch), max(len(pair.reference) for pair in batch)
            for pair in batch:
                clamp = len(pair.reference) < most[1], len(pair.completion) < most[0]
                found.append(_Pair(pair.row, pair.completion, pair.reference, clamp))
        return found

    def _scored(self, pairs: list[_Pair], weigh: Any) -> Iterator[tuple[_Pair, float, float]]:
        """Precision and recall of every pair: those with one reference together, some ten thousand tokens at a time."""
        import torch

        for chunk in _chunks(pairs):
            references = self.encoder.references((pair.reference for pair in chunk), self.batch_size)
            completions = self.encoder.embedded((pair.completion for pair in chunk), self.batch_size)
            weights = {
                tokens: torch.tensor(weigh(tokens.ids), device=self.encoder.device)
                for tokens in {tokens for pair in chunk for tokens in (pair.completion, pair.reference)}
            }
            with torch.inference_mode():
                found = matched(
                    [(completions[pair.completion], references[pair.reference]) for pair in chunk],
                    [(weights[pair.completion], weights[pair.reference]) for pair in chunk],
                    [pair.clamp for pair in chunk],
                )
            for pair, (precision, recall) in zip(chunk, found, strict=True):
                yield pair, precision, recall

    def _value(self, precision: float, recall: float) -> float:
        return {"precision": precision, "recall": recall, "f1": f1(precision, recall)}[self.measure]

    def _rescaled(self, value: float) -> float:
        if self.baseline is None:
            return value
        base = self.baseline[("precision", "recall", "f1").index(self.measure)]
        return (value - base) / (1 - base)

    def _best(self, found: list[tuple[_Pair, float, float]], references: int) -> Score:
        pair, precision, recall = max(found, key=lambda one: self._value(*one[1:]))
        value = self._rescaled(self._value(precision, recall))
        return Score(value, partial(self._reason, pair, value, precision, recall, references))

    def _reason(self, pair: _Pair, value: float, precision: float, recall: float, references: int) -> str:
        said = f"{self.measure} {value:.3f}: precision {precision:.3f}, recall {recall:.3f}"
        if self.baseline is not None:
            said += " before rescaling"
        if references > 1:
            said += f", the best of {references} references"
        sides = [name for name, text in (("completion", pair.completion), ("reference", pair.reference)) if text.cut]
        return said + (f"; {' and '.join(sides)} cut at {self.encoder.most} tokens" if sides else "")

    def _nothing(self, completed: bool, cell: list[str]) -> Score:
        if not cell:
            return does_not_apply("no reference")
        value = self._rescaled(0.0)
        empty = not any(text.strip() for text in cell)
        what = "the reference is empty" if empty else "has no token" if completed else "is empty"
        return Score(value, f"{self.measure} {value:.3g}: {what}")

    def __reduce__(self) -> tuple[Any, ...]:  # by its options: the other process loads the model itself
        return _again, (self.options,)

    def __repr__(self) -> str:
        return f"bertscore({', '.join(f'{name}={value!r}' for name, value in self.options.items())})"


def _again(options: dict[str, Any]) -> Any:
    made: Any = bertscore
    return made.function(**options)


def _lines(file: str) -> list[str]:
    path = Path(file)
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"idf = {file!r} cannot be read as text with one reference a line: {error}") from error
    if not lines:
        raise UsageError(f"idf = {file!r} has no line with text")
    return lines


def _chunks(pairs: list[_Pair]) -> Iterator[list[_Pair]]:
    """Runs of pairs with at most some ten thousand tokens, sorted so that pairs with one reference are together."""
    places: dict[Tokens, int] = {}
    order = sorted(pairs, key=lambda pair: places.setdefault(pair.reference, len(places)))
    chunk: list[_Pair] = []
    held: set[Tokens] = set()
    size = 0
    for pair in order:
        new = {pair.completion, pair.reference} - held
        more = sum(map(len, new))
        if chunk and size + more > _CHUNK_TOKENS:
            yield chunk
            chunk, held, size = [], set(), 0
            new = {pair.completion, pair.reference}
            more = sum(map(len, new))
        chunk.append(pair)
        held |= new
        size += more
    if chunk:
        yield chunk
