"""The first example of many tutorials: one unit of capacity, and a list that is a Scan."""

from tests.corpus.design import Design, Load, Pin
from tests.public_schemas import PublishedTable

DESIGN = Design(
    source="github.com/serverless/examples, aws-node-rest-api-with-dynamodb/serverless.yml",
    table=PublishedTable(name="serverless-rest-api-with-dynamodb-dev", keys=("id",), types={"id": "S"}, units=(1, 1)),
    config="""
        [model]
        users_now = 20
        [[tables.serverless-rest-api-with-dynamodb-dev.pattern]]
        name = "list"
        op = "Scan"
        calls = 5
        [[tables.serverless-rest-api-with-dynamodb-dev.pattern]]
        name = "get"
        op = "GetItem"
        key = ["id"]
        calls = 5
        [[tables.serverless-rest-api-with-dynamodb-dev.pattern]]
        name = "create"
        op = "PutItem"
        calls = 1
        [[tables.serverless-rest-api-with-dynamodb-dev.pattern]]
        name = "update"
        op = "UpdateItem"
        sets = ["checked", "updatedAt"]
        calls = 1
    """,
    items=tuple(
        {
            "id": {"S": f"{number:032x}"},
            "text": {"S": f"something to do, number {number}"},
            "checked": {"BOOL": number % 2 == 0},
            "createdAt": {"N": str(1_780_000_000 + number)},
            "updatedAt": {"N": str(1_780_000_000 + number)},
        }
        for number in range(40)
    ),
    load=Load(units={None: (4.2, 1.7)}, calls={"Scan": 100, "GetItem": 100, "PutItem": 20, "UpdateItem": 20}),
    findings=(
        Pin("KEY-06", "info", "the source turns Contributor Insights on nowhere"),
        Pin("COV-08", "low", "the list function scans the whole table for each request; the table is small"),
        Pin("BKP-01", "high", "the source sets no PITR, and AWS's default is off"),
        Pin("BKP-05", "medium", "the source sets no deletion protection, and AWS's default is off"),
        Pin("BKP-06", "medium", "no backup is made by the source, by hand or by a plan"),
        Pin("CAP-04", "medium", "provisioned, and the source registers no scalable target"),
        Pin("CAP-12", "medium", "the source makes no alarm"),
        Pin("CAP-14", "low", "no alarm on errors or latency of the operations that are called"),
        Pin("COV-09", "medium", "the list is a Scan without a limit: it reads what all users have, and each of them calls it"),
        Pin("CST-06", "low", "the source sets no tag"),
    ),
)
