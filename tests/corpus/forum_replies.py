"""Replies in a forum, from the developer guide: an index by who posted, sorted by the whole message; provisioned, fixed."""

from tests.corpus.design import Design, Load, Pin
from tests.public_schemas import REPLY_GLOBAL, items_of

DESIGN = Design(
    source="docs.aws.amazon.com/amazondynamodb/latest/developerguide/AppendixSampleTables.html, Reply, with the capacity of "
    "NoSQL Workbench's model of it",
    table=REPLY_GLOBAL,
    items=tuple(
        {
            **item,
            **({"Message": {"S": f"{number} " + "a reply of some length. " * 15}} if "Message" in item else {}),
        }
        for number, item in enumerate(items_of(REPLY_GLOBAL))
    ),
    load=Load(units={None: (40, 20), "PostedBy-Message-Index": (10, 15)}, calls={"Query": 1_200, "PutItem": 480}),
    findings=(
        Pin("KEY-06", "info", "the source turns Contributor Insights on nowhere"),
        Pin("BKP-01", "high", "the source sets no PITR, and AWS's default is off"),
        Pin("BKP-05", "medium", "the source sets no deletion protection, and AWS's default is off"),
        Pin("BKP-06", "medium", "no backup is made by the source, by hand or by a plan"),
        Pin("CAP-04", "medium", "provisioned, and the source registers no scalable target"),
        Pin("CAP-04", "medium", "provisioned, and the source registers no scalable target", index="PostedBy-Message-Index"),
        Pin(
            "CAP-08",
            "medium",
            "10 read and 10 write units are paid by the hour ($6.12), for 50 reads and 35 writes an hour; medium "
            "as it is under $50",
        ),
        Pin("CAP-12", "medium", "the source makes no alarm"),
        Pin("CAP-14", "low", "no alarm on errors or latency of the operations that are called"),
        Pin("CST-06", "low", "the source sets no tag"),
    ),
)
