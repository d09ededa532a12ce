"""
A read takes whole items, and a write is charged by the whole item, however little of it is asked for or changed: an attribute that makes up
most of the item is paid for in requests that have no use for it, and once more in each index that holds it. In a table of its own, with the
same key, it is read and written only where it is needed.

What is compared: the bill as it is with that of two tables, re-priced pattern by pattern from what they declare to read and to set. A pattern
that needs the attribute reads both tables; one that sets nothing else writes only the new one.

Wrong when item and attribute must change together in every case (a transaction costs twice as much), or when the declared patterns leave
readers of the attribute out.
Source: AWS developer guide, "Best practices for storing large items and attributes in DynamoDB", vertical partitioning.

Fix: move the attribute to a table with the same key, and read it there where it is needed.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.cost.bill import TableBill, why_unknown
from stj_audit.cost.savings import big_attributes
from stj_audit.facts import Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity, SplitAttribute
from stj_audit.wording import a_few, count, dollars, percent, printable, size


@check("A large attribute goes along with every request", Category.TABLE_STRUCTURE, Severity.MEDIUM, code="STR-04")
def big_attribute_in_item(bill: TableBill) -> Iterator[Said]:
    workload = bill.workload
    if not any(call.pattern.reads or call.pattern.sets for call in workload.calls):
        yield NotApplicable(reason="no declared pattern says which attributes it reads or sets")
        return
    if workload.provisioned:
        yield NotApplicable(reason="the table is provisioned: its capacity does not fall by itself when requests take less")
        return
    if not workload.attributes:
        yield Unknown(call="dynamodb:Scan", reason="the sizes of the attributes are not known")
        return
    candidates = list(big_attributes(workload))
    worth = []
    for change in candidates:
        saving = bill.saving(change)
        if saving is None:
            reason = f"the requests that need {printable(change.attribute)} are not known or declared"
            missing = why_unknown(bill.lines, bill.prices)
            yield Unknown(call="cloudwatch:GetMetricData", reason=reason) if missing is None else missing
        elif saving >= bill.currency_floor_usd:
            worth.append((saving, change))
    for saving, change in worth:
        yield _problem(change, saving, bill)
    if not worth and not any(bill.saving(change) is None for change in candidates):
        yield from _good(bill)


def _good(bill: TableBill) -> Iterator[Good]:
    """Only of what was looked at, attributes of at least a tenth of the item, and where no saving is left, however small."""
    saves = [bill.saving(change) or Decimal(0) for change in big_attributes(bill.workload)]
    if saves and max(saves) <= 0:
        names = a_few(printable(change.attribute) for change in big_attributes(bill.workload))
        yield Good(message=f"{names} would cost no less in a table of its own, by the declared patterns")


def _problem(change: SplitAttribute, saving: Decimal, bill: TableBill) -> Problem:
    workload = bill.workload
    attribute, item = workload.attributes[change.attribute], workload.table.mean_bytes or Decimal(0)
    share = attribute.mean_bytes / item if item else Decimal(0)
    name = printable(change.attribute)
    users = [call for call in workload.calls if change.attribute in (*call.pattern.reads, *call.pattern.sets)]
    return Problem(
        message=f"{name} makes {percent(share)} of a mean item ({size(attribute.mean_bytes)} of {size(item)}), and "
        f"{count(len(workload.calls) - len(users))} of {count(len(workload.calls))} declared patterns do not name it",
        fix=f"move {name} to a table of its own, with the same key",
        severity=bill.severity(saving),
        evidence={
            "attribute": change.attribute,
            "attribute_bytes": round(float(attribute.mean_bytes), 1),
            "item_bytes": round(float(item), 1),
            "saving_usd_month": round(float(saving), 2),
        },
        subject=change.attribute,
        current=f"{size(attribute.mean_bytes)} of {name} in each item, and in each index that holds it",
        benefit=f"{dollars(saving)} a month, by the declared patterns",
        migration="create the table, write both, copy what is there, switch the readers, then remove the attribute from the items; "
        "the table stays in use",
        effort="days",
        change=change,
    )
