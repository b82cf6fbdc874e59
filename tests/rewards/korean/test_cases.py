"""Answers as models write them, with what each reading makes of them. The sentences are this project's own.

``exact``: right by the official, the strict and the lenient reading (+ or -), against a gold of :data:`S`, 가 and
:data:`R`. ``flags``: why it is not in the form. ``read``: sentence, particle and reason of the lenient reading.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

import pytest

from jeoul.rewards.korean import FLAGS, PARSERS, parse_lenient, parse_strict
from jeoul.rewards.korean.exact import is_exact
from jeoul.rewards.korean.gold import read_gold

S = "나는 어제 책을 읽었다."
R = "과거의 일이므로 '-었-'을 쓴다."
GOLD = f'"{S}"가 옳다. {R}'
Q = '"나는 어제 책을 {읽었다/읽엇다}." 가운데 올바른 것을 선택하고, 그 이유를 설명하세요.'


class Case(NamedTuple):
    name: str
    text: str
    exact: str
    flags: str = ""
    read: tuple[str, str, str] = (S, "가", R)
    gold: str = GOLD


def quoted(open: str, close: str) -> str:
    return f"{open}{S}{close}가 옳다. {R}"


QUOTES = [
    Case("the form", GOLD, "+++"),
    Case("curly double", quoted("“", "”"), "--+", "quotes"),
    Case("curly single", quoted("‘", "’"), "--+", "quotes"),
    Case("straight single", quoted("'", "'"), "+-+", "quotes"),
    Case("double angle", quoted("《", "》"), "--+", "quotes"),
    Case("single angle", quoted("〈", "〉"), "--+", "quotes"),
    Case("corner", quoted("「", "」"), "--+", "quotes"),
    Case("white corner", quoted("『", "』"), "--+", "quotes"),
    Case("backtick", quoted("`", "`"), "--+", "quotes"),
    Case("fullwidth quote", quoted("＂", "＂"), "--+", "quotes"),
    Case("low and high", quoted("„", "“"), "--+", "quotes"),
    Case("guillemets", quoted("«", "»"), "--+", "quotes"),
    Case("doubled", quoted('""', '""'), "+-+", "doubled_quotes"),
    Case("double in single", quoted("'\"", "\"'"), "+-+", "quotes doubled_quotes"),
    Case("corner in double", quoted('"「', '」"'), "--+", "doubled_quotes"),
    Case("opening one missing", quoted("", '"'), "+-+", "half_quotes"),
    Case("closing one missing", quoted('"', ""), "+-+", "half_quotes"),
    Case("none", quoted("", ""), "+-+", "no_quotes"),
    Case("curly opens, straight closes", quoted("“", '"'), "--+", "quotes"),
    Case("curly opens, none closes", quoted("“", ""), "--+", "quotes half_quotes"),
    Case(
        "nested double", f'"그는 "좋다." 하고 갔다."가 옳다. {R}', "+++", "",
        ('그는 "좋다." 하고 갔다.', "가", R), f'"그는 "좋다." 하고 갔다."가 옳다. {R}',
    ),
    Case(
        "nested single for gold's double", f"\"그는 '좋다.' 하고 갔다.\"가 옳다. {R}", "+++", "",
        ("그는 '좋다.' 하고 갔다.", "가", R), f'"그는 "좋다." 하고 갔다."가 옳다. {R}',
    ),
    Case(
        "nested curly for gold's straight", f'"그는 “좋다.” 하고 갔다."가 옳다. {R}', "--+", "",
        ('그는 "좋다." 하고 갔다.', "가", R), f'"그는 "좋다." 하고 갔다."가 옳다. {R}',
    ),
    Case(
        "apostrophe inside", f"'it's는 it is이다.'가 옳다. {R}", "+-+", "quotes",
        ("it's는 it is이다.", "가", R), f"\"it's는 it is이다.\"가 옳다. {R}",
    ),
    Case(
        "apostrophe inside the form", f"\"it's는 it is이다.\"가 옳다. {R}", "+++", "",
        ("it's는 it is이다.", "가", R), f'"its는 it is이다."가 옳다. {R}',
    ),
]  # fmt: skip

SPACES = [
    Case("space before the particle", f'"{S}" 가 옳다. {R}', "--+", "spacing"),
    Case("newline before the particle", f'"{S}"\n가 옳다. {R}', "--+", "spacing"),
    Case("CRLF before the particle", f'"{S}"\r\n가 옳다. {R}', "--+", "spacing"),
    Case("no space before 옳다", f'"{S}"가옳다. {R}', "--+", "spacing"),
    Case("two spaces before 옳다", f'"{S}"가  옳다. {R}', "--+", "spacing"),
    Case("newline before 옳다", f'"{S}"가\n옳다. {R}', "--+", "spacing"),
    Case("NBSP before 옳다", f'"{S}"가\xa0옳다. {R}', "--+", "space"),
    Case("NBSP in the sentence", f'"{S}"가 옳다. {R}'.replace("어제 ", "어제\xa0"), "--+", "space"),
    Case("ideographic space in the sentence", f'"{S}"가 옳다. {R}'.replace("어제 ", "어제\u3000"), "--+", "space"),
    Case("ZWSP after the quote", f'"{S}"\u200b가 옳다. {R}', "--+", "invisible"),
    Case("ZWSP in the sentence", f'"{S}"가 옳다. {R}'.replace("책을", "책\u200b을"), "--+", "invisible"),
    Case("BOM", f"\ufeff{GOLD}", "--+", "invisible"),
    Case("NUL", GOLD.replace("책을", "책\0을"), "--+", "invisible"),
    Case("NFD", unicodedata.normalize("NFD", GOLD), "--+", "nfd"),
    Case("two spaces in the sentence", GOLD.replace("어제 ", "어제  "), "--+", "", ("나는 어제  책을 읽었다.", "가", R)),
    Case("a space too few", GOLD.replace("어제 ", "어제"), "---", "", ("나는 어제책을 읽었다.", "가", R)),
    Case("a space too many", GOLD.replace("책을", "책 을"), "---", "", ("나는 어제 책 을 읽었다.", "가", R)),
    Case(
        "fullwidth Latin", f'"ＫＢＳ는 방송사이다."가 옳다. {R}', "--+", "",
        ("KBS는 방송사이다.", "가", R), f'"KBS는 방송사이다."가 옳다. {R}',
    ),
    Case("fullwidth stop", f'"{S}"가 옳다． {R}', "+-+", "fullwidth"),
    Case("white space around", f"\n\n {GOLD} \n", "+++"),
    Case("newline for the space", f'"{S}"가 옳다.\n{R}', "+-+", "ending"),
    Case("newline in the reason", f'"{S}"가 옳다. {R}\n덧붙인다.', "+++", "", (S, "가", f"{R}\n덧붙인다.")),
]  # fmt: skip

WRAPPERS = [
    Case("정답:", f"정답: {GOLD}", "--+", "prefix"),
    Case("답변:", f"답변: {GOLD}", "--+", "prefix"),
    Case("정답은", f"정답은 {GOLD}", "--+", "prefix"),
    Case("[정답]", f"[정답] {GOLD}", "--+", "prefix"),
    Case("최종 답변：", f"최종 답변： {GOLD}", "--+", "prefix"),
    Case("heading", f"## 답변\n{GOLD}", "--+", "markdown prefix"),
    Case("bold prefix", f"**정답**: {GOLD}", "--+", "markdown prefix"),
    Case("bold sentence", f'**"{S}"**가 옳다. {R}', "--+", "markdown"),
    Case("bold within quotes", f'"**{S}**"가 옳다. {R}', "--+", "markdown"),
    Case("list item", f"- {GOLD}", "--+", "markdown"),
    Case("numbered", f"1. {GOLD}", "--+", "markdown"),
    Case("block quote", f"> {GOLD}", "--+", "markdown"),
    Case("code fence", f"```\n{GOLD}\n```", "--+", "fence"),
    Case("code fence of text", f"```text\n{GOLD}\n```", "--+", "fence"),
    Case("JSON", '{"answer": "\\"SENTENCE\\"가 옳다. REASON"}'.replace("SENTENCE", S).replace("REASON", R), "--+", "json"),
    Case("JSON in a fence", '```json\n{"answer": "SENTENCE", "reason": "REASON"}\n```'.replace("SENTENCE", S).replace("REASON", R), "--+", "fence json no_quotes no_verdict", (S, "", R)),
    Case("JSON as submitted", '{"id": "1", "output": {"answer": "\\"SENTENCE\\"가 옳다. REASON"}}'.replace("SENTENCE", S).replace("REASON", R), "--+", "json"),
    Case("think", f"<think>책인가?</think>\n{GOLD}", "--+", "think"),
    Case("think with another claim", f'<think>"나는 책."이 옳다.</think>{GOLD}', "--+", "think"),
    Case("think opened by the prompt", f"과거이다.</think>{GOLD}", "--+", "think"),
    Case("think not closed", f"<think>과거이다. {GOLD}", "--+", "think text_before"),
    Case("token at the end", f"{GOLD}<|im_end|>", "+-+", "special_token"),
    Case("token at the start", f"<s>{GOLD}</s>", "--+", "special_token"),
    Case("role", f"assistant\n{GOLD}", "--+", "prefix"),
    Case("question copied", f"{Q}\n{GOLD}", "--+", "text_before"),
    Case("an introduction", f"문제를 살펴보겠습니다. {GOLD}", "--+", "text_before"),
    Case("English around", f'The correct sentence is "{S}". {R}', "--+", "prefix no_verdict", (S, "", R)),
    Case("English verdict", f'"{S}" is correct. {R}', "--+", "particle ending", (S, "", R)),
    Case("English only", "The past tense is right here.", "---", "no_quotes no_verdict no_reason", ("The past tense is right here.", "", "")),
]  # fmt: skip

PARTICLES = [
    Case("이 for 가", f'"{S}"이 옳다. {R}', "--+", "", (S, "이", R)),
    Case("가 for 이", f'"{S}"가 옳다. {R}', "--+", "", (S, "가", R), f'"{S}"이 옳다. {R}'),
    Case("으가", f'"{S}"으가 옳다. {R}', "--+", "particle", (S, "으가", R)),
    Case("으가 in the gold", GOLD, "--+", "", (S, "가", R), f'"{S}"으가 옳다. {R}'),
    Case("the template's 이/가", f'"{S}"이/가 옳다. {R}', "--+", "particle", (S, "이/가", R)),
    Case("이(가)", f'"{S}"이(가) 옳다. {R}', "--+", "particle", (S, "이(가)", R)),
    Case("이가", f'"{S}"이가 옳다. {R}', "--+", "particle", (S, "이가", R)),
    Case("는", f'"{S}"는 옳다. {R}', "--+", "particle", (S, "는", R)),
    Case("은", f'"{S}"은 옳다. {R}', "--+", "particle", (S, "은", R)),
]

STRUCTURE = [
    Case("no reason", f'"{S}"가 옳다.', "+-+", "ending no_reason", (S, "가", "")),
    Case("no stop", f'"{S}"가 옳다', "+-+", "ending no_reason", (S, "가", "")),
    Case("empty reason", f'"{S}"가 옳다. ', "+-+", "ending no_reason", (S, "가", "")),
    Case("a reason of points", f'"{S}"가 옳다. ...', "+-+", "no_reason", (S, "가", "")),
    Case("comma for the stop", f'"{S}"가 옳다, {R}', "+-+", "ending"),
    Case("no space after the stop", f'"{S}"가 옳다.{R}', "+-+", "ending"),
    Case("reason with its name", f'"{S}"가 옳다. 이유: {R}', "+++", "", (S, "가", f"이유: {R}")),
    Case("reason first", f'{R} 따라서 "{S}"가 옳다.', "--+", "reason_first ending"),
    Case("the same again", f'"{S}"가 옳다. "{S}"가 옳다. {R}', "+-+", "several", (S, "가", f'"{S}"가 옳다. {R}')),
    Case("another after it", f'"{S}"가 옳다. "나는 어제 책을 읽엇다."가 옳다.', "+-+", "several", (S, "가", '"나는 어제 책을 읽엇다."가 옳다.')),
    Case("the wrong one first", f'"나는 어제 책을 읽엇다."가 옳다. {GOLD}', "---", "several", ("나는 어제 책을 읽엇다.", "가", GOLD)),
    Case("a fragment said to be right", f'"{S}"가 옳다. "었"이 옳다.', "+++", "", (S, "가", '"었"이 옳다.')),
    Case(
        "이, then 가 in the reason", '"여기는 서울"이 옳다. "서울는"가 옳다고 할 수 없다.', "-++", "",
        ("여기는 서울", "이", '"서울는"가 옳다고 할 수 없다.'), '"여기는 서울"이 옳다. 받침이 있다.',
    ),
    Case(
        "이, then 가 in the gold", '"여기는 서울"이 옳다. 받침이 있다.', "-++", "",
        ("여기는 서울", "이", "받침이 있다."), '"여기는 서울"이 옳다. "서울는"가 옳다고 할 수 없다.',
    ),
    Case("the other denied first", f'"나는 어제 책을 읽엇다."는 옳지 않다. {GOLD}', "--+", "text_before"),
    Case("denied only", f'"{S}"는 옳지 않다. {R}', "---", "no_verdict", ("", "", f"는 옳지 않다. {R}")),
    Case("doubted, which the server takes for said", f'"{S}"가 옳다고 할 수 없다. {R}', "+-+", "no_verdict", ("", "", f"가 옳다고 할 수 없다. {R}")),
    Case("both", f"둘 다 옳다. {R}", "---", "no_verdict both no_reason", ("", "", "")),
    Case("both, quoted", f'"{S}"와 "나는 어제 책을 읽엇다." 둘 다 옳다.', "---", "no_verdict both no_reason", ("", "", "")),
    Case("옳습니다", f'"{S}"가 옳습니다. {R}', "--+", "ending"),
    Case("맞다", f'"{S}"가 맞다. {R}', "--+", "ending"),
    Case("맞습니다", f'"{S}"이 맞습니다. {R}', "--+", "ending", (S, "이", R)),
    Case("올바른 문장이다", f'"{S}"가 올바른 문장이다. {R}', "--+", "ending"),
    Case("braces", f'"{{{S}}}"가 옳다. {{{R}}}', "--+", "braces"),
    Case("template as it is", '"{문장}"이/가 옳다. {이유}', "---", "braces particle", ("문장", "이/가", "이유")),
    Case("choice left open", f'"나는 어제 책을 {{읽었다/읽엇다}}."가 옳다. {R}', "---", "braces", ("나는 어제 책을 {읽었다/읽엇다}.", "가", R)),
    Case("the sentence alone", S, "--+", "no_quotes no_verdict no_reason", (S, "", "")),
    Case("the quoted sentence alone", f'"{S}"', "--+", "no_verdict no_reason", (S, "", "")),
    Case("sentence, then reason on a line", f'"{S}"\n{R}', "--+", "no_verdict", (S, "", R)),
    Case("first alternative", f'"{S}"가 옳다. {R}', "+++", "", (S, "가", R), f'"{S}"가 옳다#"나는 책을 읽었다."가 옳다. {R}'),
    Case("second alternative", f'"{S}"가 옳다. {R}', "-++", "", (S, "가", R), f'"나는 책을 읽었다."가 옳다#"{S}"가 옳다. {R}'),
    Case("alternatives in one claim", f'"{S}"가 옳다. {R}', "+++", "", (S, "가", R), f'"나는 책을 읽었다."#"{S}"가 옳다. {R}'),
    Case("alternatives in one pair of quotes", f'"{S}"가 옳다. {R}', "+++", "", (S, "가", R), f'"나는 책을 읽었다.#{S}"가 옳다. {R}'),
    Case("another sentence", f'"나는 어제 책을 읽엇다."가 옳다. {R}', "---", "", ("나는 어제 책을 읽엇다.", "가", R)),
    Case("the final stop missing", f'"{S[:-1]}"가 옳다. {R}', "---", "", (S[:-1], "가", R)),
    Case("a stop outside of the quotes", f'"{S[:-1]}".가 옳다. {R}', "+-+", "spacing", (S[:-1], "가", R)),
    Case("empty", "", "---", "empty no_reason", ("", "", "")),
    Case("white space only", " \n\t ", "---", "empty no_reason", ("", "", "")),
    Case("signs only", "😀 …!", "---", "empty no_reason", ("", "", "")),
    Case("emoji in the reason", f"{GOLD} 👨‍👩‍👧", "+++", "", (S, "가", f"{R} 👨‍👩‍👧")),
]  # fmt: skip

CASES = [*QUOTES, *SPACES, *WRAPPERS, *PARTICLES, *STRUCTURE]


def test_the_table_is_large_enough_and_uses_every_flag() -> None:
    assert len(CASES) >= 80
    assert len({case.name for case in CASES}) == len(CASES)
    used = {flag for case in CASES for flag in case.flags.split()}
    assert used <= set(FLAGS)
    assert set(FLAGS) - used == {"split_in_reason", "form"}  # the official parser's, and what nothing else explains


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case) -> None:
    gold = read_gold(case.gold)
    assert "".join("-+"[is_exact(case.text, gold, parser)[0]] for parser in PARSERS) == case.exact
    lenient = parse_lenient(case.text)
    assert (lenient.sentence, lenient.particle, lenient.reason) == case.read
    assert set(lenient.flags) == set(case.flags.split())
    strict = parse_strict(case.text)
    assert strict.flags == lenient.flags
    assert bool(strict.sentence) == (not case.flags)
