"""
The primary key of an item is stored in the item and once more in its entry of each secondary index, whatever the projection. A long key, made
of several ids or whole paths, is therefore paid for several times: in storage, and in the units of every request.

What is measured: the mean bytes of the key attributes, names included, against the mean item. Items whose mean is below 1 KB are left alone:
a write takes one unit of 1 KB in any case, and a shorter key saves nothing but some storage.

Wrong when the length is needed: the parts of a joined key are queried by prefix, or ids come from elsewhere as they are.
Source: AWS developer guide, "Attribute projections" (the table's key is always projected); "DynamoDB Item sizes and formats".

Fix: shorten the values of the key: shorter prefixes, numbers and binary ids in place of their text; it takes a new table.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.cost.units import WRITE_UNIT_BYTES
from stj_audit.facts import ItemSizes, Table, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import counted, items_read, listed, percent, printable, size

LONG_SHARE = Decimal("0.2")  # policy: a fifth of what is stored and paid for tells nothing but which item it is
SHORT_SHARE = Decimal("0.1")  # above it nothing is wrong, and nothing to praise


@check("The keys are long", Category.PRIMARY_KEY_DESIGN, Severity.LOW, code="KEY-10")
def long_keys(table: Table, items: ItemSizes) -> Iterator[Said]:
    mean = items.mean_bytes
    if mean is None:
        if items.coverage == "full":
            yield NotApplicable(reason="the table has no items")
        else:
            yield Unknown(call="dynamodb:Scan", reason="the sample holds no item")
        return
    if mean < WRITE_UNIT_BYTES:
        yield NotApplicable(reason=f"a mean item has {size(mean)}: below 1 KB a shorter key saves no write unit")
        return
    names = [key.attribute for key in table.key_schema]
    measured = {one.name: one.total_bytes for one in items.attributes if one.name in names}
    if len(measured) < len(names):
        yield Unknown(call="dynamodb:Scan", reason="the sizes of the key attributes are not known")
        return
    key_bytes = Decimal(sum(measured.values())) / items.scanned
    share = key_bytes / mean
    key = listed([printable(name) for name in names])
    seen = f"{key} {'has' if len(names) == 1 else 'have'} {size(key_bytes)} of {size(mean)} in the mean of "
    seen += items_read(items.scanned, items.coverage)
    if share < LONG_SHARE:
        if share <= SHORT_SHARE:
            yield Good(message=f"the keys are short: {seen}")
        return
    copies = len(table.indexes)
    again = f", and once more in each entry of {counted(copies, 'index', 'indexes')}" if copies else ""
    yield Problem(
        message=f"the keys are long, {percent(share)} of what is stored: {seen}{again}",
        fix=f"shorten the values of {key}: shorter prefixes, numbers and binary ids in place of their text",
        evidence={
            "key_bytes": round(float(key_bytes), 1),
            "mean_item_bytes": round(float(mean), 1),
            "share": round(float(share), 4),
            "indexes": copies,
            "items_read": items.scanned,
            "coverage": items.coverage,
        },
        current=f"{size(key_bytes)} of key in each item{again}",
        benefit="each byte that the key is shorter is saved "
        + (f"{counted(1 + copies, 'time')}, in the item and in its index entries" if copies else "in each item")
        + "; a write takes fewer units where that crosses a multiple of 1 KB",
        migration="a key cannot be changed: create a table with the short key, write to both, copy the items, switch the readers; rarely "
        "worth it by itself, so do it with the next change of the table",
        effort="days",
    )
