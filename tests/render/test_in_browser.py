"""The HTML report in Chromium: it asks for nothing, runs nothing, and fits the screen."""

import dataclasses
import re
from pathlib import Path

import pytest

from stj_audit.render import render
from stj_audit.render.costs import render_costs
from stj_audit.render.mail import mail_body
from tests.engines.chromium import OPEN_ALL, WIDEST, WIDTHS, Browser, Scheme
from tests.gated_report import gated_report, hostile_gated_report
from tests.render.reading import SECTIONS
from tests.sample_report import hostile_report, sample_report
from tests.trended_report import trended_report

pytestmark = pytest.mark.browser

PAPER = 688  # A4 without its margins
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
BACKGROUND = "getComputedStyle(document.body).backgroundColor"
# Text that leaves its chart is cut off; a chart's own box is as wide as its view box.
CLIPPED = """[...document.querySelectorAll('svg')].flatMap(svg => { const box = svg.getBoundingClientRect();
  return [...svg.querySelectorAll('text')].filter(text => { const at = text.getBoundingClientRect();
    return at.left < box.left - 1 || at.right > box.right + 1; }).map(text => text.textContent); })"""

# What a chart says can be read without scrolling sideways.
OFF_SCREEN = """[...document.querySelectorAll('svg.chart text')].filter(one => one.getBoundingClientRect().right > window.innerWidth)
  .map(text => text.textContent)"""


@pytest.fixture(scope="module")
def sample_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "sample.html"
    path.write_text(render(gated_report(), "html"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def hostile_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "hostile.html"
    path.write_text(render(hostile_gated_report(words_too=True), "html"), encoding="utf-8")
    return path


@pytest.fixture(scope="module", params=["sample", "hostile"])
def costs_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    report = sample_report() if request.param == "sample" else hostile_report(words_too=True)
    path = tmp_path_factory.mktemp("costs") / f"{request.param}.html"
    path.write_text(render_costs(report.costs, "html"), encoding="utf-8")
    return path


def test_nothing_is_requested_and_nothing_complains(browser: Browser, sample_path: Path) -> None:
    page = browser.open(sample_path)
    assert page.requests == (sample_path.as_uri(),)
    assert page.console == ()
    titles = browser.evaluate("[...document.querySelectorAll('h2')].map(one => one.textContent)")
    assert tuple(titles) == SECTIONS


def test_a_page_that_does_ask_and_complain_is_seen(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "bad.html"
    path.write_text("<!doctype html><title>x</title><img src=none.png><script>console.error('oh')</script>", encoding="utf-8")
    page = browser.open(path)
    assert (tmp_path / "none.png").as_uri() in page.requests
    assert any("oh" in message for message in page.console)


@pytest.mark.parametrize("hostile", [False, True], ids=["sample", "hostile"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_page_never_scrolls_sideways(
    browser: Browser,
    sample_path: Path,
    hostile_path: Path,
    scheme: Scheme,
    hostile: bool,
) -> None:
    browser.open(hostile_path if hostile else sample_path)
    assert browser.evaluate(OPEN_ALL)
    for width in WIDTHS:
        browser.show(width=width, scheme=scheme)
        assert browser.evaluate("window.innerWidth") == width
        assert browser.evaluate(WIDEST) <= width


def test_the_page_of_costs_asks_for_nothing_and_fits(browser: Browser, costs_path: Path) -> None:
    page = browser.open(costs_path)
    assert page.requests == (costs_path.as_uri(),)
    assert page.console == ()
    assert browser.evaluate("document.scripts.length") == 0
    for width in WIDTHS:
        for scheme in SCHEMES:
            browser.show(width=width, scheme=scheme)
            assert browser.evaluate(WIDEST) <= width
        assert browser.evaluate(CLIPPED) == []
        assert browser.evaluate(OFF_SCREEN) == []


def off_the_page(label: str, columns: range) -> str:
    """The cells of some columns that can only be seen when their table is scrolled."""
    return f"""[...document.querySelectorAll('[aria-label="{label}"]')].flatMap(box =>
      [...box.querySelectorAll('tbody tr')].flatMap(row => [...row.querySelectorAll('td')].slice({columns.start}, {columns.stop}))
        .filter(one => one.getBoundingClientRect().right > box.getBoundingClientRect().right + 1).map(one => one.textContent))"""


@pytest.mark.parametrize(("width", "cells"), [(1280, 5), (400, 1)])
def test_a_long_name_pushes_no_amount_off_the_screen(browser: Browser, tmp_path: Path, width: int, cells: int) -> None:
    costs = sample_report().costs
    long = "n" * 300
    at = costs.projections[2]
    line = dataclasses.replace(at.lines[0], table=long, note=f"grows with the square of the users: '{long}'")
    saving = dataclasses.replace(at.savings[0], table=long, index=long)
    shown = dataclasses.replace(
        costs,
        patterns=(dataclasses.replace(costs.patterns[0], pattern=long, table=long, index=long),),
        projections=(dataclasses.replace(at, lines=(line, *at.lines), savings=(saving,)),),
        calibrations=(),
    )
    path = tmp_path / "long.html"
    path.write_text(render_costs(shown, "html"), encoding="utf-8")
    browser.open(path)
    browser.show(width=width, scheme="light")
    for label in ("Cost by access pattern", "Every line at every number of users"):
        assert browser.evaluate(off_the_page(label, range(cells))) == []
    bare = dataclasses.replace(
        costs, projections=(), current=dataclasses.replace(costs.current, lines=(line, *costs.current.lines))
    )
    path.write_text(render_costs(bare, "html"), encoding="utf-8")
    browser.open(path)
    assert width < 1280 or browser.evaluate(off_the_page("Priced quantities a month", range(3, 4))) == []


def test_it_follows_the_colour_scheme(browser: Browser, sample_path: Path) -> None:
    browser.open(sample_path)
    browser.show(width=1280, scheme="light")
    assert browser.evaluate(BACKGROUND) == "rgb(255, 255, 255)"
    browser.show(width=1280, scheme="dark")
    assert browser.evaluate(BACKGROUND) == "rgb(13, 17, 23)"


@pytest.mark.parametrize("width", WIDTHS)
def test_no_label_of_a_chart_is_cut_off(browser: Browser, sample_path: Path, width: int) -> None:
    browser.open(sample_path)
    assert browser.evaluate(OPEN_ALL)
    browser.show(width=width, scheme="light")
    assert browser.evaluate(CLIPPED) == []
    assert browser.evaluate(OFF_SCREEN) == []
    shown = browser.evaluate(
        "[...document.querySelectorAll('svg.chart')].filter(one => one.getBoundingClientRect().width > 0).length"
    )
    assert shown == 8


@pytest.mark.parametrize("width", WIDTHS)
def test_a_trend_fits_and_shows_both_of_its_charts(browser: Browser, tmp_path: Path, width: int) -> None:
    path = tmp_path / "trended.html"
    path.write_text(render(trended_report(), "html"), encoding="utf-8")
    page = browser.open(path)
    assert page.console == ()
    assert browser.evaluate(OPEN_ALL)
    browser.show(width=width, scheme="light")
    assert browser.evaluate(WIDEST) <= width
    assert browser.evaluate(CLIPPED) == []
    assert browser.evaluate(OFF_SCREEN) == []
    ids = browser.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)")
    assert len(ids) == len(set(ids))
    shown = browser.evaluate(
        "[...document.querySelectorAll('#trend ~ .scroll svg.chart')].filter(one => one.querySelector('.spark')"
        " && one.getBoundingClientRect().width > 0).length"
    )
    assert shown == 2


@pytest.mark.parametrize("width", [360, 460])
def test_notes_of_tables_wrap_on_a_phone(browser: Browser, sample_path: Path, width: int) -> None:
    browser.open(sample_path)
    browser.show(width=width, scheme="light")
    rights = browser.evaluate("[...document.querySelectorAll('.note')].map(one => one.getBoundingClientRect().right)")
    assert len(rights) >= 4
    assert max(rights) <= width
    assert browser.evaluate("document.querySelectorAll('caption').length") == 0


def test_hostile_text_runs_nothing(browser: Browser, hostile_path: Path) -> None:
    page = browser.open(hostile_path)
    assert page.requests == (hostile_path.as_uri(),)
    assert page.console == ()
    assert browser.driver.title.startswith("DynamoDB audit: grade ")
    assert browser.evaluate("document.scripts.length") == 0
    assert browser.evaluate("document.querySelectorAll('img, iframe, object, embed, [onmouseover], [style]').length") == 0
    # An open alert would make every command fail.
    assert browser.evaluate("document.querySelectorAll('h2').length") == len(SECTIONS)


RAN = "window.ran === undefined && document.scripts.length === 0"
ACTIVE = (
    "[...document.querySelectorAll('*')].filter(one => ['SCRIPT', 'IFRAME', 'OBJECT', 'EMBED', 'FORM', 'BASE'].includes(one.tagName)"
    " || [...one.attributes].some(of => of.name.startsWith('on') || /^\\s*(javascript|data|vbscript):/i.test(of.value))).length"
)
SCRIPTED = (
    "<script>window.ran=1</script>",
    '"><img src=x onerror=window.ran=1>',
    "' onmouseover='window.ran=1' autofocus onfocus='window.ran=1",
    "</style></title></textarea><svg/onload=window.ran=1>",
    "<a href=javascript:window.ran=1>x</a>",
    "--><iframe srcdoc='<script>parent.ran=1</script>'>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
    "<link rel=stylesheet href=http://127.0.0.1:9/x.css>",
)


@pytest.mark.parametrize("kind", ["report", "costs", "mail"])
def test_text_that_wants_to_run_does_not(browser: Browser, tmp_path: Path, kind: str) -> None:
    report = hostile_gated_report(texts=SCRIPTED)
    body = {
        "report": lambda: render(report, "html"),
        "costs": lambda: render_costs(report.costs, "html"),
        "mail": lambda: mail_body(report, name=SCRIPTED[1], link="https://example.invalid/").html,
    }[kind]()
    path = tmp_path / "page.html"
    # without its picture, which a mail has as a part of itself
    path.write_text(re.sub(r'src="cid:[^"]*"', "", body), encoding="utf-8")
    page = browser.open(path)
    assert page.requests == (path.as_uri(),)
    assert page.console == ()
    assert browser.evaluate(RAN)
    assert browser.evaluate(ACTIVE) == 0
    assert "window.ran=1" in browser.evaluate("document.body.textContent"), "it must be there, else this test shows nothing"


def test_text_that_runs_would_be_seen(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(f"<!doctype html><title>x</title><p>{''.join(SCRIPTED[:2])}", encoding="utf-8")
    browser.open(path)
    assert not browser.evaluate(RAN)
    assert browser.evaluate(ACTIVE) == 2


def test_it_prints_with_folded_parts_open(browser: Browser, sample_path: Path) -> None:
    browser.open(sample_path)
    folded = "getComputedStyle(document.querySelector('#rules + details'), '::details-content').contentVisibility"
    assert browser.evaluate(folded) == "hidden"
    browser.command("Emulation.setEmulatedMedia", media="print", features=[])
    assert browser.evaluate(folded) == "visible"
    browser.command("Emulation.setEmulatedMedia", media="", features=[])
    assert browser.pdf().startswith(b"%PDF-")


def test_paper_cuts_nothing_off(browser: Browser, sample_path: Path) -> None:
    browser.open(sample_path)
    browser.show(width=PAPER, scheme="light")
    browser.command("Emulation.setEmulatedMedia", media="print", features=[])
    assert browser.evaluate(WIDEST) <= PAPER
    browser.command("Emulation.setEmulatedMedia", media="", features=[])


def test_paper_is_white_and_cuts_no_line(browser: Browser, sample_path: Path) -> None:
    browser.open(sample_path)
    browser.show(width=PAPER, scheme="dark")
    browser.command("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert browser.evaluate(BACKGROUND) == "rgb(255, 255, 255)"
    assert browser.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert browser.evaluate("getComputedStyle(document.body).printColorAdjust") == "exact"
    for what, wanted in (
        (".top, .gate, tr, svg, dd, summary", "avoid"),
        (".card, pre", "auto"),
    ):  # what may be longer than a page breaks
        breaks = browser.evaluate(f"[...document.querySelectorAll('{what}')].map(one => getComputedStyle(one).breakInside)")
        assert breaks
        assert set(breaks) == {wanted}
    assert browser.evaluate("getComputedStyle(document.querySelector('.template')).display") == "none"
    # A total at the foot of every page would be taken for that of the page.
    assert browser.evaluate("getComputedStyle(document.querySelector('tfoot')).display") == "table-row-group"
    assert browser.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    browser.command("Emulation.setEmulatedMedia", media="", features=[])
