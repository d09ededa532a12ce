"""The basic example of Terraform's AWS provider: as bare as published, and just deployed."""

from tests.corpus.design import DUE_LATER, Design, Pin
from tests.public_schemas import GAME_SCORES, items_of

DESIGN = Design(
    source="registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/dynamodb_table, the basic example",
    table=GAME_SCORES,
    tags={"Name": "dynamodb-table-1", "Environment": "production"},
    age_days=0,
    items=tuple({**item, **({"TimeToExist": {"N": DUE_LATER}} if "TimeToExist" in item else {})} for item in items_of(GAME_SCORES)),
    findings=(
        Pin("KEY-06", "info", "the source turns Contributor Insights on nowhere"),
        Pin("STR-11", "low", "half of the seeded scores have no TimeToExist, so nothing deletes them"),
        Pin("BKP-01", "high", "the source sets no PITR, and AWS's default is off"),
        Pin("BKP-05", "medium", "the source sets no deletion protection, and AWS's default is off"),
        Pin("BKP-06", "medium", "no backup is made by the source, by hand or by a plan"),
        Pin("BKP-09", "info", "left out by a restore: TTL and two tags"),
        Pin("CAP-04", "medium", "provisioned, and the source registers no scalable target"),
        Pin("CAP-04", "medium", "provisioned, and the source registers no scalable target", index="GameTitleIndex"),
        Pin("CAP-12", "medium", "the source makes no alarm"),
        Pin(
            "CAP-18",
            "medium",
            "26 of 40 items are in the index, so that it takes 13 of the table's 20 units, and has 10",
            index="GameTitleIndex",
        ),
    ),
)
