"""Whatever is written where: a design, or one sentence."""

import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from stj_audit.declared.reading import read_design
from stj_audit.declared.source import Source, read_source
from stj_audit.errors import AuditError
from tests.declared.reading import ADDRESS, VALUES, a_table, design_of, resource

pytestmark = pytest.mark.slow

PROPERTIES = (
    *("TableName", "AttributeDefinitions", "KeySchema", "BillingMode", "TableClass", "ProvisionedThroughput", "Tags", "Replicas"),
    *("GlobalSecondaryIndexes", "LocalSecondaryIndexes", "StreamSpecification", "SSESpecification", "OnDemandThroughput"),
    *("PointInTimeRecoverySpecification", "TimeToLiveSpecification", "ContributorInsightsSpecification", "ResourcePolicy"),
    *(
        "KinesisStreamSpecification",
        "DeletionProtectionEnabled",
        "WarmThroughput",
        "PrimaryKey",
        "ReadProvisionedThroughputSettings",
    ),
    *("WriteProvisionedThroughputSettings", "MultiRegionConsistency", "VectorIndexes"),
)
MEMBERS = (
    *("IndexName", "KeySchema", "Projection", "ProjectionType", "NonKeyAttributes", "AttributeName", "AttributeType", "KeyType"),
    *("Enabled", "SSEEnabled", "StreamViewType", "PolicyDocument", "Statement", "Principal", "ReadCapacityUnits", "Region", "Key"),
    *("ReadCapacityAutoScalingSettings", "MinCapacity", "MaxCapacity", "Ref", "Fn::If", "Fn::GetAtt", "Name", "Type"),
    *("RecoveryPeriodInDays", "PointInTimeRecoveryEnabled", "GlobalSecondaryIndexes"),
)
LEAVES = (
    st.none() | st.booleans() | st.integers(-1, 99) | st.sampled_from(("id", "S", "HASH", "ALL", "INCLUDE", "Open", "*", "x", ""))
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=3),
    max_leaves=8,
)
BLOCKS = (
    *VALUES,
    "range_key",
    "point_in_time_recovery",
    "server_side_encryption",
    "tags",
    "on_demand_throughput",
    "warm_throughput",
)
IN_BLOCKS = (
    *(
        "name",
        "hash_key",
        "range_key",
        "key_schema",
        "attribute_name",
        "key_type",
        "projection_type",
        "non_key_attributes",
        "enabled",
    ),
    *("region_name", "read_capacity", "max_read_request_units", "type", "consistency_mode"),
)
ANY_BLOCK = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(IN_BLOCKS), inner, max_size=3), max_leaves=8
)


def read(document: Any) -> None:
    source = Source(shown="t.json", document=document, lines={}, text=json.dumps(document))
    said = ""
    try:
        design = read_design([source], given={}, region="eu-north-1", patterns=(), now=datetime(2026, 1, 1, tzinfo=UTC))
    except AuditError as error:
        said = str(error)
    if said:
        assert "\n" not in said
    else:  # one answer for each table: its facts, or why they are not known
        assert len(design.snapshot.tables) + len(design.snapshot.missing) == len(design.sources)


@settings(max_examples=400)
@given(
    st.dictionaries(st.sampled_from(PROPERTIES), ANYTHING, max_size=4),
    st.sampled_from(("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::Serverless::SimpleTable")),
)
def test_whatever_the_properties_of_a_template_are(properties: dict[str, Any], kind: str) -> None:
    table = {**a_table(Replicas=[{"Region": "eu-north-1"}]), "Type": kind}
    read(
        {
            "Parameters": {"Open": {"Type": "String"}},
            "Resources": {"T": {**table, "Properties": {**table["Properties"], **properties}}},
        }
    )


@settings(max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from(("ServiceNamespace", "ResourceId", "ScalableDimension", "MinCapacity", "MaxCapacity")), ANYTHING
    ),
    st.dictionaries(st.sampled_from(("Namespace", "MetricName", "Dimensions", "Metrics", "Period", "AlarmActions")), ANYTHING),
    st.dictionaries(st.sampled_from(("ScalingTargetId", "TargetTrackingScalingPolicyConfiguration", "ResourceId")), ANYTHING),
)
def test_whatever_surrounds_a_table_of_a_template(target: dict[str, Any], alarm: dict[str, Any], policy: dict[str, Any]) -> None:
    scaled = {"ServiceNamespace": "dynamodb", "ResourceId": "table/orders", "ScalableDimension": "dynamodb:table:ReadCapacityUnits"}
    watched = {"Namespace": "AWS/DynamoDB", "MetricName": "ReadThrottleEvents"}
    read(
        {
            "Resources": {
                "T": a_table(),
                "S": {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {**scaled, **target}},
                "P": {"Type": "AWS::ApplicationAutoScaling::ScalingPolicy", "Properties": {**scaled, **policy}},
                "A": {"Type": "AWS::CloudWatch::Alarm", "Properties": {**watched, **alarm}},
            }
        }
    )


BODIES = st.sampled_from(
    (
        a_table(),
        {"Type": "AWS::CloudWatch::Alarm", "Condition": "Mine"},
        {"Type": "AWS::CloudFormation::Stack"},
        {"Type": "Custom::DynamoDBReplica", "Properties": {"TableName": "orders", "Region": {"Ref": "Open"}}},
        {"Fn::Transform": {"Name": "x"}},
    )
)
COLLECTIONS = st.sampled_from((["A", "B"], {"Ref": "Open"}, "A", [], [["A"]]))
LOOPS = st.recursive(
    st.tuples(st.just("X"), COLLECTIONS, st.dictionaries(st.sampled_from(("T${X}", "U")), BODIES | ANYTHING, max_size=2)),
    lambda inner: st.tuples(st.sampled_from("YZ"), COLLECTIONS, st.dictionaries(st.just("Fn::ForEach::I"), inner, max_size=1)),
    max_leaves=3,
)


@settings(max_examples=200)
@given(LOOPS.map(list) | ANYTHING, BODIES | ANYTHING, st.dictionaries(st.sampled_from(("Mine", "Fn::ForEach::C")), ANYTHING))
def test_whatever_is_repeated_beside_a_table(loop: Any, beside: Any, conditions: Any) -> None:
    loop = json.loads(json.dumps(loop))  # lists for tuples
    resources = {"T": a_table(), "Beside": beside, "Fn::ForEach::L": loop}
    read({"Parameters": {"Open": {"Type": "String"}}, "Conditions": conditions, "Resources": resources})


@settings(max_examples=400)
@given(
    st.dictionaries(st.sampled_from(BLOCKS), ANY_BLOCK, max_size=4),
    st.dictionaries(st.sampled_from(BLOCKS), st.just(True) | ANY_BLOCK, max_size=3),
)
def test_whatever_the_values_of_a_plan_are(values: dict[str, Any], unknown: dict[str, Any]) -> None:
    read(
        {
            "planned_values": {"root_module": {"resources": [resource(ADDRESS, "aws_dynamodb_table", {**VALUES, **values})]}},
            "resource_changes": [{"address": ADDRESS, "change": {"after_unknown": unknown}}],
        }
    )


@settings(max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from(("service_namespace", "resource_id", "scalable_dimension", "min_capacity")), ANY_BLOCK, max_size=2
    ),
    st.dictionaries(st.sampled_from(("resource_id", "target_tracking_scaling_policy_configuration")), ANY_BLOCK, max_size=2),
    st.dictionaries(st.sampled_from(("namespace", "metric_name", "dimensions", "period", "alarm_actions")), ANY_BLOCK, max_size=2),
)
def test_whatever_surrounds_a_table_of_a_plan(target: dict[str, Any], policy: dict[str, Any], alarm: dict[str, Any]) -> None:
    scaled = {
        "service_namespace": "dynamodb",
        "resource_id": "table/orders",
        "scalable_dimension": "dynamodb:table:ReadCapacityUnits",
    }
    watched = {"namespace": "AWS/DynamoDB", "metric_name": "ReadThrottleEvents", "dimensions": {"TableName": "orders"}}
    resources = [
        resource(ADDRESS, "aws_dynamodb_table", VALUES),
        resource("t", "aws_appautoscaling_target", {**scaled, "min_capacity": 1, "max_capacity": 2, **target}),
        resource("p", "aws_appautoscaling_policy", {**scaled, **policy}),
        resource("a", "aws_cloudwatch_metric_alarm", {**watched, **alarm}),
    ]
    read({"planned_values": {"root_module": {"resources": resources}}})


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(MEMBERS), ANYTHING, max_size=3))
def test_a_template_means_the_same_in_yaml(value: Any) -> None:
    tags = [{"Key": "x", "Value": "012"}, {"Key": "yes", "Value": "2026-11-22"}]  # which YAML would take for other than text
    table = a_table(TimeToLiveSpecification={"AttributeName": "ttl", "Enabled": True}, Tags=tags)
    document = {"Metadata": value, "Resources": {"T": table}}

    with TemporaryDirectory() as folder:
        as_json, as_yaml = Path(folder) / "template.json", Path(folder) / "template.yaml"
        as_json.write_text(json.dumps(document), encoding="utf-8")
        as_yaml.write_text(yaml.safe_dump(document), encoding="utf-8")

        assert read_source(as_yaml).document == read_source(as_json).document == document
        assert design_of(as_yaml).snapshot.tables == design_of(as_json).snapshot.tables
