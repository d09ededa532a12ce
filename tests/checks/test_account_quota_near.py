from decimal import Decimal

import pytest

from stj_audit.checks.account_quota_near import account_quota_near
from stj_audit.facts import AccountCapacity, Table, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_table, examined

DENIED = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
PROVISIONED = a_table(billing_mode="PROVISIONED")


def judged(reads: str | None, writes: str | None, table: Table = PROVISIONED) -> Result:
    reads_percent, writes_percent = (None if one is None else Decimal(one) for one in (reads, writes))
    capacity = AccountCapacity(window_days=30, read_percent=reads_percent, write_percent=writes_percent)
    return examined(account_quota_near, table, account_capacity=capacity)


def test_finds_a_quota_that_is_near() -> None:
    result = judged("91.25", "3")
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == "the account had up to 91.3% of the read units provisioned that its quota allows, in 30 days"
    assert problem.evidence == {"kind": "read", "most_percent": 91.25, "near_percent": 80, "days": 30}
    assert problem.current == "91.3% of the account's quota of read units"
    assert problem.commands == ("aws dynamodb describe-limits --region eu-north-1",)
    assert [good.message for good in result.goods] == [
        "the account never had more than 3% of its write units provisioned, in 30 days"
    ]


@pytest.mark.parametrize(("percent", "status"), [("79.9", Status.PASSED), ("80", Status.FOUND)])
def test_eighty_percent_are_near(percent: str, status: Status) -> None:
    assert judged(percent, "1").status is status
    assert judged("1", percent).status is status


def test_reads_and_writes_are_told_apart() -> None:
    assert [problem.subject for problem in judged("80", "100").problems] == ["read", "write"]


def test_says_how_far_it_is() -> None:
    [good] = judged("12", "0.4").goods
    assert (
        good.message == "the account never had more than 12% of its read units and 0.4% of its write units provisioned, in 30 days"
    )


def test_no_datapoint_is_not_checked() -> None:
    result = judged(None, "12")
    assert (result.status, result.reason) == (Status.UNKNOWN, "no datapoint for the read units of the account")
    assert len(result.goods) == 1
    assert judged("12", None).reason == "no datapoint for the write units of the account"


def test_tables_on_demand_have_no_part_in_it() -> None:
    result = judged("99", "99", a_table())
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "the table is on demand")
    assert examined(account_quota_near, a_table(), account_capacity=DENIED).status is Status.NOT_APPLICABLE


def test_does_not_judge_what_it_may_not_see() -> None:
    assert examined(account_quota_near, PROVISIONED, account_capacity=DENIED).unknowns == (DENIED,)


def test_tells_that_the_quota_may_be_raised_already() -> None:
    assert "about to be raised" in account_quota_near.why
