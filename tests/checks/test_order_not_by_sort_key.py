import json
import shlex
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.order_not_by_sort_key import order_not_by_sort_key
from stj_audit.config import Scale, TableModel
from stj_audit.design import ItemsOf, Pattern
from stj_audit.facts import AttributeSizes, Unknown
from stj_audit.results import Problem, Result, Severity, Status
from tests.builders import a_table, an_index, examined, keys, some_items

BY_STATUS = an_index("by-status", key=("status", "username"))
BY_PLACE = an_index("by-place", key_schema=keys("country", "city", "street"))
TABLE = a_table(key=("id", "day"), indexes=(BY_STATUS, BY_PLACE))
SCORE = AttributeSizes(name="score", types=("N",), present=1_000, total_bytes=8_000, max_bytes=8)
ITEMS = some_items(attributes=(SCORE,))


def a_query(order_by: str | None = "score", *, op: Any = "Query", index: str | None = "by-status", **fields: Any) -> Pattern:
    return Pattern(**({"name": "top", "op": op, "index": index, "key": ("status",), "order_by": order_by} | fields))


def judged(*patterns: Pattern, **context: Any) -> Result:
    context.setdefault("items", ITEMS)
    return examined(order_not_by_sort_key, TABLE, declared=TableModel(pattern=patterns), **context)


def problem_of(*patterns: Pattern, **context: Any) -> Problem:
    [problem] = judged(*patterns, **context).problems
    return problem


# ---------------------------------------------------------------------------------------------------------------- finds


def test_finds_an_order_that_the_index_does_not_have() -> None:
    # 70 % of the 10,000 users that are judged
    result = judged(a_query(items=ItemsOf(share_of_users=Decimal("0.7"))))
    [problem] = result.problems
    assert result.severity is Severity.HIGH
    assert problem.index == "by-status"
    assert problem.message == (
        'pattern "top" is ordered by "score": index by-status sorts by "username", '
        "and 7,000 items have to be sorted in the application for each call"
    )
    assert problem.fix == 'query an index with the key "status", "score"'
    assert problem.evidence == {
        "pattern": "top",
        "order_by": "score",
        "sort_key": "username",
        "items_a_call": 7_000.0,
        "limit": None,
    }
    assert problem.current == 'index by-status sorts by "username"'
    assert problem.migration.startswith("an index is built while the table stays in use")
    assert problem.effort == "hours"


def test_a_limit_gives_the_wrong_items() -> None:
    problem = problem_of(a_query(items=1_000, limit=10))
    assert problem.severity is Severity.HIGH  # it is the thousand that have to be sorted
    assert problem.message.endswith('index by-status sorts by "username", so a limit of 10 gives the wrong ones')


def test_what_has_no_sort_key_has_no_order() -> None:
    table = a_table(indexes=(an_index("by-status"),))
    [problem] = examined(order_not_by_sort_key, table, declared=TableModel(pattern=(a_query(),))).problems
    assert problem.message == 'pattern "top" is ordered by "score": index by-status has no sort key'
    assert problem.evidence["sort_key"] is None


def test_a_scan_has_no_order() -> None:
    problem = problem_of(a_query("username", op="Scan"))
    assert problem.message == 'pattern "top" is ordered by "username": a Scan has no order'
    assert created(problem)["KeySchema"] == [
        {"AttributeName": "status", "KeyType": "HASH"},
        {"AttributeName": "username", "KeyType": "RANGE"},
    ]


def test_what_a_scan_looks_for_first_is_the_partition_key() -> None:
    schema = created(problem_of(a_query("username", op="Scan", key=("status", "country", "city"))))["KeySchema"]
    assert [(key["AttributeName"], key["KeyType"]) for key in schema] == [
        ("status", "HASH"),
        ("country", "RANGE"),
        ("city", "RANGE"),
        ("username", "RANGE"),
    ]


def test_a_scan_that_looks_for_nothing_needs_a_partition_key_of_its_own() -> None:
    problem = problem_of(a_query("username", op="Scan", key=()))
    assert (
        problem.fix == 'query an index with a partition key that is one value for all that is listed, and the sort key "username"'
    )
    assert problem.commands == ()


@pytest.mark.parametrize(
    ("key", "order_by", "status"),
    [
        (("country",), "city", Status.PASSED),
        (("country",), "street", Status.FOUND),  # within a country, cities come first
        (("country", "city"), "street", Status.PASSED),
        ((), "city", Status.PASSED),
        (("country", "city"), "city", Status.PASSED),  # a range of the sort key, in its order
        (("country",), "country", Status.PASSED),  # all the same
    ],
)
def test_the_sort_key_is_sorted_by_from_its_first_attribute(key: tuple[str, ...], order_by: str, status: Status) -> None:
    assert judged(a_query(order_by, key=key, index="by-place")).status is status


def test_judges_the_sort_key_of_the_table_too() -> None:
    assert judged(a_query("day", index=None, key=("id",))).status is Status.PASSED
    assert problem_of(a_query(index=None, key=("id",))).current == 'the table sorts by "day"'


# ------------------------------------------------------------------------------------------------------------ thresholds


@pytest.mark.parametrize(("items", "severity"), [(100, Severity.MEDIUM), (101, Severity.HIGH), (None, Severity.HIGH)])
def test_a_hundred_items_are_sorted_without_harm(items: int | None, severity: Severity) -> None:
    assert judged(a_query(items=items)).severity is severity


@pytest.mark.parametrize(("users", "severity"), [(1_000, Severity.MEDIUM), (1_010, Severity.HIGH)])
def test_items_are_counted_at_the_users_that_are_judged(users: int, severity: Severity) -> None:
    pattern = a_query(items=ItemsOf(share_of_users=Decimal("0.1")))
    assert judged(pattern, scale=Scale(target_users=users)).severity is severity


# --------------------------------------------------------------------------------------------------------------- command


def created(problem: Problem) -> Any:
    [command] = problem.commands
    words = shlex.split(command)
    assert words[:7] == ["aws", "dynamodb", "update-table", "--region", "eu-north-1", "--table-name", "orders"]
    [update] = json.loads(words[-1])
    return update["Create"]


def test_its_command_adds_an_index_in_the_order() -> None:
    assert created(problem_of(a_query(reads=("username",)))) == {
        "IndexName": "by-status-score",
        "KeySchema": [{"AttributeName": "status", "KeyType": "HASH"}, {"AttributeName": "score", "KeyType": "RANGE"}],
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["username"]},
    }


def test_what_a_query_fixes_of_the_sort_key_comes_before_the_order() -> None:
    schema = created(problem_of(a_query(key=("country", "city"), index="by-place")))["KeySchema"]
    assert [(key["AttributeName"], key["KeyType"]) for key in schema] == [
        ("country", "HASH"),
        ("city", "RANGE"),
        ("score", "RANGE"),
    ]


def test_no_command_where_the_type_of_the_attribute_is_not_known() -> None:
    assert problem_of(a_query(), items=Unknown(call="dynamodb:Scan", reason="off")).commands == ()


# ----------------------------------------------------------------------------------------------- passes, and nothing to see


def test_passes_the_order_of_the_sort_key() -> None:
    result = judged(a_query("username"))
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == ['ordered by the sort key of what they read: "top"']


def test_has_nothing_to_judge_without_an_order() -> None:
    assert judged(a_query(None)).reason == "no declared pattern says what it is ordered by"


def test_an_index_that_is_not_there_has_no_order_yet() -> None:
    result = judged(a_query(index="by-score"))
    assert result.status is Status.NOT_APPLICABLE
    assert result.reason == "the indexes of the patterns that are ordered are not there"


def test_tells_when_it_is_wrong() -> None:
    assert "sorts a result that never grows" in order_not_by_sort_key.why
