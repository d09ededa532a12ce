"""A log of device states: a sort key of two parts, an index by operator, and a sparse one by supervisor."""

from tests.corpus.design import Design, Load, Pin
from tests.public_schemas import PublishedIndex, PublishedTable

DEVICES, STATES = 12, 5

DESIGN = Design(
    source="github.com/aws-samples/amazon-dynamodb-design-patterns, examples/device-state-log (README.md, json/DeviceStateLog_7.json)",
    table=PublishedTable(
        name="DeviceStateLog",
        keys=("DeviceID", "State#Date"),
        types={"DeviceID": "S", "State#Date": "S", "Operator": "S", "Date": "S", "EscalatedTo": "S"},
        indexes=(
            PublishedIndex(name="GSI1", kind="GSI", keys=("Operator", "Date")),
            PublishedIndex(name="GSI2", kind="GSI", keys=("EscalatedTo", "State#Date")),
        ),
    ),
    config="""
        [model]
        users_now = 12                     # devices
        [[tables.DeviceStateLog.pattern]]
        name = "logs of a device and state"
        op = "Query"
        key = ["DeviceID", "State#Date"]
        reads = ["DeviceID", "State#Date", "Operator", "Date", "State"]
        items = { per_user = 5 }
        calls = 10
        [[tables.DeviceStateLog.pattern]]
        name = "logs of an operator between two dates"
        op = "Query"
        index = "GSI1"
        key = ["Operator", "Date"]
        reads = ["DeviceID", "State#Date", "Date", "State"]
        items = 20
        calls_per_day = 100
        [[tables.DeviceStateLog.pattern]]
        name = "escalated logs of a supervisor"
        op = "Query"
        index = "GSI2"
        key = ["EscalatedTo", "State#Date"]
        reads = ["DeviceID", "State#Date", "Date", "State"]
        items = 10
        calls_per_day = 20
        [[tables.DeviceStateLog.pattern]]
        name = "a state"
        op = "PutItem"
        calls = 288                        # every five minutes
    """,
    items=tuple(
        {
            "DeviceID": {"S": f"d#{device:05d}"},
            "State#Date": {"S": f"WARNING{1 + number % 4}#2026-04-{1 + number:02d}T14:{number:02d}:00"},
            "Operator": {"S": ("operator-1", "operator-2", "operator-3")[(device + number) % 3]},
            "Date": {"S": f"2026-04-{1 + number:02d}T14:{number:02d}:00"},
            "State": {"S": f"WARNING{1 + number % 4}"},
            **({"EscalatedTo": {"S": "supervisor-1"}} if number == 3 else {}),
        }
        for device in range(DEVICES)
        for number in range(STATES)
    ),
    load=Load(units={None: (2.5, 144), "GSI1": (2, 144), "GSI2": (0.4, 29)}, calls={"Query": 240, "PutItem": 3_456}),
    findings=(
        Pin("KEY-06", "info", "the source turns Contributor Insights on nowhere"),
        Pin("BKP-01", "high", "the source sets no PITR, and AWS's default is off"),
        Pin("BKP-05", "medium", "the source sets no deletion protection, and AWS's default is off"),
        Pin("BKP-06", "medium", "no backup is made by the source, by hand or by a plan"),
        Pin(
            "CAP-09",
            "low",
            "a device writes every five minutes, so the load is even: at 10,000 devices 33 writes a second, and "
            "again in GSI1; low, as hours hide shorter peaks",
        ),
        Pin("CAP-10", "low", "on demand, and the source sets no OnDemandThroughput"),
        Pin("CAP-12", "medium", "the source makes no alarm"),
        Pin("CAP-14", "low", "no alarm on errors or latency of the operations that are called"),
        Pin("CST-06", "low", "the source sets no tag"),
    ),
)
