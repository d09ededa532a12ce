"""
A Query or Scan gives at most 1 MB at a time. What has more takes one request after the other, because each page says only at its end where
the next one begins: the user waits for all of them in a row.

What is counted: the items of a declared Query or Scan times the mean size of what it reads, with its `limit`, at the users that are judged.
A Scan of which neither `items` nor `limit` is declared reads everything. Jobs (`calls_per_day`) are left alone: nobody waits for them.

Wrong when the pages are shown one at a time, as a person scrolls: then say how many items one page has.
Source: AWS API reference, Query and Scan: 1 MB; AWS developer guide, "Paginating table query results".

Fix: read fewer items, by a limit or a narrower key, or smaller ones, from an index that holds only what is needed.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.config import Scale, TableModel
from stj_audit.cost.bill import TableBill
from stj_audit.cost.peaks import first_users
from stj_audit.cost.requests import pages
from stj_audit.cost.workload import NO_USERS, Call, Workload, items_a_call
from stj_audit.design import COLLECTION_READS
from stj_audit.facts import Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import counted, printable, size

MANY_PAGES = 3  # more of them in a row are felt: each is a request of some milliseconds, and a megabyte to carry


@check("A call takes many pages", Category.SCALABILITY, Severity.LOW, code="SCL-09")
def many_pages_a_call(declared: TableModel, bill: TableBill, scale: Scale) -> Iterator[Said]:
    if not any(pattern.op in COLLECTION_READS and not pattern.is_job for pattern in declared.pattern):
        yield NotApplicable(reason="no Query or Scan of a user is declared")
        return
    if not bill.workload.calls:
        yield Unknown(call="dynamodb:DescribeTable", reason=NO_USERS)
        return
    most = 0
    for call in bill.workload.calls:
        if call.pattern.op not in COLLECTION_READS or call.pattern.is_job:
            continue
        found = _items(bill.workload, call, scale.target_users)
        if isinstance(found, Unknown):
            yield found
            continue
        taken = pages(*found)
        most = max(most, taken)
        if taken > MANY_PAGES:
            yield _problem(bill.workload, call, found, scale)
    if 0 < most <= MANY_PAGES:
        yield Good(message=f"no declared call takes more than {counted(most, 'page')} with {counted(scale.target_users, 'user')}")


def _items(workload: Workload, call: Call, users: int) -> tuple[Decimal, int] | Unknown:
    """(items that one call reads, bytes of each)."""
    pattern, store = call.pattern, workload.store(call.index)
    if store is None or store.size_bytes is None:
        reason = "its size is not known" if store is None else store.note or "its size is not known"
        return Unknown(call="dynamodb:DescribeTable", reason=f"pattern {printable(pattern.name)}: {reason}")
    items = items_a_call(workload, call, users)
    if isinstance(items, str):
        return Unknown(call="dynamodb:DescribeTable", reason=f"pattern {printable(pattern.name)}: {items}")
    return (items if pattern.limit is None else min(items, Decimal(pattern.limit))), store.size_bytes


def _problem(workload: Workload, call: Call, found: tuple[Decimal, int], scale: Scale) -> Problem:
    items, size_bytes = found
    taken, users = pages(items, size_bytes), scale.target_users

    def is_many(number: int) -> bool:
        then = _items(workload, call, number)
        return not isinstance(then, Unknown) and pages(*then) > MANY_PAGES

    matters_from = first_users(is_many)
    return Problem(
        message=f"pattern {printable(call.pattern.name)} takes {counted(taken, 'page')} of 1 MB in a row with {counted(users, 'user')}: "
        f"{counted(items, 'item')} of {size(size_bytes)}",
        fix="read fewer items, by a limit or a narrower key, or smaller ones, from an index that holds only what is needed",
        evidence={
            "pattern": call.pattern.name,
            "users": users,
            "pages_a_call": taken,
            "items_a_call": float(items),
            "item_bytes": size_bytes,
        },
        index=call.index,
        subject=call.pattern.name,
        current=f"{size(items * size_bytes)} for each call with {counted(users, 'user')}",
        benefit="the answer comes after one request, and takes fewer read units",
        migration="the application asks for the next page when it is wanted; a narrower index is built while the table stays in use",
        effort="hours",
        matters_from_users=None if matters_from is None or matters_from <= (scale.users_now or 0) else matters_from,
    )
