"""Items to ItemSizes: numbers worked out by hand, and merged folds against one pass."""

import hashlib
import json
import pickle
import zlib
from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stj_audit.facts import (
    AttributeSizes,
    Compressibility,
    IndexEntries,
    ItemSizes,
    KeyAttribute,
    KeyCardinality,
    KeyShape,
    LargestItem,
    Table,
    TimeToLiveValues,
)
from stj_audit.items import chosen, limits
from stj_audit.items.fold import Expiry, ItemFold
from stj_audit.items.limits import (
    COMPRESSED_ITEMS,
    COMPRESSED_ITEMS_BYTES,
    DISTINCT_LIMIT,
    LARGEST,
    MAX_ATTRIBUTES,
    OTHER_ATTRIBUTES,
)
from stj_audit.sizing import value_size
from tests.builders import a_table, an_index

pytestmark = pytest.mark.slow

Item = dict[str, Any]
HASH_KEY = b"a key of this run"


def folded(items: Iterable[Item], table: Table | None = None) -> ItemSizes:
    one = ItemFold(table or a_table(), hash_key=HASH_KEY)
    one.add(items)
    return one.sizes(coverage="full", read_units=Decimal("1.5"))


def an_item(key: str, **attributes: Item) -> Item:
    return {"id": {"S": key}, **attributes}


def keyed_hash(key: bytes) -> str:
    derived = hashlib.blake2b(HASH_KEY, digest_size=32, person=b"largest items").digest()
    return hashlib.blake2b(key, key=derived, digest_size=8).hexdigest()


def test_nothing_read_is_nothing_said() -> None:
    seen = folded([], a_table(indexes=(an_index("by-status"),)))
    assert seen == ItemSizes(
        coverage="full",
        sizes=(),
        read_units=Decimal("1.5"),
        indexes=(IndexEntries(index="by-status", entries=0, total_bytes=0, max_bytes=0),),
        keys=(
            KeyCardinality(index=None, items=0, distinct=0, distinct_limit=1_024, top_share=None),
            KeyCardinality(index="by-status", items=0, distinct=0, distinct_limit=1_024, top_share=None),
        ),
        key_shapes=(KeyShape(attribute="id", values=0), KeyShape(attribute="status", values=0)),
    )


def test_sizes_attributes_and_largest() -> None:
    seen = folded([an_item("a", n={"N": "120"}), an_item("b", n={"S": "text"}), an_item("cc"), an_item("d", n={"NULL": True})])
    assert seen.sizes == ((4, 1), (5, 1), (7, 1), (8, 1))
    assert seen.attributes == (
        AttributeSizes(name="id", types=("S",), present=4, total_bytes=13, max_bytes=4),
        AttributeSizes(name="n", types=("N", "NULL", "S"), present=3, total_bytes=11, max_bytes=5),
    )
    assert seen.largest == tuple(
        LargestItem(size_bytes=size, key_hash=keyed_hash(key)) for size, key in ((8, b"b"), (7, b"a"), (5, b"d"), (4, b"cc"))
    )
    assert seen.coverage == "full"
    assert seen.read_units == Decimal("1.5")


def test_a_sample_is_called_a_sample() -> None:
    assert ItemFold(a_table(), hash_key=HASH_KEY).sizes(coverage="sample", read_units=Decimal(0)).coverage == "sample"


# --------------------------------------------------------------------------------------------------------- attributes


def test_names_beyond_the_limit_are_summed_in_one() -> None:
    many = [an_item("a", **{f"attribute-{place:05}": {"S": "x" * (1 + place % 7)}}) for place in range(MAX_ATTRIBUTES + 500)]
    seen = folded(many)
    assert len(seen.attributes) == MAX_ATTRIBUTES + 1
    other = seen.attributes[-1]
    # "id" and the first 999 by name are counted one by one.
    assert other.name == OTHER_ATTRIBUTES
    assert other.present == 501
    assert other.total_bytes == sum(15 + 1 + place % 7 for place in range(999, 1_500))
    assert other.max_bytes == 15 + 7
    assert sum(attribute.total_bytes for attribute in seen.attributes) == seen.scanned_bytes


def test_key_attributes_and_short_names_are_not_pushed_out_by_names_made_of_data() -> None:
    table = a_table(indexes=(an_index(key=("a-very-long-name-of-an-index-key",)),))
    schema = {"a-very-long-name-of-an-index-key": {"S": "k"}, "payload": {"S": "x" * 1_000}}
    noisy = [an_item("a", **{f"user-{place:08}": {"S": "x"}}) for place in range(MAX_ATTRIBUTES)]
    seen = folded([*noisy, an_item("b", **schema), *noisy], table)
    by_name = {attribute.name: attribute for attribute in seen.attributes}
    assert by_name["payload"].total_bytes == 1_007
    assert by_name["id"].present == 2 * MAX_ATTRIBUTES + 1
    assert by_name["a-very-long-name-of-an-index-key"].present == 1
    assert by_name[OTHER_ATTRIBUTES].present == 2 * 3


def test_an_attribute_that_is_named_like_the_others_is_one_of_them() -> None:
    seen = folded([an_item("a", **{OTHER_ATTRIBUTES: {"S": "x"}})])
    assert [attribute.name for attribute in seen.attributes] == ["id", OTHER_ATTRIBUTES]
    assert seen.attributes[1].total_bytes == len(OTHER_ATTRIBUTES) + 1


# ------------------------------------------------------------------------------------------------------ index entries


def test_entries_hold_what_the_projection_says() -> None:
    table = a_table(
        key=("id", "sk"),
        indexes=(
            an_index("all", ("g",)),
            an_index("keys", ("g",), projection="KEYS_ONLY"),
            an_index("some", ("g", "id"), projection="INCLUDE", non_key_attributes=("v", "absent")),
            an_index("local", ("id", "g"), kind="LSI", projection="KEYS_ONLY"),
        ),
    )
    item = an_item("a", sk={"S": "b"}, g={"S": "c"}, v={"N": "120"}, w={"S": "x" * 50})
    seen = folded([item, an_item("a", sk={"S": "c"}, w={"S": "y"})], table)
    keys = (2 + 1) + (2 + 1) + (1 + 1)
    assert [(one.index, one.entries, one.total_bytes, one.max_bytes) for one in seen.indexes] == [
        ("all", 1, keys + 4 + 51, keys + 4 + 51),
        ("keys", 1, keys, keys),
        ("some", 1, keys + 4, keys + 4),
        ("local", 1, keys, keys),
    ]


def test_only_items_with_all_keys_in_their_types_are_in_an_index() -> None:
    schema = (
        KeyAttribute(attribute="h1", type="S", role="HASH"),
        KeyAttribute(attribute="h2", type="N", role="HASH"),
        KeyAttribute(attribute="r1", type="B", role="RANGE"),
    )
    table = a_table(indexes=(an_index("multi", key_schema=schema, projection="KEYS_ONLY"),))
    whole = {"h1": {"S": "x"}, "h2": {"N": "1"}, "r1": {"B": "AA=="}}
    items = [an_item(f"whole-{place}", **whole) for place in range(2)]
    items += [an_item(f"no-{name}", **{other: value for other, value in whole.items() if other != name}) for name in whole]
    items += [an_item(f"null-{name}", **(whole | {name: {"NULL": True}})) for name in whole]
    items += [an_item("number-as-string", **(whole | {"h2": {"S": "1"}}))]
    seen = folded(items, table)
    entries = seen.index_entries("multi")
    assert entries is not None
    assert (entries.entries, entries.total_bytes) == (2, 2 * ((2 + 7) + (2 + 1) + (2 + 2) + (2 + 1)))
    assert seen.key_cardinality("multi") == KeyCardinality(
        index="multi", items=2, distinct=1, distinct_limit=1_024, top_share=Decimal(1)
    )


# --------------------------------------------------------------------------------------------------------------- keys


def test_up_to_the_limit_keys_are_counted_one_by_one() -> None:
    items = [an_item(str(place % DISTINCT_LIMIT)) for place in range(DISTINCT_LIMIT * 2)] + [an_item("7")] * 2
    keys = folded(items).key_cardinality(None)
    assert keys is not None
    assert (keys.items, keys.distinct) == (2_050, DISTINCT_LIMIT)
    assert keys.top_share == Decimal(4) / 2_050


def test_beyond_the_limit_the_top_share_is_an_upper_bound() -> None:
    items = [an_item(f"user-{place}") for place in range(20_000)] + [an_item("hot")] * 5_000
    keys = folded(items).key_cardinality(None)
    assert keys is not None
    assert (keys.items, keys.distinct) == (25_000, None)
    assert keys.top_share is not None
    # 5,000 of 25,000, and the others of one bucket in 4,096: about five.
    assert Decimal("0.2") <= keys.top_share <= Decimal("0.201")


def test_an_index_counts_its_own_entries() -> None:
    table = a_table(indexes=(an_index("by-status"), an_index("local", ("id", "status"), kind="LSI")))
    items = [
        an_item(str(place), **({"status": {"S": "open" if place < 3 else "done"}} if place < 4 else {})) for place in range(10)
    ]
    seen = folded(items, table)
    assert seen.keys == (
        KeyCardinality(index=None, items=10, distinct=10, distinct_limit=1_024, top_share=Decimal("0.1")),
        KeyCardinality(index="by-status", items=4, distinct=2, distinct_limit=1_024, top_share=Decimal("0.75")),
        KeyCardinality(index="local", items=4, distinct=4, distinct_limit=1_024, top_share=Decimal("0.25")),
    )


@pytest.mark.parametrize(
    ("kind", "same", "different"),
    [
        ("N", ["120", "1.2e2", "0120.00", "+12E1"], "-120"),
        ("S", ["é"], "e\u0301"),
        ("B", ["AAE=", b"\x00\x01", bytearray(b"\x00\x01")], b"\x01\x00"),
    ],
)
def test_equal_keys_are_one_key_however_they_are_written(kind: Any, same: list[Any], different: Any) -> None:
    table = a_table(key_schema=(KeyAttribute(attribute="id", type=kind, role="HASH"),))
    seen = folded([{"id": {kind: key}} for key in (*same, different)], table)
    assert seen.keys[0].distinct == 2
    assert len({largest.key_hash for largest in seen.largest}) == 2


def test_the_parts_of_a_composite_key_do_not_run_together() -> None:
    table = a_table(key=("id", "sk"))
    seen = folded([{"id": {"S": "a"}, "sk": {"S": "bc"}}, {"id": {"S": "ab"}, "sk": {"S": "c"}}], table)
    assert len({largest.key_hash for largest in seen.largest}) == 2


# ------------------------------------------------------------------------------------------------------------ largest


def test_ties_among_the_largest_are_broken_by_hash() -> None:
    keys = [f"{place:03}" for place in range(100)]
    expected = tuple(
        LargestItem(size_bytes=5, key_hash=digits) for digits in sorted(keyed_hash(key.encode()) for key in keys)[:LARGEST]
    )
    for seed in range(3):
        Random(seed).shuffle(keys)
        assert folded([an_item(key) for key in keys]).largest == expected


def test_the_hash_needs_the_key_of_the_run() -> None:
    one, other = (ItemFold(a_table(), hash_key=key) for key in (b"one", b"other"))
    for each in (one, other):
        each.add([an_item("a")])
    hashes = [each.sizes(coverage="full", read_units=Decimal(0)).largest[0].key_hash for each in (one, other)]
    assert len(set(hashes)) == 2


# ------------------------------------------------------------------------------------------------------ compressibility


def compressed(*items: Item, table: Table | None = None) -> dict[str, tuple[int, int, int]]:
    """By attribute: how many values were compressed, their bytes before, and after."""
    return _compressed(folded(items, table))


def _compressed(sizes: ItemSizes) -> dict[str, tuple[int, int, int]]:
    return {one.attribute: (one.sampled, one.value_bytes, one.compressed_bytes) for one in sizes.compressibility}


def zipped(raw: bytes) -> int:
    return len(zlib.compress(raw, 1))


def test_values_that_repeat_themselves_become_small_and_random_ones_stay() -> None:
    noise = Random(1).randbytes(5_000)
    text = "the same again, ñ and all " * 100
    seen = folded([an_item("a", text={"S": text}, noise={"B": b64encode(noise).decode()}), an_item("b", noise={"B": noise})])
    assert seen.compressibility == (
        Compressibility(attribute="noise", sampled=2, value_bytes=10_000, compressed_bytes=10_000),
        Compressibility(attribute="text", sampled=1, value_bytes=2_700, compressed_bytes=zipped(text.encode())),
    )
    assert zipped(text.encode()) < 100


def test_binary_is_compressed_raw_and_documents_as_dynamodb_json() -> None:
    raw = b"\x00\x01" * 1_000
    members = [{"S": f"line {place}"} for place in range(200)]
    document = {"lines": {"L": members}, "ñ": {"BOOL": True}, "none": {"NULL": True}, "tags": {"SS": ["b", "a"]}}
    assert compressed(
        an_item("a", b={"B": b64encode(raw).decode()}, c={"B": raw}, l={"L": members}, m={"M": document}),
    ) == {
        "b": (1, 2_000, zipped(raw)),
        "c": (1, 2_000, zipped(raw)),
        "l": (1, value_size({"L": members}), zipped(json.dumps(members, separators=(",", ":")).encode())),
        "m": (
            1,
            value_size({"M": document}),
            zipped(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()),
        ),
    }


def test_a_value_however_it_is_written_compresses_alike() -> None:
    wire = {"b": {"B": "AAE="}, "bs": {"BS": ["AAE=", "Ag=="]}, "ss": {"SS": ["x", "y"]}, "pad": {"S": "x" * 1_024}}
    boto = {"b": {"B": b"\x00\x01"}, "bs": {"BS": {b"\x02", b"\x00\x01"}}, "ss": {"SS": {"y", "x"}}, "pad": {"S": "x" * 1_024}}
    assert compressed(an_item("a", m={"M": wire})) == compressed(an_item("a", m={"M": boto}))


def test_only_values_of_1024_bytes_and_more_are_looked_at() -> None:
    long_name = "n" * 500
    some = an_item("a", just={"S": "x" * 1_024}, under={"S": "x" * 1_023}, **{long_name: {"S": "x" * 1_000}}, small={"B": "AA=="})
    assert compressed(some) == {"just": (1, 1_024, zipped(b"x" * 1_024))}
    with patch.object(chosen, "_compressed_bytes", side_effect=AssertionError):
        assert compressed(*(an_item(str(place), v={"S": "x" * 1_023}) for place in range(100))) == {}


def test_sets_are_not_looked_at() -> None:
    sets: Item = {
        "ss": {"SS": ["x" * 1_000, "y" * 1_000]},
        "bs": {"BS": [b"x" * 2_000]},
        "ns": {"NS": [str(n) for n in range(2_000)]},
    }
    assert compressed(an_item("a", **sets)) == {}


def test_keys_are_never_compressed() -> None:
    table = a_table(
        key=("id", "sk"), indexes=(an_index("by-status"), an_index("local", ("id", "at"), kind="LSI"), an_index("g", ("h", "r")))
    )
    large = {"S": "x" * 1_500}
    assert compressed(
        {"id": large, "sk": large, "status": large, "at": large, "h": large, "r": large, "v": large}, table=table
    ) == {"v": (1, 1_500, zipped(b"x" * 1_500))}


@pytest.mark.parametrize(
    "value",
    [
        {"S": "\ud800" * 2_000},
        {"S": "\ud83d\ude00" * 500},
        {"M": {"\udfff": {"S": "x" * 2_000}}},
        {"L": [{"S": "\ud800" * 2_000}]},
        {"B": "A" * 2_001},
        {"B": "\u0100" * 2_000},
    ],
    ids=["halves", "pairs", "half in a name", "halves in a list", "no base64", "no ASCII"],
)
def test_hostile_values_count_as_they_are_at_the_worst(value: Item) -> None:
    [(sampled, before, after)] = compressed(an_item("a", v=value)).values()
    assert (sampled, before) == (1, value_size(value))
    assert 0 < after <= before


@pytest.mark.parametrize("depth", [32, 120, 200])
def test_deep_nesting_does_no_harm(depth: int) -> None:
    listed, mapped = {"S": "x" * 2_000}, {"S": "x" * 2_000}
    for _ in range(depth):
        listed, mapped = {"L": [listed]}, {"M": {"m": mapped}}  # type: ignore[dict-item] # deeper each time
    seen = compressed(an_item("a", listed=listed, mapped=mapped))
    for name, value in (("listed", listed), ("mapped", mapped)):
        sampled, before, after = seen[name]
        assert (sampled, before) == (1, value_size(value))
        assert (after < 1_000) == (depth <= 120)  # AWS allows 32 levels


def text_of(seed: int, length: int) -> Item:
    random = Random(seed)
    return {"S": "".join(random.choices("abcdefghij ", k=length))}


def test_64_items_are_compressed_and_the_same_in_any_order() -> None:
    items = [an_item(str(place), v=text_of(place, 1_024 + place), w={"S": "small"}) for place in range(1_000)]
    expected = compressed(*items)
    sampled, before, after = expected["v"]
    assert sampled == COMPRESSED_ITEMS
    # A fair sample: half of its bytes would be those of the first or the last items, if it were the first or the last
    assert 64 * (1_024 + 350) < before < 64 * (1_024 + 650)
    assert after < before
    for seed in range(2):
        Random(seed).shuffle(items)
        assert compressed(*items) == expected


def test_the_sample_is_one_of_the_items_that_have_large_values() -> None:
    items = [an_item(str(place), **({"v": {"S": "x" * 2_000}} if place % 40 == 0 else {})) for place in range(2_000)]
    assert compressed(*items)["v"] == (50, 50 * 2_000, 50 * zipped(b"x" * 2_000))


def test_only_the_items_of_the_sample_are_compressed() -> None:
    fold = ItemFold(a_table(), hash_key=HASH_KEY)
    with patch.object(chosen, "_compressed_bytes", return_value=100) as counted:
        fold.add(an_item(str(place), v={"S": "x" * 1_100}) for place in range(5_000))
        assert counted.call_count == 0
        for _ in range(2):
            assert _compressed(fold.sizes(coverage="full", read_units=Decimal(0)))["v"] == (64, 64 * 1_100, 6_400)
    assert counted.call_count == 64


def test_items_of_one_rank_are_in_the_order_of_what_they_compress_to() -> None:
    seen = []
    items = [an_item(str(place), v=text_of(place, 2_000)) for place in range(100)]
    for order in (items, items[::-1]):
        few = chosen.Compressed(a_table())
        for item in order:
            few.take(7, item, {"id": 4, "v": 2_001})
        seen.append(few.counts())
    assert seen[0] == seen[1]
    assert [values for _, values in seen[0]] == sorted(values for _, values in seen[0])
    assert len(seen[0]) == COMPRESSED_ITEMS


def test_a_fold_that_is_pickled_holds_no_value() -> None:
    fold = ItemFold(a_table(), hash_key=HASH_KEY)
    fold.add([an_item("a", v={"S": "secret" * 400})])
    pickled = pickle.dumps(fold)
    assert b"secret" not in pickled
    one, other = (each.sizes(coverage="full", read_units=Decimal(0)) for each in (fold, pickle.loads(pickled)))
    assert one == other
    assert _compressed(one)["v"] == (1, 2_400, zipped(b"secret" * 400))


def test_of_wide_items_only_the_large_values_are_kept() -> None:
    fold = ItemFold(a_table(), hash_key=HASH_KEY)
    fold.add([an_item("a", **{f"w{place}": {"S": "small" * 100} for place in range(500)}, v={"S": "large" * 300})])
    [candidate] = fold._compressed._kept
    assert candidate._item == {"v": {"S": "large" * 300}}


def test_of_large_items_fewer_are_compressed() -> None:
    items = [an_item(str(place), v={"S": "x" * 100_000}) for place in range(200)]
    expected = compressed(*items)
    assert expected["v"][:2] == (3, 300_000)
    assert 3 * 100_000 >= COMPRESSED_ITEMS_BYTES > 2 * 100_000
    assert compressed(*reversed(items)) == expected


def test_items_of_one_partition_are_sampled_by_their_sort_key() -> None:
    table = a_table(key=("id", "sk"))
    items = [an_item("a", sk={"S": str(place)}, v=text_of(place, 1_024 + place)) for place in range(1_000)]
    sampled, before, _ = compressed(*items, table=table)["v"]
    assert sampled == COMPRESSED_ITEMS
    assert 64 * (1_024 + 350) < before < 64 * (1_024 + 650)


def test_another_run_samples_the_same_items() -> None:
    seen = set()
    for hash_key in (b"one", b"other", b"", b"long" * 100):
        one = ItemFold(a_table(), hash_key=hash_key)
        one.add(an_item(str(place), v={"S": "x" * (1_024 + place**2)}) for place in range(200))
        seen.add(one.sizes(coverage="full", read_units=Decimal(0)).compressibility)
    assert len(seen) == 1  # a change from month to month is one of the data


def test_names_made_of_data_are_not_told_one_by_one() -> None:
    noisy = {f"user-{place:08}": {"S": "x"} for place in range(MAX_ATTRIBUTES)}
    some = an_item(
        "a", **noisy, **{"user-99999999": {"S": "x" * 2_000}, "v": {"S": "x" * 2_000}, OTHER_ATTRIBUTES: {"S": "x" * 2_000}}
    )
    assert list(compressed(some)) == ["v"]


# ------------------------------------------------------------------------------------------------- shapes of values


def test_the_shapes_of_every_key_attribute_are_counted() -> None:
    table = a_table(
        key_schema=(
            KeyAttribute(attribute="id", type="S", role="HASH"),
            KeyAttribute(attribute="at", type="N", role="RANGE"),
        ),
        indexes=(
            an_index("by-contact", ("contact", "id")),
            an_index("by-digest", key_schema=(KeyAttribute(attribute="digest", type="B", role="HASH"),)),
        ),
    )
    seen = folded(
        [
            {"id": {"S": "a#b"}, "at": {"N": "1760000040"}, "contact": {"S": "a@example.com"}, "digest": {"B": "MjAyNS0xMA=="}},
            {"id": {"S": "a#b@example.com"}, "at": {"N": "1760000041"}, "contact": {"S": "+4700012345"}},
            {"id": {"S": "c"}, "at": {"N": "17"}, "contact": {"S": "1.2.3.4"}},
            {"id": {"S": "2025-10"}, "at": {"N": "18"}, "contact": {"N": "1760000040"}, "other": {"S": "a@example.com"}},
            {"id": {"S": "x@example.com#+4700012345"}, "at": {"N": "19"}},
        ],
        table,
    )
    assert seen.key_shapes == (
        KeyShape(attribute="id", values=5, times=1, rounded=1, emails=2, phones=1, personal=2, joined=3),
        KeyShape(attribute="at", values=5, times=2, rounded=1),
        KeyShape(attribute="contact", values=3, emails=1, phones=1, addresses=1, personal=3),
        KeyShape(attribute="digest", values=1),
    )
    assert seen.key_shape("at") is seen.key_shapes[1]
    assert seen.key_shape("other") is None


NOW = datetime(2026, 1, 1, tzinfo=UTC)
FIVE_YEARS = timedelta(days=5 * 365)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "missing"),
        ({"S": "1760000000"}, "not_numbers"),
        ({"NULL": True}, "not_numbers"),
        ({"N": "100000000000"}, "later"),
        ({"N": "100000000001"}, "milliseconds"),
        ({"N": "1760000000000"}, "milliseconds"),
        ({"N": "9E+125"}, "milliseconds"),
        ({"N": "0"}, "ignored"),
        ({"N": "-5"}, "ignored"),
        ({"N": "1"}, "ignored"),
        (NOW - FIVE_YEARS - timedelta(seconds=1), "ignored"),
        (NOW - FIVE_YEARS, "overdue"),
        (NOW - timedelta(days=7, seconds=1), "overdue"),
        (NOW - timedelta(days=7), "due"),
        (NOW, "due"),
        (NOW + timedelta(seconds=1), "later"),
    ],
)
def test_what_ttl_makes_of_a_value(value: Any, kind: str) -> None:
    attribute = {"N": str(int(value.timestamp()))} if isinstance(value, datetime) else value
    one = ItemFold(a_table(), hash_key=HASH_KEY, expiry=Expiry(attribute="until", now=NOW))
    one.add([an_item("a", **({} if attribute is None else {"until": attribute}))])
    seen = one.sizes(coverage="full", read_units=Decimal(0)).time_to_live_values
    assert seen == TimeToLiveValues(attribute="until", **{kind: 1})
    assert seen.items == 1
    assert seen.unusable == (kind in ("not_numbers", "milliseconds", "ignored"))


def test_without_ttl_no_value_is_looked_at() -> None:
    assert folded([an_item("a", until={"N": "1"})]).time_to_live_values is None


# -------------------------------------------------------------------------------------------------------------- merge

values = st.one_of(
    st.sampled_from([{"S": "2025-10-31"}, {"S": "a@example.com"}, {"S": "a#b"}, {"N": "1760000001"}, {"N": "1760000001000"}]),
    st.sampled_from([{"S": "a"}, {"S": "bb"}, {"N": "1"}, {"N": "1.0"}, {"N": "2"}, {"B": "AA=="}, {"NULL": True}]),
    st.integers(0, 9).map(lambda length: {"L": [{"S": "x" * length}]}),
    st.text("ab", min_size=10, max_size=40).map(lambda text: {"S": text}),
    st.binary(min_size=10, max_size=40).map(lambda raw: {"B": b64encode(raw).decode()}),
)
attribute_names = st.sampled_from(["a", "b", "g", "r", "n", "a-long-name", "another-long-name", OTHER_ATTRIBUTES])
items = st.lists(
    st.builds(
        lambda key, attributes: {**attributes, "id": {"S": key}},
        st.sampled_from("klmnopq"),
        st.dictionaries(attribute_names, values, max_size=5),
    ),
    max_size=30,
)
MERGED = a_table(
    indexes=(
        an_index("all", ("g", "r")),
        an_index("keys", ("g",), projection="KEYS_ONLY"),
        an_index(
            "some",
            key_schema=(KeyAttribute(attribute="n", type="N", role="HASH"),),
            projection="INCLUDE",
            non_key_attributes=("a",),
        ),
    )
)
# So small that every limit is met within a few items.
SMALL = patch.multiple(
    limits,
    MAX_ATTRIBUTES=4,
    DISTINCT_LIMIT=3,
    BUCKETS=4,
    LARGEST=3,
    COMPRESSED_ITEMS=3,
    COMPRESSED_ITEMS_BYTES=90,
    COMPRESSED_FROM_BYTES=12,
)


EXPIRY = Expiry(attribute="n", now=datetime(2025, 11, 1, tzinfo=UTC))


def fold_of(items: Iterable[Item]) -> ItemFold:
    one = ItemFold(MERGED, hash_key=HASH_KEY, expiry=EXPIRY)
    one.add(items)
    return one


def merged(*folds: ItemFold) -> ItemFold:
    whole = fold_of([])
    for one in folds:
        whole.merge(one)
    return whole


def sizes_of(one: ItemFold) -> ItemSizes:
    return one.sizes(coverage="full", read_units=Decimal(1))


@settings(max_examples=150)
@given(first=items, second=items, third=items)
def test_merged_folds_are_one_pass_in_any_order_and_grouping(first: list[Item], second: list[Item], third: list[Item]) -> None:
    with SMALL:
        whole = sizes_of(fold_of([*first, *second, *third]))
        a, b, c = fold_of(first), fold_of(second), fold_of(third)
        assert sizes_of(merged(a, b, c)) == whole
        assert sizes_of(merged(c, a, b)) == whole
        assert sizes_of(merged(a, merged(b, c))) == whole
        assert sizes_of(merged(merged(c, b), a)) == whole
        assert sizes_of(fold_of([*reversed(third), *second, *first])) == whole
        a.merge(b)
        a.merge(c)
        assert sizes_of(a) == whole
        assert sizes_of(b) == sizes_of(fold_of(second))


def test_samples_merge_to_that_of_one_pass() -> None:
    random = Random(7)
    whole = [an_item(str(place), v=text_of(place, random.choice((1_100, 3_000, 60_000)))) for place in range(300)]
    folds = [fold_of(whole[start::5]) for start in range(5)]
    expected = sizes_of(fold_of(whole)).compressibility
    assert 8 < expected[0].sampled < 64
    for order in list(permutations(folds))[::17]:
        assert sizes_of(merged(*order)).compressibility == expected
        assert sizes_of(merged(merged(*order[:2]), merged(*order[2:]))).compressibility == expected


@settings(max_examples=100)
@given(some=items)
def test_what_is_counted_adds_up(some: list[Item]) -> None:
    with SMALL:
        seen = sizes_of(fold_of(some))
    assert seen.scanned == len(some)
    assert seen.scanned_bytes == sum(attribute.total_bytes for attribute in seen.attributes)
    counts: dict[str, int] = {}
    for item in some:
        counts[item["id"]["S"]] = counts.get(item["id"]["S"], 0) + 1
    keys = seen.keys[0]
    assert keys.distinct == (len(counts) if len(counts) <= 3 else None)
    if some:
        assert keys.top_share is not None
        assert keys.top_share >= Decimal(max(counts.values())) / len(some)


def test_folds_travel_between_processes() -> None:
    one = fold_of([an_item("a", g={"S": "x"}, r={"S": "y"})])
    copy: ItemFold = pickle.loads(pickle.dumps(one))
    one.merge(copy)
    assert sizes_of(one) == sizes_of(fold_of([an_item("a", g={"S": "x"}, r={"S": "y"})] * 2))


@pytest.mark.parametrize(("table", "hash_key"), [(a_table(name="other"), HASH_KEY), (a_table(), b"another")])
def test_folds_of_different_tables_or_hashes_do_not_merge(table: Table, hash_key: bytes) -> None:
    with pytest.raises(ValueError, match="only folds of one table with one hash key and one TTL can be merged"):
        ItemFold(a_table(), hash_key=HASH_KEY).merge(ItemFold(table, hash_key=hash_key))


def test_folds_by_different_clocks_do_not_merge() -> None:
    with pytest.raises(ValueError, match="one TTL"):
        ItemFold(a_table(), hash_key=HASH_KEY).merge(ItemFold(a_table(), hash_key=HASH_KEY, expiry=EXPIRY))


# ------------------------------------------------------------------------------------------- privacy, memory, failure


def test_no_value_is_kept() -> None:
    table = a_table(indexes=(an_index("by-status", projection="KEYS_ONLY"),))
    one = ItemFold(table, hash_key=HASH_KEY, expiry=Expiry(attribute="n", now=NOW))
    raw = b64encode(b"secret-binary").decode()
    one.add(
        [
            an_item(
                "secret-key",
                status={"S": "secret-status"},
                n={"N": "41414"},
                b={"B": raw},
                m={"M": {"secret-map-key": {"S": "secret"}}},
                large={"S": "secret-text" * 200},
                document={"M": {"secret-map-key": {"S": "secret" * 400}}},
            ),
            an_item("secret-key-2", ss={"SS": ["secret-member"]}, v={"L": [{"S": "secret-element"}]}),
        ]
    )
    seen = one.sizes(coverage="full", read_units=Decimal(1))
    assert [compressible.attribute for compressible in seen.compressibility] == ["document", "large"]
    for kept in (pickle.dumps(seen), repr(seen).encode(), pickle.dumps(one)):
        assert b"secret" not in kept
        assert b"41414" not in kept
        assert raw.encode() not in kept
    assert HASH_KEY not in pickle.dumps(seen)
    assert b"by-status" in pickle.dumps(seen)


def test_memory_does_not_grow_with_the_table() -> None:
    table = a_table(indexes=(an_index("by-status"),))

    def dumped(count: int) -> int:
        one = ItemFold(table, hash_key=HASH_KEY)
        one.add(an_item(f"{place:09}", status={"S": f"{place:09}"}, **{f"a{place:09}": {"S": "x"}}) for place in range(count))
        return len(pickle.dumps(one))

    assert dumped(20_000) < dumped(4_000) * 1.1


def test_an_item_without_its_key_is_refused_and_not_counted() -> None:
    one = ItemFold(a_table(key=("id", "sk")), hash_key=HASH_KEY)
    whole = an_item("a", sk={"S": "b"})
    for broken in (an_item("secret"), an_item("secret", sk={"N": "1"})):
        with pytest.raises(ValueError, match=r"^an item without the key attribute 'sk' of type S$"):
            one.add([whole, broken])
    assert one.sizes(coverage="full", read_units=Decimal(1)).sizes == ((6, 2),)


def test_a_broken_item_is_refused_and_not_counted() -> None:
    one = ItemFold(a_table(), hash_key=HASH_KEY)
    with pytest.raises(ValueError, match=r"at attribute 'v'"):
        one.add([an_item("a"), an_item("b", v={"X": "secret"})])
    seen = one.sizes(coverage="full", read_units=Decimal(1))
    assert seen.scanned == 1
    assert [attribute.name for attribute in seen.attributes] == ["id"]
