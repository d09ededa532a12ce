"""
A first `stj-audit.toml` for tables that were read: what was measured is filled in, what only their owner knows is left open. Pure.

Two kinds of comment: prose begins with "# ", and a setting that is off with "#" alone, so that taking the # away turns it on.
Names, sizes and counts are all that is written. An attribute that next to no item has is left out: its name may be somebody's data.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Literal, get_args

from stj_audit.config import SCALES, TARGET_USERS
from stj_audit.cost.from_facts import stored_bytes, stored_index_bytes
from stj_audit.cost.prices import bundled_regions
from stj_audit.design import COLLECTION_READS, ITEMS_PER_CALL, READS, Operation
from stj_audit.errors import AuditError
from stj_audit.facts import (
    DYNAMIC_ATTRIBUTES,
    MAX_ITEM_BYTES,
    AttributeSizes,
    Index,
    ItemSizes,
    Snapshot,
    Table,
    TableFacts,
    Throughput,
    Traffic,
    Unknown,
)
from stj_audit.items.limits import MAX_ATTRIBUTES, OTHER_ATTRIBUTES
from stj_audit.wording import a_few, count, counted, items_read, kilobytes, listed, percent, printable

MAX_ATTRIBUTES_SHOWN = 40  # the heaviest: a table's others weigh next to nothing
RARE_SHARE = Decimal("0.01")  # of the items: below it an attribute is hardly part of the schema
FEW_ITEMS = 10  # in so few items, even an attribute that a single one has is no exception
WHOLE_SHARE = Decimal("0.995")  # from it on, an index holds every item: DescribeTable counts the two at different times
USERS_PER_KEY = 10  # from it on, an index key is no user's own, but such as a status
DIGITS = 4  # of a rate that is written, so that what it adds up to is right to 0.05 %
WIDTH = 100
ALIGN_UP_TO = 44  # columns; what is longer has its remark right behind it
USER_WORDS = ("user", "customer", "subscriber", "account", "member")  # in the name of a table that may count the users
OPERATIONS: tuple[str, ...] = get_args(Operation)
NAMES = {
    "GetItem": "read an item",
    "BatchGetItem": "read a batch of items",
    "TransactGetItems": "read items in a transaction",
    "Query": "read the items of a partition key",
    "Scan": "read the whole table",
    "PutItem": "write an item",
    "UpdateItem": "change an item",
    "DeleteItem": "delete an item",
    "BatchWriteItem": "write a batch of items",
    "TransactWriteItems": "write items in a transaction",
}
HOW_TO = """\
# What could be measured is filled in: names, sizes and counts, and no value of any item. What your
# users do is not in the tables: fill in the patterns, and say of each table how its items grow. Then
#
#     stj-audit cost --model stj-audit.toml    prices it at each user count, without an AWS call
#     stj-audit run                            audits the tables; in its projections, what is said
#                                              here takes the place of what it measures
#
# A # without a space turns a setting off: take the # away to turn it on. A pattern is one thing that
# your application does:
#
#     op      {operations}
#     calls   by one user on a day, may be a fraction; a job has calls_per_day, whatever the users
#     items   that one call reads or writes; {{ share_of_users = 0.7 }} where they grow with the users
#     reads   the attributes that are needed of them
#     sets    the attributes that a write changes
#     and     limit = 10, consistent = true, order_by = "ATTRIBUTE", key_change = {{ INDEX = 0.05 }}
#             (how often a write that sets an index key changes it)"""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def starter(snapshot: Snapshot, *, users_now: int | None = None, users_table: str | None = None) -> str:
    """
    The text of a commented stj-audit.toml for the tables of a snapshot.

    `users_now`, or else the items of `users_table`, are the users of today, by which items for each user are computed. Raises
    AuditError when no table could be described.
    """
    if not snapshot.tables:
        calls = sorted({f"{one.unknown.call}: {one.unknown.reason}" for one in snapshot.missing})
        what = "the table" if len(snapshot.missing) == 1 else f"none of the {count(len(snapshot.missing))} tables"
        verb = "could not be described" if len(snapshot.missing) == 1 else "could be described"
        raise AuditError(f"{what} {verb} ({a_few(calls)})", hint="`stj-audit iam-policy` prints the permissions that it needs")
    users = _Users.of(snapshot, users_now, users_table)
    sections = [_head(snapshot), ["schema = 1"], _model(snapshot.region, users)]
    for facts in snapshot.tables:
        sections += _TableText(facts, users).sections()
    return "\n\n".join("\n".join(lines) for lines in sections) + "\n"


# ------------------------------------------------------------------------------------------------------------------ TOML


def quoted(text: str) -> str:
    """A TOML string. What cannot be seen is escaped: control characters, and those that turn or hide the text around them."""
    return '"' + "".join(_in_string(character) for character in text) + '"'


def toml_key(name: str) -> str:
    """A TOML key: bare where TOML allows it, else a string."""
    return name if _BARE_KEY.fullmatch(name) else quoted(name)


def _in_string(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:
        return "\\ufffd"  # half a character, which neither TOML nor DynamoDB has
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _names(names: Iterable[str]) -> str:
    return f"[{', '.join(map(quoted, names))}]"


def _number(number: int | Decimal) -> str:
    """Whole numbers in groups of three; a fraction with four significant digits."""
    with localcontext(prec=DIGITS):
        exact = Decimal(number)
        rounded = exact.to_integral_value() if abs(exact) >= 10 ** (DIGITS - 1) else +exact
    if rounded == rounded.to_integral_value():
        return f"{int(rounded):_}"
    return f"{rounded.normalize():f}"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Line:
    """A setting and a remark on it; `on` is false where it is commented out."""

    text: str
    remark: str = ""
    on: bool = True

    @property
    def setting(self) -> str:
        return self.text if self.on else f"#{self.text}"


def _set(key: str, value: str = "", remark: str = "", *, on: bool = True) -> _Line:
    """`key = value`; without a value it is left to fill in, and off."""
    return _Line(text=f"{toml_key(key)} = {value}".rstrip(), remark=remark, on=on and bool(value))


def _block(lines: Iterable[_Line]) -> list[str]:
    """The lines with their remarks one below the other."""
    every = list(lines)
    lengths = [len(line.setting) for line in every if line.remark]
    column = max((length for length in lengths if length <= ALIGN_UP_TO), default=0)
    return [f"{line.setting:<{column}}  # {_printable(line.remark)}" if line.remark else line.setting for line in every]


def _prose(*sentences: str) -> list[str]:
    """Comment lines, wrapped; each sentence begins a line of its own."""
    lines = []
    for sentence in sentences:
        lines += textwrap.wrap(_printable(sentence), WIDTH - 2, break_long_words=False, break_on_hyphens=False)
    return [f"# {line}" for line in lines]


def _printable(text: str) -> str:
    """Whatever is in a name, a comment stays one line, and looks like what it is."""
    return "".join(character if character.isprintable() else _in_string(character) for character in text)


# ----------------------------------------------------------------------------------------------------------------- users


@dataclass(frozen=True, kw_only=True, slots=True)
class _Users:
    """
    The users of today: `now` where they are known, from `given` or from the items of `table`. `guess` is the table that may count
    them, and its items: only ever a suggestion.
    """

    given: int | None
    table: str | None
    now: int | None
    guess: tuple[str, int] | None

    @classmethod
    def of(cls, snapshot: Snapshot, given: int | None, table: str | None) -> "_Users":
        counts = {facts.table.name: _item_count(facts) for facts in snapshot.tables}
        likely = [(number, name) for name, number in counts.items() if number and any(word in name.lower() for word in USER_WORDS)]
        largest = max(likely, key=lambda pair: pair[0], default=None)
        return cls(
            given=given,
            table=table,
            now=given or (counts.get(table) if table is not None else None) or None,
            guess=None if largest is None else (largest[1], largest[0]),
        )


def _item_count(facts: TableFacts) -> int | None:
    stored = stored_bytes(facts)
    return facts.table.item_count if stored is None else stored[0]


# ------------------------------------------------------------------------------------------------------------------- top


def _head(snapshot: Snapshot) -> list[str]:
    tables = counted(len(snapshot.tables), "table")
    day = snapshot.started_at.date().isoformat()
    lines = [*_prose(f"stj-audit.toml: {tables} of {snapshot.region}, as `stj-audit init` found them on {day}."), "#"]
    width = WIDTH - len("#     op      ")
    operations = textwrap.wrap(", ".join(OPERATIONS), width)
    lines += HOW_TO.format(operations="\n#             ".join(operations)).split("\n")
    if snapshot.missing:
        names = a_few(printable(one.name) for one in snapshot.missing)
        reasons = listed(sorted({f"{one.unknown.call}: {one.unknown.reason}" for one in snapshot.missing}))
        lines += ["#", *_prose(f"Not in here, because they could not be described: {names} ({reasons}).")]
    return lines


def _model(region: str, users: _Users) -> list[str]:
    if region in bundled_regions():
        lines = [_set("region", quoted(region), "whose prices apply")]
    else:
        lines = [_set("region", remark=f"whose prices apply: no prices are known for {region}")]
    if users.table is not None:
        lines.append(_set("users_table", quoted(users.table), "has one item for each user: its items are counted as users now"))
    elif users.guess is not None:
        name, number = users.guess
        lines.append(_set("users_table", quoted(name), f"if it has one item for each user: {count(number)} now", on=False))
    else:
        lines.append(_set("users_table", remark="a table that has one item for each user: its items are counted as users now"))
    if users.given is not None:
        lines.append(_set("users_now", _number(users.given)))
    lines += [
        _set("target", _number(TARGET_USERS), "the user count that the headline grade is for", on=False),
        _set("scales", f"[{', '.join(map(_number, SCALES))}]", "the user counts to price", on=False),
    ]
    return ["[model]", *_block(lines)]


# ------------------------------------------------------------------------------------------------------------- one table


class _TableText:
    """What is written of one table."""

    def __init__(self, facts: TableFacts, users: _Users) -> None:
        self._facts = facts
        self._table = facts.table
        self._items = None if isinstance(facts.items, Unknown) or not facts.items.scanned else facts.items
        self._traffic = None if isinstance(facts.traffic, Unknown) else facts.traffic
        self._users = users
        self._count = _item_count(facts)
        self._place = f"tables.{toml_key(facts.table.name)}"

    def sections(self) -> Iterator[list[str]]:
        """Blocks of lines, to be set apart by an empty line."""
        yield ["", *_prose(f"{f'---- {self._table.name} '.ljust(WIDTH - 2, '-')}", *self._about())]
        yield [f"[{self._place}]", *_block(self._settings())]
        yield from self._attributes()
        for index in self._declarable():
            yield [f"[[{self._place}.index]]", *_block(self._index(index))]
        undeclared = self._undeclarable()
        if undeclared:
            yield _prose(*undeclared)
        yield self._counted_calls()
        yield from self._patterns()

    # ---------------------------------------------------------------------------------------------------- what is there

    def _about(self) -> Iterator[str]:
        items = self._facts.items
        if isinstance(items, Unknown):
            known = _mean(stored_bytes(self._facts)) is not None
            if self._count is None:
                yield "How many items it has is not known."
            else:
                yield f"{counted(self._count, 'item')}, as DescribeTable counts them, about every six hours."
            unknown = "sizes of attributes are not known" if known else "their sizes are not known"
            yield f"The items were not read ({items.call}: {items.reason}): {unknown}."
        elif items.mean_bytes is None:
            empty = "It is empty" if items.coverage == "full" else "A sample of it holds no item"
            yield f"{empty}: there is nothing to measure yet."
        else:
            read = items_read(items.scanned, items.coverage)
            verb = "was" if items.scanned == 1 or items.coverage != "full" else "were"
            sizes = f"{kilobytes(items.mean_bytes)} on average, {kilobytes(items.max_bytes or 0)} at most"
            yield f"{read[0].upper()}{read[1:]} {verb} read: {sizes}."
        abroad = sorted(one.region for one in self._table.replicas if one.region != self._table.region)
        if abroad:
            yield f"Its replicas in {listed(abroad)} cannot be declared: `stj-audit cost --model` prices it without them."

    def _settings(self) -> Iterator[_Line]:
        yield _set("key", _names(_key(self._table)))
        yield from self._growth()
        stored = stored_bytes(self._facts)
        yield _size("item_bytes", _mean(stored) or (self._items.mean_bytes if self._items else None))
        yield from self._capacity()
        if self._table.table_class != "STANDARD":
            yield _set("table_class", quoted(self._table.table_class))
        pitr = self._facts.pitr
        if isinstance(pitr, Unknown):
            yield _set("pitr", "true", f"not known ({pitr.call}: {pitr.reason}); off when left out", on=False)
        else:
            yield _set("pitr", "true" if pitr.enabled else "false")

    def _growth(self) -> Iterator[_Line]:
        """How many items there will be: only their owner knows whether they follow the users."""
        number, users = self._count, self._users
        if not number:
            yield _set("items_per_user", remark="either they grow with the users: so many for each")
            yield _set("items", remark="or there are always so many")
            return
        if users.now is not None:
            each = _number(Decimal(number) / users.now)
            yield _set("items_per_user", each, f"{counted(number, 'item')} now, of {counted(users.now, 'user')}")
            yield _set("items", _number(number), "in its place, where there are always as many as now", on=False)
            return
        each, source = "", "so many for each"
        if users.guess is not None:
            name, guessed = users.guess
            each, source = _number(Decimal(number) / guessed), f"so many for each, if {name} counts the users"
        yield _set("items_per_user", each, f"either they grow with the users: {source}", on=False)
        yield _set("items", _number(number), "or there are always as many as now", on=False)

    def _capacity(self) -> Iterator[_Line]:
        if self._table.billing_mode == "PROVISIONED":
            yield _set("billing_mode", quoted("PROVISIONED"))
            yield from self._units(self._table.provisioned, None)

    def _units(self, throughput: Throughput | None, index: str | None) -> Iterator[_Line]:
        scaling = self._facts.auto_scaling
        stated = Throughput(read_units=None, write_units=None) if throughput is None else throughput
        dimensions: tuple[tuple[str, int | None, Literal["read", "write"]], ...] = (
            ("rcu", stated.read_units, "read"),
            ("wcu", stated.write_units, "write"),
        )
        for key, units, dimension in dimensions:
            if units is None:
                yield _set(key, remark="not known")
                continue
            target = None if isinstance(scaling, Unknown) else scaling.target(index, dimension)
            moved = f"auto scaling moves it from {count(target.min_units)} to {count(target.max_units)}" if target else ""
            yield _set(key, _number(units), moved)

    # -------------------------------------------------------------------------------------------------------- attributes

    def _attributes(self) -> Iterator[list[str]]:
        if self._items is None:
            return
        chosen = _Chosen.of(self._items, self._table)
        lines = [self._attribute(one, self._items) for one in chosen.shown]
        lines += [_set(name, remark="a key that no item has") for name in chosen.unseen_keys]
        yield [
            *_prose("Bytes, names included: of a key where an item has it, of other attributes in a mean item."),
            f"[{self._place}.attributes]",
            *_block(lines),
            *_prose(*chosen.left_out()),
        ]

    def _attribute(self, one: AttributeSizes, items: ItemSizes) -> _Line:
        # Every entry of an index has its keys: their size is that of those that are there. The others make up the item.
        is_key = one.name in _all_keys(self._table)
        mean = Decimal(one.total_bytes) / (one.present if is_key else items.scanned)
        return _set(one.name, _number(max(round(mean), 1)), _remarks(self._key_of(one.name), _share_of(one, items)))

    def _key_of(self, attribute: str) -> str:
        if attribute in _key(self._table):
            return "key"
        return "index key" if attribute in _all_keys(self._table) else ""

    # ----------------------------------------------------------------------------------------------------------- indexes

    def _declarable(self) -> tuple[Index, ...]:
        """A declared index has one attribute to find by, and at most one to sort by."""
        return tuple(
            index for index in self._table.global_indexes if len(index.hash_attributes) == 1 and len(index.range_attributes) <= 1
        )

    def _undeclarable(self) -> list[str]:
        told = []
        for index in self._table.indexes:
            if index in self._declarable():
                continue
            what = f"Local index {printable(index.name)}" if index.kind == "LSI" else f"Index {printable(index.name)}"
            key = f"key {', '.join(printable(name) for name in _key(index))}; {index.projection}"
            stored = stored_index_bytes(self._facts, index)
            size = f"; {counted(stored[0], 'entry', 'entries')} of {kilobytes(_mean(stored) or 0)}" if stored and stored[0] else ""
            told.append(f"{what} ({key}{size}) cannot be declared: `stj-audit cost --model` prices the table without it.")
        return told

    def _index(self, index: Index) -> Iterator[_Line]:
        yield _set("name", quoted(index.name))
        yield _set("key", _names(_key(index)))
        if index.projection == "INCLUDE" and index.non_key_attributes:
            yield _set("projection", quoted("INCLUDE"))
            yield _set("attributes", _names(index.non_key_attributes))
        else:
            # An index that includes nothing holds its keys
            yield _set("projection", quoted("KEYS_ONLY" if index.projection == "INCLUDE" else index.projection))
        entries = stored_index_bytes(self._facts, index)
        by_default = "that of the items" if index.projection == "ALL" else "computed from the attributes"
        yield _size("entry_bytes", _mean(entries), f"when left out, {by_default}")
        if entries is not None and self._count:
            share = min(Decimal(entries[0]) / self._count, Decimal(1))
            if share < WHOLE_SHARE:
                yield _set("share", _number(share), f"{count(entries[0])} of {count(self._count)} items are in it")
        if self._table.billing_mode == "PROVISIONED":
            yield from self._units(index.provisioned, index.name)

    # ---------------------------------------------------------------------------------------------------------- patterns

    def _counted_calls(self) -> list[str]:
        traffic = self._facts.traffic
        name = self._table.name
        if isinstance(traffic, Unknown):
            return _prose(f"Patterns of {name}. How often it is called is not known ({traffic.call}: {traffic.reason}).")
        if not traffic.calls:
            return _prose(f"Patterns of {name}. CloudWatch counted no call in {counted(traffic.window_days, 'day')}.")
        lines = _prose(f"Patterns of {name}. What CloudWatch counted in {counted(traffic.window_days, 'day')}, indexes included:")
        lines += [f"#     {line}" for line in _calls_table(traffic, self._users.now)]
        if any(operation not in OPERATIONS for operation in traffic.calls):
            lines += _prose("Declare a statement of PartiQL as the operation that it amounts to.")
        return lines

    def _patterns(self) -> Iterator[list[str]]:
        for op in self._operations():
            yield self._pattern(op)
        for index in self._declarable():
            flow = self._traffic.indexes.get(index.name) if self._traffic is not None else None
            measured = []
            if self._traffic is not None and flow is not None and flow.read_units is not None:
                days = counted(self._traffic.window_days, "day")
                measured = _prose(f"CloudWatch measured {counted(flow.read_units, 'read unit')} in this index in {days}.")
            yield measured + self._pattern("Query", index)

    def _operations(self) -> list[str]:
        """Those that were counted, reads first; where nothing is known, the usual. A table without a sort key is rarely queried."""
        called = dict(self._traffic.calls) if self._traffic is not None else {}
        wanted = [op for op in called if op in OPERATIONS and op != "Query"] if called else ["GetItem", "UpdateItem"]
        queried = not called or "Query" in called
        if queried and (self._table.range_attributes or (called and not self._declarable())):
            wanted.append("Query")
        return sorted(wanted, key=lambda op: (op not in READS, -called.get(op, 0), OPERATIONS.index(op)))

    def _pattern(self, op: str, index: Index | None = None) -> list[str]:
        lines = [_Line(text=f"[[{self._place}.pattern]]", on=False)]
        lines += [
            _set("name", quoted(NAMES[op] if index is None else f"query {index.name}"), on=False),
            _set("op", quoted(op), on=False),
        ]
        if index is not None:
            lines.append(_set("index", quoted(index.name), on=False))
        if op != "Scan":
            lines.append(self._pattern_key(op, _key(self._table) if index is None else _key(index)))
        if op in READS:
            lines.append(_set("reads", "[]", on=False))
        elif op in ("UpdateItem", "TransactWriteItems"):
            lines.append(_set("sets", "[]", "none: the items are new" if op == "TransactWriteItems" else "", on=False))
        elif op in ("PutItem", "BatchWriteItem"):
            lines.append(_set("replaces", "false", "true: the items were there before", on=False))
        if ITEMS_PER_CALL.get(op) != 1:
            lines.append(self._pattern_items(op, None if index is None else index.name))
        return _block([*lines, _set("calls", remark="of one user on a day", on=False)])

    def _pattern_key(self, op: str, key: Sequence[str]) -> _Line:
        if op in COLLECTION_READS and len(key) > 1:
            return _set("key", _names(key[:1]), f"or {_names(key)}", on=False)
        return _set("key", _names(key), on=False)

    def _pattern_items(self, op: str, index: str | None) -> _Line:
        if op == "Scan":
            return _set("items", _number(self._count or 1), "all that there are" if self._count else "", on=False)
        keys = None if op != "Query" or self._items is None else self._items.key_cardinality(index)
        sampled = self._items is not None and self._items.coverage == "sample"
        # a sample has all items of a key of the table or none, but of a key of an index only some
        if keys is None or not keys.distinct or (sampled and index is not None):
            return _set("items", "1", "that one call finds" if op == "Query" else "of one call", on=False)
        found, users = Decimal(keys.items) / keys.distinct, self._users.now or (self._users.guess or ("", 0))[1]
        # So few keys do not become more with the users: each of them finds more instead
        grows = not sampled and found <= users and keys.distinct * USERS_PER_KEY <= users
        more = f"; where they grow with the users, {{ share_of_users = {_number(found / users)} }}" if grows else ""
        return _set(
            "items", _number(found), f"so many have the same key, on average{' in a sample' if sampled else ''}{more}", on=False
        )


# --------------------------------------------------------------------------------------------------------- small helpers


def _key(one: Table | Index) -> tuple[str, ...]:
    return (*one.hash_attributes, *one.range_attributes)


def _all_keys(table: Table) -> tuple[str, ...]:
    """The key attributes of a table and of its indexes."""
    own, others = _key(table), (name for index in table.indexes for name in _key(index))
    return tuple(dict.fromkeys((*own, *others)))


def _mean(stored: tuple[int, int] | None) -> Decimal | None:
    """Bytes of a mean item or entry; None: not known, or there is none."""
    return Decimal(stored[1]) / stored[0] if stored is not None and stored[0] else None


def _size(key: str, mean: Decimal | None, more: str = "") -> _Line:
    """A measured size; one that was not measured, or cannot be, is left to fill in."""
    if mean is None:
        return _set(key, remark=_remarks("not measured", more))
    if mean > MAX_ITEM_BYTES:
        return _set(key, remark=f"measured {count(mean)}, more than an item may have")
    return _set(key, _number(max(round(mean), 1)), _remarks("measured mean", more))


def _remarks(*remarks: str) -> str:
    return "; ".join(remark for remark in remarks if remark)


def _share_of(one: AttributeSizes, items: ItemSizes) -> str:
    return "" if one.present >= items.scanned else f"in {percent(Decimal(one.present) / items.scanned)} of the items"


def _calls_table(traffic: Traffic, users: int | None) -> list[str]:
    """One row for each operation, the most frequent first: calls, calls a day, and those of one user."""
    rows = []
    for operation, calls in sorted(traffic.calls.items(), key=lambda pair: (-pair[1], pair[0])):
        a_day = Decimal(calls) / traffic.covered_days
        row = [operation, count(calls), f"{_rate(a_day)} a day"]
        rows.append([*row, f"{_rate(a_day / users)} for each of {counted(users, 'user')}"] if users else row)
    first, *others = (max(map(len, column)) for column in zip(*rows, strict=True))
    return ["  ".join((row[0].ljust(first), *map(str.rjust, row[1:], others))) for row in rows]


def _rate(number: Decimal) -> str:
    """As `_number`, for people."""
    return _number(number).replace("_", ",")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Chosen:
    """
    The attributes that are written: those that keys and indexes name, whatever they weigh, and the heaviest others. `rare` ones are
    in next to no item.
    """

    shown: tuple[AttributeSizes, ...]
    unseen_keys: tuple[str, ...]
    lighter: tuple[AttributeSizes, ...]
    rare: int
    dynamic: bool
    uncounted: bool
    total_bytes: int

    @classmethod
    def of(cls, items: ItemSizes, table: Table) -> "_Chosen":
        found = {one.name: one for one in items.attributes if one.present}
        uncounted = found.pop(OTHER_ATTRIBUTES, None) is not None
        dynamic = found.pop(DYNAMIC_ATTRIBUTES, None) is not None
        keys = _all_keys(table)
        schema = dict.fromkeys((*keys, *(name for index in table.indexes for name in index.non_key_attributes)))
        named = [found[name] for name in schema if name in found]
        others = sorted((one for one in found.values() if one.name not in schema), key=lambda one: (-one.total_bytes, one.name))
        usual = [one for one in others if not _is_rare(one, items)]
        room = max(MAX_ATTRIBUTES_SHOWN - len(named), 0)
        return cls(
            shown=(*named, *usual[:room]),
            unseen_keys=tuple(name for name in keys if name not in found),
            lighter=tuple(usual[room:]),
            rare=len(others) - len(usual),
            dynamic=dynamic,
            uncounted=uncounted,
            total_bytes=items.scanned_bytes,
        )

    def left_out(self) -> Iterator[str]:
        parts = []
        if self.lighter:
            share = Decimal(sum(one.total_bytes for one in self.lighter)) / self.total_bytes
            parts.append(f"{counted(len(self.lighter), 'lighter attribute')} ({percent(share)} of the bytes)")
        if self.rare:
            parts.append(
                f"{counted(self.rare, 'name')} that under {percent(RARE_SHARE)} of the items have, or only one: they may be data"
            )
        if self.dynamic:
            parts.append("the names that too few items have to be schema")
        if self.uncounted:
            parts.append(f"the names beyond the first {count(MAX_ATTRIBUTES)}")
        if parts:
            yield f"Left out: {listed(parts)}."


def _is_rare(one: AttributeSizes, items: ItemSizes) -> bool:
    return one.present < items.scanned * RARE_SHARE or (one.present == 1 and items.scanned > FEW_ITEMS)
