"""What a page shows of money that no single field of the Report holds: parts of a bill, lower bounds, storage at each scale."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from stj_audit.render import filters
from stj_audit.render.digest import listed
from stj_audit.report import (
    CostLine,
    Costs,
    Projection,
    Report,
    StorageAtScale,
)
from stj_audit.results import Category
from stj_audit.wording import counted

ALL_PARTS = ("Reads", "Writes", "Index reads and writes", "Storage", "Backup", "Other")
COST_CATEGORY = Category.COST_OPTIMIZATION.id


def part_of(line: CostLine) -> str:
    """The part of the bill that a line is shown in, one of ALL_PARTS."""
    if line.component.endswith("storage"):
        return "Storage"
    if line.component.startswith(("pitr", "backup", "aws-backup")):
        return "Backup"
    for ending, part in (("reads", "Reads"), ("writes", "Writes")):
        if line.component.endswith(ending):
            return "Index reads and writes" if line.index is not None or line.component.startswith("index-") else part
    return "Other"


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One part of a bill. `amount_usd` is the sum of its known lines, None when none is known; `share` is of the known total."""

    title: str
    amount_usd: Decimal | None
    complete: bool
    share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Bill:
    """One rung of the cost ladder; `parts` are those of `parts_used`, in that order."""

    users: int
    is_target: bool
    monthly_usd: Decimal | None
    complete: bool
    avoidable: str
    per_user: str
    parts: tuple[Part, ...]
    square_share: float = 0.0
    """The part of what is known that grows with the square of the users."""


def avoidable(report: Report, projection: Projection | None) -> str:
    """
    What could be saved of a bill, in words: "$4.34", or "$4.34 to $147" where it depends on what the queries need.

    "at least" where a line of the bill is not known or a check of the cost could not be made; "not known" where nothing is.
    """
    return _avoidable(projection, _seen(report), filters.usd_words)


def avoidable_cell(report: Report, projection: Projection | None) -> str:
    """As `avoidable`, for tables."""
    return _avoidable(projection, _seen(report), filters.usd_cell)


def avoidable_cents(projection: Projection) -> str:
    """As `avoidable_cell`, to the cent, of a bill that no check was made for."""
    return _avoidable(projection, 1.0, partial(filters.usd_cell, cents=True))


def _seen(report: Report) -> float:
    return next((one.coverage for one in report.categories if one.id == COST_CATEGORY), 1.0)


def _avoidable(projection: Projection | None, seen: float, money: Callable[..., str]) -> str:
    if projection is None or projection.monthly_usd is None or projection.avoidable_usd is None:
        return filters.NOT_KNOWN
    sure, at_most = projection.avoidable_usd, projection.avoidable_at_most_usd or projection.avoidable_usd
    if not at_most and seen == 0:
        return filters.NOT_KNOWN
    complete = projection.complete and seen == 1
    if money(sure) == money(at_most):
        return money(sure, complete)
    return f"{money(sure)} to {money(at_most, complete)}"


def per_user(projection: Projection) -> str:
    """What one user costs a month, in words: "$0.0084", or "at least $0.0084" when a part of the bill is not known."""
    return _per_user(projection, "at least")


def per_user_cell(projection: Projection) -> str:
    """As `per_user`, for tables."""
    return _per_user(projection, filters.AT_LEAST)


def _per_user(projection: Projection, mark: str) -> str:
    monthly, each = projection.monthly_usd, projection.per_user_usd
    if monthly is None or each is None:
        return filters.NOT_KNOWN
    if not each and projection.users:  # older run files have no digits left where very many users share a bill
        each = monthly / projection.users
    return filters.usd_fine(each) if projection.complete else f"{mark} {filters.usd_fine(each)}"


def parts_used(costs: Costs) -> tuple[str, ...]:
    """The parts that any projection has a line of; what no table has is left out of charts and tables."""
    seen = {part_of(line) for projection in costs.projections for line in projection.lines}
    return tuple(part for part in ALL_PARTS if part in seen)


def bills(report: Report) -> tuple[Bill, ...]:
    return bills_of(report.costs, report.audit.target_users, seen=_seen(report))


def bills_of(costs: Costs, target_users: int | None, *, seen: float = 1.0) -> tuple[Bill, ...]:
    """The rungs of the ladder. `seen` is the share of the checks of cost that could be made."""
    used = parts_used(costs)
    return tuple(
        Bill(
            users=projection.users,
            is_target=projection.users == target_users,
            monthly_usd=projection.monthly_usd,
            complete=projection.complete,
            avoidable=_avoidable(projection, seen, filters.usd_cell),
            per_user=per_user_cell(projection),
            parts=_parts(projection.lines, used),
            square_share=_square_share(projection),
        )
        for projection in costs.projections
    )


def _square_share(projection: Projection) -> float:
    parts, monthly = projection.parts, projection.monthly_usd
    if parts is None or not monthly or parts.super_linear_usd <= 0:
        return 0.0
    return min(float(parts.super_linear_usd / monthly), 1.0)


def _parts(lines: Sequence[CostLine], used: Sequence[str]) -> tuple[Part, ...]:
    total = sum((line.monthly_usd for line in lines if line.monthly_usd is not None), Decimal(0))
    by_part: dict[str, list[Decimal | None]] = {}
    for line in lines:
        by_part.setdefault(part_of(line), []).append(line.monthly_usd)
    parts = []
    for title in used:
        amounts = by_part.get(title, [])
        known = [amount for amount in amounts if amount is not None]
        amount = sum(known, Decimal(0)) if known or (lines and not amounts) else None
        share = float(amount / total) if amount and total else 0.0
        parts.append(Part(title=title, amount_usd=amount, complete=len(known) == len(amounts), share=share))
    return tuple(parts)


def target_bill(report: Report) -> Projection | None:
    return next((one for one in report.costs.projections if one.users == report.audit.target_users), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class StorageRow:
    """What a table, or all of its indexes, holds at each user count: None where it is not known."""

    table: str
    what: str
    items: tuple[int | None, ...]
    sizes_bytes: tuple[int | None, ...]


def storage_rows(report: Report) -> tuple[StorageRow, ...]:
    """One row for each table and one for its indexes, by user count in the order of the projections."""
    return storage_rows_of(report.costs, frozenset(table.name for table in report.tables if not table.indexes))


def storage_rows_of(costs: Costs, without_indexes: frozenset[str] = frozenset()) -> tuple[StorageRow, ...]:
    names = list(dict.fromkeys(at.table for projection in costs.projections for at in projection.storage))
    stored = [_storage_of(projection) for projection in costs.projections]
    rows = []
    for name in names:
        at = [one.get(name) for one in stored]
        items = tuple(None if one is None else one.items for one in at)
        rows.append(
            StorageRow(
                table=name, what="items", items=items, sizes_bytes=tuple(None if one is None else one.table_bytes for one in at)
            )
        )
        index_bytes = tuple(None if one is None else one.index_bytes for one in at)
        if any(index_bytes) or (None in index_bytes and name not in without_indexes):
            rows.append(StorageRow(table=name, what="indexes", items=items, sizes_bytes=index_bytes))
    return tuple(rows)


def _storage_of(projection: Projection) -> dict[str, StorageAtScale]:
    """By table; the first, where one is there twice."""
    return {one.table: one for one in reversed(projection.storage)}


def storage_known(rows: Sequence[StorageRow]) -> tuple[StorageRow, ...]:
    """The rows of which anything is known at any user count."""
    return tuple(row for row in rows if any(one is not None for one in (*row.sizes_bytes, *row.items)))


def storage_unknown(rows: Sequence[StorageRow]) -> str:
    """The tables that have no row among `storage_known`; empty when all have."""
    known = {row.table for row in storage_known(rows)}
    return listed([name for name in dict.fromkeys(row.table for row in rows) if name not in known])


def rung_title(users: int) -> str:
    """ "At 1,000 users"; "Now" for the first rung where today's users are not known."""
    return f"At {filters.users(users)}" if users else "Now"


def storage_totals(rows: Sequence[StorageRow]) -> tuple[str, ...]:
    """The bytes of all tables and indexes at each user count, as text."""
    totals = []
    for place in range(len(rows[0].sizes_bytes) if rows else 0):
        sizes = [row.sizes_bytes[place] for row in rows]
        known = [one for one in sizes if one is not None]
        mark = f"{filters.AT_LEAST} " if known and len(known) < len(sizes) else ""
        totals.append(mark + filters.size(sum(known) if known else None))
    return tuple(totals)


def storage_costs(costs: Costs) -> tuple[str, ...]:
    """What the storage of tables and indexes costs a month at each user count, as text."""
    parts = [_parts(projection.lines, ["Storage"])[0] for projection in costs.projections]
    return tuple(filters.usd_cell(part.amount_usd, part.complete) for part in parts)


def traffic_lines(lines: Sequence[CostLine]) -> tuple[CostLine, ...]:
    """The lines that are no storage: requests, capacity, backup, streams."""
    return tuple(line for line in lines if part_of(line) != "Storage")


def line_title(line: CostLine) -> str:
    return component_name(line).replace("-", " ")


def component_name(line: CostLine) -> str:
    """The component as bills and files name it, an abbreviation in capitals."""
    return line.component.replace("pitr", "PITR")


def items_held(row: StorageRow, place: int) -> str:
    """ "1,234 items" of the user count at `place`; empty where it is not known."""
    items, size_bytes = row.items[place], row.sizes_bytes[place]
    if items is None:
        return ""
    # Of a tenth of a user a tenth of an item is stored, on average.
    return "less than 1 item" if not items and size_bytes else counted(items, "item")
