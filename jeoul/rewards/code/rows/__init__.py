"""Tests out of rows of data sets: HumanEval, MBPP, APPS, TACO, CodeContests, LiveCodeBench, and an own plain form."""

from __future__ import annotations

from jeoul.rewards.code.rows.cells import read_tests
from jeoul.rewards.code.rows.whole import RowTests, read_row

__all__ = ["RowTests", "read_row", "read_tests"]
