"""
All items with one partition key value share the throughput of one place: 3,000 read and 1,000 write units a second. A table whose partition
key has only a handful of values cannot spread its load, whatever its capacity settings are.

In a table without a sort key each item is its own partition key value, so the item count is the number of values. With a sort key the
values are counted while the items are read; a sample can prove that there are many, never that there are few. Which value takes which part
of the traffic is not measured, so a small table is left alone only when its whole projected peak is under a tenth of what one value can
take: a configuration table with three items is no defect.

A table with a value for each of today's users is not judged either: new users bring new values.

Wrong when the load is known to be spread evenly over the few values and to stay low.
Source: AWS developer guide, "Best practices for designing and using partition keys effectively"; AWS's DynamoDB data modelling guide
(100 or more distinct values); Well-Architected custom lens for DynamoDB.

Fix: use a partition key with many values, such as a customer or device id, or add a shard suffix to the one there is; it takes a new table.
"""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from math import ceil

from stj_audit.checks import check
from stj_audit.config import Scale
from stj_audit.facts import PARTITION_READ_UNITS, PARTITION_WRITE_UNITS, ItemSizes, KeyCardinality, Table, Traffic, Unknown
from stj_audit.results import Category, Evidence, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, counted, percent, printable

ENOUGH_VALUES = 100  # AWS's DynamoDB data modelling guide: aim for 100 or more distinct values
VERY_FEW_VALUES = 10  # an order of magnitude below: one value takes a tenth of the load or more
ENOUGH_ITEMS = 1_000  # fewer items say little about the values to come
SMALL_LOAD = Fraction(1, 10)  # share of those limits under which one value can carry the whole table
SECONDS_PER_DAY = 86_400


@check("The partition key has few values", Category.PRIMARY_KEY_DESIGN, Severity.MEDIUM, code="KEY-01")
def few_partition_keys(table: Table, items: ItemSizes | Unknown, traffic: Traffic | Unknown, scale: Scale) -> Iterator[Said]:
    if isinstance(items, ItemSizes) and items.coverage == "full" and items.scanned == 0:
        yield NotApplicable(reason="the table is empty")
        return
    values = _values_with_sort_key(items) if table.range_attributes else _values_without_sort_key(table, items)
    if isinstance(values, Unknown):
        yield values
    elif values.distinct is None or values.distinct >= ENOUGH_VALUES:
        distinct = f"more than {count(values.distinct_limit)}" if values.distinct is None else count(values.distinct)
        # without a sort key the number is DescribeTable's, of the whole table
        part = bool(table.range_attributes) and isinstance(items, ItemSizes) and items.coverage == "sample"
        sample = " in a sample" if part else ""
        yield Good(message=f"{distinct} different partition key values for {counted(values.items, 'item')}{sample}")
    elif scale.users_now and values.distinct >= scale.users_now:
        people, found = counted(scale.users_now, "user"), counted(values.distinct, "partition key value")
        yield NotApplicable(reason=f"{found} for {people}: too early to judge, as new users may bring new values")
    elif values.distinct < VERY_FEW_VALUES or values.items >= ENOUGH_ITEMS:
        yield _judged(table, values, values.distinct, traffic, scale)
    elif values.distinct == values.items:
        yield Good(message=f"each of the {count(values.items)} items has a partition key value of its own")
    else:
        yield NotApplicable(
            reason=f"{count(values.items)} items are too few to judge {count(values.distinct)} partition key values by"
        )


def _values_without_sort_key(table: Table, items: ItemSizes | Unknown) -> KeyCardinality | Unknown:
    read_whole = isinstance(items, ItemSizes) and items.coverage == "full"
    number = items.scanned if isinstance(items, ItemSizes) and read_whole else table.item_count
    if isinstance(items, ItemSizes) and items.scanned > (number or 0):
        number = items.scanned  # there are so many at least: DescribeTable's count is hours old
    if not number:
        stated = "does not state the item count" if number is None else "states 0 items, which may not be up to date"
        return Unknown(call="dynamodb:DescribeTable", reason=f"DescribeTable {stated}")
    return KeyCardinality(index=None, items=number, distinct=number, distinct_limit=number, top_share=1 / Decimal(number))


def _values_with_sort_key(items: ItemSizes | Unknown) -> KeyCardinality | Unknown:
    if isinstance(items, Unknown):
        return items
    values = items.key_cardinality(None)
    if values is None:
        return Unknown(call="dynamodb:Scan", reason="the partition key values were not counted")
    if items.coverage == "sample" and values.distinct is not None and values.distinct < ENOUGH_VALUES:
        return Unknown(call="dynamodb:Scan", reason="only a sample of the items was read")
    return values


def _judged(table: Table, values: KeyCardinality, distinct: int, traffic: Traffic | Unknown, scale: Scale) -> Said:
    evidence: dict[str, Evidence] = {"distinct_values": distinct, "items": values.items}
    few = f"only {counted(distinct, 'partition key value')} for {counted(values.items, 'item')}"
    load = _peak_today(traffic, scale)
    matters_from = None
    if isinstance(load, Unknown):
        if values.items < ENOUGH_ITEMS:
            return load
        where = "the traffic that they have to carry is not known"
    else:
        peak, whom = load, "today, with an unknown number of users"
        if scale.users_now:
            users = max(scale.target_users, scale.users_now)
            peak, whom = load * users / scale.users_now, f"with {count(users)} users"
            matters_from = ceil(SMALL_LOAD * scale.users_now / load) if 0 < load < SMALL_LOAD else None
        where = f"the whole table peaks at {percent(peak)} of what one value can take, {whom}"
        if peak < SMALL_LOAD:
            return NotApplicable(reason=f"{few}, but {where}")
        evidence["peak_share_of_one_partition"] = round(float(peak), 4)
    key = printable(table.hash_attributes[0])
    return Problem(
        message=f"{few}: {where}",
        fix="use a partition key with many values, or add a shard suffix to this one",
        evidence=evidence,
        severity=Severity.HIGH if distinct < VERY_FEW_VALUES else None,
        current=f"the partition key {key} has {counted(distinct, 'different value')} for {counted(values.items, 'item')}",
        benefit=f"the load spreads over partitions: one value is held to {count(PARTITION_READ_UNITS)} read and "
        f"{count(PARTITION_WRITE_UNITS)} write units a second, whatever capacity the table has",
        migration="a partition key cannot be changed: create a table with the new key, write to both, copy the items, switch the "
        "readers, retire the old table; for a few hot items that are only read, a cache is enough",
        effort="days",
        matters_from_users=matters_from,
    )


def _peak_today(traffic: Traffic | Unknown, scale: Scale) -> Fraction | Unknown:
    """The peak load of the whole table today, reads or writes, as a share of what one partition key value can take."""
    if isinstance(traffic, Unknown):
        return traffic
    seconds = Fraction(traffic.covered_days) * SECONDS_PER_DAY
    flows = ((traffic.table.read_units, PARTITION_READ_UNITS), (traffic.table.write_units, PARTITION_WRITE_UNITS))
    shares = [Fraction(units) / seconds * scale.peak_factor / limit for units, limit in flows if units is not None and seconds > 0]
    if not shares:
        return Unknown(call="cloudwatch:GetMetricData", reason=f"no datapoint in {traffic.window_days} days")
    return max(shares)
