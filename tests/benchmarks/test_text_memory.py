"""``jeoul bench text --memory`` at a small size: tests/rewards/test_bertscore.py holds the bound itself."""

from __future__ import annotations

from jeoul.benchmarks.text_memory import memory_lines


def test_every_count_is_measured() -> None:
    few, some, all_of_them = memory_lines(300)
    assert [line.pairs for line in (few, some, all_of_them)] == [3, 30, 300]
    assert all(line.mib >= 0 and line.seconds > 0 and line.kept > 0 for line in (few, some, all_of_them))
    assert all_of_them.embeddings > 99 * few.embeddings
