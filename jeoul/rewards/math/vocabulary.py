"""Names that mean something in an expression."""

from __future__ import annotations

__all__ = ["CONSTANTS", "FUNCTIONS", "GREEK", "MARKS", "SMALL_WORDS"]

_CIRCULAR = ("sin", "cos", "tan", "cot", "sec", "csc")
_HYPERBOLIC = ("sinh", "cosh", "tanh", "coth", "sech", "csch")
FUNCTIONS = {
    **{name: name for name in (*_CIRCULAR, *_HYPERBOLIC, "exp", "ln", "abs", "floor", "ceil", "arg", "cis")},
    **{f"{prefix}{name}": f"a{name}" for prefix in ("arc", "a", "ar") for name in (*_CIRCULAR, "sinh", "cosh", "tanh")},
    "cosec": "csc", "sgn": "sign", "sign": "sign", "Re": "re", "Im": "im",
}  # fmt: skip
CONSTANTS = {"\\pi": "pi", "e": "e", "i": "i", "\\infty": "inf"}
_GREEK_LINES = """
alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau upsilon phi varphi chi psi
omega Gamma Delta Theta Lambda Xi Sigma Upsilon Phi Psi Omega hbar ell vartheta varrho odot mho nabla
"""
GREEK = frozenset(f"\\{name}" for name in _GREEK_LINES.split())
_WORD_LINES = "am an as at be by do go he if in is it me my no of oh ok on or so to up us we"
SMALL_WORDS = frozenset(_WORD_LINES.split(" "))
_MARK_LINES = "dot ddot hat bar vec tilde widehat overline mathbb mathcal"
MARKS = frozenset(f"\\{name}" for name in _MARK_LINES.split(" "))
