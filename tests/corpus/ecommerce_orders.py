"""The orders of a shop, and an index of a user's by date; the patterns are those that its functions may use."""

from tests.corpus.design import Design, Load, Pin
from tests.public_schemas import PublishedIndex, PublishedTable

USERS, ORDERS = 30, 2

DESIGN = Design(
    source="github.com/aws-samples/aws-serverless-ecommerce-platform, orders/template.yaml",
    table=PublishedTable(
        name="ecommerce-orders",
        keys=("orderId",),
        types={"orderId": "S", "userId": "S", "createdDate": "S"},
        indexes=(PublishedIndex(name="user", kind="GSI", keys=("userId", "createdDate")),),
        stream="NEW_AND_OLD_IMAGES",
    ),
    config="""
        [model]
        users_now = 30
        [[tables.ecommerce-orders.pattern]]
        name = "order"
        op = "GetItem"
        key = ["orderId"]
        calls = 2
        [[tables.ecommerce-orders.pattern]]
        name = "orders of a user"
        op = "Query"
        index = "user"
        key = ["userId"]
        items = { per_user = 2 }
        calls = 1
        [[tables.ecommerce-orders.pattern]]
        name = "create order"
        op = "PutItem"
        calls = 0.1
        [[tables.ecommerce-orders.pattern]]
        name = "package or delivery"
        op = "UpdateItem"
        sets = ["status", "products"]
        calls = 0.2
    """,
    items=tuple(
        {
            "orderId": {"S": f"{user * 10 + order:032x}"},
            "userId": {"S": f"{user:032x}"},
            "createdDate": {"S": f"2026-05-{1 + user % 28:02d}T12:0{order}:00"},
            "modifiedDate": {"S": f"2026-05-{1 + user % 28:02d}T12:0{order}:00"},
            "status": {"S": "NEW"},
            "products": {
                "L": [
                    {"M": {"productId": {"S": f"{product:032x}"}, "name": {"S": f"thing {product}"}, "price": {"N": "1499"}}}
                    for product in range(4)
                ]
            },
            "address": {"M": {"name": {"S": f"person {user}"}, "city": {"S": "Tartu"}, "country": {"S": "EE"}}},
            "total": {"N": "5996"},
        }
        for user in range(USERS)
        for order in range(ORDERS)
    ),
    load=Load(
        units={None: (1.25, 0.375), "user": (0.625, 0.375)},
        calls={"GetItem": 60, "Query": 30, "PutItem": 3, "UpdateItem": 6},
        stream_reads=9_000,
    ),
    findings=(
        Pin("KEY-06", "info", "the source turns Contributor Insights on nowhere"),
        Pin("BKP-01", "high", "the source sets no PITR, and AWS's default is off"),
        Pin("BKP-05", "medium", "the source sets no deletion protection, and AWS's default is off"),
        Pin("BKP-06", "medium", "no backup is made by the source, by hand or by a plan"),
        Pin("BKP-09", "info", "left out by a restore: the stream"),
        Pin("CAP-10", "low", "on demand, and the source sets no OnDemandThroughput"),
        Pin("CAP-12", "medium", "the source makes no alarm"),
        Pin("CAP-14", "low", "no alarm on errors or latency of the operations that are called"),
        Pin("CST-06", "low", "the source sets no tag"),
    ),
)
