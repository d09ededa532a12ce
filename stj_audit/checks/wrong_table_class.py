"""
DynamoDB has two table classes with the same performance: Standard-IA stores for 60% less and takes about 25% more for each read and write.
Which one is cheaper depends on the table alone: by list price, Standard-IA is, when storage costs more than about 42% of what the requests
cost. Here the whole bill of the table is priced in both; PITR and backups cost the same in both, and need not be known.

Wrong where other prices hold than the list: reserved capacity, which exists for Standard only, the 25 GB of storage that are free in
Standard, or a private discount.
Source: AWS developer guide, "Table classes" and "Considerations when choosing a table class"; list prices of the region.

Fix: change the table class; nothing changes for readers and writers, and the global secondary indexes follow.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.cloudformation import table_template
from stj_audit.commands import update_table
from stj_audit.config import Scale
from stj_audit.cost.bill import TableBill, why_unknown
from stj_audit.cost.lines import STORAGE, depends_on_class, is_complete
from stj_audit.cost.savings import OTHER_CLASS
from stj_audit.facts import Table, TableClass, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity, UseTableClass
from stj_audit.wording import count, dollars


@check("Wrong table class", Category.COST_OPTIMIZATION, Severity.MEDIUM, code="CST-02")
def wrong_table_class(table: Table, bill: TableBill, scale: Scale) -> Iterator[Said]:
    other = OTHER_CLASS[table.table_class]
    change = UseTableClass(table_class=other)
    saving = bill.saving(change)
    if saving is None:
        yield _unknown(bill, other)
        return
    then = bill.monthly_usd - saving
    counted_in = "" if is_complete(bill.lines) else ", without what is not known of its backups"
    compared = f"{table.table_class} {dollars(bill.monthly_usd)}, {other} {dollars(then)} a month{_at(scale)}{counted_in}"
    if saving == 0:
        yield NotApplicable(reason="nothing is billed by class: no storage and no requests")
        return
    if saving < bill.currency_floor_usd:
        # a class that could be left for a few dollars is not worth a word
        if saving < 0:
            yield Good(message=f"{table.table_class} is the cheaper class: {compared}")
        return
    storage = sum(
        (line.monthly_usd for line in bill.lines if line.component in STORAGE and line.monthly_usd is not None), Decimal(0)
    )
    yield Problem(
        message=f"{dollars(saving)} a month less in the other table class: {compared}",
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
        migration="none: the class is changed while the table is in use, at most twice in 30 days; reserved capacity, which is not "
        "known here, counts for STANDARD only",
        effort="minutes",
        commands=(update_table(table, f"--table-class {other}"),),
        template=table_template(table, {"TableClass": other}),
        change=change,
    )


def _at(scale: Scale) -> str:
    # The bill is today's when nobody knows how many users there are.
    return "" if scale.users_now is None else f" at {count(scale.target_users)} users"


def _unknown(bill: TableBill, other: TableClass) -> Unknown:
    """The first thing that is missing to price the table in both classes: a price, a size or its requests."""
    missing = why_unknown([line for line in bill.lines if depends_on_class(line.component)], bill.prices)
    reason = f"no price of {other} is known in {bill.prices.region}"
    return Unknown(call="pricing:GetProducts", reason=reason) if missing is None else missing
