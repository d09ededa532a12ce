"""Which attribute names are told: those that are schema."""

import pytest

from stj_audit.facts import DYNAMIC_ATTRIBUTES, AttributeSizes, Compressibility
from stj_audit.items.dynamic import SCHEMA_ITEMS, without_dynamic_names
from stj_audit.items.limits import OTHER_ATTRIBUTES
from tests.builders import a_table, an_index, some_items


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
