"""
A query without a limit that reads a share of all users reads more with every user, and every user asks it: what it costs grows with the
square of the users. Past 1 MB DynamoDB gives the result in pages, and an application that asks for one only works with a part of it, without
an error.

What is looked at: declared Query and Scan patterns of users whose `items` is a `share_of_users`, and Scans without `items`, which read
everything of a table that grows; all without `limit`. They are told of when one call takes more than a page, or the pattern a tenth of the
table's bill, at the users that are judged; what will come to that later is a note. How bad it is goes by the money; more than a page is
medium at least.

Wrong when the application needs all of the items, and reads every page. A job, of which there are as many whatever the users
(`calls_per_day`), is left alone: that it reads everything is its purpose.
Source: AWS API reference, Query: a page ends at 1 MB; AWS developer guide, "Paginating table query results".

Fix: give it a limit and read on only when the next page is asked for, or keep a top list, or a count, in an item of its own.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.config import Scale, TableModel
from stj_audit.cost.bill import TableBill
from stj_audit.cost.patterns import pattern_costs
from stj_audit.cost.peaks import first_users
from stj_audit.cost.requests import pages
from stj_audit.cost.workload import NO_USERS, Call, Workload, call_units, items_a_call, reads_more
from stj_audit.facts import Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, counted, dollars, percent, printable, size

MIN_SHARE = Decimal("0.10")  # of the bill: below it a pattern is no reason to build something


@check("A query grows with the users", Category.GSI_COVERAGE, Severity.MEDIUM, code="COV-09")
def unbounded_query(declared: TableModel, bill: TableBill, scale: Scale) -> Iterator[Said]:
    if not declared.pattern:
        yield NotApplicable(reason="no access pattern is declared")
        return
    reads = [one for one in declared.pattern if (one.follows_users or one.reads_everything) and not one.is_job]
    if not reads:
        yield NotApplicable(reason="no declared pattern of a user reads a share of the users, or everything")
        return
    if not bill.workload.calls:
        yield Unknown(call="dynamodb:DescribeTable", reason=NO_USERS)
        return
    bounded = [pattern for pattern in reads if pattern.limit is not None]
    growing = [call for call in bill.workload.calls if reads_more(bill.workload, call) and not call.pattern.is_job]
    if bounded:
        yield Good(message=f"{counted(len(bounded), 'pattern')} of what grows, with a limit: {printable(bounded[0].name)}")
    elif not growing:
        yield NotApplicable(reason="what the declared patterns read does not grow with the users")
    for call in growing:
        yield _judged(call, bill, scale)


def units_a_call(workload: Workload, call: Call, users: int) -> Decimal | str:
    """Read units of one call, with what it fetches from the table; a sentence: why they are not known."""
    units = [call_units(workload, call, store, "reads", users) for store in workload.stores]
    unknown = next((one for one in units if isinstance(one, str)), None)
    known = [one for one in units if isinstance(one, Decimal)]
    return sum(known, Decimal(0)) if unknown is None and known else unknown or "its size is not known"


def _pages_at(bill: TableBill, call: Call, users: int) -> int:
    store, items = bill.workload.store(call.index), items_a_call(bill.workload, call, users)
    return pages(Decimal(0) if isinstance(items, str) else items, 0 if store is None else store.size_bytes or 0)


def _cost(bill: TableBill, call: Call, users: int) -> Decimal | None:
    """What the pattern costs a month; None: not known, or nothing by the request."""
    alone = replace(bill, workload=replace(bill.workload, calls=(call,)), users=users)
    return next((cost.monthly_usd for cost in pattern_costs((alone,))), None)


def _share(bill: TableBill, call: Call, users: int) -> Decimal | None:
    cost, all_usd = _cost(bill, call, users), replace(bill, users=users).monthly_usd
    return None if cost is None or not all_usd else min(cost / all_usd, Decimal(1))


def _matters(bill: TableBill, call: Call, users: int) -> bool:
    return _pages_at(bill, call, users) > 1 or (_share(bill, call, users) or 0) >= MIN_SHARE


def _judged(call: Call, bill: TableBill, scale: Scale) -> Problem | Unknown:
    pattern, users = call.pattern, scale.target_users
    units, items = units_a_call(bill.workload, call, users), items_a_call(bill.workload, call, users)
    store = bill.workload.store(call.index)
    if isinstance(units, str) or isinstance(items, str) or store is None or store.size_bytes is None:
        reason = next((one for one in (units, items) if isinstance(one, str)), "its size is not known")
        return Unknown(call="dynamodb:DescribeTable", reason=f"pattern {printable(pattern.name)}: {reason}")
    paged, cost, share = _pages_at(bill, call, users), _cost(bill, call, users), _share(bill, call, users)
    now = units_a_call(bill.workload, call, scale.users_now) if scale.users_now else None
    matters_from = first_users(lambda number: _matters(bill, call, number))
    severity = Severity.INFO
    if _matters(bill, call, users):
        severity = Severity.LOW if cost is None else bill.severity(cost)
        severity = max(severity, Severity.MEDIUM) if paged > 1 else severity
    before = f", against {count(now)} now" if isinstance(now, Decimal) else ""
    bill_share = "" if share is None or cost is None else f"; it makes {percent(share)} of the bill, {dollars(cost)} a month"
    return Problem(
        message=f"pattern {printable(pattern.name)} has no limit: with {counted(users, 'user')} a call reads {counted(items, 'item')} "
        f"({size(items * store.size_bytes)} in {counted(paged, 'page')}) and takes {counted(units, 'read unit')}{before}{bill_share}",
        fix="give it a limit and read on only when the next page is asked for, or keep a top list in an item of its own",
        evidence={
            "pattern": pattern.name,
            "users": users,
            "items_a_call": float(items),
            "read_units_a_call": float(units),
            "read_units_a_call_now": float(now) if isinstance(now, Decimal) else None,
            "pages_a_call": paged,
            "cost_usd_month": None if cost is None else round(float(cost), 2),
            "share_of_bill": None if share is None else round(float(share), 4),
        },
        severity=severity,
        index=call.index,
        subject=pattern.name,
        current=f"{counted(units, 'read unit')} and {counted(paged, 'page')} a call with {counted(users, 'user')}",
        benefit="what a call takes stays the same, however many users there are",
        migration="the application shows one page at a time; a list or a count that is kept ready is written by a stream or a job",
        effort="hours",
        matters_from_users=None if matters_from is None or matters_from <= (scale.users_now or 0) else matters_from,
    )
