"""A shopping cart: on demand, a stream, TTL."""

from tests.corpus.design import DUE_LATER, Design, Load, Pin
from tests.public_schemas import PublishedTable

CARTS, PRODUCTS = 15, 3

DESIGN = Design(
    source="github.com/aws-samples/aws-serverless-shopping-cart, backend/shoppingcart-service.yaml",
    table=PublishedTable(
        name="DynamoDBShoppingCartTable",
        keys=("pk", "sk"),
        types={"pk": "S", "sk": "S"},
        stream="NEW_AND_OLD_IMAGES",
        ttl="expirationTime",
    ),
    items=tuple(
        {
            "pk": {"S": f"cart#{cart:08d}"},
            "sk": {"S": f"product#{product:08d}"},
            "quantity": {"N": str(1 + product)},
            "expirationTime": {"N": DUE_LATER},
            "productDetail": {"M": {"name": {"S": f"thing {product}"}, "price": {"N": "1499"}, "category": {"S": "fruit"}}},
        }
        for cart in range(CARTS)
        for product in range(PRODUCTS)
    ),
    load=Load(
        units={None: (120, 60)},
        calls={"Query": 3_000, "UpdateItem": 1_200, "BatchWriteItem": 50},
        ttl_deletes=200,
        stream_reads=9_000,
    ),
    findings=(
        Pin("KEY-06", "info", "the source turns Contributor Insights on nowhere"),
        Pin("BKP-01", "high", "the source sets no PITR, and AWS's default is off"),
        Pin("BKP-05", "medium", "the source sets no deletion protection, and AWS's default is off"),
        Pin("BKP-06", "medium", "no backup is made by the source, by hand or by a plan"),
        Pin("BKP-09", "info", "left out by a restore: stream and TTL"),
        Pin("CAP-10", "low", "on demand, and the source sets no OnDemandThroughput"),
        Pin("CAP-12", "medium", "the source makes no alarm"),
        Pin("CAP-14", "low", "no alarm on errors or latency of the operations that are called"),
        Pin("CST-06", "low", "the source sets no tag"),
    ),
)
