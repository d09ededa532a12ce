import json
import shlex
import tomllib
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.projects_everything import projects_everything
from stj_audit.checks.projects_unread_attributes import projects_unread_attributes
from stj_audit.config import parse_config
from stj_audit.cost.from_model import declared_workload
from stj_audit.cost.workload import Amount, Flow, Key, Kind, Other, Workload, constant
from stj_audit.facts import Unknown
from stj_audit.results import NarrowIndex, Problem, Result, Severity, Status
from tests.builders import a_table, an_index, examined, some_entries, some_items

# Nothing is stored, so that requests alone are counted: a write unit of a million calls is 0.67 dollars, a read unit 0.1345 (eu-north-1).
ORDERS = '[tables.orders]\nkey = ["id"]\nitems = 0\nitem_bytes = 51_200\n'
SIZES = "[tables.orders.attributes]\nid = 38\nemail = 42\nstatus = 20\n"
INDEX = '[[tables.orders.index]]\nname = "by-email"\nkey = ["email"]\n'
TABLE = a_table(indexes=(an_index("by-email", key=("email",)),))
NOT_DECLARED = Unknown(call="cloudwatch:GetMetricData", reason="the requests of index by-email are not known, or not declared")


def pattern(op: str, more: str = "", *, calls: int | None = 100_000) -> str:
    """A million calls a month, which has ten days here."""
    counted = "" if calls is None else f"calls_per_day = {calls}\n"
    return f'[[tables.orders.pattern]]\nname = "{op}"\nop = "{op}"\n{counted}{more}\n'


def query(*reads: str, index: str = "by-email", calls: int | None = 0) -> str:
    return pattern("Query", f'index = "{index}"\nreads = {json.dumps(reads)}', calls=calls)


def declared(text: str) -> Workload:
    config = parse_config(tomllib.loads(f"[model]\ndays = 10\n{text}", parse_float=Decimal), origin="d.toml")
    return declared_workload("orders", config.tables["orders"], config.model)


def judged(text: str, *, users: int = 1, **context: Any) -> Result:
    return examined(projects_unread_attributes, TABLE, workload=declared(text), users=users, **context)


def problem_of(text: str, **context: Any) -> Problem:
    [problem] = judged(text, **context).problems
    return problem


def saving_of(text: str, **context: Any) -> object:
    return problem_of(text, **context).evidence["saving_usd_month"]


# ---------------------------------------------------------------------------------------------------------------- finds


def test_finds_an_index_that_holds_more_than_is_read() -> None:
    # each put writes 50 units into the index: 33.50; with 38 + 42 + 20 bytes 1 unit: 0.67
    # each query reads 13 steps of 4 KB, at half a unit: 0.87425; with 100 bytes 1 step: 0.06725
    result = judged(ORDERS + SIZES + INDEX + query("status", calls=100_000) + pattern("PutItem"))
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM  # 50 % of 67.87 dollars, but less than 50 of them
    assert problem.index == "by-email"
    assert problem.message == 'its entries have 50.0 KB, and the declared patterns read the keys and "status": 100 B'
    assert problem.fix == 'replace the index by one that holds only the keys and "status"'
    assert problem.evidence == {"entry_bytes": 51_200.0, "read_bytes": 100.0, "saving_usd_month": 33.64}
    assert problem.current == "projection ALL: 50.0 KB for each entry"
    assert problem.benefit.startswith("$33.64 a month, by the declared patterns")
    assert problem.migration.startswith("a projection cannot be changed: add the narrower index")
    assert problem.migration.endswith("the table stays in use")
    assert problem.effort == "hours"
    assert problem.change == NarrowIndex(index="by-email", attributes=("status",))


def test_finds_an_index_that_includes_more_than_is_read() -> None:
    # 38 + 42 + 20 + 4_000 bytes are 5 units, without the note 1: a million puts take 4 million units less
    include = INDEX + 'projection = "INCLUDE"\nattributes = ["status", "note"]\n'
    problem = problem_of(ORDERS + SIZES + "note = 4_000\n" + include + query("status") + pattern("PutItem"))
    assert problem.change == NarrowIndex(index="by-email", attributes=("status",))
    assert problem.current == "projection INCLUDE: 4.0 KB for each entry"
    assert problem.evidence["saving_usd_month"] == 2.68


def test_where_only_keys_are_read_keys_are_enough() -> None:
    problem = problem_of(ORDERS + SIZES + INDEX + query("id", "email") + pattern("PutItem"))
    assert problem.message == "its entries have 50.0 KB, and the declared patterns read the keys: 80 B"
    assert problem.fix == "replace the index by one that holds only the keys"
    assert problem.change == NarrowIndex(index="by-email", attributes=())


def test_what_all_patterns_read_is_held_and_the_keys_are_held_anyway() -> None:
    queries = query("status", "id") + query("name", "email")
    problem = problem_of(ORDERS + SIZES + "name = 24\n" + INDEX + queries + pattern("PutItem"))
    assert problem.change == NarrowIndex(index="by-email", attributes=("name", "status"))
    assert problem.evidence["read_bytes"] == 124.0


def test_every_index_is_a_problem_of_its_own() -> None:
    two = INDEX + INDEX.replace("email", "status")
    queries = query("id") + query("id", index="by-status")
    result = judged(ORDERS + SIZES + two + queries + pattern("PutItem"))
    assert [problem.index for problem in result.problems] == ["by-email", "by-status"]


@pytest.mark.parametrize(
    ("writes", "saving"),
    [
        (pattern("PutItem"), 32.83),  # 50 units, then 1
        (pattern("UpdateItem", 'sets = ["note"]'), 33.5),  # 50 units, then none: nothing of the entry changes
        (pattern("UpdateItem", 'sets = ["status", "note"]'), 32.83),
        (pattern("UpdateItem", 'sets = ["email"]'), 65.66),  # the entry is removed and put anew: 100 units, then 2
        (pattern("TransactWriteItems"), 32.83),  # twice as much in the table, but not in an index
        (pattern("BatchWriteItem", "items = 2"), 65.66),
    ],
)
def test_writes_are_saved_by_what_they_change(writes: str, saving: float) -> None:
    assert saving_of(ORDERS + SIZES + INDEX + query("status") + writes) == saving


def test_storage_is_saved_too() -> None:
    # 2^20 entries of 51,200 bytes become such of 100, and 100 more are billed of each: 51,100 / 1,024 GB less, at 0.269
    stored = ORDERS.replace("items = 0", "items = 1_048_576")
    assert saving_of(stored + SIZES + INDEX + query("status") + pattern("PutItem", calls=0)) == 13.42


def test_the_saving_is_that_of_the_users_it_is_judged_for() -> None:
    put = '[[tables.orders.pattern]]\nname = "put"\nop = "PutItem"\ncalls = 1\n'  # 10 a month for each user
    text = ORDERS + SIZES + INDEX + query("status") + put
    assert saving_of(text, users=10_000) == 3.28
    assert saving_of(text, users=100_000) == 32.83


# -------------------------------------------------------------------------------------------------------------- severity

PUT_AND_READ = ORDERS + SIZES + INDEX + query("status")  # a put saves 49 units, 32.83 dollars a million


@pytest.mark.parametrize(
    ("puts_a_day", "severity"),
    [
        (15_229, Severity.LOW),  # 4.9997 dollars a month, 49 % of the bill
        (15_230, Severity.MEDIUM),  # 5.00001
        (152_299, Severity.MEDIUM),  # 49.9998
        (152_300, Severity.HIGH),  # 50.0001
    ],
)
def test_few_dollars_are_never_bad(puts_a_day: int, severity: Severity) -> None:
    assert judged(PUT_AND_READ + pattern("PutItem", calls=puts_a_day)).severity is severity


@pytest.mark.parametrize(
    ("backup_gb", "severity"),
    [
        ("1286.4", Severity.HIGH),  # two million puts save 65.66 of 134.00 and 128.64: 25 %
        ("1286.5", Severity.MEDIUM),
        ("5226", Severity.MEDIUM),  # of 134.00 and 522.60: 10 %
        ("5227", Severity.LOW),
    ],
)
def test_is_as_bad_as_its_share_of_the_bill(backup_gb: str, severity: Severity) -> None:
    backup = Other(component="backup", amount=constant(Decimal(backup_gb)))
    workload = replace(declared(PUT_AND_READ + pattern("PutItem", calls=200_000)), others=(backup,))
    assert examined(projects_unread_attributes, TABLE, workload=workload, users=1).severity is severity


# --------------------------------------------------------------------------------------------------------------- command


def command_of(text: str) -> list[str]:
    [command] = problem_of(text).commands
    return shlex.split(command)


def test_its_command_adds_the_narrower_index_and_removes_nothing() -> None:
    words = command_of(PUT_AND_READ + pattern("PutItem"))
    assert words[:7] == ["aws", "dynamodb", "update-table", "--region", "eu-north-1", "--table-name", "orders"]
    assert words[7::2] == ["--attribute-definitions", "--global-secondary-index-updates"]
    assert json.loads(words[8]) == [
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "email", "AttributeType": "S"},
    ]
    assert json.loads(words[10]) == [
        {
            "Create": {
                "IndexName": "by-email-narrow",
                "KeySchema": [{"AttributeName": "email", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["status"]},
            }
        }
    ]


def test_its_command_includes_nothing_where_keys_are_enough() -> None:
    [create] = json.loads(command_of(ORDERS + SIZES + INDEX + query("id") + pattern("PutItem"))[-1])
    assert create["Create"]["Projection"] == {"ProjectionType": "KEYS_ONLY"}


def test_its_command_can_be_pasted_whatever_an_attribute_is_called() -> None:
    name = "it's $(rm) \u201cnow\u201d"
    text = ORDERS + SIZES + f'"{name}" = 20\n' + INDEX + query(name) + pattern("PutItem")
    [create] = json.loads(command_of(text)[-1])
    assert create["Create"]["Projection"]["NonKeyAttributes"] == [name]


def test_an_index_that_is_only_declared_has_no_command() -> None:
    workload = declared(PUT_AND_READ + pattern("PutItem"))
    [problem] = examined(projects_unread_attributes, a_table(), workload=workload, users=1).problems
    assert problem.commands == ()


# ---------------------------------------------------------------------------------------------------------------- passes


@pytest.mark.parametrize(
    ("index", "reads"),
    [
        (INDEX, ("status", "note")),  # 38 + 42 + 20 + 51,100 bytes: all that there is
        (INDEX + 'projection = "INCLUDE"\nattributes = ["status"]\n', ("status",)),
        (INDEX + 'projection = "KEYS_ONLY"\n', ("id",)),
    ],
)
def test_passes_an_index_that_holds_what_is_read(index: str, reads: tuple[str, ...]) -> None:
    result = judged(ORDERS + SIZES + "note = 51_100\n" + index + query(*reads) + pattern("PutItem"))
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == ["no narrower projection would cost less for what is read over by-email"]


def test_the_indexes_that_fit_are_told_together() -> None:
    names = ("a", "b", "c", "d")
    indexes = "".join(f'[[tables.orders.index]]\nname = "{name}"\nkey = ["{name}"]\nprojection = "KEYS_ONLY"\n' for name in names)
    result = judged(ORDERS + indexes + "".join(query("id", index=name) for name in names))
    assert [good.message for good in result.goods] == [
        "no narrower projection would cost less for what is read over a, b, c and 1 more"
    ]


def test_an_index_that_fits_is_told_beside_one_that_does_not() -> None:
    fits = '[[tables.orders.index]]\nname = "fits"\nkey = ["status"]\nprojection = "KEYS_ONLY"\n'
    result = judged(PUT_AND_READ + fits + query("id", index="fits") + pattern("PutItem"))
    assert [problem.index for problem in result.problems] == ["by-email"]
    assert [good.message for good in result.goods] == ["no narrower projection would cost less for what is read over fits"]


@pytest.mark.parametrize(("item_bytes", "status"), [(1_024, Status.PASSED), (1_025, Status.FOUND)])
def test_a_put_of_an_entry_of_one_unit_cannot_take_less(item_bytes: int, status: Status) -> None:
    orders = ORDERS.replace("51_200", str(item_bytes))
    assert judged(orders + SIZES + INDEX + query("status") + pattern("PutItem")).status is status


@pytest.mark.parametrize(("updates_a_day", "status"), [(15, Status.PASSED), (16, Status.FOUND)])
def test_less_than_half_a_cent_is_no_saving(updates_a_day: int, status: Status) -> None:
    # us-east-1: 160 updates that write 50 units for nothing are half a cent, at 0.625 dollars for a million units
    update = pattern("UpdateItem", 'sets = ["note"]', calls=updates_a_day)
    assert judged(ORDERS + SIZES + INDEX + query("status") + update, region="us-east-1").status is status


# ----------------------------------------------------------------------------------------------- what is not known, or not there


@pytest.mark.parametrize(
    ("orders", "index"),
    [
        (ORDERS.replace("item_bytes = 51_200\n", ""), INDEX),
        (ORDERS.replace('key = ["id"]\n', ""), INDEX),
        (ORDERS, INDEX + 'projection = "INCLUDE"\nattributes = ["status", "note"]\n'),  # how large is the note?
    ],
)
def test_does_not_judge_sizes_that_it_does_not_know(orders: str, index: str) -> None:
    assert judged(orders + SIZES + index + query("status") + pattern("PutItem")).unknowns == (
        Unknown(call="dynamodb:Scan", reason="the sizes of what is read over index by-email are not known"),
    )


@pytest.mark.parametrize(
    "text",
    [
        ORDERS + SIZES + INDEX + query("status", calls=None) + pattern("PutItem"),
        ORDERS + SIZES + INDEX + query("status") + pattern("PutItem", calls=None),
        ORDERS
        + SIZES
        + INDEX
        + 'projection = "INCLUDE"\nattributes = ["status", "note"]\nentry_bytes = 4_100\n'
        + query("status")
        + pattern("UpdateItem"),  # what it sets is not said
    ],
)
def test_does_not_price_requests_that_are_not_declared(text: str) -> None:
    [unknown] = judged(text).unknowns
    assert unknown.call == "cloudwatch:GetMetricData"
    assert unknown.reason.endswith("is not declared")


@pytest.mark.parametrize("kind", ["reads", "writes"])
def test_does_not_price_requests_that_no_pattern_explains(kind: Kind) -> None:
    measured: dict[Key, Flow] = {("by-email", kind): Flow(units=Amount(today=Decimal(1), each_user=Decimal(1)))}
    workload = replace(declared(PUT_AND_READ + pattern("PutItem")), flows=measured)
    assert examined(projects_unread_attributes, TABLE, workload=workload, users=1).unknowns == (NOT_DECLARED,)


def test_an_index_that_cannot_be_judged_does_not_hide_another() -> None:
    other = INDEX.replace("email", "status")
    result = judged(PUT_AND_READ + other + query("id", index="by-status", calls=None) + pattern("PutItem"))
    assert [problem.index for problem in result.problems] == ["by-email"]
    assert [unknown.reason for unknown in result.unknowns] == ["index-reads of a user: `calls` of pattern 'Query' is not declared"]


@pytest.mark.parametrize(
    "text",
    [
        ORDERS + SIZES,
        ORDERS + SIZES + INDEX,
        ORDERS + SIZES + INDEX + pattern("PutItem"),
        ORDERS + SIZES + INDEX + query() + pattern("PutItem"),
        ORDERS + SIZES + INDEX + pattern("Query", 'reads = ["status"]') + pattern("PutItem"),  # of the table
    ],
)
def test_has_nothing_to_judge_where_nothing_says_what_is_read(text: str) -> None:
    result = judged(text)
    assert result.status is Status.NOT_APPLICABLE
    assert result.reason == "no declared pattern says which attributes it reads over an index"


def test_local_indexes_are_not_judged() -> None:
    workload = declared(PUT_AND_READ + pattern("PutItem"))
    local = replace(workload, indexes=tuple(replace(store, local=True) for store in workload.indexes))
    assert examined(projects_unread_attributes, TABLE, workload=local, users=1).status is Status.NOT_APPLICABLE


# ------------------------------------------------------------------------------------------------------- when it is wrong


def test_one_pattern_that_does_not_say_what_it_reads_may_read_anything() -> None:
    assert judged(PUT_AND_READ + query() + pattern("PutItem")).status is Status.NOT_APPLICABLE


def test_tells_when_it_is_wrong() -> None:
    assert "queries read more than was declared" in projects_unread_attributes.why
    assert "then read from the table as well" in projects_unread_attributes.why


def test_a_missing_price_is_no_missing_metric() -> None:
    [unknown] = judged(PUT_AND_READ + pattern("PutItem"), region="ddblocal").unknowns
    assert unknown.call == "pricing:GetProducts"


def test_a_size_that_is_only_bounded_is_told_as_a_bound() -> None:
    text = (PUT_AND_READ + pattern("PutItem")).replace("status = 20\n", "blob = 40_960\n")
    [problem] = judged(text).problems
    assert "at most" in problem.message


def test_an_index_as_wide_as_what_is_read_can_still_save_writes() -> None:
    # 38 + 42 + 20 bytes: the note is in few entries, and one that changes is written to the index for nothing
    text = ORDERS + SIZES + INDEX + "entry_bytes = 100\n" + query("status") + pattern("UpdateItem", 'sets = ["note"]')
    problem = problem_of(text)
    assert problem.evidence == {"entry_bytes": 100.0, "read_bytes": 100.0, "saving_usd_month": 0.67}


def test_sizes_that_contradict_each_other_suggest_nothing() -> None:
    text = PUT_AND_READ.replace(INDEX, INDEX + "entry_bytes = 90\n") + pattern("PutItem")  # the attributes have more
    assert judged(text).problems == ()


def test_a_provisioned_table_is_left_to_the_check_that_needs_no_patterns() -> None:
    text = PUT_AND_READ.replace(ORDERS, ORDERS + 'billing_mode = "PROVISIONED"\nrcu = 1\nwcu = 1\n') + pattern("PutItem")
    assert judged(text).reason == "the table is provisioned: its capacity does not fall by itself when requests take less"
    items = some_items({51_200: 1_000}, indexes=(some_entries("by-email", 1_000, 51_200),))
    result = examined(projects_everything, TABLE, items=items, workload=declared(text), users=1)
    assert result.status is Status.FOUND


@pytest.mark.parametrize(("number", "commands"), [(20, 1), (21, 0)])
def test_a_command_includes_no_more_attributes_than_an_index_may(number: int, commands: int) -> None:
    names = [f"a{one}" for one in range(number)]
    sizes = SIZES + "".join(f"{name} = 10\n" for name in names)
    text = ORDERS + sizes + INDEX + query(*names) + pattern("PutItem")
    [problem] = judged(text).problems
    assert len(problem.commands) == commands  # API reference, Projection: NonKeyAttributes has at most 20 members
