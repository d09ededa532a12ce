"""Two runs that were judged on other terms: what differs for that alone is neither better nor fixed."""

from dataclasses import replace
from typing import Any

import pytest

from stj_audit.checks import all_checks
from stj_audit.config import SizeLines
from stj_audit.diff import OTHER_TABLES, OTHER_TERMS, SAME, Diff, compare
from stj_audit.diff.findings import BETTER, FIXED, NEW, NOT_LOOKED_AT, WORSE
from stj_audit.diff.terms import CATEGORY_OF_LINES, OF_LINES
from stj_audit.gate import GateTerms
from stj_audit.report import GateReport, Report
from stj_audit.wording import KB
from tests.builders import some_items
from tests.compared_runs import NO_PITR, audited, orders
from tests.gated_report import a_gate, passed_gate
from tests.sample_report import sample_report

LARGE = {"items": some_items({1_000: 100, 340 * KB: 1})}
CHANGED = "other size lines: 300.0 KB and 400.0 KB → 390.0 KB and 400.0 KB"
HIGHER = SizeLines(warn_bytes=390 * KB)


def row(diff: Diff, check: str) -> tuple[str, str]:
    [found] = [one for one in diff.findings if one.check == check]
    return found.state, found.reason


def test_nothing_is_fixed_or_better_by_a_higher_line() -> None:
    old, new = audited(orders(facts=LARGE)), audited(orders(facts=LARGE), size_lines=HIGHER, days=1)
    diff = compare(old, new)
    assert row(diff, "item-over-warn-line") == (NOT_LOOKED_AT, f"not looked at by the same line: {CHANGED}")
    changed = [one for one in (diff.overall, *diff.categories) if one.before != one.after]
    assert CATEGORY_OF_LINES in {one.id for one in changed}
    assert {one.direction for one in changed} <= {"not comparable"}
    assert f"The runs have {CHANGED}; findings on item sizes, and grades, may differ for that alone" in diff.notes
    assert row(compare(new, old), "item-over-warn-line")[0] == NEW
    assert "other size lines: 390.0 KB" in row(compare(new, old), "item-over-warn-line")[1]


def test_what_does_not_depend_on_the_line_is_fixed_all_the_same() -> None:
    diff = compare(audited(orders(facts=LARGE | NO_PITR)), audited(orders(facts=LARGE), size_lines=HIGHER, days=1))
    assert row(diff, "pitr-off") == (FIXED, "looked at, and not found any more")
    [grade] = [one for one in diff.categories if one.id == "backup-strategy"]
    assert grade.direction == BETTER
    small = {"items": some_items({1_000: 100})}
    assert row(compare(audited(orders(facts=LARGE)), audited(orders(facts=small), days=1)), "item-over-warn-line")[0] == FIXED


def test_the_checks_of_the_lines_are_there() -> None:
    known = {check.name: check.category.value[0] for check in all_checks()}
    assert {known[name] for name in OF_LINES} == {CATEGORY_OF_LINES}


# ------------------------------------------------------------------------------------------------------------- the gate


def gated(gate: GateReport, report: Report | None = None) -> Report:
    return replace(report or sample_report(), gate=gate)


def direction(old: Report, new: Report) -> str:
    gate = compare(old, new).gate
    assert gate is not None
    return gate.direction


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"fail_item_size": 350 * KB}, "--fail-item-size of the gate: 300.0 KB → 350.0 KB"),
        ({"fail_item_size": None}, "--fail-item-size of the gate: 300.0 KB → off"),
        ({"fail_on": "never"}, "--fail-on of the gate: high → never"),
        ({"inconclusive": "pass"}, "--inconclusive of the gate: fail → pass"),
        ({"strict": True}, "--strict of the gate: off → on"),
    ],
)
def test_a_gate_on_other_terms_is_neither_better_nor_worse_and_each_is_told(fields: dict[str, Any], note: str) -> None:
    failed, passed = gated(a_gate()), gated(passed_gate(**fields))
    assert direction(failed, passed) == direction(passed, failed) == OTHER_TERMS
    assert [one for one in compare(failed, passed).notes if "of the gate" in one] == [
        f"{note}; how it came out may differ for that alone"
    ]


def test_a_gate_over_other_tables_is_compared_as_far_as_they_cannot_explain_it() -> None:
    report = sample_report()
    fewer = replace(report, tables=report.tables[1:], not_checked=())
    report = replace(report, not_checked=())
    failed, passed = a_gate(), passed_gate()
    assert direction(gated(failed, report), gated(passed, fewer)) == OTHER_TABLES
    assert direction(gated(passed, fewer), gated(failed, report)) == OTHER_TABLES
    assert direction(gated(passed, report), gated(failed, fewer)) == WORSE
    assert direction(gated(failed, fewer), gated(passed, report)) == BETTER
    assert direction(gated(failed, report), gated(failed, fewer)) == SAME


# --------------------------------------------------------------------------------------------------------------- designs


def test_a_design_and_a_table_that_is_deployed() -> None:
    live = audited(orders(facts=LARGE), gate=GateTerms(fail_on="high", fail_item_size=300 * KB))
    design = replace(live, audit=replace(live.audit, id="d", templates=("template.yaml",)), findings=())
    not_deployed = tuple(replace(one, status="not applicable", reason="nothing is deployed yet") for one in live.rules)
    design = replace(design, rules=not_deployed)
    diff = compare(live, design)
    assert row(diff, "item-over-warn-line") == (NOT_LOOKED_AT, "nothing is deployed yet")
    assert diff.notes[0].startswith("The new run is of a design, before deployment, and the old one of tables that are deployed")
    assert compare(design, live).notes[0].startswith("The old run is of a design")
    assert not any("before deployment" in note for note in compare(design, design).notes)


def test_the_line_of_a_design_is_told_only_where_one_is_above_it() -> None:
    report = sample_report()
    design = replace(report, audit=replace(report.audit, templates=("template.yaml",)))
    assert direction(gated(a_gate(), design), gated(passed_gate(fail_item_size=None), design)) == BETTER
