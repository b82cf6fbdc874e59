from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from jeoul.evals.reports.sections import cell, environment


@given(st.text(st.characters(codec="utf-8", exclude_characters="&;"), max_size=40))
def test_a_cell_is_text_and_nothing_else(text: str) -> None:
    (row,) = [
        line
        for line in MarkdownIt("gfm-like", {"linkify": False}).parse(f"| h | i |\n|---|---|\n| x{cell(text)} | y |")
        if line.content.startswith("x")
    ]
    assert {child.type for child in row.children or []} <= {"text", "text_special"}


def test_templates_escape_html_alone() -> None:
    made = environment()
    assert [made.autoescape(f"report.{kind}.j2") for kind in ("html", "md")] == [True, False]
    assert made.from_string("{{ x }}").render(x="<b>\x00") == "&lt;b&gt;␀"
