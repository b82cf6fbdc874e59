"""A server that speaks SandboxFusion's and Piston's protocols over real Python processes, and fails as those do."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Server", "serving"]

Fault = Callable[[int], str]


class Server:
    """What it was asked; ``fault`` of the number of the request names what it does wrong ("" for nothing)."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.fault: Fault = lambda number: ""
        self.lock = threading.Lock()
        self.address = ""

    def run(self, code: str, stdin: str, seconds: float) -> tuple[int | None, str, str]:
        """Status (None: killed for its time), stdout and stderr of a real Python process."""
        with tempfile.TemporaryDirectory() as folder:
            with open(f"{folder}/main.py", "w", encoding="utf-8", errors="surrogatepass") as file:
                file.write(code)
            try:
                done = subprocess.run(
                    [sys.executable, "-I", "main.py"], cwd=folder, input=stdin.encode(), capture_output=True,
                    timeout=seconds, check=False,
                )  # fmt: skip
            except subprocess.TimeoutExpired as error:
                return None, (error.stdout or b"").decode("utf-8", "replace"), ""
        return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")

    def sandbox_fusion(self, body: dict[str, Any]) -> dict[str, Any]:
        code, out, err = self.run(body["code"], body["stdin"], body["run_timeout"])
        run = {
            "status": "Finished" if code == 0 else "Error",
            "execution_time": 0.1,
            "return_code": code,
            "stdout": out,
            "stderr": err,
        }
        if code is None or len(out) >= 190_000:
            run |= {"status": "TimeLimitExceeded", "return_code": None}
        status = "Success" if run["status"] == "Finished" else "Failed"
        return {
            "status": status,
            "message": "",
            "compile_result": None,
            "run_result": run,
            "executor_pod_name": None,
            "files": {},
        }

    def piston(self, body: dict[str, Any]) -> dict[str, Any]:
        (file,) = body["files"]
        code, out, err = self.run(file["content"], body["stdin"], body["run_timeout"] / 1000)
        run: dict[str, Any] = {
            "stdout": out,
            "stderr": err,
            "output": out + err,
            "code": code,
            "signal": None,
            "cpu_time": 100,
            "wall_time": 100,
        }
        if code is None:
            run |= {"signal": "SIGKILL", "status": "TO", "message": "Time limit exceeded"}
        elif code < 0:
            run |= {
                "code": None,
                "signal": {-6: "SIGABRT", -11: "SIGSEGV", -9: "SIGKILL"}.get(code, "SIGTERM"),
                "status": "SG",
            }
        return {"language": "python", "version": "3.12.0", "run": run}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        state: Server = self.server.state
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with state.lock:
            number = len(state.bodies)
            state.bodies.append(body)
        fault = state.fault(number)
        if fault.isdigit():
            self.reply(int(fault), b'{"message": "busy"}')
        elif fault == "drop":
            self.close_connection = True
            self.connection.close()
        elif fault == "no JSON":
            self.reply(200, b"<html>gateway</html>")
        elif fault == "SandboxError":
            self.reply(200, b'{"status": "SandboxError", "message": "no pod", "run_result": null}')
        elif fault == "XX":
            self.reply(
                200,
                b'{"run": {"stdout": "", "stderr": "", "status": "XX", "message": "isolate", "code": null, "signal": null}}',
            )
        else:
            answer = state.sandbox_fusion(body) if self.path == "/run_code" else state.piston(body)
            self.reply(200 if self.path in ("/run_code", "/api/v2/execute") else 404, json.dumps(answer).encode())

    def reply(self, status: int, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def serving() -> Iterator[Server]:
    """A server on a port of this machine."""
    state = Server()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.state = state  # type: ignore[attr-defined]
        state.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
