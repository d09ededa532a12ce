"""
The tables of a CloudFormation or SAM template; what the CDK writes is CloudFormation.

Where a property is left out its default is AWS's. Source: the template references of AWS::DynamoDB::Table, of AWS::DynamoDB::GlobalTable
(through `global_table`) and of AWS::Serverless::SimpleTable (through `simple_table`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

from stj_audit.declared import simple_table
from stj_audit.declared.definition import Definition
from stj_audit.declared.global_table import GLOBAL_TABLE, VERSION, as_table
from stj_audit.declared.intrinsics import Resolver, Unresolved, adding, is_plain, text_of
from stj_audit.declared.resources import Resource, Resources
from stj_audit.declared.simple_table import SIMPLE_TABLE
from stj_audit.declared.source import Source
from stj_audit.declared.surroundings import NAMESPACE, SCALABLE_TARGET, Around
from stj_audit.report import SourceLine
from stj_audit.wording import a_few

TABLE = "AWS::DynamoDB::Table"
TABLES = (TABLE, GLOBAL_TABLE, SIMPLE_TABLE)
CDK_REPLICA = "Custom::DynamoDBReplica"  # what the CDK's `Table` makes for each of its replicationRegions
NESTED = ("AWS::CloudFormation::Stack", "AWS::Serverless::Application")
CDK_ASSET = "aws:asset:path"  # in the Metadata of a nested stack: the file that the CDK made of it
HOLDERS = {  # what makes tables that no template given here can define
    "AWS::CloudFormation::StackSet": "stack sets",
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct": "provisioned products",
}
MODULE = "::MODULE"
READ_TRANSFORMS = ("AWS::Serverless-2016-10-31", "AWS::LanguageExtensions")
KEPT = ("Retain", "RetainExceptOnCreate")


@dataclass(frozen=True, kw_only=True, slots=True)
class NestedStack:
    """A stack that a template has within it: its logical id, and the names under which its own template may be given."""

    id: str
    templates: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """
    What a template defines. `nested` are its nested stacks, `unseen` what else may define tables, in words, and `switched_off` the ids of
    tables that are not made under the parameters.
    """

    tables: tuple[Definition, ...]
    nested: tuple[NestedStack, ...] = ()
    unseen: tuple[str, ...] = ()
    switched_off: tuple[str, ...] = ()


def is_template(document: Mapping[str, Any]) -> bool:
    """Whether it is a template at all; it may define no table."""
    return isinstance(document.get("Resources"), dict)


def parameters_of(document: Mapping[str, Any]) -> frozenset[str]:
    """The names of its parameters."""
    return Resolver(document, given={}, region="").parameters()


def read_template(source: Source, *, given: Mapping[str, str], region: str) -> Template:
    """Its tables, in order, and what else may make some. Raises ConfigError for a given parameter that it does not allow."""
    return _Reading(source, given=given, region=region).template()


class _Reading:
    def __init__(self, source: Source, *, given: Mapping[str, str], region: str) -> None:
        self._source, self._given, self._region = source, given, region
        self._plain = Resolver(source.document, given=given, region=region)
        self._resources = Resources.of(source, self._plain)

    def template(self) -> Template:
        written = [(one, one.made(self._plain)) for one in self._resources.of_type(*TABLES)]
        found = [self._table(one, made) for one, made in written if made is not False]
        return Template(
            tables=(*self._with_surroundings(found), *self._hidden_tables()),
            nested=tuple(self._nested()),
            unseen=tuple(self._unseen()),
            switched_off=tuple(one.id for one, made in written if made is False),
        )

    def _with_surroundings(self, tables: Sequence[Definition]) -> Iterator[Definition]:
        if not tables:
            return
        named = self._resolver_with_names(tables)
        around = Around.of(self._resources, named)
        added = [(one, self._replicas_of(one, named)) for one in tables]
        notes = tuple(self._notes_on_defaults())
        for one, replicas in added:
            yield replace(around.added_to(one), notes=(*notes, *one.notes), **replicas)

    # --------------------------------------------------------------------------------------------------------- tables

    def _table(self, resource: Resource, made: bool | Unresolved) -> Definition:
        if resource.type == SIMPLE_TABLE:
            resource = replace(resource, body=simple_table.with_globals(resource.body, self._source.document))
        properties, why = resource.values(self._plain)
        if is_plain(properties.get("TableName")):
            properties["TableName"] = text_of(properties["TableName"])
        definition = Definition(
            id=resource.id,
            source=SourceLine(path=self._source.shown, line=resource.line),
            language="CloudFormation",
            properties=properties,
            unknown=made if isinstance(made, Unresolved) and made.is_mistake else why,
        )
        if resource.type == SIMPLE_TABLE:
            definition = replace(definition, properties=simple_table.as_table(properties, resource.properties))
        if resource.type == GLOBAL_TABLE and definition.unknown is None:
            definition = as_table(definition, region=self._region)
        return replace(definition, notes=(*definition.notes, *_notes_on_table(resource, definition, made)))

    def _hidden_tables(self) -> Iterator[Definition]:
        """One for each place at which tables may be made; which, is not known."""
        first = {one.id: one for one in reversed(list(self._resources.hiding(*TABLES)))}
        for one in reversed(first.values()):
            yield Definition(
                id=one.id,
                source=SourceLine(path=self._source.shown, line=one.line),
                language="CloudFormation",
                properties={},
                unknown=one.why,
            )

    def _replicas_of(self, definition: Definition, named: Resolver) -> dict[str, Any]:
        """Those that the CDK makes with a resource of its own, or why they are not known."""
        regions = []
        why = next((one.why for one in self._resources.hiding(CDK_REPLICA) if one.types), None)
        for one in self._resources.of_type(CDK_REPLICA):
            made, (properties, added) = one.made(named), one.values(named)
            table, region = properties.get("TableName", added), properties.get("Region", added)
            if made is False or not (isinstance(table, Unresolved) or table == definition.name):
                continue
            why = next((part for part in (made, table, region) if isinstance(part, Unresolved)), why)
            regions.append(region)
        elsewhere = [one for one in dict.fromkeys(filter(_is_text, regions)) if one != self._region]
        if why is not None:
            return {"properties": {**definition.properties, "Replicas": why}}
        return {"replicas": (self._region, *elsewhere), "global_table_version": VERSION} if elsewhere else {}

    def _resolver_with_names(self, tables: Sequence[Definition]) -> Resolver:
        """One in which a Ref to a table, or to a scalable target, stands for what it will be called."""
        names = {one.id: one.name for one in tables}
        first = Resolver(self._source.document, given=self._given, region=self._region, names=names)
        for one in self._resources.of_type(SCALABLE_TARGET):
            properties, _ = one.values(first)
            found = [properties.get(name) for name in ("ResourceId", "ScalableDimension", "ServiceNamespace")]
            namespace = found[-1]
            if all(isinstance(part, str) for part in found) or (isinstance(namespace, str) and namespace != NAMESPACE):
                names[one.id] = "|".join(part if isinstance(part, str) else "?" for part in found)
        return Resolver(self._source.document, given=self._given, region=self._region, names=names)

    # --------------------------------------------------------------------------------------------------- what is unseen

    def _made(self, *types: str) -> Iterator[Resource]:
        return (one for one in self._resources.of_type(*types) if one.made(self._plain) is not False)

    def _nested(self) -> Iterator[NestedStack]:
        for one in self._made(*NESTED):
            properties, _ = one.values(self._plain)
            metadata = one.body.get("Metadata")
            asset = metadata.get(CDK_ASSET) if isinstance(metadata, dict) else None
            places = (asset, properties.get("TemplateURL"), properties.get("Location"))
            yield NestedStack(id=one.id, templates=tuple(filter(_is_text, places)))

    def _unseen(self) -> Iterator[str]:
        shown = self._source.shown
        for kind, words in HOLDERS.items():
            ids = [one.id for one in self._made(kind)]
            if ids:
                yield f"{shown}: {words}, give their templates too: {a_few(ids)}"
        modules = [one.id for one in self._resources.seen if one.type.endswith(MODULE) and one.made(self._plain) is not False]
        if modules:
            yield f"{shown}: modules: {a_few(modules)}"
        holders = [one for one in self._resources.hidden if one.types and not one.may_make(*TABLES)]
        holders = [one for one in holders if one.may_make(*NESTED, *HOLDERS) or any(name.endswith(MODULE) for name in one.types)]
        if holders:
            yield f"{shown}: stacks or modules that are decided at deployment: {a_few([one.id for one in holders])}"
        transforms = self._source.document.get("Transform") or []
        listed = [*(transforms if isinstance(transforms, list) else [transforms]), *self._including()]
        foreign = list(dict.fromkeys(name for name in map(_transform_name, listed) if name not in READ_TRANSFORMS))
        if foreign:
            yield f"{shown}: what the transform {a_few(foreign)} changes at deployment"

    def _including(self) -> Iterator[Any]:
        """Transforms of the whole template that are written as a function."""
        return (self._source.document[name] for name in adding(self._source.document))

    # ---------------------------------------------------------------------------------------------------------- notes

    def _notes_on_defaults(self) -> Iterator[str]:
        used = sorted(self._plain.defaults_used)
        if used:
            parameters = "the default of parameter" if len(used) == 1 else "the defaults of parameters"
            yield f"{self._source.shown}: taken from {parameters} {a_few(used)}; give --parameter NAME=VALUE for another deployment"


def _is_text(value: Any) -> TypeGuard[str]:
    return isinstance(value, str)


def _notes_on_table(resource: Resource, definition: Definition, made: bool | Unresolved) -> Iterator[str]:
    if isinstance(made, Unresolved) and not made.is_mistake:
        yield f"{definition.name} is only made under condition {resource.body['Condition']}: {made.reason}"
    kept = resource.body.get("DeletionPolicy")
    if kept in KEPT:
        yield f"{definition.name} stays when its stack is deleted (DeletionPolicy: {kept}), which does not keep DeleteTable from it"


def _transform_name(transform: Any) -> str:
    return str(transform.get("Name") or transform.get("Fn::Transform")) if isinstance(transform, dict) else str(transform)
