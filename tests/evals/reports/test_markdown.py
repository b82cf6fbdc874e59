from __future__ import annotations

from pathlib import Path

from markdown_it import MarkdownIt

from jeoul.evals.reports import read_report
from jeoul.evals.reports.markdown import report_markdown


def test_tables_are_tables_and_hold_the_figures(run_folder: Path) -> None:
    page = report_markdown(read_report(run_folder))
    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    assert sum(token.type == "table_open" for token in tokens) == 1 + 3 + 1
    assert not any(token.type.startswith("html") for token in tokens)
    assert "**avg@2 62.5%**" in page
    assert "4 of 4 problems, 7 samples of 8, 1 missing" in page
    assert "- data.hash: " in page
    assert "\n\n\n" not in page
