"""
A Scan reads the table from one end to the other, and is billed for all that it reads, whatever a filter leaves of it. Now and then that is a
job. Several in most hours are part of how the application works: each grows with the table, in time and money, while users wait.

What is counted are hours with more than one Scan, of all hours from the first with traffic on. From half of them on it is a finding; a low
one for a table that fits one page of 1 MB, where the scan costs little as yet. This audit's own Scan is some calls in one hour.

Wrong for exports, backups or replication tools that scan all day, and for a small table of settings that is read whole on purpose.
Source: AWS developer guide, "Best practices for querying and scanning data"; AWS Well-Architected, DynamoDB Lens, performance efficiency.

Fix: give the reads an index they can query; for analytics, export the table to Amazon S3, which takes no read units.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.cost.requests import PAGE_BYTES
from stj_audit.facts import ItemSizes, Operations, Table, Traffic, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, counted, days_of, percent

UNIT_BYTES = 8_192  # of an eventually consistent read
MOST_HOURS = Decimal("0.5")
ENOUGH_DAYS = 7  # a week has its nights and its weekend


@check("Scans serve the application", Category.GSI_COVERAGE, Severity.MEDIUM, code="COV-08")
def scans_in_serving_path(table: Table, traffic: Traffic, operations: Operations, items: ItemSizes | Unknown) -> Iterator[Said]:
    if not traffic.calls:
        yield NotApplicable(reason="CloudWatch saw no call that reads or writes")
        return
    scans, hours = traffic.calls.get("Scan", 0), int(traffic.covered_days * 24)
    days = counted(traffic.covered_days, "day")
    if scans < traffic.covered_days * 24:  # not two in half of them
        yield Good(message=f"{counted(scans, 'Scan')} in {days}")
        return
    if traffic.covered_days < ENOUGH_DAYS:
        yield Unknown(
            call="cloudwatch:GetMetricData", reason=f"only {days_of(traffic.covered_days)} of metrics; {ENOUGH_DAYS} are needed"
        )
        return
    busy = operations.scan_hours
    if busy is None:
        yield Unknown(call="cloudwatch:GetMetricData", reason="no datapoint for the hours of Scan")
        return
    share = Decimal(busy) / hours
    if share < MOST_HOURS:
        yield Good(message=f"more than one Scan in {percent(share)} of the hours only ({counted(scans, 'Scan')} in {days})")
        return
    size_bytes = items.scanned_bytes if isinstance(items, ItemSizes) and items.coverage == "full" else table.size_bytes
    page = PAGE_BYTES if size_bytes is None else min(size_bytes, PAGE_BYTES)
    units = scans * -(-page // UNIT_BYTES)
    yield Problem(
        message=f"more than one Scan in {percent(share)} of the hours: {counted(scans, 'call')} in {days}",
        fix="give these reads an index they can query; for analytics, export the table to Amazon S3",
        severity=Severity.LOW if size_bytes and size_bytes <= PAGE_BYTES else Severity.MEDIUM,
        evidence={
            "scans": scans,
            "hours_with_scans": busy,
            "hours": hours,
            "share": round(float(share), 4),
            "read_units_at_most": units,
        },
        current=f"{counted(scans, 'Scan')} in {days}, of at most {count(units)} read units with eventual consistency",
        benefit="reads that find what they look for, and do not grow with the table",
        migration="find the callers, by CloudTrail's data events for instance; an index is built while the table stays in use",
        effort="days",
    )
