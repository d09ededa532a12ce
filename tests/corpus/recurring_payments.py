"""Subscriptions and receipts: two workflows whose indexes are keyed by the next date, with chosen attributes; provisioned, and scaled."""

from tests.corpus.design import DUE_LATER, Design, Load, Pin, Scaling
from tests.public_schemas import PublishedIndex, PublishedTable

ACCOUNTS = 40

DESIGN = Design(
    source="github.com/aws-samples/aws-dynamodb-examples, schema_design/SchemaExamples/RecurringPayments "
    "(README.md, RecurringPaymentsSchema.json)",
    table=PublishedTable(
        name="ReoccuringPayments",
        keys=("PK", "SK"),
        types={
            "PK": "S",
            "SK": "S",
            "NextReminderDate": "S",
            "LastReminderDate": "S",
            "NextPaymentDate": "S",
            "LastPaymentDate": "S",
        },
        indexes=(
            PublishedIndex(
                name="GSI-1",
                kind="GSI",
                keys=("NextReminderDate", "LastReminderDate"),
                projection="INCLUDE",
                included=("SK", "PK", "SKU", "Email", "NextPaymentDate"),
                units=(5, 5),
            ),
            PublishedIndex(
                name="GSI-2",
                kind="GSI",
                keys=("NextPaymentDate", "LastPaymentDate"),
                projection="INCLUDE",
                included=("PK", "SK", "Email", "PaymentDay", "PaymentAmount", "SKU", "PaymentDetails"),
                units=(5, 5),
            ),
        ),
        units=(5, 5),
    ),
    scaling=(Scaling(min_units=1, max_units=10, target_percent=70),),
    config="""
        [model]
        users_now = 40
        [[tables.ReoccuringPayments.pattern]]
        name = "subscriptions of an account"
        op = "Query"
        key = ["PK", "SK"]
        items = { per_user = 1 }
        calls = 1
        [[tables.ReoccuringPayments.pattern]]
        name = "receipts of an account"
        op = "Query"
        key = ["PK", "SK"]
        items = { per_user = 1 }
        calls = 0.5
        [[tables.ReoccuringPayments.pattern]]
        name = "subscription"
        op = "GetItem"
        key = ["PK", "SK"]
        calls = 1
        [[tables.ReoccuringPayments.pattern]]
        name = "due reminders"
        op = "Query"
        index = "GSI-1"
        key = ["NextReminderDate"]
        reads = ["PK", "SK", "SKU", "Email", "NextPaymentDate"]
        items = { share_of_users = 0.033 }
        calls_per_day = 1
        [[tables.ReoccuringPayments.pattern]]
        name = "due payments"
        op = "Query"
        index = "GSI-2"
        key = ["NextPaymentDate"]
        reads = ["PK", "SK", "Email", "PaymentDay", "PaymentAmount", "SKU", "PaymentDetails"]
        items = { share_of_users = 0.033 }
        calls_per_day = 1
        [[tables.ReoccuringPayments.pattern]]
        name = "new receipt"
        op = "PutItem"
        calls = 0.033
        [[tables.ReoccuringPayments.pattern]]
        name = "update subscription"
        op = "UpdateItem"
        sets = ["NextReminderDate", "LastReminderDate", "NextPaymentDate", "LastPaymentDate"]
        key_change = { "GSI-1" = 1, "GSI-2" = 1 }
        calls = 0.066
    """,
    items=(
        *(
            {
                "PK": {"S": f"ACC#{number:05d}"},
                "SK": {"S": f"SUB#{number:05d}#SKU#999"},
                "Email": {"S": f"{number}@example.com"},
                "PaymentDay": {"S": f"{1 + number % 28}"},
                "PaymentAmount": {"S": "12.99"},
                "LastPaymentDate": {"S": f"2026-05-{1 + number % 28:02d}"},
                "NextPaymentDate": {"S": f"2026-06-{1 + number % 28:02d}"},
                "LastReminderDate": {"S": f"2026-05-{1 + number % 28:02d}"},
                "NextReminderDate": {"S": f"2026-06-{1 + number % 28:02d}"},
                "SKU": {"S": "999"},
                "PaymentDetails": {"M": {"default-card": {"S": "4" * 16}, "default-address": {"S": "1 Some Street"}}},
                "CreatedDate": {"S": "2026-01-01T10:00:00Z"},
            }
            for number in range(ACCOUNTS)
        ),
        *(
            {
                "PK": {"S": f"ACC#{number:05d}"},
                "SK": {"S": f"REC#2026-05-{1 + number % 28:02d}#SKU#999"},
                "Email": {"S": f"{number}@example.com"},
                "SKU": {"S": "999"},
                "ProcessedDate": {"S": f"2026-05-{1 + number % 28:02d}"},
                "ProcessedAmount": {"S": "12.99"},
                "TTL": {"N": DUE_LATER},
            }
            for number in range(ACCOUNTS)
        ),
    ),
    load=Load(
        units={None: (2.1, 0.16), "GSI-1": (0.02, 0.22), "GSI-2": (0.02, 0.22)},
        calls={"GetItem": 40, "Query": 62, "PutItem": 1, "UpdateItem": 3},
    ),
    findings=(
        Pin("KEY-06", "info", "the source turns Contributor Insights on nowhere"),
        Pin("BKP-01", "high", "the source sets no PITR, and AWS's default is off"),
        Pin("BKP-05", "medium", "the source sets no deletion protection, and AWS's default is off"),
        Pin("BKP-06", "medium", "no backup is made by the source, by hand or by a plan"),
        Pin("BKP-09", "info", "left out by a restore: auto scaling of the table"),
        Pin("CAP-04", "medium", "the model scales the table, and none of its indexes", index="GSI-1"),
        Pin("CAP-04", "medium", "the model scales the table, and none of its indexes", index="GSI-2"),
        Pin(
            "CAP-08",
            "medium",
            "two indexes of 5 units, a table at its minimum of 1 and eight alarms are $7.53, the requests of "
            "10,000 accounts $0.13; medium as it is under $50",
        ),
        Pin("CAP-12", "medium", "the source makes no alarm"),
        Pin("CAP-14", "low", "no alarm on errors or latency of the operations that are called"),
        Pin("CST-06", "low", "the source sets no tag"),
        Pin("PRJ-07", "low", "the dates move on with every payment, and are its key: the workflow's price", index="GSI-1"),
        Pin("PRJ-07", "low", "the dates move on with every payment, and are its key: the workflow's price", index="GSI-2"),
        Pin("STR-12", "low", "receipts have a TTL attribute, and neither the model nor its text switches TTL on"),
    ),
)
