"""deploy/template.yaml: a role that is what `stj-audit iam-policy` prints, and little more; a bucket that nobody else sees."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from stj_audit.cli import cli
from tests.test_deploy import DEPLOY, as_list, loaded

TEMPLATE = DEPLOY / "template.yaml"
WHOLE = loaded(TEMPLATE)
RESOURCES = WHOLE["Resources"]
FUNCTION = RESOURCES["Function"]["Properties"]
HERE = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-north-1",
    "AWS::AccountId": "111122223333",
    "TablePattern": "orders*",
    "Bucket": "audits",
    "Bucket.Arn": "arn:aws:s3:::audits",
    "ConfigKey": "stj-audit.toml",
    "MailFrom": "audits@example.com",
}


def resolved(value: Any, **conditions: bool) -> Any:
    """A part of the template as CloudFormation would have it with the parameters `HERE`, and such conditions; all others hold."""
    if isinstance(value, dict):
        return {key: resolved(one, **conditions) for key, one in value.items()}
    if isinstance(value, list):
        if value and isinstance(value[0], str) and value[0] in WHOLE["Conditions"]:
            _, then, otherwise = value
            return resolved(then if conditions.get(value[0], True) else otherwise, **conditions)
        found = [resolved(one, **conditions) for one in value]
        return [one for one in found if one != "AWS::NoValue"]
    if not isinstance(value, str):
        return value
    return HERE.get(value, re.sub(r"\$\{(.*?)\}", lambda name: HERE[name[1]], value))


def policies(**conditions: bool) -> dict[str, list[dict[str, Any]]]:
    found = resolved(RESOURCES["Role"]["Properties"]["Policies"], **conditions)
    return {one["PolicyName"]: one["PolicyDocument"]["Statement"] for one in found}


def printed(*arguments: str) -> list[dict[str, Any]]:
    """What `stj-audit iam-policy` prints."""
    ran = CliRunner().invoke(cli, ["iam-policy", "orders*", "--account", "111122223333", "--region", "eu-north-1", *arguments])
    assert ran.exit_code == 0
    statements: list[dict[str, Any]] = json.loads(ran.stdout)["Statement"]
    return statements


def by_sid(statements: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        one["Sid"]: {key: as_list(value) if key in {"Action", "Resource"} else value for key, value in one.items()}
        for one in statements
    }


@pytest.mark.process
def test_cloudformation_takes_the_template() -> None:
    lint = Path(sys.executable).parent / "cfn-lint"
    checked = subprocess.run([lint, TEMPLATE], capture_output=True, encoding="utf-8", check=False)
    assert (checked.returncode, checked.stdout) == (0, "")


@pytest.mark.parametrize("reads_items", [True, False])
def test_the_role_may_audit_what_the_policy_says(reads_items: bool) -> None:
    mine = by_sid(policies(ReadsItems=reads_items)["audit"])
    assert mine == by_sid(printed(*([] if reads_items else ["--no-items"])))
    assert mine["TableConfiguration"]["Resource"] == ["arn:aws:dynamodb:eu-north-1:111122223333:table/orders*"]
    assert ("ReadItemsToSizeThem" in mine) is reads_items


def test_the_role_may_keep_runs_and_write_reports() -> None:
    mine, theirs = by_sid(policies()["keep-runs"]), by_sid(printed("--history", "s3://audits/history"))
    for sid in ("ListHistory", "KeepHistory"):
        assert mine.pop(sid) == theirs[sid]
    reports, configuration = mine.pop("WriteReports"), mine.pop("ReadTheConfiguration")
    assert (reports["Action"], reports["Resource"]) == (["s3:PutObject"], ["arn:aws:s3:::audits/reports/*"])
    assert (configuration["Action"], configuration["Resource"]) == (["s3:GetObject"], ["arn:aws:s3:::audits/stj-audit.toml"])
    assert mine == {}
    assert "ReadTheConfiguration" not in by_sid(policies(HasConfigKey=False)["keep-runs"])


def test_the_role_may_mail_as_one_address_only() -> None:
    [mine] = policies()["send-mail"]
    theirs = by_sid(printed("--send-from", "audits@example.com"))["MailReports"]
    assert mine == theirs
    assert mine["Condition"] == {"StringEquals": {"ses:FromAddress": "audits@example.com"}}
    assert "send-mail" not in policies(SendsMail=False)


def test_the_role_may_do_nothing_else() -> None:
    assert set(policies()) == {"audit", "keep-runs", "log-and-report-failures", "send-mail"}
    left = {action for one in policies()["log-and-report-failures"] for action in as_list(one["Action"])}
    assert left == {"logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage"}
    assert [one["Resource"] for one in policies()["log-and-report-failures"]] == ["Logs.Arn", "Failed.Arn"]
    wide = [
        one
        for statements in policies().values()
        for one in statements
        if one["Effect"] == "Allow" and "*" in as_list(one["Resource"])
    ]
    assert [one["Sid"] for one in wide] == ["AccountWideNoResourceLevel"]


def test_nobody_else_sees_the_bucket_and_it_outlives_the_stack() -> None:
    bucket = RESOURCES["Bucket"]
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert len(bucket["Properties"]["PublicAccessBlockConfiguration"]) == 4
    assert all(bucket["Properties"]["PublicAccessBlockConfiguration"].values())
    assert bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    [denied] = resolved(RESOURCES["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"])
    assert (denied["Effect"], denied["Action"], denied["Principal"]) == ("Deny", "s3:*", "*")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert denied["Resource"] == ["arn:aws:s3:::audits", "arn:aws:s3:::audits/*"]
    expired = [rule.get("Prefix") for rule in bucket["Properties"]["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in rule]
    assert expired == ["history/"]


def test_one_audit_at_a_time_is_tried_once_more_and_then_told() -> None:
    assert (FUNCTION["Timeout"], FUNCTION["Runtime"]) == (900, "python3.13")
    assert resolved(FUNCTION["ReservedConcurrentExecutions"]) == 1
    assert FUNCTION["EventInvokeConfig"]["MaximumRetryAttempts"] == 1
    assert FUNCTION["EventInvokeConfig"]["DestinationConfig"]["OnFailure"] == {"Type": "SQS", "Destination": "Failed.Arn"}
    assert RESOURCES["FailedAlarm"]["Properties"]["Dimensions"] == [{"Name": "QueueName", "Value": "Failed.QueueName"}]
    assert RESOURCES["Logs"]["Properties"]["RetentionInDays"] == "LogDays"


@pytest.mark.parametrize("monthly", [True, False])
def test_one_of_two_schedules_is_on(monthly: bool) -> None:
    events = resolved(FUNCTION["Events"], IsMonthly=monthly)
    assert {one["Type"] for one in events.values()} == {"ScheduleV2"}
    assert {name: one["Properties"]["State"] for name, one in events.items()} == {
        "Monthly": "ENABLED" if monthly else "DISABLED",
        "Weekly": "DISABLED" if monthly else "ENABLED",
    }
    for one in (event["Properties"] for event in events.values()):
        assert json.loads(one["Input"]) == {"tables": ["orders*"]}
        assert one["ScheduleExpressionTimezone"] == "Timezone"
        assert one["RetryPolicy"]["MaximumRetryAttempts"] == 1
        assert one["DeadLetterConfig"] == {"Arn": "Failed.Arn"}
        assert one["OmitName"] is True  # a second stack of the account would have the same


def variables_of(option: click.Parameter) -> list[str]:
    return [option.envvar] if isinstance(option.envvar, str) else list(option.envvar or ())


def test_its_variables_are_options_of_the_two_commands() -> None:
    known = {variable for name in ("run", "send") for option in cli.commands[name].params for variable in variables_of(option)}
    variables = FUNCTION["Environment"]["Variables"]
    assert set(variables) <= known
    assert resolved(variables["STJ_AUDIT_HISTORY"]) == "s3://audits/history"
    assert resolved(variables["STJ_AUDIT_REPORT"]) == "s3://audits/reports/latest.html"
