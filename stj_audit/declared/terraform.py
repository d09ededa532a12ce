"""
The tables of a Terraform plan, as `terraform show -json` writes it, in the region that is asked for.

What the plan does not tell whole is no table that is fine: those that Terraform put off, those of another provider's types, and what a plan
that is not complete leaves out are each one that is not known. Those of other regions are named in a note.

Source: Terraform, "JSON Output Format"; Terraform AWS provider, aws_dynamodb_table; AWS Cloud Control provider, awscc_dynamodb_table.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from stj_audit.declared.definition import Definition
from stj_audit.declared.global_table import VERSION
from stj_audit.declared.intrinsics import Unresolved
from stj_audit.declared.source import SHOW_JSON, Source
from stj_audit.declared.template import Template
from stj_audit.declared.terraform_around import Surroundings
from stj_audit.declared.terraform_beside import LEGACY_GLOBAL_TABLE, REPLICA, Beside
from stj_audit.declared.terraform_owners import TABLE, Owners
from stj_audit.declared.terraform_plan import Planned, planned
from stj_audit.declared.terraform_regions import Regions
from stj_audit.declared.terraform_shape import check_shape
from stj_audit.declared.terraform_table import blocks, properties, replicas
from stj_audit.errors import ConfigError
from stj_audit.report import SourceLine
from stj_audit.wording import a_few

NOT_READ = ("awscc_dynamodb_table", "awscc_dynamodb_global_table")
STACKS = (
    *("aws_cloudformation_stack", "aws_cloudformation_stack_set", "awscc_cloudformation_stack", "awscc_cloudformation_stack_set"),
    "aws_serverlessapplicationrepository_cloudformation_stack",
)
IN_EACH_REGION = (LEGACY_GLOBAL_TABLE, REPLICA)  # which are of tables in other regions than their own


def is_plan(document: Mapping[str, Any]) -> bool:
    """Whether it is the JSON of a plan."""
    return "planned_values" in document or "resource_changes" in document


def refuse_other_json(document: Mapping[str, Any], shown: str) -> None:
    """Raise ConfigError for what Terraform writes beside plans: a state holds what is there, not what is planned."""
    is_state_file = "terraform_version" in document and ("resources" in document or "lineage" in document)
    if is_state_file or ("values" in document and "format_version" in document):
        raise ConfigError(f"{shown} is a Terraform state, and no plan", hint=SHOW_JSON)


def read_plan(source: Source, *, region: str) -> Template:
    """
    The tables that there will be in `region` once the plan is applied, and what else may make some.

    Raises ConfigError for a plan that does not say what is planned, and for one whose tables are all elsewhere.
    """
    check_shape(source.document, source.shown)
    plan = _Plan(source, region=region)
    return Template(tables=plan.tables(), unseen=tuple(plan.unseen()))


class _Plan:
    def __init__(self, source: Source, *, region: str) -> None:
        self._source, self._region = source, region
        self._resources = planned(source.document)
        self._tables = [one for one in self._resources if one.type in (TABLE, *NOT_READ)]
        self._regions = Regions(source.document, asked=region, tables=self._tables)
        self._owners = Owners(source.document, tables=[one for one in self._tables if one.type == TABLE], region=region)

    def tables(self) -> tuple[Definition, ...]:
        places = [(one, self._regions.of(one)) for one in self._tables]
        elsewhere = [(one, place) for one, place in places if isinstance(place, str) and place != self._region]
        here = [(one, place) for one, place in places if not isinstance(place, str) or place == self._region]
        if elsewhere and not here:
            found = sorted({place for _, place in elsewhere})
            raise ConfigError(
                f"no DynamoDB table of {self._region} in {self._source.shown}: those in it are of {a_few(found)}",
                hint=f"give --region {found[0]}",
            )
        near = tuple(self._near())
        around, beside = Surroundings(near, self._owners), Beside(near, owners=self._owners, regions=self._regions)
        defined = [*(self._definition(one, place, around, beside) for one, place in here), *self._rest()]
        notes = tuple(self._notes([one for one, _ in here], elsewhere))
        return tuple(replace(one, notes=(*notes, *one.notes)) for one in defined)

    def _definition(self, table: Planned, place: str | Unresolved, around: Surroundings, beside: Beside) -> Definition:
        unknown = _unknown(table, place)
        named = self._named(table)
        if unknown is not None:
            return replace(named, unknown=unknown)
        definition = replace(
            named,
            properties=properties(table.values),
            replicas=replicas(table.values),
            global_table_version=VERSION if blocks(table.values, "replica") else None,
        )
        return beside.added_to(around.added_to(definition, table), table)

    def _named(self, table: Planned) -> Definition:
        """A table of which the name alone is told, as far as it is known."""
        name = table.values.get("table_name" if table.type in NOT_READ else "name")
        return Definition(
            id=table.address,
            source=SourceLine(path=self._source.shown, line=self._source.line_of_text(json.dumps(table.address))),
            language="Terraform",
            properties={"TableName": name} if isinstance(name, str) else {},
        )

    def _near(self) -> Iterator[Planned]:
        """What may concern the tables of the region. What may be in another one is told as what may not be there."""
        for one in self._resources:
            place = None if one.type in IN_EACH_REGION else self._regions.of(one)
            if isinstance(place, Unresolved):
                yield replace(one, deferred=one.deferred or place)
            elif place in (None, self._region):
                yield one

    def _rest(self) -> Iterator[Definition]:
        """What a plan that is not complete leaves out: with -target, or with changes that Terraform put off."""
        if self._source.document.get("complete") is False:
            yield Definition(
                id=f"the rest of {self._source.shown}",
                source=SourceLine(path=self._source.shown, line=1),
                language="Terraform",
                properties={},
                unknown=Unresolved(
                    reason="the plan is not complete (-target, or changes that were put off), and may leave tables out"
                ),
            )

    def _notes(self, here: Sequence[Planned], elsewhere: Sequence[tuple[Planned, str]]) -> Iterator[str]:
        shown = self._source.shown
        if any(self._regions.is_hidden(one) and isinstance(self._regions.of(one), str) for one in here):
            yield f"{shown}: the plan does not tell the region of its provider, so its tables are taken for those of {self._region}"
        if elsewhere:
            told = a_few([f"{one.address} ({place})" for one, place in elsewhere])
            yield f"{shown}: only tables of {self._region} are looked at, and not {told}"

    def unseen(self) -> Iterator[str]:
        """What else may make tables."""
        stacks = [one.address for one in self._resources if one.type in STACKS]
        if stacks:
            yield f"{self._source.shown}: stacks, give their templates too: {a_few(stacks)}"


def _unknown(table: Planned, place: str | Unresolved) -> Unresolved | None:
    """Why nothing is known of a table but its name."""
    if table.deferred is not None:
        return table.deferred
    if table.type in NOT_READ:
        return Unresolved(reason=f"{table.type} is not read by this version")
    return Unresolved(reason=f"its region: {place.reason}") if isinstance(place, Unresolved) else None
