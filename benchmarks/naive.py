"""What people write who want to know how large their items are: a boto3 table, a loop, and a function over Python's own types."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import Binary


def size(item: dict[str, Any]) -> int:
    """The size in bytes of an item as boto3's table resource gives it."""
    return sum(len(name.encode()) + _value(value) for name, value in item.items())


def scan(table: Any) -> Iterator[dict[str, Any]]:
    """All items of a boto3 table, page after page."""
    answer = table.scan()
    yield from answer["Items"]
    while "LastEvaluatedKey" in answer:
        answer = table.scan(ExclusiveStartKey=answer["LastEvaluatedKey"])
        yield from answer["Items"]


def _value(value: Any) -> int:  # noqa: PLR0911 - a branch for each type
    if isinstance(value, str):
        return len(value.encode())
    if value is None or isinstance(value, bool):
        return 1
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, Binary):
        return len(value.value)  # type: ignore[attr-defined] # the stubs leave it out
    if isinstance(value, dict):
        return 3 + sum(1 + len(name.encode()) + _value(one) for name, one in value.items())
    if isinstance(value, list):
        return 3 + sum(1 + _value(one) for one in value)
    return sum(_value(one) for one in value)


def _number(value: Decimal) -> int:
    sign, digits, exponent = value.normalize().as_tuple()
    if not value:
        return 1
    padding = int(exponent) % 2
    return min(21, 1 + (len(digits) + padding + (len(digits) + padding) % 2) // 2 + sign)
