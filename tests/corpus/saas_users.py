"""Which user belongs to which tenant, and the inverse of that key as an index; provisioned, fixed."""

from tests.corpus.design import Design, Load, Pin
from tests.public_schemas import PublishedIndex, PublishedTable

DESIGN = Design(
    source="github.com/aws-samples/aws-saas-factory-ref-solution-serverless-saas, server/nested_templates/bootstrap/tables.yaml, "
    "TenantUserMappingTable",
    table=PublishedTable(
        name="ServerlessSaaS-TenantUserMapping",
        keys=("tenantId", "userName"),
        types={"tenantId": "S", "userName": "S"},
        indexes=(PublishedIndex(name="UserName", kind="GSI", keys=("userName", "tenantId"), units=(5, 5)),),
        units=(5, 5),
    ),
    items=tuple(
        {"tenantId": {"S": f"{tenant * 7919:032x}"}, "userName": {"S": f"user{user:03d}-{tenant}"}}
        for tenant in range(20)
        for user in range(3)
    ),
    load=Load(units={None: (60, 2), "UserName": (600, 2)}, calls={"Query": 26_000, "PutItem": 40}),
    findings=(
        Pin("KEY-06", "info", "the source turns Contributor Insights on nowhere"),
        Pin("BKP-01", "high", "the source sets no PITR, and AWS's default is off"),
        Pin("BKP-05", "medium", "the source sets no deletion protection, and AWS's default is off"),
        Pin("BKP-06", "medium", "no backup is made by the source, by hand or by a plan"),
        Pin("CAP-04", "medium", "provisioned, and the source registers no scalable target"),
        Pin("CAP-04", "medium", "provisioned, and the source registers no scalable target", index="UserName"),
        Pin(
            "CAP-08",
            "medium",
            "10 read and 10 write units are paid by the hour ($6.12), for 660 reads and 4 writes an hour, which "
            "are $0.07 by the request; medium as it is under $50",
        ),
        Pin("CAP-12", "medium", "the source makes no alarm"),
        Pin("CAP-14", "low", "no alarm on errors or latency of the operations that are called"),
        Pin("CST-06", "low", "the source sets no tag"),
    ),
)
