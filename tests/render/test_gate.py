"""What `stj-audit check` prints: what fails first, short, and a last line that says it all."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from stj_audit.errors import ConfigError
from stj_audit.render import render_gate
from stj_audit.render.gate import summary
from stj_audit.report import GateReport, IgnoreReport, ItemsVerdict, Largest, Report
from tests.gated_report import LINE_BYTES, passed_gate
from tests.sample_report import sample_report


def a_verdict(table: str, verdict: str = "none", **fields: Any) -> ItemsVerdict:
    defaults: dict[str, Any] = {
        "sentence": f"said of {table}",
        "threshold_bytes": LINE_BYTES,
        "found": int(verdict == "over"),
        "scanned": 100,
        "item_count": 100,
        "at_most": None,
        "largest": (Largest(bytes=LINE_BYTES + 1, key_hash="ab"),) if verdict == "over" else (),
    }
    return ItemsVerdict(table=table, verdict=verdict, **(defaults | fields))


def a_gate(*items: ItemsVerdict, **fields: Any) -> GateReport:
    """One that passed, unless it is said."""
    return passed_gate(items=items, **fields)


def report_of(gate: GateReport) -> Report:
    return replace(sample_report(), gate=gate)


def lines(gate: GateReport, **report: Any) -> list[str]:
    return render_gate(replace(report_of(gate), **report)).splitlines()


NAMES = [table.name for table in sample_report().tables]


def test_what_fails_is_first_then_what_is_not_known() -> None:
    gate = a_gate(
        a_verdict(NAMES[0]),
        a_verdict(NAMES[1], "inconclusive"),
        a_verdict(NAMES[2], "over"),
        verdict="failed",
        exit_code=3,
        reasons=(f"{NAMES[2]}: said of {NAMES[2]}", f"{NAMES[1]}: said of {NAMES[1]}"),
    )
    states = [line.split() for line in lines(gate) if line.split()[:1] in (["FAIL"], ["UNKNOWN"], ["ok"])]
    assert states == [["FAIL", NAMES[2]], ["UNKNOWN", NAMES[1]], ["ok", NAMES[0]]]
    assert lines(gate)[-1].startswith("failed: 1 table with an item above 300.0 KB. Make the large items smaller")


def test_each_failing_finding_has_its_line_with_the_reason() -> None:
    finding = next(one for one in sample_report().findings if one.suppressed is None and one.index is None)
    findings = tuple(
        replace(one, message="bad", baseline=None) if one.id == finding.id else one for one in sample_report().findings
    )
    known = IgnoreReport(check=finding.check, tables=("*",), reason="known", expires=date(2026, 1, 31), state="expired", findings=0)
    items = [a_verdict(name, "over" if name == NAMES[0] else "none") for name in NAMES]
    gate = a_gate(
        *items, verdict="failed", exit_code=3, reasons=(f"{NAMES[0]}: x", "y"), failing=(finding.id,), fail_on=finding.severity
    )
    text = " ".join(" ".join(lines(gate, findings=findings, ignores=(known,))).split())
    assert f"{finding.severity}, {finding.check}: bad; its ignore expired on 2026-01-31: known." in text
    assert f"1 finding at or above {finding.severity}" in lines(gate)[-1]


def test_a_table_that_was_not_described_is_told() -> None:
    gate = a_gate(
        *(a_verdict(name) for name in NAMES),
        a_verdict("gone", "not read", scanned=0, item_count=None),
        verdict="inconclusive",
        exit_code=4,
        reasons=("gone: said of gone",),
    )
    told = lines(gate)
    assert "UNKNOWN  gone" in told
    assert told[-1].startswith("inconclusive: gone: said of gone. See that each of these tables is there and may be described")


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        (a_gate(a_verdict("a")), "passed: no item above 300.0 KB, no finding at or above high among what could be checked."),
        (
            a_gate(a_verdict("a", "inconclusive"), inconclusive="pass"),
            "passed: no item above 300.0 KB was seen, and 1 table may have one all the same (--inconclusive pass), no finding",
        ),
        (a_gate(fail_item_size=None, fail_on="never"), "passed: nothing was asked for."),
        (a_gate(a_verdict("a"), fail_on="grade:C"), "passed: no item above 300.0 KB, grade "),
        (
            a_gate(fail_on="grade:C", verdict="failed", exit_code=3, reasons=("the grade is C, and C or worse fails",)),
            "failed: the grade is C, and C or worse fails.",
        ),
        (
            a_gate(strict=True, verdict="inconclusive", exit_code=4, reasons=("3 things could not be checked (--strict)",)),
            "inconclusive: 3 things could not be checked (--strict). See that all of it is there",
        ),
        (
            a_gate(a_verdict("a", "inconclusive"), verdict="inconclusive", exit_code=4, reasons=("a: b", "c: d")),
            "inconclusive: a: b; and 1 more reason. Read every item with --scan full",
        ),
    ],
)
def test_the_last_line_says_how_it_came_out_and_what_to_do(gate: GateReport, words: str) -> None:
    assert summary(report_of(gate), gate).startswith(words)
    assert lines(gate)[-1].startswith(words)


def test_a_region_of_tables_is_cut() -> None:
    table = sample_report().tables[0]
    tables = tuple(replace(table, name=f"t-{number:04}") for number in range(2_000))
    told = lines(a_gate(*(a_verdict(one.name) for one in tables)), tables=tables, findings=(), not_checked=())
    assert sum(line.startswith("ok ") for line in told) == 50
    assert any("1,950 more, see the run file" in line for line in told)


def test_nothing_from_outside_reaches_the_terminal_as_it_is() -> None:
    table = replace(sample_report().tables[0], name="a\x1b[2Jb")
    verdict = a_verdict(table.name, "not read", sentence="no\x1b]0;x")
    gate = a_gate(verdict, verdict="inconclusive", exit_code=4, reasons=(f"{table.name}: no\x1b]0;x",))
    text = "\n".join(lines(gate, tables=(table,), findings=(), not_checked=()))
    assert "\x1b" not in text
    assert "a\\x1b[2Jb" in text


def test_colours_are_added_where_they_are_wanted() -> None:
    gate = a_gate(*(a_verdict(name) for name in NAMES))
    coloured = render_gate(report_of(gate), color=True)
    assert "\x1b[32mpassed\x1b[0m: no item" in coloured
    assert coloured.replace("\x1b[32m", "").replace("\x1b[0m", "") == render_gate(report_of(gate))


def test_without_a_gate_there_is_nothing_to_show() -> None:
    with pytest.raises(ConfigError, match="no gate"):
        render_gate(replace(sample_report(), gate=None))


def test_of_a_table_that_is_not_there_nobody_is_told_to_read_its_items() -> None:
    said = "gone: no item was read: the configuration declares the table, and it is not there"
    gate = a_gate(a_verdict("gone", "not read"), verdict="inconclusive", exit_code=4, reasons=(said,))
    last = lines(gate)[-1]
    assert last == (
        f"inconclusive: {said}. See that each of these tables is there and may be described (`stj-audit iam-policy` prints the "
        "permissions), or leave it out."
    )
    both = a_gate(
        a_verdict("gone", "not read"), a_verdict(NAMES[0], "not read"), verdict="inconclusive", exit_code=4, reasons=(said,)
    )
    assert "Let the items be read (--scan" in lines(both)[-1]
    assert "See that each of these tables is there" in lines(both)[-1]
