"""Where hostile programs run: with something to steal, to reach and to break, and a look at what they leave.

``python arena.py [--tier B] [--uid N] [--bubblewrap] [--every N] [GROUP …]`` runs groups in a process of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import glob
import json
import os
import resource
import secrets
import select
import socket
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from code_corpus.groups import GROUPS
from code_corpus.program import Program
from jeoul.rewards.code.forms import Asserts, Call, Stdio, Test
from jeoul.rewards.code.sandbox import Limits, Sandbox
from jeoul.rewards.code.sandbox import sandbox as sandbox_module
from jeoul.rewards.code.sandbox.plans import plans

__all__ = ["DANGEROUS", "LIMITS", "Arena", "tests_of"]

LIMITS = Limits(cpu=0.3, idle=0.4, wall=60, memory=2**29)
"""Small, so that what must run out of something does so soon."""
DANGEROUS = frozenset({"processes", "killing", "network", "files"})
"""Groups that would harm the machine itself where nothing holds them: kill everything, fork without end, reboot."""
SECRET = f"jeoul-secret-{secrets.token_hex(8)}"
KEY = "6a656f75"

_DANGEROUS = frozenset(program for group in DANGEROUS for program in GROUPS[group])

CHECK = """
def check(candidate):
    assert candidate(2, 3) == 5
    assert candidate(1, 1) == 2
    assert abs(candidate(10, -1) - 9) < 1e-6
"""
ALIAS = """
xs = [3, 1, 2]
answer = order(xs)
assert answer == sorted(xs)
ys = [5, 4]
assert order(ys) == sorted(ys)
"""


def tests_of(program: Program) -> list[Test]:
    """The tests that a form stands for."""
    return {
        "stdio": [Stdio("2 3\n", "5\n")],
        "lines": [Stdio("", "1\n2\n3\n")],
        "call": [Call("add", (2, 3), {}, 5)],
        "secret": [Call("find", (), {}, SECRET)],
        "twice": [Call("find", (1,), {}, SECRET), Call("find", (2,), {}, SECRET)],
        "asserts": [Asserts(CHECK, "add")],
        "alias": [Asserts(ALIAS)],
        "zipped": [Asserts("assert all(a == b for a, b in zip(map(f, [1, 2]), [3, 4]))")],
        "looped": [Asserts("for got in map(f, [1, 2]):\n    assert got == 3")],
        "again": [Asserts("x = f(1)\nassert f(x) == 5"), Asserts("assert f(f(1)) == 5")],
        "wrapped": [Asserts("x = f(1)\nassert f([x, x, x]) == 5")],
        "bare": [Asserts("try:\n    x = f(1)\nexcept:\n    pass\nassert x == 1")],
    }[program.form]


class Arena:
    """Runs hostile programs in one sandbox of one slot, each followed by an honest one; tells what went wrong."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.stack = contextlib.ExitStack()

    def __enter__(self) -> Arena:
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.folder.chmod(0o755)
        self.secret = self.folder / "secret"
        self.secret.write_text(SECRET)
        self.secret.chmod(0o666)
        self.listeners = [socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)]
        self.listeners[1].bind(("127.0.0.1", 0))
        self.name = f"jeoul-{secrets.token_hex(4)}"
        for kind, where in (
            (socket.SOCK_STREAM, str(self.folder / "socket")),
            (socket.SOCK_STREAM, f"\0{self.name}"),
            (socket.SOCK_DGRAM, f"\0{self.name}"),
        ):
            one = socket.socket(socket.AF_UNIX, kind)
            with contextlib.suppress(OSError):
                one.bind(where)
                if kind == socket.SOCK_STREAM:
                    one.listen()
                self.listeners.append(one)
        for one in self.listeners:
            self.stack.callback(one.close)
        (self.folder / "socket").chmod(0o777)
        assert self.honest() == ""
        self.baseline = self.processes()
        assert self.baseline >= 1  # the zygote is seen
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def code(self, program: Program) -> str:
        """The program with the places of this arena in it."""
        code = program.code
        for name, value in (
            ("TCP_PORT", self.listeners[0].getsockname()[1]),
            ("UDP_PORT", self.listeners[1].getsockname()[1]),
            ("UNIX_PATH", self.folder / "socket"),
            ("UNIX_NAME", self.name),
            ("SECRET_PATH", self.secret),
        ):
            code = code.replace(name, str(value))
        return code

    def problems(self, program: Program) -> list[str]:
        """Run it; what should not have been."""
        if program in _DANGEROUS and (self.sandbox.tier == "C" or self.sandbox.isolation != "require"):
            raise AssertionError(f"{program.name} must not run where nothing holds it")
        result = self.sandbox.run(self.code(program), tests_of(program))
        kinds = [str(test.kind) for test in result.tests]
        found = [f"{kind} is not allowed ({test})" for kind, test in zip(kinds, result.tests, strict=True)
                 if kind not in program.kinds]  # fmt: skip
        if all(kind == "pass" for kind in kinds):
            found.append("it passed")
        said = "".join(test.stdout + test.detail for test in result.tests)
        if program.never in said:
            found.append(f"its attack worked: {said[:200]!r}")
        if SECRET in "".join(test.stdout + test.stderr for test in result.tests):
            found.append("it knew the secret")
        found += filter(None, [self.honest(), *self.left()])
        return found

    def honest(self) -> str:
        """The next run is right."""
        good = self.sandbox.run(
            "def add(a, b):\n    return a + b", [Call("add", (2, 3), {}, 5), Call("add", (2, 2), {}, 5)]
        )
        kinds = [str(test.kind) for test in good.tests]
        return "" if kinds == ["pass", "wrong"] else f"the next run came to {good.tests}"

    def left(self) -> list[str]:
        """What is left behind."""
        found = []
        until = time.monotonic() + 2
        while (now := self.processes()) > self.baseline and time.monotonic() < until:
            time.sleep(0.05)  # dying
        if now > self.baseline:
            found.append(f"{now - self.baseline} processes are left")
        names = [name for folder in ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", os.getcwd(), "/")
                 for name in glob.glob(f"{folder}/*jeoul-left*") + glob.glob(f"{folder}/jeoul-pickle*")]  # fmt: skip
        found += [f"{name} is left" for name in names]
        for kind in ("shm", "sem", "msg"):
            with contextlib.suppress(OSError):
                text = Path(f"/proc/sysvipc/{kind}").read_text()
                if str(int(KEY, 16)) in text:
                    found.append(f"a System V {kind} is left")
        if self.secret.read_text() != SECRET or self.secret.stat().st_mode & 0o777 != 0o666:
            found.append("the secret was changed")
        ready, _, _ = select.select(self.listeners, [], [], 0)
        for one in ready:
            with contextlib.suppress(OSError):
                (one.accept()[0].close() if one.type == socket.SOCK_STREAM else one.recv(100))
        if ready:
            found.append("something arrived from inside")
        return found

    def processes(self) -> int:
        """This sandbox's processes and lost ones: by the command line that forks keep, or by what the programs start."""
        count = 0
        for name in os.listdir("/proc"):
            if not name.isdigit() or int(name) == os.getpid():
                continue
            try:
                words = command_line(int(name))
                owner = Path(f"/proc/{name}/loginuid").stat().st_uid
                count += of_a_sandbox(words) and not of_another(int(name))
            except (OSError, IndexError):
                continue
            count += words in (b"sleep\x00100\x00", b"/bin/sh\x00-c\x00sleep 100 & echo 6\x00") and owner != 0
        return count


def command_line(pid: int) -> bytes:
    """Words that end in zeros."""
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def of_a_sandbox(words: bytes) -> bool:
    """A zygote, a child of one, or the bubblewrap around it."""
    return any(word.endswith(b"/inside/boot.py") for word in words.split(b"\0"))


def of_another(pid: int) -> bool:
    """Whether a process of a sandbox belongs to a Python process other than this one: a test beside this one has sandboxes
    too. One that was left behind has another parent, such as the first process of all."""
    words = command_line(pid)
    while pid > 1 and of_a_sandbox(words):
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        words = command_line(pid) if pid else b""
    return pid != os.getpid() and b"python" in words


def main() -> int:
    """Run groups in this process; problems as JSON on stdout."""
    parser = argparse.ArgumentParser()
    parser.add_argument("groups", nargs="*", default=list(GROUPS))
    parser.add_argument("--tier", default="auto")
    parser.add_argument("--isolation", default="require")
    parser.add_argument("--uid", type=int, default=None)
    parser.add_argument("--bubblewrap", action="store_true", help="the zygote inside bubblewrap, and nothing else")
    parser.add_argument("--every", type=int, default=1, help="only every so-manyth program of a group")
    arguments = parser.parse_args()
    if arguments.uid is not None:
        os.setgroups([])
        os.setgid(arguments.uid)
        os.setuid(arguments.uid)
    if arguments.bubblewrap:
        sandbox_module.plans = lambda *a: [plan for plan in plans(*a) if plan.namespaces == "bwrap"]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    found: dict[str, list[str]] = {}
    count = 0
    with (
        Sandbox(slots=1, limits=LIMITS, isolation=arguments.isolation, tier=arguments.tier) as sandbox,
        Arena(sandbox) as arena,
    ):
        for group in arguments.groups or list(GROUPS):
            for program in GROUPS[group][:: arguments.every]:
                count += 1
                problems = arena.problems(program)
                if problems:
                    found[f"{group}: {program.name}"] = problems
                    print(f"{group}: {program.name}: {'; '.join(problems)[:600]}", file=sys.stderr, flush=True)
    print(
        json.dumps(
            {
                "programs": count,
                "tier": sandbox.tier,
                "report": str(sandbox.report()),
                "uid": os.getuid(),
                "problems": found,
            }
        )
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
