"""
Values as people read them, for templates: None is "not known" everywhere, never blank and never 0.

How a number reads is said in stj_audit/wording.py, for findings and pages alike; here is what only pages need.
"""

from datetime import date, datetime
from decimal import Decimal

from stj_audit import wording

NOT_KNOWN = "not known"
FINE_BELOW = Decimal("0.1")  # a bill per user is cents: rounded to whole ones it would say too little
PER_MILLION_BELOW = Decimal("0.0001")  # a price per request is read per million requests
COUNTED_UNITS = ("request", "request unit", "CU-hour")  # how the units end of which a million is spoken of in the plural


def usd(amount: Decimal | None) -> str:
    """Money: "$0.05", "$1,347", "less than $0.01"."""
    return NOT_KNOWN if amount is None else wording.dollars(amount)


def usd_fine(amount: Decimal | None) -> str:
    """Small money, to two significant digits: "$0.0011"; from ten cents on as `usd`."""
    if amount is None or amount == 0 or abs(amount) >= FINE_BELOW:
        return usd(amount)
    return _exact_usd(Decimal(f"{amount:.1e}"))


def unit_price(price: Decimal | None, unit: str) -> str:
    """A list price: "$0.1345 per million read request units", "$0.269 per GB-month"."""
    if price is None:
        return NOT_KNOWN
    bare = unit.removeprefix("per ")
    if 0 < price < PER_MILLION_BELOW:
        return f"{_exact_usd(price * 1_000_000)} per million {bare}{'s' if bare.endswith(COUNTED_UNITS) else ''}"
    return f"{_exact_usd(price)} per {bare}"


def _exact_usd(amount: Decimal) -> str:
    """All of its digits, and no single decimal: "$0.269", "$0.10", "$10"."""
    text = _plain(amount)
    return f"${text}0" if text[-2:-1] == "." else f"${text}"


def _plain(value: Decimal) -> str:
    """No exponent, no trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def size(size_bytes: float | Decimal | None) -> str:
    """Bytes: "512 B", "387.0 KB", "1.2 GB"."""
    return NOT_KNOWN if size_bytes is None else wording.size(size_bytes)


def count(number: int | Decimal | None) -> str:
    """A number of things: "1,234"."""
    return NOT_KNOWN if number is None else wording.count(number)


def quantity(number: Decimal | None) -> str:
    """A priced quantity: whole above 100, else to three significant digits: "3,040,000", "0.0124"."""
    if number is None:
        return NOT_KNOWN
    if number == 0 or abs(number) >= 100:
        return f"{number:,.0f}"
    return _plain(Decimal(f"{number:.2e}"))


def times(factor: Decimal) -> str:
    """How many times as much: "1,240", "24", "4.72", "0.4"; below 10 to three significant digits."""
    if abs(factor) >= 10:
        return f"{factor:,.0f}"
    return _plain(Decimal(f"{factor:.2e}")) if factor else "0"


def percent(share: float | Decimal | None) -> str:
    """A share of 0 to 1: "38%", "0.4%", "less than 0.1%"."""
    return NOT_KNOWN if share is None else wording.percent(share)


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
    return "an unknown number of users" if number is None else wording.counted(number, "user")


def sentence(text: str) -> str:
    """Text with a full stop at its end. No capital at its start: it may start with the name of a table."""
    bare = text.strip()
    return bare if not bare or bare[-1] in ".!?:…" else bare + "."
