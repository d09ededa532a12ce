"""
Bare monthly quantities, priced: reads `usage.toml` and answers with the same `Costs` as an audit does, without an AWS call.

Reading is strict, as that of the configuration: an unknown key, a wrong type or a value out of range is a ConfigError that names the file
and the place. Every amount is a Decimal from the file to the bill.
"""

import difflib
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, cast

import msgspec
from msgspec import Struct

from stj_audit.config import in_toml_words
from stj_audit.cost.free_tier import about_free_tier, free_quantities
from stj_audit.cost.lines import (
    CLASS_KEYS,
    CONSTANT,
    HOURS_PER_MONTH,
    MONEY_STEP,
    PRICE_KEYS,
    at_price,
    is_complete,
    price_key,
    total,
)
from stj_audit.cost.prices import PriceSheet, bundled_regions
from stj_audit.errors import ConfigError
from stj_audit.facts import TableClass
from stj_audit.report import CostLine, Costs, CurrentCost, PriceSource

MAX_QUANTITY = 10**15  # a typing error, not a bill; below it every amount is exact within the 28 digits of Decimal
MAX_HOURS = 744  # the longest month has 31 days
MONTHS = {"1yr": 12, "3yr": 36}  # reserved capacity is sold for these terms: developer guide, "DynamoDB reserved capacity"
RESERVED_BLOCK = 100  # units; same source
UNIT_PRICE_STEP = Decimal("0.0000000001")  # an upfront payment divided by months need not end; shown only, amounts are exact

MONTHLY = {  # what is declared a month -> its component
    "storage_gb": "storage",
    "read_request_units": "reads",
    "write_request_units": "writes",
    "replicated_write_request_units": "replicated-writes",
    "pitr_gb": "pitr",
    "backup_gb": "backup",
    "restore_gb": "restore",
    "export_gb": "export",
    "incremental_export_gb": "incremental-export",
    "import_gb": "import",
    "stream_read_requests": "streams",
}
HOURLY = {"rcu": "capacity-reads", "wcu": "capacity-writes", "rwcu": "replicated-capacity-writes"}  # units, for each hour
RESERVABLE: tuple[Literal["rcu", "wcu"], ...] = ("rcu", "wcu")  # replicated capacity cannot be reserved

Number = int | Decimal  # what TOML has: a float there is read as a Decimal


class Reserved(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`reserved = { term = "1yr", rcu = 100, wcu = 0 }`: capacity units that are paid for whether they are used or not."""

    term: str
    rcu: Number = 0
    wcu: Number = 0

    def __post_init__(self) -> None:
        _choose("term", self.term, tuple(MONTHS))
        _check_quantities(self, RESERVABLE)


class TableUsage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[usage]]`: what one table uses a month; `rcu`, `wcu` and `rwcu` are provisioned units, billed for each hour."""

    name: str = ""
    table_class: str = "STANDARD"
    read_request_units: Number = 0
    write_request_units: Number = 0
    replicated_write_request_units: Number = 0
    rcu: Number = 0
    wcu: Number = 0
    rwcu: Number = 0
    storage_gb: Number = 0
    pitr_gb: Number = 0
    backup_gb: Number = 0
    restore_gb: Number = 0
    export_gb: Number = 0
    incremental_export_gb: Number = 0
    import_gb: Number = 0
    stream_read_requests: Number = 0
    reserved: Reserved | None = None

    def __post_init__(self) -> None:
        _choose("table_class", self.table_class, tuple(CLASS_KEYS))
        _check_quantities(self, (*MONTHLY, *HOURLY))
        if self.reserved is not None and self.table_class != "STANDARD" and any(self.reserves(unit) for unit in RESERVABLE):
            raise ValueError("`reserved` capacity is sold for table class STANDARD only")

    def reserves(self, unit: Literal["rcu", "wcu"]) -> Decimal:
        """The units that are reserved with this table."""
        return Decimal(0) if self.reserved is None else Decimal(getattr(self.reserved, unit))


class UsageFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. `hours` are those of the month, for provisioned capacity."""

    region: str | None = None
    free_tier: bool = False
    hours: Number = HOURS_PER_MONTH
    usage: tuple[TableUsage, ...]

    def __post_init__(self) -> None:
        if not (Decimal(self.hours).is_finite() and 0 < self.hours <= MAX_HOURS):
            raise ValueError(f"`hours` is {self.hours}, and a month has more than 0 and at most {MAX_HOURS}")
        if self.region is not None:
            check_region(self.region)
        if not self.usage:
            raise ValueError("no [[usage]] table: there is nothing to price")


def _choose(key: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ValueError(f"`{key}` is {value!r}; use {' or '.join(allowed)}")


def _check_quantities(struct: Struct, keys: Iterable[str]) -> None:
    for key in keys:
        value = Decimal(getattr(struct, key))
        if not value.is_finite() or value < 0:
            raise ValueError(f"`{key}` is {value}, and a quantity is a number from 0 on")
        if value > MAX_QUANTITY:
            raise ValueError(f"`{key}` is more than {MAX_QUANTITY:,} a month")


def check_region(region: str) -> None:
    """Raise ValueError, with the nearest name, for a region without a price sheet."""
    if region not in bundled_regions():
        nearest = difflib.get_close_matches(region.lower(), bundled_regions(), n=1)
        raise ValueError(f"no prices are known for region {region!r}" + (f"; did you mean {nearest[0]}?" if nearest else ""))


def check_prices(prices: PriceSheet, *, origin: str = "") -> None:
    """Raise ConfigError, with the nearest name, where no price of the region is known."""
    if prices.prices:
        return
    try:
        check_region(prices.region)
    except ValueError as error:
        raise ConfigError(f"{origin}{error}", hint="give a region like eu-north-1") from error


# ------------------------------------------------------------------------------------------------------------- reading


def load_usage(path: Path) -> UsageFile:
    """The usage file at `path`. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", hint="check the path given with --usage") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text", hint="save it as UTF-8") from error
    return parse_usage(text, origin=str(path))


def parse_usage(text: str, *, origin: str) -> UsageFile:
    """A usage file from its TOML. Raises ConfigError that names `origin` and the place."""
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:  # not only TOMLDecodeError: Python refuses whole numbers of thousands of digits
        raise ConfigError(f"{origin} is not valid TOML: {error}", hint="mend the line it names") from error
    return _as_usage(raw, origin)


def _as_usage(raw: dict[str, Any], origin: str) -> UsageFile:
    try:
        # NOTE: told that Decimal is a built-in type, msgspec no longer takes "230" (text) for a number.
        return msgspec.convert(raw, UsageFile, builtin_types=(Decimal,))
    except msgspec.ValidationError as error:
        words = in_toml_words(str(error))
        raise ConfigError(f"{origin}: {words}", hint="see `stj-audit cost --help`") from error


# ------------------------------------------------------------------------------------------------------------- pricing


def price_usage(usage: UsageFile, *, prices: PriceSheet, free_tier: bool) -> Costs:
    """
    What the quantities cost a month at `prices`: a line for each table and component whose quantity is above 0.

    The free tier comes off once, as lines of its own; reserved capacity comes off the provisioned units of all tables together, first off
    those of its own. A price that is not known makes its line, and so the bill, incomplete. Raises ConfigError for an unknown region.
    """
    check_prices(prices)
    hours = Decimal(usage.hours)
    names = [table.name or f"usage {number}" for number, table in enumerate(usage.usage, 1)]
    left = {unit: _not_reserved(usage.usage, unit) for unit in RESERVABLE}
    lines: list[CostLine] = []
    used: set[str] = set()
    for place, (name, table) in enumerate(zip(names, usage.usage, strict=True)):
        quantities = [(component, Decimal(getattr(table, key))) for key, component in MONTHLY.items()]
        for unit, component in HOURLY.items():
            units = left[unit][place] if unit in RESERVABLE else Decimal(getattr(table, unit))
            quantities.append((component, units * hours))
        for component, quantity in quantities:
            if quantity:
                key = price_key(component, cast("TableClass", table.table_class))
                used.add(key)
                lines.append(at_price(_line(name, component, quantity, PRICE_KEYS[component][1]), prices, key))
        for unit in RESERVABLE:
            if table.reserved is not None and table.reserves(unit):
                used |= {f"reserved.{table.reserved.term}.{unit}_upfront", f"reserved.{table.reserved.term}.{unit}_hour"}
                lines += _reserved_lines(name, table.reserved, unit, hours, prices)
    if free_tier:
        lines += _free_lines(usage.usage, left, hours, prices)
    return Costs(
        prices=PriceSource(
            region=prices.region,
            as_of=min((price.as_of for price in map(prices.price, used) if price is not None), default=None),
            source=prices.source,
        ),
        free_tier=free_tier,
        current=CurrentCost(
            monthly_usd=total(lines) if not lines or any(line.monthly_usd is not None for line in lines) else None,
            lines=tuple(lines),
            complete=is_complete(lines),
        ),
        projections=(),
        assumptions=_assumptions(usage, prices, free_tier=free_tier),
    )


def _line(table: str, component: str, quantity: Decimal, unit: str) -> CostLine:
    return CostLine(
        table=table,
        index=None,
        component=component,
        quantity=quantity,
        unit=unit,
        unit_price_usd=None,
        monthly_usd=None,
        basis="declared",
        per_user=False,
        growth=CONSTANT,
    )


def _not_reserved(tables: Sequence[TableUsage], unit: Literal["rcu", "wcu"]) -> list[Decimal]:
    """
    The provisioned units of each table that no reservation covers.

    A reservation belongs to the account and region, not to a table: what its own table leaves unused covers the others of class STANDARD.
    """
    units = [Decimal(getattr(table, unit)) for table in tables]
    spare = Decimal(0)
    for place, table in enumerate(tables):
        covered = min(units[place], table.reserves(unit))
        units[place] -= covered
        spare += table.reserves(unit) - covered
    for place, table in enumerate(tables):
        if table.table_class == "STANDARD":
            covered = min(units[place], spare)
            units[place] -= covered
            spare -= covered
    return units


def _reserved_lines(
    table: str, reserved: Reserved, unit: Literal["rcu", "wcu"], hours: Decimal, prices: PriceSheet
) -> Iterable[CostLine]:
    """The upfront payment spread over the months of its term, and the hourly rate of every unit, used or not."""
    units, months = Decimal(getattr(reserved, unit)), MONTHS[reserved.term]
    component, noun = f"reserved-{HOURLY[unit].removeprefix('capacity-')}", unit.upper()
    blocks = "" if units % RESERVED_BLOCK == 0 else f"; AWS sells blocks of {RESERVED_BLOCK}"
    hourly = at_price(_line(table, component, units * hours, f"{noun}-hour"), prices, f"reserved.{reserved.term}.{unit}_hour")
    upfront = at_price(
        _line(table, f"{component}-upfront", units, f"{noun}-month"), prices, f"reserved.{reserved.term}.{unit}_upfront"
    )
    if upfront.unit_price_usd is not None:
        once = upfront.unit_price_usd
        upfront = replace(
            upfront,
            unit_price_usd=(once / months).quantize(UNIT_PRICE_STEP),
            monthly_usd=(units * once / months).quantize(MONEY_STEP),
            note=f"USD {once * units:,.2f} once, spread over the {months} months of the term{blocks}",
        )
    yield upfront
    yield hourly


def _free_lines(
    tables: Sequence[TableUsage], left: dict[Literal["rcu", "wcu"], list[Decimal]], hours: Decimal, prices: PriceSheet
) -> Iterable[CostLine]:
    standard = [(place, table) for place, table in enumerate(tables) if table.table_class == "STANDARD"]
    return free_quantities(
        {
            "storage": sum((Decimal(table.storage_gb) for _, table in standard), Decimal(0)),
            "capacity-reads": sum((left["rcu"][place] for place, _ in standard), Decimal(0)) * hours,
            "capacity-writes": sum((left["wcu"][place] for place, _ in standard), Decimal(0)) * hours,
            "replicated-capacity-writes": sum((Decimal(table.rwcu) for _, table in standard), Decimal(0)) * hours,
            "streams": sum((Decimal(table.stream_read_requests) for table in tables), Decimal(0)),
        },
        prices,
    )


def _assumptions(usage: UsageFile, prices: PriceSheet, *, free_tier: bool) -> tuple[str, ...]:
    sentences = [f"a month has {usage.hours} hours", "a GB is 2^30 bytes", about_free_tier(prices, free_tier=free_tier)]
    if any(table.reserves(unit) for table in usage.usage for unit in RESERVABLE):
        sentences.append(
            "reserved capacity covers the provisioned units of all tables of class STANDARD, and is paid for used or not"
        )
    return tuple(sentences)
