"""
A declared design: what `stj-audit.toml` says of the keys, indexes and access patterns of a table.

Numbers are exact: whole numbers or Decimals, as TOML has them. A value out of range is a ValueError, which msgspec turns into an error with
its place; what contradicts itself between a table, its indexes and its patterns is told by `contradiction`.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Literal, Protocol

from msgspec import Struct

from stj_audit.facts import MAX_ITEM_BYTES

Number = int | Decimal
Operation = Literal[
    "GetItem",
    "Query",
    "Scan",
    "BatchGetItem",
    "TransactGetItems",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "BatchWriteItem",
    "TransactWriteItems",
]
BillingMode = Literal["PAY_PER_REQUEST", "PROVISIONED"]
TableClass = Literal["STANDARD", "STANDARD_INFREQUENT_ACCESS"]
Projection = Literal["ALL", "KEYS_ONLY", "INCLUDE"]

COLLECTION_READS = ("Query", "Scan")
READS = ("GetItem", *COLLECTION_READS, "BatchGetItem", "TransactGetItems")
REPLACING_WRITES = ("PutItem", "BatchWriteItem", "TransactWriteItems")
ITEMS_PER_CALL = {  # AWS API reference, of each operation: the most that one call takes
    "GetItem": 1,
    "BatchGetItem": 100,
    "TransactGetItems": 100,
    "PutItem": 1,
    "UpdateItem": 1,
    "DeleteItem": 1,
    "BatchWriteItem": 25,
    "TransactWriteItems": 100,
}
MAX_KEY_ATTRIBUTES = 2
MAX_COUNT = 10**12  # items, capacity units: above it is a typing error; the bounds keep every amount exact in `cost.model`
MAX_CALLS = 10**6  # a user and day


def in_range(key: str, value: Number | None, *, most: Number = MAX_COUNT) -> None:
    """Raise ValueError unless `value` is left out, or a number from 0 to `most`."""
    if value is not None and not (Decimal(value).is_finite() and 0 <= value <= most):
        raise ValueError(f"`{key}` is {value}, and must be a number from 0 to {most:,}")


class ItemsOf(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`{ per_user = 2 }`: the items of one user, at any user count; `{ share_of_users = 0.7 }`: as many as that share of all users."""

    per_user: Number | None = None
    share_of_users: Number | None = None

    def __post_init__(self) -> None:
        if (self.per_user is None) == (self.share_of_users is None):
            raise ValueError("`items` takes one of `per_user` and `share_of_users`")
        in_range("per_user", self.per_user)
        in_range("share_of_users", self.share_of_users, most=1)


class Pattern(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    `[[tables.X.pattern]]`: one thing that the application does. `calls` are those of one user a day, `calls_per_day` those of a job, however
    many users there are; `items` is what one call reads or writes.

    `sets` are the attributes that a write changes, and `key_change` by index how often the value of an index key in them really differs.
    """

    name: str
    op: Operation
    index: str | None = None
    key: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    items: Number | ItemsOf | None = None
    calls: Number | None = None
    calls_per_day: Number | None = None
    limit: int | None = None
    consistent: bool = False
    order_by: str | None = None
    purpose: str | None = None
    key_change: dict[str, Number] = {}
    replaces: bool = False

    def __post_init__(self) -> None:
        in_range("calls", self.calls, most=MAX_CALLS)
        in_range("calls_per_day", self.calls_per_day)
        for index, probability in self.key_change.items():
            in_range(f"key_change.{index}", probability, most=1)
        if self.limit is not None and self.limit < 1:
            raise ValueError(f"`limit` is {self.limit}, and must be at least 1")
        if not isinstance(self.items, ItemsOf):
            in_range("items", self.items)
        problem = self._wrong_for_operation()
        if problem:
            raise ValueError(f"pattern {self.name!r}: {problem}")

    @property
    def is_read(self) -> bool:
        """Whether the operation reads."""
        return self.op in READS

    @property
    def is_job(self) -> bool:
        """Whether it is called as often whatever the users: no user waits for it."""
        return not self.calls and self.calls_per_day is not None

    @property
    def updates(self) -> bool:
        """Whether the items that are written were there before, and stay."""
        return self.op == "UpdateItem" or self.replaces or (self.op == "TransactWriteItems" and bool(self.sets))

    def items_at(self, users: int) -> Number:
        """What one call reads or writes when there are `users` users."""
        if self.items is None:
            return 1
        if not isinstance(self.items, ItemsOf):
            return self.items
        return (self.items.per_user or 0) if self.items.share_of_users is None else self.items.share_of_users * users

    @property
    def follows_users(self) -> bool:
        """Whether what one call reads depends on the number of users."""
        return isinstance(self.items, ItemsOf) and bool(self.items.share_of_users)

    @property
    def reads_everything(self) -> bool:
        """Whether a call is a Scan of all that is there: nothing says that it reads less."""
        return self.op == "Scan" and self.items is None

    @property
    def grows_faster(self) -> bool:
        """Whether one call reads more as the users grow."""
        return self.follows_users and self.limit is None

    def _wrong_for_operation(self) -> str | None:
        replacing = f"{', '.join(REPLACING_WRITES[:-1])} and {REPLACING_WRITES[-1]}"
        rules = (
            (self.op not in COLLECTION_READS and self.index is not None, f"`index` is for Query and Scan, not for {self.op}"),
            (self.op not in COLLECTION_READS and self.limit is not None, f"`limit` is for Query and Scan, not for {self.op}"),
            (self.consistent and not self.is_read, f"`consistent` is for reads, not for {self.op}"),
            (self.is_read and bool(self.sets or self.key_change), f"`sets` and `key_change` are for writes, not for {self.op}"),
            (self.replaces and self.op not in REPLACING_WRITES, f"`replaces` is for {replacing}, not for {self.op}"),
            (not self.updates and bool(self.key_change), "`key_change` is for writes of items that were there before"),
        )
        return next((problem for broken, problem in rules if broken), None) or self._too_many_items()

    def _too_many_items(self) -> str | None:
        most = ITEMS_PER_CALL.get(self.op)
        if most is None:
            return None
        if isinstance(self.items, ItemsOf) and self.items.share_of_users is not None:
            return f"`share_of_users` is for Query and Scan; one {self.op} takes at most {most}"
        return f"one {self.op} takes at most {most} item{'s' if most > 1 else ''}" if self.items_at(1) > most else None


class IndexModel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[tables.X.index]]`: a global secondary index. `entry_bytes` is without overhead; `share` is the part of the items that is in it."""

    name: str
    key: tuple[str, ...]
    projection: Projection = "ALL"
    attributes: tuple[str, ...] = ()
    entry_bytes: int | None = None
    share: Number = 1
    rcu: Number | None = None
    wcu: Number | None = None

    def __post_init__(self) -> None:
        check_key(self.key)
        in_range("entry_bytes", self.entry_bytes, most=MAX_ITEM_BYTES)
        in_range("share", self.share, most=1)
        in_range("rcu", self.rcu)
        in_range("wcu", self.wcu)
        if (self.projection == "INCLUDE") != bool(self.attributes):
            raise ValueError(f"index {self.name!r}: `attributes` go with projection INCLUDE, and INCLUDE needs them")


class Growth(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of `growth`: how an attribute of an item grows, in bytes, `per_user_day` times a day; "replace": each time anew."""

    attribute: str
    bytes: Number
    per_user_day: Number
    mode: Literal["append", "replace"] = "append"

    def __post_init__(self) -> None:
        in_range("bytes", self.bytes, most=MAX_ITEM_BYTES)
        in_range("per_user_day", self.per_user_day, most=MAX_CALLS)


class IndexShape(Protocol):
    """What an index is, declared or live: a live one may have up to four attributes to find by and four to sort by."""

    @property
    def name(self) -> str: ...
    @property
    def key(self) -> tuple[str, ...]: ...
    @property
    def projection(self) -> Projection: ...
    @property
    def attributes(self) -> tuple[str, ...]: ...


def finds(wanted: Iterable[str], hashes: Sequence[str], ranges: Sequence[str]) -> bool:
    """
    Whether a Query may look for the attributes `wanted`: all that a partition key is made of, and then the sort key from its first on.

    Source: AWS developer guide, "Key condition expressions for the Query operation", and "Multi-attribute keys pattern".
    """
    found = set(wanted)
    rest = found - set(hashes)
    return set(hashes) <= found and rest == set(ranges[: len(rest)])


def check_key(key: Sequence[str]) -> None:
    """Raise ValueError unless `key` is a partition key, or a partition key and a sort key."""
    if not 1 <= len(key) <= MAX_KEY_ATTRIBUTES or len(set(key)) < len(key) or not all(key):
        raise ValueError(f"`key` is {list(key)}, and must be one attribute (HASH) or two (HASH, then RANGE)")


def contradiction(
    table_key: Sequence[str],
    indexes: Sequence[IndexShape],
    patterns: Sequence[Pattern],
    *,
    local: frozenset[str] = frozenset(),
    refused: bool = True,
) -> tuple[str, str] | None:
    """
    (place in the table, what is wrong) of the first thing that does not fit the others; None when all of it fits. `local`: the LSIs.

    `refused`: a Query or Scan that AWS refuses is wrong too, of what no key fits or of an index consistently; and one that reads of a global
    index what it does not hold, so that it takes a second call.
    """
    by_name = {index.name: index for index in indexes}
    if len(by_name) < len(indexes):
        return "index", "two indexes have the same name"
    for place, pattern in enumerate(patterns):
        index = None if pattern.index is None else by_name.get(pattern.index)
        judged = refused or pattern.op not in COLLECTION_READS
        for problem in (
            _wrong_key(pattern, table_key if pattern.index is None else () if index is None else index.key) if judged else None,
            None if pattern.index in local or not refused else _not_projected(pattern, table_key, index),
            _wrong_change(pattern, table_key, by_name),
            _wrong_consistency(pattern, index, local) if judged else None,
        ):
            if problem:
                return f"pattern[{place}]", f"pattern {pattern.name!r}: {problem}"
    return None


def undeclared_index(indexes: Iterable[IndexShape], patterns: Iterable[Pattern]) -> tuple[str, str] | None:
    """(place in the table, what is wrong) of the first pattern that names an index that is not among `indexes`."""
    names = [index.name for index in indexes]
    for place, pattern in enumerate(patterns):
        wanted = ((pattern.index,) if pattern.index is not None else ()) + tuple(pattern.key_change)
        missing = next((name for name in wanted if name not in names), None)
        if missing is not None:
            return f"pattern[{place}]", f"pattern {pattern.name!r}: index {missing!r} is not declared"
    return None


def _wrong_key(pattern: Pattern, target: Sequence[str]) -> str | None:
    if not target or not pattern.key:
        return None
    allowed = {frozenset(target[:1]), frozenset(target)} if pattern.op in COLLECTION_READS else {frozenset(target)}
    if frozenset(pattern.key) in allowed:
        return None
    what = "the table" if pattern.index is None else f"index {pattern.index!r}"
    return f"its key is {list(pattern.key)}, and that of {what} is {list(target)}"


def _not_projected(pattern: Pattern, table_key: Sequence[str], index: IndexShape | None) -> str | None:
    if index is None or index.projection == "ALL" or not table_key:
        return None
    projected = {*table_key, *index.key, *index.attributes}
    missing = next((name for name in pattern.reads if name not in projected), None)
    return None if missing is None else f"it reads {missing!r}, which index {index.name!r} does not hold"


def _wrong_consistency(pattern: Pattern, index: IndexShape | None, local: frozenset[str]) -> str | None:
    if index is None or not pattern.consistent or index.name in local:
        return None
    return "a global secondary index cannot be read consistently"


def _wrong_change(pattern: Pattern, table_key: Sequence[str], by_name: dict[str, IndexShape]) -> str | None:
    fixed = next((name for name in pattern.sets if name in table_key and pattern.updates), None)
    if fixed is not None:
        return f"it sets {fixed!r}, and a key of the table cannot be changed"
    for name in pattern.key_change:
        index = by_name.get(name)
        if index is not None and not set(index.key) & set(pattern.sets):
            return f"`key_change` names index {name!r}, and `sets` has none of its key {list(index.key)}"
    return None
