"""Values as people read them. None is "not known" everywhere: never blank, never 0. KB, MB and GB are powers of 1024."""

from datetime import date, datetime
from decimal import Decimal

NOT_KNOWN = "not known"
SIZE_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")
WHOLE_DOLLARS_FROM = 100  # cents tell nothing beside hundreds of dollars
PER_MILLION_BELOW = Decimal("0.0001")  # a price per request is read per million requests

Number = int | float | Decimal


def usd(amount: Number | None) -> str:
    """Money: "$0.05", "$1,347", "less than $0.01"."""
    if amount is None:
        return NOT_KNOWN
    value = Decimal(str(amount))
    sign, value = ("-", -value) if value < 0 else ("", value)
    if 0 < value < Decimal("0.01"):
        return f"{sign}less than $0.01" if not sign else "between -$0.01 and $0.00"
    return f"{sign}${value:,.0f}" if value >= WHOLE_DOLLARS_FROM else f"{sign}${value:,.2f}"


def usd_fine(amount: Number | None) -> str:
    """Small money, to two significant digits: "$0.0011"; from one cent on as `usd`."""
    if amount is None:
        return NOT_KNOWN
    value = Decimal(str(amount))
    if value == 0 or abs(value) >= Decimal("0.01"):
        return usd(value)
    return f"${_plain(Decimal(f'{value:.1e}'))}"


def unit_price(price: Decimal | None, unit: str) -> str:
    """A list price: "$0.1345 per million read request units", "$0.269 per GB-month"."""
    if price is None:
        return NOT_KNOWN
    bare = unit.removeprefix("per ")
    if 0 < price < PER_MILLION_BELOW:
        return f"${_plain(price * 1_000_000)} per million {bare}"
    return f"${_plain(price)} per {bare}"


def _plain(value: Decimal) -> str:
    """No exponent, no trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def size(size_bytes: Number | None) -> str:
    """Bytes: "512 B", "387.0 KB", "1.2 GB"."""
    if size_bytes is None:
        return NOT_KNOWN
    value = float(size_bytes)
    if value < 1024:
        return f"{value:,.0f} B"
    power = 0
    while value >= 1023.95 and power < len(SIZE_UNITS) - 1:
        value /= 1024
        power += 1
    return f"{value:,.1f} {SIZE_UNITS[power]}"


def count(number: Number | None) -> str:
    """A number of things: "1,234"."""
    return NOT_KNOWN if number is None else f"{number:,.0f}"


def quantity(number: Decimal | None) -> str:
    """A priced quantity: whole above 100, else to three significant digits: "3,040,000", "0.0124"."""
    if number is None:
        return NOT_KNOWN
    if number == 0 or abs(number) >= 100:
        return f"{number:,.0f}"
    return _plain(Decimal(f"{number:.2e}"))


def percent(share: Number | None) -> str:
    """A share of 0 to 1: "38%", "0.4%", "less than 0.1%". Never "100%" for less than all, never "0%" for more than nothing."""
    if share is None:
        return NOT_KNOWN
    value = float(share) * 100
    if value in (0, 100):
        return f"{value:.0f}%"
    if 0 < value < 0.1:
        return "less than 0.1%"
    if 0 < value < 1 or 99 < value < 100:
        return f"{min(value, 99.9):.1f}%"
    return f"{value:.0f}%"


def on_date(when: date | datetime | None) -> str:
    """A day: "22 November 2026"."""
    return NOT_KNOWN if when is None else f"{when.day} {when:%B %Y}"


def at_time(when: datetime | None) -> str:
    """A moment in UTC: "22 November 2026, 06:00 UTC"."""
    return NOT_KNOWN if when is None else f"{on_date(when)}, {when:%H:%M} UTC"


def known(value: object) -> object:
    """The value, or "not known" for None and for empty text."""
    return NOT_KNOWN if value is None or value == "" else value


def users(number: int | None) -> str:
    """A number of users: "10,000 users", "1 user"."""
    if number is None:
        return "an unknown number of users"
    return f"{number:,} user" + ("" if number == 1 else "s")


def plural(number: int, one: str, many: str = "") -> str:
    """ "1 table", "3 tables"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def sentence(text: str) -> str:
    """Text with a full stop at its end. No capital at its start: it may start with the name of a table."""
    bare = text.strip()
    return bare if not bare or bare[-1] in ".!?:…" else bare + "."
