"""What the checks say when a sample of whole Scan segments was read: what they found, never more than that shows."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.dead_index import dead_index
from stj_audit.checks.few_partition_keys import few_partition_keys
from stj_audit.checks.filter_waste import filter_waste
from stj_audit.checks.heavy_items import heavy_items
from stj_audit.checks.hot_key_confirmed import has_few_keys
from stj_audit.checks.item_near_limit import item_near_limit
from stj_audit.checks.item_over_warn_line import item_over_warn_line
from stj_audit.checks.joined_index_key import joined_index_key
from stj_audit.checks.low_cardinality_index_key import low_cardinality_index_key
from stj_audit.checks.personal_data_in_key import personal_data_in_key
from stj_audit.checks.projects_everything import projects_everything
from stj_audit.checks.redundant_index import redundant_index
from stj_audit.checks.time_ordered_partition_key import time_ordered_partition_key
from stj_audit.checks.unit_boundary_cliff import unit_boundary_cliff
from stj_audit.facts import KeyShape, Operations, Unknown
from stj_audit.results import Severity, Status
from tests.builders import (
    a_flow,
    a_sample,
    a_table,
    an_index,
    examined,
    some_entries,
    some_items,
    some_keys,
    some_traffic,
)
from tests.checks.test_hot_key_outgrown import INDEX, LEADERBOARD, ORDERS
from tests.checks.test_hot_key_outgrown import judged as hot

KB = 1024
WARN = 300 * KB
NO_METRICS = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
WITH_SORT_KEY = ("customer", "order")


# -------------------------------------------------------------------------------------------------------- over a line


def test_items_over_a_line_come_with_what_is_to_be_expected_in_the_table() -> None:
    items = a_sample({1_000: 996, 310 * KB: 4}, lines=(WARN,))
    [problem] = examined(item_over_warn_line, items=items).problems
    # Wilson: 156 to 1,024 of 100,000; a little less, as a hundredth of them is known
    assert problem.message == (
        "at least 4 items above 300.0 KB among a sample of 1,000 items: about 400 (156 to 1,020) of about 100,000 items; "
        "the largest has 310.0 KB"
    )
    assert problem.current.startswith("at least 4 items above 300.0 KB")


def test_a_sample_without_such_an_item_gives_a_bound_and_no_pass() -> None:
    result = examined(item_over_warn_line, items=a_sample(lines=(WARN,)))
    assert (result.status, result.reason) == (
        Status.UNKNOWN,
        "0 of a sample of 1,000 items are above 300.0 KB: with 95% confidence at most 297 of about 100,000 items are; "
        "only reading every item can exclude it",
    )
    near = examined(item_near_limit, items=a_sample())
    assert near.status is Status.UNKNOWN
    assert near.reason == (
        "the largest of a sample of 1,000 items has 1,000 B; others may be larger: none of them has 350.0 KB, and with 95% confidence "
        "at most 297 of about 100,000 items are"
    )


def test_with_a_sort_key_the_bound_is_one_of_keys() -> None:
    items = a_sample(lines=(WARN,), keys=(some_keys(100),))
    result = examined(item_over_warn_line, a_table(key=WITH_SORT_KEY), items=items)
    # none of 100 keys of about 10,000: at most 293 of them
    assert "with 95% confidence at most 3% of the partition key values have one" in result.reason


def test_the_largest_of_a_sample_is_called_so() -> None:
    [problem] = examined(item_near_limit, items=a_sample({360 * KB: 40})).problems
    assert problem.current.startswith("the largest item of the sample has 360.0 KB")


# --------------------------------------------------------------------------------------------------- thin samples


@pytest.mark.parametrize(
    ("items", "severity"),
    [
        (a_sample({80 * KB: 99}), Severity.LOW),
        (a_sample({80 * KB: 100}), Severity.MEDIUM),
        (a_sample({80 * KB: 100}, item_count=1_000_000), Severity.MEDIUM),
        (a_sample({80 * KB: 100}, item_count=1_000_001), Severity.LOW),
        (some_items({80 * KB: 1}), Severity.MEDIUM),
    ],
)
def test_a_mean_of_very_few_items_weighs_little(items: Any, severity: Severity) -> None:
    assert examined(heavy_items, items=items).severity is severity


def test_a_share_of_very_few_items_weighs_little() -> None:
    keys = (some_keys(4, index="by-status", top_share="0.7"),)
    table = a_table(indexes=(an_index(),))
    busy = some_traffic(indexes={"by-status": a_flow(read_units=Decimal(30 * 86_400 * 3_000))})
    for item_count, severity in ((10_000_000, Severity.HIGH), (10_000_001, Severity.LOW)):
        items = a_sample(keys=keys, item_count=item_count)
        assert examined(low_cardinality_index_key, table, items=items, traffic=busy).severity is severity


# ------------------------------------------------------------------------------------------------------ keys and values


def test_whole_collections_do_not_show_that_an_index_has_few_values() -> None:
    items = a_sample(keys=(some_keys(30), some_keys(4, index="by-status", top_share="0.7")))
    table = a_table(key=WITH_SORT_KEY, indexes=(an_index(),))
    result = examined(low_cardinality_index_key, table, items=items, traffic=NO_METRICS)
    assert (result.status, result.reason) == (
        Status.UNKNOWN,
        "a sample of whole collections does not show how the entries of index by-status are spread over its key values",
    )
    many = replace(items, keys=(some_keys(30), some_keys(400, index="by-status", top_share="0.01")))
    assert examined(low_cardinality_index_key, table, items=many, traffic=NO_METRICS).status is Status.PASSED
    # without a sort key the items are as good as drawn one by one
    alone = a_table(indexes=(an_index(),))
    assert examined(low_cardinality_index_key, alone, items=items, traffic=NO_METRICS).status is Status.FOUND


def test_what_one_value_of_an_index_carries_is_not_told_of_collections() -> None:
    keys = (some_keys(1_000), some_keys(3, index="by-status", top_share="0.5"))
    text = ORDERS + INDEX + LEADERBOARD
    collections = a_table(key=WITH_SORT_KEY, indexes=(an_index("by-status"),))
    result = hot(text, a_sample(keys=keys), table=collections)
    assert result.status is Status.UNKNOWN
    assert result.reason.endswith("does not show how the entries of index by-status are spread over its key values")
    [problem] = hot(text, a_sample(keys=keys)).problems
    assert problem.severity is Severity.HIGH
    assert problem.current.endswith("the most frequent with 50% of 1,000 entries in a sample")
    [thin] = hot(text, a_sample(keys=keys, item_count=10_000_001)).problems
    assert thin.severity is Severity.LOW


def test_a_sample_that_shows_many_keys_is_not_one_of_two() -> None:
    table = a_table(item_count=2)
    assert has_few_keys(table, None, some_items(coverage="sample"))
    assert has_few_keys(table, None, a_sample(keys=(some_keys(2),)))
    assert not has_few_keys(table, None, a_sample(keys=(some_keys(3),)))
    assert not has_few_keys(table, None, a_sample(keys=(some_keys(None),)))


def test_many_keys_are_those_of_the_sample() -> None:
    result = examined(few_partition_keys, a_table(key=WITH_SORT_KEY), items=a_sample(keys=(some_keys(100),)), traffic=NO_METRICS)
    assert [good.message for good in result.goods] == ["100 different partition key values for 1,000 items in a sample"]


def test_an_old_item_count_is_not_held_against_what_was_read() -> None:
    result = examined(few_partition_keys, a_table(item_count=3), items=a_sample(item_count=3), traffic=NO_METRICS)
    assert [good.message for good in result.goods] == ["1,000 different partition key values for 1,000 items"]


def test_the_own_key_of_a_table_is_read_whole_or_not_at_all() -> None:
    shape = KeyShape(attribute="customer", values=1_000, times=1_000, rounded=1_000)
    items = a_sample(key_shapes=(shape,), keys=(some_keys(900),))
    result = examined(time_ordered_partition_key, a_table(key=WITH_SORT_KEY), items=items, traffic=NO_METRICS)
    assert (result.status, result.reason) == (
        Status.NOT_APPLICABLE,
        "nearly every item has a moment of its own as partition key: the table",
    )


def test_shapes_are_those_of_the_sample() -> None:
    emails = KeyShape(attribute="id", values=1_000, emails=900, personal=900)
    [problem] = examined(personal_data_in_key, items=a_sample(key_shapes=(emails,))).problems
    assert problem.message.endswith("in 90% of 1,000 values in a sample")
    table = a_table(indexes=(an_index("by-state", ("state_day",)),))
    joined = KeyShape(attribute="state_day", values=1_000, joined=1_000)
    [problem] = examined(joined_index_key, table, items=a_sample(key_shapes=(joined,))).problems
    assert '"state_day" is text joined of several parts in 100% of 1,000 values in a sample' in problem.message
    [good] = examined(joined_index_key, table, items=a_sample(key_shapes=(replace(joined, joined=0),))).goods
    assert good.message == 'no joined text in "state_day" of index by-state, as far as the sample shows'


def test_no_item_beyond_a_step_is_said_of_the_sample_alone() -> None:
    result = examined(unit_boundary_cliff, items=a_sample(), traffic=NO_METRICS)
    assert result.reason == "none of a sample of 1,000 items has more than 1.0 KB and at most 11.0 KB, where one step matters"


# ------------------------------------------------------------------------------------------------------------- indexes


def test_the_entries_of_a_sample_are_a_part_of_the_index() -> None:
    table = a_table(indexes=(an_index(),))
    items = a_sample({50 * KB: 1_000}, indexes=(some_entries("by-status", 1_000, 50 * KB),))
    [problem] = examined(projects_everything, table, items=items).problems
    assert problem.evidence["index_bytes"] == problem.evidence["table_bytes"] == 100 * 1_000 * 50 * KB
    assert problem.current == "projection ALL: about 4.8 GB in the index for 4.8 GB in the table"
    [good] = examined(dead_index, table, items=items, traffic=some_traffic(indexes={"by-status": a_flow(read_units=None)})).goods
    assert good.message == "not empty, or written to: index by-status (at least 1,000 entries)"


def test_entries_are_compared_within_the_sample() -> None:
    short, long = an_index("short", ("status",)), an_index("long", ("status", "created_at"))
    items = a_sample(indexes=(some_entries("short", 1_000), some_entries("long", 900)))
    messages = [good.message for good in examined(redundant_index, a_table(indexes=(short, long)), items=items).goods]
    assert "index short does not repeat index long: 1,000 entries against 900 in a sample" in messages
    own = an_index("own", ("id",))
    [problem] = examined(redundant_index, a_table(indexes=(own,)), items=a_sample(indexes=(some_entries("own", 1_000),))).problems
    assert (problem.evidence["index_entries"], problem.evidence["covering_entries"]) == (1_000, 1_000)


def test_at_least_so_much_waste_holds_at_the_upper_end_of_the_mean() -> None:
    operations = Operations(returned_items={"Query": 10_000})
    traffic = some_traffic(a_flow(read_units=Decimal(11_000)), calls={"Query": 2_000})
    even = examined(filter_waste, items=a_sample(), traffic=traffic, operations=operations)
    assert even.problems[0].evidence["returned_bytes"] == 10_000_000
    items = a_sample({900: 500, 1_100: 500})
    assert items.sample is not None
    uneven = tuple(replace(one, bytes=one.bytes + (-1) ** place * 2_500) for place, one in enumerate(items.sample.segments))
    spread = replace(items, sample=replace(items.sample, segments=uneven))
    [problem] = examined(filter_waste, items=spread, traffic=traffic, operations=operations).problems
    assert problem.evidence["returned_bytes"] == pytest.approx(10_300_000, rel=0.01)
