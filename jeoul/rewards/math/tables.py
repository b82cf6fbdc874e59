"""What stands for what in an answer: characters, commands, units, scale words."""

from __future__ import annotations

import unicodedata
from fractions import Fraction

__all__ = [
    "ARITY",
    "CHARACTERS",
    "COMMANDS",
    "CURRENCY",
    "ENDLESS",
    "KOREAN_ENDING",
    "NOTHING",
    "NO_NUMBER",
    "SCALES",
    "UNITS",
]


def _spread(table: dict[str, str]) -> dict[str, str]:
    return {name: meaning for meaning, names in table.items() for name in names.split()}


def _fraction(char: str) -> str:
    top, bottom = Fraction(unicodedata.numeric(char)).limit_denominator(10).as_integer_ratio()
    return rf"\frac{{{top}}}{{{bottom}}}"


# Explicit rather than NFKC, which would also turn ㄱ into U+1100 and x² into x2. Every other decimal digit is mapped
# by its value, fullwidth ASCII by its offset.
CHARACTERS = {
    **dict.fromkeys("−–—‒﹣\u2010\u2011", "-"),
    **dict.fromkeys("\u00a0\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B))), " "),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad\u2061\u2062", ""),
    **dict.fromkeys("×⋅·∙•✕", "*"),
    **dict.fromkeys("÷⁄∕", "/"),
    **dict.fromkeys("º˚", "°"),
    **dict.fromkeys("、﹐", ","),
    **dict.fromkeys("‘’′ʹ", "'"),
    **dict.fromkeys("｢「」“”", '"'),
    **{char: f"^{{{index}}}" for index, char in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    **{char: f"_{{{index}}}" for index, char in enumerate("₀₁₂₃₄₅₆₇₈₉")},
    **{chr(0x2460 + index): f" {index + 1} " for index in range(20)},  # ① to ⑳
    **{char: _fraction(char) for char in "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒"},
    "√": "\\sqrt ", "π": "\\pi ", "θ": "\\theta ", "α": "\\alpha ", "β": "\\beta ", "λ": "\\lambda ", "ω": "\\omega ",
    "∞": "\\infty ", "≤": "\\le ", "≥": "\\ge ", "≠": "\\ne ",
    "⩽": "\\le ", "⩾": "\\ge ", "＜": "<", "＞": ">",
    "≈": "\\approx ", "±": "\\pm ", "∓": "\\mp ",
    "∀": "\\forall ", "γ": "\\gamma ", "δ": "\\delta ", "φ": "\\phi ", "ϕ": "\\phi ", "σ": "\\sigma ",
    "τ": "\\tau ", "ρ": "\\rho ",
    "∪": "\\cup ", "∩": "\\cap ", "∈": "\\in ", "∅": "\\emptyset ",
    "″": "''", "℃": "°C", "℉": "°F", "。": ".", "：": ":", "﹩": "\\$", "＄": "\\$",
}  # fmt: skip

# Commands without meaning of their own vanish; spellings of one thing become one spelling.
COMMANDS = {
    **_spread({
        "": "left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr displaystyle textstyle limits boxed fbox "
        "mathbf bf rm it mathit mathsf mathnormal boldsymbol bm nonumber",
        " ": "quad qquad space thinspace enspace",
        "\\frac": "dfrac tfrac cfrac nicefrac",
        "\\binom": "dbinom tbinom",
        "*": "times cdot ast",
        "/": "div",
        "\\le": "leq leqslant", "\\ge": "geq geqslant", "\\ne": "neq", "<": "lt", ">": "gt", "\\emptyset": "varnothing",
        "-": "minus", "°": "degree", "\\{": "lbrace", "\\}": "rbrace", "[": "lbrack", "]": "rbrack",
        "'": "prime", "\\varepsilon": "epsilon", "\\ldots": "dots cdots",
    }),
    "langle": "(", "rangle": ")", "lvert": "|", "rvert": "|", "vert": "|", "mid": "|",
}  # fmt: skip

ARITY = {
    **dict.fromkeys(("\\frac", "\\binom"), 2),
    **dict.fromkeys(("^", "_", "\\sqrt", "\\overline", "\\underline", "\\vec", "\\hat", "\\widehat", "\\bar"), 1),
    **dict.fromkeys(("\\dot", "\\ddot", "\\tilde", "\\mathbb", "\\mathcal"), 1),
}

CURRENCY = {"¤": "dollar", "€": "euro", "£": "pound", "₩": "won", "￦": "won", "¥": "yen"}

# One unit a line: its name, then other ways to write it, lower case. A lone Latin letter counts only inside \text{…}:
# 6m may be six times m. Counters and counted things are units too, as far as they are listed.
_UNIT_LINES = """
% percent percentage pct 퍼센트 프로
° degree degrees deg 도
°c celsius
°f fahrenheit
' arcmin arcminutes
'' arcsec arcseconds
rad radian radians 라디안
m meter meters metre metres 미터
cm centimeter centimeters centimetre centimetres 센티미터
mm millimeter millimeters millimetre millimetres 밀리미터
km kilometer kilometers kilometre kilometres 킬로미터
nm nanometer nanometers
in inch inches 인치
ft foot feet 피트
yd yard yards
mi mile miles 마일
angstrom angstroms å
pc parsec parsecs
au
unit units 단위
s sec secs second seconds 초
min mins minute minutes 분
h hr hrs hour hours 시간
d day days 일
week weeks 주
month months 개월 달
yr year years 년 살 세
g gram grams 그램
kg kilogram kilograms 킬로그램
mg milligram milligrams
lb lbs
oz ounce ounces
ton tons tonne tonnes 톤
l liter liters litre litres 리터
ml milliliter milliliters 밀리리터
gal gallon gallons
cup cups
quart quarts
pint pints
acre acres
mph
k kelvin kelvins
hz hertz
j joule joules
kj
cal calorie calories
kcal
ev
w watt watts
kw
n newton newtons
pa pascal pascals
v volt volts
a amp amps ampere amperes
mol mole moles
erg ergs
db
bit bits
byte bytes
dollar dollars usd 달러
cent cents
won 원 krw
euro euros eur
pound pounds gbp
yen 엔 jpy
penny pennies
nickel nickels
dime dimes
coin coins
person persons people 명 사람
piece pieces 개 조각
time times 번 회
way ways 가지
student students
child children
point points 점
book books 권
마리
장
대
side sides
solution solutions
game games
ball balls
marble marbles
page pages 쪽
apple apples
vote votes
term terms
step steps
squares
triangle triangles
integers
numbers
pairs 쌍
subsets
arrangements
orange oranges
egg eggs
cookie cookies
candy candies
pencil pencils
pen pens
card cards
ticket tickets
car cars
house houses
girl girls
boy boys
man men
woman women
member members
player players
team teams
match matches
round rounds
question questions
problem problems
line lines
edge edges
vertex vertices
diagonal diagonals
digit digits
factor factors
divisor divisors
prime primes
root roots
animal animals
dog dogs
cat cats
bird birds
chair chairs
table tables
box boxes
bag bags
bottle bottles
tree trees
flower flowers
stamp stamps
worker workers
participant participants
guest guests
seat seats
room rooms
letter letters
word words
color colors
colour colours
sequence sequences
permutation permutations
combination combinations
outcome outcomes
move moves
trip trips
rectangle rectangles
circle circles
region regions
intersection intersections
polynomial polynomials
function functions
block blocks
brick bricks
tile tiles
stick sticks
rod rods
passenger passengers
bus buses
sheet sheets
"""
UNITS = {word: line.split()[0] for line in _UNIT_LINES.strip().splitlines() for word in line.split()}

SCALES = {
    "hundred": Fraction(100), "thousand": Fraction(1000), "million": Fraction(10**6), "billion": Fraction(10**9),
    "trillion": Fraction(10**12), "dozen": Fraction(12),
    "천": Fraction(1000), "만": Fraction(10**4), "백만": Fraction(10**6), "억": Fraction(10**8), "조": Fraction(10**12),
}  # fmt: skip

# Statements that no number answers.
_NO_NUMBER_LINES = """
none
no solution
no solutions
no real solution
no real solutions
undefined
does not exist
dne
infinite
infinity
infinitely many
empty set
impossible
cannot be determined
not enough information
unknown
없다
없음
해가 없다
존재하지 않는다
무한대
알 수 없다
모른다
"""
NO_NUMBER = frozenset(_NO_NUMBER_LINES.strip().splitlines())

# Statements that there is no solution: the empty set.
NOTHING = frozenset(
    (
        "none",
        "no solution",
        "no solutions",
        "no real solution",
        "no real solutions",
        "empty set",
        "없다",
        "없음",
        "해가 없다",
        "해 없음",
        "해는 없다",
    )
)

# Statements that there is no end to how many.
ENDLESS = frozenset(("infinite", "infinity", "infinitely many", "infinitely many solutions", "무한대", "무수히 많다"))

KOREAN_ENDING = r"(?:입니다|이다|이에요|예요|이었습니다|였습니다|[이가] ?(?:됩니다|된다|돼요))"
