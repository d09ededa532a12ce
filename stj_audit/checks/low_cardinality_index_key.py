"""
All entries of an index with one partition key value share 3,000 read and 1,000 write units a second. An index by status, type or country
puts most of its entries under one value, and that value's limit becomes the limit of the whole application: a throttled index also throttles
the writes to its table.

The values are counted among the items read: 20 or fewer, or one that carries half of the entries, is too few. An index with fewer than 100
entries is not judged, as any few entries have few values. A sample of a table with a sort key has whole collections, whose items may share a
value: it can show that there are many, never that there are few. The load of the most frequent value is taken as its share of the entries, at
the peak; where the traffic or today's number of users is not known, so is the number of users at which it reaches the limit.

Where the limit lies beyond ten times the users that the tables are judged for, the finding is a note: the shape is the same, the harm is not.
Where access patterns are declared, what one value takes is counted by them, in SCL-01, and not by the share of the entries here.

Wrong when the queries spread in another way than the entries, or DynamoDB splits the value's entries by sort key, which it can do where the
table has no local secondary index.
Source: AWS developer guide, "Best practices for designing and using partition keys effectively"; "Using write sharding to distribute
workloads evenly"; "Key range throughput throttling".

Fix: build an index whose partition key has more values: put a second attribute into it, or add a shard suffix to the value.
"""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from stj_audit.checks import check
from stj_audit.config import Scale, TableModel
from stj_audit.cost.bill import TableBill
from stj_audit.facts import PARTITION_READ_UNITS, PARTITION_WRITE_UNITS, Index, ItemSizes, KeyCardinality, Table, Traffic, Unknown
from stj_audit.items.told import is_thin
from stj_audit.results import Category, Good, Limit, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, counted, percent, printable, round_figure

FEW_VALUES = 20  # a status or a type has seldom more
TOP_SHARE = Decimal("0.5")
ENOUGH_ENTRIES = 100  # below, neither share nor number of values says anything
HEADROOM = 2  # times the target users: beyond it the limit is far
AMPLE_HEADROOM = 10  # times the target users: beyond it the shape of the key is worth knowing, and no defect yet
WELL_SPREAD_SHARE = Decimal("0.1")  # a key whose most frequent value has more is left alone, and not praised
SECONDS_PER_DAY = 86_400
NOT_SPREAD = "a sample of whole collections does not show how the entries of index {index} are spread over its key values"


@check("An index key has few values", Category.SCALABILITY, Severity.MEDIUM, code="SCL-02")
def low_cardinality_index_key(
    *, table: Table, items: ItemSizes | Unknown, traffic: Traffic | Unknown, declared: TableModel, bill: TableBill, scale: Scale
) -> Iterator[Said]:
    if not table.global_indexes:
        yield NotApplicable(reason="no global secondary index")
        return
    if declared.pattern and bill.workload.calls:
        yield NotApplicable(reason="what one value takes is judged by the declared patterns: that is a check of its own")
        return
    if isinstance(items, Unknown):
        yield items
        return
    judged = False
    for index in table.global_indexes:
        values = items.key_cardinality(index.name)
        if values is None:
            judged = True
            yield Unknown(call="dynamodb:Scan", reason=f"the key values of index {index.name} were not counted")
        elif values.items >= ENOUGH_ENTRIES and is_concentrated(values) and hides_spread(table, items):
            judged = True
            yield Unknown(call="dynamodb:Scan", reason=NOT_SPREAD.format(index=index.name))
        elif values.items >= ENOUGH_ENTRIES:
            judged = True
            yield from _judged(index, values, items, traffic, scale)
    if not judged:
        yield NotApplicable(reason=f"no index has {ENOUGH_ENTRIES} entries among the items read: too few to judge its key by")


def _judged(index: Index, values: KeyCardinality, items: ItemSizes, traffic: Traffic | Unknown, scale: Scale) -> Iterator[Said]:
    few = values.distinct is not None and values.distinct <= FEW_VALUES
    if values.top_share is None and not few:
        yield Unknown(call="dynamodb:Scan", reason=f"the most frequent key value of index {index.name} is not known")
        return
    seen = _seen(index, values, items)
    if not few and values.top_share is not None and values.top_share < TOP_SHARE:
        if values.top_share <= WELL_SPREAD_SHARE:
            yield Good(message=f"index {index.name} spreads its load: {seen}")
        return
    load = _peak_today(index, values, traffic, scale)
    users_max = _users_max(load, scale)
    now = isinstance(load, Fraction) and load >= 1
    if users_max is not None:
        what = f"{count(PARTITION_READ_UNITS)} read or {count(PARTITION_WRITE_UNITS)} write units a second of one value of {_key(index)}"
        yield Limit(what=what, users=int(users_max), index=index.name)
    ample = users_max is not None and users_max >= AMPLE_HEADROOM * scale.target_users
    near = users_max is not None and users_max <= HEADROOM * scale.target_users
    yield Problem(
        message=f"{seen}; {_limit(load, users_max)}",
        fix=f"build an index with a partition key of more values than {_key(index)}: add a second attribute or a shard suffix",
        evidence={
            "distinct_values": values.distinct,
            "top_share": None if values.top_share is None else round(float(values.top_share), 4),
            "entries": values.items,
            "peak_share_of_one_partition_now": round(float(load), 6) if isinstance(load, Fraction) else None,
            "max_users": None if users_max is None else int(users_max),
        },
        severity=Severity.INFO if ample else Severity.LOW if is_thin(items) else Severity.HIGH if now or near else None,
        index=index.name,
        current=seen,
        benefit=f"the load spreads: one value is held to {count(PARTITION_READ_UNITS)} read and "
        f"{count(PARTITION_WRITE_UNITS)} write units a second",
        migration="add an index with the new key, switch the queries, then remove the old one; a joined or sharded value has to be "
        "written into every item first, and takes one query for each shard",
        effort="days",
        matters_from_users=None if now or users_max is None else int(users_max),
    )


def is_concentrated(values: KeyCardinality) -> bool:
    """Few values, or one that carries half of the entries; also where that is not known."""
    return (
        (values.distinct is not None and values.distinct <= FEW_VALUES) or values.top_share is None or values.top_share >= TOP_SHARE
    )


def hides_spread(table: Table, items: ItemSizes) -> bool:
    """
    Whether the items read cannot show how often the values of an index key occur: a sample has whole collections of a table with a sort key,
    and their items may well share such a value. Without a sort key it is as good as items drawn one by one.
    """
    return items.coverage == "sample" and bool(table.range_attributes)


def _peak_today(index: Index, values: KeyCardinality, traffic: Traffic | Unknown, scale: Scale) -> Fraction | Unknown:
    """The peak load of the most frequent value today, as a share of what one partition can take: of reads or writes, the larger."""
    if isinstance(traffic, Unknown):
        return traffic
    flow = traffic.indexes.get(index.name)
    seconds = Fraction(traffic.covered_days) * SECONDS_PER_DAY
    if flow is None or seconds <= 0 or values.top_share is None:
        return Unknown(call="cloudwatch:GetMetricData", reason=f"no datapoint for index {index.name}")
    flows = ((flow.read_units, PARTITION_READ_UNITS), (flow.write_units, PARTITION_WRITE_UNITS))
    share = Fraction(values.top_share)
    loads = [Fraction(units) / seconds * scale.peak_factor * share / limit for units, limit in flows if units is not None]
    # a zero beside a missing series is no measurement of the whole
    if not loads or (max(loads) == 0 and len(loads) < len(flows)):
        return Unknown(call="cloudwatch:GetMetricData", reason=f"no datapoint for index {index.name}")
    return max(loads)


def _users_max(load: Fraction | Unknown, scale: Scale) -> Fraction | None:
    """The number of users at which the most frequent value reaches the limit of one partition; None: not known, or without load."""
    return scale.users_now / load if isinstance(load, Fraction) and load > 0 and scale.users_now else None


def _limit(load: Fraction | Unknown, users_max: Fraction | None) -> str:
    if isinstance(load, Unknown):
        return "how many users that carries is not known, because its traffic is not"
    if load >= 1:
        return f"at the peak that value already has {percent(load)} of the load that one partition can take"
    if load == 0:
        return "no load was measured on it"
    if users_max is None:
        return "how many users that carries is not known, because today's number of users is not"
    return f"it reaches the limit of one partition at about {counted(round_figure(int(users_max)), 'user')}"


def _seen(index: Index, values: KeyCardinality, items: ItemSizes) -> str:
    number = f"more than {count(values.distinct_limit)} values" if values.distinct is None else counted(values.distinct, "value")
    # without all values counted, the share is an upper bound
    bound = "up to " if values.distinct is None else ""
    sample = " in a sample" if items.coverage == "sample" else ""
    share = "in" if values.top_share is None else f"and the most frequent carries {bound}{percent(values.top_share)} of"
    return f"{_key(index)} has {number} {share} {counted(values.items, 'entry', 'entries')}{sample}"


def _key(index: Index) -> str:
    return " with ".join(printable(name) for name in index.hash_attributes)
