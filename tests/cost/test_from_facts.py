"""What a table that was read costs: today as measured, and at any user count."""

from decimal import Decimal

import pytest

from stj_audit.config import Config, TableModel
from stj_audit.cost.lines import GB, is_complete, total
from stj_audit.cost.priced_table import PricedTable
from stj_audit.cost.prices import PriceSheet, bundled_sheet
from stj_audit.design import Pattern
from stj_audit.facts import (
    AutoScaling,
    Backup,
    Flow,
    Index,
    OnDemandBackups,
    Pitr,
    Replica,
    ScalableTarget,
    TableFacts,
    Throughput,
    Unknown,
)
from stj_audit.report import CostLine
from stj_audit.results import UseBillingMode
from tests.builders import (
    CREATED_AT,
    a_flow,
    a_table,
    an_index,
    no_data,
    some_entries,
    some_items,
    some_traffic,
    table_facts,
)

EU_NORTH = bundled_sheet("eu-north-1")
US_EAST = bundled_sheet("us-east-1")
NOT_READ = Unknown(call="dynamodb:Scan", reason="not read")
DENIED = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")


def priced(
    facts: TableFacts, model: TableModel | None = None, users_now: int | None = 100, prices: PriceSheet = EU_NORTH
) -> PricedTable:
    config = Config(tables={facts.table.name: model or TableModel()})
    return PricedTable(facts=facts, config=config, prices=prices, users_now=users_now)


def lines(
    facts: TableFacts, model: TableModel | None = None, users_now: int | None = 100
) -> dict[tuple[str | None, str], CostLine]:
    return {(line.index, line.component): line for line in priced(facts, model, users_now).now if line.region is None}


# ------------------------------------------------------------------------------------------------------------- storage


def test_storage_is_billed_with_a_hundred_bytes_more_for_each_item_and_entry() -> None:
    table = a_table(indexes=(an_index("by-status"),))
    items = some_items({1_000: 1_000}, indexes=(some_entries("by-status", entries=400, mean_bytes=300),))
    found = lines(table_facts(table, items=items))
    assert found[None, "storage"].quantity == (Decimal(1_000 * 1_100) / GB).quantize(Decimal("0.000001"))
    assert found["by-status", "index-storage"].quantity == (Decimal(400 * 400) / GB).quantize(Decimal("0.000001"))
    assert found[None, "storage"].unit_price_usd == Decimal("0.269")
    assert found[None, "storage"].basis == "measured"


def test_without_items_read_the_sizes_are_those_of_describe_table() -> None:
    table = a_table(item_count=10, size_bytes=GB)
    quantity = lines(table_facts(table, items=NOT_READ))[None, "storage"].quantity
    assert quantity == (Decimal(GB + 10 * 100) / GB).quantize(Decimal("0.000001"))


@pytest.mark.parametrize(("count", "size"), [(None, None), (5, 0), (None, 100), (5, None)])
def test_a_size_that_is_not_known_is_no_zero(count: int | None, size: int | None) -> None:
    line = lines(table_facts(a_table(item_count=count, size_bytes=size), items=NOT_READ))[None, "storage"]
    assert line.quantity is None
    assert line.monthly_usd is None
    assert "not known" in line.note


def test_an_empty_table_stores_nothing_and_that_is_known() -> None:
    assert lines(table_facts(a_table(item_count=0, size_bytes=0), items=NOT_READ))[None, "storage"].monthly_usd == 0


def test_a_global_table_is_billed_48_bytes_more_an_item() -> None:
    table = a_table(replicas=(Replica(region="eu-west-1", status="ACTIVE"),))
    found = lines(table_facts(table, items=some_items({852: 1_000_000})))
    assert found[None, "storage"].quantity == (Decimal(1_000 * 1_000_000) / GB).quantize(Decimal("0.000001"))


# ------------------------------------------------------------------------------------------------------------- backups


def test_pitr_is_billed_on_the_table_and_its_local_indexes_only() -> None:
    table = a_table(indexes=(an_index("g"), an_index("l", kind="LSI")))
    items = some_items({900: 1_000_000}, indexes=(some_entries("g"), some_entries("l", entries=1_000_000, mean_bytes=400)))
    quantity = lines(table_facts(table, items=items))[None, "pitr"].quantity
    assert quantity == (Decimal(1_000_000 * 1_000 + 1_000_000 * 500) / GB).quantize(Decimal("0.000001"))


def test_pitr_that_is_off_has_no_line_and_one_that_is_not_known_has_one_without_amount() -> None:
    assert (None, "pitr") not in lines(table_facts(pitr=Pitr(enabled=False)))
    unknown = Unknown(call="dynamodb:DescribeContinuousBackups", reason="AccessDeniedException")
    line = lines(table_facts(pitr=unknown))[None, "pitr"]
    assert line.monthly_usd is None
    assert "AccessDeniedException" in line.note


def test_on_demand_backups_are_billed_by_their_size_and_do_not_grow() -> None:
    backups = OnDemandBackups(backups=(Backup(created_at=CREATED_AT, size_bytes=3 * GB, type="USER"),))
    line = lines(table_facts(on_demand_backups=backups))[None, "backup"]
    assert line.monthly_usd == Decimal("0.3")
    assert not line.per_user


# ------------------------------------------------------------------------------------------------------------ requests


def test_measured_units_are_scaled_from_the_covered_days_to_a_month_of_730_hours() -> None:
    traffic = some_traffic(a_flow(read_units=Decimal(240_000), write_units=Decimal(24_000)), covered_days=Decimal(10))
    found = lines(table_facts(traffic=traffic))
    assert found[None, "reads"].quantity == 730_000
    assert found[None, "writes"].quantity == 73_000
    assert found[None, "writes"].monthly_usd == Decimal("73000") * Decimal("0.00000067")


def test_each_index_is_billed_for_its_own_units() -> None:
    table = a_table(indexes=(an_index("by-status"),))
    traffic = some_traffic(indexes={"by-status": a_flow(read_units=Decimal(0), write_units=Decimal(24 * 30))})
    found = lines(table_facts(table, traffic=traffic))
    assert found["by-status", "index-reads"].monthly_usd == 0
    assert found["by-status", "index-writes"].quantity == 730


def test_no_datapoint_is_not_zero() -> None:
    line = lines(table_facts(traffic=some_traffic(no_data())))[None, "reads"]
    assert line.monthly_usd is None
    assert line.note == "CloudWatch has no datapoint"


def test_traffic_that_may_not_be_seen_leaves_the_bill_incomplete() -> None:
    facts = table_facts(a_table(indexes=(an_index("by-status"),)), traffic=DENIED)
    now = priced(facts).now
    assert not is_complete(now)
    assert {line.component for line in now if line.monthly_usd is None} == {"reads", "writes", "index-reads", "index-writes"}


def test_provisioned_capacity_is_billed_by_the_hour_for_table_and_index() -> None:
    table = a_table(
        billing_mode="PROVISIONED",
        provisioned=Throughput(read_units=100, write_units=50),
        indexes=(an_index("by-status", provisioned=Throughput(read_units=5, write_units=None)),),
    )
    found = lines(table_facts(table))
    assert found[None, "capacity-reads"].monthly_usd == Decimal("0.00014") * 73_000
    assert found[None, "capacity-writes"].monthly_usd == Decimal("0.000698") * 36_500
    assert found["by-status", "index-capacity-reads"].quantity == 3_650
    assert found["by-status", "index-capacity-writes"].monthly_usd is None
    assert (None, "reads") not in found


def test_the_table_class_has_its_own_prices() -> None:
    table = a_table(table_class="STANDARD_INFREQUENT_ACCESS")
    found = lines(table_facts(table))
    assert found[None, "storage"].unit_price_usd == Decimal("0.1076")
    assert found[None, "writes"].unit_price_usd == Decimal("0.00000084")


# ------------------------------------------------------------------------------------------------- declared requests


def test_scenario_a_of_the_assessment_comes_to_429_dollars_not_11() -> None:
    """10,000 users, 100 reads and 10 writes a day, 50 KB items, three ALL indexes and one INCLUDE: requests and storage, eu-north-1."""
    names = ("username-index", "email-index", "phone-index")
    table = a_table(
        name="stj_subscribers",
        indexes=(
            *(an_index(name) for name in names),
            an_index("leaderboard", projection="INCLUDE", non_key_attributes=("gender",)),
        ),
    )
    entries = (*(some_entries(name, 10_000, 51_200) for name in names), some_entries("leaderboard", 10_000, 300))
    facts = table_facts(table, traffic=DENIED, pitr=Pitr(enabled=False), items=some_items({51_200: 10_000}, indexes=entries))
    model = TableModel(reads_per_user_day=100, writes_per_user_day=10)
    now = lines(facts, model, users_now=10_000)
    assert now[None, "reads"].quantity == 195_000_000
    assert now[None, "writes"].quantity == 150_000_000
    assert sum(now[name, "index-writes"].quantity or 0 for name in names) == 450_000_000
    assert ("leaderboard", "index-writes") not in now
    requests = sum(line.monthly_usd or 0 for line in now.values() if "storage" not in line.component)
    assert round(requests) == 428
    assert now[None, "reads"].basis == "declared"
    in_virginia = [line for line in priced(facts, model, 10_000, US_EAST).now if "storage" not in line.component]
    assert round(total(in_virginia), 2) == Decimal("399.38")


def test_declared_requests_need_no_users_today_to_be_projected() -> None:
    facts = table_facts(traffic=DENIED)
    model = TableModel(reads_per_user_day=2, writes_per_user_day=1)
    table = priced(facts, model, None)
    assert [line.quantity for line in table.now if line.component == "reads"] == [None]
    at = table.at(1_000).lines
    assert [line.quantity for line in at if line.component == "reads"] == [2 * 30 * 1_000 * Decimal("0.5")]
    assert [line.quantity for line in at if line.component == "writes"] == [30_000]


def test_what_is_not_declared_is_not_known() -> None:
    facts = table_facts(traffic=DENIED)
    found = priced(facts, TableModel(reads_per_user_day=2), 10).now
    assert [(line.quantity, line.note) for line in found if line.component == "writes"] == [(None, "not declared")]


def test_measured_traffic_wins_over_declared() -> None:
    facts = table_facts()
    assert all(line.basis == "measured" for line in lines(facts, TableModel(reads_per_user_day=100)).values())


# ---------------------------------------------------------------------------------------------------------- projection


def at(table: PricedTable, users: int) -> dict[str, CostLine]:
    return {line.component: line for line in table.at(users).lines}


def test_what_was_measured_grows_in_step_with_the_users() -> None:
    table = priced(table_facts(a_table(item_count=1_000, size_bytes=1_000_000)))
    now, then = at(table, 100), at(table, 10_000)
    assert then["storage"].quantity == pytest.approx((now["storage"].quantity or 0) * 100, rel=Decimal("0.01"))
    assert round(then["reads"].quantity or 0) == round((now["reads"].quantity or 0) * 100)
    assert {line.growth for line in then.values()} == {"linear"}


def test_what_is_fixed_stays_as_many_items_as_are_declared() -> None:
    table = priced(table_facts(a_table(item_count=1_000, size_bytes=1_000_000)), TableModel(items=2))
    for users in (100, 10_000):
        storage = at(table, users)["storage"]
        assert storage.quantity == (Decimal(2 * 1_100) / GB).quantize(Decimal("0.000001"))
        assert (storage.growth, storage.basis) == ("constant", "declared")
    assert lines(table.facts, TableModel(items=2))[None, "storage"].basis == "measured"  # the bill of now is never a declared one
    assert round(at(table, 10_000)["reads"].quantity or 0) == round((at(table, 100)["reads"].quantity or 0) * 100)


def test_measured_use_cannot_be_projected_without_the_users_of_today() -> None:
    found = priced(table_facts(), None, None).at(10_000).lines
    assert all(line.monthly_usd is None for line in found if line.per_user)
    assert {line.note for line in found} == {"not known how many users there are now"}


def test_a_region_without_prices_prices_nothing() -> None:
    found = priced(table_facts(), None, 1, bundled_sheet("ddblocal")).now
    assert all(line.monthly_usd is None for line in found)
    assert {line.note for line in found} == {"no price is known in ddblocal"}


HOURS = 720  # of 30 days
QUIET, BUSY = (0,) * HOURS, (1_000,) * HOURS


@pytest.mark.parametrize(
    ("index", "reads"),
    [
        (an_index("i", key=("id", "x"), kind="LSI"), ()),
        (an_index("i", key=("x",), projection="KEYS_ONLY"), ("big",)),
    ],
)
def test_a_table_is_not_idle_where_it_is_read_for_an_index(index: Index, reads: tuple[str, ...]) -> None:
    """The shape of what is read over a local index, or fetched for a global one, was not measured: one unit would not serve it."""
    seen = a_flow(read_series=BUSY, write_series=BUSY)
    facts = table_facts(
        a_table(key=("id", "s"), indexes=(index,)),
        traffic=some_traffic(
            a_flow(read_units=Decimal(0), read_series=QUIET, write_series=BUSY), {} if index.kind == "LSI" else {"i": seen}
        ),
    )
    query = Pattern(name="q", op="Query", index="i", reads=reads, calls=100)
    bill = priced(facts, TableModel(pattern=(query, Pattern(name="w", op="PutItem", calls=100)))).at(1_000)
    assert is_complete(bill.lines)
    assert bill.saving(UseBillingMode(billing_mode="PROVISIONED")) is None


def auto_scaled(flow: Flow) -> TableFacts:
    table = a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=5, write_units=5))
    target = ScalableTarget(index=None, dimension="read", min_units=1, max_units=100)
    return table_facts(table, traffic=some_traffic(flow), auto_scaling=AutoScaling(targets=(target,)))


def test_capacity_that_follows_nobody_knows_what_says_so() -> None:
    reads = TableModel(pattern=(Pattern(name="r", op="GetItem", calls=100),))
    unseen = auto_scaled(a_flow(read_units=Decimal(0), read_series=QUIET))
    for bill, why in (
        (
            priced(unseen, reads).at(1_000),
            "auto scaling follows the requests, and none of the kind was measured whose shape is known",
        ),
        (priced(auto_scaled(a_flow(read_series=BUSY)), users_now=None).at(1_000), "not known how many users there are now"),
    ):
        [line] = [one for one in bill.lines if one.component == "capacity-reads"]
        assert (line.monthly_usd, line.note) == (None, why)
