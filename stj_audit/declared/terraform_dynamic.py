"""
Whether dynamic blocks of a plan may depend on what is known after apply only.

The configuration in a plan has no dynamic blocks. Where nobody knows how many blocks one makes, its place is marked as unknown; but a block
that AWS decides where it is left out is marked so too. What tells the two apart are the attributes that contribute to the planned changes
(`relevant_attributes`): one that is known after apply only, and that no expression of the configuration refers to, is used where the
configuration in the plan does not show it. That is as a rule a dynamic block.

Source: Terraform, "JSON Output Format", plan and configuration representation (`relevant_attributes` since Terraform 1.2).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Values = Mapping[str, Any]

INSTANCE = re.compile(r"\[[^\]]*\]")
INDIRECT = ("local.", "module.", "var.")  # references to what has a value of its own, which the plan does not spell out


def hidden_sources(plan: Values) -> frozenset[str]:
    """The resources, by their addresses without instances, whose unknown attributes are used where no expression shows it."""
    relevant = [one for one in plan.get("relevant_attributes") or () if isinstance(one, dict)]
    if not relevant:
        return frozenset()
    unknown = _unknown(plan)
    expressions = tuple(_expressions((plan.get("configuration") or {}).get("root_module") or {}, ""))
    # What has a value of its own may be made of any of them, where that is not known either
    indirect = any(one.is_unknown_in(unknown) for one in expressions if one.is_indirect)
    found = set()
    for one in relevant:
        address, path = INSTANCE.sub("", str(one.get("resource"))), one.get("attribute") or []
        marks = unknown.get(address)
        if marks is None or not any(_is_unknown(mark, path) for mark in marks):
            continue
        if not indirect and not any(expression.refers_to(address, path) for expression in expressions):
            found.add(address)
    return frozenset(found)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Expression:
    """One attribute of one resource, or an input of a module, as the configuration gives it; `references` are whole addresses."""

    resource: str
    attribute: str
    references: Sequence[str]

    @property
    def is_indirect(self) -> bool:
        return any(one.rpartition("::")[2].startswith(INDIRECT) for one in self.references)

    def is_unknown_in(self, unknown: Mapping[str, Sequence[Any]]) -> bool:
        """Whether the plan does not know the attribute."""
        return any(_is_unknown(mark, [self.attribute]) for mark in unknown.get(self.resource, ()))

    def refers_to(self, address: str, path: Sequence[Any]) -> bool:
        """Whether the attribute is among what it refers to; of a whole resource each attribute is."""
        plain = [one.replace("::", "") for one in self.references]
        if not path or not isinstance(path[0], str):
            return any(one == address or one.startswith(f"{address}.") for one in plain)
        wanted = f"{address}.{path[0]}"
        whole = address in plain and not any(one.startswith(f"{address}.") for one in plain)
        return whole or any(one == wanted or one.startswith(f"{wanted}.") for one in plain)


def _unknown(plan: Values) -> dict[str, list[Any]]:
    """`after_unknown` of each resource, of all of its instances."""
    found: dict[str, list[Any]] = {}
    for change in plan.get("resource_changes") or ():
        if isinstance(change, dict):
            address = INSTANCE.sub("", str(change.get("address")))
            found.setdefault(address, []).append((change.get("change") or {}).get("after_unknown") or {})
    outputs = plan.get("output_changes") or {}
    found["output"] = [{name: one.get("after_unknown") for name, one in outputs.items() if isinstance(one, dict)}]
    return found


def _is_unknown(mark: Any, path: Sequence[Any]) -> bool:
    """Whether anything at the place is unknown; of a path that leads nowhere, where it ends."""
    for step in path:
        if _holds(mark, step):
            mark = mark[step]
        elif mark is not True:
            return False
    return mark is True or any(_is_unknown(one, ()) for one in _members(mark))


def _holds(mark: Any, step: Any) -> bool:
    if isinstance(mark, dict):
        return isinstance(step, str) and step in mark
    return isinstance(mark, list) and isinstance(step, int) and step < len(mark)


def _members(mark: Any) -> Sequence[Any]:
    return list(mark.values()) if isinstance(mark, dict) else mark if isinstance(mark, list) else ()


def _expressions(module: Values, prefix: str) -> Iterator[_Expression]:
    """Those of the module and of the modules in it. `::` in a reference stands between the module and the address in it."""
    for one in module.get("resources") or ():
        for name, value in (one.get("expressions") or {}).items():
            yield _expression(f"{prefix}{one.get('address')}", name, value, prefix)
    for name, output in (module.get("outputs") or {}).items():
        yield _expression(f"{prefix}output", name, output.get("expression"), prefix)
    for name, call in (module.get("module_calls") or {}).items():
        for given, value in (call.get("expressions") or {}).items():
            yield _expression(f"{prefix}module.{name}", given, value, prefix)
        yield from _expressions(call.get("module") or {}, f"{prefix}module.{name}.")


def _expression(resource: str, attribute: str, value: Any, prefix: str) -> _Expression:
    references = tuple(f"{prefix}::{INSTANCE.sub('', one)}" for one in references_in(value))
    return _Expression(resource=resource, attribute=attribute, references=references)


def references_in(value: Any) -> Iterator[str]:
    """Of an expression, or of all in a block."""
    if isinstance(value, list):
        for one in value:
            yield from references_in(one)
    elif isinstance(value, dict):
        references = value.get("references")
        if isinstance(references, list) and all(isinstance(one, str) for one in references):
            yield from references
            return
        for one in value.values():
            yield from references_in(one)
