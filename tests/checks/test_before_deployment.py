"""What the machinery makes of a check on a table that is not there yet: what only the table would tell is no gap."""

from collections.abc import Iterator
from typing import Any

import pytest

from stj_audit.checks import check
from stj_audit.cost.bill import TableBill
from stj_audit.facts import NOT_DEPLOYED, TEMPLATE, ItemSizes, Language, Pitr, Table, Traffic, Unknown
from stj_audit.results import Category, Check, Good, Problem, Result, Said, Severity, Status
from tests.builders import a_table, examined

MISSING = Unknown(call=TEMPLATE, reason=NOT_DEPLOYED)
OPEN = Unknown(call=TEMPLATE, reason="parameter Stage has no default")
SCAN = Unknown(call="dynamodb:Scan", reason="the values were not counted")


def result_of(find: Any, *, defined_in: Language | None = "CloudFormation", **facts: Any) -> Result:
    one: Check = check("A title", Category.TABLE_STRUCTURE, Severity.HIGH, code="TST-01")(find)
    return examined(one, a_table(defined_in=defined_in, item_count=None, size_bytes=None), **facts)


def needs_items(items: ItemSizes) -> Iterator[Said]:
    yield Good(message=f"{items.scanned} items")


def needs_pitr(pitr: Pitr) -> Iterator[Said]:
    yield Good(message=f"{pitr.enabled}")


def says_scan(table: Table) -> Iterator[Said]:
    yield SCAN


def says_scan_of_a_bill(bill: TableBill) -> Iterator[Said]:
    yield SCAN


def passes_traffic_on(traffic: Traffic | Unknown, bill: TableBill) -> Iterator[Said]:
    if isinstance(traffic, Unknown):
        yield traffic


def finds(table: Table) -> Iterator[Said]:
    yield SCAN
    yield Problem(message="bad", fix="mend it")


def test_a_fact_that_no_template_has_leaves_nothing_to_look_at() -> None:
    result = result_of(needs_items, items=MISSING)

    assert (result.status, result.reason, result.unknowns) == (Status.NOT_APPLICABLE, NOT_DEPLOYED, ())


def test_a_fact_that_the_deployment_decides_is_a_gap() -> None:
    result = result_of(needs_pitr, pitr=OPEN)

    assert (result.status, result.unknowns) == (Status.UNKNOWN, (OPEN,))


@pytest.mark.parametrize("find", [says_scan, passes_traffic_on])
def test_what_only_the_table_would_tell_is_no_gap(find: Any) -> None:
    result = result_of(find, traffic=MISSING)

    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, NOT_DEPLOYED)


def test_what_the_usage_model_would_tell_is_a_gap_that_names_it() -> None:
    result = result_of(says_scan_of_a_bill)

    assert result.status is Status.UNKNOWN
    assert result.unknowns == (Unknown(call="stj-audit.toml", reason=SCAN.reason),)


def test_what_is_found_is_found() -> None:
    result = result_of(finds)

    assert result.status is Status.FOUND
    assert result.unknowns == ()


def test_of_a_table_that_is_there_nothing_changes() -> None:
    assert result_of(says_scan, defined_in=None).unknowns == (SCAN,)
    assert result_of(says_scan_of_a_bill, defined_in=None).unknowns == (SCAN,)
