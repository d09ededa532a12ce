"""A page counted by columns and in parts, against its items one by one: the same counts, and the same errors."""

import gc
import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stj_audit.facts import KeyAttribute, Table
from stj_audit.items import columns, limits, wire
from stj_audit.items.collector import collector_paused
from stj_audit.items.columns import Group, grouped
from stj_audit.items.counts import Counts
from stj_audit.items.fold import Expiry, ItemFold
from stj_audit.items.shapes import by_shape, shape_of
from stj_audit.items.wire import BrokenLine, BrokenPage, parts_of
from stj_audit.sizing import item_size, number_sizes, value_size
from tests.builders import a_table, an_index

pytestmark = pytest.mark.slow

Item = dict[str, Any]

BINARY_KEY = (KeyAttribute(attribute="b", type="B", role="HASH"),)
SEVERAL = tuple(KeyAttribute(attribute=name, type="S", role="HASH") for name in ("g", "r"))
TABLES = (
    a_table(),
    a_table(
        key=("id", "r"), indexes=(an_index("keys", ("g",), projection="KEYS_ONLY"), an_index("local", ("id", "g"), kind="LSI"))
    ),
    a_table(
        indexes=(
            an_index("all", ("g", "r")),
            an_index("binary", key_schema=BINARY_KEY, projection="KEYS_ONLY"),
            an_index("several", key_schema=SEVERAL, projection="INCLUDE", non_key_attributes=("n", "absent")),
            an_index("number", key_schema=(KeyAttribute(attribute="n", type="N", role="HASH"),), projection="KEYS_ONLY"),
        )
    ),
    a_table(key_schema=(KeyAttribute(attribute="n", type="N", role="HASH"), KeyAttribute(attribute="b", type="B", role="RANGE"))),
    a_table(key_schema=()),
)
EXPIRIES = (
    None,
    Expiry(attribute="n", now=datetime(2025, 11, 1, tzinfo=UTC)),
    Expiry(attribute="m", now=datetime(2025, 11, 1, tzinfo=UTC)),
)


@contextmanager
def everything_small() -> Iterator[None]:
    """Groups, parts and limits that a few items fill."""
    few: dict[str, Any] = {
        "MAX_ATTRIBUTES": 4,
        "DISTINCT_LIMIT": 3,
        "BUCKETS": 4,
        "LARGEST": 3,
        "COMPRESSED_ITEMS": 3,
        "COMPRESSED_ITEMS_BYTES": 90,
        "COMPRESSED_FROM_BYTES": 12,
    }
    with (
        patch.multiple(limits, **few),
        patch.object(columns, "SMALLEST_GROUP", 2),
        patch.multiple(wire, PART_BYTES=120, LARGE_ITEM_BYTES=90),
    ):
        yield


texts = st.one_of(
    st.sampled_from(
        ["", "a", "bb", "é", "😀", "2025-10-31", "a@example.com", "a#b", "1.2.3.4", '"Items":[', '}},{"id":', "x" * 20, "\\\n"]
    ),
    st.text(max_size=12),
)
numbers = st.one_of(
    st.sampled_from(["0", "1", "-1", "1.0", "10", "120", "0.05", "1E+3", "1760000001", "-0.00", "1" * 38, "00120", "9.99e-7"]),
    st.integers(-(10**38), 10**38).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=4).map(str),
)
binaries = st.binary(max_size=30).map(lambda raw: b64encode(raw).decode())
flags = st.booleans()
scalars = st.one_of(
    st.builds(lambda content: {"S": content}, texts),
    st.builds(lambda content: {"N": content}, numbers),
    st.builds(lambda content: {"B": content}, binaries),
    st.builds(lambda content: {"BOOL": content}, flags),
    st.just({"NULL": True}),
    st.builds(lambda content: {"SS": content}, st.lists(texts, min_size=1, max_size=3)),
    st.builds(lambda content: {"NS": content}, st.lists(numbers, min_size=1, max_size=3)),
    st.builds(lambda content: {"BS": content}, st.lists(binaries, max_size=3)),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.builds(lambda content: {"L": content}, st.lists(inner, max_size=4)),
        st.builds(lambda content: {"M": content}, st.dictionaries(texts, inner, max_size=4)),
    ),
    max_leaves=8,
)
whole_items = st.fixed_dictionaries(
    {
        "id": st.builds(lambda content: {"S": content}, texts),
        "n": st.builds(lambda content: {"N": content}, numbers),
        "b": st.builds(lambda content: {"B": content}, binaries),
        "r": st.builds(lambda content: {"S": content}, texts),
    },
    optional={"g": st.one_of(st.builds(lambda content: {"S": content}, texts), values), "m": values, "x": values, "é": scalars},
)
pages = st.lists(whole_items, max_size=24)
HOSTILE: tuple[Any, ...] = (
    None,
    7,
    [],
    "S",
    {},
    {"X": "secret"},
    {"S": "secret", "N": "1"},
    {"S": 1},
    {"N": 1},
    {"N": "secret"},
    {"N": "1\n2"},
    {"N": "\uff11"},
    {"N": ""},
    {"B": 1},
    {"BOOL": "true"},
    {"NULL": None},
    {"SS": "secret"},
    {"SS": ["a", 1]},
    {"NS": ["1", "secret"]},
    {"NS": "12"},
    {"BS": ["AA==", None]},
    {"L": {"a": {"S": "x"}}},
    {"M": [{"S": "x"}]},
    {"L": [{"S": "x"}, {"M": {"a": {"L": [{"N": "secret"}]}}}]},
    {"M": {"a": {"S": "x"}, "b": {"S": "x", "N": "1"}}},
    {"M": {"a": ["S"]}},
    {"L": ["S"]},
)


def a_fold(table: Table, expiry: Expiry | None = None) -> ItemFold:
    return ItemFold(table, hash_key=b"a key of this run", expiry=expiry)


def a_page(items: Iterable[Item], *, ascii_only: bool = False, **others: Any) -> bytes:
    some = list(items)
    answer = {"Count": len(some), "Items": some, "ScannedCount": len(some), **others}
    return json.dumps(answer, separators=(",", ":"), ensure_ascii=ascii_only).encode()


def one_by_one(items: Iterable[Item], table: Table, expiry: Expiry | None) -> tuple[str, Counts]:
    one = a_fold(table, expiry)
    try:
        one.add(items)
    except ValueError as error:
        return repr(error), one.counts()
    return "", one.counts()


def by_pages(bodies: Iterable[bytes], table: Table, expiry: Expiry | None) -> tuple[str, Counts]:
    one = a_fold(table, expiry)
    try:
        for body in bodies:
            one.add_page(body)
    except ValueError as error:
        return repr(error), one.counts()
    return "", one.counts()


@settings(max_examples=150)
@given(some=pages, table=st.sampled_from(TABLES), expiry=st.sampled_from(EXPIRIES), ascii_only=flags)
def test_a_page_counts_as_its_items_do(some: list[Item], table: Table, expiry: Expiry | None, ascii_only: bool) -> None:
    body = a_page(some, ascii_only=ascii_only)
    assert by_pages([body], table, expiry) == one_by_one(some, table, expiry)
    with everything_small():
        assert by_pages([body], table, expiry) == one_by_one(some, table, expiry)


@settings(max_examples=60)
@given(some=pages, cuts=st.sets(st.integers(1, 23)), table=st.sampled_from(TABLES), order=st.randoms(use_true_random=False))
def test_pages_cut_otherwise_and_items_in_another_order_count_alike(
    some: list[Item], cuts: set[int], table: Table, order: Random
) -> None:
    bounds = [0, *sorted(cuts), len(some)]
    cut = [a_page(some[start:end]) for start, end in pairwise(bounds)]
    shuffled = [dict(order.sample(list(item.items()), len(item))) for item in order.sample(some, len(some))]
    with everything_small():
        whole = by_pages([a_page(some)], table, EXPIRIES[1])
        assert by_pages(cut, table, EXPIRIES[1]) == whole
        assert by_pages([a_page(shuffled)], table, EXPIRIES[1]) == whole


@settings(max_examples=150)
@given(
    some=st.lists(whole_items, min_size=1, max_size=24),
    where=st.integers(0, 23),
    name=st.sampled_from(["id", "n", "b", "g", "m"]),
    broken=st.sampled_from((*HOSTILE, "missing", "no item", {"B": "A"}, {"B": "é"})),
    table=st.sampled_from(TABLES),
)
def test_what_is_wrong_is_told_as_of_items_one_by_one(some: list[Item], where: int, name: str, broken: Any, table: Table) -> None:
    items: list[Any] = [dict(item) for item in some]
    place = where % len(items)
    if broken == "missing":
        items[place].pop(name, None)
    elif broken == "no item":
        items[place] = ["secret"]
    else:
        items[place][name] = broken
    with everything_small():
        expected = one_by_one(items, table, EXPIRIES[1])
        assert by_pages([a_page(items)], table, EXPIRIES[1]) == expected
    assert "secret" not in expected[0]


@pytest.mark.parametrize("broken", HOSTILE)
@pytest.mark.parametrize("alike", [1, 30])
def test_what_is_no_value_is_refused_in_a_column_as_alone(broken: Any, alike: int) -> None:
    items = [{"id": {"S": str(place)}, "v": {"S": "x"}} for place in range(30)]
    for item in items[-alike:]:
        item["v"] = broken
    with pytest.raises(ValueError, match="not DynamoDB JSON") as told:
        item_size(items[-1])
    with pytest.raises(ValueError, match="not DynamoDB JSON") as refused:
        a_fold(a_table()).add_page(a_page(items))
    assert (type(refused.value), str(refused.value)) == (type(told.value), str(told.value))


def test_items_are_grouped_whatever_the_order_of_their_attributes() -> None:
    one, other, single = {"a": {"S": "x"}, "b": {"N": "1"}}, {"b": {"N": "120"}, "a": {"S": "é"}}, {"a": {"S": "x"}}
    groups, rest = grouped([one, other, one, single, other])
    assert (groups, rest) == ([[one, one, other, other]], [single])
    group = Group(groups[0], kept={"a"})
    assert group.sizes == [5, 5, 7, 7] == [item_size(item) for item in groups[0]]
    assert group.times("a") == {"x": 2, "é": 2}
    assert group.columns["b"].contents is None


# ---------------------------------------------------------------------------------------------------------- parts


def many(count: int = 40, **attributes: Any) -> list[Item]:
    return [{"id": {"S": str(place)}, **attributes} for place in range(count)]


def parts(body: bytes) -> list[dict[str, Any]]:
    with patch.object(wire, "PART_BYTES", 200):
        return list(parts_of(body))


def test_the_parts_are_the_answer() -> None:
    body = a_page(many(), LastEvaluatedKey={"id": {"S": "39"}})
    found = parts(body)
    assert len(found) > 3
    assert [item for part in found for item in part["Items"]] == many()
    members: dict[str, Any] = {}
    for part in found:
        members |= part
    assert members | {"Items": many()} == json.loads(body)


def test_large_items_are_parts_of_their_own() -> None:
    some = many()
    for place in (0, 7, 8, 39):
        some[place]["v"] = {"S": "x" * 100}
    with patch.object(wire, "LARGE_ITEM_BYTES", 100):
        found = [part["Items"] for part in parts(a_page(some))]
    assert [some[place] for place in (0, 7, 8)] == [item for part in found if len(part) == 1 for item in part][:3]
    assert sorted((item for part in found for item in part), key=lambda item: int(item["id"]["S"])) == some


def test_a_small_answer_is_one_part() -> None:
    assert parts(a_page(many(3))) == [json.loads(a_page(many(3)))]


@pytest.mark.parametrize(
    "attributes",
    [
        {"v": {"S": '{"Items":[{"id":{"S":"x"}},{"id":{"S":"y"}}]}'}},
        {"v": {"L": [{"M": {"id": {"S": "x"}}}, {"M": {"id": {"S": "y"}}}]}},
        {"Items": {"L": [{"S": "x"}]}},
    ],
)
def test_values_that_look_like_items_are_none(attributes: Item) -> None:
    some = many(**attributes)
    found = parts(a_page(some))
    assert [item for part in found for item in part["Items"]] == some


def test_what_cannot_be_taken_apart_is_counted_all_the_same() -> None:
    # an element of each list begins as the items do, and is no value: its text is cut where no item ends
    looks_alike = many(v={"M": {"a": {"L": [{"S": "x"}]}}})
    body = a_page(looks_alike).replace(b'{"L":[{"S":"x"}]}', b'{"L":[{"S":"x"},{"S":"y"}]}')
    named = body.replace(b'"id"', b'"S"').replace(b'{"S":{"S":', b'{"S" :{"S":', 1)
    for text in (body, named, body.replace(b",", b", ")):
        items = json.loads(text)["Items"]
        table = a_table(key_schema=()) if text is named else a_table()
        with patch.object(wire, "PART_BYTES", 200):
            page, expected = a_fold(table), a_fold(table)
            assert page.add_page(text).items == 40
            expected.add(items)
            assert page.counts() == expected.counts()


@pytest.mark.parametrize(
    "broken",
    [
        lambda body: body[:-1],
        lambda body: body[: len(body) // 2],
        lambda body: body.replace(b'"ScannedCount":40', b'"ScannedCount":"40"'),
        lambda body: body.replace(b'"ScannedCount":40', b'"ScannedCount":41'),
        lambda body: body.replace(b'"Count":40,', b""),
        lambda body: body.replace(b'"ScannedCount"', b'"Items":[],"ScannedCount"'),
        lambda body: body + b"}",
        lambda body: body.replace(b'"39"', b'"39'),
    ],
)
def test_of_a_broken_page_nothing_is_counted(broken: Any) -> None:
    one = a_fold(a_table())
    with patch.object(wire, "PART_BYTES", 200), pytest.raises(BrokenPage):
        one.add_page(broken(a_page(many())))
    assert one.counts() == a_fold(a_table()).counts()


@pytest.mark.parametrize("table", [TABLES[0], TABLES[4]])
@pytest.mark.parametrize("levels", [40, 200, 400, 505, 520, 5_000])
@pytest.mark.parametrize("inner", ['{"S":"x"}', '{"X":"secret"}', '{"N":"secret"}'])
@pytest.mark.parametrize("container", ['{"L":[ ]}', '{"M":{"a": }}'])
@pytest.mark.parametrize("alike", [1, 6])
def test_what_is_nested_deeply_is_counted_or_refused(table: Table, levels: int, inner: str, container: str, alike: int) -> None:
    start, end = container.split()
    item = '{"id":{"S":"a"},"v":' + start * levels + inner + end * levels + "}"
    page = f'{{"Count":{alike},"Items":[{",".join([item] * alike)}],"ScannedCount":{alike}}}'
    for count, body in (
        (a_fold(table).add_page, page),
        (lambda block: a_fold(table).add_lines(block, wrapped=False), "\n".join([item] * alike)),
    ):
        if "secret" in inner or levels > 510:
            with pytest.raises(ValueError, match=r"not DynamoDB JSON|nested deeper than DynamoDB allows") as refused:
                count(body.encode())
            assert "secret" not in str(refused.value)
        else:
            count(body.encode())


def test_items_with_an_index_key_of_another_type_are_in_no_index() -> None:
    some = many(g={"N": "1"}, b={"S": "x"}, n={"NULL": True}, r={"S": "x"})
    one = a_fold(TABLES[2], EXPIRIES[1])
    one.add_page(a_page(some))
    assert ("", one.counts()) == one_by_one(some, TABLES[2], EXPIRIES[1])
    assert {entries.entries for entries in one.counts().indexes} == {0}


# ---------------------------------------------------------------------------------------------------------- lines


@settings(max_examples=60)
@given(some=pages, wrapped=flags)
def test_lines_count_as_their_items_do(some: list[Item], wrapped: bool) -> None:
    block = b"\n".join(json.dumps({"Item": item} if wrapped else item).encode() for item in some)
    one = a_fold(TABLES[2])
    assert one.add_lines(block, wrapped=wrapped) == len(some)
    assert ("", one.counts()) == one_by_one(some, TABLES[2], None)


# ---------------------------------------------------------------------------------------------- many values at a time


@given(some=st.lists(numbers))
def test_many_numbers_are_measured_as_each(some: list[str]) -> None:
    assert number_sizes(some) == [value_size({"N": number}) for number in some]


@pytest.mark.parametrize("some", [["1", "x"], ["1\n2"], ["1", "2\n"], [""], ["1", 2], ["\ud800"], ["1e5", "e"]])
def test_many_with_one_that_is_no_number_are_refused(some: list[Any]) -> None:
    with pytest.raises(ValueError, match=r"expected (a decimal number|numbers as strings)$"):
        number_sizes(some)


@given(some=values)
def test_a_document_is_as_large_as_its_parts(some: Item) -> None:
    def size(value: Item) -> int:
        ((kind, content),) = value.items()
        if kind == "L":
            return 3 + sum(1 + size(element) for element in content)
        if kind == "M":
            return 3 + sum(1 + len(name.encode()) + size(element) for name, element in content.items())
        return value_size(value)

    assert value_size(some) == size(some)


KEYS = (
    "555-123-4567",
    "1 555 123 4567",
    "20251031",
    "+4700012345",
    "fe80::1",
    "a|b",
    "#a",
    "a#",
    "#",
    "||",
    "2025-10-31",
    "1\n#2",
    "x y",
)


@given(
    some=st.sets(
        st.one_of(texts, numbers, st.sampled_from(KEYS), st.lists(st.sampled_from(KEYS), min_size=2, max_size=3).map("#".join))
    )
)
def test_many_texts_have_the_shapes_of_each(some: set[str]) -> None:
    for marks in ("", "@:+(.", "#|@:+(."):
        without = {text for text in some if not set(marks) & set(text)}
        found = {text: shape for shape, alike in by_shape(without).items() for text in alike}
        assert found == {text: shape_of(text) for text in without if shape_of(text)}


# ------------------------------------------------------------------------------------------------------ the collector


@pytest.mark.parametrize("was_on", [True, False])
def test_the_garbage_collector_is_as_it_was(was_on: bool) -> None:
    before = gc.isenabled()
    (gc.enable if was_on else gc.disable)()
    try:
        with collector_paused():
            assert not gc.isenabled()
        assert gc.isenabled() == was_on
        with pytest.raises(BrokenPage):
            a_fold(a_table()).add_page(b"{}")
        assert gc.isenabled() == was_on
    finally:
        (gc.enable if before else gc.disable)()


@pytest.mark.parametrize("value", [b"null", b"[]", b"1", b'"B"', b'{"B":null}'])
def test_a_binary_key_that_is_no_value_is_told_with_its_line(value: bytes) -> None:
    lines = [b'{"b":{"B":"YWE="}}', b'{"b":' + value + b',"t":{"S":"x"}}', b'{"b":{"B":"YWI="},"u":{"S":"x"}}']
    with pytest.raises(BrokenLine, match="line 2: not DynamoDB JSON at attribute 'b'"):
        ItemFold(a_table(key_schema=BINARY_KEY), hash_key=b"key").add_lines(b"\n".join(lines), wrapped=False)


def test_a_binary_key_that_is_no_base64_is_told_with_its_line() -> None:
    table = a_table(key_schema=BINARY_KEY)
    lines = [b'{"b":{"B":"YWE="}}', b'{"b":{"B":"YWE="},"n":{"N":"1"}}', b'{"b":{"B":"a"},"t":{"S":"x"}}', b'{"b":{"B":"YWI="}}']
    one, good = ItemFold(table, hash_key=b"key"), ItemFold(table, hash_key=b"key")
    with pytest.raises(BrokenLine) as told:
        one.add_lines(b"\n".join(lines), wrapped=False)
    assert told.value.line == 3
    assert good.add_lines(b"\n".join(lines[:2]), wrapped=False) == 2
    assert one.counts().keys == good.counts().keys
