"""The bill of all tables at one user count, of an audit or of a declared design alike; and the free tier, which is one for all of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, localcontext
from functools import reduce

from stj_audit.config import TableModel
from stj_audit.cost.bill import TableBill, by_scope
from stj_audit.cost.free_tier import NOTHING_BILLED, Billed, free_lines
from stj_audit.cost.from_model import grown
from stj_audit.cost.lines import DIGITS, MONEY_STEP, growth_parts, is_complete, sum_or_none, total
from stj_audit.cost.savings import Plan
from stj_audit.cost.workload import Workload
from stj_audit.report import CostLine, Projection, StorageAtScale

YEAR_DAYS = 365

Place = tuple[str, str | None, str]
"""(table, index, component) of a line."""


def place(line: CostLine) -> Place:
    return line.table, line.index, line.component


def projection(
    bills: Sequence[TableBill],
    users: int,
    saved: Plan,
    declared: Mapping[str, TableModel],
    *,
    free_tier: bool,
    whole: bool = True,
    shown: set[Place] | None = None,
) -> Projection:
    """
    The bill with `users` users, and what `saved` saves of it. `declared` is what is declared of the tables, for their growth.

    `whole`: every table could be read, without which no total is complete. `shown`: the lines to show, others being nothing; None: all.
    """
    priced = [one for bill in bills for one in bill.priced_lines if shown is None or place(one.line) in shown]
    free = free_lines_of(bills) if free_tier else []
    lines = [*(one.line for one in priced), *free]
    monthly = sum_or_none(lines) if lines or shown is None else Decimal(0)
    return Projection(
        users=users,
        monthly_usd=monthly,
        lines=tuple(lines),
        complete=whole and is_complete(lines),
        avoidable_usd=None if monthly is None else saved.sure_usd,
        avoidable_at_most_usd=None if monthly is None else saved.at_most_usd,
        per_user_usd=None if monthly is None else _each(monthly, users),
        storage=tuple(stored_at(bill.workload, users) for bill in bills),
        parts=None if monthly is None else growth_parts(priced, free),
        savings=() if monthly is None else saved.steps,
        after_year_usd=after_year(bills, declared, free_tier=free_tier),
    )


def _each(monthly_usd: Decimal, users: int) -> Decimal:
    """Eight digits after the point, or two that say something where it is less."""
    each = monthly_usd / users
    return each.quantize(MONEY_STEP) if each >= MONEY_STEP * 100 or not each else Decimal(f"{each:.2e}")


def free_lines_of(bills: Iterable[TableBill]) -> list[CostLine]:
    """What the free tier gives for all tables of an account and region together; with the region where there are more."""
    return [
        replace(line, region=of[0].prices.region) if scope else line
        for scope, of in by_scope(bills).items()
        for line in free_lines(reduce(Billed.plus, (bill.billed for bill in of), NOTHING_BILLED), of[0].prices)
    ]


def after_year(bills: Sequence[TableBill], declared: Mapping[str, TableModel], *, free_tier: bool) -> Decimal | None:
    """The bill when the items have grown for a year as declared; None where no growth is declared, or not of what."""
    if not any(bill.workload.name in declared and declared[bill.workload.name].growth for bill in bills):
        return None
    then = []
    for bill in bills:
        workload = _grown(bill, declared.get(bill.workload.name))
        if workload is None:
            return None
        then.append(replace(bill, workload=workload))
    free = total(free_lines_of(then)) if free_tier else Decimal(0)
    return sum((bill.monthly_usd for bill in then), free)


def _grown(bill: TableBill, table: TableModel | None) -> Workload | None:
    if table is None or not table.growth or bill.users is None:
        return bill.workload
    with localcontext(prec=DIGITS):
        return grown(bill.workload, table.growth, days=YEAR_DAYS, users=bill.users)


def stored_at(workload: Workload, users: int) -> StorageAtScale:
    """What the table and its indexes hold at `users` users, without the overhead that is billed."""
    with localcontext(prec=DIGITS):
        table, items = workload.table, workload.table.count.at(users)
        parts = [(store.count.at(users), store.mean_bytes) for store in workload.indexes]
        known = [count * size for count, size in parts if count is not None and size is not None]
        return StorageAtScale(
            table=workload.name,
            items=None if items is None else int(items),
            table_bytes=None if items is None or table.mean_bytes is None else round(items * table.mean_bytes),
            index_bytes=None if items is None or len(known) < len(parts) else round(sum(known, Decimal(0))),
        )
