"""
Which table a resource of a Terraform plan belongs to: by the name or the ARN that the plan knows, or by what the configuration refers to
where these are known after apply only.

Where an expression refers to one table alone, it is that one. Where it may be one of several, or anything, nothing is said of them.

Source: Terraform, "JSON Output Format", expression representation.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stj_audit.declared.intrinsics import Unresolved
from stj_audit.declared.terraform_modules import TO_INPUT, Modules, Path, longest, split
from stj_audit.declared.terraform_plan import Planned

TABLE = "aws_dynamodb_table"

_ARN = re.compile(r"arn:[^:]*:dynamodb:(?P<region>[^:]*):[^:]*:table/(?P<table>[^/]+)(?P<rest>/.*)?")
_TO_TABLE = re.compile(r"(?P<resource>aws_dynamodb_table\.[^.\[]+)(?P<instance>\[[^\]]*\])?(\.(?P<attribute>[a-z_]+))?.*")
_TO_OUTPUT = re.compile(r"module\.(?P<module>[^.\[]+)(?P<instance>\[[^\]]*\])?\.(?P<output>[^.\[]+).*")
# What names no table, and may be a part of an ARN
_HARMLESS = (
    *("each.key", "count.", "path.", "terraform."),
    *("data.aws_region.", "data.aws_caller_identity.", "data.aws_partition."),
)
# What is of a table and has an ARN of its own
_ELSEWHERE = ("aws_dynamodb_table_replica.",)
_NAMES_IT, _OF_STREAM = ("name", "id", "arn"), ("stream_arn", "stream_label")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Meant:
    """Addresses that are meant; whether it is one of them for sure; whether it may be anything; whether it is something else for sure."""

    tables: frozenset[str] = frozenset()
    is_exact: bool = True
    is_anything: bool = False
    is_elsewhere: bool = False

    def __or__(self, other: "_Meant") -> "_Meant":
        return _Meant(
            tables=self.tables | other.tables,
            is_exact=self.is_exact and other.is_exact,
            is_anything=self.is_anything or other.is_anything,
            is_elsewhere=self.is_elsewhere or other.is_elsewhere,
        )


ANYTHING = _Meant(is_anything=True)
SOMETHING_ELSE = _Meant(is_exact=False, is_elsewhere=True)


class Owners:
    """`tables` are all that the plan has, in every region; `region` is that of the tables that are asked about."""

    def __init__(self, plan: Mapping[str, Any], *, tables: Sequence[Planned], region: str) -> None:
        self._modules = Modules(plan)
        self._tables = tuple(tables)
        self._region = region
        self._handed_on: dict[tuple[Path, str], _Meant] = {}
        self._found: dict[tuple[str, str], _Meant] = {}

    def is_of(self, planned: Planned, attribute: str, table: Planned) -> bool | Unresolved:
        """Whether the resource is of the table, by the attribute that names it; `Unresolved`: it may be, or may not be there."""
        found = self._is_of(planned, attribute, table)
        return planned.deferred if found is True and planned.deferred is not None else found

    def _is_of(self, planned: Planned, attribute: str, table: Planned) -> bool | Unresolved:
        value = planned.values.get(attribute)
        if isinstance(value, str):
            return self._is_named(value, table)
        key = (planned.address, attribute)
        meant = self._found[key] = self._found.get(key) or self._meant(planned, attribute)
        if not meant.is_anything:
            if table.address not in meant.tables:
                return False
            if meant.is_exact and len(meant.tables) == 1:
                return True
        return Unresolved(reason=f"of which table {planned.address} is, is known after apply only")

    def _is_named(self, value: str, table: Planned) -> bool:
        arn = _ARN.fullmatch(value)
        if arn is not None:
            return arn["table"] == table.values.get("name") and arn["region"] == self._region and not arn["rest"]
        return value == table.values.get("name")

    # ------------------------------------------------------------------------------------------------------ references

    def _meant(self, planned: Planned, attribute: str) -> _Meant:
        found = self._in_expression(planned.expressions.get(attribute), split(planned.address)[0])
        return found if found.tables or found.is_elsewhere else ANYTHING

    def _in_expression(self, expression: Any, path: Path) -> _Meant:
        references = longest(expression)
        if not references:
            return ANYTHING
        found = _Meant()
        for one in references:
            found |= self._reference(one, path)
        return found

    def _reference(self, reference: str, path: Path) -> _Meant:
        if reference.startswith(_ELSEWHERE):
            return SOMETHING_ELSE
        if reference.startswith(_HARMLESS):
            return _Meant(is_exact=False)
        if (found := _TO_TABLE.fullmatch(reference)) is not None:
            if found["attribute"] in _OF_STREAM:
                return SOMETHING_ELSE
            addresses = frozenset(self._addresses(found["resource"], found["instance"], path))
            return _Meant(tables=addresses, is_exact=found["attribute"] in _NAMES_IT)
        if _TO_OUTPUT.fullmatch(reference) or (path and TO_INPUT.fullmatch(reference)):
            if (path, reference) not in self._handed_on:
                self._handed_on[path, reference] = ANYTHING  # while it is followed: what leads to itself leads nowhere
                self._handed_on[path, reference] = self._followed(reference, path)
            return self._handed_on[path, reference]
        return ANYTHING

    def _followed(self, reference: str, path: Path) -> _Meant:
        """What a module hands on: an output to what is around it, or an input from there."""
        if (output := _TO_OUTPUT.fullmatch(reference)) is not None:
            inner = (*path, (output["module"], output["instance"]))
            said = (self._modules.module(inner).get("outputs") or {}).get(output["output"]) or {}
            return self._in_expression(said.get("expression"), inner)
        given = TO_INPUT.fullmatch(reference)
        expressions = self._modules.call(path).get("expressions") or {}
        return self._in_expression(expressions.get(given["input"] if given else ""), path[:-1])

    def _addresses(self, resource: str, instance: str | None, path: Path) -> Iterator[str]:
        for one in self._tables:
            module, own = split(one.address)
            of_resource = own == resource or own.startswith(f"{resource}[")
            if of_resource and _fits(path, module) and instance in (None, own.removeprefix(resource)):
                yield one.address


def _fits(wanted: Path, path: Path) -> bool:
    return len(wanted) == len(path) and all(
        name == own and instance in (None, of_own) for (name, instance), (own, of_own) in zip(wanted, path, strict=True)
    )
