"""The HTML report held against axe-core, and what it tells by shape and word beside colour."""

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from stj_audit.render import render
from stj_audit.render.costs import render_costs
from tests.engines.axe import Axe
from tests.engines.chromium import OPEN_ALL, Browser, Scheme
from tests.gated_report import a_gate, gated_report, hostile_gated_report, passed_gate
from tests.large_report import a_report_of
from tests.sample_report import sample_report

SCHEMES: tuple[Scheme, ...] = ("light", "dark")
PAGES = {
    "report": lambda: render(gated_report(), "html"),
    "passed": lambda: render(gated_report(gate=passed_gate()), "html"),
    "inconclusive": lambda: render(gated_report(gate=a_gate(verdict="inconclusive", exit_code=4)), "html"),
    "hostile": lambda: render(hostile_gated_report(words_too=True), "html"),
    "costs": lambda: render_costs(sample_report().costs, "html"),
}


class Names(HTMLParser):
    """The names of regions, the ids, and which elements each chart is named by."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.regions: list[str] = []
        self.ids: list[str] = []
        self.charts: list[dict[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if values.get("role") == "region":
            self.regions.append(values["aria-label"])
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "svg":
            self.charts.append(values)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(browser: Browser, axe: Axe, tmp_path: Path, name: str, scheme: Scheme) -> None:
    path = tmp_path / "page.html"
    path.write_text(PAGES[name](), encoding="utf-8")
    browser.open(path)
    browser.show(width=1280, scheme=scheme)
    assert browser.evaluate(OPEN_ALL)
    assert axe.violations(browser) == []


@pytest.mark.browser
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_on_a_phone(browser: Browser, axe: Axe, tmp_path: Path, scheme: Scheme) -> None:
    path = tmp_path / "page.html"
    path.write_text(PAGES["report"](), encoding="utf-8")
    browser.open(path)
    browser.show(width=400, scheme=scheme)
    assert browser.evaluate(OPEN_ALL)
    assert axe.violations(browser) == []


@pytest.mark.browser
def test_axe_finds_what_is_wrong(browser: Browser, axe: Axe, tmp_path: Path) -> None:
    path = tmp_path / "bad.html"
    path.write_text(
        "<!doctype html><title>x</title><p style='color: #999; background: #fff'>pale</p><img src='data:,'>", encoding="utf-8"
    )
    browser.open(path)
    found = {one.partition(":")[0] for one in axe.violations(browser)}
    assert found >= {"color-contrast", "html-has-lang", "image-alt"}


@pytest.mark.parametrize("page", [render(gated_report(), "html"), render(a_report_of(200), "html")], ids=["3 tables", "200 tables"])
def test_every_region_and_chart_has_a_name_of_its_own(page: str) -> None:
    names = Names(page)
    assert [name for name, times in Counter(names.regions).items() if times > 1] == []
    assert [name for name, times in Counter(names.ids).items() if times > 1] == []
    assert len(names.charts) > 10
    for chart in names.charts:
        assert chart["role"] == "img"
        title, description = chart["aria-labelledby"].split()
        assert {title, description} <= set(names.ids)
    # The numbers of each kind of chart are in a table beside it.
    for drawing, table in (
        ("Chart: item sizes of {}", "Items by size of {}"),
        ("Chart: bytes by attribute of {}", "Attributes of {}"),
        ("Chart: indexes of {}", "Size and reads of {} and its indexes"),
    ):
        before, after = drawing.split("{}")
        drawn = [one.removeprefix(before) for one in names.regions if one.startswith(before) and one.endswith(after)]
        assert drawn
        assert {table.format(name) for name in drawn} <= set(names.regions)
    assert "Monthly cost by number of users" in names.regions
    throttled = [one for one in names.regions if one.startswith("Chart: throttle events by day")]
    assert len(throttled) == len([one for one in names.regions if one.startswith("Throttle events by day: ")]) > 0


def test_every_severity_has_a_shape_beside_its_word() -> None:
    page = render(gated_report(), "html")
    for shape, word in (("◆", "critical"), ("▲", "high"), ("■", "medium"), ("●", "low"), ("○", "info")):
        assert f'<span class="sev"><span aria-hidden="true">{shape}</span> {word}</span>' in page
    for shape, word in (("✓", "GOOD"), ("▲", "IMPROVE"), ("✗", "BAD"), ("○", "NOT USED"), ("?", "NOT CHECKED"), ("–", "N/A")):
        assert f'<span aria-hidden="true">{shape}</span> {word}</td>' in page


def test_a_table_leads_to_the_sizes_of_its_items() -> None:
    page = render(a_report_of(9), "html")
    links, ids = re.findall(r'href="#(items-\d+)"', page), re.findall(r'id="(items-\d+)"', page)
    assert links == ids
    assert len(links) == 6  # of the other three no item was read
    for number in (one.removeprefix("items-") for one in links):
        (name,) = re.findall(rf"<h3>Table {number}: <code>([\w-]+)</code>", page)
        assert re.search(rf'id="items-{number}">\s*<div [^>]*aria-label="Chart: item sizes of {name}"', page)
