import shlex
from dataclasses import replace

import pytest

from stj_audit.checks.backups_cost_more_than_table import backups_cost_more_than_table
from stj_audit.results import Result, Severity, Status
from tests.builders import a_workload, examined

# A GB of backup costs 0.10 dollars a month, one of storage 0.269, with PITR 0.21 more (eu-north-1).


def judged(backup: str | None = None, storage: str | None = "0", *, pitr: bool = False, region: str = "eu-north-1") -> Result:
    quantities = {"storage": storage} | ({} if backup is None else {"backup": backup})
    workload = replace(a_workload(quantities=quantities), pitr=pitr)
    return examined(backups_cost_more_than_table, workload=workload, region=region)


def test_finds_backups_that_cost_more() -> None:
    # 30.00 of backups and 2.10 of PITR, against 2.69
    result = judged("300", "10", pitr=True)
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == ("backups cost $32.10 a month (PITR $2.10 and on-demand backups $30.00), and the table itself $2.69")
    assert problem.evidence == {
        "backups_usd_month": 32.1,
        "table_usd_month": 2.69,
        "pitr_usd_month": 2.1,
        "backup_usd_month": 30.0,
    }
    assert problem.migration.startswith("ask first")


def test_its_command_lists_the_backups() -> None:
    [problem] = judged("300").problems
    assert shlex.split(problem.commands[0])[1:] == ["dynamodb", "list-backups", "--region", "eu-north-1", "--table-name", "orders"]


def test_pitr_alone_costs_more_where_storage_is_cheap() -> None:
    # Standard-IA: 0.1076 for a GB, and 0.21 for PITR
    workload = a_workload(quantities={"storage": "100"}, table_class="STANDARD_INFREQUENT_ACCESS", pitr=True)
    [problem] = examined(backups_cost_more_than_table, workload=workload).problems
    assert problem.message == "backups cost $21.00 a month (PITR $21.00), and the table itself $10.76"
    assert problem.commands == ()
    assert problem.fix.startswith("ask whether anybody still writes")


@pytest.mark.parametrize(("backup", "status"), [("269", Status.PASSED), ("270", Status.FOUND)])
def test_as_much_as_the_table_is_not_more(backup: str, status: Status) -> None:
    assert judged(backup, "100").status is status  # 26.90 against 26.90, and 27.00


@pytest.mark.parametrize(("backup", "status"), [("49.9", Status.PASSED), ("50", Status.FOUND)])
def test_less_than_the_currency_floor_is_left_alone(backup: str, status: Status) -> None:
    result = judged(backup)
    assert (result.status, result.goods) == (status, ())


def test_says_what_both_cost() -> None:
    [good] = judged(None, "100", pitr=True).goods
    assert good.message == "backups cost $21.00 a month, and the table itself $26.90"


def test_does_not_apply_without_backups() -> None:
    result = judged()
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "neither PITR nor an on-demand backup is billed")


def test_what_is_not_known_is_not_nothing() -> None:
    assert judged("300", None).status is Status.UNKNOWN
    assert judged("300", region="nowhere-1").reason == "no price is known in nowhere-1"
    workload = a_workload(quantities={"storage": "1", "backup": None})
    assert examined(backups_cost_more_than_table, workload=workload).status is Status.UNKNOWN


def test_tells_that_a_rule_may_ask_for_it() -> None:
    assert "kept by rule" in backups_cost_more_than_table.why
