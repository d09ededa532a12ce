"""Terraform plans that a test puts together, of tables and of what is beside them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stj_audit.declared.reading import Design
from stj_audit.declared.terraform_dynamic import INSTANCE
from tests.declared.reading import ADDRESS, REGION, VALUES, design_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A resource of a plan: `unknown` is its after_unknown, `refers` what its attributes refer to, `provider` the key of its provider."""

    address: str
    values: Mapping[str, Any] = field(default_factory=dict)
    unknown: Mapping[str, Any] = field(default_factory=dict)
    refers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    provider: str | None = None

    @property
    def type(self) -> str:
        return self.address.rpartition(".")[0].rpartition(".")[2]

    def configured(self) -> dict[str, Any]:
        local = INSTANCE.sub("", self.address)
        while local.startswith("module."):
            local = local.split(".", 2)[2]
        expressions = {name: {"references": list(one)} for name, one in self.refers.items()}
        return {"address": local, "expressions": expressions} | ({"provider_config_key": self.provider} if self.provider else {})


def table(address: str = ADDRESS, *, unknown: Mapping[str, Any] | None = None, provider: str | None = None, **values: Any) -> Made:
    """A table called `orders` unless it is said; a name that is not known yet has to be left out of its values."""
    shown = {name: value for name, value in {**VALUES, **values}.items() if (unknown or {}).get(name) is not True}
    refers = {name: ["terraform_data.x.output", "terraform_data.x"] for name in unknown or {}}
    return Made(
        address=address, values=shown, unknown={"id": True, "arn": True, **(unknown or {})}, refers=refers, provider=provider
    )


def plan_of(*made: Made, module: Mapping[str, Any] | None = None, **rest: Any) -> dict[str, Any]:
    """
    A plan of the root module, with what is in `module.db` in that module; `module` is the rest of its call, `rest` what is beside in the
    plan.
    """
    inner = [one for one in made if one.address.startswith("module.")]
    outer = [one for one in made if one not in inner]
    call = dict(module or {})
    call["module"] = {**call.get("module", {}), "resources": [one.configured() for one in inner]}
    children = [{"address": "module.db", "resources": [_planned(one) for one in inner]}] if inner else []
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [_planned(one) for one in outer], "child_modules": children}},
        "resource_changes": [{"address": one.address, "change": {"after_unknown": dict(one.unknown)}} for one in made],
        "configuration": {
            "provider_config": rest.pop("providers", {}),
            "root_module": {
                "resources": [one.configured() for one in outer],
                "module_calls": {"db": call} if inner or module else {},
            },
        },
        **rest,
    }


def _planned(made: Made) -> dict[str, Any]:
    return {"address": made.address, "mode": "managed", "type": made.type, "values": dict(made.values)}


def design(folder: Path, plan: Mapping[str, Any], *, region: str = REGION) -> Design:
    """What is read of a plan."""
    path = folder / "plan.json"
    path.write_text(json.dumps(plan), encoding="utf-8")
    return design_of(path, region=region)


def reasons(found: Design) -> dict[str, str]:
    """Why tables are not known, by their names."""
    return {one.name: one.unknown.reason for one in found.snapshot.missing}
