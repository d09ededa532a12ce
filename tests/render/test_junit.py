"""JUnit XML: valid against Jenkins's schema, and as GitLab reads it."""

import dataclasses
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from hypothesis import given, settings

from stj_audit.render import render
from stj_audit.report import Report, RuleRun
from tests.gated_report import (
    NONE,
    SAMPLED,
    UNREAD,
    a_gate,
    a_large_report,
    gated_report,
    hostile_gated_report,
    no_gate,
    passed_gate,
)
from tests.render.reading import texts
from tests.sample_report import PASSWORD, SUBSCRIBERS, SYSTEM, sample_report

SCHEMA = xmlschema.XMLSchema(str(Path(__file__).parent.parent / "published" / "junit-10.xsd"))
GATE = "stj-audit gate"
ITEMS = "no item above 300.0 KB (oversized-item)"


def parsed(report: Report) -> ET.Element:
    """The file, which is valid, and whose counts are those of its cases."""
    text = render(report, "junit")
    SCHEMA.validate(text)
    root = ET.fromstring(text.encode())
    for suite in root.iter("testsuite"):
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.attrib[attribute]) == len(suite.findall(f"testcase/{tag}"))
        assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
    for total in ("tests", "failures", "errors"):
        assert int(root.attrib[total]) == sum(int(suite.attrib[total]) for suite in root)
    return root


def case(root: ET.Element, table: str, name: str) -> ET.Element:
    [found] = [one for one in root.iter("testcase") if (one.attrib["classname"], one.attrib["name"]) == (table, name)]
    return found


def ended(element: ET.Element) -> tuple[str, str]:
    """How a case ended, and the word for why."""
    [child] = element
    return child.tag, child.attrib.get("type", "")


@pytest.mark.parametrize("report", [sample_report(), gated_report(), a_large_report()], ids=["no gate", "gate", "large"])
def test_it_is_valid(report: Report) -> None:
    parsed(report)


@pytest.mark.parametrize("words_too", [False, True])
def test_hostile_text_is_valid_and_comes_back_visible(words_too: bool) -> None:
    root = parsed(hostile_gated_report(words_too=words_too))
    assert any("\\x1b[31mred" in "".join(one.itertext()) for one in root)


@given(texts=texts)
@settings(max_examples=20)
def test_any_text_is_valid(texts: list[str]) -> None:
    parsed(hostile_gated_report(texts=texts))


def test_a_finding_that_fails_the_gate_fails_its_case() -> None:
    pitr = case(parsed(gated_report()), PASSWORD, "pitr-off (BKP-01)")
    assert ended(pitr) == ("failure", "high")
    # GitLab shows the text alone: all must be in it.
    assert pitr[0].text == (
        "high: stj_password: point-in-time recovery is off: a bad write or a deleted table cannot be undone.\n"
        "Fix: turn on point-in-time recovery.\n"
        "Declared at infra/tables, old.yaml:40"
    )


def test_a_table_that_no_file_declares_has_no_file() -> None:
    root = parsed(gated_report())
    files = {suite.attrib["name"]: suite.attrib.get("file") for suite in root}
    assert files == {GATE: None, SUBSCRIBERS: "stj-audit.toml", PASSWORD: "infra/tables, old.yaml", SYSTEM: None}
    assert "Declared at" not in "".join(case(root, SYSTEM, "no-cost-tags (CST-06)").itertext())


def test_a_finding_below_the_bar_passes_and_is_told() -> None:
    element = case(parsed(gated_report()), PASSWORD, "sort-key (STR-05)")
    assert element[0].tag == "system-out"
    assert (element[0].text or "").startswith("low: stj_password: customer-device-index holds every item again")


def test_without_a_gate_it_fails_from_high_on_as_check_does() -> None:
    root = parsed(sample_report())
    failed = {one.attrib["name"] for one in root.iter("testcase") if one.find("failure") is not None}
    assert failed == {"item-near-limit (STR-02)", "projection-unread (IDX-04)", "pitr-off (BKP-01)"}
    assert GATE not in {suite.attrib["name"] for suite in root}


def test_what_fails_never_fails_nothing() -> None:
    root = parsed(gated_report(gate=no_gate()))
    assert GATE not in {suite.attrib["name"] for suite in root}
    assert (root.attrib["failures"], root.attrib["errors"]) == ("0", "0")


def test_what_was_not_checked_is_skipped_with_its_reason() -> None:
    element = case(parsed(gated_report()), SYSTEM, "pitr-off (BKP-01)")
    assert ended(element) == ("skipped", "not checked")
    assert element[0].text == "PITR is off: not checked: AccessDeniedException"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("deletion-protection-off (BKP-04)", "suppressed by the configuration: re-created by the deployment in a minute, until"),
        ("no-cost-tags (CST-06)", "suppressed by the baseline: known from the baseline of 2026-11-10"),
    ],
)
def test_what_is_suppressed_is_skipped_with_its_reason(name: str, reason: str) -> None:
    element = case(parsed(gated_report()), SYSTEM, name)
    assert ended(element) == ("skipped", "suppressed")
    assert element[0].attrib["message"].startswith(reason)


def test_several_findings_of_a_check_are_one_case() -> None:
    report = gated_report()
    pitr = next(one for one in report.findings if one.check == "pitr-off")
    other = dataclasses.replace(pitr, id="f-other", severity="low", index="by-device", message="another one")
    element = case(parsed(dataclasses.replace(report, findings=(other, *report.findings))), PASSWORD, "pitr-off (BKP-01)")
    assert ended(element) == ("failure", "high")
    text = element[0].text or ""
    assert text.index("point-in-time recovery is off") < text.index("low: stj_password / by-device: another one.")


@pytest.mark.parametrize(
    ("items", "inconclusive", "expected"),
    [
        (SAMPLED, "fail", ("error", "inconclusive")),
        (SAMPLED, "pass", ("skipped", "inconclusive")),
        (UNREAD, "fail", ("error", "not read")),
        (UNREAD, "pass", ("error", "not read")),
    ],
)
def test_what_nobody_knows_of_items_is_an_error_where_it_counts(items: Any, inconclusive: str, expected: tuple[str, str]) -> None:
    root = parsed(gated_report(gate=a_gate(items=(items,), inconclusive=inconclusive)))
    assert ended(case(root, items.table, ITEMS)) == expected


def test_oversized_items_fail_and_none_passes() -> None:
    root = parsed(gated_report())
    assert ended(case(root, SUBSCRIBERS, ITEMS)) == ("failure", "over")
    element = case(parsed(gated_report(gate=passed_gate())), PASSWORD, ITEMS)
    assert element[0].tag == "system-out"
    assert element[0].text == f"{NONE.sentence}."


def test_a_table_that_could_not_be_described_has_a_suite_for_its_items() -> None:
    lost = dataclasses.replace(UNREAD, table="lost")
    root = parsed(gated_report(gate=a_gate(items=(lost,))))
    assert ended(case(root, "lost", ITEMS)) == ("error", "not read")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"fail_on": "grade:B", "reasons": ("the grade is C, and B or worse fails",), "items": ()}, ("failure", "failed")),
        (
            {"strict": True, "verdict": "inconclusive", "exit_code": 4, "reasons": ("8 things could not be checked",), "items": ()},
            ("error", "inconclusive"),
        ),
    ],
)
def test_what_no_table_shows_is_in_the_case_of_the_gate(fields: dict[str, Any], expected: tuple[str, str]) -> None:
    root = parsed(gated_report(gate=a_gate(failing=(), **fields)))
    [element] = root.findall(f"testsuite[@name='{GATE}']/testcase")
    assert ended(element) == expected
    assert element[0].text == fields["reasons"][0]
    assert int(root.attrib["failures"]) + int(root.attrib["errors"]) == 1


def test_a_gate_that_passed_passes() -> None:
    [element] = parsed(gated_report(gate=passed_gate())).findall(f"testsuite[@name='{GATE}']/testcase")
    assert element.attrib["name"] == "fails on a finding at or above high and on an item above 300.0 KB"
    assert element.find("failure") is None


def test_names_do_not_depend_on_how_it_ended() -> None:
    names = [
        {(one.attrib["classname"], one.attrib["name"]) for one in parsed(gated_report(gate=gate)).iter("testcase")}
        for gate in (a_gate(), a_gate(failing=(), verdict="passed", exit_code=0, reasons=()))
    ]
    assert names[0] == names[1]


def test_long_names_that_differ_in_the_middle_are_told_apart() -> None:
    tables = [f"shop/eu-north-1/{'a' * 120}-{stage}-{'b' * 120}" for stage in ("prod", "test")]
    runs = [
        RuleRun(check="pitr-off", code="BKP-01", title="PITR", category="backup-strategy", table=table, status="passed")
        for table in tables
    ]
    root = parsed(dataclasses.replace(gated_report(gate=passed_gate(items=())), rules=tuple(runs), findings=(), tables=()))
    assert [one.attrib["name"] for one in root.iter("testsuite")][1:] == tables
    assert [one.attrib["classname"] for one in root.iter("testcase")][1:] == tables


def test_a_check_of_the_account_is_of_all_tables() -> None:
    run = RuleRun(check="account-quota-near", code="SCL-09", title="Quota", category="scalability", table="", status="passed")
    root = parsed(dataclasses.replace(gated_report(), rules=(run,), findings=()))
    assert case(root, "all tables", "account-quota-near (SCL-09)") is not None
