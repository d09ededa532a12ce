import shlex
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from stj_audit.checks.old_backups_piling_up import old_backups_piling_up
from stj_audit.facts import Backup, OnDemandBackups, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_workload, examined

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
GB = 2**30  # a backup of one costs 0.10 dollars a month (eu-north-1)


def a_backup(days: float = 100, gigabytes: int | None = 60, kind: str = "USER") -> Backup:
    size = None if gigabytes is None else gigabytes * GB
    return Backup(created_at=NOW - timedelta(days=days), size_bytes=size, type=kind)


def judged(*backups: Backup, region: str = "eu-north-1", other: Sequence[str] = ()) -> Result:
    # 0.67 dollars for a million write units
    workload = a_workload(quantities={"writes": "100_000_000"}) if other else None
    return examined(
        old_backups_piling_up,
        on_demand_backups=OnDemandBackups(backups=backups),
        region=region,
        workload=workload,
        taken_at=NOW,
    )


def test_prices_what_is_old() -> None:
    # 60 + 20 GB at 0.10
    result = judged(a_backup(), a_backup(200, 20), a_backup(10, 500))
    [problem] = result.problems
    assert problem.message == "2 on-demand backups of more than 90 days, 80.0 GB in all, cost $8.00 a month"
    assert problem.evidence == {
        "old_backups": 2,
        "old_backup_bytes": 80 * GB,
        "oldest": "2025-09-12T12:00:00+00:00",
        "saving_usd_month": 8.0,
    }
    assert problem.benefit == "at most $8.00 a month, if none of them is needed"
    assert problem.migration.startswith("ask the owner first")


def test_one_backup_costs() -> None:
    [problem] = judged(a_backup()).problems
    assert problem.message == "1 on-demand backup of more than 90 days, 60.0 GB in all, costs $6.00 a month"


def test_its_command_lists_them_and_deletes_nothing() -> None:
    [problem] = judged(a_backup(), a_backup(200)).problems
    words = shlex.split(problem.commands[0])
    assert words[:7] == ["aws", "dynamodb", "list-backups", "--region", "eu-north-1", "--table-name", "orders"]
    assert words[-1] == "2025-12-21T12:00:01Z"  # the younger of the two, and a second


@pytest.mark.parametrize(("gigabytes", "status"), [(49, Status.PASSED), (50, Status.FOUND)])
def test_they_count_from_the_currency_floor_on(gigabytes: int, status: Status) -> None:
    assert judged(a_backup(gigabytes=gigabytes)).status is status


@pytest.mark.parametrize(("days", "status"), [(90, Status.PASSED), (90.01, Status.FOUND)])
def test_they_are_old_after_90_days(days: float, status: Status) -> None:
    assert judged(a_backup(days)).status is status


@pytest.mark.parametrize(("gigabytes", "severity"), [(60, Severity.LOW), (100, Severity.MEDIUM), (600, Severity.HIGH)])
def test_is_as_bad_as_the_money(gigabytes: int, severity: Severity) -> None:
    # 6, 10 and 60 dollars beside 67 of writes: 9 %, 15 % and 90 % of the bill
    assert judged(a_backup(gigabytes=gigabytes), other="writes").severity is severity


def test_says_what_the_old_ones_cost_where_that_is_little() -> None:
    [good] = judged(a_backup(gigabytes=10), a_backup(10, 500)).goods
    assert good.message == "backups of more than 90 days cost $1.00 a month"


def test_says_that_none_is_old() -> None:
    [good] = judged(a_backup(10, 500)).goods
    assert good.message == "none of 1 on-demand backup is older than 90 days"


def test_the_newest_backup_may_be_old_too() -> None:
    [problem] = judged(a_backup(120), a_backup(100)).problems
    assert problem.evidence["old_backups"] == 2


def test_a_size_that_is_not_stated_is_not_zero() -> None:
    assert judged(a_backup(gigabytes=None)).reason == "the size of a backup is not stated"
    [problem] = judged(a_backup(gigabytes=None), a_backup()).problems
    assert problem.evidence["old_backup_bytes"] == 60 * GB
    assert judged(a_backup(10, None)).status is Status.PASSED  # it is young, whatever its size


def test_where_a_size_is_not_stated_the_sum_is_a_lower_bound() -> None:
    [problem] = judged(a_backup(), a_backup(200, None)).problems
    assert problem.message == "2 on-demand backups of more than 90 days, at least 60.0 GB in all, cost at least $6.00 a month"
    assert problem.benefit == "$6.00 and more a month, if none of them is needed"


def test_the_backups_of_aws_backup_are_left_to_its_plans() -> None:
    result = judged(a_backup(kind="AWS_BACKUP"), a_backup(kind="SYSTEM"))
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "no on-demand backup")


def test_does_not_judge_without_a_price_or_a_list() -> None:
    assert judged(a_backup(), region="nowhere-1").reason == "no price is known in nowhere-1"
    denied = Unknown(call="dynamodb:ListBackups", reason="AccessDeniedException")
    assert examined(old_backups_piling_up, on_demand_backups=denied).unknowns == (denied,)


def test_tells_that_they_may_be_kept_on_purpose() -> None:
    assert "legal hold" in old_backups_piling_up.why
