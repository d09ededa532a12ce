"""Plans with dynamic blocks of which nobody knows before apply how many they make: unknown, never absent."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from stj_audit.cli import cli
from stj_audit.declared.terraform_dynamic import hidden_sources
from stj_audit.facts import Pitr, TimeToLive, Unknown
from tests.declared.reading import ADDRESS, VALUES, only, read_text, resource

LEFT_OUT = {"point_in_time_recovery": True, "server_side_encryption": True, "warm_throughput": True}
SOURCE = "terraform_data.choice"
PLAIN = Unknown(call="template", reason="known after apply")
BY_DYNAMIC = Unknown(call="template", reason="known after apply: a dynamic block may make it")


def a_plan(
    *,
    unknown: dict[str, Any],
    relevant: list[dict[str, Any]] | None = None,
    expressions: dict[str, dict[str, Any]] | None = None,
    others: list[dict[str, Any]] | None = None,
    **values: Any,
) -> dict[str, Any]:
    """A plan with a table and a resource whose `output` is known after apply; `expressions` are those of each of them."""
    given = {ADDRESS: {}, SOURCE: {}, **(expressions or {})}
    plan: dict[str, Any] = {
        "format_version": "1.2",
        "planned_values": {
            "root_module": {"resources": [resource(ADDRESS, "aws_dynamodb_table", {**VALUES, **values}), *(others or [])]}
        },
        "resource_changes": [
            {"address": ADDRESS, "change": {"actions": ["create"], "after_unknown": {"id": True, "arn": True, **unknown}}},
            {"address": SOURCE, "change": {"actions": ["create"], "after_unknown": {"id": True, "output": True}}},
        ],
        "configuration": {"root_module": {"resources": [{"address": at, "expressions": one} for at, one in given.items()]}},
    }
    return plan if relevant is None else {**plan, "relevant_attributes": relevant}


def uses(resource_address: str, *path: str) -> dict[str, Any]:
    return {"resource": resource_address, "attribute": list(path)}


def refers(*references: str) -> dict[str, Any]:
    return {"references": list(references)}


def facts_of(folder: Path, plan: dict[str, Any]) -> Any:
    return only(read_text(folder, json.dumps(plan), name="plan.json"))


def test_what_aws_decides_is_unknown_where_a_dynamic_block_may_make_it(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, a_plan(unknown=LEFT_OUT, relevant=[uses(SOURCE, "output")]))
    assert facts.pitr == BY_DYNAMIC
    assert facts.table.encryption.type == "NOT_KNOWN"


@pytest.mark.parametrize(
    ("relevant", "expressions"),
    [
        (None, {}),  # Terraform before 1.2
        ([], {}),
        ([uses(ADDRESS, "arn")], {}),  # no table depends on itself
        ([uses("aws_iam_role.known", "name")], {}),
        ([uses(SOURCE, "input")], {}),
        ([uses(SOURCE, "output")], {ADDRESS: {"name": refers(f"{SOURCE}.output", SOURCE)}}),
        ([uses(SOURCE, "output")], {ADDRESS: {"tags": {"a": refers(f"{SOURCE}[0].output.x", f"{SOURCE}[0]", SOURCE)}}}),
        ([uses(SOURCE, "output")], {ADDRESS: {"attribute": [{"name": refers(SOURCE)}]}}),
        ([uses(SOURCE)], {ADDRESS: {"name": refers(f"{SOURCE}.id", SOURCE)}}),
    ],
)
def test_what_is_left_out_stays_the_default_of_aws(
    relevant: list[dict[str, Any]] | None, expressions: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    facts = facts_of(tmp_path, a_plan(unknown=LEFT_OUT, relevant=relevant, expressions=expressions))
    assert (facts.pitr, facts.table.encryption.type) == (Pitr(enabled=False), "AWS_OWNED")


def test_another_attribute_of_the_resource_explains_nothing(tmp_path: Path) -> None:
    plan = a_plan(
        unknown=LEFT_OUT, relevant=[uses(SOURCE, "output")], expressions={ADDRESS: {"name": refers(f"{SOURCE}.id", SOURCE)}}
    )
    assert facts_of(tmp_path, plan).pitr == BY_DYNAMIC


def test_a_local_value_that_is_not_known_may_be_made_of_it() -> None:
    plan = a_plan(
        unknown={"name": True}, relevant=[uses(SOURCE, "output")], expressions={ADDRESS: {"name": refers("local.prefix")}}
    )
    assert hidden_sources(plan) == frozenset()
    plan["resource_changes"][0]["change"]["after_unknown"].pop("name")
    assert hidden_sources(plan) == {SOURCE}


def test_outputs_and_modules_explain_what_they_refer_to() -> None:
    plan = a_plan(unknown={}, relevant=[uses(SOURCE, "output"), uses(f"module.a[0].{SOURCE}", "output")])
    plan["resource_changes"].append({"address": f"module.a[0].{SOURCE}", "change": {"after_unknown": {"output": True}}})
    assert hidden_sources(plan) == {SOURCE, f"module.a.{SOURCE}"}
    root = plan["configuration"]["root_module"]
    root["outputs"] = {"choice": {"expression": refers(f"{SOURCE}.output", SOURCE)}}
    assert hidden_sources(plan) == {f"module.a.{SOURCE}"}
    inside = {"address": "aws_sns_topic.t", "expressions": {"name": refers(f"{SOURCE}.output", SOURCE)}}
    root["module_calls"] = {"a": {"module": {"resources": [inside]}}}
    assert hidden_sources(plan) == frozenset()


def test_blocks_that_aws_does_not_decide_are_unknown_by_their_mark_alone(tmp_path: Path) -> None:
    assert facts_of(tmp_path, a_plan(unknown={"ttl": True})).time_to_live == PLAIN
    assert facts_of(tmp_path, a_plan(unknown={"ttl": []})).time_to_live == TimeToLive(enabled=False, attribute=None)


@pytest.mark.parametrize(
    ("unknown", "values", "place"),
    [
        ({"global_secondary_index": True}, {}, "GlobalSecondaryIndexes"),
        ({"local_secondary_index": True}, {}, "LocalSecondaryIndexes"),
        ({"attribute": True}, {"attribute": None}, "AttributeDefinitions"),
        ({"replica": True}, {}, "Replicas"),
        (
            {"global_secondary_index": [{"key_schema": True}]},
            {"global_secondary_index": [{"name": "by-day", "projection_type": "ALL"}]},
            "GlobalSecondaryIndexes",
        ),
    ],
)
def test_a_table_whose_shape_is_not_known_is_not_judged(
    unknown: dict[str, Any], values: dict[str, Any], place: str, tmp_path: Path
) -> None:
    design = read_text(tmp_path, json.dumps(a_plan(unknown=unknown, **values)), name="plan.json")
    assert design.snapshot.tables == ()
    [missing] = design.snapshot.missing
    assert missing.unknown == Unknown(call="template", reason=f"{place}: known after apply")


def test_a_scaling_policy_that_may_have_a_target_or_not_is_unknown(tmp_path: Path) -> None:
    values = {
        "service_namespace": "dynamodb",
        "resource_id": f"table/{VALUES['name']}",
        "scalable_dimension": "dynamodb:table:ReadCapacityUnits",
    }
    plan = a_plan(unknown={}, others=[resource("aws_appautoscaling_policy.p", "aws_appautoscaling_policy", values)])
    mark = {"target_tracking_scaling_policy_configuration": True}
    plan["resource_changes"].append({"address": "aws_appautoscaling_policy.p", "change": {"after_unknown": mark}})
    assert facts_of(tmp_path, plan).auto_scaling == PLAIN


def test_the_gate_tells_it_as_not_checked(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(a_plan(unknown=LEFT_OUT, relevant=[uses(SOURCE, "output")])))
    words = ("check", "--template", str(tmp_path / "plan.json"), "--region", "eu-north-1", "--no-config", "--no-step-summary")
    told = CliRunner().invoke(cli, [*words, "-f", "json"])
    rows = json.loads(told.stdout)["not_checked"]
    assert ("pitr-off", BY_DYNAMIC.reason) in [(row["check"], row["reason"]) for row in rows]
    assert CliRunner().invoke(cli, [*words, "--strict"]).exit_code == 4
