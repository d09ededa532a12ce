"""
A declared design, priced at any user count: the tables, indexes and access patterns of `stj-audit.toml`, without an AWS call.

Request units are counted call by call, with the rules of `cost.units`, and multiplied by users, the active part of them, calls a day and
days. What is not declared is not known: its line has no amount, takes no part in sums, and makes the projection incomplete.

A write of an item that was there before (an UpdateItem, or a put that replaces) takes in each index, times the share of items in it:

    an attribute of the index key is set       key_change (1 when left out) x 2 writes of the entry, and otherwise as below
    an attribute that is projected is set      1 write of the entry; projection ALL: whatever is set
    nothing of the entry is set                0

Source: AWS developer guide, "Using Global Secondary Indexes in DynamoDB", write considerations.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, localcontext
from functools import cache

from stj_audit.config import Config, TableModel
from stj_audit.cost.bill import CLASS_KEYS, GB, HOURS_PER_MONTH, MONEY_STEP, PRICE_KEYS, QUANTITY_STEP, is_complete, total
from stj_audit.cost.prices import PriceSheet, bundled_sheet
from stj_audit.cost.units import TRANSACTION_FACTOR, Consistency, page_units, read_units, write_units
from stj_audit.cost.usage import about_free_tier, check_region, free_lines
from stj_audit.design import COLLECTION_READS, IndexModel, Number, Pattern, undeclared_index
from stj_audit.errors import ConfigError
from stj_audit.facts import BILLED_OVERHEAD_BYTES
from stj_audit.report import CostLine, Costs, CurrentCost, PriceSource, Projection, StorageAtScale

PAGE_BYTES = 2**20  # AWS API reference, Query and Scan: a page ends with the item that reaches 1 MB
MAX_USERS = 10**9  # a typing error above it
DIGITS = 60  # with the bounds of `design`, every product is exact

NO_SIZE = "`item_bytes` is not declared"
NO_COUNT = "neither `items` nor `items_per_user` is declared"


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantity:
    """A monthly quantity of one component; `amount` None: not known, and `note` says why."""

    component: str
    amount: Decimal | None
    index: str | None = None
    grows: bool = True
    note: str = ""


# ---------------------------------------------------------------------------------------------------------------- answer


def price_model(config: Config, *, region: str, users: Sequence[int], free_tier: bool = False) -> Costs:
    """
    What the declared tables cost a month in `region`, at each of `users`; and at `[model] users_now`, when that is declared.

    Raises ConfigError, which names the file and the place, for a design that cannot be priced as it stands.
    """
    _check(config, region, users)
    prices = bundled_sheet(region)
    with localcontext(prec=DIGITS):
        projections = tuple(_projection(config, prices, count, free_tier=free_tier) for count in users)
        now = None if config.model.users_now is None else _projection(config, prices, config.model.users_now, free_tier=free_tier)
    used = {
        _price_key(line.component, config.tables[line.table].table_class) for at in projections for line in at.lines if line.table
    }
    return Costs(
        prices=PriceSource(
            region=region,
            as_of=min((price.as_of for price in map(prices.price, used) if price is not None), default=None),
            source=prices.source,
        ),
        free_tier=free_tier,
        current=CurrentCost(monthly_usd=None, lines=(), complete=False)
        if now is None
        else CurrentCost(monthly_usd=now.monthly_usd, lines=now.lines, complete=now.complete),
        projections=projections,
        assumptions=tuple(_assumptions(config, prices, free_tier=free_tier)),
    )


def _check(config: Config, region: str, users: Sequence[int]) -> None:
    origin = config.path or "the configuration"
    try:
        check_region(region)
    except ValueError as error:
        raise ConfigError(f"{origin}: {error}", hint="give a region like eu-north-1") from error
    if not config.tables:
        raise ConfigError(f"{origin}: no [tables.NAME]: there is nothing to price", hint="declare a table")
    if max((*users, config.model.users_now or 0)) > MAX_USERS:
        raise ConfigError(
            f"{origin}: more than {MAX_USERS:,} users cannot be priced", hint="lower `scales`, `users_now` or --users"
        )
    for name, table in config.tables.items():
        wrong = undeclared_index(table.index, table.pattern)
        if wrong is not None:
            place, problem = wrong
            raise ConfigError(f"{origin}: {problem} - at `tables.{name}.{place}`", hint=f"add a [[tables.{name}.index]]")


def _projection(config: Config, prices: PriceSheet, users: int, *, free_tier: bool) -> Projection:
    lines: list[CostLine] = []
    free = dict.fromkeys(("storage", "capacity-reads", "capacity-writes"), Decimal(0))
    for name, table in config.tables.items():
        for quantity in quantities(table, users=users, days=config.model.days, active=config.model.active):
            lines.append(_line(name, table, quantity, prices))
            kind = quantity.component.removeprefix("index-")
            if kind in free and table.table_class == "STANDARD":
                free[kind] += quantity.amount or 0
    if free_tier:
        lines += free_lines(free, prices)
    monthly = total(lines) if any(line.monthly_usd is not None for line in lines) else None
    return Projection(
        users=users,
        monthly_usd=monthly,
        lines=tuple(lines),
        complete=is_complete(lines),
        per_user_usd=None if monthly is None else (monthly / users).quantize(MONEY_STEP),
        storage=tuple(_stored(name, table, users) for name, table in config.tables.items()),
    )


def _line(name: str, table: TableModel, quantity: Quantity, prices: PriceSheet) -> CostLine:
    # NOTE: written out and not by way of `bill.priced`, which copies the line: a design of a thousand tables makes tens of thousands.
    price = prices.price(_price_key(quantity.component, table.table_class))
    amount = None if quantity.amount is None else quantity.amount.quantize(QUANTITY_STEP)
    return CostLine(
        table=name,
        index=quantity.index,
        component=quantity.component,
        quantity=amount,
        unit=PRICE_KEYS[quantity.component][1],
        unit_price_usd=None if price is None else price.usd,
        monthly_usd=None if price is None or amount is None else (amount * price.usd).quantize(MONEY_STEP),
        basis="declared",
        per_user=quantity.grows,
        note=quantity.note if price is not None or quantity.note else f"no price is known in {prices.region}",
    )


@cache
def _price_key(component: str, table_class: str) -> str:
    return PRICE_KEYS[component][0].format(table_class=CLASS_KEYS[table_class])


def _assumptions(config: Config, prices: PriceSheet, *, free_tier: bool) -> Iterator[str]:
    model = config.model
    yield "every size and request is as declared, nothing was measured"
    yield f"requests are those of {model.days} days, provisioned capacity that of {HOURS_PER_MONTH} hours"
    yield "a GB is 2^30 bytes"
    if model.active != 1:
        yield f"{Decimal(model.active) * 100:f} % of the users are active on a day"
    yield about_free_tier(prices, free_tier=free_tier)
    scans = [
        pattern.name
        for table in config.tables.values()
        for pattern in table.pattern
        if pattern.op == "Scan" and pattern.items is None
    ]
    if scans:
        yield f"a Scan without `items` is taken to read 1 item: {', '.join(scans)}"
    if any(table.growth for table in config.tables.values()):
        yield "items are priced at the size that they have now: `growth` is not"
    if any(table.billing_mode == "PROVISIONED" for table in config.tables.values()):
        yield "provisioned capacity stays as declared, whether or not it is enough for the requests"


# ------------------------------------------------------------------------------------------------------------ quantities


def quantities(table: TableModel, *, users: int, days: int, active: Number) -> Iterator[Quantity]:
    """Everything that is billed for a declared table at `users` users, without what is 0."""
    for quantity in (
        *_storage(table, users),
        *(_capacity(table) if table.billing_mode == "PROVISIONED" else _requests(table, users, Decimal(active) * days * users)),
    ):
        if quantity.amount is None or quantity.amount:
            yield quantity


def item_count(table: TableModel, users: int) -> Decimal | None:
    """The items of the table; None: not declared."""
    if table.items is not None:
        return Decimal(table.items)
    return None if table.items_per_user is None else Decimal(table.items_per_user) * users


def entry_size(table: TableModel, index: IndexModel) -> int | None:
    """Bytes of an entry without overhead: as declared, else the item (ALL) or the sum of what the index holds; None: not declared."""
    if index.entry_bytes is not None:
        return index.entry_bytes
    if index.projection == "ALL":
        return table.item_bytes
    held = {*table.key, *index.key, *index.attributes}
    if not table.key or not held <= table.attributes.keys():
        return None
    return sum(table.attributes[name] for name in held)


def _no_entry_size(table: TableModel, index: IndexModel) -> str:
    if index.projection == "ALL":
        return NO_SIZE
    missing = sorted({*table.key, *index.key, *index.attributes} - table.attributes.keys())
    wanted = "the key of the table" if not table.key else f"the sizes of {', '.join(missing)}"
    return f"`entry_bytes` is not declared, nor {wanted} to compute it from"


def _storage(table: TableModel, users: int) -> Iterator[Quantity]:
    items, grows = item_count(table, users), table.items is None
    stored = _gigabytes(items, table.item_bytes)
    note = "" if stored is not None else NO_COUNT if items is None else NO_SIZE
    yield Quantity(component="storage", amount=stored, grows=grows, note=note)
    for index in table.index:
        size = entry_size(table, index)
        entries = None if items is None else items * Decimal(index.share)
        amount = _gigabytes(entries, size)
        unknown = "" if amount is not None else NO_COUNT if entries is None else _no_entry_size(table, index)
        yield Quantity(component="index-storage", index=index.name, amount=amount, grows=grows, note=unknown)
    if table.pitr:
        yield Quantity(component="pitr", amount=stored, grows=grows, note=note)


def _gigabytes(count: Decimal | None, size_bytes: int | None) -> Decimal | None:
    if count is not None and not count:
        return Decimal(0)
    return None if count is None or size_bytes is None else count * (size_bytes + BILLED_OVERHEAD_BYTES) / GB


def _stored(name: str, table: TableModel, users: int) -> StorageAtScale:
    items = item_count(table, users)
    sizes = [(entry_size(table, index), Decimal(index.share)) for index in table.index]
    known = [size * share for size, share in sizes if size is not None]
    return StorageAtScale(
        table=name,
        items=None if items is None else int(items),
        table_bytes=None if items is None or table.item_bytes is None else int(items * table.item_bytes),
        index_bytes=None if items is None or len(known) < len(sizes) else int(items * sum(known, Decimal(0))),
    )


def _capacity(table: TableModel) -> Iterator[Quantity]:
    for prefix, name, rcu, wcu in (
        ("", None, table.rcu, table.wcu),
        *(("index-", index.name, index.rcu, index.wcu) for index in table.index),
    ):
        for kind, key, units in (("reads", "rcu", rcu), ("writes", "wcu", wcu)):
            yield Quantity(
                component=f"{prefix}capacity-{kind}",
                index=name,
                amount=None if units is None else Decimal(units) * HOURS_PER_MONTH,
                grows=False,
                note="" if units is not None else f"`{key}` is not declared",
            )


def _requests(table: TableModel, users: int, user_days: Decimal) -> Iterator[Quantity]:
    if not table.pattern:
        yield from _plain_requests(table, user_days)
        return
    reads = [pattern for pattern in table.pattern if pattern.is_read]
    writes = [pattern for pattern in table.pattern if not pattern.is_read]

    def read_by(index: str | None, size: int | None, unknown: str) -> Iterator[tuple[Pattern, Decimal | str]]:
        return ((pattern, _read(pattern, size, unknown, users)) for pattern in reads if pattern.index == index)

    yield _sum("reads", None, read_by(None, table.item_bytes, NO_SIZE), user_days)
    yield _sum("writes", None, ((pattern, _table_write(pattern, table, users)) for pattern in writes), user_days)
    for index in table.index:
        of_index = read_by(index.name, entry_size(table, index), _no_entry_size(table, index))
        yield _sum("index-reads", index.name, of_index, user_days)
        arms = [(pattern, _index_write(pattern, table, index, users)) for pattern in writes]
        yield _sum("index-writes", index.name, arms, user_days)


def _sum(component: str, index: str | None, calls: Iterable[tuple[Pattern, Decimal | str]], user_days: Decimal) -> Quantity:
    """All patterns of one line together, each with the units of one call; one that is not known makes the line not known."""
    amount, faster = Decimal(0), []
    for pattern, units in calls:
        unknown = units if isinstance(units, str) else f"`calls` of pattern {pattern.name!r} is not declared"
        if isinstance(units, str) or (units and pattern.calls is None):
            return Quantity(component=component, index=index, amount=None, note=unknown)
        amount += units * Decimal(pattern.calls or 0) * user_days
        if pattern.grows_faster and pattern.calls:
            faster.append(repr(pattern.name))
    note = f"grows with the square of the users, because each call reads more: {', '.join(faster)}" if faster else ""
    return Quantity(component=component, index=index, amount=amount, note=note)


def _plain_requests(table: TableModel, user_days: Decimal) -> Iterator[Quantity]:
    """Requests that are declared without patterns: eventually consistent reads of an item, and writes of which nothing more is known."""
    size = table.item_bytes

    def quantity(component: str, calls: Number | None, units: Decimal | None, note: str, index: str | None = None) -> Quantity:
        known = calls is not None and units is not None
        amount = Decimal(calls) * units * user_days if calls is not None and units is not None else None
        reason = "no pattern is declared" if calls is None else note
        return Quantity(component=component, index=index, amount=amount, note="" if known else reason)

    yield quantity("reads", table.reads_per_user_day, None if size is None else read_units(size), NO_SIZE)
    yield quantity("writes", table.writes_per_user_day, None if size is None else write_units(size), NO_SIZE)
    for index in table.index:
        entry = entry_size(table, index) if index.projection == "ALL" else None
        units = None if entry is None else write_units(entry) * Decimal(index.share)
        note = NO_SIZE if index.projection == "ALL" else "what the writes set is not declared"
        yield quantity("index-writes", table.writes_per_user_day, units, note, index.name)


# ------------------------------------------------------------------------- units of one call, or a sentence why not known


def _read(pattern: Pattern, size_bytes: int | None, unknown: str, users: int) -> Decimal | str:
    """Read units of one call, of a table or an index whose items or entries have `size_bytes`."""
    items = Decimal(pattern.items_at(users))
    if size_bytes is None:
        return unknown
    consistency = Consistency.STRONG if pattern.consistent else Consistency.EVENTUAL
    if pattern.op in COLLECTION_READS:
        return collection_units(items if pattern.limit is None else min(items, Decimal(pattern.limit)), size_bytes, consistency)
    if pattern.op == "GetItem":  # what is not there takes a step too
        return items * page_units(size_bytes, consistency) + (1 - items) * page_units(0, consistency)
    return items * page_units(size_bytes, Consistency.TRANSACTIONAL if pattern.op == "TransactGetItems" else consistency)


def collection_units(items: Decimal, size_bytes: int, consistency: Consistency = Consistency.EVENTUAL) -> Decimal:
    """Read units of a Query or Scan that reads `items` (a mean may be a fraction) of `size_bytes`: each page is rounded up once."""
    if not size_bytes:
        return page_units(0, consistency)
    items_a_page = -(-PAGE_BYTES // size_bytes)
    pages = items // items_a_page
    rest = (items - pages * items_a_page) * size_bytes
    full = pages * page_units(items_a_page * size_bytes, consistency)
    return full + page_units(rest.to_integral_value(ROUND_CEILING), consistency) if rest or not pages else full


def _table_write(pattern: Pattern, table: TableModel, users: int) -> Decimal | str:
    """Write units of one call in the table."""
    if table.item_bytes is None:
        return NO_SIZE
    factor = TRANSACTION_FACTOR if pattern.op == "TransactWriteItems" else 1
    return factor * Decimal(pattern.items_at(users)) * write_units(table.item_bytes)


def _index_write(pattern: Pattern, table: TableModel, index: IndexModel, users: int) -> Decimal | str:
    """Write units of one call in one index; those of a transaction are not doubled there."""
    written = _entry_writes(pattern, table, index)
    if written is None:
        return f"`sets` of pattern {pattern.name!r} is not declared"
    writes = written * Decimal(index.share) * Decimal(pattern.items_at(users))
    if not writes:
        return Decimal(0)
    size = entry_size(table, index)
    if size is None:
        return _no_entry_size(table, index)
    return writes * write_units(size)


def _entry_writes(pattern: Pattern, table: TableModel, index: IndexModel) -> Decimal | None:
    """How often one written item writes its entry, on average, when it has one; None: it depends on `sets`, which is left out."""
    if not pattern.updates:
        return Decimal(1)  # a new entry, or the end of one
    changed = set(pattern.sets)
    if not changed and index.projection != "ALL":
        return None
    projected = index.projection == "ALL" or bool(changed & {*table.key, *index.attributes})
    moved = Decimal(pattern.key_change.get(index.name, 1)) if changed & set(index.key) else Decimal(0)
    return 2 * moved + (1 - moved) * (1 if projected else 0)
