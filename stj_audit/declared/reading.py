"""Templates and plans as one snapshot: which tables there will be, and where each is defined."""

import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from stj_audit.declared.definition import Definition
from stj_audit.declared.intrinsics import Unresolved
from stj_audit.declared.source import GIVE_ONE, PACKAGE, SYNTHESIZE, Source
from stj_audit.declared.table_facts import facts_of
from stj_audit.declared.template import Template, is_template, parameters_of, read_template
from stj_audit.declared.terraform import is_plan, read_plan, refuse_other_json
from stj_audit.errors import ConfigError, NoTables
from stj_audit.facts import NOT_LOOKED_AT, MissingTable, Snapshot, TableFacts
from stj_audit.report import SourceLine
from stj_audit.scanners.chosen_tables import is_glob, matches
from stj_audit.wording import a_few, listed

# AWS CloudFormation template reference, "Pseudo parameters reference": those that may be given
PSEUDO_PARAMETERS = (
    *("AWS::AccountId", "AWS::NotificationARNs", "AWS::Partition", "AWS::StackId", "AWS::StackName", "AWS::URLSuffix"),
)
REGION = "AWS::Region"
OTHER_DEPLOYMENT = "give the --parameter NAME=VALUE of a deployment that makes them"


@dataclass(frozen=True, kw_only=True, slots=True)
class Design:
    """What the files define: a snapshot of tables that are not there yet, and the place of each by its name."""

    snapshot: Snapshot
    sources: Mapping[str, SourceLine]


def read_design(
    sources: Sequence[Source], *, given: Mapping[str, str], region: str, patterns: Sequence[str], now: datetime
) -> Design:
    """
    The tables of all files that `patterns` name (none: all of them). `given` are parameters of templates, by name.

    Raises ConfigError, in a sentence, for a file that is no template, a parameter that no template has, and tables that nothing tells apart;
    NoTables where a pattern names none.
    """
    _check_given(given, sources, region)
    templates = [(source, _template(source, given=given, region=region)) for source in sources]
    defined = [one for _, template in templates for one in template.tables]
    if not defined:
        raise ConfigError(f"no DynamoDB table in {listed([source.shown for source in sources])}", hint=GIVE_ONE)
    wanted = _told_apart(_wanted(defined, patterns))
    unseen = tuple(_unseen(templates)) if _takes_any(patterns) else ()
    facts = [facts_of(one, region=region, told_as=name) for name, one in wanted.items()]
    notes = (note for one in wanted.values() for note in one.notes)
    return Design(
        snapshot=Snapshot(
            account=None,
            region=region,
            endpoint_url=None,
            started_at=now,
            finished_at=now,
            tables=tuple(one for one in facts if isinstance(one, TableFacts)),
            missing=tuple(one for one in facts if isinstance(one, MissingTable)),
            read_units=Decimal(0),
            api_calls=0,
            templates=tuple(dict.fromkeys(source.shown for source in sources)),
            notes=tuple(dict.fromkeys((*notes, *(f"{NOT_LOOKED_AT} {part}" for part in unseen), *_about_names(wanted)))),
            unseen=unseen,
        ),
        sources={name: one.source for name, one in wanted.items()},
    )


def _takes_any(patterns: Sequence[str]) -> bool:
    """Whether a table that is not seen would be wanted too: only names leave it out."""
    return not patterns or any(is_glob(pattern) for pattern in patterns)


def _unseen(templates: Sequence[tuple[Source, Template]]) -> Iterator[str]:
    files = [source.shown for source, _ in templates]
    for source, template in templates:
        nested = [one.id for one in template.nested if not any(_is_given(place, source, files) for place in one.templates)]
        if nested:
            yield f"{source.shown}: nested stacks, give their templates too: {a_few(nested)}"
        yield from template.unseen


def _is_given(place: str, source: Source, files: Sequence[str]) -> bool:
    """Whether the template of a nested stack is among the files: by its path, or by the name of what an address is of."""
    if "://" in place:
        name = posixpath.basename(place)
        return any(posixpath.basename(one) == name for one in files if one != source.shown)
    return posixpath.normpath(posixpath.join(posixpath.dirname(source.shown), place)) in map(posixpath.normpath, files)


def _told_apart(wanted: Sequence[Definition]) -> dict[str, Definition]:
    """Each by its name, or by its id where others have the same name. Raises ConfigError where the ids are the same too."""
    names = Counter(one.name for one in wanted)
    told: dict[str, Definition] = {}
    for one in wanted:
        other = told.setdefault(one.name if names[one.name] == 1 else one.id, one)
        if other is not one:
            places = " and ".join(f"{where.path}, line {where.line}" for where in (other.source, one.source))
            raise ConfigError(f"table {one.name} is defined twice: {places}", hint="check the templates one at a time")
    return told


def _about_names(wanted: Mapping[str, Definition]) -> Iterator[str]:
    """What tables are told by whose names are given at deployment, by the reason, or are the names of several."""
    by_reason: dict[str, list[str]] = {}
    same: dict[str, list[str]] = {}
    for told_as, one in wanted.items():
        if told_as != one.name:
            same.setdefault(one.name, []).append(one.id)
    for name, ids in same.items():
        yield f"{listed(ids)} are all called {name}, and are told by their ids in the files"
    for one in wanted.values():
        if not one.is_named and one.unknown is None:
            named = one.properties.get("TableName")
            by_reason.setdefault(f" ({named.reason})" if isinstance(named, Unresolved) else "", []).append(one.id)
    for reason, ids in by_reason.items():
        what = (
            "gets its name at deployment, and is told by its id"
            if len(ids) == 1
            else "get their names at deployment, and are told by their ids"
        )
        yield f"{a_few(ids)} {what} in the file{reason}"


def _template(source: Source, *, given: Mapping[str, str], region: str) -> Template:
    """What one file defines. Raises ConfigError where that is no table, and nothing that could hold one."""
    document, shown = source.document, source.shown
    if is_template(document):
        found = read_template(source, given=given, region=region)
    elif is_plan(document):
        found = read_plan(source, region=region)
    else:
        raise _no_template(document, shown)
    if found.tables or (found.nested and not found.switched_off):
        return found
    if found.switched_off:
        raise ConfigError(
            f"{shown}: its tables are not made under these parameters: {a_few(found.switched_off)}", hint=OTHER_DEPLOYMENT
        )
    raise ConfigError(f"no DynamoDB table in {shown}" + "".join(f" ({one})" for one in found.unseen[:1]), hint=GIVE_ONE)


def _no_template(document: Mapping[str, Any], shown: str) -> ConfigError:
    """What a file is instead. Raises ConfigError for what Terraform writes beside plans."""
    refuse_other_json(document, shown)
    if "app" in document and Path(shown).name == "cdk.json":
        return ConfigError(f"{shown} says how a CDK application is run", hint=SYNTHESIZE)
    if "artifacts" in document:
        return ConfigError(f"{shown} lists what the CDK made", hint=SYNTHESIZE)
    if "service" in document and "provider" in document:
        return ConfigError(f"{shown} is of the Serverless Framework, and no template yet", hint=PACKAGE)
    return ConfigError(f"{shown} has neither Resources nor planned_values", hint=GIVE_ONE)


def _check_given(given: Mapping[str, str], sources: Sequence[Source], region: str) -> None:
    templates = [source for source in sources if is_template(source.document)]
    known = {name for source in templates for name in parameters_of(source.document)}
    if given.get(REGION, region) != region:
        raise ConfigError(f"--parameter {REGION}={given[REGION]}, and --region {region}", hint="give --region alone")
    unknown = [name for name in given if name not in (*known, *PSEUDO_PARAMETERS, REGION)]
    if unknown:
        there = f"it has {listed(sorted(known))}" if known else "it has none"
        shown = a_few([source.shown for source in templates]) or "a Terraform plan"
        raise ConfigError(f"--parameter {unknown[0]}: no such parameter in {shown}", hint=there if templates else "leave it out")


def _wanted(defined: Sequence[Definition], patterns: Sequence[str]) -> list[Definition]:
    """By name or logical id."""
    idle = [pattern for pattern in patterns if not any(_is_meant(one, pattern) for one in defined)]
    if idle:
        raise NoTables(f"no table of the template is called {idle[0]}", hint=f"there is {listed([one.name for one in defined])}")
    return [one for one in defined if not patterns or any(_is_meant(one, pattern) for pattern in patterns)]


def _is_meant(definition: Definition, pattern: str) -> bool:
    """A glob means what is decided at deployment too, whatever it will be called."""
    if definition.unknown is not None and not definition.is_named and is_glob(pattern):
        return True
    return matches(pattern, definition.name) or matches(pattern, definition.id)
