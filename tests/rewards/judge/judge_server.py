"""An OpenAI-compatible server with a judge behind it, in a process's thread: it reads the quoted completion and grades it."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def quoted(body: dict[str, Any], name: str = "COMPLETION") -> str:
    """The text between the marks that the system message names."""
    system, user = (message["content"] for message in body["messages"])
    mark = re.search(r"<<<END (\w{16})>>>", system)[1]
    return re.search(rf"<<<{name} {mark}>>>\n(.*?)\n<<<END {mark}>>>", user, re.DOTALL)[1]


def by_length(body: dict[str, Any]) -> str:
    return f'It has {len(quoted(body))} characters.\n{{"score": {min(10, max(1, len(quoted(body))))}}}'


class Server:
    """What it was asked; ``reply`` of a body is what it says, ``fault`` of (number, body) how it fails."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.reply: Callable[[dict[str, Any]], str] = by_length
        self.fault: Callable[[int, dict[str, Any]], str] = lambda number, body: ""
        self.finish = "stop"
        self.delay = 0.0
        self.under_way = self.most_under_way = 0


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
            state.under_way += 1
            state.most_under_way = max(state.most_under_way, state.under_way)
        try:
            time.sleep(state.delay)
            self.answer(state, state.fault(number, body), body)
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            with state.lock:
                state.under_way -= 1

    def answer(self, state: Server, fault: str, body: dict[str, Any]) -> None:
        if fault.isdigit():
            self.send(int(fault), json.dumps({"error": {"message": "no", "code": fault}}))
        elif fault == "slow":
            time.sleep(2.5)
        elif not fault:
            message = {"role": "assistant", "content": state.reply(body)}
            self.send(200, json.dumps({"choices": [{"finish_reason": state.finish, "message": message}]}))
        if fault:
            self.close_connection = True  # "drop": nothing is said

    def send(self, status: int, text: str) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def serving() -> Iterator[Server]:
    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    listener.block_on_close = False
    listener.handle_error = lambda *_: None  # type: ignore[method-assign]
    state: Any = Server()
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
