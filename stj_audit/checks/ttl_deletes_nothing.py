"""
TTL deletes an item only when its TTL attribute is a Number of seconds since 1970 that lies in the past, and not more than five years back.
A wrong name, a text, or milliseconds make TTL do nothing, without an error: the data stays, and is paid for.

Where all items were read, and none has been due for more than 7 days while some will be, there is nothing to judge.

Wrong when no item is due yet (all expire later than now) and the items were not read, or when nothing is written that expires: look at some
values before you change anything. Deletion is no promise by the minute: AWS says within a few days.
Source: AWS developer guide, "Using time to live (TTL) in DynamoDB"; metric TimeToLiveDeletedItemCount.

Fix: write the attribute that TTL watches, as a Number of epoch seconds, or point TTL at the attribute that the items have.
"""

import json
import shlex
from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.commands import of_table
from stj_audit.facts import ItemSizes, Table, TimeToLive, Traffic, Unknown
from stj_audit.items.limits import OTHER_ATTRIBUTES
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, counted, days_of, items_read, listed, printable

USABLE_TYPE = "N"  # TTL ignores every other type


@check("TTL deletes nothing", Category.TABLE_STRUCTURE, Severity.HIGH, code="STR-10")
def ttl_deletes_nothing(
    table: Table, time_to_live: TimeToLive | Unknown, traffic: Traffic | Unknown, items: ItemSizes | Unknown
) -> Iterator[Said]:
    deleted = None if isinstance(traffic, Unknown) else traffic.time_to_live_deletes
    if isinstance(time_to_live, TimeToLive) and not time_to_live.enabled:
        yield NotApplicable(reason="TTL is off")
    elif isinstance(items, ItemSizes) and items.coverage == "full" and not items.scanned and not deleted:
        yield NotApplicable(reason="the table has no items that could expire")
    elif isinstance(time_to_live, Unknown):
        yield time_to_live
    elif isinstance(traffic, Unknown):
        yield traffic
    else:
        yield _judged(table, time_to_live, traffic, items)


def _judged(table: Table, time_to_live: TimeToLive, traffic: Traffic, items: ItemSizes | Unknown) -> Said:
    deleted, days = traffic.time_to_live_deletes, traffic.throttle_window_days
    if deleted:
        return Good(message=f"TTL deleted {counted(deleted, 'item')} in {days} days")
    waiting = _not_overdue(items)
    if waiting:
        return NotApplicable(reason=f"no item is overdue: {counted(waiting, 'item')} will go by TTL")
    if traffic.covered_days < Decimal(days):
        reason = f"only {days_of(traffic.covered_days)} of metrics; {days} are needed"
        return Unknown(call="cloudwatch:GetMetricData", reason=reason)
    return _nothing_deleted(table, time_to_live, deleted, days, items)


def _not_overdue(items: ItemSizes | Unknown) -> int:
    """How many items will go by TTL, where all were read and none is overdue; 0 where there is nothing of the kind."""
    values = None if isinstance(items, Unknown) or items.coverage != "full" else items.time_to_live_values
    return 0 if values is None or values.overdue else values.due + values.later


def _nothing_deleted(table: Table, time_to_live: TimeToLive, deleted: int | None, days: int, items: ItemSizes | Unknown) -> Problem:
    name = time_to_live.attribute
    watched = "an attribute that is not stated" if name is None else printable(name)
    said = f"deleted 0 items in {days} days" if deleted == 0 else f"has no datapoint of a deletion in {days} days"
    commands = [f"aws dynamodb describe-time-to-live {of_table(table)}"]
    if name is not None:
        names = shlex.quote(json.dumps({"#ttl": name}))
        commands.append(
            f"aws dynamodb scan {of_table(table)} --page-size 5 --max-items 5 "
            f"--projection-expression '#ttl' --expression-attribute-names {names}"
        )
    return Problem(
        message=f"TTL is on for {watched}, but {said}{_seen(name, items)}",
        fix=f"write {watched} as a Number of seconds since 1970, or point TTL at the attribute that the items have",
        severity=Severity.HIGH if deleted == 0 else Severity.MEDIUM,
        evidence={"deleted_items": deleted, "days": days, "ttl_attribute": name},
        current=f"TTL watches {watched}; {'0 deletions' if deleted == 0 else 'no deletion'} in {days} days",
        benefit="expired items go by themselves, without write units, and their storage is no longer paid for",
        migration="compare some values with the clock first: once the attribute is right, TTL deletes expired items for good",
        effort="hours",
        commands=tuple(commands),
    )


def _seen(name: str | None, items: ItemSizes | Unknown) -> str:
    """What the items themselves tell about the cause; empty when they tell nothing."""
    if isinstance(items, Unknown) or name is None or not items.attributes:
        return ""
    read = items_read(items.scanned, items.coverage)
    by_name = {attribute.name: attribute for attribute in items.attributes}
    found = by_name.get(name)
    if found is None:
        # Names beyond those that are counted one by one may be hidden in the sum of the rest.
        return "" if OTHER_ATTRIBUTES in by_name else f"; 0 of {read} have it"
    if USABLE_TYPE not in found.types:
        return f"; in {read} it is of type {listed(found.types)}, and TTL reads only Number"
    return f"; {count(found.present)} of {read} have it"
