"""
The name of an attribute is stored in every item that has it, and counts like its value: for the 400 KB, in storage, and in every unit of a
request. Long names beside short values can make a good part of what is paid for.

What is measured: the bytes of each top-level name times the items that have it, against all bytes of the items. Names inside maps are not
counted, so the share is rather too small; names of keys are left out, as they cannot be changed. Items of up to 1 KB in the mean are left
alone: a write of one takes a single unit whatever the names are.

Wrong when other readers of the table (exports, analytics) need the names as they are.
Source: AWS developer guide, "DynamoDB Item sizes and formats" (names count).

Fix: map long names to short ones in the code that reads and writes the items, and leave the names in the code as they are.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.cost.units import WRITE_UNIT_BYTES
from stj_audit.facts import DYNAMIC_ATTRIBUTES, ItemSizes, Table, Unknown
from stj_audit.items.limits import OTHER_ATTRIBUTES
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.sizing import text_size
from stj_audit.wording import counted, items_read, listed, percent, printable, size

HEAVY_SHARE = Decimal("0.15")  # policy: about every seventh byte tells nothing that the code does not know
SUMMED = (OTHER_ATTRIBUTES, DYNAMIC_ATTRIBUTES)  # no names of items
LIGHT_SHARE = Decimal("0.075")  # half of it: above nothing is wrong, and nothing to praise
NAMES_TOLD = 3  # enough to say where the bytes are


@check("Attribute names weigh much", Category.TABLE_STRUCTURE, Severity.LOW, code="STR-08")
def heavy_attribute_names(table: Table, items: ItemSizes) -> Iterator[Said]:
    mean = items.mean_bytes
    if mean is None:
        if items.coverage == "full":
            yield NotApplicable(reason="the table has no items")
        else:
            yield Unknown(call="dynamodb:Scan", reason="the sample holds no item")
        return
    if mean <= WRITE_UNIT_BYTES:
        yield NotApplicable(reason=f"a mean item has {size(mean)}: up to 1 KB shorter names save no write unit")
        return
    if not items.attributes:
        yield Unknown(call="dynamodb:Scan", reason="the sizes of the attributes are not known")
        return
    keys = {key.attribute for schema in (table.key_schema, *(index.key_schema for index in table.indexes)) for key in schema}
    weights = {one.name: text_size(one.name) * one.present for one in items.attributes if one.name not in (*SUMMED, *keys)}
    not_told_apart = sum(one.total_bytes for one in items.attributes if one.name in SUMMED)
    share = Decimal(sum(weights.values())) / items.scanned_bytes
    at_most = share + Decimal(not_told_apart) / items.scanned_bytes
    read = items_read(items.scanned, items.coverage)
    if share >= HEAVY_SHARE:
        yield _problem(items, mean, weights, share, read, exact=not not_told_apart)
    elif at_most >= HEAVY_SHARE:
        yield Unknown(call="dynamodb:Scan", reason="the items have attribute names that are not told apart: too many, or data")
    elif at_most <= LIGHT_SHARE:
        bound = "at most " if not_told_apart else ""
        yield Good(message=f"attribute names are light: {bound}{percent(at_most)} of the bytes of {read}")


def _problem(items: ItemSizes, mean: Decimal, weights: dict[str, int], share: Decimal, read: str, *, exact: bool) -> Problem:
    heaviest = sorted(weights, key=lambda name: (-weights[name], name))[:NAMES_TOLD]
    told = listed([printable(name) for name in heaviest])
    name_bytes = Decimal(sum(weights.values())) / items.scanned
    bound = "" if exact else "at least "
    return Problem(
        message=f"attribute names make {bound}{percent(share)} of the bytes of {read}: {size(name_bytes)} of a mean item of "
        f"{size(mean)}; the heaviest are {told}",
        fix="map the long names to short ones in the code that reads and writes the items",
        evidence={
            "name_bytes_per_item": round(float(name_bytes), 1),
            "mean_item_bytes": round(float(mean), 1),
            "share": round(float(share), 4),
            "names": len(weights),
            "items_read": items.scanned,
            "coverage": items.coverage,
        },
        current=f"{counted(len(weights), 'name')} beside the keys, {size(name_bytes)} in a mean item",
        benefit=f"up to {size(name_bytes)} less in each item, and in each index entry that holds the attributes; requests take fewer units "
        "where that crosses a multiple of 1 KB (writes) or 4 KB (reads)",
        migration="read both names for a while: write new items with the short ones, and rewrite the others when they are next changed; "
        "what an index projects by name (INCLUDE) needs a new index",
        effort="days",
    )
