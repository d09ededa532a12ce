"""
Items measured by columns: those with the same attributes together, and of them one attribute after the other.

Python takes longer to run a line for each value than to do the work. Of the values of one attribute, as a list, builtins find all sizes in a
few calls. They are sure of less than `value_size`: whatever does not fit is left to that, and so is telling what is wrong with it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from itertools import chain, islice, repeat
from operator import itemgetter
from typing import Any

from stj_audit.entries import Item
from stj_audit.sizing import AttributeValue, document_sizes, number_sizes, text_size, value_size

SMALLEST_GROUP = 4  # items; with fewer, the calls take as long as the lines that they save


class Column:
    """
    One attribute of the items of a group, which all have it.

    `kinds` are the types of its values. `contents` is what they hold; None when they are of several types, or it is not to be kept: the
    fewer of its parts have a second owner, the faster a page is let go. `sizes` are bytes without the name, whose bytes are `name_bytes`.
    Raises ValueError, without the place, for what is no DynamoDB JSON.
    """

    def __init__(self, name: str, values: list[AttributeValue], *, keep: bool) -> None:
        self.name_bytes = text_size(name)
        self.contents: list[Any] | None = None
        try:
            self.kinds, contents, self.sizes = _uniform(values)
        except (KeyError, TypeError, ValueError):
            self.sizes = list(map(value_size, values))
            self.kinds = frozenset(chain.from_iterable(values))
        else:
            if keep:
                self.contents = contents


class Group:
    """
    Items with the same attributes, by column. `sizes` are theirs in bytes. Only the contents of attributes in `kept` are kept.

    Raises ValueError, without the place, as `Column` does.
    """

    def __init__(self, items: Sequence[Item], kept: Collection[str]) -> None:
        self.columns = {name: Column(name, list(map(itemgetter(name), items)), keep=name in kept) for name in items[0]}
        self.count = len(items)
        self.sizes = self.sums(self.columns)
        self._times: dict[tuple[str, ...], Counter[Any]] = {}

    def sums(self, names: Iterable[str]) -> list[int]:
        """For each item, the bytes of some of its attributes, names included."""
        columns = [self.columns[name] for name in names]
        names_bytes = sum([column.name_bytes for column in columns])
        return list(map(sum, zip(repeat(names_bytes, self.count), *[column.sizes for column in columns], strict=True)))

    def sizes_at(self, place: int) -> dict[str, int]:
        """The bytes of the attributes of one item, names included."""
        return {name: column.name_bytes + column.sizes[place] for name, column in self.columns.items()}

    def times(self, *names: str) -> Counter[Any]:
        """How often the values of an attribute that is kept occur, or those of several together, as tuples; they must be of one type each."""
        if names not in self._times:
            columns = [self.columns[name].contents or () for name in names]
            self._times[names] = Counter(columns[0] if len(columns) == 1 else zip(*columns, strict=True))
        return self._times[names]


def grouped(items: Sequence[Item]) -> tuple[list[list[Item]], list[Item]]:
    """The items of one shape together, whatever the order of their attributes, and those of which there are too few for that."""
    shapes = list(map(tuple, items))
    if items and items[0] and shapes.count(shapes[0]) == len(items):
        return [list(items)], []
    by_order: defaultdict[tuple[str, ...], list[Item]] = defaultdict(list)
    for attributes, item in zip(shapes, items, strict=True):
        by_order[attributes].append(item)
    by_names: dict[frozenset[str], list[Item]] = {}
    for attributes, alike in by_order.items():
        by_names.setdefault(frozenset(attributes), []).extend(alike)
    groups, rest = [], []
    for names, alike in by_names.items():
        if names and len(alike) >= SMALLEST_GROUP:
            groups.append(alike)
        else:
            rest.extend(alike)
    return groups, rest


def _uniform(values: list[AttributeValue]) -> tuple[frozenset[str], list[Any], list[int]]:
    """The type of values that share it, their contents, and the sizes. Raises KeyError, TypeError or ValueError for all others."""
    (kind,) = values[0]
    measure = _MEASURES[kind]
    contents: list[Any] = list(map(itemgetter(kind), values))
    if sum(map(len, values)) != len(values):  # each has this key, so that one with a second would make it more
        raise ValueError("a value of two types")
    return frozenset((kind,)), contents, measure(contents)


def _text_sizes(contents: list[str]) -> list[int]:
    joined = "".join(contents)  # raises TypeError for anything that is no text
    return list(map(len, contents)) if joined.isascii() else list(map(len, map(str.encode, contents)))


def _binary_sizes(contents: list[str]) -> list[int]:
    _all_of(str, contents)
    sizes = [len(content) * 3 // 4 - content.count("=", -2) for content in contents]
    if min(sizes) < 0:
        raise ValueError("no base64")
    return sizes


def _boolean_sizes(contents: list[bool]) -> list[int]:
    _all_of(bool, contents)
    return [1] * len(contents)


def _text_set_sizes(contents: list[list[str]]) -> list[int]:
    _all_of(list, contents)
    return _text_sizes(list(map("".join, contents)))


def _number_set_sizes(contents: list[list[str]]) -> list[int]:
    _all_of(list, contents)
    sizes = iter(number_sizes(list(chain.from_iterable(contents))))
    return [sum(islice(sizes, members)) for members in map(len, contents)]


def _binary_set_sizes(contents: list[list[str]]) -> list[int]:
    _all_of(list, contents)
    return [sum(_binary_sizes(members)) if members else 0 for members in contents]


def _all_of(kind: type, contents: list[Any]) -> None:
    if set(map(type, contents)) != {kind}:
        raise TypeError


_MEASURES: dict[str, Callable[[list[Any]], list[int]]] = {
    "S": _text_sizes,
    "N": number_sizes,
    "B": _binary_sizes,
    "BOOL": _boolean_sizes,
    "NULL": _boolean_sizes,
    "SS": _text_set_sizes,
    "NS": _number_set_sizes,
    "BS": _binary_set_sizes,
    "L": partial(document_sizes, "L"),
    "M": partial(document_sizes, "M"),
}
