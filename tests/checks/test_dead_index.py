import json
import shlex
from decimal import Decimal
from typing import Any, Literal

import pytest

from stj_audit.checks.dead_index import dead_index
from stj_audit.checks.unused_index import unused_index
from stj_audit.cost.workload import Workload
from stj_audit.facts import Flow, ItemSizes, Unknown
from stj_audit.results import RemoveIndex, Result, Severity, Status
from tests.builders import a_flow, a_table, a_workload, an_index, examined, some_entries, some_items, some_traffic

TABLE = a_table(indexes=(an_index("by-status", key=("status", "due")),))
DENIED = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")


def holding(entries: int, coverage: Literal["full", "sample"] = "full") -> ItemSizes:
    return some_items(indexes=(some_entries("by-status", entries),), coverage=coverage)


def judged(
    reads: str | None = None,
    writes: str | None = None,
    *,
    items: ItemSizes | Unknown | None = None,
    days: str = "30",
    workload: Workload | None = None,
) -> Result:
    flow = Flow(read_units=None if reads is None else Decimal(reads), write_units=None if writes is None else Decimal(writes))
    traffic = some_traffic(indexes={"by-status": flow}, covered_days=Decimal(days))
    return examined(dead_index, TABLE, items=items or holding(0), traffic=traffic, workload=workload)


def test_finds_an_index_that_holds_nothing() -> None:
    result = judged(writes="0")
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == 'none of all 1,000 items has its key "status" and "due", and no write was measured in 30 days'
    assert problem.evidence == {
        "entries": 0,
        "items": 1_000,
        "read_units": None,
        "covered_days": 30.0,
        "saving_usd_month": 0.0,
    }
    assert problem.index == "by-status"
    assert problem.change == RemoveIndex(index="by-status")
    assert problem.fix.startswith("ask the owner")
    assert problem.benefit == "one index less in the quota, and no capacity for it"


def test_a_missing_datapoint_is_told_as_that() -> None:
    assert judged().problems[0].message.endswith("and CloudWatch has no write of it in 30 days")


def test_its_command_removes_the_index() -> None:
    words = shlex.split(judged().problems[0].commands[0])
    assert words[2:7] == ["update-table", "--region", "eu-north-1", "--table-name", "orders"]
    assert json.loads(words[-1]) == [{"Delete": {"IndexName": "by-status"}}]


def test_queries_that_find_nothing_are_worse_and_removing_does_not_help_them() -> None:
    result = judged("120", "0")
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message.endswith("; 120 read units found nothing")
    assert (problem.change, problem.commands) == (None, ())
    assert problem.benefit == "the queries find what they are made for"
    assert problem.fix.startswith('compare "status" and "due" with the attributes of the items')


def test_capacity_that_it_keeps_is_money() -> None:
    # 100,000 hours of write units at 0.000698 are 69.80 dollars a month, and nothing else is billed
    workload = a_workload(
        TABLE,
        {
            "capacity-reads": "0",
            "capacity-writes": "0",
            ("by-status", "index-capacity-reads"): "0",
            ("by-status", "index-capacity-writes"): "100_000",
        },
    )
    result = judged(workload=workload)
    assert result.severity is Severity.HIGH
    assert result.problems[0].evidence["saving_usd_month"] == 69.8


def test_what_unused_index_finds_is_left_to_it() -> None:
    traffic = some_traffic(indexes={"by-status": a_flow(read_units=Decimal(0), write_units=Decimal(0))})
    assert examined(unused_index, TABLE, items=holding(0), traffic=traffic).status is Status.FOUND
    result = examined(dead_index, TABLE, items=holding(0), traffic=traffic)
    assert (result.status, result.reason) == (
        Status.NOT_APPLICABLE,
        "the reads of each index are a measured zero: another check judges that",
    )


def test_an_index_with_entries_is_alive() -> None:
    result = judged(items=holding(1))
    assert [good.message for good in result.goods] == ["not empty, or written to: index by-status (1 entry)"]


def test_a_queue_that_was_worked_off_is_alive() -> None:
    result = judged(writes="0.5")
    assert [good.message for good in result.goods] == ["not empty, or written to: index by-status (0.5 write units)"]


@pytest.mark.parametrize(("days", "status"), [("29.9", Status.UNKNOWN), ("30", Status.FOUND)])
def test_it_takes_30_days(days: str, status: Status) -> None:
    assert judged(days=days).status is status


def test_a_sample_may_have_missed_the_entries() -> None:
    result = judged(items=holding(0, "sample"))
    assert (result.status, result.reason) == (Status.UNKNOWN, "not all entries of index by-status were counted")
    assert judged(items=holding(1, "sample")).status is Status.PASSED
    assert judged(items=some_items()).status is Status.UNKNOWN


def test_does_not_judge_what_it_may_not_see() -> None:
    unread = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")
    assert judged(items=unread).unknowns == (unread,)
    assert examined(dead_index, TABLE, items=holding(0), traffic=DENIED).unknowns == (DENIED,)


def test_says_once_what_no_index_can_be_judged_without() -> None:
    table = a_table(indexes=(an_index("a"), an_index("b")))
    unread = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")
    assert examined(dead_index, table, items=unread, traffic=DENIED).unknowns == (unread,)


def test_entries_alone_show_that_it_is_alive() -> None:
    assert examined(dead_index, TABLE, items=holding(3), traffic=DENIED).status is Status.PASSED


@pytest.mark.parametrize("fields", [{"status": "CREATING"}, {"status": "DELETING"}, {"backfilling": True}, {"kind": "LSI"}])
def test_does_not_apply_to_other_indexes(fields: dict[str, Any]) -> None:
    result = examined(dead_index, a_table(indexes=(an_index(**fields),)))
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "no global secondary index that is ACTIVE")


def test_does_not_apply_to_an_empty_table() -> None:
    assert judged(items=some_items({})).reason == "the table is empty"


def test_tells_that_events_may_be_rare() -> None:
    assert "rare events" in dead_index.why
