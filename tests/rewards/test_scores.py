import copy
import math
import pickle

import numpy as np
import pytest

from jeoul.rewards.engine.outcomes import read_results
from jeoul.rewards.scores import Score, does_not_apply, failed, machine_failed, timed_out
from jeoul.rewards.tables.status import Status


def test_a_score_is_a_float_that_says_why():
    score = Score(0.5, "half")
    assert (score, score.reason, score * 2, repr(score), math.fsum([score, score])) == (0.5, "half", 1.0, "0.5", 1.0)
    assert np.array([score]).dtype == np.float64
    assert Score(1).reason == ""


def test_a_reason_may_be_written_when_it_is_asked_for():
    asked = []
    score = Score(0.5, lambda: asked.append(1) or "half")
    assert score + 1 == 1.5
    assert asked == []
    assert score.reason == "half"
    assert asked == [1]


def test_a_score_that_does_not_apply_is_nan():
    assert math.isnan(does_not_apply("no answer"))
    assert does_not_apply("no answer").reason == "no answer"


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, *(lambda s, p=p: pickle.loads(pickle.dumps(s, p)) for p in range(2, 6))]
)
def test_the_reason_survives_copies(again):
    for score in (Score(0.5, "half"), Score(0.5, lambda: "half"), does_not_apply("none")):
        assert (repr(again(score)), again(score).reason, type(again(score))) == (repr(score), score.reason, Score)


@pytest.mark.parametrize(("make", "status"), [(failed, "error"), (timed_out, "timeout"), (machine_failed, "infra")])
def test_a_failed_cell_keeps_its_status_on_its_way(make, status):
    cell = pickle.loads(pickle.dumps(make(lambda: "why")))
    assert (cell.status, cell.reason, math.isnan(cell)) == (status, "why", True)
    (outcome,) = read_results([cell], 1)
    assert (Status(outcome.status).name, outcome.reason) == (status, "why")
