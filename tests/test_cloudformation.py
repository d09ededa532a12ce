"""YAML is read back by PyYAML, which reads YAML 1.1 as CloudFormation does."""

from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from stj_audit.checks.deletion_protection_off import deletion_protection_off
from stj_audit.checks.expirable_data_without_ttl import expirable_data_without_ttl
from stj_audit.checks.no_cost_tags import no_cost_tags
from stj_audit.checks.no_on_demand_ceiling import no_on_demand_ceiling
from stj_audit.checks.no_throttle_alarm import no_throttle_alarm
from stj_audit.checks.pattern_without_index import pattern_without_index
from stj_audit.checks.pitr_off import pitr_off
from stj_audit.checks.provisioned_without_auto_scaling import provisioned_without_auto_scaling
from stj_audit.checks.short_recovery_window import short_recovery_window
from stj_audit.checks.warm_throughput_outgrown import warm_throughput_outgrown
from stj_audit.cloudformation import logical_id, table_template, template
from stj_audit.config import TableModel
from stj_audit.cost.workload import Flow as WorkloadFlow
from stj_audit.cost.workload import in_step
from stj_audit.design import Pattern
from stj_audit.facts import Alarms, AttributeSizes, AutoScaling, Flow, Pitr, Tags, Throughput, TimeToLive, Unknown
from tests.builders import a_table, a_workload, an_index, examined, some_items, some_traffic

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


def properties(template: str) -> Any:
    """Those of the one resource of a template."""
    [resource] = yaml.safe_load(template)["Resources"].values()
    return resource["Properties"]


def test_settings_of_backups_and_tags() -> None:
    for found in (
        examined(pitr_off, pitr=Pitr(enabled=False)),
        examined(short_recovery_window, pitr=Pitr(enabled=True, recovery_period_days=7)),
    ):
        assert properties(found.problems[0].template)["PointInTimeRecoverySpecification"] == {
            "PointInTimeRecoveryEnabled": True,
            "RecoveryPeriodInDays": 35,
        }
    [untagged] = examined(no_cost_tags, tags=Tags(values={})).problems
    assert properties(untagged.template)["Tags"] == [{"Key": "table_name", "Value": "orders"}]


def test_ttl_is_switched_on_only_where_it_could_read_the_values() -> None:
    def template(*types: str) -> str:
        until = AttributeSizes(name="expiresAt", types=types, present=1_000, total_bytes=20_000, max_bytes=20)
        found = examined(expirable_data_without_ttl, items=some_items(attributes=(until,)), time_to_live=TimeToLive(enabled=False))
        return found.problems[0].template

    assert properties(template("N"))["TimeToLiveSpecification"] == {"AttributeName": "expiresAt", "Enabled": True}
    assert template("S") == ""


def test_a_ceiling_is_set_where_the_traffic_is_known() -> None:
    known = Flow(peak_hour_read_units=Decimal(3_600), peak_hour_write_units=Decimal(7_200))
    [problem] = examined(no_on_demand_ceiling, traffic=some_traffic(known)).problems
    assert properties(problem.template)["OnDemandThroughput"] == {"MaxReadRequestUnits": 3, "MaxWriteRequestUnits": 6}
    denied = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
    assert examined(no_on_demand_ceiling, traffic=denied).problems[0].template == ""


def test_an_index_comes_with_the_attributes_of_its_key() -> None:
    wanted = Pattern(name="by mail", op="Query", key=("email",), reads=("name",), calls=1)
    seen = AttributeSizes(name="email", types=("S",), present=1_000, total_bytes=20_000, max_bytes=20)
    found = examined(pattern_without_index, items=some_items(attributes=(seen,)), declared=TableModel(pattern=(wanted,)))
    made = properties(found.problems[0].template)
    assert made["AttributeDefinitions"] == [
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "email", "AttributeType": "S"},
    ]
    assert made["GlobalSecondaryIndexes"] == [
        {
            "IndexName": "by-email",
            "KeySchema": [{"AttributeName": "email", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["name"]},
        }
    ]


def test_warm_throughput_of_the_table_is_a_property_and_that_of_an_index_is_in_the_index() -> None:
    warm = Throughput(read_units=12_000, write_units=4_000)
    table = a_table(warm_throughput=warm, indexes=(an_index("by-day", warm_throughput=warm),))
    busy = Decimal(50 * 2_628_000)
    flows = {(name, kind): WorkloadFlow(units=in_step(busy, 1_000)) for name in (None, "by-day") for kind in ("writes",)}
    flows |= {(name, "reads"): WorkloadFlow(units=in_step(Decimal(0), 1_000)) for name in (None, "by-day")}
    bill = a_workload(table, flows=flows, users_now=1_000)
    of_table, of_index = examined(warm_throughput_outgrown, table, workload=bill, users=10_000).problems
    assert properties(of_table.template)["WarmThroughput"] == {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 5_000}
    assert of_index.template == ""
