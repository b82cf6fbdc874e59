"""Objects that claim to equal whatever they are compared with."""

from __future__ import annotations

from code_corpus.program import LIED, program

__all__ = ["ALWAYS_EQUAL", "PROGRAMS"]

ALWAYS_EQUAL = """
class Equal:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __bool__ = lambda self, *other: True
    __hash__ = lambda self: 0
    __len__ = lambda self: 1
    __iter__ = lambda self: iter([self])
    __getitem__ = __call__ = __getattr__ = lambda self, *key: self
    __abs__ = __sub__ = __rsub__ = __add__ = __radd__ = __round__ = lambda self, *other: self
"""

PROGRAMS = (
    program("always equal, call", "call", LIED, ALWAYS_EQUAL + "def add(*a):\n    return Equal()"),
    program("always equal, asserts", "asserts", LIED, ALWAYS_EQUAL + "def add(*a):\n    return Equal()"),
    program("unittest.mock.ANY", "call", LIED, "from unittest.mock import ANY\ndef add(*a):\n    return ANY"),
    program("MagicMock", "asserts", LIED, "from unittest.mock import MagicMock\nadd = MagicMock()\nadd.return_value.__eq__ = lambda *a: True"),
    program(
        "int that lies",
        "call",
        LIED,
        """
        class Int(int):
            def __eq__(self, other): return True
            def __ne__(self, other): return False
            __hash__ = int.__hash__
        def add(a, b): return Int(6)
        """,
    ),
    program(
        "int that lies, asserts",
        "asserts",
        LIED,
        """
        class Int(int):
            def __eq__(self, other): return True
            def __ne__(self, other): return False
            def __sub__(self, other): return 0
            __rsub__ = __sub__
            __hash__ = int.__hash__
        def add(a, b): return Int(6)
        """,
    ),
    program(
        "int whose conversions lie",
        "call",
        LIED,
        """
        class Int(int):
            __int__ = __index__ = __trunc__ = lambda self: 5
            def __repr__(self): return '5'
            __str__ = __format__ = lambda self, *a: '5'
            def bit_length(self): return 3
            def to_bytes(self, *a, **k): return b'\\x05'
        def add(a, b): return Int(6)
        """,
    ),
    program(
        "float that lies",
        "call",
        LIED,
        """
        class Float(float):
            def __eq__(self, other): return True
            def hex(self): return (5.0).hex()
            __hash__ = float.__hash__
        def add(a, b): return Float(6)
        """,
    ),
    program(
        "text that lies",
        "secret",
        LIED,
        """
        class Text(str):
            def __eq__(self, other): return True
            def __ne__(self, other): return False
            def strip(self, *a): return self
            lower = casefold = strip
            __hash__ = str.__hash__
        def find(): return Text("none")
        """,
    ),
    program(
        "list that lies",
        "secret",
        LIED,
        """
        class List(list):
            def __eq__(self, other): return True
            def __iter__(self): return iter(())
            def __len__(self): return 0
        def find(): return List([1])
        """,
    ),
    program(
        "list that grows while it is read",
        "call",
        LIED | {"memory", "timeout", "output_limit"},
        """
        class List(list):
            def __iter__(self):
                while True:
                    self.append(0)
                    yield 0
        def add(a, b): return List([0])
        """,
    ),
    program(
        "class that says it is int",
        "call",
        LIED,
        """
        class Liar:
            __class__ = property(lambda self: int)
            def __eq__(self, other): return True
            def __index__(self): return 5
            __int__ = __index__
            __hash__ = None
        def add(a, b): return Liar()
        """,
    ),
    program(
        "metaclass that lies",
        "call",
        LIED,
        """
        class Meta(type):
            def __eq__(cls, other): return True
            def __instancecheck__(cls, x): return True
            def __subclasscheck__(cls, x): return True
            __hash__ = type.__hash__
        class Liar(metaclass=Meta):
            def __eq__(self, other): return True
            __hash__ = None
        def add(a, b): return Liar
        """,
    ),
    program("lies inside a list", "asserts", LIED, ALWAYS_EQUAL + "def add(a, b):\n    return [Equal()]"),
    program("lies inside a dict", "call", LIED, ALWAYS_EQUAL + "def add(a, b):\n    return {Equal(): Equal()}"),
    program(
        "enum that lies",
        "call",
        LIED,
        """
        import enum
        class E(enum.IntEnum):
            A = 6
            def __eq__(self, other): return True
            __hash__ = None
        def add(a, b): return E.A
        """,
    ),
    program(
        "Fraction that lies",
        "call",
        LIED,
        """
        from fractions import Fraction
        class F(Fraction):
            numerator = property(lambda self: 5)
            denominator = property(lambda self: 1)
            def __eq__(self, other): return True
            __hash__ = None
        def add(a, b): return F(6)
        """,
    ),
    program(
        "Decimal that lies",
        "call",
        LIED,
        """
        from decimal import Decimal
        class D(Decimal):
            def __eq__(self, other): return True
            def __str__(self): return '5'
            def as_tuple(self): return (0, (5,), 0)
            __hash__ = None
        def add(a, b): return D(6)
        """,
    ),
    program(
        "remembers what it was compared with",
        "twice",
        LIED,
        """
        seen = []
        class Thief(str):
            def __eq__(self, other):
                seen.append(other)
                return False
            __hash__ = str.__hash__
        def find(n):
            return seen[0] if seen else Thief()
        """,
    ),
    program(
        "equal through the right operand",
        "asserts",
        LIED,
        """
        class Int(int):
            def __eq__(self, other): return True
            __req__ = __eq__
            __hash__ = int.__hash__
        class Sub(Int): pass
        def add(a, b): return Sub(7)
        """,
    ),
    program("a proxy of a liar", "call", LIED, ALWAYS_EQUAL + "import weakref\nkept = Equal()\ndef add(a, b):\n    return weakref.proxy(kept)"),
    program("a NaN", "call", LIED, "def add(a, b):\n    return float('nan')"),
    program("True for one", "call", LIED, "def add(a, b):\n    return not None"),
    program("an array that is all of them", "call", LIED, ALWAYS_EQUAL + "class A(Equal):\n    __array__ = lambda self, *a: [5]\n    all = any = lambda self, *a: True\ndef add(a, b):\n    return A()"),
    program("range that lies", "call", LIED, "from itertools import count\ndef add(a, b):\n    return count()"),
)  # fmt: skip
