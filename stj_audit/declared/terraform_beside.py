"""
What Terraform has as resources of their own, and AWS as settings of a table: global indexes, replicas, Contributor Insights, streaming
destinations, a resource policy, tags.

Of a resource whose table is known after apply only, nobody knows which table has it: what it says is not known of any that it may be of.

Source: Terraform AWS provider, aws_dynamodb_global_table, aws_dynamodb_table_replica, aws_dynamodb_global_secondary_index,
aws_dynamodb_contributor_insights, aws_dynamodb_kinesis_streaming_destination, aws_dynamodb_resource_policy, aws_dynamodb_tag.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from stj_audit.declared.definition import Definition
from stj_audit.declared.global_table import VERSION
from stj_audit.declared.intrinsics import Unresolved
from stj_audit.declared.terraform_owners import Owners
from stj_audit.declared.terraform_plan import Planned, Values
from stj_audit.declared.terraform_regions import NOT_SAID, Regions
from stj_audit.declared.terraform_table import blocks, ceiling, projection, replicas, unknown_region, whole

LEGACY_GLOBAL_TABLE, REPLICA = "aws_dynamodb_global_table", "aws_dynamodb_table_replica"
LEGACY_VERSION = "2017.11.29"
INSIGHTS, INDEX = "aws_dynamodb_contributor_insights", "aws_dynamodb_global_secondary_index"
DESTINATION, RESOURCE_POLICY, TAG = (
    *("aws_dynamodb_kinesis_streaming_destination", "aws_dynamodb_resource_policy"),
    "aws_dynamodb_tag",
)


class Beside:
    """`resources` are those of the region of the tables, with the replicas, which are in other ones."""

    def __init__(self, resources: Sequence[Planned], *, owners: Owners, regions: Regions) -> None:
        self._owners, self._regions = owners, regions
        self._by_type: dict[str, list[Planned]] = {}
        for one in resources:
            self._by_type.setdefault(one.type, []).append(one)

    def added_to(self, definition: Definition, table: Planned) -> Definition:
        """The definition of `table` with what the resources beside it say."""
        for add in (self._legacy, self._replicas, self._indexes, self._insights, self._destinations, self._policy, self._tags):
            definition = add(definition, table)
        return definition

    def _of(self, kind: str, attribute: str, table: Planned) -> tuple[list[Planned], Unresolved | None]:
        """The resources that are of the table, and why others may be."""
        mine: list[Planned] = []
        why: Unresolved | None = None
        for one in self._by_type.get(kind, ()):
            found = self._owners.is_of(one, attribute, table)
            if isinstance(found, Unresolved):
                why = why or found
            elif found:
                mine.append(one)
        return mine, why

    # -------------------------------------------------------------------------------------------------------- replicas

    def _legacy(self, definition: Definition, table: Planned) -> Definition:
        mine, why = self._of(LEGACY_GLOBAL_TABLE, "name", table)
        if why is not None:
            return _with(definition, Replicas=why)
        for one in mine:
            unknown = unknown_region(one.values)
            if unknown is not None:
                definition = _with(definition, Replicas=unknown)
            return replace(definition, replicas=replicas(one.values), global_table_version=LEGACY_VERSION)
        return definition

    def _replicas(self, definition: Definition, table: Planned) -> Definition:
        mine, why = self._of(REPLICA, "global_table_arn", table)
        places = [self._regions.said(one) for one in mine]
        why = why or next((one for one in places if isinstance(one, Unresolved)), None)
        if None in places:
            why = why or Unresolved(reason=NOT_SAID)
        if why is not None:
            return _with(definition, Replicas=why)
        if not places:
            return definition
        added = (one for one in places if isinstance(one, str))
        version = definition.global_table_version or VERSION
        return replace(definition, replicas=tuple(dict.fromkeys((*definition.replicas, *added))), global_table_version=version)

    # --------------------------------------------------------------------------------------------------------- indexes

    def _indexes(self, definition: Definition, table: Planned) -> Definition:
        """Newer versions of the provider have a resource for each global index, which brings the types of its key along."""
        mine, why = self._of(INDEX, "table_name", table)
        if why is not None:
            return _with(definition, GlobalSecondaryIndexes=why)
        properties = dict(definition.properties)
        for one in mine:
            listed = properties.get("GlobalSecondaryIndexes") or []
            known = properties.get("AttributeDefinitions") or []
            if isinstance(listed, Unresolved) or isinstance(known, Unresolved):
                break  # which makes the table unknown anyway
            key = blocks(one.values, "key_schema")
            types = [{"AttributeName": part.get("attribute_name"), "AttributeType": part.get("attribute_type")} for part in key]
            properties["AttributeDefinitions"] = [*known, *(one_type for one_type in types if one_type not in known)]
            properties["GlobalSecondaryIndexes"] = [*listed, _index(one.values, key)]
        return replace(definition, properties=properties)

    def _insights(self, definition: Definition, table: Planned) -> Definition:
        """Contributor Insights are resources of their own, one for the table and one for each index."""
        mine, why = self._of(INSIGHTS, "table_name", table)
        named = [one.values.get("index_name") or None for one in mine]
        why = why or next((one for one in named if isinstance(one, Unresolved)), None)
        if why is not None:
            return _with(definition, ContributorInsightsSpecification=why)
        on = {"ContributorInsightsSpecification": {"Enabled": True}}
        if None in named:
            definition = _with(definition, **on)
        indexes = definition.properties.get("GlobalSecondaryIndexes")
        if isinstance(indexes, list) and named:
            definition = _with(
                definition, GlobalSecondaryIndexes=[{**one, **(on if one.get("IndexName") in named else {})} for one in indexes]
            )
        return definition

    # -------------------------------------------------------------------------------------------- settings of the table

    def _destinations(self, definition: Definition, table: Planned) -> Definition:
        mine, why = self._of(DESTINATION, "table_name", table)
        if mine:  # that there is one is known, whatever may come to it
            return _with(definition, KinesisStreamSpecification={"StreamArn": mine[0].values.get("stream_arn")})
        return definition if why is None else _with(definition, KinesisStreamSpecification=why)

    def _policy(self, definition: Definition, table: Planned) -> Definition:
        mine, why = self._of(RESOURCE_POLICY, "resource_arn", table)
        if why is None and mine:
            document = _document(mine[0].values.get("policy"))
            return _with(definition, ResourcePolicy={"PolicyDocument": document})
        return definition if why is None else _with(definition, ResourcePolicy=why)

    def _tags(self, definition: Definition, table: Planned) -> Definition:
        """Beside those of the table: the provider leaves a tag of its own alone only where the table's are ignored."""
        mine, why = self._of(TAG, "resource_arn", table)
        own = definition.properties.get("Tags") or []
        if why is not None or not mine or not isinstance(own, list):
            return definition if why is None else _with(definition, Tags=why)
        added = [{"Key": one.values.get("key"), "Value": one.values.get("value")} for one in mine]
        keys = [one["Key"] for one in added]
        return _with(definition, Tags=[*(one for one in own if one.get("Key") not in keys), *added])


def _with(definition: Definition, **properties: Any) -> Definition:
    return replace(definition, properties={**definition.properties, **properties})


def _index(values: Values, key: Sequence[Values]) -> dict[str, Any]:
    schema = whole(values, "key_schema")
    index = {
        "IndexName": values.get("index_name"),
        "KeySchema": schema
        if isinstance(schema, Unresolved)
        else [{"AttributeName": part.get("attribute_name"), "KeyType": part.get("key_type")} for part in key],
        "Projection": values["projection"]
        if isinstance(values.get("projection"), Unresolved)
        else projection(_single(values.get("projection"))),
        "ProvisionedThroughput": _index_units(_single(values.get("provisioned_throughput"))),
        "OnDemandThroughput": ceiling(_single(values.get("on_demand_throughput"))),
    }
    return {name: value for name, value in index.items() if value}


def _single(value: Any) -> Values:
    """A nested value, written as an object or as a block."""
    found = value[0] if isinstance(value, list) and value else value
    return found if isinstance(found, dict) else {}


def _index_units(one: Values) -> dict[str, Any]:
    units = {"ReadCapacityUnits": one.get("read_capacity_units"), "WriteCapacityUnits": one.get("write_capacity_units")}
    return {name: value for name, value in units.items() if value}


def _document(policy: Any) -> Any:
    if not isinstance(policy, str):
        return policy if isinstance(policy, Unresolved) else Unresolved(reason="the policy is no text")
    try:
        found = json.loads(policy)
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else Unresolved(reason="the policy is no JSON")
