from __future__ import annotations

import json
import math

import pytest
import torch

from jeoul.errors import DataError, UsageError
from jeoul.trainers.loop_files import CHECKPOINT, METRICS, Run, read_metrics


def made(weight=0.0):
    model = torch.nn.Linear(1, 1)
    torch.nn.init.constant_(model.weight, weight)
    model.device = torch.device("cpu")
    return model, torch.optim.AdamW(model.parameters())


def test_a_run_goes_on_after_its_checkpoint(tmp_path):
    model, optimizer = made(1.0)
    with Run(tmp_path / "run", {"steps": 9, "rate": 1.0}) as run:
        assert run.resume(model, optimizer) == 0
        for step in (1, 2, 3):
            run.write(step, {"figure": torch.tensor(step / 2)})
            if step == 2:
                run.save(step, model, optimizer)
    other, its = made()
    with Run(tmp_path / "run", {"steps": 20, "rate": 1.0}) as run:
        assert run.resume(other, its) == 2
        assert [row["figure"] for row in run.metrics] == [0.5, 1.0]
        run.write(3, {"figure": 7})
    assert torch.equal(other.weight, model.weight)
    assert [row["figure"] for row in read_metrics(tmp_path / "run" / METRICS)] == [0.5, 1.0, 7.0]


def test_what_is_no_number_is_null(tmp_path):
    with Run(tmp_path, {}) as run:
        run.resume(*made())
        assert run.write(1, {"nan": math.nan, "inf": torch.tensor(math.inf)}) == {"step": 1, "nan": None, "inf": None}
    assert json.loads((tmp_path / METRICS).read_text()) == {"step": 1, "nan": None, "inf": None}


def test_two_processes_cannot_write_one_folder(tmp_path):
    with Run(tmp_path, {}) as first:
        first.resume(*made())
        first.write(1, {})
        with Run(tmp_path, {}) as second, pytest.raises(UsageError, match="another process"):
            second.resume(*made())
    assert len(read_metrics(tmp_path / METRICS)) == 1


def test_metrics_that_do_not_fit_their_checkpoint_are_told(tmp_path):
    model, optimizer = made()
    with Run(tmp_path, {}) as run:
        run.resume(model, optimizer)
        run.write(1, {})
        run.write(2, {})
        run.save(2, model, optimizer)
    path = tmp_path / METRICS
    path.write_text('{"step": 1}\n{"st')
    with Run(tmp_path, {}) as run, pytest.raises(DataError, match="ends at step 1, its checkpoint is of step 2"):
        run.resume(model, optimizer)
    path.write_text('{"step": 1}\n{"step": 3}\n')
    with pytest.raises(DataError, match="line 2: expected step 2, not 3"):
        read_metrics(path)


def test_a_checkpoint_is_whole_or_not_there(tmp_path, monkeypatch):
    model, optimizer = made()
    with Run(tmp_path, {}) as run:
        run.resume(model, optimizer)
        run.write(1, {})
        run.save(1, model, optimizer)
        before = (tmp_path / CHECKPOINT).read_bytes()

        def torn(state, path):
            path.write_bytes(b"half")
            raise OSError("no space left")

        monkeypatch.setattr(torch, "save", torn)
        with pytest.raises(OSError, match="no space"):
            run.save(2, model, optimizer)
    assert (tmp_path / CHECKPOINT).read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [CHECKPOINT, METRICS]


def test_without_a_folder_nothing_is_written():
    with Run(None, {}) as run:
        assert run.resume(*made()) == 0
        run.write(1, {"figure": 1})
        run.save(1, *made())
        assert run.metrics == [{"step": 1, "figure": 1.0}]
