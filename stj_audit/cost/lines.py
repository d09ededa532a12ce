"""
A monthly quantity, and the line of the bill that it makes at a price.

A quantity or a price that is not known stays not known: its line has no amount, takes no part in sums, and makes the bill incomplete.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from types import MappingProxyType

from stj_audit.cost.prices import PriceSheet
from stj_audit.facts import TableClass
from stj_audit.report import CostLine, GrowthParts

GB = 2**30  # AWS bills binary gigabytes under the name GB; its own tools disagree on this by 7.4 %
HOURS_PER_MONTH = 730  # AWS Pricing Calculator
DAYS_PER_MONTH = Decimal(HOURS_PER_MONTH) / 24
QUANTITY_STEP = Decimal("0.000001")
MONEY_STEP = Decimal("0.00000001")  # far below a cent, so that sums of many lines stay right to the cent
DIGITS = 60  # of every calculation: with the bounds of `design`, each product of declared numbers is exact

CLASS_KEYS: Mapping[TableClass, str] = MappingProxyType({"STANDARD": "standard", "STANDARD_INFREQUENT_ACCESS": "ia"})
PRICE_KEYS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {  # component -> key in the price sheet, and the unit that a line shows
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
        "replicated-capacity-writes": ("provisioned.{table_class}.rwcu_hour", "rWCU-hour"),
        "pitr": ("backup.pitr.gb_month", "GB-month"),
        "backup": ("backup.on_demand.gb_month", "GB-month"),
        "restore": ("backup.restore.gb", "GB"),
        "export": ("export.full.gb", "GB"),
        "incremental-export": ("export.incremental.gb", "GB"),
        "import": ("import.gb", "GB"),
        "streams": ("streams.read_request", "GetRecords request"),
        "alarms": ("cloudwatch.alarm_month", "alarm-month"),
    }
)
STORAGE = ("storage", "index-storage")
ALL_TABLES = ""  # the table of a line that is no single table's

# Prices that AWS's list for DynamoDB does not have: CloudWatch, standard resolution, us-east-1, as of 2025-09.
OTHER_PRICES: Mapping[str, Decimal] = MappingProxyType({"cloudwatch.alarm_month": Decimal("0.10")})

CONSTANT, LINEAR, SUPER_LINEAR = "constant", "linear", "super-linear"


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantity:
    """
    A monthly quantity of one component; `amount` None: not known, and `note` says why.

    `growth` says how it grows with the users; of one that grows in several ways `super_linear` is the part that grows with their square,
    and `constant` the one that stays.
    `free`: whatever the quantity, it is not billed. `region`, `table`: where the line is another region's, or another table's.
    """

    component: str
    amount: Decimal | None
    index: str | None = None
    growth: str = LINEAR
    basis: str = "declared"
    note: str = ""
    super_linear: Decimal = Decimal(0)
    constant: Decimal = Decimal(0)
    free: bool = False
    region: str | None = None
    table: str | None = None


def priced(quantity: Quantity, table: str, table_class: TableClass, prices: PriceSheet) -> CostLine:
    """The line of a quantity: without an amount, and with a note, where the quantity or its price is not known."""
    usd = unit_price(quantity.component, table_class, prices)
    amount = None if quantity.amount is None else quantity.amount.quantize(QUANTITY_STEP)
    note = quantity.note
    if usd is None and not note:
        note = f"no price is known in {prices.region}"
    monthly = None if usd is None or amount is None else (amount * usd).quantize(MONEY_STEP)
    return CostLine(
        table=table if quantity.table is None else quantity.table,
        index=quantity.index,
        component=quantity.component,
        quantity=amount,
        unit=PRICE_KEYS[quantity.component][1],
        unit_price_usd=usd,
        monthly_usd=Decimal(0) if quantity.free and monthly is not None else monthly,
        basis=quantity.basis,
        per_user=quantity.growth != CONSTANT,
        note=note,
        growth=quantity.growth,
        region=quantity.region,
    )


def unit_price(component: str, table_class: TableClass, prices: PriceSheet) -> Decimal | None:
    """US dollars for a unit of the component; None: not sold or not known."""
    key = price_key(component, table_class)
    price = prices.prices.get(key)
    if price is not None:
        return price.usd
    return OTHER_PRICES.get(key) if prices.prices else None


def at_price(line: CostLine, prices: PriceSheet, key: str) -> CostLine:
    """The line at the price `key`: without an amount, and with a note, where the price or the quantity is not known."""
    price = prices.price(key)
    if price is None:
        note = line.note or f"no price is known in {prices.region}"
        return replace(line, unit_price_usd=None, monthly_usd=None, note=note)
    amount = None if line.quantity is None else (line.quantity * price.usd).quantize(MONEY_STEP)
    return replace(line, unit_price_usd=price.usd, monthly_usd=amount)


@cache
def price_key(component: str, table_class: TableClass) -> str:
    """The key in a price sheet of what a component is billed by."""
    return PRICE_KEYS[component][0].format(table_class=CLASS_KEYS[table_class])


def depends_on_class(component: str) -> bool:
    """Whether the price of the component depends on the table class; that of PITR and of backups does not."""
    return "{table_class}" in PRICE_KEYS[component][0]


def total(lines: Iterable[CostLine]) -> Decimal:
    """The sum of the lines that are known."""
    return sum((line.monthly_usd for line in lines if line.monthly_usd is not None), Decimal(0))


def sum_or_none(lines: Sequence[CostLine]) -> Decimal | None:
    """The sum of the lines that are known; None when none is."""
    return total(lines) if any(line.monthly_usd is not None for line in lines) else None


def is_complete(lines: Iterable[CostLine]) -> bool:
    """Whether every line is known."""
    return all(line.monthly_usd is not None for line in lines)


def oldest_price(lines: Iterable[tuple[CostLine, TableClass]], prices: PriceSheet) -> str | None:
    """The oldest month in which one of the prices used was confirmed; None when none of them is known."""
    keys = {price_key(line.component, table_class) for line, table_class in lines if line.component in PRICE_KEYS}
    return min((price.as_of for price in map(prices.price, keys) if price is not None), default=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class PricedLine:
    """A line of the bill, with what of it, in US dollars, stays as it is and what grows with the square of the users."""

    line: CostLine
    constant_usd: Decimal
    super_linear_usd: Decimal


def growth_parts(priced_lines: Iterable[PricedLine], free: Iterable[CostLine] = ()) -> GrowthParts:
    """A bill by how it grows; `free` are the lines of the free tier."""
    found = list(priced_lines)
    constant = sum((one.constant_usd for one in found), Decimal(0))
    faster = sum((one.super_linear_usd for one in found), Decimal(0))
    linear = total(one.line for one in found) - constant - faster
    return GrowthParts(constant_usd=constant, linear_usd=linear, super_linear_usd=faster, free_usd=total(free))
