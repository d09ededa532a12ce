"""Albums and their sales, from the template reference: two global indexes keyed by numbers, and a local one; provisioned, fixed."""

from tests.corpus.design import Design, Load, Pin
from tests.public_schemas import ALBUMS, items_of

DESIGN = Design(
    source="docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html, "
    "the example with local and global secondary indexes",
    table=ALBUMS,
    items=tuple(items_of(ALBUMS)),
    config="""
        [model]
        users_now = 100
        [[tables.myTableName.pattern]]
        name = "an album"
        op = "Query"
        key = ["Album"]
        items = 7
        calls = 5
        [[tables.myTableName.pattern]]
        name = "a sale"
        op = "UpdateItem"
        sets = ["Sales"]
        calls = 1
    """,
    load=Load(units={None: (12, 5), "myGSI": (0, 9), "myGSI2": (0, 9)}, calls={"Query": 500, "UpdateItem": 100}),
    findings=(
        Pin("KEY-06", "info", "the source turns Contributor Insights on nowhere"),
        Pin("BKP-01", "high", "the source sets no PITR, and AWS's default is off"),
        Pin("BKP-05", "medium", "the source sets no deletion protection, and AWS's default is off"),
        Pin("BKP-06", "medium", "no backup is made by the source, by hand or by a plan"),
        Pin("CAP-04", "medium", "provisioned, and the source registers no scalable target"),
        Pin("CAP-04", "medium", "provisioned, and the source registers no scalable target", index="myGSI"),
        Pin("CAP-04", "medium", "provisioned, and the source registers no scalable target", index="myGSI2"),
        Pin(
            "CAP-08",
            "medium",
            "15 read and 15 write units are paid by the hour ($9.18), and 10,000 users take requests of $1.24; "
            "medium as it is under $50",
        ),
        Pin("CAP-12", "medium", "the source makes no alarm"),
        Pin("CAP-14", "low", "no alarm on errors or latency of the operations that are called"),
        Pin(
            "CAP-18",
            "low",
            "a change of Sales moves the entry, two writes each, so that 5 units of the table would take 9; low, "
            "as an hour of 10,000 users takes 0.3 a second",
            index="myGSI",
        ),
        Pin(
            "CAP-18",
            "low",
            "a change of Sales moves the entry, two writes each, so that 5 units of the table would take 9; low, "
            "as an hour of 10,000 users takes 0.3 a second",
            index="myGSI2",
        ),
        Pin("COV-05", "low", "the source says of no query that it would be for, and none was measured", index="myGSI"),
        Pin("COV-05", "low", "the source says of no query that it would be for, and none was measured", index="myGSI2"),
        Pin("CST-06", "low", "the source sets no tag"),
        Pin(
            "PRJ-06",
            "medium",
            "both indexes have Sales in their key, and each takes two writes of a change, less those that lack a "
            "key: 3.6 for one; $5.10 of capacity",
        ),
        Pin("PRJ-07", "low", "Sales is counted up, and is part of its key", index="myGSI"),
        Pin("PRJ-07", "low", "Sales is counted up, and is part of its key", index="myGSI2"),
        Pin("PRJ-07", "low", "Sales is counted up, and is part of its key", index="myLSI"),
    ),
)
