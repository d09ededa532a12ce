import json
import shlex
from decimal import Decimal

import pytest

from stj_audit.checks.ttl_deletes_nothing import ttl_deletes_nothing
from stj_audit.facts import AttributeSizes, TimeToLive, TimeToLiveValues, Unknown
from stj_audit.items.limits import OTHER_ATTRIBUTES
from stj_audit.results import Severity, Status
from tests.builders import a_table, examined, some_items, some_traffic

ON = TimeToLive(enabled=True, attribute="expires_at")


def an_attribute(name: str, *types: str, present: int = 900) -> AttributeSizes:
    return AttributeSizes(name=name, types=types, present=present, total_bytes=9_000, max_bytes=10)


@pytest.mark.parametrize(
    ("deleted", "severity", "said"),
    [
        (0, Severity.HIGH, 'TTL is on for "expires_at", but deleted 0 items in 14 days'),
        (None, Severity.MEDIUM, 'TTL is on for "expires_at", but has no datapoint of a deletion in 14 days'),
    ],
)
def test_tells_a_measured_zero_from_no_datapoint(deleted: int | None, severity: Severity, said: str) -> None:
    [problem] = examined(ttl_deletes_nothing, time_to_live=ON, traffic=some_traffic(time_to_live_deletes=deleted)).problems
    assert (problem.severity, problem.message) == (severity, said)
    assert problem.evidence == {"deleted_items": deleted, "days": 14, "ttl_attribute": "expires_at"}


def test_passes_with_one_deletion() -> None:
    result = examined(ttl_deletes_nothing, time_to_live=ON, traffic=some_traffic(time_to_live_deletes=1))
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == ["TTL deleted 1 item in 14 days"]


@pytest.mark.parametrize(
    ("attributes", "cause"),
    [
        ((an_attribute("expires_at", "S"),), "; in all 1,000 items it is of type S, and TTL reads only Number"),
        ((an_attribute("expires_at", "N", "S"),), "; 900 of all 1,000 items have it"),
        ((an_attribute("expiresAt", "N"),), "; 0 of all 1,000 items have it"),
        ((an_attribute("id", "S"), an_attribute(OTHER_ATTRIBUTES, "N")), ""),
        ((), ""),
    ],
)
def test_tells_what_the_items_show_of_the_cause(attributes: tuple[AttributeSizes, ...], cause: str) -> None:
    result = examined(
        ttl_deletes_nothing, time_to_live=ON, traffic=some_traffic(time_to_live_deletes=0), items=some_items(attributes=attributes)
    )
    assert result.problems[0].message.removeprefix('TTL is on for "expires_at", but deleted 0 items in 14 days') == cause


def test_works_without_the_items() -> None:
    unread = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")
    result = examined(ttl_deletes_nothing, time_to_live=ON, traffic=some_traffic(time_to_live_deletes=0), items=unread)
    assert result.status is Status.FOUND


@pytest.mark.parametrize("name", ["it's $(rm) `x`", '"quoted"', "größe\n"])
def test_commands_survive_any_attribute_name(name: str) -> None:
    ttl = TimeToLive(enabled=True, attribute=name)
    [problem] = examined(
        ttl_deletes_nothing, a_table(name="sessions"), time_to_live=ttl, traffic=some_traffic(time_to_live_deletes=0)
    ).problems
    describe, scan = (shlex.split(command) for command in problem.commands)
    assert describe == ["aws", "dynamodb", "describe-time-to-live", "--region", "eu-north-1", "--table-name", "sessions"]
    assert json.loads(scan[scan.index("--expression-attribute-names") + 1]) == {"#ttl": name}
    assert "\n" not in problem.commands[1]
    assert "\n" not in problem.message


def test_does_without_a_name_that_is_not_stated() -> None:
    ttl = TimeToLive(enabled=True)
    [problem] = examined(ttl_deletes_nothing, time_to_live=ttl, traffic=some_traffic(time_to_live_deletes=0)).problems
    assert len(problem.commands) == 1
    assert "an attribute that is not stated" in problem.message


@pytest.mark.parametrize(("covered", "status"), [("13.99", Status.UNKNOWN), ("14", Status.FOUND)])
def test_needs_the_whole_window(covered: str, status: Status) -> None:
    traffic = some_traffic(time_to_live_deletes=0, covered_days=Decimal(covered))
    result = examined(ttl_deletes_nothing, time_to_live=ON, traffic=traffic)
    assert result.status is status
    if status is Status.UNKNOWN:
        assert result.reason == "only 13.9 days of metrics; 14 are needed"


def test_a_deletion_in_a_short_window_is_enough() -> None:
    traffic = some_traffic(time_to_live_deletes=7, covered_days=Decimal(2))
    assert examined(ttl_deletes_nothing, time_to_live=ON, traffic=traffic).status is Status.PASSED


def test_does_not_apply_without_ttl_or_items() -> None:
    off = examined(ttl_deletes_nothing, time_to_live=TimeToLive(enabled=False))
    empty = examined(ttl_deletes_nothing, time_to_live=ON, traffic=some_traffic(time_to_live_deletes=0), items=some_items({}))
    assert (off.status, off.reason) == (Status.NOT_APPLICABLE, "TTL is off")
    assert (empty.status, empty.reason) == (Status.NOT_APPLICABLE, "the table has no items that could expire")


def test_does_not_apply_where_that_is_known_whatever_else_is_not() -> None:
    off, denied = TimeToLive(enabled=False), Unknown(call="cloudwatch:GetMetricData", reason="AccessDenied")
    unknown_ttl = Unknown(call="dynamodb:DescribeTimeToLive", reason="AccessDenied")
    assert examined(ttl_deletes_nothing, time_to_live=off, traffic=denied, items=denied).reason == "TTL is off"
    for ttl, traffic in ((ON, denied), (unknown_ttl, denied), (unknown_ttl, some_traffic())):
        empty = examined(ttl_deletes_nothing, time_to_live=ttl, traffic=traffic, items=some_items({}))
        assert (empty.status, empty.reason) == (Status.NOT_APPLICABLE, "the table has no items that could expire")


def test_a_table_that_ttl_emptied_is_praised() -> None:
    result = examined(ttl_deletes_nothing, time_to_live=ON, traffic=some_traffic(time_to_live_deletes=9), items=some_items({}))
    assert [good.message for good in result.goods] == ["TTL deleted 9 items in 14 days"]


def test_an_empty_sample_is_no_empty_table() -> None:
    sample = some_items({}, coverage="sample")
    result = examined(ttl_deletes_nothing, time_to_live=ON, traffic=some_traffic(time_to_live_deletes=0), items=sample)
    assert result.status is Status.FOUND


def test_does_not_judge_without_ttl_facts_or_traffic() -> None:
    denied = Unknown(call="cloudwatch:GetMetricData", reason="AccessDenied")
    assert examined(ttl_deletes_nothing, time_to_live=ON, traffic=denied).unknowns == (denied,)
    assert examined(ttl_deletes_nothing, time_to_live=Unknown(call="dynamodb:DescribeTimeToLive", reason="no")).reason == "no"


def test_tells_that_items_may_not_be_due_yet() -> None:
    assert "no item is due yet" in ttl_deletes_nothing.why


@pytest.mark.parametrize(
    ("values", "coverage", "status"),
    [
        ({"later": 1}, "full", Status.NOT_APPLICABLE),
        ({"due": 1}, "full", Status.NOT_APPLICABLE),
        ({"later": 1}, "sample", Status.FOUND),
        ({"later": 900, "overdue": 1}, "full", Status.FOUND),
        ({"milliseconds": 1_000}, "full", Status.FOUND),
        ({"missing": 1_000}, "full", Status.FOUND),
        ({"milliseconds": 999, "later": 1}, "full", Status.NOT_APPLICABLE),
    ],
)
def test_items_that_are_not_due_yet_are_no_defect(values: dict[str, int], coverage: str, status: Status) -> None:
    items = some_items(coverage=coverage, time_to_live_values=TimeToLiveValues(attribute="expires_at", **values))
    result = examined(ttl_deletes_nothing, time_to_live=ON, traffic=some_traffic(time_to_live_deletes=0), items=items)
    assert result.status is status
    if status is Status.NOT_APPLICABLE:
        assert result.reason == "no item is overdue: 1 item will go by TTL"


def test_what_ttl_deleted_is_praised_though_no_other_item_is_due() -> None:
    items = some_items(time_to_live_values=TimeToLiveValues(attribute="expires_at", later=5))
    result = examined(ttl_deletes_nothing, time_to_live=ON, traffic=some_traffic(time_to_live_deletes=3), items=items)
    assert result.status is Status.PASSED
