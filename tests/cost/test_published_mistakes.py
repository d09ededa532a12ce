"""
Mistakes in money and sizes that published tools for DynamoDB have made, and the tests that would fail if we made them too.

The tests are named without `test_`: those without a file are below, cost/model is tests/cost/test_model.py. Amounts are of us-east-1.

The mode of the capacity

    a target of 70 % taken for 0.7 on     cost/auto_scaling: peers_1_the_target_is_a_percentage_on_both_sides
      one side of a division only: a      the_target_that_was_read_is_a_percentage_as_well
      hundred times the capacity,
      $949.00 for $9.49
    rows of 5 minutes counted as          cost/auto_scaling: peers_2_a_row_lasts_as_long_as_its_period
      minutes: a fifth of the price       checks/provisioned_is_cheaper: finds_a_steady_load
    rows of one and of five minutes       scanners/traffic: five_minute_series_take_the_place_of_hours_and_of_nothing_else
      added up together
    a month told by the days that were    a_table_younger_than_the_window_is_not_underpriced
      asked for, not by those the         scanners/traffic: covered_days_are_never_more_than_the_age_of_the_table
      table was there                     cost/auto_scaling: peers_3_a_month_is_told_by_the_hours_that_were_replayed
    a mean over the periods that have a   days_without_a_datapoint_are_idle_days
      datapoint                           scanners/traffic: series_begin_together_end_with_the_window_and_have_no_gaps
    a mode for reads and another one for  read_and_write_modes_are_not_chosen_apart
      writes, or by writes only           writes_that_would_save_alone_do_not_move_a_table_whose_reads_would_not
                                          cost/auto_scaling: peers_4_a_replay_gives_quantities_for_one_series_and_no_verdict_or_price
    a mode for the table without its      checks/on_demand_is_cheaper: the_mode_is_one_for_the_table_and_its_indexes
      indexes                             checks/provisioned_is_cheaper: an_index_has_capacity_and_alarms_of_its_own
    requests of Infrequent Access at the  the_mode_of_an_infrequent_access_table_is_priced_at_its_own_rates
      prices of Standard                  cost/usage: every_quantity_of_the_file_has_its_price_in_both_classes
    capacity of 1.2 times the average,    cost/auto_scaling: peers_5_a_peak_of_more_than_a_fifth_above_the_average_is_served
      which throttles every peak
    one threshold in the code and         checks/on_demand_is_cheaper: the_ratio_that_it_tells_is_that_of_the_prices
      another in the words
    a peak read from Maximum, the         scanners/traffic: reads_what_an_engine_has
      largest single request; or from     scanners/traffic: reads_the_five_minutes_of_a_busy_table_that_an_engine_has
      Average, the mean one;              cost/auto_scaling: peers_6_alarms_count_minutes_and_loads_are_sums
      SampleCount for units
    a table without BillingModeSummary    scanners/tables: what_aws_leaves_out_has_a_meaning
      taken for one on demand
    only the first index looked at        indexes_of_a_provisioned_table_are_on_the_bill
                                          checks/unused_index: one_unread_index_among_others_is_found_beside_them
    a target that one direction lacks     checks/provisioned_without_auto_scaling: tells_the_missing_from_the_suspended_and_what_was_throttled
      taken for a low one
    a month told from one day             scanners/traffic: the_window_ends_with_the_last_full_hour
    capacity that auto scaling moves,     cost/calibration: capacity_that_auto_scaling_moves_is_billed_by_its_mean
      priced at its minimum or as it      money: the_hours_of_provisioned_capacity_follow_the_load_where_auto_scaling_moves_it
      happens to be

What is saved

    savings of mode, use, class and       savings_of_mode_class_and_index_together_never_exceed_the_bill
      indexes added up: $122.80 of a      findings_of_one_table_do_not_save_more_than_it_costs
      table that costs $68.33             cost/savings: savings_are_what_is_left_of_the_bill_and_never_more_than_it

The table class

    a break-even for requests at 1.25     infrequent_access_breaks_even_where_its_prices_say
      times the price, beside a price     what_is_told_of_the_classes_is_what_they_cost
      of 2.5 times
    a provisioned table weighed at the    the_class_of_a_provisioned_table_is_priced_at_provisioned_rates
      prices of requests
    the storage of the indexes left out   the_storage_of_indexes_counts_for_the_class
    a large table moved, however busy it  large_and_busy_is_no_reason_for_infrequent_access
      is
    a paid call to Cost Explorer for      cost_explorer_is_not_asked
      each table

The lines of the bill

    the price of a write unit multiplied  wcu_cost_is_not_taken_from_rcu
      by the read units                   cost/model: provisioned_capacity_is_billed_by_the_hour_and_requests_are_not
    global tables on demand left out      money: a_replica_is_priced_in_its_own_region_for_writes_storage_and_indexes
    the consumed units of indexes left    cost/from_facts: each_index_is_billed_for_its_own_units
      out
    the capacity of indexes left out      indexes_of_a_provisioned_table_are_on_the_bill
                                          cost/from_facts: provisioned_capacity_is_billed_by_the_hour_for_table_and_index
    Infrequent Access not known           cost/from_facts: the_table_class_has_its_own_prices
    whole gigabytes only                  cost/from_facts: without_items_read_the_sizes_are_those_of_describe_table
    only the first datapoint of the       scanners/traffic: sums_by_window_and_the_busiest_hour
      month
    PITR without a size, or without the   cost/from_facts: pitr_is_billed_on_the_table_and_its_local_indexes_only
      local indexes
    $0 where no request was measured or   cost/from_facts: no_datapoint_is_not_zero
      declared                            cost/from_facts: what_is_not_declared_is_not_known
    months of 720, 729.6, 730 and 732     consumed_and_provisioned_use_the_same_month
      hours beside each other             a_declared_month_of_other_hours_is_told
    gigabytes of 10^9 and of 2^30 bytes   every_gigabyte_of_a_bill_is_the_same_gigabyte
      beside each other
    no 100 bytes more for each item       cost/from_facts: storage_is_billed_with_a_hundred_bytes_more_for_each_item_and_entry
    a table that was just loaded is       a_freshly_loaded_table_is_not_free
      free, because DescribeTable lags    one_whose_items_were_not_read_is_not_free_either
      by hours

The size of an item

    a number of 38 digits cut to 28, and  sizing: numbers_are_counted_in_base_100_digits
      sized 3 bytes
    characters for bytes, zeros at the    sizing: an_attribute_is_its_name_and_its_value
      end kept, bytes refused, no byte    sizing: bytes_and_base64_are_the_same_binary
      for an element, no sets             sizing: overheads_do_not_grow_with_length
                                          sizing: equal_numbers_have_equal_parts
    a limit of 400,000 or of 405,000      config: the_lines_default_to_300_and_400_kb
      bytes                               cost/units: a_write_takes_steps_of_1_kb
    KB rounded before they are rounded    a_size_is_not_rounded_before_its_units_are_counted
      up: 1,500 bytes written for 1       cost/units: get_item_takes_steps_of_4_kb_and_one_for_a_miss
      unit, 4,500 read for 1
    a KB of 1,000 bytes here and of       config: sizes_are_in_powers_of_1024
      1,024 there                         wording: kilobytes_are_powers_of_1024
"""

import re
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from stj_audit.checks.on_demand_is_cheaper import on_demand_is_cheaper
from stj_audit.checks.wrong_table_class import wrong_table_class
from stj_audit.config import Config, Scale, SizeLines, TableModel
from stj_audit.cost.bill import TableBill
from stj_audit.cost.model import price_model
from stj_audit.cost.priced_table import PricedTable
from stj_audit.cost.prices import bundled_sheet
from stj_audit.cost.savings import Proposal, plan
from stj_audit.facts import (
    AutoScaling,
    Backup,
    Flow,
    OnDemandBackups,
    Pitr,
    Replica,
    ScalableTarget,
    Table,
    TableFacts,
    Throughput,
    Traffic,
    Unknown,
)
from stj_audit.judge import Terms, judge
from stj_audit.permissions import ACTIONS
from stj_audit.report import CostLine
from stj_audit.results import Change, RemoveIndex, RemoveTable, Status, UseBillingMode, UseTableClass
from stj_audit.scanners import traffic
from stj_audit.scanners.guard import ALLOWED
from tests.builders import (
    Quantities,
    a_flow,
    a_snapshot,
    a_table,
    a_workload,
    an_index,
    examined,
    some_entries,
    some_items,
    some_traffic,
    table_facts,
)

TESTS = Path(__file__).parent.parent
US_EAST = bundled_sheet("us-east-1")
HOURS = 730
SECONDS = HOURS * 3_600  # of a month: 2,628,000
MILLION = 1_000_000
GB = 2**30
NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
PROVISIONED = a_table(region="us-east-1", billing_mode="PROVISIONED", provisioned=Throughput(read_units=100, write_units=100))
ON_DEMAND = UseBillingMode(billing_mode="PAY_PER_REQUEST")
IA = UseTableClass(table_class="STANDARD_INFREQUENT_ACCESS")
NOT_READ = Unknown(call="dynamodb:Scan", reason="reading it whole would cost more than the scan budget: it has grown")


def a_bill(table: Table, quantities: Quantities) -> TableBill:
    return TableBill(workload=a_workload(table, quantities), users=None, prices=US_EAST)


def priced(facts: TableFacts, *, model: TableModel | None = None) -> PricedTable:
    """With a hundred users today."""
    config = Config() if model is None else Config(tables={facts.table.name: model})
    return PricedTable(facts=facts, config=config, prices=US_EAST, users_now=100)


def by_part(lines: tuple[CostLine, ...]) -> dict[tuple[str | None, str], CostLine]:
    """The lines in the region of the audit, by (index, component)."""
    return {(line.index, line.component): line for line in lines if line.region is None}


def saved(bill: TableBill, change: Change) -> Decimal:
    saving = bill.saving(change)
    assert saving is not None
    return round(saving, 4)


def capacity(reads: int, writes: int, *indexes: str) -> dict[Any, str | None]:
    """Provisioned units, all month long: of the table, and 10 and 10 of each index."""
    found: dict[Any, str | None] = {"capacity-reads": str(reads * HOURS), "capacity-writes": str(writes * HOURS)}
    for name in indexes:
        found |= {(name, f"index-capacity-{kind}"): str(10 * HOURS) for kind in ("reads", "writes")}
    return found


def idle(*indexes: str) -> dict[Any, str | None]:
    return {(name, f"index-{kind}"): "0" for name in indexes for kind in ("reads", "writes")}


def measured(table: Table, writes_by_hours_ago: Mapping[int, int]) -> Traffic:
    """What the scanner makes of CloudWatch's hourly sums; an hour that is not given has no datapoint."""
    window = traffic.window_until(NOW)
    points: dict[traffic.Series, traffic.Answer] = {series: {} for series in traffic.series_of(table)}
    points[traffic.Series(table=table.name, metric="ConsumedWriteCapacityUnits")] = {
        window.end - hours * traffic.HOUR_SECONDS: Decimal(units) for hours, units in writes_by_hours_ago.items()
    }
    found = traffic.of_table(table, points, window, NOW)
    assert isinstance(found, Traffic)
    return found


def test_every_test_that_is_named_above_is_there() -> None:
    named = re.findall(r"(?:([a-z_/]+): )?\b([a-z0-9]+(?:_[a-z0-9]+){2,})\b(?!:)", __doc__ or "")
    assert len(named) > 60
    for path, name in named:
        folder, _, module = path.rpartition("/")
        file = TESTS / folder / f"test_{module}.py" if path else Path(__file__)
        assert f"def test_{name}(" in file.read_text(encoding="utf-8"), f"{path}: {name}"


# ------------------------------------------------------------------------------------------------- the mode of the capacity


def test_the_target_that_was_read_is_a_percentage_as_well() -> None:
    """
    70 reads a second at a target of 50 % take 140 RCU, and ten times the users 1,400, of which the maximum gives 1,200.

    With a target of 70 % that nobody set it would be 1,400 here; with one of 0.5, which is no target, the 140 would stay.
    """
    table = a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=140, write_units=1))
    target = ScalableTarget(index=None, dimension="read", min_units=1, max_units=1_200, target_utilization_percent=Decimal("50.0"))
    flow = a_flow(
        read_units=Decimal(70 * 3_600 * 24 * 30), read_series=(70 * 3_600,) * 24 * 30, provisioned_read_units=Decimal(140)
    )
    found = priced(table_facts(table, traffic=some_traffic(flow), auto_scaling=AutoScaling(targets=(target,))))
    assert by_part(found.at(100).lines)[None, "capacity-reads"].quantity == 140 * HOURS
    assert by_part(found.at(1_000).lines)[None, "capacity-reads"].quantity == 1_200 * HOURS


def test_a_table_younger_than_the_window_is_not_underpriced() -> None:
    """
    Ten writes a second since the table was made three days ago: 2,592,000 so far, 26.28 million a month, $16.43.

    By the 30 days that were asked for it would be 2,592,000 / 30 x 30.4 = 2,626,560 a month, and $1.64.
    """
    table = a_table(region="us-east-1", created_at=NOW - timedelta(days=3))
    found = measured(table, dict.fromkeys(range(1, 73), 36_000))
    assert found.table.write_units == 2_592_000
    line = by_part(priced(table_facts(table, traffic=found)).now)[None, "writes"]
    assert line.quantity == 10 * SECONDS
    assert line.monthly_usd == Decimal("16.425")


def test_days_without_a_datapoint_are_idle_days() -> None:
    """
    A job that writes a million units in one hour of the week, to a table of two years: 4 million in 30 days, $2.53 a month.

    Counted from the first datapoint, 22 days ago, it is 5.52 million and $3.45. By the four days that have a datapoint it would be
    4,000,000 / 4 x 30.4167 = 30,416,667, and $19.01.
    """
    table = a_table(region="us-east-1", created_at=NOW - timedelta(days=730))
    found = measured(table, {24 * days + 1: MILLION for days in (1, 8, 15, 22)})
    line = by_part(priced(table_facts(table, traffic=found)).now)[None, "writes"]
    assert line.quantity is not None
    assert 4 * MILLION < line.quantity < Decimal("5.6") * MILLION


def test_read_and_write_modes_are_not_chosen_apart() -> None:
    """
    100 RCU that are used to the last unit, $9.49, and 100 WCU of which a hundredth is, $47.45.

    On demand the reads are 262.8 million, $32.85, and the writes 2.628 million, $1.64. Whoever lets reads be provisioned and writes be on
    demand saves $45.81, in a mode that is not there: the table saves 56.94 - 34.49 = $22.45.
    """
    bill = a_bill(PROVISIONED, {**capacity(100, 100), "reads": str(100 * SECONDS), "writes": str(SECONDS)})
    assert bill.monthly_usd == Decimal("56.94")
    assert saved(bill, ON_DEMAND) == Decimal("56.94") - Decimal("32.85") - Decimal("1.6425")
    assert {field.name for field in fields(UseBillingMode)} == {"billing_mode", "estimated"}


def test_writes_that_would_save_alone_do_not_move_a_table_whose_reads_would_not() -> None:
    """1,000 RCU used to the last, and 100 WCU as above: 94.90 + 47.45 = $142.35, against 328.50 + 1.64 = $330.14 on demand."""
    workload = a_workload(PROVISIONED, {**capacity(1_000, 100), "reads": str(1_000 * SECONDS), "writes": str(SECONDS)})
    result = examined(on_demand_is_cheaper, PROVISIONED, workload=workload, region="us-east-1", scale=Scale(users_now=None))
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == [
        "provisioned capacity is the cheaper mode: provisioned $142, on demand $330 a month"
    ]


def test_the_mode_of_an_infrequent_access_table_is_priced_at_its_own_rates() -> None:
    """
    10 RCU and 10 WCU of a table and of its index: 2 x 730 x (10 x 0.00016 + 10 x 0.00081) = $14.162.

    A million reads and writes of each on demand: 2 x (0.155 + 0.78) = $1.87. At the prices of Standard they would be $1.50.
    """
    table = a_table(
        billing_mode="PROVISIONED", table_class="STANDARD_INFREQUENT_ACCESS", indexes=(an_index("i"), an_index("l", kind="LSI"))
    )
    million = str(MILLION)
    requests = {"reads": million, "writes": million, ("i", "index-reads"): million, ("i", "index-writes"): million}
    bill = a_bill(table, {**capacity(10, 10, "i"), **requests})
    assert bill.monthly_usd == Decimal("14.162")
    assert saved(bill, ON_DEMAND) == Decimal("14.162") - Decimal("1.87")


# ------------------------------------------------------------------------------------------------------------ what is saved

IDLE_INDEXES = ("by-customer", "by-status")
ORDERS = a_table(
    region="us-east-1",
    billing_mode="PROVISIONED",
    provisioned=Throughput(read_units=100, write_units=100),
    item_count=0,
    size_bytes=0,
    indexes=tuple(
        an_index(name, provisioned=Throughput(read_units=10, write_units=10), item_count=0, size_bytes=0) for name in IDLE_INDEXES
    ),
)
"""
100 RCU and 100 WCU, of which 2 % and 1 % are used, and two indexes of 10 and 10 that are idle:
730 x (120 x 0.00013 + 120 x 0.00065) = 11.388 + 56.94 = $68.328 a month. $122.80 of it have been "saved".
"""
ORDERS_REQUESTS = Decimal("0.657") + Decimal("1.6425")  # on demand: 2 x 2,628,000 reads and 2,628,000 writes


def test_savings_of_mode_class_and_index_together_never_exceed_the_bill() -> None:
    """
    With 100 GB, $25.00, the table costs $93.328. Alone, the mode saves 68.328 - 2.2995 = $66.0285, each index $5.694, and the class costs
    $1.644 more: 85 - 68.328 for the capacity, 25 - 10 for the storage. Removing the table saves all of it. The sum is $170.74.

    Together, in this order: the mode as alone; the class then 15 - 0.5650 for the requests; of the idle indexes nothing is left to save;
    and the table what is left.
    """
    requests = {"reads": str(2 * SECONDS), "writes": str(SECONDS), **idle(*IDLE_INDEXES)}
    bill = a_bill(ORDERS, {"storage": "100", **capacity(100, 100, *IDLE_INDEXES), **requests})
    assert bill.monthly_usd == Decimal("93.328")
    changes: list[Change] = [ON_DEMAND, IA, *(RemoveIndex(index=name) for name in IDLE_INDEXES), RemoveTable()]
    alone = [saved(bill, change) for change in changes]
    assert alone == [Decimal("66.0285"), Decimal("-1.644"), Decimal("5.694"), Decimal("5.694"), Decimal("93.328")]
    assert sum(saving for saving in alone if saving > 0) == Decimal("170.7445")

    together = plan([bill], [Proposal(place=0, change=change) for change in changes])
    class_saves = 15 - (Decimal("0.81468") + Decimal("2.04984") - ORDERS_REQUESTS)
    left = Decimal("93.328") - Decimal("66.0285") - class_saves
    assert [round(step.saving_usd, 5) for step in together.steps] == [Decimal("66.0285"), class_saves, left]

    for order in permutations(changes):
        found = plan([bill], [Proposal(place=0, change=change) for change in order])
        [after] = found.bills
        assert found.at_most_usd == found.sure_usd == bill.monthly_usd - after.monthly_usd
        assert found.at_most_usd <= bill.monthly_usd


def test_findings_of_one_table_do_not_save_more_than_it_costs() -> None:
    """The same table without storage, as it is reported: three findings tell what each saves alone, and their sum is never the total."""
    used = a_flow(read_units=Decimal(2 * 3_600 * 24 * 30), write_units=Decimal(3_600 * 24 * 30))
    unread = a_flow(read_units=Decimal(0), write_units=Decimal(0))
    facts = table_facts(
        ORDERS,
        traffic=some_traffic(used, dict.fromkeys(IDLE_INDEXES, unread)),
        items=some_items({}, indexes=tuple(some_entries(name, 0) for name in IDLE_INDEXES)),
        pitr=Pitr(enabled=False),
    )
    snapshot = a_snapshot(facts, account=None, region="us-east-1", started_at=NOW, finished_at=NOW)
    scale = Scale(users_now=1_000, target_users=1_000, users=(1_000,))
    report = judge(snapshot, Terms(scale=scale, size_lines=SizeLines(), prices=US_EAST, config=Config(), audit_id="a"))
    [at] = [projection for projection in report.costs.projections if projection.users == 1_000]
    assert at.monthly_usd == Decimal("68.328")
    alone = [one.saving_usd_month["1000"] for one in report.findings if one.saving_usd_month is not None]
    assert sorted(round(saving, 4) for saving in alone if saving > 0) == [Decimal("5.694"), Decimal("5.694"), Decimal("66.0285")]
    assert sum(alone) > at.monthly_usd
    assert at.avoidable_at_most_usd == at.avoidable_usd == Decimal("68.328") - ORDERS_REQUESTS


# ----------------------------------------------------------------------------------------------------------- the table class


@pytest.mark.parametrize(
    ("component", "units_a_dollar", "break_even"),
    [
        ("reads", 8 * MILLION, (40, 40)),  # 0.155 / 0.125 - 1 = 0.24, and 0.24 / 0.6 = 0.4
        ("writes", 1_600_000, (41, 42)),  # 0.78 / 0.625 - 1 = 0.248, and 0.248 / 0.6 = 0.4133
    ],
)
def test_infrequent_access_breaks_even_where_its_prices_say(
    component: str, units_a_dollar: int, break_even: tuple[int, int]
) -> None:
    """
    $100 of requests, and storage of so many dollars: Infrequent Access takes 60 % off the storage, and 24 to 24.8 % on the requests.

    At 2.5 times the price of requests, which is the old one over the new one, it would pay only from $250 of storage.
    """

    def saves(storage_usd: int) -> Decimal:
        return saved(a_bill(a_table(), {"storage": str(storage_usd * 4), component: str(100 * units_a_dollar)}), IA)

    below, above = break_even
    assert saves(below - 1) < 0
    assert saves(below) <= 0 <= saves(above)
    assert saves(above + 1) > 0
    assert saves(100) == (36 if component == "reads" else Decimal("35.2"))
    assert saves(249) > 124


@pytest.mark.parametrize("region", ["us-east-1", "eu-north-1"])
def test_what_is_told_of_the_classes_is_what_they_cost(region: str) -> None:
    """The break-even that is told and the prices that are taken are one and the same."""
    sheet = bundled_sheet(region)

    def ratio(key: str) -> Decimal:
        standard, infrequent = sheet.price(key.format("standard")), sheet.price(key.format("ia"))
        assert standard is not None
        assert infrequent is not None
        return infrequent.usd / standard.usd

    why = " ".join(wrong_table_class.why.split())
    storage = 1 - ratio("storage.{}.gb_month")
    assert f"for {storage:.0%} less" in why
    for unit in ("on_demand.{}.read_request_unit", "on_demand.{}.write_request_unit"):
        more = ratio(unit) - 1
        assert "about 25% more for each read and write" in why
        assert abs(more - Decimal("0.25")) <= Decimal("0.01")
        assert "more than about 42% of what the requests cost" in why
        assert abs(more / storage - Decimal("0.42")) <= Decimal("0.02")


def test_the_class_of_a_provisioned_table_is_priced_at_provisioned_rates() -> None:
    """
    100 RCU and 100 WCU, an index of 10 and 10, 2 % and 1 % of it used, and 80 GB: 730 x 110 x 0.00078 = $62.634, and $20.00.

    In Infrequent Access 730 x 110 x 0.00097 = $77.891, and $8.00: $3.257 more. By the price of the requests, $2.2995 and then $2.8645, it
    would be $11.435 less.
    """
    table = a_table(billing_mode="PROVISIONED", indexes=(an_index("i"),))
    requests = {"reads": str(2 * SECONDS), "writes": str(SECONDS), **idle("i")}
    storage = {"storage": "40", ("i", "index-storage"): "40"}
    bill = a_bill(table, {**storage, **capacity(100, 100, "i"), **requests})
    assert bill.monthly_usd == Decimal("82.634")
    assert saved(bill, IA) == Decimal("-3.257")
    after = bill.after(IA)
    assert after is not None
    assert {line.component: line.unit_price_usd for line in after.lines if "capacity" in line.component} == {
        "capacity-reads": Decimal("0.00016"),
        "capacity-writes": Decimal("0.00081"),
        "index-capacity-reads": Decimal("0.00016"),
        "index-capacity-writes": Decimal("0.00081"),
    }


def test_the_storage_of_indexes_counts_for_the_class() -> None:
    """4 GB in the table, $1.00, and 400 GB in its index, $100.00: $60.60 less; by the table alone it would be not worth a word."""
    table = a_table(region="us-east-1", indexes=(an_index("i"),))
    workload = a_workload(table, {"storage": "4", ("i", "index-storage"): "400", "reads": "0", "writes": "0", **idle("i")})
    result = examined(wrong_table_class, table, workload=workload, region="us-east-1")
    assert [problem.evidence["saving_usd_month"] for problem in result.problems] == [60.6]


def test_large_and_busy_is_no_reason_for_infrequent_access() -> None:
    """500 GB, $125.00, and a billion writes, $625.00: in the other class 50 + 780, which is $80.00 more."""
    table = a_table(region="us-east-1")
    workload = a_workload(table, {"storage": "500", "reads": "0", "writes": str(1_000 * MILLION)})
    result = examined(wrong_table_class, table, workload=workload, region="us-east-1", scale=Scale(users_now=None))
    assert result.problems == ()
    assert [good.message for good in result.goods] == [
        "STANDARD is the cheaper class: STANDARD $750, STANDARD_INFREQUENT_ACCESS $830 a month"
    ]


def test_cost_explorer_is_not_asked() -> None:
    """It takes $0.01 for a call; what a table costs is worked out from the facts that are there."""
    services = {action.partition(":")[0] for actions in ACTIONS.values() for action in actions}
    assert "dynamodb" in services
    assert "ce" not in services | ALLOWED.keys()


# -------------------------------------------------------------------------------------------------------- the lines of the bill


def test_wcu_cost_is_not_taken_from_rcu() -> None:
    """
    A global table of 100 RCU and 7 WCU: every write is a replicated one, here and in the other region, 5,110 hours each.

    $3.32 at 0.00065, and $4.98 at the 0.000975 of São Paulo. By the reads it would be 73,000 hours: $47.45 and $71.18.
    """
    table = a_table(
        region="us-east-1",
        billing_mode="PROVISIONED",
        provisioned=Throughput(read_units=100, write_units=7),
        replicas=(Replica(region="us-east-1", status="ACTIVE"), Replica(region="sa-east-1", status="ACTIVE")),
    )
    found = {(line.region, line.component): line for line in priced(table_facts(table)).now if "capacity" in line.component}
    assert {place: (line.quantity, line.monthly_usd) for place, line in found.items()} == {
        (None, "capacity-reads"): (Decimal(73_000), Decimal("9.49")),
        (None, "replicated-capacity-writes"): (Decimal(5_110), Decimal("3.3215")),
        ("sa-east-1", "replicated-capacity-writes"): (Decimal(5_110), Decimal("4.98225")),
    }


def test_indexes_of_a_provisioned_table_are_on_the_bill() -> None:
    """
    All three of them, each with its own units: 730 x (1 + 2 + 3) x 0.00013 and 730 x (40 + 50 + 60) x 0.00065 = 0.5694 + 71.175.

    The table itself, of 1 and 1, is 0.0949 + 0.4745.
    """
    indexes = tuple(
        an_index(name, provisioned=Throughput(read_units=reads, write_units=writes))
        for name, reads, writes in (("a", 1, 40), ("b", 2, 50), ("c", 3, 60))
    )
    one = Throughput(read_units=1, write_units=1)
    found = by_part(priced(table_facts(a_table(billing_mode="PROVISIONED", provisioned=one, indexes=indexes))).now)
    hours = {part: line.quantity for part, line in found.items() if "capacity" in line.component}
    assert hours == {
        (None, "capacity-reads"): HOURS,
        (None, "capacity-writes"): HOURS,
        ("a", "index-capacity-reads"): HOURS,
        ("a", "index-capacity-writes"): 40 * HOURS,
        ("b", "index-capacity-reads"): 2 * HOURS,
        ("b", "index-capacity-writes"): 50 * HOURS,
        ("c", "index-capacity-reads"): 3 * HOURS,
        ("c", "index-capacity-writes"): 60 * HOURS,
    }
    usd = sum(line.monthly_usd or 0 for part, line in found.items() if "capacity" in line.component)
    assert usd == Decimal("0.5694") + Decimal("71.175") + Decimal("0.5694")


def test_consumed_and_provisioned_use_the_same_month() -> None:
    """A unit in each second of the covered days is what one capacity unit serves: its hours times 3,600, to the last unit."""
    a_second = Flow(read_units=Decimal(86_400 * 10), write_units=Decimal(86_400 * 10))
    covered = some_traffic(a_second, covered_days=Decimal(10))
    one = Throughput(read_units=1, write_units=1)
    requests = by_part(priced(table_facts(traffic=covered)).now)
    hours = by_part(priced(table_facts(a_table(billing_mode="PROVISIONED", provisioned=one), traffic=covered)).now)
    for kind in ("reads", "writes"):
        units, provisioned = requests[None, kind].quantity, hours[None, f"capacity-{kind}"].quantity
        assert provisioned == HOURS
        assert units == provisioned * 3_600 == SECONDS


def test_a_declared_month_of_other_hours_is_told() -> None:
    """What is declared for each day is that of 30 days, or as many as the model says: 720 hours, and not the 730 of capacity."""
    model = TableModel(items=1, item_bytes=1_000, reads_per_user_day=1, writes_per_user_day=1)
    costs = price_model(Config(tables={"t": model}), prices=US_EAST, users=(1,))
    assert "requests are those of 30 days, provisioned capacity that of 730 hours" in costs.assumptions


def test_every_gigabyte_of_a_bill_is_the_same_gigabyte() -> None:
    """2^30 bytes in a table, in each of its indexes and in a backup are 1 GB each, and 2 GB of PITR. By 10^9 it would be 7.4 % more."""
    table = a_table(indexes=(an_index("g"), an_index("l", kind="LSI")))
    bytes_each = GB // 1_024 - 100  # and the 100 that are billed for each of 1,024 items
    facts = table_facts(
        table,
        items=some_items({bytes_each: 1_024}, indexes=tuple(some_entries(name, 1_024, bytes_each) for name in ("g", "l"))),
        on_demand_backups=OnDemandBackups(backups=(Backup(created_at=NOW, size_bytes=GB, type="USER"),)),
    )
    found = by_part(priced(facts).now)
    assert {part: line.quantity for part, line in found.items() if line.unit == "GB-month"} == {
        (None, "storage"): 1,
        ("g", "index-storage"): 1,
        ("l", "index-storage"): 1,
        (None, "pitr"): 2,
        (None, "backup"): 1,
    }


def test_a_freshly_loaded_table_is_not_free() -> None:
    """DescribeTable has 0 items and 0 bytes of it for hours. The items that were read are 90 GB, and with the overhead 100: $25.00."""
    table = a_table(region="us-east-1", item_count=0, size_bytes=0, indexes=(an_index("i", item_count=0, size_bytes=0),))
    count = 100 * GB // 1_024  # of 1 KB each, overhead included
    items = some_items({924: count}, indexes=(some_entries("i", count, 412),))  # and 50 GB of entries
    found = by_part(priced(table_facts(table, items=items)).now)
    assert {part: (line.quantity, line.monthly_usd) for part, line in found.items() if line.unit == "GB-month"} == {
        (None, "storage"): (Decimal(100), Decimal(25)),
        ("i", "index-storage"): (Decimal(50), Decimal("12.5")),
        (None, "pitr"): (Decimal(100), Decimal(20)),
    }


def test_one_whose_items_were_not_read_is_not_free_either() -> None:
    """
    Made three hours ago, written to 50 million times since, and not read to the end because it had grown: 0 and 0 are no size of it.

    Its storage and PITR are not known, and a bill of $0.00 for them is not complete.
    """
    busy = some_traffic(a_flow(write_units=Decimal(50 * MILLION)), covered_days=Decimal("0.125"))
    table = a_table(item_count=0, size_bytes=0, created_at=NOW - timedelta(hours=3))
    found = by_part(priced(table_facts(table, traffic=busy, items=NOT_READ)).now)
    assert (found[None, "storage"].quantity, found[None, "pitr"].quantity) == (None, None)


# --------------------------------------------------------------------------------------------------------- the size of an item


@pytest.mark.parametrize(
    ("item_bytes", "reads", "writes"),
    [
        (1_024, "0.5", 1),
        (1_500, "0.5", 2),  # rounded to 1 KB first, a write would take 1
        (4_500, "1", 5),  # rounded to 4 KB first, a read would take 0.5, and a write 4
    ],
)
def test_a_size_is_not_rounded_before_its_units_are_counted(item_bytes: int, reads: str, writes: int) -> None:
    model = TableModel(items=1, item_bytes=item_bytes, reads_per_user_day=1, writes_per_user_day=1)
    denied = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
    facts = table_facts(items=some_items({item_bytes: 1}), traffic=denied)
    workload = priced(facts, model=model).projected
    found = by_part(TableBill(workload=workload, users=1, prices=US_EAST).lines)
    a_month = workload.days
    assert found[None, "reads"].quantity == Decimal(reads) * a_month
    assert found[None, "writes"].quantity == writes * a_month
