"""
The resources of a template, with what AWS::LanguageExtensions makes of each Fn::ForEach; and what there may be that the template does not
decide.

Source: AWS CloudFormation template reference, "Fn::ForEach" and "Fn::Transform".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from stj_audit.declared.intrinsics import Resolver, Unresolved, adding, first_unresolved, text_of
from stj_audit.declared.source import Source

FOR_EACH = "Fn::ForEach::"
MAX_COPIES = 1_000  # of all Fn::ForEach together; a stack holds 500 resources
MISSHAPEN = Unresolved(reason="Fn::ForEach takes a name, a collection and what to repeat", is_mistake=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """One resource of a template: its logical id, its type, all that is written of it, and the line where it begins."""

    id: str
    type: str
    body: Mapping[str, Any]
    line: int

    @property
    def properties(self) -> Mapping[str, Any]:
        found = self.body.get("Properties")
        return found if isinstance(found, dict) else {}

    def made(self, resolver: Resolver) -> bool | Unresolved:
        """Whether its condition holds."""
        return resolver.condition(self.body["Condition"]) if "Condition" in self.body else True

    def values(self, resolver: Resolver) -> tuple[dict[str, Any], Unresolved | None]:
        """(its properties, why there may be others or none): a function that adds to them may set, or change, any of them."""
        properties, why = _spread(self.properties, resolver)
        around = adding(self.body)
        if around:
            why = Unresolved(reason=f"what {around[0]} adds to it is decided at deployment")
        found = resolver.value(properties)
        if isinstance(found, dict):
            return found, why
        return {}, found if isinstance(found, Unresolved) else Unresolved(reason="its Properties have no members")


@dataclass(frozen=True, kw_only=True, slots=True)
class Hidden:
    """Resources that are decided at deployment: where they would be made, which types they may have (empty: any), and why."""

    id: str
    line: int
    types: frozenset[str]
    why: Unresolved

    def may_make(self, *types: str) -> bool:
        return not self.types or not self.types.isdisjoint(types)


@dataclass(kw_only=True, slots=True)
class Resources:
    """Those of one template, in order. `plain` resolves without the names of resources."""

    source: Source
    plain: Resolver
    seen: list[Resource] = field(default_factory=list)
    hidden: list[Hidden] = field(default_factory=list)
    _copies: int = 0

    @classmethod
    def of(cls, source: Source, plain: Resolver) -> "Resources":
        found = cls(source=source, plain=plain)
        for id_, body in source.document["Resources"].items():
            line = source.lines.get(id_, 1)
            if id_.startswith(FOR_EACH):
                found._repeat(id_, body, line)
            else:
                found._add(id_, body, line)
        return found

    def of_type(self, *types: str) -> Iterator[Resource]:
        return (one for one in self.seen if one.type in types)

    def hiding(self, *types: str) -> Iterator[Hidden]:
        """What is hidden that may have one of the types."""
        return (one for one in self.hidden if one.may_make(*types))

    def _add(self, id_: str, body: Any, line: int) -> None:
        if id_.startswith("Fn::"):
            self._hide(id_, line, frozenset(), Unresolved(reason=f"what {id_} adds to the resources is decided at deployment"))
        elif isinstance(body, dict) and isinstance(body.get("Type"), str):
            self.seen.append(Resource(id=id_, type=body["Type"], body=body, line=line))
        elif isinstance(body, dict) and ("Type" in body or adding(body)):
            self._hide(id_, line, frozenset(), Unresolved(reason=f"the type of {id_} is decided at deployment"))

    def _hide(self, id_: str, line: int, types: frozenset[str], why: Unresolved) -> None:
        self.hidden.append(Hidden(id=id_, line=line, types=types, why=why))

    def _repeat(self, id_: str, body: Any, line: int) -> None:
        parts = _loop(body)
        if parts is None:
            self._hide(id_, line, frozenset(), MISSHAPEN)
            return
        name, collection, templates = parts
        values = _values_of(collection, self.plain)
        if isinstance(values, Unresolved):
            self._hide(id_, line, _types_in(templates), _decided_later(id_, values))
            return
        for value in values:
            self._copies += 1
            if self._copies > MAX_COPIES:
                self._hide(id_, line, _types_in(templates), Unresolved(reason=f"{id_} makes too many to look at"))
                return
            for key, one in templates.items():
                copy_id, copy = _filled(key, name, value), _filled(one, name, value)
                if copy_id.startswith(FOR_EACH):
                    self._repeat(copy_id, copy, line)
                else:
                    self._add(copy_id, copy, line)


def _spread(members: Mapping[str, Any], resolver: Resolver) -> tuple[dict[str, Any], Unresolved | None]:
    """
    (the members, why there may be others) where Fn::ForEach and Fn::Transform may add to them. A function that makes all of them stays.
    """
    found: dict[str, Any] = {}
    why: Unresolved | None = None
    for name, value in members.items():
        if not name.startswith("Fn::") or (len(members) == 1 and not name.startswith((FOR_EACH, "Fn::Transform"))):
            found[name] = value
            continue
        copies = _copies(name, value, resolver)
        if isinstance(copies, Unresolved):
            why = copies
        else:
            found |= copies
    return found, why


def _copies(name: str, body: Any, resolver: Resolver) -> dict[str, Any] | Unresolved:
    """The members that one function adds to others. Of an Fn::ForEach within another it is not worked out."""
    if not name.startswith(FOR_EACH):
        return Unresolved(reason=f"what {name} adds is decided at deployment")
    parts = _loop(body)
    if parts is None:
        return MISSHAPEN
    variable, collection, repeated = parts
    values = _values_of(collection, resolver)
    if isinstance(values, Unresolved):
        return _decided_later(name, values)
    if adding(repeated) or len(values) > MAX_COPIES:
        return Unresolved(reason=f"what {name} makes is not looked at")
    return {key: one for value in values for key, one in _filled(repeated, variable, value).items()}


def _decided_later(name: str, why: Unresolved) -> Unresolved:
    return Unresolved(reason=f"what {name} makes is decided at deployment ({why.reason})")


def _loop(body: Any) -> tuple[str, Any, Mapping[str, Any]] | None:
    """(variable, collection, what to repeat) of an Fn::ForEach; None where it is none."""
    if not isinstance(body, list) or len(body) != 3 or not isinstance(body[0], str) or not isinstance(body[2], dict):
        return None
    return body[0], body[1], body[2]


def _values_of(collection: Any, resolver: Resolver) -> list[str] | Unresolved:
    values = resolver.value(collection)
    why = first_unresolved(values)
    if why is not None:
        return why
    return [text_of(one) for one in values] if isinstance(values, list) else Unresolved(reason="its collection is no list")


def _types_in(templates: Mapping[str, Any]) -> frozenset[str]:
    """The types of what an Fn::ForEach repeats; empty where one of them may be any."""
    types: set[str] = set()
    for name, body in templates.items():
        parts = _loop(body) if name.startswith(FOR_EACH) else None
        inner = _types_in(parts[2]) if parts is not None else frozenset()
        if parts is None and not name.startswith("Fn::") and isinstance(body, dict):
            written = body.get("Type")
            inner = frozenset({written}) if isinstance(written, str) and "{" not in written else frozenset()
        if not inner:
            return frozenset()
        types |= inner
    return frozenset(types)


def _filled(value: Any, name: str, filling: str) -> Any:
    """A value with `${name}` and `&{name}` in every text, and every Ref to it, replaced."""
    if isinstance(value, str):
        return value.replace(f"${{{name}}}", filling).replace(f"&{{{name}}}", filling)
    if isinstance(value, list):
        return [_filled(one, name, filling) for one in value]
    if not isinstance(value, dict):
        return value
    if value == {"Ref": name}:
        return filling
    return {_filled(key, name, filling): _filled(one, name, filling) for key, one in value.items()}
