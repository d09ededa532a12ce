"""The auto scaling example of the Terraform module most people use: two alarms on what is consumed, none on throttling."""

from tests.corpus.design import Design, Load, Pin, Scaling, Watch
from tests.public_schemas import PublishedIndex, PublishedTable

INDEX = {"GlobalSecondaryIndexName": "TitleIndex"}

DESIGN = Design(
    source="github.com/terraform-aws-modules/terraform-aws-dynamodb-table, examples/autoscaling/main.tf and alarms.tf",
    table=PublishedTable(
        name="my-table-autoscaling",
        keys=("id", "title"),
        types={"id": "N", "title": "S", "age": "N"},
        indexes=(
            PublishedIndex(
                name="TitleIndex", kind="GSI", keys=("title", "age"), projection="INCLUDE", included=("id",), units=(10, 10)
            ),
        ),
        units=(5, 5),
    ),
    scaling=(
        Scaling(min_units=5, max_units=10, target_percent=45),
        Scaling(index="TitleIndex", min_units=10, max_units=30, target_percent=70),
    ),
    alarms=(
        Watch(metric="ConsumedReadCapacityUnits"),
        Watch(metric="ConsumedWriteCapacityUnits"),
        Watch(metric="ConsumedReadCapacityUnits", more=INDEX),
        Watch(metric="ConsumedWriteCapacityUnits", more=INDEX),
    ),
    tags={"Terraform": "true", "Environment": "staging"},
    items=tuple(
        {"id": {"N": str(number)}, "title": {"S": f"title {number}"}, "age": {"N": str(number % 60)}} for number in range(40)
    ),
    load=Load(
        units={None: (8_000, 6_000), "TitleIndex": (9_000, 6_000)}, calls={"GetItem": 150_000, "Query": 100_000, "PutItem": 140_000}
    ),
    findings=(
        Pin("KEY-06", "info", "the source turns Contributor Insights on nowhere"),
        Pin("BKP-01", "high", "the source sets no PITR, and AWS's default is off"),
        Pin("BKP-05", "medium", "the source sets no deletion protection, and AWS's default is off"),
        Pin("BKP-06", "medium", "no backup is made by the source, by hand or by a plan"),
        Pin("BKP-09", "info", "left out by a restore: auto scaling of table and index, four alarms, two tags"),
        Pin("CAP-05", "low", "the table aims at 45 %, and AWS takes up to 50 % for wasteful"),
        Pin("CAP-12", "medium", "its alarms watch what is consumed: throttling of table and index is seen by none"),
        Pin("CAP-14", "low", "no alarm on errors or latency of the operations that are called"),
        Pin(
            "SCL-08",
            "medium",
            "2.2 reads and 1.7 writes a second in the mean, ten times that at the peak, and the table's maximum "
            "is 10 (the index's is 30)",
        ),
    ),
)
