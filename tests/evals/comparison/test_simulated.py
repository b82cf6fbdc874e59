"""What a comparison reports of every kind of metric, where A and B are alike: coverage 93–97 %, errors 4–6 % at 5 %.

``tests/evals/statistics/test_simulated.py`` has scores, differences of means and single samples; here are differences of
pass@k, maj@k, lengths, and shares of long completions.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from jeoul.evals.statistics import compare, pass_values, sign_flip_p, t_interval, vote_values

RUNS = {30: 1200, 500: 400}
Draw = Callable[[np.random.Generator, np.ndarray], np.ndarray]
K = 8


def two_alike(random: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Chances of A and B on n questions: on each one somewhat better or worse, on the whole alike."""
    a = random.beta(0.5, 0.7, n)
    b = np.clip(a + random.normal(0, 0.075, n), 0, 1)
    swap = random.random(n) < 0.5
    return np.where(swap, b, a), np.where(swap, a, b)


def passes(random: np.random.Generator, chance: np.ndarray) -> np.ndarray:
    return pass_values(random.random((len(chance), K)) < chance[:, None], 4)


def lengths(random: np.random.Generator, chance: np.ndarray) -> np.ndarray:
    """Skewed, and the longer the harder."""
    return np.exp(random.normal(7 - chance[:, None], 0.6, (len(chance), K))).mean(axis=1)


def long_ones(random: np.random.Generator, chance: np.ndarray) -> np.ndarray:
    return (np.exp(random.normal(7 - chance[:, None], 0.6, (len(chance), K))) > 1000).mean(axis=1)


@pytest.mark.parametrize("n", [30, 500])
@pytest.mark.parametrize("draw", [passes, lengths, long_ones])
def test_a_difference_of(draw: Draw, n: int) -> None:
    random = np.random.default_rng(n)
    d = [draw(random, b) - draw(random, a) for a, b in (two_alike(random, n) for _ in range(RUNS[n]))]
    held = np.mean([low <= 0 <= high for low, high in map(t_interval, d)])
    assert 0.93 <= held <= 0.97, held
    errs = np.mean([sign_flip_p(row, draws=499)[0] <= 0.05 for row in d[: 2000 if n == 30 else 400]])
    assert 0.035 <= errs <= 0.065, errs  # 400 runs: ± 2.2 %


@pytest.mark.parametrize("n", [30, 500])
def test_a_difference_of_votes(n: int) -> None:
    """The wrong answers of a question fall into three classes."""
    random, runs, covered = np.random.default_rng(n), 1000 if n == 30 else 250, []

    def votes(chance: np.ndarray) -> np.ndarray:
        right = random.random((n, K)) < chance[:, None]
        return vote_values(right, np.where(right, 0, random.integers(1, 4, (n, K))).tolist(), K)

    for a, b in (two_alike(random, n) for _ in range(runs)):
        low, high = t_interval(votes(b) - votes(a))
        covered.append(low <= 0 <= high)
    assert 0.93 <= np.mean(covered) <= 0.97, np.mean(covered)


def test_whole_comparisons_err_as_often_as_they_say() -> None:
    """From samples to verdict: about 5 % of comparisons of alike models find one better or worse."""
    random, found = np.random.default_rng(5), []
    for a, b in (two_alike(random, 30) for _ in range(400)):
        shares = [random.binomial(64, chance) / 64 for chance in (a, b)]  # 16 samples: few p-values, hence cautious
        found.append(compare(shares[0][:, None], shares[1][:, None]).verdict != "inconclusive")
    assert 0.03 <= np.mean(found) <= 0.07, np.mean(found)  # 400 runs: ± 2.1 %
