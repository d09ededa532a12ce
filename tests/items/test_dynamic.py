"""Which attribute names are told: those that are schema."""

import re
from decimal import Decimal

import pytest

from stj_audit.facts import DYNAMIC_ATTRIBUTES, AttributeSizes, Compressibility
from stj_audit.items.counts import Counts, to_json
from stj_audit.items.dynamic import SCHEMA_ITEMS, hidden, revealed, without_dynamic_names
from stj_audit.items.fold import ItemFold
from stj_audit.items.limits import OTHER_ATTRIBUTES
from tests.builders import a_table, an_index, some_items

KEY = b"k" * 32


def an_attribute(name: str, *, present: int = 50) -> AttributeSizes:
    return AttributeSizes(name=name, types=("S",), present=present, total_bytes=20 * present, max_bytes=20)


def told(*attributes: AttributeSizes, time_to_live: str | None = None) -> list[str]:
    table = a_table(indexes=(an_index(key=("status",), projection="INCLUDE", non_key_attributes=("note",)),))
    sizes = without_dynamic_names(some_items({100: 50}, attributes=attributes), table, time_to_live=time_to_live)
    return [one.name for one in sizes.attributes]


@pytest.mark.parametrize(
    ("name", "items", "schema"),
    [
        ("total", SCHEMA_ITEMS, True),
        ("total", SCHEMA_ITEMS - 1, False),
        ("visits-of-jane", 1, False),
        ("jane@example.com", 50, False),
        ("user#jane@example.com", 50, False),
        ("+43 1 234 5678", 50, False),
        ("192.168.2.100", 50, False),
        ("id", 1, True),
        ("status", 1, True),
        ("note", 1, True),
        ("expires", 1, True),
        (OTHER_ATTRIBUTES, 1, True),
    ],
)
def test_a_name_is_told_when_it_is_schema(name: str, items: int, schema: bool) -> None:
    assert told(an_attribute(name, present=items), time_to_live="expires") == [name if schema else DYNAMIC_ATTRIBUTES]


def test_names_that_may_be_data_are_counted_as_one() -> None:
    attributes = (
        AttributeSizes(name="body", types=("S",), present=50, total_bytes=5_000, max_bytes=100),
        AttributeSizes(name="jane", types=("S",), present=2, total_bytes=900, max_bytes=800),
        AttributeSizes(name="joe", types=("N", "S"), present=1, total_bytes=70, max_bytes=70),
        AttributeSizes(name="kind", types=("S",), present=50, total_bytes=500, max_bytes=10),
        AttributeSizes(name=OTHER_ATTRIBUTES, types=("S",), present=9, total_bytes=9_000, max_bytes=1_000),
    )
    compressed = tuple(
        Compressibility(attribute=one.name, sampled=1, value_bytes=100, compressed_bytes=50) for one in attributes[:2]
    )
    sizes = without_dynamic_names(some_items({100: 50}, attributes=attributes, compressibility=compressed), a_table())
    dynamic = AttributeSizes(name=DYNAMIC_ATTRIBUTES, types=("N", "S"), present=3, total_bytes=970, max_bytes=800)
    assert sizes.attributes == (attributes[0], dynamic, attributes[3], attributes[4])
    assert [one.attribute for one in sizes.compressibility] == ["body"]


def test_without_such_names_nothing_changes() -> None:
    sizes = some_items({100: 50}, attributes=(an_attribute("id"), an_attribute("body")))
    assert without_dynamic_names(sizes, a_table()) is sizes


def folded(items: int, *names: str) -> Counts:
    fold = ItemFold(a_table(), hash_key=KEY)
    fold.add({"id": {"S": str(place)}, **{name: {"S": "v" * 2_000} for name in names}} for place in range(items))
    return fold.counts()


def test_a_file_has_hashes_in_the_place_of_names_that_may_be_data() -> None:
    counts = folded(2, "jane", "body")
    told = to_json(hidden(counts, a_table(), hash_key=KEY)).decode()
    assert '"id"' in told
    assert "jane" not in told
    assert "body" not in told
    assert told.count(DYNAMIC_ATTRIBUTES) >= 2
    other = to_json(hidden(counts, a_table(), hash_key=b"other")).decode()
    assert set(re.findall("<dynamic> [0-9a-f]{32}", told)).isdisjoint(re.findall("<dynamic> [0-9a-f]{32}", other))
    shown = to_json(hidden(folded(3, "body", "jane@example.com"), a_table(), hash_key=KEY)).decode()
    assert '"body"' in shown
    assert "jane" not in shown


def test_what_was_hidden_before_an_interrupt_is_counted_under_its_name_afterwards() -> None:
    fold = ItemFold(a_table(), hash_key=KEY)
    fold.add_counts(hidden(folded(2, "body", "jane"), a_table(), hash_key=KEY))
    fold.add({"id": {"S": f"more{place}"}, "body": {"S": "v" * 2_000}} for place in range(2))
    whole = ItemFold(a_table(), hash_key=KEY)
    whole.add_counts(revealed(fold.counts(), hash_key=KEY))
    sizes = without_dynamic_names(whole.sizes(coverage="full", read_units=Decimal(1)), a_table())
    assert {one.name: one.present for one in sizes.attributes} == {"body": 4, "id": 4, DYNAMIC_ATTRIBUTES: 2}
    assert {one.attribute: one.sampled for one in sizes.compressibility} == {"body": 4}


def test_what_was_hidden_twice_is_hidden_once() -> None:
    once = hidden(folded(2, "jane"), a_table(), hash_key=KEY)
    assert hidden(once, a_table(), hash_key=KEY) == once


def test_what_the_owner_names_is_schema_in_however_few_items() -> None:
    sizes = some_items({100: 50}, attributes=(an_attribute("rare", present=1), an_attribute("other", present=1)))
    told = without_dynamic_names(sizes, a_table(), declared={"rare"})
    assert {one.name for one in told.attributes} == {"rare", DYNAMIC_ATTRIBUTES}


def test_with_fewer_names_declared_afterwards_it_is_as_with_these_at_once() -> None:
    sizes = some_items({100: 50}, attributes=tuple(an_attribute(name, present=2) for name in ("one", "two", "three")))
    known = without_dynamic_names(sizes, a_table(), declared={"one", "two"})
    assert without_dynamic_names(known, a_table(), declared={"one"}) == without_dynamic_names(sizes, a_table(), declared={"one"})
    assert {one.name for one in known.attributes} == {"one", "two", DYNAMIC_ATTRIBUTES}
