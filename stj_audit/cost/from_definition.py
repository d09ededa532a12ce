"""
A table that is defined and not there yet, together with what `stj-audit.toml` declares of it.

The template says what the table is, the configuration how it is used: items, sizes, patterns. Where the configuration says what the table is
too, the two must agree, because one of them is not what will be deployed. (Of a live table a declaration that differs is a plan.)
"""

from collections.abc import Iterator
from decimal import Decimal

from msgspec import structs

from stj_audit.config import TableModel
from stj_audit.cost.from_model import entry_bytes
from stj_audit.cost.workload import Amount, Store
from stj_audit.design import MAX_KEY_ATTRIBUTES, IndexModel
from stj_audit.facts import Index, Pitr, Table, TableFacts, Throughput

Difference = tuple[str, str]
"""(place in the table, what is declared there and what the template has instead)"""


def disagreement(facts: TableFacts, model: TableModel) -> Difference | None:
    """The first thing that is declared otherwise than it is defined; None where the two agree."""
    return next(_differences(facts, model), None)


def _differences(facts: TableFacts, model: TableModel) -> Iterator[Difference]:
    table = facts.table
    if model.key and model.key != _key(table):
        yield "key", f"the key is {list(model.key)} here, and {list(_key(table))} in the template"
    for name, here, there in (
        ("billing_mode", model.billing_mode, table.billing_mode),
        ("table_class", model.table_class, table.table_class),
    ):
        if here is not None and here != there:
            yield name, f"{name} is {here} here, and {there} in the template"
    yield from _units("", model, table.provisioned)
    if isinstance(facts.pitr, Pitr) and model.pitr is not None and model.pitr != facts.pitr.enabled:
        yield "pitr", f"PITR is {_on(model.pitr)} here, and {_on(facts.pitr.enabled)} in the template"
    defined = {index.name: index for index in table.indexes}
    for place, index in enumerate(model.index):
        where = f"index[{place}]"
        if index.name not in defined:
            yield where, f"there is an index {index.name!r} here, and none of that name in the template"
        else:
            yield from _of_index(where, index, defined[index.name])


def _of_index(where: str, index: IndexModel, defined: Index) -> Iterator[Difference]:
    if index.key != _key(defined):
        yield (
            f"{where}.key",
            f"the key of index {index.name!r} is {list(index.key)} here, and {list(_key(defined))} in the template",
        )
    if index.projection != defined.projection:
        there = f"{index.projection} here, and {defined.projection} in the template"
        yield f"{where}.projection", f"index {index.name!r} projects {there}"
    if set(index.attributes) != set(defined.non_key_attributes):
        there = f"{sorted(index.attributes)} here, and {sorted(defined.non_key_attributes)} in the template"
        yield f"{where}.attributes", f"index {index.name!r} holds {there}"
    yield from _units(f"{where}.", index, defined.provisioned)


def _units(where: str, model: TableModel | IndexModel, defined: Throughput | None) -> Iterator[Difference]:
    if defined is None:
        return
    for name, here, there in (("rcu", model.rcu, defined.read_units), ("wcu", model.wcu, defined.write_units)):
        if here is not None and there is not None and here != there:
            yield f"{where}{name}", f"{name} is {here} here, and {there} in the template"


def _on(enabled: bool) -> str:
    return "on" if enabled else "off"


def _key(owner: Table | Index) -> tuple[str, ...]:
    return (*owner.hash_attributes, *owner.range_attributes)


def completed(facts: TableFacts, model: TableModel) -> TableModel:
    """
    The declaration with the size of each index entry, which nobody could measure: as declared, else what the declared sizes of attributes
    make of its projection. What is defined is left to the definition, whose auto scaling no declaration has.
    """
    table = facts.table
    store = Store(
        key=_key(table),
        count=Amount(today=None),
        mean_bytes=None if model.item_bytes is None else Decimal(model.item_bytes),
        note="",
    )
    declared = {index.name: index for index in model.index}
    indexes = []
    for index in table.indexes:
        key = _key(index)
        if len(key) > MAX_KEY_ATTRIBUTES:
            continue  # a declaration has no words for such a key, so its size is only known where it projects everything
        own = declared.get(index.name)
        merged = IndexModel(
            name=index.name,
            key=key,
            projection=index.projection,
            attributes=index.non_key_attributes,
            entry_bytes=None if own is None else own.entry_bytes,
            share=1 if own is None else own.share,
        )
        size = entry_bytes(model, merged, store)
        indexes.append(structs.replace(merged, entry_bytes=None if size is None else int(size)))
    stated = table.billing_mode == "PROVISIONED" and table.provisioned is not None
    capacity = {"billing_mode": None, "rcu": None, "wcu": None} if stated or table.billing_mode != "PROVISIONED" else {}
    return structs.replace(model, index=tuple(indexes), **capacity)
