"""What Gmail, Outlook and others show of a mail, by the published list of what they support; and its colours."""

import re
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser

import pytest

from stj_audit.render.mail import mail_body
from stj_audit.render.palette import LIGHT, TONES, mark_color, tone_color
from stj_audit.report import Report
from tests.gated_report import gated_report, hostile_gated_report
from tests.large_report import a_report_of
from tests.render.mail_lint import DESPITE, UNTESTED, problems, used
from tests.render.test_palette import MARK_CONTRAST, TEXT_CONTRAST, THEMES, contrast
from tests.trended_report import trended_report

REPORTS: dict[str, Callable[[], Report]] = {
    "sample": gated_report,
    "trend": trended_report,
    "hostile": lambda: hostile_gated_report(words_too=True),
    "large": lambda: a_report_of(40),
}


@cache
def html_of(name: str = "sample") -> str:
    return mail_body(REPORTS[name](), name="prod", link="https://example.invalid/r.html").html


@pytest.mark.parametrize("name", REPORTS)
def test_gmail_and_outlook_show_all_of_it(name: str) -> None:
    assert problems(html_of(name)) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('<div style="display:flex">', "value display:flex: not in Outlook Windows"),
        ('<td style="display: grid">', "value display:grid: not in Outlook Windows"),
        ('<svg width="1"></svg>', "element svg: not in Gmail web, Gmail iOS, Gmail Android, Gmail mobile web, Outlook Windows"),
        ("<main>", "element main: not in Outlook Windows"),
        ("<style>.big { color: red }</style>", "element style: not in Gmail mobile web"),
        ("<style>td:hover { color: red }</style>", "selector :hover: not in Gmail iOS, Gmail mobile web, Outlook Windows"),
        ("<style>td[align] { color: red }</style>", "selector attribute: not in Gmail mobile web, Outlook Windows"),
        ("<style>@media (max-width: 9px) { td { color: red } }</style>", "rule @media: not in Gmail mobile web, Outlook Windows"),
        (
            '<td style="color:var(--ink)">',
            "function var: not in Gmail web, Gmail iOS, Gmail Android, Gmail mobile web, Outlook Windows",
        ),
        ('<td style="border-radius:4px">', "property border-radius: not in Outlook Windows"),
        ('<td style="max-height:4px">', "property max-height: not in Outlook Windows"),
        ('<img src="data:image/png;base64,AA" alt="">', "image data: not in Gmail web, Gmail iOS, Gmail Android, Gmail mobile web"),
        ('<img src="https://example.invalid/a.svg" alt="">', "image svg: not in Gmail web, Gmail mobile web"),
        ('<td style="field-sizing:content">', "property field-sizing: nobody has tested it"),
        ("<portal>", "element portal: nobody has tested it"),
        ('<td onclick="x()">', "attribute onclick: nobody has tested it"),
        (
            '<meta name="color-scheme" content="light">',
            "meta color-scheme: not in Gmail web, Gmail iOS, Gmail Android, Gmail mobile web, Outlook Windows",
        ),
    ],
)
def test_what_they_do_not_show_is_found(body: str, problem: str) -> None:
    assert problem in problems(body)
    assert problem in problems(html_of().replace("</body>", f"{body}</body>"))


def test_nothing_is_excused_that_is_not_used() -> None:
    html = html_of()
    for kind, names in UNTESTED.items():
        assert set(names) <= used(html, kind)
    assert set(DESPITE) <= used(html, "declaration") | used(html, "value")


def test_there_is_no_style_sheet_no_script_and_one_heading_of_the_first_rank() -> None:
    html = html_of()
    assert not used(html, "element") & {"style", "script", "link", "svg"}
    assert html.count("<h1") == 1
    assert html.startswith('<!doctype html>\n<html lang="en">')
    assert set(re.findall(r'src="([^"]*)"', html)) <= {"cid:cost-and-sizes"}
    assert set(re.findall(r'href="([^"]*)"', html)) == {"https://example.invalid/r.html"}
    # Tables that only hold others say so; the two with numbers are tables for screen readers too
    assert html.count("<table") - html.count('<table role="presentation"') == 2


def test_its_colours_are_those_of_the_report() -> None:
    assert THEMES["light"] == LIGHT


class Painted(HTMLParser):
    """Each text of a mail with its colour and its ground: those of the nearest element that names one."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[tuple[str, str, str]] = []
        self._open: list[tuple[str, str]] = []
        self.feed(html[html.index("<body") : html.index("</html>")])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"br", "img"}:
            self._open.append((tag, dict(attrs).get("style") or ""))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        hidden = any("display:none" in style for _, style in self._open)
        if data.strip() and not hidden:
            self.texts.append(
                (data.strip(), self._nearest(r"(?<![-\w])color:(#\w{6})"), self._nearest(r"background-color:(#\w{6})"))
            )

    def _nearest(self, pattern: str) -> str:
        found: list[str] = [match for _, style in self._open for match in re.findall(pattern, style)]
        assert found, f"no {pattern} around a text"
        return found[-1]


@pytest.mark.parametrize("name", REPORTS)
def test_text_can_be_read(name: str) -> None:
    texts = Painted(html_of(name)).texts
    assert len(texts) > 60
    assert [one for one in texts if contrast(one[1], one[2]) < TEXT_CONTRAST] == []
    assert {LIGHT["bg"], LIGHT["card"]} <= {ground for _, _, ground in texts}


def test_every_grade_and_severity_can_be_read() -> None:
    for tone in (*TONES, "ok", "warn", "bad", "high", "low", "what?"):
        for ground in ("bg", "card"):
            assert contrast(tone_color(tone), LIGHT[ground]) >= TEXT_CONTRAST


def test_pale_text_is_found() -> None:
    pale = html_of().replace(LIGHT["mute"], "#999999")
    assert [one for one in Painted(pale).texts if contrast(one[1], one[2]) < TEXT_CONTRAST]


def test_marks_of_the_picture_can_be_seen() -> None:
    kinds = [*(f"part{number}" for number in range(6)), "over-max", "over-warn", "in-bounds", "square"]
    assert min(contrast(mark_color(kind), LIGHT["bg"]) for kind in kinds) >= MARK_CONTRAST
