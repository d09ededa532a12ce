"""CloudFormation and SAM: each property, each default, and what is not known before deployment."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from stj_audit.errors import ConfigError, NoTables
from stj_audit.facts import (
    AlarmMetric,
    Alarms,
    AutoScaling,
    ContributorInsights,
    KinesisDestinations,
    MissingTable,
    Pitr,
    ResourcePolicy,
    ScalableTarget,
    Tags,
    Throughput,
    TimeToLive,
    Unknown,
)
from tests.declared.reading import a_table, design_of, only, read_resources, read_text

TWO_KEYS = {
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": kind} for name, kind in (("id", "S"), ("at", "N"), ("by", "B"))
    ],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
}


def test_what_is_left_out_has_the_default_of_cloudformation(tmp_path: Path) -> None:
    facts = only(
        read_resources(tmp_path, {"T": a_table(ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": "6"})})
    )

    table = facts.table
    assert (table.name, table.billing_mode, table.table_class) == ("orders", "PROVISIONED", "STANDARD")
    assert table.provisioned == Throughput(read_units=5, write_units=6)
    assert table.deletion_protection is False
    assert table.encryption.type == "AWS_OWNED"
    assert (table.stream_view_type, table.on_demand_limit, table.warm_throughput, table.replicas) == (None, None, None, ())
    assert table.defined_in == "CloudFormation"
    assert facts.pitr == Pitr(enabled=False)
    assert facts.time_to_live == TimeToLive(enabled=False)
    assert facts.auto_scaling == AutoScaling(targets=())
    assert facts.kinesis_destinations == KinesisDestinations(destinations=())
    assert facts.resource_policy == ResourcePolicy(statements=0, open_to_anyone=False)
    assert isinstance(facts.contributor_insights, ContributorInsights)
    assert not facts.contributor_insights.enabled(None)


def test_what_no_template_tells_is_not_known_and_not_zero(tmp_path: Path) -> None:
    facts = only(read_resources(tmp_path, {"T": a_table()}))

    assert (facts.table.item_count, facts.table.size_bytes, facts.table.created_at) == (None, None, None)
    for fact in (
        *(facts.items, facts.traffic, facts.operations, facts.on_demand_backups, facts.recovery_points, facts.protected_resource),
        *(facts.hot_keys, facts.quotas, facts.region_tables, facts.account_capacity, facts.tags, facts.alarms),
    ):
        assert isinstance(fact, Unknown)
        assert fact.is_not_deployed


def test_every_property_of_a_table(tmp_path: Path) -> None:
    facts = only(
        read_resources(
            tmp_path,
            {
                "T": a_table(
                    **TWO_KEYS,
                    BillingMode="PAY_PER_REQUEST",
                    TableClass="STANDARD_INFREQUENT_ACCESS",
                    DeletionProtectionEnabled=True,
                    OnDemandThroughput={"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": -1},
                    WarmThroughput={"ReadUnitsPerSecond": 15_000, "WriteUnitsPerSecond": 5_000},
                    StreamSpecification={"StreamViewType": "NEW_IMAGE"},
                    SSESpecification={"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]}},
                    TimeToLiveSpecification={"AttributeName": "ttl", "Enabled": "true"},
                    PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7},
                    ContributorInsightsSpecification={"Enabled": True, "Mode": "THROTTLED_KEYS"},
                    KinesisStreamSpecification={"StreamArn": {"Fn::GetAtt": ["Stream", "Arn"]}},
                    Tags=[{"Key": "env", "Value": "dev"}],
                    ResourcePolicy={
                        "PolicyDocument": {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "dynamodb:*"}]}
                    },
                    GlobalSecondaryIndexes=[
                        {
                            "IndexName": "by",
                            "KeySchema": [{"AttributeName": "by", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
                            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a", "b"]},
                            "OnDemandThroughput": {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20},
                        }
                    ],
                    LocalSecondaryIndexes=[
                        {
                            "IndexName": "local",
                            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "by", "KeyType": "RANGE"}],
                            "Projection": {"ProjectionType": "KEYS_ONLY"},
                        }
                    ],
                )
            },
        )
    )

    table = facts.table
    assert [(one.attribute, one.type, one.role) for one in table.key_schema] == [("id", "S", "HASH"), ("at", "N", "RANGE")]
    by, local = table.indexes
    assert (by.kind, by.hash_attributes, by.range_attributes) == ("GSI", ("by",), ("at",))
    assert (by.projection, by.non_key_attributes) == ("INCLUDE", ("a", "b"))
    assert by.on_demand_limit == Throughput(read_units=10, write_units=20)
    assert (local.kind, local.range_attributes, local.projection) == ("LSI", ("by",), "KEYS_ONLY")
    assert (table.billing_mode, table.table_class, table.provisioned) == ("PAY_PER_REQUEST", "STANDARD_INFREQUENT_ACCESS", None)
    assert table.on_demand_limit == Throughput(read_units=100, write_units=None)
    assert table.warm_throughput == Throughput(read_units=15_000, write_units=5_000)
    assert (table.deletion_protection, table.encryption.type, table.stream_view_type) == (True, "KMS", "NEW_IMAGE")
    assert facts.pitr == Pitr(enabled=True, recovery_period_days=7)
    assert facts.time_to_live == TimeToLive(enabled=True, attribute="ttl")
    assert facts.tags == Tags(values={"env": "dev"})
    assert facts.resource_policy == ResourcePolicy(statements=1, open_to_anyone=True)
    assert isinstance(facts.contributor_insights, ContributorInsights)
    assert facts.contributor_insights.enabled(None)
    assert not facts.contributor_insights.enabled("by")
    assert isinstance(facts.kinesis_destinations, KinesisDestinations)
    assert facts.kinesis_destinations.active


def test_pitr_is_kept_for_35_days_unless_it_says_otherwise(tmp_path: Path) -> None:
    on = {"PointInTimeRecoveryEnabled": True}

    assert only(read_resources(tmp_path, {"T": a_table(PointInTimeRecoverySpecification=on)})).pitr == Pitr(
        enabled=True, recovery_period_days=35
    )


def test_a_new_table_on_demand_is_warm_for_what_aws_gives_it(tmp_path: Path) -> None:
    assert only(read_resources(tmp_path, {"T": a_table(BillingMode="PAY_PER_REQUEST")})).table.warm_throughput == Throughput(
        read_units=12_000, write_units=4_000
    )


def test_a_key_of_an_index_may_have_several_attributes(tmp_path: Path) -> None:
    several = {
        "IndexName": "many",
        "KeySchema": [{"AttributeName": name, "KeyType": role} for name, role in (("id", "HASH"), ("by", "HASH"), ("at", "RANGE"))],
        "Projection": {"ProjectionType": "ALL"},
    }
    (index,) = only(read_resources(tmp_path, {"T": a_table(**TWO_KEYS, GlobalSecondaryIndexes=[several])})).table.indexes

    assert (index.hash_attributes, index.range_attributes) == (("id", "by"), ("at",))


# ---------------------------------------------------------------------------------------------------------------- SAM


def test_a_simple_table_is_on_demand_with_a_key_id(tmp_path: Path) -> None:
    facts = only(read_text(tmp_path, "Resources:\n  Things:\n    Type: AWS::Serverless::SimpleTable\n"))

    assert (facts.table.name, facts.table.billing_mode) == ("Things", "PAY_PER_REQUEST")
    assert [(one.attribute, one.type, one.role) for one in facts.table.key_schema] == [("id", "S", "HASH")]


def test_a_simple_table_as_it_is_said(tmp_path: Path) -> None:
    facts = only(
        read_text(
            tmp_path,
            """
Globals:
  SimpleTable:
    SSESpecification: {SSEEnabled: true}
Resources:
  Things:
    Type: AWS::Serverless::SimpleTable
    Properties:
      TableName: things
      PrimaryKey: {Name: number, Type: Number}
      ProvisionedThroughput: {ReadCapacityUnits: 3, WriteCapacityUnits: 4}
      Tags: {team: a}
""",
        )
    )

    assert [(one.attribute, one.type) for one in facts.table.key_schema] == [("number", "N")]
    assert (facts.table.billing_mode, facts.table.provisioned) == ("PROVISIONED", Throughput(read_units=3, write_units=4))
    assert facts.table.encryption.type == "KMS"
    assert facts.tags == Tags(values={"team": "a"})


# ------------------------------------------------------------------------------------------------------- global tables


def a_global_table(**properties: Any) -> dict[str, Any]:
    plain = {
        **a_table()["Properties"],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
        "Replicas": [
            {"Region": "us-east-1", "DeletionProtectionEnabled": True},
            {
                "Region": "eu-north-1",
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                "TableClass": "STANDARD_INFREQUENT_ACCESS",
                "Tags": [{"Key": "where", "Value": "north"}],
            },
        ],
    }
    return {"Type": "AWS::DynamoDB::GlobalTable", "Properties": {**plain, **properties}}


def test_a_global_table_is_the_one_in_the_region_of_the_audit(tmp_path: Path) -> None:
    facts = only(read_resources(tmp_path, {"T": a_global_table()}))

    assert [one.region for one in facts.table.replicas] == ["us-east-1", "eu-north-1"]
    assert facts.table.global_table_version == "2019.11.21"
    assert facts.table.deletion_protection is False
    assert facts.table.table_class == "STANDARD_INFREQUENT_ACCESS"
    assert facts.pitr == Pitr(enabled=True, recovery_period_days=35)
    assert facts.tags == Tags(values={"where": "north"})


def test_elsewhere_it_is_the_first_replica_and_that_is_told(tmp_path: Path) -> None:
    read_resources(tmp_path, {"T": a_global_table()})
    design = design_of(tmp_path / "template.json", region="eu-west-1")

    assert only(design).table.deletion_protection is True
    assert "T has no replica in eu-west-1: what is set for each replica is that of us-east-1" in design.snapshot.notes


def test_one_replica_is_no_global_table_to_pay_for(tmp_path: Path) -> None:
    facts = only(read_resources(tmp_path, {"T": a_global_table(Replicas=[{"Region": "eu-north-1"}])}))

    assert facts.table.replicas == ()


def test_capacity_of_a_global_table_is_auto_scaled_by_its_own_properties(tmp_path: Path) -> None:
    scaling = {"MinCapacity": 5, "MaxCapacity": 50, "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70}}
    reads = {"ReadProvisionedThroughputSettings": {"ReadCapacityUnits": 9}}
    table = a_global_table(
        BillingMode="PROVISIONED",
        WriteProvisionedThroughputSettings={"WriteCapacityAutoScalingSettings": scaling},
        Replicas=[
            {"Region": "eu-north-1", **reads, "GlobalSecondaryIndexes": [{"IndexName": "by", **reads}]},
            {"Region": "us-east-1", **reads},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by",
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
                "WriteProvisionedThroughputSettings": {"WriteCapacityAutoScalingSettings": scaling},
            }
        ],
    )

    facts = only(read_resources(tmp_path, {"T": table}))

    assert facts.table.provisioned == Throughput(read_units=9, write_units=5)
    assert facts.table.indexes[0].provisioned == Throughput(read_units=9, write_units=5)
    assert facts.auto_scaling == AutoScaling(
        targets=tuple(
            ScalableTarget(index=index, dimension="write", min_units=5, max_units=50, target_utilization_percent=Decimal(70))
            for index in (None, "by")
        )
    )


def test_the_replicas_that_the_cdk_makes_by_itself(tmp_path: Path) -> None:
    replica = {"Type": "Custom::DynamoDBReplica", "Properties": {"TableName": {"Ref": "T"}, "Region": "us-east-1"}}

    assert [one.region for one in only(read_resources(tmp_path, {"T": a_table(), "R": replica})).table.replicas] == [
        "eu-north-1",
        "us-east-1",
    ]


# ------------------------------------------------------------------------------------------- auto scaling and alarms


def scaling(**properties: Any) -> dict[str, Any]:
    target = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": {"Fn::Join": ["", ["table/", {"Ref": "T"}, "/index/by"]]},
        "ScalableDimension": "dynamodb:index:ReadCapacityUnits",
        "MinCapacity": 1,
        "MaxCapacity": "100",
        **properties,
    }
    policy = {
        "PolicyType": "TargetTrackingScaling",
        "ScalingTargetId": {"Ref": "Target"},
        "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 60},
    }
    return {
        "Target": {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": target},
        "Policy": {"Type": "AWS::ApplicationAutoScaling::ScalingPolicy", "Properties": policy},
    }


def test_auto_scaling_is_found_through_references_also_of_a_table_without_a_name(tmp_path: Path) -> None:
    table = a_table()
    del table["Properties"]["TableName"]

    facts = only(read_resources(tmp_path, {"T": table, **scaling()}))

    assert facts.table.name == "T"
    assert facts.auto_scaling == AutoScaling(
        targets=(ScalableTarget(index="by", dimension="read", min_units=1, max_units=100, target_utilization_percent=Decimal(60)),)
    )


@pytest.mark.parametrize("open_property", ["MaxCapacity", "ResourceId"])
def test_auto_scaling_that_is_decided_at_deployment_is_not_known(tmp_path: Path, open_property: str) -> None:
    rest = {"Parameters": {"Open": {"Type": "String"}}}
    resources = {"T": a_table(), **scaling(**{open_property: {"Ref": "Open"}})}

    found = only(read_resources(tmp_path, resources, rest=rest)).auto_scaling

    assert isinstance(found, Unknown)
    assert "parameter Open" in found.reason


def test_the_auto_scaling_of_another_table_says_nothing_of_this_one(tmp_path: Path) -> None:
    resources = {"T": a_table(), **scaling(ResourceId="table/other")}

    assert only(read_resources(tmp_path, resources)).auto_scaling == AutoScaling(targets=())


def test_alarms_of_the_template_are_those_of_the_table(tmp_path: Path) -> None:
    alarm = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "Namespace": "AWS/DynamoDB",
            "MetricName": "ReadThrottleEvents",
            "Dimensions": [{"Name": "TableName", "Value": {"Ref": "T"}}],
            "Statistic": "Sum",
            "Period": 60,
            "AlarmActions": [{"Ref": "Topic"}],
        },
    }

    found = only(read_resources(tmp_path, {"T": a_table(), "Alarm": alarm})).alarms

    assert isinstance(found, Alarms)
    assert found.alarms[0].metrics == (
        AlarmMetric(
            namespace="AWS/DynamoDB",
            metric="ReadThrottleEvents",
            dimensions={"TableName": "orders"},
            statistic="Sum",
            period_seconds=60,
        ),
    )
    assert found.watches("ReadThrottleEvents", index=None)


# ------------------------------------------------------------------------------------------- decided at deployment


OPEN = {"Parameters": {"Open": {"Type": "String"}}}
EVERYONE = {"Effect": "Allow", "Principal": "*", "Action": "dynamodb:*"}
IS_OPEN = {**OPEN, "Conditions": {"IsOpen": {"Fn::Equals": [{"Ref": "Open"}, "yes"]}}}


@pytest.mark.parametrize(
    "properties",
    [
        {"BillingMode": {"Ref": "Open"}},
        {"KeySchema": [{"AttributeName": {"Ref": "Open"}, "KeyType": "HASH"}]},
        {"TableClass": {"Ref": "Open"}},
        {"StreamSpecification": {"Fn::If": ["IsOpen", {"StreamViewType": "NEW_IMAGE"}, {"Ref": "AWS::NoValue"}]}},
        {"GlobalSecondaryIndexes": {"Fn::If": ["IsOpen", [], {"Ref": "AWS::NoValue"}]}},
        {"OnDemandThroughput": {"MaxReadRequestUnits": {"Ref": "Open"}}},
    ],
)
def test_a_table_whose_definition_is_open_is_not_known_at_all(tmp_path: Path, properties: dict[str, Any]) -> None:
    (missing,) = read_resources(tmp_path, {"T": a_table(**properties)}, rest=IS_OPEN).snapshot.missing

    assert isinstance(missing, MissingTable)
    assert missing.name == "orders"
    assert missing.unknown.call == "template"
    assert next(iter(properties)) in missing.unknown.reason
    assert "give --parameter Open=VALUE" in missing.unknown.reason


@pytest.mark.parametrize("written", ["1e999999999", "many", True, [1], "9" * 40])
def test_capacity_that_is_no_number_is_not_stated(tmp_path: Path, written: Any) -> None:
    units = {"ReadCapacityUnits": written, "WriteCapacityUnits": 5}

    assert only(read_resources(tmp_path, {"T": a_table(ProvisionedThroughput=units)})).table.provisioned == Throughput(
        read_units=None, write_units=5
    )


def test_capacity_that_is_open_is_not_stated(tmp_path: Path) -> None:
    units = {"ReadCapacityUnits": {"Ref": "Open"}, "WriteCapacityUnits": 5}

    assert only(read_resources(tmp_path, {"T": a_table(ProvisionedThroughput=units)}, rest=OPEN)).table.provisioned == Throughput(
        read_units=None, write_units=5
    )


@pytest.mark.parametrize(
    ("properties", "fact"),
    [
        ({"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": {"Ref": "Open"}}}, "pitr"),
        ({"PointInTimeRecoverySpecification": {"Fn::If": ["IsOpen", {}, {"PointInTimeRecoveryEnabled": True}]}}, "pitr"),
        ({"TimeToLiveSpecification": {"AttributeName": {"Ref": "Open"}, "Enabled": True}}, "time_to_live"),
        ({"Tags": [{"Key": {"Ref": "Open"}, "Value": "x"}]}, "tags"),
        ({"ContributorInsightsSpecification": {"Enabled": {"Ref": "Open"}}}, "contributor_insights"),
        *(
            ({"ResourcePolicy": {"PolicyDocument": {"Statement": statement}}}, "resource_policy")
            for statement in (
                [{"Fn::If": ["IsOpen", EVERYONE, {"Ref": "AWS::NoValue"}]}],
                {"Fn::If": ["IsOpen", EVERYONE, {"Ref": "AWS::NoValue"}]},
                {**EVERYONE, "Effect": {"Ref": "Open"}},
                {**EVERYONE, "Principal": {"AWS": {"Ref": "Open"}}},
                {**EVERYONE, "Condition": {"Fn::If": ["IsOpen", {"Bool": {"a": "b"}}, {"Ref": "AWS::NoValue"}]}},
            )
        ),
    ],
)
def test_a_setting_that_is_open_is_not_known_and_the_rest_is(tmp_path: Path, properties: dict[str, Any], fact: str) -> None:
    facts = only(read_resources(tmp_path, {"T": a_table(**properties)}, rest=IS_OPEN))

    found = getattr(facts, fact)
    assert isinstance(found, Unknown)
    assert not found.is_not_deployed
    assert "Open" in found.reason


def test_a_tag_whose_value_is_open_is_a_tag(tmp_path: Path) -> None:
    tags = [
        {"Key": "env", "Value": {"Ref": "Open"}},
        {"Key": "team", "Value": "a"},
        {"Key": "wrong", "Value": [{"Ref": "Open"}]},
    ]
    later = "not known before deployment"

    assert only(read_resources(tmp_path, {"T": a_table(Tags=tags)}, rest=OPEN)).tags == Tags(
        values={"env": later, "team": "a", "wrong": later}
    )


def test_deletion_protection_that_is_open_is_not_off(tmp_path: Path) -> None:
    found = only(read_resources(tmp_path, {"T": a_table(DeletionProtectionEnabled={"Ref": "Open"})}, rest=OPEN))

    assert isinstance(found.table.deletion_protection, Unknown)


def test_a_name_that_is_open_is_the_logical_id_and_that_is_told(tmp_path: Path) -> None:
    design = read_resources(tmp_path, {"T": a_table(TableName={"Fn::Sub": "${Open}-orders"})}, rest=OPEN)

    assert only(design).table.name == "T"
    assert any("T gets its name at deployment" in note and "parameter Open" in note for note in design.snapshot.notes)


def test_given_parameters_decide(tmp_path: Path) -> None:
    design = read_resources(tmp_path, {"T": a_table(TableName={"Fn::Sub": "${Open}-orders"})}, rest=OPEN, Open="prod")

    assert only(design).table.name == "prod-orders"


def test_a_default_is_taken_and_told_once(tmp_path: Path) -> None:
    rest = {"Parameters": {"Stage": {"Type": "String", "Default": "dev"}}}
    named = {"Fn::Sub": "${Stage}-a"}, {"Fn::Sub": "${Stage}-b"}

    notes = read_resources(tmp_path, {"A": a_table(TableName=named[0]), "B": a_table(TableName=named[1])}, rest=rest).snapshot.notes

    assert sum("default of parameter Stage" in note for note in notes) == 1


# ------------------------------------------------------------------------------------------------------ which tables


def test_a_table_whose_condition_is_false_is_not_made(tmp_path: Path) -> None:
    resources = {"A": a_table(TableName="a"), "B": {**a_table(TableName="b"), "Condition": "IsOpen"}}

    assert [one.table.name for one in read_resources(tmp_path, resources, rest=IS_OPEN, Open="no").snapshot.tables] == ["a"]
    assert [one.table.name for one in read_resources(tmp_path, resources, rest=IS_OPEN, Open="yes").snapshot.tables] == ["a", "b"]


def test_a_table_whose_condition_is_open_is_there_with_a_note(tmp_path: Path) -> None:
    design = read_resources(tmp_path, {"B": {**a_table(), "Condition": "IsOpen"}}, rest=IS_OPEN)

    assert only(design).table.name == "orders"
    assert any("orders is only made under condition IsOpen" in note for note in design.snapshot.notes)


def test_copies_of_for_each_are_tables(tmp_path: Path) -> None:
    loop = {"Fn::ForEach::Loop": ["Name", ["A", "B"], {"Table${Name}": a_table(TableName={"Fn::Sub": "${Name}-things"})}]}

    design = read_resources(tmp_path, loop, rest={"Transform": "AWS::LanguageExtensions"})

    assert [one.table.name for one in design.snapshot.tables] == ["A-things", "B-things"]
    assert {place.line for place in design.sources.values()} == {1}


def test_what_is_not_seen_is_told(tmp_path: Path) -> None:
    resources = {"T": {**a_table(), "DeletionPolicy": "Retain"}, "Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": {}}}

    notes = " ".join(read_resources(tmp_path, resources, rest={"Transform": ["AWS::Serverless-2016-10-31", "Mine"]}).snapshot.notes)

    assert "what the transform Mine changes" in notes
    assert "nested stacks, give their templates too: Inner" in notes
    assert "orders stays when its stack is deleted" in notes


def test_tables_are_chosen_by_name_or_logical_id(tmp_path: Path) -> None:
    read_resources(tmp_path, {"A": a_table(TableName="one"), "B": a_table(TableName="two")})
    path = tmp_path / "template.json"

    assert [one.table.name for one in design_of(path, patterns=["t*"]).snapshot.tables] == ["two"]
    assert [one.table.name for one in design_of(path, patterns=["A"]).snapshot.tables] == ["one"]
    with pytest.raises(NoTables, match="no table of the template is called three"):
        design_of(path, patterns=["three"])


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"KeySchema": []}, "it has no HASH element - at KeySchema of T"),
        ({"KeySchema": [{"AttributeName": "gone", "KeyType": "HASH"}]}, "attribute 'gone' is not among the AttributeDefinitions"),
        ({"BillingMode": "ON_DEMAND"}, "'ON_DEMAND' is none of PROVISIONED, PAY_PER_REQUEST - at BillingMode of T"),
        ({"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "M"}]}, "a type of S, N, B"),
        ({"GlobalSecondaryIndexes": [{"IndexName": "x", "KeySchema": []}]}, "an index needs a Projection"),
        ({"GlobalSecondaryIndexes": "x"}, "it is no list"),
        *(
            ({"GlobalSecondaryIndexes": [{"IndexName": "x", "Projection": projection}]}, "NonKeyAttributes is no list of names")
            for projection in ({"ProjectionType": "INCLUDE", "NonKeyAttributes": wrong} for wrong in (-1, "abc", [["a"]], [None]))
        ),
        ({"SSESpecification": "x"}, "it has no members"),
    ],
)
def test_what_dynamodb_would_refuse_is_an_error_with_its_place(tmp_path: Path, properties: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as raised:
        read_resources(tmp_path, {"T": a_table(**properties)})

    assert "template.json, line 1" in str(raised.value)


def test_an_unknown_parameter_is_an_error_that_lists_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--parameter Stge: no such parameter") as raised:
        read_resources(tmp_path, {"T": a_table()}, rest=OPEN, Stge="x")
    assert "Open" in raised.value.hint


def test_a_template_without_tables_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no DynamoDB table in .*template\.json"):
        read_resources(tmp_path, {"B": {"Type": "AWS::S3::Bucket"}})
