import tomllib
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.whole_copy_break_even import whole_copy_break_even
from stj_audit.config import parse_config
from stj_audit.cost.from_model import declared_workload
from stj_audit.cost.prices import bundled_sheet
from stj_audit.cost.workload import Amount, Flow, Workload
from stj_audit.facts import Unknown
from stj_audit.results import Problem, Result, Severity, Status
from tests.builders import a_table, an_index, examined

# eu-north-1: a write unit costs 0.67 dollars a million, a read unit 0.1345: 4.981 times less. 51,200 bytes are 50 write units.
ORDERS = '[tables.orders]\nkey = ["id"]\nitems = 10\nitem_bytes = 51_200\n'
SIZES = "[tables.orders.attributes]\nid = 38\nemail = 42\n"
INDEX = '[[tables.orders.index]]\nname = "by-email"\nkey = ["email"]\n'
TABLE = a_table(indexes=(an_index("by-email", key=("email",)),))
NONE = "no declared pattern looks up single whole items over an index that copies them"


def pattern(op: str = "Query", more: str = 'index = "by-email"\n', *, calls: int | None = 10) -> str:
    counted = "" if calls is None else f"calls = {calls}\n"
    return f'[[tables.orders.pattern]]\nname = "{op}"\nop = "{op}"\n{counted}{more}'


def put(calls: int | None = 1) -> str:
    return pattern("PutItem", "", calls=calls)


def judged(text: str, *, table: Any = TABLE, change: Any = None, **context: Any) -> Result:
    config = parse_config(tomllib.loads(text, parse_float=Decimal), origin="d.toml")
    workload: Workload = declared_workload("orders", config.tables["orders"], config.model)
    return examined(whole_copy_break_even, table, workload=change(workload) if change else workload, users=1_000, **context)


def problem_of(text: str, **context: Any) -> Problem:
    [problem] = judged(text, **context).problems
    return problem


def test_tells_how_many_lookups_a_whole_copy_needs() -> None:
    # 50 units for a write against 1, 49 more; a lookup takes half a unit less: 49 x 0.67 / (0.5 x 0.1345) = 488.2
    result = judged(ORDERS + SIZES + INDEX + pattern() + put())
    [problem] = result.problems
    assert result.severity is Severity.INFO
    assert problem.index == "by-email"
    assert problem.message == "a whole copy of 50.0 KB pays from 488.2 lookups for each write on, and the declared patterns make 10"
    assert problem.evidence == {
        "item_bytes": 51_200,
        "key_bytes": 80.0,
        "write_units_more": 49.0,
        "read_units_less": 0.5,
        "break_even_lookups_a_write": 488.2,
        "lookups_a_write": 10.0,
    }
    assert problem.current == "projection ALL: 50 write units for each write of an entry"
    assert problem.benefit == "49 write units less for each write, 0.5 read units more for each lookup"
    assert problem.migration.endswith("each lookup is then two requests")
    assert problem.change is None


@pytest.mark.parametrize(("calls", "status"), [(488, Status.FOUND), (489, Status.PASSED)])
def test_a_copy_that_is_looked_up_often_enough_pays(calls: int, status: Status) -> None:
    result = judged(ORDERS + SIZES + INDEX + pattern(calls=calls) + put())
    assert result.status is status
    if status is Status.PASSED:
        assert result.goods[0].message == (
            "the whole copy in index by-email pays: 489 lookups for each write, against 488.2 to break even"
        )


@pytest.mark.parametrize(("calls", "status"), [(489, Status.FOUND), (490, Status.PASSED)])
def test_a_copy_pays_from_just_the_lookups_that_break_even(calls: int, status: Status) -> None:
    # us-east-1: a write unit costs five times a read unit, 49 x 5 / 0.5 = 490
    assert judged(ORDERS + SIZES + INDEX + pattern(calls=calls) + put(), region="us-east-1").status is status


def test_what_is_read_elsewhere_is_no_lookup() -> None:
    text = ORDERS + SIZES + INDEX + pattern() + put() + pattern("GetItem", "", calls=7)
    assert problem_of(text).evidence["lookups_a_write"] == 10.0


@pytest.mark.parametrize(
    ("text", "ratio"),
    [
        (pattern() + put(None) + "calls_per_day = 1_000\n", 5.0),
        (pattern(calls=None) + "calls_per_day = 1_500\n" + put(), 3.0),
        (pattern() + "calls_per_day = 1_000\n" + put(), 12.0),
    ],
)
def test_calls_of_active_users_and_of_a_day_are_added(text: str, ratio: float) -> None:
    # half of the 1,000 users are active: 10 calls of each are 5,000 a day, and 1 is 500
    problem = problem_of(ORDERS + SIZES + INDEX + text, change=lambda one: replace(one, active=Decimal("0.5")))
    assert problem.evidence["lookups_a_write"] == ratio


def test_a_write_that_moves_the_entry_is_two() -> None:
    text = ORDERS + SIZES + INDEX + pattern() + pattern("UpdateItem", 'sets = ["email"]\n', calls=1)
    assert problem_of(text).evidence["lookups_a_write"] == 5.0


@pytest.mark.parametrize("text", [pattern(calls=None) + put(), pattern() + put(None), pattern()])
def test_tells_it_too_where_the_calls_are_not_known(text: str) -> None:
    problem = problem_of(ORDERS + SIZES + INDEX + text)
    assert problem.message.endswith("and how many there are is not known")
    assert problem.evidence["lookups_a_write"] is None


def test_measured_requests_do_not_tell_lookups() -> None:
    flow = Flow(units=Amount(today=Decimal(1), each_user=Decimal(1)))
    text = ORDERS + SIZES + INDEX + pattern() + put()
    problem = problem_of(text, change=lambda one: replace(one, flows={("by-email", "writes"): flow}))
    assert problem.evidence["lookups_a_write"] is None


@pytest.mark.parametrize(("item_bytes", "status"), [("1_024", Status.PASSED), ("1_025", Status.FOUND)])
def test_a_copy_of_small_items_takes_no_more(item_bytes: str, status: Status) -> None:
    result = judged(ORDERS.replace("51_200", item_bytes) + SIZES + INDEX + pattern(calls=9) + put())
    assert result.status is status  # one unit more for a write: 9.96 lookups
    if status is Status.PASSED:
        assert result.goods[0].message == "a whole copy of 1.0 KB in index by-email takes no more to write than the keys alone"


@pytest.mark.parametrize(
    "more",
    [
        "items = 2\n",
        "items = { share_of_users = 0.5 }\n",
        'reads = ["email"]\n',  # the keys are enough
        'reads = ["status"]\n',  # 20 bytes more: an index of just that is better
    ],
)
def test_what_is_no_lookup_of_a_whole_item_is_not_weighed(more: str) -> None:
    text = ORDERS + SIZES + "status = 20\n" + INDEX + pattern(more=f'index = "by-email"\n{more}') + put()
    assert judged(text).reason == NONE


@pytest.mark.parametrize("more", ["items = 0.5\n", "items = 5\nlimit = 1\n", 'reads = ["blob"]\n'])
def test_what_is_one_is_weighed(more: str) -> None:
    text = ORDERS + SIZES + "blob = 51_000\n" + INDEX + pattern(more=f'index = "by-email"\n{more}') + put()
    assert judged(text).status is Status.FOUND


def test_an_index_that_does_not_copy_is_left_alone() -> None:
    keys_only = INDEX + 'projection = "KEYS_ONLY"\nentry_bytes = 80\n'
    table = a_table(indexes=(an_index("by-email", key=("email",), projection="KEYS_ONLY"),))
    assert judged(ORDERS + SIZES + keys_only + pattern() + put(), table=table).reason == NONE


def test_provisioned_capacity_is_left_alone() -> None:
    provisioned = 'billing_mode = "PROVISIONED"\nrcu = 10\nwcu = 10\n'
    assert judged(ORDERS + provisioned + SIZES + INDEX + pattern() + put()).status is Status.NOT_APPLICABLE


def test_does_not_weigh_items_of_unknown_size() -> None:
    [unknown] = judged(ORDERS.replace("item_bytes = 51_200\n", "") + SIZES + INDEX + pattern() + put()).unknowns
    assert unknown == Unknown(call="dynamodb:Scan", reason="the sizes of the items or keys in index by-email are not known")


def test_does_not_weigh_entries_where_the_items_of_the_table_are_of_unknown_size() -> None:
    def without_items(one: Workload) -> Workload:
        return replace(one, table=replace(one.table, mean_bytes=None))

    [unknown] = judged(ORDERS + SIZES + INDEX + pattern() + put(), change=without_items).unknowns
    assert unknown.reason == "the sizes of the items or keys in index by-email are not known"


@pytest.mark.parametrize("kind", ["read", "write"])
def test_one_missing_price_is_told_too(kind: str) -> None:
    sheet = bundled_sheet("eu-north-1")
    prices = replace(sheet, prices={key: price for key, price in sheet.prices.items() if f".{kind}_request_unit" not in key})
    [unknown] = judged(ORDERS + SIZES + INDEX + pattern() + put(), prices=prices).unknowns
    assert unknown == Unknown(call="pricing:GetProducts", reason="no price is known in eu-north-1")


def test_a_missing_price_is_told() -> None:
    [unknown] = judged(ORDERS + SIZES + INDEX + pattern() + put(), region="ddblocal").unknowns
    assert unknown.call == "pricing:GetProducts"


def test_has_nothing_to_weigh_without_patterns() -> None:
    assert judged(ORDERS + SIZES + INDEX).reason == NONE


def test_tells_that_a_copy_saves_a_request() -> None:
    assert "saves a second request" in whole_copy_break_even.why
