"""
What a value of a key looks like: a time, an e-mail address, a phone number, an IP address, or parts joined to one text.

The shape is all that is told of a value. It is a guess by its form: a phone number without a country code and without separators is a number
like any other, and is not taken for one.
"""

import re
from collections.abc import Collection, Iterable
from ipaddress import ip_address
from operator import itemgetter

# What `shape_of` tells, added up: several may hold.
TIME = 1  # a date, or a moment
ROUNDED = 2  # a time to the minute or coarser, so that many items may share it
EMAIL = 4
PHONE = 8
ADDRESS = 16
JOINED = 32
SHAPES = 64

# Times that an application may have written: birthdays of most people, and ids that only look like a time, lie outside.
FIRST_EPOCH_SECONDS, END_EPOCH_SECONDS = 1_262_304_000, 2_208_988_800  # 2010-01-01 and 2040-01-01, UTC
SECONDS_PER_MINUTE = 60
DAY_DIGITS = 8  # "20251031"; "202510" may as well be any number

_DATE = re.compile(
    r"20[123]\d-?(?:0[1-9]|1[0-2])"
    r"(?:-?(?:0[1-9]|[12]\d|3[01])(?:[Tt ]\d\d(?::?\d\d(?::?(?:00(?:[.,]0{1,9})?|([0-5]\d(?:[.,]\d{1,9})?)))?)?(?:[Zz]|[+-]\d\d:?\d\d)?)?)?",
    re.ASCII,
)
_MILLISECONDS = re.compile(r"(\d{10})(\d{3})?", re.ASCII)
_SECONDS_AND_PARTS = re.compile(r"(\d{10})\.(\d+)", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)*\.[^@\s.]{2,}")
# ITU-T E.164: + and 7 to 15 digits; or a number of North America as people write it, with its separators
_PHONE = re.compile(r"\+(?:[ ()./-]*\d){7,15}|(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}", re.ASCII)
# Those of IPv6 that networks use begin with four digits: a::b is a joined text, though it could be read as an address
_ADDRESS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]{4}:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*", re.ASCII)
_SEPARATOR = re.compile(r"#|\||::")
_ARN = "arn:"  # its :: stands for an empty part, and joins nothing
_PERSONAL_MARKS = "@:+(."  # without any of them a text is no address, and a phone number only as North Americans write it
_TELLING = re.compile(f"[#|{_PERSONAL_MARKS}]")  # without any of these it is joined of nothing either
_SEPARATORS = frozenset("#|")
_END_OF_PHONE = re.compile(r"\d[ -]\d{3}[ -]\d{4}", re.ASCII)
LONGEST_UNMARKED_PHONE = len("1-555-555-5555")


def by_shape(texts: Collection[str]) -> dict[int, list[str]]:
    """Those of many different texts that have a shape, by it."""
    joined = "".join(texts)
    may_be_personal = any(mark in joined for mark in _PERSONAL_MARKS)
    if may_be_personal or ((" " in joined or "-" in joined) and _END_OF_PHONE.search(joined)) or "" in texts:
        return _each_by_shape(texts)
    # Without these there is no personal data, so that they can only be times, or joined
    found = {}
    starts = set(map(itemgetter(0), texts))
    if "1" in starts or "2" in starts:
        found = _each_by_shape([text for text in texts if text[:2] in _TIME_STARTS])
        texts = [text for text in texts if text[:2] not in _TIME_STARTS]
    if "#" in joined or "|" in joined:
        if _SEPARATORS.isdisjoint(starts) and _SEPARATORS.isdisjoint(map(itemgetter(-1), texts)):
            parted = [text for text in texts if "#" in text or "|" in text]
        else:
            parted = [text for text in texts if not _SEPARATORS.isdisjoint(text.strip("#|"))]
        found[JOINED] = found.get(JOINED, []) + parted
    return found


def _each_by_shape(texts: Iterable[str]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for text in texts:
        shape = shape_of(text)
        if shape:
            found.setdefault(shape, []).append(text)
    return found


def shape_of(text: str) -> int:
    """The shape of a text, or of a number as its digits; 0 for any other. Personal data is also seen in a part of a joined text."""
    if text[:2] in _TIME_STARTS:
        time = _time(text)
        if time:
            return time
    if text.isalnum():
        return 0
    if not _TELLING.search(text):
        return PHONE if len(text) <= LONGEST_UNMARKED_PHONE and _PHONE.fullmatch(text) else 0
    if not ("#" in text or "|" in text or "::" in text) or text.startswith(_ARN):
        return _personal(text)
    if ":" in text and _personal(text) == ADDRESS:  # fe80::1 is not joined
        return ADDRESS
    parts = [part for part in _SEPARATOR.split(text) if part]
    shape = JOINED if len(parts) > 1 else 0
    for part in parts:
        if not part.isalnum():
            shape |= _personal(part)
    return shape


_TIME_STARTS = frozenset(("12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22"))


def _time(text: str) -> int:
    if text.isdecimal() and len(text) != DAY_DIGITS:
        found = _MILLISECONDS.fullmatch(text)
    else:
        found = _DATE.fullmatch(text)
        if found:
            return TIME if found[1] else TIME | ROUNDED
        found = _SECONDS_AND_PARTS.fullmatch(text)
    if not found or not FIRST_EPOCH_SECONDS <= int(found[1]) < END_EPOCH_SECONDS:
        return 0
    return TIME if int(found[1]) % SECONDS_PER_MINUTE or (found[2] or "").strip("0") else TIME | ROUNDED


def _personal(text: str) -> int:
    if "@" in text:
        return EMAIL if _EMAIL.fullmatch(text) else 0
    if _PHONE.fullmatch(text):
        return PHONE
    return ADDRESS if _ADDRESS.fullmatch(text) and _is_address(text) else 0


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
