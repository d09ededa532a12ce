"""
Before November 2025 the key of an index had two attributes at the most, so that several were joined to one text, as in "open#2025-10-31".
The joined text has to be written, kept in step with its parts and filled in for all items that were there before. Now a global index may have
up to four attributes to find by and four to sort by, as they are: each keeps its own type, and the text is not needed.

What is looked at: the key attributes of global indexes, among the items read. Nine values in ten that are joined by #, | or :: are a joined
text. Attributes that are also the key of the table are left alone, because a table has no keys of several attributes, nor has a local index.

Wrong when the character is part of the data, or when kinds of items share the attribute on purpose, each with other parts.
Source: AWS developer guide, "Multi-attribute keys pattern"; AWS API reference, CreateTable.

Fix: with the next change of the index, build it by the parts themselves, and stop writing the joined text.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.facts import Index, ItemSizes, Table, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, count, counted, percent, printable

JOINED_SHARE = Decimal("0.9")  # policy: of the values
ENOUGH_VALUES = 10  # fewer may be a trial
MAX_HASH_ATTRIBUTES, MAX_RANGE_ATTRIBUTES = 4, 4  # AWS API reference, CreateTable: of a global secondary index


@check("An index key is joined text", Category.SCALABILITY, Severity.INFO, code="SCL-11")
def joined_index_key(table: Table, items: ItemSizes) -> Iterator[Said]:
    table_key = {key.attribute for key in table.key_schema}
    keys = [
        (index, key.attribute)
        for index in table.global_indexes
        for key in index.key_schema
        if key.attribute not in table_key and key.type == "S"
    ]
    if not keys:
        yield NotApplicable(reason="no global secondary index has a text key of its own")
        return
    plain, judged = [], False
    sample = " in a sample" if items.coverage == "sample" else ""
    for index, attribute in keys:
        shape = items.key_shape(attribute)
        if shape is None:
            judged = True
            reason = f"the values of {printable(attribute)} of index {index.name} were not looked at"
            yield Unknown(call="dynamodb:Scan", reason=reason)
        elif shape.values >= ENOUGH_VALUES:
            judged = True
            share = Decimal(shape.joined) / shape.values
            if share >= JOINED_SHARE:
                yield _problem(index, attribute, share, shape.values, sample)
            elif not shape.joined:
                plain.append(f"{printable(attribute)} of index {index.name}")
    if plain:
        yield Good(message=f"no joined text in {a_few(plain)}" + (", as far as the sample shows" if sample else ""))
    if not judged:
        yield NotApplicable(reason=f"no index has {count(ENOUGH_VALUES)} key values among the items read: too few to judge them by")


def _problem(index: Index, attribute: str, share: Decimal, values: int, sample: str) -> Problem:
    name = printable(attribute)
    seen = f"{name} is text joined of several parts in {percent(share)} of {counted(values, 'value')}{sample}"
    return Problem(
        message=f"{seen}; an index may have up to {MAX_HASH_ATTRIBUTES} + {MAX_RANGE_ATTRIBUTES} key attributes, and needs no joined text",
        fix=f"build the index by the parts of {name} themselves, and stop writing {name}",
        evidence={"attribute": attribute, "share": round(float(share), 4), "values": values},
        index=index.name,
        subject=attribute,
        current=seen,
        benefit="no text to write and to keep in step with its parts; each part keeps its type, and numbers sort as numbers",
        migration="the items must have the parts as attributes of their own; add an index by them, switch the queries, then remove the old "
        "one; rarely worth it by itself, so do it with the next change of the index",
        effort="hours",
    )
