import pytest

from stj_audit.checks.hidden_composite_key import hidden_composite_key
from stj_audit.facts import Index, Table, Unknown
from stj_audit.results import MergeIndex, Result, Severity, Status
from tests.builders import a_table, an_index, examined, keys, some_entries, some_items, some_keys

NOT_READ = Unknown(call="dynamodb:Scan", reason="not asked for")
PAIR = an_index("by-user", ("user_id", "device_id"))


def passwords(*indexes: Index, item_count: int | None = 1_000) -> Table:
    return a_table(name="passwords", key=("pin_id",), indexes=indexes or (PAIR,), item_count=item_count)


def read(distinct: int | None, *, entries: int = 1_000, of: int = 1_000, coverage: str = "full") -> Result:
    items = some_items(
        {100: of},
        coverage=coverage,
        indexes=(some_entries("by-user", entries),),
        keys=(some_keys(distinct, index="by-user", items=entries),),
    )
    return examined(hidden_composite_key, passwords(), items=items)


def test_finds_children_under_their_parent() -> None:
    result = read(500)
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == (
        '("user_id", "device_id") is the natural key, if each pair is unique: the index holds 1,000 of 1,000 items, '
        'with 500 values of "user_id"'
    )
    assert problem.evidence == {"index_entries": 1_000, "items": 1_000, "distinct_values": 500}
    assert problem.change == MergeIndex(index="by-user", into=None)
    assert problem.fix == (
        'if each pair is unique, move the items to a table keyed by "user_id" and "device_id", without the index'
    )
    assert problem.migration.startswith("first make sure that no two items share a pair")


def test_a_pair_with_the_tables_own_key_is_unique_for_certain() -> None:
    result = examined(hidden_composite_key, passwords(an_index("by-user", ("user_id", "pin_id"))), items=NOT_READ)
    [problem] = result.problems
    assert problem.message.startswith('("user_id", "pin_id") is the natural key, as "pin_id" is unique: ')
    assert problem.fix == 'move the items to a table keyed by "user_id" and "pin_id", without the index'
    assert problem.migration.startswith("create a table")


@pytest.mark.parametrize(
    ("distinct", "status"),
    [(20, Status.NOT_APPLICABLE), (21, Status.FOUND), (900, Status.FOUND), (901, Status.NOT_APPLICABLE)],
)
def test_a_parent_has_more_values_than_a_status_and_fewer_than_items(distinct: int, status: Status) -> None:
    assert read(distinct).status is status


@pytest.mark.parametrize(("entries", "status"), [(990, Status.FOUND), (989, Status.NOT_APPLICABLE)])
def test_the_index_must_hold_every_item(entries: int, status: Status) -> None:
    assert read(500, entries=entries).status is status


def test_neither_a_status_nor_a_nearly_unique_attribute_is_a_parent() -> None:
    assert read(20).reason == (
        'no index looks like a natural key: "user_id" of index by-user has 20 values for 1,000 items, '
        "so few that it is a status, not a parent"
    )
    assert read(1_000).reason == (
        'no index looks like a natural key: "user_id" of index by-user has 1,000 values for 1,000 items, '
        "so many that it has no children"
    )


def test_a_sparse_index_is_no_natural_key_and_no_praise() -> None:
    result = read(100, entries=400)
    assert result.reason == "no index looks like a natural key: index by-user holds 400 of 1,000 items"
    assert result.goods == ()


def test_a_natural_key_is_found_beside_an_index_that_is_none() -> None:
    table = passwords(an_index("sparse", ("country", "city"), item_count=10), PAIR)
    result = examined(hidden_composite_key, table, items=NOT_READ)
    assert [problem.index for problem in result.problems] == ["by-user"]


@pytest.mark.parametrize(
    ("index_count", "status"),
    [(990, Status.FOUND), (1_010, Status.FOUND), (989, Status.NOT_APPLICABLE), (1_011, Status.NOT_APPLICABLE)],
)
def test_without_items_the_stated_counts_decide_and_it_says_so(index_count: int, status: Status) -> None:
    table = passwords(an_index("by-user", ("user_id", "device_id"), item_count=index_count))
    result = examined(hidden_composite_key, table, items=NOT_READ)
    assert result.status is status
    for problem in result.problems:
        assert problem.message.endswith(" of 1,000 items, judged by the counts alone")
        assert problem.evidence["distinct_values"] is None


def test_more_values_than_are_counted_are_not_known_either() -> None:
    [problem] = read(None).problems
    assert "judged by the counts alone" in problem.message
    assert (problem.severity, problem.change) == (Severity.LOW, None)  # a guess is neither grave nor money


@pytest.mark.parametrize(("index_count", "item_count"), [(None, 1_000), (0, 1_000), (1_000, None), (1_000, 0)])
def test_does_not_judge_counts_that_are_not_stated(index_count: int | None, item_count: int | None) -> None:
    table = passwords(an_index("by-user", ("user_id", "device_id"), item_count=index_count), item_count=item_count)
    result = examined(hidden_composite_key, table, items=NOT_READ)
    assert result.status is Status.UNKNOWN
    assert result.reason == "the item count of the table or of index by-user is not stated yet"


def test_a_sample_shows_children_but_cannot_rule_them_out() -> None:
    assert read(900, coverage="sample").status is Status.FOUND
    assert read(901, coverage="sample").status is Status.UNKNOWN
    few = read(20, entries=99, of=99, coverage="sample")
    assert (few.status, few.reason) == (
        Status.UNKNOWN,
        "a sample of 99 entries does not show how many partition key values index by-user has",
    )
    assert read(20, entries=100, of=100, coverage="sample").status is Status.NOT_APPLICABLE
    assert "the index holds 1,000 of 1,000 items in a sample" in read(500, coverage="sample").problems[0].message


@pytest.mark.parametrize(
    "table",
    [
        a_table(key=("user_id", "device_id"), indexes=(PAIR,)),
        a_table(),
        a_table(indexes=(an_index("by-email", ("email",)),)),
        a_table(indexes=(an_index("by-place", key_schema=keys("country", "city", "street", hashes=2)),)),
        a_table(indexes=(an_index("by-id", ("id", "created_at")),)),
        a_table(indexes=(an_index("local", ("user_id", "device_id"), kind="LSI"),)),
    ],
    ids=["sort key", "no index", "one key", "three keys", "own key", "local"],
)
def test_other_tables_have_nothing_to_judge(table: Table) -> None:
    assert examined(hidden_composite_key, table, items=NOT_READ).status is Status.NOT_APPLICABLE


def by(child: str) -> Result:
    """An index (user_id, child) that holds every item of 500 users."""
    items = some_items(
        {100: 1_000}, indexes=(some_entries("by-user", 1_000),), keys=(some_keys(500, index="by-user", items=1_000),)
    )
    return examined(hidden_composite_key, passwords(an_index("by-user", ("user_id", child))), items=items)


@pytest.mark.parametrize(
    "child",
    ["created_at", "createdDate", "LastPostDateTime", "CREATED-AT", "timestamp", "ts", "updated", "last modified", "pay_day", "created",
     "sent_datetime", "loginTime"],
)  # fmt: skip
def test_the_moment_of_something_orders_children_and_does_not_name_them(child: str) -> None:
    result = by(child)
    assert result.status is Status.NOT_APPLICABLE
    assert result.reason == (
        f'no index looks like a natural key: "{child}" of index by-user is a moment, by its name, which orders items and does not name them'
    )


@pytest.mark.parametrize(
    "child", ["date", "Day", "month", "format", "status", "add_on", "update", "times", "device_id", "created_by", "42"]
)
def test_other_names_may_name_a_child(child: str) -> None:
    assert by(child).status is Status.FOUND


def test_a_moment_that_is_the_tables_own_key_does_name_the_item() -> None:
    table = a_table(key=("created_at",), indexes=(an_index("by-user", ("user_id", "created_at")),))
    [problem] = examined(hidden_composite_key, table, items=NOT_READ).problems
    assert problem.message.startswith('("user_id", "created_at") is the natural key, as "created_at" is unique: ')


def test_a_natural_key_is_found_beside_an_index_by_time() -> None:
    table = passwords(an_index("by-time", ("user_id", "created_at")), PAIR)
    result = examined(hidden_composite_key, table, items=NOT_READ)
    assert [problem.index for problem in result.problems] == ["by-user"]


def test_an_empty_table_has_nothing_to_judge() -> None:
    assert examined(hidden_composite_key, passwords(), items=some_items({})).reason == "the table is empty"
