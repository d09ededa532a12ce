"""Threads of a forum, from the API reference: a local index that holds keys only; provisioned, fixed."""

from tests.corpus.design import Design, Load, Pin
from tests.public_schemas import THREAD, items_of

DESIGN = Design(
    source="docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html, the example request",
    table=THREAD,
    items=tuple(items_of(THREAD)),
    load=Load(units={None: (14_000, 9_000)}, calls={"Query": 300_000, "UpdateItem": 200_000}),
    findings=(
        Pin("KEY-06", "info", "the source turns Contributor Insights on nowhere"),
        Pin("BKP-01", "high", "the source sets no PITR, and AWS's default is off"),
        Pin("BKP-05", "medium", "the source sets no deletion protection, and AWS's default is off"),
        Pin("BKP-06", "medium", "no backup is made by the source, by hand or by a plan"),
        Pin("CAP-04", "medium", "provisioned, and the source registers no scalable target"),
        Pin("CAP-07", "medium", "by day 4.9 of 5 read units are used, 16 of 24 hours"),
        Pin("CAP-12", "medium", "the source makes no alarm"),
        Pin("CAP-14", "low", "no alarm on errors or latency of the operations that are called"),
        Pin("CST-06", "low", "the source sets no tag"),
    ),
)
