from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import psutil
import pytest

from jeoul.benchmarks.collapse.plan import read_plan, run_folder
from jeoul.benchmarks.collapse.runs import Size, Work, prepare, work
from jeoul.benchmarks.collapse.scenarios import ARMS, CLAIMS, TASKS, find_task
from jeoul.benchmarks.collapse.train import run
from jeoul.errors import DataError, UsageError
from jeoul.trainers.loop_files import read_metrics

TINY = Size(hidden=16, layers=1, warm_steps=3, steps=2, prompts=4, group=4, evaluate_every=2)
OPTIONS = {"hidden": 16, "layers": 1, "warm_steps": 3, "steps": 2, "prompts": 4, "group": 4, "evaluate_every": 2}
LONGER = OPTIONS | {"steps": 60, "evaluate_every": 30}
LINE = [word for name, value in LONGER.items() for word in (f"--{name.replace('_', '-')}", str(value))]


def trained(out, scenario, arm, seed=0, size=TINY):
    one = Work(out, scenario, arm, seed, size)
    prepare(one)
    work(one)
    return [
        {name: value for name, value in row.items() if name != "seconds" and not name.startswith("throughput")}
        for row in read_metrics(one.folder / "metrics.jsonl")
    ]


@pytest.mark.parametrize("task", TASKS)
def test_every_arm_of_every_scenario(task, tmp_path):
    first = {}
    for arm in find_task(task).recipes():
        rows = trained(tmp_path, task, arm)
        assert [row["step"] for row in rows] == [1, 2]
        planned = find_task(task).planned([arm]).figures
        assert all(math.isfinite(rows[-1][figure.key]) for figure in planned if figure.key.startswith("eval/"))
        first[arm] = {name: value for name, value in rows[0].items() if name in ("length", "entropy")}
    assert len({json.dumps(each) for each in first.values()}) == 1, "all arms of a seed see the same first batch"


def test_a_monitored_column_changes_nothing_bit_for_bit(tmp_path):
    for how in ("grpo", "gdpo"):
        without, with_it = trained(tmp_path, "equal", how), trained(tmp_path, "noise", f"{how}, noise monitored")
        assert all({name: row[name] for name in bare} == bare for bare, row in zip(without, with_it, strict=True))


def test_the_gated_arm_of_length_is_the_gated_scenario(tmp_path):
    assert trained(tmp_path, "length", "gdpo, short gated") == trained(tmp_path, "length_gated", "gdpo")


def test_noise_is_the_same_in_every_arm(tmp_path):
    first = [trained(tmp_path, "noise", arm)[0]["reward/noise/mean"] for arm in ("grpo", "gdpo", "grpo, noise × 0.1")]
    assert first[0] == first[1] == first[2]


def test_claims_are_about_arms_and_figures_that_there_are():
    for claim in CLAIMS:
        task = find_task(claim.environment)
        assert {claim.arm, claim.baseline} <= set(task.recipes())
        assert claim.figure in {figure.name for figure in task.planned(ARMS).figures}


def test_the_command_writes_what_the_report_reads(tmp_path, capsys):
    out = tmp_path / "study"
    run(output=out, scenario=("equal",), arm=("grpo", "gdpo"), seeds=2, **OPTIONS)
    assert "4 runs, 0 of them finished" in capsys.readouterr().err
    plan = read_plan(out)
    assert (plan.steps, plan.seeds, [each.name for each in plan.scenarios]) == (2, (0, 1), ["equal"])
    done = json.loads((run_folder(out, "equal", "gdpo", 1) / "done.json").read_text())
    assert (done["error"], done["size"]["hidden"], done["settings"]["seed"]) == ("", 16, 1)
    assert (out / "report" / "report.html").exists()
    run(output=out, scenario=("equal", "scale"), arm=("grpo", "gdpo"), seeds=2, **OPTIONS)
    assert "8 runs, 4 of them finished before" in capsys.readouterr().err
    with pytest.raises(UsageError, match="was run with hidden 16"):
        run(output=out, scenario=("equal",), arm=("grpo", "gdpo"), seeds=2, **OPTIONS | {"hidden": 24})


def test_processes_give_the_same_and_a_killed_study_goes_on(tmp_path):
    out, size = tmp_path / "study", replace(TINY, steps=60, evaluate_every=30)
    command = [sys.executable, "-c", "from jeoul.cli import main; main()", "bench", "collapse", "train", "-o", str(out)]
    command += ["--jobs", "2", "--seeds", "2", "--scenario", "equal", "--arm", "grpo", "gdpo", *LINE]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while not [path for path in out.glob("equal/*/*/metrics.jsonl") if path.read_bytes().count(b"\n") > 52]:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    workers = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert len(workers) >= 2
    assert not psutil.wait_procs(workers, timeout=60)[1], "workers, left alone, stop by themselves"
    again = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert again.returncode == 0, again.stderr
    rows = read_metrics(run_folder(out, "equal", "gdpo", 1) / "metrics.jsonl")
    alone = trained(tmp_path / "alone", "equal", "gdpo", seed=1, size=size)
    assert [{name: row[name] for name in bare} for bare, row in zip(alone, rows, strict=True)] == alone


def test_a_killed_process_of_a_study_is_told_without_a_traceback(tmp_path):
    command = [sys.executable, "-c", "from jeoul.cli import main; main()", "bench", "collapse", "train"]
    command += ["-o", str(tmp_path / "study"), "--jobs", "2", "--seeds", "2", "--scenario", "equal", *LINE]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 300
    while not list(tmp_path.glob("study/equal/*/*/metrics.jsonl")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    workers = psutil.Process(process.pid).children()
    next(one for one in workers if any("spawn_main" in word for word in one.cmdline())).kill()
    _, said = process.communicate(timeout=120)
    assert process.returncode not in (0, None)
    assert "give the same command again" in said
    assert "Traceback" not in said


def test_a_run_that_diverges_is_over_and_says_so(tmp_path):
    one = Work(tmp_path, "equal", "grpo", 0, replace(TINY, learning_rate=1e30, steps=50))
    prepare(one)
    work(one)
    assert "not finite" in json.loads((one.folder / "done.json").read_text())["error"]
    assert one.finished()


def test_mistakes_are_told(tmp_path):
    with pytest.raises(UsageError, match="did you mean 'length'"):
        run(output=tmp_path, scenario=("lenght",))
    with pytest.raises(UsageError, match="did you mean 'gdpo'"):
        run(output=tmp_path, arm=("grpo", "gdpoo"))
    with pytest.raises(UsageError, match="add --arm grpo"):
        run(output=tmp_path, arm=("gdpo",))
    with pytest.raises(UsageError, match="2 seeds or more"):
        run(output=tmp_path, seeds=1)
    one = Work(tmp_path, "equal", "grpo", 0, TINY)
    prepare(one)
    wider = Work(tmp_path, "equal", "grpo", 0, replace(TINY, hidden=24))
    one.warm.rename(wider.warm)
    with pytest.raises(DataError, match="no warm start"):
        work(wider)
