"""
An index that holds no item answers no query, and no write ever reaches it. Mostly its key is the rest of a feature that is gone, or the
name in the index and the name in the items differ by a letter or by type: then its queries find nothing, and nobody is told.

That an index with no reads and no writes is dead would say the same as the check for unread indexes, which judges every index whose reads
are a measured zero, written or not. Those are left to it. But where nothing happens CloudWatch often has no datapoint at all, which is no
zero, and there an unread index stays unjudged. So this check looks at the index itself: all items of the table were read, none has the keys
of the index, and no write of it was measured in 30 days. An index that is empty now and was written to is a queue that was worked off, and
passes.

Wrong for an index of rare events, such as failed payments, that had none for a month. Local secondary indexes have no metrics and cannot be
removed: they are not looked at.
Source: AWS developer guide, "Take advantage of sparse indexes"; "Identify your unused resources in Amazon DynamoDB".

Fix: compare the key of the index with the attributes of the items, by name and type; if it has served its time, ask the owner and remove
it.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.commands import delete_index
from stj_audit.cost.bill import TableBill
from stj_audit.facts import Flow, Index, ItemSizes, Table, Traffic, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, RemoveIndex, Said, Severity
from stj_audit.wording import a_few, counted, days_of, items_read, listed, printable

ENOUGH_DAYS = 30  # as for unread indexes: less would call a monthly job dead


@check("An index holds nothing", Category.GSI_COVERAGE, Severity.LOW, code="COV-06")
def dead_index(table: Table, items: ItemSizes | Unknown, traffic: Traffic | Unknown, bill: TableBill) -> Iterator[Said]:
    if isinstance(items, ItemSizes) and items.coverage == "full" and not items.scanned:
        yield NotApplicable(reason="the table is empty")
        return
    flows = {} if isinstance(traffic, Unknown) else traffic.indexes
    active = [index for index in table.global_indexes if index.status in ("ACTIVE", "UPDATING") and not index.backfilling]
    left = [index for index in active if flows.get(index.name, Flow()).read_units != 0]
    if not left:
        unread = "the reads of each index are a measured zero: another check judges that"
        yield NotApplicable(reason=unread if active else "no global secondary index that is ACTIVE")
        return
    alive: list[str] = []
    blind: list[Unknown] = []
    for index in left:
        flow = flows.get(index.name, Flow())
        entries = items.index_entries(index.name) if isinstance(items, ItemSizes) else None
        if entries is not None and entries.entries:
            bound = "" if isinstance(items, Unknown) or items.coverage == "full" else "at least "
            alive.append(f"{index.name} ({bound}{counted(entries.entries, 'entry', 'entries')})")
        elif flow.write_units:
            alive.append(f"{index.name} ({counted(flow.write_units, 'write unit')})")
        elif isinstance(items, Unknown):
            blind.append(items)
        elif entries is None or items.coverage != "full":
            blind.append(Unknown(call="dynamodb:Scan", reason=f"not all entries of index {index.name} were counted"))
        elif isinstance(traffic, Unknown):
            blind.append(traffic)
        elif traffic.covered_days < ENOUGH_DAYS:
            days = days_of(traffic.covered_days)
            blind.append(Unknown(call="cloudwatch:GetMetricData", reason=f"only {days} of metrics; {ENOUGH_DAYS} are needed"))
        else:
            yield _problem(table, index, items, traffic, bill)
    yield from dict.fromkeys(blind)
    if alive:
        yield Good(message=f"not empty, or written to: {'index' if len(alive) == 1 else 'indexes'} {a_few(alive)}")


def _problem(table: Table, index: Index, items: ItemSizes, traffic: Traffic, bill: TableBill) -> Problem:
    reads = traffic.indexes.get(index.name, Flow()).read_units
    days = counted(traffic.covered_days, "day")
    key = listed([printable(name) for name in (*index.hash_attributes, *index.range_attributes)])
    which = f"none of {items_read(items.scanned, items.coverage)} has its key {key}"
    written = (
        "no write was measured" if traffic.indexes.get(index.name, Flow()).write_units == 0 else "CloudWatch has no write of it"
    )
    change = None if reads else RemoveIndex(index=index.name)
    saving = None if change is None else bill.saving(change)
    return Problem(
        message=f"{which}, and {written} in {days}" + (f"; {counted(reads, 'read unit')} found nothing" if reads else ""),
        fix=f"compare {key} with the attributes of the items, by name and type: its queries find nothing"
        if reads
        else "ask the owner whether the index is still meant to be filled; remove it only when it is not",
        severity=Severity.MEDIUM if reads else _severity(saving, bill),
        evidence={
            "entries": 0,
            "items": items.scanned,
            "read_units": None if reads is None else float(reads),
            "covered_days": float(traffic.covered_days),
            "saving_usd_month": None if saving is None else round(float(saving), 2),
        },
        index=index.name,
        current=f"0 entries of {counted(items.scanned, 'item')}",
        benefit="the queries find what they are made for" if reads else "one index less in the quota, and no capacity for it",
        migration="confirm with the owner first: an index of rare events may be empty for a while; if the name is wrong, an index with the "
        "right one has to be built beside it",
        effort="hours",
        commands=() if reads else (delete_index(table, index.name),),
        change=change,
    )


def _severity(saving: Decimal | None, bill: TableBill) -> Severity | None:
    return None if saving is None else bill.severity(saving)
