"""
TTL deletes an item when its TTL attribute is a Number of seconds since 1970 that lies in the past. A text, a number of milliseconds, 0, or a
time more than five years back is passed over without an error: the item stays for ever, and its storage is paid for. So is an item without
the attribute.

What is looked at: the value of the TTL attribute of every item read, by the clock of the moment in which the audit began. Any value that TTL
cannot use is a finding; items without the attribute are one from 5 % of the items on. Items that expired more than 7 days ago and are still
there are one from 10 % on: AWS deletes within a few days. Items without the attribute are low: most published tables with TTL keep several
kinds of items in one table, and only some of them shall expire.

Wrong when some items are meant to stay, and have a 0 for that reason; or when TTL was turned on a few days ago, and has not
come round to what had expired before.
Source: AWS developer guide, "Using time to live (TTL) in DynamoDB".

Fix: write the attribute as a Number of seconds since 1970 into every item that shall expire, and correct the items that are there.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.facts import ItemSizes, TimeToLive, TimeToLiveValues, Unknown
from stj_audit.items.told import is_thin
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, counted, items_read, listed, percent, printable

MISSING_SHARE = Decimal("0.05")  # policy: above it a kind of items is without
OVERDUE_SHARE = Decimal("0.10")  # policy: above it TTL does not keep up


@check("TTL cannot use the values", Category.TABLE_STRUCTURE, Severity.HIGH, code="STR-11")
def ttl_values_unusable(time_to_live: TimeToLive, items: ItemSizes | Unknown) -> Iterator[Said]:
    if not time_to_live.enabled:
        yield NotApplicable(reason="TTL is off")
        return
    if isinstance(items, Unknown):
        yield items
        return
    if not items.scanned and items.coverage == "full":
        yield NotApplicable(reason="the table has no items that could expire")
        return
    values = items.time_to_live_values
    if values is None or not values.items:
        yield Unknown(call="dynamodb:Scan", reason="the values of the TTL attribute were not looked at")
        return
    problems = list(_problems(values, items))
    yield from problems
    good = values.items - values.missing
    if not problems and items.coverage == "sample":
        read = items_read(values.items, items.coverage)
        reason = f"TTL can use {printable(values.attribute)} of {count(good)} of {read}; only reading every item can exclude others"
        yield Unknown(call="dynamodb:Scan", reason=reason)
    elif not problems:
        yield Good(
            message=f"TTL can use {printable(values.attribute)} of {count(good)} of {items_read(values.items, items.coverage)}"
        )


def _problems(values: TimeToLiveValues, items: ItemSizes) -> Iterator[Problem]:
    name, read = printable(values.attribute), items_read(values.items, items.coverage)
    of = count(values.items) if items.coverage == "full" else read
    if values.unusable:
        kinds = {
            "not a Number": values.not_numbers,
            "milliseconds": values.milliseconds,
            "0, negative or more than five years past": values.ignored,
        }
        yield _problem(
            values,
            of,
            subject="values",
            message=f"TTL passes over {count(values.unusable)} of {read}, for ever: {name} is "
            + listed([f"{kind} in {count(number)}" for kind, number in kinds.items() if number]),
            fix=f"write {name} as a Number of seconds since 1970, and correct the items that are there",
            benefit="expired items go by themselves, without write units, and their storage is no longer paid for",
        )
    if Decimal(values.missing) / values.items > MISSING_SHARE:
        yield _problem(
            values,
            of,
            subject="missing",
            message=f"{count(values.missing)} of {read} ({percent(Decimal(values.missing) / values.items)}) have no {name}: "
            "TTL never deletes them",
            fix=f"write {name} into every item that shall expire",
            benefit="items that shall expire do, and their storage is no longer paid for",
            severity=Severity.INFO if is_thin(items) else Severity.LOW,
        )
    if Decimal(values.overdue) / values.items > OVERDUE_SHARE:
        yield _problem(
            values,
            of,
            subject="overdue",
            message=f"{count(values.overdue)} of {read} ({percent(Decimal(values.overdue) / values.items)}) expired more than 7 days ago "
            "and are still there: AWS deletes within a few days",
            fix="see whether TTL was turned on only now; if not, leave expired items out by a filter, and ask AWS Support",
            benefit="readers do not take expired items for valid ones, and their storage is no longer paid for",
            severity=Severity.LOW if is_thin(items) else Severity.MEDIUM,
        )


def _problem(
    values: TimeToLiveValues, of: str, *, subject: str, message: str, fix: str, benefit: str, severity: Severity = Severity.HIGH
) -> Problem:
    return Problem(
        message=message,
        fix=fix,
        severity=severity,
        evidence={
            "ttl_attribute": values.attribute,
            "items": values.items,
            "missing": values.missing,
            "not_numbers": values.not_numbers,
            "milliseconds": values.milliseconds,
            "ignored": values.ignored,
            "overdue": values.overdue,
            "due": values.due,
            "later": values.later,
        },
        subject=subject,
        current=f"{counted(values.due + values.later, 'item')} of {of} will go by {printable(values.attribute)}",
        benefit=benefit,
        migration="compare some values with the clock first: once the attribute is right, TTL deletes expired items for good",
        effort="hours",
    )
