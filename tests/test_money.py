"""What the report says of money beside the bill: when provisioned capacity pays off, commitments, the estimate by hand, the free tier."""

import tomllib
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import pytest

from stj_audit.config import Config, Scale, SizeLines, parse_config
from stj_audit.cost.auto_scaling import replay
from stj_audit.cost.capacity_mode import provisioned
from stj_audit.cost.priced_table import PricedTable
from stj_audit.cost.prices import PriceSheet, about_age, bundled_sheet
from stj_audit.facts import (
    Alarm,
    Alarms,
    AutoScaling,
    Flow,
    Pitr,
    Replica,
    ScalableTarget,
    TableFacts,
    Throughput,
    Unknown,
)
from stj_audit.judge import Terms, judge
from stj_audit.money import break_even, commitments, measured_calls
from stj_audit.report import Costs, CurrentCost, Projection
from tests.builders import CREATED_AT, a_flow, a_snapshot, a_table, an_index, some_entries, some_items, some_traffic, table_facts
from tests.test_judge import judged as judge_facts

US_EAST = bundled_sheet("us-east-1")
HOURS = 30 * 24


def config(text: str = "") -> Config:
    return parse_config(tomllib.loads(text, parse_float=Decimal), origin="d.toml")


def busy(reads_a_second: int, writes_a_second: int, *, hours: int = HOURS, period_seconds: int = 3_600) -> TableFacts:
    """A month of the same load in every hour."""
    periods = hours * 3_600 // period_seconds
    flow = Flow(
        read_units=Decimal(reads_a_second * 3_600 * HOURS),
        write_units=Decimal(writes_a_second * 3_600 * HOURS),
        read_series=(reads_a_second * period_seconds,) * periods,
        write_series=(writes_a_second * period_seconds,) * periods,
    )
    return table_facts(a_table(region="us-east-1"), traffic=some_traffic(flow, series_period_seconds=period_seconds))


def priced(facts: TableFacts, *, users_now: int | None = 1_000, text: str = "", prices: PriceSheet = US_EAST) -> PricedTable:
    return PricedTable(facts=facts, config=config(text), prices=prices, users_now=users_now)


# ------------------------------------------------------------------------------------------------------------ break-even


def test_a_steady_load_pays_off_on_provisioned_capacity_from_where_it_fills_its_units() -> None:
    # one read and one write a second for 1,000 users: on demand $0.33 + $1.64 a month
    found = break_even(priced(busy(1, 1)), Scale(users_now=1_000))
    assert found is not None
    # 8 alarms are $0.80, and a unit of each costs $0.57 whatever the load
    assert found.from_users is not None
    assert 500 <= found.from_users <= 1_000
    at = priced(busy(1, 1)).at(found.from_users)
    assert at.users == found.from_users
    assert "hourly sums" in found.note


def test_the_break_even_is_where_the_saving_changes_its_sign() -> None:
    table = priced(busy(1, 1, period_seconds=300))
    found = break_even(table, Scale(users_now=1_000))
    assert found is not None
    assert found.from_users is not None
    change = provisioned(table.projected)
    above, below = (table.at(users).saving(change) for users in (found.from_users, found.from_users * 8 // 10))
    assert above is not None
    assert below is not None
    assert below <= 0 < above
    assert "5 minutes" in found.note


@pytest.mark.parametrize(
    ("facts", "users_now"),
    [
        (busy(1, 1), None),
        (busy(0, 0), 1_000),
        (table_facts(), 1_000),  # no series
        (table_facts(traffic=Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")), 1_000),
        (table_facts(a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=5, write_units=5))), 1_000),
    ],
)
def test_nothing_is_said_of_a_break_even_where_there_is_nothing_to_weigh(facts: TableFacts, users_now: int | None) -> None:
    assert break_even(priced(facts, users_now=users_now), Scale(users_now=users_now)) is None


def test_a_load_that_comes_and_goes_has_no_break_even() -> None:
    series = tuple(3_600 if hour % 24 < 8 else 0 for hour in range(HOURS))
    flow = Flow(read_units=Decimal(sum(series)), write_units=Decimal(sum(series)), read_series=series, write_series=series)
    facts = table_facts(traffic=some_traffic(flow))
    assert break_even(priced(facts), Scale(users_now=1_000)) is None


def test_a_load_with_spikes_that_would_be_throttled_does_not_pay_off() -> None:
    series = tuple(3_600 * 400 if hour % 6 == 0 else 3_600 for hour in range(HOURS))
    flow = Flow(read_units=Decimal(sum(series)), write_units=Decimal(sum(series)), read_series=series, write_series=series)
    found = break_even(priced(table_facts(traffic=some_traffic(flow))), Scale(users_now=1_000))
    assert found is not None
    assert found.from_users is None
    assert found.note.startswith("at none of the counts up to 100,000 users")


def test_the_hours_of_provisioned_capacity_follow_the_load_where_auto_scaling_moves_it() -> None:
    table = a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=10, write_units=5))
    series = (7 * 3_600,) * 48
    flow = a_flow(read_units=Decimal(7 * 3_600 * HOURS), read_series=series, provisioned_read_units=Decimal(10))
    scaling = AutoScaling(targets=(ScalableTarget(index=None, dimension="read", min_units=1, max_units=10_000),))
    found = priced(table_facts(table, traffic=some_traffic(flow), auto_scaling=scaling), users_now=100)
    capacity = {users: next(line for line in found.at(users).lines if line.component == "capacity-reads") for users in (100, 1_000)}
    assert capacity[100].quantity == 7_300
    assert capacity[1_000].quantity == replay(series, 3_600, scale=10).unit_hours_a_month == 73_000
    assert capacity[1_000].growth == "linear"
    writes = next(line for line in found.at(1_000).lines if line.component == "capacity-writes")
    assert (writes.quantity, writes.growth) == (Decimal(3_650), "constant")


# ----------------------------------------------------------------------------------------------------------- commitments


def test_a_savings_plan_is_information_of_requests_and_capacity() -> None:
    [found] = commitments([priced(busy(40, 5)).at(1_000)])
    # 105.12 million reads: 13.14; 13.14 million writes: 8.2125
    assert found.offer == "Database Savings Plan, 1 year"
    assert round(found.of_usd, 2) == Decimal("21.35")
    assert round(found.saving_usd / found.of_usd, 4) == Decimal("0.18")


def test_a_small_bill_needs_no_commitment() -> None:
    assert commitments([priced(busy(1, 1)).at(1_000)]) == []


def test_reserved_capacity_is_for_the_units_that_are_always_there_in_whole_blocks() -> None:
    table = a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=250, write_units=99))
    plan, reserved = commitments([priced(table_facts(table)).at(1_000)])
    assert plan.offer.startswith("Database Savings Plan")
    assert reserved.offer == "reserved capacity, 1 year: 200 RCU"  # 99 WCU make no block
    # 200 x 730 h x $0.00013 against 200 x (730 h x $0.000025 + $0.30 / 12)
    assert reserved.of_usd == Decimal("18.98")
    assert reserved.saving_usd == Decimal("18.98") - 200 * (730 * Decimal("0.000025") + Decimal("0.30") / 12)


def test_what_auto_scaling_may_take_away_is_not_always_there() -> None:
    table = a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=250, write_units=250))
    read = ScalableTarget(index=None, dimension="read", min_units=10, max_units=500)
    targets = (read, replace(read, dimension="write"))
    facts = table_facts(table, auto_scaling=AutoScaling(targets=targets))
    assert [found.offer for found in commitments([priced(facts).at(1_000)])] == ["Database Savings Plan, 1 year"]


# ------------------------------------------------------------------------------------------------- by hand, and the report


def judged(*facts: TableFacts, text: str = "", users_now: int | None = 1_000, free_tier: bool = False, **terms: Any) -> Costs:
    scale = Scale(users_now=users_now)
    return judge(
        a_snapshot(*facts, region="us-east-1", started_at=CREATED_AT, finished_at=CREATED_AT),
        Terms(scale=scale, size_lines=SizeLines(), prices=US_EAST, config=config(text), audit_id="a", free_tier=free_tier, **terms),
    ).costs


def test_the_estimate_by_hand_takes_each_measured_request_for_one_unit() -> None:
    traffic = some_traffic(
        Flow(read_units=Decimal(3_000), write_units=Decimal(60_000)),
        {"by-status": Flow(read_units=Decimal(0), write_units=Decimal(60_000))},
        calls={"GetItem": 1_500, "PutItem": 1_200},
    )
    items = some_items({51_200: 100}, indexes=(some_entries("by-status", 100, 51_200),))
    facts = table_facts(a_table(region="us-east-1", indexes=(an_index("by-status"),)), traffic=traffic, items=items)
    naive = judged(facts, users_now=10_000).naive
    assert naive is not None
    month = Decimal(730) / 24 / 30
    assert naive.reads == round(1_500 * month)
    assert naive.writes == round(1_200 * month)
    assert naive.write_units == round(60_000 * month)
    assert naive.index_write_units == round(60_000 * month)
    assert any("item of orders has 50.0 KB" in reason for reason in naive.why)
    assert any("50% of the write units are writes to indexes" in reason for reason in naive.why)


@pytest.mark.parametrize("calls", [{}, {"GetItem": 5, "ExecuteStatement": 5}])
def test_requests_that_nobody_counted_or_can_tell_apart_give_no_estimate(calls: dict[str, int]) -> None:
    assert judged(table_facts(traffic=some_traffic(calls=calls))).naive is None


def test_measured_calls_are_scaled_to_the_users() -> None:
    facts = table_facts(traffic=some_traffic(calls={"GetItem": 720}))
    assert measured_calls([priced(facts, users_now=10)], 100) == {"orders": {"GetItem": Decimal(7_300)}}
    assert measured_calls([priced(facts, users_now=None)], 100) == {}


def test_the_free_tier_comes_off_once_for_all_tables_now_and_at_every_scale() -> None:
    tables = [
        table_facts(a_table(name=name), items=some_items({20 * 2**20: 1_024}), pitr=Pitr(enabled=False)) for name in ("a", "b")
    ]
    full, less = judged(*tables), judged(*tables, free_tier=True)
    assert (full.free_tier, less.free_tier) == (False, True)
    bills: list[tuple[CurrentCost | Projection, CurrentCost | Projection]] = [(full.current, less.current)]
    bills += zip(full.projections, less.projections, strict=True)
    for before, after in bills:
        assert before.monthly_usd is not None
        assert after.monthly_usd is not None
        [free] = [line for line in after.lines if line.component == "free-storage"]
        assert before.monthly_usd - after.monthly_usd == -(free.monthly_usd or 0)
    assert less.current.monthly_usd == (full.current.monthly_usd or 0) - Decimal("6.25")  # 40 GB in two tables, 25 of them free
    for at in less.projections:
        assert at.parts is not None
        assert at.parts.free_usd < 0
        assert at.monthly_usd == at.parts.constant_usd + at.parts.linear_usd + at.parts.super_linear_usd + at.parts.free_usd
        assert sum((step.saving_usd for step in at.savings), Decimal(0)) <= at.monthly_usd
    assert any("the free tier is subtracted, once for all tables" in line for line in less.assumptions)


def test_reads_of_streams_are_free_in_either_class() -> None:
    text = '[tables.orders]\nstream_readers = "application"\n'
    for table_class in ("STANDARD", "STANDARD_INFREQUENT_ACCESS"):
        facts = table_facts(a_table(table_class=table_class), traffic=some_traffic(stream_reads=3_000_000))  # 3,041,667 a month
        free = [line for line in judged(facts, text=text, free_tier=True).current.lines if line.component == "free-streams"]
        assert [line.monthly_usd for line in free] == [Decimal("-0.50")]  # 2.5 million


def test_calls_to_a_local_index_are_those_of_a_measured_month() -> None:
    """As their units are: CloudWatch counts the reads of a local index with its table's, and they are held against those."""
    text = "".join(
        f'[[tables.orders.pattern]]\nname = "{name}"\nop = "Query"\n{index}calls = 3\n'
        for name, index in (("table", ""), ("local", 'index = "i"\n'))
    )
    table = a_table(key=("id", "s"), indexes=(an_index("i", key=("id", "x"), kind="LSI"),))
    found = judged(table_facts(table), text="[tables.orders]\n" + text).patterns
    assert {one.pattern: one.calls for one in found} == dict.fromkeys(("table", "local"), Decimal("912500.00"))  # 10,000 users


def test_growth_is_told_apart_as_what_a_year_of_it_adds() -> None:
    text = '[tables.orders]\ngrowth = [{ attribute = "log", bytes = 100, per_user_day = 1 }]\n'
    [at] = [one for one in judged(table_facts(), text=text).projections if one.users == 1_000]
    assert at.after_year_usd is not None
    assert at.monthly_usd is not None
    # a thousand items for a thousand users: 36,500 bytes more in each
    stored = Decimal(1_000 * 36_500) / 2**30 * (Decimal("0.25") + Decimal("0.20"))
    # an item of 1,000 bytes is read in 1 step and written in 1, one of 37,500 bytes in 10 and 37
    reads, writes = (one.monthly_usd for one in at.lines if one.component in ("reads", "writes"))
    assert reads is not None
    assert writes is not None
    assert round(at.after_year_usd - at.monthly_usd, 6) == round(stored + 9 * reads + 36 * writes, 6)
    assert judged(table_facts()).projections[0].after_year_usd is None


@pytest.mark.parametrize(
    ("days", "told"),
    [(("30",), "30 days"), (("13.99",), "13.9 days"), (("0.0416",), "less than 0.1 days"), (("2", "30"), "2 to 30 days")],
)
def test_the_days_that_were_measured_are_told(days: tuple[str, ...], told: str) -> None:
    tables = [
        table_facts(a_table(name=f"t{place}"), traffic=some_traffic(covered_days=Decimal(covered)))
        for place, covered in enumerate(days)
    ]
    assumptions = judged(*tables).assumptions
    assert any(f"consumed units over {told}, scaled to a month" in line for line in assumptions)


@pytest.mark.parametrize(
    ("scaled", "told"),
    [
        (("read", "write"), "provisioned capacity follows the load as auto scaling would set it"),
        (("read",), "what auto scaling moves of the provisioned capacity follows the load"),
        ((), "provisioned capacity is priced as it is now at every user count"),
    ],
)
def test_capacity_follows_the_load_only_where_auto_scaling_moves_it(
    scaled: tuple[Literal["read", "write"], ...], told: str
) -> None:
    hours = 30 * 24
    flow = a_flow(read_series=(36_000,) * hours, write_series=(36_000,) * hours)  # 10 units a second
    flow = replace(flow, read_units=Decimal(36_000 * hours), write_units=Decimal(36_000 * hours))
    table = a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=15, write_units=15))
    targets = tuple(ScalableTarget(index=None, dimension=one, min_units=5, max_units=40_000) for one in scaled)
    facts = table_facts(table, traffic=some_traffic(flow), auto_scaling=AutoScaling(targets=targets))
    assumptions = judged(facts).assumptions
    assert [line for line in assumptions if "provisioned capacity" in line and line.startswith(told)]
    assert sum("provisioned capacity" in line for line in assumptions) == 1
    # 1,000 units a second at 100,000 users
    outgrown = "the requests to orders are more than that capacity serves at 100,000 users"
    assert (outgrown in assumptions) == (scaled != ("read", "write"))


# -------------------------------------------------------------------------------------------- global tables, alarms, age


def test_a_replica_is_priced_in_its_own_region_for_writes_storage_and_indexes() -> None:
    table = a_table(
        region="us-east-1",
        indexes=(an_index("by-status"),),
        replicas=(Replica(region="us-east-1", status="ACTIVE"), Replica(region="sa-east-1", status="ACTIVE")),
    )
    flow = Flow(read_units=Decimal(0), write_units=Decimal(7_200_000))
    index = Flow(read_units=Decimal(0), write_units=Decimal(720_000))
    lines = judged(table_facts(table, traffic=some_traffic(flow, {"by-status": index}))).current.lines
    by_place = {(line.region, line.index, line.component): line for line in lines}
    assert (None, None, "writes") not in by_place  # every write of a global table is a replicated one
    here, there = by_place[None, None, "replicated-writes"], by_place["sa-east-1", None, "replicated-writes"]
    assert (here.quantity, there.quantity) == (Decimal(7_300_000), Decimal(7_300_000))
    assert here.unit_price_usd == Decimal("0.000000625")
    assert there.unit_price_usd == Decimal("0.0000009375")
    assert by_place["sa-east-1", "by-status", "index-writes"].quantity == 730_000
    assert by_place["sa-east-1", None, "storage"].unit_price_usd == Decimal("0.375")
    assert ("sa-east-1", None, "pitr") not in by_place


def test_the_alarms_that_auto_scaling_made_are_on_the_bill() -> None:
    names = [f"TargetTracking-table/orders-AlarmHigh-{place}" for place in range(4)] + [
        "my-own",
        "TargetTracking-table/other-AlarmLow-1",
    ]
    alarms = tuple(Alarm(name=name, metrics=(), actions_enabled=True, action_count=1, state="OK") for name in names)
    [line] = [line for line in judged(table_facts(alarms=Alarms(alarms=alarms))).current.lines if line.component == "alarms"]
    assert (line.quantity, line.monthly_usd, line.growth) == (Decimal(4), Decimal("0.4"), "constant")


@pytest.mark.parametrize(
    ("as_of", "limit", "warns"),
    [("2025-09", 18, False), ("2025-09", 14, False), ("2025-09", 13, True), (None, 1, False), ("2026-11", 1, False)],
)
def test_old_prices_are_warned_of(as_of: str | None, limit: int, warns: bool) -> None:
    found = about_age(as_of, today=date(2026, 11, 28), max_age_months=limit)
    assert (found is not None) is warns
    assert found is None or "14 months ago" in found


def test_without_the_users_of_now_no_saving_is_of_a_user_count() -> None:
    report = judge_facts(table_facts(a_table(indexes=(an_index("by-status"),))), scale=Scale(users_now=None))
    assert [finding.saving_usd_month for finding in report.findings if finding.saving_usd_month is not None] == []
    cost = next(one for one in report.categories if one.id == "cost-optimization")
    assert cost.coverage < 1


def test_an_index_that_is_only_declared_takes_what_nobody_knows() -> None:
    text = '[tables.orders]\n[[tables.orders.index]]\nname = "new"\nkey = ["status"]\n'
    at = judged(table_facts(), text=text).projections[0]
    new = {line.component: line for line in at.lines if line.index == "new"}
    assert new["index-writes"].monthly_usd is None
    assert "no pattern is declared" in new["index-writes"].note
    assert not at.complete


def test_a_declared_mode_keeps_the_capacity_that_was_measured() -> None:
    table = a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=10, write_units=5))
    text = '[tables.orders]\nbilling_mode = "PROVISIONED"\nrcu = 20\n'
    at = judged(table_facts(table), text=text).projections[0]
    assert {line.component: line.quantity for line in at.lines if "capacity" in line.component} == {
        "capacity-reads": Decimal(14_600),
        "capacity-writes": Decimal(3_650),
    }


def test_a_local_index_fetches_what_it_does_not_hold() -> None:
    table = a_table(key=("id", "day"), indexes=(an_index("local", ("id", "total"), kind="LSI", projection="KEYS_ONLY"),))
    items = some_items({4_096: 1_000}, indexes=(some_entries("local", 1_000, 100),))
    denied = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
    text = (
        '[[tables.orders.pattern]]\nname = "q"\nop = "Query"\nindex = "local"\nkey = ["id"]\nreads = ["note"]\nitems = 10\ncalls = 1\n'
        "[tables.orders.attributes]\nnote = 100\n"
    )
    at = next(one for one in judged(table_facts(table, items=items, traffic=denied), text=text).projections if one.users == 1_000)
    found = {(line.index, line.component): line.quantity for line in at.lines if line.component.endswith("reads")}
    # 1,000 bytes of entries are half a unit, and ten items of 4,096 bytes another five
    assert found == {("local", "index-reads"): Decimal(15_000), (None, "reads"): Decimal(150_000)}
