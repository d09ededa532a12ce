"""
Made-up tables, the same ones in every run: pages as DynamoDB answers a Scan with, and what CloudWatch answers.

    flat   items of about 192 bytes, ten attributes each: S, N, BOOL and SS
    web    items of about 50 KB: a user with addresses, sessions and webhook calls, the calls both as M and L and as JSON in an escaped S
    mix    70 % flat, 28.5 % orders, sessions and documents with every type and names and texts beyond ASCII, 1.5 % web
"""

import base64
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import orjson

from stj_audit.facts import KeyAttribute, Table
from stj_audit.sizing import item_size

Corpus = Literal["flat", "mix", "web"]
Item = dict[str, Any]

CORPORA: tuple[Corpus, ...] = ("flat", "mix", "web")
PAGE_BYTES = 1024 * 1024  # DynamoDB API reference, Scan: a page ends before the items in it exceed 1 MB, by their item sizes
READ_UNIT_BYTES = 4_096
KEY_START = b'{"pk":{"S":"k000#'
MOST_TIMES = 1_000
FIRST_SECOND = 1_750_000_000
HOUR_SECONDS = 3_600

_WORDS = (
    "about after again along amount answer arrive basket before bottle branch bridge camera centre change circle coffee corner "
    "customer decide deliver detail double engine entry evening family figure follow forest garden ground harbour holiday invoice "
    "island journey kitchen ladder letter market member middle minute morning mountain number office order packet paper parcel "
    "people picture planet pocket record refund reply return river school second sentence shelf silver station stream street "
    "summer supplier ticket travel update valley village weather window winter writing"
).split()
_BEYOND_ASCII = ("Åkersgata", "Zürich", "東京都", "Łódź", "São Paulo", "Ελλάδα", "😀 tak", "naïve café")
_STATUSES = ("open", "paid", "shipped", "returned", "cancelled")


@dataclass(frozen=True, kw_only=True, slots=True)
class RawPage:
    """
    One answer to Scan. `start` is it up to the place where LastEvaluatedKey comes, `items` and `item_bytes` what is in it.

    `body(None)` is the last page of a table; with a number it is followed by the page of that number.
    """

    start: bytes
    items: int
    item_bytes: int

    def body(self, following: int | None) -> bytes:
        return self.start + tail(following)

    def lines(self) -> bytes:
        """The items as an export to S3 has them: each {"Item": item} on a line of its own."""
        return b"".join(orjson.dumps({"Item": item}) + b"\n" for item in orjson.loads(self.start + b"}")["Items"])


def tail(following: int | None) -> bytes:
    """How a page ends."""
    if following is None:
        return b"}"
    return b',"LastEvaluatedKey":{"pk":{"S":"page#%012d"},"sk":{"S":"o#000000000001"}}}' % following


def a_table(name: str, *, pages: int = 1) -> Table:
    """The table that the items of any corpus are of; it has no indexes."""
    return Table(
        name=name,
        arn=f"arn:aws:dynamodb:eu-north-1:123456789012:table/{name}",
        region="eu-north-1",
        status="ACTIVE",
        created_at=None,
        billing_mode="PAY_PER_REQUEST",
        table_class="STANDARD",
        key_schema=(KeyAttribute(attribute="pk", type="S", role="HASH"), KeyAttribute(attribute="sk", type="S", role="RANGE")),
        item_count=1_000 * pages,
        size_bytes=PAGE_BYTES * pages,
    )


@cache
def pages(corpus: Corpus, count: int) -> tuple[RawPage, ...]:
    """The first `count` pages of a corpus, each filled up to the limit."""
    source = items(corpus)
    made = []
    item = next(source)
    for _ in range(count):
        batch: list[Item] = []
        size_bytes = item_size(item)
        while size_bytes <= PAGE_BYTES:
            batch.append(item)
            item = next(source)
            size_bytes += item_size(item)
        made.append(_page(batch, size_bytes - item_size(item)))
    return tuple(made)


def larger(made: tuple[RawPage, ...], times: int) -> tuple[RawPage, ...]:
    """
    A table `times` as large: the same items over again, under other keys.

    What a fold does once for a table, such as compressing a few items, weighs less the larger the table is.
    """
    if times > MOST_TIMES:
        raise ValueError(f"keys differ up to {MOST_TIMES} times")
    copies = [
        RawPage(
            start=page.start.replace(KEY_START, KEY_START.replace(b"000", b"%03d" % copy)),
            items=page.items,
            item_bytes=page.item_bytes,
        )
        for copy in range(1, times)
        for page in made
    ]
    return (*made, *copies)


def items(corpus: Corpus) -> Iterator[Item]:
    """Items without end, in DynamoDB JSON as on the wire: B is base64."""
    chance = random.Random(corpus)
    make = _MAKERS[corpus]
    number = 0
    while True:
        number += 1
        yield make(chance, number)


def metric_data(queries: int, points: int) -> bytes:
    """An answer to GetMetricData: `points` hourly sums for each query."""
    chance = random.Random("metrics")
    seconds = [FIRST_SECOND + HOUR_SECONDS * hour for hour in range(points)]
    results = [
        {
            "Id": f"q{number}",
            "Label": "orders ConsumedReadCapacityUnits",
            "StatusCode": "Complete",
            "Timestamps": seconds,
            "Values": [float(chance.randrange(1, 2_000_000)) / 2 for _ in range(points)],
        }
        for number in range(queries)
    ]
    return orjson.dumps({"Messages": [], "MetricDataResults": results})


def _page(batch: list[Item], size_bytes: int) -> RawPage:
    units = -(-size_bytes // READ_UNIT_BYTES) / 2
    answer = {
        "ConsumedCapacity": {"CapacityUnits": units, "TableName": "orders"},
        "Count": len(batch),
        "Items": batch,
        "ScannedCount": len(batch),
    }
    return RawPage(start=orjson.dumps(answer)[:-1], items=len(batch), item_bytes=size_bytes)


# --------------------------------------------------------------------------------------------------------------- the items


def _flat(chance: random.Random, number: int) -> Item:
    return {
        "pk": {"S": f"k000#c{chance.getrandbits(40):010x}"},
        "sk": {"S": f"o#{number:012d}"},
        "status": {"S": chance.choice(_STATUSES)},
        "created_at": {"N": str(FIRST_SECOND + number)},
        "total": {"N": f"{chance.randrange(1, 5_000_00) / 100:.2f}".rstrip("0").rstrip(".")},
        "quantity": {"N": str(chance.randrange(1, 40))},
        "paid": {"BOOL": chance.random() < 0.8},
        "city": {"S": chance.choice(_WORDS).capitalize()},
        "tags": {"SS": chance.sample(_WORDS, 2)},
        "note": {"S": " ".join(chance.choices(_WORDS, k=chance.randrange(7, 17)))},
    }


def _order(chance: random.Random, number: int) -> Item:
    lines = [
        {
            "M": {
                "product": {"S": f"p#{chance.getrandbits(32):08x}"},
                "count": {"N": str(chance.randrange(1, 9))},
                "price": {"N": f"{chance.randrange(100, 90_000) / 100}"},
                "gift": {"NULL": True} if chance.random() < 0.5 else {"S": chance.choice(_WORDS)},
            }
        }
        for _ in range(chance.randrange(1, 7))
    ]
    return {
        "pk": {"S": f"k000#c{chance.getrandbits(40):010x}"},
        "sk": {"S": f"order#{number:012d}"},
        "lines": {"L": lines},
        "address": {"M": {"street": {"S": chance.choice(_BEYOND_ASCII)}, "zip": {"S": str(chance.randrange(10_000, 99_999))}}},
        "paid": {"BOOL": chance.random() < 0.8},
        "total": {"N": str(chance.randrange(1, 10**9))},
    }


def _session(chance: random.Random, number: int) -> Item:
    return {
        "pk": {"S": f"k000#s{chance.getrandbits(64):016x}"},
        "sk": {"S": f"session#{number:012d}"},
        "token": {"B": base64.b64encode(chance.randbytes(96)).decode()},
        "hours": {"NS": [str(hour) for hour in sorted(chance.sample(range(24), 5))]},
        "expires_at": {"N": str(FIRST_SECOND + number)},
        "devices": {"SS": chance.sample(_WORDS, 3)},
        "place": {"S": chance.choice(_BEYOND_ASCII)},
        "referrer": {"NULL": True},
        "ratio": {"N": f"-{chance.random():.17f}"},
    }


def _document(chance: random.Random, number: int) -> Item:
    return {
        "pk": {"S": f"k000#d{chance.getrandbits(40):010x}"},
        "sk": {"S": f"document#{number:012d}"},
        "größe": {"N": str(chance.randrange(1, 10**6))},
        "title": {"S": f"{chance.choice(_BEYOND_ASCII)} {chance.choice(_WORDS)}"},
        "text": {"S": " ".join(chance.choices((*_WORDS, *_BEYOND_ASCII), k=chance.randrange(40, 130)))},
        "parts": {"BS": [base64.b64encode(chance.randbytes(16)).decode() for _ in range(2)]},
    }


def _call(chance: random.Random) -> dict[str, Any]:
    """A webhook call, as plain JSON."""
    return {
        "id": f"evt_{chance.getrandbits(96):024x}",
        "type": f"{chance.choice(_WORDS)}.{chance.choice(('created', 'updated', 'deleted'))}",
        "created": FIRST_SECOND + chance.randrange(10**6),
        "livemode": True,
        "data": {
            "object": {
                "description": " ".join(chance.choices(_WORDS, k=chance.randrange(10, 40))),
                "amount": chance.randrange(100, 10**7),
                "currency": "nok",
                "customer": f"cus_{chance.getrandbits(56):014x}",
                "metadata": {chance.choice(_WORDS): chance.choice(_WORDS) for _ in range(4)},
                "items": [
                    {
                        "id": f"li_{chance.getrandbits(48):012x}",
                        "price": chance.randrange(100, 90_000),
                        "name": chance.choice(_WORDS),
                    }
                    for _ in range(chance.randrange(1, 6))
                ],
                "previous": None,
            }
        },
    }


def _typed(value: Any) -> dict[str, Any]:
    """Plain JSON as a DynamoDB value."""
    if isinstance(value, bool):
        return {"BOOL": value}
    if value is None:
        return {"NULL": True}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, list):
        return {"L": [_typed(one) for one in value]}
    return {"M": {name: _typed(one) for name, one in value.items()}}


def _web(chance: random.Random, number: int) -> Item:
    return {
        "pk": {"S": f"k000#u{chance.getrandbits(64):016x}"},
        "sk": {"S": f"profile#{number:012d}"},
        "email": {"S": f"{chance.choice(_WORDS)}.{number}@example.com"},
        "settings": _typed({word: chance.random() < 0.5 for word in chance.sample(_WORDS, 30)}),
        "addresses": _typed([{"street": chance.choice(_BEYOND_ASCII), "zip": chance.randrange(10**5)} for _ in range(5)]),
        "calls": _typed([_call(chance) for _ in range(chance.randrange(34, 46))]),
        "raw_calls": {"L": [{"S": json.dumps(_call(chance), indent=2)} for _ in range(chance.randrange(24, 34))]},
    }


def _mixed(chance: random.Random, number: int) -> Item:
    drawn = chance.random()
    if drawn < 0.7:
        return _flat(chance, number)
    if drawn < 0.985:
        return chance.choice((_order, _session, _document))(chance, number)
    return _web(chance, number)


_MAKERS: dict[Corpus, Callable[[random.Random, int], Item]] = {"flat": _flat, "mix": _mixed, "web": _web}
