"""
Tables that others published, as facts in our own notation, and items to fill them with.

The definitions are those of the sources named beside them; the items are invented here, the same in every run: of every DynamoDB type, and
some without the keys of an index, so that indexes are sparse. `ODD_KEYS` is ours: no published table has keys of every type.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stj_audit.facts import AttributeType, IndexKind, Projection

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]

BATCH_ITEMS = 25  # the most that one BatchWriteItem takes
BATCH_BYTES = 8 * 1024 * 1024  # well below the 16 MB that it takes, base64 and JSON included
SORTED_TOGETHER = 7  # items that share a partition key where there is a sort key
SPARSE_EVERY = 3  # every third item lacks one index key


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedIndex:
    """A secondary index. `keys` are attributes, HASH first, then RANGE; `units` are provisioned read and write units of a GSI."""

    name: str
    kind: IndexKind
    keys: tuple[str, ...]
    projection: Projection = "ALL"
    included: tuple[str, ...] = ()
    units: tuple[int, int] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedTable:
    """
    A table definition. `types` gives the type of every key attribute; `units` None is on demand.

    `items` is how many `items_of` makes for it, each about `padding_bytes` larger than its other attributes.
    """

    name: str
    keys: tuple[str, ...]
    types: dict[str, AttributeType]
    indexes: tuple[PublishedIndex, ...] = ()
    units: tuple[int, int] | None = None
    stream: str | None = None
    ttl: str | None = None
    deletion_protection: bool = False
    items: int = 40
    padding_bytes: int = 0


# AWS SDK for PHP code examples, SampleDataCreateTables.php: the developer guide's ProductCatalog, with a numeric key.
PRODUCT_CATALOG = PublishedTable(name="ProductCatalog", keys=("Id",), types={"Id": "N"}, units=(10, 5))

# AWS SDK for PHP code examples, SampleDataCreateTables.php: Forum.
FORUM = PublishedTable(name="Forum", keys=("Name",), types={"Name": "S"}, units=(10, 5), items=3)

# Amazon DynamoDB API reference, CreateTable, the example request: Thread.
THREAD = PublishedTable(
    name="Thread",
    keys=("ForumName", "Subject"),
    types={"ForumName": "S", "Subject": "S", "LastPostDateTime": "S"},
    indexes=(PublishedIndex(name="LastPostIndex", kind="LSI", keys=("ForumName", "LastPostDateTime"), projection="KEYS_ONLY"),),
    units=(5, 5),
)

# AWS SDK for PHP code examples, SampleDataCreateTables.php: Reply, with a local index.
REPLY_LOCAL = PublishedTable(
    name="Reply-local",
    keys=("Id", "ReplyDateTime"),
    types={"Id": "S", "ReplyDateTime": "S", "PostedBy": "S"},
    indexes=(PublishedIndex(name="PostedBy-index", kind="LSI", keys=("Id", "PostedBy"), projection="KEYS_ONLY"),),
    units=(10, 5),
)

# Amazon DynamoDB developer guide, "Example tables and data"; capacity as in NoSQL Workbench's model of it: Reply, with a global index.
REPLY_GLOBAL = PublishedTable(
    name="Reply-global",
    keys=("Id", "ReplyDateTime"),
    types={"Id": "S", "ReplyDateTime": "S", "PostedBy": "S", "Message": "S"},
    indexes=(PublishedIndex(name="PostedBy-Message-Index", kind="GSI", keys=("PostedBy", "Message"), units=(5, 5)),),
    units=(5, 5),
)

# Amazon DynamoDB developer guide, "Core components": Music and its index GenreAlbumTitle, which projects keys only.
MUSIC = PublishedTable(
    name="Music",
    keys=("Artist", "SongTitle"),
    types={"Artist": "S", "SongTitle": "S", "Genre": "S", "AlbumTitle": "S"},
    indexes=(PublishedIndex(name="GenreAlbumTitle", kind="GSI", keys=("Genre", "AlbumTitle"), projection="KEYS_ONLY"),),
)

# Terraform AWS provider, aws_dynamodb_table, the basic example: GameScores. Its index "includes" UserId, which is a key and there anyway.
GAME_SCORES = PublishedTable(
    name="GameScores",
    keys=("UserId", "GameTitle"),
    types={"UserId": "S", "GameTitle": "S", "TopScore": "N"},
    indexes=(
        PublishedIndex(
            name="GameTitleIndex",
            kind="GSI",
            keys=("GameTitle", "TopScore"),
            projection="INCLUDE",
            included=("UserId",),
            units=(10, 10),
        ),
    ),
    units=(20, 20),
    ttl="TimeToExist",
)

# AWS CloudFormation template reference, AWS::DynamoDB::Table, "DynamoDB table with local and global secondary indexes".
ALBUMS = PublishedTable(
    name="myTableName",
    keys=("Album", "Artist"),
    types={"Album": "S", "Artist": "S", "Sales": "N", "NumberOfSongs": "N"},
    indexes=(
        PublishedIndex(
            name="myGSI",
            kind="GSI",
            keys=("Sales", "Artist"),
            projection="INCLUDE",
            included=("Album", "NumberOfSongs"),
            units=(5, 5),
        ),
        PublishedIndex(
            name="myGSI2",
            kind="GSI",
            keys=("NumberOfSongs", "Sales"),
            projection="INCLUDE",
            included=("Album", "Artist"),
            units=(5, 5),
        ),
        PublishedIndex(
            name="myLSI", kind="LSI", keys=("Album", "Sales"), projection="INCLUDE", included=("Artist", "NumberOfSongs")
        ),
    ),
    units=(5, 5),
)

# Serverless Lift, docs/database-dynamodb-single-table.md, with two of its indexes: several MB, so that it is read in pages.
SINGLE_TABLE = PublishedTable(
    name="single-table",
    keys=("PK", "SK"),
    types={"PK": "S", "SK": "S", "GSI-1-PK": "S", "GSI-1-SK": "S", "GSI-2-PK": "S", "GSI-2-SK": "S"},
    indexes=(
        PublishedIndex(name="GSI-1", kind="GSI", keys=("GSI-1-PK", "GSI-1-SK")),
        PublishedIndex(name="GSI-2", kind="GSI", keys=("GSI-2-PK", "GSI-2-SK")),
    ),
    stream="NEW_AND_OLD_IMAGES",
    ttl="TimeToLive",
    items=120,
    padding_bytes=30_000,
)

# connect-dynamodb, readme: the session table, with time to live on "expires".
SESSIONS = PublishedTable(name="sessions", keys=("id",), types={"id": "S"}, units=(5, 5), ttl="expires")

# Kinesis Client Library 3.x developer guide, "DynamoDB metadata tables": the lease table and its index on the owner.
LEASES = PublishedTable(
    name="kcl-leases",
    keys=("leaseKey",),
    types={"leaseKey": "S", "leaseOwner": "S"},
    indexes=(
        PublishedIndex(name="LeaseOwnerToLeaseKeyIndex", kind="GSI", keys=("leaseOwner", "leaseKey"), projection="KEYS_ONLY"),
    ),
    deletion_protection=True,
)

# Asherah, docs/Metastore.md: the key metastore, with a numeric sort key.
METASTORE = PublishedTable(name="EncryptionKey", keys=("Id", "Created"), types={"Id": "S", "Created": "N"}, units=(1, 1))

# Terraform, backend "s3": the state lock table, which is empty while nobody holds a lock.
STATE_LOCK = PublishedTable(name="terraform-locks", keys=("LockID",), types={"LockID": "S"}, items=0)

# Ours: keys of every type, an LSI and GSIs in every projection, and an index that no item is in.
ODD_KEYS = PublishedTable(
    name="odd-keys",
    keys=("digest", "at"),
    types={"digest": "B", "at": "N", "blob": "B", "score": "N", "shop": "S", "never": "S"},
    indexes=(
        PublishedIndex(name="by-blob", kind="GSI", keys=("blob",), projection="KEYS_ONLY"),
        PublishedIndex(name="by-score", kind="GSI", keys=("score", "at"), projection="INCLUDE", included=("details", "not_there")),
        PublishedIndex(name="by-shop", kind="GSI", keys=("shop", "score")),
        PublishedIndex(name="by-never", kind="GSI", keys=("never",)),
        PublishedIndex(name="local-by-blob", kind="LSI", keys=("digest", "blob"), projection="INCLUDE", included=("flags",)),
        PublishedIndex(name="local-by-shop", kind="LSI", keys=("digest", "shop")),
        PublishedIndex(name="local-by-score", kind="LSI", keys=("digest", "score"), projection="KEYS_ONLY"),
    ),
    stream="KEYS_ONLY",
)

ALL_TABLES = (
    PRODUCT_CATALOG,
    FORUM,
    THREAD,
    REPLY_LOCAL,
    REPLY_GLOBAL,
    MUSIC,
    GAME_SCORES,
    ALBUMS,
    SINGLE_TABLE,
    SESSIONS,
    LEASES,
    METASTORE,
    STATE_LOCK,
    ODD_KEYS,
)


# -------------------------------------------------------------------------------------------------------------- making


def create(client: "DynamoDBClient", table: PublishedTable, name: str) -> None:
    """Create `table` under `name` on an engine, with its time to live."""
    request: dict[str, Any] = {
        "TableName": name,
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": kind} for key, kind in table.types.items()],
        "KeySchema": _key_schema(table.keys),
        "DeletionProtectionEnabled": table.deletion_protection,
    }
    if table.units is None:
        request["BillingMode"] = "PAY_PER_REQUEST"
    else:
        request["ProvisionedThroughput"] = _units(table.units)
    if table.stream is not None:
        request["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": table.stream}
    for kind, member in (("GSI", "GlobalSecondaryIndexes"), ("LSI", "LocalSecondaryIndexes")):
        indexes = [_index(index) for index in table.indexes if index.kind == kind]
        if indexes:
            request[member] = indexes
    client.create_table(**request)
    if table.ttl is not None:
        client.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": table.ttl})


def fill(client: "DynamoDBClient", name: str, items: Iterable[Item]) -> None:
    """Write items in batches."""
    for batch in _batches(items):
        answer = client.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": item}} for item in batch]})
        assert not answer["UnprocessedItems"]


def delete(client: "DynamoDBClient", table: PublishedTable, name: str) -> None:
    """Delete a table, also a protected one."""
    if table.deletion_protection:
        client.update_table(TableName=name, DeletionProtectionEnabled=False)
    client.delete_table(TableName=name)


def _index(index: PublishedIndex) -> dict[str, Any]:
    projection: dict[str, Any] = {"ProjectionType": index.projection}
    if index.included:
        projection["NonKeyAttributes"] = list(index.included)
    made: dict[str, Any] = {"IndexName": index.name, "KeySchema": _key_schema(index.keys), "Projection": projection}
    if index.units is not None:
        made["ProvisionedThroughput"] = _units(index.units)
    return made


def _key_schema(keys: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"AttributeName": key, "KeyType": "RANGE" if place else "HASH"} for place, key in enumerate(keys)]


def _units(units: tuple[int, int]) -> dict[str, int]:
    return {"ReadCapacityUnits": units[0], "WriteCapacityUnits": units[1]}


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    batch: list[Item] = []
    size_bytes = 0
    for item in items:
        batch.append(item)
        size_bytes += len(str(item))
        if len(batch) == BATCH_ITEMS or size_bytes > BATCH_BYTES:
            yield batch
            batch, size_bytes = [], 0
    if batch:
        yield batch


# --------------------------------------------------------------------------------------------------------------- items


def items_of(table: PublishedTable) -> Iterator[Item]:
    """The table's items, the same in every call."""
    for number in range(table.items):
        yield _item(table, number)


def _item(table: PublishedTable, number: int) -> Item:
    item: Item = {}
    for place, key in enumerate(table.keys):
        shared = place == 0 and len(table.keys) > 1
        item[key] = _key_value(table.types[key], number // SORTED_TOGETHER if shared else number)
    for place, key in enumerate(name for name in table.types if name not in table.keys):
        if key == "never" or number % SPARSE_EVERY == place % SPARSE_EVERY:
            continue
        item[key] = _key_value(table.types[key], number % 5)
    for index in table.indexes:
        for name in index.included:
            if name not in item and name not in table.types and name != "not_there" and number % 4:
                item[name] = {"M": {"about": {"S": name}, "number": {"N": str(number)}}}
    if table.ttl is not None and number % 2:
        item[table.ttl] = {"N": str(1_800_000_000 + number)}
    item |= dict(list(_PAYLOADS.items())[: number % (len(_PAYLOADS) + 1)])
    item["counter"] = {"N": _NUMBERS[number % len(_NUMBERS)]}
    if table.padding_bytes:
        item["padding"] = {"S": "p" * (table.padding_bytes + number)}
    return item


def _key_value(kind: AttributeType, number: int) -> dict[str, Any]:
    if kind == "S":
        return {"S": f"værdi {number:05d}"}
    if kind == "N":
        return {"N": str(number - 2)} if number % 2 else {"N": f"{number}.{number:03d}5"}
    return {"B": bytes([number % 256, 0, 255, 7])}


_NUMBERS = ("0", "-1", "120", "1200", "3.14159", "-0.00001", "1e100", "12345678901234567890123456789012345678", "-1e-130")
_PAYLOADS: Item = {
    "text": {"S": "søkeord 日本語 🦉"},
    "empty": {"S": ""},
    "yes": {"BOOL": True},
    "nothing": {"NULL": True},
    "raw": {"B": b"\x00\xff" * 11},
    "words": {"SS": ["one", "två", "三"]},
    "digits": {"NS": ["1", "-20", "3.5e10"]},
    "blobs": {"BS": [b"\x01", b"\x02\x03"]},
    "list": {"L": [{"S": "a"}, {"N": "7"}, {"L": []}, {"BOOL": False}]},
    "nested": {"M": {"street": {"S": "Åsgata 1"}, "inner": {"M": {"deep": {"L": [{"NULL": True}, {"M": {}}]}}}}},
}
