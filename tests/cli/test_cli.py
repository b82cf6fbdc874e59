"""The command line as a process: what a user types, what comes back, where, and with which exit code."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jeoul import Recipe, RewardTable

ROWS = [
    {"prompt": "2+2?", "completion": "<think>two and two</think><answer>4</answer>", "answer": "4"},
    {"prompt": "2+2?", "completion": "<answer>5</answer>", "answer": "4"},
]
RECIPE = """
[reward.correct]
use = "exact_match"
extract = "<answer>(.*?)</answer>"
[reward.tagged]
weight = 0.5
when = "correct >= 1"
"""


def jeoul(*arguments: str | Path, cwd: Path, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from jeoul.cli import main; main()", *map(str, arguments)]
    environment = {**os.environ, "NO_COLOR": "1", **env}
    return subprocess.run(
        command, cwd=cwd, input=stdin, capture_output=True, text=True, timeout=120, env=environment, check=False
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "recipe.toml").write_text(RECIPE)
    (tmp_path / "runs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return tmp_path


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['jeoul', '--help']\n"
        "from jeoul.cli import main\n"
        "main()\n"
        "heavy = {'torch', 'pandas', 'numpy', 'sympy', 'transformers', 'pyarrow', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert all(command in done.stdout for command in ("score", "demo", "rewards", "recipe", "explain", "bench"))


@pytest.mark.parametrize("command", ["score", "explain", "rewards", "demo", "recipe", "bench", "recipe check"])
def test_every_command_has_help(command: str, tmp_path: Path) -> None:
    done = jeoul(*command.split(), "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "Usage" in done.stdout


def test_score_writes_a_table(folder: Path) -> None:
    done = jeoul("score", "recipe.toml", "runs.jsonl", "-o", "table.parquet", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "correct" in done.stdout
    assert "wrote table.parquet: 2 rows" in done.stderr
    table = RewardTable.load(folder / "table.parquet")
    assert table.value.tolist() == [[1.0, 1.0], [0.0, 0.0]]
    assert table.recipe == Recipe.load(folder / "recipe.toml")
    assert sorted(path.name for path in folder.iterdir()) == ["recipe.toml", "runs.jsonl", "table.parquet"]


def test_json_alone_is_on_stdout(folder: Path) -> None:
    done = jeoul("score", "recipe.toml", "runs.jsonl", "-o", "t.parquet", "--json", cwd=folder)
    told = json.loads(done.stdout)
    assert (told["rows"], told["groups"], told["columns"]["correct"]["mean"]) == (2, 1, 0.5)
    assert "wrote" in done.stderr
    assert jeoul("score", "recipe.toml", "runs.jsonl", "--json", "--quiet", cwd=folder).stderr == ""


def test_what_a_reward_prints_stays_off_stdout(folder: Path) -> None:
    (folder / "loud.py").write_text(
        "def loud(completions, **kwargs):\n    print('NOISE')\n    return [1.0] * len(completions)\n"
    )
    (folder / "loud.toml").write_text('[reward.loud]\nuse = "loud.py:loud"\n')
    done = jeoul("score", "loud.toml", "runs.jsonl", "--json", cwd=folder)
    assert json.loads(done.stdout)["columns"]["loud"]["mean"] == 1.0
    assert "NOISE" in done.stderr


def test_data_from_stdin(folder: Path) -> None:
    text = (folder / "runs.jsonl").read_text()
    assert json.loads(jeoul("score", "recipe.toml", "-", "--json", cwd=folder, stdin=text).stdout)["rows"] == 2


def test_explain(folder: Path) -> None:
    jeoul("score", "recipe.toml", "runs.jsonl", "-o", "table.parquet", cwd=folder)
    done = jeoul("explain", "table.parquet", "1", cwd=folder)
    assert done.returncode == 0
    assert "gate closed: correct >= 1" in done.stdout
    told = json.loads(jeoul("explain", "table.parquet", "0", "--json", cwd=folder).stdout)
    assert told["total"] == 1.5
    assert [term["part"] for term in told["terms"]] == [1.0, 0.5]


def test_diagnose(folder: Path) -> None:
    jeoul("score", "recipe.toml", "runs.jsonl", "-o", "table.parquet", cwd=folder)
    done = jeoul("diagnose", "table.parquet", "--want", "correct=1", "--chart", "chart.svg", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "share of the update by column" in done.stdout
    assert "Weights for the wanted shares" in done.stdout
    assert (folder / "chart.svg").read_text().startswith("<svg")
    told = json.loads(jeoul("diagnose", "table.parquet", "--estimator", "rloo", "--json", cwd=folder).stdout)
    assert [figures["name"] for figures in told["estimators"]] == ["rloo", "grpo"]
    wrong = jeoul("diagnose", "table.parquet", "--estimator", "gdpp", "--want", "correct", cwd=folder)
    assert wrong.returncode == 2
    assert "--want correct: write a column and its share" in wrong.stderr


def test_explain_does_not_let_a_completion_steer_the_terminal(folder: Path) -> None:
    (folder / "runs.jsonl").write_text(json.dumps({"completion": "\x1b[2Jgone\x07", "answer": "4"}))
    jeoul("score", "recipe.toml", "runs.jsonl", "-o", "table.parquet", cwd=folder)
    done = jeoul("explain", "table.parquet", "0", cwd=folder)
    assert "gone" in done.stdout
    assert "\x1b" not in done.stdout
    assert "\x07" not in done.stdout


def test_rewards_list_and_card(tmp_path: Path) -> None:
    listing = jeoul("rewards", cwd=tmp_path)
    assert all(name in listing.stdout for name in ("exact_match", "math_correct", "tagged", "rouge1"))
    card = json.loads(jeoul("rewards", "exact_match", "--json", cwd=tmp_path).stdout)
    assert card["data"] == ["completions", "answer"]
    assert card["range"] == [0, 1]
    assert card["hacks"]
    assert "option" in jeoul("rewards", "soft_overlong", cwd=tmp_path).stdout


def test_recipe_commands(folder: Path) -> None:
    assert jeoul("recipe", "check", "recipe.toml", cwd=folder).stdout == "ok: 2 columns (correct, tagged)\n"
    shown = jeoul("recipe", "show", "recipe.toml", cwd=folder).stdout
    assert "exact_match(extract='<answer>(.*?)</answer>').named('correct')" in shown
    assert "reads: completion, answer" in shown
    assert "maths" in jeoul("recipe", "list", cwd=folder).stdout
    assert json.loads(jeoul("recipe", "schema", cwd=folder).stdout)["$schema"]


@pytest.mark.parametrize("name", ["maths", "demo_maths", "demo_norms_ko"])
def test_shipped_recipes_are_sound(name: str, tmp_path: Path) -> None:
    told = json.loads(jeoul("recipe", "check", name, "--json", cwd=tmp_path).stdout)
    assert told["ok"]


def test_demo(tmp_path: Path) -> None:
    told = json.loads(jeoul("demo", "--json", cwd=tmp_path).stdout)
    maths, norms = told["demo_maths"], told["demo_norms_ko"]
    assert (maths["rows"], norms["rows"]) == (240, 240)
    assert maths["kinds"]["right"]["correct"] == 1.0
    assert maths["kinds"]["wrong_answer"]["correct"] == 0.0
    assert maths["kinds"]["right_other_form"]["correct"] == 1.0
    assert maths["kinds"]["wrong_format"]["tagged"] == 0.0
    assert norms["kinds"]["right"]["sentence"] == 1.0
    assert norms["kinds"]["wrong_answer"]["sentence"] == 0.0
    assert not any(figures[failure] for demo in told.values() for figures in demo["columns"].values()
                   for failure in ("error", "timeout", "infra"))  # fmt: skip


MISTAKES = {
    "no such command": (["scor"], 2, "scor"),
    "no data argument": (["score", "recipe.toml"], 2, ""),
    "no recipe file": (["score", "absent.toml", "runs.jsonl"], 3, "there is no recipe absent.toml"),
    "no shipped recipe": (["score", "math", "runs.jsonl"], 3, "did you mean 'maths'?"),
    "no data file": (["score", "recipe.toml", "absent.jsonl"], 3, "there is no file absent.jsonl"),
    "torn": (["score", "recipe.toml", "torn.jsonl"], 3, "line 1 is not JSON"),
    "empty": (["score", "recipe.toml", "empty.jsonl"], 3, "holds no rows"),
    "binary": (["score", "recipe.toml", "binary.jsonl"], 3, "not UTF-8"),
    "no column": (["score", "recipe.toml", "bare.jsonl"], 3, "the data has no column 'answer'"),
    "no completion": (["score", "recipe.toml", "other.jsonl"], 3, "--completion response"),
    "wrong deadline": (["score", "recipe.toml", "runs.jsonl", "--deadline", "5"], 2, "--deadline"),
    "wrong workers": (["score", "recipe.toml", "runs.jsonl", "--workers", "-1"], 2, "at least 1 worker"),
    "bad recipe": (["recipe", "check", "bad.toml"], 2, "2 mistakes in the recipe"),
    "no reward": (["rewards", "rogue1"], 2, "did you mean 'rouge1'?"),
    "no table": (["explain", "absent.parquet", "0"], 3, "there is no table"),
    "not a table": (["explain", "runs.jsonl", "0"], 3, "is not a reward table"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_clear_message(name: str, folder: Path) -> None:
    arguments, code, message = MISTAKES[name]
    (folder / "torn.jsonl").write_text('{"completion": "x')
    (folder / "empty.jsonl").write_text("\n\n")
    (folder / "binary.jsonl").write_bytes(bytes(range(128, 256)) * 10)
    (folder / "bare.jsonl").write_text('{"completion": "x"}\n')
    (folder / "other.jsonl").write_text('{"response": "x", "answer": "1"}\n')
    (folder / "bad.toml").write_text('[reward.exact_match]\nweigth = 1\n[reward.tagged]\nwhen = "late > 0"\n')
    before = sorted(folder.iterdir())
    done = jeoul(*arguments, cwd=folder)
    assert done.returncode == code, done.stderr
    said = done.stderr + done.stdout
    assert message in said
    assert "Traceback" not in said
    assert sorted(folder.iterdir()) == before


def test_a_column_of_which_every_cell_failed_ends_with_1(folder: Path) -> None:
    (folder / "bad.py").write_text("def bad(completions, **kwargs):\n    raise KeyError('gold')\n")
    (folder / "bad.toml").write_text('[reward.bad]\nuse = "bad.py:bad"\n')
    done = jeoul("score", "bad.toml", "runs.jsonl", "-o", "t.parquet", cwd=folder)
    assert done.returncode == 1
    assert "bad: 2 cells failed; row 0: error: KeyError: 'gold'" in done.stderr
    assert "every cell failed in: bad" in done.stderr
    assert len(RewardTable.load(folder / "t.parquet")) == 2


def test_what_a_model_prints_stays_off_stdout(folder: Path) -> None:
    (folder / "model.py").write_text(
        "from jeoul import reward\n\n\n@reward(batch=4)\nclass Loud:\n    def __init__(self):\n        print('LOADED')\n\n"
        "    def __call__(self, completions):\n        print('CALLED')\n        return [1.0] * len(completions)\n"
    )
    (folder / "model.toml").write_text('[reward.loud]\nuse = "model.py:Loud"\n')
    done = jeoul("score", "model.toml", "runs.jsonl", "--json", cwd=folder)
    assert json.loads(done.stdout)["columns"]["loud"]["mean"] == 1.0, done.stderr
    assert "LOADED" in done.stderr


@pytest.mark.parametrize("output", ["runs.jsonl/t.parquet", "folder"])
def test_an_impossible_output_is_refused_before_anything_is_scored(output: str, folder: Path) -> None:
    (folder / "folder").mkdir()
    done = jeoul("score", "recipe.toml", "runs.jsonl", "-o", output, "--force", cwd=folder)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert not list(folder.glob("*.unfinished"))


def test_changed_code_of_a_helper_is_not_resumed(folder: Path) -> None:
    code = "def helper():\n    return {}\n\n\ndef mine(completions, **kwargs):\n    return [1 / helper() for _ in completions]\n"
    (folder / "mine.toml").write_text('[reward.mine]\nuse = "mine.py:mine"\non_error = "raise"\n')
    (folder / "mine.py").write_text(code.format(0))
    assert jeoul("score", "mine.toml", "runs.jsonl", "-o", "t.parquet", cwd=folder).returncode == 1
    (folder / "mine.py").write_text(code.format(1))
    done = jeoul("score", "mine.toml", "runs.jsonl", "-o", "t.parquet", cwd=folder)
    assert (done.returncode, "differs in: rewards" in done.stderr) == (2, True)


def test_ctrl_c_ends_a_run_with_130(folder: Path) -> None:
    (folder / "slow.py").write_text(
        "import time\n\n\ndef slow(completions, **kwargs):\n    time.sleep(60)\n    return [1.0]\n"
    )
    (folder / "slow.toml").write_text('[reward.slow]\nuse = "slow.py:slow"\ndeadline = "100 s"\n')
    command = [sys.executable, "-c", "from jeoul.cli import main; main()", "score", "slow.toml", "runs.jsonl"]
    run = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    time.sleep(3)
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=30)
    assert run.returncode == 130
    assert "stopped" in said


def test_a_table_can_be_scored_again(folder: Path) -> None:
    jeoul("score", "recipe.toml", "runs.jsonl", "-o", "t.parquet", cwd=folder)
    done = jeoul("score", "recipe.toml", "t.parquet", "-o", "u.parquet", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert (folder / "t.parquet").read_bytes() == (folder / "u.parquet").read_bytes()


def test_a_shipped_recipe_starts_ones_own(folder: Path) -> None:
    (folder / "mine.toml").write_text(jeoul("recipe", "show", "maths", "--toml", cwd=folder).stdout)
    assert jeoul("recipe", "check", "mine.toml", cwd=folder).returncode == 0


def test_an_output_is_never_replaced_unasked(folder: Path) -> None:
    (folder / "table.parquet").write_text("precious")
    done = jeoul("score", "recipe.toml", "runs.jsonl", "-o", "table.parquet", cwd=folder)
    assert done.returncode == 2
    assert (folder / "table.parquet").read_text() == "precious"
    assert jeoul("score", "recipe.toml", "runs.jsonl", "-o", "table.parquet", "--force", cwd=folder).returncode == 0
    assert len(RewardTable.load(folder / "table.parquet")) == 2


def test_on_error_raise_ends_with_1_and_keeps_what_was_scored(folder: Path) -> None:
    (folder / "flaky.py").write_text(
        "def flaky(completions, **kwargs):\n    return [1 / (len(text) > 20) for text in completions]\n"
    )
    (folder / "flaky.toml").write_text('[reward.flaky]\nuse = "flaky.py:flaky"\non_error = "raise"\n')
    done = jeoul("score", "flaky.toml", "runs.jsonl", "-o", "t.parquet", cwd=folder)
    assert done.returncode == 1
    assert "flaky, row 1: error: ZeroDivisionError" in done.stderr
    assert not (folder / "t.parquet").exists()


def test_the_unfinished_results_of_another_recipe_are_refused(folder: Path) -> None:
    (folder / "flaky.py").write_text("def flaky(completions, **kwargs):\n    return [0.0 / 0 for _ in completions]\n")
    (folder / "flaky.toml").write_text('[reward.flaky]\nuse = "flaky.py:flaky"\non_error = "raise"\n')
    jeoul("score", "flaky.toml", "runs.jsonl", "-o", "t.parquet", cwd=folder)
    done = jeoul("score", "recipe.toml", "runs.jsonl", "-o", "t.parquet", cwd=folder)
    assert done.returncode == 2
    assert "differs in: recipe, rewards" in done.stderr
    assert jeoul("score", "recipe.toml", "runs.jsonl", "-o", "t.parquet", "--restart", cwd=folder).returncode == 0


def test_killed_at_random_moments_it_ends_with_the_same_bytes(folder: Path) -> None:
    (folder / "slow.py").write_text(
        "import time\n\n\ndef slow(completions, **kwargs):\n    time.sleep(0.004)\n    return [float(len(t)) for t in completions]\n"
    )
    (folder / "slow.toml").write_text(
        '[reward.slow]\nuse = "slow.py:slow"\n[reward.tagged]\n[reward.again]\nuse = "slow.py:slow"\nwhen = "slow >= 9"\n'
    )
    (folder / "many.jsonl").write_text("".join(json.dumps({"completion": f"text {n}"}) + "\n" for n in range(400)))
    score = ["score", "slow.toml", "many.jsonl", "--workers", "2", "--quiet"]
    assert jeoul(*score, "-o", "whole.parquet", cwd=folder).returncode == 0
    chance = random.Random(5)
    kills = 0
    command = [sys.executable, "-c", "from jeoul.cli import main; main()", *score, "-o", "killed.parquet"]
    while not (folder / "killed.parquet").exists():
        run = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        if kills == 6:
            assert run.wait(120) == 0
        else:
            time.sleep(chance.uniform(0.4, 1.4))
            run.send_signal(signal.SIGKILL)
            run.wait()
            kills += 1
    assert kills > 1
    assert (folder / "killed.parquet").read_bytes() == (folder / "whole.parquet").read_bytes()
