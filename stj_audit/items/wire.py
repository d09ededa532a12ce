"""
The answer to Scan as DynamoDB sends it: JSON in bytes, taken apart without botocore.

A page is good when it is one JSON object with `Items`, and with as many of them as `Count` and `ScannedCount` say, which differ only where a
filter was sent, and none is; anything else is a `BrokenPage`, and nothing of it counts.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

PART_BYTES = 96 * 1024
LARGE_ITEM_BYTES = 8 * 1024  # as JSON
MOST_UNITS = 10_000  # that a page is believed to have consumed: fifty times what 1 MB and an item can
_ITEMS = b'"Items":['
_START, _END = b"{" + _ITEMS, b"}]}"


class BrokenPage(ValueError):
    """Bytes that are no answer to Scan. It holds nothing of them."""


class BrokenLine(ValueError):
    """A line that is no item: its number within what was read, from 1, and what is wrong with it, without what is in it."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """
    What a Scan answer says beside its items.

    `last_key` is its LastEvaluatedKey in DynamoDB JSON, None at the end; `read_units` what it consumed, None where it does not say;
    `item_bytes` the sum of its items by their exact sizes.
    """

    items: int
    item_bytes: int
    last_key: Mapping[str, Mapping[str, str]] | None
    read_units: Decimal | None


def decode(body: bytes) -> object:
    """The JSON in a body. Raises ValueError, without anything of the body, when it is none."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            return orjson.loads(_without_lone_surrogates(body))
        except ValueError:
            raise BrokenPage("not JSON") from None
        except RecursionError:
            raise BrokenPage("nested deeper than DynamoDB allows") from None


def parts_of(body: bytes) -> Iterator[dict[str, Any]]:
    """
    An answer in parts: each holds some of its `Items`, in any order, and together they have all of them and its other members.

    What is made of a part, and dropped before the next, stays within the caches of a processor: a third faster. So a large item is a part
    of its own. Small ones are best looked at many together.
    Raises ValueError, maybe after some parts, for what is no answer, and for some that are: `decode` then knows.
    """
    start = body.find(_ITEMS) + len(_ITEMS)
    colon = body.find(b":", start)
    if len(body) < 2 * PART_BYTES or start < len(_ITEMS) or colon < 0:
        yield _object(body)
        return
    # Most items begin with the same attribute as the first. Where the text after its like is no array of whole items, which happens when
    # a value within one looks so too, what is cut off is no JSON, or one item more than the answer says there are.
    begin = body[start : colon + 1]
    between = b"}," + begin
    *texts, last = body.split(between)
    if texts:
        texts[0] = texts[0][colon + 1 :]
    else:
        last = last[colon + 1 :]
    yield _object(body[:start] + b"]}")
    small = [text for text in texts if len(text) < LARGE_ITEM_BYTES]
    if len(small) < len(texts):
        for text in texts:
            if len(text) >= LARGE_ITEM_BYTES:
                yield _object(b"".join((_START, begin, text, _END)))
    if small:
        together = 1 + PART_BYTES * len(small) // sum(map(len, small))
        for first in range(0, len(small), together):
            yield _object(b"".join((_START, begin, between.join(small[first : first + together]), _END)))
    yield _object(b"".join((_START, begin, last)))


def _object(text: bytes) -> dict[str, Any]:
    found = orjson.loads(text)
    if not isinstance(found, dict) or not isinstance(found.get("Items"), list):
        raise BrokenPage("no answer to Scan")
    return found


def page_of(answer: Mapping[str, Any], *, items: int, item_bytes: int) -> Page:
    """What the members of an answer beside `Items` say. Raises BrokenPage for members that are not what AWS documents."""
    last_key, consumed = answer.get("LastEvaluatedKey"), answer.get("ConsumedCapacity")
    units = consumed.get("CapacityUnits") if isinstance(consumed, dict) else None
    known = units is None or (type(units) in (int, float) and 0 <= units <= MOST_UNITS)
    counts = [answer.get("Count"), answer.get("ScannedCount")]
    if counts != [items, items] or {type(count) for count in counts} != {int} or not (known and isinstance(last_key, dict | None)):
        raise BrokenPage("no answer to Scan")
    return Page(
        items=items,
        item_bytes=item_bytes,
        last_key=last_key or None,
        read_units=None if units is None else Decimal(str(units)),
    )


def _without_lone_surrogates(body: bytes) -> bytes:
    """DynamoDB Local gives strings that are no valid UTF-16; U+FFFD in their place has the same three bytes in UTF-8."""
    text = json.dumps(json.loads(body.decode("utf-8", "surrogatepass")), ensure_ascii=False)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode("utf-8")
