"""Chromium for pages that are opened as a user opens them, and a run with everything that a model can do to a page."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as under nohup; a test that presses Ctrl-C would wait for ever
    signal.signal(signal.SIGINT, signal.default_int_handler)

with contextlib.suppress(ImportError):  # the environments of TRL and verl have no hypothesis
    from hypothesis import settings

    # The same examples in every run, however long each takes: a gate must not fail by chance or by a slow machine.
    # ``--hypothesis-profile=search`` looks for new ones.
    settings.register_profile("gate", deadline=None, derandomize=True)
    settings.register_profile("search", deadline=None)
    settings.load_profile("gate")

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


@dataclass
class Opened:
    """A page, what it asked for and what it complained of."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """Uncaught errors and dialogs."""
    said: dict[str, list[str]] = field(default_factory=dict)
    """Type → messages of the console."""

    @property
    def errors(self) -> list[str]:
        return self.complaints + self.said.get("error", [])

    def text(self, selector: str) -> str:
        return str(self.page.inner_text(selector))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium. Of a module: its event loop runs as long as it is there."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no chromium in PATH; on Debian: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=os.path.realpath(found), args=FLAGS.split())
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Callable[..., Opened]]:
    """Opens an address in a fresh profile; what the page asks for and complains of is kept."""
    with contextlib.ExitStack() as stack:

        def opened(address: str, **how: Any) -> Opened:
            context = chromium.new_context(**{"viewport": {"width": 1360, "height": 900}, **how})
            stack.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(60_000)
            made = Opened(page)
            page.on("request", lambda request: made.requests.append(request.url))
            page.on("websocket", lambda socket: made.requests.append(socket.url))
            page.on("pageerror", lambda error: made.complaints.append(str(error)))
            page.on("dialog", lambda dialog: (made.complaints.append("dialog"), dialog.dismiss()))
            page.on("console", lambda message: made.said.setdefault(message.type, []).append(message.text))
            page.goto(address, timeout=60_000)
            return made

        yield opened


SUITE = """
about = "Four problems"

[source]
path = "problems.jsonl"

[reward.correct]
use = "math_correct"
undecided = "wrong"

[reward.boxed]
use = "regex"
weight = 0.2
pattern = "boxed"

[reward.short]
use = "length_within"
most = "400 characters"
monitor = true
"""
PROBLEMS = [
    {"id": "a", "problem": "What is 1 + 1?", "answer": "2", "subject": "Sums", "level": 1},
    {"id": "b", "problem": "2의 세제곱은?", "answer": "8", "subject": "거듭제곱", "level": 2},
    {
        "id": "<b>c</b>",
        "problem": "</script><script>window.hacked = 1</script>",
        "answer": "3",
        "subject": "Sums",
        "level": 2,
    },
    {
        "id": "d",
        "problem": "What is 2 + 2?",
        "answer": "4",
        "subject": "<img src=x onerror='window.hacked=1'>",
        "level": 3,
    },
]
HOSTILE = "</script><script>window.hacked = 1</script><img src=x onerror=window.hacked=1><!-- \\boxed{3}"
COMPLETIONS = {
    "a": ["So \\boxed{2}.", "Perhaps \\boxed{3}."],
    "b": ["여덟, 곧 \\boxed{8}", "여섯 \\boxed{6}"],
    "<b>c</b>": [HOSTILE, "nul \x00 bell \x07 turn \u202egnorts\u202c half \ud800 \\boxed{4}"],
    "d": ["word " * 3_000 + "the middle" + " word" * 2_000 + " \\boxed{4}"],
}


def make_run(folder: Path, completions: dict[str, list[str]], name: str = "run") -> Path:
    """A run of the suite above, scored and written as ``jeoul eval`` does."""
    from jeoul.evals.evaluation import evaluate_outputs
    from jeoul.evals.outputs import match_outputs
    from jeoul.evals.protocols import find_protocol
    from jeoul.evals.run_folder import write_run
    from jeoul.evals.suites import find_suite
    from jeoul.evals.suites_rows import load_problems

    (folder / "four.toml").write_text(SUITE, encoding="utf-8")
    (folder / "problems.jsonl").write_text("".join(json.dumps(row) + "\n" for row in PROBLEMS), encoding="utf-8")
    rows: list[dict[str, Any]] = [
        {
            "id": id,
            "sample": index,
            "completion": text,
            "completion_tokens": len(text) // 4,
            "finish_reason": "length" if len(text) > 1000 else "stop",
        }
        for id, texts in completions.items()
        for index, text in enumerate(texts)
    ]
    problems = load_problems(find_suite(str(folder / "four.toml")))
    matched = match_outputs(rows, problems, asked=2)
    made = evaluate_outputs(matched, problems, find_protocol("given"), origin="out.jsonl", workers=0)
    write_run(folder / name, made.about, matched.rows, made.table, made.summary.to_dict())
    return folder / name


@pytest.fixture(scope="session")
def other_folder(run_folder: Path) -> Path:
    """Another run of the same suite, by the same protocol: it alone solves the third problem, and not the fourth."""
    better = {**COMPLETIONS, "<b>c</b>": ["\\boxed{3}", "\\boxed{3}"], "d": ["\\boxed{5}", "\\boxed{6}"]}
    return make_run(run_folder.parent, better, "other")


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("hostile"), COMPLETIONS)
