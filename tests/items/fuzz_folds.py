"""
The compiled fold against the pure one: tables, and Scan answers and lines in every spelling, whole and broken, from one source of chance.

    python -m tests.items.fuzz_folds SECONDS [SEED]

runs for so long and says how many cases there were; it ends with 1 at the first case in which the two differ, and says its seed.
"""

import pickle
import sys
import time
from base64 import b64encode
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

from stj_audit.facts import KeyAttribute, Table
from stj_audit.items.compiled import CompiledFold
from stj_audit.items.counts import Counts
from stj_audit.items.fold import Expiry, ItemFold
from stj_audit.items.limits import OTHER_ATTRIBUTES
from tests.builders import a_table, an_index
from tests.items.test_fold import SMALL

NOW = datetime(2025, 11, 1, tzinfo=UTC)
KEYS = {
    "id": "S",
    "sk": "N",
    "b": "B",
    "g": "S",
    "r": "S",
    "n": "N",
    "Items": "S",
    "{S:": "S",
    "日本": "S",
    "a-very-long-name-of-a-key": "B",
}
ESCAPED_NAMES = ('"', "\\", "\n", "\x00", '{"S":"')  # the scanner leaves them
PLAIN_NAMES = (
    "S",
    "N",
    "M",
    "L",
    "x",
    "y",
    "until",
    "Item",
    "{",
    "é",
    "é" * 4,
    "z" * 40,
    "zz" * 20,
    "eightbyt",
    "\x7f",
    "😀",
    "",
    OTHER_ATTRIBUTES,
)
ALL_NAMES = (*KEYS, *PLAIN_NAMES)
TEXTS = (
    *(
        "",
        "a",
        "open",
        "2025-10-31",
        "20251031",
        "2025-10-31T10:00:00Z",
        "2025-10-31 10:00:00.123+02:00",
        "1760000040",
        "1760000040000",
        "1760000041.5",
    ),
    *(
        "a@example.com",
        "a@b.c",
        "a@@b.cc",
        "@b.cc",
        "a b@c.de",
        "a@b..cc",
        "a@b.cc.",
        "+4700012345",
        "+47 00 01 23 45",
        "(212) 555-1234",
        "1-212-555-1234",
    ),
    *(
        "212.555.1234",
        "1.2.3.4",
        "1.2.3.400",
        "01.2.3.4",
        "fe80::1",
        "2001:db8::1",
        "a#b",
        "a|b",
        "a::b",
        "#",
        "a#",
        "##a",
        "a#b@c.de",
        "a:::b",
        "arn:x::y",
    ),
    *(
        "user#6f1c2f0e-8f4b-4a8e-9d53-0d8f5b0e0d11",
        "日本語",
        "é",
        "\x00",
        "\x7f",
        "\x1f",
        "a\u00a0b",
        "٣",
        "😀",
        '"',
        "\\",
        "/",
        "a" * 200,
        "é" * 100,
        "x" * 1_100,
    ),
    *(
        "https://example.com/a?b=c",
        "a.b",
        "3.14",
        "12:30",
        "12",
        "2025",
        "202510",
        "2025-13",
        "22222222222",
        "1262304000",
        "1262303999",
        "2208988799999",
    ),
)
SHAPELY = "0123456789-+:.,/#|@() TZtzabfexé"
NUMBERS = (
    *(
        "0",
        "1",
        "-1",
        "120",
        "1200",
        "1.5",
        "-0",
        "+1",
        "1.",
        ".5",
        "1e5",
        "1E+5",
        "-1.20e-3",
        "0.0",
        "00012",
        "1e125",
        "-9.9e-130",
        "1760000000",
        "1760000000000",
    ),
    *(
        "99999999999999999999999999999999999999",
        "-1.2345678901234567890123456789012345678",
        "100000000000",
        "100000000001",
        "9E+125",
        "1e999999999",
        "1e-99999",
    ),
)
NOT_NUMBERS = (
    "",
    "-",
    ".",
    "e",
    "1e",
    "e5",
    "1e5e5",
    "1.2.3",
    " 1",
    "1 ",
    "0x1",
    "NaN",
    "1_0",
    "٣",
    "--1",
    "1e+",
    "1e9999999999",
    "1e1.5",
)
NOT_BINARY = ("A", "AA=", "=", "==", "====", "A===", "AAAAA", "AA A", "é", "AB==CD==", "AA==AAAA")


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """What came of cases: pages or blocks, those that were refused, and the items that the scanner counted itself."""

    bodies: int = 0
    refused: int = 0
    items: int = 0
    scanned: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            bodies=self.bodies + other.bodies,
            refused=self.refused + other.refused,
            items=self.items + other.items,
            scanned=self.scanned + other.scanned,
        )


class Differs(AssertionError):
    """The two folds do not say the same."""


def tables(chance: Random) -> Table:
    def key(attributes: tuple[str, ...], hashes: int) -> tuple[KeyAttribute, ...]:
        return tuple(
            KeyAttribute(attribute=name, type=KEYS[name], role="HASH" if at < hashes else "RANGE")  # type: ignore[arg-type] # one of S, N, B
            for at, name in enumerate(attributes)
        )

    def some_key() -> tuple[KeyAttribute, ...]:
        attributes = tuple(chance.sample(tuple(KEYS), chance.choice((1, 1, 2, 2, 3, 5))))
        return key(attributes, chance.randint(1, len(attributes)))

    schema = chance.choice(
        (key(("id",), 1), key(("id", "sk"), 1), key(("b", "g"), 1), key(("sk",), 1), key(("Items", "日本"), 1), ())
    )
    indexes = tuple(
        an_index(
            f"index-{at}",
            key_schema=some_key(),
            projection=projection,
            non_key_attributes=tuple(names(chance, 3)) if projection == "INCLUDE" else (),
        )
        for at, projection in enumerate(chance.choices(("ALL", "KEYS_ONLY", "INCLUDE"), k=chance.choice((0, 0, 1, 2, 3, 6))))
    )
    return a_table(key_schema=schema, indexes=indexes)


def names(chance: Random, count: int) -> list[str]:
    """Distinct ones."""
    return list({chance.choice(ESCAPED_NAMES if chance.random() < 0.0003 else ALL_NAMES): None for _ in range(count)})


def texts(chance: Random) -> str:
    match chance.randrange(5):
        case 0:
            return "".join(chance.choices(SHAPELY, k=chance.randint(0, 22)))
        case 1:
            one = list(chance.choice(TEXTS))
            for _ in range(chance.randint(1, 2)):
                one.insert(chance.randint(0, len(one)), chance.choice(SHAPELY))
            return "".join(one)
        case 2:
            return chance.choice(TEXTS) + chance.choice(("#", "|", "::", "", ":")) + chance.choice(TEXTS)
    return chance.choice(TEXTS)


def numbers(chance: Random) -> str:
    if chance.random() < 0.5:
        return chance.choice(NUMBERS)
    digits = "".join(chance.choices("0001234567899", k=chance.choice((1, 2, 5, 10, 13, 38, 60))))
    point = chance.randint(0, len(digits))
    return "".join(
        (
            chance.choice(("", "", "", "-", "+")),
            digits if chance.random() < 0.6 else f"{digits[:point]}.{digits[point:]}",
            "" if chance.random() < 0.7 else f"{chance.choice('eE')}{chance.choice(('', '-', '+'))}{chance.randint(0, 140)}",
        )
    )


def contents(chance: Random, kind: str, depth: int = 0) -> Any:
    match kind:
        case "S" | "N":
            return texts(chance) if kind == "S" else numbers(chance)
        case "B":
            return b64encode(chance.randbytes(chance.choice((0, 1, 2, 3, 10, 40, 900)))).decode()
        case "BOOL" | "NULL":
            return chance.random() < 0.7
        case "SS" | "NS" | "BS":
            return [contents(chance, kind[0]) for _ in range(chance.randint(0, 4))]
        case "L":
            return [values(chance, depth + 1) for _ in range(chance.choice((0, 1, 3)))]
    return {
        name + chance.choice(("", "1", "2")): values(chance, depth + 1) for name in names(chance, chance.choice((0, 1, 3, 5, 20)))
    }


def values(chance: Random, depth: int = 0) -> dict[str, Any]:
    kind = chance.choice(("S", "N", "S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", *(("L", "M") if depth < 4 else ())))
    return {kind: contents(chance, kind, depth)}


def items_of(chance: Random, table: Table) -> dict[str, Any]:
    item: dict[str, Any] = {}
    for name in names(chance, chance.randint(0, 8)):
        item[name] = values(chance)
    for at in range(chance.choice((0, 0, 0, 0, 3, 30))):
        item[f"{chance.choice('kqé')}{chance.randrange(60)}-{at % 3}"] = values(chance, 4)
    for index in table.indexes:
        if chance.random() < 0.6:
            for key in index.key_schema:
                item[key.attribute] = {key.type: contents(chance, key.type)}
    for key in table.key_schema:
        item[key.attribute] = {key.type: contents(chance, key.type)}
    in_order = list(item.items())
    chance.shuffle(in_order)
    return dict(in_order)


class Writer:
    """JSON in many spellings. `odd`: how often something in it is not what DynamoDB says."""

    def __init__(self, chance: Random, *, odd: float, one_line: bool = False) -> None:
        self._chance = chance
        self._odd = odd
        self._blanks = (" ", "  ", "\t") if one_line else (" ", "\n", "\r\n", "\t", "    ")
        self._spaced = chance.random() < 0.3
        self._escaping = chance.choice((0.0, 0.0, 0.02, 0.3))

    def value(self, value: dict[str, Any]) -> str:
        ((kind, content),) = value.items()
        if self._is_odd():
            kind, content = self._broken(kind, content)
            if kind == "raw":
                return str(content)
        if isinstance(content, bool):
            text = "true" if content else "false"
        elif isinstance(content, str):
            text = self.text(content, None if kind == "S" else self._rarely())
        elif isinstance(content, dict):
            text = self.map(content)
        else:
            often = None if kind == "SS" else self._rarely()
            text = self.list([self.value(one) if isinstance(one, dict) else self.text(one, often) for one in content])
        return self.object([(kind, text)])

    def map(self, entries: dict[str, Any]) -> str:
        pairs = [(name, self.value(value)) for name, value in entries.items()]
        if pairs and self._is_odd():
            pairs.insert(self._chance.randint(0, len(pairs)), (self._chance.choice(pairs)[0], '{"S":"again"}'))
        return self.object(pairs)

    def object(self, pairs: list[tuple[str, str]]) -> str:
        inside = f"{self.blank()},{self.blank()}".join(
            f"{self.name(name)}{self.blank()}:{self.blank()}{text}" for name, text in pairs
        )
        return f"{{{self.blank()}{inside}{self.blank()}}}"

    def list(self, texts: list[str]) -> str:
        inside = f"{self.blank()},{self.blank()}".join(texts)
        return f"[{self.blank()}{inside}{self.blank()}]"

    def name(self, text: str) -> str:
        return self.text(text, self._rarely())

    def _rarely(self) -> float:
        """How many escapes there are where nobody writes any."""
        return self._escaping if self._chance.random() < 0.0002 else 0.0

    def text(self, text: str, escaping: float | None = None) -> str:
        often = self._escaping if escaping is None else escaping
        if often and self._is_odd():
            text += self._chance.choice(("\ud800", "\udc00", "\ud800x", "\udc00\ud800", "\ud83d\ude00"))
        return f'"{"".join(self._character(one, often) for one in text)}"'

    def blank(self) -> str:
        return self._chance.choice(self._blanks) if self._spaced and self._chance.random() < 0.2 else ""

    def _character(self, one: str, often: float) -> str:
        short = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}
        if self._chance.random() < often or (one < " " and one not in short) or 0xD800 <= ord(one) < 0xE000:
            units = one.encode("utf-16-be", "surrogatepass")
            codes = [f"{int.from_bytes(units[at : at + 2]):04x}" for at in range(0, len(units), 2)]
            return "".join(f"\\u{code.upper() if self._chance.random() < 0.5 else code}" for code in codes)
        if one == "/" and often and self._chance.random() < 0.2:
            return "\\/"
        return short.get(one, one)

    def _is_odd(self) -> bool:
        return self._odd > 0 and self._chance.random() < self._odd

    def _broken(self, kind: str, content: Any) -> tuple[str, Any]:
        choice = self._chance.choice
        return choice(
            (
                ("N", choice(NOT_NUMBERS)),
                ("B", choice(NOT_BINARY)),
                ("NS", ["1", choice(NOT_NUMBERS)]),
                (choice(("X", "s", "SSS", "", "BOO", "NULLS", "\u00e9")), content),
                (choice(("S", "N", "B", "L", "M", "SS", "BOOL")), content),
                (
                    "raw",
                    choice(
                        (
                            "1",
                            "null",
                            '"x"',
                            "[]",
                            "{}",
                            '{"S":1}',
                            '{"BOOL":"true"}',
                            '{"S":"a","N":"1"}',
                            '{"S":null}',
                            '{"M":[]}',
                            '{"NULL":1}',
                        )
                    ),
                ),
                ("raw", '{"L":[' * 70 + "]}" * 70),
            )
        )


def page_of(chance: Random, table: Table, *, odd: float) -> bytes:
    writer = Writer(chance, odd=odd)
    items = [items_of(chance, table) for _ in range(chance.choice((0, 1, 2, 5, 12)))]
    members = [
        ("Items", writer.list([writer.map(item) for item in items])),
        ("Count", str(len(items))),
        ("ScannedCount", str(len(items))),
    ]
    if chance.random() < 0.7:
        members.append(("LastEvaluatedKey", writer.map(items[-1] if items else {"id": {"S": "Items"}})))
    if chance.random() < 0.5:
        members.append(
            (
                "ConsumedCapacity",
                chance.choice(('{"TableName":"Items","CapacityUnits":128.5}', '{"CapacityUnits":1}', "null", "{}")),
            )
        )
    if odd and chance.random() < 0.1:
        members.append(
            chance.choice(
                (
                    ("Items", "[]"),
                    ("It\\u0065ms", "[]"),
                    ("x", "[{]}"),
                    ("x", "01"),
                    ("ScannedCount", '"1"'),
                    ("y", '{"Items":[}'),
                    ("", "nul"),
                )
            )
        )
    if odd and chance.random() < 0.05:
        members.pop(chance.randrange(len(members)))
    chance.shuffle(members)
    around = writer.blank()
    inside = ",".join(f'{writer.blank()}"{name}"{writer.blank()}:{writer.blank()}{text}' for name, text in members)
    return f"{around}{{{inside}{writer.blank()}}}{around}".encode("utf-8", "surrogatepass")


def lines_of(chance: Random, table: Table, *, odd: float, wrapped: bool) -> bytes:
    writer = Writer(chance, odd=odd, one_line=True)
    lines = []
    for _ in range(chance.choice((0, 1, 3, 12))):
        line = writer.map(items_of(chance, table))
        if wrapped:
            line = writer.object([("Item", line)])
        if odd and chance.random() < 0.05:
            line = chance.choice(
                (
                    "{}",
                    "[]",
                    "x",
                    '{"Item":{},"Item":{}}',
                    '{"Item":1}',
                    f"{line}{line}",
                    f"{line} x",
                    f"\x0b{line}",
                    line[:-1],
                    "{\n}",
                )
            )
        lines.append(f"{chance.choice(('', '', ' ', chr(9)))}{line}{chance.choice(('', '', ' '))}")
        if chance.random() < 0.1:
            lines.append(chance.choice(("", "", " ", "\t ", "\x0c", "\x0b ")))
    end = chance.choice(("\n", "\r\n", "\r", "\n\n"))
    return (end.join(lines) + chance.choice(("", end))).encode("utf-8", "surrogatepass")


def mutated(chance: Random, body: bytes) -> bytes:
    raw = bytearray(body)
    for _ in range(chance.choice((1, 1, 2, 4))):
        at = chance.randint(0, len(raw))
        other = chance.randint(0, len(raw))
        length = chance.choice((1, 1, 2, 8, 40))
        match chance.randrange(5):
            case 0 if raw:
                raw[at % len(raw)] ^= 1 << chance.randrange(8)
            case 1:
                del raw[at : at + length]
            case 2:
                raw[at:at] = chance.choice(
                    (
                        b'"',
                        b"\\",
                        b"{",
                        b"}",
                        b"[",
                        b",",
                        b":",
                        b"\x00",
                        b"\xff",
                        b"\xc0\x80",
                        b"\xed\xa0\x80",
                        b"\n",
                        b"\\u12",
                        b"0",
                    )
                )
            case 3:
                raw[at:at] = raw[other : other + length]
            case _:
                del raw[at if chance.random() < 0.2 else len(raw) :]
    return bytes(raw)


def outcome(one: ItemFold, body: bytes, *, paged: bool, wrapped: bool) -> object:
    """What a fold gives for a page or a block of lines, or the type and the message of its error."""
    try:
        return one.add_page(body) if paged else one.add_lines(body, wrapped=wrapped)
    except Exception as error:  # noqa: BLE001 - whatever it is, it must be the same
        return type(error), str(error)


def case(seed: int) -> Tally:
    """One table and a few bodies for it. Raises Differs."""
    chance = Random(seed)
    table = tables(chance)
    expiry = None if chance.random() < 0.3 else Expiry(attribute=chance.choice(("n", "until", "sk", "g")), now=NOW)
    with SMALL if chance.random() < 0.5 else nullcontext():
        pure = ItemFold(table, hash_key=b"key", expiry=expiry)
        compiled = CompiledFold(table, hash_key=b"key", expiry=expiry)
        tally = Tally()
        odd = chance.choice((0.0, 0.0, 0.003, 0.05))
        mutating = chance.choice((0.0, 0.0, 0.3))
        for _ in range(chance.randint(1, 6)):
            paged = chance.random() < 0.7
            wrapped = chance.random() < 0.5
            body = page_of(chance, table, odd=odd) if paged else lines_of(chance, table, odd=odd, wrapped=wrapped)
            if chance.random() < mutating:
                body = mutated(chance, body)
            mine, theirs = (outcome(one, body, paged=paged, wrapped=wrapped) for one in (compiled, pure))
            if mine != theirs:
                raise Differs(f"seed {seed}: {mine!r}, not {theirs!r}, for {body!r}")
            refused = isinstance(theirs, tuple)
            tally += Tally(bodies=1, refused=int(refused))
            if refused and "BrokenPage" not in repr(theirs):
                break
            if chance.random() < 0.1:
                compiled = pickle.loads(pickle.dumps(compiled))
            if chance.random() < 0.1:
                _same(seed, compiled.counts(), pure.counts())
        if (compiled.items, compiled.item_bytes) != (pure.items, pure.item_bytes):
            raise Differs(
                f"seed {seed}: {compiled.items} items of {compiled.item_bytes} bytes, not {pure.items} of {pure.item_bytes}"
            )
        if compiled.over(40) != pure.over(40):
            raise Differs(f"seed {seed}: over")
        scanned = compiled.scanned_items
        if chance.random() < 0.3:
            added = pure.counts()
            for one in (pure, compiled):
                one.add_counts(added)
        _same(seed, compiled.counts(), pure.counts())
        mine, theirs = (one.sizes(coverage="full", read_units=Decimal(1)) for one in (compiled, pure))
        if mine != theirs:
            raise Differs(f"seed {seed}: {mine!r}, not {theirs!r}")
    return tally + Tally(items=pure.items, scanned=scanned)


def _same(seed: int, mine: Counts, theirs: Counts) -> None:
    for field in Counts.__dataclass_fields__:
        if getattr(mine, field) != getattr(theirs, field):
            raise Differs(f"seed {seed}: {field} is {getattr(mine, field)!r}, not {getattr(theirs, field)!r}")


def main(seconds: float, seed: int) -> int:
    end = time.monotonic() + seconds
    tally, cases = Tally(), 0
    while time.monotonic() < end:
        try:
            tally += case(seed + cases)
        except Differs as difference:
            print(difference)  # noqa: T201 - a command
            return 1
        cases += 1
    print(f"{cases} cases from seed {seed}: {tally}; CPU {time.process_time():.0f} s")  # noqa: T201 - a command
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
