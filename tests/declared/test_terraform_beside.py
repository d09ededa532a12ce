"""What Terraform has as resources of their own: read where their table is known, not known of any table that they may be of."""

import json
from pathlib import Path
from typing import Any

import pytest

from stj_audit.facts import (
    ContributorInsights,
    KinesisDestinations,
    ResourcePolicy,
    TableFacts,
    Tags,
    Unknown,
)
from tests.declared.plans import Made, design, plan_of, reasons, table
from tests.declared.reading import ADDRESS, only

ARN = "arn:aws:dynamodb:eu-north-1:123456789012:table/orders"
OPEN = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "dynamodb:*", "Resource": "*"}]})
OTHER = "aws_dynamodb_table.other"


def of(reference: str = f"{ADDRESS}.arn") -> list[str]:
    """A reference as Terraform lists it, with the resource that it begins with."""
    return [reference, reference.rpartition(".")[0]]


def policy(*references: str, unknown: str = "resource_arn", address: str = "aws_dynamodb_resource_policy.p", **values: Any) -> Made:
    """A resource policy whose table is known after apply, and referred to like this."""
    return Made(address=address, values={"policy": OPEN, **values}, unknown={unknown: True}, refers={unknown: list(references)})


def policy_of(facts: TableFacts) -> int | None:
    """The number of its statements; None: not known."""
    return facts.resource_policy.statements if isinstance(facts.resource_policy, ResourcePolicy) else None


# ----------------------------------------------------------------------------------------------------- of which table


@pytest.mark.parametrize(
    ("references", "statements"),
    [
        (of(), 1),
        ([ADDRESS, f"{ADDRESS}.id"], 1),
        (of(f"{OTHER}.arn"), 0),
        (of(f"{ADDRESS}.stream_arn"), 0),
        (of("aws_dynamodb_table_replica.r.arn"), 0),
        ([*of(), *of(f"{OTHER}.arn")], None),
        ([*of(), "data.aws_region.current.name", "data.aws_region.current"], None),
        ([ADDRESS], None),  # of which attribute is not told, so it may be its stream
        ([*of(), "var.arn"], None),
        (["local.arn"], None),
        (["each.value"], None),
        (["each.key"], None),
        (of("module.none.arn"), None),
        ([], None),
    ],
)
def test_the_table_is_told_by_what_is_referred_to(tmp_path: Path, references: list[str], statements: int | None) -> None:
    found = design(tmp_path, plan_of(table(), table(OTHER, name="other"), policy(*references)))

    assert policy_of(next(one for one in found.snapshot.tables if one.table.name == "orders")) == statements


def test_only_the_tables_that_it_may_be_of_are_not_known(tmp_path: Path) -> None:
    third = table("aws_dynamodb_table.third", name="third")

    found = design(tmp_path, plan_of(table(), table(OTHER, name="other"), third, policy(*of(), *of(f"{OTHER}.arn"))))

    assert [policy_of(one) for one in found.snapshot.tables] == [None, None, 0]


@pytest.mark.parametrize(
    ("references", "statements"),
    [
        (of('aws_dynamodb_table.t["a"].arn'), [1, 0]),
        (["aws_dynamodb_table.t", "each.key"], [None, None]),
    ],
)
def test_of_several_instances_the_one_that_is_named(tmp_path: Path, references: list[str], statements: list[int | None]) -> None:
    tables = [table(f'aws_dynamodb_table.t["{key}"]', name=key) for key in ("a", "b")]

    found = design(tmp_path, plan_of(*tables, policy(*references)))

    assert [policy_of(one) for one in found.snapshot.tables] == statements


@pytest.mark.parametrize(
    ("value", "statements"),
    [
        (ARN, 1),
        (ARN.replace("eu-north-1", "us-east-1"), 0),
        (f"{ARN}/stream/2026-01-01", 0),
        (f"{ARN}-old", 0),
    ],
)
def test_the_table_is_told_by_its_arn(tmp_path: Path, value: str, statements: int) -> None:
    made = Made(address="aws_dynamodb_resource_policy.p", values={"policy": OPEN, "resource_arn": value})

    assert policy_of(only(design(tmp_path, plan_of(table(), made)))) == statements


def test_what_modules_hand_on_is_followed(tmp_path: Path) -> None:
    inside = table("module.db.aws_dynamodb_table.t", name="inside")
    module = {"module": {"outputs": {"arn": {"expression": {"references": of("aws_dynamodb_table.t.arn")}}}}}

    found = design(tmp_path, plan_of(table(), inside, policy(*of("module.db.arn")), module=module))

    assert [policy_of(one) for one in found.snapshot.tables] == [0, 1]


@pytest.mark.parametrize(("given", "statements"), [(of(), 1), (of("var.arn"), None), (["module.db.loop"], None)])
def test_what_modules_are_given_is_followed(tmp_path: Path, given: list[str], statements: int | None) -> None:
    inner = policy("var.table_arn", address="module.db.aws_dynamodb_resource_policy.p")
    module = {
        "expressions": {"table_arn": {"references": given}},
        "module": {"outputs": {"loop": {"expression": {"references": ["var.table_arn"]}}}},
    }

    assert policy_of(only(design(tmp_path, plan_of(table(), inner, module=module)))) == statements


# -------------------------------------------------------------------------------------------------------- what it says


@pytest.mark.parametrize("document", [None, "{", "[]"])
def test_a_policy_that_is_not_known_or_no_policy_is_unknown(tmp_path: Path, document: str | None) -> None:
    made = policy(*of(), policy=document)
    unknown = {**made.unknown, **({"policy": True} if document is None else {})}
    made = Made(address=made.address, values=made.values, unknown=unknown, refers={**made.refers, "policy": ["x"]})

    assert policy_of(only(design(tmp_path, plan_of(table(), made)))) is None


def test_a_policy_may_be_open_to_anyone(tmp_path: Path) -> None:
    assert only(design(tmp_path, plan_of(table(), policy(*of())))).resource_policy == ResourcePolicy(
        statements=1, open_to_anyone=True
    )


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("aws_dynamodb_global_secondary_index.g", "GlobalSecondaryIndexes"),
        ("aws_dynamodb_table_replica.r", "Replicas"),
        ("aws_dynamodb_global_table.g", "Replicas"),
    ],
)
def test_what_shapes_some_table_leaves_none_known(tmp_path: Path, address: str, place: str) -> None:
    made = Made(address=address, unknown={"table_name": True, "global_table_arn": True, "name": True})

    assert reasons(design(tmp_path, plan_of(table(), made))) == {
        "orders": f"{place}: of which table {address} is, is known after apply only"
    }


def test_an_index_is_told_by_what_it_refers_to(tmp_path: Path) -> None:
    made = Made(
        address="aws_dynamodb_global_secondary_index.g",
        values={
            "index_name": "by-day",
            "key_schema": [{"attribute_name": "day", "attribute_type": "S", "key_type": "HASH"}],
            "projection": [{"projection_type": "ALL"}],
        },
        unknown={"table_name": True},
        refers={"table_name": of(f"{ADDRESS}.name")},
    )

    assert [one.name for one in only(design(tmp_path, plan_of(table(), made))).table.indexes] == ["by-day"]


PROVIDERS = {
    key: {"name": "aws", "expressions": {"region": {"constant_value": region}}}
    for key, region in (("aws", "eu-north-1"), ("aws.us", "us-east-1"))
}


def replica(**values: Any) -> Made:
    return Made(
        address="aws_dynamodb_table_replica.r",
        values=values,
        unknown={"global_table_arn": True},
        refers={"global_table_arn": of()},
        provider="aws.us",
    )


@pytest.mark.parametrize(
    ("blocks", "values", "providers", "regions"),
    [
        ([], {}, PROVIDERS, ["us-east-1"]),
        ([], {"region": "eu-west-1"}, {}, ["eu-west-1"]),
        ([{"region_name": "eu-west-2"}], {}, PROVIDERS, ["eu-west-2", "us-east-1"]),
    ],
)
def test_replicas_of_their_own(
    tmp_path: Path, blocks: list[dict[str, str]], values: dict[str, str], providers: dict[str, Any], regions: list[str]
) -> None:
    found = only(design(tmp_path, plan_of(table(provider="aws", replica=blocks), replica(**values), providers=providers)))

    assert [one.region for one in found.table.replicas] == regions
    assert found.table.global_table_version == "2019.11.21"


def test_a_replica_whose_region_is_not_said_leaves_the_table_unknown(tmp_path: Path) -> None:
    assert reasons(design(tmp_path, plan_of(table(), replica()))) == {
        "orders": "Replicas: the plan does not say in which of its regions"
    }


@pytest.mark.parametrize("mark", [[{"region_name": True}], [True], [{"arn": True}, {"region_name": True}]])
def test_a_replica_block_whose_region_is_not_known_leaves_the_table_unknown(tmp_path: Path, mark: Any) -> None:
    found = design(tmp_path, plan_of(table(replica=[{"region_name": None}], unknown={"replica": mark})))

    assert reasons(found) == {"orders": "Replicas: known after apply"}


@pytest.mark.parametrize(
    ("values", "unknown", "enabled"),
    [
        ({"table_name": "orders"}, {}, True),
        ({"table_name": "another"}, {}, False),
        ({}, {"table_name": True}, None),
        ({"table_name": "orders"}, {"index_name": True}, None),
    ],
)
def test_insights_that_may_be_of_a_table(
    tmp_path: Path, values: dict[str, Any], unknown: dict[str, Any], enabled: bool | None
) -> None:
    made = Made(address="aws_dynamodb_contributor_insights.i", values=values, unknown=unknown)

    found = only(design(tmp_path, plan_of(table(), made))).contributor_insights

    assert (found.enabled(None) if isinstance(found, ContributorInsights) else None) is enabled


@pytest.mark.parametrize(
    ("values", "unknown", "active"),
    [
        ({"table_name": "orders"}, {"stream_arn": True}, True),
        ({"table_name": "another"}, {"stream_arn": True}, False),
        ({}, {"table_name": True, "stream_arn": True}, None),
    ],
)
def test_streaming_destinations(tmp_path: Path, values: dict[str, Any], unknown: dict[str, Any], active: bool | None) -> None:
    made = Made(address="aws_dynamodb_kinesis_streaming_destination.k", values=values, unknown=unknown)

    found = only(design(tmp_path, plan_of(table(), made))).kinesis_destinations

    assert (found.active if isinstance(found, KinesisDestinations) else None) is active


def test_tags_of_their_own(tmp_path: Path) -> None:
    tag = Made(address="aws_dynamodb_tag.t", values={"resource_arn": ARN, "key": "team", "value": "b"})
    unsure = Made(address="aws_dynamodb_tag.u", values={"key": "team", "value": "b"}, unknown={"resource_arn": True})

    found = only(design(tmp_path, plan_of(table(tags={"team": "a", "stage": "prod"}), tag)))
    assert found.tags == Tags(values={"stage": "prod", "team": "b"})
    assert isinstance(only(design(tmp_path, plan_of(table(tags={"team": "a"}), unsure))).tags, Unknown)
