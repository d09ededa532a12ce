"""
A partition key value that gets most of the traffic is where the table is throttled first: its partition takes 3,000 read and 1,000 write
units a second, however much the table has. Before the next peak there is time to spread it.

What is looked at: the report of Contributor Insights on accessed keys over the last 24 hours, of the table and each global index where it
follows all keys. One key has at least three times what the next one has, in a table or index that was not throttled by key range; where it
was, `hot_key_confirmed` judges. No key is kept or shown, only how far the first stands out. A key with less than 1,000 units is left out:
that is far from what a partition takes.

Wrong for the one item of a configuration that everything reads: it is as it should be while it stays far from 3,000 units a second. Tables
of two partition key values are left out. Writes count three times in the reports, and PartiQL is not in them.
Source: AWS developer guide, "CloudWatch Contributor Insights for DynamoDB: How it works" and "Best practices for designing and using
partition keys effectively".

Fix: before the next peak, split the key with a suffix, or cache what is read so often.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.checks.hot_key_confirmed import CALL, FEW_KEYS, STANDS_OUT_TIMES, cause_unknown, has_few_keys, lead, most_telling
from stj_audit.checks.hot_keys_not_observable import MODE as THROTTLED_KEYS
from stj_audit.facts import ENOUGH_REQUESTS, ContributorInsights, Flow, HotKeys, ItemSizes, KeyReport, Table, Traffic, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, counted, resource

ENOUGH_UNITS = ENOUGH_REQUESTS  # of the first key in a report: fewer tell nothing of a partition


@check("Most traffic goes to one key", Category.PRIMARY_KEY_DESIGN, Severity.MEDIUM, code="KEY-04")
def traffic_on_one_key(
    table: Table,
    traffic: Traffic,
    contributor_insights: ContributorInsights,
    hot_keys: HotKeys,
    items: ItemSizes | Unknown,
) -> Iterator[Said]:
    followed = {one.index for one in contributor_insights.settings if one.enabled and one.mode != THROTTLED_KEYS}
    days = traffic.throttle_window_days
    said: list[Said] = []
    for index in (None, *(one.name for one in table.global_indexes)):
        if index not in followed:
            continue
        flow = traffic.table if index is None else traffic.indexes.get(index, Flow())
        if any("KeyRange" in reason for reason in flow.throttle_reasons):
            said.append(NotApplicable(reason=f"{resource(index)} was throttled by key range"))
        elif has_few_keys(table, index, items):
            said.append(NotApplicable(reason=f"{resource(index)} has {FEW_KEYS} partition key values or fewer"))
        else:
            said.append(_judged(hot_keys, index, days, cause_unknown(flow, index, days)))
    yield from most_telling(said) or (NotApplicable(reason="Contributor Insights does not follow all keys"),)


def _judged(hot_keys: HotKeys, index: str | None, days: int, unseen: Unknown | None) -> Said:
    """`unseen`: why it is not known whether there was throttling by key range."""
    report, hours = hot_keys.report(index, "accessed"), hot_keys.report_hours
    if report is None or report.first is None:
        return Unknown(call=CALL, reason=f"Contributor Insights reports no key of {resource(index)}")
    if report.first < ENOUGH_UNITS:
        return NotApplicable(reason=f"no key of {resource(index)} took {count(ENOUGH_UNITS)} units in {hours} hours")
    if report.stands_out(STANDS_OUT_TIMES):
        return unseen or _problem(report, report.first, hours, days)
    return Good(message=f"no key of {resource(index)} was used {STANDS_OUT_TIMES} times as much as the next in {hours} hours")


def _problem(report: KeyReport, first: Decimal, hours: int, days: int) -> Problem:
    return Problem(
        message=f"{lead(report, 'was used')} in {hours} hours, of {resource(report.index)}: {counted(first, 'unit')}; "
        f"no partition was throttled in {days} days",
        fix="before the next peak, split the key with a suffix, or cache what is read so often",
        index=report.index,
        evidence={"hours": hours, "first_key_units": float(first), "second_key_units": float(report.second or 0)},
        current=f"{lead(report, 'was used')}, of {resource(report.index)}; CloudWatch shows which, under Contributor Insights",
        benefit="the next peak is spread over partitions, and not throttled at 3,000 read or 1,000 write units a second of one",
        migration="rewrite the items of that key under its suffixes, and read all of them together; a cache needs no rewriting",
        effort="days",
    )
