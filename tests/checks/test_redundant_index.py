import json
import shlex
from typing import Any

import pytest

from stj_audit.checks.redundant_index import redundant_index
from stj_audit.facts import Index, ItemSizes, Unknown
from stj_audit.results import MergeIndex, Result, Severity, Status
from tests.builders import a_table, an_index, examined, keys, some_entries, some_items

NOT_READ = Unknown(call="dynamodb:Scan", reason="not asked for")
SHORT = an_index("short", ("status",))
LONG = an_index("long", ("status", "created_at"))


def judged(*indexes: Index, items: ItemSizes | Unknown = NOT_READ, **table: Any) -> Result:
    return examined(redundant_index, a_table(indexes=indexes, **table), items=items)


def found(result: Result) -> list[tuple[str | None, object]]:
    return [(problem.index, problem.evidence["covered_by"]) for problem in result.problems]


def test_finds_the_shorter_of_two_keys() -> None:
    result = judged(SHORT, LONG)
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == (
        'repeats index long ("status", "created_at"): same partition key, same beginning of the sort key, '
        "nothing projected that is missing there"
    )
    assert problem.fix == "send the queries to index long, then remove this index"
    assert problem.current == 'key ("status"), beside index long with key ("status", "created_at")'
    assert problem.evidence == {"covered_by": "long", "index_entries": 1_000, "covering_entries": 1_000}
    assert problem.change == MergeIndex(index="short", into="long")
    words = shlex.split(problem.commands[0])
    assert words[words.index("--table-name") + 1] == "orders"
    assert words[words.index("--region") + 1] == "eu-north-1"
    assert json.loads(words[-1]) == [{"Delete": {"IndexName": "short"}}]


def test_passes_indexes_that_differ() -> None:
    result = judged(an_index("by-status", ("status",)), an_index("by-email", ("email",)))
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == ["no index repeats another or the table's own key (2 indexes looked at)"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (keys("status", "name"), keys("status", "created_at", "name")),
        (keys("status", "created_at"), keys("status", "name")),
        (keys("status"), keys("status", "country", hashes=2)),
    ],
    ids=["not the beginning", "another sort key", "another partition key"],
)
def test_a_sort_key_in_another_place_serves_other_queries(one: Any, other: Any) -> None:
    assert judged(an_index("one", key_schema=one), an_index("other", key_schema=other)).status is Status.PASSED


def test_the_order_of_several_partition_key_attributes_does_not_matter() -> None:
    one = an_index("one", key_schema=keys("country", "status", hashes=2))
    other = an_index("other", key_schema=keys("status", "country", "created_at", hashes=2))
    assert found(judged(one, other)) == [("one", "other")]


@pytest.mark.parametrize(
    ("short", "long", "status"),
    [
        (
            {"projection": "INCLUDE", "non_key_attributes": ("a",)},
            {"projection": "INCLUDE", "non_key_attributes": ("a", "b")},
            "found",
        ),
        (
            {"projection": "INCLUDE", "non_key_attributes": ("a", "c")},
            {"projection": "INCLUDE", "non_key_attributes": ("a",)},
            "passed",
        ),
        ({"projection": "INCLUDE", "non_key_attributes": ("created_at",)}, {"projection": "KEYS_ONLY"}, "found"),
        ({"projection": "KEYS_ONLY"}, {"projection": "ALL"}, "found"),
        ({"projection": "ALL"}, {"projection": "KEYS_ONLY"}, "passed"),
    ],
)
def test_everything_projected_must_be_in_the_other(short: dict[str, Any], long: dict[str, Any], status: str) -> None:
    indexes = (an_index("short", ("status",), **short), an_index("long", ("status", "created_at"), **long))
    assert judged(*indexes).status == status


@pytest.mark.parametrize(("entries", "status"), [(990, Status.FOUND), (989, Status.PASSED)])
def test_a_sparser_index_holds_other_items(entries: int, status: Status) -> None:
    stated = judged(SHORT, an_index("long", ("status", "created_at"), item_count=entries))
    assert stated.status is status
    items = some_items(indexes=(some_entries("short", 1_000), some_entries("long", entries)))
    assert judged(SHORT, LONG, items=items).status is status


def test_says_what_the_sparser_index_holds() -> None:
    result = judged(SHORT, an_index("long", ("status", "created_at"), item_count=400))
    assert [good.message for good in result.goods] == ["index short does not repeat index long: 1,000 entries against 400"]


@pytest.mark.parametrize("item_count", [None, 0])
def test_does_not_judge_counts_that_are_not_stated(item_count: int | None) -> None:
    result = judged(SHORT, an_index("long", ("status", "created_at"), item_count=item_count))
    assert result.status is Status.UNKNOWN
    assert result.reason == "the item count of index short or of its like is not known"


def test_two_empty_indexes_show_nothing() -> None:
    items = some_items(indexes=(some_entries("short", 0), some_entries("long", 0)))
    assert judged(SHORT, LONG, items=items).status is Status.UNKNOWN


def test_of_two_alike_only_one_is_found() -> None:
    assert found(judged(an_index("a", ("status",)), an_index("b", ("status",)))) == [("b", "a")]


def test_names_the_index_that_stays_when_several_overlap() -> None:
    longest = an_index("longest", key_schema=keys("status", "created_at", "name"))
    assert found(judged(SHORT, LONG, longest)) == [("short", "longest"), ("long", "longest")]


def test_the_table_itself_stands_in_for_a_full_copy_of_its_key() -> None:
    result = judged(an_index("by-user", ("user",), item_count=None), key=("user", "at"))
    assert found(result) == [("by-user", "the table itself")]
    assert result.problems[0].message.startswith('repeats the table itself ("user", "at"): ')


def test_a_narrow_copy_of_the_tables_key_is_made_on_purpose() -> None:
    assert judged(an_index("by-user", ("user",), projection="KEYS_ONLY"), key=("user", "at")).status is Status.PASSED


def test_a_local_index_can_stand_in_but_is_not_found_itself() -> None:
    local = an_index("local", ("user", "score"), kind="LSI")
    assert found(judged(an_index("global", ("user", "score"), kind="GSI"), local, key=("user", "at"))) == [("global", "local")]
    assert judged(local, key=("user", "at")).status is Status.NOT_APPLICABLE


def test_states_the_entries_of_what_covers_it() -> None:
    other = an_index("long", ("status", "created_at"), item_count=995)
    assert judged(SHORT, other).problems[0].evidence == {"covered_by": "long", "index_entries": 1_000, "covering_entries": 995}
    of_table = judged(an_index("by-user", ("user",), item_count=990), key=("user", "at"), item_count=0).problems[0]
    assert of_table.evidence == {"covered_by": "the table itself", "index_entries": 990, "covering_entries": 0}


def test_names_the_first_of_two_that_stay() -> None:
    assert found(judged(SHORT, LONG, an_index("by-name", ("status", "name")))) == [("short", "long")]


def test_names_the_first_of_two_that_hold_other_items() -> None:
    result = judged(
        SHORT,
        an_index("long", ("status", "created_at"), item_count=400),
        an_index("by-name", ("status", "name"), item_count=300),
    )
    assert [good.message for good in result.goods] == ["index short does not repeat index long: 1,000 entries against 400"]


@pytest.mark.parametrize(
    ("short", "long", "said"), [(5, 0, "5 entries against 0"), (0, 5, "0 entries against 5")], ids=["none beside", "none here"]
)
def test_an_index_that_was_read_to_be_empty_holds_other_items(short: int, long: int, said: str) -> None:
    items = some_items(indexes=(some_entries("short", short), some_entries("long", long)))
    assert [good.message for good in judged(SHORT, LONG, items=items).goods] == [f"index short does not repeat index long: {said}"]


def test_the_table_stays_whatever_index_covers_its_key() -> None:
    longer = an_index("longer", key_schema=keys("user", "at", "name"))
    assert found(judged(an_index("by-user", ("user",)), longer, key=("user", "at"))) == [("by-user", "the table itself")]


def test_indexes_that_come_or_go_are_left_alone() -> None:
    assert judged(SHORT, an_index("long", ("status", "created_at"), status="CREATING")).status is Status.PASSED
    assert judged(an_index("short", ("status",), status="DELETING")).status is Status.NOT_APPLICABLE
    assert judged().reason == "no global secondary index"
