"""A global index that a table does not have: how it would be added, with the types that its keys have in the table."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stj_audit.cloudformation import Value, table_template
from stj_audit.commands import create_index
from stj_audit.facts import ItemSizes, KeyRole, Table, Unknown

MAX_NON_KEY_ATTRIBUTES = 20  # AWS API reference, Projection: of one index
MAX_RANGE_ATTRIBUTES = 4  # AWS API reference, CreateTable: of a global secondary index
MAX_INDEX_NAME = 255  # AWS API reference: letters, digits, "_", "-" and "."
KEY_TYPES = ("S", "N", "B")

Schema = Sequence[tuple[str, KeyRole]]


@dataclass(frozen=True, kw_only=True, slots=True)
class NewIndex:
    """An index as the API describes one, with the types of every attribute in its key and in the table's."""

    table: Table
    definition: Mapping[str, Value]
    types: Mapping[str, str]

    @property
    def command(self) -> str:
        return create_index(self.table, self.definition, self.types)

    @property
    def template(self) -> str:
        """The attributes and the index, to be added to those that the table's template has."""
        definitions = [{"AttributeName": name, "AttributeType": kind} for name, kind in self.types.items()]
        return table_template(self.table, {"AttributeDefinitions": definitions, "GlobalSecondaryIndexes": [self.definition]})


def index_name(table: Table, schema: Schema) -> str:
    """A name that no index of the table has: "by-status-created-at"."""
    words = "-".join(re.sub(r"[^A-Za-z0-9_.-]+", "-", name) for name, _ in schema)
    name = f"by-{words}"[: MAX_INDEX_NAME - 2]
    return f"{name}-2" if any(index.name == name for index in table.indexes) else name


def new_index(
    table: Table, items: ItemSizes | Unknown | None, name: str, schema: Schema, wanted: Sequence[str], *, everything: bool
) -> NewIndex | None:
    """An index that holds the attributes `wanted`, or everything; None where the type of a key is not known, or no index has such a key."""
    types = _types(table, items)
    capacity = table.provisioned
    if any(attribute not in types for attribute, _ in schema) or len(schema) > 1 + MAX_RANGE_ATTRIBUTES:
        return None
    create: dict[str, Value] = {
        "IndexName": name,
        "KeySchema": [{"AttributeName": attribute, "KeyType": role} for attribute, role in schema],
        "Projection": _projection(table, schema, wanted, everything=everything),
    }
    if table.billing_mode == "PROVISIONED":
        if capacity is None or not capacity.read_units or not capacity.write_units:
            return None
        create["ProvisionedThroughput"] = {"ReadCapacityUnits": capacity.read_units, "WriteCapacityUnits": capacity.write_units}
    keys = dict.fromkeys((*(key.attribute for key in table.key_schema), *(attribute for attribute, _ in schema)))
    return NewIndex(table=table, definition=create, types={attribute: types[attribute] for attribute in keys})


def _projection(table: Table, schema: Schema, wanted: Sequence[str], *, everything: bool) -> dict[str, Value]:
    keys = {*(key.attribute for key in table.key_schema), *(attribute for attribute, _ in schema)}
    others = [attribute for attribute in dict.fromkeys(wanted) if attribute not in keys]
    if everything or len(others) > MAX_NON_KEY_ATTRIBUTES:
        return {"ProjectionType": "ALL"}
    return {"ProjectionType": "INCLUDE", "NonKeyAttributes": others} if others else {"ProjectionType": "KEYS_ONLY"}


def _types(table: Table, items: ItemSizes | Unknown | None) -> dict[str, str]:
    """The types of attributes that can be a key: as the schemas say, else where every item read has the same."""
    seen = items.attributes if isinstance(items, ItemSizes) else ()
    types = {one.name: one.types[0] for one in seen if len(one.types) == 1 and one.types[0] in KEY_TYPES}
    schemas = (table.key_schema, *(index.key_schema for index in table.indexes))
    return types | {key.attribute: key.type for schema in schemas for key in schema}
