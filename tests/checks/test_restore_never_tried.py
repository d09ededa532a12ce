import shlex
from datetime import UTC, datetime, timedelta

import pytest

from stj_audit.checks.restore_never_tried import restore_never_tried
from stj_audit.config import Backup as Policy
from stj_audit.facts import Backup, OnDemandBackups, Pitr, ProtectedResource, RecoveryPoint, RecoveryPoints, Table, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_table, a_workload, examined

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
PITR = Pitr(enabled=True, recovery_period_days=35, latest_restorable_at=NOW)
OFF = Pitr(enabled=False)
NONE = OnDemandBackups(backups=())
ONE = OnDemandBackups(backups=(Backup(created_at=NOW, size_bytes=1, type="USER"),))
NO_POINTS = RecoveryPoints(points=())
ONE_POINT = RecoveryPoints(points=(RecoveryPoint(created_at=NOW, size_bytes=1),))
NEVER = ProtectedResource(last_restored_at=None)
RESOURCE_DENIED = Unknown(call="backup:DescribeProtectedResource", reason="AccessDeniedException")
DENIED = Unknown(call="dynamodb:ListBackups", reason="AccessDeniedException")


def judged(
    tried: str = "",
    *,
    pitr: Pitr | Unknown = PITR,
    backups: OnDemandBackups | Unknown = NONE,
    points: RecoveryPoints | Unknown = NO_POINTS,
    resource: ProtectedResource | Unknown = NEVER,
    table: Table | None = None,
    gigabytes: str | None = "0",
    region: str = "eu-north-1",
) -> Result:
    return examined(
        restore_never_tried,
        table,
        pitr=pitr,
        on_demand_backups=backups,
        recovery_points=points,
        protected_resource=resource,
        taken_at=NOW,
        backup_policy=Policy(last_restore_test=tried),
        workload=a_workload(table, {"storage": gigabytes}),
        region=region,
    )


def test_finds_that_none_is_declared() -> None:
    result = judged()
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == "no restore is declared to have been tried, and AWS Backup made none"
    assert problem.evidence["last_restore_test_age_days"] is None
    assert "`last_restore_test`" in problem.fix


def test_says_what_a_test_costs() -> None:
    [problem] = judged(gigabytes="10").problems
    assert problem.evidence["restore_usd"] == 1.62  # 10 GB at 0.162
    assert "about $1.62 for this table" in problem.migration


@pytest.mark.parametrize(("gigabytes", "region"), [(None, "eu-north-1"), ("10", "nowhere-1")])
def test_says_no_price_that_is_not_known(gigabytes: str | None, region: str) -> None:
    [problem] = judged(gigabytes=gigabytes, region=region).problems
    assert problem.evidence["restore_usd"] is None
    assert "$" not in problem.migration


def test_its_command_restores_beside_the_table() -> None:
    [problem] = judged().problems
    assert shlex.split(problem.commands[0])[2:] == [
        "restore-table-to-point-in-time",
        *("--region", "eu-north-1"),
        *("--source-table-name", "orders"),
        *("--target-table-name", "orders-restore-test"),
        "--use-latest-restorable-time",
    ]


def test_the_new_name_is_not_too_long() -> None:
    [problem] = judged(table=a_table(name="o" * 255)).problems
    assert len(shlex.split(problem.commands[0])[8]) == 255


@pytest.mark.parametrize("pitr", [OFF, DENIED])
def test_without_pitr_its_command_lists_the_backups(pitr: Pitr | Unknown) -> None:
    [problem] = judged(pitr=pitr, backups=ONE).problems
    assert shlex.split(problem.commands[0])[2] == "list-backups"


@pytest.mark.parametrize(("tried", "status"), [("2025-03-31", Status.PASSED), ("2025-03-30", Status.FOUND)])
def test_a_test_is_good_for_365_days(tried: str, status: Status) -> None:
    assert judged(tried).status is status


def test_tells_how_old_the_last_one_is() -> None:
    [problem] = judged("2025-01-01").problems
    assert (
        problem.message == "the last restore was tried 454 days ago, on 2025-01-01, as declared"
    )  # 31 March is day 90 of the next year
    assert problem.evidence["last_restore_test_age_days"] == 454


@pytest.mark.parametrize(("days", "status"), [(365, Status.PASSED), (366, Status.FOUND)])
def test_a_restore_by_aws_backup_counts_as_long(days: int, status: Status) -> None:
    assert judged(resource=ProtectedResource(last_restored_at=NOW - timedelta(days=days))).status is status


def test_says_who_told_of_the_last_one() -> None:
    restored = ProtectedResource(last_restored_at=datetime(2026, 2, 1, tzinfo=UTC))
    assert judged("2026-01-31", resource=restored).goods[0].message == "the last restore was tried on 2026-02-01, by AWS Backup"
    assert judged("2026-02-02", resource=restored).goods[0].message == "the last restore was tried on 2026-02-02, as declared"


@pytest.mark.parametrize("tried", ["", "2025-03-30"])
def test_does_not_claim_what_aws_backup_may_have_done(tried: str) -> None:
    result = judged(tried, resource=RESOURCE_DENIED)
    assert (result.status, result.unknowns, result.problems) == (Status.UNKNOWN, (RESOURCE_DENIED,), ())


def test_what_is_declared_needs_no_aws_backup() -> None:
    assert judged("2026-03-01", resource=RESOURCE_DENIED).status is Status.PASSED


def test_does_not_apply_where_nothing_could_be_restored() -> None:
    result = judged(pitr=OFF)
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "neither PITR nor a backup to restore from")


@pytest.mark.parametrize(
    ("pitr", "backups", "points"),
    [(DENIED, NONE, NO_POINTS), (OFF, DENIED, NO_POINTS), (OFF, NONE, DENIED), (OFF, NONE, ONE_POINT)],
)
def test_what_is_not_known_may_be_a_backup(
    pitr: Pitr | Unknown, backups: OnDemandBackups | Unknown, points: RecoveryPoints | Unknown
) -> None:
    assert judged(pitr=pitr, backups=backups, points=points).status is Status.FOUND


@pytest.mark.parametrize(
    ("backups", "points", "command"),
    [
        (NONE, ONE_POINT, "list-recovery-points-by-resource"),
        (ONE, ONE_POINT, "list-backups"),
        (DENIED, ONE_POINT, "list-backups"),
        (NONE, DENIED, "list-backups"),
    ],
)
def test_its_command_lists_what_there_is(
    backups: OnDemandBackups | Unknown, points: RecoveryPoints | Unknown, command: str
) -> None:
    [problem] = judged(pitr=OFF, backups=backups, points=points).problems
    assert shlex.split(problem.commands[0])[2] == command


def test_tells_that_it_may_not_have_been_written_down() -> None:
    assert "nobody wrote it down" in restore_never_tried.why
