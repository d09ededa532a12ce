"""
What a table costs: its monthly lines now and at any user count, and what a change to the table would save of them.

Quantities come from what was measured: item sizes and index entries with the overhead that AWS bills, CloudWatch's consumed units over the
covered days. Where there is no traffic to measure, requests per user and day may be declared. What is not known stays not known: its line has
no amount, takes no part in sums, and makes the bill incomplete.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from stj_audit.config import TableModel
from stj_audit.cost.prices import PriceSheet
from stj_audit.cost.units import read_units, write_units
from stj_audit.design import Number
from stj_audit.facts import BILLED_OVERHEAD_BYTES, Flow, Index, Table, TableFacts, Unknown
from stj_audit.report import CostLine
from stj_audit.results import Change, NarrowIndex, RemoveIndex, RemoveTable, Severity, UseTableClass

GB = 2**30  # AWS bills binary gigabytes under the name GB; its own tools disagree on this by 7.4 %
HOURS_PER_MONTH = 730  # AWS Pricing Calculator
DAYS_PER_MONTH = Decimal(HOURS_PER_MONTH) / 24
GLOBAL_TABLE_OVERHEAD_BYTES = 48  # AWS developer guide, "DynamoDB Item sizes and formats": for each item of a global table
QUANTITY_STEP = Decimal("0.000001")
MONEY_STEP = Decimal("0.00000001")  # far below a cent, so that sums of many lines stay right to the cent

CLASS_KEYS = {"STANDARD": "standard", "STANDARD_INFREQUENT_ACCESS": "ia"}
PRICE_KEYS = {  # component -> key in the price sheet, and the unit that a line shows
    "storage": ("storage.{table_class}.gb_month", "GB-month"),
    "index-storage": ("storage.{table_class}.gb_month", "GB-month"),
    "reads": ("on_demand.{table_class}.read_request_unit", "read request unit"),
    "writes": ("on_demand.{table_class}.write_request_unit", "write request unit"),
    "index-reads": ("on_demand.{table_class}.read_request_unit", "read request unit"),
    "index-writes": ("on_demand.{table_class}.write_request_unit", "write request unit"),
    "capacity-reads": ("provisioned.{table_class}.rcu_hour", "RCU-hour"),
    "capacity-writes": ("provisioned.{table_class}.wcu_hour", "WCU-hour"),
    "index-capacity-reads": ("provisioned.{table_class}.rcu_hour", "RCU-hour"),
    "index-capacity-writes": ("provisioned.{table_class}.wcu_hour", "WCU-hour"),
    "replicated-writes": ("on_demand.{table_class}.replicated_write_request_unit", "replicated write request unit"),
    "pitr": ("backup.pitr.gb_month", "GB-month"),
    "backup": ("backup.on_demand.gb_month", "GB-month"),
}

# How bad unsaved money is: by its share of the table's bill, and at most so bad as its amount allows.
SEVERITY_BY_SHARE = ((Decimal("0.25"), Severity.HIGH), (Decimal("0.10"), Severity.MEDIUM), (Decimal(0), Severity.LOW))
MEDIUM_AT_MOST_BELOW_FLOORS = 10  # below ten times the floor (USD 50 at the default of USD 5) at most medium


@dataclass(frozen=True, kw_only=True, slots=True)
class TableBill:
    """
    The monthly lines of one table at the user count that it is judged for (today's when the number of users is not known).

    Lines whose quantity or price is not known have `monthly_usd` None and take no part in sums.
    """

    table: Table
    lines: tuple[CostLine, ...]
    prices: PriceSheet
    currency_floor_usd: Decimal = Decimal(5)

    @property
    def monthly_usd(self) -> Decimal:
        """The sum of the known lines."""
        return total(self.lines)

    def saving(self, change: Change) -> Decimal | None:
        """US dollars a month that `change` saves, by re-pricing; negative when it costs more; None when a line it needs is not known."""
        changed = apply_change(self.lines, change, self.prices)
        return None if changed is None else self.monthly_usd - total(changed)

    def severity(self, saving_usd: Decimal) -> Severity:
        """How bad it is to leave `saving_usd` a month unsaved: by its share of the bill, held down by its amount."""
        share = saving_usd / self.monthly_usd if self.monthly_usd else Decimal(0)
        by_share = next((severity for least, severity in SEVERITY_BY_SHARE if share >= least), Severity.LOW)
        if saving_usd < self.currency_floor_usd:
            return min(by_share, Severity.LOW)
        if saving_usd < self.currency_floor_usd * MEDIUM_AT_MOST_BELOW_FLOORS:
            return min(by_share, Severity.MEDIUM)
        return by_share


def total(lines: Iterable[CostLine]) -> Decimal:
    """The sum of the lines that are known."""
    return sum((line.monthly_usd for line in lines if line.monthly_usd is not None), Decimal(0))


def is_complete(lines: Iterable[CostLine]) -> bool:
    """Whether every line is known."""
    return all(line.monthly_usd is not None for line in lines)


def apply_change(lines: tuple[CostLine, ...], change: Change, prices: PriceSheet) -> tuple[CostLine, ...] | None:
    """The lines of a table after `change`; None when what the change is about is not known."""
    match change:
        case RemoveTable():
            gone = tuple(line for line in lines if line.component != "backup")  # on-demand backups outlive their table
        case RemoveIndex(index=index):
            gone = tuple(line for line in lines if line.index == index)
        case UseTableClass(table_class=table_class):
            changed = tuple(_at_class(line, CLASS_KEYS[table_class], prices) for line in lines)
            return changed if is_complete(line for line in changed if depends_on_class(line)) else None
        case NarrowIndex(index=index):
            return _narrowed(lines, index)
    if all(line.monthly_usd is None for line in gone):
        return None
    return tuple(line for line in lines if line not in gone)


def _narrowed(lines: tuple[CostLine, ...], index: str) -> tuple[CostLine, ...] | None:
    """The index is no longer written and stores next to nothing; each of its reads is followed by one from the table."""
    writes = ("index-writes", "index-capacity-writes")
    if any(line.index == index and line.monthly_usd is None for line in lines):
        return None
    more_reads = sum((line.quantity or 0 for line in lines if line.index == index and line.component == "index-reads"), Decimal(0))
    if not any(line.index == index and line.component in writes for line in lines):
        return None
    narrowed = []
    for line in lines:
        if line.index == index and line.component in (*writes, "index-storage"):
            continue
        if line.index is None and line.component == "reads" and line.quantity is not None and line.unit_price_usd is not None:
            quantity = line.quantity + more_reads
            narrowed.append(replace(line, quantity=quantity, monthly_usd=(quantity * line.unit_price_usd).quantize(MONEY_STEP)))
        else:
            narrowed.append(line)
    return tuple(narrowed)


def saved_by(lines: tuple[CostLine, ...], changes: Iterable[Change], prices: PriceSheet) -> Decimal:
    """
    What the changes to one table save together, in US dollars a month.

    Each is applied to what the ones before it left, so that no line is saved twice; a change that saves nothing is left out.
    """
    left = lines
    for change in changes:
        changed = apply_change(left, change, prices)
        if changed is not None and total(changed) < total(left):
            left = changed
    return total(lines) - total(left)


def depends_on_class(line: CostLine) -> bool:
    """Whether the price of the line depends on the table class; that of PITR and of backups does not."""
    return "{table_class}" in PRICE_KEYS[line.component][0]


def _at_class(line: CostLine, table_class: str, prices: PriceSheet) -> CostLine:
    key, _ = PRICE_KEYS[line.component]
    if not depends_on_class(line):
        return line
    return priced(line, prices, key.format(table_class=table_class))


def priced(line: CostLine, prices: PriceSheet, key: str) -> CostLine:
    """The line at the price `key`: without an amount, and with a note, when the price or the quantity is not known."""
    price = prices.price(key)
    if price is None:
        note = line.note or f"no price is known in {prices.region}"
        return replace(line, unit_price_usd=None, monthly_usd=None, note=note)
    amount = None if line.quantity is None else (line.quantity * price.usd).quantize(MONEY_STEP)
    return replace(line, unit_price_usd=price.usd, monthly_usd=amount)


# ---------------------------------------------------------------------------------------------------------- quantities


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """
    A monthly quantity of one component, before it is priced.

    `now` is today's. `each_user` is one user's part when it was declared; otherwise a quantity that `grows` is scaled from `now`.
    """

    component: str
    now: Decimal | None
    index: str | None = None
    grows: bool = True
    each_user: Decimal | None = None
    basis: str = "measured"
    note: str = ""

    def at(self, users: int, users_now: int | None) -> Decimal | None:
        """The quantity at `users` users; None when it cannot be known."""
        if self.each_user is not None:
            return self.each_user * users
        if self.now is None or not self.grows:
            return self.now
        return None if users_now is None else self.now * users / users_now


def table_usage(facts: TableFacts, model: TableModel, *, users_now: int | None, days: int = 30) -> tuple[Usage, ...]:
    """Everything that is billed for a table. `model` is what is declared of it, and `days` the days of a declared month."""
    requests = _provisioned(facts.table) if facts.table.billing_mode == "PROVISIONED" else _on_demand(facts, model, users_now, days)
    return (*_storage(facts, model), *requests, *_replicas(facts.table))


def lines_now(table: Table, usage: Iterable[Usage], prices: PriceSheet) -> tuple[CostLine, ...]:
    """What the table costs today."""
    return tuple(_line(table, used, used.now, prices) for used in usage)


def lines_at(
    table: Table, usage: Iterable[Usage], prices: PriceSheet, *, users: int, users_now: int | None
) -> tuple[CostLine, ...]:
    """What the table costs with `users` users: linear in the users, and constant where nothing grows."""
    return tuple(_line(table, used, used.at(users, users_now), prices) for used in usage)


def _line(table: Table, used: Usage, quantity: Decimal | None, prices: PriceSheet) -> CostLine:
    key, unit = PRICE_KEYS[used.component]
    note = used.note
    if quantity is None and not note:
        note = "not known how many users there are now"
    line = CostLine(
        table=table.name,
        index=used.index,
        component=used.component,
        quantity=None if quantity is None else quantity.quantize(QUANTITY_STEP),
        unit=unit,
        unit_price_usd=None,
        monthly_usd=None,
        basis=used.basis,
        per_user=used.grows,
        note=note,
    )
    return priced(line, prices, key.format(table_class=CLASS_KEYS[table.table_class]))


def stored_bytes(facts: TableFacts) -> tuple[int, int] | None:
    """(items, bytes) of the table without overhead: of the items when all were read, else as DescribeTable says; None: not known."""
    items = facts.items
    if not isinstance(items, Unknown) and items.coverage == "full":
        return items.scanned, items.scanned_bytes
    return _described(facts.table.item_count, facts.table.size_bytes)


def stored_index_bytes(facts: TableFacts, index: Index) -> tuple[int, int] | None:
    """(entries, bytes) of an index without overhead; None: not known."""
    items = facts.items
    if not isinstance(items, Unknown) and items.coverage == "full":
        entries = items.index_entries(index.name)
        if entries is not None:
            return entries.entries, entries.total_bytes
    return _described(index.item_count, index.size_bytes)


def _described(count: int | None, size_bytes: int | None) -> tuple[int, int] | None:
    # NOTE: items without bytes is no size but an engine that does not report sizes.
    if count is None or size_bytes is None or (count > 0 and size_bytes == 0):
        return None
    return count, size_bytes


def _billed_gb(stored: tuple[int, int] | None, overhead_bytes: int) -> Decimal | None:
    return None if stored is None else Decimal(stored[1] + overhead_bytes * stored[0]) / GB


def _storage(facts: TableFacts, model: TableModel) -> Iterable[Usage]:
    table = facts.table
    grows = model.items is None
    overhead = BILLED_OVERHEAD_BYTES + (GLOBAL_TABLE_OVERHEAD_BYTES if table.replicas else 0)
    size_note = "the size of the table is not known"
    table_gb = _billed_gb(stored_bytes(facts), overhead)
    yield Usage(component="storage", now=table_gb, grows=grows, note="" if table_gb is not None else size_note)
    local_gb = Decimal(0)
    for index in table.indexes:
        gb = _billed_gb(stored_index_bytes(facts, index), BILLED_OVERHEAD_BYTES)
        note = "" if gb is not None else "the size of the index is not known"
        yield Usage(component="index-storage", index=index.name, now=gb, grows=grows, note=note)
        if index.kind == "LSI":
            local_gb += gb or 0
    if isinstance(facts.pitr, Unknown):
        yield Usage(component="pitr", now=None, grows=grows, note=f"whether PITR is on is not known: {facts.pitr.reason}")
    elif facts.pitr.enabled:
        pitr_gb = None if table_gb is None else table_gb + local_gb
        yield Usage(component="pitr", now=pitr_gb, grows=grows, note="" if pitr_gb is not None else size_note)
    backups = facts.on_demand_backups
    if isinstance(backups, Unknown):
        yield Usage(component="backup", now=None, grows=False, note=f"on-demand backups are not known: {backups.reason}")
    elif backups.backups:
        sizes = [backup.size_bytes for backup in backups.backups if backup.size_bytes is not None]
        known = len(sizes) == len(backups.backups)
        yield Usage(
            component="backup",
            now=Decimal(sum(sizes)) / GB if known else None,
            grows=False,
            note="" if known else "the size of a backup is not known",
        )


def _on_demand(facts: TableFacts, model: TableModel, users_now: int | None, days: int) -> Iterable[Usage]:
    table = facts.table
    if isinstance(facts.traffic, Unknown):
        if model.reads_per_user_day is not None or model.writes_per_user_day is not None:
            yield from _declared(facts, model, users_now, days)
            return
        note = f"traffic is not known: {facts.traffic.reason}"
        yield Usage(component="reads", now=None, note=note)
        yield Usage(component="writes", now=None, note=note)
        for index in table.global_indexes:
            yield Usage(component="index-reads", index=index.name, now=None, note=note)
            yield Usage(component="index-writes", index=index.name, now=None, note=note)
        return
    days_covered = facts.traffic.covered_days
    yield from _measured(facts.traffic.table, "", None, days_covered)
    for index in table.global_indexes:
        yield from _measured(facts.traffic.indexes.get(index.name, Flow()), "index-", index.name, days_covered)


def _measured(flow: Flow, prefix: str, index: str | None, covered_days: Decimal) -> Iterable[Usage]:
    for kind, units in (("reads", flow.read_units), ("writes", flow.write_units)):
        monthly = None if units is None else units / covered_days * DAYS_PER_MONTH
        note = "" if monthly is not None else "CloudWatch has no datapoint"
        yield Usage(component=f"{prefix}{kind}", index=index, now=monthly, note=note)


def _declared(facts: TableFacts, model: TableModel, users_now: int | None, days: int) -> Iterable[Usage]:
    """Requests as declared: eventually consistent reads of a mean item; writes that touch every index that projects ALL."""
    stored = stored_bytes(facts)
    note = "" if stored is not None and stored[0] else "the mean item size is not known"
    mean_bytes = stored[1] // stored[0] if stored is not None and stored[0] else None

    def usage(component: str, calls: Number | None, units: Decimal | None, index: str | None = None) -> Usage:
        each = None if calls is None or units is None else Decimal(calls) * days * units
        return Usage(
            component=component,
            index=index,
            now=None if each is None or users_now is None else each * users_now,
            each_user=each,
            basis="declared",
            note=note if calls is not None else "not declared",
        )

    yield usage("reads", model.reads_per_user_day, None if mean_bytes is None else read_units(mean_bytes))
    yield usage("writes", model.writes_per_user_day, None if mean_bytes is None else write_units(mean_bytes))
    for index in facts.table.indexes:
        if index.projection == "ALL":
            entries = stored_index_bytes(facts, index)
            units = write_units(entries[1] // entries[0]) if entries is not None and entries[0] else None
            if entries is not None and not entries[0]:
                units = Decimal(0)
            yield usage("index-writes", model.writes_per_user_day, units, index.name)


def _provisioned(table: Table) -> Iterable[Usage]:
    for prefix, index, capacity in (
        ("", None, table.provisioned),
        *(("index-", index.name, index.provisioned) for index in table.global_indexes),
    ):
        reads, writes = (None, None) if capacity is None else (capacity.read_units, capacity.write_units)
        for kind, units in (("reads", reads), ("writes", writes)):
            yield Usage(
                component=f"{prefix}capacity-{kind}",
                index=index,
                now=None if units is None else Decimal(units) * HOURS_PER_MONTH,
                grows=False,  # it follows the users only when someone, or auto scaling, raises it
                note="" if units is not None else "the provisioned capacity is not known",
            )


def _replicas(table: Table) -> Iterable[Usage]:
    others = sorted(replica.region for replica in table.replicas if replica.region != table.region)
    if others:
        note = f"replicas in {', '.join(others)} are billed in their own regions, and are not priced here"
        yield Usage(component="replicated-writes", now=None, note=note)
