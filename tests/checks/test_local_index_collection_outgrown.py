import pytest

from stj_audit.checks.local_index_collection_outgrown import local_index_collection_outgrown
from stj_audit.config import Scale, TableModel
from stj_audit.facts import IndexEntries, ItemSizes, Unknown
from stj_audit.results import Limit, Problem, Result, Severity, Status
from tests.builders import a_table, an_index, examined, some_items, some_keys

GB = 1024**3
SCALE = Scale(target_users=10_000, users_now=1_000)
DENIED = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")
TABLE = a_table(key=("country", "at"), indexes=(an_index("by-date", ("country", "date"), kind="LSI"),), size_bytes=100 * GB)


def read(table_bytes: int, top_share: str, *, distinct: int | None = 50) -> ItemSizes:
    """One item that is as large as a table makes a total of few numbers."""
    held = IndexEntries(index="by-date", entries=0, total_bytes=0, max_bytes=0)
    return some_items({table_bytes: 1}, keys=(some_keys(distinct, top_share=top_share),), indexes=(held,))


def judged(
    table_bytes: int, top_share: str = "0.5", *, distinct: int | None = 50, scale: Scale = SCALE, items: int | None = None
) -> Result:
    return examined(
        local_index_collection_outgrown,
        TABLE,
        items=read(table_bytes, top_share, distinct=distinct),
        scale=scale,
        declared=TableModel(items=items),
    )


def problem_of(result: Result) -> Problem:
    [problem] = result.problems
    return problem


def test_finds_a_collection_that_outgrows_the_limit() -> None:
    # half of 3 GB with 1,000 users: 15 GB with 10,000; 10 GB with 6,666
    result = judged(3 * GB)
    problem = problem_of(result)
    assert result.severity is Severity.HIGH
    assert problem.message == (
        'with 10,000 users the largest collection, of one value of "country", has about 15.0 GB; the limit of 10 GB is reached at about '
        "6,600 users: an estimate, by its 50% of the items"
    )
    assert problem.evidence == {
        "collection_bytes_now": 3 * GB // 2,
        "collection_bytes_at_target": 15 * GB,
        "limit_bytes": 10 * GB,
        "top_share": 0.5,
        "distinct_values": 50,
        "max_users": 6_666,
    }
    assert problem.matters_from_users == 6_666
    assert problem.current == "about 1.5 GB in the largest collection, with 1,000 users"


def test_what_is_outgrown_already_waits_for_no_users() -> None:
    assert problem_of(judged(20 * GB)).matters_from_users is None
    assert problem_of(judged(19 * GB)).matters_from_users == 1_052  # 1,000 x 10 / 9.5


@pytest.mark.parametrize(("table_bytes", "status"), [(16 * GB, Status.FOUND), (16 * GB - 2, Status.PASSED)])
def test_eight_gigabytes_at_the_target_are_the_line(table_bytes: int, status: Status) -> None:
    assert judged(table_bytes, scale=Scale(target_users=1_000, users_now=1_000)).status is status


def test_fewer_users_make_a_smaller_collection() -> None:
    assert judged(3 * GB, scale=Scale(target_users=100, users_now=1_000)).status is Status.PASSED


@pytest.mark.parametrize(("table_bytes", "praised"), [(GB, True), (GB + 2, False)])
def test_only_collections_far_from_the_limit_are_praised(table_bytes: int, praised: bool) -> None:
    # half of 1 GB, times ten: 5 GB
    result = judged(table_bytes)
    assert result.status is Status.PASSED
    assert bool(result.goods) is praised


def test_a_table_of_eight_gigabytes_may_be_one_collection() -> None:
    result = judged(8 * GB, "1", distinct=1, scale=Scale(target_users=1_000, users_now=1_000))
    assert result.status is Status.FOUND


@pytest.mark.parametrize(
    ("users_now", "told"),
    [(1_000, "6,600 users"), (100, "660 users"), (10, "66 users"), (2, "13 users")],
)
def test_two_digits_of_the_users_are_told(users_now: int, told: str) -> None:
    # half of 3 GB: 6.66 times as many users, and of 2 users 13
    scale = Scale(target_users=10 * users_now, users_now=users_now)
    assert f"is reached at about {told}: an estimate" in problem_of(judged(3 * GB, distinct=1, scale=scale)).message


def test_one_digit_of_the_users_is_told_as_it_is() -> None:
    # 3 GB with 2 users: 10 GB with 6
    problem = problem_of(judged(3 * GB, "1", distinct=1, scale=Scale(target_users=20, users_now=2)))
    assert "is reached at about 6 users: an estimate" in problem.message


def test_tells_how_large_a_small_table_will_be() -> None:
    index = an_index("by-date", ("country", "date"), kind="LSI", item_count=0, size_bytes=0)
    table = a_table(key=("country", "at"), indexes=(index,), size_bytes=GB // 5)
    [good] = examined(local_index_collection_outgrown, table, items=DENIED, scale=SCALE).goods
    assert good.message == "with 10,000 users the table has 2.0 GB with its local index entries, and no collection 10 GB"


def test_tells_how_large_the_largest_will_be() -> None:
    [good] = judged(GB, "0.2").goods
    assert good.message == 'with 10,000 users the largest collection, of one value of "country", has about 2.0 GB of 10 GB'


@pytest.mark.parametrize(
    ("stated", "status", "praised"),
    [
        (GB // 2 - 100_000, Status.PASSED, True),  # times ten, with 100 bytes for each of 1,000 entries: 5 GB
        (GB // 2, Status.PASSED, False),
        (GB, Status.UNKNOWN, False),
    ],
)
def test_a_small_table_needs_no_items(stated: int, status: Status, praised: bool) -> None:
    index = an_index("by-date", ("country", "date"), kind="LSI", item_count=1_000, size_bytes=1)
    table = a_table(key=("country", "at"), indexes=(index,), size_bytes=stated - 1)
    result = examined(local_index_collection_outgrown, table, items=DENIED, scale=SCALE)
    assert result.status is status
    assert bool(result.goods) is praised


# ------------------------------------------------------------------------------------------------------ what does not grow


@pytest.mark.parametrize(("distinct", "status"), [(999, Status.FOUND), (1_000, Status.NOT_APPLICABLE)])
def test_a_value_for_each_user_does_not_grow(distinct: int, status: Status) -> None:
    assert judged(3 * GB, distinct=distinct).status is status


def test_tells_that_new_users_bring_new_values() -> None:
    assert judged(3 * GB, distinct=1_000).reason == '"country" has 1,000 values for 1,000 users: new users bring new values'
    assert judged(3 * GB, distinct=None).reason == (
        '"country" has more than 1,024 values for 1,000 users: new users bring new values'
    )


def test_more_values_than_are_counted_do_not_tell_whether_they_grow() -> None:
    many = Scale(target_users=10_000, users_now=1_025)
    result = judged(3 * GB, distinct=None, scale=many)
    assert result.status is Status.UNKNOWN
    assert result.reason == '"country" has more than 1,024 values: whether new users bring new ones is not known'
    [good] = judged(GB, "0.1", distinct=None, scale=many).goods
    assert "has at most 999.0 MB of 10 GB" in good.message  # a tenth of 1 GB, times 10,000 / 1,025


def test_a_fixed_number_of_items_does_not_grow() -> None:
    result = judged(3 * GB, items=500)
    assert result.reason == "the table is declared to have 500 items at any number of users"


# --------------------------------------------------------------------------------------------- unknown, and not applicable


def test_does_not_project_without_todays_users() -> None:
    result = judged(3 * GB, scale=Scale(target_users=10_000))
    assert (result.status, result.reason) == (Status.UNKNOWN, "not known how many users there are now")


def test_does_not_judge_what_was_not_read() -> None:
    sample = some_items(coverage="sample", keys=(some_keys(1, top_share="1"),))
    assert examined(local_index_collection_outgrown, TABLE, items=DENIED).unknowns == (DENIED,)
    assert examined(local_index_collection_outgrown, TABLE, items=sample).status is Status.UNKNOWN


def test_does_not_judge_a_size_that_is_not_stated() -> None:
    table = a_table(key=("country", "at"), indexes=TABLE.indexes, size_bytes=None)
    assert examined(local_index_collection_outgrown, table, items=DENIED).status is Status.UNKNOWN


def test_does_not_apply_without_local_indexes_or_items() -> None:
    assert examined(local_index_collection_outgrown, items=DENIED).reason == "no local secondary index"
    assert examined(local_index_collection_outgrown, TABLE, items=some_items({})).reason == "the table is empty"


def test_tells_when_it_is_wrong() -> None:
    assert "new users mostly bring new values" in local_index_collection_outgrown.why


def test_tells_when_a_collection_has_all_that_it_can() -> None:
    expected = (Limit(what='10 GB of one value of "country", with its local index entries', users=6_666),)
    assert judged(3 * GB).limits == expected
    assert judged(3 * GB, scale=Scale(target_users=6_000, users_now=1_000)).limits == expected
    # nobody knows whether new users bring new values
    assert judged(3 * GB, distinct=None, scale=Scale(target_users=10_000, users_now=1_025)).limits == ()
