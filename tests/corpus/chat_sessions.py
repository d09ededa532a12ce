"""Chat sessions of an agent: on demand, PITR over the longest period, TTL; two weeks old, and hardly used."""

from tests.corpus.design import DUE_LATER, Design, Load, Pin
from tests.public_schemas import PublishedTable

DESIGN = Design(
    source="github.com/aws-samples/ops-health-ai, lib/agent-ops-health-stack.ts, ChatUserSessionsTable",
    table=PublishedTable(name="ChatUserSessionsTable", keys=("PK", "SK"), types={"PK": "S", "SK": "S"}, ttl="expiresAt"),
    pitr_days=35,
    age_days=14,
    items=tuple(
        {
            "PK": {"S": f"user-{number // 2:05d}"},
            "SK": {"S": f"session-{number:05d}"},
            "sessionId": {"S": f"{number:032x}"},
            "expiresAt": {"N": DUE_LATER},
        }
        for number in range(30)
    ),
    load=Load(units={None: (3, 1)}, calls={"GetItem": 100, "PutItem": 20}, ttl_deletes=2),
    findings=(
        Pin("KEY-06", "info", "the source turns Contributor Insights on nowhere"),
        Pin("BKP-05", "medium", "the source sets no deletion protection, and AWS's default is off"),
        Pin("BKP-06", "medium", "no backup is made by the source, by hand or by a plan"),
        Pin("BKP-08", "low", "PITR could be restored from, and nobody declared a restore"),
        Pin("BKP-09", "info", "left out by a restore: TTL and PITR"),
        Pin("CAP-10", "low", "on demand, and the source sets no OnDemandThroughput"),
        Pin("CAP-12", "medium", "the source makes no alarm"),
        Pin("CAP-14", "low", "no alarm on errors or latency of the operations that are called"),
        Pin("CST-06", "low", "the source sets no tag"),
    ),
)
