"""Tables with hostile names, judged: the commands of their findings are pasted into a shell, and their first configuration is read."""

import shlex
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

import yaml

from stj_audit.config import Config, Scale, SizeLines
from stj_audit.cost.prices import bundled_sheet
from stj_audit.facts import (
    Alarm,
    AlarmMetric,
    Alarms,
    AttributeSizes,
    AutoScaling,
    Encryption,
    OnDemandBackups,
    Pitr,
    ScalableTarget,
    TableFacts,
    Tags,
    Throughput,
    TimeToLive,
)
from stj_audit.judge import Terms, judge
from stj_audit.render.escape import visible
from stj_audit.report import Finding
from stj_audit.starter import starter
from tests.builders import a_snapshot, a_table, an_index, some_items, table_facts
from tests.render.hostile_texts import text_of

FIXED_WORDS = ("aws", "dynamodb", "application-autoscaling", "cloudwatch", "kms", "service-quotas", "backup")
SHELL = "aws() { printf '%s\\0' aws \"$@\"; printf '\\1\\0'; }\n"


def facts_of(draw: Random) -> tuple[TableFacts, TableFacts]:
    """Two tables of which nearly everything is wrong that has a command, in both capacity modes."""
    table_name, index_name, key, sort, status, note, expires, alarm, kms, tag = (text_of(draw)[:300] or "x" for _ in range(10))
    index = an_index(
        index_name,
        key=(status,),
        projection="INCLUDE",
        non_key_attributes=(note,),
        provisioned=Throughput(read_units=5, write_units=5),
    )
    attributes = tuple(
        AttributeSizes(name=name, types=("S", "N"), present=900, total_bytes=90_000, max_bytes=900)
        for name in dict.fromkeys((key, sort, status, note, "expires_at"))
    )
    items = some_items(attributes=attributes)
    metric = AlarmMetric(
        namespace="AWS/DynamoDB",
        metric="ReadThrottleEvents",
        dimensions={"TableName": table_name},
        statistic="Sum",
        period_seconds=60,
    )
    alarms = Alarms(
        alarms=tuple(
            Alarm(name=name, metrics=(metric,), actions_enabled=enabled, action_count=0, state="INSUFFICIENT_DATA")
            for name, enabled in ((alarm, False), (f"{alarm}2", True))
        )
    )
    target = ScalableTarget(index=index_name, dimension="read", min_units=1, max_units=10, target_utilization_percent=Decimal(95))
    arn = f"arn:aws:dynamodb:eu-north-1:123456789012:table/{table_name}"
    of_both: dict[str, Any] = {
        "key": (key, sort),
        "name": table_name,
        "arn": arn,
        "indexes": (index,),
        "deletion_protection": False,
    }
    encryption = Encryption(type="KMS", status="UPDATING", kms_key_arn=kms)
    return (
        table_facts(
            a_table(**of_both, encryption=encryption),
            pitr=Pitr(enabled=False),
            items=items,
            alarms=alarms,
            tags=Tags(values={}),
            on_demand_backups=OnDemandBackups(backups=()),
        ),
        table_facts(
            a_table(**of_both, billing_mode="PROVISIONED", provisioned=Throughput(read_units=500, write_units=500)),
            pitr=Pitr(enabled=True, recovery_period_days=1),
            items=items,
            time_to_live=TimeToLive(enabled=True, attribute=expires),
            auto_scaling=AutoScaling(targets=(target,)),
            tags=Tags(values={tag: tag}),
            alarms=Alarms(alarms=()),
        ),
    )


def findings_of(facts: TableFacts) -> tuple[Finding, ...]:
    terms = Terms(
        scale=Scale(users_now=1_000), size_lines=SizeLines(), prices=bundled_sheet("eu-north-1"), config=Config(), audit_id="a1"
    )
    return judge(a_snapshot(facts), terms).findings


def faults_of_names(seed: int) -> Iterator[str]:
    """What is wrong with the commands, templates and configurations of tables with hostile names."""
    for facts in facts_of(Random(seed)):
        findings = findings_of(facts)
        commands = [(one.check, visible(command, keep="\n")) for one in findings for command in one.commands]
        yield from faults_of_commands(facts, commands)
        yield from faults_of_configuration(facts)
        for one in findings:
            if one.template:
                try:
                    yaml.safe_load(visible(one.template, keep="\n"))
                except yaml.YAMLError as error:
                    yield f"{one.check}: a template that is no YAML: {error}"


def faults_of_commands(facts: TableFacts, commands: list[tuple[str, str]]) -> Iterator[str]:
    """A shell must come to the same words as Python does, and run nothing but `aws`."""
    plain = [(check, command) for check, command in commands if '"$(aws ' not in command]
    name = visible(facts.table.name, keep="\n")
    for check, command in plain:
        words = shlex.split(command)
        of_table = [words[at + 1] for at, word in enumerate(words[:-1]) if word == "--table-name"]
        of_table += [word.partition("=")[2] for word in words if word.startswith("--table-name=")]
        if of_table not in ([], [name]):
            yield f"{check}: the table is called {of_table}"
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run(
            ["/bin/bash", "--norc", "-c", SHELL + "\n".join(command for _, command in plain)],
            cwd=folder, env={"PATH": "/nowhere", "LC_ALL": "C.UTF-8"}, capture_output=True, check=False, timeout=60,
        )  # fmt: skip
    said = [part.split("\0")[:-1] for part in ran.stdout.decode().split("\1\0")[:-1]]
    wanted = [shlex.split(command) for _, command in plain]
    if ran.stderr or said != wanted:
        where = [check for (check, _), one, other in zip(plain, said, wanted, strict=False) if one != other]
        yield f"a shell reads it otherwise: {where[:3]} {ran.stderr[:200]!r}"


def faults_of_configuration(facts: TableFacts) -> Iterator[str]:
    text = starter(a_snapshot(facts))
    tables = tomllib.loads(text)["tables"]
    name = "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in facts.table.name)
    if list(tables) != [name]:
        yield f"the configuration names {list(tables)}"
