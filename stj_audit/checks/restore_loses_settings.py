"""
A restore makes a new table with items, keys, indexes and capacity, and leaves the rest out: auto scaling, alarms, tags, the stream, TTL and
PITR have to be set by hand. Forgotten, they show weeks later: data that never expires, triggers that are silent, no backup of the restored
table.

What is listed are the settings that this table has now, with the commands that set them again where the facts hold all that it takes. They
name this table, as after a restore under the same name; under another name, put that in their place. Whom alarms tell, IAM policies, and
what reads the stream are not among the facts.

Wrong where the table is described in code (CloudFormation, Terraform, CDK) and what restores it goes through that code.
Source: AWS API reference, RestoreTableToPointInTime and RestoreTableFromBackup: "You must manually set up the following on the restored
table".

Fix: keep the list with the instructions for a restore, and try it once.
"""

import json
import shlex
from collections.abc import Iterator

from stj_audit.checks import check
from stj_audit.commands import of_table, option
from stj_audit.cost.from_facts import SCALING_ALARMS
from stj_audit.facts import Alarms, AutoScaling, Pitr, ScalableTarget, Table, Tags, TimeToLive, Unknown
from stj_audit.results import Category, Good, Problem, Said, Severity
from stj_audit.wording import counted, listed, printable

RESERVED_TAGS = "aws:"  # AWS General Reference, tag naming: AWS sets them, and nobody else can


@check("What a restore leaves out", Category.BACKUP_STRATEGY, Severity.INFO, code="BKP-09")
def restore_loses_settings(
    *,
    table: Table,
    pitr: Pitr | Unknown,
    time_to_live: TimeToLive | Unknown,
    tags: Tags | Unknown,
    auto_scaling: AutoScaling | Unknown,
    alarms: Alarms | Unknown,
) -> Iterator[Said]:
    lost: dict[str, tuple[str, ...]] = {}
    if isinstance(auto_scaling, AutoScaling) and auto_scaling.targets:
        targets = auto_scaling.targets
        lost[f"auto scaling ({counted(len(targets), 'target')})"] = tuple(one for each in targets for one in _scaling(table, each))
    if isinstance(alarms, Alarms):
        own = [alarm for alarm in alarms.alarms if not alarm.name.startswith(SCALING_ALARMS)]
        if own:
            lost[f"alarms ({len(own)}, which watch the old name)"] = ()
    if isinstance(tags, Tags) and _own(tags):
        lost[f"tags ({len(_own(tags))})"] = (_tag(table, _own(tags)),)
    if table.stream_view_type is not None:
        view = f"StreamEnabled=true,StreamViewType={table.stream_view_type}"
        lost[f"stream ({table.stream_view_type})"] = (f"{_command('update-table', table)} --stream-specification {view}",)
    if isinstance(time_to_live, TimeToLive) and time_to_live.enabled:
        by = "" if time_to_live.attribute is None else f" (by {printable(time_to_live.attribute)})"
        lost[f"TTL{by}"] = _time_to_live(table, time_to_live)
    if isinstance(pitr, Pitr) and pitr.enabled:
        lost["PITR"] = (_pitr(table, pitr),)
    if lost:
        yield _problem(lost)
    unknown = [fact for fact in (pitr, time_to_live, tags, auto_scaling, alarms) if isinstance(fact, Unknown)]
    yield from unknown
    if not lost and not unknown:
        yield Good(message="a restore leaves nothing out: no auto scaling, alarm, tag, stream, TTL or PITR is set")


def _problem(lost: dict[str, tuple[str, ...]]) -> Problem:
    return Problem(
        message=f"a restored table would be without {listed(list(lost))}",
        fix="keep this list with the instructions for a restore, and set what it names on the restored table",
        evidence={"settings_lost": len(lost), "settings": ", ".join(lost)},
        current=f"{counted(len(lost), 'setting')} that a restore does not bring back",
        benefit="a restored table behaves like the one that was lost",
        migration="nothing to do now, but on the day of a restore, under the same name",
        effort="minutes",
        commands=tuple(command for commands in lost.values() for command in commands),
    )


def _command(verb: str, table: Table) -> str:
    return f"aws dynamodb {verb} {of_table(table)}"


def _own(tags: Tags) -> dict[str, str]:
    return {key: value for key, value in tags.values.items() if not key.startswith(RESERVED_TAGS)}


def _tag(table: Table, tags: dict[str, str]) -> str:
    wanted = json.dumps([{"Key": key, "Value": value} for key, value in tags.items()])
    return f"aws dynamodb tag-resource {option('--region', table.region)} {option('--resource-arn', table.arn)} --tags {shlex.quote(wanted)}"


def _time_to_live(table: Table, time_to_live: TimeToLive) -> tuple[str, ...]:
    if time_to_live.attribute is None:
        return ()
    wanted = json.dumps({"Enabled": True, "AttributeName": time_to_live.attribute})
    return (f"{_command('update-time-to-live', table)} --time-to-live-specification {shlex.quote(wanted)}",)


def _pitr(table: Table, pitr: Pitr) -> str:
    days = "" if pitr.recovery_period_days is None else f",RecoveryPeriodInDays={pitr.recovery_period_days}"
    wanted = f"PointInTimeRecoveryEnabled=true{days}"
    return f"{_command('update-continuous-backups', table)} --point-in-time-recovery-specification {wanted}"


def _scaling(table: Table, target: ScalableTarget) -> Iterator[str]:
    scope = "table" if target.index is None else "index"
    resource = f"table/{table.name}" if target.index is None else f"table/{table.name}/index/{target.index}"
    kind = target.dimension.title()
    where = (
        f"{option('--region', table.region)} --service-namespace dynamodb {option('--resource-id', resource)} "
        f"--scalable-dimension dynamodb:{scope}:{kind}CapacityUnits"
    )
    limits = f"--min-capacity {target.min_units} --max-capacity {target.max_units}"
    yield f"aws application-autoscaling register-scalable-target {where} {limits}"
    if target.target_utilization_percent is not None:
        metric = {"PredefinedMetricType": f"DynamoDB{kind}CapacityUtilization"}
        tracking = {"PredefinedMetricSpecification": metric, "TargetValue": float(target.target_utilization_percent)}
        name = "-".join(part for part in (table.name, target.index, target.dimension) if part)
        yield (
            f"aws application-autoscaling put-scaling-policy {where} {option('--policy-name', name)} --policy-type TargetTrackingScaling "
            f"--target-tracking-scaling-policy-configuration {shlex.quote(json.dumps(tracking))}"
        )
