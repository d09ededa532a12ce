"""What Gmail, Outlook and others show of a mail, by the published list of what they support; and its colours."""

import re
from collections.abc import Callable
from functools import cache

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
        ('<svg width="1"></svg>', "element svg: not in Gmail web, Gmail iOS, Gmail Android, Outlook Windows"),
        ("<main>", "element main: not in Outlook Windows"),
        ("<style>td:hover { color: red }</style>", "selector :hover: not in Gmail iOS, Outlook Windows"),
        ("<style>td[align] { color: red }</style>", "selector attribute: not in Outlook Windows"),
        ("<style>@media (max-width: 9px) { td { color: red } }</style>", "rule @media: not in Outlook Windows"),
        ('<td style="color:var(--ink)">', "function var: not in Gmail web, Gmail iOS, Gmail Android, Outlook Windows"),
        ('<td style="border-radius:4px">', "property border-radius: not in Outlook Windows"),
        ('<td style="max-height:4px">', "property max-height: not in Outlook Windows"),
        ('<img src="data:image/png;base64,AA" alt="">', "image data: not in Gmail web, Gmail iOS, Gmail Android"),
        ('<img src="https://example.invalid/a.svg" alt="">', "image svg: not in Gmail web"),
        ('<td style="field-sizing:content">', "property field-sizing: nobody has tested it"),
        ("<portal>", "element portal: nobody has tested it"),
        ('<td onclick="x()">', "attribute onclick: nobody has tested it"),
        (
            '<meta name="color-scheme" content="light">',
            "meta color-scheme: not in Gmail web, Gmail iOS, Gmail Android, Outlook Windows",
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
    assert set(DESPITE) <= used(html, "declaration")


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


@pytest.mark.parametrize("ground", ["bg", "card"])
def test_text_can_be_read(ground: str) -> None:
    texts = {"ink", "mute", "link"} & set(LIGHT)
    colors = {LIGHT[name] for name in texts} | {tone_color(tone) for tone in (*TONES, "ok", "warn", "bad", "high", "low", "what?")}
    html = html_of("trend")
    assert set(re.findall(r"[^-]color:(#\w{6})", html)) <= colors | {"#ffffff"}
    assert min(contrast(one, LIGHT[ground]) for one in colors) >= TEXT_CONTRAST


def test_the_letter_can_be_read_in_its_cell() -> None:
    for tone in ("ok", "warn", "bad", "mute"):
        assert contrast("#ffffff", tone_color(tone)) >= TEXT_CONTRAST


def test_marks_of_the_picture_can_be_seen() -> None:
    kinds = [*(f"part{number}" for number in range(6)), "over-max", "over-warn", "in-bounds", "square"]
    assert min(contrast(mark_color(kind), LIGHT["bg"]) for kind in kinds) >= MARK_CONTRAST


def test_every_text_has_its_ground_beside_it() -> None:
    """A program with a dark theme turns colours around by pairs."""
    for style in re.findall(r'<td[^>]*style="([^"]*font-family[^"]*padding:0[^"]*|padding:0[^"]*font-family[^"]*)"', html_of()):
        assert "background-color:" in style
        assert re.search(r"[^-]color:", style)
