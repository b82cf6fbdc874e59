from __future__ import annotations

import json
from pathlib import Path

from jeoul.dashboard.following import Follower
from jeoul.dashboard.reading import find, rollouts_of
from jeoul.dashboard.rollouts import completion_of, prompt_of, rollout_brief
from jeoul.dashboard.sources import find_sources


def test_rollouts_of_a_trainer_are_found_and_read(tmp_path: Path) -> None:
    for step in range(1, 8):
        rows = [
            {
                "input": "What is 1 + 1?",
                "output": f"it is {answer}",
                "score": float(answer == 2),
                "acc": 1,
                "step": step,
            }
            for answer in (2, 3)
        ]
        (tmp_path / f"{step}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = find_sources([tmp_path])
    assert [one.kind for one in found] == ["rollouts"] * 5
    book = rollouts_of(Follower(tmp_path / "7.jsonl", rollout_brief))
    assert [(one.problem, one.index) for one in book.entries] == [
        ("step 7: What is 1 + 1?", 0),
        ("step 7: What is 1 + 1?", 1),
    ]
    (entry,) = find(book, "is 3")
    page = book.open(entry)
    assert (page.problem, page.completion) == ("What is 1 + 1?", "it is 3")
    assert page.cells == [{"reward": "score", "value": 0.0}, {"reward": "acc", "value": 1.0}]


def test_conversations_are_text() -> None:
    chat = [{"role": "user", "content": "hi"}]
    row = {"prompt": chat, "completion": [{"role": "assistant", "content": "ho"}]}
    assert completion_of(row) == "ho"
    assert "hi" in prompt_of(row)
    assert (completion_of({"completion": 3}), prompt_of({"prompt": 3})) == (None, "")
