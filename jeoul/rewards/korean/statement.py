"""What every parser of an answer gives: the sentence, its particle, the reason, and why it is not in the form."""

from __future__ import annotations

from dataclasses import dataclass

from jeoul.rewards.korean.tables import bare

__all__ = ["FLAGS", "Statement"]

FLAGS: dict[str, str] = {
    "empty": "nothing is written",
    "think": "a <think> block stands before the answer, or was never closed",
    "special_token": "a token of the chat template is left in the text",
    "fence": "the answer stands in a code fence",
    "json": "the answer stands in JSON",
    "markdown": "there is Markdown (#, **, >, a list)",
    "prefix": "words such as 정답: or 답변: stand before the sentence",
    "text_before": "other text stands before the sentence",
    "reason_first": "the reason stands before the sentence",
    "nfd": "letters are decomposed (NFD): 가 as ㄱ and ㅏ",
    "invisible": "a character that nobody sees (zero-width space, control) stands in the text",
    "space": "an unusual space or a line break stands in the statement",
    "fullwidth": "fullwidth ASCII stands outside of the sentence",
    "quotes": "the sentence is not in straight double quotes",
    "no_quotes": "the sentence has no quotes around it",
    "half_quotes": "one quote of a pair is missing",
    "doubled_quotes": "the sentence has more than one pair of quotes around it",
    "braces": "braces of the template are left",
    "spacing": "the particle must follow the quote, one space must stand before 옳다",
    "particle": "the particle is not 이 or 가",
    "ending": "the ending is not '옳다. '",
    "no_verdict": "no sentence is said to be right (이/가 옳다)",
    "both": "both are said to be right",
    "several": "more than one sentence is said to be right, or one is said again",
    "no_reason": "there is no reason",
    "split_in_reason": "이 옳다 with a later 가 옳다: the official scorer ends the answer at the later one",
    "form": 'it is not of the form "{문장}"이/가 옳다. {이유}',
}
"""Every flag and what it means, in the order in which :attr:`Statement.flags` names them."""


@dataclass(frozen=True, slots=True)
class Statement:
    """An answer taken apart.

    Attributes:
        sentence: what is said to be right; empty where nothing is.
        particle: as written between sentence and 옳다; empty where there is none.
        reason: what follows.
        flags: why the text is not in the form ``"{문장}"이/가 옳다. {이유}``, keys of :data:`FLAGS`. Empty for a text
            in the form. The official parser knows ``no_verdict``, ``no_reason`` and ``split_in_reason`` only.
    """

    sentence: str
    particle: str = ""
    reason: str = ""
    flags: tuple[str, ...] = ()

    @property
    def claim(self) -> str:
        """What an exact match compares: the sentence with particle and 옳다, without straight quotes.

        >>> Statement("비가 온다.", "가").claim
        '비가 온다.가 옳다'
        """
        return bare(f"{self.sentence}{self.particle} 옳다" if self.particle else self.sentence)
