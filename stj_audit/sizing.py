"""
The size of DynamoDB items, exact to the byte: what the 400 KB limit, storage and capacity units are counted from.

    item         sum over attributes of UTF-8 bytes of the name + size of the value
    S            UTF-8 bytes
    B            raw bytes
    BOOL, NULL   1
    N            1 for zero, else 1 + base-100 digits + 1 if negative, 21 at the most
    SS, NS, BS   sum of the members
    L            3 + sum of (1 + size) of the elements
    M            3 + sum of (1 + UTF-8 bytes of the key + size of the value)

Base-100 digits are pairs of decimal digits counted outwards from the decimal point, from the first to the last pair that is not zero:
120 is "1 20", two of them; 1200 is "12 00", one.

Source: AWS developer guide, "DynamoDB item sizes and formats". It gives numbers only roughly; the rule here is what AWS's own engine,
DynamoDB Local, counts, and the tests hold it to that engine. Keys are sized like other attributes, and an item has no overhead of its
own (the 100 bytes that storage is billed with are `facts.BILLED_OVERHEAD_BYTES`).
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, pairwise, repeat
from operator import getitem
from typing import Any

AttributeValue = Mapping[str, Any]
"""A value in DynamoDB JSON: one type and its content, {"S": "text"}. B holds base64 text, or bytes as boto3 gives them."""

CONTAINER_BYTES = 3  # a list or a map, empty or not
ELEMENT_BYTES = 1  # each element of a list, each entry of a map
MAX_NUMBER_BYTES = 21  # 38 digits fill 19 or 20 pairs; a negative number with 20 pairs does not pay for its sign
MAX_PATTERNS = 10_000  # about 1 MB


class _WrongShape(ValueError):
    """Not DynamoDB JSON. Says where (`address.lines[2]`) and what was expected, never what was found: that is somebody's data."""

    def __init__(self, expected: str, place: str = "") -> None:
        super().__init__(f"not DynamoDB JSON{f' at attribute {place!r}' if place else ''}: expected {expected}")
        self.expected = expected
        self.place = place

    def inside(self, step: str) -> "_WrongShape":
        """The same, seen from one level further out."""
        joint = "." if self.place and not self.place.startswith("[") else ""
        return _WrongShape(self.expected, f"{step}{joint}{self.place}")


class _TooDeep(_WrongShape):
    """Wrong somewhere, and nested so deeply (DynamoDB allows 32 levels) that Python does not get there. Its place is the outermost step."""

    def inside(self, step: str) -> "_TooDeep":
        return _TooDeep(self.expected, step)


def item_size(item: Mapping[str, AttributeValue]) -> int:
    """
    The size of an item in bytes, as DynamoDB counts it. The limit is `facts.MAX_ITEM_BYTES`.

    `item` is DynamoDB JSON: {"id": {"S": "a"}, "total": {"N": "9.99"}}. Raises ValueError, which names the attribute and the place in it
    and never a value, for anything else. Whether DynamoDB would accept the item is not judged.
    """
    try:
        attributes = item.items()
    except AttributeError:
        raise _WrongShape("a mapping of attributes") from None
    return sum([attribute_size(name, value) for name, value in attributes])


def attribute_size(name: str, value: AttributeValue) -> int:
    """The bytes that one top-level attribute adds to its item: name and value. Raises ValueError as `item_size` does."""
    if not isinstance(name, str):
        raise _WrongShape("attribute names that are strings")
    try:
        return text_size(name) + value_size(value)
    except _WrongShape as error:
        raise error.inside(name) from None


def value_size(value: AttributeValue) -> int:
    """The bytes of a value without its name: {"N": "120"} is 3. Raises ValueError as `item_size` does."""
    try:
        ((kind, content),) = value.items()
        measure = _MEASURES[kind]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise _WrongShape(f"a mapping with one key, which is one of {', '.join(_MEASURES)}") from None
    try:
        return measure(content)
    except RecursionError:
        raise _TooDeep("lists and maps nested no deeper than DynamoDB allows") from None


def number_sizes(texts: Sequence[str]) -> list[int]:
    """
    The sizes of many numbers, as `value_size` gives them. Raises ValueError for what is no number.

    The size depends on which digits are zero, not on which digits they are. With one sign for every other digit, many numbers are few
    different texts, and it takes one call to make all of them so.
    """
    if not texts:
        return []
    try:
        joined = "\n".join(texts)
        patterns = joined.encode().translate(_TO_PATTERN).split(b"\n")
    except (TypeError, UnicodeEncodeError):
        raise _WrongShape("numbers as strings") from None
    if "e" in joined or "E" in joined:  # there every digit counts
        return list(map(_number_size, texts))
    if len(patterns) != len(texts):
        raise _WrongShape("a decimal number")
    return list(map(getitem, repeat(_PATTERN_SIZES), patterns))


def document_sizes(kind: str, contents: Sequence[object]) -> list[int]:
    """
    The sizes of many values of type L or M, of their contents as JSON brings them, as `value_size` gives them.

    Raises ValueError, without the place, for what is no such value, and for some that are: they are left to `value_size`.
    """
    numbers: list[str] = []
    sizes, ends = [], [0]
    for content in contents:
        sizes.append(_document_size(kind, content, numbers))
        ends.append(len(numbers))
    of_numbers = number_sizes(numbers)
    return [size + sum(of_numbers[start:end]) for size, (start, end) in zip(sizes, pairwise(ends), strict=True)]


def text_size(text: str) -> int:
    """UTF-8 bytes. Half of a surrogate pair, which no UTF-8 can hold, counts 1, as in AWS's engine."""
    if text.isascii():
        return len(text)
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        # By way of UTF-16, so that two halves side by side become the one character that they stand for.
        joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        return len(joined.encode("utf-8", "replace"))


def number_parts(text: str) -> tuple[bool, str, int]:
    """
    A number's text as (negative, digits, power): digits without zeros at either end, times ten to the power of the last digit.

    Equal numbers have equal parts, however they are written: "-1.20e3" and "-1200" are (True, "12", 2); zero is (False, "", 0).
    Raises ValueError, without the text, when it is no decimal number.
    """
    mantissa, e, exponent = text.lower().partition("e")
    negative = mantissa[:1] == "-"
    whole, _, fraction = (mantissa[1:] if mantissa[:1] in ("-", "+") else mantissa).partition(".")
    digits = whole + fraction
    whole_exponent = exponent[1:] if exponent[:1] in ("-", "+") else exponent
    if not (text.isascii() and digits.isdecimal() and (whole_exponent.isdecimal() or not e)):
        raise _WrongShape("a decimal number")
    try:
        power = (int(exponent) if e else 0) - len(fraction)
    except ValueError:  # thousands of digits
        raise _WrongShape("a decimal number") from None
    significant = digits.rstrip("0")
    power += len(digits) - len(significant)
    significant = significant.lstrip("0")
    return (negative, significant, power) if significant else (False, "", 0)


def _string_size(content: object) -> int:
    if not isinstance(content, str):
        raise _WrongShape("a string")
    return text_size(content)


def _number_size(content: object) -> int:
    if not isinstance(content, str):
        raise _WrongShape("a number as a string")
    if content.isdecimal() and content.isascii() and content[0] != "0":  # counters and timestamps: twice as fast this way
        last = len(content) - len(content.rstrip("0"))
        return min(MAX_NUMBER_BYTES, 2 + (len(content) - 1) // 2 - last // 2)
    negative, digits, last = number_parts(content)
    if not digits:
        return 1
    pairs = (last + len(digits) - 1) // 2 - last // 2 + 1
    return min(MAX_NUMBER_BYTES, 1 + pairs + negative)


_DIGIT = b"\xff"  # for any but 0: no text in UTF-8 holds it
_TO_PATTERN = bytes.maketrans(b"123456789", _DIGIT * 9)


class _PatternSizes(dict[bytes, int]):
    """The sizes of numbers seen so far, by their patterns. What a number was cannot be told from these."""

    def __missing__(self, pattern: bytes) -> int:
        size = _number_size(pattern.replace(_DIGIT, b"1").decode())
        if len(self) >= MAX_PATTERNS:
            self.clear()
        self[pattern] = size
        return size


_PATTERN_SIZES = _PatternSizes()


def _binary_size(content: object) -> int:
    if isinstance(content, str):
        size = len(content) * 3 // 4 - content.count("=", -2)
        if size >= 0:  # not of "=" and "==", which fill nothing up
            return size
    elif isinstance(content, bytes | bytearray):
        return len(content)
    raise _WrongShape("base64 text or bytes")


def _boolean_size(content: object) -> int:
    if not isinstance(content, bool):
        raise _WrongShape("true or false")
    return 1


def _set_size(content: object, measure: Callable[[object], int]) -> int:
    if not isinstance(content, list | tuple | set | frozenset):
        raise _WrongShape("the members of a set in a list")
    return sum([measure(member) for member in content])


def _list_size(content: object) -> int:
    if not isinstance(content, list | tuple):
        raise _WrongShape("a list of values")
    try:
        (size,) = document_sizes("L", (content,))
    except ValueError:
        return _told_list_size(content)
    return size


def _map_size(content: object) -> int:
    if not isinstance(content, Mapping):
        raise _WrongShape("a mapping of keys to values")
    try:
        (size,) = document_sizes("M", (content,))
    except ValueError:
        return _told_map_size(content)
    return size


def _document_size(kind: str, document: object, numbers: list[str]) -> int:
    """
    The size of a list or map with all that is in it but numbers, which are added to `numbers`. Raises ValueError as `document_sizes` does.

    Most of a document is text. It is gathered, to be measured in one call; and no function is called for a value, however deep it lies.
    """
    values: list[Any] = [{kind: document}]
    texts: list[str] = []
    maps: list[dict[str, Any]] = []
    flags: list[bool] = []
    size = lists = 0
    try:
        for value in values:  # which grows as it is walked; asking for one type after the other is quicker than asking which it is
            if "S" in value:
                texts.append(value["S"])
            elif "M" in value:
                entries = value["M"]
                maps.append(entries)
                values += entries.values()
            elif "N" in value:
                numbers.append(value["N"])
            elif "L" in value:
                elements = value["L"]
                if type(elements) is not list:
                    break
                lists += 1
                values += elements
            elif "BOOL" in value:
                flags.append(value["BOOL"])
            elif "NULL" in value:
                flags.append(value["NULL"])
            else:
                (kind,) = value
                size += _MEASURES[kind](value[kind])
        else:
            texts += chain.from_iterable(maps)
            joined = "".join(texts)  # raises TypeError for anything that is no text
            if sum(map(len, values)) == len(values) and (not flags or set(map(type, flags)) == {bool}):
                size += len(flags) + CONTAINER_BYTES * (len(maps) + lists) + ELEMENT_BYTES * (len(values) - 1)
                return size + (len(joined) if joined.isascii() else len(joined.encode()))
    except (AttributeError, KeyError, TypeError, UnicodeEncodeError):
        pass
    raise _WrongShape("a document of texts in UTF-8")


def _told_list_size(content: Sequence[AttributeValue]) -> int:
    size = CONTAINER_BYTES + ELEMENT_BYTES * len(content)
    for at, value in enumerate(content):
        try:
            size += value_size(value)
        except _WrongShape as error:
            raise error.inside(f"[{at}]") from None
    return size


def _told_map_size(content: Mapping[str, AttributeValue]) -> int:
    size = CONTAINER_BYTES + ELEMENT_BYTES * len(content)
    for key, value in content.items():
        size += attribute_size(key, value)
    return size


_MEASURES: dict[str, Callable[[object], int]] = {
    "S": _string_size,
    "N": _number_size,
    "B": _binary_size,
    "BOOL": _boolean_size,
    "NULL": _boolean_size,
    "SS": lambda content: _set_size(content, _string_size),
    "NS": lambda content: _set_size(content, _number_size),
    "BS": lambda content: _set_size(content, _binary_size),
    "L": _list_size,
    "M": _map_size,
}
