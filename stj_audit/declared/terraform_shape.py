"""
The shape of a Terraform plan, as far as it is read: one that is of another shape is refused in one place, so that the rest may rely on it.

Source: Terraform, "JSON Output Format", plan, values, configuration and change representations. Members that Terraform leaves out where
they are empty may be null too.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from stj_audit.declared.source import SHOW_JSON
from stj_audit.errors import ConfigError

PLAN_AGAIN = "terraform plan ends with an error: correct what it tells, and plan again"


class _Resource(Struct):
    address: str
    type: str
    mode: str | None = None
    values: dict[str, Any] | None = None


class _Module(Struct):
    resources: list[_Resource] | None = None
    child_modules: "list[_Module] | None" = None


class _Planned(Struct):
    root_module: _Module | None = None


class _Change(Struct):
    actions: list[str] | None = None
    after: dict[str, Any] | None = None
    after_unknown: dict[str, Any] | bool | None = None


class _ResourceChange(Struct):
    address: str
    type: str | None = None
    mode: str | None = None
    change: _Change | None = None


class _Deferred(Struct):
    resource_change: _ResourceChange
    reason: str | None = None


class _OutputChange(Struct):
    after_unknown: Any = None


class _ConfiguredResource(Struct):
    address: str
    provider_config_key: str | None = None
    expressions: dict[str, Any] | None = None


class _Output(Struct):
    expression: Any = None


class _ModuleCall(Struct):
    expressions: dict[str, Any] | None = None
    module: "_ConfiguredModule | None" = None


class _ConfiguredModule(Struct):
    resources: list[_ConfiguredResource] | None = None
    module_calls: dict[str, _ModuleCall] | None = None
    outputs: dict[str, _Output] | None = None


class _Provider(Struct):
    name: str | None = None
    module_address: str | None = None
    expressions: dict[str, Any] | None = None


class _Configuration(Struct):
    provider_config: dict[str, _Provider] | None = None
    root_module: _ConfiguredModule | None = None


class _Variable(Struct):
    value: Any = None


class _Relevant(Struct):
    resource: str
    attribute: list[Any] | None = None


class _Plan(Struct):
    planned_values: _Planned | UnsetType = UNSET
    resource_changes: list[_ResourceChange] | None = None
    deferred_changes: list[_Deferred] | None = None
    output_changes: dict[str, _OutputChange] | None = None
    configuration: _Configuration | None = None
    variables: dict[str, _Variable] | None = None
    relevant_attributes: list[_Relevant] | None = None
    complete: bool | None = None
    errored: bool | None = None


def check_shape(plan: Mapping[str, Any], shown: str) -> None:
    """Raise ConfigError for what `terraform show -json` does not write, and for a plan that does not say what is planned."""
    try:
        found = msgspec.convert(plan, _Plan, builtin_types=(Decimal,))
    except msgspec.ValidationError as error:
        raise ConfigError(f"{shown} is no plan as Terraform writes it: {error}", hint=SHOW_JSON) from error
    except RecursionError as error:
        raise ConfigError(f"{shown} is nested too deep to be a plan", hint=SHOW_JSON) from error
    if found.planned_values is UNSET:
        raise ConfigError(f"{shown}: a plan without `planned_values`", hint=SHOW_JSON)
    if found.errored:
        raise ConfigError(f"{shown} is of a plan that failed, and says a part of what is planned only", hint=PLAN_AGAIN)
