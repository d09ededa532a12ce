"""A table of a widely used set of templates: scaled from 1 unit to 1 unit, and with five alarms, three of which can never fire."""

from tests.corpus.design import Design, Load, Pin, Scaling, Watch
from tests.public_schemas import PublishedTable

DESIGN = Design(
    source="github.com/widdix/aws-cf-templates, state/dynamodb.yaml, with its defaults and a parent alert stack",
    table=PublishedTable(name="state-dynamodb", keys=("id",), types={"id": "S"}, units=(1, 1)),
    scaling=(Scaling(min_units=1, max_units=1, target_percent=80),),
    alarms=tuple(
        Watch(metric=metric)
        for metric in ("ReadThrottleEvents", "WriteThrottleEvents", "ThrottledRequests", "UserErrors", "SystemErrors")
    ),
    items=tuple({"id": {"S": f"{number:08d}"}, "value": {"S": "some text " * 10}} for number in range(30)),
    load=Load(units={None: (200, 100)}, calls={"GetItem": 9_000, "PutItem": 2_400}),
    findings=(
        Pin("KEY-06", "info", "the source turns Contributor Insights on nowhere"),
        Pin("BKP-01", "high", "the source sets no PITR, and AWS's default is off"),
        Pin("BKP-05", "medium", "the source sets no deletion protection, and AWS's default is off"),
        Pin("BKP-06", "medium", "no backup is made by the source, by hand or by a plan"),
        Pin("BKP-09", "info", "left out by a restore: auto scaling of the table and five alarms"),
        Pin("CAP-04", "medium", "scaled from 1 unit to 1 unit, by the defaults of the source: it cannot move"),
        Pin(
            "CAP-13",
            "medium",
            "ThrottledRequests and SystemErrors are sent by operation, UserErrors for the account: these three stay without data",
        ),
        Pin("CAP-14", "low", "its alarm on SystemErrors names no operation, and there is none on latency"),
        Pin("CST-06", "low", "the source sets no tag"),
    ),
)
