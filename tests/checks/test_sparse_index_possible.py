from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.sparse_index_possible import sparse_index_possible
from stj_audit.config import Scale, TableModel
from stj_audit.design import ItemsOf, Pattern
from stj_audit.facts import KeyCardinality, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_table, an_index, examined, some_items, some_keys

TABLE = a_table(indexes=(an_index("by-status", ("status", "day")),))
OPEN = Pattern(name="open orders", op="Query", index="by-status", key=("status",), items=50)
SILENT = "the declared patterns do not show that the most frequent value of by-status is not wanted"


def judged(
    *patterns: Pattern,
    keys: KeyCardinality | None = None,
    users_now: int | None = 1_000,
    coverage: Any = "full",
    scanned: int = 1_000,
) -> Result:
    spread = keys or some_keys(2, index="by-status", top_share="0.95")
    return examined(
        sparse_index_possible,
        TABLE,
        items=some_items({100: scanned}, coverage=coverage, keys=(some_keys(1_000), spread)),
        declared=TableModel(pattern=patterns),
        scale=Scale(target_users=10_000, users_now=users_now),
    )


def a_query(**fields: Any) -> Pattern:
    defaults: dict[str, Any] = {"name": "q", "op": "Query", "index": "by-status", "key": ("status",), "items": 50}
    return Pattern(**(defaults | fields))


def test_finds_an_index_that_is_filled_by_what_nobody_asks_for() -> None:
    result = judged(OPEN)
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == (
        'one value of "status" carries 95% of 1,000 entries, and no declared query reads so many: "open orders" reads other values'
    )
    assert problem.benefit == "about 95% of the index is not stored, 950 entries, nor written"
    assert problem.index == "by-status"
    assert problem.evidence == {"entries": 1_000, "distinct_values": 2, "top_share": 0.95, "patterns": "open orders"}


def test_a_share_that_is_not_known_fills_nothing() -> None:
    result = judged(OPEN, keys=replace(some_keys(2, index="by-status"), top_share=None))
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "no one value fills by-status")


def test_several_queries_are_named() -> None:
    [problem] = judged(OPEN, a_query()).problems
    assert problem.message.endswith('"open orders" and "q" read other values')


@pytest.mark.parametrize(("items", "status"), [(99, Status.FOUND), (100, Status.NOT_APPLICABLE), (950, Status.NOT_APPLICABLE)])
def test_a_query_reads_fewer_than_a_tenth(items: int, status: Status) -> None:
    result = judged(a_query(items=items))
    assert result.status is status
    assert result.reason == (SILENT if status is Status.NOT_APPLICABLE else "")


@pytest.mark.parametrize(
    ("users_now", "status"), [(999, Status.FOUND), (1_000, Status.NOT_APPLICABLE), (None, Status.NOT_APPLICABLE)]
)
def test_what_follows_the_users_is_counted_at_those_of_now(users_now: int | None, status: Status) -> None:
    assert judged(a_query(items=ItemsOf(share_of_users=Decimal("0.1"))), users_now=users_now).status is status


@pytest.mark.parametrize(
    "pattern",
    [
        a_query(op="Scan"),
        a_query(limit=10),
        a_query(items=None),
        a_query(key=()),
        a_query(key=("status", "day")),
    ],
    ids=["scan", "limit", "items not said", "key not said", "a part of the value"],
)
def test_what_does_not_tell_the_value_is_not_judged(pattern: Pattern) -> None:
    for patterns in ((pattern,), (OPEN, pattern)):
        result = judged(*patterns)
        assert (result.status, result.reason) == (Status.NOT_APPLICABLE, SILENT)


@pytest.mark.parametrize(
    ("keys", "status"),
    [
        (some_keys(2, index="by-status", top_share="0.9"), Status.FOUND),
        (some_keys(2, index="by-status", top_share="0.899"), Status.NOT_APPLICABLE),
        (some_keys(1, index="by-status", top_share="1"), Status.NOT_APPLICABLE),
        (some_keys(None, index="by-status", top_share="0.95"), Status.NOT_APPLICABLE),
        (some_keys(2, index="by-status", items=990, top_share="0.95"), Status.FOUND),
        (some_keys(2, index="by-status", items=989, top_share="0.95"), Status.NOT_APPLICABLE),
    ],
    ids=["nine in ten", "fewer", "one value", "an upper bound", "nearly all items", "sparse already"],
)
def test_one_of_several_values_must_fill_the_index(keys: KeyCardinality, status: Status) -> None:
    result = judged(OPEN, keys=keys)
    assert result.status is status
    assert result.reason == ("no one value fills by-status" if status is Status.NOT_APPLICABLE else "")


@pytest.mark.parametrize(("entries", "status"), [(100, Status.FOUND), (99, Status.NOT_APPLICABLE)])
def test_few_entries_are_not_judged(entries: int, status: Status) -> None:
    keys = some_keys(2, index="by-status", items=entries, top_share="0.95")
    assert judged(a_query(items=1), keys=keys, scanned=entries).status is status


def test_a_sample_and_what_was_not_read_show_no_shares() -> None:
    assert judged(OPEN, coverage="sample").reason == "only a sample was read, which does not show how the entries are spread"
    denied = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")
    assert examined(sparse_index_possible, TABLE, items=denied).unknowns == (denied,)


@pytest.mark.parametrize("patterns", [(), (a_query(index=None),), (a_query(index="planned"),)])
def test_needs_a_declared_read_of_a_live_index(patterns: tuple[Pattern, ...]) -> None:
    assert judged(*patterns).reason == "no declared pattern reads a global index of the table"


def test_a_write_is_no_read_and_another_index_is_left_alone() -> None:
    table = a_table(indexes=(*TABLE.indexes, an_index("idle", ("kind",))))
    keys = tuple(some_keys(2, index=name, top_share="0.95") for name in ("by-status", "idle"))
    result = examined(sparse_index_possible, table, items=some_items(keys=keys), declared=TableModel(pattern=(OPEN,)))
    assert [problem.index for problem in result.problems] == ["by-status"]


def test_undeclared_queries_of_the_frequent_value_are_named() -> None:
    assert "something that is not declared queries the frequent value" in sparse_index_possible.why
