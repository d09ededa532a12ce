import json
import shlex
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.pattern_without_index import pattern_without_index
from stj_audit.config import TableModel
from stj_audit.cost.workload import Amount, Store, Workload
from stj_audit.design import IndexModel, Pattern
from stj_audit.facts import AttributeSizes, Throughput, Unknown
from stj_audit.results import Problem, Result, Severity, Status
from tests.builders import a_table, an_index, examined, keys, some_items

TABLE = a_table(key=("id", "day"), indexes=(an_index("by-email", key=("email",)),))
NOT_READ = Unknown(call="dynamodb:Scan", reason="off")


def attribute(name: str, *types: str) -> AttributeSizes:
    return AttributeSizes(name=name, types=types, present=1_000, total_bytes=20_000, max_bytes=20)


ITEMS = some_items(
    attributes=(attribute("status", "S"), attribute("score", "N"), attribute("mixed", "S", "N"), attribute("list", "L"))
)


def a_query(*key: str, op: Any = "Query", **fields: Any) -> Pattern:
    return Pattern(name="find", op=op, key=key, **fields)


def judged(*patterns: Pattern, table: Any = TABLE, index: tuple[IndexModel, ...] = (), **context: Any) -> Result:
    context.setdefault("items", ITEMS)
    return examined(pattern_without_index, table, declared=TableModel(pattern=patterns, index=index), **context)


def problem_of(*patterns: Pattern, **context: Any) -> Problem:
    [problem] = judged(*patterns, **context).problems
    return problem


def a_scan_of(items: int, size_bytes: int) -> Workload:
    return Workload(
        name="orders",
        table=Store(count=Amount(today=None, each_user=Decimal(items)), mean_bytes=Decimal(size_bytes)),
    )


# ---------------------------------------------------------------------------------------------------------------- finds


def test_finds_a_query_that_no_key_fits() -> None:
    result = judged(a_query("status"))
    [problem] = result.problems
    assert result.severity is Severity.HIGH
    assert problem.message == 'pattern "find" finds items by "status": no key of the table or of an index fits'
    assert problem.fix == 'add an index with the key "status", and query it'
    assert problem.evidence == {
        "pattern": "find",
        "operation": "Query",
        "key": "status",
        "fitting": None,
        "scan_read_units": None,
    }
    assert problem.current == "Query of the table; no key of the table or of an index fits"
    assert problem.migration.startswith("an index is built while the table stays in use")
    assert problem.effort == "hours"


def test_a_sort_key_alone_finds_nothing() -> None:
    assert judged(a_query("day")).status is Status.FOUND


def test_names_the_key_that_fits() -> None:
    problem = problem_of(a_query("email"))
    assert problem.message == 'pattern "find" finds items by "email": the key of index by-email fits'
    assert problem.fix == "use a Query of index by-email"
    assert (problem.evidence["fitting"], problem.commands, problem.effort) == ("index by-email", (), "minutes")


def test_an_index_that_does_not_fit_is_there_all_the_same() -> None:
    problem = problem_of(a_query("status", index="by-email"))
    assert problem.message == 'pattern "find" finds items by "status": no key of the table or of an index fits'
    assert problem.current == "Query of index by-email; no key of the table or of an index fits"


def test_finds_an_index_that_is_declared_and_not_built() -> None:
    built = IndexModel(name="by-score", key=("status", "score"), projection="INCLUDE", attributes=("email",))
    problem = problem_of(a_query("status", index="by-score"), index=(built,))
    assert problem.index == "by-score"
    assert problem.message == (
        'pattern "find" finds items by "status" in index by-score, which the table does not have: '
        "no key of the table or of an index fits"
    )
    assert problem.fix == 'add an index with the key "status", "score", and query it'
    create = created(problem)
    assert create["IndexName"] == "by-score"
    assert create["KeySchema"] == [
        {"AttributeName": "status", "KeyType": "HASH"},
        {"AttributeName": "score", "KeyType": "RANGE"},
    ]
    assert create["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["email"]}


MANY = an_index("by-place", key_schema=keys("country", "city", "street", "number", hashes=2))


@pytest.mark.parametrize(
    ("key", "status"),
    [
        (("country",), Status.FOUND),  # half a partition key
        (("country", "city"), Status.PASSED),
        (("country", "city", "street"), Status.PASSED),
        (("country", "city", "street", "number"), Status.PASSED),
        (("country", "city", "number"), Status.FOUND),  # the sort key is narrowed from its first attribute on
        (("country", "city", "zip"), Status.FOUND),
    ],
)
def test_all_attributes_of_a_key_count(key: tuple[str, ...], status: Status) -> None:
    table = a_table(indexes=(MANY,))
    assert judged(a_query(*key, index="by-place"), table=table).status is status


# ----------------------------------------------------------------------------------------------------------------- scans


def test_a_scan_that_looks_for_something_is_found_even_where_a_key_fits() -> None:
    # 2,000 items of 1,049 bytes: two pages of 1,000 items, each 257 steps of 4 KB at half a unit
    problem = problem_of(a_query("email", op="Scan"), workload=a_scan_of(2, 1_049), users=1_000)
    assert problem.message == (
        'pattern "find" scans for items by "email" and takes 257 read units each time: the key of index by-email fits'
    )
    assert problem.evidence["scan_read_units"] == 257.0


@pytest.mark.parametrize(("size_bytes", "severity"), [(1_024, Severity.LOW), (1_025, Severity.HIGH)])
def test_a_scan_of_one_page_is_low(size_bytes: int, severity: Severity) -> None:
    # 1,024 items of 1,024 bytes are 1 MB
    result = judged(a_query("status", op="Scan"), workload=a_scan_of(1, size_bytes), users=1_024)
    assert result.severity is severity


@pytest.mark.parametrize(
    ("items", "size_bytes", "severity"), [(100, 5_000, Severity.LOW), (10_485, 100, Severity.LOW), (10_486, 100, Severity.HIGH)]
)
def test_a_page_is_filled_by_number_and_size(items: int, size_bytes: int, severity: Severity) -> None:
    result = judged(a_query("status", op="Scan"), workload=a_scan_of(1, size_bytes), users=items)
    assert result.severity is severity


@pytest.mark.parametrize(("number", "size_bytes"), [(None, None), (None, Decimal(100)), (Decimal(10), None)])
def test_a_scan_of_unknown_size_is_not_small(number: Decimal | None, size_bytes: Decimal | None) -> None:
    unknown = Workload(name="orders", table=Store(count=Amount(today=number, each_user=number), mean_bytes=size_bytes))
    result = judged(a_query("status", op="Scan"), workload=unknown, users=1_024)
    assert result.severity is Severity.HIGH
    assert result.problems[0].message == 'pattern "find" scans for items by "status": no key of the table or of an index fits'


# --------------------------------------------------------------------------------------------------------------- command


def words_of(problem: Problem) -> list[str]:
    [command] = problem.commands
    return shlex.split(command)


def created(problem: Problem) -> Any:
    [update] = json.loads(words_of(problem)[-1])
    return update["Create"]


def test_its_command_adds_the_index() -> None:
    words = words_of(problem_of(a_query("status", order_by="score", reads=("email", "id", "note"))))
    assert words[:7] == ["aws", "dynamodb", "update-table", "--region", "eu-north-1", "--table-name", "orders"]
    assert words[7::2] == ["--attribute-definitions", "--global-secondary-index-updates"]
    assert json.loads(words[8]) == [
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "day", "AttributeType": "S"},
        {"AttributeName": "status", "AttributeType": "S"},
        {"AttributeName": "score", "AttributeType": "N"},
    ]
    assert json.loads(words[10]) == [
        {
            "Create": {
                "IndexName": "by-status-score",
                "KeySchema": [
                    {"AttributeName": "status", "KeyType": "HASH"},
                    {"AttributeName": "score", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["email", "note"]},
            }
        }
    ]


@pytest.mark.parametrize(
    ("reads", "projection"),
    [
        ((), {"ProjectionType": "ALL"}),  # it reads whole items
        (("id", "status"), {"ProjectionType": "KEYS_ONLY"}),
        (tuple(f"a{n}" for n in range(21)), {"ProjectionType": "ALL"}),  # an index includes 20 at most
    ],
)
def test_its_index_holds_what_is_read(reads: tuple[str, ...], projection: dict[str, str]) -> None:
    assert created(problem_of(a_query("status", reads=reads)))["Projection"] == projection


@pytest.mark.parametrize("name", ["mixed", "list", "never-seen"])
def test_no_command_where_the_type_of_the_key_is_not_known(name: str) -> None:
    assert problem_of(a_query(name)).commands == ()


def test_no_command_where_the_items_were_not_read() -> None:
    assert problem_of(a_query("status"), items=NOT_READ).commands == ()


def test_an_index_of_a_provisioned_table_is_provisioned_too() -> None:
    table = a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=5, write_units=6))
    create = created(problem_of(a_query("status"), table=table))
    assert create["ProvisionedThroughput"] == {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}


def test_a_name_that_is_taken_is_not_taken_twice() -> None:
    table = a_table(indexes=(an_index("by-status", key=("other",)),))
    assert created(problem_of(a_query("status"), table=table))["IndexName"] == "by-status-2"


def test_its_command_can_be_pasted_whatever_an_attribute_is_called() -> None:
    name = "it's $(rm)"
    problem = problem_of(a_query(name), items=some_items(attributes=(attribute(name, "S"),)))
    create = created(problem)
    assert create["IndexName"] == "by-it-s-rm-"
    assert create["KeySchema"][0]["AttributeName"] == name


# ----------------------------------------------------------------------------------------------- passes, and nothing to see


@pytest.mark.parametrize("pattern", [a_query("id"), a_query("day", "id"), a_query("email", index="by-email")])
def test_passes_what_a_key_fits(pattern: Pattern) -> None:
    result = judged(pattern)
    assert result.status is Status.PASSED
    where = "the table" if pattern.index is None else "index by-email"
    assert [good.message for good in result.goods] == [f'1 declared query by a key: "find" ({where})']


def test_has_nothing_to_judge_without_patterns() -> None:
    assert judged().reason == "no access pattern is declared"


@pytest.mark.parametrize("pattern", [a_query(), a_query("id", "day", op="GetItem"), a_query(op="Scan")])
def test_patterns_that_name_no_key_tell_nothing(pattern: Pattern) -> None:
    result = judged(pattern)
    assert result.status is Status.NOT_APPLICABLE
    assert result.reason == "no declared Query or Scan says which attributes it finds items by"


def test_tells_when_it_is_wrong() -> None:
    assert "declared with the wrong attributes" in pattern_without_index.why
