"""Whatever is written where: a design, or one sentence."""

import json
from collections.abc import Iterator
from copy import deepcopy
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
from stj_audit.facts import ResourcePolicy, Tags
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


def whole_plan() -> dict[str, Any]:
    """A plan with something at each place that is read."""
    refers = {
        name: {"references": [f"{ADDRESS}.arn", ADDRESS]} for name in ("resource_arn", "global_table_arn", "table_name", "name")
    }
    alarm = {"metric_query": [{"id": "m", "metric": [{"namespace": "AWS/DynamoDB", "dimensions": {"TableName": "orders"}}]}]}
    index = {"index_name": "by", "key_schema": [{"attribute_name": "b", "attribute_type": "S", "key_type": "HASH"}]}
    beside: dict[str, dict[str, Any]] = {
        "aws_dynamodb_resource_policy": {"policy": '{"Statement": []}'},
        "aws_dynamodb_table_replica": {"region": "us-east-1"},
        "aws_dynamodb_global_secondary_index": {**index, "projection": [{"projection_type": "ALL"}]},
        "aws_dynamodb_contributor_insights": {"index_name": "by"},
        "aws_dynamodb_kinesis_streaming_destination": {"stream_arn": "x"},
        "aws_dynamodb_tag": {"key": "a", "value": "b"},
        "aws_dynamodb_global_table": {"replica": [{"region_name": "us-east-1"}]},
        "aws_appautoscaling_target": {"service_namespace": "dynamodb", "resource_id": "table/orders"},
        "aws_cloudwatch_metric_alarm": alarm,
        "awscc_dynamodb_table": {"table_name": "cc"},
    }
    inner = {"resources": [{"address": "aws_x.y", "expressions": refers}], "outputs": {"o": {"expression": {}}}, "module_calls": {}}
    listed = [
        {"address": f"{kind}.b", "provider_config_key": "aws", "expressions": refers} for kind in (*beside, "aws_dynamodb_table")
    ]
    later = {
        "address": "aws_dynamodb_table.c",
        "type": "aws_dynamodb_table",
        "change": {"actions": ["create"], "after": {"name": "c"}},
    }
    return {
        "planned_values": {
            "root_module": {
                "resources": [
                    resource(ADDRESS, "aws_dynamodb_table", {**VALUES, "region": "eu-north-1", "arn": "a"}),
                    *(resource(f"{kind}.b", kind, values) for kind, values in beside.items()),
                ],
                "child_modules": [{"resources": [], "child_modules": []}],
            }
        },
        "resource_changes": [
            {
                "address": f"{kind}.b",
                "change": {"after_unknown": {"resource_arn": True, "global_table_arn": True, "table_name": True}},
            }
            for kind in beside
        ],
        "deferred_changes": [{"reason": "x", "resource_change": later}],
        "configuration": {
            "provider_config": {"aws": {"name": "aws", "expressions": {"region": {"references": ["var.of.region", "var.of"]}}}},
            "root_module": {"resources": listed, "module_calls": {"m": {"expressions": refers, "module": inner}}, "outputs": {}},
        },
        "variables": {"of": {"value": {"region": "eu-north-1"}}},
        "relevant_attributes": [{"resource": ADDRESS, "attribute": ["arn"]}],
        "output_changes": {"o": {"after_unknown": True}},
        "complete": True,
        "errored": False,
    }


def places(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a value, but for the value itself."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*at, key)
        yield from places(one, (*at, key))


STRAY: st.SearchStrategy[Any] = ANY_BLOCK | st.sampled_from(
    (None, True, 0, "x", [], {}, [None], [[]], {"x": None}, {"constant_value": []}, {"references": [1]})
)


@settings(max_examples=600)
@given(st.sampled_from(sorted(places(whole_plan()), key=str)), STRAY)
def test_whatever_is_at_one_place_of_a_plan(place: tuple[str | int, ...], value: Any) -> None:
    plan: Any = deepcopy(whole_plan())
    holder = plan
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = value
    read(plan)


def test_the_plan_of_these_tests_is_read() -> None:
    source = Source(shown="t.json", document=whole_plan(), lines={}, text="")
    found = read_design([source], given={}, region="eu-north-1", patterns=(), now=datetime(2026, 1, 1, tzinfo=UTC)).snapshot
    (facts,) = found.tables
    assert [one.name for one in found.missing] == ["awscc_dynamodb_table.b", "c"]
    assert ([one.name for one in facts.table.indexes], [one.region for one in facts.table.replicas]) == (["by"], ["us-east-1"])
    assert isinstance(facts.resource_policy, ResourcePolicy)
    assert facts.tags == Tags(values={"a": "b"})


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
