"""What pages show of how a bill grows, where it goes, what saves it, and what its estimates are held against."""

import dataclasses
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.cost.prices import bundled_sheet
from stj_audit.render import charts, digest_costs, digest_estimates, digest_money, digest_savings, filters
from stj_audit.report import (
    AppliedSaving,
    BreakEven,
    Calibration,
    Commitment,
    CostLine,
    Costs,
    CurrentCost,
    GrowthParts,
    NaiveEstimate,
    PatternCost,
    PriceSource,
    Projection,
)
from tests.builders import a_line
from tests.sample_report import sample_report


def costs_of(*projections: Projection, **fields: Any) -> Costs:
    defaults: dict[str, Any] = {
        "prices": PriceSource(region="eu-north-1", as_of="2025-09", source="a sheet"),
        "free_tier": False,
        "current": CurrentCost(monthly_usd=None, lines=()),
        "projections": projections,
    }
    return Costs(**(defaults | fields))


def bill(*lines: CostLine, users: int = 10_000, monthly: str | None = None, **fields: Any) -> Projection:
    known = sum((line.monthly_usd for line in lines if line.monthly_usd is not None), Decimal(0))
    return Projection(users=users, monthly_usd=known if monthly is None else Decimal(monthly), lines=lines, **fields)


def split(constant: str, linear: str, square: str, free: str = "0") -> Projection:
    amounts = [Decimal(amount) for amount in (constant, linear, square, free)]
    parts = GrowthParts(constant_usd=amounts[0], linear_usd=amounts[1], super_linear_usd=amounts[2], free_usd=amounts[3])
    return bill(monthly=str(sum(amounts)), parts=parts)


# --------------------------------------------------------------------------------------------------------- the sample


def test_the_numbers_of_the_sample_agree() -> None:
    costs = sample_report().costs
    for at in costs.projections:
        assert at.parts is not None
        parts = (at.parts.constant_usd, at.parts.linear_usd, at.parts.super_linear_usd, at.parts.free_usd)
        assert sum(parts) == at.monthly_usd
        assert sum(one.saving_usd for one in at.savings) == at.avoidable_at_most_usd
        assert sum(one.saving_usd for one in at.savings if not one.is_bound) == at.avoidable_usd
    target = digest_costs.target_projection(costs)
    assert target is not None
    assert target.users == costs.target_users == 10_000
    assert costs.naive is not None
    requests = [line for line in target.lines if line.unit in {"read request unit", "write request unit"}]
    assert float(sum(line.monthly_usd or 0 for line in requests)) == pytest.approx(float(costs.naive.real_usd), abs=0.001)
    patterns = float(sum(one.monthly_usd or 0 for one in costs.patterns))
    assert patterns == pytest.approx(float(costs.naive.real_usd), abs=0.01)
    assert list(costs.patterns) == sorted(costs.patterns, key=lambda one: -(one.monthly_usd or 0))


# --------------------------------------------------------------------------------------------------------------- growth


@pytest.mark.parametrize(
    ("parts", "heads"),
    [
        (("0", "10", "0"), None),
        (("0.4", "9.6", "0"), None),
        (("0.5", "9.5", "0"), ("A month", "Growing with the users", "Fixed")),
        (("-0.5", "9.5", "0"), ("A month", "Growing with the users", "Fixed")),
        (("0", "9", "1"), ("A month", "Growing with the users", "Growing with their square")),
        (("0.004", "9", "1"), ("A month", "Growing with the users", "Growing with their square")),
        (("0.01", "9", "1"), ("A month", "Growing with the users", "Growing with their square", "Fixed")),
        (("0", "10", "0.004"), None),
        (("0", "10", "0", "-0.4"), None),
        (("0", "10", "0", "-0.6"), ("A month", "Growing with the users", "Free of charge")),
        (("6.73", "10", "0", "-6.73"), ("A month", "Growing with the users", "Fixed", "Free of charge")),
        (("1", "9", "1", "-0.004"), ("A month", "Growing with the users", "Growing with their square", "Fixed")),
    ],
)
def test_a_bill_is_split_by_growth_only_where_that_says_something(parts: tuple[str, ...], heads: tuple[str, ...] | None) -> None:
    table = digest_costs.growth_table(costs_of(split(*parts)), 10_000)
    assert (None if table is None else table.heads) == heads


def test_growth_in_time_has_its_column_and_what_is_not_known_says_so() -> None:
    known = dataclasses.replace(split("0", "9", "1"), after_year_usd=Decimal(12), complete=False)
    unknown = Projection(users=100, monthly_usd=None, lines=(), complete=False)
    table = digest_costs.growth_table(costs_of(unknown, known, free_tier=True), 10_000)
    assert table is not None
    assert table.heads[-1] == "After a year of growth"
    assert [row.amounts for row in table.rows] == [
        ("not known", "not known", "not known", "not known"),
        ("≥ $10.00", "≥ $9.00", "≥ $1.00", "≥ $12.00"),
    ]
    assert [row.is_target for row in table.rows] == [False, True]
    assert table.has_year
    assert not table.has_free
    only_year = digest_costs.growth_table(costs_of(bill(monthly="1", after_year_usd=Decimal(2))), None)
    assert only_year is not None
    assert (only_year.heads, only_year.has_free) == (("A month", "After a year of growth"), False)


def test_what_is_free_of_charge_has_its_column_and_no_unknown_part_is_shown_as_known() -> None:
    known, part = split("63.22", "0", "1", "-6.725"), dataclasses.replace(split("63.22", "0", "1", "-6.725"), complete=False)
    table = digest_costs.growth_table(costs_of(known, part, free_tier=True), 10_000)
    assert table is not None
    assert table.heads == ("A month", "Growing with the users", "Growing with their square", "Fixed", "Free of charge")
    assert table.has_free
    assert [row.amounts for row in table.rows] == [
        ("$57.50", "$0.00", "$1.00", "$63.22", "-$6.73"),
        ("≥ $57.50", "≥ $0.00", "≥ $1.00", "≥ $63.22", "≤ -$6.73"),
    ]


def test_what_grows_with_the_square_is_a_sentence() -> None:
    line = dataclasses.replace(a_line("index-reads", "1", index="i"), growth="super-linear")
    at = dataclasses.replace(split("0", "9", "1"), lines=(a_line("reads", "9"), line))
    assert digest_costs.growth_sentence(at) == (
        "At 10,000 users, $1.00 a month (10%) grows with the square of the users: twice the users make it four times as much."
    )
    assert digest_costs.square_lines(at) == "index reads of i in orders ($1.00 in all)"
    assert digest_costs.growth_sentence(dataclasses.replace(at, complete=False)) == (
        "At 10,000 users, at least $1.00 a month (10% of what is known) grows with the square of the users: "
        "twice the users make it four times as much."
    )
    # The free tier makes a bill smaller, and no part of it larger.
    assert "$1.00 a month (10%) grows" in digest_costs.growth_sentence(split("0", "9", "1", "-8"))
    assert digest_costs.growth_sentence(split("0", "9", "0")) == digest_costs.growth_sentence(None) == ""
    assert digest_costs.growth_sentence(bill(a_line())) == ""
    assert digest_costs.square_lines(None) == ""


def test_lines_that_grow_with_the_square_have_their_own_amounts() -> None:
    """A line may grow with the square in part only, so that the sentence before it has another amount."""
    lines = [
        dataclasses.replace(a_line("reads", amount, table=f"t{place}"), growth="super-linear")
        for place, amount in enumerate(("3", None, "7", "5"))
    ]
    at = dataclasses.replace(split("0", "9", "10"), lines=tuple(lines))
    assert digest_costs.square_lines(at) == (
        "reads of t2 ($7.00 in all), reads of t3 ($5.00 in all), reads of t0 ($3.00 in all) and 1 more"
    )
    unknown = dataclasses.replace(at, lines=(lines[1],))
    assert digest_costs.square_lines(unknown) == "reads of t1 (not known)"


def test_a_line_says_what_it_rests_on() -> None:
    line = a_line("reads")
    assert digest_costs.basis(line) == "measured"
    assert digest_costs.basis(dataclasses.replace(line, per_user=False)) == "measured, fixed"
    square = dataclasses.replace(line, growth="super-linear", region="eu-west-1")
    assert digest_costs.basis(square) == "measured, grows with the square of the users, billed in eu-west-1"
    told = dataclasses.replace(square, region=None, note="grows with the square of the users, because")
    assert digest_costs.basis(told) == "measured"


def test_the_share_that_grows_with_the_square_underlines_its_bar() -> None:
    costs = costs_of(split("0", "3", "1"), dataclasses.replace(split("0", "3", "1"), complete=False), split("0", "4", "0"), bill())
    bills = digest_money.bills_of(costs, 10_000)
    assert [one.square_share for one in bills] == [0.25, 0.25, 0.0, 0.0]
    for narrow in (False, True):
        chart = charts.cost_bars(bills, narrow)
        whole, part, linear, empty = chart.bars
        length = 320.0 if narrow else charts.BAR_WIDTH
        assert whole.square is not None
        assert part.square is not None
        assert whole.square.width == pytest.approx(length / 4)
        assert part.square.width == pytest.approx((length - charts.OPEN_WIDTH) / 4)
        assert linear.square is None
        assert empty.square is None
        assert whole.square.y + whole.square.height < part.text_y - 8
        assert chart.legend[-1].title == "grows with the square of the users"
    whole = charts.cost_bars(bills).bars[0]
    assert whole.square is not None
    assert whole.square.tip == "10,000 users: 25% grows with the square of the users"
    # Free quantities can make a bill smaller than one of its parts.
    freed = dataclasses.replace(split("-3", "0", "4"), monthly_usd=Decimal(1))
    assert digest_money.bills_of(costs_of(freed), None)[0].square_share == 1.0


def test_a_page_on_costs_alone_is_about_the_target_or_the_largest_user_count() -> None:
    costs = costs_of(bill(users=1), bill(users=2), bill(users=3))
    assert getattr(digest_costs.target_projection(costs), "users", None) == 3
    assert getattr(digest_costs.target_projection(dataclasses.replace(costs, target_users=2)), "users", None) == 2
    assert getattr(digest_costs.target_projection(dataclasses.replace(costs, target_users=7)), "users", None) == 3
    assert digest_costs.target_projection(costs_of()) is None


# ------------------------------------------------------------------------------------------------- where the money goes


def test_the_largest_lines_come_first_and_the_rest_is_one_row() -> None:
    lines = [a_line("reads", str(amount), table=f"t{amount}") for amount in (1, 2, 3, 4, 5, 6, 7, 8, 9, 5)]
    rows = digest_costs.largest_lines(bill(*lines, a_line("writes", "0"), a_line("pitr", None), a_line("streams", "-10", table="")))
    assert [row.table for row in rows] == ["t9", "t8", "t7", "t6", "t5", "t5", "t4", "t3", None, None, None]
    assert (rows[0].what, rows[0].amount, rows[0].share) == ("reads", "$9.00", "18%")
    assert [(row.what, row.amount, row.share) for row in rows[8:]] == [
        ("2 more lines", "$3.00", "6%"),
        ("free of charge", "-$10.00", "–"),
        ("1 line without an amount", "not known", "not known"),
    ]


def test_shares_of_a_bill_in_part_are_told_as_such() -> None:
    whole = bill(a_line("reads", "1"), a_line("writes", "3"))
    assert digest_costs.share_head(dataclasses.replace(whole, complete=True)) == "Share"
    assert digest_costs.share_head(dataclasses.replace(whole, complete=False)) == "Share of what is known"
    assert digest_costs.share_head(bill(a_line("reads", "1"), a_line("pitr", None))) == "Share of what is known"


def test_very_many_lines_are_counted_as_numbers_are_written() -> None:
    rows = digest_costs.largest_lines(bill(*(a_line("reads", "1", table=f"t{number}") for number in range(1_339))))
    assert rows[-1].what == "1,331 more lines"


def test_one_line_more_than_fits_is_shown_itself() -> None:
    lines = [a_line("reads", "1", table=f"t{number}") for number in range(9)]
    rows = digest_costs.largest_lines(bill(*lines, a_line("reads", "0.5", table="")))
    assert len(rows) == 9
    assert rows[-1].what == "2 more lines"
    assert [row.table for row in digest_costs.largest_lines(bill(*lines))][-1] == "t8"
    assert digest_costs.largest_lines(bill(a_line("free-storage", "2", table="")))[0].table == "all tables"
    assert digest_costs.largest_lines(bill()) == ()
    assert digest_costs.largest_lines(bill(a_line("reads", "0"))) == ()


def a_pattern(**fields: Any) -> PatternCost:
    defaults: dict[str, Any] = {
        "table": "t",
        "pattern": "p",
        "operation": "PutItem",
        "index": None,
        "calls": Decimal(1_000_000),
        "reads_usd": Decimal(0),
        "writes_usd": Decimal(2),
        "index_writes_usd": Decimal(3),
        "monthly_usd": Decimal(5),
        "growth": "linear",
    }
    return PatternCost(**(defaults | fields))


@pytest.mark.parametrize(
    ("fields", "own", "in_indexes", "total"),
    [
        ({}, "$2.00", "$3.00", "$5.00"),
        ({"index_writes_usd": Decimal(0), "monthly_usd": Decimal(2)}, "$2.00", "–", "$2.00"),
        ({"reads_usd": None}, "$2.00", "$3.00", "$5.00"),
        ({"writes_usd": None, "monthly_usd": None}, "not known", "$3.00", "not known"),
        ({"index_writes_usd": None, "monthly_usd": None}, "$2.00", "not known", "not known"),
        ({"reads_usd": None, "writes_usd": None}, "not known", "$3.00", "$5.00"),
    ],
)
def test_a_pattern_costs_its_own_requests_and_those_of_the_indexes(
    fields: dict[str, Any], own: str, in_indexes: str, total: str
) -> None:
    [row] = digest_costs.pattern_rows(costs_of(patterns=(a_pattern(**fields),)))
    assert (row.own, row.in_indexes, row.total) == (own, in_indexes, total)


def test_patterns_grow_in_words_and_add_up_to_a_lower_bound() -> None:
    patterns = [a_pattern(growth=growth) for growth in ("constant", "linear", "super-linear", "odd")]
    rows = digest_costs.pattern_rows(costs_of(patterns=tuple(patterns)))
    assert [row.grows for row in rows] == ["not with the users", "with the users", "with the square of the users", "odd"]
    assert digest_costs.patterns_total(costs_of(patterns=tuple(patterns))) == "$20.00"
    unknown = a_pattern(calls=None, monthly_usd=None)
    assert digest_costs.patterns_total(costs_of(patterns=(a_pattern(), unknown))) == "≥ $5.00"
    assert digest_costs.patterns_sum(costs_of(patterns=(a_pattern(), unknown))) == "at least $5.00"
    assert digest_costs.patterns_total(costs_of(patterns=(unknown,))) == "not known"
    assert digest_costs.pattern_rows(costs_of(patterns=(unknown,)))[0].calls == "not known"


def test_reads_and_writes_are_summed_over_all_tables() -> None:
    def line(component: str, units: str | None, price: str, index: str | None = None, unit: str = "read request unit") -> CostLine:
        quantity = None if units is None else Decimal(units)
        cost = None if quantity is None else quantity * Decimal(price)
        line = a_line(component, index=index)
        return dataclasses.replace(line, quantity=quantity, unit=unit, unit_price_usd=Decimal(price), monthly_usd=cost)

    at = bill(
        line("index-reads", "1000000", "0.0000001", "i"),
        line("reads", "2000000", "0.0000001"),
        line("reads", "1000000", "0.0000004"),
        line("writes", None, "0.0000007", unit="write request unit"),
        line("writes", "1000000", "0.0000007", unit="write request unit"),
        line("capacity-reads", "730", "0.001", unit="RCU-hour"),
        line("storage", "1", "0.25", unit="GB-month"),
        line("streams", "1000000", "0.0000002"),
    )
    assert [(row.title, row.units, row.price, row.amount) for row in digest_costs.request_rows(at)] == [
        ("Reads, tables", "3,000,000", "$0.10 to $0.40 per million read request units", "$0.60"),
        ("Writes, tables", "≥ 1,000,000", "$0.70 per million write request units", "≥ $0.70"),
        ("Read capacity, tables", "730", "$0.001 per RCU-hour", "$0.73"),
        ("Reads, indexes", "1,000,000", "$0.10 per million read request units", "$0.10"),
    ]
    assert digest_costs.requests_total(digest_costs.request_lines(at)) == "≥ $2.13"
    unknown = dataclasses.replace(line("reads", None, "1"), unit_price_usd=None)
    [row] = digest_costs.request_rows(bill(unknown))
    assert (row.units, row.price, row.amount) == ("not known", "not known", "not known")
    assert digest_costs.request_rows(bill()) == ()


# -------------------------------------------------------------------------------------------------------------- savings


def a_saving(amount: str, *, is_bound: bool = False) -> AppliedSaving:
    return AppliedSaving(finding=None, table="t", index=None, change="do it", saving_usd=Decimal(amount), is_bound=is_bound)


@pytest.mark.parametrize(
    ("sure", "bound", "shown", "totals", "note"),
    [
        (("1.004", "1.004", "1.004"), (), ("$1.00", "$1.00", "$1.00"), ("$3.01", None), "a cent"),
        (("1.005", "1.005"), (), ("$1.01", "$1.01"), ("$2.01", None), "a cent"),
        (("1.004", "2.002"), (), ("$1.00", "$2.00"), ("$3.01", None), "a cent"),
        (("1.001", "1200.333"), ("2.00",), ("$1.00", "$1,200.33", "up to $2.00"), ("$1,201.33", "$1,203.33"), None),
        (("1.00",), ("2.004", "2.004"), ("$1.00", "up to $2.00", "up to $2.00"), ("$1.00", "$5.01"), "a cent"),
        (("0.004",) * 6, (), ("< $0.01",) * 6, ("$0.02", None), "a few cents"),
    ],
)
def test_each_saving_is_rounded_by_itself_and_a_note_says_where_that_does_not_add_up(
    sure: tuple[str, ...], bound: tuple[str, ...], shown: tuple[str, ...], totals: tuple[str, str | None], note: str | None
) -> None:
    savings = (*map(a_saving, sure), *(a_saving(amount, is_bound=True) for amount in bound))
    saved = digest_savings.applied_savings(bill(savings=savings))
    assert saved is not None
    assert tuple(row.amount for row in saved.rows) == shown
    assert (saved.sure, saved.at_most) == totals
    assert saved.note == ("" if note is None else f"Rounded amounts may differ from the total by {note}.")


def test_a_saving_is_never_shown_as_nothing_and_none_is_no_section() -> None:
    saved = digest_savings.applied_savings(bill(savings=(a_saving("0.001"), a_saving("0.002", is_bound=True))))
    assert saved is not None
    assert [row.amount for row in saved.rows] == ["< $0.01", "up to $0.01"]
    assert (saved.sure, saved.at_most, saved.note) == ("less than $0.01", "less than $0.01", "")
    only_sure = digest_savings.applied_savings(bill(savings=(a_saving("5"),)))
    assert only_sure is not None
    assert (only_sure.sure, only_sure.at_most) == ("$5.00", None)
    assert digest_savings.applied_savings(bill()) is None
    assert digest_savings.applied_savings(None) is None


@pytest.mark.parametrize(
    ("from_users", "note", "line"),
    [
        (41_000, "", "orders: provisioned capacity pays off from about 41,000 users"),
        (41_000, "at 70%", "orders: provisioned capacity pays off from about 41,000 users (at 70%)"),
        (1, "", "orders: provisioned capacity pays off from 1 user"),
        (None, "", "orders: provisioned capacity pays off at none of the user counts that were looked at"),
        (None, "at none of the user counts up to 9", "orders: provisioned capacity pays off at none of the user counts up to 9"),
        (None, "the peak is not known", "orders: provisioned capacity: the peak is not known"),
    ],
)
def test_from_when_on_a_change_pays_off(from_users: int | None, note: str, line: str) -> None:
    one = BreakEven(table="orders", change="provisioned capacity", from_users=from_users, note=note)
    assert digest_savings.break_even_lines(costs_of(break_even=(one,))) == (line,)
    assert digest_savings.break_even_lines(costs_of(break_even=(dataclasses.replace(one, table=""),))) == (line[8:],)
    short = digest_savings.break_even_short(costs_of(break_even=(one,)))
    assert short == (() if from_users is None else (line.removesuffix(" (at 70%)"),))


def test_commitments_say_what_they_save_and_of_what() -> None:
    plan = Commitment(offer="reserved capacity, 1 year: 100 RCU", of_usd=Decimal(64), saving_usd=Decimal("12.8"), note="")
    told = dataclasses.replace(plan, note="for a promise")
    assert digest_savings.commitment_lines(costs_of(commitments=(plan, told))) == (
        "Reserved capacity, 1 year: 100 RCU, saves $12.80 of $64.00 a month",
        "Reserved capacity, 1 year: 100 RCU, saves $12.80 of $64.00 a month; for a promise",
    )


def test_a_plan_and_reserved_capacity_are_not_added_up() -> None:
    plan = Commitment(offer="Database Savings Plan, 1 year", of_usd=Decimal(64), saving_usd=Decimal(12), note="")
    reads, writes = (dataclasses.replace(plan, offer=f"reserved capacity, 1 year: 100 {unit}") for unit in ("RCU", "WCU"))
    note = digest_savings.commitments_note(costs_of(commitments=(plan, reads, writes)))
    assert note.startswith("A Savings Plan and reserved capacity do not apply to the same units: for each of them only one")
    for one_kind in ((), (plan,), (reads, writes)):
        assert digest_savings.commitments_note(costs_of(commitments=one_kind)) == ""


# ------------------------------------------------------------------------------------------------------------ estimates


def an_estimate(naive: str, real: str) -> NaiveEstimate:
    return NaiveEstimate(
        users=10_000,
        reads=Decimal(30_000_000),
        writes=Decimal(3_000_000),
        naive_usd=Decimal(naive),
        read_units=Decimal(195_000_000),
        write_units=Decimal(150_000_000),
        index_read_units=Decimal(0),
        index_write_units=Decimal(450_000_000),
        real_usd=Decimal(real),
        why=(),
    )


def test_the_estimate_by_hand_stands_beside_the_real_one() -> None:
    """The figures of the assessment, at the prices of its day."""
    naive = an_estimate("11.25", "798.75")
    assert digest_estimates.naive_title(naive) == "Why not $11.25?"
    assert [(row.what, row.by_hand, row.real) for row in digest_estimates.naive_rows(naive)] == [
        ("Reads", "30,000,000 calls, 1 unit each", "195,000,000 units"),
        ("Writes", "3,000,000 calls, 1 unit each", "150,000,000 units, and 450,000,000 in indexes"),
        ("A month", "$11.25", "$799"),
    ]


@pytest.mark.parametrize(
    ("naive", "real", "sentence"),
    [
        ("11.25", "798.75", "The real amount is 71 times the one by hand."),
        ("10", "5", "The real amount is 0.5 times the one by hand."),
        ("10", "10.5", "The real amount is 1.05 times the one by hand."),
        ("10", "10.49", None),
        ("10", "9.51", None),
        ("0.20", "0.20", None),
        ("0", "10", None),
        ("0.009", "10", None),
        ("10", "0.009", None),
    ],
)
def test_how_far_the_estimate_by_hand_is_off_where_there_is_something_to_explain(
    naive: str, real: str, sentence: str | None
) -> None:
    estimate = an_estimate(naive, real)
    shown = digest_estimates.naive_estimate(costs_of(naive=estimate))
    assert shown == (None if sentence is None else estimate)
    if sentence is not None:
        assert digest_estimates.naive_sentence(estimate) == sentence
    assert digest_estimates.naive_estimate(costs_of()) is None


def test_one_call_takes_one_unit() -> None:
    one = dataclasses.replace(an_estimate("1", "2"), reads=Decimal(1), read_units=Decimal(1), index_write_units=Decimal(0))
    rows = [(row.by_hand, row.real) for row in digest_estimates.naive_rows(one)]
    assert rows[:2] == [("1 call, 1 unit each", "1 unit"), ("3,000,000 calls, 1 unit each", "150,000,000 units")]


@pytest.mark.parametrize(
    ("fields", "says", "is_off"),
    [
        ({"factor": Decimal("1.0004")}, "measured is what the patterns say", False),
        ({"measured_units": Decimal(104), "factor": Decimal("1.04")}, "measured is 1.04 times what the patterns say", False),
        (
            {"measured_units": Decimal(40), "factor": Decimal("0.4"), "in_range": False},
            "measured is 0.4 times what the patterns say",
            True,
        ),
        ({"measured_units": Decimal(40), "in_range": False, "note": "only 3 days"}, "only 3 days", False),
        ({"in_range": False, "note": "no datapoint"}, "no datapoint", False),
        ({}, "not applied", False),
        (
            {"measured_units": Decimal(90), "factor": Decimal("0.9"), "note": "of 9 days"},
            "measured is 0.9 times what the patterns say: of 9 days",
            False,
        ),
    ],
)
def test_declared_patterns_are_held_against_what_was_measured(fields: dict[str, Any], says: str, is_off: bool) -> None:
    defaults: dict[str, Any] = {"measured_units": None, "factor": None, "in_range": True}
    one = Calibration(table="t", index=None, what="reads", declared_units=Decimal(100), **(defaults | fields))
    [row] = digest_estimates.calibration_rows(costs_of(calibrations=(one,)))
    assert (row.declared, row.measured) == ("100", filters.quantity(one.measured_units))
    assert (row.says, row.is_off) == (says, is_off)


@pytest.mark.parametrize(
    ("factor", "text"), [("0", "0"), ("0.4", "0.4"), ("1.04", "1.04"), ("4.725", "4.72"), ("23.6", "24"), ("1240", "1,240")]
)
def test_how_many_times(factor: str, text: str) -> None:
    assert filters.times(Decimal(factor)) == text


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("AWS Price List, bundled with this version", ""),
        (bundled_sheet("eu-north-1").source, ""),
        ("no price sheet for this region", ""),
        ("the Price List API on 2026-11-22", "Prices: the Price List API on 2026-11-22."),
        (
            "the Price List API on 2026-11-22, AWS Backup's prices from the bundled list",
            "Prices: the Price List API on 2026-11-22.",
        ),
        (
            "the public price file on 2026-11-22, AWS Backup's prices from the bundled list, because the Price List API is denied",
            "Prices: the public price file on 2026-11-22, because the Price List API is denied.",
        ),
        (
            "bundled list prices (AWS data of 2025-09-09; prices, confirmed), because there is no AWS session",
            "Prices: bundled list prices, because there is no AWS session.",
        ),
        (f"bundled list prices (AWS), because {'x' * 80}", f"Prices: bundled list prices, because {'x' * 60}…"),
    ],
)
def test_the_price_source_is_named_where_it_is_not_the_sheet_as_shipped(source: str, line: str) -> None:
    told = digest_costs.price_source(PriceSource(region="eu-north-1", as_of="2025-09", source=source))
    assert told == line
    assert len(told) <= 100
