"""
How numbers and names read in a sentence: sizes, counts, shares, dollars. Plain text, pure, for checks, audit and renderers alike.

One module, so that the same number reads the same in a finding, a table and a summary. Sizes are powers of 1024 and rounded for
reading only: compare bytes, never these texts.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction

KB = 1024
_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")
_NEXT_UNIT_FROM = Decimal("1023.95")  # what would be rounded to 1,024.0 is told as 1.0 of the next unit
_WHOLE_DOLLARS_FROM = 100  # cents tell nothing beside hundreds of dollars
_NAME_CHARACTERS = 60  # an attribute name may have 65,535 bytes; a sentence may not

Number = int | Decimal


def kilobytes(size_bytes: float | Decimal) -> str:
    """396288 as "387.0 KB": for items, which are measured against a limit in KB. Below 1 KB as `size`: "640 B"."""
    return size(size_bytes) if size_bytes < KB else f"{_rounded(Decimal(size_bytes) / KB, '0.1'):,} KB"


def size(size_bytes: float | Decimal) -> str:
    """Bytes in the largest unit that leaves at least 1: "640 B", "387.0 KB", "2.4 GB"."""
    amount = Decimal(size_bytes)
    if amount < KB:
        return f"{_rounded(amount, '1'):,} B"
    power = 0
    while amount >= _NEXT_UNIT_FROM and power < len(_UNITS) - 1:
        amount /= KB
        power += 1
    return f"{_rounded(amount, '0.1'):,} {_UNITS[power]}"


def count(number: Number) -> str:
    """1234567 as "1,234,567"; at most one decimal, and none where it is 0 (half capacity units and days exist)."""
    return f"{_rounded(Decimal(number), '0.1'):,f}".removesuffix(".0")


def counted(number: Number, one: str, many: str | None = None) -> str:
    """A count with its noun: "1 item", "1,234 items". `many` is `one` with an s when not given."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def days_of(days: Decimal) -> str:
    """The days that metrics cover, and never more: 13.97 are "13.9 days", which is less than the 14 that they would be rounded to."""
    tenths = days.quantize(Decimal("0.1"), rounding=ROUND_FLOOR)
    return counted(tenths, "day") if tenths else "less than 0.1 days"


def percent(share: float | Decimal | Fraction) -> str:
    """A share from 0 to 1: "38%", "0.4%", "less than 0.1%". Never "0%" for more than nothing, never "100%" for less than all."""
    exact = (Decimal(share.numerator) / share.denominator if isinstance(share, Fraction) else Decimal(share)) * 100
    if 0 < exact < Decimal("0.1"):
        return "less than 0.1%"
    if 0 < exact < 1 or 99 < exact < 100:
        return f"{min(_rounded(exact, '0.1'), Decimal('99.9'))}%"
    return f"{_rounded(exact, '1')}%"


def dollars(amount_usd: int | Decimal) -> str:
    """US dollars: "$0.05", "$1,347", "-$3.20"; "less than $0.01" where rounding would turn something into nothing."""
    exact = Decimal(amount_usd)
    if 0 < exact < Decimal("0.01"):
        return "less than $0.01"
    shown = _rounded(exact, "1" if abs(exact) >= _WHOLE_DOLLARS_FROM else "0.01")
    return f"{'-' if shown < 0 else ''}${abs(shown):,}"


def at_least_dollars(amount_usd: int | Decimal) -> str:
    """A sum of which a part is not known: "at least $5.30"; "more than $0.00" where what is known is less than a cent."""
    exact = Decimal(amount_usd)
    return "more than $0.00" if 0 < exact < Decimal("0.01") else f"at least {dollars(exact)}"


def on_date(when: date | datetime) -> str:
    """A day: "22 November 2026"."""
    return f"{when.day} {when:%B %Y}"


def round_figure(number: int) -> int:
    """The first two digits, for people: 10,430,583 as 10,000,000. Rounded down, so that a limit is not told too late."""
    step: int = 10 ** max(len(str(number)) - 2, 0)
    return number // step * step


def listed(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"; empty without words."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def a_few(words: Iterable[str], *, at_most: int = 3) -> str:
    """As `listed`, cut after `at_most` words: "a, b, c and 4 more"."""
    every = list(words)
    return listed(every) if len(every) <= at_most else listed([*every[:at_most], f"{len(every) - at_most} more"])


def printable(name: str) -> str:
    """
    A name that others chose, such as an attribute's, in double quotes: control characters escaped, of more than 60 characters the first 40
    and the last 20.

    It is text for people: renderers still escape it for their format, and commands need the name itself.
    """
    escaped = "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in name)
    end = _NAME_CHARACTERS // 3
    return f'"{escaped[: _NAME_CHARACTERS - end]}…{escaped[-end:]}"' if len(escaped) > _NAME_CHARACTERS else f'"{escaped}"'


def resource(index: str | None) -> str:
    """What throughput belongs to: "the table" (None), or "index by-status"."""
    return "the table" if index is None else f"index {index}"


def items_read(scanned: int, coverage: str) -> str:
    """What sizes were taken from: "all 1,000 items" when `coverage` is "full", else "a sample of 1,000 items"; "the one item"."""
    noun = counted(scanned, "item")
    if coverage == "full" and scanned == 1:
        return "the one item"
    return f"all {noun}" if coverage == "full" else f"a sample of {noun}"


def _rounded(number: Decimal, step: str) -> Decimal:
    """Half up, as people round; the built-in formats round half to even. A rounded zero has no sign."""
    return number.quantize(Decimal(step), rounding=ROUND_HALF_UP) + 0
