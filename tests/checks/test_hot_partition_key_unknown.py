import shlex
from typing import Any

import pytest

from stj_audit.checks.hot_partition_key_unknown import hot_partition_key_unknown
from stj_audit.facts import ContributorInsights, Encryption, Flow, InsightsSetting, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_flow, a_table, an_index, examined, no_data, some_insights, some_traffic

INDEXED = a_table(indexes=(an_index("by-status"), an_index("local", kind="LSI")))
READS, WRITES = "ReadKeyRangeThroughputThrottleEvents", "WriteKeyRangeThroughputThrottleEvents"
OFF = some_insights("by-status", status="DISABLED")
DENIED = Unknown(call="dynamodb:DescribeContributorInsights", reason="AccessDeniedException")


def refused(**reasons: int) -> Flow:
    reads = sum(events for name, events in reasons.items() if name.startswith("Read"))
    writes = sum(events for name, events in reasons.items() if name.startswith("Write"))
    return a_flow(read_throttles=reads, write_throttles=writes, throttle_reasons=reasons)


def judged(
    table: Flow | None = None, index: Flow | None = None, *, insights: ContributorInsights | Unknown = OFF, **more: Any
) -> Result:
    traffic = some_traffic(table, {"by-status": index or a_flow()})
    return examined(hot_partition_key_unknown, more.get("definition", INDEXED), traffic=traffic, contributor_insights=insights)


def test_finds_hot_partitions_without_a_name() -> None:
    result = judged(refused(**{READS: 20, WRITES: 7}))
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == "27 requests to hot partitions of the table refused in 14 days, and nothing tells by which key"
    assert problem.evidence == {"key_range_throttles": 27, "days": 14}
    assert problem.index is None
    [command] = problem.commands
    assert shlex.split(command)[-4:] == [
        "--contributor-insights-action",
        "ENABLE",
        "--contributor-insights-mode",
        "THROTTLED_KEYS",
    ]
    assert "--index-name" not in command
    assert problem.migration == "none; key values then stand in CloudWatch in plain text: not where keys are personal or secret"


def test_one_event_is_enough_and_an_index_is_told_by_itself() -> None:
    [problem] = judged(index=refused(**{READS: 1})).problems
    assert problem.message == "1 request to hot partitions of index by-status refused in 14 days, and nothing tells by which key"
    assert problem.index == "by-status"
    assert "--index-name by-status" in problem.commands[0]


def test_throttled_writes_of_an_index_would_not_be_named_either() -> None:
    result = judged(index=refused(**{WRITES: 9}))
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "no partition was throttled in 14 days")
    [problem] = judged(index=refused(**{READS: 2, WRITES: 9})).problems
    assert problem.evidence["key_range_throttles"] == 2


@pytest.mark.parametrize("reason", ["ReadProvisionedThroughputThrottleEvents", "WriteAccountLimitThrottleEvents"])
def test_other_causes_have_no_hot_key(reason: str) -> None:
    assert judged(refused(**{reason: 50})).status is Status.NOT_APPLICABLE


def test_passes_where_the_keys_are_named() -> None:
    on = ContributorInsights(
        settings=(InsightsSetting(index=None, status="ENABLED"), InsightsSetting(index="by-status", status="DISABLED"))
    )
    result = judged(refused(**{READS: 20}), insights=on)
    assert [good.message for good in result.goods] == [
        "Contributor Insights is on where partitions were throttled: the table; its report names the keys"
    ]
    assert judged(index=refused(**{READS: 20}), insights=on).status is Status.FOUND


def test_does_not_claim_what_it_may_not_see() -> None:
    result = judged(refused(**{READS: 20}), refused(**{READS: 1}), insights=DENIED)
    assert (result.status, result.unknowns, result.problems) == (Status.UNKNOWN, (DENIED,), ())
    assert judged(insights=DENIED).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize(("reads", "writes"), [(3, 1), (4, 0), (0, 4)])
def test_throttling_without_a_cause_is_not_known(reads: int, writes: int) -> None:
    result = judged(a_flow(read_throttles=reads, write_throttles=writes))
    assert result.unknowns == (
        Unknown(call="cloudwatch:GetMetricData", reason="CloudWatch tells no cause for 4 throttle events of the table"),
    )


def test_no_datapoint_is_not_zero() -> None:
    assert judged(index=no_data()).reason == "no datapoint of index by-status in 14 days"
    denied = Unknown(call="cloudwatch:GetMetricData", reason="AccessDenied")
    assert examined(hot_partition_key_unknown, traffic=denied).unknowns == (denied,)


@pytest.mark.parametrize(("reads", "writes"), [(None, 0), (0, None)])
def test_half_of_the_datapoints_are_not_all(reads: int | None, writes: int | None) -> None:
    result = judged(a_flow(read_throttles=reads, write_throttles=writes))
    assert (result.status, result.reason) == (Status.UNKNOWN, "no datapoint of the table in 14 days")


def test_keys_that_kms_encrypts_are_not_put_into_plain_text() -> None:
    [problem] = judged(refused(**{READS: 20}), definition=a_table(encryption=Encryption(type="KMS"))).problems
    assert problem.commands == ()
    assert problem.fix.startswith("log the keys of throttled requests in the clients")
    assert "it stays off" in problem.migration


def test_tells_when_it_is_wrong() -> None:
    assert "split the partition since" in hot_partition_key_unknown.why
