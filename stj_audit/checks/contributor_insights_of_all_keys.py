"""
Contributor Insights can follow every access to a table, or throttled requests only. The first is for a short look at which keys are busy.
Left on, it bills an event for each read and each write, on every table and index where it is on.

What is looked at: the mode where Contributor Insights is on. The requests that CloudWatch counted are the least number of events, because a
call that touches several items makes several of them. Queries and scans of a table with indexes are left out, as they may have gone to an
index. Of an index alone the requests are not counted, so that is told as not checked. It is found from the currency floor on.

Wrong while somebody studies the access patterns: then it is on for a reason, for some days.
Source: Amazon CloudWatch pricing, Contributor Insights for DynamoDB; AWS developer guide, "Getting started with CloudWatch Contributor
Insights for DynamoDB".

Fix: let it follow throttled keys only; turn the full mode on again for the days in which you look.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.checks.hot_keys_not_observable import MODE, turn_on
from stj_audit.cost.bill import TableBill
from stj_audit.facts import ContributorInsights, Table, Traffic, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, count, dollars, resource

EVENT_USD = Decimal("0.03") / 1_000_000  # Amazon CloudWatch pricing: $0.03 for a million events of DynamoDB, in most regions
OF_THE_TABLE = (
    *("GetItem", "BatchGetItem", "TransactGetItems"),
    *("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"),
)
OF_TABLE_OR_INDEX = ("Query", "Scan")


@check("Contributor Insights follows all keys", Category.COST_OPTIMIZATION, Severity.LOW, code="CST-07")
def contributor_insights_of_all_keys(
    table: Table, contributor_insights: ContributorInsights, traffic: Traffic, bill: TableBill
) -> Iterator[Said]:
    on = [one for one in contributor_insights.settings if one.enabled]
    # Before there were two modes there was the full one: where no mode is stated, it is that
    full = [one.index for one in on if one.mode != MODE]
    if not on:
        yield NotApplicable(reason="Contributor Insights is off")
        return
    if not full:
        yield Good(message="Contributor Insights follows throttled keys only")
        return
    if None not in full:
        yield Unknown(call="cloudwatch:GetMetricData", reason="CloudWatch counts no requests of an index")
        return
    names = OF_THE_TABLE if table.indexes else (*OF_THE_TABLE, *OF_TABLE_OR_INDEX)
    events = sum(traffic.calls.get(name, 0) for name in names)
    usd = events * EVENT_USD
    if usd < bill.currency_floor_usd:
        yield Good(message=f"Contributor Insights follows all keys, of {count(events)} requests in {traffic.window_days} days")
        return
    where = a_few(map(resource, full))
    yield Problem(
        message=f"Contributor Insights follows every access to {where}: at least {count(events)} events and {dollars(usd)} in "
        f"{traffic.window_days} days",
        fix="let it follow throttled keys only",
        evidence={"events_at_least": events, "days": traffic.window_days, "usd_at_least": round(float(usd), 2)},
        current=f"Contributor Insights of {where} is in the mode of all keys",
        benefit=f"at least {dollars(usd)} in {traffic.window_days} days, at {dollars(EVENT_USD * 1_000_000)} for a million events",
        migration="none: throttled keys are still named; which keys are read and written most is no longer shown",
        effort="minutes",
        commands=tuple(turn_on(table, index) for index in full),
    )
