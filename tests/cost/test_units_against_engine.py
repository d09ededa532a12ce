"""
The units of every operation against AWS's own engine, DynamoDB Local, that says with each answer what it consumed.

Where the engine is known to count otherwise than the service (the table at the top of `cost/units.py`), a test says by how much, so that it
fails when the engine, or our idea of it, changes.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any, Literal

import pytest

from stj_audit.cost.units import (
    Consistency,
    batch_get_units,
    batch_write_units,
    condition_check_units,
    get_item_units,
    index_arm_units,
    page_units,
    transact_get_units,
    transact_write_units,
    write_cost,
    write_units,
)
from stj_audit.entries import index_entry, projected_attributes, same_item
from stj_audit.facts import Index, KeyAttribute, Table
from stj_audit.sizing import item_size
from tests.builders import a_table, an_index
from tests.engines.dynamodb_local import DynamoDBLocal, fresh_name

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.dynamodb_local

Item = dict[str, Any]
Arms = Mapping[str | None, Decimal]

LSI_OVERHEAD_BYTES = 100  # the engine adds it to an entry of an LSI, and of no GSI, when it counts write units
ENGINE_TRANSACTION_FACTOR = 4  # the engine's, for every arm; the service's is 2 for the table and 1 for an index


def local(name: str, range_key: str, **fields: Any) -> Index:
    return an_index(name, ("pk", range_key), kind="LSI", **fields)


def numbers(index: Index, *attributes: str) -> Index:
    """The same index, with these of its key attributes as numbers."""
    schema = tuple(replace(key, type="N") if key.attribute in attributes else key for key in index.key_schema)
    return replace(index, key_schema=schema)


WIDE = a_table(
    name=fresh_name("units"),
    key=("pk", "sk"),
    indexes=(
        an_index("all", ("g",)),
        an_index("keys", ("g",), projection="KEYS_ONLY"),
        an_index("some", ("g",), projection="INCLUDE", non_key_attributes=("a", "n")),
        numbers(an_index("sparse", ("flag",), projection="KEYS_ONLY"), "flag"),
        an_index("by-sort-key", ("g", "sk"), projection="INCLUDE", non_key_attributes=("a", "x")),
        numbers(an_index("both-all", ("h", "r")), "r"),
        numbers(an_index("both-keys", ("h", "r"), projection="KEYS_ONLY"), "r"),
        local("local-all", "l"),
        local("local-keys", "l", projection="KEYS_ONLY"),
        numbers(local("local-some", "r", projection="INCLUDE", non_key_attributes=("a",)), "r"),
    ),
)
NARROW = a_table(
    name=fresh_name("units"),
    key_schema=(KeyAttribute(attribute="pk", type="S", role="HASH"),),
    indexes=(
        an_index("all", ("g", "pk")),
        numbers(an_index("sparse", ("flag",), projection="INCLUDE", non_key_attributes=("a",)), "flag"),
        numbers(an_index("both-some", ("g", "r"), projection="INCLUDE", non_key_attributes=("x",)), "r"),
    ),
)


@pytest.fixture(scope="module")
def client(dynamodb_local: DynamoDBLocal) -> "Iterator[DynamoDBClient]":
    client = dynamodb_local.client()
    for table in (WIDE, NARROW):
        create(client, table)
    yield client
    client.close()


def create(client: "DynamoDBClient", table: Table) -> None:
    def schema(keyed: Table | Index) -> list[Any]:
        return [{"AttributeName": key.attribute, "KeyType": key.role} for key in keyed.key_schema]

    def described(index: Index) -> Any:
        added = {"NonKeyAttributes": list(index.non_key_attributes)} if index.non_key_attributes else {}
        return {
            "IndexName": index.name,
            "KeySchema": schema(index),
            "Projection": {"ProjectionType": index.projection, **added},
        }

    schemas = (table.key_schema, *(index.key_schema for index in table.indexes))
    types = {key.attribute: key.type for keys in schemas for key in keys}
    indexes: dict[str, Any] = {
        kind: [described(index) for index in found]
        for kind, found in (("GlobalSecondaryIndexes", table.global_indexes), ("LocalSecondaryIndexes", table.local_indexes))
        if found
    }
    client.create_table(
        TableName=table.name,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()],
        KeySchema=schema(table),
        BillingMode="PAY_PER_REQUEST",
        **indexes,
    )


def arms_of(consumed: Mapping[str, Any]) -> dict[str | None, Decimal]:
    """The arms of an answer's ConsumedCapacity; an index that took nothing is not among them."""
    indexes = (consumed.get("GlobalSecondaryIndexes") or {}) | (consumed.get("LocalSecondaryIndexes") or {})
    arms: dict[str | None, Decimal] = {name: Decimal(str(arm["CapacityUnits"])) for name, arm in indexes.items()}
    arms[None] = Decimal(str(consumed["Table"]["CapacityUnits"]))
    assert sum(arms.values()) == Decimal(str(consumed["CapacityUnits"]))
    return arms


def without_zeros(arms: Arms) -> dict[str | None, Decimal]:
    return {arm: units for arm, units in arms.items() if units}


def size(item: Item | None) -> int | None:
    return None if item is None else item_size(item)


def key_of(item: Item, table: Table) -> Item:
    return {key.attribute: item[key.attribute] for key in table.key_schema}


# -------------------------------------------------------------------------------------------------------------- writes

LENGTHS = (1, 5, 200, 700, 924, 925, 1_000, 1_023, 1_024, 1_025, 1_949, 3_000)  # in bytes, around the steps
OPTIONAL = ("a", "flag", "g", "h", "l", "n", "r", "x")
SEED = 20_261_122
WRITES = 700  # of each table
TRANSACTIONS = 60
BATCHES = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Write:
    """One write: the request without its table, and the item before and after."""

    kind: Literal["Put", "Update", "Delete"]
    request: dict[str, Any]
    old: Item | None
    new: Item | None


class Writer:
    """Random writes to a few keys of a table, so that most of them meet an item: new, replaced, updated, deleted."""

    def __init__(self, client: "DynamoDBClient", table: Table, *, partition: str) -> None:
        self._client = client
        self._table = table
        self._partition = partition
        self._random = Random(SEED)
        self.stored: dict[str, Item] = {}

    def write(self) -> tuple[Write, Arms]:
        """Do one write, and say which units the engine takes for it."""
        (one,) = self._plan(1, self._put, self._put, self._update, self._update, self._respell, self._delete)
        client: Any = self._client
        call = {"Put": client.put_item, "Update": client.update_item, "Delete": client.delete_item}[one.kind]
        answer = call(TableName=self._table.name, ReturnConsumedCapacity="INDEXES", **one.request)
        return one, arms_of(answer["ConsumedCapacity"])

    def transaction(self) -> tuple[list[Write], Arms]:
        writes = self._plan(self._random.randint(1, 4), self._put, self._put, self._update, self._respell, self._delete)
        requests: Any = [{one.kind: {"TableName": self._table.name, **one.request}} for one in writes]
        (consumed,) = self._client.transact_write_items(TransactItems=requests, ReturnConsumedCapacity="INDEXES")[
            "ConsumedCapacity"
        ]
        return writes, arms_of(consumed)

    def batch(self) -> tuple[list[Write], Arms]:
        writes = self._plan(self._random.randint(1, 8), self._put, self._respell, self._delete)
        requests: Any = {self._table.name: [{f"{one.kind}Request": one.request} for one in writes]}
        (consumed,) = self._client.batch_write_item(RequestItems=requests, ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]
        return writes, arms_of(consumed)

    def _plan(self, count: int, *kinds: Callable[[Item, Item | None], Write]) -> list[Write]:
        """Writes of `count` different items; what they leave is remembered."""
        sort_keys = self._random.sample("abcdefgh", count)
        writes = []
        for sort_key in sort_keys:
            key = {"pk": {"S": self._partition}, "sk": {"S": sort_key}} if self._table is WIDE else {"pk": {"S": sort_key}}
            one = self._random.choice(kinds)(key, self.stored.get(sort_key))
            self.stored.pop(sort_key, None)
            if one.new is not None:
                self.stored[sort_key] = one.new
            writes.append(one)
        return writes

    def _put(self, key: Item, old: Item | None) -> Write:
        new = key | self._attributes()
        return Write(kind="Put", request={"Item": new}, old=old, new=new)

    def _respell(self, key: Item, old: Item | None) -> Write:
        """The same item with its numbers and sets written otherwise; where there is none, its key alone."""
        new = {name: respelled(value) for name, value in (old or key).items()}
        return Write(kind="Put", request={"Item": new}, old=old, new=new)

    def _update(self, key: Item, old: Item | None) -> Write:
        """One or two attributes are set, and perhaps one is removed, that the item may or may not have."""
        found = self._attributes() or {"x": {"S": "x"}}
        put = {name: found[name] for name in self._random.sample(sorted(found), min(2, len(found)))}
        gone = set(self._random.sample(OPTIONAL, self._random.choice((0, 1)))) - put.keys()
        expression = "SET " + ", ".join(f"#{name} = :{name}" for name in put) + "".join(f" REMOVE #{name}" for name in gone)
        request = {
            "Key": key,
            "UpdateExpression": expression,
            "ExpressionAttributeNames": {f"#{name}": name for name in (*put, *gone)},
            "ExpressionAttributeValues": {f":{name}": value for name, value in put.items()},
        }
        new = {name: value for name, value in ((old or key) | put).items() if name not in gone}
        return Write(kind="Update", request=request, old=old, new=new)

    def _delete(self, key: Item, old: Item | None) -> Write:
        return Write(kind="Delete", request={"Key": key}, old=old, new=None)

    def _attributes(self) -> Item:
        """Each attribute in half of the items. Key values are few, so that a write often keeps one."""
        pick = self._random.choice
        item: Item = {
            "g": {"S": pick(("one", "two"))},
            "h": {"S": pick(("one", "two" * 300))},
            "r": {"N": pick(("1", "-12"))},
            "l": {"S": pick(("one", "two" * 300))},
            "flag": {"N": "1"},
            "a": {"S": "a" * pick(LENGTHS)},
            "n": pick(({"N": "120"}, {"NS": ["1", "2.5"]}, {"SS": ["a", "b"]}, {"M": {"k": {"N": "1"}}})),
            "x": {"S": pick("xy") * pick(LENGTHS)},
        }
        return {name: value for name, value in item.items() if self._random.random() < 0.5}


def respelled(value: Item) -> Item:
    """An equal value that is written otherwise."""
    ((kind, content),) = value.items()
    match kind:
        case "N":
            return {kind: f"{content}.0" if content.lstrip("-").isdecimal() else content}
        case "NS" | "SS":
            return {kind: [respelled({kind[0]: member})[kind[0]] for member in reversed(content)]}
        case "M":
            return {kind: {name: respelled(element) for name, element in content.items()}}
    return value


def keys_of(index: Index, item: Item | None) -> Item:
    """Those of the index's key attributes that the item has."""
    return {key.attribute: item[key.attribute] for key in index.key_schema if item and key.attribute in item}


def swaps_its_half_key(index: Index, one: Write) -> bool:
    """Whether the item has one of the index's two key attributes before, and only the other one after."""
    before, after = keys_of(index, one.old).keys(), keys_of(index, one.new).keys()
    return len(index.key_schema) == 2 and len(before) == len(after) == 1 and before != after


def what_becomes_of_the_entry(table: Table, index: Index, one: Write) -> str:
    old, new = index_entry(index, table, one.old), index_entry(index, table, one.new)
    if old is None or new is None:
        return "never there" if old is new else "added" if old is None else "removed"
    if not same_item(keys_of(index, one.old), keys_of(index, one.new)):
        return "key changed"
    return "unchanged" if same_item(old, new) else "changed"


def lsi_arm_of_the_engine(table: Table, index: Index, one: Write) -> Decimal:
    """The rule of every index, on entries that are LSI_OVERHEAD_BYTES larger."""
    old, new = index_entry(index, table, one.old), index_entry(index, table, one.new)
    becomes = what_becomes_of_the_entry(table, index, one)
    return index_arm_units(
        None if old is None else item_size(old) + LSI_OVERHEAD_BYTES,
        None if new is None else item_size(new) + LSI_OVERHEAD_BYTES,
        key_changed=becomes == "key changed",
        entry_changed=becomes != "unchanged",
    )


def half_keyed_arm_of_the_engine(table: Table, index: Index, one: Write) -> Decimal:
    """The units of what the index would hold of the item before, if it were in the index."""
    projected = projected_attributes(index, table)
    return write_units(
        item_size({name: value for name, value in (one.old or {}).items() if projected is None or name in projected})
    )


def arms_of_the_engine(table: Table, one: Write) -> tuple[dict[str | None, Decimal], Counter[str]]:
    """`write_cost` with the two quirks that the engine has in every write, and how many arms each of them changed."""
    arms = write_cost(table, one.old, one.new)
    quirks: Counter[str] = Counter()
    for index in table.indexes:
        if index.kind == "LSI":
            units = lsi_arm_of_the_engine(table, index, one)
            quirks["overhead of an LSI"] += units != arms[index.name]
        elif swaps_its_half_key(index, one):
            assert arms[index.name] == 0
            units = half_keyed_arm_of_the_engine(table, index, one)
            quirks["half a key"] += 1
        else:
            continue
        arms[index.name] = units
    return without_zeros(arms), quirks


@pytest.mark.parametrize("table", [WIDE, NARROW], ids=["ten indexes", "no sort key"])
def test_every_arm_of_every_write(client: "DynamoDBClient", table: Table) -> None:
    writer = Writer(client, table, partition="writes")
    happened: Counter[str] = Counter()
    for step in range(WRITES):
        one, taken = writer.write()
        expected, quirks = arms_of_the_engine(table, one)
        assert taken == expected, f"step {step} of seed {SEED}: {one}"
        happened += quirks
        happened[one.kind] += 1
        happened["delete of no item"] += one.old is one.new is None
        happened.update(what_becomes_of_the_entry(table, index, one) for index in table.indexes)
    stored = {repr(key_of(item, table)): item for item in client.scan(TableName=table.name)["Items"]}
    assert stored.keys() == {repr(key_of(item, table)) for item in writer.stored.values()}
    assert all(same_item(stored[repr(key_of(item, table))], item) for item in writer.stored.values())
    common = ("Put", "Update", "Delete", "never there", "added", "removed", "key changed", "changed", "unchanged", "half a key")
    rare = ("delete of no item", *(("overhead of an LSI",) if table.local_indexes else ()))
    assert all(happened[what] >= 10 for what in common + rare), happened


def test_an_lsi_entry_is_counted_with_a_hundred_bytes_more(client: "DynamoDBClient") -> None:
    for size_bytes, service, engine in ((924, 1, 1), (925, 1, 2), (1_024, 1, 2), (1_025, 2, 2), (1_948, 2, 2), (1_949, 2, 3)):
        item: Item = {"pk": {"S": "lsi"}, "sk": {"S": str(size_bytes)}, "l": {"S": "l"}}
        item["x"] = {"S": "x" * (size_bytes - item_size(item) - 1)}
        answer = client.put_item(TableName=WIDE.name, Item=item, ReturnConsumedCapacity="INDEXES")
        assert write_cost(WIDE, None, item)["local-all"] == service
        assert arms_of(answer["ConsumedCapacity"])["local-all"] == engine


def test_an_item_that_swaps_half_a_key_for_the_other_half_is_counted_though_never_in_the_index(client: "DynamoDBClient") -> None:
    key: Item = {"pk": {"S": "half"}, "sk": {"S": "s"}}
    old: Item = {**key, "h": {"S": "h"}, "x": {"S": "x" * 2_000}}
    new: Item = {**key, "r": {"N": "1"}}
    client.put_item(TableName=WIDE.name, Item=old)
    answer = client.put_item(TableName=WIDE.name, Item=new, ReturnConsumedCapacity="INDEXES")
    ours = write_cost(WIDE, old, new)
    assert [ours[name] for name in ("both-all", "both-keys")] == [0, 0]
    taken = arms_of(answer["ConsumedCapacity"])
    assert [taken[name] for name in ("both-all", "both-keys")] == [2, 1]


def test_transactions(client: "DynamoDBClient") -> None:
    """
    The engine takes 4 for each arm, and counts writes that take the same in every arm only once.

    The service takes 2 for the table and 1 for an index, of every write. The delete of no item is 2 to both.
    """
    writer = Writer(client, WIDE, partition="transactions")
    seen: Counter[str] = Counter()
    for step in range(TRANSACTIONS):
        writes, taken = writer.transaction()
        each: list[dict[str | None, Decimal]] = []
        for one in writes:
            in_vain = one.old is one.new is None
            arms, _ = arms_of_the_engine(WIDE, one)
            each.append({None: Decimal(2)} if in_vain else {arm: ENGINE_TRANSACTION_FACTOR * units for arm, units in arms.items()})
            seen["delete of no item"] += in_vain
        different = [arms for place, arms in enumerate(each) if arms not in each[:place]]
        seen["alike"] += len(each) - len(different)
        expected = {
            arm: sum(arms.get(arm, Decimal(0)) for arms in different) for arm in {arm for arms in different for arm in arms}
        }
        assert taken == expected, f"step {step} of seed {SEED}: {writes}"

        changes = [(size(one.old), size(one.new)) for one in writes]
        ours = transact_write_units(changes)
        assert ours == sum(write_cost(WIDE, one.old, one.new, transactional=True)[None] for one in writes)
        if len(different) == len(each) and (None, None) not in changes:
            assert taken[None] == 2 * ours
            seen["compared with ours"] += 1
    assert seen["delete of no item"] >= 10, seen
    assert seen["alike"] >= 5, seen
    assert seen["compared with ours"] >= 20, seen


def test_a_transaction_that_is_repeated_with_its_token_reads_the_items(client: "DynamoDBClient") -> None:
    item: Item = {"pk": {"S": "token"}, "sk": {"S": "s"}, "x": {"S": "x" * 4_090}}
    taken = []
    for _ in range(2):
        answer = client.transact_write_items(
            TransactItems=[{"Put": {"TableName": WIDE.name, "Item": item}}],
            ClientRequestToken="once",
            ReturnConsumedCapacity="TOTAL",
        )
        taken.append(answer["ConsumedCapacity"][0])
    assert taken[0]["WriteCapacityUnits"] == 2 * transact_write_units([(None, item_size(item))]) == 20
    assert taken[1]["ReadCapacityUnits"] == transact_get_units([item_size(item)]) == 4


@pytest.mark.parametrize(("size_bytes", "service", "engine"), [(None, 2, 4), (100, 2, 4), (4_096, 2, 4), (4_097, 4, 8)])
def test_condition_checks(client: "DynamoDBClient", size_bytes: int | None, service: int, engine: int) -> None:
    key = {"pk": {"S": "check"}, "sk": {"S": str(size_bytes)}}
    if size_bytes is not None:
        put_of_size(client, key, size_bytes)
    check: Any = {"TableName": WIDE.name, "Key": key, "ConditionExpression": f"attribute_{'not_' * (not size_bytes)}exists(pk)"}
    answer = client.transact_write_items(TransactItems=[{"ConditionCheck": check}], ReturnConsumedCapacity="TOTAL")
    assert condition_check_units(size_bytes) == service
    assert answer["ConsumedCapacity"][0]["WriteCapacityUnits"] == engine


def test_batches_of_writes(client: "DynamoDBClient") -> None:
    """The engine takes 2 for the delete of no item, the service 1."""
    writer = Writer(client, WIDE, partition="batches")
    nothing_deleted = 0
    for step in range(BATCHES):
        writes, taken = writer.batch()
        expected: Counter[str | None] = Counter()
        for one in writes:
            arms, _ = arms_of_the_engine(WIDE, one)
            expected.update(arms)
        in_vain = sum(one.old is one.new is None for one in writes)
        expected[None] += in_vain  # each delete of no item
        nothing_deleted += in_vain
        assert taken == expected, f"step {step} of seed {SEED}: {writes}"
        assert taken[None] - in_vain == batch_write_units((size(one.old), size(one.new)) for one in writes)
    assert nothing_deleted >= 10


# --------------------------------------------------------------------------------------------------------------- reads

SIZES = (100, 1_000, 4_095, 4_096, 4_097, 8_192, 8_193, 20_000)  # of the items with the partition key "reads"


def put_of_size(client: "DynamoDBClient", key: Item, size_bytes: int, **attributes: Item) -> Item:
    """Put an item of `size_bytes` into WIDE."""
    item: Item = {**key, **attributes}
    item["x"] = {"S": "x" * (size_bytes - item_size(item) - 1)}
    assert item_size(item) == size_bytes
    client.put_item(TableName=WIDE.name, Item=item)
    return item


@pytest.fixture(scope="module")
def read(client: "DynamoDBClient") -> list[Item]:
    """Items of SIZES, of which every index but the sparse one holds an entry."""
    attributes: Item = {"g": {"S": "reads"}, "h": {"S": "reads"}, "r": {"N": "1"}, "a": {"S": "a" * 50}}
    return [
        put_of_size(client, {"pk": {"S": "reads"}, "sk": {"S": str(place)}}, size_bytes, **attributes, l={"S": str(place)})
        for place, size_bytes in enumerate(SIZES)
    ]


CONSISTENCY = pytest.mark.parametrize("consistency", [Consistency.EVENTUAL, Consistency.STRONG])


@CONSISTENCY
@pytest.mark.parametrize("place", [*range(len(SIZES)), None])
def test_get_item(client: "DynamoDBClient", read: list[Item], place: int | None, consistency: Consistency) -> None:
    whole: dict[str, Any] = {}
    for projection in (whole, {"ProjectionExpression": "pk"}):
        answer = client.get_item(
            TableName=WIDE.name,
            Key={"pk": {"S": "reads"}, "sk": {"S": str(place)}},
            ConsistentRead=consistency is Consistency.STRONG,
            ReturnConsumedCapacity="INDEXES",
            **projection,
        )
        assert ("Item" in answer) == (place is not None)
        assert arms_of(answer["ConsumedCapacity"]) == {None: get_item_units(None if place is None else SIZES[place], consistency)}


@CONSISTENCY
def test_batch_get_item(client: "DynamoDBClient", read: list[Item], consistency: Consistency) -> None:
    """The engine takes nothing for a missing item, the service a step."""
    found, missing = [key_of(item, WIDE) for item in read], [{"pk": {"S": "reads"}, "sk": {"S": "missing"}}]
    requests: list[tuple[list[Item], list[int | None]]] = [(found, [*SIZES]), (found + missing, [*SIZES, None]), (missing, [None])]
    for wanted, sizes in requests:
        (consumed,) = client.batch_get_item(
            RequestItems={WIDE.name: {"Keys": wanted, "ConsistentRead": consistency is Consistency.STRONG}},
            ReturnConsumedCapacity="INDEXES",
        )["ConsumedCapacity"]
        not_counted = batch_get_units([None] * sizes.count(None), consistency)
        assert arms_of(consumed) == {None: batch_get_units(sizes, consistency) - not_counted}


def test_transact_get_items(client: "DynamoDBClient", read: list[Item]) -> None:
    wanted = [*(key_of(item, WIDE) for item in read), {"pk": {"S": "reads"}, "sk": {"S": "missing"}}]
    gets: Any = [{"Get": {"TableName": WIDE.name, "Key": key}} for key in wanted]
    (consumed,) = client.transact_get_items(TransactItems=gets, ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]
    assert arms_of(consumed) == {None: transact_get_units([*SIZES, None])}


def pages(call: Callable[..., Any], **arguments: Any) -> Iterator[Any]:
    """The answers of a Query or Scan until its end."""
    answer = call(ReturnConsumedCapacity="INDEXES", **arguments)
    yield answer
    while "LastEvaluatedKey" in answer:
        answer = call(ReturnConsumedCapacity="INDEXES", ExclusiveStartKey=answer["LastEvaluatedKey"], **arguments)
        yield answer


def query_of(index: str | None) -> dict[str, Any]:
    """The Query of WIDE, or of its index, that finds the items of `read`, and no others."""
    hash_key = "pk" if index is None else next(one.hash_attributes[0] for one in WIDE.indexes if one.name == index)
    return {
        "TableName": WIDE.name,
        "KeyConditionExpression": "#key = :key",
        "ExpressionAttributeNames": {"#key": hash_key},
        "ExpressionAttributeValues": {":key": {"S": "reads"}},
        **({} if index is None else {"IndexName": index}),
    }


def held(index: str | None, item: Item) -> int:
    """The bytes of an item in WIDE, or of its entry in an index."""
    if index is None:
        return item_size(item)
    (entry,) = (index_entry(one, WIDE, item) for one in WIDE.indexes if one.name == index)
    assert entry is not None
    return item_size(entry)


# A GSI cannot be read with strong consistency. No entry is in the sparse one.
QUERIES = [
    *((name, Consistency.EVENTUAL) for name in (None, *(index.name for index in WIDE.indexes if index.name != "sparse"))),
    *((name, Consistency.STRONG) for name in (None, *(index.name for index in WIDE.local_indexes))),
]


@pytest.mark.parametrize("limit", [1, 3, 100])
@pytest.mark.parametrize(("index", "consistency"), QUERIES)
def test_pages_of_a_query(
    client: "DynamoDBClient", read: list[Item], index: str | None, consistency: Consistency, limit: int
) -> None:
    by_key = {repr(key_of(item, WIDE)): item for item in read}
    found = 0
    for answer in pages(client.query, **query_of(index), Limit=limit, ConsistentRead=consistency is Consistency.STRONG):
        page = [by_key[repr(key_of(item, WIDE))] for item in answer["Items"]]
        found += len(page)
        # The engine takes nothing for an empty page, the service a step.
        expected = page_units(sum(held(index, item) for item in page), consistency) if page else Decimal(0)
        assert without_zeros(arms_of(answer["ConsumedCapacity"])) == without_zeros({index: expected})
    assert found == len(read)


def test_filters_projections_and_counts_save_nothing(client: "DynamoDBClient", read: list[Item]) -> None:
    whole = page_units(sum(SIZES))
    assert whole == Decimal("6.5")
    filtered = query_of(None) | {"FilterExpression": "a = :key"}
    projected = query_of(None) | {"ProjectionExpression": "sk"}
    counted = query_of(None) | {"Select": "COUNT"}
    for arguments, count in ((filtered, 0), (projected, len(read)), (counted, len(read))):
        answer = client.query(ReturnConsumedCapacity="INDEXES", **arguments)
        assert answer["Count"] == count
        assert arms_of(answer["ConsumedCapacity"]) == {None: whole}


def test_what_a_local_index_lacks_is_read_item_by_item(client: "DynamoDBClient", read: list[Item]) -> None:
    answer = client.query(ReturnConsumedCapacity="INDEXES", Select="ALL_ATTRIBUTES", **query_of("local-keys"))
    assert answer["Count"] == len(read)
    assert arms_of(answer["ConsumedCapacity"]) == {
        "local-keys": page_units(sum(held("local-keys", item) for item in read)),
        None: batch_get_units(SIZES),
    }


def test_an_empty_page_is_counted_as_nothing(client: "DynamoDBClient") -> None:
    nothing = query_of(None) | {"ExpressionAttributeValues": {":key": {"S": "nobody"}}}
    answer = client.query(ReturnConsumedCapacity="INDEXES", **nothing)
    assert arms_of(answer["ConsumedCapacity"]) == {None: 0}
    assert page_units(0) == Decimal("0.5")


@pytest.fixture(scope="module")
def large(client: "DynamoDBClient") -> Table:
    """A table of 23 items of 100,000 bytes, without indexes: 2.2 MB, three pages."""
    table = a_table(name=fresh_name("pages"), key=("pk",))
    create(client, table)
    for place in range(23):
        client.put_item(TableName=table.name, Item={"pk": {"S": f"{place:02}"}, "x": {"S": "x" * (100_000 - 5)}})
    return table


@CONSISTENCY
def test_pages_of_a_scan_end_with_the_item_that_crosses_1_mb(
    client: "DynamoDBClient", large: Table, consistency: Consistency
) -> None:
    seen = [
        (answer["Count"], arms_of(answer["ConsumedCapacity"])[None])
        for answer in pages(client.scan, TableName=large.name, ConsistentRead=consistency is Consistency.STRONG)
    ]
    assert seen == [(count, page_units(count * 100_000, consistency)) for count in (11, 11, 1)]


@pytest.fixture(scope="module")
def scanned(client: "DynamoDBClient") -> tuple[Table, list[Item]]:
    """A table with the indexes of WIDE, and six items of 5,000 bytes that are in all of them but the sparse one."""
    table = replace(WIDE, name=fresh_name("scanned"))
    create(client, table)
    items: list[Item] = []
    for place in range(6):
        item: Item = {"pk": {"S": "p"}, "sk": {"S": str(place)}, "r": {"N": "1"}, **{name: {"S": "s"} for name in "ghl"}}
        items.append(item | {"y": {"S": "y" * (4_999 - item_size(item))}})
        client.put_item(TableName=table.name, Item=items[-1])
    return table, items


@pytest.mark.parametrize("index", [index for index in WIDE.indexes if index.name != "sparse"], ids=lambda index: index.name)
def test_scanning_an_index_reads_its_entries(client: "DynamoDBClient", scanned: tuple[Table, list[Item]], index: Index) -> None:
    """The engine counts whole items, unlike in a Query of the same index; the service counts entries."""
    table, items = scanned
    answer = client.scan(TableName=table.name, IndexName=index.name, ReturnConsumedCapacity="INDEXES")
    assert answer["Count"] == len(items)
    assert without_zeros(arms_of(answer["ConsumedCapacity"])) == {index.name: page_units(sum(map(item_size, items)))}
    assert page_units(sum(map(item_size, items))) == 4
    entries = [index_entry(index, table, item) for item in items]
    assert page_units(sum(item_size(entry) for entry in entries if entry)) == (4 if index.projection == "ALL" else Decimal("0.5"))
