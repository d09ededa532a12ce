import json
import shlex
from typing import Any

import pytest

from stj_audit.checks.throttle_cause import throttle_cause
from stj_audit.facts import AutoScaling, Encryption, ScalableTarget, Throughput, Unknown
from stj_audit.results import Problem, Severity, Status
from tests.builders import a_flow, a_table, an_index, examined, no_data, some_traffic

PROVISIONED: dict[str, Any] = {"billing_mode": "PROVISIONED", "provisioned": Throughput(read_units=10, write_units=20)}


def refused(**reasons: int) -> dict[str, Any]:
    """A flow's throttles with their causes, by metric name without ThrottleEvents."""
    return {
        "read_throttles": sum(count for name, count in reasons.items() if name.startswith("Read")),
        "write_throttles": sum(count for name, count in reasons.items() if name.startswith("Write")),
        "throttle_reasons": {f"{name}ThrottleEvents": count for name, count in reasons.items()},
    }


@pytest.mark.parametrize(
    ("metric", "severity", "fix"),
    [
        ("KeyRangeThroughput", Severity.MEDIUM, "spread the traffic over more partition key values"),
        ("AccountLimit", Severity.MEDIUM, "ask for a higher table-level throughput quota"),
        ("ProvisionedThroughput", Severity.LOW, "raise the provisioned capacity"),
        ("MaxOnDemandThroughput", Severity.LOW, "raise the maximum on-demand throughput"),
    ],
)
@pytest.mark.parametrize("kind", ["Read", "Write"])
def test_each_cause_has_its_own_severity_and_fix(metric: str, severity: Severity, fix: str, kind: str) -> None:
    [problem] = examined(throttle_cause, traffic=some_traffic(a_flow(**refused(**{kind + metric: 7})))).problems
    assert problem.severity is severity
    assert problem.fix.startswith(fix)
    reads, writes = (7, 0) if kind == "Read" else (0, 7)
    assert problem.evidence == {"cause": metric, "read_throttles": reads, "write_throttles": writes, "days": 14}
    assert problem.message.startswith(f"7 {kind.lower()}s refused in 14 days: ")


def test_reads_and_writes_of_one_cause_are_one_problem_and_two_causes_are_two() -> None:
    flow = a_flow(**refused(ReadKeyRangeThroughput=1, WriteKeyRangeThroughput=2, WriteAccountLimit=3))
    key_range, account = examined(throttle_cause, traffic=some_traffic(flow)).problems
    assert (key_range.evidence["read_throttles"], key_range.evidence["write_throttles"]) == (1, 2)
    assert account.evidence["cause"] == "AccountLimit"
    assert key_range.message.startswith("1 read and 2 writes refused in 14 days: one partition got more than it can take")


def test_judges_each_index_by_itself() -> None:
    table = a_table(indexes=(an_index("by-status"),))
    traffic = some_traffic(indexes={"by-status": a_flow(**refused(ReadKeyRangeThroughput=1))})
    [problem] = examined(throttle_cause, table, traffic=traffic).problems
    assert problem.index == "by-status"
    assert "--table-name orders --index-name by-status --contributor-insights-action ENABLE" in problem.commands[0]


def test_offers_no_contributor_insights_for_what_it_cannot_see() -> None:
    table = a_table(indexes=(an_index("by-status"),))
    traffic = some_traffic(indexes={"by-status": a_flow(**refused(WriteKeyRangeThroughput=1))})
    assert examined(throttle_cause, table, traffic=traffic).problems[0].commands == ()


def test_offers_no_contributor_insights_where_kms_encrypts_the_keys() -> None:
    reasons = {"ReadKeyRangeThroughput": 1}
    assert len(only_problem({}, reasons).commands) == 1
    assert only_problem({"encryption": Encryption(type="KMS")}, reasons).commands == ()


def only_problem(table_fields: dict[str, Any], reasons: dict[str, int], **facts: Any) -> Problem:
    [problem] = examined(
        throttle_cause, a_table(**table_fields), traffic=some_traffic(a_flow(**refused(**reasons))), **facts
    ).problems
    return problem


def test_the_quota_command_can_be_pasted() -> None:
    words = shlex.split(only_problem({}, {"ReadAccountLimit": 1}).commands[0])
    assert words[:5] == ["aws", "service-quotas", "list-service-quotas", "--region", "eu-north-1"]
    assert words[words.index("--query") + 1] == "Quotas[?contains(QuotaName, 'throughput')].[QuotaName,QuotaCode,Value]"


def test_doubles_the_capacity_that_was_short_and_keeps_the_other() -> None:
    assert only_problem(PROVISIONED, {"WriteProvisionedThroughput": 1}).commands == (
        "aws dynamodb update-table --region eu-north-1 --table-name orders "
        "--provisioned-throughput ReadCapacityUnits=10,WriteCapacityUnits=40",
    )


def test_raises_the_maximum_where_auto_scaling_is_registered() -> None:
    scaled = AutoScaling(targets=(ScalableTarget(index=None, dimension="write", min_units=20, max_units=50),))
    reasons = {"WriteProvisionedThroughput": 1, "ReadProvisionedThroughput": 1}
    assert only_problem(PROVISIONED, reasons, auto_scaling=scaled).commands == (
        "aws application-autoscaling register-scalable-target --region eu-north-1 --service-namespace dynamodb "
        "--resource-id table/orders --scalable-dimension dynamodb:table:WriteCapacityUnits --min-capacity 20 --max-capacity 100",
        "aws dynamodb update-table --region eu-north-1 --table-name orders "
        "--provisioned-throughput ReadCapacityUnits=20,WriteCapacityUnits=20",
    )


def test_capacity_that_only_auto_scaling_moves_is_not_set_by_hand_as_well() -> None:
    scaled = AutoScaling(targets=(ScalableTarget(index=None, dimension="write", min_units=20, max_units=50),))
    [command] = only_problem(PROVISIONED, {"WriteProvisionedThroughput": 1}, auto_scaling=scaled).commands
    assert command.startswith("aws application-autoscaling register-scalable-target ")


def test_guesses_no_capacity_when_auto_scaling_or_the_capacity_is_not_known() -> None:
    denied = Unknown(call="application-autoscaling:DescribeScalableTargets", reason="denied")
    assert only_problem(PROVISIONED, {"WriteProvisionedThroughput": 1}, auto_scaling=denied).commands == ()
    for capacity in (None, Throughput(read_units=None, write_units=5), Throughput(read_units=5, write_units=None)):
        fields = {"billing_mode": "PROVISIONED", "provisioned": capacity}
        assert only_problem(fields, {"WriteProvisionedThroughput": 1}).commands == ()


def test_raises_the_capacity_of_an_index() -> None:
    index = an_index("by-status", provisioned=Throughput(read_units=3, write_units=4))
    table = a_table(**PROVISIONED, indexes=(index,))
    traffic = some_traffic(indexes={"by-status": a_flow(**refused(ReadProvisionedThroughput=1))})
    [problem] = examined(throttle_cause, table, traffic=traffic).problems
    words = shlex.split(problem.commands[0])
    assert json.loads(words[-1]) == [
        {"Update": {"IndexName": "by-status", "ProvisionedThroughput": {"ReadCapacityUnits": 6, "WriteCapacityUnits": 4}}}
    ]


def test_raises_a_ceiling_that_is_known_and_lifts_one_that_is_not() -> None:
    limited = {"on_demand_limit": Throughput(read_units=None, write_units=100)}
    known = only_problem(limited, {"WriteMaxOnDemandThroughput": 1})
    both = {"on_demand_limit": Throughput(read_units=50, write_units=100)}
    reads = only_problem(both, {"ReadMaxOnDemandThroughput": 1})
    assert reads.commands[0].endswith("--on-demand-throughput MaxReadRequestUnits=100")
    unknown = only_problem({}, {"ReadMaxOnDemandThroughput": 1, "WriteMaxOnDemandThroughput": 1})
    assert known.commands[0].endswith("--table-name orders --on-demand-throughput MaxWriteRequestUnits=200")
    assert unknown.commands[0].endswith("--on-demand-throughput MaxReadRequestUnits=-1,MaxWriteRequestUnits=-1")
    assert "a ceiling that is there to hold the costs stays" in known.migration


def test_passes_when_nothing_was_throttled() -> None:
    assert [good.message for good in examined(throttle_cause).goods] == [
        "no hot partition, quota, capacity or ceiling was hit in 14 days"
    ]
    indexed = examined(throttle_cause, a_table(indexes=(an_index("by-status"),)))
    assert indexed.goods[0].message.endswith("was hit in 14 days, indexes included")


def test_a_cause_that_is_told_is_not_called_unknown_as_well() -> None:
    result = examined(throttle_cause, traffic=some_traffic(a_flow(**refused(ReadAccountLimit=3))))
    assert (len(result.problems), result.unknowns) == (1, ())


def test_does_not_guess_a_cause() -> None:
    result = examined(throttle_cause, traffic=some_traffic(a_flow(read_throttles=2, write_throttles=3)))
    assert result.status is Status.UNKNOWN
    assert result.reason == "CloudWatch tells no cause for 5 throttle events of the table"
    assert result.goods == ()


def test_no_datapoint_is_not_zero() -> None:
    table = a_table(indexes=(an_index("by-status"),))
    result = examined(throttle_cause, table, traffic=some_traffic(indexes={"by-status": no_data()}))
    assert (result.status, result.reason) == (Status.UNKNOWN, "no datapoint of index by-status in 14 days")


def test_half_a_view_is_no_praise() -> None:
    result = examined(throttle_cause, traffic=some_traffic(a_flow(write_throttles=None)))
    assert (result.status, result.goods) == (Status.UNKNOWN, ())


def test_does_not_judge_without_traffic() -> None:
    assert examined(throttle_cause, traffic=Unknown(call="cloudwatch:GetMetricData", reason="denied")).status is Status.UNKNOWN


def test_tells_that_a_ceiling_may_be_meant() -> None:
    assert "a ceiling that was set to hold the costs" in throttle_cause.why
