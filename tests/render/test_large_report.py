"""The HTML report of an account with very many tables: short enough, quick enough, and it keeps what matters."""

import re
import sys
import time
import tracemalloc
from dataclasses import replace

import pytest

from stj_audit.render import render
from stj_audit.render.digest import MAX_ROWS
from stj_audit.report import Report
from tests.large_report import a_report_of

pytestmark = pytest.mark.slow

TABLES = 200
MOST_BYTES = 3 * 1024**2
MOST_TABLES = 1_000
MOST_CPU_SECONDS = 15.0  # five times what is aimed at: machines that test are slow, and busy
MOST_TRACED_BYTES = 300 * 1024**2


@pytest.fixture(scope="module")
def large() -> Report:
    return a_report_of(TABLES)


def test_assumptions_and_doubts_are_cut_too(large: Report) -> None:
    lines = tuple(f"line {number}" for number in range(MAX_ROWS + 7))
    cut = render(replace(large, trust=lines, costs=replace(large.costs, assumptions=lines)), "html")
    assert [cut.count(f"<li>{word} {MAX_ROWS - 1}") for word in ("line", "Line")] == [1, 1]
    assert f"line {MAX_ROWS}" not in cut.replace("Line", "line")
    assert cut.count("nd 7 more, see the run file") == 2


@pytest.fixture(scope="module")
def page(large: Report) -> str:
    return render(large, "html")


def test_it_is_no_large_file(page: str) -> None:
    assert len(page.encode()) < MOST_BYTES


def test_the_worst_tables_are_shown_and_the_rest_is_told(large: Report, page: str) -> None:
    shown = re.findall(r'<a href="#table-\d+">([^<]+)</a>', page)
    worst = [table.name for table in large.tables if table.grade == "D"]
    assert len(worst) > MAX_ROWS
    assert len(shown) == MAX_ROWS
    assert set(shown) <= set(worst)
    assert shown != [table.name for table in large.tables][:MAX_ROWS]
    assert "and 150 more, see the run file" in page
    assert "Shown are those with the worst grades" in page


def test_no_list_is_longer_than_the_bar(page: str) -> None:
    """But for the rules, which the last section promises to list all, and which no account has more of."""
    for body in re.findall(r"<tbody>(.*?)</tbody>", page, re.DOTALL):
        assert body.count("<tr") <= MAX_ROWS
    for items in re.findall(r"<(ul|ol)[^>]*>(.*?)</\1>", page, re.DOTALL):
        assert items[1].count("<li") <= MAX_ROWS


def test_a_thousand_tables_take_seconds() -> None:
    report = a_report_of(MOST_TABLES)
    started = time.process_time()
    render(report, "html")
    spent = time.process_time() - started
    sys.stdout.write(f"{MOST_TABLES} tables: {spent:.2f} s of processor time\n")
    assert spent < MOST_CPU_SECONDS


def test_a_thousand_tables_take_little_memory() -> None:
    report = a_report_of(MOST_TABLES)
    tracemalloc.start()
    try:
        render(report, "html")
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    sys.stdout.write(f"{MOST_TABLES} tables: {peak_bytes / 1024**2:.0f} MB at the peak\n")
    assert peak_bytes < MOST_TRACED_BYTES
