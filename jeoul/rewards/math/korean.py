"""Korean numerals, fractions and endings in an answer, as digits and signs."""

from __future__ import annotations

import re

__all__ = ["from_korean"]

_NATIVE_TENS = {
    "열": 10, "스물": 20, "스무": 20, "서른": 30, "마흔": 40, "쉰": 50, "예순": 60, "일흔": 70, "여든": 80, "아흔": 90,
}  # fmt: skip
_NATIVE_ONES = {
    "하나": 1, "한": 1, "둘": 2, "두": 2, "셋": 3, "세": 3, "넷": 4, "네": 4,
    "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9,
}  # fmt: skip
_DIGITS = {char: value for value, char in enumerate("영일이삼사오육칠팔구")} | {"공": 0, "육": 6, "륙": 6}
_PLACES = {"십": 10, "백": 100, "천": 1000}
_MYRIADS = {"만": 10**4, "억": 10**8, "조": 10**12}

_COUNTER = (
    "개|명|사람|원|시간|도|번|가지|살|세|마리|권|장|쪽|분|초|일|년|개월|회|쌍|조각|"
    "그루|송이|자루|켤레|대|인|점|칸|층|배|cm|m|kg"
)
_SINO = "[영공일이삼사오육륙칠팔구십백천만억조]"
_NATIVE = f"(?:{'|'.join(_NATIVE_TENS)})?(?:{'|'.join(_NATIVE_ONES)})|(?:{'|'.join(_NATIVE_TENS)})"
_NUMERAL = re.compile(
    rf"(-|마이너스 ?|음의 ?)?(?:({_SINO}{{1,24}})|({_NATIVE}))(?:점 ?({_SINO}{{1,12}}))?( ?(?:{_COUNTER}))?"
)
_PART = rf"\d+|{_SINO}{{1,12}}"
_FRACTION = re.compile(
    rf"(?:({_PART})(?:과|와|하고|\s) ?)?(-|마이너스 ?)?({_PART}) ?분의 ?(-|마이너스 ?)?({_PART})( ?(?:{_COUNTER}))?"
)
_MYRIAD = re.compile(
    r"(?=\d)(?:(\d{1,4}) ?조)? ?(?:(\d{1,4}) ?억)? ?(?:(\d{1,4}) ?(천)?만)? ?(?:(\d) ?천)? ?(\d{1,4}|\d,\d{3})?"
    rf"( ?(?:{_COUNTER}))?"
)
_POINT = re.compile(r"(\d+) ?점 ?(\d+)")
_LEAD = re.compile(
    r"^(?:(?:최종 ?)?(?:정답|답|답안) ?:\s*|(?:약|대략|모두|총|전부|바로|따라서|그러므로|정답은|답은)\s+)"
)
_SPACED = re.compile(
    rf"(?<=[만억조]) (?=[일이삼사오육칠팔구십백천])|(?<=[열물른흔순든]) (?=(?:{'|'.join(_NATIVE_ONES)})(?:$| ))"
)
_MINUS = re.compile(r"^(?:마이너스|음의) ?(?=\d)")
_CLOSE = re.compile(
    r"\s*(?:이고요?|이?라고 (?:한다|합니다|할 수 있(?:다|습니다))|이지요|이죠|이네요|네요|이야|야|임|이며|"
    r"[가이] 답이다|[가이] 정답(?:이다|입니다)|"
    r"으?로 (?:계산됩니다|나옵니다|구해집니다)|이라고 할 수 있습니다|정답|이다|입니다|이에요|예요)[.!]*$"
)


def from_korean(text: str) -> str:
    r"""The answer with its Korean number in digits; unchanged where it is not one number.

    >>> [from_korean(text) for text in ("열두 개", "이백오십육", "삼 분의 이", "마이너스 오", "스물다섯명", "모른다")]
    ['12 개', '256', '\\frac{2}{3}', '-5', '25명', '모른다']
    """
    plain = _MINUS.sub("-", _SPACED.sub("", _CLOSE.sub("", _LEAD.sub("", text)))).strip()
    if not plain:
        return text
    found = _FRACTION.fullmatch(plain)
    if found is not None:
        whole, sign, bottom, inner, top, counter = found.groups()
        values = [_sino(part) for part in (whole or "영", bottom, top)]
        if None not in values:
            written = rf"\frac{{{values[2]}}}{{{values[1]}}}"
            minus = "-" if bool(sign) != bool(inner) else ""
            return minus + (f"{values[0]}{written}" if whole else written) + (counter or "")
    found = _MYRIAD.fullmatch(plain)
    if found is not None and sum(part is not None for part in (*found.groups()[:3], *found.groups()[4:6])) > 1:
        return f"{_myriads(found)}{found[7] or ''}"
    found = _NUMERAL.fullmatch(plain)
    if found is not None and not (len(plain) == 1 and plain in "이일조"):
        sign, sino, native, places, counter = found.groups()
        value = _sino(sino) if sino else _native(native)
        if value is not None:
            rest = "".join(str(_DIGITS.get(char, "")) for char in places) if places else ""
            return ("-" if sign else "") + str(value) + (f".{rest}" if rest else "") + (counter or "")
    return _POINT.sub(r"\1.\2", plain) if _POINT.fullmatch(plain) else plain


def _myriads(found: re.Match[str]) -> int:
    """2만 5천, 1억 3천만 and 3만 2500 in digits."""
    trillions, hundred_millions, myriads, thousandfold, thousands, rest = found.groups()[:6]
    return (
        int(trillions or 0) * 10**12
        + int(hundred_millions or 0) * 10**8
        + int(myriads or 0) * (10**7 if thousandfold else 10**4)
        + int(thousands or 0) * 1000
        + int((rest or "0").replace(",", ""))
    )


def _native(text: str) -> int | None:
    for ten, value in sorted(_NATIVE_TENS.items(), key=lambda item: -len(item[0])):
        if text.startswith(ten):
            rest = text.removeprefix(ten)
            return value + _NATIVE_ONES[rest] if rest in _NATIVE_ONES else value if not rest else None
    return _NATIVE_ONES.get(text)


def _sino(text: str) -> int | None:
    """Value of digits, or of a Sino-Korean numeral: myriads of thousands, hundreds, tens and ones."""
    if text.isdigit():
        return int(text)
    if all(char in _DIGITS for char in text):
        return int("".join(str(_DIGITS[char]) for char in text)) if len(text) > 1 else _DIGITS[text]
    total, group, digit, place = 0, 0, None, 10**4
    myriad = 10**16
    for char in text:
        if char in _DIGITS:
            if digit is not None:
                return None
            digit = _DIGITS[char]
        elif char in _PLACES:
            if _PLACES[char] >= place:
                return None
            place = _PLACES[char]
            group, digit = group + (1 if digit is None else digit) * place, None
        else:
            if _MYRIADS[char] >= myriad:
                return None
            myriad, place = _MYRIADS[char], 10**4
            total, group, digit = total + (group + (digit or 0) or 1) * myriad, 0, None
    return total + group + (digit or 0)
