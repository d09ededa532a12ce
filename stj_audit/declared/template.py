"""
The tables of a CloudFormation or SAM template; what the CDK writes is CloudFormation.

Where a property is left out its default is AWS's. Source: the template references of AWS::DynamoDB::Table, of AWS::DynamoDB::GlobalTable
(through `global_table`) and of AWS::Serverless::SimpleTable.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from stj_audit.declared.definition import Definition
from stj_audit.declared.global_table import GLOBAL_TABLE, VERSION, as_table
from stj_audit.declared.intrinsics import Resolver, Unresolved, first_unresolved
from stj_audit.declared.source import Source
from stj_audit.declared.surroundings import SCALABLE_TARGET, Around, Resource, members
from stj_audit.report import SourceLine
from stj_audit.wording import a_few

TABLE, SIMPLE_TABLE = "AWS::DynamoDB::Table", "AWS::Serverless::SimpleTable"
TABLES = (TABLE, GLOBAL_TABLE, SIMPLE_TABLE)
CDK_REPLICA = "Custom::DynamoDBReplica"  # what the CDK's `Table` makes for each of its replicationRegions
NESTED = ("AWS::CloudFormation::Stack", "AWS::Serverless::Application")
FOR_EACH = "Fn::ForEach::"
READ_TRANSFORMS = ("AWS::Serverless-2016-10-31", "AWS::LanguageExtensions")
KEPT = ("Retain", "RetainExceptOnCreate")
MAX_COPIES = 1_000  # of one Fn::ForEach; a stack holds 500 resources

# AWS::Serverless::SimpleTable PrimaryKeyObject: the words for a type, and the key where none is given
SIMPLE_TYPES = {"String": "S", "Number": "N", "Binary": "B"}
SIMPLE_KEY = {"Name": "id", "Type": "String"}


def is_template(document: Mapping[str, Any]) -> bool:
    """Whether it is a template at all; it may define no table."""
    return isinstance(document.get("Resources"), dict)


def parameters_of(document: Mapping[str, Any]) -> frozenset[str]:
    """The names of its parameters."""
    return Resolver(document, given={}, region="").parameters()


def read_template(source: Source, *, given: Mapping[str, str], region: str) -> tuple[Definition, ...]:
    """Its tables, in order. Raises ConfigError for a given parameter that it does not allow."""
    return _Template(source, given=given, region=region).tables()


class _Template:
    def __init__(self, source: Source, *, given: Mapping[str, str], region: str) -> None:
        self._source, self._given, self._region = source, given, region
        self._plain = Resolver(source.document, given=given, region=region)
        self._notes: list[str] = []
        self._resources = tuple(self._all_resources())

    def tables(self) -> tuple[Definition, ...]:
        found = [one for resource in self._of_type(*TABLES) if (one := self._table(resource)) is not None]
        if not found:
            return ()
        named = self._resolver_with_names(found)
        around = Around.of(self._resources, named)
        notes = (*self._notes, *self._notes_on_defaults(), *self._notes_on_template())
        return tuple(replace(around.added_to(one), notes=(*notes, *one.notes), **self._replicas_of(one, named)) for one in found)

    def _of_type(self, *types: str) -> Iterator[Resource]:
        return (one for one in self._resources if one.type in types)

    # ------------------------------------------------------------------------------------------------------ resources

    def _all_resources(self) -> Iterator[Resource]:
        resources = self._source.document["Resources"]
        lines = self._source.lines
        for id_, body in resources.items():
            if id_.startswith(FOR_EACH):
                yield from self._copies(id_, body, lines.get(id_, 1))
            elif isinstance(body, dict) and isinstance(body.get("Type"), str):
                yield Resource(id=id_, type=body["Type"], body=body, line=lines.get(id_, 1))
            elif id_.startswith("Fn::"):
                self._notes.append(f"{self._source.shown}: what {id_} adds to the resources is not seen")

    def _copies(self, id_: str, body: Any, line: int) -> Iterator[Resource]:
        """What AWS::LanguageExtensions makes of one Fn::ForEach."""
        if not isinstance(body, list) or len(body) != 3 or not isinstance(body[2], dict):
            return
        name, collection, templates = body
        values = self._plain.value(collection)
        if not isinstance(values, list) or first_unresolved(values) is not None or len(values) > MAX_COPIES:
            self._notes.append(f"{self._source.shown}: what {id_} makes is decided at deployment, and not looked at")
            return
        for value in values:
            for key, one in templates.items():
                copy_id, copy = _filled(key, str(name), str(value)), _filled(one, str(name), str(value))
                if copy_id.startswith(FOR_EACH):
                    yield from self._copies(copy_id, copy, line)
                elif isinstance(copy, dict) and isinstance(copy.get("Type"), str):
                    yield Resource(id=copy_id, type=copy["Type"], body=copy, line=line)

    # --------------------------------------------------------------------------------------------------------- tables

    def _table(self, resource: Resource) -> Definition | None:
        """None where its condition says that it is not made."""
        made = self._plain.condition(resource.body["Condition"]) if "Condition" in resource.body else True
        if made is False:
            return None
        properties = members(self._plain.value(resource.properties))
        definition = Definition(
            id=resource.id,
            source=SourceLine(path=self._source.shown, line=resource.line),
            language="CloudFormation",
            properties=properties,
        )
        if resource.type == SIMPLE_TABLE:
            definition = replace(definition, properties=self._simple(properties))
        if resource.type == GLOBAL_TABLE:
            definition = as_table(definition, region=self._region)
        return replace(definition, notes=(*definition.notes, *_notes_on_table(resource, definition, made)))

    def _simple(self, properties: Mapping[str, Any]) -> Mapping[str, Any]:
        """AWS::Serverless::SimpleTable, with what `Globals` gives to all of them, as the table that SAM makes of it."""
        shared = self._source.document.get("Globals")
        shared = shared.get("SimpleTable") if isinstance(shared, dict) else None
        merged = {**(self._plain.value(shared) if isinstance(shared, dict) else {}), **properties}
        key = merged.pop("PrimaryKey", SIMPLE_KEY)
        if not isinstance(key, dict):
            key = key if isinstance(key, Unresolved) else Unresolved(reason="PrimaryKey has no Name and Type")
            return {**merged, "KeySchema": key}
        name, kind = key.get("Name", SIMPLE_KEY["Name"]), key.get("Type", SIMPLE_KEY["Type"])
        tags = merged.pop("Tags", None)
        return {
            **merged,
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": SIMPLE_TYPES.get(kind, kind) if isinstance(kind, str) else kind}
            ],
            "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}],
            # Unlike AWS::DynamoDB::Table, it is on demand where no throughput is given
            "BillingMode": "PROVISIONED" if "ProvisionedThroughput" in merged else "PAY_PER_REQUEST",
            **({"Tags": [{"Key": tag, "Value": text} for tag, text in tags.items()]} if isinstance(tags, dict) else {}),
            **({"Tags": tags} if isinstance(tags, Unresolved) else {}),
        }

    def _replicas_of(self, definition: Definition, named: Resolver) -> dict[str, Any]:
        """Those that the CDK makes with a resource of its own."""
        regions = []
        for one in self._of_type(CDK_REPLICA):
            table, region = (named.value(one.properties.get(name)) for name in ("TableName", "Region"))
            if table == definition.name and isinstance(region, str):
                regions.append(region)
        if not regions:
            return {}
        return {"replicas": (self._region, *regions), "global_table_version": VERSION}

    def _resolver_with_names(self, tables: Sequence[Definition]) -> Resolver:
        """One in which a Ref to a table, or to a scalable target, stands for what it will be called."""
        names = {one.id: one.name for one in tables}
        first = Resolver(self._source.document, given=self._given, region=self._region, names=names)
        for one in self._of_type(SCALABLE_TARGET):
            found = [first.value(one.properties.get(name)) for name in ("ResourceId", "ScalableDimension", "ServiceNamespace")]
            if all(isinstance(part, str) for part in found):
                names[one.id] = "|".join(found)
        return Resolver(self._source.document, given=self._given, region=self._region, names=names)

    # ---------------------------------------------------------------------------------------------------------- notes

    def _notes_on_defaults(self) -> Iterator[str]:
        used = sorted(self._plain.defaults_used)
        if used:
            parameters = "the default of parameter" if len(used) == 1 else "the defaults of parameters"
            yield f"{self._source.shown}: taken from {parameters} {a_few(used)}; give --parameter NAME=VALUE for another deployment"

    def _notes_on_template(self) -> Iterator[str]:
        transforms = self._source.document.get("Transform") or []
        foreign = [
            one
            for one in (transforms if isinstance(transforms, list) else [transforms])
            if _transform_name(one) not in READ_TRANSFORMS
        ]
        if foreign:
            names = a_few(map(_transform_name, foreign))
            yield f"{self._source.shown}: what the transform {names} changes at deployment is not seen"
        nested = [one.id for one in self._of_type(*NESTED)]
        if nested:
            yield f"{self._source.shown}: the tables of its nested stacks are not seen, give their templates too: {a_few(nested)}"


def _notes_on_table(resource: Resource, definition: Definition, made: bool | Unresolved) -> Iterator[str]:
    if isinstance(made, Unresolved):
        yield f"{definition.name} is only made under condition {resource.body['Condition']}: {made.reason}"
    adding = [name for name in resource.properties if name.startswith("Fn::")]
    if adding:
        yield f"{definition.name}: what {a_few(adding)} adds to its properties is not seen"
    kept = resource.body.get("DeletionPolicy")
    if kept in KEPT:
        yield f"{definition.name} stays when its stack is deleted (DeletionPolicy: {kept}), which does not keep DeleteTable from it"


def _transform_name(transform: Any) -> str:
    return str(transform.get("Name") or transform.get("Fn::Transform")) if isinstance(transform, dict) else str(transform)


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
