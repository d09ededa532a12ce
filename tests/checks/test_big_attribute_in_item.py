import json
import tomllib
from dataclasses import replace
from decimal import Decimal

import pytest

from stj_audit.checks.big_attribute_in_item import big_attribute_in_item
from stj_audit.config import parse_config
from stj_audit.cost.bill import TableBill
from stj_audit.cost.from_model import declared_workload
from stj_audit.cost.prices import bundled_sheet
from stj_audit.cost.workload import Abroad, Amount, Flow, Key, Kind, Other, Workload, constant
from stj_audit.facts import Unknown
from stj_audit.results import Result, Severity, SplitAttribute, Status
from tests.builders import examined

# Nothing is stored, so that requests alone are counted: a write unit of a million calls is 0.67 dollars, a read unit 0.1345 (eu-north-1).
ORDERS = '[tables.orders]\nkey = ["id"]\nitems = 0\nitem_bytes = 51_200\n'
SIZES = "[tables.orders.attributes]\nid = 36\nblob = 40_960\n"  # 10,240 bytes stay; the new table has 36 + 40,960
INDEX = '[[tables.orders.index]]\nname = "by-email"\nkey = ["email"]\n'
GOOD = '"blob" would cost no less in a table of its own, by the declared patterns'


def pattern(op: str, more: str = "", *, calls: int | None = 100_000) -> str:
    """A million calls a month, which has ten days here."""
    counted = "" if calls is None else f"calls_per_day = {calls}\n"
    return f'[[tables.orders.pattern]]\nname = "{op}"\nop = "{op}"\n{counted}{more}\n'


def get(*reads: str, calls: int | None = 100_000) -> str:
    return pattern("GetItem", f"reads = {json.dumps(reads)}", calls=calls)


def update(*sets: str, calls: int | None = 100_000, op: str = "UpdateItem") -> str:
    return pattern(op, f"sets = {json.dumps(sets)}", calls=calls)


def declared(text: str) -> Workload:
    config = parse_config(tomllib.loads(f"[model]\ndays = 10\n{text}", parse_float=Decimal), origin="d.toml")
    return declared_workload("orders", config.tables["orders"], config.model)


def judged(text: str, *, region: str = "eu-north-1") -> Result:
    return examined(big_attribute_in_item, workload=declared(text), users=1, region=region)


def saving_of(text: str) -> object:
    [problem] = judged(text).problems
    return problem.evidence["saving_usd_month"]


# ---------------------------------------------------------------------------------------------------------------- finds


def test_finds_an_attribute_that_goes_along_without_need() -> None:
    # a million updates write 50 units, then 10: 26.80 less; a million reads take 13 steps of 4 KB at half a unit, then 3: 0.6725 less
    result = judged(ORDERS + SIZES + get("name") + update("name"))
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM  # 80 % of 34.37 dollars, but less than 50 of them
    assert problem.message == ('"blob" makes 80% of a mean item (40.0 KB of 50.0 KB), and 2 of 2 declared patterns do not name it')
    assert problem.fix == 'move "blob" to a table of its own, with the same key'
    assert problem.evidence == {
        "attribute": "blob",
        "attribute_bytes": 40_960.0,
        "item_bytes": 51_200.0,
        "saving_usd_month": 27.47,
    }
    assert problem.current == '40.0 KB of "blob" in each item, and in each index that holds it'
    assert problem.benefit == "$27.47 a month, by the declared patterns"
    assert problem.change == SplitAttribute(attribute="blob")
    assert problem.migration.startswith("create the table, write both, copy what is there")
    assert problem.migration.endswith("the table stays in use")
    assert problem.effort == "days"
    assert problem.commands == ()  # data has to be moved: nothing to paste


def test_counts_the_patterns_that_name_the_attribute() -> None:
    [problem] = judged(ORDERS + SIZES + get("blob", calls=1) + update("blob", calls=1) + update("name")).problems
    assert problem.message.endswith("and 1 of 3 declared patterns do not name it")


@pytest.mark.parametrize(
    ("more", "saving"),
    [
        ("", 26.8),  # the updates of `name` alone: 50 units, then 10
        (get("blob"), 26.73),  # 13 steps, then 3 and 11, at half a unit: 0.06725 more
        (pattern("GetItem"), 26.73),  # reads whole items
        (get("name"), 27.47),  # 13 steps, then 3: 0.6725 less
        (update("blob"), 32.83),  # 50 units, then 41 in the new table only: 6.03 less
        (update("blob", "name"), 26.13),  # 50 units, then 10 and 41: 0.67 more
        (pattern("PutItem"), 26.13),
        (pattern("DeleteItem"), 26.13),
        (update("name", op="TransactWriteItems"), 80.4),  # 100 units, then 20: 53.60 less
    ],
)
def test_what_each_pattern_takes_then_is_counted_in(more: str, saving: float) -> None:
    assert saving_of(ORDERS + SIZES + update("name") + more) == saving


@pytest.mark.parametrize(
    ("index", "saving"),
    [
        (INDEX, 53.6),  # the index is written like the table: twice 26.80
        (INDEX + 'projection = "KEYS_ONLY"\nentry_bytes = 80\n', 26.8),
        (INDEX + 'projection = "INCLUDE"\nattributes = ["name"]\nentry_bytes = 100\n', 26.8),  # 1 unit before, and after
    ],
)
def test_an_index_that_holds_the_attribute_is_written_with_less(index: str, saving: float) -> None:
    assert saving_of(ORDERS + SIZES + index + update("name")) == saving


def test_keys_and_overhead_are_stored_once_more() -> None:
    # 2^20 items: 36 + 100 bytes more of each are 136 / 1,024 GB, 0.0357 dollars that come off the 26.80
    stored = ORDERS.replace("items = 0", "items = 1_048_576")
    assert saving_of(stored + SIZES + update("name")) == 26.76


def test_the_heaviest_is_told_first() -> None:
    sizes = "[tables.orders.attributes]\nid = 36\nlight = 15_360\nheavy = 20_480\n"
    result = judged(ORDERS + sizes + update("name"))
    assert [problem.evidence["attribute"] for problem in result.problems] == ["heavy", "light"]
    # 50 units less 20 and less 15, each by itself
    assert [problem.evidence["saving_usd_month"] for problem in result.problems] == [13.4, 10.05]


# -------------------------------------------------------------------------------------------------------------- severity


@pytest.mark.parametrize(
    ("updates_a_day", "severity"),
    [
        (19_999, None),  # not worth a table more
        (20_000, Severity.MEDIUM),  # us-east-1: 40 units of 200,000 updates are 5 dollars, 80 % of the bill
        (199_999, Severity.MEDIUM),
        (200_000, Severity.HIGH),  # 50 dollars
    ],
)
def test_counts_from_five_dollars_and_is_high_from_fifty(updates_a_day: int, severity: Severity | None) -> None:
    result = judged(ORDERS + SIZES + update("name", calls=updates_a_day), region="us-east-1")
    assert result.severity is severity
    assert result.status is (Status.PASSED if severity is None else Status.FOUND)


@pytest.mark.parametrize(
    ("backup_gb", "severity"),
    [
        ("1474", Severity.HIGH),  # two million updates save 53.60 of 67.00 and 147.40: 25 %
        ("1475", Severity.MEDIUM),
        ("4690", Severity.MEDIUM),  # of 67.00 and 469.00: 10 %
        ("4691", Severity.LOW),
    ],
)
def test_is_as_bad_as_its_share_of_the_bill(backup_gb: str, severity: Severity) -> None:
    backup = Other(component="backup", amount=constant(Decimal(backup_gb)))
    workload = replace(declared(ORDERS + SIZES + update("name", calls=200_000)), others=(backup,))
    assert examined(big_attribute_in_item, workload=workload, users=1).severity is severity


# ------------------------------------------------------------------------------------------------------------ thresholds


@pytest.mark.parametrize(("blob_bytes", "status"), [(5_119, Status.PASSED), (5_120, Status.FOUND)])
def test_is_large_from_a_tenth_of_the_item(blob_bytes: int, status: Status) -> None:
    # ten million updates save 5 units each (or 4, of 46,081 bytes): 33.50 dollars (or 26.80)
    sizes = f"[tables.orders.attributes]\nid = 36\nblob = {blob_bytes}\n"
    assert judged(ORDERS + sizes + update("name", calls=1_000_000)).status is status


@pytest.mark.parametrize(("blob_bytes", "status"), [(1_023, Status.PASSED), (1_024, Status.FOUND)])
def test_is_large_from_one_kilobyte(blob_bytes: int, status: Status) -> None:
    # of 4,095 bytes either leaves 3 of 4 units: ten million updates save 6.70 dollars
    orders = ORDERS.replace("51_200", "4_095")
    sizes = f"[tables.orders.attributes]\nid = 36\nblob = {blob_bytes}\n"
    assert judged(orders + sizes + update("name", calls=1_000_000)).status is status


# ---------------------------------------------------------------------------------------------------------------- passes


def test_passes_what_would_cost_no_less_apart() -> None:
    # two writes for one: 6.70 more, 0.67 less
    result = judged(ORDERS + SIZES + get("name") + pattern("PutItem", calls=1_000_000))
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == [GOOD]


def test_what_would_cost_the_same_apart_costs_no_less() -> None:
    # 3,000 bytes are one step of 4 KB, and so are the 1,900 that stay
    orders, sizes = ORDERS.replace("51_200", "3_000"), "[tables.orders.attributes]\nid = 36\nblob = 1_100\n"
    result = judged(orders + sizes + get("name"))
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == [GOOD]


@pytest.mark.parametrize(
    "text",
    [
        ORDERS + SIZES + get("blob") + update("blob"),  # every pattern needs it
        ORDERS + "[tables.orders.attributes]\nid = 36\nname = 100\n" + get("name"),  # nothing large
        ORDERS + "[tables.orders.attributes]\nid = 1_500\n" + update("name"),  # a key stays where it is
        ORDERS + SIZES.replace("blob", "email") + INDEX + update("name"),  # so does a key of an index
    ],
)
def test_what_was_not_weighed_is_no_praise(text: str) -> None:
    result = judged(text)
    assert (result.status, result.goods) == (Status.PASSED, ())


@pytest.mark.parametrize(
    "text",
    [
        ORDERS + SIZES + update("name", calls=15_000),  # 40 units of 150,000 updates are 4.02 dollars: below the floor
        ORDERS + SIZES + update("name", calls=1_000),  # 0.27 dollars
        ORDERS + SIZES.replace("40_960", "5_119") + update("name", calls=1_000_000),  # below a tenth of the item, and 26.80
    ],
)
def test_a_saving_that_is_not_told_of_is_no_praise(text: str) -> None:
    assert judged(text).goods == ()


def test_patterns_that_name_no_attribute_tell_nothing() -> None:
    result = judged(ORDERS + SIZES + pattern("GetItem") + pattern("PutItem"))
    assert result.status is Status.NOT_APPLICABLE


def test_a_provisioned_table_is_left_alone() -> None:
    result = judged(ORDERS + 'billing_mode = "PROVISIONED"\nrcu = 100\nwcu = 100\n' + SIZES + update("name"))
    assert result.reason == "the table is provisioned: its capacity does not fall by itself when requests take less"


def test_a_missing_price_is_no_missing_metric() -> None:
    [unknown] = judged(ORDERS + SIZES + update("name"), region="ddblocal").unknowns
    assert unknown.call == "pricing:GetProducts"


def test_a_split_of_a_global_table_writes_the_new_table_abroad_too() -> None:
    # puts 50 -> 10 + 41 units, updates 50 -> 10: 39 million units, 26.13
    here = declared(ORDERS + SIZES + pattern("PutItem") + update("name"))
    prices = bundled_sheet("eu-north-1")
    everywhere = replace(here, replicas=(Abroad(region="us-east-1", prices=prices),))
    one, both = (
        TableBill(workload=of, users=1, prices=prices).saving(SplitAttribute(attribute="blob")) for of in (here, everywhere)
    )
    assert one is not None
    assert both == 2 * one


def test_an_index_no_longer_holds_what_was_split_off() -> None:
    include = INDEX + 'projection = "INCLUDE"\nattributes = ["blob"]\n'
    text = ORDERS + SIZES.replace("id = 36", "id = 38\nemail = 42") + include + update("name", "blob") + update("name")
    # table: 50 -> 10, twice, and 41 in the new one: 39 units; index: 38 + 42 + 40,960 bytes are 41 units -> none: 41
    saving = TableBill(workload=declared(text), users=1, prices=bundled_sheet("eu-north-1")).saving(
        SplitAttribute(attribute="blob")
    )
    assert saving is not None
    assert round(saving, 2) == Decimal("53.60")


def test_what_is_found_is_no_good() -> None:
    assert judged(ORDERS + SIZES + update("name")).goods == ()


# ----------------------------------------------------------------------------------------------- what is not known, or not there


def test_does_not_judge_attributes_that_it_has_not_seen() -> None:
    assert judged(ORDERS + update("name")).unknowns == (
        Unknown(call="dynamodb:Scan", reason="the sizes of the attributes are not known"),
    )


NOT_DECLARED = Unknown(call="cloudwatch:GetMetricData", reason='the requests that need "blob" are not known or declared')


@pytest.mark.parametrize(("missing", "kind"), [(get("name", calls=None), "reads"), (update("name", calls=None), "writes")])
def test_does_not_price_requests_that_are_not_declared(missing: str, kind: str) -> None:
    result = judged(ORDERS + SIZES + update("name") + missing)
    [unknown] = result.unknowns
    assert unknown.reason.startswith(f"{kind} of a user: `calls` of pattern")
    assert result.goods == ()


@pytest.mark.parametrize("kind", ["reads", "writes"])
def test_does_not_price_requests_that_no_pattern_explains(kind: Kind) -> None:
    measured: dict[Key, Flow] = {(None, kind): Flow(units=Amount(today=Decimal(1), each_user=Decimal(1)))}
    workload = replace(declared(ORDERS + SIZES + update("name")), flows=measured)
    assert examined(big_attribute_in_item, workload=workload, users=1).unknowns == (NOT_DECLARED,)


def test_has_nothing_to_judge_without_patterns() -> None:
    result = judged(ORDERS + SIZES)
    assert result.status is Status.NOT_APPLICABLE
    assert result.reason == "no declared pattern says which attributes it reads or sets"


# ------------------------------------------------------------------------------------------------------- when it is wrong


def test_whole_items_that_are_read_often_keep_the_attribute_where_it_is() -> None:
    # 310 million reads of whole items take 7 units for 6.5, 20.85 dollars more; with 330 million, 22.19 more, less than 5 are left
    assert saving_of(ORDERS + SIZES + update("name") + pattern("GetItem", calls=31_000_000)) == 5.95
    assert judged(ORDERS + SIZES + update("name") + pattern("GetItem", calls=33_000_000)).status is Status.PASSED


def test_tells_when_it_is_wrong() -> None:
    assert "must change together in every case (a transaction costs twice as much)" in big_attribute_in_item.why
    assert "leave\nreaders of the attribute out" in big_attribute_in_item.why
