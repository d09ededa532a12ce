"""
A list, log or map that is only ever appended to makes its item larger every day, until DynamoDB refuses the write that would pass 400 KB. It
fails for the oldest and best users first, and until then each small append is billed by the whole item.

What is told is a number of days from now, and no date: the largest item and a mean one, as they were read, grow at the rate that `growth`
declares, which is shared by the items that there are at the user count judged, or by those that have the attribute. All declared attributes
are added up, as if they were in one item. Within 365 days it is medium, and high when the limit itself is reached within 90; an item that is
only on its way to the warn line, or above it already, is not high for that. Where the number of items is fixed, more users fill them faster:
then the finding says from how many users on it matters.

Wrong when the application cuts the attribute to a length (the last 100 entries), or the largest item grows faster than the mean one, which is
usual: it is the largest because of that. With local secondary indexes the limit covers their entries too, so it comes sooner.
Source: AWS developer guide, "Quotas in Amazon DynamoDB" (item size); "Best practices for storing large items and attributes".

Fix: write each entry as an item of its own, with the parent as partition key and the entry as sort key, or keep only the latest ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.config import Scale, SizeLines, TableModel
from stj_audit.cost.bill import TableBill
from stj_audit.cost.workload import NO_USERS
from stj_audit.design import Growth
from stj_audit.facts import ItemSizes, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, counted, items_read, kilobytes, listed, printable, size

SOON_DAYS = 365  # policy: a table's design is looked at once a year
HIGH_DAYS = 90  # a new form of the items takes about a quarter to write, fill and switch to


@dataclass(frozen=True, kw_only=True, slots=True)
class _Course:
    """How an item of some size grows: `bytes_a_day`, towards the two size lines."""

    item_bytes: Decimal
    bytes_a_day: Decimal
    lines: SizeLines

    @property
    def days_to_warn(self) -> Decimal | None:
        """None: it is above the line already."""
        return self._days(self.lines.warn_bytes) if self.item_bytes <= self.lines.warn_bytes else None

    @property
    def days_to_limit(self) -> Decimal:
        return self._days(self.lines.max_bytes)

    @property
    def next_line(self) -> int:
        return self.lines.max_bytes if self.days_to_warn is None else self.lines.warn_bytes

    @property
    def days_to_next(self) -> Decimal:
        return self._days(self.next_line)

    def _days(self, line: int) -> Decimal:
        return max(line - self.item_bytes, Decimal(0)) / self.bytes_a_day

    def __str__(self) -> str:
        limit = f"{kilobytes(self.lines.max_bytes)} in {counted(int(self.days_to_limit), 'day')}"
        if self.days_to_warn is None:
            return f"({kilobytes(self.item_bytes)}, above {kilobytes(self.lines.warn_bytes)} already) reaches {limit}"
        warn = f"{kilobytes(self.lines.warn_bytes)} in {counted(int(self.days_to_warn), 'day')}"
        return f"({kilobytes(self.item_bytes)}) reaches {warn} and {limit}"


@check("An attribute grows without bound", Category.TABLE_STRUCTURE, Severity.MEDIUM, code="STR-05")
def unbounded_attribute(
    items: ItemSizes | Unknown, declared: TableModel, bill: TableBill, scale: Scale, size_lines: SizeLines
) -> Iterator[Said]:
    growing = [one for one in declared.growth if one.mode == "append" and one.bytes and one.per_user_day]
    if not growing or not bill.workload.active:
        replaced = any(one.mode == "replace" for one in declared.growth)
        yield NotApplicable(
            reason="what is declared to change is replaced, and does not grow"
            if replaced
            else "no growth of an attribute is declared"
        )
        return
    if isinstance(items, Unknown):
        yield items
        return
    mean, largest = items.mean_bytes, items.max_bytes
    if mean is None or largest is None:
        if items.coverage == "full":
            yield NotApplicable(reason="the table has no items")
        else:
            yield Unknown(call="dynamodb:Scan", reason="the sample holds no item")
        return
    shared_by = bill.workload.table.count.at(scale.target_users)
    if not shared_by:
        reason = NO_USERS if shared_by is None else "the table states no items that could share the declared growth"
        yield Unknown(call="dynamodb:DescribeTable", reason=reason)
        return
    total = sum((_bytes_a_user_day(one, items) for one in growing), Decimal(0)) * bill.workload.active
    rate = total * scale.target_users / shared_by
    course = _Course(item_bytes=Decimal(largest), bytes_a_day=rate, lines=size_lines)
    if course.days_to_next < SOON_DAYS:
        fixed = bill.workload.table.count.each_user == 0
        yield _problem(growing, items, course, scale, matters_from=_users_from(course, total / shared_by) if fixed else None)
    elif items.coverage == "sample":
        yield Unknown(
            call="dynamodb:Scan", reason=f"the largest of {_read(items)} {course} at the declared growth; others may be larger"
        )
    elif largest <= size_lines.warn_bytes:
        # an item above the warn line is a finding of item-over-warn-line, and no strength
        yield Good(message=f"at the declared growth the largest of {_read(items)} {course}")


def _read(items: ItemSizes) -> str:
    return items_read(items.scanned, items.coverage)


def _bytes_a_user_day(growth: Growth, items: ItemSizes) -> Decimal:
    """What the attribute of a user grows by, in those items that have it: as if it were in every item, times all items for each of those."""
    found = next((one.present for one in items.attributes if one.name == growth.attribute), 0)
    all_for_each = Decimal(items.scanned) / found if found else Decimal(1)
    return Decimal(growth.bytes) * Decimal(growth.per_user_day) * all_for_each


def _users_from(course: _Course, bytes_a_day_of_a_user: Decimal) -> int:
    """The fewest users that bring the next line nearer than a year."""
    room = max(course.next_line - course.item_bytes, Decimal(0))
    return int(room / (SOON_DAYS * bytes_a_day_of_a_user)) + 1


def _problem(growing: list[Growth], items: ItemSizes, course: _Course, scale: Scale, *, matters_from: int | None) -> Problem:
    names = listed([printable(name) for name in dict.fromkeys(one.attribute for one in growing)])
    grow = "grows" if len({one.attribute for one in growing}) == 1 else "grow"
    mean = _Course(item_bytes=items.mean_bytes or Decimal(0), bytes_a_day=course.bytes_a_day, lines=course.lines)
    whom = "" if matters_from is None else f", with {counted(scale.target_users, 'user')}"
    sooner = "" if items.coverage == "full" else ", or sooner, as larger items may not have been read"
    return Problem(
        message=f"{names} {grow} by {size(course.bytes_a_day * SOON_DAYS)} a year in an item{whom}: "
        f"the largest of {_read(items)} {course}{sooner}",
        fix=f"write the entries of {names} as items of their own, with the parent as partition key, or keep only the latest ones",
        severity=Severity.HIGH if course.days_to_limit < HIGH_DAYS else Severity.MEDIUM,
        evidence={
            "bytes_per_day": round(float(course.bytes_a_day), 3),
            "largest_bytes": int(course.item_bytes),
            "days_to_warn_line": _whole(course.days_to_warn),
            "days_to_limit": int(course.days_to_limit),
            "mean_bytes": round(float(mean.item_bytes), 1),
            "mean_days_to_warn_line": _whole(mean.days_to_warn),
            "mean_days_to_limit": int(mean.days_to_limit),
            "users": scale.target_users,
            "items_read": items.scanned,
            "coverage": items.coverage,
        },
        current=f"at the declared growth a mean item {mean}",
        benefit=f"no write fails at {kilobytes(course.lines.max_bytes)}, and an append costs the units of one entry, not those of "
        f"{count(-(-int(mean.item_bytes) // 1024))} KB",
        migration="write new entries as items, read both forms, move the old entries in the background, then remove the attribute",
        effort="days",
        matters_from_users=None if matters_from is None or matters_from <= (scale.users_now or 0) else matters_from,
    )


def _whole(days: Decimal | None) -> int | None:
    return None if days is None else int(days)
