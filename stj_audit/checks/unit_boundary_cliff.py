"""
A write is billed by each started KB, a read by each started 4 KB. An item of 1,030 bytes takes two write units where 1,024 bytes take one:
when many items lie just above such a step, a few bytes less in each save a whole unit of every request.

What is measured, by the exact sizes: the share of the items that lie above a multiple of 1 KB by no more than a twentieth of a KB. In a table
whose reads take ten times the units of its writes the step is 4 KB. Items above ten steps are not counted, as one unit in eleven makes little
difference, nor are those within the first step, which take the least there is. Fewer than 100 items are not judged. What it would save is
taken as if requests met all items alike, and is told as evidence only.

Wrong when the items are read by queries of many, whose bytes are summed before they are rounded up, or when their sizes change all the time.
Source: AWS developer guide, "DynamoDB read and write operations"; Well-Architected custom lens for DynamoDB (items just above a unit).

Fix: trim what these items do not need: shorten names, drop empty attributes, store numbers as numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.cost.units import READ_UNIT_BYTES, WRITE_UNIT_BYTES, read_units, write_units
from stj_audit.facts import ItemSizes, Traffic, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, counted, items_read, kilobytes, percent

MANY_SHARE = Decimal("0.3")  # policy: sizes that are spread evenly would put a twentieth of the items there
FEW_SHARE = Decimal("0.15")  # above it nothing is wrong, and nothing to praise
JUST_ABOVE = Decimal("0.05")  # of a step: so much can be trimmed without a change of what is stored
ENOUGH_ITEMS = 100  # of a handful any share is chance
MOST_STEPS = 10  # below an item: above, its last step is less than a tenth of what it takes
READ_MOSTLY = (
    10  # read units for each write unit; a saved step of a read is half a unit, at a fifth of the price: a tenth of a write's
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Step:
    """What a request is rounded up to, and what one step of it takes."""

    kind: str
    size_bytes: int
    units: Decimal

    def of(self, item_bytes: int) -> Decimal:
        return write_units(item_bytes) if self.kind == "write" else read_units(item_bytes)

    def below(self, item_bytes: int) -> int:
        """The whole steps that an item exceeds."""
        return (item_bytes - 1) // self.size_bytes

    def counts(self, item_bytes: int) -> bool:
        return 1 <= self.below(item_bytes) <= MOST_STEPS

    def is_just_above(self, item_bytes: int) -> bool:
        return self.counts(item_bytes) and item_bytes - self.below(item_bytes) * self.size_bytes <= JUST_ABOVE * self.size_bytes


WRITES = _Step(kind="write", size_bytes=WRITE_UNIT_BYTES, units=Decimal(1))
READS = _Step(kind="read", size_bytes=READ_UNIT_BYTES, units=read_units(1))


@check("Items just above a unit", Category.TABLE_STRUCTURE, Severity.LOW, code="STR-09")
def unit_boundary_cliff(items: ItemSizes, traffic: Traffic | Unknown) -> Iterator[Said]:
    if not items.scanned:
        if items.coverage == "full":
            yield NotApplicable(reason="the table has no items")
        else:
            yield Unknown(call="dynamodb:Scan", reason="the sample holds no item")
        return
    if items.scanned < ENOUGH_ITEMS:
        yield NotApplicable(reason=f"{items_read(items.scanned, items.coverage)} are too few to judge where sizes lie")
        return
    step = _step(traffic)
    if not any(step.counts(size) for size, _ in items.sizes):
        most = kilobytes((MOST_STEPS + 1) * step.size_bytes)
        which = "no item" if items.coverage == "full" else f"none of {items_read(items.scanned, items.coverage)}"
        yield NotApplicable(reason=f"{which} has more than {kilobytes(step.size_bytes)} and at most {most}, where one step matters")
        return
    above = sum(number for size, number in items.sizes if step.is_just_above(size))
    share = Decimal(above) / items.scanned
    if share >= MANY_SHARE:
        yield _problem(step, items, traffic, above, share)
    elif share <= FEW_SHARE:
        read = items_read(items.scanned, items.coverage)
        yield Good(message=f"{percent(share)} of {read} lie just above a multiple of {kilobytes(step.size_bytes)}")


def _step(traffic: Traffic | Unknown) -> _Step:
    """The step that is paid for: that of reads where the table is known to be read far more than written."""
    if isinstance(traffic, Unknown) or not traffic.table.read_units or traffic.table.write_units is None:
        return WRITES
    return READS if traffic.table.read_units >= READ_MOSTLY * traffic.table.write_units else WRITES


def _problem(step: _Step, items: ItemSizes, traffic: Traffic | Unknown, above: int, share: Decimal) -> Problem:
    now = sum((step.of(size) * number for size, number in items.sizes), Decimal(0)) / items.scanned
    trimmed = now - step.units * share
    flow = None if isinstance(traffic, Unknown) else traffic.table
    measured = None if flow is None else flow.write_units if step is WRITES else flow.read_units
    bytes_to_trim = int(JUST_ABOVE * step.size_bytes)
    return Problem(
        message=f"{count(above)} of {items_read(items.scanned, items.coverage)} ({percent(share)}) lie at most {bytes_to_trim} bytes above "
        f"a multiple of {kilobytes(step.size_bytes)}: each {step.kind} of one takes {counted(step.units, 'unit')} more for them",
        fix=f"trim up to {bytes_to_trim} bytes from these items: shorter names, no empty attributes, numbers as numbers",
        evidence={
            "items_just_above": above,
            "share": round(float(share), 4),
            "step_bytes": step.size_bytes,
            "units_per_request": round(float(now), 3),
            "units_per_request_trimmed": round(float(trimmed), 3),
            "units_measured": None if measured is None else round(float(measured), 1),
            "units_saved_if_met_alike": None if measured is None else round(float(measured * (1 - trimmed / now)), 1),
            "days": None if isinstance(traffic, Unknown) else traffic.window_days,
            "items_read": items.scanned,
            "coverage": items.coverage,
        },
        current=f"a {step.kind} of a mean item takes {_units(now)}",
        benefit=f"a {step.kind} of a mean item takes {_units(trimmed)}, if requests meet all items alike",
        migration="write new items in the shorter form, read both forms, and rewrite the others when they are next changed",
        effort="days",
    )


def _units(number: Decimal) -> str:
    shown = round(number, 2).normalize()
    return f"{shown:f} {'unit' if shown == 1 else 'units'}"
