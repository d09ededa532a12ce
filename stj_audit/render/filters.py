"""
Values as people read them, for templates: None is "not known" everywhere, never blank and never 0.

How a number reads is said in stj_audit/wording.py, for findings and pages alike; here is what only pages need.
"""

import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from stj_audit import wording

NOT_KNOWN = "not known"
CENT = Decimal("0.01")
FINE_BELOW = Decimal("0.1")  # a bill per user is cents: rounded to whole ones it would say too little
BY_THE_MILLION = (
    "request",
    "request unit",
)  # how the units end whose price is read by the million; hours and GB-months are priced each
AT_LEAST, AT_MOST = "≥", "≤"  # of what is known in part, in tables; sentences say it in words
ABOUT = "≈"  # of what a sample says of all
MARKS = {AT_LEAST: "at least", AT_MOST: "at most"}
_MARKED = {sign: re.compile(rf"{sign}[ \u00a0]-?[$\d]") for sign in MARKS}


def usd(amount: Decimal | None, *, cents: bool = False) -> str:
    """Money: "$0.05", "$1,347", "less than $0.01"; with `cents` to the cent, also above a hundred dollars: "$1,347.20"."""
    if amount is None:
        return NOT_KNOWN
    if 0 < abs(amount) < CENT:
        return "less than $0.01" if amount > 0 else "more than -$0.01"
    if not cents:
        return wording.dollars(amount)
    rounded = to_cents(amount)
    return f"{'-' if rounded < 0 else ''}${abs(rounded):,f}"


def to_cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def usd_cell(amount: Decimal | None, complete: bool = True, *, cents: bool = False) -> str:
    """Money in a table: "$5.30", "< $0.01"; "≥ $5.30" where a part of it is not known."""
    if amount is None or complete:
        return usd(amount, cents=cents).replace("less than", "<").replace("more than", ">")
    # Of what AWS gives, an amount below 0, there can only be more.
    return f"{AT_MOST if amount < 0 else AT_LEAST} {'$0.00' if abs(amount) < CENT else usd(amount, cents=cents)}"


def usd_words(amount: Decimal | None, complete: bool = True, *, cents: bool = False) -> str:
    """Money in a sentence: "$5.30"; "at least $5.30" where a part of it is not known, "more than $0.00" where that is less than a cent."""
    if amount is None or complete:
        return usd(amount, cents=cents)
    return f"at least {usd(amount, cents=True)}" if cents and abs(amount) >= CENT else wording.at_least_dollars(amount)


def usd_saved(amount: Decimal, *, is_bound: bool, cents: bool = False) -> str:
    """What is saved, in a table: "$0.80", "< $0.01"; where that is an upper bound, "up to $0.80", "up to $0.01"."""
    return f"up to {usd(at_least_a_cent(amount), cents=cents)}" if is_bound else usd_cell(amount, cents=cents)


def at_least_a_cent(amount: Decimal) -> Decimal:
    """For upper bounds: "up to less than a cent" says no more than "up to a cent"."""
    return max(amount, CENT) if amount > 0 else amount


def marks_explained(page: str) -> str:
    """What the marks of lower and upper bounds mean that are on a page; empty where there is none."""
    found = [f"{sign} means {words}" for sign, words in MARKS.items() if _MARKED[sign].search(page)]
    return f"{', '.join(found)}: a part is not known." if found else ""


def usd_fine(amount: Decimal | None) -> str:
    """Small money, to two significant digits: "$0.0011", "$0.030"; from ten cents on to the cent."""
    if amount is None or amount == 0 or abs(amount) >= FINE_BELOW:
        return usd(amount, cents=True)
    return f"${Decimal(f'{amount:.1e}'):f}"


def unit_price(price: Decimal | None, unit: str) -> str:
    """A list price: "$0.1345 per million read request units", "$0.000025 per RCU-hour", "$0.269 per GB-month"."""
    amount, per = priced_each(price, unit)
    return NOT_KNOWN if amount == NOT_KNOWN else f"{amount} per {per}"


def priced_each(price: Decimal | None, unit: str) -> tuple[str, str]:
    """(amount, of what): requests are priced by the million, all else each."""
    if not unit.endswith(BY_THE_MILLION):
        return _exact_usd(price), unit
    return _exact_usd(None if price is None else price * 1_000_000), f"million {unit}s"


def _exact_usd(amount: Decimal | None) -> str:
    """All of its digits, and at least cents: "$0.269", "$0.10", "$10.00"."""
    if amount is None:
        return NOT_KNOWN
    dollars, _, digits = _plain(amount).partition(".")
    return f"${int(dollars):,}.{digits:0<2}"


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
    return NOT_KNOWN if when is None else wording.on_date(when)


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
