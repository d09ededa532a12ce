"""
The modules of a Terraform plan: in which one an address is, what the configuration says of it, and what its expressions refer to.

Source: Terraform, "JSON Output Format", configuration and expression representations.
"""

import re
from collections.abc import Mapping
from typing import Any

from stj_audit.declared.terraform_dynamic import references_in

# Of a module: the names of its calls, each with its instance ("" where there are no instances, None for any)
Path = tuple[tuple[str, str | None], ...]

TO_INPUT = re.compile(r"var\.(?P<input>[^.\[]+).*")
_STEP = re.compile(r"module\.(?P<module>[^.\[]+)(?P<instance>\[[^\]]*\])?\.")


class Modules:
    """Those of the configuration in a plan."""

    def __init__(self, plan: Mapping[str, Any]) -> None:
        self._root: Mapping[str, Any] = (plan.get("configuration") or {}).get("root_module") or {}

    def module(self, path: Path) -> Mapping[str, Any]:
        """What the configuration says of a module; empty where it does not have it."""
        return (self.call(path).get("module") or {}) if path else self._root

    def call(self, path: Path) -> Mapping[str, Any]:
        """The call that makes a module, which is in another one."""
        return (self.module(path[:-1]).get("module_calls") or {}).get(path[-1][0]) or {}

    def is_left_out(self, expression: Any, path: Path) -> bool:
        """Whether an expression in a module is made of inputs alone that nobody gives anything unknown: known after apply is not its own."""
        for one in longest(expression):
            found = TO_INPUT.fullmatch(one)
            if found is None:
                return False
            if path:
                given = (self.call(path).get("expressions") or {}).get(found["input"])
                if not self.is_left_out(given, path[:-1]):
                    return False
        return True


def split(address: str) -> tuple[Path, str]:
    """The module that a resource is in, and its address in that module."""
    path: list[tuple[str, str | None]] = []
    at = 0
    while (step := _STEP.match(address, at)) is not None:
        path.append((step["module"], step["instance"] or ""))
        at = step.end()
    return tuple(path), address[at:]


def longest(expression: Any) -> tuple[str, ...]:
    """What an expression refers to. Terraform names each part of a reference too: `a.b.c` comes with `a.b`."""
    references = tuple(dict.fromkeys(references_in(expression)))
    return tuple(one for one in references if not any(other.startswith((f"{one}.", f"{one}[")) for other in references))
