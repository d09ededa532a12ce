"""An online shop in one table with two overloaded indexes, and its sixteen access patterns, those with the same key together."""

from collections.abc import Iterator

from tests.corpus.design import Design, Item, Load, Pin
from tests.public_schemas import PublishedIndex, PublishedTable

ORDERS = 15


def _items() -> Iterator[Item]:
    for number in range(ORDERS):
        customer, product, order = f"c#{number:05d}", f"p#{number % 5:05d}", f"o#{number:05d}"
        invoice, shipment, warehouse, day = (
            f"i#{number:05d}",
            f"sh#{number:05d}",
            f"w#{number % 2:05d}",
            f"2026-06-{1 + number:02d}",
        )
        yield {
            "PK": {"S": customer},
            "SK": {"S": customer},
            "EntityType": {"S": "customer"},
            "Email": {"S": f"{number}@example.com"},
        }
        yield {"PK": {"S": order}, "SK": {"S": customer}, "EntityType": {"S": "order"}, "Date": {"S": day}}
        yield {
            **_indexed(order, product, "orderItem", gsi1=(product, day), gsi2=(customer, f"p#{day}")),
            "Quantity": {"S": "2"},
            "Price": {"S": "100"},
        }
        yield {
            **_indexed(order, invoice, "invoice", gsi1=(invoice, invoice), gsi2=(customer, f"i#{day}")),
            "Amount": {"S": "200"},
            "Detail": {"M": {"Payments": {"L": [{"M": {"Type": {"S": "GiftCard"}, "Amount": {"N": "200"}}}]}}},
        }
        yield {
            **_indexed(order, shipment, "shipment", gsi1=(shipment, shipment), gsi2=(warehouse, shipment)),
            "Address": {"M": {"Country": {"S": "Estonia"}, "City": {"S": "Tartu"}, "Street": {"S": "Some Street"}}},
            "Type": {"S": "Express"},
        }
    for number in range(5):
        product = f"p#{number:05d}"
        yield {"PK": {"S": product}, "SK": {"S": product}, "EntityType": {"S": "product"}, "Price": {"S": "100"}}
        yield {**_indexed(product, "w#00000", "warehouseItem", gsi1=None, gsi2=("w#00000", product)), "Quantity": {"S": "4"}}


def _indexed(pk: str, sk: str, kind: str, *, gsi1: tuple[str, str] | None, gsi2: tuple[str, str]) -> Item:
    first = {} if gsi1 is None else {"GSI1-PK": {"S": gsi1[0]}, "GSI1-SK": {"S": gsi1[1]}}
    second = {"GSI2-PK": {"S": gsi2[0]}, "GSI2-SK": {"S": gsi2[1]}}
    return {"PK": {"S": pk}, "SK": {"S": sk}, "EntityType": {"S": kind}, **first, **second}


DESIGN = Design(
    source="github.com/aws-samples/amazon-dynamodb-design-patterns, examples/an-online-shop/README.md and "
    "data-models/an-online-shop/json/AnOnlineShop_13.json",
    table=PublishedTable(
        name="OnlineShop",
        keys=("PK", "SK"),
        types={"PK": "S", "SK": "S", "GSI1-PK": "S", "GSI1-SK": "S", "GSI2-PK": "S", "GSI2-SK": "S"},
        indexes=(
            PublishedIndex(name="GSI1", kind="GSI", keys=("GSI1-PK", "GSI1-SK")),
            PublishedIndex(name="GSI2", kind="GSI", keys=("GSI2-PK", "GSI2-SK")),
        ),
    ),
    config="""
        [model]
        users_now = 15
        [[tables.OnlineShop.pattern]]
        name = "customer, product or warehouse"
        op = "GetItem"
        key = ["PK", "SK"]
        calls = 10
        [[tables.OnlineShop.pattern]]
        name = "inventory of a product"
        op = "Query"
        key = ["PK", "SK"]
        items = 2
        calls = 5
        [[tables.OnlineShop.pattern]]
        name = "all of an order"
        op = "Query"
        key = ["PK"]
        items = 5
        calls = 2
        [[tables.OnlineShop.pattern]]
        name = "products, invoice or shipments of an order"
        op = "Query"
        key = ["PK", "SK"]
        items = 2
        calls = 3
        [[tables.OnlineShop.pattern]]
        name = "orders of a product between two dates"
        op = "Query"
        index = "GSI1"
        key = ["GSI1-PK", "GSI1-SK"]
        items = 20
        limit = 100
        calls_per_day = 50
        [[tables.OnlineShop.pattern]]
        name = "invoice, its payments, or a shipment"
        op = "Query"
        index = "GSI1"
        key = ["GSI1-PK", "GSI1-SK"]
        items = 1
        calls = 2
        [[tables.OnlineShop.pattern]]
        name = "shipments or inventory of a warehouse"
        op = "Query"
        index = "GSI2"
        key = ["GSI2-PK", "GSI2-SK"]
        items = 50
        limit = 100
        calls_per_day = 50
        [[tables.OnlineShop.pattern]]
        name = "invoices or products of a customer between two dates"
        op = "Query"
        index = "GSI2"
        key = ["GSI2-PK", "GSI2-SK"]
        items = { per_user = 2 }
        calls = 2
        [[tables.OnlineShop.pattern]]
        name = "order"
        op = "BatchWriteItem"
        items = 4
        calls = 0.1
    """,
    items=tuple(_items()),
    load=Load(
        units={None: (6.25, 0.25), "GSI1": (1.7, 0.2), "GSI2": (2.7, 0.2)},
        calls={"GetItem": 150, "Query": 310, "BatchWriteItem": 2},
    ),
    findings=(
        Pin("KEY-06", "info", "the source turns Contributor Insights on nowhere"),
        Pin("SCL-11", "info", "kind and id joined by #", index="GSI1"),
        Pin("SCL-11", "info", "kind and id, and status and time, joined by #", index="GSI2", times=2),
        Pin("BKP-01", "high", "the source sets no PITR, and AWS's default is off"),
        Pin("BKP-05", "medium", "the source sets no deletion protection, and AWS's default is off"),
        Pin("BKP-06", "medium", "no backup is made by the source, by hand or by a plan"),
        Pin("CAP-10", "low", "on demand, and the source sets no OnDemandThroughput"),
        Pin("CAP-12", "medium", "the source makes no alarm"),
        Pin("CAP-14", "low", "no alarm on errors or latency of the operations that are called"),
        Pin("CST-06", "low", "the source sets no tag"),
    ),
)
