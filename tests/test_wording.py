from decimal import Decimal
from fractions import Fraction

import pytest

from stj_audit.wording import (
    a_few,
    at_least_dollars,
    count,
    counted,
    days_of,
    dollars,
    items_read,
    kilobytes,
    listed,
    percent,
    printable,
    resource,
    round_figure,
    size,
)


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(1_024, "1.0 KB"), (396_288, "387.0 KB"), (409_600, "400.0 KB"), (2 * 1024**2, "2,048.0 KB")],
)
def test_kilobytes_are_powers_of_1024(size_bytes: int, text: str) -> None:
    assert kilobytes(size_bytes) == text


@pytest.mark.parametrize(
    ("days", "text"),
    [("30", "30 days"), ("13.99", "13.9 days"), ("1", "1 day"), ("0.5", "0.5 days"), ("0.0416666", "less than 0.1 days")],
)
def test_days_are_never_more_than_are_covered(days: str, text: str) -> None:
    assert days_of(Decimal(days)) == text


@pytest.mark.parametrize(
    ("known", "text"),
    [("0", "at least $0.00"), ("0.0099", "more than $0.00"), ("0.01", "at least $0.01"), ("1347", "at least $1,347")],
)
def test_a_part_of_a_bill_is_at_least_that(known: str, text: str) -> None:
    assert at_least_dollars(Decimal(known)) == text


def test_sizes_round_half_up() -> None:
    assert kilobytes(Decimal("1331.2")) == "1.3 KB"
    assert kilobytes(Decimal("1280")) == "1.3 KB"


@pytest.mark.parametrize(("size_bytes", "text"), [(0, "0 B"), (Decimal("153.6"), "154 B"), (1_023, "1,023 B")])
def test_below_one_kilobyte_bytes_are_told(size_bytes: int | Decimal, text: str) -> None:
    assert kilobytes(size_bytes) == size(size_bytes) == text


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 B"),
        (1_023, "1,023 B"),
        (1_024, "1.0 KB"),
        (1_048_524, "1,023.9 KB"),
        (1_048_525, "1.0 MB"),
        (1_048_576, "1.0 MB"),
        (2_576_980_378, "2.4 GB"),
        (1024**4, "1.0 TB"),
        (3_000 * 1024**5, "3,000.0 PB"),
    ],
)
def test_a_size_is_told_in_the_largest_unit_that_leaves_at_least_one(size_bytes: int, text: str) -> None:
    assert size(size_bytes) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (1_234_567, "1,234,567"), (Decimal("2.5"), "2.5"), (Decimal("3E+6"), "3,000,000"), (Decimal("10.04"), "10")],
)
def test_counts_have_thousands_separators_and_no_needless_decimal(number: int | Decimal, text: str) -> None:
    assert count(number) == text


def test_counts_agree_with_their_nouns() -> None:
    assert [counted(number, "item") for number in (0, 1, 2)] == ["0 items", "1 item", "2 items"]
    assert counted(2, "entry", "entries") == "2 entries"
    assert counted(Decimal(1), "day") == "1 day"
    assert counted(Decimal("1.5"), "day") == "1.5 days"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        ("0", "0%"),
        ("0.0009", "less than 0.1%"),
        ("0.001", "0.1%"),
        ("0.00996", "1.0%"),
        ("0.0125", "1%"),
        ("0.025", "3%"),
        ("0.9675", "97%"),
        ("0.99", "99%"),
        ("0.9901", "99.0%"),
        ("0.9999", "99.9%"),
        ("1", "100%"),
        ("1.5", "150%"),
    ],
)
def test_a_share_never_reads_as_nothing_or_all_unless_it_is(share: str, text: str) -> None:
    assert percent(Decimal(share)) == percent(Fraction(share)) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "$0.00"),
        ("0.0042", "less than $0.01"),
        ("0.01", "$0.01"),
        ("99.99", "$99.99"),
        ("99.999", "$100.00"),
        ("100", "$100"),
        ("1234.5", "$1,235"),
        ("2.345", "$2.35"),
        ("-3.2", "-$3.20"),
        ("-0.001", "$0.00"),
    ],
)
def test_dollars_are_told_to_the_cent_while_cents_matter(amount: str, text: str) -> None:
    assert dollars(Decimal(amount)) == text


def test_lists_read_as_a_sentence() -> None:
    assert [listed([]), listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


def test_long_lists_are_cut() -> None:
    assert a_few("abc") == "a, b and c"
    assert a_few("abcde") == "a, b, c and 2 more"
    assert a_few("abc", at_most=2) == "a, b and 1 more"


def test_names_of_others_cannot_break_a_line_or_flood_it() -> None:
    assert printable("größe 1") == '"größe 1"'
    assert printable("a\nb\x1b[31m\x07") == '"a\\nb\\x1b[31m\\x07"'
    assert printable("\u202eabc") == '"\\u202eabc"'
    assert printable("x" * 60) == '"' + "x" * 60 + '"'
    assert printable("x" * 61) == '"' + "x" * 40 + "…" + "x" * 20 + '"'


def test_tells_the_table_from_its_indexes() -> None:
    assert resource(None) == "the table"
    assert resource("by-status") == "index by-status"


def test_tells_a_sample_from_everything() -> None:
    assert items_read(1_000, "full") == "all 1,000 items"
    assert items_read(1, "sample") == "a sample of 1 item"
    assert items_read(1, "full") == "the one item"


def test_a_round_figure_is_never_above_the_number() -> None:
    assert [round_figure(number) for number in (0, 7, 42, 199, 6_666, 10_430_583)] == [0, 7, 42, 190, 6_600, 10_000_000]
