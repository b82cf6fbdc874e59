from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from pathlib import Path

import pytest

from jeoul.evals.reports import read_report
from jeoul.evals.reports.html import json_block, report_html


@pytest.fixture(scope="module")
def page(run_folder: Path) -> str:
    return report_html(read_report(run_folder))


def test_nothing_of_a_model_is_markup(page: str) -> None:
    assert page.count("<script") == page.count("</script>") == 2
    assert "<img" not in page
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e]", page)
    page.encode()


def test_the_block_holds_the_samples(page: str) -> None:
    data = json.loads(page.split('id="data">')[1].split("</script>")[0])
    assert data["samples"][4]["t"].startswith("</script><script>window.hacked")
    assert "\x00" in data["samples"][5]["t"]
    assert len(data["samples"]) == 7
    assert data["columns"] == [["correct", "boxed", "short"]]


def test_the_policy_allows_this_script_and_style_and_no_other(page: str) -> None:
    policy = page.split('Content-Security-Policy" content="')[1].split('"')[0].replace("&#39;", "'")
    assert "default-src 'none'" in policy
    for source, text in (("script-src", page.split("<script>")[1].split("</script>")[0]),
                         ("style-src", page.split("<style>")[1].split("</style>")[0])):  # fmt: skip
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{source} 'sha256-{digest}';" in policy
    assert " style=" not in page


def test_nothing_is_fetched(page: str) -> None:
    shown = page.split('<script type="application/json"')[0]
    assert not re.findall(r"(?:src|href)=\"(?!#)", shown)
    assert set(re.findall(r"https?://[^\"' )]+", shown)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "url(" not in shown


def test_charts_have_the_pages_colours(page: str) -> None:
    assert page.count("<figure") == page.count('class="marks"') == 1 + 3 + 5
    assert 'fill="var(--good, #' in page


def test_without_the_extra_there_are_tables(run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for absent in ("altair", "vl_convert"):
        monkeypatch.setitem(sys.modules, absent, None)
        page = report_html(read_report(run_folder))
        assert "<figure" not in page
        assert "jeoul[report]" in page
        assert "62.5%" in page
        monkeypatch.undo()


def test_a_block_has_no_nan() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        json_block([float("nan")])
