"""The tenants of a SaaS, and an index that carries what a login needs; provisioned, fixed."""

from tests.corpus.design import Design, Load, Pin
from tests.public_schemas import PublishedIndex, PublishedTable

DESIGN = Design(
    source="github.com/aws-samples/aws-saas-factory-ref-solution-serverless-saas, server/nested_templates/bootstrap/tables.yaml, "
    "TenantDetailsTable",
    table=PublishedTable(
        name="ServerlessSaaS-TenantDetails",
        keys=("tenantId",),
        types={"tenantId": "S", "tenantName": "S"},
        indexes=(
            PublishedIndex(
                name="ServerlessSaas-TenantConfig",
                kind="GSI",
                keys=("tenantName",),
                projection="INCLUDE",
                included=("userPoolId", "appClientId", "apiGatewayUrl"),
                units=(5, 5),
            ),
        ),
        units=(5, 5),
    ),
    items=tuple(
        {
            "tenantId": {"S": f"{number * 7919:032x}"},
            "tenantName": {"S": f"tenant{number:03d}"},
            "tenantEmail": {"S": f"{number}@example.com"},
            "tenantTier": {"S": ("basic", "standard", "premium", "platinum")[number % 4]},
            "userPoolId": {"S": "eu-north-1_pool00001"},
            "appClientId": {"S": "client-000000000000000001"},
            "apiGatewayUrl": {"S": "https://example.execute-api.eu-north-1.amazonaws.com/prod/"},
            "isActive": {"BOOL": True},
        }
        for number in range(30)
    ),
    load=Load(
        units={None: (300, 1), "ServerlessSaas-TenantConfig": (150, 1)}, calls={"GetItem": 12_000, "Query": 7_000, "PutItem": 2}
    ),
    findings=(
        Pin("KEY-06", "info", "the source turns Contributor Insights on nowhere"),
        Pin("BKP-01", "high", "the source sets no PITR, and AWS's default is off"),
        Pin("BKP-05", "medium", "the source sets no deletion protection, and AWS's default is off"),
        Pin("BKP-06", "medium", "no backup is made by the source, by hand or by a plan"),
        Pin("CAP-04", "medium", "provisioned, and the source registers no scalable target"),
        Pin("CAP-04", "medium", "provisioned, and the source registers no scalable target", index="ServerlessSaas-TenantConfig"),
        Pin(
            "CAP-08",
            "medium",
            "10 read and 10 write units are paid by the hour ($6.12), for 450 reads and 2 writes an hour, which "
            "are $0.05 by the request; medium as it is under $50",
        ),
        Pin("CAP-12", "medium", "the source makes no alarm"),
        Pin("CAP-14", "low", "no alarm on errors or latency of the operations that are called"),
        Pin("CST-06", "low", "the source sets no tag"),
    ),
)
