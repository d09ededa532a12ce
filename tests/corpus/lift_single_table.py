"""The single table that Serverless Lift makes: indexes that copy whole items, whatever they are read for; on demand, a stream, TTL."""

from random import Random

from tests.corpus.design import DUE_LATER, Design, Load, Pin
from tests.public_schemas import SINGLE_TABLE

USERS, DOCUMENT_BYTES = 40, 3_000
INVENTED = Random(20251110)

DESIGN = Design(
    source="github.com/getlift/lift, docs/database-dynamodb-single-table.md, with two of its twenty indexes",
    table=SINGLE_TABLE,
    items=tuple(
        {
            "PK": {"S": f"USER#{user:05d}"},
            "SK": {"S": f"DOCUMENT#{user:05d}"},
            "GSI-1-PK": {"S": f"FOLDER#{user // 2:05d}"},
            "GSI-1-SK": {"S": f"DOCUMENT#{user:05d}"},
            "GSI-2-PK": {"S": f"TEAM#{user // 3:05d}"},
            "GSI-2-SK": {"S": f"DOCUMENT#{user:05d}"},
            "document": {"B": INVENTED.randbytes(DOCUMENT_BYTES)},
            "TimeToLive": {"N": DUE_LATER},
        }
        for user in range(USERS)
    ),
    config="""
        [model]
        users_now = 40
    """,
    load=Load(
        units={None: (6.25, 10), "GSI-1": (1.25, 10), "GSI-2": (0, 10)},
        calls={"GetItem": 300, "Query": 30, "PutItem": 80},
        ttl_deletes=3,
        stream_reads=9_000,
    ),
    findings=(
        Pin("KEY-06", "info", "the source turns Contributor Insights on nowhere"),
        Pin("SCL-11", "info", "KIND#id, joined of two parts", index="GSI-1", times=2),
        Pin("SCL-11", "info", "KIND#id, joined of two parts", index="GSI-2", times=2),
        Pin("BKP-01", "high", "the source sets no PITR, and AWS's default is off"),
        Pin("BKP-05", "medium", "the source sets no deletion protection, and AWS's default is off"),
        Pin("BKP-06", "medium", "no backup is made by the source, by hand or by a plan"),
        Pin("BKP-09", "info", "left out by a restore: stream and TTL"),
        Pin("CAP-10", "low", "on demand, and the source sets no OnDemandThroughput"),
        Pin("CAP-12", "medium", "the source makes no alarm"),
        Pin("CAP-14", "low", "no alarm on errors or latency of the operations that are called"),
        Pin("COV-05", "low", "it is there because the construct made it: nothing was measured", index="GSI-2"),
        Pin("CST-06", "low", "the source sets no tag"),
        Pin(
            "PRJ-02",
            "medium",
            "the construct projects ALL in each of its indexes: items of 3.1 KB are written whole again",
            index="GSI-1",
        ),
        Pin(
            "PRJ-02",
            "medium",
            "the construct projects ALL in each of its indexes: items of 3.1 KB are written whole again",
            index="GSI-2",
        ),
        Pin("PRJ-06", "low", "two whole copies take as much again each: 2 for one; low, as it is under $5"),
    ),
)
