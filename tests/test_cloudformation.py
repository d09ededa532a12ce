"""YAML is read back by PyYAML, which reads YAML 1.1 as CloudFormation does."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from stj_audit.checks.deletion_protection_off import deletion_protection_off
from stj_audit.checks.no_throttle_alarm import no_throttle_alarm
from stj_audit.checks.provisioned_without_auto_scaling import provisioned_without_auto_scaling
from stj_audit.cloudformation import logical_id, table_template, template
from stj_audit.facts import Alarms, AutoScaling, Throughput
from tests.builders import a_table, an_index, examined

TEXTS = st.text(alphabet=st.characters(codec="utf-8"), max_size=20)
SCALARS = TEXTS | st.integers() | st.booleans()
VALUES: Any = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS.filter(bool), inner, max_size=3), max_leaves=8
)


def test_a_change_is_a_resource_with_the_name_of_the_table() -> None:
    assert table_template(a_table(name="stj_subscribers"), {"DeletionProtectionEnabled": True}) == (
        "Resources:\n"
        "  StjSubscribers:\n"
        "    Type: AWS::DynamoDB::Table\n"
        "    Properties:\n"
        "      TableName: stj_subscribers\n"
        "      DeletionProtectionEnabled: true"
    )


@pytest.mark.parametrize(
    ("names", "expected"), [(("stj_users",), "StjUsers"), (("a.b-c", "by-x", "read"), "ABCByXRead"), (("2024-logs",), "2024Logs")]
)
def test_a_logical_id_has_letters_and_digits_only(names: tuple[str, ...], expected: str) -> None:
    assert logical_id(*names) == expected


@pytest.mark.parametrize(
    "text", ["on", "No", "y", "null", "~", "", "0123", "1e3", "2024-01-01", "a: b", "- a", "#x", "*", "'", '"', "on#1"]
)
def test_text_stays_text(text: str) -> None:
    [resource] = yaml.safe_load(table_template(a_table(), {"Value": text}))["Resources"].values()
    assert resource["Properties"]["Value"] == text


@given(st.dictionaries(TEXTS.filter(bool), VALUES, max_size=4))
def test_what_is_written_is_what_is_read(properties: dict[str, Any]) -> None:
    text = template({"Orders": ("AWS::DynamoDB::Table", {"TableName": "orders", **properties})})
    assert yaml.safe_load(text) == {
        "Resources": {"Orders": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "orders", **properties}}}
    }


def test_a_finding_tells_what_the_template_should_say() -> None:
    [problem] = examined(deletion_protection_off, a_table(deletion_protection=False)).problems
    [resource] = yaml.safe_load(problem.template)["Resources"].values()
    assert resource["Properties"] == {"TableName": "orders", "DeletionProtectionEnabled": True}


def test_auto_scaling_has_a_target_and_a_policy_for_each_kind_of_capacity() -> None:
    units = Throughput(read_units=5, write_units=2)
    table = a_table(billing_mode="PROVISIONED", provisioned=units, indexes=(an_index("by-day", provisioned=units),))
    of_table, of_index = examined(provisioned_without_auto_scaling, table, auto_scaling=AutoScaling(targets=())).problems
    resources = yaml.safe_load(of_table.template)["Resources"]
    assert list(resources) == ["OrdersReadTarget", "OrdersReadPolicy", "OrdersWriteTarget", "OrdersWritePolicy"]
    assert resources["OrdersWriteTarget"]["Properties"] == {
        "ServiceNamespace": "dynamodb",
        "ResourceId": "table/orders",
        "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
        "MinCapacity": 2,
        "MaxCapacity": 8,
    }
    assert resources["OrdersReadPolicy"]["Properties"]["ScalingTargetId"] == {"Ref": "OrdersReadTarget"}
    assert 'ResourceId: "table/orders/index/by-day"' in of_index.template


def test_alarms_are_resources_with_the_dimensions_of_table_and_index() -> None:
    table = a_table(indexes=(an_index("by-day"),))
    [problem] = examined(no_throttle_alarm, table, alarms=Alarms(alarms=())).problems
    resources = yaml.safe_load(problem.template)["Resources"]
    assert list(resources) == [
        "OrdersReadThrottleEvents",
        "OrdersWriteThrottleEvents",
        "OrdersByDayReadThrottleEvents",
        "OrdersByDayWriteThrottleEvents",
    ]
    assert resources["OrdersByDayReadThrottleEvents"] == {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": "orders-by-day-ReadThrottleEvents",
            "Namespace": "AWS/DynamoDB",
            "MetricName": "ReadThrottleEvents",
            "Dimensions": [{"Name": "TableName", "Value": "orders"}, {"Name": "GlobalSecondaryIndexName", "Value": "by-day"}],
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 5,
            "DatapointsToAlarm": 5,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        },
    }
