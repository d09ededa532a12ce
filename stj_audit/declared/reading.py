"""Templates and plans as one snapshot: which tables there will be, and where each is defined."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from stj_audit.declared.definition import Definition
from stj_audit.declared.intrinsics import Unresolved
from stj_audit.declared.source import GIVE_ONE, PACKAGE, SYNTHESIZE, Source
from stj_audit.declared.table_facts import facts_of
from stj_audit.declared.template import is_template, parameters_of, read_template
from stj_audit.declared.terraform import is_plan, read_plan, refuse_other_json
from stj_audit.errors import ConfigError, NoTables
from stj_audit.facts import MissingTable, Snapshot, TableFacts
from stj_audit.report import SourceLine
from stj_audit.scanners.chosen_tables import matches
from stj_audit.wording import a_few, listed


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

    Raises ConfigError, in a sentence, for a file that is no template, a parameter that no template has, and a table that is defined twice;
    NoTables where a pattern names none.
    """
    _check_given(given, sources)
    defined = [one for source in sources for one in _definitions(source, given=given, region=region)]
    _check_twice(defined)
    wanted = _wanted(defined, patterns)
    facts = [facts_of(one, region=region) for one in wanted]
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
            notes=tuple(dict.fromkeys((*(note for one in wanted for note in one.notes), *_about_names(wanted)))),
        ),
        sources={one.name: one.source for one in wanted},
    )


def _about_names(wanted: Sequence[Definition]) -> Iterator[str]:
    """What tables are told by whose names are given at deployment, by the reason."""
    by_reason: dict[str, list[str]] = {}
    for one in wanted:
        if not one.is_named:
            named = one.properties.get("TableName")
            by_reason.setdefault(f" ({named.reason})" if isinstance(named, Unresolved) else "", []).append(one.id)
    for reason, ids in by_reason.items():
        what = (
            "gets its name at deployment, and is told by its id"
            if len(ids) == 1
            else "get their names at deployment, and are told by their ids"
        )
        yield f"{a_few(ids)} {what} in the file{reason}"


def _definitions(source: Source, *, given: Mapping[str, str], region: str) -> tuple[Definition, ...]:
    document, shown = source.document, source.shown
    if is_template(document):
        found = read_template(source, given=given, region=region)
    elif is_plan(document):
        found = read_plan(source, region=region)
    else:
        refuse_other_json(document, shown)
        if "app" in document and Path(shown).name == "cdk.json":
            raise ConfigError(f"{shown} says how a CDK application is run", hint=SYNTHESIZE)
        if "artifacts" in document:
            raise ConfigError(f"{shown} lists what the CDK made", hint=SYNTHESIZE)
        if "service" in document and "provider" in document:
            raise ConfigError(f"{shown} is of the Serverless Framework, and no template yet", hint=PACKAGE)
        raise ConfigError(f"{shown} has neither Resources nor planned_values", hint=GIVE_ONE)
    if not found:
        raise ConfigError(f"no DynamoDB table in {shown}", hint=GIVE_ONE)
    return found


def _check_given(given: Mapping[str, str], sources: Sequence[Source]) -> None:
    templates = [source for source in sources if is_template(source.document)]
    known = {name for source in templates for name in parameters_of(source.document)}
    unknown = [name for name in given if name not in known and not name.startswith("AWS::")]
    if unknown:
        there = f"it has {listed(sorted(known))}" if known else "it has none"
        shown = a_few([source.shown for source in templates]) or "a Terraform plan"
        raise ConfigError(f"--parameter {unknown[0]}: no such parameter in {shown}", hint=there if templates else "leave it out")


def _check_twice(defined: Sequence[Definition]) -> None:
    first: dict[str, Definition] = {}
    for one in defined:
        other = first.setdefault(one.name, one)
        if other is not one:
            places = " and ".join(f"{where.path}, line {where.line}" for where in (other.source, one.source))
            raise ConfigError(f"table {one.name} is defined twice: {places}", hint="check the templates one at a time")


def _wanted(defined: Sequence[Definition], patterns: Sequence[str]) -> list[Definition]:
    """By name or logical id."""
    idle = [pattern for pattern in patterns if not any(_is_meant(one, pattern) for one in defined)]
    if idle:
        raise NoTables(f"no table of the template is called {idle[0]}", hint=f"there is {listed([one.name for one in defined])}")
    return [one for one in defined if not patterns or any(_is_meant(one, pattern) for pattern in patterns)]


def _is_meant(definition: Definition, pattern: str) -> bool:
    return matches(pattern, definition.name) or matches(pattern, definition.id)
