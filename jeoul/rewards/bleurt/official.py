"""BLEURT by Google's own package: TensorFlow in a Python of its own, which is asked over pipes."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Sequence
from typing import Any

from jeoul.errors import ScoringError, UsageError

__all__ = ["Official"]

# TensorFlow writes what it likes to standard output, so answers go over a copy of it.
_PROGRAM = """
import json, os, sys
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
from bleurt import score
scorer = score.BleurtScorer(sys.argv[1])
print(json.dumps({"ready": True}), file=answers, flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    found = scorer.score(references=asked["references"], candidates=asked["candidates"], batch_size=asked["batch"])
    print(json.dumps({"scores": [float(value) for value in found]}), file=answers, flush=True)
"""


class Official:
    """A process in which the ``bleurt`` package has a checkpoint loaded.

    Args:
        checkpoint: folder of an original (TensorFlow) checkpoint.
        python: interpreter that has ``bleurt`` and ``tensorflow``; default: this one.
        timeout: seconds that loading, or one call, may take.
    """

    def __init__(self, checkpoint: str, python: str | None, timeout: float) -> None:
        self.timeout = timeout
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115  (as long as the process)
        command = [python or sys.executable, "-c", _PROGRAM, checkpoint]
        try:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, start_new_session=True
            )
        except OSError as error:
            self.errors.close()
            raise UsageError(f"python = {python!r} cannot be started: {error}") from error
        self.close = weakref.finalize(self, _stop, self.process, self.errors)
        self.answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(self.process.stdout, self.answers), daemon=True).start()
        try:
            self._answer()
        except ScoringError as error:
            raise UsageError(
                f'engine = "tensorflow" needs Google\'s package bleurt with TensorFlow in {command[0]}, and in '
                f"checkpoint an original checkpoint's folder: {error}"
            ) from error

    def scores(self, references: Sequence[str], candidates: Sequence[str], most: int) -> list[tuple[float, bool]]:
        """Of each pair the score; whether it was cut the package does not say."""
        safe = [[text.encode("utf-8", "replace").decode() for text in side] for side in (references, candidates)]
        asked = json.dumps({"references": safe[0], "candidates": safe[1], "batch": most})
        pipe = self.process.stdin
        assert pipe is not None
        threading.Thread(target=_send, args=(pipe, asked.encode() + b"\n"), daemon=True).start()
        found = self._answer().get("scores")
        if not isinstance(found, list) or len(found) != len(references):
            self.close()
            raise ScoringError(f"BLEURT's process gave no {len(references)} scores")
        return [(float(value), False) for value in found]

    def _answer(self) -> dict[str, Any]:
        """Its next answer; when there is none in time the process is ended."""
        try:
            line = self.answers.get(timeout=self.timeout)
        except queue.Empty:
            self.close()
            raise ScoringError(f"BLEURT's process did not answer within {self.timeout:g} s; it was ended") from None
        if not line:
            said = self._said()
            self.close()
            raise ScoringError(f"BLEURT's process ended: {said}")
        found: dict[str, Any] = json.loads(line)
        return found

    def _said(self) -> str:
        if self.errors.closed:
            return "it had been ended before"
        self.errors.seek(0)
        lines = self.errors.read()[-2000:].decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "without a word"


def _listen(pipe: Any, answers: queue.SimpleQueue[bytes]) -> None:
    with pipe:
        for line in pipe:
            answers.put(line)
    answers.put(b"")


def _send(pipe: Any, asked: bytes) -> None:
    """From a thread of its own: a process that does not read would hold the call for ever."""
    try:
        pipe.write(asked)
        pipe.flush()
    except (OSError, ValueError):  # it has ended, which its answer tells
        return


def _stop(process: subprocess.Popen[bytes], errors: Any) -> None:
    import signal

    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin is not None:
        with contextlib.suppress(OSError):  # for what was not sent
            process.stdin.close()
    errors.close()
