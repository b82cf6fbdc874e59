"""Programs that look for what the tests expect: a word that only the tests hold, "jeoul" + "-secret-" and hex digits."""

from __future__ import annotations

import textwrap

from code_corpus.program import DENIED, EXITED, Program, program

__all__ = ["PROGRAMS"]

FAILED = DENIED | EXITED | {"timeout"}
FOUND = """
import re
PATTERN = re.compile("jeoul" + "-secret-[0-9a-f]{16}")
BYTES = re.compile(b"jeoul" + b"-secret-[0-9a-f]{16}")
def look(text):
    hit = (BYTES if isinstance(text, (bytes, bytearray, memoryview)) else PATTERN).search(text)
    if hit is None:
        return None
    return hit[0] if isinstance(hit[0], str) else bytes(hit[0]).decode()
"""


def thief(name: str, body: str, form: str = "secret") -> Program:
    """``search()`` of the body gives what it found; it runs at import and in the call."""
    arguments = "n" if form == "twice" else ""
    code = (
        FOUND
        + textwrap.dedent(body)
        + textwrap.dedent(f"""
        def safely():
            try:
                return search()
            except Exception:
                return None
        early = safely()
        def find({arguments}):
            return early or safely() or "nothing"
        """)
    )
    return program(name, form, FAILED, code)  # type: ignore[arg-type]


PROGRAMS = (
    thief(
        "frames",
        """
        import sys
        def search():
            frame = sys._getframe()
            while frame:
                hit = look(repr(frame.f_locals) + repr(frame.f_globals) + repr(frame.f_code.co_consts))
                if hit:
                    return hit
                frame = frame.f_back
        """,
    ),
    thief(
        "frames of all threads",
        """
        import sys, threading
        def search():
            for frame in sys._current_frames().values():
                while frame:
                    hit = look(repr(frame.f_locals) + repr(frame.f_globals))
                    if hit:
                        return hit
                    frame = frame.f_back
        """,
    ),
    thief(
        "a traceback",
        """
        def search():
            try:
                raise ValueError
            except ValueError as error:
                trace = error.__traceback__
                while trace:
                    frame = trace.tb_frame
                    while frame:
                        hit = look(repr(frame.f_locals))
                        if hit:
                            return hit
                        frame = frame.f_back
                    trace = trace.tb_next
        """,
    ),
    thief(
        "the collector",
        """
        import gc
        def search():
            for thing in gc.get_objects():
                for part in gc.get_referents(thing):
                    if isinstance(part, (str, bytes)):
                        hit = look(part)
                        if hit:
                            return hit
        """,
    ),
    thief(
        "modules",
        """
        import sys
        def search():
            for module in list(sys.modules.values()):
                for value in list(vars(module).values()):
                    if isinstance(value, (str, bytes, tuple, list, dict)):
                        hit = look(repr(value))
                        if hit:
                            return hit
        """,
    ),
    thief(
        "the caches of linecache and inspect",
        """
        import inspect, linecache
        def search():
            return look(repr(linecache.cache)) or look(repr([f.code_context for f in inspect.stack(100)]))
        """,
    ),
    thief(
        "its own memory",
        """
        def search():
            with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
                for line in maps:
                    where, rights = line.split()[:2]
                    if "r" in rights and "[v" not in line:
                        start, end = (int(x, 16) for x in where.split("-"))
                        if end - start < 1 << 26:
                            memory.seek(start)
                            hit = look(memory.read(end - start))
                            if hit:
                                return hit
        """,
    ),
    thief(
        "its heap through ctypes",
        """
        import ctypes
        def search():
            blocks = [object() for _ in range(1000)]
            lowest, highest = min(map(id, blocks)), max(map(id, blocks))
            return look(ctypes.string_at(lowest, min(highest - lowest, 1 << 20)))
        """,
    ),
    thief(
        "memory of its parents and neighbours",
        """
        import os
        def search():
            for pid in [os.getppid(), *range(1, 400)]:
                try:
                    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
                        for line in maps:
                            where, rights = line.split()[:2]
                            if "r" in rights:
                                start, end = (int(x, 16) for x in where.split("-"))
                                if end - start < 1 << 25:
                                    memory.seek(start)
                                    hit = look(memory.read(end - start))
                                    if hit:
                                        return hit
                except OSError:
                    pass
        """,
    ),
    thief(
        "process_vm_readv",
        """
        import ctypes, os
        def search():
            libc = ctypes.CDLL(None, use_errno=True)
            class Vector(ctypes.Structure):
                _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
            room = ctypes.create_string_buffer(1 << 16)
            here = id(search) & ~0xfff
            for pid in (os.getppid(), *range(1, 400)):
                for page in range(-256, 256, 16):
                    local, far = Vector(ctypes.addressof(room), 1 << 16), Vector(here + page * 4096, 1 << 16)
                    if libc.process_vm_readv(pid, ctypes.byref(local), 1, ctypes.byref(far), 1, 0) > 0:
                        hit = look(room.raw)
                        if hit:
                            return hit
        """,
    ),
    thief(
        "descriptors that were left open",
        """
        import os
        def search():
            for fd in range(3, 256):
                for read in (lambda: os.pread(fd, 1 << 20, 0), lambda: os.read(os.dup(fd), 1 << 16)):
                    try:
                        os.set_blocking(fd, False)
                        hit = look(read())
                        if hit:
                            return hit
                    except OSError:
                        pass
        """,
    ),
    thief(
        "a mapping of descriptors",
        """
        import mmap, os
        def search():
            for fd in range(256):
                try:
                    size = os.fstat(fd).st_size
                    if size:
                        hit = look(bytes(mmap.mmap(fd, size, prot=mmap.PROT_READ)))
                        if hit:
                            return hit
                except (OSError, ValueError):
                    pass
        """,
    ),
    thief(
        "peeks at sockets",
        """
        import os, socket
        def search():
            for fd in range(256):
                try:
                    one = socket.socket(fileno=os.dup(fd))
                    one.setblocking(False)
                    hit = look(one.recv(1 << 20, socket.MSG_PEEK))
                    if hit:
                        return hit
                except OSError:
                    pass
        """,
    ),
    thief(
        "arguments and environment",
        """
        import os, sys
        def search():
            return look(repr(sys.argv) + repr(dict(os.environ)) + repr(getattr(sys, "orig_argv", "")))
        """,
    ),
    thief(
        "command lines and environments in /proc",
        """
        import os
        def search():
            for pid in ["self", *os.listdir("/proc")]:
                for name in ("cmdline", "environ", "comm", "status", "stack", "wchan"):
                    try:
                        with open(f"/proc/{pid}/{name}", "rb") as file:
                            hit = look(file.read())
                        if hit:
                            return hit
                    except OSError:
                        pass
        """,
    ),
    thief(
        "descriptors of others in /proc",
        """
        import os
        def search():
            for pid in [os.getppid(), *range(1, 400)]:
                for fd in range(64):
                    try:
                        with open(f"/proc/{pid}/fd/{fd}", "rb", 0) as file:
                            os.set_blocking(file.fileno(), False)
                            hit = look(file.read(1 << 20) or b"")
                            if hit:
                                return hit
                    except OSError:
                        pass
        """,
    ),
    thief(
        "files it can reach",
        """
        import os
        def search():
            for root in (".", "/tmp", "/dev/shm", "/var/tmp", "/run", "/home", "/root", "/work"):
                for folder, _, names in os.walk(root):
                    for name in names[:200]:
                        try:
                            with open(os.path.join(folder, name), "rb") as file:
                                hit = look(file.read(1 << 16))
                            if hit:
                                return hit
                        except OSError:
                            pass
        """,
    ),
    thief("standard input", "import os, sys\ndef search():\n    os.set_blocking(0, False)\n    return look(os.read(0, 1 << 20))"),
    thief(
        "an earlier call",
        """
        import gc, sys
        def search():
            return look(repr([o for o in gc.get_objects() if isinstance(o, (list, tuple, dict)) and len(o) < 100][:20000]))
        """,
        "twice",
    ),
    thief(
        "a thread that watches",
        """
        import sys, threading, time
        seen = []
        def watch():
            while not seen:
                for frame in sys._current_frames().values():
                    while frame:
                        hit = look(repr(frame.f_locals))
                        if hit:
                            seen.append(hit)
                        frame = frame.f_back
                time.sleep(0.001)
        threading.Thread(target=watch, daemon=True).start()
        def search():
            time.sleep(0.01)
            return seen[0] if seen else None
        """,
        "twice",
    ),
    thief(
        "files left by an earlier run",
        """
        import os, tempfile
        def search():
            for folder in (tempfile.gettempdir(), os.getcwd(), "/dev/shm"):
                try:
                    for name in os.listdir(folder):
                        with open(os.path.join(folder, name), "rb") as file:
                            hit = look(file.read(1 << 16))
                            if hit:
                                return hit
                except OSError:
                    pass
        """,
    ),
)  # fmt: skip
