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

NO_CAPACITY = Unresolved(reason="no capacity is given")

Mapped = Mapping[str, Any]


def as_table(definition: Definition, *, region: str) -> Definition:
    """The definition of the table in `region`, with its replicas, and with the auto scaling that a global table has in its own properties."""
    whole = definition.properties
    replicas = whole.get("Replicas")
    regions = _regions(replicas)
    if isinstance(regions, Unresolved):
        return replace(definition, properties={**whole, "Replicas": regions})
    place = regions.index(region) if region in regions else 0
    replica = replicas[place] if isinstance(replicas, list) and regions else {}
    notes: tuple[str, ...] = ()
    if region not in regions and regions:
        notes = (f"{definition.id} has no replica in {region}: what is set for each replica is that of {regions[0]}",)
    properties = {name: whole[name] for name in OF_TABLE if name in whole}
    properties |= {name: replica[name] for name in OF_REPLICA if name in replica}
    properties |= _capacity(whole, replica)
    indexes = whole.get("GlobalSecondaryIndexes")
    scaled = [_scaled(definition.name, None, whole, replica)]
    if isinstance(indexes, list):
        pairs = [(one, _of_index(replica, one, whole.get("BillingMode"))) for one in indexes]
        properties["GlobalSecondaryIndexes"] = [
            _index(one, mine) if isinstance(one, dict) else one  # which makes the table unknown, or is an error
            for one, mine in pairs
        ]
        scaled += [_scaled(definition.name, str(one.get("IndexName")), one, mine) for one, mine in pairs if isinstance(one, dict)]
    elif indexes is not None:
        properties["GlobalSecondaryIndexes"] = indexes
    return replace(
        definition,
        properties=properties,
        replicas=regions if len(regions) > 1 else (),
        global_table_version=VERSION,
        targets=tuple(target for targets, _, _ in scaled for target in targets),
        policies=tuple(policy for _, policies, _ in scaled for policy in policies),
        scaling_unknown=next((why for _, _, why in scaled if why is not None), None),
        notes=(*definition.notes, *notes),
    )


def _regions(replicas: Any) -> tuple[str, ...] | Unresolved:
    """Where it is, in order; one that is decided at deployment may be the one of the audit."""
    if isinstance(replicas, Unresolved):
        return replicas
    if not isinstance(replicas, list):
        return Unresolved(reason="its replicas are not listed")
    found = [_member(one, "Region") for one in replicas]
    why = next((one for one in found if isinstance(one, Unresolved)), None)
    if why is not None:
        return why
    named = tuple(one for one in found if isinstance(one, str))
    return named if len(named) == len(found) else Unresolved(reason="a replica has no Region")


def _of_index(replica: Mapped, index: Any, billing_mode: Any) -> Mapped:
    """What a replica sets for one global index. Where it is decided at deployment what it sets for which, it may be this one."""
    own = replica.get("GlobalSecondaryIndexes")
    listed = own if isinstance(own, list) else [own]
    name = index.get("IndexName") if isinstance(index, dict) else None
    for one in listed:
        if isinstance(one, dict) and one.get("IndexName") == name:
            return one
    named = [one.get("IndexName") if isinstance(one, dict) else one for one in listed]
    why = next((one for one in named if isinstance(one, Unresolved)), None)
    capacity = "ReadOnDemandThroughputSettings" if billing_mode == "PAY_PER_REQUEST" else "ReadProvisionedThroughputSettings"
    return {} if why is None else dict.fromkeys(("ContributorInsightsSpecification", capacity), why)


def _index(one: Mapped, mine: Mapped) -> dict[str, Any]:
    insights = {name: mine[name] for name in ("ContributorInsightsSpecification",) if name in mine}
    return {**{key: value for key, value in one.items() if not key.endswith("Settings")}, **_capacity(one, mine), **insights}


def _capacity(whole: Mapped, replica: Mapped) -> dict[str, Any]:
    """Units and ceilings. Where auto scaling sets the units, they begin at its minimum."""
    units: dict[str, Any] = {}
    limits: dict[str, Any] = {}
    for side, unit, limit in SIDES:
        settings = _settings(whole, replica, f"{side}ProvisionedThroughputSettings")
        fixed = _member(settings, unit)
        scaling = _member(settings, f"{side}CapacityAutoScalingSettings")
        if fixed is None and scaling is not None:
            fixed = _member(scaling, "SeedCapacity")
            fixed = _member(scaling, "MinCapacity") if fixed is None else fixed
        if fixed is not None:
            units[unit] = fixed
        ceiling = _member(_settings(whole, replica, f"{side}OnDemandThroughputSettings"), limit)
        if ceiling is not None:
            limits[limit] = ceiling
    return {
        **({"ProvisionedThroughput": units} if units else {}),
        **({"OnDemandThroughput": limits} if limits else {}),
    }


def _settings(whole: Mapped, replica: Mapped, name: str) -> Any:
    """Reads may be set for each replica, writes are those of the table."""
    return next((owner[name] for owner in (replica, whole) if isinstance(owner.get(name), dict | Unresolved)), None)


def _member(settings: Any, name: str) -> Any:
    """A member of settings; of those that are decided at deployment each is. None: left out."""
    return settings.get(name) if isinstance(settings, dict) else settings if isinstance(settings, Unresolved) else None


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
        least, most = _member(settings, "MinCapacity"), _member(settings, "MaxCapacity")
        aim = _member(_member(settings, "TargetTrackingScalingPolicyConfiguration"), "TargetValue")
        min_units, max_units = number(least), number(most)
        if min_units is None or max_units is None or isinstance(aim, Unresolved):
            unknown = next((one for one in (least, most, aim) if isinstance(one, Unresolved)), NO_CAPACITY)
            continue
        targets.append({**common, "MinCapacity": min_units, "MaxCapacity": max_units})
        if is_percent(aim):
            policies.append({**common, "TargetTrackingScalingPolicyConfiguration": {"TargetValue": aim}})
    return targets, policies, unknown


def _scaling_settings(whole: Mapped, replica: Mapped) -> Iterator[tuple[str, Any]]:
    for side, unit, _ in SIDES:
        settings = _settings(whole, replica, f"{side}ProvisionedThroughputSettings")
        scaling = _member(settings, f"{side}CapacityAutoScalingSettings")
        if isinstance(scaling, dict | Unresolved):
            yield unit, scaling
