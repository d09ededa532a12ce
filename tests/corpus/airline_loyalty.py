"""Loyalty points of an airline's customers: bookings that expire after a year, and a sum of each customer, with a set that only grows."""

from tests.corpus.design import DUE_LATER, Design, Load, Pin
from tests.public_schemas import PublishedTable

CUSTOMERS, BOOKINGS = 20, 2

DESIGN = Design(
    source="github.com/aws-samples/aws-serverless-airline-booking, src/backend/loyalty/template.yaml and src/loyalty/shared/storage.py",
    table=PublishedTable(
        name="Airline-LoyaltyData-twitch",
        keys=("pk", "sk"),
        types={"pk": "S", "sk": "S"},
        stream="NEW_AND_OLD_IMAGES",
        ttl="expireAt",
    ),
    encrypted=True,
    config="""
        [model]
        users_now = 20
        [tables.Airline-LoyaltyData-twitch]
        growth = [{ attribute = "bookings", bytes = 37, per_user_day = 0.05 }]
        [[tables.Airline-LoyaltyData-twitch.pattern]]
        name = "points and tier of a customer"
        op = "GetItem"
        key = ["pk", "sk"]
        reads = ["totalPoints", "tier"]
        calls = 1
        [[tables.Airline-LoyaltyData-twitch.pattern]]
        name = "a booking"
        op = "PutItem"
        calls = 0.05
        [[tables.Airline-LoyaltyData-twitch.pattern]]
        name = "the sum of a customer"
        op = "UpdateItem"
        sets = ["totalPoints", "bookings", "tier", "updatedAt"]
        calls = 0.05
    """,
    items=(
        *(
            {
                "pk": {"S": "CUSTOMER#AGGREGATE"},
                "sk": {"S": f"AGGREGATE#{customer:08d}"},
                "totalPoints": {"N": "200"},
                "tier": {"S": "BRONZE"},
                "bookings": {"SS": [f"{customer:028d}{booking:08d}" for booking in range(BOOKINGS)]},
                "updatedAt": {"S": "2026-05-12T11:30:00"},
            }
            for customer in range(CUSTOMERS)
        ),
        *(
            {
                "pk": {"S": f"CUSTOMER#TRANSACTION#{customer:08d}"},
                "sk": {"S": f"TRANSACTION#{booking:08d}"},
                "points": {"N": "100"},
                "status": {"S": "active"},
                "createdAt": {"S": "2026-05-12T11:30:00"},
                "expireAt": {"N": DUE_LATER},
                "bookingDetails": {"M": {"id": {"S": f"{customer:028d}{booking:08d}"}, "outboundFlightId": {"S": "1"}}},
                "paymentDetails": {"M": {"amount": {"N": "100"}, "status": {"S": "succeeded"}}},
            }
            for customer in range(CUSTOMERS)
            for booking in range(BOOKINGS)
        ),
    ),
    load=Load(units={None: (0.42, 0.1)}, calls={"GetItem": 20, "PutItem": 2, "UpdateItem": 2}, ttl_deletes=1, stream_reads=9_000),
    findings=(
        Pin("KEY-06", "info", "the source turns Contributor Insights on nowhere"),
        Pin("STR-11", "low", "profiles and balances have no expireAt, as they shall stay: one table holds several kinds of items"),
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
