"""Programs of honest people: every one must pass. (name, form, code); stdio programs here bring their own test."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CALLS", "STDIO", "CallProgram", "StdioProgram"]


class StdioProgram(NamedTuple):
    """Reads ``stdin`` and must print ``expected``."""

    name: str
    code: str
    stdin: str
    expected: str


class CallProgram(NamedTuple):
    """``function(*args)`` must be ``expected``."""

    name: str
    code: str
    function: str
    args: tuple[object, ...]
    expected: object


STDIO = (
    StdioProgram("prints a sum", "print(sum(map(int, input().split())))", "2 3\n", "5\n"),
    StdioProgram("exit() at the end", "print(5)\nexit()", "", "5\n"),
    StdioProgram("quit(0)", "print(5)\nquit(0)", "", "5\n"),
    StdioProgram("sys.exit() in main", "import sys\ndef main():\n    print(int(input()) * 2)\n    sys.exit()\nmain()", "4", "8\n"),
    StdioProgram("sys.exit(0) inside a loop", "import sys\nfor n in range(10):\n    if n == 3:\n        sys.exit(0)\n    print(n)", "", "0\n1\n2\n"),
    StdioProgram("reads until the end", "total = 0\nwhile True:\n    try:\n        total += int(input())\n    except EOFError:\n        break\nprint(total)", "1\n2\n3\n", "6\n"),
    StdioProgram("sys.stdin", "import sys\nprint(sum(int(line) for line in sys.stdin))", "1\n2\n3", "6\n"),
    StdioProgram("sys.stdin.buffer", "import sys\ndata = sys.stdin.buffer.read().split()\nsys.stdout.buffer.write(b' '.join(reversed(data)))", "a b c\n", "c b a\n"),
    StdioProgram("open(0)", "print(*sorted(open(0).read().split()), sep='\\n')", "b a\nc\n", "a\nb\nc\n"),
    StdioProgram("input replaced", "import sys\ninput = sys.stdin.readline\nn = int(input())\nprint(sum(map(int, input().split())) - n)", "3\n1 2 3\n", "3\n"),
    StdioProgram("main guard", "def main():\n    print('ok')\nif __name__ == '__main__':\n    main()", "", "ok\n"),
    StdioProgram("Korean text", "print('안녕, ' + input() + '!')", "세계\n", "안녕, 세계!\n"),
    StdioProgram("blank at line ends", "for n in range(3):\n    print(n, end=' \\n')", "", "0\n1\n2\n"),
    StdioProgram("no newline at the end", "print('x', end='')", "", "x\n"),
    StdioProgram("threads", "import threading\nout = []\nthreads = [threading.Thread(target=lambda n=n: out.append(n * n)) for n in range(8)]\nfor t in threads:\n    t.start()\nfor t in threads:\n    t.join()\nprint(sum(out))", "", "140\n"),
    StdioProgram("recursion in a thread with a big stack", "import sys, threading\nsys.setrecursionlimit(200_000)\nthreading.stack_size(64 * 1024 * 1024)\ndef depth(n):\n    return 0 if n == 0 else 1 + depth(n - 1)\nt = threading.Thread(target=lambda: print(depth(30_000)))\nt.start()\nt.join()", "", "30000\n"),
    StdioProgram("a pool of threads", "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(4) as pool:\n    print(*pool.map(lambda n: n * n, range(5)))", "", "0 1 4 9 16\n"),
    StdioProgram("asyncio", "import asyncio\nasync def double(n):\n    await asyncio.sleep(0.001)\n    return 2 * n\nasync def main():\n    print(sum(await asyncio.gather(*(double(n) for n in range(5)))))\nasyncio.run(main())", "", "20\n"),
    StdioProgram("a lot of output", "for n in range(50_000):\n    print(n)", "", "".join(f"{n}\n" for n in range(50_000))),
    StdioProgram("a lot of input", "import sys\nprint(sum(map(int, sys.stdin.read().split())))", " ".join(map(str, range(100_000))), f"{sum(range(100_000))}\n"),
    StdioProgram("writes to stderr too", "import sys\nprint('debug', file=sys.stderr)\nprint(5)", "", "5\n"),
    StdioProgram("patches print for speed", "import builtins, sys\nout = []\nprint = lambda *a: out.append(' '.join(map(str, a)))\nprint(1, 2)\nprint(3)\nsys.stdout.write('\\n'.join(out) + '\\n')", "", "1 2\n3\n"),
    StdioProgram("StringIO for stdout", "import io, sys\nreal, sys.stdout = sys.stdout, io.StringIO()\nprint('kept')\ntext = sys.stdout.getvalue()\nsys.stdout = real\nprint(text.upper(), end='')", "", "KEPT\n"),
    StdioProgram("random is seeded alike", "import random\nrandom.seed(1)\na = random.random()\nrandom.seed(1)\nprint(a == random.random())", "", "True\n"),
    StdioProgram("decimal and fractions", "from decimal import Decimal, getcontext\nfrom fractions import Fraction\ngetcontext().prec = 30\nprint(Decimal(1) / Decimal(3), Fraction(1, 3) + Fraction(1, 6))", "", "0.333333333333333333333333333333 1/2\n"),
    StdioProgram("time and datetime", "import time, datetime\nstart = time.perf_counter()\ntime.sleep(0.01)\nprint(time.perf_counter() > start, datetime.date(2024, 2, 29).weekday())", "", "True 3\n"),
    StdioProgram("a database in memory", "import sqlite3\nbase = sqlite3.connect(':memory:')\nbase.execute('create table t (x)')\nbase.executemany('insert into t values (?)', [(n,) for n in range(5)])\nprint(base.execute('select sum(x) from t').fetchone()[0])", "", "10\n"),
    StdioProgram("json, re, string, textwrap", "import json, re, string, textwrap\nprint(json.loads('[1, 2]')[1], re.sub('a+', 'b', 'caat'), string.ascii_lowercase[:3], textwrap.shorten('a b c', 5))", "", "2 cbt abc a b c\n"),
    StdioProgram("atexit", "import atexit\natexit.register(print, 'last')\nprint('first')", "", "first\nlast\n"),
    StdioProgram("an os.environ that is there", "import os\nprint(os.environ.get('NO_SUCH_NAME', 'none'), len(os.getcwd()) > 0)", "", "none True\n"),
    StdioProgram("large integers", "import math\nprint(len(str(math.factorial(1000))))", "", "2568\n"),
    StdioProgram("numpy", "import numpy as np\nn = int(input())\nprint(np.arange(n).sum(), np.linalg.det(np.eye(2)))", "5\n", "10 1.0\n"),
    StdioProgram("numpy reads the input", "import sys\nimport numpy as np\nprint(*np.sort(np.array(sys.stdin.read().split(), dtype=np.int64)))", "3 1 2\n", "1 2 3\n"),
    StdioProgram("a finaliser that prints", "class C:\n    def __del__(self):\n        print('gone')\nc = C()\ndel c", "", "gone\n"),
)  # fmt: skip

CALLS = (
    CallProgram("adds", "def add(a, b):\n    return a + b", "add", (2, 3), 5),
    CallProgram("prints as well", "def add(a, b):\n    print('debug', a, b)\n    return a + b", "add", (2, 3), 5),
    CallProgram("deep recursion", "import sys\nsys.setrecursionlimit(20_000)\ndef depth(n):\n    return 0 if n == 0 else 1 + depth(n - 1)", "depth", (9000,), 9000),
    CallProgram("a list of lists", "def grid(n):\n    return [[i * j for j in range(n)] for i in range(n)]", "grid", (3,), [[0, 0, 0], [0, 1, 2], [0, 2, 4]]),
    CallProgram("dataclasses", "from dataclasses import dataclass\n@dataclass(order=True)\nclass P:\n    x: int\n    y: int = 0\ndef best(pairs):\n    p = max(P(*pair) for pair in pairs)\n    return (p.x, p.y)", "best", ([(1, 2), (3, 0)],), (3, 0)),
    CallProgram("a named tuple for a tuple", "from collections import namedtuple\nP = namedtuple('P', 'x y')\ndef point():\n    return P(1, 2)", "point", (), (1, 2)),
    CallProgram("a Counter for a dict", "from collections import Counter\ndef count(s):\n    return Counter(s)", "count", ("abca",), {"a": 2, "b": 1, "c": 1}),
    CallProgram("a defaultdict for a dict", "from collections import defaultdict\ndef group(words):\n    d = defaultdict(list)\n    for w in words:\n        d[len(w)].append(w)\n    return d", "group", (["a", "bc", "d"],), {1: ["a", "d"], 2: ["bc"]}),
    CallProgram("an OrderedDict", "from collections import OrderedDict\ndef order(d):\n    return OrderedDict(sorted(d.items()))", "order", ({"b": 1, "a": 2},), {"a": 2, "b": 1}),
    CallProgram("a set", "def unique(xs):\n    return set(xs)", "unique", ([1, 2, 2, 3],), {1, 2, 3}),
    CallProgram("a deque", "from collections import deque\ndef turn(xs):\n    d = deque(xs)\n    d.rotate(1)\n    return list(d)", "turn", ([1, 2, 3],), [3, 1, 2]),
    CallProgram("an IntEnum for an int", "import enum\nclass E(enum.IntEnum):\n    A = 5\ndef get():\n    return E.A", "get", (), 5),
    CallProgram("None", "def nothing(x):\n    return None", "nothing", (1,), None),
    CallProgram("bytes", "def encode(s):\n    return s.encode()", "encode", ("가",), "가".encode()),
    CallProgram("floats", "def half(x):\n    return x / 2", "half", (1,), 0.5),
    CallProgram("complex", "def square(z):\n    return z * z", "square", (1j,), -1 + 0j),
    CallProgram("a cache", "from functools import lru_cache\n@lru_cache(None)\ndef fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)", "fib", (80,), 23416728348467685),
    CallProgram("typing", "from typing import *\nclass Node(Generic[TypeVar('T')]):\n    pass\ndef f(xs: List[int]) -> Optional[int]:\n    return max(xs, default=None)", "f", ([],), None),
    CallProgram("bisect, heapq, itertools", "import bisect, heapq, itertools\ndef f(xs):\n    heapq.heapify(xs)\n    s = [heapq.heappop(xs) for _ in range(len(xs))]\n    return bisect.bisect(s, 2), list(itertools.accumulate(s))", "f", ([3, 1, 2],), (2, [1, 3, 6])),
    CallProgram("sorts its argument in place", "def f(xs):\n    xs.sort()\n    return xs", "f", ([3, 1, 2],), [1, 2, 3]),
    CallProgram("a closure with state", "count = 0\ndef f():\n    global count\n    count += 1\n    return count", "f", (), 1),
    CallProgram("swallows its own errors", "def f(x):\n    try:\n        return 1 / x\n    except ZeroDivisionError:\n        return 'none'", "f", (0,), "none"),
    CallProgram("runs at import", "TABLE = [n * n for n in range(1000)]\nprint('ready')\ndef f(n):\n    return TABLE[n]", "f", (30,), 900),
    CallProgram("main guard is off or on", "def f():\n    return 1\nif __name__ == '__main__':\n    print(f())", "f", (), 1),
    CallProgram("exec and eval", "def f(s):\n    names = {}\n    exec('y = ' + s, names)\n    return names['y'] + eval(s)", "f", ("2 + 3",), 10),
    CallProgram("numpy scalars", "import numpy as np\ndef f(xs):\n    return [np.int64(sum(xs)), np.float64(0.5), np.mean(xs)]", "f", ([1, 3],), [4, 0.5, 2.0]),
    CallProgram("a large answer", "def f(n):\n    return list(range(n))", "f", (20_000,), list(range(20_000))),
    CallProgram("a text of many lines", "def f(n):\n    return '\\n'.join('x' * n for _ in range(n))", "f", (3,), "xxx\nxxx\nxxx"),
)  # fmt: skip
