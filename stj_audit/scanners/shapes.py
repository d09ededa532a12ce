"""Whether the JSON of an answer has the types that botocore's model of the service says: botocore passes on whatever it finds."""

from collections.abc import Iterator, Mapping
from typing import Any

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "boolean": bool,
    **dict.fromkeys(("integer", "long", "float", "double"), (int, float)),
}


def fits(shape: Any, value: object) -> bool:
    """`shape` is botocore's; members that are not in it are left alone, and what may be anything is not looked at. A null is no member."""
    kind = shape.type_name
    if value is None or kind not in _TYPES:
        return True
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return False
    if isinstance(value, list):
        return all(one is not None and fits(shape.member, one) for one in value)
    if isinstance(value, dict):
        return all(fits(member, one) for member, one in _members(shape, value))
    return True


def _members(shape: Any, value: dict[str, object]) -> Iterator[tuple[Any, object]]:
    for name, one in value.items():
        if shape.type_name == "map":
            yield shape.value, one
        elif name in shape.members:
            yield shape.members[name], one
