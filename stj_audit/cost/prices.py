"""
Price sheets: AWS's list prices of one region, each with the month it was last confirmed. One TOML file a region in `price_sheets/`.

A price that is missing is "not sold or not known here", never 0.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files

_SHEETS = files("stj_audit.cost").joinpath("price_sheets")


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """`usd` for one unit ("per WRU", "per GB-month"), confirmed in the month `as_of`; `free_monthly`: AWS's free band, None without one."""

    usd: Decimal
    unit: str
    as_of: str
    free_monthly: Decimal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceSheet:
    """The prices of one region by key, such as "on_demand.standard.write_request_unit"; empty for a region that is not known."""

    region: str
    source: str
    prices: Mapping[str, Price]

    def price(self, key: str) -> Price | None:
        """The price, or None when it is not sold or not known in this region."""
        return self.prices.get(key)


@cache
def bundled_sheet(region: str) -> PriceSheet:
    """The bundled sheet of a region; one without prices when there is none ("ddblocal", a new region)."""
    sheet = _SHEETS.joinpath(f"{region}.toml")
    if region not in bundled_regions():
        return PriceSheet(region=region, source="no price sheet for this region", prices={})
    raw = tomllib.loads(sheet.read_text(encoding="utf-8"), parse_float=Decimal)
    prices = {
        key: Price(
            usd=row["usd"],
            unit=row["unit"],
            as_of=row["as_of"],
            free_monthly=Decimal(row["free_monthly"]) if "free_monthly" in row else None,
        )
        for key, row in raw["prices"].items()
    }
    return PriceSheet(region=raw["region"], source=raw["source"], prices=prices)


@cache
def bundled_regions() -> tuple[str, ...]:
    """The regions that have a bundled sheet."""
    return tuple(sorted(sheet.name.removesuffix(".toml") for sheet in _SHEETS.iterdir() if sheet.name.endswith(".toml")))


def about_age(as_of: str | None, *, today: date, max_age_months: int) -> str | None:
    """A sentence that warns of prices last confirmed more than `max_age_months` ago; None while they are younger, or not known."""
    if as_of is None:
        return None
    year, month = map(int, as_of.split("-"))
    age = (today.year - year) * 12 + today.month - month
    if age <= max_age_months:
        return None
    return f"the oldest of the prices used was last confirmed in {as_of}, {age} months ago: use --prices live, or a newer version"
