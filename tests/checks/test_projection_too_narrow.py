import tomllib
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.projection_too_narrow import projection_too_narrow
from stj_audit.config import parse_config
from stj_audit.cost.priced_table import PricedTable
from stj_audit.cost.prices import bundled_sheet
from stj_audit.cost.workload import Workload
from stj_audit.facts import Table, Throughput, Unknown
from stj_audit.results import Result, Severity, Status, WidenIndex
from tests.builders import a_table, an_index, examined, some_entries, some_items, table_facts

# Requests alone make the bill: a read unit of a million calls is 0.1345 dollars, a write unit 0.67 (eu-north-1).
NO_METRICS = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
SIZES = "[tables.orders.attributes]\nid = 40\nstatus = 20\nnote = 100\ntotal = 10\n"
NARROW = an_index("by-status", projection="INCLUDE", non_key_attributes=("total",))


def pattern(op: str, more: str = "", *, name: str = "find", calls: int | None = 100_000) -> str:
    counted = "" if calls is None else f"calls_per_day = {calls}\n"
    return f'[[tables.orders.pattern]]\nname = "{name}"\nop = "{op}"\n{counted}{more}\n'


def query(*reads: str, index: str = "by-status", items: int = 10, **more: Any) -> str:
    return pattern("Query", f'index = "{index}"\nitems = {items}\nreads = {list(reads)}', **more)


def workload(text: str, table: Table) -> Workload:
    """Ten days of a table of four items of 4 KB, whose index entries have 100 bytes."""
    items = some_items({4_096: 4}, indexes=tuple(some_entries(index.name, 4, 100) for index in table.indexes))
    config = parse_config(tomllib.loads(f"[model]\ndays = 10\n{text}", parse_float=Decimal), origin="d.toml")
    known = table_facts(table, items=items, traffic=NO_METRICS)
    return PricedTable(facts=known, config=config, prices=bundled_sheet("eu-north-1"), users_now=1).at(1).workload


def judged(text: str, *indexes: Any, users: int | None = 1, table: Table | None = None) -> Result:
    table = table or a_table(indexes=indexes or (NARROW,), size_bytes=None, item_count=None)
    return examined(projection_too_narrow, table, workload=workload(text, table), users=users)


def test_finds_items_that_are_fetched_one_by_one() -> None:
    # each query reads 1,000 bytes of entries, half a unit, and ten items of 4 KB, five units; with 200 bytes an entry the half alone:
    # a million queries save five million units
    result = judged(SIZES + query("note", "total", "status"))
    [problem] = result.problems
    assert problem.message == (
        'pattern "find" reads "note", which the index does not hold, and every item that is found is fetched from the table: '
        "5 read units a call, at the most, beside those of the index"
    )
    assert problem.fix == 'replace the index by one that includes "note"'
    assert problem.index == "by-status"
    assert problem.severity is Severity.LOW  # 90 % of the bill, and below the floor
    assert problem.evidence == {
        "attributes": "note",
        "patterns": "find",
        "fetch_read_units_a_call": 5.0,
        "saving_usd_month": 0.67,
    }
    assert problem.current == 'projection INCLUDE, without "note"'
    assert problem.benefit == (
        "$0.67 a month, by the declared patterns: one call in place of two, and no read unit for each item that is found"
    )
    assert problem.migration.startswith("a projection cannot be changed: add the wider index")
    assert problem.change == WidenIndex(index="by-status", attributes=("note",))
    assert result.goods == ()


def test_much_money_is_more_severe() -> None:
    # eight times the queries cost 5.92 dollars, of which 5.38 are the fetches
    assert judged(SIZES + query("note", calls=800_000)).severity is Severity.MEDIUM


def test_patterns_over_one_index_are_one_finding() -> None:
    text = SIZES + "body = 50\n" + query("note") + query("body", "note", name="other", items=20) + query("total", name="third")
    [problem] = judged(text).problems
    assert problem.message == (
        'patterns "find" and "other" read "body" and "note", which the index does not hold, and every item that is found is '
        "fetched from the table: 10 read units a call, at the most, beside those of the index"
    )
    assert problem.evidence["patterns"] == "find, other"


def test_where_fetching_is_cheaper_it_is_right_as_it_is() -> None:
    # one fetch of half a unit in a million queries against two more write units in a million puts
    text = (
        "[tables.orders.attributes]\nid = 40\nstatus = 20\nnote = 2_000\ntotal = 10\n" + query("note", items=1) + pattern("PutItem")
    )
    result = judged(text)
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == [
        "fetching from the table costs no more than to hold what is read over by-status"
    ]


@pytest.mark.parametrize(("calls", "status"), [(7_436, Status.FOUND), (7_434, Status.PASSED)])
def test_what_saves_less_than_is_shown_is_no_finding(calls: int, status: Status) -> None:
    # half a unit in each of 74,360 queries: 0.005 dollars
    assert judged(SIZES + query("note", items=1, calls=calls)).status is status


def test_half_a_cent_is_a_finding() -> None:
    # us-east-1: half a unit in each of 80,000 queries, at 0.125 dollars a million
    text, table = SIZES + query("note", items=1, calls=8_000), a_table(indexes=(NARROW,), size_bytes=None, item_count=None)
    [problem] = examined(projection_too_narrow, table, workload=workload(text, table), users=1, region="us-east-1").problems
    assert problem.change == WidenIndex(index="by-status", attributes=("note",))


def test_passes_an_index_that_holds_what_is_read() -> None:
    for index in (NARROW, an_index("by-status")):
        result = judged(SIZES + query("id", "status", "total"), index)
        assert result.status is Status.PASSED
        assert [good.message for good in result.goods] == ["all that the declared patterns read is held by by-status"]


def test_a_complete_index_beside_a_narrow_one_and_one_that_nobody_reads() -> None:
    wide, idle = an_index("wide"), an_index("idle", projection="KEYS_ONLY")
    result = judged(SIZES + query("note") + query("note", index="wide"), NARROW, wide, idle)
    assert [problem.index for problem in result.problems] == ["by-status"]
    assert [good.message for good in result.goods] == ["all that the declared patterns read is held by wide"]


def test_without_money_the_units_are_told() -> None:
    table = a_table(
        indexes=(NARROW,), billing_mode="PROVISIONED", provisioned=Throughput(read_units=10, write_units=5), size_bytes=None
    )
    [problem] = judged(SIZES + query("note"), table=table).problems
    assert (problem.severity, problem.change) == (Severity.LOW, None)
    assert problem.evidence["saving_usd_month"] is None
    assert problem.evidence["fetch_read_units_a_call"] == 5.0
    assert problem.benefit == "one call in place of two, and no read unit for each item that is found"


def test_calls_that_are_not_declared_have_no_price() -> None:
    [problem] = judged(SIZES + query("note", calls=None)).problems
    assert (problem.severity, problem.change) == (Severity.LOW, None)


def test_a_local_index_fetches_by_itself_and_stays_as_it_is() -> None:
    local = an_index("local", ("id", "status"), kind="LSI", projection="KEYS_ONLY")
    table = a_table(key=("id", "day"), indexes=(local,), size_bytes=None)
    [problem] = judged(SIZES + query("note", index="local"), table=table).problems
    assert problem.fix == (
        "leave out what is not needed, or query an index that holds it: a local index can be changed only with its table"
    )
    assert problem.migration == "a local index is made with its table: a global one with the same key can be added beside it"
    assert problem.benefit == "no hidden read of each item"
    assert (problem.severity, problem.change) == (Severity.LOW, None)


@pytest.mark.parametrize(("users", "units"), [(50, 25.0), (None, 0.5)])
def test_the_units_are_those_at_the_users_that_are_judged(users: int | None, units: float) -> None:
    text = SIZES + pattern("Query", 'index = "by-status"\nitems = { share_of_users = 1 }\nreads = ["note"]', calls=10_000_000)
    assert judged(text, users=users).problems[0].evidence["fetch_read_units_a_call"] == units


def test_without_a_number_of_users_the_units_of_what_follows_them_are_not_known() -> None:
    text = SIZES + pattern("Query", 'index = "by-status"\nitems = { share_of_users = 1 }\nreads = ["note"]')
    table = a_table(indexes=(NARROW,))
    unknown = replace(workload(text, table), users_now=None)
    [problem] = examined(projection_too_narrow, table, workload=unknown, users=None).problems
    assert (
        problem.message
        == 'pattern "find" reads "note", which the index does not hold, and every item that is found is fetched from the table'
    )
    assert problem.severity is Severity.LOW


@pytest.mark.parametrize(
    "text",
    [
        "",
        pattern("Query", 'index = "by-status"'),
        pattern("Query", 'reads = ["note"]'),
        pattern("UpdateItem", 'sets = ["note"]'),
    ],
    ids=["no pattern", "reads not said", "of the table", "a write"],
)
def test_needs_a_pattern_that_says_what_it_reads_over_an_index(text: str) -> None:
    result = judged(SIZES + text)
    assert (result.status, result.reason) == (
        Status.NOT_APPLICABLE,
        "no declared pattern says which attributes it reads over an index",
    )


def test_what_only_someone_opens_is_named() -> None:
    assert "fetches only what someone opens" in projection_too_narrow.why
