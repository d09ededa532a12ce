"""
DynamoDB has two table classes with the same performance: Standard-IA stores for 60% less and takes about 25% more for each read and write.
Which one is cheaper depends on the table alone: by list price, Standard-IA is, when storage costs more than about 42% of what the requests
cost. Here the whole bill of the table is priced in both.

Wrong where other prices hold than the list: reserved capacity, which exists for Standard only, the 25 GB of storage that are free in
Standard, or a private discount.
Source: AWS developer guide, "Table classes" and "Considerations when choosing a table class"; list prices of the region.

Fix: change the table class; nothing changes for readers and writers, and the global secondary indexes follow.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.config import Scale
from stj_audit.cost.bill import TableBill
from stj_audit.facts import Table, TableClass, Unknown
from stj_audit.results import Category, Good, Problem, Said, Severity, UseTableClass
from stj_audit.wording import count, dollars

STORAGE = ("storage", "index-storage")
OTHER_CLASS: dict[TableClass, TableClass] = {
    "STANDARD": "STANDARD_INFREQUENT_ACCESS",
    "STANDARD_INFREQUENT_ACCESS": "STANDARD",
}


@check("Wrong table class", Category.COST_OPTIMIZATION, Severity.MEDIUM, code="CST-02")
def wrong_table_class(table: Table, bill: TableBill, scale: Scale) -> Iterator[Said]:
    other = OTHER_CLASS[table.table_class]
    change = UseTableClass(table_class=other)
    saving = bill.saving(change)
    if saving is None:
        quantity_known = all(line.quantity is not None for line in bill.lines)
        yield Unknown(
            call="pricing:GetProducts" if quantity_known else "cloudwatch:GetMetricData",
            reason=next(
                (line.note for line in bill.lines if line.monthly_usd is None and line.note), f"no price of {other} is known"
            ),
        )
        return
    then = bill.monthly_usd - saving
    compared = f"{table.table_class} {dollars(bill.monthly_usd)}, {other} {dollars(then)} a month{_at(scale)}"
    if saving < bill.currency_floor_usd:
        why = "is the cheaper class" if saving <= 0 else f"would be left for less than {dollars(bill.currency_floor_usd)} a month"
        yield Good(message=f"{table.table_class} {why}: {compared}")
        return
    storage = sum(
        (line.monthly_usd for line in bill.lines if line.component in STORAGE and line.monthly_usd is not None), Decimal(0)
    )
    yield Problem(
        message=f"the table would cost {dollars(saving)} a month less in the other table class: {compared}",
        fix=f"change the table class to {other}",
        severity=bill.severity(saving),
        evidence={
            "saving_usd_month": float(round(saving, 2)),
            "monthly_usd": float(round(bill.monthly_usd, 2)),
            "monthly_usd_in_other_class": float(round(then, 2)),
            "storage_usd_month": float(round(storage, 2)),
        },
        current=f"{table.table_class}: {dollars(bill.monthly_usd)} a month, {dollars(storage)} of it for storage",
        benefit=f"{dollars(saving)} a month{_at(scale)}, with the same latency and durability",
        migration="none: the class is changed while the table is in use, at most twice in 30 days; "
        "reserved capacity counts for STANDARD only, and whether you hold any is not known here",
        effort="minutes",
        commands=(f"aws dynamodb update-table --region {table.region} --table-name {table.name} --table-class {other}",),
        change=change,
    )


def _at(scale: Scale) -> str:
    # The bill is today's when nobody knows how many users there are.
    return "" if scale.users_now is None else f" at {count(scale.target_users)} users"
