"""
DynamoDB does not hold an attribute to a type. When "age" is a number in one item and a text in another, comparisons and filters quietly miss
one of them, sort orders split, and every reader needs code for both. For a key of an index it is worse: items with a value of another type
than the index declares are not in it, and once the index is there, a write with such a value is refused.

What is measured: the types of each top-level attribute in the items read. NULL beside one type is no mix, but in a key of an index, where it
is refused like any other type. Items with a wrong type there were written before the index was made. A sample can show a mix, never that
there is none.

Wrong when different kinds of items share the table by design (single-table design) and each kind has its own type for the name.
Source: AWS developer guide, "Detecting and correcting index key violations in DynamoDB"; "Comparison operator and function reference".

Fix: choose one type, write only that, and rewrite the other values.
"""

import json
import shlex
from collections.abc import Iterator

from stj_audit.checks import check
from stj_audit.commands import of_table
from stj_audit.facts import DYNAMIC_ATTRIBUTES, AttributeSizes, Index, ItemSizes, KeyAttribute, Table, Unknown
from stj_audit.items.limits import OTHER_ATTRIBUTES
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, counted, items_read, listed, printable

NO_TYPE = "NULL"  # says that there is no value: a common way to write "unknown"
WORDS = {
    "S": "string",
    "N": "number",
    "B": "binary",
    "BOOL": "boolean",
    "NULL": "null",
    "M": "map",
    "L": "list",
    "SS": "string set",
    "NS": "number set",
    "BS": "binary set",
}
ITEMS_SHOWN = 5  # by the command: enough to see where they come from


@check("An attribute has several types", Category.TABLE_STRUCTURE, Severity.LOW, code="STR-14")
def mixed_attribute_types(table: Table, items: ItemSizes) -> Iterator[Said]:
    read = items_read(items.scanned, items.coverage)
    if not items.scanned:
        if items.coverage == "full":
            yield NotApplicable(reason="the table has no items")
        else:
            yield Unknown(call="dynamodb:Scan", reason="the sample holds no item")
        return
    attributes = [one for one in items.attributes if one.name not in (OTHER_ATTRIBUTES, DYNAMIC_ATTRIBUTES)]
    if not attributes:
        yield Unknown(call="dynamodb:Scan", reason="the types of the attributes are not known")
        return
    by_name = {one.name: one for one in attributes}
    refused = [
        (index, key, by_name[key.attribute])
        for index in table.indexes
        for key in index.key_schema
        if key.attribute in by_name and set(by_name[key.attribute].types) - {key.type}
    ]
    for index, key, attribute in refused:
        yield _refused(table, index, key, attribute, read)
    told = {attribute.name for _, _, attribute in refused}
    mixed = [one for one in attributes if len(_types(one)) > 1 and one.name not in told]
    if mixed:
        yield _mixed(mixed, items, read)
    if refused or mixed:
        return
    if items.coverage == "sample":
        yield Unknown(
            call="dynamodb:Scan", reason=f"no attribute of several types in {read}; only reading every item can exclude it"
        )
    else:
        yield Good(message=f"{_each(attributes)} one type in {read}")


def _types(attribute: AttributeSizes) -> list[str]:
    return [kind for kind in attribute.types if kind != NO_TYPE]


def _words(types: list[str]) -> str:
    return listed([WORDS.get(kind, kind) for kind in types])


def _each(attributes: list[AttributeSizes]) -> str:
    return "the one attribute has" if len(attributes) == 1 else f"each of {counted(len(attributes), 'attribute')} has"


def _refused(table: Table, index: Index, key: KeyAttribute, attribute: AttributeSizes, read: str) -> Problem:
    name, declared = printable(attribute.name), WORDS[key.type]
    others = [kind for kind in attribute.types if kind != key.type]
    keys = {f"#k{place}": one.attribute for place, one in enumerate(table.key_schema)}
    names = shlex.quote(json.dumps({"#a": attribute.name, **keys}))
    values = shlex.quote(json.dumps({":type": {"S": key.type}}))
    return Problem(
        message=f"{name}, a key of the index, is also {_words(others)} in {read}, and the index takes only {declared}: "
        "items with another type are not in it, and new ones are refused",
        fix=f"rewrite the values of {name} as {declared}, and mend what wrote them",
        severity=Severity.MEDIUM,
        evidence={
            "attribute": attribute.name,
            "index_type": key.type,
            "types": ", ".join(attribute.types),
            "items_with_attribute": attribute.present,
        },
        index=index.name,
        subject=attribute.name,
        current=f"{name} is {_words(list(attribute.types))}; the index declares {declared}",
        benefit="queries over the index find these items too, and no write of such a value fails",
        migration="find the items first, which reads up to the whole table; then rewrite them one by one: the index takes each in by itself",
        effort="hours",
        commands=(
            f"aws dynamodb scan {of_table(table)} --max-items {ITEMS_SHOWN} "
            f"--filter-expression 'attribute_exists(#a) AND NOT attribute_type(#a, :type)' --projection-expression '{', '.join(keys)}' "
            f"--expression-attribute-names {names} --expression-attribute-values {values}",
        ),
    )


def _mixed(mixed: list[AttributeSizes], items: ItemSizes, read: str) -> Problem:
    told = a_few(f"{printable(one.name)} ({_words(_types(one))})" for one in mixed)
    return Problem(
        message=f"{counted(len(mixed), 'attribute')} of several types in {read}: {told}",
        fix="choose one type for each, write only that, and rewrite the other values",
        evidence={
            "attributes": len(mixed),
            "first_attribute": mixed[0].name,
            "first_types": ", ".join(_types(mixed[0])),
            "items_read": items.scanned,
            "coverage": items.coverage,
        },
        current=f"several types for one name: {told}",
        benefit="filters and comparisons find every item, and readers need code for one type only",
        migration="let readers accept both types, write only the chosen one, rewrite the others in the background, then simplify the readers",
        effort="days",
    )
