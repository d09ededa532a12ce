"""
Backups are billed by the GB and the month like storage, whether or not anybody reads the table. Many on-demand backups, or PITR on a table
of class Standard-IA, whose storage is cheaper than its recovery, can come to more than the table that they protect.

What is compared are the lines of the bill: PITR and on-demand backups against storage, requests or capacity, and all else. Backups for less
than the currency floor are left alone, and not praised. What AWS Backup bills is not among the lines, so the true share may be higher.

Wrong when the data must be kept by rule, or would be worth far more than the table costs: then it is the price of that.
Source: Amazon DynamoDB pricing, backup and restore; AWS developer guide, "Point-in-time backups for DynamoDB".

Fix: end the backups that nobody needs, let a plan of AWS Backup move old ones to cold storage, and keep PITR as long as data is written.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.commands import of_table
from stj_audit.cost.bill import TableBill, why_unknown
from stj_audit.facts import Table
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import dollars, listed

BACKUPS = {"pitr": "PITR", "backup": "on-demand backups"}  # components of the bill


@check("Backups cost more than the table", Category.COST_OPTIMIZATION, Severity.LOW, code="CST-09")
def backups_cost_more_than_table(table: Table, bill: TableBill) -> Iterator[Said]:
    lines = [line for line in bill.lines if line.component in BACKUPS]
    if not lines:
        yield NotApplicable(reason="neither PITR nor an on-demand backup is billed")
        return
    missing = why_unknown(bill.lines, bill.prices)
    if missing is not None:
        yield missing
        return
    by_kind = {line.component: line.monthly_usd for line in lines if line.monthly_usd}
    backups = sum(by_kind.values(), Decimal(0))
    rest = bill.monthly_usd - backups
    parts = [f"{BACKUPS[component]} {dollars(usd)}" for component, usd in by_kind.items()]
    if backups <= rest:
        yield Good(message=f"backups cost {dollars(backups)} a month, and the table itself {dollars(rest)}")
    elif backups >= bill.currency_floor_usd:
        yield Problem(
            message=f"backups cost {dollars(backups)} a month ({listed(parts)}), and the table itself {dollars(rest)}",
            fix="end the on-demand backups that nobody needs, and let a plan of AWS Backup move the old ones to cold storage"
            if "backup" in by_kind
            else "ask whether anybody still writes to the table; where nobody does, one last backup can take the place of PITR",
            evidence={
                "backups_usd_month": round(float(backups), 2),
                "table_usd_month": round(float(rest), 2),
                **{f"{component}_usd_month": round(float(usd), 2) for component, usd in by_kind.items()},
            },
            current=listed(parts),
            benefit=f"a part of {dollars(backups)} a month",
            migration="ask first how far back a restore has to reach: a backup that was deleted cannot be brought back",
            effort="hours",
            commands=(f"aws dynamodb list-backups {of_table(table)}",) if "backup" in by_kind else (),
        )
