import shlex
from typing import Any, cast

import pytest

from stj_audit.checks.contributor_insights_of_all_keys import contributor_insights_of_all_keys
from stj_audit.facts import ContributorInsights, InsightsSetting, Table, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_table, an_index, examined, some_insights, some_traffic

INDEXED = a_table(indexes=(an_index("by-status"),))
ALL = "ACCESSED_AND_THROTTLED_KEYS"
FLOOR = 166_666_667  # events that cost the currency floor of $5, at $0.03 for a million


def judged(
    table: Table | None = None, *indexes: str, insights: ContributorInsights | Unknown | None = None, **calls: int
) -> Result:
    found: dict[str, Any] = {"contributor_insights": insights or some_insights(*indexes, mode=ALL)}
    return examined(contributor_insights_of_all_keys, table, traffic=some_traffic(calls=calls), **found)


def test_prices_what_the_table_was_asked() -> None:
    # 300 million events at $0.03
    result = judged(INDEXED, "by-status", GetItem=200_000_000, PutItem=100_000_000)
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == (
        "Contributor Insights follows every access to the table and index by-status: at least 300,000,000 events and $9.00 in 30 days"
    )
    assert problem.evidence == {"events_at_least": 300_000_000, "days": 30, "usd_at_least": 9.0}
    assert problem.benefit == "at least $9.00 in 30 days, at $0.03 for a million events"
    table, index = map(shlex.split, problem.commands)
    assert table[-1] == index[-1] == "THROTTLED_KEYS"
    assert index[7:9] == ["--index-name", "by-status"]


@pytest.mark.parametrize(("calls", "status"), [(FLOOR - 1, Status.PASSED), (FLOOR, Status.FOUND)])
def test_it_counts_from_the_currency_floor_on(calls: int, status: Status) -> None:
    assert judged(UpdateItem=calls).status is status


@pytest.mark.parametrize(
    "operation",
    ["GetItem", "BatchGetItem", "TransactGetItems", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"],
)
def test_every_request_to_items_is_an_event(operation: str) -> None:
    assert judged(INDEXED, "by-status", **cast("Any", {operation: FLOOR})).status is Status.FOUND


@pytest.mark.parametrize("operation", ["Query", "Scan"])
def test_a_query_may_have_gone_to_an_index(operation: str) -> None:
    assert judged(None, **cast("Any", {operation: FLOOR})).status is Status.FOUND
    assert judged(INDEXED, **cast("Any", {operation: FLOOR})).status is Status.PASSED


def test_a_mode_that_is_not_stated_is_the_full_one() -> None:
    assert judged(insights=some_insights(mode=None), GetItem=FLOOR).status is Status.FOUND


def test_says_how_little_it_is() -> None:
    [good] = judged(GetItem=1_000).goods
    assert good.message == "Contributor Insights follows all keys, of 1,000 requests in 30 days"


def test_passes_with_throttled_keys() -> None:
    [good] = judged(insights=some_insights(), GetItem=FLOOR).goods
    assert good.message == "Contributor Insights follows throttled keys only"


def test_the_requests_of_an_index_alone_are_not_counted() -> None:
    found = ContributorInsights(
        settings=(
            InsightsSetting(index=None, status="DISABLED", mode=ALL),
            InsightsSetting(index="by-status", status="ENABLED", mode=ALL),
        )
    )
    result = judged(INDEXED, insights=found, GetItem=FLOOR)
    assert (result.status, result.reason) == (Status.UNKNOWN, "CloudWatch counts no requests of an index")


def test_does_not_apply_where_it_is_off() -> None:
    result = judged(insights=some_insights(status="DISABLED", mode=ALL), GetItem=FLOOR)
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "Contributor Insights is off")


def test_does_not_judge_what_it_may_not_see() -> None:
    denied = Unknown(call="dynamodb:DescribeContributorInsights", reason="AccessDeniedException")
    assert judged(insights=denied).unknowns == (denied,)


def test_tells_when_it_is_wrong() -> None:
    assert "studies the access patterns" in contributor_insights_of_all_keys.why
