"""
Text and JSON in an attribute often compress to a fifth. Requests and storage are billed by the bytes that are stored, so a compressed value
costs less in every read and write of its item, and in each index that holds it.

What is measured: gzip (zlib, level 6) on the values of a few items, in the memory of the audit; only sizes are kept. Without declared
patterns the saving is an upper bound, by what a mean item takes before and after.

Wrong when parts of the value are filtered on, updated in place or used as a key of an index: a compressed value is one opaque binary. Values
that are compressed or encrypted already are not told of, because they do not shrink.
Source: AWS developer guide, "Best practices for storing large items and attributes in DynamoDB", compressing.

Fix: compress the value before it is written, and store it as binary.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.cost.bill import TableBill
from stj_audit.cost.changes import compression_saves
from stj_audit.cost.savings import MIN_SAVING_USD, compressible_attributes
from stj_audit.facts import ItemSizes
from stj_audit.results import Category, CompressAttribute, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, counted, dollars, percent, printable, size

MIN_SAVED_BYTES = 4 * 1024  # of a mean item: less rarely moves a read to another step of 4 KB


@check("An attribute that compresses well", Category.TABLE_STRUCTURE, Severity.LOW, code="STR-06")
def compressible_attribute(items: ItemSizes, bill: TableBill) -> Iterator[Said]:
    if not items.compressibility:
        yield NotApplicable(reason="no attribute of at least 1 KB was looked at")
        return
    found = [change for change in compressible_attributes(bill.workload) if _saved_bytes(change, bill) >= MIN_SAVED_BYTES]
    for change in found:
        yield _problem(change, items, bill)
    if not found:
        looked_at = a_few(printable(one.attribute) for one in items.compressibility)
        least = size(MIN_SAVED_BYTES)
        yield Good(message=f"no attribute that compresses to half of its size would save {least} an item ({looked_at} looked at)")


def _saved_bytes(change: CompressAttribute, bill: TableBill) -> Decimal:
    return compression_saves(change.attribute, bill.workload.attributes[change.attribute])


def _problem(change: CompressAttribute, items: ItemSizes, bill: TableBill) -> Problem:
    attribute = bill.workload.attributes[change.attribute]
    left = attribute.compresses_to or Decimal(1)
    name, saving = printable(change.attribute), bill.saving(change)
    sampled = next(one.sampled for one in items.compressibility if one.attribute == change.attribute)
    priced = saving is not None and saving >= MIN_SAVING_USD
    return Problem(
        message=f"{name} ({size(attribute.mean_bytes)} of a mean item) compresses to {percent(left)}, measured on {counted(sampled, 'item')}",
        fix=f"compress {name} before it is written",
        severity=bill.severity(saving) if saving is not None and priced and not change.estimated else Severity.LOW,
        evidence={
            "attribute": change.attribute,
            "attribute_bytes": round(float(attribute.mean_bytes), 1),
            "compressed_share": round(float(left), 4),
            "items_sampled": sampled,
        },
        subject=change.attribute,
        current=f"{size(attribute.mean_bytes)} of {name} in each item, as it is",
        benefit=f"{size(_saved_bytes(change, bill))} less for each item"
        + (f", {'up to ' if change.estimated else ''}{dollars(saving)} a month" if saving is not None and priced else ""),
        migration="read both forms for a while: write new values compressed, as binary, and rewrite the others when they are next changed",
        effort="days",
        change=change if priced else None,
    )
