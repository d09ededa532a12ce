"""
What a change looks like in a CloudFormation or SAM template, so that the next deployment does not undo it: printed in reports, never sent.

Only what changes is given: the rest of the resource is in the owner's template. Logical ids are made from the names of the tables.
"""

import json
import re
from collections.abc import Mapping, Sequence

from stj_audit.facts import Table

Value = str | int | bool | Mapping[str, "Value"] | Sequence["Value"]
INDENT = "  "
PLAIN = re.compile(r"[A-Za-z][A-Za-z_]*|AWS(::[A-Za-z0-9]+)+")
NOT_TEXT = frozenset({"y", "yes", "n", "no", "on", "off", "true", "false", "null"})  # YAML 1.1, which CloudFormation reads


def table_template(table: Table, properties: Mapping[str, Value]) -> str:
    """`properties` of the resource AWS::DynamoDB::Table, as YAML. Where it is defined, its name is: or it gets one at deployment."""
    named: dict[str, Value] = {"TableName": table.name} if table.defined_in is None else {}
    return template({logical_id(table.name): ("AWS::DynamoDB::Table", {**named, **properties})})


def template(resources: Mapping[str, tuple[str, Mapping[str, Value]]]) -> str:
    """Resources by logical id, each with its type and properties, as YAML."""
    return "\n".join(_lines({"Resources": {key: {"Type": kind, "Properties": of} for key, (kind, of) in resources.items()}}))


def logical_id(*names: str) -> str:
    """A logical id: AWS allows letters and digits only. "stj_subscribers" is "StjSubscribers"."""
    words = re.findall(r"[A-Za-z0-9]+", " ".join(names))
    return "".join(word[:1].upper() + word[1:] for word in words)


def _lines(value: Mapping[str, Value], depth: int = 0) -> list[str]:
    lines = []
    for key, one in value.items():
        name = f"{INDENT * depth}{_scalar(key)}:"
        if isinstance(one, Mapping) and one:
            lines += [name, *_lines(one, depth + 1)]
        elif isinstance(one, Sequence) and not isinstance(one, str) and one:
            lines += [name, *(line for item in one for line in _item(item, depth + 1))]
        else:
            lines.append(f"{name} {_scalar(one)}")
    return lines


def _item(value: Value, depth: int) -> list[str]:
    if not isinstance(value, Mapping) or not value:
        return [f"{INDENT * depth}- {_scalar(value)}"]
    first, *rest = _lines(value, depth + 1)
    return [f"{INDENT * depth}- {first.lstrip()}", *rest]


def _scalar(value: Value) -> str:
    # whatever is not a plain word is quoted as JSON, which is YAML: "on", "no", "0123" and "2024-01-01" are something else there
    if isinstance(value, str) and PLAIN.fullmatch(value) and value.lower() not in NOT_TEXT:
        return value
    return "".join(one if one.isprintable() else f"\\U{ord(one):08x}" for one in json.dumps(value, ensure_ascii=False))
