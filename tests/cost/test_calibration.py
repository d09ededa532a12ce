"""Declared patterns held against what CloudWatch measured of a table that is there."""

import tomllib
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.config import Config, parse_config
from stj_audit.cost.changes import apply
from stj_audit.cost.from_facts import misfit
from stj_audit.cost.lines import DAYS_PER_MONTH
from stj_audit.cost.priced_table import PricedTable
from stj_audit.cost.prices import bundled_sheet
from stj_audit.cost.workload import Flow as MeasuredUnits
from stj_audit.cost.workload import Key, Workload, constant
from stj_audit.facts import AttributeSizes, Flow, TableFacts, Throughput, Unknown
from stj_audit.report import Calibration
from stj_audit.results import MergeIndex, NarrowIndex, SplitAttribute, WidenIndex
from tests.builders import a_flow, a_table, an_index, keys, no_data, some_entries, some_items, some_traffic, table_facts

PRICES = bundled_sheet("us-east-1")
GET = '[[tables.orders.pattern]]\nname = "get"\nop = "GetItem"\nkey = ["id"]\ncalls = 10\n'
PUT = '[[tables.orders.pattern]]\nname = "put"\nop = "PutItem"\ncalls = 1\n'
TOP = '[[tables.orders.pattern]]\nname = "top"\nop = "Query"\nindex = "by-status"\nitems = { share_of_users = 1 }\ncalls = 1\n'


def design(text: str) -> Config:
    return parse_config(tomllib.loads(text, parse_float=Decimal), origin="d.toml")


def units(a_day: str | None) -> Decimal | None:
    """What CloudWatch sums up in 30 days."""
    return None if a_day is None else Decimal(a_day) * 30


def facts(
    *, reads: str | None = "500", writes: str | None = "100", index_reads: str = "0", index_writes: str = "0", days: str = "30"
) -> TableFacts:
    """A hundred items of 1,000 bytes for a hundred users, and one index that holds them all; units a day."""
    table = a_table(indexes=(an_index("by-status"),))
    traffic = some_traffic(
        Flow(read_units=units(reads), write_units=units(writes)),
        {"by-status": Flow(read_units=units(index_reads), write_units=units(index_writes))},
        covered_days=Decimal(30),
    )
    if days != "30":
        traffic = some_traffic(traffic.table, traffic.indexes, covered_days=Decimal(days))
    items = some_items({1_000: 100}, indexes=(some_entries("by-status", 100, 1_000),))
    return table_facts(table, items=items, traffic=traffic)


def priced(text: str, known: TableFacts | None = None, users_now: int | None = 100) -> PricedTable:
    return PricedTable(facts=known or facts(), config=design(text), prices=PRICES, users_now=users_now)


def compared(table: PricedTable, what: str = "reads", index: str | None = None) -> Calibration:
    [found] = [one for one in table.calibrations if (one.index, one.what) == (index, what)]
    return found


def amount(table: PricedTable, component: str, users: int) -> Decimal:
    [line] = [line for line in table.at(users).lines if line.component == component]
    assert line.quantity is not None
    return line.quantity


def test_a_model_that_is_right_has_the_factor_one() -> None:
    # a hundred users, ten reads of half a unit each a day
    found = compared(priced(GET))
    month = (500 * DAYS_PER_MONTH).quantize(Decimal("0.0001"))
    assert (found.declared_units, found.measured_units) == (month, month)  # of the same month, so that they compare
    assert (found.factor, found.in_range, found.note) == (Decimal(1), True, "")


def test_the_projection_at_the_users_of_now_is_what_was_measured() -> None:
    table = priced(GET + PUT, facts(reads="617", writes="93"))
    now = {line.component: line.quantity for line in table.now}
    for component in ("reads", "writes"):
        assert amount(table, component, 100) == now[component]


def test_what_is_measured_multiplies_the_patterns_at_every_user_count() -> None:
    table = priced(GET, facts(reads="1000"))
    assert compared(table).factor == 2
    assert amount(table, "reads", 100_000) == (1_000 * DAYS_PER_MONTH * 1_000).quantize(Decimal("0.000001"))
    [line] = [line for line in table.at(100_000).lines if line.component == "reads"]
    assert line.basis == "declared, calibrated"


@pytest.mark.parametrize(("reads", "fits"), [("249", False), ("250", True), ("1000", True), ("1001", False)])
def test_patterns_that_are_off_by_more_than_a_factor_of_two_are_wrong_not_scaled(reads: str, fits: bool) -> None:
    found = compared(priced(GET, facts(reads=reads)))
    assert found.factor is not None  # applied all the same
    assert found.in_range is fits


def test_a_query_of_all_users_grows_with_their_square_also_when_calibrated() -> None:
    # a hundred entries of 1,000 bytes: 12.5 units for each of a hundred users; at ten times the users a hundred times
    table = priced(TOP, facts(index_reads="2500"))
    assert compared(table, index="by-status").factor == 2
    small, large = amount(table, "index-reads", 100), amount(table, "index-reads", 1_000)
    assert 97 < large / small < 100
    [line] = [line for line in table.at(1_000).lines if line.component == "index-reads"]
    assert line.growth == "super-linear"
    [one] = [one for one in table.at(1_000).priced_lines if one.line.component == "index-reads"]
    # all but the half unit that a query takes at the least: 124.5 of 125
    assert round(one.super_linear_usd / (line.monthly_usd or 1), 3) == Decimal("0.996")


def test_a_job_is_called_as_often_however_many_users_there_are() -> None:
    job = TOP.replace("calls = 1\n", "calls_per_day = 24\n")
    table = priced(job, facts(index_reads="300"))
    assert 9.5 < amount(table, "index-reads", 1_000) / amount(table, "index-reads", 100) < 10.1
    [line] = [line for line in table.at(1_000).lines if line.component == "index-reads"]
    assert line.growth == "linear"


def test_a_job_of_a_fixed_number_of_items_is_constant() -> None:
    table = priced('[[tables.orders.pattern]]\nname = "n"\nop = "Scan"\nitems = 10\ncalls_per_day = 5\n', facts(reads="7.5"))
    assert amount(table, "reads", 100) == amount(table, "reads", 100_000)
    [line] = [line for line in table.at(1_000).lines if line.component == "reads"]
    assert (line.growth, line.per_user) == ("constant", False)


def test_what_no_pattern_explains_stays_as_measured() -> None:
    table = priced(GET, facts(index_reads="40"))
    found = compared(table, index="by-status")
    assert (found.factor, found.note) == (None, "no declared pattern explains it: measured, in step with the users")
    assert amount(table, "index-reads", 1_000) == (40 * DAYS_PER_MONTH * 10).quantize(Decimal("0.000001"))


def test_what_is_declared_and_was_not_seen_stays_as_declared() -> None:
    table = priced(TOP)
    found = compared(table, index="by-status")
    assert (found.factor, found.note) == (None, "declared, and not seen: as declared")
    assert amount(table, "index-reads", 100) == 30 * 100 * Decimal("12.5")


@pytest.mark.parametrize(("days", "factor"), [("7", Decimal("4.2857")), ("6.99", None)])
def test_less_than_a_week_calibrates_nothing(days: str, factor: Decimal | None) -> None:
    found = compared(priced(GET, facts(days=days)))
    assert found.factor == factor
    assert found.note == ("" if factor else "only 6.9 days of metrics: as declared")


def test_what_was_not_measured_is_as_declared() -> None:
    found = compared(priced(GET, facts(reads=None)))
    assert (found.factor, found.measured_units, found.note) == (None, None, "not measured: as declared")
    denied = table_facts(traffic=Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException"))
    table = priced(GET, denied)
    assert table.calibrations == ()
    assert amount(table, "reads", 100) == 15_000


def test_without_the_users_of_today_the_patterns_are_not_calibrated() -> None:
    table = priced(GET, users_now=None)
    assert amount(table, "reads", 1_000) == 150_000


def test_an_incomplete_pattern_leaves_what_was_measured() -> None:
    table = priced(GET.replace("calls = 10\n", ""))
    found = compared(table)
    assert "incomplete" in found.note
    assert amount(table, "reads", 200) == (1_000 * DAYS_PER_MONTH).quantize(Decimal("0.000001"))


def test_nothing_is_said_of_what_is_neither_declared_nor_seen() -> None:
    assert {(one.index, one.what) for one in priced(GET + PUT, facts(index_writes="100")).calibrations} == {
        (None, "reads"),
        (None, "writes"),
        ("by-status", "writes"),
    }


# ---------------------------------------------------------------------------------------- measured sizes fill the design


def test_measured_attributes_narrow_an_index() -> None:
    sizes = tuple(
        AttributeSizes(name=name, types=("S",), present=100, total_bytes=size * 100, max_bytes=size)
        for name, size in (("id", 20), ("status", 30), ("note", 950))
    )
    known = facts(writes="300", index_reads="50", index_writes="300")
    known = table_facts(
        known.table,
        traffic=known.traffic,
        items=some_items({1_000: 100}, indexes=(some_entries("by-status", 100, 3_000),), attributes=sizes),
    )
    read = TOP.replace("items = { share_of_users = 1 }", 'reads = ["id"]')
    write = PUT.replace("PutItem", "UpdateItem").replace("calls = 1", 'sets = ["note"]\ncalls = 1')
    table = priced(read + write, known)
    after = table.at(100).after(NarrowIndex(index="by-status", attributes=()))
    assert after is not None
    writes = [line.quantity for line in after.lines if line.component == "index-writes"]
    assert writes == [0]  # the note is not in the index any more


@pytest.mark.parametrize(
    ("text", "line", "basis", "quantity"),
    [
        ("items_per_user = 2", "storage", "declared", 200 * 1_100),
        ("items = 7", "storage", "declared", 7 * 1_100),
        ("item_bytes = 500", "storage", "declared", 100 * 600),
        ("item_bytes = 500", "index-storage", "declared", 100 * 600),
        ("items_per_user = 2", "index-storage", "declared", 200 * 1_100),
        ('[[tables.orders.index]]\nname = "by-status"\nkey = ["status"]\nentry_bytes = 40', "index-storage", "declared", 100 * 140),
        ('[[tables.orders.index]]\nname = "by-status"\nkey = ["status"]\nshare = 0.5', "index-storage", "declared", 50 * 1_100),
        ("reads_per_user_day = 1", "storage", "measured", 100 * 1_100),
    ],
)
def test_what_is_declared_takes_the_place_of_what_was_measured(text: str, line: str, basis: str, quantity: int) -> None:
    table = priced(f"[tables.orders]\n{text}\n")
    [found] = [one for one in table.at(100).lines if one.component == line]
    assert (found.basis, found.quantity) == (basis, (Decimal(quantity) / 2**30).quantize(Decimal("0.000001")))
    assert {one.basis for one in table.now} == {"measured"}


def test_a_declared_index_that_is_not_there_yet_is_priced_too() -> None:
    table = priced('[tables.orders]\n[[tables.orders.index]]\nname = "new"\nkey = ["status"]\n' + PUT)
    stored = {one.index: one.quantity for one in table.at(100).lines if one.component == "index-storage"}
    assert stored["new"] == stored["by-status"]
    assert "new" not in {one.index for one in table.now}


def test_a_declared_mode_class_and_pitr_are_those_of_the_projection() -> None:
    table = priced(
        '[tables.orders]\nbilling_mode = "PROVISIONED"\nrcu = 10\nwcu = 5\ntable_class = "STANDARD_INFREQUENT_ACCESS"\npitr = false\n'
    )
    found = {one.component: one for one in table.at(100).lines}
    assert found["capacity-reads"].quantity == 7_300
    assert found["storage"].unit_price_usd == Decimal("0.1")
    assert "pitr" not in found
    assert "pitr" in {one.component for one in table.now}


# ------------------------------------------------------------------------------------------------- streams, alarms, scaling


def test_reads_of_a_stream_are_taken_for_those_of_lambda_which_are_free() -> None:
    known = table_facts(traffic=some_traffic(stream_reads=720_000))
    [line] = [one for one in priced("", known).now if one.component == "streams"]
    assert (line.quantity, line.monthly_usd, line.basis) == (Decimal(730_000), Decimal(0), "assumed")
    assert "Lambda" in line.note
    [line] = [one for one in priced('[tables.orders]\nstream_readers = "application"\n', known).now if one.component == "streams"]
    assert line.monthly_usd == Decimal("0.146")


def test_capacity_that_auto_scaling_moves_is_billed_by_its_mean() -> None:
    table = a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=50, write_units=5))
    flow = a_flow(provisioned_read_units=Decimal("12.5"))
    found = {one.component: one.quantity for one in priced("", table_facts(table, traffic=some_traffic(flow))).now}
    assert found["capacity-reads"] == Decimal("12.5") * 730
    assert found["capacity-writes"] == 5 * 730


def test_no_datapoint_is_no_calibration() -> None:
    table = priced(GET, table_facts(traffic=some_traffic(no_data())))
    assert compared(table).note == "not measured: as declared"


# ------------------------------------------------------------------------------------------------------- does it fit at all


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TOP.replace("by-status", "by-day"), "index 'by-day' is not declared"),
        (GET.replace('["id"]', '["order"]'), "its key is ['order'], and that of the table is ['id']"),
        (GET + 'reads = ["total"]\n', "attribute 'total' is neither declared nor in any item of the table"),
        (
            PUT.replace("PutItem", "UpdateItem") + 'sets = ["totl"]\n',
            "attribute 'totl' is neither declared nor in any item of the table",
        ),
    ],
)
def test_what_does_not_fit_the_table_is_told_with_its_place(text: str, words: str) -> None:
    sizes = (AttributeSizes(name="note", types=("S",), present=1, total_bytes=9, max_bytes=9),)
    known = table_facts(facts().table, items=some_items(attributes=sizes))
    found = misfit(known, design(text).tables["orders"])
    assert found is not None
    assert found[0] == "pattern[0]"
    assert words in found[1]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ('key = ["id"]\n', "it looks for what is not the key"),
        ("consistent = true\n", "a global secondary index cannot be read consistently"),
    ],
)
def test_a_query_that_aws_refuses_is_a_finding_and_has_no_price(more: str, why: str) -> None:
    text = TOP + more
    known = table_facts(facts().table, traffic=Unknown(call="cloudwatch:GetMetricData", reason="denied"))
    assert misfit(known, design(text).tables["orders"]) is None
    [line] = [line for line in priced(text, known).at(100).lines if line.component == "index-reads"]
    assert line.monthly_usd is None
    assert line.note == f"pattern 'top' fails, and takes nothing that could be priced: {why}"


def test_an_index_may_be_found_by_several_attributes() -> None:
    index = an_index("by-status", key_schema=keys("status", "note", "day", hashes=2))
    known = table_facts(a_table(indexes=(index,)))
    for key, fits in (('["status", "note", "day"]', True), ('["note", "status"]', True), ('["status"]', False)):
        text = f"{TOP}key = {key}\n"
        assert misfit(known, design(text).tables["orders"]) is None
        [call] = priced(text, known).at(100).workload.calls
        assert (call.unknown == "") is fits


def test_a_key_that_an_index_holds_is_read_over_it() -> None:
    index = an_index("by-status", key_schema=keys("status", "note", "day", hashes=2), projection="KEYS_ONLY")
    text = TOP + 'key = ["status", "note"]\nreads = ["day"]\n'
    assert misfit(table_facts(a_table(indexes=(index,))), design(text).tables["orders"]) is None


def test_attributes_that_were_seen_or_declared_fit() -> None:
    sizes = (AttributeSizes(name="note", types=("S",), present=1, total_bytes=9, max_bytes=9),)
    known = table_facts(facts().table, items=some_items(attributes=sizes))
    text = GET + 'reads = ["id", "status", "note", "total"]\n[tables.orders.attributes]\ntotal = 9\n'
    assert misfit(known, design(text).tables["orders"]) is None


def test_a_local_index_may_be_read_consistently() -> None:
    table = a_table(key=("id", "day"), indexes=(an_index("local", ("id", "status"), kind="LSI"),))
    text = TOP.replace("by-status", "local") + "consistent = true\n"
    assert misfit(table_facts(table), design(text).tables["orders"]) is None


def test_a_global_index_that_holds_less_than_is_read_is_no_mistake_and_its_items_are_fetched() -> None:
    table = a_table(indexes=(an_index("by-status", projection="KEYS_ONLY"),))
    items = some_items({4_096: 100}, indexes=(some_entries("by-status", 100, 100),))
    known = table_facts(table, items=items, traffic=Unknown(call="cloudwatch:GetMetricData", reason="denied"))
    text = TOP.replace("{ share_of_users = 1 }", "10")
    fetched = f'{text}reads = ["note"]\n[tables.orders.attributes]\nnote = 100\n'
    assert misfit(known, design(fetched).tables["orders"]) is None
    # 1,000 bytes of entries are half a unit, and ten items of 4,096 bytes another five; a hundred users, thirty days
    assert amount(priced(fetched, known), "index-reads", 100) == 1_500
    assert amount(priced(fetched, known), "reads", 100) == 15_000
    assert amount(priced(f'{text}reads = ["status"]\n', known), "reads", 100) == 0


FETCHED = f"""{TOP.replace("{ share_of_users = 1 }", "10")}reads = ["note", "photo"]
[tables.orders.attributes]
id = 20
status = 10
note = 100
photo = 2_000
"""


def fetching(**table: Any) -> Workload:
    """A query over an index of keys that fetches ten items each time; beside it, one index with the photo and one with all."""
    include = an_index("some", projection="INCLUDE", non_key_attributes=("photo",))
    indexes = (an_index("by-status", projection="KEYS_ONLY"), include, an_index("wide"))
    items = some_items({4_096: 100}, indexes=tuple(some_entries(index.name, 100, 100) for index in indexes))
    denied = Unknown(call="cloudwatch:GetMetricData", reason="denied")
    known = table_facts(a_table(indexes=indexes, **table), items=items, traffic=denied)
    return priced(FETCHED, known).at(100).workload


@pytest.mark.parametrize(
    ("attributes", "fetches", "entry_bytes"), [(("note", "photo"), False, 2_200), (("photo",), True, 2_100), (("note",), True, 200)]
)
def test_a_wider_index_saves_the_fetches_only_where_it_holds_all(
    attributes: tuple[str, ...], fetches: bool, entry_bytes: int
) -> None:
    changed = apply(fetching(), WidenIndex(index="by-status", attributes=attributes))
    assert changed is not None
    store = changed.store("by-status")
    assert store is not None
    assert (store.projection, store.attributes) == ("INCLUDE", attributes)
    assert store.mean_bytes == entry_bytes
    assert [call.fetches for call in changed.calls] == [fetches]


@pytest.mark.parametrize(("into", "fetches"), [(None, False), ("wide", False), ("some", True)])
def test_queries_that_move_go_on_fetching_only_what_is_not_there(into: str | None, fetches: bool) -> None:
    changed = apply(fetching(), MergeIndex(index="by-status", into=into))
    assert changed is not None
    assert [(call.index, call.fetches) for call in changed.calls] == [(into, fetches)]


def test_what_is_fetched_is_also_read_where_it_moves_to() -> None:
    changed = apply(fetching(), SplitAttribute(attribute="photo"))
    assert changed is not None
    [annex] = changed.annexes
    assert [call.fetches for call in annex.calls] == [True]


@pytest.mark.parametrize("index", ["wide", "no-such"])
def test_only_an_index_that_lacks_something_can_be_widened(index: str) -> None:
    assert apply(fetching(), WidenIndex(index=index, attributes=("note",))) is None


def test_provisioned_capacity_does_not_fall_by_a_wider_index() -> None:
    provisioned = fetching(billing_mode="PROVISIONED", provisioned=Throughput(read_units=1, write_units=1))
    assert apply(provisioned, WidenIndex(index="by-status", attributes=("note",))) is None


@pytest.mark.parametrize("key", [("by-status", "writes"), ("by-status", "reads"), (None, "reads")])
def test_measured_requests_do_not_tell_what_a_wider_index_takes(key: Key) -> None:
    workload = fetching()
    measured = replace(workload, flows={key: MeasuredUnits(units=constant(Decimal(1)))})
    assert apply(measured, WidenIndex(index="by-status", attributes=("note",))) is None
