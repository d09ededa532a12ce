import pytest

from stj_audit.checks.local_index_collection_size import local_index_collection_size
from stj_audit.facts import Index, IndexEntries, ItemSizes, Table, Unknown
from stj_audit.results import Problem, Result, Severity, Status
from tests.builders import a_table, an_index, examined, some_items, some_keys

GB = 1024**3
DENIED = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")


def local(name: str = "by-date", *, item_count: int | None = 0, size_bytes: int | None = 0) -> Index:
    return an_index(name, ("customer", "date"), kind="LSI", item_count=item_count, size_bytes=size_bytes)


def a_local_table(*indexes: Index, size_bytes: int | None = 100 * GB) -> Table:
    return a_table(key=("customer", "at"), indexes=indexes or (local(),), size_bytes=size_bytes)


TABLE = a_local_table()


def entries(count: int, total_bytes: int, index: str = "by-date") -> IndexEntries:
    return IndexEntries(index=index, entries=count, total_bytes=total_bytes, max_bytes=0)


def read(table_bytes: int, top_share: str, *, distinct: int | None = 50, held: IndexEntries | None = None) -> ItemSizes:
    """One item that is as large as a table makes a total of few numbers."""
    keys = (some_keys(distinct, top_share=top_share),)
    return some_items({table_bytes: 1}, keys=keys, indexes=(held or entries(0, 0),))


def judged(table_bytes: int, top_share: str, *, distinct: int | None = 50) -> Result:
    return examined(local_index_collection_size, TABLE, items=read(table_bytes, top_share, distinct=distinct))


def problem_of(result: Result) -> Problem:
    [problem] = result.problems
    return problem


def test_finds_a_collection_near_the_limit() -> None:
    # half of 12 GB of items and 6 GB of entries
    result = examined(local_index_collection_size, TABLE, items=read(12 * GB, "0.5", held=entries(0, 6 * GB)))
    problem = problem_of(result)
    assert result.severity is Severity.HIGH
    assert problem.message == (
        'the largest collection, of one value of "customer", has about 9.0 GB with its local index entries, where 10 GB is the limit: '
        "an estimate, by its 50% of the items"
    )
    assert problem.evidence == {
        "collection_bytes": 9 * GB,
        "limit_bytes": 10 * GB,
        "top_share": 0.5,
        "distinct_values": 50,
        "bytes_with_local_entries": 18 * GB,
    }
    assert problem.fix.startswith("move to a table with global secondary indexes in place of by-date, or spread")


def test_each_index_entry_takes_a_hundred_bytes_more() -> None:
    problem = problem_of(examined(local_index_collection_size, TABLE, items=read(9 * GB, "1", held=entries(1_000, 50_000))))
    assert problem.evidence["bytes_with_local_entries"] == 9 * GB + 150_000


def test_more_values_than_are_counted_make_an_upper_bound() -> None:
    problem = problem_of(judged(18 * GB, "0.5", distinct=None))
    assert "has at most 9.0 GB with" in problem.message
    assert problem.evidence["distinct_values"] is None


@pytest.mark.parametrize(("table_bytes", "status"), [(16 * GB, Status.FOUND), (16 * GB - 2, Status.PASSED)])
def test_eight_gigabytes_are_the_line(table_bytes: int, status: Status) -> None:
    assert judged(table_bytes, "0.5").status is status


@pytest.mark.parametrize(("table_bytes", "praised"), [(10 * GB, True), (10 * GB + 2, False)])
def test_only_collections_far_from_the_limit_are_praised(table_bytes: int, praised: bool) -> None:
    result = judged(table_bytes, "0.5")
    assert result.status is Status.PASSED
    assert bool(result.goods) is praised


def test_tells_how_large_the_largest_is() -> None:
    [good] = judged(20 * GB, "0.1", distinct=None).goods
    assert good.message == (
        'the largest collection, of one value of "customer", has at most 2.0 GB with its local index entries, of 10 GB at most'
    )


# ------------------------------------------------------------------------------------- small tables, and what is not known


@pytest.mark.parametrize(
    ("stated", "status", "praised"),
    [
        (5 * GB, Status.PASSED, True),
        (5 * GB + 1, Status.PASSED, False),
        (8 * GB - 1, Status.PASSED, False),
        (8 * GB, Status.UNKNOWN, False),
    ],
)
def test_a_small_table_needs_no_items(stated: int, status: Status, praised: bool) -> None:
    result = examined(local_index_collection_size, a_local_table(size_bytes=stated), items=DENIED)
    assert result.status is status
    assert bool(result.goods) is praised


def test_tells_why_a_small_table_is_safe() -> None:
    # 2 GB, 1 GB of entries, and 100 bytes for each of them
    table = a_local_table(local(item_count=1_024**2, size_bytes=GB), size_bytes=2 * GB)
    [good] = examined(local_index_collection_size, table, items=DENIED).goods
    assert good.message == "the table has 3.1 GB with its local index entries: no collection is near the limit of 10 GB"


@pytest.mark.parametrize(
    "table",
    [
        a_local_table(size_bytes=None),
        a_local_table(size_bytes=0),
        a_local_table(local(item_count=None)),
        a_local_table(local(size_bytes=None)),
        a_local_table(local(item_count=5, size_bytes=0)),
    ],
)
def test_does_not_judge_sizes_that_are_not_stated(table: Table) -> None:
    result = examined(local_index_collection_size, table, items=DENIED)
    assert (result.status, result.reason) == (Status.UNKNOWN, "the size of the table or of a local index is not stated yet")


def test_a_sample_does_not_tell() -> None:
    sample = some_items(coverage="sample", keys=(some_keys(1, top_share="1"),))
    result = examined(local_index_collection_size, TABLE, items=sample)
    assert result.reason == "a sample does not show which part of the items one partition key value has"


def test_what_was_not_counted_is_not_known() -> None:
    no_keys = some_items({9 * GB: 1}, indexes=(entries(0, 0),))
    no_entries = some_items({9 * GB: 1}, keys=(some_keys(1, top_share="1"),))
    assert examined(local_index_collection_size, TABLE, items=no_keys).reason == "the partition key values were not counted"
    assert examined(local_index_collection_size, TABLE, items=no_entries).reason == (
        "the entries of a local secondary index were not measured"
    )


def test_does_not_apply_without_local_indexes_or_items() -> None:
    only_global = a_table(key=("customer", "at"), indexes=(an_index(),), size_bytes=100 * GB)
    assert examined(local_index_collection_size, only_global, items=DENIED).reason == "no local secondary index"
    assert examined(local_index_collection_size, TABLE, items=some_items({})).reason == "the table is empty"


def test_tells_that_it_is_an_estimate() -> None:
    assert "The size is an estimate" in local_index_collection_size.why
