"""A lock for Terraform's state: one short-lived item, PITR on, encrypted; no traffic that CloudWatch would know of."""

from tests.corpus.design import Design, Pin
from tests.public_schemas import PublishedTable

DESIGN = Design(
    source="github.com/cloudposse/terraform-aws-tfstate-backend, main.tf and variables.tf",
    table=PublishedTable(name="eg-test-terraform-tfstate-backend-lock", keys=("LockID",), types={"LockID": "S"}),
    encrypted=True,
    pitr_days=35,
    tags={"Namespace": "eg", "Stage": "test", "Name": "eg-test-terraform-tfstate-backend-lock", "Attributes": "lock"},
    items=(),
    findings=(
        Pin("KEY-06", "info", "the source turns Contributor Insights on nowhere"),
        Pin("BKP-05", "info", "off by the module's default; a note, as the tag Stage says test"),
        Pin("BKP-06", "info", "no backup beside PITR; a note, as the tag Stage says test"),
        Pin("BKP-08", "info", "PITR could be restored from, and nobody declared a restore; a note, as the tag Stage says test"),
        Pin("BKP-09", "info", "left out by a restore: PITR and four tags"),
        Pin("CAP-10", "low", "on demand, and the source sets no OnDemandThroughput"),
        Pin("CAP-12", "info", "the source makes no alarm; a note, as the tag Stage says test"),
    ),
)
