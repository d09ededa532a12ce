import shlex

import pytest

from stj_audit.checks.skewed_collections import skewed_collections
from stj_audit.facts import ItemSizes, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_table, examined, some_items, some_keys

GB = 1024**3
LINE = 10 * GB
TABLE = a_table(key=("customer", "at"), item_count=1_024, size_bytes=20 * GB)
# 1,024 items of 20 MB do not exist; they make a table of 20 GB with few numbers.
LARGE = {20 * 1024**2: 1_024}


def read(top_share: str, *, distinct: int | None = 50, sizes: dict[int, int] | None = None) -> ItemSizes:
    return some_items(LARGE if sizes is None else sizes, keys=(some_keys(distinct, items=1_024, top_share=top_share),))


def judged(top_share: str, **fields: object) -> Result:
    return examined(skewed_collections, TABLE, items=read(top_share, **fields))  # type: ignore[arg-type] # any fields


def test_finds_a_value_with_much_of_the_table() -> None:
    result = judged("0.25")
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == (
        'the most frequent value of "customer" has 25% of 1,024 items in a table of 20.0 GB: '
        "much data under one value, whether or not the traffic follows it"
    )
    assert problem.evidence == {"top_share": 0.25, "distinct_values": 50, "items": 1_024, "table_bytes": 20 * GB}


def test_the_command_shows_whether_the_traffic_follows() -> None:
    [problem] = judged("0.25").problems
    [command] = problem.commands
    words = shlex.split(command)
    assert words[:7] == ["aws", "dynamodb", "update-contributor-insights", "--region", "eu-north-1", "--table-name", "orders"]
    assert words[words.index("--contributor-insights-mode") + 1] == "ACCESSED_AND_THROTTLED_KEYS"
    assert "billed by the event" in problem.migration


def test_more_values_than_are_counted_make_an_upper_bound() -> None:
    [problem] = judged("0.25", distinct=None).problems
    assert problem.message.startswith('the most frequent value of "customer" has up to 25% of 1,024 items')


@pytest.mark.parametrize(("top_share", "status"), [("0.2", Status.FOUND), ("0.1999", Status.PASSED)])
def test_a_fifth_of_the_items_is_the_line(top_share: str, status: Status) -> None:
    assert judged(top_share).status is status


@pytest.mark.parametrize(("top_share", "praised"), [("0.1", True), ("0.1001", False)])
def test_only_an_even_table_is_praised(top_share: str, praised: bool) -> None:
    result = judged(top_share)
    assert result.status is Status.PASSED
    assert bool(result.goods) is praised


def test_tells_how_even_the_table_is() -> None:
    [good] = judged("0.05").goods
    assert good.message == (
        'no collection dominates a table of 20.0 GB: the most frequent value of "customer" has 5% of 1,024 items'
    )


@pytest.mark.parametrize(("table_bytes", "status"), [(LINE, Status.NOT_APPLICABLE), (LINE + 1, Status.FOUND)])
def test_counts_above_ten_gigabytes(table_bytes: int, status: Status) -> None:
    assert judged("0.9", sizes={table_bytes: 1}).status is status


@pytest.mark.parametrize(("stated", "status"), [(LINE, Status.NOT_APPLICABLE), (LINE + 1, Status.UNKNOWN)])
def test_a_small_table_needs_no_items(stated: int, status: Status) -> None:
    table = a_table(key=("customer", "at"), size_bytes=stated)
    denied = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")
    assert examined(skewed_collections, table, items=denied).status is status


@pytest.mark.parametrize("stated", [None, 0])
def test_does_not_judge_a_size_that_is_not_stated(stated: int | None) -> None:
    table = a_table(key=("customer", "at"), size_bytes=stated)
    result = examined(skewed_collections, table, items=Unknown(call="dynamodb:Scan", reason="too dear"))
    assert (result.status, result.reason) == (Status.UNKNOWN, "the size of the table is not stated yet")


def test_a_sample_shows_no_skew() -> None:
    sample = some_items(coverage="sample", keys=(some_keys(1, top_share="1"),))
    result = examined(skewed_collections, TABLE, items=sample)
    assert result.status is Status.UNKNOWN
    assert result.reason == "a sample does not show which part of the items one partition key value has"


def test_values_that_were_not_counted_are_not_known() -> None:
    assert examined(skewed_collections, TABLE, items=some_items(LARGE)).status is Status.UNKNOWN


def test_does_not_apply_without_a_sort_key_or_items() -> None:
    alone = examined(skewed_collections, a_table(), items=read("1"))
    empty = examined(skewed_collections, TABLE, items=some_items({}))
    assert (alone.status, alone.reason) == (Status.NOT_APPLICABLE, "without a sort key each partition key value has one item")
    assert empty.reason == "the table has 0 B: up to 10.0 GB a large collection is harmless"


def test_tells_that_storage_is_not_traffic() -> None:
    assert "it is not traffic skew" in skewed_collections.why
