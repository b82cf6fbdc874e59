"""What SandboxFusion and Piston are asked, and what they answer."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from jeoul.rewards.code.outcomes import Kind
from jeoul.rewards.code.remote.ended import Ended, UnavailableError
from jeoul.rewards.code.sandbox.inside.readable import printable
from jeoul.rewards.code.sandbox.limits import Limits

__all__ = ["PROTOCOLS", "FusionProtocol", "PistonProtocol", "Remote"]

FALSE_TIMEOUT = 190_000
"""Bytes of output from which on SandboxFusion has reported a timeout for programs that had ended."""


class Remote(Protocol):
    """A protocol: where to ask, what, and how to read the answer."""

    @property
    def path(self) -> str:
        """Where to post, below the address."""
        ...

    def request(self, code: str, stdin: str, limits: Limits) -> dict[str, Any]:
        """Body of the request."""
        ...

    def read(self, body: Mapping[str, Any], limits: Limits) -> Ended:
        """What the body of a 200 says; UnavailableError where it says that nothing was run."""
        ...


@dataclass(frozen=True)
class FusionProtocol:
    """SandboxFusion: ``POST /run_code``.

    A ``TimeLimitExceeded`` beside 190 kB of output is no verdict: the server has said so of programs that had ended, so
    it counts as too much output where the limit was passed, and as the server's failure else.
    """

    path: str = "/run_code"

    def request(self, code: str, stdin: str, limits: Limits) -> dict[str, Any]:
        return {
            "code": code,
            "stdin": stdin,
            "language": "python",
            "run_timeout": limits.cpu + limits.idle,
            "compile_timeout": limits.cpu + limits.idle,
            "memory_limit_MB": limits.memory >> 20,
        }

    def read(self, body: Mapping[str, Any], limits: Limits) -> Ended:
        status, run = body.get("status"), body.get("run_result")
        if status == "SandboxError":
            raise UnavailableError(f"SandboxError: {printable(str(body.get('message', '')), 200)}")
        if status not in ("Success", "Failed") or not isinstance(run, Mapping):
            raise UnavailableError(f"an answer with status {printable(repr(status), 60)} and no run_result")
        out, err = _text(run.get("stdout")), _text(run.get("stderr"))
        seconds = float(run.get("execution_time") or 0.0)
        if run.get("status") == "TimeLimitExceeded":
            if _size(out) >= min(FALSE_TIMEOUT, limits.stdout):
                if _size(out) >= limits.stdout:
                    return Ended(Kind.output_limit, out, err, detail=f"wrote {limits.stdout} bytes or more")
                raise UnavailableError(f"TimeLimitExceeded with {_size(out)} bytes of output, which may be no timeout")
            return Ended(Kind.timeout, out, err, detail=f"took {seconds or limits.cpu + limits.idle:g} s")
        code = run.get("return_code")
        if run.get("status") == "Finished" and isinstance(code, int):
            return _ended(code, out, err, seconds, limits)
        if run.get("status") == "Error" and isinstance(code, int) and code != 0:
            return _ended(code, out, err, seconds, limits)
        raise UnavailableError(f"a run that is {printable(repr(run.get('status')), 60)}")


@dataclass(frozen=True)
class PistonProtocol:
    """Piston: ``POST /api/v2/execute``."""

    path: str = "/api/v2/execute"
    version: str = "*"

    def request(self, code: str, stdin: str, limits: Limits) -> dict[str, Any]:
        milliseconds = round((limits.cpu + limits.idle) * 1000)
        return {
            "language": "python",
            "version": self.version,
            "files": [{"name": "main.py", "content": code}],
            "stdin": stdin,
            "run_timeout": milliseconds,
            "compile_timeout": milliseconds,
            "run_memory_limit": limits.memory,
        }

    def read(self, body: Mapping[str, Any], limits: Limits) -> Ended:
        run = body.get("run")
        if not isinstance(run, Mapping):
            raise UnavailableError(f"an answer without a run: {printable(str(body.get('message', '')), 200)}")
        out, err, status = _text(run.get("stdout")), _text(run.get("stderr")), run.get("status")
        seconds = float(run.get("cpu_time") or 0.0) / 1000
        if status == "XX":  # its isolate failed
            raise UnavailableError(f"internal error: {printable(str(run.get('message', '')), 200)}")
        if status == "TO":
            return Ended(Kind.timeout, out, err, detail="took too long", seconds=seconds)
        if status in ("OL", "EL"):
            return Ended(Kind.output_limit, out, err, detail="wrote more than allowed", seconds=seconds)
        name, code = run.get("signal"), run.get("code")
        if isinstance(name, str) and name:
            if name == "SIGKILL" and status is None:  # older versions kill for time and for output alike
                if _size(out) >= limits.stdout or _size(err) >= limits.stderr:
                    return Ended(Kind.output_limit, out, err, detail="killed with its output full", seconds=seconds)
                return Ended(Kind.timeout, out, err, detail="killed (time or memory)", seconds=seconds)
            return Ended(Kind.crash, out, err, name[:20], f"ended by {printable(name, 20)}", seconds)
        if isinstance(code, int):
            return _ended(code, out, err, seconds, limits)
        raise UnavailableError("a run without a code or signal")


PROTOCOLS: dict[str, Remote] = {"sandbox_fusion": FusionProtocol(), "piston": PistonProtocol()}
"""By the name that an address begins with: ``piston+http://host:2000``."""


def _ended(code: int, out: str, err: str, seconds: float, limits: Limits) -> Ended:
    """A run that ended with a status, as ``python main.py`` gives one."""
    last = printable(err.strip().splitlines()[-1], 300) if err.strip() else ""
    if _size(out) >= limits.stdout:
        return Ended(Kind.output_limit, out, err, detail=f"wrote {limits.stdout} bytes or more", seconds=seconds)
    if code < 0 or 128 < code < 128 + 65:
        number = -code if code < 0 else code - 128
        try:
            name = signal.Signals(number).name
        except ValueError:
            name = f"SIG{number}"
        return Ended(Kind.crash, out, err, name, f"ended by {name}", seconds)
    if code:
        kind = Kind.memory if last.startswith("MemoryError") else Kind.runtime_error
        return Ended(kind, out, err, detail=last or f"exit status {code}", seconds=seconds)
    return Ended(Kind.passed, out, err, seconds=seconds)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
