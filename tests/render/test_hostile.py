"""
Hostile text through every format: it parses as its format, and nothing in it is active.

Thousands more: `python -m tests.render.fuzz_hostile 10000 1`.
"""

import csv
import dataclasses
import io

import pytest
from hypothesis import given, settings

from stj_audit.render.csv_cells import CELL_LENGTH, text_cell, written
from stj_audit.render.escape import cut_name, escape_html, escape_html_code, escape_markdown, markdown_code, markdown_fence, visible
from tests.gated_report import a_gate
from tests.render.hostile_texts import MARKDOWN, OURS_IN_MARKDOWN, Texts, faults, hostile_report
from tests.render.hostile_texts import whole_report as report_of_ours
from tests.render.reading import Reader, texts

pytestmark = pytest.mark.slow

KINDS = ("paragraph", "td", "heading", "fence", "html", "code")
PARAGRAPH, CELL = ("paragraph_open", "paragraph_close"), ("td_open", "td_close")
BLOCKS = [*PARAGRAPH, *CELL, *CELL, *PARAGRAPH]


def test_what_is_ours_has_no_fault() -> None:
    assert list(faults(report_of_ours())) == []


def test_every_string_of_a_report_may_be_hostile() -> None:
    planted = Texts(seed=8)
    assert list(faults(hostile_report(planted))) == []
    assert planted.given > 300


@pytest.mark.parametrize("name", ["::error::x", "a\n::error::x", " ::error::x", "##[error]x", "a\n##[error]x"])
def test_no_name_begins_a_line_as_a_command_of_github_actions(name: str) -> None:
    report = report_of_ours()
    first = dataclasses.replace(
        report.findings[0], table=name, message=name, commands=(f"aws x --table-name '{name}'",), template=""
    )
    reasons = ("first", f"{name}: no item was read")
    report = dataclasses.replace(report, findings=(first, *report.findings[1:]), gate=a_gate(failing=(first.id,), reasons=reasons))
    assert list(faults(report)) == []


@settings(max_examples=80)
@given(texts)
def test_escaped_for_markdown_it_is_one_text_in_one_cell(some: list[str]) -> None:
    for text in some:
        for escaped in (escape_markdown(cut_name(text)), markdown_code(text)):
            if not escaped.strip():
                continue
            tokens = MARKDOWN.parse(f"x {escaped}\n\n| a | b |\n|---|---|\n| {escaped} | y |\n\n- {escaped}\n")
            assert [token.type for token in tokens if token.type.startswith(KINDS)] == BLOCKS
            inline = {one.type for token in tokens for one in token.children or ()}
            assert not inline & {"link_open", "image", "strong_open", "em_open", "s_open", "softbreak", "hardbreak"}
            html = [one.content for token in tokens for one in token.children or () if one.type == "html_inline"]
            assert set(html) <= {"<!-- -->"}


@settings(max_examples=200)
@given(texts)
def test_a_fence_holds_all_that_is_in_it(some: list[str]) -> None:
    for text in some:
        [fence] = MARKDOWN.parse(markdown_fence(text) + "\n")
        assert fence.type == "fence"
        assert fence.content == visible(text, keep="\n") + "\n"


@settings(max_examples=200)
@given(texts)
def test_escaped_for_html_it_is_text_alone(some: list[str]) -> None:
    for text in some:
        reader = Reader(f"<p title='{escape_html(text)}'>{escape_html(text)}</p><pre>{escape_html_code(text)}</pre>")
        assert [tag for tag, _ in reader.tags] == ["p", "pre"]
        assert set(reader.tags[0][1]) == {"title"}
        assert reader.tangled == []


@pytest.mark.parametrize("html", ["<script>", "<details onclick=x>", "<!-- a --><b x>", "<img src=x>", "<!-- > --><script>"])
def test_html_of_others_in_markdown_would_be_seen(html: str) -> None:
    assert not OURS_IN_MARKDOWN.fullmatch(html)


def test_a_cell_is_no_longer_than_a_spreadsheet_takes() -> None:
    [[cell]] = csv.reader(io.StringIO(written([text_cell("\x00" * 65_536)], [])))
    assert cell == ("\\x00" * 8_000) + "…"
    assert len(cell) == CELL_LENGTH + 1
