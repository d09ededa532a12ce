"""DescribeTable, whole: what AWS leaves out has a meaning, and nothing that it says is dropped."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from stj_audit.aws_failures import BrokenAnswer
from stj_audit.facts import Encryption, KeyAttribute, Replica, Throughput
from stj_audit.scanners import Aws, tables
from tests.scanners.answers import REGION, answer, answer_with, client, create_table


def description(**fields: Any) -> dict[str, Any]:
    smallest = {
        "TableName": "orders",
        "TableArn": "arn:aws:dynamodb:eu-north-1:123456789012:table/orders",
        "TableStatus": "ACTIVE",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    }
    return smallest | fields


def test_what_aws_leaves_out_has_a_meaning() -> None:
    table = tables.parse(
        description(ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}, LocalSecondaryIndexes=[]),
        region=REGION,
    )
    assert table.billing_mode == "PROVISIONED"
    assert table.provisioned == Throughput(read_units=5, write_units=6)
    assert table.table_class == "STANDARD"
    assert table.encryption == Encryption(type="AWS_OWNED")
    assert table.on_demand_limit is None
    assert table.warm_throughput is None
    assert table.deletion_protection is False
    assert (table.stream_view_type, table.stream_label) == (None, None)
    assert (table.created_at, table.item_count, table.size_bytes) == (None, None, None)
    assert (len(table.indexes), len(table.replicas), len(table.unaudited)) == (0, 0, 0)
    assert table.region == REGION


def test_on_demand_has_no_provisioned_units_though_aws_says_zero() -> None:
    zeros = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
    index = {
        "IndexName": "by-id",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
        "ProvisionedThroughput": zeros,
    }
    table = tables.parse(
        description(
            BillingModeSummary={"BillingMode": "PAY_PER_REQUEST"}, ProvisionedThroughput=zeros, GlobalSecondaryIndexes=[index]
        ),
        region=REGION,
    )
    assert table.billing_mode == "PAY_PER_REQUEST"
    assert table.provisioned is None
    assert table.indexes[0].provisioned is None


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ({"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": -1}, None),
        ({"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": -1}, Throughput(read_units=100, write_units=None)),
        ({"MaxWriteRequestUnits": 7}, Throughput(read_units=None, write_units=7)),
        ({}, None),
    ],
)
def test_minus_one_is_no_limit(limit: dict[str, int], expected: Throughput | None) -> None:
    assert tables.parse(description(OnDemandThroughput=limit), region=REGION).on_demand_limit == expected


def test_an_index_key_of_four_and_four_attributes_keeps_them_all_in_order() -> None:
    names = [f"a{number}" for number in range(8)]
    schema = [{"AttributeName": name, "KeyType": "HASH" if place < 4 else "RANGE"} for place, name in enumerate(names)]
    table = tables.parse(
        description(
            AttributeDefinitions=[
                {"AttributeName": "id", "AttributeType": "S"},
                *({"AttributeName": name, "AttributeType": "SNB"[place % 3]} for place, name in enumerate(names)),
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "wide",
                    "KeySchema": schema,
                    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x", "y"]},
                    "IndexStatus": "CREATING",
                    "Backfilling": True,
                    "ItemCount": 3,
                    "IndexSizeBytes": 300,
                    "WarmThroughput": {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000},
                    "OnDemandThroughput": {"MaxReadRequestUnits": 9, "MaxWriteRequestUnits": 8},
                }
            ],
        ),
        region=REGION,
    )
    [index] = table.global_indexes
    assert index.hash_attributes == ("a0", "a1", "a2", "a3")
    assert index.range_attributes == ("a4", "a5", "a6", "a7")
    assert index.key_schema[1] == KeyAttribute(attribute="a1", type="N", role="HASH")
    assert (index.projection, index.non_key_attributes) == ("INCLUDE", ("x", "y"))
    assert (index.status, index.backfilling, index.item_count, index.size_bytes) == ("CREATING", True, 3, 300)
    assert index.warm_throughput == Throughput(read_units=12000, write_units=4000)
    assert index.on_demand_limit == Throughput(read_units=9, write_units=8)


def test_everything_else_that_is_said() -> None:
    oslo = timezone(timedelta(hours=1))
    table = tables.parse(
        description(
            TableStatus="UPDATING",
            CreationDateTime=datetime(2025, 1, 1, 1, tzinfo=oslo),
            ItemCount=10,
            TableSizeBytes=1_000,
            TableClassSummary={"TableClass": "STANDARD_INFREQUENT_ACCESS"},
            DeletionProtectionEnabled=True,
            SSEDescription={"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": "arn:aws:kms:eu-north-1:1:key/k"},
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
            LatestStreamLabel="2025-02-03T04:05:06.789",
            Replicas=[{"RegionName": "eu-west-1", "ReplicaStatus": "ACTIVE"}],
            GlobalTableVersion="2019.11.21",
            WarmThroughput={"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"},
            MultiRegionConsistency="STRONG",
            VectorIndexes=[{"IndexName": "v"}],
            LocalSecondaryIndexes=[
                {
                    "IndexName": "local",
                    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                    "ItemCount": 1,
                    "IndexSizeBytes": 100,
                }
            ],
        ),
        region=REGION,
    )
    assert table.status == "UPDATING"
    assert table.created_at == datetime(2025, 1, 1, tzinfo=UTC)
    assert table.created_at.tzinfo is UTC
    assert (table.item_count, table.size_bytes) == (10, 1_000)
    assert table.table_class == "STANDARD_INFREQUENT_ACCESS"
    assert table.deletion_protection is True
    assert table.encryption == Encryption(type="KMS", kms_key_arn="arn:aws:kms:eu-north-1:1:key/k")
    assert (table.stream_view_type, table.stream_label) == ("NEW_IMAGE", "2025-02-03T04:05:06.789")
    assert table.stream_enabled_at == datetime(2025, 2, 3, 4, 5, 6, 789_000, tzinfo=UTC)
    assert table.replicas == (Replica(region="eu-west-1", status="ACTIVE"),)
    assert table.global_table_version == "2019.11.21"
    assert table.warm_throughput == Throughput(read_units=12000, write_units=4000)
    assert table.unaudited == ("vector indexes", "multi-Region strong consistency")
    [local] = table.local_indexes
    assert (local.name, local.status, local.provisioned) == ("local", "ACTIVE", None)


def test_a_stream_that_was_turned_off_is_off() -> None:
    table = tables.parse(
        description(StreamSpecification={"StreamEnabled": False}, LatestStreamLabel="2025-02-03T04:05:06.789"), region=REGION
    )
    assert (table.stream_view_type, table.stream_label, table.stream_enabled_at) == (None, None, None)


def test_a_description_without_a_key_is_a_broken_answer(aws: Aws) -> None:
    answer_with(aws.dynamodb, "dynamodb.DescribeTable", lambda: answer({"Table": {"TableName": "orders"}}))
    with pytest.raises(BrokenAnswer, match="DescribeTable"):
        tables.read(aws, "orders")


def test_lists_every_page(aws: Aws) -> None:
    for number in range(105):
        create_table(f"t-{number:03}")
    assert sorted(tables.list_names(aws)) == [f"t-{number:03}" for number in range(105)]


def test_reads_a_table_from_an_engine(aws: Aws) -> None:
    create_table(
        DeletionProtectionEnabled=True,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        SSESpecification={"Enabled": True, "SSEType": "KMS"},
    )
    table = tables.read(aws, "orders")
    assert (table.name, table.billing_mode, table.item_count) == ("orders", "PAY_PER_REQUEST", 0)
    assert table.key_schema == (KeyAttribute(attribute="id", type="S", role="HASH"),)
    assert table.deletion_protection is True
    assert table.stream_view_type == "KEYS_ONLY"
    assert table.stream_enabled_at is not None
    assert table.stream_label == client("dynamodb").describe_table(TableName="orders")["Table"]["LatestStreamLabel"]
    assert table.encryption.type == "KMS"


def test_a_table_that_only_counts_the_users_is_described_alone(aws: Aws) -> None:
    create_table("users")
    assert tables.count_items(aws, "users") is None  # it has none
    for number in range(3):
        client("dynamodb").put_item(TableName="users", Item={"id": {"S": str(number)}})
    assert tables.count_items(aws, "users") == 3
    assert tables.count_items(aws, "there-is-none") is None


@pytest.mark.parametrize(
    "other",
    [
        {"TableName": "payments", "TableArn": "arn:aws:dynamodb:eu-north-1:123456789012:table/payments"},
        {"TableArn": "arn:aws:dynamodb:eu-north-1:123456789012:table/payments"},
        {"TableArn": "arn:aws:dynamodb:eu-north-1:123456789012:table/my.orders/index/orders"},
    ],
)
def test_a_description_of_another_table_is_a_broken_answer(aws: Aws, other: dict[str, str]) -> None:
    answer_with(aws.dynamodb, "dynamodb.DescribeTable", lambda: answer({"Table": description(**other)}))
    with pytest.raises(BrokenAnswer, match="DescribeTable"):
        tables.read(aws, "orders")


@pytest.mark.parametrize("lacking", [{"KeySchema": None}, {"AttributeDefinitions": None}, {"GlobalSecondaryIndexes": [{}]}])
def test_a_description_without_what_every_table_has_is_a_broken_answer(aws: Aws, lacking: dict[str, Any]) -> None:
    answer_with(aws.dynamodb, "dynamodb.DescribeTable", lambda: answer({"Table": description(**lacking)}))
    with pytest.raises(BrokenAnswer, match="DescribeTable"):
        tables.read(aws, "orders")
