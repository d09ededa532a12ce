"""The units of every operation as facts, one line each; test_units_against_engine.py holds them to AWS's engine."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stj_audit.cost.units import (
    READ_UNIT_BYTES,
    TTL_DELETE_UNITS,
    WRITE_UNIT_BYTES,
    Consistency,
    batch_get_units,
    batch_write_units,
    condition_check_units,
    get_item_units,
    index_arm_units,
    page_units,
    read_units,
    transact_get_units,
    transact_write_units,
    write_cost,
    write_item_units,
    write_units,
)
from stj_audit.facts import MAX_ITEM_BYTES, KeyAttribute
from stj_audit.sizing import item_size
from tests.builders import a_table, an_index, keys

Item = dict[str, Any]
HALF = Decimal("0.5")

# --------------------------------------------------------------------------------------------------------------- reads


@pytest.mark.parametrize(
    ("size_bytes", "steps"),
    [
        (None, 1),
        (0, 1),
        (1, 1),
        (4_095, 1),
        (4_096, 1),
        (4_097, 2),
        (8_192, 2),
        (8_193, 3),
        (MAX_ITEM_BYTES, 100),
    ],
)
def test_get_item_takes_steps_of_4_kb_and_one_for_a_miss(size_bytes: int | None, steps: int) -> None:
    assert get_item_units(size_bytes) == steps * HALF
    assert get_item_units(size_bytes, Consistency.STRONG) == steps
    assert get_item_units(size_bytes, Consistency.TRANSACTIONAL) == 2 * steps
    assert transact_get_units([size_bytes]) == 2 * steps
    assert read_units(size_bytes or 0) == steps * HALF
    assert read_units(size_bytes or 0, consistent=True) == steps


@pytest.mark.parametrize(
    ("page_bytes", "strong"),
    [
        (0, 1),
        (10 * 1_000, 3),
        (10 * 1_000 + 2_288, 3),
        (10 * 1_000 + 2_289, 4),
        (256 * 4_096, 256),
        (11 * 100_000, 269),
    ],
)
def test_a_page_is_rounded_once(page_bytes: int, strong: int) -> None:
    assert page_units(page_bytes, Consistency.STRONG) == strong
    assert page_units(page_bytes) == strong * HALF


def test_batches_of_reads_round_each_item() -> None:
    assert batch_get_units([]) == 0
    assert batch_get_units([1_000] * 10) == 5
    assert batch_get_units([1_000] * 10, Consistency.STRONG) == 10
    assert batch_get_units([4_097, None, 4_096]) == 2
    assert transact_get_units([1, 4_097, None]) == 2 + 4 + 2


# -------------------------------------------------------------------------------------------------------------- writes


@pytest.mark.parametrize(
    ("size_bytes", "units"), [(0, 1), (1, 1), (1_023, 1), (1_024, 1), (1_025, 2), (2_048, 2), (2_049, 3), (MAX_ITEM_BYTES, 400)]
)
def test_a_write_takes_steps_of_1_kb(size_bytes: int, units: int) -> None:
    assert write_units(size_bytes) == units
    assert write_item_units(None, size_bytes) == units
    assert write_item_units(size_bytes, None) == units
    assert write_item_units(size_bytes, size_bytes) == units


@pytest.mark.parametrize(
    ("old_bytes", "new_bytes", "units"),
    [
        (None, None, 1),  # the delete of what is not there
        (100, 1_025, 2),
        (1_025, 100, 2),  # shrinking pays for the larger
        (1_024, 1_024, 1),
        (3_000, 5_000, 5),
    ],
)
def test_the_larger_of_before_and_after_is_paid(old_bytes: int | None, new_bytes: int | None, units: int) -> None:
    assert write_item_units(old_bytes, new_bytes) == units
    assert batch_write_units([(old_bytes, new_bytes)]) == units
    assert transact_write_units([(old_bytes, new_bytes)]) == 2 * units


def test_batches_of_writes_round_each_item() -> None:
    assert batch_write_units([]) == 0
    assert batch_write_units([(None, 500)] * 25) == 25
    assert batch_write_units([(None, 1_025), (1_024, 10), (None, None)]) == 2 + 1 + 1
    assert transact_write_units([(None, 1_500), (None, 500), (None, None)]) == 4 + 2 + 2


@pytest.mark.parametrize(("size_bytes", "units"), [(None, 2), (1, 2), (4_096, 2), (4_097, 4)])
def test_a_condition_check_takes_two_for_a_small_or_missing_item(size_bytes: int | None, units: int) -> None:
    assert condition_check_units(size_bytes) == units


def test_time_to_live_deletes_for_nothing() -> None:
    assert TTL_DELETE_UNITS == 0


@given(st.integers(0, MAX_ITEM_BYTES), st.integers(0, MAX_ITEM_BYTES))
def test_units_cover_the_bytes_and_no_more_than_a_step_beyond(one: int, other: int) -> None:
    larger = max(one, other)
    units = write_item_units(one, other)
    assert (units - 1) * WRITE_UNIT_BYTES < max(larger, 1) <= units * WRITE_UNIT_BYTES
    steps = page_units(larger, Consistency.STRONG)
    assert (steps - 1) * READ_UNIT_BYTES < max(larger, 1) <= steps * READ_UNIT_BYTES


# ------------------------------------------------------------------------------------------------------------- indexes


@pytest.mark.parametrize(
    ("old_bytes", "new_bytes", "key_changed", "entry_changed", "units"),
    [
        pytest.param(None, None, False, False, 0, id="never in it"),
        pytest.param(None, None, True, True, 0, id="never in it, whatever changed"),
        pytest.param(None, 1_024, False, False, 1, id="added"),
        pytest.param(None, 1_025, False, False, 2, id="added, a byte over"),
        pytest.param(1_024, None, False, False, 1, id="removed"),
        pytest.param(1_025, None, False, False, 2, id="removed, a byte over"),
        pytest.param(5_000, 5_000, False, False, 0, id="unchanged"),
        pytest.param(5_000, 5_000, False, True, 5, id="changed, same size"),
        pytest.param(1_025, 1_024, False, True, 2, id="changed, shrunk"),
        pytest.param(1_024, 1_025, False, True, 2, id="changed, grown"),
        pytest.param(1_024, 1_024, True, True, 2, id="key changed"),
        pytest.param(1_025, 3_072, True, True, 5, id="key changed and grown"),
    ],
)
def test_an_index_is_paid_by_what_becomes_of_the_entry(
    old_bytes: int | None, new_bytes: int | None, key_changed: bool, entry_changed: bool, units: int
) -> None:
    assert index_arm_units(old_bytes, new_bytes, key_changed=key_changed, entry_changed=entry_changed) == units


INDEXED = a_table(
    key=("pk", "sk"),
    indexes=(
        an_index("all", ("g",)),
        an_index("keys", ("g",), projection="KEYS_ONLY"),
        an_index("some", ("g",), projection="INCLUDE", non_key_attributes=("a",)),
        an_index("both", ("g", "r"), projection="KEYS_ONLY"),
        an_index("local", ("pk", "l"), kind="LSI"),
    ),
)
KEY: Item = {"pk": {"S": "p"}, "sk": {"S": "s"}}
BIG: Item = {**KEY, "g": {"S": "g"}, "a": {"S": "a"}, "x": {"S": "x" * 4_985}}


def cost(old_item: Item | None, new_item: Item | None) -> Mapping[str | None, Decimal]:
    """What the write takes, without the arms that are 0."""
    return {arm: units for arm, units in write_cost(INDEXED, old_item, new_item).items() if units}


def test_the_write_of_an_item_is_paid_in_the_table_and_in_each_index_that_it_changes() -> None:
    assert item_size(BIG) == 4_996
    assert cost(None, BIG) == {None: 5, "all": 5, "keys": 1, "some": 1}
    assert cost(BIG, BIG) == {None: 5}
    assert cost(BIG, BIG | {"g": {"S": "h"}}) == {None: 5, "all": 10, "keys": 2, "some": 2}
    assert cost(BIG, BIG | {"x": {"S": "y" * 4_985}}) == {None: 5, "all": 5}
    assert cost(BIG, BIG | {"a": {"S": "b"}}) == {None: 5, "all": 5, "some": 1}
    assert cost(BIG, KEY) == cost(BIG, None) == cost(None, BIG)
    assert cost(None, None) == {None: 1}
    assert cost(KEY, KEY | {"x": {"S": "x"}}) == {None: 1}


def test_every_index_has_its_arm_also_where_it_takes_nothing() -> None:
    assert write_cost(INDEXED, None, KEY) == {None: 1, "all": 0, "keys": 0, "some": 0, "both": 0, "local": 0}


def test_an_item_is_in_an_index_only_with_all_of_its_keys() -> None:
    half, other_half, whole = ({**KEY, **{name: {"S": name} for name in names}} for names in ("g", "r", "gr"))
    assert "both" not in cost(half, other_half)
    assert cost(half, whole)["both"] == cost(whole, other_half)["both"] == 1


def test_a_key_of_another_type_keeps_an_item_out_of_the_index() -> None:
    assert cost(None, KEY | {"g": {"N": "1"}}) == {None: 1}


def test_a_local_index_takes_its_entry_and_no_overhead() -> None:
    item: Item = {**KEY, "l": {"S": "l"}, "x": {"S": "x" * (1_024 - 9)}}
    assert item_size(item) == 1_024
    assert cost(None, item) == {None: 1, "local": 1}
    assert cost(None, item | {"x": {"S": "x" * (1_025 - 9)}}) == {None: 2, "local": 2}
    assert cost(item, item | {"l": {"S": "m"}}) == {None: 1, "local": 2}


def test_a_transaction_pays_twice_in_the_table_and_once_in_an_index() -> None:
    assert write_cost(INDEXED, None, BIG, transactional=True) == {None: 10, "all": 5, "keys": 1, "some": 1, "both": 0, "local": 0}
    assert write_cost(INDEXED, None, None, transactional=True)[None] == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"N": "1"}, {"N": "1.0"}),
        ({"N": "1e3"}, {"N": "+1000"}),
        ({"N": "-0"}, {"N": "0.00"}),
        ({"SS": ["a", "b"]}, {"SS": ["b", "a"]}),
        ({"NS": ["1", "2.50"]}, {"NS": ["2.5", "1.0"]}),
        ({"BS": ["AQ==", "Ag=="]}, {"BS": [b"\2", b"\1"]}),
        ({"B": "AQ=="}, {"B": b"\1"}),
        ({"L": [{"N": "10"}]}, {"L": [{"N": "1e1"}]}),
        ({"M": {"a": {"NS": ["1", "2"]}, "b": {"NULL": True}}}, {"M": {"b": {"NULL": True}, "a": {"NS": ["2", "1"]}}}),
    ],
)
def test_a_value_written_otherwise_is_no_change(one: Item, other: Item) -> None:
    item: Item = {**KEY, "g": {"S": "g"}}
    assert cost(item | {"a": one}, item | {"a": other}) == {None: 1}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"N": "1"}, {"S": "1"}),
        ({"N": "1"}, {"N": "-1"}),
        ({"SS": ["a"]}, {"L": [{"S": "a"}]}),
        ({"L": [{"S": "a"}, {"S": "b"}]}, {"L": [{"S": "b"}, {"S": "a"}]}),
        ({"M": {"a": {"S": ""}}}, {"M": {}}),
        ({"BOOL": True}, {"BOOL": False}),
        ({"BOOL": True}, {"NULL": True}),
        ({"S": "AQ=="}, {"B": "AQ=="}),
    ],
)
def test_another_value_is_a_change(one: Item, other: Item) -> None:
    item: Item = {**KEY, "g": {"S": "g"}}
    assert cost(item | {"a": one}, item | {"a": other}) == {None: 1, "all": 1, "some": 1}


def test_a_key_written_otherwise_is_the_same_key() -> None:
    by_score = an_index("by-score", key_schema=(KeyAttribute(attribute="score", type="N", role="HASH"),), projection="KEYS_ONLY")
    table = a_table(indexes=(by_score,))
    item: Item = {"id": {"S": "a"}, "score": {"N": "1"}}
    assert write_cost(table, item, item | {"score": {"N": "1.0"}}) == {None: 1, "by-score": 0}
    assert write_cost(table, item, item | {"score": {"N": "1.1"}}) == {None: 1, "by-score": 2}


def test_two_items_are_no_write() -> None:
    with pytest.raises(ValueError, match="different primary keys"):
        write_cost(INDEXED, KEY, KEY | {"sk": {"S": "other"}})


def test_no_item_is_no_write() -> None:
    with pytest.raises(ValueError, match="'a'"):
        write_cost(INDEXED, None, KEY | {"a": {"Z": "?"}})


def test_a_key_of_many_attributes_is_one_key() -> None:
    table = a_table(indexes=(an_index("wide", key_schema=keys("a", "b", "c", "d", hashes=2), projection="KEYS_ONLY"),))
    item: Item = {name: {"S": name} for name in ("id", "a", "b", "c", "d")}
    without = {name: value for name, value in item.items() if name != "c"}
    assert write_cost(table, None, item)["wide"] == 1
    assert write_cost(table, None, without)["wide"] == 0
    assert write_cost(table, item, item | {"d": {"S": "e"}})["wide"] == 2
