"""What the difference of two bills comes from: price list, usage and configuration, which add up to it exactly."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stj_audit.cost.lines import MONEY_STEP, QUANTITY_STEP
from stj_audit.cost.prices import PriceSheet, bundled_sheet
from stj_audit.diff import Diff, compare
from stj_audit.diff.costs import Bill, CostChange, compare_bills
from stj_audit.diff.findings import NOT_LOOKED_AT
from stj_audit.diff.lines import LineChange, Side
from stj_audit.errors import ConfigError
from stj_audit.facts import AutoScaling, MissingTable, ScalableTarget, TableFacts, Throughput, Unknown
from stj_audit.report import CostLine, CurrentCost, Report
from tests.builders import SEEN, a_flow, some_entries, some_traffic
from tests.compared_runs import DENIED, NO_PITR, REGION, audited, bills, orders
from tests.sample_report import sample_report

pytestmark = pytest.mark.slow


def dearer(by: str) -> PriceSheet:
    sheet = bundled_sheet(REGION)
    prices = {key: replace(price, usd=price.usd * Decimal(by), as_of="2026-11") for key, price in sheet.prices.items()}
    return replace(sheet, prices=prices)


def parts(cost: CostChange) -> tuple[bool, bool, bool]:
    """Which of price list, usage and configuration the difference has."""
    return bool(cost.price_list_usd), bool(cost.usage_usd), bool(cost.configuration_usd)


def attributed(old: Report, new: Report) -> Diff:
    """The comparison, once its sums are checked."""
    diff = compare(old, new)
    for cost in bills(diff):
        assert cost.complete
        assert cost.delta_usd == (cost.after_usd or 0) - (cost.before_usd or 0)
        assert cost.delta_usd == cost.price_list_usd + cost.usage_usd + cost.configuration_usd
    assert diff.costs.current.before_usd == old.costs.current.monthly_usd
    assert diff.costs.current.after_usd == new.costs.current.monthly_usd
    return diff


def test_other_prices_alone_are_the_price_list() -> None:
    diff = attributed(audited(orders(indexes=["by-status"])), audited(orders(indexes=["by-status"]), prices=dearer("1.1"), days=1))
    for cost in bills(diff):
        assert parts(cost) == (True, False, False)
        assert cost.delta_share == Decimal("0.1")
    assert f"Prices: {audited(orders()).costs.prices.as_of} → 2026-11" in diff.notes


def test_more_requests_and_items_alone_are_usage() -> None:
    more = {
        "items": replace(SEEN, sizes=((1_000, 3_000),), attributes=(), keys=(), key_shapes=(), indexes=()),
        "traffic": some_traffic(a_flow(read_units=Decimal(5_000_000), write_units=Decimal(5_000_000))),
    }
    diff = attributed(audited(orders()), audited(orders(facts=more), days=1))
    for cost in bills(diff):
        assert parts(cost) == (False, True, False)
        assert {line.component for line in cost.lines} == {"storage", "reads", "writes", "pitr"}


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (orders(), orders(indexes=["by-status"]), "the index was added"),
        (orders(indexes=["by-status"]), orders(), "the index was removed"),
        (orders(facts=NO_PITR), orders(), "PITR was switched on"),
        (orders(), orders(facts=NO_PITR), "PITR was switched off"),
        (orders(), orders(table_class="STANDARD_INFREQUENT_ACCESS"), "the table class changed"),
        (
            orders(),
            orders(billing_mode="PROVISIONED", provisioned=Throughput(read_units=5, write_units=5)),
            "the billing mode is PROVISIONED, was PAY_PER_REQUEST",
        ),
        (orders(), orders(replicas=()), None),
    ],
)
def test_another_definition_alone_is_configuration(before: TableFacts, after: TableFacts, why: str | None) -> None:
    diff = attributed(audited(before), audited(after, days=1))
    for cost in bills(diff):
        assert parts(cost) == (False, False, why is not None)
        assert {line.why for line in cost.lines if line.delta_usd} == ({why} if why else set())
        assert cost.tables_usd == 0


def test_a_narrower_index_is_configuration_and_the_load_of_the_table_usage() -> None:
    wide = orders(indexes=["by-status"])
    [index] = wide.table.indexes
    narrow = replace(
        wide,
        table=replace(wide.table, indexes=(replace(index, projection="KEYS_ONLY"),)),
        items=replace(SEEN, indexes=(some_entries("by-status", mean_bytes=100),)),
        traffic=some_traffic(a_flow(write_units=Decimal(9_000_000)), {"by-status": a_flow(write_units=Decimal(10))}),
    )
    cost = attributed(audited(wide), audited(narrow, days=1)).costs.current
    by_component = {line.component: line for line in cost.lines}
    assert by_component["writes"].usage_usd == by_component["writes"].delta_usd
    for component in ("index-storage", "index-writes"):
        line = by_component[component]
        assert line.configuration_usd == line.delta_usd != 0
        assert not line.usage_usd
        assert line.why == "the definition of the index changed"
    [settings] = [one.settings for one in compare(audited(wide), audited(narrow, days=1)).tables]
    assert [(one.what, one.before, one.after) for one in settings] == [
        ("index by-status", "GSI on status (S), ALL", "GSI on status (S), KEYS_ONLY")
    ]


SCALED = AutoScaling(
    targets=tuple(
        ScalableTarget(
            index=None,
            dimension=dimension,
            min_units=1,
            max_units=100,
            suspended=False,
            target_utilization_percent=Decimal(70),
        )
        for dimension in ("read", "write")
    )
)


@pytest.mark.parametrize(("scaling", "part"), [(SCALED, "usage"), (AutoScaling(targets=()), "configuration")])
def test_capacity_that_auto_scaling_moves_is_usage_and_what_somebody_sets_is_configuration(scaling: AutoScaling, part: str) -> None:
    def provisioned(units: int) -> TableFacts:
        return orders(
            billing_mode="PROVISIONED", provisioned=Throughput(read_units=units, write_units=units), facts={"auto_scaling": scaling}
        )

    cost = compare(audited(provisioned(5)), audited(provisioned(9), days=1)).costs.current
    assert cost.delta_usd
    assert getattr(cost, f"{part}_usd") == cost.delta_usd


def test_a_table_more_is_configuration_of_which_it_is_told_how_much_is_the_table() -> None:
    diff = attributed(audited(orders()), audited(orders(), orders("users"), days=1))
    for cost in bills(diff):
        assert cost.configuration_usd == cost.tables_usd == cost.delta_usd != 0
        assert {line.why for line in cost.lines} == {"the table is new in this audit"}


def test_the_free_tier_in_one_run_only_is_configuration_and_told() -> None:
    diff = attributed(audited(orders()), audited(orders(), free_tier=True, days=1))
    for cost in bills(diff):
        assert parts(cost) == (False, False, True)
        assert {line.why for line in cost.lines} == {"the free tier is subtracted now"}
    assert "AWS's free monthly quantities: not subtracted → subtracted" in diff.notes


def test_an_amount_that_is_not_known_on_one_side_has_no_difference() -> None:
    known, unknown = audited(orders()), audited(orders(facts={"pitr": DENIED, "traffic": DENIED}), days=1)
    cost = compare(known, unknown).costs.current
    by_component = {line.component: line for line in cost.lines}
    assert by_component["pitr"].delta_usd is None
    assert by_component["pitr"].monthly_usd_before is not None
    assert by_component["pitr"].why.startswith("not known now: ")
    assert not cost.complete
    assert cost.before_complete
    assert not cost.after_complete
    assert cost.delta_usd == 0  # of the storage, which is all that is known in both
    assert cost.unknown_lines == 3
    assert cost.delta_share is None
    assert not cost.is_same


def test_nothing_known_in_both_is_no_difference_at_all() -> None:
    nowhere = PriceSheet(region=REGION, source="none", prices={})
    cost = compare(audited(orders()), audited(orders(), prices=nowhere, days=1)).costs.current
    assert (cost.delta_usd, cost.after_usd, cost.complete) == (None, None, False)


def test_a_table_that_could_not_be_read_has_not_become_free() -> None:
    missing = MissingTable(name="users", unknown=Unknown(call="dynamodb:DescribeTable", reason="AccessDeniedException"))
    both, one = audited(orders(), orders("users", facts=NO_PITR)), audited(orders(), missing=(missing,), days=1)
    diff = compare(both, one)
    assert [(table.table, table.state) for table in diff.tables] == [("users", "not read"), ("orders", "in both")]
    assert [(table.table, table.state) for table in compare(one, both).tables] == [("users", "read again"), ("orders", "in both")]
    cost = diff.costs.current
    assert cost.delta_usd == 0
    assert not cost.complete
    assert not cost.tables_usd
    assert {line.why for line in cost.lines} == {"the table could not be read now"}
    assert {one.state for one in diff.findings if one.table == "users"} == {NOT_LOOKED_AT}


# ------------------------------------------------------------------------------------------------- the split, any lines

TABLES, INDEXES, COMPONENTS = ("a", "b"), (None, "i"), ("storage", "writes", "pitr", "index-writes", "capacity-reads", "odd")
amounts = st.decimals(min_value=0, max_value=10**9, places=6)
prices_ = st.sampled_from([Decimal(text) for text in ("0.0000001345", "0.269", "0.3", "0.00014", "1")])


@st.composite
def bill_lines(draw: st.DrawFn, *, unknown: bool = True) -> tuple[CostLine, ...]:
    keys = draw(st.lists(st.tuples(st.sampled_from(TABLES), st.sampled_from(INDEXES), st.sampled_from(COMPONENTS)), max_size=8))
    lines = []
    for table, index, component in keys:
        quantity = draw(st.none() | amounts) if unknown else draw(amounts)
        price = draw(st.none() | prices_) if unknown else draw(prices_)
        known = quantity is not None and price is not None
        free = draw(st.booleans()) and draw(st.booleans())
        usd = None if quantity is None or price is None else Decimal(0) if free else (quantity * price).quantize(MONEY_STEP)
        assert (usd is None) is not known
        lines.append(
            CostLine(
                table=table,
                index=index,
                component=component,
                quantity=None if quantity is None else quantity.quantize(QUANTITY_STEP),
                unit="unit",
                unit_price_usd=price,
                monthly_usd=usd,
                basis="measured",
                per_user=True,
            )
        )
    return tuple(lines)


def a_bill(lines: tuple[CostLine, ...]) -> Bill:
    return CurrentCost(monthly_usd=None, lines=tuple(lines), complete=all(line.monthly_usd is not None for line in lines))


def a_side(table_class: str = "STANDARD", *, only: Sequence[str] = TABLES) -> Side:
    [template] = audited(orders(indexes=["i"])).tables
    tables = {name: replace(template, name=name, table_class=table_class) for name in only}
    return Side(tables=tables, free_tier=False, unread=lambda _name: False)


SIDES = (a_side(), a_side("STANDARD_INFREQUENT_ACCESS"), a_side(only=("a",)))
sides = st.sampled_from(SIDES)


@given(before=bill_lines(), after=bill_lines(), old=sides, new=sides)
def test_the_parts_of_every_line_and_of_the_whole_add_up_exactly(
    before: tuple[CostLine, ...], after: tuple[CostLine, ...], old: Side, new: Side
) -> None:
    cost = compare_bills(a_bill(before), a_bill(after), old, new)
    known = [line for line in cost.lines if line.delta_usd is not None]
    for line in known:
        assert line.delta_usd == line.price_list_usd + line.usage_usd + line.configuration_usd
        assert line.delta_usd == (line.monthly_usd_after or 0) - (line.monthly_usd_before or 0)
    for line in set(cost.lines) - set(known):
        assert not any((line.price_list_usd, line.usage_usd, line.configuration_usd))
    sums = cost.price_list_usd + cost.usage_usd + cost.configuration_usd
    assert sums == sum((line.delta_usd or Decimal(0) for line in known), Decimal(0))
    assert cost.delta_usd in {sums, None}
    assert cost.complete is (cost.unknown_lines == 0)
    if cost.complete:
        assert cost.before_usd is not None
        assert cost.after_usd is not None
        assert cost.delta_usd == cost.after_usd - cost.before_usd


@given(before=bill_lines(), after=bill_lines(), old=sides, new=sides)
def test_the_other_way_round_every_part_has_the_opposite_sign(
    before: tuple[CostLine, ...], after: tuple[CostLine, ...], old: Side, new: Side
) -> None:
    one, other = compare_bills(a_bill(before), a_bill(after), old, new), compare_bills(a_bill(after), a_bill(before), new, old)

    def key(line: LineChange) -> tuple[str, str, str]:
        return line.table, line.index or "", line.component

    names = ("delta_usd", "price_list_usd", "usage_usd", "configuration_usd")
    for there, back in zip(sorted(one.lines, key=key), sorted(other.lines, key=key), strict=True):
        assert key(there) == key(back)
        for name in names:
            forth, reverse = getattr(there, name), getattr(back, name)
            assert (forth is None) is (reverse is None)
            assert (forth or 0) == -(reverse or 0)
    assert (one.tables_usd, one.unknown_lines, one.complete) == (-other.tables_usd, other.unknown_lines, other.complete)
    assert (one.before_usd, one.after_usd) == (other.after_usd, other.before_usd)


@given(lines=bill_lines(), side=sides)
def test_a_bill_does_not_differ_from_itself(lines: tuple[CostLine, ...], side: Side) -> None:
    cost = compare_bills(a_bill(lines), a_bill(lines), side, side)
    assert cost.is_same
    assert not [line for line in cost.lines if line.delta_usd is not None]
    assert not any((cost.price_list_usd, cost.usage_usd, cost.configuration_usd))


@given(lines=bill_lines(unknown=False), factor=st.sampled_from([Decimal("0.5"), Decimal(2), Decimal("1.07")]))
def test_only_prices_or_only_quantities_are_told_apart(lines: tuple[CostLine, ...], factor: Decimal) -> None:
    def times(line: CostLine, name: str) -> CostLine:
        changed = replace(line, **{name: getattr(line, name) * factor})
        return replace(changed, monthly_usd=None if line.monthly_usd is None else line.monthly_usd * factor)

    kept = tuple({(line.table, line.index, line.component): line for line in lines if line.component != "capacity-reads"}.values())
    expected: list[tuple[str, Callable[[CostChange], Decimal]]] = [
        ("unit_price_usd", lambda cost: cost.price_list_usd),
        ("quantity", lambda cost: cost.usage_usd),
    ]
    for name, of in expected:
        cost = compare_bills(a_bill(kept), a_bill(tuple(times(line, name) for line in kept)), SIDES[0], SIDES[0])
        assert cost.delta_usd == of(cost)


def test_what_price_and_quantity_do_together_is_shared_in_halves() -> None:
    """By hand: 10 units at $1 become 20 at $3. The price's part is 2 x 15 = $30, that of the quantity 10 x 2 = $20."""
    line = replace(sample_report().costs.current.lines[0], table="a", index=None, component="writes")
    before = replace(line, quantity=Decimal(10), unit_price_usd=Decimal(1), monthly_usd=Decimal(10))
    after = replace(line, quantity=Decimal(20), unit_price_usd=Decimal(3), monthly_usd=Decimal(60))
    cost = compare_bills(a_bill((before,)), a_bill((after,)), SIDES[0], SIDES[0])
    assert (cost.price_list_usd, cost.usage_usd, cost.delta_usd) == (Decimal(30), Decimal(20), Decimal(50))
    assert cost.delta_share == 5
    classes = compare_bills(a_bill((before,)), a_bill((after,)), SIDES[0], SIDES[1])
    assert (classes.price_list_usd, classes.usage_usd, classes.configuration_usd) == (Decimal(0), Decimal(20), Decimal(30))


@pytest.mark.parametrize(
    "damage", [{"monthly_usd": Decimal("1e60")}, {"quantity": Decimal("1e-300"), "unit_price_usd": Decimal("1e60")}]
)
def test_amounts_of_a_damaged_file_are_told_as_that(damage: dict[str, Decimal]) -> None:
    damaged: dict[str, Any] = dict(damage)
    line = replace(sample_report().costs.current.lines[0], table="a", component="writes")
    before, after = a_bill((line,)), a_bill((replace(line, **damaged),))
    with pytest.raises(ConfigError, match="has an amount that is out of range"):
        compare_bills(before, after, SIDES[0], SIDES[0])
