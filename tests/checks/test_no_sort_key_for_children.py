from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.no_sort_key_for_children import no_sort_key_for_children
from stj_audit.config import Scale, TableModel
from stj_audit.design import ItemsOf, Pattern
from stj_audit.facts import Table
from stj_audit.results import Result, Severity, Status
from tests.builders import a_table, an_index, examined

TABLE = a_table(key=("customer_id",), indexes=(an_index("by-day", ("day",)),))


def query(items: int | Decimal | ItemsOf | None = 5, **fields: Any) -> Pattern:
    return Pattern(**({"name": "orders of a customer", "op": "Query", "items": items} | fields))


def judged(*patterns: Pattern, table: Table = TABLE, users: int = 10_000) -> Result:
    return examined(
        no_sort_key_for_children, table, declared=TableModel(pattern=patterns), scale=Scale(target_users=users, users_now=1_000)
    )


def test_finds_children_that_have_no_key() -> None:
    result = judged(query())
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == (
        'pattern "orders of a customer" is to find 5 items with a Query, and a table without a sort key has one for each value of '
        '"customer_id"'
    )
    assert problem.fix == (
        'keep what "orders of a customer" lists as items of their own: "customer_id" as partition key, an id of the child as sort key'
    )
    assert problem.evidence == {"pattern": "orders of a customer", "items_wanted": 5.0, "items_possible": 1}
    assert problem.commands == ()
    assert problem.effort == "days"


def test_each_pattern_is_told() -> None:
    result = judged(query(), query(name="devices\n"), query(1, name="one"))
    assert [problem.evidence["pattern"] for problem in result.problems] == ["orders of a customer", "devices\n"]
    assert 'pattern "devices\\n"' in result.problems[1].message
    assert result.goods == ()


@pytest.mark.parametrize(
    ("pattern", "status"),
    [
        (query(1), Status.PASSED),
        (query(None), Status.PASSED),  # one, if nothing is said
        (query(Decimal("1.5")), Status.FOUND),
        (query(2), Status.FOUND),
        (query(2, limit=1), Status.PASSED),
        (query(5, limit=2), Status.FOUND),
        (query(ItemsOf(per_user=2)), Status.FOUND),
        (query(ItemsOf(per_user=1)), Status.PASSED),
    ],
)
def test_more_than_one_item_is_the_line(pattern: Pattern, status: Status) -> None:
    assert judged(pattern).status is status


@pytest.mark.parametrize(("users", "status"), [(100, Status.PASSED), (101, Status.FOUND)])
def test_what_follows_the_users_is_judged_at_their_number(users: int, status: Status) -> None:
    assert judged(query(ItemsOf(share_of_users=Decimal("0.01"))), users=users).status is status


def test_passes_what_finds_one_item() -> None:
    [good] = judged(query(1)).goods
    assert good.message == 'no declared query of the table needs a sort key ("orders of a customer" looked at)'


@pytest.mark.parametrize(
    "patterns",
    [
        (),
        (query(index="by-day"),),  # the matter of hidden-composite-key
        (Pattern(name="all", op="Scan", items=100),),
        (Pattern(name="by id", op="GetItem"), Pattern(name="many", op="BatchGetItem", items=50)),
    ],
)
def test_other_patterns_need_no_sort_key(patterns: tuple[Pattern, ...]) -> None:
    result = judged(*patterns)
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "no declared pattern queries the table itself")


def test_does_not_apply_to_a_table_with_a_sort_key() -> None:
    result = judged(query(), table=a_table(key=("customer_id", "order_id")))
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "the table has a sort key")


def test_tells_when_it_is_wrong() -> None:
    assert "its declaration leaves `index` out" in no_sort_key_for_children.why
