import tomllib
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.compressible_attribute import compressible_attribute
from stj_audit.config import parse_config
from stj_audit.cost.from_model import declared_workload
from stj_audit.cost.workload import Attribute, Other, Store, Workload, constant
from stj_audit.facts import Compressibility, ItemSizes, Table, Unknown
from stj_audit.results import CompressAttribute, Problem, Result, Severity, Status
from tests.builders import a_table, a_workload, an_index, examined, some_items

# An item of 51,200 bytes, with a log of 40,960 and its name, that compresses to a quarter: 30,720 bytes less leave 20,480.
ITEM_BYTES = 51_200
LOG = Attribute(mean_bytes=Decimal(40_963), present_bytes=Decimal(40_963), compresses_to=Decimal("0.25"))
# A million reads take 13 steps of 4 KB at half a unit, a million writes 50 units; nothing is stored.
Quantities = Mapping[str | tuple[str | None, str], str | None]
A_MILLION_EACH: Quantities = {"reads": "6500000", "writes": "50000000"}
TABLE = a_table()
GOOD = "no attribute that compresses to half of its size would save 4.0 KB an item"


def looked_at(*names: str, sampled: int = 20) -> ItemSizes:
    """What was seen of a few values; by how much they shrink is in the workload."""
    seen = (Compressibility(attribute=name, sampled=sampled, value_bytes=4, compressed_bytes=1) for name in names)
    return some_items({ITEM_BYTES: 1_000}, compressibility=tuple(seen))


def an_attribute(mean_bytes: int, compresses_to: str | None, *, present_bytes: int | None = None) -> Attribute:
    left = None if compresses_to is None else Decimal(compresses_to)
    return Attribute(mean_bytes=Decimal(mean_bytes), present_bytes=Decimal(present_bytes or mean_bytes), compresses_to=left)


def measured(quantities: Quantities = A_MILLION_EACH, *, table: Table = TABLE, **attributes: Attribute) -> Workload:
    """A table without declared patterns."""
    items = Store(key=("id",), count=constant(Decimal(0)), mean_bytes=Decimal(ITEM_BYTES), basis="measured")
    return replace(a_workload(table, quantities, attributes=attributes or {"log": LOG}), table=items)


def declared(updates_a_day: int = 100_000, *, more: str = "", items: int = 0) -> Workload:
    """A table whose only pattern changes something else than the log; a month has ten days here."""
    text = (
        f'[model]\ndays = 10\n[tables.orders]\nkey = ["id"]\nitems = {items}\nitem_bytes = {ITEM_BYTES}\n{more}'
        f'[[tables.orders.pattern]]\nname = "p"\nop = "UpdateItem"\nsets = ["name"]\ncalls_per_day = {updates_a_day}\n'
    )
    config = parse_config(tomllib.loads(text, parse_float=Decimal), origin="d.toml")
    return replace(declared_workload("orders", config.tables["orders"], config.model), attributes={"log": LOG})


def judged(workload: Workload, *, names: tuple[str, ...] = ("log",), users: int | None = None, **context: Any) -> Result:
    return examined(compressible_attribute, workload=workload, users=users, **{"items": looked_at(*names)} | context)


def problem_of(workload: Workload, **context: Any) -> Problem:
    [problem] = judged(workload, **context).problems
    return problem


# ---------------------------------------------------------------------------------------------------------------- finds


def test_finds_an_attribute_that_compresses_well() -> None:
    result = judged(measured())
    [problem] = result.problems
    assert problem.message == '"log" (40.0 KB of a mean item) compresses to 25%, measured on 20 items'
    assert problem.fix == 'compress "log" before it is written'
    assert problem.evidence == {
        "attribute": "log",
        "attribute_bytes": 40_963.0,
        "compressed_share": 0.25,
        "items_sampled": 20,
    }
    assert problem.current == '40.0 KB of "log" in each item, as it is'
    assert problem.migration.startswith("read both forms for a while")
    assert problem.effort == "days"
    assert problem.commands == ()  # the application has to do it


def test_without_patterns_the_saving_is_an_upper_bound_and_low() -> None:
    # writes of 50 units take 20: 20.10 of 33.50 dollars less; reads of 6.5 take 2.5: 0.538 of 0.874 less; 60 % of the bill
    problem = problem_of(measured())
    assert problem.severity is Severity.LOW
    assert problem.benefit == "30.0 KB less for each item, up to $20.64 a month"
    assert problem.change == CompressAttribute(attribute="log", estimated=True)


def test_by_declared_patterns_the_saving_is_sure() -> None:
    # a million updates of 50 units take 20: 20.10 of 33.50 dollars less
    problem = problem_of(declared(), users=1)
    assert problem.severity is Severity.MEDIUM  # 60 % of the bill, but less than 50 dollars
    assert problem.benefit == "30.0 KB less for each item, $20.10 a month"
    assert problem.change == CompressAttribute(attribute="log")


@pytest.mark.parametrize(
    ("index", "saving"),
    [
        ('[[tables.orders.index]]\nname = "i"\nkey = ["email"]\n', "$40.20"),  # written like the table: twice 20.10
        ('[[tables.orders.index]]\nname = "i"\nkey = ["email"]\nprojection = "KEYS_ONLY"\nentry_bytes = 80\n', "$20.10"),
    ],
)
def test_an_index_that_holds_it_is_written_with_less(index: str, saving: str) -> None:
    assert problem_of(declared(more=index), users=1).benefit.endswith(f", {saving} a month")


def test_storage_is_saved_too() -> None:
    # 2^20 items of 30,720 bytes less: 30 GB at 0.269
    problem = problem_of(declared(0, items=1_048_576), users=1)
    assert problem.benefit.endswith(", $8.07 a month")


def test_the_heaviest_is_told_first() -> None:
    two = measured(light=an_attribute(10_000, "0.2"), heavy=an_attribute(20_000, "0.5"))
    result = judged(two, names=("light", "heavy"))
    assert [problem.evidence["attribute"] for problem in result.problems] == ["heavy", "light"]


# -------------------------------------------------------------------------------------------------------------- severity


@pytest.mark.parametrize(
    ("updates_a_day", "severity"),
    [
        (24_875, Severity.LOW),  # 30 units each are 4.9999 dollars a month, 60 % of the bill
        (24_876, Severity.MEDIUM),  # 5.00008
        (248_756, Severity.MEDIUM),  # 49.99996
        (248_757, Severity.HIGH),  # 50.0002
    ],
)
def test_few_dollars_are_never_bad(updates_a_day: int, severity: Severity) -> None:
    assert judged(declared(updates_a_day), users=1).severity is severity


@pytest.mark.parametrize(
    ("backup_gb", "severity"),
    [
        ("1407", Severity.HIGH),  # three million updates save 60.30 of 100.50 and 140.70: 25 %
        ("1408", Severity.MEDIUM),
        ("5025", Severity.MEDIUM),  # of 100.50 and 502.50: 10 %
        ("5026", Severity.LOW),
    ],
)
def test_is_as_bad_as_its_share_of_the_bill(backup_gb: str, severity: Severity) -> None:
    backup = Other(component="backup", amount=constant(Decimal(backup_gb)))
    assert judged(replace(declared(300_000), others=(backup,)), users=1).severity is severity


@pytest.mark.parametrize(
    ("updates_a_day", "benefit", "change"),
    [
        (24, "30.0 KB less for each item", None),  # 240 updates save 7,200 units, 0.0048 dollars
        (25, "30.0 KB less for each item, less than $0.01 a month", CompressAttribute(attribute="log")),  # 0.00503
    ],
)
def test_half_a_cent_is_no_saving_and_the_bytes_are_told_all_the_same(
    updates_a_day: int, benefit: str, change: CompressAttribute | None
) -> None:
    problem = problem_of(declared(updates_a_day), users=1)
    assert (problem.severity, problem.benefit, problem.change) == (Severity.LOW, benefit, change)


def test_half_a_cent_is_a_saving() -> None:
    # us-east-1: 320 updates of 50 units take 25, 8,000 units less at 0.625 dollars a million
    half = replace(declared(32), attributes={"log": an_attribute(32_003, "0.2")})
    problem = problem_of(half, users=1, region="us-east-1")
    assert problem.benefit == "25.0 KB less for each item, less than $0.01 a month"
    assert problem.change == CompressAttribute(attribute="log")


def test_is_told_without_dollars_where_the_requests_are_not_known() -> None:
    problem = problem_of(measured({"reads": None, "writes": "50000000"}))
    assert (problem.severity, problem.change) == (Severity.LOW, None)
    assert problem.benefit == "30.0 KB less for each item"


# ------------------------------------------------------------------------------------------------------------ thresholds


@pytest.mark.parametrize(("compresses_to", "status"), [("0.5", Status.FOUND), ("0.5001", Status.PASSED), (None, Status.PASSED)])
def test_half_of_the_size_is_the_line(compresses_to: str | None, status: Status) -> None:
    assert judged(measured(log=an_attribute(40_963, compresses_to))).status is status


@pytest.mark.parametrize(("mean_bytes", "status"), [(8_191, Status.PASSED), (8_193, Status.FOUND)])
def test_four_kilobytes_have_to_be_saved(mean_bytes: int, status: Status) -> None:
    # half of it; the name, which is not compressed, has one byte
    assert judged(measured(x=an_attribute(mean_bytes, "0.5")), names=("x",)).status is status


@pytest.mark.parametrize(("mean_bytes", "status"), [(5_119, Status.PASSED), (5_120, Status.FOUND)])
def test_is_large_from_a_tenth_of_the_item(mean_bytes: int, status: Status) -> None:
    # nine tenths of it are 4,607 or 4,608 bytes
    assert judged(measured(log=an_attribute(mean_bytes, "0.1"))).status is status


def test_what_few_items_have_weighs_by_the_mean_item() -> None:
    # a tenth of the items have 50,000 bytes of it
    assert judged(measured(log=an_attribute(5_000, "0.1", present_bytes=50_000))).status is Status.PASSED


# ---------------------------------------------------------------------------------------------------------------- passes


def test_passes_what_does_not_compress() -> None:
    result = judged(measured(log=an_attribute(40_963, "0.9")))
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == [
        'no attribute that compresses to half of its size would save 4.0 KB an item ("log" looked at)'
    ]


def test_tells_a_few_of_what_it_looked_at() -> None:
    result = judged(measured(log=an_attribute(40_963, "0.9")), names=("a", "b", "c", "log"))
    assert [good.message for good in result.goods] == [f'{GOOD} ("a", "b", "c" and 1 more looked at)']


def test_what_is_found_is_no_good() -> None:
    assert judged(measured()).goods == ()


# ----------------------------------------------------------------------------------------------- what is not known, or not there


def test_does_not_judge_items_that_were_not_read() -> None:
    denied = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")
    assert judged(measured(), items=denied).unknowns == (denied,)


def test_has_nothing_to_judge_where_nothing_is_large() -> None:
    result = judged(measured(), names=())
    assert result.status is Status.NOT_APPLICABLE
    assert result.reason == "no attribute of at least 1 KB was looked at"


# ------------------------------------------------------------------------------------------------------- when it is wrong


def test_what_is_compressed_already_is_not_told_of() -> None:
    assert judged(measured(log=an_attribute(40_963, "1"))).status is Status.PASSED


def test_a_key_of_an_index_is_not_told_of() -> None:
    indexed = a_table(indexes=(an_index("by-log", key=("log",)),))
    quantities: Quantities = {**A_MILLION_EACH, ("by-log", "index-writes"): "1", ("by-log", "index-reads"): "1"}
    assert judged(measured(quantities, table=indexed)).status is Status.PASSED


def test_tells_when_it_is_wrong() -> None:
    assert "filtered on, updated in place or used as a key of an index" in compressible_attribute.why
    assert "compressed or encrypted already" in compressible_attribute.why
