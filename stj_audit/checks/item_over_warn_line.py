"""
Items above the warn line (300 KB unless configured) are on their way to the 400 KB limit, and dear before they reach it: a write is billed
by the whole item for each KB, so changing one flag in a 300 KB item takes 300 write units, and each index that projects it as many again.

Wrong when large items are meant to be there and do not grow, as in an archive: raise the warn line for such a table.
Source: AWS developer guide, "DynamoDB Item sizes and formats" and "Best practices for storing large items".

Fix: compress the large attributes, split the items, or keep the large values in Amazon S3.
"""

from collections.abc import Iterator

from stj_audit.checks import check
from stj_audit.config import SizeLines
from stj_audit.facts import ItemSizes, Table, Unknown
from stj_audit.items.told import about_over
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import KB, count, counted, items_read, kilobytes


@check("Items above the warn line", Category.TABLE_STRUCTURE, Severity.MEDIUM, code="STR-02")
def item_over_warn_line(table: Table, items: ItemSizes, size_lines: SizeLines) -> Iterator[Said]:
    line = kilobytes(size_lines.warn_bytes)
    read = items_read(items.scanned, items.coverage)
    over = items.over(size_lines.warn_bytes)
    largest = items.max_bytes
    if largest is None:
        if items.coverage == "full":
            yield NotApplicable(reason="the table has no items")
        else:
            yield Unknown(call="dynamodb:Scan", reason="the sample holds no item")
    elif over:
        exact = "" if items.coverage == "full" else "at least "
        whole = _in_the_table(table, items, size_lines.warn_bytes)
        units = -(-largest // KB)
        yield Problem(
            message=f"{exact}{counted(over, 'item')} above {line} among {read}{whole}; the largest has {kilobytes(largest)}",
            fix="compress the large attributes, split the items, or keep the large values in Amazon S3",
            evidence={
                "items_over": over,
                "warn_bytes": size_lines.warn_bytes,
                "largest_bytes": largest,
                "items_read": items.scanned,
                "coverage": items.coverage,
            },
            current=f"{exact}{counted(over, 'item')} above {line}; each write of the largest takes {count(units)} write units",
            benefit="room below the 400 KB limit, and fewer units for every read and write of these items",
            migration="write new items in the new form, read both forms, then rewrite the large items in the background",
            effort="days",
        )
    elif items.coverage == "sample":
        whole = _in_the_table(table, items, size_lines.warn_bytes)
        yield Unknown(call="dynamodb:Scan", reason=f"0 of {read} are above {line}{whole}; only reading every item can exclude it")
    else:
        yield Good(message=f"no item is above {line}, the warn line")


def _in_the_table(table: Table, items: ItemSizes, line_bytes: int) -> str:
    """What a sample lets expect of the whole table, behind what was found; empty where every item was read."""
    expected = "" if items.coverage == "full" else about_over(table, items, line_bytes)
    return f": {expected}" if expected else ""
