"""
What others published, read as definitions, and the same tables made on AWS's own engine by another route: the facts must be equal.

The other route is CreateTable: of CloudFormation's own tables with the properties as they are in the file, of all others with parameters
that are written out here by hand. What the engine does not know of a table is as its publisher wrote it: class, PITR, tags, encryption,
auto scaling, replicas.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from stj_audit.facts import (
    AutoScaling,
    ContributorInsights,
    Index,
    KinesisDestinations,
    MissingTable,
    Pitr,
    Table,
    TableFacts,
    Tags,
    TimeToLive,
)
from stj_audit.scanners import Aws, AwsOptions, open_session, tables, time_to_live
from tests.declared.reading import design_of, only
from tests.engines.dynamodb_local import REGION, DynamoDBLocal, fresh_name

FOLDER = Path(__file__).parent.parent / "templates"
CREATED_WITH = (  # the properties of AWS::DynamoDB::Table that CreateTable takes under the same name
    *(
        "AttributeDefinitions",
        "KeySchema",
        "BillingMode",
        "ProvisionedThroughput",
        "GlobalSecondaryIndexes",
        "LocalSecondaryIndexes",
    ),
    *("TableClass", "DeletionProtectionEnabled"),
)

Parameters = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A table of a file: by what name it is read, and what CreateTable makes the same of. `ttl` is the attribute, None: off."""

    file: str
    name: str
    create: Parameters
    ttl: str | None = None
    given: Mapping[str, str] = field(default_factory=dict)
    region: str = REGION

    def facts(self) -> TableFacts:
        design = design_of(FOLDER / self.file, region=self.region, **self.given)
        return next(one for one in design.snapshot.tables if one.table.name == self.name)


# ------------------------------------------------------------------------------------------------- the other route


def attributes(**types: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]


def key(partition: str, sort: str | None = None) -> list[dict[str, str]]:
    elements = [{"AttributeName": partition, "KeyType": "HASH"}]
    return elements if sort is None else [*elements, {"AttributeName": sort, "KeyType": "RANGE"}]


def units(read: int, write: int) -> dict[str, int]:
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}


def stream(view: str) -> dict[str, Any]:
    return {"StreamEnabled": True, "StreamViewType": view}


def as_they_are(file: str, *, parameters: Mapping[str, Any] | None = None) -> Iterator[Made]:
    """Each AWS::DynamoDB::Table of a file of JSON or YAML, of which nothing is worked out but a Ref to a parameter."""
    known = parameters or {}

    def resolved(node: dict[str, Any]) -> Any:
        return known.get(node["Ref"], node) if set(node) == {"Ref"} else node

    text = (FOLDER / file).read_text(encoding="utf-8")
    resources = json.loads(text, object_hook=resolved)["Resources"] if file.endswith(".json") else _yaml(text)["Resources"]
    for name, body in resources.items():
        if body["Type"] != "AWS::DynamoDB::Table":
            continue
        properties = body["Properties"]
        create = {member: properties[member] for member in CREATED_WITH if member in properties}
        if "StreamSpecification" in properties:
            create["StreamSpecification"] = stream(properties["StreamSpecification"]["StreamViewType"])
        ttl = properties.get("TimeToLiveSpecification", {}).get("AttributeName")
        yield Made(file=file, name=name, create=create, ttl=ttl)


def _yaml(text: str) -> Any:
    class Loader(yaml.SafeLoader):
        """One that lets tags be: what is tagged is no part of a table here."""

    Loader.add_multi_constructor("!", lambda _loader, _suffix, node: node.value)
    return yaml.load(text, Loader=Loader)


TITLE_INDEX = {
    "IndexName": "TitleIndex",
    "KeySchema": key("title", "age"),
    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["id"]},
}
ID_TITLE_AGE = attributes(id="N", title="S", age="N")
LSI = {"IndexName": "lsi", "KeySchema": key("pk", "sk"), "Projection": {"ProjectionType": "ALL"}}


def global_index(name: str, read: int) -> dict[str, Any]:
    whole = {"ProjectionType": "ALL"}
    return {"IndexName": name, "KeySchema": key("pk"), "Projection": whole, "ProvisionedThroughput": units(read, 1)}


def global_table(region: str, read: int, first_index: int, *, table_class: str) -> Made:
    return Made(
        file="cdk-global-table.json",
        name="my-global-table",
        region=region,
        ttl="attr",
        create={
            "AttributeDefinitions": attributes(pk="S", sk="N"),
            "KeySchema": key("pk", "sk"),
            "BillingMode": "PROVISIONED",
            "ProvisionedThroughput": units(read, 1),
            "GlobalSecondaryIndexes": [global_index("gsi1", first_index), global_index("gsi2", 10)],
            "LocalSecondaryIndexes": [LSI],
            "StreamSpecification": stream("NEW_AND_OLD_IMAGES"),
            "TableClass": table_class,
        },
    )


PUBLISHED = (
    *as_they_are("secondary-indexes.json", parameters={"ReadCapacityUnits": 5, "WriteCapacityUnits": 10}),
    *as_they_are("orders.yaml"),
    *as_they_are("cdk-tables.json"),
    *as_they_are("cdk-auto-scaling.json"),
    Made(
        file="named-key.yaml",
        name="myDynamoDBTable",
        given={"HashKeyElementName": "number", "HashKeyElementType": "N", "ReadCapacityUnits": "7"},
        create={
            "AttributeDefinitions": attributes(number="N"),
            "KeySchema": key("number"),
            "ProvisionedThroughput": units(7, 10),
        },
    ),
    Made(
        file="simple-tables.yaml",
        name="MinimalTable",
        create={"AttributeDefinitions": attributes(id="S"), "KeySchema": key("id"), "BillingMode": "PAY_PER_REQUEST"},
    ),
    Made(
        file="simple-tables.yaml",
        name="CompleteTable",
        create={
            "AttributeDefinitions": attributes(**{"member-number": "N"}),
            "KeySchema": key("member-number"),
            "ProvisionedThroughput": units(20, 10),
        },
    ),
    global_table("us-west-2", 10, 15, table_class="STANDARD"),
    global_table("us-east-1", 10, 10, table_class="STANDARD_INFREQUENT_ACCESS"),
    global_table("us-east-2", 5, 10, table_class="STANDARD_INFREQUENT_ACCESS"),
    Made(
        file="plan-auto-scaling.json",
        name="my-table-good-cat",
        create={
            "AttributeDefinitions": ID_TITLE_AGE,
            "KeySchema": key("id", "title"),
            "ProvisionedThroughput": units(5, 5),
            "GlobalSecondaryIndexes": [{**TITLE_INDEX, "ProvisionedThroughput": units(10, 10)}],
        },
    ),
    Made(
        file="plan-global-tables.json",
        name="module.dynamodb_table.aws_dynamodb_table.this[0]",
        create={
            "AttributeDefinitions": ID_TITLE_AGE,
            "KeySchema": key("id", "title"),
            "BillingMode": "PAY_PER_REQUEST",
            "GlobalSecondaryIndexes": [TITLE_INDEX],
            "StreamSpecification": stream("NEW_AND_OLD_IMAGES"),
        },
    ),
    *(
        Made(
            file="plan-encryption.json",
            name=name,
            region="us-east-1",
            create={
                "AttributeDefinitions": attributes(TestTableHashKey="S"),
                "KeySchema": key("TestTableHashKey"),
                "ProvisionedThroughput": units(1, 1),
            },
        )
        for name in ("invalid_dynamodb_table", "my_invalid_dynamodb_table", "valid_dynamodb_example")
    ),
)


# ------------------------------------------------------------------------------------------- against the engine


@pytest.fixture(scope="module")
def aws(dynamodb_local: DynamoDBLocal) -> Aws:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "local")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "local")
        return open_session(AwsOptions(region=REGION, endpoint_url=dynamodb_local.endpoint_url))


def test_there_are_at_least_eight_published_files() -> None:
    assert len({made.file for made in PUBLISHED}) >= 8
    assert {made.file for made in PUBLISHED} == {path.name for path in FOLDER.iterdir() if path.suffix in (".json", ".yaml")}


@pytest.mark.dynamodb_local
@pytest.mark.parametrize("made", PUBLISHED, ids=lambda made: f"{made.file}-{made.name}-{made.region}")
def test_what_is_read_is_what_the_engine_makes_of_it(made: Made, aws: Aws, dynamodb_local: DynamoDBLocal) -> None:
    name = fresh_name("declared")
    client = dynamodb_local.client()
    client.create_table(TableName=name, **made.create)
    if made.ttl is not None:
        client.update_time_to_live(TableName=name, TimeToLiveSpecification={"AttributeName": made.ttl, "Enabled": True})
    described = tables.read(aws, name)

    read = made.facts()

    stated = read.table.provisioned is not None
    assert comparable(read.table, stated=stated) == comparable(described, stated=stated)
    assert read.time_to_live == time_to_live.read(aws, name)


def comparable(table: Table, *, stated: bool) -> Any:
    """
    What both know of a table, without the order in which the engine tells indexes and projected attributes. `stated`: whether the definition
    gives the capacity.
    """
    return (
        table.billing_mode,
        table.key_schema,
        sorted((_index(one) for one in table.indexes), key=lambda one: one.name),
        table.provisioned if stated else None,
        table.on_demand_limit,
        table.stream_view_type,
        table.deletion_protection,
    )


def _index(index: Index) -> Index:
    return replace(
        index,
        non_key_attributes=tuple(sorted(index.non_key_attributes)),
        item_count=None,
        size_bytes=None,
        status="ACTIVE",
        warm_throughput=None,
    )


# ------------------------------------------------------------------------------------- what the engine does not know


def read(file: str, *, name: str | None = None, region: str = REGION) -> TableFacts:
    found = design_of(FOLDER / file, region=region).snapshot.tables
    return next(one for one in found if name in (None, one.table.name))


def test_a_key_without_a_default_leaves_the_table_unknown() -> None:
    (missing,) = design_of(FOLDER / "named-key.yaml").snapshot.missing

    assert isinstance(missing, MissingTable)
    assert "give --parameter HashKeyElementName=VALUE" in missing.unknown.reason


def test_the_tables_of_the_cdk() -> None:
    with_indexes = read("cdk-tables.json", name="TableWithGlobalAndLocalSecondaryIndexBC540710")
    with_key = read("cdk-tables.json", name="TableWithCustomerManagedKeyD5C58807")

    assert with_indexes.pitr == Pitr(enabled=True, recovery_period_days=35)
    assert with_indexes.tags == Tags(values={"Environment": "Production"})
    assert with_indexes.time_to_live == TimeToLive(enabled=True, attribute="timeToLive")
    assert (with_indexes.table.encryption.type, with_key.table.encryption.type) == ("KMS", "KMS")
    assert with_key.table.encryption.kms_key_arn is None
    assert with_key.pitr == Pitr(enabled=False)


def test_auto_scaling_of_the_cdk_and_of_terraform() -> None:
    targets: dict[str, list[Any]] = {}
    for file in ("cdk-auto-scaling.json", "plan-auto-scaling.json"):
        found = read(file).auto_scaling
        assert isinstance(found, AutoScaling)
        targets[file] = [
            (one.index, one.dimension, one.min_units, one.max_units, one.target_utilization_percent) for one in found.targets
        ]

    assert targets["cdk-auto-scaling.json"] == [(None, "read", 1, 50, 50)]
    assert targets["plan-auto-scaling.json"] == [
        (None, "read", 5, 10, 45),
        (None, "write", 5, 10, 45),
        ("TitleIndex", "read", 10, 30, 70),
        ("TitleIndex", "write", 10, 30, 70),
    ]


@pytest.mark.parametrize(
    ("region", "table_class", "insights", "streams"),
    [
        ("us-east-2", "STANDARD_INFREQUENT_ACCESS", [None, "gsi1"], False),
        ("us-west-2", "STANDARD", ["gsi2"], False),
        ("us-east-1", "STANDARD_INFREQUENT_ACCESS", [None, "gsi1", "gsi2"], True),
    ],
)
def test_a_global_table_in_each_of_its_regions(region: str, table_class: str, insights: list[str | None], *, streams: bool) -> None:
    facts = read("cdk-global-table.json", region=region)

    assert facts.table.table_class == table_class
    assert isinstance(facts.contributor_insights, ContributorInsights)
    assert [one.index for one in facts.contributor_insights.settings if one.enabled] == insights
    assert isinstance(facts.kinesis_destinations, KinesisDestinations)
    assert facts.kinesis_destinations.active is streams
    assert [one.region for one in facts.table.replicas] == ["us-east-2", "us-west-2", "us-east-1"]
    assert facts.table.encryption.type == "KMS"
    assert facts.pitr == Pitr(enabled=True, recovery_period_days=35)


def test_a_plan_tells_what_is_configured_from_what_is_left_to_aws() -> None:
    encryption = {
        one.table.name: one.table.encryption.type
        for one in design_of(FOLDER / "plan-encryption.json", region="us-east-1").snapshot.tables
    }

    assert encryption == {
        "invalid_dynamodb_table": "AWS_OWNED",
        "my_invalid_dynamodb_table": "AWS_OWNED",
        "valid_dynamodb_example": "KMS",
    }
    assert only(design_of(FOLDER / "plan-encryption.json", patterns=["valid*"], region="us-east-1")).pitr == Pitr(enabled=False)


def test_a_replica_of_terraform_and_tags_that_are_partly_known() -> None:
    facts = read("plan-global-tables.json")

    assert [one.region for one in facts.table.replicas] == ["eu-west-2"]
    assert facts.tags == Tags(values={"Environment": "staging", "Terraform": "true", "Name": "not known before deployment"})
    assert facts.table.encryption.type == "KMS"


def test_what_a_sam_application_keeps_elsewhere_is_told() -> None:
    notes = design_of(FOLDER / "orders.yaml").snapshot.notes

    assert any("nested stacks, give their templates too" in note and "DeadLetterQueue" in note for note in notes)
