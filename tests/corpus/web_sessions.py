"""The sessions of a web server, as its store makes them: TTL, five units for reads and for writes, no more."""

from tests.corpus.design import DUE_LATER, Design, Load, Pin
from tests.public_schemas import SESSIONS

DESIGN = Design(
    source="github.com/ca98am79/connect-dynamodb, README.md",
    table=SESSIONS,
    items=tuple(
        {
            "id": {"S": f"sess:{number * 7919:032x}"},
            "type": {"S": "connect-session"},
            "expires": {"N": DUE_LATER},
            "sess": {"S": '{"cookie":{"path":"/","httpOnly":true}}'},
        }
        for number in range(120)
    ),
    load=Load(units={None: (2_500, 4_000)}, calls={"GetItem": 120_000, "UpdateItem": 96_000}, ttl_deletes=3_000),
    findings=(
        Pin("KEY-06", "info", "the source turns Contributor Insights on nowhere"),
        Pin("BKP-01", "high", "the source sets no PITR, and AWS's default is off"),
        Pin("BKP-05", "medium", "the source sets no deletion protection, and AWS's default is off"),
        Pin("BKP-06", "medium", "no backup is made by the source, by hand or by a plan"),
        Pin("BKP-09", "info", "left out by a restore: TTL"),
        Pin("CAP-04", "medium", "provisioned, and the source registers no scalable target"),
        Pin("CAP-12", "medium", "the source makes no alarm"),
        Pin("CAP-14", "low", "no alarm on errors or latency of the operations that are called"),
        Pin("CST-06", "low", "the source sets no tag"),
    ),
)
