"""
In which region each resource of a Terraform plan will be: by its `region` (version 6 of the provider), by its ARN where it is there already,
or by the configuration of its provider.

A provider that takes its region from the environment, or from what the plan does not tell, has the region that the audit was asked for:
unless that is another's, or there are two of them.

Source: Terraform, "JSON Output Format", configuration representation; Terraform AWS provider, "Enhanced Region Support".
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from stj_audit.declared.intrinsics import Unresolved
from stj_audit.declared.terraform_modules import Modules, longest, split
from stj_audit.declared.terraform_plan import Planned

NOT_SAID = "the plan does not say in which of its regions"
_ARN = re.compile(r"arn:[^:]*:[^:]*:(?P<region>[a-z0-9-]+):")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+")


class Regions:
    """`asked` is the region of the audit; `tables` are all resources that are tables."""

    def __init__(self, plan: Mapping[str, Any], *, asked: str, tables: Sequence[Planned]) -> None:
        self._modules = Modules(plan)
        self._providers = (plan.get("configuration") or {}).get("provider_config") or {}
        self._variables = plan.get("variables") or {}
        self._asked = asked
        found = [self.said(one) for one in tables]
        self._open = frozenset(self._key(one) for one, said in zip(tables, found, strict=True) if said is None)
        self._is_asked_open = asked not in found and len(self._open) < 2

    def of(self, planned: Planned) -> str | Unresolved:
        """Where it will be; the region of the audit where nothing says another."""
        said = self.said(planned)
        if said is not None:
            return said
        is_as_tables = not self._open or self._key(planned) in self._open
        return self._asked if self._is_asked_open and is_as_tables else Unresolved(reason=NOT_SAID)

    def is_hidden(self, planned: Planned) -> bool:
        """Whether its provider is given a region that the plan does not tell, other than by the environment."""
        provider = self._providers.get(self._key(planned)) or {}
        return self.said(planned) is None and "region" in (provider.get("expressions") or {})

    def said(self, planned: Planned) -> str | Unresolved | None:
        """What the plan says of it; None: nothing."""
        own, arn = planned.values.get("region"), planned.values.get("arn")
        if isinstance(own, str) or (isinstance(own, Unresolved) and not self._is_left_out(planned)):
            return own
        found = _ARN.match(arn) if isinstance(arn, str) else None
        return found["region"] if found else self._of_provider(planned)

    def _is_left_out(self, planned: Planned) -> bool:
        """Whether an unknown region is that of the provider: an input of a module that is not given is null, and leaves it out."""
        expression = planned.expressions.get("region")
        return expression is not None and self._modules.is_left_out(expression, split(planned.address)[0])

    def _key(self, planned: Planned) -> str:
        """What its provider's configuration is called. Older versions of Terraform call the one that a module is given by the module."""
        key = str((planned.configured or {}).get("provider_config_key") or "")
        own = self._of_vendor(planned)
        if key in self._providers or len(own) > 1:
            return key
        return own[0] if own else key.rpartition(":")[2]

    def _of_vendor(self, planned: Planned) -> list[str]:
        vendor = planned.type.partition("_")[0]
        return [key for key, one in self._providers.items() if one.get("name") == vendor]

    def _of_provider(self, planned: Planned) -> str | Unresolved | None:
        """That of its provider; of any that it may be, where these agree."""
        key = self._key(planned)
        found = {self._configured(self._providers[one]) for one in ([key] if key in self._providers else self._of_vendor(planned))}
        if len(found) > 1:
            return Unresolved(reason=NOT_SAID)
        return next(iter(found), None)

    def _configured(self, provider: Mapping[str, Any]) -> str | None:
        region = (provider.get("expressions") or {}).get("region")
        if not isinstance(region, dict):
            return None
        value = region.get("constant_value")
        if value is None and provider.get("module_address") is None:
            value = self._variable(region)
        return value if isinstance(value, str) and _REGION.fullmatch(value) else None

    def _variable(self, expression: Any) -> Any:
        """The value of the one variable, or of the part of it, that an expression refers to."""
        references = longest(expression)
        if len(references) != 1 or not references[0].startswith("var."):
            return None
        root, *path = references[0].removeprefix("var.").split(".")
        value = (self._variables.get(root) or {}).get("value")
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        return value
