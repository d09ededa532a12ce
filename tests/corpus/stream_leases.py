"""The leases of a stream's readers, as the Kinesis Client Library makes the table: on demand, protected, an index of keys only."""

from tests.corpus.design import Design, Load, Pin
from tests.public_schemas import LEASES

DESIGN = Design(
    source="docs.aws.amazon.com/streams/latest/dev/kcl-dynamoDB.html, the lease table of version 3",
    table=LEASES,
    items=tuple(
        {
            "leaseKey": {"S": f"shardId-{number:012d}"},
            "leaseOwner": {"S": f"worker-{number % 4}"},
            "leaseCounter": {"N": "900000"},
            "checkpoint": {"S": f"{49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898 + number}"},
            "ownerSwitchesSinceCheckpoint": {"N": "0"},
        }
        for number in range(32)
    ),
    load=Load(
        units={None: (600, 6_000), "LeaseOwnerToLeaseKeyIndex": (120, 10)},
        calls={"UpdateItem": 140_000, "Scan": 2_880, "Query": 100},
    ),
    findings=(
        Pin("KEY-06", "info", "the source turns Contributor Insights on nowhere"),
        Pin("COV-08", "low", "workers scan all leases every few seconds, which is how the library works; the table is small"),
        Pin("BKP-01", "high", "the source sets no PITR, and AWS's default is off"),
        Pin("BKP-06", "medium", "no backup is made by the source, by hand or by a plan"),
        Pin("CAP-10", "low", "on demand, and the source sets no OnDemandThroughput"),
        Pin("CAP-12", "medium", "the source makes no alarm"),
        Pin("CAP-14", "low", "no alarm on errors or latency of the operations that are called"),
        Pin("CST-06", "low", "the source sets no tag"),
    ),
)
