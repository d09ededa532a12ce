"""Plans that do not tell everything: what failed is refused, and what is left out is never told as fine."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from stj_audit.cli import cli
from stj_audit.errors import ConfigError
from stj_audit.facts import ContributorInsights, Unknown
from tests.declared.plans import Made, design, plan_of, reasons, table
from tests.declared.reading import ADDRESS, VALUES, only

POINT_IN_TIME: dict[str, Any] = {
    "point_in_time_recovery": [{"enabled": True}],
    "deletion_protection_enabled": True,
    "tags": {"team": "a"},
}


def put_off(address: str, reason: str | None = "instance_count_unknown", **change: Any) -> dict[str, Any]:
    kind = address.rpartition(".")[0].rpartition(".")[2]
    said = {"resource_change": {"address": address, "type": kind, "mode": "managed", "change": {"actions": ["create"], **change}}}
    return said if reason is None else {"reason": reason, **said}


def exit_code(folder: Path, plan: dict[str, Any], *more: str) -> int:
    (folder / "plan.json").write_text(json.dumps(plan))
    words = ("check", "--template", str(folder / "plan.json"), "--region", "eu-north-1", "--no-config", "--no-step-summary")
    return CliRunner().invoke(cli, [*words, *more]).exit_code


def test_a_plan_that_failed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is of a plan that failed") as raised:
        design(tmp_path, plan_of(table(), errored=True))
    assert "plan again" in raised.value.hint


def test_a_plan_that_is_not_complete_is_inconclusive(tmp_path: Path) -> None:
    whole, part = plan_of(table(**POINT_IN_TIME), complete=True), plan_of(table(**POINT_IN_TIME), complete=False)

    found = design(tmp_path, part)

    assert only(found).table.name == "orders"
    (why,) = reasons(found).values()
    assert why.startswith("the plan is not complete")
    assert not any("gets its name at deployment" in note for note in found.snapshot.notes)
    assert (exit_code(tmp_path, whole), exit_code(tmp_path, part)) == (0, 4)


def test_a_table_that_terraform_put_off_is_not_known(tmp_path: Path) -> None:
    named = put_off("aws_dynamodb_table.x", after={**VALUES, "name": "later"}, after_unknown={"id": True})
    unnamed = put_off("module.a[*].aws_dynamodb_table.y[*]", None)
    gone = put_off("aws_dynamodb_table.z", actions=["delete"])

    found = design(tmp_path, plan_of(table(), deferred_changes=[named, unnamed, gone]))

    assert reasons(found) == {
        "later": "Terraform put it off (instance_count_unknown)",
        "module.a[*].aws_dynamodb_table.y[*]": "Terraform put it off (it does not say why)",
    }
    assert only(found).table.name == "orders"


@pytest.mark.parametrize("address", ["aws_dynamodb_table.t[0]", "aws_dynamodb_table.t[*]"])
def test_the_former_state_of_a_table_that_is_put_off_is_not_judged(tmp_path: Path, address: str) -> None:
    found = design(tmp_path, plan_of(table("aws_dynamodb_table.t[0]"), deferred_changes=[put_off(address)]))

    assert (found.snapshot.tables, len(found.snapshot.missing)) == ((), 1)


def test_what_is_put_off_beside_a_table_may_be_there_or_not(tmp_path: Path) -> None:
    insights = put_off("aws_dynamodb_contributor_insights.i", after={"table_name": "orders"})

    facts = only(design(tmp_path, plan_of(table(), deferred_changes=[insights]))).contributor_insights

    assert facts == Unknown(call="template", reason="Terraform put it off (instance_count_unknown)")


@pytest.mark.parametrize("kind", ["awscc_dynamodb_table", "awscc_dynamodb_global_table"])
def test_tables_of_another_provider_are_not_known(tmp_path: Path, kind: str) -> None:
    plan = plan_of(table(**POINT_IN_TIME), Made(address=f"{kind}.p", values={"table_name": "cc"}))

    assert reasons(design(tmp_path, plan)) == {"cc": f"{kind} is not read by this version"}
    assert exit_code(tmp_path, plan) == 4


def test_stacks_are_told_of(tmp_path: Path) -> None:
    found = design(
        tmp_path, plan_of(table(), Made(address="aws_cloudformation_stack.s"), Made(address="aws_cloudformation_stack_set.t"))
    )

    (note,) = found.snapshot.notes
    assert ": stacks, give their templates too: " in note
    assert "aws_cloudformation_stack.s and aws_cloudformation_stack_set.t" in note
    assert [f"not looked at: {one}" for one in found.snapshot.unseen] == [note]
    with pytest.raises(ConfigError, match=r"no DynamoDB table in .*: stacks, give their templates too"):
        design(tmp_path, plan_of(Made(address="aws_cloudformation_stack.s")))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("resource_changes", 0, "change"), []),
        (("resource_changes", 0, "change", "after_unknown"), []),
        (("resource_changes", 0), None),
        (("resource_changes",), {"a": 1}),
        (("configuration",), 5),
        (("configuration", "root_module"), "x"),
        (("configuration", "root_module", "module_calls"), {"x": None}),
        (("configuration", "root_module", "module_calls"), []),
        (("configuration", "root_module", "resources"), ["a"]),
        (("configuration", "provider_config"), {"aws": 1}),
        (("planned_values",), None),
        (("planned_values", "root_module"), "x"),
        (("planned_values", "root_module", "child_modules"), [None]),
        (("planned_values", "root_module", "resources", 0), 1),
        (("planned_values", "root_module", "resources", 0, "values"), []),
        (("planned_values", "root_module", "resources", 0, "address"), ["a"]),
        (("deferred_changes",), [{}]),
        (("relevant_attributes",), ["a"]),
        (("output_changes",), []),
        (("variables",), {"x": "y"}),
    ],
)
def test_what_terraform_does_not_write_is_one_sentence(tmp_path: Path, place: tuple[str | int, ...], value: Any) -> None:
    plan: Any = plan_of(table())
    holder = plan
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = value

    with pytest.raises(ConfigError, match=r"plan\.json is no plan as Terraform writes it: .* at `\$\.") as raised:
        design(tmp_path, plan)
    assert "terraform show -json" in raised.value.hint


def test_a_plan_may_leave_out_what_is_empty(tmp_path: Path) -> None:
    plan = plan_of(table())
    plan |= dict.fromkeys(("configuration", "resource_changes", "deferred_changes", "variables", "relevant_attributes"))

    assert isinstance(only(design(tmp_path, plan)).contributor_insights, ContributorInsights)


def test_a_resource_of_which_nothing_is_known_is_not_told_by_its_values(tmp_path: Path) -> None:
    plan = plan_of(table())
    plan["resource_changes"] = [{"address": ADDRESS, "change": {"after_unknown": True}}]

    assert list(reasons(design(tmp_path, plan))) == [ADDRESS]


def test_attributes_of_an_index_that_are_no_list_leave_the_table_unknown(tmp_path: Path) -> None:
    index = {"name": "by", "hash_key": "id", "projection_type": "INCLUDE", "non_key_attributes": 1}

    assert reasons(design(tmp_path, plan_of(table(global_secondary_index=[index])))) == {
        "orders": "GlobalSecondaryIndexes: non_key_attributes is no list"
    }


def test_what_is_left_of_a_former_object_says_nothing_of_the_new_one(tmp_path: Path) -> None:
    plan = plan_of(table(unknown={"hash_key": True}))
    plan["resource_changes"].append(
        {"address": ADDRESS, "deposed": "00000000", "change": {"actions": ["delete"], "after_unknown": {}}}
    )

    assert reasons(design(tmp_path, plan)) == {"orders": "KeySchema: known after apply"}
