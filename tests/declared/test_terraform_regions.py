"""In which region the tables of a plan are: those of another one are named, and not judged."""

from pathlib import Path
from typing import Any

import pytest

from stj_audit.errors import ConfigError
from stj_audit.facts import Alarms, AutoScaling, Unknown
from tests.declared.plans import Made, design, plan_of, reasons, table
from tests.declared.reading import only

HERE = "eu-north-1"
NOT_SAID = "its region: the plan does not say in which of its regions"


def provider(region: Any = None, **more: Any) -> dict[str, Any]:
    return {"name": "aws", **more, "expressions": {} if region is None else {"region": region}}


def constant(region: str) -> dict[str, Any]:
    return {"constant_value": region}


def refers(*references: str) -> dict[str, Any]:
    return {"references": list(references)}


def test_a_table_of_another_region_is_told_and_not_judged(tmp_path: Path) -> None:
    found = design(tmp_path, plan_of(table(), table("aws_dynamodb_table.us", region="us-east-1")))

    assert only(found).table.name == "orders"
    (note,) = found.snapshot.notes
    assert note.endswith("only tables of eu-north-1 are looked at, and not aws_dynamodb_table.us (us-east-1)")


@pytest.mark.parametrize(
    ("values", "providers", "variables"),
    [
        ({"region": "sa-east-1"}, {}, {}),
        ({"arn": "arn:aws:dynamodb:sa-east-1:123456789012:table/orders"}, {}, {}),
        ({}, {"aws": provider(constant("sa-east-1"))}, {}),
        ({}, {"aws": provider(refers("var.region"))}, {"region": {"value": "sa-east-1"}}),
        ({}, {"aws": provider(refers("var.of.region", "var.of"))}, {"of": {"value": {"region": "sa-east-1"}}}),
    ],
)
def test_where_all_tables_are_elsewhere_the_region_is_told(
    tmp_path: Path, values: dict[str, Any], providers: dict[str, Any], variables: dict[str, Any]
) -> None:
    plan = plan_of(table(provider="aws", **values), providers=providers, variables=variables)
    plan["resource_changes"][0]["change"]["after_unknown"] = {}

    with pytest.raises(
        ConfigError, match=r"no DynamoDB table of eu-north-1 in .*plan\.json: those in it are of sa-east-1"
    ) as raised:
        design(tmp_path, plan)
    assert raised.value.hint == "give --region sa-east-1"
    assert only(design(tmp_path, plan, region="sa-east-1")).table.region == "sa-east-1"


@pytest.mark.parametrize(
    ("providers", "variables"),
    [
        ({}, {}),
        ({"aws": provider()}, {}),
        ({"aws": provider(refers("local.region"))}, {}),
        ({"aws": provider(refers("var.region", "var.stage"))}, {"region": {"value": "sa-east-1"}, "stage": {"value": "x"}}),
        ({"aws": provider(refers("var.stage"))}, {"stage": {"value": "prod"}}),
        ({"aws": provider(refers("var.region"), module_address="module.db")}, {"region": {"value": "sa-east-1"}}),
    ],
)
def test_what_a_plan_does_not_say_is_what_was_asked_for(
    tmp_path: Path, providers: dict[str, Any], variables: dict[str, Any]
) -> None:
    found = design(tmp_path, plan_of(table(provider="aws"), providers=providers, variables=variables))

    assert only(found).table.region == HERE
    is_hidden = any(one["expressions"] for one in providers.values())
    assert [note.endswith("are taken for those of eu-north-1") for note in found.snapshot.notes] == [True] * is_hidden


def test_a_region_that_is_known_after_apply_makes_the_table_unknown(tmp_path: Path) -> None:
    assert reasons(design(tmp_path, plan_of(table(unknown={"region": True})))) == {"orders": "its region: known after apply"}


@pytest.mark.parametrize(
    ("given", "is_known"),
    [
        ({}, True),
        ({"region": constant(HERE)}, True),
        ({"region": refers("var.region")}, True),
        ({"region": refers("terraform_data.x.output", "terraform_data.x")}, False),
    ],
)
def test_an_input_that_is_not_given_leaves_the_region_to_the_provider(
    tmp_path: Path, given: dict[str, Any], is_known: bool
) -> None:
    made = table("module.db.aws_dynamodb_table.t")
    made = Made(address=made.address, values=made.values, unknown={"region": True}, refers={"region": ["var.region"]})

    found = design(tmp_path, plan_of(made, module={"expressions": given}))

    assert (len(found.snapshot.tables), len(found.snapshot.missing)) == ((1, 0) if is_known else (0, 1))


def test_one_name_in_two_regions_is_one_table_in_each(tmp_path: Path) -> None:
    plan = plan_of(
        table(provider="aws"),
        table("aws_dynamodb_table.us", provider="aws.us", billing_mode="PROVISIONED"),
        providers={"aws": provider(constant(HERE)), "aws.us": provider(constant("us-east-1"), alias="us")},
    )

    assert only(design(tmp_path, plan)).table.billing_mode == "PAY_PER_REQUEST"
    assert only(design(tmp_path, plan, region="us-east-1")).table.billing_mode == "PROVISIONED"


def test_of_two_regions_that_are_not_said_neither_is_known(tmp_path: Path) -> None:
    both = plan_of(table(provider="aws"), table("aws_dynamodb_table.us", provider="aws.us", name="other"))
    assert reasons(design(tmp_path, both)) == {"orders": NOT_SAID, "other": NOT_SAID}

    said = {"aws": provider(), "aws.us": provider(constant("us-east-1"), alias="us")}
    one = plan_of(table(provider="aws"), table("aws_dynamodb_table.us", provider="aws.us", name="other"), providers=said)
    assert only(design(tmp_path, one)).table.name == "orders"
    there = design(tmp_path, one, region="us-east-1")
    assert (only(there).table.name, reasons(there)) == ("other", {"orders": NOT_SAID})


def test_the_provider_of_a_module_that_is_not_named_is_any_of_them(tmp_path: Path) -> None:
    made = table("module.db.aws_dynamodb_table.t", provider="db:aws")
    same = {"aws": provider(constant(HERE)), "aws.x": provider(constant(HERE))}
    assert only(design(tmp_path, plan_of(made, providers=same))).table.region == HERE

    differ = {**same, "aws.x": provider(constant("us-east-1"))}
    assert reasons(design(tmp_path, plan_of(made, providers=differ))) == {"orders": NOT_SAID}


@pytest.mark.parametrize("providers", [{}, {"aws": provider()}])
def test_the_one_provider_is_that_of_all_modules(tmp_path: Path, providers: dict[str, Any]) -> None:
    inner = table("module.db.aws_dynamodb_table.t", name="inner", provider="db:aws")

    found = design(tmp_path, plan_of(table(provider="aws"), inner, providers=providers))

    assert [one.table.name for one in found.snapshot.tables] == ["orders", "inner"]


def test_another_provider_that_does_not_say_its_region_may_be_in_any(tmp_path: Path) -> None:
    watches = {"namespace": "AWS/DynamoDB", "metric_name": "ReadThrottleEvents", "dimensions": {"TableName": "orders"}}
    alarms = [Made(address="aws_cloudwatch_metric_alarm.a", values=watches, provider=key) for key in ("aws", "aws.us")]

    here, anywhere = (only(design(tmp_path, plan_of(table(provider="aws"), one))).alarms for one in alarms)

    assert isinstance(here, Alarms)
    assert isinstance(anywhere, Unknown)


def test_what_is_beside_a_table_of_another_region_is_not_beside_this_one(tmp_path: Path) -> None:
    alarm = Made(
        address="aws_cloudwatch_metric_alarm.a",
        values={"namespace": "AWS/DynamoDB", "metric_name": "ReadThrottleEvents", "dimensions": {"TableName": "orders"}},
    )
    target = Made(
        address="aws_appautoscaling_target.t",
        values={
            "service_namespace": "dynamodb",
            "resource_id": "table/orders",
            "scalable_dimension": "dynamodb:table:ReadCapacityUnits",
            "min_capacity": 1,
            "max_capacity": 2,
        },
    )
    for place, watched, scaled in ((HERE, Alarms, 1), ("us-east-1", Unknown, 0)):
        moved = [Made(address=one.address, values={**one.values, "region": place}) for one in (alarm, target)]
        facts = only(design(tmp_path, plan_of(table(), *moved)))
        assert isinstance(facts.alarms, watched)
        assert isinstance(facts.auto_scaling, AutoScaling)
        assert len(facts.auto_scaling.targets) == scaled

    unsure = Made(address=alarm.address, values=alarm.values, unknown={"region": True}, refers={"region": ["terraform_data.x"]})
    facts = only(design(tmp_path, plan_of(table(), unsure)))
    assert facts.alarms == Unknown(call="template", reason="what aws_cloudwatch_metric_alarm.a watches: known after apply")
