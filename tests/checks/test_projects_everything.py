from typing import Any

import pytest

from stj_audit.checks.projects_everything import projects_everything
from stj_audit.cost.workload import Call, Workload
from stj_audit.design import Pattern
from stj_audit.facts import Table, Unknown
from stj_audit.results import NarrowIndex, Result, Severity, Status
from tests.builders import a_table, a_workload, an_index, examined, some_entries, some_items

NOT_READ = Unknown(call="dynamodb:Scan", reason="not asked for")
LARGE = 50 * 1_024


def read(index_mean: int, *, item_bytes: int = LARGE, entries: int = 1_000) -> Result:
    items = some_items({item_bytes: 1_000}, indexes=(some_entries("by-status", entries, index_mean),))
    return examined(projects_everything, a_table(indexes=(an_index(),)), items=items)


def stated(index_bytes: int | None, table_bytes: int | None = 51_200_000, item_count: int | None = 1_000) -> Result:
    table = a_table(size_bytes=table_bytes, item_count=item_count, indexes=(an_index(size_bytes=index_bytes),))
    return examined(projects_everything, table, items=NOT_READ)


def test_finds_a_copy_of_large_items() -> None:
    result = read(LARGE)
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == (
        "projection ALL copies 100% of the table's bytes: a write to a mean item (50.0 KB) costs 50 write units more"
    )
    assert problem.evidence == {"index_bytes": 51_200_000, "table_bytes": 51_200_000, "share": 1.0, "mean_item_bytes": 51_200.0}
    assert problem.benefit.startswith("up to all 50 write units")
    assert problem.change == NarrowIndex(index="by-status")  # what the queries need is not known: priced as an upper bound


def test_four_fifths_of_the_bytes_are_the_line() -> None:
    assert read(40_960).status is Status.PASSED
    assert read(40_961).status is Status.FOUND
    assert stated(40_960_000).status is Status.PASSED
    assert stated(40_960_001).status is Status.FOUND


def test_the_items_read_count_more_than_the_stated_sizes() -> None:
    items = some_items({LARGE: 1_000}, indexes=(some_entries("by-status", 100, LARGE),))
    table = a_table(size_bytes=1_000, indexes=(an_index(size_bytes=1_000),))
    result = examined(projects_everything, table, items=items)
    assert [good.message for good in result.goods] == ["index by-status holds only 10% of the table's bytes"]


@pytest.mark.parametrize(("index_bytes", "praised"), [(25_600_000, True), (25_600_001, False)])
def test_an_index_with_more_than_half_of_the_bytes_is_no_praise(index_bytes: int, praised: bool) -> None:
    result = stated(index_bytes)
    assert result.status is Status.PASSED
    assert bool(result.goods) is praised


def test_an_index_without_measured_entries_is_judged_by_the_stated_sizes() -> None:
    table = a_table(size_bytes=51_200_000, indexes=(an_index(size_bytes=51_200_000),))
    assert examined(projects_everything, table, items=some_items({600: 1_000})).status is Status.FOUND


def test_items_under_one_kilobyte_are_left_alone_and_it_says_why() -> None:
    assert read(1_024, item_bytes=1_024).status is Status.FOUND
    result = read(1_023, item_bytes=1_023)
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == [
        "index by-status costs one write unit for a write of the mean item (1,023 B), the least there is"
    ]


@pytest.mark.parametrize(
    "sizes",
    [
        {"index_bytes": None},
        {"index_bytes": 0},
        {"index_bytes": 1, "table_bytes": None},
        {"index_bytes": 1, "table_bytes": 0},
        {"index_bytes": 1, "item_count": None},
        {"index_bytes": 1, "item_count": 0},
    ],
)
def test_a_ratio_that_cannot_be_computed_does_not_pass(sizes: dict[str, Any]) -> None:
    result = stated(**sizes)
    assert result.status is Status.UNKNOWN
    assert result.reason == "the size of the table or of index by-status is not stated yet: run again later"


def test_passes_narrow_projections() -> None:
    indexes = (an_index("keys", projection="KEYS_ONLY"), an_index("some", projection="INCLUDE", non_key_attributes=("name",)))
    result = examined(projects_everything, a_table(indexes=indexes), items=NOT_READ)
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == ["no index copies whole items (2 global secondary indexes looked at)"]


def test_an_empty_index_of_a_read_table_copies_nothing() -> None:
    assert read(LARGE, entries=0).status is Status.PASSED


def test_tables_without_global_index_or_items_have_nothing_to_judge() -> None:
    assert examined(projects_everything).reason == "no global secondary index"
    assert examined(projects_everything, a_table(indexes=(an_index(kind="LSI"),))).status is Status.NOT_APPLICABLE
    empty = examined(projects_everything, a_table(indexes=(an_index(),)), items=some_items({}))
    assert empty.reason == "the table is empty"


# ------------------------------------------------------------------------------------------------------ with declared patterns

TWO = a_table(size_bytes=51_200_000, indexes=tuple(an_index(name, size_bytes=51_200_000) for name in ("a", "b")))


def query(index: str | None, *reads: str) -> Call:
    return Call(pattern=Pattern(name="find", op="Query", index=index, reads=reads, calls=1), index=index)


def declared(table: Table, *calls: Call) -> Workload:
    return a_workload(table, calls=calls)


def test_an_index_whose_patterns_all_say_what_they_read_is_not_judged_here() -> None:
    workload = declared(TWO, query("a", "status"), query("a", "name"), query("b", "id"))
    result = examined(projects_everything, TWO, items=NOT_READ, workload=workload)
    assert result.status is Status.NOT_APPLICABLE
    assert result.reason == "the declared patterns say what is read over each index that copies whole items"


def test_an_index_of_which_nothing_is_declared_is_judged_beside_one_that_is() -> None:
    result = examined(projects_everything, TWO, items=NOT_READ, workload=declared(TWO, query("a", "status")))
    assert [problem.index for problem in result.problems] == ["b"]


@pytest.mark.parametrize(
    "calls",
    [
        (query("a", "status"), query("a")),  # one of them does not say
        (query(None, "status"),),  # of the table
        (Call(pattern=Pattern(name="put", op="PutItem", calls=1), index=None),),
    ],
)
def test_an_index_of_which_a_pattern_does_not_say_what_it_reads_is_judged(calls: tuple[Call, ...]) -> None:
    result = examined(projects_everything, TWO, items=NOT_READ, workload=declared(TWO, *calls))
    assert [problem.index for problem in result.problems] == ["a", "b"]


def test_a_narrow_index_is_no_praise_beside_a_declared_one() -> None:
    table = a_table(indexes=(an_index("a"), an_index("keys", projection="KEYS_ONLY")))
    result = examined(projects_everything, table, items=NOT_READ, workload=declared(table, query("a", "status")))
    assert (result.status, result.goods) == (Status.NOT_APPLICABLE, ())
