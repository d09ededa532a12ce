"""
Without deletion protection one call deletes the table with all its data: a wrong name in a script, or a stack that replaces it. With it,
DynamoDB refuses the call until protection was switched off on purpose. It costs nothing.

For an empty table it is low: there is no data to lose yet.

Wrong for throw-away tables that a test or a pipeline creates and deletes itself. When PITR is on, a deleted table leaves a free backup
of its last state for 35 days; that softens the loss, and still means an outage and a restore.
Source: AWS Security Hub control DynamoDB.6; AWS developer guide, "Using table deletion protection".

Fix: switch on deletion protection; also in the template, where the table is created by one.
"""

from collections.abc import Iterator

from stj_audit.checks import check
from stj_audit.cloudformation import table_template
from stj_audit.commands import update_table
from stj_audit.facts import ItemSizes, Table, Unknown
from stj_audit.results import Category, Good, Problem, Said, Severity
from stj_audit.wording import counted


@check("Deletion protection is off", Category.BACKUP_STRATEGY, Severity.MEDIUM, code="BKP-05")
def deletion_protection_off(table: Table, items: ItemSizes | Unknown) -> Iterator[Said]:
    if isinstance(table.deletion_protection, Unknown):
        yield table.deletion_protection
        return
    if table.deletion_protection:
        yield Good(message="deletion protection is on")
        return
    number = _items(table, items)
    held = f" and its {counted(number, 'item')}" if number else ""
    yield Problem(
        message=f"deletion protection is off: one call deletes the table{held}",
        fix="switch on deletion protection",
        severity=Severity.LOW if number == 0 else None,
        evidence={"deletion_protection_enabled": "false", "item_count": number},
        current="DeletionProtectionEnabled is false",
        benefit="the table cannot be deleted by mistake; it costs nothing",
        migration="none: it is switched on while the table is in use; set it in the template too, or the next deployment switches it off",
        effort="minutes",
        commands=(update_table(table, "--deletion-protection-enabled"),),
        template=table_template(table, {"DeletionProtectionEnabled": True}),
    )


def _items(table: Table, items: ItemSizes | Unknown) -> int | None:
    """The items of the table: counted when all were read, else as DescribeTable states them; None: not known."""
    if isinstance(items, ItemSizes) and items.coverage == "full":
        return items.scanned
    if table.item_count == 0 and isinstance(items, ItemSizes) and items.scanned:
        return None  # DescribeTable's count is hours old
    return table.item_count
