"""Two runs compared: what became of findings, grades, limits and tables, and what a bill's difference comes from."""

import json
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stj_audit import baseline as baselines
from stj_audit.config import Scale, SizeLines, parse_config
from stj_audit.cost.lines import MONEY_STEP, QUANTITY_STEP
from stj_audit.cost.prices import PriceSheet, bundled_sheet
from stj_audit.diff import NOT_COMPARABLE, SAME, Diff, compare
from stj_audit.diff.costs import Bill, CostChange, compare_bills
from stj_audit.diff.findings import BETTER, FIXED, NEW, NOT_LOOKED_AT, NOT_SUPPRESSED, NOW_SUPPRESSED, WORSE
from stj_audit.diff.lines import LineChange, Side, side_of
from stj_audit.errors import ConfigError
from stj_audit.facts import AutoScaling, MissingTable, Pitr, ScalableTarget, Snapshot, TableFacts, Throughput, Unknown
from stj_audit.judge import Terms, judge
from stj_audit.report import CostLine, CurrentCost, GateReport, Report, ScaleLimit, ScopeReport, from_json, to_json
from tests.builders import a_flow, a_table, an_index, some_entries, some_items, some_traffic, table_facts
from tests.sample_report import SUBSCRIBERS, sample_report
from tests.test_baseline import SEEN, WARM

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
REGION = "eu-north-1"
DENIED = Unknown(call="dynamodb:DescribeContinuousBackups", reason="AccessDeniedException")
FEWER_READS = a_flow(read_units=Decimal(1_000))


def audited(
    *tables: TableFacts, config: str = "", prices: PriceSheet | None = None, days: int = 0, free_tier: bool = False, **fields: Any
) -> Report:
    """A run of `days` after the first one; the user counts of a run are 1,000 now and 10,000 as its target."""
    snapshot: dict[str, Any] = {
        "account": "123456789012",
        "region": REGION,
        "endpoint_url": None,
        "started_at": NOW + timedelta(days=days),
        "finished_at": NOW + timedelta(days=days),
        "tables": tables,
        "missing": (),
        "read_units": Decimal(0),
        "api_calls": 0,
    }
    terms: dict[str, Any] = {
        "scale": Scale(users_now=1_000, target_users=10_000),
        "size_lines": SizeLines(),
        "prices": prices or bundled_sheet(REGION),
        "config": parse_config(tomllib.loads(config, parse_float=Decimal), origin="stj-audit.toml"),
        "audit_id": f"run-{days}",
        "free_tier": free_tier,
    }
    given_terms = {name: fields.pop(name) for name in list(fields) if name in {"scale", "baseline"}}
    return judge(Snapshot(**(snapshot | fields)), Terms(**(terms | given_terms)))


def orders(name: str = "orders", *, indexes: Sequence[str] = (), facts: dict[str, Any] | None = None, **table: Any) -> TableFacts:
    """A table of which everything is known, with requests; each index has all items in it."""
    described = a_table(name=name, warm_throughput=WARM, indexes=tuple(map(an_index, indexes)), **table)
    flows = {index: a_flow() for index in indexes}
    known: dict[str, Any] = {
        "items": replace(SEEN, indexes=tuple(map(some_entries, indexes))),
        "traffic": some_traffic(a_flow(), flows),
    }
    return table_facts(described, **(known | (facts or {})))


def dearer(by: str) -> PriceSheet:
    sheet = bundled_sheet(REGION)
    prices = {key: replace(price, usd=price.usd * Decimal(by), as_of="2026-11") for key, price in sheet.prices.items()}
    return replace(sheet, prices=prices)


def states(diff: Diff) -> dict[str, str]:
    return {one.check: one.state for one in diff.findings}


def bills(diff: Diff) -> list[CostChange]:
    return [diff.costs.current, *(at.cost for at in diff.costs.projections)]


def parts(cost: CostChange) -> tuple[bool, bool, bool]:
    """Which of price list, usage and configuration the difference has."""
    return bool(cost.price_list_usd), bool(cost.usage_usd), bool(cost.configuration_usd)


# ------------------------------------------------------------------------------------------------------------- findings


NO_PITR: dict[str, Any] = {"pitr": Pitr(enabled=False)}


def test_a_run_does_not_differ_from_itself() -> None:
    report = audited(orders(facts=NO_PITR), orders("users", indexes=["by-status"]))
    diff = compare(report, report)
    assert diff.is_empty
    assert (diff.findings, diff.limits) == ((), ())
    assert diff.unchanged == sum(one.suppressed is None for one in report.findings) > 0
    assert diff.overall.direction == SAME
    assert {one.direction for one in diff.categories} == {SAME}
    assert all(cost.delta_usd == 0 and cost.complete and cost.lines == () for cost in bills(diff))
    assert diff.notes == ("Both files are of the same run",)


def test_what_is_found_now_is_new_and_what_is_gone_after_a_look_is_fixed() -> None:
    bad, good = audited(orders(facts=NO_PITR)), audited(orders(), days=1)
    worse, better = compare(good, bad), compare(bad, good)
    assert states(worse)["pitr-off"] == NEW
    assert states(better)["pitr-off"] == FIXED
    [new] = [one for one in worse.findings if one.check == "pitr-off"]
    [fixed] = [one for one in better.findings if one.check == "pitr-off"]
    assert (new.severity_before, new.severity_after, new.reason) == (None, "high", "")
    assert (fixed.severity_before, fixed.severity_after, fixed.reason) == ("high", None, "looked at, and not found any more")
    assert (new.id, new.table) == (fixed.id, "orders")


def test_what_could_not_be_looked_at_any_more_is_not_fixed() -> None:
    bad, unseen = audited(orders(facts=NO_PITR)), audited(orders(facts={"pitr": DENIED}), days=1)
    diff = compare(bad, unseen)
    [row] = [one for one in diff.findings if one.check == "pitr-off"]
    assert (row.state, row.reason) == (NOT_LOOKED_AT, "AccessDeniedException")
    [back] = [one for one in compare(unseen, bad).findings if one.check == "pitr-off"]
    assert (back.state, back.reason) == (NEW, "not looked at before: AccessDeniedException")


def test_the_findings_of_a_table_that_is_not_in_the_new_run_are_not_fixed() -> None:
    both, one = audited(orders(), orders("users", facts=NO_PITR)), audited(orders(), days=1)
    diff = compare(both, one)
    [row] = [found for found in diff.findings if found.check == "pitr-off"]
    assert (row.state, row.reason) == (NOT_LOOKED_AT, "the table is not among those of this audit")
    assert [(table.table, table.state) for table in diff.tables] == [("users", "removed"), ("orders", "in both")]


def test_a_finding_is_worse_or_better_by_its_severity() -> None:
    old = sample_report()
    first = old.findings[0]
    new = replace(old, findings=(replace(first, severity="low"), *old.findings[1:]))
    assert first.severity == "critical"
    for one, other, state in ((old, new, BETTER), (new, old, WORSE)):
        [row] = compare(one, other).findings
        assert (row.id, row.state) == (first.id, state)
        assert {row.severity_before, row.severity_after} == {"critical", "low"}


IGNORE = '[[ignore]]\ncheck = "pitr-off"\nreason = "throw-away data"\n'


def test_what_is_suppressed_is_told_as_that_and_is_not_fixed() -> None:
    open_, ignored = audited(orders(facts=NO_PITR)), audited(orders(facts=NO_PITR), config=IGNORE, days=1)
    [row] = compare(open_, ignored).findings
    assert (row.check, row.state, row.reason) == ("pitr-off", NOW_SUPPRESSED, "throw-away data")
    [row] = compare(ignored, open_).findings
    assert (row.check, row.state, row.reason) == ("pitr-off", NOT_SUPPRESSED, "")


def test_a_new_finding_that_is_suppressed_at_once_says_both() -> None:
    diff = compare(audited(orders()), audited(orders(facts=NO_PITR), config=IGNORE, days=1))
    [row] = [one for one in diff.findings if one.check == "pitr-off"]
    assert (row.state, row.severity_before, row.reason) == (NOW_SUPPRESSED, None, "not found before; throw-away data")


def test_suppressed_in_both_is_no_change_and_fixed_says_that_it_was_suppressed() -> None:
    ignored = audited(orders(facts=NO_PITR), config=IGNORE)
    assert compare(ignored, replace(ignored, audit=replace(ignored.audit, id="b"))).findings == ()
    [row] = [one for one in compare(ignored, audited(orders(), days=1)).findings if one.check == "pitr-off"]
    assert (row.state, row.reason) == (FIXED, "looked at, and not found any more; it was suppressed")


def test_a_baseline_in_one_run_only_suppresses_and_is_told() -> None:
    plain = audited(orders(facts=NO_PITR))
    known = baselines.from_json(baselines.to_json(plain), origin="b.json")
    diff = compare(plain, audited(orders(facts=NO_PITR), baseline=known, days=1))
    assert {one.state for one in diff.findings} == {NOW_SUPPRESSED}
    assert "Only the new run was held against a baseline, which suppresses what it knows" in diff.notes


def test_findings_are_told_in_order_of_urgency() -> None:
    old = sample_report()
    new = replace(old, findings=(replace(old.findings[3], id="other"), replace(old.findings[1], severity="critical")))
    order = [one.state for one in compare(old, new).findings]
    assert order[:2] == [NEW, WORSE]
    assert set(order[2:]) <= {FIXED, NOT_LOOKED_AT}
    assert order == sorted(order, key=[NEW, WORSE, FIXED, NOT_LOOKED_AT].index)


# --------------------------------------------------------------------------------------------------------------- grades


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        ("C", "B+", BETTER),
        ("A+", "A", WORSE),
        ("F", "F", SAME),
        ("?", "A", NOT_COMPARABLE),
        ("A", "?", NOT_COMPARABLE),
        ("n/a", "D", NOT_COMPARABLE),
        ("B", "n/a", NOT_COMPARABLE),
        ("?", "n/a", NOT_COMPARABLE),
    ],
)
def test_a_grade_that_says_nothing_is_neither_better_nor_worse(before: str, after: str, direction: str) -> None:
    report = sample_report()
    old, new = (
        replace(
            report,
            overall=replace(report.overall, grade=grade),
            categories=(replace(report.categories[0], grade=grade), *report.categories[1:]),
            grades_by_users={"100": replace(report.grades_by_users["100"], overall=grade)},
        )
        for grade in (before, after)
    )
    diff = compare(old, new)
    assert [diff.overall.direction, diff.categories[0].direction, diff.grades_by_users[0].overall.direction] == [direction] * 3
    assert {one.direction for one in diff.categories[1:]} == {SAME}
    assert diff.is_empty is (direction == SAME)


def test_grades_are_compared_at_the_user_counts_of_both() -> None:
    report = sample_report()
    fewer = replace(report, grades_by_users={key: at for key, at in report.grades_by_users.items() if key != "100"})
    counts = [at.users for at in compare(report, fewer).grades_by_users]
    assert counts == sorted(map(int, fewer.grades_by_users))
    assert 100 not in counts


# --------------------------------------------------------------------------------------------------- limits and the gate


def a_limit(users: int, check: str = "hot-key-outgrown", table: str = SUBSCRIBERS) -> ScaleLimit:
    return ScaleLimit(users=users, table=table, index=None, check=check, code="SCL-01", what="the 3,000 read units")


@pytest.mark.parametrize(
    ("before", "after", "first", "rows"),
    [
        ((a_limit(100),), (a_limit(200),), BETTER, [(100, 200, BETTER)]),
        ((a_limit(200),), (a_limit(100),), WORSE, [(200, 100, WORSE)]),
        ((a_limit(100),), (a_limit(100),), SAME, []),
        ((a_limit(100),), (), NOT_COMPARABLE, [(100, None, NOT_COMPARABLE)]),
        ((), (a_limit(100),), NOT_COMPARABLE, [(None, 100, NOT_COMPARABLE)]),
        ((a_limit(100), a_limit(300, "other")), (a_limit(300, "other"),), NOT_COMPARABLE, [(100, None, NOT_COMPARABLE)]),
        ((a_limit(100), a_limit(300, "other")), (a_limit(400), a_limit(300, "other")), BETTER, [(100, 400, BETTER)]),
    ],
)
def test_a_limit_that_one_run_does_not_know_is_neither_better_nor_worse(
    before: tuple[ScaleLimit, ...], after: tuple[ScaleLimit, ...], first: str, rows: list[Any]
) -> None:
    report = sample_report()
    diff = compare(replace(report, limits=before), replace(report, limits=after))
    assert diff.first_limit is not None
    assert diff.first_limit.direction == first
    assert [(one.users_before, one.users_after, one.direction) for one in diff.limits] == rows


def test_runs_without_limits_have_no_first_one() -> None:
    report = replace(sample_report(), limits=())
    assert compare(report, report).first_limit is None


def a_gate(verdict: str) -> GateReport:
    return GateReport(
        fail_on="high",
        fail_item_size=None,
        inconclusive="fail",
        strict=False,
        verdict=verdict,
        exit_code={"passed": 0, "failed": 3}[verdict],
        reasons=() if verdict == "passed" else ("1 finding is high",),
        failing=(),
        items=(),
    )


def test_the_gate_is_compared_where_a_run_has_one() -> None:
    report = sample_report()
    assert compare(report, report).gate is None
    gate = compare(report, replace(report, gate=a_gate("failed"))).gate
    assert gate is not None
    assert (gate.verdict_before, gate.verdict_after, gate.direction) == (None, "failed", NOT_COMPARABLE)
    assert gate.reasons == ("1 finding is high",)
    passed, failed = (replace(report, gate=a_gate(verdict)) for verdict in ("passed", "failed"))
    directions = [compare(*two).gate for two in ((passed, failed), (failed, passed), (failed, failed))]
    assert [one.direction for one in directions if one is not None] == [WORSE, BETTER, SAME]
    assert not compare(passed, failed).is_empty
    assert compare(passed, passed).is_empty


# --------------------------------------------------------------------------------------------- what the bill comes from


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


# ---------------------------------------------------------------------------------------------------- places and notes


def test_runs_of_another_region_or_account_are_refused() -> None:
    here = sample_report()
    for audit, words in (
        (replace(here.audit, region="us-east-1"), "us-east-1 of 123456789012"),
        (replace(here.audit, account="999999999999"), "eu-north-1 of 999999999999"),
    ):
        with pytest.raises(ConfigError, match=f"the old run is of eu-north-1 of 123456789012, and the new one of {words}: "):
            compare(here, replace(here, audit=audit))


def test_an_account_that_is_not_known_is_compared_and_told() -> None:
    here = sample_report()
    there = replace(here, audit=replace(here.audit, account=None, id="b"))
    assert "It is not known whether both runs are of the same account" in compare(here, there).notes


def a_scope(region: str, not_read: str | None = None) -> ScopeReport:
    return ScopeReport(
        account="123456789012",
        region=region,
        name=None,
        endpoint_url=None,
        tables=0 if not_read else 1,
        read_units=Decimal(0),
        api_calls=1,
        not_read=not_read,
    )


def test_a_region_of_several_that_could_not_be_read_leaves_its_tables_unknown() -> None:
    report = audited(orders(), orders("users"))
    renamed = tuple(
        replace(table, name=f"{region}/{table.name}")
        for table, region in zip(report.tables, ("eu-north-1", "us-east-1"), strict=True)
    )
    audit = replace(report.audit, region="several", scopes=(a_scope("eu-north-1"), a_scope("us-east-1")))
    old = replace(report, audit=audit, tables=renamed, rules=(), findings=())
    scopes = (a_scope("eu-north-1"), a_scope("us-east-1", "the region is not enabled"))
    new = replace(old, audit=replace(audit, id="b", scopes=scopes), tables=renamed[:1])
    assert [(one.table, one.state) for one in compare(old, new).tables] == [
        (renamed[1].name, "not read"),
        (renamed[0].name, "in both"),
    ]
    assert side_of(new).unread(renamed[1].name)
    with pytest.raises(ConfigError, match="their tables are not the same"):
        compare(old, replace(new, audit=replace(new.audit, scopes=scopes[:1])))


def test_what_makes_two_runs_hard_to_compare_is_told() -> None:
    old = sample_report()
    new = replace(
        old,
        tool=replace(old.tool, version="9", policy_version="other"),
        audit=replace(
            old.audit,
            id="b",
            started_at=old.audit.started_at - timedelta(days=1),
            target_users=50_000,
            users_now=None,
            endpoint_url="http://x",
        ),
        costs=replace(old.costs, projections=old.costs.projections[1:]),
        tables=tuple(replace(table, items=None) for table in old.tables),
    )
    told = compare(old, new).notes
    for start in (
        "The old run was made after the new one",
        "stj-audit: 0.1.0 → 9",
        "How grades are made (policy version): 2026-11 → other",
        "Users now: 112 → not known",
        "Target users: 10,000 → 50,000",
        "Only one of the runs has 100 users",
        "Endpoint: AWS → http://x",
        "The items of 2 tables were not read in the same way",
    ):
        assert any(note.startswith(start) for note in told), (start, told)


def test_a_line_that_is_known_in_another_way_is_told() -> None:
    old = sample_report()
    first, *others = old.costs.current.lines
    lines = (replace(first, basis="declared"), *others)
    new = replace(old, costs=replace(old.costs, current=replace(old.costs.current, lines=lines)))
    [told] = [note for note in compare(old, new).notes if "of the bill now" in note]
    assert told.startswith("1 line of the bill now is measured in one run, and declared or assumed in the other")


def test_run_files_from_before_the_gate_load_and_compare() -> None:
    run = json.loads(to_json(sample_report()))
    for later in ("gate", "sources", "baseline", "limits", "ignores", "overall_unsuppressed"):
        del run[later]
    old = from_json(json.dumps(run))
    diff = compare(old, sample_report())
    assert diff.gate is None
    assert diff.findings == ()


def test_items_alone_are_a_change_of_the_table() -> None:
    more = some_items({1_000: 999, 350_000: 1})
    diff = compare(audited(orders()), audited(orders(facts={"items": more}), days=1))
    [table] = diff.tables
    assert (table.largest_bytes_before, table.largest_bytes_after) == (1_000, 350_000)
    assert not table.is_same
    assert table.settings == ()
