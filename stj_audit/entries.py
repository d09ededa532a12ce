"""
The entries of secondary indexes: which items an index holds, and what of them. And whether a write changed a value.

Source: AWS developer guide, "Attribute projections", "Take advantage of sparse indexes". Items are in DynamoDB JSON.
"""

from base64 import b64decode
from collections.abc import Mapping

from stj_audit.facts import Index, Table
from stj_audit.sizing import AttributeValue, number_parts

Item = Mapping[str, AttributeValue]


def is_in_index(index: Index, item: Item) -> bool:
    """Whether the index holds the item: it has every key attribute of the index, in its type."""
    for key in index.key_schema:  # noqa: SIM110 - runs for each item and index of an audit, where `all` takes twice the time
        if key.attribute not in item or key.type not in item[key.attribute]:
            return False
    return True


def projected_attributes(index: Index, table: Table) -> frozenset[str] | None:
    """The attributes that an entry holds, of those that the item has; None: all of them (projection ALL)."""
    if index.projection == "ALL":
        return None
    added = index.non_key_attributes if index.projection == "INCLUDE" else ()
    return frozenset(key.attribute for key in (*table.key_schema, *index.key_schema)) | frozenset(added)


def index_entry(index: Index, table: Table, item: Item | None) -> Item | None:
    """What the index holds of the item; None when there is no item, or it is not in the index."""
    if item is None or not is_in_index(index, item):
        return None
    projected = projected_attributes(index, table)
    return item if projected is None else {name: value for name, value in item.items() if name in projected}


def same_value(one: AttributeValue | None, other: AttributeValue | None) -> bool:
    """Whether two values are one to DynamoDB: 1 is 1.0, and sets have no order. None: no value. Raises ValueError for no number."""
    return one is other or (one is not None and other is not None and _canonical(one) == _canonical(other))


def same_item(one: Item, other: Item) -> bool:
    """Whether two items, or entries, have the same attributes with the same values. Raises ValueError for no number."""
    return one.keys() == other.keys() and all(same_value(value, other[name]) for name, value in one.items())


def _canonical(value: AttributeValue) -> object:
    """Equal for equal values, however they are written."""
    ((kind, content),) = value.items()
    match kind:
        case "N":
            content = number_parts(content)
        case "B":
            content = _raw(content)
        case "SS":
            content = frozenset(content)
        case "NS":
            content = frozenset(number_parts(member) for member in content)
        case "BS":
            content = frozenset(_raw(member) for member in content)
        case "L":
            content = [_canonical(element) for element in content]
        case "M":
            content = {name: _canonical(element) for name, element in content.items()}
    return kind, content


def _raw(content: str | bytes) -> bytes:
    return b64decode(content) if isinstance(content, str) else bytes(content)
