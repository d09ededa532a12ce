"""Findings as CSV: a row each, read back by another reader, and no cell that a spreadsheet would run."""

import csv
import io

import pytest
from hypothesis import given, settings

from stj_audit.render import render
from stj_audit.render.csv_cells import FORMULA_STARTS, text_cell
from stj_audit.render.findings_csv import HEAD
from stj_audit.report import Report
from tests.gated_report import a_large_report, gated_report, hostile_gated_report
from tests.render.reading import texts
from tests.sample_report import sample_report


def rows_of(report: Report) -> list[dict[str, str]]:
    text = render(report, "csv")
    assert text.count("\n") == text.count("\r\n"), "RFC 4180 ends rows so, and no cell has a line break"
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert all(tuple(row) == HEAD and None not in row.values() for row in rows)
    return rows


def test_a_row_for_each_finding_and_verdict() -> None:
    report = gated_report()
    rows = rows_of(report)
    assert [row["row"] for row in rows] == ["items"] * 3 + ["finding"] * len(report.findings)
    assert [row["state"] for row in rows[:3]] == ["over", "inconclusive", "not read"]
    assert [row["fails"] for row in rows if row["severity"] in {"critical", "high"}] == ["yes"] * 3
    assert {row["id"]: row["state"] for row in rows[3:]} == {
        **{one.id: "open" for one in report.findings},
        "f-deletion-protection": "ignored",
        "f-no-tags": "known",
    }


def test_the_cells_of_a_finding() -> None:
    row = next(row for row in rows_of(gated_report()) if row["id"] == "f-sort-key")
    assert row == dict.fromkeys(HEAD, "") | {
        "row": "finding",
        "id": "f-sort-key",
        "check": "sort-key",
        "code": "STR-05",
        "category": "table-structure",
        "severity": "low",
        "table": "stj_password",
        "title": "Composite key would replace an index",
        "message": "customer-device-index holds every item again, only to find the devices of a customer",
        "fix": "key the table by customer_id and device_id",
        "when": "before 50,000 users",
        "effort": "days",
        "state": "open",
        "fails": "no",
        "saving_usd_month": "0.8",
        "saving_is_bound": "yes",
        "file": "infra/tables, old.yaml",
        "line": "40",
    }


def test_why_and_until_when_a_finding_is_suppressed() -> None:
    row = next(row for row in rows_of(gated_report()) if row["id"] == "f-deletion-protection")
    assert (row["reason"], row["expires"]) == ("re-created by the deployment in a minute", "2027-03-31")


def test_without_a_gate_there_are_findings_alone() -> None:
    rows = rows_of(sample_report())
    assert {row["row"] for row in rows} == {"finding"}
    assert [row["id"] for row in rows if row["fails"] == "yes"] == ["f-item-near-limit", "f-projection-unread", "f-pitr-off"]
    assert {row["file"] for row in rows} == {""}


def test_none_is_left_out() -> None:
    assert len(rows_of(a_large_report(1_000))) == 1_003


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_formulas_are_text(start: str) -> None:
    assert text_cell(f"{start}1+1").startswith("'")


@pytest.mark.parametrize("start", [start for start in FORMULA_STARTS if not start.isspace()])
@pytest.mark.parametrize("blanks", [" ", "  \t", "\n", "\u00a0", "\u3000"])
def test_formulas_are_text_also_after_blanks(start: str, blanks: str) -> None:
    assert text_cell(f"{blanks}{start}1+1").startswith("'")


@pytest.mark.parametrize("plain", ["", " a", "a=1", "5", "2026-11-22", "'=1"])
def test_other_texts_stay(plain: str) -> None:
    assert text_cell(plain) == plain


@given(texts=texts)
@settings(max_examples=30)
def test_no_cell_is_a_formula(texts: list[str]) -> None:
    for row in rows_of(hostile_gated_report(texts=texts)):
        for name, cell in row.items():
            assert not cell.lstrip().startswith(FORMULA_STARTS), name
