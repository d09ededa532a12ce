"""
`item_size` and index entries against AWS's own engine.

DynamoDB Local reports TableSizeBytes at once and to the byte. Its IndexSizeBytes ignores the projection, so entries are compared through
consumed write units instead, which change at every 1,024 bytes of an entry.
"""

import base64
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from botocore.exceptions import ClientError
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stj_audit.facts import MAX_ITEM_BYTES, IndexEntries, Table
from stj_audit.items.fold import ItemFold
from stj_audit.sizing import item_size
from tests.builders import a_table, an_index
from tests.engines.dynamodb_local import DynamoDBLocal, fresh_name
from tests.test_sizing import NUMBERS, VALUES

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.dynamodb_local

Item = dict[str, Any]

UNIT_BYTES = 1_024  # a write unit
LSI_OVERHEAD_BYTES = 100  # DynamoDB Local adds it to the entries of local indexes when it counts capacity, and to no others
MAX_DEPTH = 31  # containers around a value, inside its attribute


@pytest.fixture(scope="module")
def client(dynamodb_local: DynamoDBLocal) -> "Iterator[DynamoDBClient]":
    client = dynamodb_local.client()
    yield client
    client.close()


class OneItem:
    """A table that holds one item at a time, always with the same key, so that the table's size is the item's."""

    key: ClassVar[Item] = {"pk": {"S": "k"}}

    def __init__(self, client: "DynamoDBClient") -> None:
        self._client = client
        self._name = fresh_name("one-item")
        client.create_table(
            TableName=self._name,
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def size_of(self, attributes: Item) -> int:
        """What the engine says of the key and these attributes. Raises ClientError when it refuses the item."""
        self._client.put_item(TableName=self._name, Item=self.key | attributes)
        return self._client.describe_table(TableName=self._name)["Table"]["TableSizeBytes"]


@pytest.fixture(scope="module")
def one_item(client: "DynamoDBClient") -> OneItem:
    return OneItem(client)


# --------------------------------------------------------------------------------------------------------------- items

# Names that have a meaning in DynamoDB JSON, in paths, in JSON, HTML, terminals or right-to-left text.
HOSTILE_NAMES = (
    "S",
    "N",
    "M",
    "L",
    "NULL",
    "Items",
    "a.b",
    "a[0]",
    "#n",
    ":v",
    '"',
    "\\",
    "{",
    "__proto__",
    "<b>",
    "\x00",
    "\x1b[2J",
    "\n",
    "\u202e",
)
names = st.one_of(
    st.sampled_from(HOSTILE_NAMES), st.text(min_size=1, max_size=20), st.integers(1, 3_000).map(lambda length: "ñ" * length)
).filter(lambda name: name != "pk")
texts = st.one_of(
    st.text(), st.text(alphabet=st.sampled_from("aé中😀\x00")), st.integers(0, 5_000).map(lambda length: "中" * length)
)
binaries = st.binary(max_size=200)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """A number in any notation: 38 digits at the most, from 1e-130 to 9.99e125, and zero."""
    few = st.from_regex(r"[1-9][0-9]{0,37}", fullmatch=True)
    sparse = st.from_regex(r"[1-9](0{0,3}[1-9]){0,9}", fullmatch=True)
    all_of_them = st.integers(10**37, 10**38 - 1).map(str)
    digits = draw(st.one_of(few, sparse, all_of_them))
    digits = digits[:38].rstrip("0")
    near_zero = st.integers(-6, 20)
    first = draw(st.one_of(near_zero, st.integers(len(digits) - 131, 125)))
    first = max(first, len(digits) - 131)
    last = first - len(digits) + 1
    sign = draw(st.sampled_from(("", "", "-", "+")))
    leading = draw(st.sampled_from(("", "0", "000")))
    trailing = draw(st.sampled_from(("", "0", "00")))
    e = draw(st.sampled_from("eE"))
    match draw(st.sampled_from(("plain", "scientific", "whole", "zero"))):
        case "scientific":
            return f"{sign}{leading}{digits[0]}.{digits[1:]}{trailing}{e}{first:+d}"
        case "whole":
            return f"{sign}{leading}{digits}{e}{last}"
        case "zero":
            return draw(st.sampled_from(("0", "-0", "0.0", "000", "0e7", "-0.00E-9")))
    if last >= 0:
        return f"{sign}{leading}{digits}{'0' * last}{'.' + trailing if trailing else ''}"
    padded = digits.rjust(-last + 1, "0")
    return f"{sign}{leading}{padded[:last]}.{padded[last:]}{trailing}"


def base64_text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


scalars = st.one_of(
    texts.map(lambda text: {"S": text}),
    numbers().map(lambda text: {"N": text}),
    binaries.map(lambda raw: {"B": raw}),
    st.booleans().map(lambda flag: {"BOOL": flag}),
    st.just({"NULL": True}),
    st.lists(st.text(min_size=1), min_size=1, max_size=8, unique=True).map(lambda texts: {"SS": texts}),
    st.lists(numbers(), min_size=1, max_size=8, unique_by=Decimal).map(lambda texts: {"NS": texts}),
    st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=8, unique=True).map(lambda raws: {"BS": raws}),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5).map(lambda elements: {"L": elements}),
        st.dictionaries(names, inner, max_size=5).map(lambda entries: {"M": entries}),
    ),
    max_leaves=12,
)


@st.composite
def deep_values(draw: st.DrawFn) -> Item:
    """A scalar in up to MAX_DEPTH lists and maps."""
    value: Item = draw(scalars)
    for container in draw(st.lists(st.sampled_from("LM"), max_size=MAX_DEPTH)):
        value = {"L": [value]} if container == "L" else {"M": {draw(names): value}}
    return value


items = st.dictionaries(names, st.one_of(scalars, values, deep_values()), max_size=6)


def test_the_known_numbers(one_item: OneItem) -> None:
    counted = {text: one_item.size_of({"n": {"N": text}}) - len("pkkn") for text in NUMBERS}
    assert counted == NUMBERS


def test_the_known_values(one_item: OneItem) -> None:
    for value, size in VALUES:
        assert one_item.size_of({"v": _wire(value)}) == len("pkkv") + size, value


def test_halves_of_surrogate_pairs(one_item: OneItem) -> None:
    for text in ("\ud800", "a\udfffé", "\ud83d\ude00", "\ude00\ud83d"):
        for attributes in ({"v": {"S": text}}, {text: {"S": "v"}}, {"v": {"M": {text: {"S": text}}}}):
            assert one_item.size_of(attributes) == item_size(OneItem.key | attributes), ascii(attributes)


@settings(max_examples=520)
@given(attributes=items)
@example(attributes={})
@example(attributes={"v": {"L": [{"M": {}}, {"L": []}]}})
def test_every_item_has_the_size_that_the_engine_counts(one_item: OneItem, attributes: Item) -> None:
    assert one_item.size_of(attributes) == item_size(OneItem.key | attributes)


@settings(max_examples=50)
@given(texts=st.lists(numbers(), min_size=20, max_size=20))
def test_every_number_has_the_size_that_the_engine_counts(one_item: OneItem, texts: list[str]) -> None:
    attributes = {"n": {"L": [{"N": text} for text in texts]}}
    assert one_item.size_of(attributes) == item_size(OneItem.key | attributes)


@settings(max_examples=25)
@given(attributes=items)
def test_base64_text_and_bytes_have_one_size(attributes: Item) -> None:
    assert item_size(_as_base64(attributes)) == item_size(attributes)


# ----------------------------------------------------------------------------------------------------------- the limit

_KEY_AND_NAME = len("pkkv")


def _text_of(size: int) -> Item:
    return {"v": {"S": "é" * ((size - _KEY_AND_NAME) // 2) + "x" * ((size - _KEY_AND_NAME) % 2)}}


def _binary_of(size: int) -> Item:
    return {"v": {"B": b"\x00" * (size - _KEY_AND_NAME)}}


def _list_of(size: int) -> Item:
    elements, rest = divmod(size - _KEY_AND_NAME - 3, 1 + 9)
    return {"v": {"L": [{"S": "x" * 9}] * (elements - 1) + [{"S": "x" * (9 + rest)}]}}


def _numbers_of(size: int) -> Item:
    # 22 bytes for each element with 38 digits and a sign, and a last number of one to eleven pairs.
    elements, rest = divmod(size - _KEY_AND_NAME - 3, 1 + 21)
    while rest < 3:
        elements, rest = elements - 1, rest + 22
    full = {"N": "-" + "9" * 38}
    last = [{"N": "11" * (half - 2)} for half in ((rest + 1) // 2, rest // 2)] if rest > 21 else [{"N": "11" * (rest - 2)}]
    return {"v": {"L": [full] * elements + last}}


@pytest.mark.parametrize("of_size", [_text_of, _binary_of, _list_of, _numbers_of])
def test_the_limit_is_where_the_engine_has_it(one_item: OneItem, of_size: Any) -> None:
    largest, too_large = of_size(MAX_ITEM_BYTES), of_size(MAX_ITEM_BYTES + 1)
    assert item_size(OneItem.key | largest) == 409_600
    assert one_item.size_of(largest) == 409_600
    assert item_size(OneItem.key | too_large) == 409_601
    with pytest.raises(ClientError, match="Item size has exceeded the maximum allowed size"):
        one_item.size_of(too_large)


# ------------------------------------------------------------------------------------------------------- index entries

INDEXES = (
    an_index("all", ("g", "r")),
    an_index("keys", ("g", "r"), projection="KEYS_ONLY"),
    an_index("some", ("g", "r"), projection="INCLUDE", non_key_attributes=("a", "b")),
    an_index("table-sort-key", ("g", "sk"), projection="KEYS_ONLY"),
    an_index("local-all", ("pk", "l"), kind="LSI"),
    an_index("local-keys", ("pk", "l"), kind="LSI", projection="KEYS_ONLY"),
    an_index("local-some", ("pk", "l"), kind="LSI", projection="INCLUDE", non_key_attributes=("a",)),
)
LOCAL = {index.name for index in INDEXES if index.kind == "LSI"}
TABLE = a_table(name=fresh_name("indexed"), key=("pk", "sk"), indexes=INDEXES)


@pytest.fixture(scope="module")
def indexed(client: "DynamoDBClient") -> "DynamoDBClient":
    """The engine, with TABLE and its indexes in it."""
    _create(client, TABLE)
    return client


def _create(client: "DynamoDBClient", table: Table) -> None:
    def schema(keys: Any) -> list[Any]:
        return [{"AttributeName": key.attribute, "KeyType": key.role} for key in keys]

    def indexes(kind: str) -> list[Any]:
        return [
            {
                "IndexName": index.name,
                "KeySchema": schema(index.key_schema),
                "Projection": {"ProjectionType": index.projection}
                | ({"NonKeyAttributes": list(index.non_key_attributes)} if index.non_key_attributes else {}),
            }
            for index in table.indexes
            if index.kind == kind
        ]

    schemas = (table.key_schema, *(index.key_schema for index in table.indexes))
    used = {key.attribute: key.type for keys in schemas for key in keys}
    client.create_table(
        TableName=table.name,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in used.items()],
        KeySchema=schema(table.key_schema),
        GlobalSecondaryIndexes=indexes("GSI"),
        LocalSecondaryIndexes=indexes("LSI"),
        BillingMode="PAY_PER_REQUEST",
    )


def _entries(item: Item) -> dict[str, IndexEntries]:
    fold = ItemFold(TABLE, hash_key=b"key")
    fold.add([item])
    return {entries.index: entries for entries in fold.sizes(coverage="full", read_units=Decimal(0)).indexes}


def _write_units(size: int) -> float:
    return max(1, -(-size // UNIT_BYTES))


def _units_of_new(client: "DynamoDBClient", item: Item) -> dict[str, float]:
    """The write units that each index takes for an item that was not there; an index that it is not in is left out."""
    answer = client.put_item(TableName=TABLE.name, Item=item, ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]
    client.delete_item(TableName=TABLE.name, Key={"pk": item["pk"], "sk": item["sk"]})
    arms = (answer.get("GlobalSecondaryIndexes") or {}) | (answer.get("LocalSecondaryIndexes") or {})
    return {name: arm["CapacityUnits"] for name, arm in arms.items()}


def _units_expected(entries: dict[str, IndexEntries]) -> dict[str, float]:
    return {
        name: _write_units(entry.total_bytes + (LSI_OVERHEAD_BYTES if name in LOCAL else 0))
        for name, entry in entries.items()
        if entry.entries
    }


BASE: Item = {
    **{name: {"S": f"{name}-é"} for name in ("pk", "sk", "g", "r", "l")},
    "a": {"L": [{"N": "-120"}]},
    "unprojected": {"S": "x" * 300},
}
# What of an entry can grow: attributes that the projection takes, or else keys, which end at 2,048 (HASH) and 1,024 bytes (RANGE).
PADDED = {
    "all": ("unprojected",),
    "some": ("b",),
    "keys": ("pk", "g"),
    "table-sort-key": ("pk", "g"),
    "local-all": ("unprojected",),
    "local-some": ("a",),
    "local-keys": ("pk", "l", "sk"),
}
LONGEST = {"pk": 2_048, "g": 2_048, "sk": 1_024, "l": 1_024}


def _padded(index: str, entry_bytes: int) -> Item:
    """An item whose entry in `index` has `entry_bytes`."""
    item = BASE | {name: {"S": "x"} for name in PADDED[index]}
    room = entry_bytes - _entries(item)[index].total_bytes
    for name in PADDED[index]:
        added = min(room, LONGEST.get(name, room + 1) - 1)
        item[name] = {"S": "x" * (1 + added)}
        room -= added
    assert _entries(item)[index].total_bytes == entry_bytes
    return item


@pytest.mark.parametrize("units", [1, 2, 3])
@pytest.mark.parametrize("index", PADDED)
def test_an_entry_grows_by_a_write_unit_exactly_where_the_engine_says(indexed: "DynamoDBClient", index: str, units: int) -> None:
    edge = units * UNIT_BYTES - (LSI_OVERHEAD_BYTES if index in LOCAL else 0)
    assert _units_of_new(indexed, _padded(index, edge))[index] == units
    assert _units_of_new(indexed, _padded(index, edge + 1))[index] == units + 1


@settings(max_examples=150)
@given(
    present=st.sets(st.sampled_from(("g", "r", "l"))),
    lengths=st.fixed_dictionaries({name: st.integers(1, 1_000) for name in ("pk", "sk", "g", "r", "l")}),
    others=st.dictionaries(st.sampled_from(("a", "b", "c")), values),
)
def test_every_item_takes_the_units_of_its_entries(
    indexed: "DynamoDBClient", present: set[str], lengths: dict[str, int], others: Item
) -> None:
    item = others | {name: {"S": "x" * length} for name, length in lengths.items() if name in present | {"pk", "sk"}}
    assert _units_of_new(indexed, item) == _units_expected(_entries(item))


def test_an_index_counts_only_the_items_that_have_all_its_keys(client: "DynamoDBClient") -> None:
    table = a_table(name=fresh_name("sparse"), key=("pk", "sk"), indexes=INDEXES)
    _create(client, table)
    fold = ItemFold(table, hash_key=b"key")
    absent = [(), ("g",), ("r",), ("l",), ("g", "r"), ("g", "r", "l")]
    stored = [
        {name: value for name, value in BASE.items() if name not in without} | {"sk": {"S": str(place)}, "raw": {"B": bytes(place)}}
        for place, without in enumerate(absent)
    ]
    for item in stored:
        client.put_item(TableName=table.name, Item=item)
    fold.add(client.scan(TableName=table.name)["Items"])
    seen = fold.sizes(coverage="full", read_units=Decimal(0))
    described = client.describe_table(TableName=table.name)["Table"]
    assert seen.scanned == described["ItemCount"] == 6
    assert seen.scanned_bytes == described["TableSizeBytes"] == sum(item_size(item) for item in stored)
    counts = {
        one["IndexName"]: one["ItemCount"] for one in [*described["GlobalSecondaryIndexes"], *described["LocalSecondaryIndexes"]]
    }
    assert {entries.index: entries.entries for entries in seen.indexes} == counts
    assert counts == {"all": 2, "keys": 2, "some": 2, "table-sort-key": 3, "local-all": 4, "local-keys": 4, "local-some": 4}


def _wire(value: Item) -> Item:
    """The same value with binaries as bytes, as boto3 takes them."""
    ((kind, content),) = value.items()
    match kind:
        case "B":
            return {kind: base64.b64decode(content)}
        case "BS":
            return {kind: [base64.b64decode(text) for text in content]}
    return value


def _as_base64(attributes: Item) -> Item:
    return {name: _base64_value(value) for name, value in attributes.items()}


def _base64_value(value: Item) -> Item:
    ((kind, content),) = value.items()
    match kind:
        case "B":
            return {kind: base64_text(content)}
        case "BS":
            return {kind: [base64_text(raw) for raw in content]}
        case "L":
            return {kind: [_base64_value(element) for element in content]}
        case "M":
            return {kind: _as_base64(content)}
    return value
