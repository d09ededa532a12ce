"""
Ours, and no published design: a table that is set up wholly as AWS recommends.

On demand with a ceiling, PITR over the longest period, a backup beyond it and a restore that was tried, deletion protection, tags, every
recommended alarm with an action; keys with many values, and an index that holds keys only, because its one query needs no more.
"""

from datetime import UTC, datetime, timedelta

from tests.corpus.design import Design, Load, Pin, Watch
from tests.public_schemas import PublishedIndex, PublishedTable

TESTED_ON = (datetime.now(UTC) - timedelta(days=100)).date()
CUSTOMERS, ORDERS = 110, 2
INDEX = {"GlobalSecondaryIndexName": "by-tracking-number"}
OPERATIONS = ("GetItem", "Query", "PutItem", "UpdateItem")
SINGLE_ITEM = ("GetItem", "PutItem", "UpdateItem")

DESIGN = Design(
    source="AWS's recommendations, one by one",
    table=PublishedTable(
        name="orders",
        keys=("customer_id", "order_id"),
        types={"customer_id": "S", "order_id": "S", "tracking_number": "S"},
        indexes=(PublishedIndex(name="by-tracking-number", kind="GSI", keys=("tracking_number",), projection="KEYS_ONLY"),),
        deletion_protection=True,
    ),
    pitr_days=35,
    backups=(10,),
    tags={"table_name": "orders", "Environment": "production", "owner": "shop"},
    on_demand_limit=(400, 200),
    warm_throughput=(12_000, 4_000),
    alarms=(
        *(Watch(metric=metric) for metric in ("ReadThrottleEvents", "WriteThrottleEvents")),
        *(Watch(metric=metric, more=INDEX) for metric in ("ReadThrottleEvents", "WriteThrottleEvents")),
        *(Watch(metric="SystemErrors", more={"Operation": operation}) for operation in OPERATIONS),
        *(
            Watch(metric="SuccessfulRequestLatency", more={"Operation": operation}, statistic="Average")
            for operation in SINGLE_ITEM
        ),
    ),
    config=f"""
        [backup]
        last_restore_test = "{TESTED_ON}"
    """
    """
        [model]
        users_now = 110
        [[tables.orders.pattern]]
        name = "order"
        op = "GetItem"
        key = ["customer_id", "order_id"]
        calls = 4
        [[tables.orders.pattern]]
        name = "orders of a customer"
        op = "Query"
        key = ["customer_id"]
        items = { per_user = 2 }
        limit = 20
        calls = 1
        [[tables.orders.pattern]]
        name = "whose parcel is it"
        op = "Query"
        index = "by-tracking-number"
        key = ["tracking_number"]
        reads = ["customer_id", "order_id"]
        items = 1
        calls = 1
        [[tables.orders.pattern]]
        name = "create order"
        op = "PutItem"
        calls = 0.1
        [[tables.orders.pattern]]
        name = "ship order"
        op = "UpdateItem"
        sets = ["status", "shipped_at"]
        calls = 0.2
    """,
    items=tuple(
        {
            "customer_id": {"S": f"{customer * 7919:032x}"},
            "order_id": {"S": f"{customer * 10 + order:026d}"},
            "tracking_number": {"S": f"{customer * 7907 + order:020d}"},
            "status": {"S": "shipped"},
            "shipped_at": {"S": "2026-05-12T11:30:00Z"},
            "lines": {
                "L": [
                    {"M": {"sku": {"S": f"thing-{line:03d}"}, "quantity": {"N": "1"}, "price": {"N": "1499"}}} for line in range(3)
                ]
            },
        }
        for customer in range(CUSTOMERS)
        for order in range(ORDERS)
    ),
    load=Load(
        units={None: (11.5, 1.4), "by-tracking-number": (2.3, 0.46)},
        calls={"GetItem": 440, "Query": 220, "PutItem": 11, "UpdateItem": 22},
    ),
    findings=(
        Pin("KEY-06", "info", "Contributor Insights is off: a note, as it is billed, and nothing is throttled"),
        Pin("BKP-09", "info", "left out by a restore: eleven alarms, three tags and PITR: a list to keep, and no defect"),
    ),
)
