import json
import shlex
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.restore_loses_settings import restore_loses_settings
from stj_audit.facts import Alarm, Alarms, AutoScaling, Pitr, ScalableTarget, Table, Tags, TimeToLive, Unknown
from stj_audit.results import Problem, Result, Severity, Status
from tests.builders import a_table, examined

BARE: dict[str, Any] = {"pitr": Pitr(enabled=False), "tags": Tags(values={})}
DENIED = Unknown(call="a:B", reason="AccessDeniedException")


def judged(table: Table | None = None, **facts: Any) -> Result:
    return examined(restore_loses_settings, table, **(BARE | facts))


def problem_of(table: Table | None = None, **facts: Any) -> Problem:
    [problem] = judged(table, **facts).problems
    return problem


def an_alarm(name: str) -> Alarm:
    return Alarm(name=name, metrics=(), actions_enabled=True, action_count=1, state="OK")


def scaled(index: str | None = None, percent: str | None = "70") -> AutoScaling:
    target = ScalableTarget(
        index=index,
        dimension="read",
        min_units=5,
        max_units=50,
        target_utilization_percent=None if percent is None else Decimal(percent),
    )
    return AutoScaling(targets=(target,))


def test_lists_all_that_would_be_lost() -> None:
    result = judged(
        a_table(stream_view_type="NEW_IMAGE"),
        pitr=Pitr(enabled=True, recovery_period_days=35),
        tags=Tags(values={"env": "production", "team": "shop"}),
        time_to_live=TimeToLive(enabled=True, attribute="expires_at"),
        auto_scaling=scaled(),
        alarms=Alarms(alarms=(an_alarm("orders-throttles"),)),
    )
    [problem] = result.problems
    assert result.severity is Severity.INFO
    assert problem.message == (
        "a restored table would be without auto scaling (1 target), alarms (1, which watch the old name), tags (2), "
        'stream (NEW_IMAGE), TTL (by "expires_at") and PITR'
    )
    assert problem.evidence["settings_lost"] == 6


def test_sets_recovery_again_as_it_was() -> None:
    [command] = problem_of(pitr=Pitr(enabled=True, recovery_period_days=7)).commands
    assert shlex.split(command)[2:] == [
        "update-continuous-backups",
        *("--region", "eu-north-1"),
        *("--table-name", "orders"),
        *("--point-in-time-recovery-specification", "PointInTimeRecoveryEnabled=true,RecoveryPeriodInDays=7"),
    ]


def test_names_no_period_that_is_not_stated() -> None:
    [command] = problem_of(pitr=Pitr(enabled=True)).commands
    assert command.endswith(" PointInTimeRecoveryEnabled=true")


def test_sets_tags_again_whatever_is_in_them() -> None:
    [command] = problem_of(tags=Tags(values={"aws:stack": "x", "owner": "Zoë's $team"})).commands
    words = shlex.split(command)
    assert words[2:7] == ["tag-resource", "--region", "eu-north-1", "--resource-arn", a_table().arn]
    assert json.loads(words[-1]) == [{"Key": "owner", "Value": "Zoë's $team"}]


def test_the_tags_that_aws_sets_are_its_own() -> None:
    assert judged(tags=Tags(values={"aws:cloudformation:stack-name": "shop"})).status is Status.PASSED


def test_sets_ttl_again_whatever_its_attribute_is_called() -> None:
    problem = problem_of(time_to_live=TimeToLive(enabled=True, attribute="it's\ndue"))
    assert problem.message == 'a restored table would be without TTL (by "it\'s\\ndue")'
    words = shlex.split(problem.commands[0])
    assert words[2] == "update-time-to-live"
    assert json.loads(words[-1]) == {"Enabled": True, "AttributeName": "it's\ndue"}


def test_makes_up_no_attribute_for_ttl() -> None:
    problem = problem_of(time_to_live=TimeToLive(enabled=True))
    assert (problem.message, problem.commands) == ("a restored table would be without TTL", ())


def test_sets_the_stream_again() -> None:
    [command] = problem_of(a_table(stream_view_type="KEYS_ONLY")).commands
    assert shlex.split(command)[-1] == "StreamEnabled=true,StreamViewType=KEYS_ONLY"


@pytest.mark.parametrize(
    ("index", "resource", "dimension"),
    [
        (None, "table/orders", "dynamodb:table:ReadCapacityUnits"),
        ("by-day", "table/orders/index/by-day", "dynamodb:index:ReadCapacityUnits"),
    ],
)
def test_registers_auto_scaling_again(index: str | None, resource: str, dimension: str) -> None:
    register, policy = (shlex.split(command) for command in problem_of(auto_scaling=scaled(index)).commands)
    assert register[2] == "register-scalable-target"
    assert [register[8], register[10]] == [resource, dimension]
    assert register[-4:] == ["--min-capacity", "5", "--max-capacity", "50"]
    assert json.loads(policy[-1]) == {
        "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"},
        "TargetValue": 70.0,
    }


def test_makes_up_no_policy_that_is_not_known() -> None:
    [command] = problem_of(auto_scaling=scaled(percent=None)).commands
    assert "register-scalable-target" in command


def test_the_alarms_of_auto_scaling_come_back_with_it() -> None:
    alarms = Alarms(alarms=(an_alarm("TargetTracking-table/orders-AlarmHigh-1"),))
    assert judged(alarms=alarms).status is Status.PASSED


def test_passes_where_nothing_is_set() -> None:
    [good] = judged().goods
    assert good.message == "a restore leaves nothing out: no auto scaling, alarm, tag, stream, TTL or PITR is set"


@pytest.mark.parametrize("fact", ["pitr", "time_to_live", "tags", "auto_scaling", "alarms"])
def test_what_is_not_known_may_be_set(fact: str) -> None:
    result = judged(None, **{fact: DENIED})
    assert (result.status, result.unknowns) == (Status.UNKNOWN, (DENIED,))


def test_tells_what_it_knows_beside_what_it_does_not() -> None:
    result = judged(tags=DENIED, time_to_live=TimeToLive(enabled=True, attribute="due"))
    assert [problem.message for problem in result.problems] == ['a restored table would be without TTL (by "due")']
    assert result.unknowns == (DENIED,)


@pytest.mark.parametrize(
    "facts",
    [
        {"tags": DENIED},
        {"time_to_live": TimeToLive(enabled=True, attribute="due")},
        {"tags": DENIED, "time_to_live": TimeToLive(enabled=True, attribute="due")},
    ],
    ids=["not known", "lost", "both"],
)
def test_praises_only_where_all_is_known_and_nothing_lost(facts: dict[str, Any]) -> None:
    assert judged(**facts).goods == ()


def test_tells_that_code_may_restore_the_settings() -> None:
    assert "described in code" in restore_loses_settings.why
