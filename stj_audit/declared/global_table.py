"""
AWS::DynamoDB::GlobalTable as the table that it makes in one region, in the properties of AWS::DynamoDB::Table.

What each replica has for itself is taken from the replica in the region of the audit, or else from the first.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from stj_audit.declared.definition import Definition
from stj_audit.declared.intrinsics import Unresolved
from stj_audit.declared.settings import is_percent, number

GLOBAL_TABLE = "AWS::DynamoDB::GlobalTable"
VERSION = "2019.11.21"  # the only one that CloudFormation makes
OF_REPLICA = (  # AWS::DynamoDB::GlobalTable ReplicaSpecification
    *("PointInTimeRecoverySpecification", "DeletionProtectionEnabled", "TableClass", "Tags", "ContributorInsightsSpecification"),
    *("KinesisStreamSpecification", "ResourcePolicy"),
)
OF_TABLE = (
    *("TableName", "AttributeDefinitions", "KeySchema", "BillingMode", "LocalSecondaryIndexes", "StreamSpecification"),
    *("SSESpecification", "TimeToLiveSpecification", "WarmThroughput", "MultiRegionConsistency"),
)
SIDES = (  # settings of the replica or of the table, their units, and what auto scaling calls them
    ("Read", "ReadCapacityUnits", "MaxReadRequestUnits"),
    ("Write", "WriteCapacityUnits", "MaxWriteRequestUnits"),
)

Mapped = Mapping[str, Any]


def as_table(definition: Definition, *, region: str) -> Definition:
    """The definition of the table in `region`, with its replicas, and with the auto scaling that a global table has in its own properties."""
    whole = definition.properties
    replicas = whole.get("Replicas")
    if not isinstance(replicas, list) or not all(isinstance(one, dict) for one in replicas):
        unknown = replicas if isinstance(replicas, Unresolved) else Unresolved(reason="its replicas are not listed")
        return replace(definition, properties={**whole, "KeySchema": unknown})
    regions = tuple(one.get("Region") for one in replicas)
    place = regions.index(region) if region in regions else 0
    replica = replicas[place] if replicas else {}
    notes: tuple[str, ...] = ()
    if region not in regions and replicas:
        notes = (f"{definition.id} has no replica in {region}: what is set for each replica is that of {regions[0]}",)
    properties = {name: whole[name] for name in OF_TABLE if name in whole}
    properties |= {name: replica[name] for name in OF_REPLICA if name in replica}
    properties |= _capacity(whole, replica)
    indexes = whole.get("GlobalSecondaryIndexes")
    scaled = [_scaled(definition.name, None, whole, replica)]
    if isinstance(indexes, list):
        of_replica = replica.get("GlobalSecondaryIndexes")
        of_replica = of_replica if isinstance(of_replica, list) else []
        own = {one.get("IndexName"): one for one in of_replica if isinstance(one, dict)}
        listed = [one for one in indexes if isinstance(one, dict)]
        pairs = [(one, own.get(one.get("IndexName"), {})) for one in listed]
        properties["GlobalSecondaryIndexes"] = [
            {
                **{key: value for key, value in one.items() if not key.endswith("Settings")},
                **_capacity(one, mine),
                **_insights(mine),
            }
            for one, mine in pairs
        ]
        scaled += [_scaled(definition.name, str(one.get("IndexName")), one, mine) for one, mine in pairs]
    elif indexes is not None:
        properties["GlobalSecondaryIndexes"] = indexes
    named = tuple(one for one in regions if isinstance(one, str))
    return replace(
        definition,
        properties=properties,
        replicas=named if len(replicas) > 1 else (),
        global_table_version=VERSION,
        targets=tuple(target for targets, _, _ in scaled for target in targets),
        policies=tuple(policy for _, policies, _ in scaled for policy in policies),
        scaling_unknown=next((why for _, _, why in scaled if why is not None), None),
        notes=(*definition.notes, *notes),
    )


def _insights(mine: Mapped) -> dict[str, Any]:
    return {name: mine[name] for name in ("ContributorInsightsSpecification",) if name in mine}


def _capacity(whole: Mapped, replica: Mapped) -> dict[str, Any]:
    """Units and ceilings. Where auto scaling sets the units, they begin at its minimum."""
    units: dict[str, Any] = {}
    limits: dict[str, Any] = {}
    for side, unit, limit in SIDES:
        settings = _settings(whole, replica, f"{side}ProvisionedThroughputSettings")
        scaling = settings.get(f"{side}CapacityAutoScalingSettings")
        fixed = settings.get(unit)
        if fixed is not None:
            units[unit] = fixed
        elif isinstance(scaling, dict):
            units[unit] = scaling.get("SeedCapacity", scaling.get("MinCapacity"))
        ceiling = _settings(whole, replica, f"{side}OnDemandThroughputSettings").get(limit)
        if ceiling is not None:
            limits[limit] = ceiling
    return {
        **({"ProvisionedThroughput": units} if units else {}),
        **({"OnDemandThroughput": limits} if limits else {}),
    }


def _settings(whole: Mapped, replica: Mapped, name: str) -> Mapped:
    """Reads may be set for each replica, writes are those of the table."""
    for owner in (replica, whole):
        value = owner.get(name)
        if isinstance(value, dict):
            return value
    return {}


Scaled = tuple[list[Mapped], list[Mapped], Unresolved | None]


def _scaled(table: str, index: str | None, whole: Mapped, replica: Mapped) -> Scaled:
    """Targets and policies as Application Auto Scaling would describe them; and why one is not known."""
    targets: list[Mapped] = []
    policies: list[Mapped] = []
    unknown: Unresolved | None = None
    resource = f"table/{table}" if index is None else f"table/{table}/index/{index}"
    for unit, settings in _scaling_settings(whole, replica):
        dimension = f"dynamodb:{'table' if index is None else 'index'}:{unit}"
        common = {"ServiceNamespace": "dynamodb", "ResourceId": resource, "ScalableDimension": dimension}
        least, most = settings.get("MinCapacity"), settings.get("MaxCapacity")
        min_units, max_units = number(least), number(most)
        if min_units is None or max_units is None:
            unknown = next((one for one in (least, most) if isinstance(one, Unresolved)), Unresolved(reason="no capacity is given"))
            continue
        targets.append({**common, "MinCapacity": min_units, "MaxCapacity": max_units})
        aim = settings.get("TargetTrackingScalingPolicyConfiguration")
        percent = aim.get("TargetValue") if isinstance(aim, dict) else None
        if is_percent(percent):
            policies.append({**common, "TargetTrackingScalingPolicyConfiguration": {"TargetValue": percent}})
    return targets, policies, unknown


def _scaling_settings(whole: Mapped, replica: Mapped) -> Iterator[tuple[str, Mapped]]:
    for side, unit, _ in SIDES:
        settings = _settings(whole, replica, f"{side}ProvisionedThroughputSettings").get(f"{side}CapacityAutoScalingSettings")
        if isinstance(settings, dict):
            yield unit, settings
