"""
Every write to a provisioned table is also a write to its indexes. An index with too little write capacity is throttled, and then so are the
writes to the table, however much capacity the table has. So AWS asks for at least the table's write capacity in each index.

That rule takes every write to touch every index with an entry as large as the item. Where CloudWatch has measured both, the share that the
index really takes is used in its place: an index of which a write takes two units for each of the table's needs twice the table's capacity,
and one that takes a tenth needs a tenth. Without enough measured writes it is the share of the items that are in the index. What auto scaling
moves is compared by its maximum, and only where it moves both. Where even the busiest hour, at the number of users that is judged, writes a
fifth of the index's capacity or less, neither the table nor the index comes near its limit: then the finding is low.

Wrong where the writes to come touch the index less than those that were measured.
Source: AWS developer guide, "Using Global Secondary Indexes in DynamoDB": provisioned throughput considerations; "Evaluate your provisioned
capacity for right-sized provisioning" (below a fifth it is too much).

Fix: raise the index's write capacity, or the maximum of its auto scaling.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import ceil

from stj_audit.checks import check
from stj_audit.commands import register_target, update_units
from stj_audit.config import Scale
from stj_audit.facts import AutoScaling, Flow, Index, ItemSizes, ScalableTarget, Table, Traffic, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, count, counted

ENOUGH_UNITS = 1_000  # write units of the table: of fewer, the share of an index is chance
QUIET_SHARE = Fraction(1, 5)  # AWS developer guide, "right-sized provisioning": capacity of which less is used is over-provisioned
HOUR_SECONDS = 3_600


@check("Index write capacity below its table's", Category.CAPACITY_PLANNING, Severity.MEDIUM, code="CAP-18")
def index_write_capacity_below_table(
    table: Table, auto_scaling: AutoScaling | Unknown, traffic: Traffic | Unknown, items: ItemSizes | Unknown, scale: Scale
) -> Iterator[Said]:
    if table.billing_mode == "PAY_PER_REQUEST" or not table.global_indexes:
        yield NotApplicable(reason="no global secondary index" if table.billing_mode == "PROVISIONED" else "the table is on demand")
        return
    if isinstance(auto_scaling, Unknown):
        yield auto_scaling
        return
    enough: dict[int, list[str]] = {}  # by the units of the table, which auto scaling may tell for some of the indexes only
    for index in table.global_indexes:
        ours, theirs, target = _capacities(table, index, auto_scaling)
        if ours is None or theirs is None:
            yield Unknown(
                call="dynamodb:DescribeTable", reason=f"the write capacity of index {index.name} or its table is not stated"
            )
            continue
        measured = _measured_share(index, traffic)
        share = _share_of_items(table, index, items) if measured is None else measured
        needed = max(ceil(theirs * share), 1)
        if ours < needed:
            problem = _problem(table, index, (ours, theirs, needed), measured, target)
            yield replace(problem, severity=Severity.LOW) if _is_quiet(index, ours, traffic, scale) else problem
        else:
            enough.setdefault(theirs, []).append(f"{index.name} has {counted(ours, 'write unit')}, and needs {count(needed)}")
    for units, indexes in enough.items():
        yield Good(message=f"beside {counted(units, 'write unit')} of the table, {a_few(indexes)}")


def _capacities(table: Table, index: Index, auto_scaling: AutoScaling) -> tuple[int | None, int | None, ScalableTarget | None]:
    """Write units of the index and of its table, and the index's target where auto scaling moves both."""
    targets = [auto_scaling.target(name, "write") for name in (index.name, None)]
    ours, theirs = (None if target is None or target.suspended else target for target in targets)
    if ours is not None and theirs is not None:
        return ours.max_units, theirs.max_units, ours
    stated = [None if one is None else one.write_units for one in (index.provisioned, table.provisioned)]
    return stated[0], stated[1], None


def _measured_share(index: Index, traffic: Traffic | Unknown) -> Decimal | None:
    """Write units of the index for each of the table's; None: not measured, or too few to tell."""
    if isinstance(traffic, Unknown):
        return None
    ours, theirs = traffic.indexes.get(index.name, Flow()).write_units, traffic.table.write_units
    return None if ours is None or theirs is None or theirs < ENOUGH_UNITS else ours / theirs


def _is_quiet(index: Index, units: int, traffic: Traffic | Unknown, scale: Scale) -> bool:
    """Whether the busiest hour, grown to the users that are judged, leaves the index far below `units` a second."""
    flow = None if isinstance(traffic, Unknown) else traffic.indexes.get(index.name)
    if flow is None or flow.peak_hour_write_units is None:
        return False
    growth = max(Fraction(scale.target_users, scale.users_now), Fraction(1)) if scale.users_now else Fraction(1)
    return Fraction(flow.peak_hour_write_units) * growth / HOUR_SECONDS <= units * QUIET_SHARE


def _share_of_items(table: Table, index: Index, items: ItemSizes | Unknown) -> Decimal:
    """The part of the items that are in the index; all of them, as AWS's rule has it, where that is not known."""
    read = None if isinstance(items, Unknown) or not items.scanned else items.index_entries(index.name)
    if read is not None and not isinstance(items, Unknown):
        return min(Decimal(read.entries) / items.scanned, Decimal(1))
    if index.item_count and table.item_count:
        return min(Decimal(index.item_count) / table.item_count, Decimal(1))
    return Decimal(1)


def _problem(
    table: Table, index: Index, units: tuple[int, int, int], measured: Decimal | None, target: ScalableTarget | None
) -> Problem:
    ours, theirs, needed = units
    most = "" if target is None else " at most"
    why = (
        "by the items that it holds"
        if measured is None
        else f"as it takes {count(measured) if measured >= Decimal('0.1') else 'few'} for each of the table's"
    )
    return Problem(
        message=f"it has {counted(ours, 'write unit')}{most} beside {count(theirs)} of the table, and needs {count(needed)} {why}",
        fix=f"raise its {'maximum of ' if target is not None else ''}write units to {count(needed)}",
        index=index.name,
        evidence={
            "index_write_units": ours,
            "table_write_units": theirs,
            "write_units_needed": needed,
            "measured_index_units_for_one_of_the_table": None if measured is None else round(float(measured), 4),
        },
        current=f"{counted(ours, 'write unit')}{most}, beside {count(theirs)} of the table",
        benefit="the table's writes are not throttled by its index",
        migration="none: capacity is raised while the table is in use; it is paid for by the hour",
        effort="minutes",
        commands=_commands(table, index, needed, target),
    )


def _commands(table: Table, index: Index, needed: int, target: ScalableTarget | None) -> tuple[str, ...]:
    if target is not None:
        return (register_target(table, index.name, "write", min_units=target.min_units, max_units=needed),)
    if index.provisioned is None or index.provisioned.read_units is None:
        return ()
    units = {"ReadCapacityUnits": index.provisioned.read_units, "WriteCapacityUnits": needed}
    return (update_units(table, index.name, "ProvisionedThroughput", units),)
