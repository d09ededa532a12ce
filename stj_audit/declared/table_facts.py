"""A definition as the facts of a table that is not there yet."""

from dataclasses import replace

from stj_audit.declared import settings
from stj_audit.declared.definition import Definition
from stj_audit.declared.description import description_of, undecided
from stj_audit.declared.intrinsics import Unresolved
from stj_audit.facts import NOT_DEPLOYED, TEMPLATE, Alarms, AutoScaling, Encryption, MissingTable, TableFacts, Unknown
from stj_audit.scanners import alarms, auto_scaling, tables


def facts_of(definition: Definition, *, region: str, told_as: str | None = None) -> TableFacts | MissingTable:
    """
    The facts of a table that is not there yet; MissingTable where its keys, indexes or mode are decided at deployment. `told_as`: what it is
    called where its name does not tell it from others.

    Raises ConfigError, with the place, for what DynamoDB would refuse to read as a table.
    """
    told_as = definition.name if told_as is None else told_as
    if definition.unknown is not None:
        return MissingTable(name=told_as, unknown=Unknown(call=TEMPLATE, reason=definition.unknown.reason))
    open_property = undecided(definition)
    if open_property is not None:
        place, why = open_property
        return MissingTable(name=told_as, unknown=Unknown(call=TEMPLATE, reason=f"{place}: {why.reason}"))
    description = description_of(definition, region)
    table = replace(
        tables.parse(description, region=region),
        name=told_as,
        defined_in=definition.language,
        deletion_protection=settings.deletion_protection(definition.properties),
    )
    if isinstance(settings.sse_enabled(definition.properties), Unresolved):
        table = replace(table, encryption=Encryption(type="NOT_KNOWN"))
    missing = Unknown(call=TEMPLATE, reason=NOT_DEPLOYED)
    return TableFacts(
        table=table,
        pitr=settings.pitr(definition.properties),
        on_demand_backups=missing,
        recovery_points=missing,
        protected_resource=missing,
        contributor_insights=settings.contributor_insights(definition.properties),
        hot_keys=missing,
        kinesis_destinations=settings.kinesis_destinations(definition.properties),
        resource_policy=settings.resource_policy(definition.properties),
        quotas=missing,
        region_tables=missing,
        time_to_live=settings.time_to_live(definition.properties),
        tags=settings.tags(definition.properties),
        auto_scaling=_auto_scaling(definition),
        traffic=missing,
        operations=missing,
        account_capacity=missing,
        alarms=_alarms(definition),
        items=missing,
    )


def _auto_scaling(definition: Definition) -> AutoScaling | Unknown:
    if definition.scaling_unknown is not None:
        return settings.unknown(definition.scaling_unknown)
    return auto_scaling.of_table(definition.name, definition.targets, definition.policies)


def _alarms(definition: Definition) -> Alarms | Unknown:
    """Those of the same file. Where there are none for the table they may be in another one."""
    if definition.alarms_unknown is not None:
        return Unknown(call=TEMPLATE, reason=definition.alarms_unknown.reason)
    found = alarms.of_table(definition.name, definition.alarms)
    return found if found.alarms else Unknown(call=TEMPLATE, reason=NOT_DEPLOYED)
