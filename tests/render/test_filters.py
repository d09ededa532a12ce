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
        (Decimal("-0.003"), "more than -$0.01"),
    ],
)
def test_usd(amount: Decimal | None, text: str) -> None:
    assert filters.usd(amount) == text


@pytest.mark.parametrize(
    ("amount", "complete", "cell", "words"),
    [
        (None, True, "not known", "not known"),
        (None, False, "not known", "not known"),
        ("0", True, "$0.00", "$0.00"),
        ("0", False, "≥ $0.00", "at least $0.00"),
        ("0.0099", True, "< $0.01", "less than $0.01"),
        ("0.0099", False, "≥ $0.00", "more than $0.00"),
        ("0.01", False, "≥ $0.01", "at least $0.01"),
        ("221.43", True, "$221.43", "$221.43"),
        ("1347.2", False, "≥ $1,347.20", "at least $1,347.20"),
        ("-6.725", True, "-$6.73", "-$6.73"),
        ("-0.003", True, "> -$0.01", "more than -$0.01"),
    ],
)
def test_one_wording_for_lower_bounds_in_tables_and_one_in_sentences(
    amount: str | None, complete: bool, cell: str, words: str
) -> None:
    exact = None if amount is None else Decimal(amount)
    assert filters.usd_cell(exact, complete, cents=True) == cell
    assert filters.usd_words(exact, complete, cents=True) == words


def test_what_is_given_away_is_an_upper_bound_while_something_is_not_known() -> None:
    assert filters.usd_cell(Decimal("-6.73"), complete=False) == "≤ -$6.73"
    assert filters.usd_cell(Decimal("-0.003"), complete=False) == "≤ $0.00"


def test_marks_are_explained_only_where_they_are() -> None:
    assert filters.marks_explained("$5.00, not known, a ≥ b, < $0.01") == ""
    assert filters.marks_explained("| ≥ $5.00 |") == "≥ means at least: a part is not known."
    assert filters.marks_explained("| ≥ 27 |") == "≥ means at least: a part is not known."
    assert filters.marks_explained("≥ $5.00 and ≤ -$1.00") == "≥ means at least, ≤ means at most: a part is not known."


def test_an_upper_bound_is_a_cent_at_least() -> None:
    amounts = [Decimal(text) for text in ("0.003", "0.80", "0", "1347.2")]
    assert [filters.usd_saved(one, is_bound=True) for one in amounts] == [
        "up to $0.01",
        "up to $0.80",
        "up to $0.00",
        "up to $1,347",
    ]
    assert [filters.usd_saved(one, is_bound=False, cents=True) for one in amounts] == ["< $0.01", "$0.80", "$0.00", "$1,347.20"]


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "not known"),
        (Decimal(0), "$0.00"),
        (Decimal("0.00123"), "$0.0012"),
        (Decimal("0.0000999"), "$0.00010"),
        (Decimal("1.234E-10"), "$0.00000000012"),
        (Decimal("0.0224"), "$0.022"),
        (Decimal("0.03"), "$0.030"),
        (Decimal("0.05"), "$0.050"),
        (Decimal("0.0999"), "$0.10"),
        (Decimal("0.5"), "$0.50"),
        (Decimal("138.446"), "$138.45"),
    ],
)
def test_usd_fine(amount: Decimal | None, text: str) -> None:
    assert filters.usd_fine(amount) == text


@pytest.mark.parametrize(
    ("price", "unit", "text"),
    [
        (Decimal("0.0000001345"), "read request unit", "$0.1345 per million read request units"),
        (Decimal("0.001"), "write request unit", "$1,000.00 per million write request units"),
        (Decimal("0.0000002"), "GetRecords request", "$0.20 per million GetRecords requests"),
        (Decimal("0.269"), "GB-month", "$0.269 per GB-month"),
        (Decimal("0.000698"), "WCU-hour", "$0.000698 per WCU-hour"),
        (Decimal("0.000025"), "RCU-hour", "$0.000025 per RCU-hour"),
        (Decimal("1E-7"), "rWCU-hour", "$0.0000001 per rWCU-hour"),
        (Decimal(0), "read request unit", "$0.00 per million read request units"),
        (Decimal(10), "GB", "$10.00 per GB"),
        (Decimal("0.1"), "GB", "$0.10 per GB"),
        (None, "GB", "not known"),
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
