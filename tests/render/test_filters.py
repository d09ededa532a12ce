"""How values are written."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from stj_audit.render import filters


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "not known"),
        (Decimal(0), "$0.00"),
        (Decimal("0.0099"), "less than $0.01"),
        (Decimal("0.01"), "$0.01"),
        (Decimal("0.05"), "$0.05"),
        (Decimal("12.345"), "$12.35"),
        (Decimal("99.994"), "$99.99"),
        (Decimal(100), "$100"),
        (Decimal("1347.4"), "$1,347"),
        (Decimal("-3.2"), "-$3.20"),
    ],
)
def test_usd(amount: Decimal | None, text: str) -> None:
    assert filters.usd(amount) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "not known"),
        (Decimal(0), "$0.00"),
        (Decimal("0.00123"), "$0.0012"),
        (Decimal("0.0000999"), "$0.0001"),
        (Decimal("0.0224"), "$0.022"),
        (Decimal("0.05"), "$0.05"),
        (Decimal("0.0999"), "$0.10"),
        (Decimal("0.5"), "$0.50"),
    ],
)
def test_usd_fine(amount: Decimal | None, text: str) -> None:
    assert filters.usd_fine(amount) == text


@pytest.mark.parametrize(
    ("price", "unit", "text"),
    [
        (Decimal("0.0000001345"), "per RRU", "$0.1345 per million RRU"),
        (Decimal("0.269"), "per GB-month", "$0.269 per GB-month"),
        (Decimal("0.000698"), "WCU-hour", "$0.000698 per WCU-hour"),
        (Decimal(0), "per RRU", "$0 per RRU"),
        (Decimal(10), "per GB", "$10 per GB"),
        (Decimal("0.1"), "per GB", "$0.10 per GB"),
        (None, "per GB", "not known"),
    ],
)
def test_unit_price(price: Decimal | None, unit: str, text: str) -> None:
    assert filters.unit_price(price, unit) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (None, "not known"),
        (0, "0 B"),
        (1_023, "1,023 B"),
        (1_024, "1.0 KB"),
        (396_288, "387.0 KB"),
        (307_200, "300.0 KB"),
        (409_600, "400.0 KB"),
        (1_048_575, "1.0 MB"),
        (2**30, "1.0 GB"),
        (1_300.5, "1.3 KB"),
        (2**62, "4,096.0 PB"),
    ],
)
def test_size(size: float | None, text: str) -> None:
    assert filters.size(size) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (None, "not known"),
        (0, "0%"),
        (0.0004, "less than 0.1%"),
        (0.004, "0.4%"),
        (0.38, "38%"),
        (0.995, "99.5%"),
        (0.99999, "99.9%"),
        (1, "100%"),
        (Decimal("0.5"), "50%"),
    ],
)
def test_percent(share: Decimal | float | None, text: str) -> None:
    assert filters.percent(share) == text


def test_counts() -> None:
    assert filters.count(1_234_567) == "1,234,567"
    assert filters.count(None) == "not known"
    assert filters.quantity(Decimal("0.0123456")) == "0.0123"
    assert filters.quantity(Decimal(3_040_000)) == "3,040,000"
    assert filters.quantity(Decimal(30)) == "30"
    assert filters.quantity(Decimal("12.5")) == "12.5"
    assert filters.quantity(Decimal(0)) == "0"
    assert filters.quantity(None) == "not known"


def test_dates() -> None:
    assert filters.on_date(date(2026, 11, 2)) == "2 November 2026"
    assert filters.at_time(datetime(2026, 11, 22, 6, 5, tzinfo=UTC)) == "22 November 2026, 06:05 UTC"
    assert filters.on_date(None) == filters.at_time(None) == "not known"


def test_words() -> None:
    assert filters.users(1) == "1 user"
    assert filters.users(10_000) == "10,000 users"
    assert filters.users(None) == "an unknown number of users"
    assert filters.known("") == filters.known(None) == "not known"
    assert filters.known(0) == 0
    assert filters.sentence("a: b") == "a: b."
    assert filters.sentence("Done.") == "Done."
    assert filters.sentence(" ") == ""
