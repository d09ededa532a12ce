"""
What a Terraform plan says of each resource: its values, and what of them is known after apply only.

An attribute that the configuration leaves out, and that AWS decides, is "known after apply" too. What AWS decides then is the default of
CreateTable, so the configuration in the plan tells the two apart; `terraform_dynamic` says what it does where that has dynamic blocks, of
which the plan shows only what they make.

Source: Terraform, "JSON Output Format"; Terraform AWS provider, aws_dynamodb_table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stj_audit.declared.intrinsics import Unresolved
from stj_audit.declared.terraform_dynamic import INSTANCE, hidden_sources

Values = Mapping[str, Any]

AFTER_APPLY = "known after apply"
# What AWS decides where the configuration says nothing: optional and computed, in the provider's words
COMPUTED = frozenset(
    {
        "point_in_time_recovery",
        "server_side_encryption",
        "stream_view_type",
        "warm_throughput",
        "read_capacity",
        "write_capacity",
        "tags_all",
        "region",
    }
)

# Those of them that are blocks, which a dynamic block may make
BLOCKS = frozenset({"point_in_time_recovery", "server_side_encryption", "warm_throughput"})
BY_DYNAMIC = "known after apply: a dynamic block may make it"


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """
    One resource as it is planned. `values` has `Unresolved` where the plan does not know, nothing where the configuration says nothing;
    `configured` is what the configuration says of the resource, None where the plan has none. `deferred` is why Terraform put it off:
    it may be there in the end, as it is said here, or not.
    """

    address: str
    type: str
    values: Values
    configured: Values | None = None
    deferred: Unresolved | None = None

    @property
    def resource(self) -> str:
        """The address without instances."""
        return INSTANCE.sub("", self.address)

    @property
    def expressions(self) -> Values:
        return (self.configured or {}).get("expressions") or {}


def planned(plan: Values) -> tuple[Planned, ...]:
    """Every resource that there will be, or may be, of a plan whose shape was checked."""
    deferred = tuple(_deferred(plan))
    put_off = {one.address for one in deferred} | {one.resource for one in deferred if "[*]" in one.address}
    there = (one for one in _there(plan) if one.address not in put_off and one.resource not in put_off)
    return (*there, *deferred)


def _there(plan: Values) -> Iterator[Planned]:
    unknown = {
        one["address"]: (one.get("change") or {}).get("after_unknown") or {}
        for one in plan.get("resource_changes") or ()
        if not one.get("deposed")  # what is left of a former object has the same address, and is deleted
    }
    hidden = hidden_sources(plan)
    configured = _configured(root_of(plan), "")
    for one in _in_module(plan["planned_values"].get("root_module") or {}):
        address = one["address"]
        if (one.get("mode") or "managed") != "managed":
            continue
        resource = INSTANCE.sub("", address)
        said = configured.get(resource)
        may_be_made = BLOCKS if hidden - {resource} else frozenset()
        expressions = None if said is None else said.get("expressions") or {}
        values = _merged(one.get("values") or {}, unknown.get(address) or {}, expressions, may_be_made)
        yield Planned(address=address, type=one["type"], values=values, configured=said)


def _deferred(plan: Values) -> Iterator[Planned]:
    """Changes that Terraform put off. What is known of them is a placeholder in part, so all that may be made is told as not known."""
    configured = _configured(root_of(plan), "")
    for one in plan.get("deferred_changes") or ():
        found = one["resource_change"]
        change = found.get("change") or {}
        if (found.get("mode") or "managed") != "managed" or change.get("actions") == ["delete"]:
            continue
        address, said = found["address"], configured.get(INSTANCE.sub("", found["address"]))
        kind = found.get("type") or INSTANCE.sub("", address).rpartition(".")[0].rpartition(".")[2]
        values = _merged(change.get("after") or {}, change.get("after_unknown") or {}, None, frozenset())
        why = Unresolved(reason=f"Terraform put it off ({one.get('reason') or 'it does not say why'})")
        yield Planned(address=address, type=kind, values=values, configured=said, deferred=why)


def root_of(plan: Values) -> Values:
    """The root module of the configuration; empty where the plan has none."""
    return (plan.get("configuration") or {}).get("root_module") or {}


def _in_module(module: Values) -> Iterator[Values]:
    yield from module.get("resources") or ()
    for child in module.get("child_modules") or ():
        yield from _in_module(child)


def _configured(module: Values, prefix: str) -> dict[str, Values]:
    """What the configuration says of each resource, by its address without instances."""
    found = {f"{prefix}{one['address']}": one for one in module.get("resources") or ()}
    for name, call in (module.get("module_calls") or {}).items():
        found |= _configured(call.get("module") or {}, f"{prefix}module.{name}.")
    return found


def _merged(values: Values, unknown: Any, expressions: Values | None, may_be_made: frozenset[str]) -> dict[str, Any]:
    """
    The values, with `Unresolved` for what is configured and not known, by dynamic blocks too, which `may_be_made` names. Without a
    configuration all that is not known is taken for that.
    """
    if unknown is True:
        return {name: Unresolved(reason=AFTER_APPLY) for name in values}
    merged = {name: value for name, value in values.items() if value is not None}
    for name, mark in unknown.items() if isinstance(unknown, dict) else ():
        if mark is True or (name not in merged and _marks(mark)):
            if name not in COMPUTED or expressions is None or name in expressions:
                merged[name] = Unresolved(reason=AFTER_APPLY)
            elif name in may_be_made:
                merged[name] = Unresolved(reason=BY_DYNAMIC)
        elif name in merged:
            merged[name] = _marked(merged[name], mark)
    return merged


def _marks(mark: Any) -> bool:
    """Whether anything in it is marked."""
    parts = mark.values() if isinstance(mark, dict) else mark if isinstance(mark, list) else ()
    return mark is True or any(map(_marks, parts))


def _marked(value: Any, mark: Any) -> Any:
    """A value with `Unresolved` at each place that `after_unknown` marks; blocks are lists of objects."""
    if mark is True or (value is None and _marks(mark)):
        return Unresolved(reason=AFTER_APPLY)
    if isinstance(value, list) and isinstance(mark, list):
        if any(map(_marks, mark[len(value) :])):
            return Unresolved(reason=AFTER_APPLY)
        return [_marked(one, sign) for one, sign in zip(value, [*mark, *[{}] * len(value)], strict=False)]
    if isinstance(value, dict) and isinstance(mark, dict):
        return {**value, **{name: _marked(value.get(name), sign) for name, sign in mark.items() if sign}}
    return value
