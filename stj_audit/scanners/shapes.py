"""Whether the JSON of an answer has the types that botocore's model of the service says. botocore does not look, and passes on what it finds."""

from typing import Any

_NUMBERS = frozenset({"integer", "long", "float", "double", "bigdecimal", "biginteger"})


def fits(shape: Any, value: object) -> bool:
    """`shape` is botocore's; members that are not in it are left alone, and what may be anything is not looked at. A null is no member."""
    if value is None:
        return True
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, dict):
            return False
        members = ((shape.members[name], one) for name, one in value.items() if name in shape.members)
        return all(fits(member, one) for member, one in members)
    if kind == "list":
        return isinstance(value, list) and all(one is not None and fits(shape.member, one) for one in value)
    if kind == "map":
        return isinstance(value, dict) and all(fits(shape.value, one) for one in value.values())
    if kind in _NUMBERS:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "string":
        return isinstance(value, str)
    return kind != "boolean" or isinstance(value, bool)
