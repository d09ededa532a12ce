"""Global tables of which something is decided at deployment: it is unknown, and not left out."""

from pathlib import Path
from typing import Any

import pytest

from stj_audit.facts import AutoScaling, ContributorInsights, Unknown
from tests.declared.reading import a_table, only, read_resources

IS_OPEN: dict[str, Any] = {
    "Parameters": {"Open": {"Type": "String"}},
    "Conditions": {"IsOpen": {"Fn::Equals": [{"Ref": "Open"}, "yes"]}},
}
NOTHING = {"Ref": "AWS::NoValue"}
SCALING = {"MinCapacity": 1, "MaxCapacity": 10, "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70}}
INDEX = {"IndexName": "by", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}
HERE: dict[str, Any] = {"Region": "eu-north-1", "ReadProvisionedThroughputSettings": {"ReadCapacityUnits": 5}}


def a_global_table(**properties: Any) -> dict[str, Any]:
    plain = {**a_table()["Properties"], "BillingMode": "PROVISIONED", "Replicas": [HERE, {"Region": "us-east-1"}]}
    return {"T": {"Type": "AWS::DynamoDB::GlobalTable", "Properties": {**plain, **properties}}}


@pytest.mark.parametrize(
    ("replicas", "said"),
    [
        ([{"Region": {"Ref": "Open"}}, {"Region": "us-west-2"}], "parameter Open has no default: give --parameter Open=VALUE"),
        ([HERE, {"Fn::If": ["IsOpen", {"Region": "us-west-2"}, NOTHING]}], "condition IsOpen is decided at deployment"),
        ({"Fn::If": ["IsOpen", [HERE], []]}, "condition IsOpen is decided at deployment"),
        ("x", "its replicas are not listed"),
        ([{"Region": 1}], "a replica has no Region"),
        ([HERE, "x"], "a replica has no Region"),
    ],
)
def test_where_it_will_be_is_not_guessed(tmp_path: Path, replicas: Any, said: str) -> None:
    snapshot = read_resources(tmp_path, a_global_table(Replicas=replicas), rest=IS_OPEN).snapshot

    (missing,) = snapshot.missing
    assert missing.name == "orders"
    assert missing.unknown.reason.startswith(f"Replicas: {said}")
    assert not any("has no replica" in note for note in snapshot.notes)


@pytest.mark.parametrize(
    "settings",
    [
        {"Fn::If": ["IsOpen", {"WriteCapacityAutoScalingSettings": SCALING}, NOTHING]},
        {"WriteCapacityAutoScalingSettings": {"Fn::If": ["IsOpen", SCALING, NOTHING]}},
        {"WriteCapacityAutoScalingSettings": {**SCALING, "MaxCapacity": {"Ref": "Open"}}},
        {
            "WriteCapacityAutoScalingSettings": {
                **SCALING,
                "TargetTrackingScalingPolicyConfiguration": {"TargetValue": {"Ref": "Open"}},
            }
        },
        {"WriteCapacityAutoScalingSettings": {**SCALING, "TargetTrackingScalingPolicyConfiguration": {"Ref": "Open"}}},
    ],
)
def test_auto_scaling_that_is_open_is_not_known(tmp_path: Path, settings: dict[str, Any]) -> None:
    facts = only(read_resources(tmp_path, a_global_table(WriteProvisionedThroughputSettings=settings), rest=IS_OPEN))

    assert isinstance(facts.auto_scaling, Unknown)
    assert "Open" in facts.auto_scaling.reason
    assert facts.table.provisioned is None or facts.table.provisioned.write_units in (None, 1)


@pytest.mark.parametrize(
    "of_replica",
    [
        {"Fn::If": ["IsOpen", [{"IndexName": "by", "ContributorInsightsSpecification": {"Enabled": True}}], NOTHING]},
        [{"Fn::If": ["IsOpen", {"IndexName": "by"}, NOTHING]}],
        [{"IndexName": {"Ref": "Open"}}],
    ],
)
def test_what_a_replica_sets_for_which_index_is_not_guessed(tmp_path: Path, of_replica: Any) -> None:
    replicas = [{**HERE, "GlobalSecondaryIndexes": of_replica}]
    facts = only(read_resources(tmp_path, a_global_table(Replicas=replicas, GlobalSecondaryIndexes=[INDEX]), rest=IS_OPEN))

    assert isinstance(facts.contributor_insights, Unknown)
    assert isinstance(facts.auto_scaling, Unknown)
    assert facts.table.indexes[0].provisioned is None or facts.table.indexes[0].provisioned.read_units is None


def test_what_a_replica_sets_for_another_index_is_no_matter(tmp_path: Path) -> None:
    own = {"IndexName": "by", "ReadProvisionedThroughputSettings": {"ReadCapacityUnits": 7}}
    replicas = [{**HERE, "GlobalSecondaryIndexes": [{"IndexName": {"Ref": "Open"}}, own]}]
    facts = only(read_resources(tmp_path, a_global_table(Replicas=replicas, GlobalSecondaryIndexes=[INDEX]), rest=IS_OPEN))

    assert isinstance(facts.contributor_insights, ContributorInsights)
    assert facts.auto_scaling == AutoScaling(targets=())


def test_an_index_that_may_be_there_makes_the_table_unknown(tmp_path: Path) -> None:
    indexes = [{"Fn::If": ["IsOpen", INDEX, NOTHING]}]
    (missing,) = read_resources(tmp_path, a_global_table(GlobalSecondaryIndexes=indexes), rest=IS_OPEN).snapshot.missing

    assert missing.unknown.reason.startswith("GlobalSecondaryIndexes: condition IsOpen")
