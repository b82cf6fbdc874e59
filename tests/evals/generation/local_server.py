"""An OpenAI-compatible server over a real tiny model, which can fail in every way that servers do."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from jeoul.evals.generation import Failure, Request, Sampling, open_backend

Fault = Callable[[int, dict[str, Any]], str]


class Server:
    """What it was asked, how often, and what it does wrong: ``fault`` of (number of the request, body) names it."""

    def __init__(self, model: Path) -> None:
        self.model = open_backend("transformers", str(model), dtype="float32")
        self.lock = threading.Lock()
        self.fault: Fault = lambda number, body: ""
        self.delay = 0.0
        self.forget()

    def forget(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.paths: list[str] = []
        self.faults: Counter[str] = Counter()
        self.completed: list[int] = []
        self.under_way = self.most_under_way = 0

    def settle(self) -> None:
        """Wait until nothing is under way: what a killed client had sent is heard after its end."""
        quiet = 0
        while quiet < 10:
            time.sleep(0.01)
            quiet = 0 if self.under_way else quiet + 1

    def complete(self, body: dict[str, Any], chat: bool) -> dict[str, Any]:
        sampling = Sampling.from_dict({name: body[name] for name in ("temperature", "top_p", "max_tokens")})
        sampling = Sampling(**{**sampling.to_dict(), "stop": body.get("stop", [])})
        request = Request("asked", 0, body["seed"], _seen(body["messages"]) if chat else body["prompt"])

        async def first() -> Any:
            return await anext(self.model.generate([request], sampling))

        with self.lock:
            sample = asyncio.run(first())
        if isinstance(sample, Failure):
            return {"error": {"message": sample.reason, "code": "context_length_exceeded"}}
        self.completed.append(body["seed"])
        said = {"message": {"role": "assistant", "content": sample.completion}} if chat else {"text": sample.completion}
        usage = {"prompt_tokens": sample.prompt_tokens, "completion_tokens": sample.completion_tokens}
        return {"choices": [{"index": 0, "finish_reason": sample.finish_reason, **said}], "usage": usage}


def _seen(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Messages in which a model that reads text only sees of each picture what tells it from others."""

    def text(part: dict[str, Any]) -> str:
        if part["type"] == "text":
            return str(part["text"])
        head, _, data = part["image_url"]["url"].partition(",")
        return f"[{head} {hashlib.sha256(base64.b64decode(data, validate=True)).hexdigest()[:8]}]"

    return [
        turn if isinstance(turn["content"], str) else {**turn, "content": "".join(map(text, turn["content"]))}
        for turn in messages
    ]


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
            state.headers.append(dict(self.headers))
            state.times.append(time.monotonic())
            state.paths.append(self.path)
            state.under_way += 1
            state.most_under_way = max(state.most_under_way, state.under_way)
        try:
            fault = state.fault(number, body)
            state.faults[fault] += 1
            time.sleep(state.delay)
            self.fail(fault) if fault else self.answer(state, body)
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            with state.lock:
                state.under_way -= 1

    def answer(self, state: Server, body: dict[str, Any]) -> None:
        reply = state.complete(body, self.path.endswith("/chat/completions"))
        self.send(400 if "error" in reply else 200, json.dumps(reply))

    def send(self, status: int, text: str, **headers: str) -> None:
        data = text.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def fail(self, fault: str) -> None:
        key = self.headers.get("Authorization", "no key")
        error = json.dumps({"error": {"message": f"no: {key}", "code": fault}})
        if fault == "slow":
            time.sleep(1.6)
        elif fault == "drip":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            for _ in range(8):
                time.sleep(0.25)
                self.wfile.write(b" ")
                self.wfile.flush()
        elif fault == "half":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"choices": [')
        elif fault == "page":
            self.send(200, "<html>Bad gateway</html>")
        elif fault == "deep":
            self.send(200, "[" * 200_000)
        elif fault == "echo":
            message = {"role": "assistant", "content": f"your key: {key}"}
            self.send(200, json.dumps({"choices": [{"finish_reason": "stop", "message": message, "text": key}]}))
        elif fault == "insufficient_quota":
            self.send(429, error)
        elif fault == "moved":
            self.send(307, "", Location="http://127.0.0.1:9/")
        elif fault == "429":
            self.send(429, error, Retry_After="0.2")
        elif fault.isdigit():
            self.send(int(fault), error)
        if fault in ("slow", "drip", "half", "drop"):  # nothing (more) is said; a whole reply lets the next one come
            self.close_connection = True


@contextmanager
def serving(model: Path) -> Iterator[Server]:
    """The server while the block runs; ``.url`` is its base URL."""
    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    listener.block_on_close = False
    listener.handle_error = lambda *_: None  # type: ignore[method-assign]  # a killed client is no event
    state: Any = Server(model)
    listener.state = state  # type: ignore[attr-defined]
    state.url = f"http://127.0.0.1:{listener.server_address[1]}/v1"
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
