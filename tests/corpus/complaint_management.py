"""Complaints and what was said about them: three indexes that copy whole items, a Scan among the patterns; provisioned, and scaled."""

from tests.corpus.design import Design, Load, Pin, Scaling
from tests.public_schemas import PublishedIndex, PublishedTable

COMPLAINTS = 30

DESIGN = Design(
    source="github.com/aws-samples/aws-dynamodb-examples, schema_design/SchemaExamples/ComplainManagement "
    "(README.md, ComplaintManagementSchema.json)",
    table=PublishedTable(
        name="Complaint_management_system",
        keys=("PK", "SK"),
        types={
            "PK": "S",
            "SK": "S",
            "customer_id": "S",
            "complaint_id": "S",
            "escalated_to": "S",
            "escalation_time": "S",
            "agentID": "S",
            "comm_date": "S",
        },
        indexes=(
            PublishedIndex(name="Customer_Complaint_GSI", kind="GSI", keys=("customer_id", "complaint_id"), units=(5, 5)),
            PublishedIndex(name="Escalations_GSI", kind="GSI", keys=("escalated_to", "escalation_time"), units=(5, 5)),
            PublishedIndex(name="Agents_Comments_GSI", kind="GSI", keys=("agentID", "comm_date"), units=(5, 5)),
        ),
        units=(5, 5),
    ),
    scaling=(Scaling(min_units=1, max_units=10, target_percent=70),),
    config="""
        [model]
        users_now = 30
        [[tables.Complaint_management_system.pattern]]
        name = "complaint"
        op = "GetItem"
        key = ["PK", "SK"]
        calls = 20
        [[tables.Complaint_management_system.pattern]]
        name = "communications of a complaint"
        op = "Query"
        key = ["PK", "SK"]
        items = 2
        calls = 20
        [[tables.Complaint_management_system.pattern]]
        name = "complaints of a customer"
        op = "Query"
        index = "Customer_Complaint_GSI"
        key = ["customer_id"]
        items = { per_user = 1 }
        calls = 1
        [[tables.Complaint_management_system.pattern]]
        name = "escalated to an agent"
        op = "Query"
        index = "Escalations_GSI"
        key = ["escalated_to"]
        items = 10
        calls_per_day = 20
        [[tables.Complaint_management_system.pattern]]
        name = "history of an agent"
        op = "Query"
        index = "Agents_Comments_GSI"
        key = ["agentID"]
        items = 50
        limit = 50
        calls_per_day = 20
        [[tables.Complaint_management_system.pattern]]
        name = "by severity and state"
        op = "Scan"
        calls = 0.1
        [[tables.Complaint_management_system.pattern]]
        name = "say something"
        op = "PutItem"
        calls = 8
    """,
    items=(
        *(
            {
                "PK": {"S": f"Complaint{number:04d}"},
                "SK": {"S": "metadata"},
                "customer_id": {"S": f"cust{number:04d}"},
                "complaint_id": {"S": f"Complaint{number:04d}"},
                "current_state": {"S": "assigned"},
                "severity": {"S": f"P{1 + number % 3}"},
                "creation_time": {"S": "2026-04-30T12:00:00"},
                "complaint_description": {"S": "it does not work. " * 10},
                **(
                    {"escalated_to": {"S": "AgentB"}, "escalation_time": {"S": f"2026-05-{1 + number % 28:02d}"}}
                    if number % 3 == 0
                    else {}
                ),
            }
            for number in range(COMPLAINTS)
        ),
        *(
            {
                "PK": {"S": f"Complaint{number:04d}"},
                "SK": {"S": f"comm#2026-05-{1 + number % 28:02d}T12:00:00#comm{number}"},
                "comm_id": {"S": f"comm{number}"},
                "comm_date": {"S": f"2026-05-{1 + number % 28:02d}T12:00:00"},
                "complaint_state": {"S": "investigating"},
                "comm_text": {"S": "we are looking into it. " * 5},
                "agentID": {"S": f"Agent{'ABC'[number % 3]}"},
            }
            for number in range(COMPLAINTS)
        ),
    ),
    load=Load(
        units={
            None: (25, 10),
            "Customer_Complaint_GSI": (0.6, 1),
            "Escalations_GSI": (0.4, 0.3),
            "Agents_Comments_GSI": (2, 8),
        },
        calls={"GetItem": 600, "Query": 670, "Scan": 3, "PutItem": 240},
    ),
    findings=(
        Pin("KEY-06", "info", "the source turns Contributor Insights on nowhere"),
        Pin("BKP-01", "high", "the source sets no PITR, and AWS's default is off"),
        Pin("BKP-05", "medium", "the source sets no deletion protection, and AWS's default is off"),
        Pin("BKP-06", "medium", "no backup is made by the source, by hand or by a plan"),
        Pin("BKP-09", "info", "left out by a restore: auto scaling of the table"),
        Pin("CAP-04", "medium", "the model scales the table, and none of its indexes", index="Agents_Comments_GSI"),
        Pin("CAP-04", "medium", "the model scales the table, and none of its indexes", index="Customer_Complaint_GSI"),
        Pin("CAP-04", "medium", "the model scales the table, and none of its indexes", index="Escalations_GSI"),
        Pin("CAP-12", "medium", "the source makes no alarm"),
        Pin("CAP-14", "low", "no alarm on errors or latency of the operations that are called"),
        Pin(
            "COV-09",
            "medium",
            "the source finds complaints by severity and state with a Scan and a filter: it reads everything, and everything grows",
        ),
        Pin("CST-06", "low", "the source sets no tag"),
        Pin("SCL-08", "medium", "the Scan alone takes 742 units a call at 10,000 users, 1,000 times a day; the maximum is 10"),
        Pin("SCL-09", "low", "20,000 items of 303 B are 6 pages of 1 MB"),
    ),
)
