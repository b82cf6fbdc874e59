"""``jeoul contest`` as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

GOLD = ['"가다."가 옳다. 까닭이 있다.', '"나다."가 옳다. 앞말에 받침이 없다.', '"물"이 옳다. 받침이 있다.']
MINE = ['"가다."가 옳다. 까닭이다.', "정답: “나다.”가 옳습니다. 받침이 없다.", '"물"이 옳다. "물가"가 옳다면 틀린다.']


def jeoul(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from jeoul.cli import main; main()", "contest", *map(str, arguments)]
    environment = {**os.environ, "NO_COLOR": "1"}
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, env=environment, check=False)


def rows(texts: list[str], **about: Any) -> list[dict[str, Any]]:
    return [
        {"id": str(n), "input": {"question_type": "교정형", **about}, "output": {"answer": text}}
        for n, text in enumerate(texts, 1)
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, texts in (("gold", GOLD), ("mine", MINE)):
        (tmp_path / f"{name}.json").write_text(json.dumps(rows(texts), ensure_ascii=False), encoding="utf-8")
    values = [{"id": str(n), "rouge1": 0.3, "bertscore": 0.7, "bleurt": 0.5} for n in (1, 2, 3)]
    (tmp_path / "scores.jsonl").write_text("".join(json.dumps(row) + "\n" for row in values))
    return tmp_path


def test_score_with_measures_from_elsewhere(folder: Path) -> None:
    done = jeoul(
        "score", "gold.json", "mine.json", "--scores", "scores.jsonl", "--out", "items.jsonl", "--json", cwd=folder
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["exact_match"]["value"] == pytest.approx(1 / 3)
    assert told["pairs"] == 2  # '정답: … 옳습니다' has no pattern, so all of it is the answer
    assert told["final_score"]["value"] == pytest.approx((1 / 3 + 0.5) / 2)
    assert told["exact_match_by_reading"]["lenient"]["value"] == 1
    assert told["flips"] == ["2", "3"]
    assert told["flags"]["split_in_reason"] == {"outputs": 1, "flips": 1}
    assert told["absent"] == {}
    items = [json.loads(line) for line in (folder / "items.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [item["flags"] for item in items] == ["", "prefix quotes ending", "split_in_reason"]
    assert done.stderr == "wrote items.jsonl: 3 items\n"


def test_no_final_score_without_a_measure(folder: Path) -> None:
    done = jeoul(
        "score", "gold.json", "mine.json", "--components", "rouge1", "--rouge-tokenizer", "syllable", cwd=folder
    )
    assert done.returncode == 0, done.stderr
    figures = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines() if len(line.split()) > 1}
    assert figures["final_score"] == figures["descriptive_avg"] == figures["bleurt"] == ["–"]
    assert "no final score without bleurt: not asked for" in done.stderr
    assert "no final score without rouge1: its tokenizer is 'syllable', the official one 'mecab'" in done.stderr
    assert "format costs 66.7 points" in done.stdout


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda items: items[:2], "the submission has 2 items, the gold 3: no score"),
        (lambda items: items[::-1], "the ids are the same in another order"),
        (lambda items: [{**items[0], "id": "9"}, *items[1:]], "has the id '9', the gold '1'"),
        (lambda items: [{**items[0], "id": 1}, *items[1:]], "ids are texts"),
        (lambda items: [{**items[0], "output": {}}, *items[1:]], '"output" is a text'),
        (lambda items: "nothing", "has no id"),
    ],
)
def test_what_cannot_be_paired_has_no_score(folder: Path, change: Any, message: str) -> None:
    (folder / "mine.json").write_text(json.dumps(change(rows(MINE))), encoding="utf-8")
    done = jeoul("score", "gold.json", "mine.json", "--scores", "scores.jsonl", cwd=folder)
    assert (done.returncode, done.stdout) == (3, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--task", "abas"], "did you mean 'absa'"),
        (["--rules", "sound"], "--rules is for the other tasks"),
        (["--out", "items.xlsx"], "the per-item table is a file in"),
        (["--task", "te", "--out", "items.csv"], "--out is for the task correction"),
        (["--components", "rogue1"], "rogue1"),
    ],
)
def test_usage(folder: Path, arguments: list[str], message: str) -> None:
    done = jeoul("score", "gold.json", "mine.json", *arguments, cwd=folder)
    assert done.returncode == 2
    assert message in done.stdout + done.stderr
    assert jeoul("score", "none.json", "mine.json", cwd=folder).returncode == 3


def test_another_task(folder: Path) -> None:
    for name, labels in (("gold", ["a", "b"]), ("mine", ["b ", "b"])):
        lines = [json.dumps({"id": str(n), "output": label}) for n, label in enumerate(labels)]
        (folder / f"{name}.jsonl").write_text("\n".join(lines if name == "gold" else lines[::-1]))
    told = json.loads(jeoul("score", "gold.jsonl", "mine.jsonl", "--task", "te", "--json", cwd=folder).stdout)
    assert told["micro_f1"]["value"] == 0.5
    assert told["final_score"] is None  # it is ranked by two figures
    done = jeoul("score", "gold.jsonl", "mine.jsonl", "--task", "cci", "--rules", "sound", cwd=folder)
    assert "50.0000" in done.stdout
    bad = jeoul("score", "gold.jsonl", "mine.jsonl", "--task", "isd", cwd=folder)
    assert bad.returncode == 3
    assert 'an output of it is [{"id": "…", "label": "…"}, …]' in bad.stderr


def test_lint(folder: Path) -> None:
    done = jeoul("lint", "mine.json", "--json", cwd=folder)
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert (told["items"], told["in_form"]) == (3, 1)
    assert [(fault["id"], fault["flags"]) for fault in told["faults"]] == [
        ("2", ["prefix", "quotes", "ending"]),
        ("3", ["split_in_reason"]),
    ]
    done = jeoul("lint", "gold.json", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "3 of 3 outputs are in the form\n"


def test_write(folder: Path) -> None:
    table = [{"id": str(n), "completion": text} for n, text in enumerate(MINE, 1)]
    (folder / "table.jsonl").write_text("".join(json.dumps(row) + "\n" for row in table[::-1]))
    done = jeoul("write", "table.jsonl", "out.json", "--template", "gold.json", "--rewrite", cwd=folder)
    assert done.returncode == 0, done.stderr
    written = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    assert [row["id"] for row in written] == ["1", "2", "3"]
    assert written[1] == {
        "id": "2",
        "input": {"question_type": "교정형"},
        "output": {"answer": '"나다."가 옳다. 받침이 없다.'},
    }
    assert "3 items, 2 in the form" in done.stderr
    scored = jeoul("score", "gold.json", "out.json", "--scores", "scores.jsonl", "--json", cwd=folder)
    assert json.loads(scored.stdout)["exact_match"]["value"] == pytest.approx(2 / 3)

    before = (folder / "out.json").read_bytes()
    assert jeoul("write", "table.jsonl", "out.json", cwd=folder).returncode == 2
    for line, message in (
        ({"id": "1", "completion": "x"}, "id '1' has several answers"),
        ({"id": "4", "completion": " "}, "id '4': the answer is empty"),
        ({"id": 4.5, "completion": "x"}, "an id is a text"),
    ):
        (folder / "bad.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*table, line]))
        done = jeoul("write", "bad.jsonl", "out.json", "--force", cwd=folder)
        assert done.returncode == 3
        assert message in done.stderr
    (folder / "bad.jsonl").write_text(json.dumps(table[0]))
    done = jeoul("write", "bad.jsonl", "out.json", "--force", "--template", "gold.json", cwd=folder)
    assert done.returncode == 3
    assert "lacks an answer for 2 ids (2, 3)" in done.stderr
    assert jeoul("write", "bad.jsonl", "new.json", "--completion", "text", cwd=folder).returncode == 2
    assert (folder / "out.json").read_bytes() == before
    assert not (folder / "new.json").exists()


def test_hostile_outputs_have_a_score(folder: Path) -> None:
    texts = ["", "가" * 300_000, '"' * 100_000 + "\x00 가 옳다 😀"]
    (folder / "mine.json").write_text(json.dumps(rows(texts)), encoding="utf-8")
    done = jeoul("score", "gold.json", "mine.json", "--scores", "scores.jsonl", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["exact_match"]["value"] == 0
    assert jeoul("lint", "mine.json", cwd=folder).returncode == 1
