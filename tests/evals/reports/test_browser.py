"""The HTML report as a reader uses it: opened in Chromium."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jeoul.evals.reports import read_report, render, write_report
from jeoul.evals.reports.compared import compared_report

CONTRAST = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = (c) => rgb(c).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const color = getComputedStyle(node).backgroundColor;
      if (!/, 0\\)$|transparent/.test(color)) return color;
    }
  };
  const faint = [];
  for (const node of document.querySelectorAll("body *:not(script):not(svg):not(svg *)")) {
    const own = [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
    if (!own || !node.checkVisibility() || node.disabled || node.closest("select")) continue;
    const [a, b] = [light(getComputedStyle(node).color), light(ground(node))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) faint.push(`${node.tagName}.${node.className} ${node.textContent.slice(0, 30)}`);
  }
  return faint;
}"""
NAMELESS = """() => [...document.querySelectorAll("input, select, button, a, [role=group], [role=img]")]
  .filter((node) => node.checkVisibility())
  .filter((node) => !(node.labels?.length || node.getAttribute("aria-label") || node.textContent.trim()))
  .map((node) => node.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def address(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report(run_folder, tmp_path_factory.mktemp("page") / "report.html").as_uri()


@pytest.fixture
def opened(open_page: Callable[..., Any], address: str) -> Any:
    made = open_page(address)
    yield made
    assert (made.errors, made.said) == ([], {})
    assert made.requests == [address]
    assert made.page.evaluate("window.hacked") is None


def count(opened: Any, expected: str) -> None:
    from playwright.sync_api import expect

    expect(opened.page.locator("#count")).to_have_text(re.compile(f"^{expected}\\b"), timeout=60_000)


def test_search_and_every_filter(opened: Any) -> None:
    page = opened.page
    count(opened, "7 of 7 samples, 4 of 4 problems")
    page.fill("[name=text]", "여섯")
    count(opened, "1 of 7 samples, 1 of 4")
    assert opened.text("#left mark") == "여섯"
    page.fill("[name=text]", "PERHAPS boxed")
    count(opened, "1 of 7")
    page.fill("[name=text]", "no such words")
    count(opened, "0 of 7 samples, 0 of 4")
    page.click("button[type=reset]")
    count(opened, "7 of 7")
    for name, value, expected in (
        ("verdict", "incorrect", "3 of 7"),
        ("subject", "거듭제곱", "2 of 7"),
        ("level", "2", "4 of 7"),
        ("finish", "length", "1 of 7"),
        ("mixed", True, "6 of 7 samples, 3 of 4"),
    ):
        page.check("[name=mixed]") if value is True else page.select_option(f"[name={name}]", value)
        count(opened, expected)
        page.click("button[type=reset]")
        count(opened, "7 of 7")
    page.select_option("[name=column]", "short")
    page.fill("[name=high]", "0.5")
    count(opened, "1 of 7")
    page.fill("[name=high]", "")
    page.fill("[name=shortest]", "1000")
    count(opened, "1 of 7")
    page.fill("[name=longest]", "1001")
    count(opened, "0 of 7")
    page.fill("[name=shortest]", "")
    page.fill("[name=longest]", "")
    page.select_option("[name=order]", "-length")
    page.locator("#list li:first-child .who", has_text=re.compile("^d ")).wait_for()


def test_two_samples_side_by_side(opened: Any) -> None:
    page = opened.page
    page.locator("#list .row").nth(2).click()
    assert "여덟" in opened.text("#left .text")
    assert "여섯" in opened.text("#right .text")
    assert "2의 세제곱은?" in opened.text("#problem")
    assert "8" in opened.text("#problem .gold")
    page.locator("#right .chip").first.click()
    assert "여덟" in opened.text("#right .text")
    page.keyboard.press("Shift+Tab")
    page.locator("#list [aria-current]").focus()
    page.keyboard.press("ArrowDown")
    assert "여섯" in opened.text("#left .text")
    assert page.evaluate("document.activeElement.getAttribute('aria-current')") == "true"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert "Perhaps" in opened.text("#left .text")
    assert "incorrect" in opened.text("#left header")
    assert "correct: 2" in opened.text("#right .cells").replace("\t", " ")


def test_hostile_text_is_text(opened: Any) -> None:
    page = opened.page
    page.locator("#list .row").nth(4).click()
    assert opened.text("#left .text").startswith("</script><script>window.hacked = 1</script><img")
    assert opened.text("#problem .asked") == "</script><script>window.hacked = 1</script>"
    shown = opened.text("#right .text")
    assert "nul ␀ bell ␇ turn U+202Egnorts" in shown
    assert "half \ufffd" in shown
    assert page.locator("#left img").count() == 0


def test_a_long_text_is_folded_and_what_is_left_out_is_said(opened: Any) -> None:
    page = opened.page
    page.locator("#list .row").nth(6).click()
    assert "characters are not in this report" in opened.text("#left .text")
    assert opened.text("#left .text").endswith("\\boxed{4}")
    assert page.locator("#right").is_hidden()
    folded = len(opened.text("#left .text"))
    page.click("#left .more")
    assert folded < 8_000 < len(opened.text("#left .text"))


def test_colours(open_page: Callable[..., Any], address: str) -> None:
    def ground(made: Any) -> str:
        return str(made.page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light, dark = open_page(address), open_page(address, color_scheme="dark")
    assert ground(light) != ground(dark)
    chosen = ground(dark)
    light.page.click("#theme")
    assert ground(light) != chosen
    light.page.click("#theme")
    assert ground(light) == chosen
    for made in (light, dark):
        assert made.page.evaluate(CONTRAST) == []
        assert made.page.evaluate(NAMELESS) == []
        assert made.errors == []
    light.page.click("#theme")
    light.page.click("#theme")
    assert light.page.evaluate(CONTRAST) == []


def test_a_narrow_screen_scrolls_in_one_direction(open_page: Callable[..., Any], address: str) -> None:
    page = open_page(address, viewport={"width": 360, "height": 740}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_print(opened: Any) -> None:
    page = opened.page
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("details:not([open])").count() == 0
    assert page.locator("#filters").is_hidden()
    assert page.locator("#list").is_hidden()
    assert page.locator("#left .text").is_visible()
    assert page.pdf().startswith(b"%PDF")


def test_two_runs_beside_each_other(
    open_page: Callable[..., Any], run_folder: Path, other_folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "compared.html"
    path.write_text(render(compared_report([run_folder, other_folder])), encoding="utf-8")
    opened = open_page(path.as_uri())
    page = opened.page
    count(opened, "15 of 15 samples, 4 of 4")
    page.click("[data-flip^='A run']")
    count(opened, "3 of 15 samples, 1 of 4")
    assert opened.text("#left header").startswith("✓\nA run · sample 0")
    assert opened.text("#right header").startswith("✗\nB other · sample 0")
    page.select_option("[name=run]", "B other")
    count(opened, "2 of 15")
    page.click("details.run summary")
    assert page.locator("details.run[open] table").first.is_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(CONTRAST) == []
    assert page.evaluate(NAMELESS) == []
    assert (opened.errors, opened.requests, page.evaluate("window.hacked")) == ([], [path.as_uri()], None)


def test_twenty_thousand_samples(open_page: Callable[..., Any], run_folder: Path, tmp_path: Path) -> None:
    report = read_report(run_folder)
    (run,) = report.runs
    samples = [{**run.records.samples[place % 6], "i": place} for place in range(20_000)]
    samples[-1] = {**samples[-1], "t": "the needle"}
    many = replace(report, runs=(replace(run, records=replace(run.records, samples=samples)),))
    (tmp_path / "many.html").write_text(render(many), encoding="utf-8")
    opened = open_page((tmp_path / "many.html").as_uri())
    count(opened, "20000 of 20000")
    assert opened.page.locator("#list .row").count() == 100
    opened.page.fill("[name=text]", "needle")
    count(opened, "1 of 20000")
    opened.page.fill("[name=text]", "")
    count(opened, "20000 of 20000")
    opened.page.click("#next")
    assert opened.text("#place").startswith("101–200")
    assert opened.errors == []
