"""Terraform plans: values in modules, what is known after apply only, and what the configuration leaves to AWS."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from stj_audit.declared.reading import Design
from stj_audit.errors import ConfigError
from stj_audit.facts import (
    Alarms,
    AutoScaling,
    ContributorInsights,
    Pitr,
    ScalableTarget,
    Tags,
    Throughput,
    TimeToLive,
    Unknown,
)
from tests.declared.reading import ADDRESS, VALUES, only, read_text, resource


def read_plan(
    folder: Path,
    *resources: dict[str, Any],
    unknown: dict[str, Any] | None = None,
    configured: tuple[str, ...] | None = (),
    children: list[dict[str, Any]] | None = None,
    **values: Any,
) -> Design:
    """
    A plan with the table `orders` of `values`. `unknown` is its after_unknown, `configured` what its configuration gives; None: the plan has
    none.
    """
    own = {**VALUES, **values}
    root = {"resources": [resource(ADDRESS, "aws_dynamodb_table", own), *resources], "child_modules": children or []}
    plan: dict[str, Any] = {
        "format_version": "1.2",
        "planned_values": {"root_module": root},
        "resource_changes": [{"address": ADDRESS, "change": {"actions": ["create"], "after_unknown": unknown or {}}}],
    }
    if configured is not None:
        expressions = {name: {"references": ["var.x"]} for name in configured}
        plan["configuration"] = {"root_module": {"resources": [{"address": ADDRESS, "expressions": expressions}]}}
    return read_text(folder, json.dumps(plan, indent=1), name="plan.json")


def test_what_the_configuration_leaves_out_has_the_default_of_aws(tmp_path: Path) -> None:
    unknown = {"point_in_time_recovery": True, "server_side_encryption": True, "stream_view_type": True, "warm_throughput": True}

    facts = only(read_plan(tmp_path, unknown=unknown))

    assert facts.table.defined_in == "Terraform"
    assert (facts.table.name, facts.table.table_class, facts.table.deletion_protection) == ("orders", "STANDARD", False)
    assert (facts.table.encryption.type, facts.table.stream_view_type) == ("AWS_OWNED", None)
    assert facts.table.warm_throughput == Throughput(read_units=12_000, write_units=4_000)
    assert facts.pitr == Pitr(enabled=False)
    assert facts.time_to_live == TimeToLive(enabled=False)
    assert facts.auto_scaling == AutoScaling(targets=())


@pytest.mark.parametrize("configured", [("point_in_time_recovery",), None])
def test_what_is_configured_and_known_after_apply_is_not_known(tmp_path: Path, configured: tuple[str, ...] | None) -> None:
    found = only(read_plan(tmp_path, unknown={"point_in_time_recovery": True}, configured=configured)).pitr

    assert found == Unknown(call="template", reason="known after apply")


def test_a_key_that_is_known_after_apply_makes_the_table_unknown(tmp_path: Path) -> None:
    (missing,) = read_plan(tmp_path, unknown={"hash_key": True}, configured=("hash_key",)).snapshot.missing

    assert (missing.name, missing.unknown.reason) == ("orders", "KeySchema: known after apply")


def test_every_property_of_a_table(tmp_path: Path) -> None:
    facts = only(
        read_plan(
            tmp_path,
            billing_mode="PROVISIONED",
            range_key="at",
            attribute=[{"name": name, "type": kind} for name, kind in (("id", "S"), ("at", "N"), ("by", "B"))],
            read_capacity=5,
            write_capacity=6,
            table_class="STANDARD_INFREQUENT_ACCESS",
            deletion_protection_enabled=True,
            stream_enabled=True,
            stream_view_type="KEYS_ONLY",
            ttl=[{"attribute_name": "expires", "enabled": True}],
            point_in_time_recovery=[{"enabled": True, "recovery_period_in_days": 7}],
            server_side_encryption=[{"enabled": True}],
            replica=[{"region_name": "eu-west-1", "consistency_mode": "STRONG"}],
            tags={"team": "a"},
            tags_all={"team": "a", "stage": "prod"},
            global_secondary_index=[
                {
                    "name": "by",
                    "hash_key": "by",
                    "range_key": "at",
                    "projection_type": "INCLUDE",
                    "non_key_attributes": ["b", "a"],
                    "read_capacity": 1,
                    "write_capacity": 2,
                }
            ],
            local_secondary_index=[{"name": "local", "range_key": "by", "projection_type": "KEYS_ONLY"}],
        )
    )

    table = facts.table
    by, local = table.indexes
    assert [(one.attribute, one.type, one.role) for one in table.key_schema] == [("id", "S", "HASH"), ("at", "N", "RANGE")]
    assert (by.kind, by.hash_attributes, by.range_attributes, by.projection) == ("GSI", ("by",), ("at",), "INCLUDE")
    assert (by.non_key_attributes, by.provisioned) == (("a", "b"), Throughput(read_units=1, write_units=2))
    assert (local.kind, local.hash_attributes, local.range_attributes) == ("LSI", ("id",), ("by",))
    assert (table.provisioned, table.table_class) == (Throughput(read_units=5, write_units=6), "STANDARD_INFREQUENT_ACCESS")
    assert (table.deletion_protection, table.stream_view_type, table.encryption.type) == (True, "KEYS_ONLY", "KMS")
    assert [one.region for one in table.replicas] == ["eu-west-1"]
    assert (table.global_table_version, table.unaudited) == ("2019.11.21", ("multi-Region strong consistency",))
    assert facts.pitr == Pitr(enabled=True, recovery_period_days=7)
    assert facts.time_to_live == TimeToLive(enabled=True, attribute="expires")
    assert facts.tags == Tags(values={"team": "a", "stage": "prod"})


def test_ceilings_and_warm_throughput(tmp_path: Path) -> None:
    table = only(
        read_plan(
            tmp_path,
            on_demand_throughput=[{"max_read_request_units": 10, "max_write_request_units": 0}],
            warm_throughput=[{"read_units_per_second": 20_000, "write_units_per_second": 5_000}],
        )
    ).table

    assert table.on_demand_limit == Throughput(read_units=10, write_units=None)
    assert table.warm_throughput == Throughput(read_units=20_000, write_units=5_000)


def test_a_key_of_an_index_may_be_in_blocks(tmp_path: Path) -> None:
    index = {
        "name": "many",
        "hash_key": None,
        "projection_type": "ALL",
        "key_schema": [
            {"attribute_name": "a", "key_type": "HASH"},
            {"attribute_name": "b", "key_type": "HASH"},
            {"attribute_name": "c", "key_type": "RANGE"},
        ],
    }
    attributes = [{"name": name, "type": "S"} for name in ("id", "a", "b", "c")]

    (found,) = only(read_plan(tmp_path, attribute=attributes, global_secondary_index=[index])).table.indexes

    assert (found.hash_attributes, found.range_attributes) == (("a", "b"), ("c",))


def test_what_is_unknown_within_a_block_is_that_alone(tmp_path: Path) -> None:
    index = {"name": "by", "hash_key": "id", "projection_type": "ALL"}
    marks = {"global_secondary_index": [{"read_capacity": True, "write_capacity": True, "warm_throughput": True}]}

    (found,) = only(
        read_plan(
            tmp_path, billing_mode="PROVISIONED", read_capacity=5, write_capacity=5, global_secondary_index=[index], unknown=marks
        )
    ).table.indexes

    assert (found.hash_attributes, found.provisioned, found.warm_throughput) == (
        ("id",),
        Throughput(read_units=None, write_units=None),
        None,
    )


def test_a_name_that_is_known_after_apply_is_the_address(tmp_path: Path) -> None:
    design = read_plan(tmp_path, name=None, unknown={"name": True}, configured=("name",))

    assert only(design).table.name == ADDRESS
    assert any("gets its name at deployment" in note for note in design.snapshot.notes)


def test_tables_of_modules_and_of_each_instance_are_found(tmp_path: Path) -> None:
    inner = resource('module.a["x"].aws_dynamodb_table.inner[0]', "aws_dynamodb_table", {**VALUES, "name": "inner"})
    nested = resource("module.a.module.b.aws_dynamodb_table.deep", "aws_dynamodb_table", {**VALUES, "name": "deep"})
    data = {**resource("data.aws_dynamodb_table.old", "aws_dynamodb_table", {**VALUES, "name": "old"}), "mode": "data"}
    children = [{"address": "module.a", "resources": [inner], "child_modules": [{"resources": [nested]}]}]

    design = read_plan(tmp_path, data, children=children)

    assert [one.table.name for one in design.snapshot.tables] == ["orders", "inner", "deep"]
    lines = (tmp_path / "plan.json").read_text().splitlines()
    assert '"module.a[\\"x\\"].aws_dynamodb_table.inner[0]"' in lines[design.sources["inner"].line - 1]


def test_what_a_module_does_not_configure_is_left_to_aws(tmp_path: Path) -> None:
    address = "module.a.aws_dynamodb_table.t"
    for expressions, expected in (
        ({}, Pitr(enabled=False)),
        ({"point_in_time_recovery": [{}]}, Unknown(call="template", reason="known after apply")),
    ):
        plan = {
            "planned_values": {
                "root_module": {"child_modules": [{"resources": [resource(address, "aws_dynamodb_table", VALUES)]}]}
            },
            "resource_changes": [{"address": address, "change": {"after_unknown": {"point_in_time_recovery": True}}}],
            "configuration": {
                "root_module": {
                    "module_calls": {
                        "a": {"module": {"resources": [{"address": "aws_dynamodb_table.t", "expressions": expressions}]}}
                    }
                }
            },
        }
        assert only(read_text(tmp_path, json.dumps(plan), name="plan.json")).pitr == expected


def scaling(resource_id: str | None) -> list[dict[str, Any]]:
    common = {"service_namespace": "dynamodb", "resource_id": resource_id, "scalable_dimension": "dynamodb:table:ReadCapacityUnits"}
    return [
        resource("aws_appautoscaling_target.t", "aws_appautoscaling_target", {**common, "min_capacity": 1, "max_capacity": 9}),
        resource(
            "aws_appautoscaling_policy.t",
            "aws_appautoscaling_policy",
            {**common, "target_tracking_scaling_policy_configuration": [{"target_value": 70.5}]},
        ),
    ]


def test_auto_scaling(tmp_path: Path) -> None:
    assert only(read_plan(tmp_path, *scaling("table/orders"))).auto_scaling == AutoScaling(
        targets=(
            ScalableTarget(index=None, dimension="read", min_units=1, max_units=9, target_utilization_percent=Decimal("70.5")),
        )
    )


def test_auto_scaling_of_a_table_that_is_known_after_apply_may_be_of_any(tmp_path: Path) -> None:
    design = read_plan(tmp_path, *scaling("table/other"))
    plan = json.loads((tmp_path / "plan.json").read_text())
    plan["resource_changes"] += [{"address": "aws_appautoscaling_target.t", "change": {"after_unknown": {"resource_id": True}}}]
    plan["configuration"]["root_module"]["resources"] += [
        {"address": "aws_appautoscaling_target.t", "expressions": {"resource_id": {"references": ["x"]}}}
    ]

    assert only(design).auto_scaling == AutoScaling(targets=())
    assert isinstance(only(read_text(tmp_path, json.dumps(plan), name="plan.json")).auto_scaling, Unknown)


def test_alarms_insights_and_indexes_are_resources_of_their_own(tmp_path: Path) -> None:
    facts = only(
        read_plan(
            tmp_path,
            resource(
                "aws_cloudwatch_metric_alarm.a",
                "aws_cloudwatch_metric_alarm",
                {
                    "alarm_name": "throttled",
                    "namespace": "AWS/DynamoDB",
                    "metric_name": "ReadThrottleEvents",
                    "dimensions": {"TableName": "orders"},
                    "statistic": "Sum",
                    "period": 60,
                    "alarm_actions": ["arn:aws:sns:eu-north-1:123456789012:t"],
                },
            ),
            resource(
                "aws_dynamodb_contributor_insights.a",
                "aws_dynamodb_contributor_insights",
                {"table_name": "orders", "index_name": "TitleIndex"},
            ),
            resource(
                "aws_dynamodb_global_secondary_index.a",
                "aws_dynamodb_global_secondary_index",
                {
                    "table_name": "orders",
                    "index_name": "TitleIndex",
                    "key_schema": [{"attribute_name": "title", "attribute_type": "S", "key_type": "HASH"}],
                    "projection": [{"projection_type": "ALL"}],
                    "on_demand_throughput": {"max_read_request_units": 10, "max_write_request_units": 10},
                },
            ),
        )
    )

    (index,) = facts.table.indexes
    assert (index.name, index.hash_attributes, index.projection) == ("TitleIndex", ("title",), "ALL")
    assert index.on_demand_limit == Throughput(read_units=10, write_units=10)
    assert isinstance(facts.alarms, Alarms)
    assert facts.alarms.watches("ReadThrottleEvents", index=None)
    assert isinstance(facts.contributor_insights, ContributorInsights)
    assert facts.contributor_insights.enabled("TitleIndex")
    assert not facts.contributor_insights.enabled(None)


def test_a_global_table_of_the_old_version(tmp_path: Path) -> None:
    legacy = {"name": "orders", "replica": [{"region_name": "eu-north-1"}, {"region_name": "us-east-1"}]}

    table = only(read_plan(tmp_path, resource("aws_dynamodb_global_table.g", "aws_dynamodb_global_table", legacy))).table

    assert (table.global_table_version, [one.region for one in table.replicas]) == ("2017.11.29", ["eu-north-1", "us-east-1"])


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"version": 4, "terraform_version": "1.5.0", "lineage": "x", "resources": []}, "is a Terraform state"),
        ({"format_version": "1.0", "terraform_version": "1.5.0", "values": {"root_module": {}}}, "is a Terraform state"),
        ({"resource_changes": []}, "a plan without `planned_values`"),
    ],
)
def test_what_is_no_plan_says_how_to_get_one(tmp_path: Path, document: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as raised:
        read_text(tmp_path, json.dumps(document), name="plan.json")
    assert "terraform show -json" in raised.value.hint


def test_a_plan_without_tables_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no DynamoDB table in .*plan\.json"):
        read_text(tmp_path, json.dumps({"planned_values": {"root_module": {}}}), name="plan.json")
