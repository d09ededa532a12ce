"""
The commands of the AWS CLI that change a table, with its real names, ready to be pasted. They are printed in reports and never run here.

AWS allows letters, digits, "_", "-" and "." only in names of tables and indexes. But a template may have any other, and a name may begin
with a dash: so each is one word for the shell, and never an option of its own.
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


def option(name: str, value: str) -> str:
    """An option with a value from outside, for a shell; one that begins with a dash would be an option itself behind a blank."""
    return f"{name}={shlex.quote(value)}" if value.startswith("-") else f"{name} {shlex.quote(value)}"


def of_table(table: Table) -> str:
    """The options that name a table."""
    return f"{option('--region', table.region)} {option('--table-name', table.name)}"


def update_table(table: Table, options: str) -> str:
    """`aws dynamodb update-table` with some options."""
    return f"aws dynamodb update-table {of_table(table)} {options}"


def update_units(table: Table, index: str | None, setting: UnitSetting, units: Mapping[str, int]) -> str:
    """The units of the table (`index` None) or of a global index, by AWS's names of them: `{"ReadCapacityUnits": 5, ...}`."""
    if index is None:
        return update_table(table, f"{OPTIONS[setting]} {','.join(f'{name}={value}' for name, value in units.items())}")
    return _update_indexes(table, {"Update": {"IndexName": index, setting: dict(units)}})


def use_provisioned(table: Table, units: Mapping[str | None, tuple[int, int]]) -> str:
    """Provisioned mode, with (read, write) units of the table (None) and of each global index."""

    def throughput(index: str | None) -> dict[str, int]:
        reads, writes = units[index]
        return {"ReadCapacityUnits": reads, "WriteCapacityUnits": writes}

    of_table = ",".join(f"{name}={value}" for name, value in throughput(None).items())
    options = f"--billing-mode PROVISIONED --provisioned-throughput {of_table}"
    indexes = [{"Update": {"IndexName": one, "ProvisionedThroughput": throughput(one)}} for one in units if one is not None]
    if indexes:
        options += f" --global-secondary-index-updates {shlex.quote(json.dumps(indexes))}"
    return update_table(table, options)


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
        f"{option('--region', table.region)} --service-namespace dynamodb {option('--resource-id', f'table/{table.name}{where}')} "
        f"--scalable-dimension dynamodb:{kind}:{dimension.title()}CapacityUnits"
    )


def track_target(table: Table, index: str | None, dimension: Dimension, percent: int) -> str:
    """Lets auto scaling keep one kind of capacity at so much of its use."""
    metric = {"PredefinedMetricType": f"DynamoDB{dimension.title()}CapacityUtilization"}
    tracking = shlex.quote(json.dumps({"PredefinedMetricSpecification": metric, "TargetValue": percent}))
    name = "-".join(part for part in (table.name, index, dimension, str(percent)) if part)
    return (
        f"aws application-autoscaling put-scaling-policy {scalable_target(table, index, dimension)} {option('--policy-name', name)} "
        f"--policy-type TargetTrackingScaling --target-tracking-scaling-policy-configuration {tracking}"
    )


def register_target(table: Table, index: str | None, dimension: Dimension, *, min_units: int, max_units: int) -> str:
    """Sets between which units auto scaling moves one kind of capacity."""
    target = scalable_target(table, index, dimension)
    return f"aws application-autoscaling register-scalable-target {target} --min-capacity {min_units} --max-capacity {max_units}"
