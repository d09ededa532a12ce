"""
Hostile text through every format: it parses as its format, and nothing in it is active.

Thousands more: `python -m tests.render.fuzz_hostile 10000 1`.
"""

import csv
import io

import pytest
from hypothesis import given, settings

from stj_audit.render.csv_cells import CELL_LENGTH, text_cell, written
from tests.render.hostile_texts import OURS_IN_MARKDOWN, Texts, faults, hostile_report
from tests.render.hostile_texts import whole_report as report_of_ours
from tests.render.reading import texts


def test_what_is_ours_has_no_fault() -> None:
    assert list(faults(report_of_ours())) == []


def test_every_string_of_a_report_may_be_hostile() -> None:
    planted = Texts(seed=8)
    assert list(faults(hostile_report(planted))) == []
    assert planted.given > 300


@settings(max_examples=3)
@given(texts)
def test_texts_that_are_hard_on_a_format(some: list[str]) -> None:
    assert list(faults(hostile_report(some))) == []


@pytest.mark.parametrize("html", ["<script>", "<details onclick=x>", "<!-- a --><b x>", "<img src=x>", "<!-- > --><script>"])
def test_html_of_others_in_markdown_would_be_seen(html: str) -> None:
    assert not OURS_IN_MARKDOWN.fullmatch(html)


def test_a_cell_is_no_longer_than_a_spreadsheet_takes() -> None:
    [[cell]] = csv.reader(io.StringIO(written([text_cell("\x00" * 65_536)], [])))
    assert cell == ("\\x00" * 8_000) + "…"
    assert len(cell) == CELL_LENGTH + 1
