import copy
import math
import pickle

import numpy as np
import pytest

from jeoul.rewards.scores import Score, does_not_apply


def test_a_score_is_a_float_that_says_why():
    score = Score(0.5, "half")
    assert (score, score.reason, score * 2, repr(score), math.fsum([score, score])) == (0.5, "half", 1.0, "0.5", 1.0)
    assert np.array([score]).dtype == np.float64
    assert Score(1).reason == ""


def test_a_score_that_does_not_apply_is_nan():
    assert math.isnan(does_not_apply("no answer"))
    assert does_not_apply("no answer").reason == "no answer"


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, *(lambda s, p=p: pickle.loads(pickle.dumps(s, p)) for p in range(2, 6))]
)
def test_the_reason_survives_copies(again):
    for score in (Score(0.5, "half"), does_not_apply("none")):
        assert (repr(again(score)), again(score).reason, type(again(score))) == (repr(score), score.reason, Score)
