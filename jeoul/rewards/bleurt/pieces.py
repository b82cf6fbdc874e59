"""Texts as BLEURT reads them: [CLS] reference [SEP] candidate [SEP], by the checkpoint's own tokenizer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jeoul.errors import DataError, UsageError
from jeoul.rewards._checkpoints import readable

__all__ = ["Joined", "Pieces", "pieces_in"]

_SENTENCEPIECE = ("spm.model", "sent_piece.model", "sentencepiece.model")
_CHARACTERS_A_TOKEN = 200


@dataclass(frozen=True, slots=True)
class Joined:
    """A pair as token numbers; ``first``: of them up to the first [SEP] (segment 0); whether tokens were dropped."""

    ids: tuple[int, ...]
    first: int
    cut: bool


@dataclass(frozen=True)
class Pieces:
    """A tokenizer: of a text its numbers, without special ones; and the numbers of [CLS] and [SEP]."""

    numbers: Callable[[str], list[int]]
    cls: int
    sep: int

    def read(self, text: str, most: int) -> tuple[list[int], bool]:
        """Token numbers of a text, and whether more than 200 characters for each of ``most`` tokens were left out."""
        safe, cut = readable(text, most * _CHARACTERS_A_TOKEN)
        return self.numbers(safe), cut

    def joined(self, reference: tuple[list[int], bool], candidate: tuple[list[int], bool], most: int) -> Joined:
        """Both in one; above ``most`` tokens the longer loses its last, the candidate where both are as long."""
        first, second = _kept(len(reference[0]), len(candidate[0]), most - 3)
        ids = [self.cls, *reference[0][:first], self.sep, *candidate[0][:second], self.sep]
        cut = first < len(reference[0]) or second < len(candidate[0]) or reference[1] or candidate[1]
        return Joined(tuple(ids), first + 2, cut)


def _kept(first: int, second: int, room: int) -> tuple[int, int]:
    """How many tokens of each stay.

    >>> _kept(3, 4, 10), _kept(9, 2, 6), _kept(9, 9, 7), _kept(1, 9, 5)
    ((3, 4), (4, 2), (4, 3), (1, 4))
    """
    if first + second <= room:
        return first, second
    if first <= room // 2:
        return first, room - first
    if second <= room // 2:
        return room - second, second
    return room - room // 2, room // 2


def pieces_in(folder: Path) -> Pieces:
    """The tokenizer of a checkpoint: a SentencePiece model (BLEURT-20), or a WordPiece vocabulary (before it).

    Raises:
        DataError: there is none, or it lacks [CLS] and [SEP].
        UsageError: the package sentencepiece is needed and is not installed.
    """
    for name in _SENTENCEPIECE:
        if (folder / name).is_file():
            return _sentencepiece(folder / name)
    if (folder / "vocab.txt").is_file():
        from transformers import BertTokenizer

        tokenizer: Any = BertTokenizer.from_pretrained(str(folder))
        unknown = tokenizer.unk_token_id
        return _checked(
            folder,
            Pieces(
                lambda text: list(tokenizer.encode(text, add_special_tokens=False)),
                tokenizer.convert_tokens_to_ids("[CLS]"),
                tokenizer.convert_tokens_to_ids("[SEP]"),
            ),
            unknown,
        )
    raise DataError(f"{folder} has no tokenizer: {', '.join(_SENTENCEPIECE)} (BLEURT-20), or vocab.txt")


def _sentencepiece(file: Path) -> Pieces:
    try:
        from sentencepiece import SentencePieceProcessor
    except ImportError as error:
        raise UsageError('BLEURT-20 cuts texts with SentencePiece: pip install "jeoul[bleurt]"') from error
    try:
        model: Any = SentencePieceProcessor(model_file=str(file))
    except (OSError, RuntimeError) as error:
        raise DataError(f"{file} is not a SentencePiece model: {error}") from error
    made = Pieces(
        lambda text: list(model.encode(text, out_type=int)), model.piece_to_id("[CLS]"), model.piece_to_id("[SEP]")
    )
    return _checked(file, made, model.unk_id())


def _checked(where: Path, made: Pieces, unknown: int | None) -> Pieces:
    if made.cls == made.sep or unknown in (made.cls, made.sep):
        raise DataError(f"the tokenizer in {where} has no [CLS] and [SEP], which BLEURT puts around the texts")
    return made
