"""
A write to the table is also written to every global secondary index that holds the item. When one index cannot take it, DynamoDB refuses
the write to the table: a single slow index stops all writes that touch it, however much capacity the table has.

Wrong only for a past incident that is cured already: the events stay in the window until it has moved on.
Source: AWS developer guide, "Understanding throttling with global secondary indexes".

Fix: give the index at least the write capacity of the table, or a partition key that spreads its writes; remove it if nobody reads it.
"""

from collections.abc import Iterator

from stj_audit.checks import check
from stj_audit.commands import update_units
from stj_audit.facts import Flow, Index, Table, Traffic, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, count, counted


@check("A throttled index blocks writes", Category.CAPACITY_PLANNING, Severity.HIGH, code="CAP-03")
def throttled_index_blocks_writes(table: Table, traffic: Traffic | Unknown) -> Iterator[Said]:
    if not table.global_indexes:
        yield NotApplicable(reason="no global secondary index")
        return
    if isinstance(traffic, Unknown):
        yield traffic
        return
    days = traffic.throttle_window_days
    healthy = 0
    for index in table.global_indexes:
        events = traffic.indexes.get(index.name, Flow()).write_throttles
        if events is None:
            yield Unknown(call="cloudwatch:GetMetricData", reason=f"no write datapoint of index {index.name} in {days} days")
        elif events:
            yield _problem(table, index, events, days)
        else:
            healthy += 1
    if healthy == len(table.global_indexes):
        names = [index.name for index in table.global_indexes]
        yield Good(message=f"0 writes refused by {a_few(names)} in {days} days")


def _problem(table: Table, index: Index, events: int, days: int) -> Problem:
    own, other = index.provisioned, table.provisioned
    commands: tuple[str, ...] = ()
    capacity, capacity_fix, capacity_migration = "", "", ""
    if table.billing_mode == "PROVISIONED":
        capacity_fix = "give the index the write capacity of the table, or else "
        capacity_migration = "capacity is raised while the table is in use (where auto scaling is on, raise its maximum); "
    if table.billing_mode == "PROVISIONED" and own and own.write_units and own.read_units:
        needed = max(2 * own.write_units, other.write_units if other and other.write_units else 0)
        throughput = {"ReadCapacityUnits": own.read_units, "WriteCapacityUnits": needed}
        commands = (update_units(table, index.name, "ProvisionedThroughput", throughput),)
        capacity = f", with {count(own.write_units)} write units of its own"
    return Problem(
        message=f"refused {counted(events, 'write')} in {days} days, and with each the write to the table",
        fix=f"{capacity_fix}give the index a partition key that spreads its writes; remove it if nobody reads it",
        index=index.name,
        evidence={
            "index_write_throttles": events,
            "days": days,
            "index_write_units": own.write_units if own else None,
            "table_write_units": other.write_units if other else None,
        },
        current=f"{counted(events, 'throttled index write')} in {days} days{capacity}",
        benefit="writes to the table no longer fail because of an index",
        migration=f"{capacity_migration}another key needs a new index beside the old one: add it, switch the queries, remove the old one",
        effort="hours",
        commands=commands,
    )
