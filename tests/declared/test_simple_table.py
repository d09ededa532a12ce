"""AWS::Serverless::SimpleTable: what SAM makes of it, with what is given to all."""

from pathlib import Path
from typing import Any

import pytest

from stj_audit.facts import Pitr, Unknown
from tests.declared.reading import only, read_resources

RECOVERY = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
IS_OPEN = {
    "Parameters": {"Open": {"Type": "String"}},
    "Conditions": {"IsOpen": {"Fn::Equals": [{"Ref": "Open"}, "yes"]}},
}
UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}


def simple(**properties: Any) -> dict[str, Any]:
    return {"T": {"Type": "AWS::Serverless::SimpleTable", "Properties": properties}}


def shared(properties: Any, **more: Any) -> dict[str, Any]:
    return {"Globals": {"SimpleTable": properties}, **more}


def test_maps_are_merged_and_the_own_value_counts(tmp_path: Path) -> None:
    given = shared({"SSESpecification": {"SSEEnabled": True, "SSEType": "x"}, **RECOVERY})
    facts = only(read_resources(tmp_path, simple(SSESpecification={"SSEType": "KMS"}), rest=given))
    own = only(read_resources(tmp_path, simple(SSESpecification={"SSEEnabled": False}), rest=given))

    assert (facts.table.encryption.type, own.table.encryption.type) == ("KMS", "AWS_OWNED")
    assert facts.pitr == Pitr(enabled=True, recovery_period_days=35)


def test_a_function_is_no_map_to_merge(tmp_path: Path) -> None:
    given = shared({"SSESpecification": {"Fn::If": ["IsOpen", {"SSEEnabled": True}, {"Ref": "AWS::NoValue"}]}}, **IS_OPEN)

    assert only(read_resources(tmp_path, simple(), rest=given)).table.encryption.type == "NOT_KNOWN"
    assert only(read_resources(tmp_path, simple(SSESpecification={"SSEEnabled": True}), rest=given)).table.encryption.type == "KMS"


@pytest.mark.parametrize("given", [{"SimpleTable": {"Fn::Transform": {"Name": "X"}}}, {"Fn::Transform": {"Name": "X"}}])
def test_what_is_added_to_all_makes_each_unknown(tmp_path: Path, given: dict[str, Any]) -> None:
    (missing,) = read_resources(tmp_path, simple(SSESpecification={"SSEEnabled": True}), rest={"Globals": given}).snapshot.missing

    assert missing.unknown.reason == "what Fn::Transform adds is decided at deployment"


@pytest.mark.parametrize("given", [None, "x", [], {"Function": {"Timeout": 1}}, {"SimpleTable": None}])
def test_what_is_given_to_others_is_nothing(tmp_path: Path, given: Any) -> None:
    assert only(read_resources(tmp_path, simple(), rest={"Globals": given})).table.encryption.type == "AWS_OWNED"


def test_throughput_that_may_be_left_out_leaves_the_mode_open(tmp_path: Path) -> None:
    throughput = {"Fn::If": ["IsOpen", UNITS, {"Ref": "AWS::NoValue"}]}
    (missing,) = read_resources(tmp_path, simple(ProvisionedThroughput=throughput), rest=IS_OPEN).snapshot.missing

    assert missing.unknown == Unknown(
        call="template",
        reason="BillingMode: condition IsOpen is decided at deployment (parameter Open has no default: give --parameter Open=VALUE)",
    )


def test_throughput_that_is_there_in_any_case_is_provisioned(tmp_path: Path) -> None:
    throughput = {"Fn::If": ["IsOpen", UNITS, {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}]}
    table = only(read_resources(tmp_path, simple(ProvisionedThroughput=throughput), rest=IS_OPEN)).table

    assert (table.billing_mode, table.provisioned) == ("PROVISIONED", None)
