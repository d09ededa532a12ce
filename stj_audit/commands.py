"""
The commands of the AWS CLI that change a table, with its real names, ready to be pasted. They are printed in reports and never run here.

Names of tables and indexes hold no character that a shell would read: AWS allows letters, digits, "_", "-" and "." only.
"""

import json
import shlex
from collections.abc import Mapping
from typing import Literal

from stj_audit.facts import Table

Dimension = Literal["read", "write"]
UnitSetting = Literal["ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput"]
OPTIONS: Mapping[UnitSetting, str] = {
    "ProvisionedThroughput": "--provisioned-throughput",
    "OnDemandThroughput": "--on-demand-throughput",
    "WarmThroughput": "--warm-throughput",
}


def update_table(table: Table, options: str) -> str:
    """`aws dynamodb update-table` with some options."""
    return f"aws dynamodb update-table --region {table.region} --table-name {table.name} {options}"


def update_units(table: Table, index: str | None, setting: UnitSetting, units: Mapping[str, int]) -> str:
    """The units of the table (`index` None) or of a global index, by AWS's names of them: `{"ReadCapacityUnits": 5, ...}`."""
    if index is None:
        return update_table(table, f"{OPTIONS[setting]} {','.join(f'{name}={value}' for name, value in units.items())}")
    return _update_indexes(table, {"Update": {"IndexName": index, setting: dict(units)}})


def delete_index(table: Table, index: str) -> str:
    """Removes a global index; its items stay in the table."""
    return _update_indexes(table, {"Delete": {"IndexName": index}})


def create_index(table: Table, create: Mapping[str, object], types: Mapping[str, str]) -> str:
    """Adds a global index, as the API describes one; `types` are those of every attribute in a key: "S", "N" or "B"."""
    definitions = json.dumps([{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()])
    return _update_indexes(table, {"Create": dict(create)}, f"--attribute-definitions {shlex.quote(definitions)} ")


def _update_indexes(table: Table, update: Mapping[str, object], options: str = "") -> str:
    return update_table(table, f"{options}--global-secondary-index-updates {shlex.quote(json.dumps([update]))}")


def scalable_target(table: Table, index: str | None, dimension: Dimension) -> str:
    """The options by which Application Auto Scaling knows one kind of capacity of a table or index."""
    kind, where = ("table", "") if index is None else ("index", f"/index/{index}")
    return (
        f"--region {table.region} --service-namespace dynamodb --resource-id table/{table.name}{where} "
        f"--scalable-dimension dynamodb:{kind}:{dimension.title()}CapacityUnits"
    )


def register_target(table: Table, index: str | None, dimension: Dimension, *, min_units: int, max_units: int) -> str:
    """Sets between which units auto scaling moves one kind of capacity."""
    target = scalable_target(table, index, dimension)
    return f"aws application-autoscaling register-scalable-target {target} --min-capacity {min_units} --max-capacity {max_units}"
