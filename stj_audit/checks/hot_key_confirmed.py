"""
One partition key value that gets far more traffic than any other is bound to one partition, which takes 3,000 read and 1,000 write units a
second, however much the table has. Past that its requests are throttled, and neither more capacity nor another mode helps.

What is looked at: the table and each global index that was throttled by key range, where Contributor Insights is on. Its report of throttled
keys on the day with the most throttle events is read, or the one of accessed keys where that names none: one key has at least three times
what the next one has. No key is kept or shown, only how far the first stands out. That requests were throttled is counted by `throttled`,
by cause in `throttle_cause`; where Contributor Insights is off, `hot_partition_key_unknown` tells it.

Wrong for a table of two partition key values, where one is always far ahead: those are left out. Wrong too when a bulk load or a Scan
heated the key once. Throttled writes of an index, and PartiQL, are not in the reports.
Source: AWS developer guide, "CloudWatch Contributor Insights for DynamoDB: How it works" and "Troubleshooting throttling in Amazon DynamoDB".

Fix: retry with backoff and jitter at once; then split the hot key with a suffix, or cache what is read so often.
"""

from collections.abc import Iterator, Sequence

from stj_audit.checks import check
from stj_audit.facts import ContributorInsights, Flow, HotKeys, ItemSizes, KeyReport, Table, Traffic, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, counted, resource

CALL = "cloudwatch:GetInsightRuleReport"
STANDS_OUT_TIMES = 3  # AWS's own skill for hot keys takes a key for hot that has three times what the second has
FEW_KEYS = 2  # of two key values one is always far ahead, and there is nothing to spread over


@check("One hot key is throttled", Category.PRIMARY_KEY_DESIGN, Severity.HIGH, code="KEY-03")
def hot_key_confirmed(
    table: Table,
    traffic: Traffic,
    contributor_insights: ContributorInsights | Unknown,
    hot_keys: HotKeys | Unknown,
    items: ItemSizes | Unknown,
) -> Iterator[Said]:
    days = traffic.throttle_window_days
    followed = [
        index
        for index in (None, *(one.name for one in table.global_indexes))
        if isinstance(contributor_insights, Unknown) or contributor_insights.enabled(index)
    ]
    said: list[Said] = []
    for index in followed:
        flow = traffic.table if index is None else traffic.indexes.get(index, Flow())
        events = flow.named_throttles(index)
        unseen = cause_unknown(flow, index, days)
        if events and has_few_keys(table, index, items):
            said.append(NotApplicable(reason=f"{resource(index)} has {FEW_KEYS} partition key values or fewer"))
        elif events:
            said.append(_judged(hot_keys, index, events, days))
        elif unseen is not None:
            said.append(unseen)
    quiet = f"no partition was throttled in {days} days" if followed else "Contributor Insights is off"
    yield from most_telling(said) or (NotApplicable(reason=quiet),)


def most_telling(said: Sequence[Said]) -> Sequence[Said]:
    """Of what was said of a table and its indexes: what was found or not seen, else what is good, else the first that has no place here."""
    telling = [one for one in said if isinstance(one, (Problem, Unknown))]
    return telling or [one for one in said if isinstance(one, Good)] or said[:1]


def cause_unknown(flow: Flow, index: str | None, days: int) -> Unknown | None:
    """Why it is not known whether a resource without events by key range was throttled so; None: it was not."""
    call = "cloudwatch:GetMetricData"
    if flow.read_throttles is None or flow.write_throttles is None:
        return Unknown(call=call, reason=f"no datapoint of {resource(index)} in {days} days")
    throttled = flow.read_throttles + flow.write_throttles
    if throttled and not flow.throttle_reasons:
        return Unknown(
            call=call, reason=f"CloudWatch tells no cause for {counted(throttled, 'throttle event')} of {resource(index)}"
        )
    return None


def has_few_keys(table: Table, index: str | None, items: ItemSizes | Unknown) -> bool:
    """Whether the table or index is known to have at most two partition key values. An empty one has no count yet, and is not."""
    owner = next((one for one in table.indexes if one.name == index), table)
    known = [owner.item_count]
    cardinality = items.key_cardinality(index) if isinstance(items, ItemSizes) else None
    if cardinality is not None and isinstance(items, ItemSizes) and items.coverage == "full":
        known.append(cardinality.distinct)
    elif cardinality is not None and (cardinality.distinct is None or cardinality.distinct > FEW_KEYS):
        return False  # a sample shows that there are more, whatever DescribeTable counted hours ago
    return any(number and number <= FEW_KEYS for number in known)


def _judged(hot_keys: HotKeys | Unknown, index: str | None, events: int, days: int) -> Said:
    if isinstance(hot_keys, Unknown):
        return hot_keys
    # Contributor Insights may have been turned on after the throttling: then the key that is used most is still one to see
    reports = (hot_keys.report(index, "throttled"), hot_keys.report(index, "accessed"))
    report = next((one for one in reports if one is not None and one.first is not None), None)
    if report is None:
        return Unknown(call=CALL, reason=f"Contributor Insights reports no key of {resource(index)}")
    if report.stands_out(STANDS_OUT_TIMES):
        return _problem(report, events, days)
    return Good(message=f"partitions of {resource(index)} were throttled, and no single key stands out")


def lead(report: KeyReport, verb: str) -> str:
    """How far the first key is ahead: "one key got 4.5 times as much as the next"."""
    if not report.first or not report.second:
        return f"one key alone {verb}"
    return f"one key {verb} {count(report.first / report.second)} times as much as the next"


def _problem(report: KeyReport, events: int, days: int) -> Problem:
    verb = "was throttled" if report.kind == "throttled" else "was used"
    return Problem(
        message=f"{counted(events, 'request')} to hot partitions of {resource(report.index)} refused in {days} days: {lead(report, verb)}",
        fix="retry with backoff and jitter at once; then split the hot key with a suffix, or cache what is read so often",
        index=report.index,
        evidence={
            "key_range_throttles": events,
            "days": days,
            "report": report.kind,
            "first_key": float(report.first or 0),
            "second_key": float(report.second or 0),
        },
        current=f"{lead(report, verb)}, of {resource(report.index)}; CloudWatch shows which, under Contributor Insights",
        benefit="the traffic of that key can grow past what one partition takes; more capacity would not help",
        migration="rewrite the items of the hot key under its suffixes, and read all of them together; a cache needs no rewriting",
        effort="days",
    )
