"""Sessions and their children, with the inverse of the key as an index; provisioned, and scaled."""

from tests.corpus.design import Design, Load, Pin, Scaling
from tests.public_schemas import PublishedIndex, PublishedTable

SESSIONS = 25

DESIGN = Design(
    source="github.com/aws-samples/aws-dynamodb-examples, schema_design/SchemaExamples/SessionManagement/SessionManagementSchema.json",
    table=PublishedTable(
        name="session_store",
        keys=("PK", "SK"),
        types={"PK": "S", "SK": "S"},
        indexes=(PublishedIndex(name="GSI1_inverse", kind="GSI", keys=("SK", "PK"), units=(5, 5)),),
        units=(5, 5),
    ),
    scaling=(Scaling(min_units=1, max_units=10, target_percent=70),),
    items=tuple(
        {
            "PK": {"S": f"suuid#{session:08d}"},
            "SK": {"S": f"child#suuid#{session:08d}" if child else f"c#{session // 2:05d}"},
            "access_token": {"S": f"{session * 7919:032d}"},
            "session_state": {"S": "active"},
            **({} if child else {"last_login_time": {"S": "2026-05-12T11:30:00"}}),
        }
        for session in range(SESSIONS)
        for child in (False, True)
    ),
    load=Load(
        units={None: (7_200, 3_600), "GSI1_inverse": (3_600, 3_600)},
        calls={"GetItem": 200_000, "Query": 100_000, "PutItem": 80_000},
    ),
    findings=(
        Pin("KEY-06", "info", "the source turns Contributor Insights on nowhere"),
        Pin("BKP-01", "high", "the source sets no PITR, and AWS's default is off"),
        Pin("BKP-05", "medium", "the source sets no deletion protection, and AWS's default is off"),
        Pin("BKP-06", "medium", "no backup is made by the source, by hand or by a plan"),
        Pin("BKP-09", "info", "left out by a restore: auto scaling of the table"),
        Pin("CAP-04", "medium", "the model scales the table, and not its index", index="GSI1_inverse"),
        Pin("CAP-12", "medium", "the source makes no alarm"),
        Pin("CAP-14", "low", "no alarm on errors or latency of the operations that are called"),
        Pin("CST-06", "low", "the source sets no tag"),
        Pin("PRJ-05", "medium", "the index projects ALL, and access_token is among the attributes", index="GSI1_inverse"),
        Pin("SCL-08", "medium", "2 reads a second in the mean are 20 at the peak, and the maximum is 10; the writes need just 10"),
    ),
)
