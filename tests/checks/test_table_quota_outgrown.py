import shlex
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.table_quota_outgrown import table_quota_outgrown
from stj_audit.config import Scale
from stj_audit.cost.workload import Amount, Flow, Key, Workload, in_step
from stj_audit.facts import Table
from stj_audit.results import Result, Severity, Status
from tests.builders import a_table, a_workload, an_index, examined

TABLE = a_table()
INDEXED = a_table(indexes=(an_index("by-status"), an_index("local", kind="LSI")))
A_SECOND = 2_628_000  # units of a month that are one a second: 730 hours


def workload(means: Mapping[Key, int | str], table: Table = TABLE) -> Workload:
    """Units a second, on average, with 1,000 users; nothing of what is left out."""
    keys: list[Key] = [
        (index, kind) for index in (None, *(one.name for one in table.global_indexes)) for kind in ("reads", "writes")
    ]
    flows = {key: Flow(units=in_step(Decimal(means.get(key, 0)) * A_SECOND, 1_000)) for key in keys}
    return a_workload(table, flows=flows, users_now=1_000)


def judged(reads: int | str, writes: int | str = 0, *, users: int | None = 10_000, **context: Any) -> Result:
    found = workload({(None, "reads"): reads, (None, "writes"): writes})
    return examined(table_quota_outgrown, TABLE, **{"workload": found, "users": users, **context})


def test_finds_a_peak_near_the_quota() -> None:
    # 360 a second with 1,000 users are 3,600 with 10,000, and 36,000 at the peak; 3.6 for each user: 40,000 with 11,111
    result = judged(360)
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == (
        "the peak of 10,000 users takes 36,000 read units a second, and the quota is 40,000 unless it was raised; "
        "from 11,112 users on it is too little"
    )
    assert problem.evidence == {"quota_units_a_second": 40_000, "read_peak_units_a_second": 36_000.0}
    assert problem.matters_from_users == 11_112


def test_its_command_shows_the_quotas() -> None:
    [command] = judged(360).problems[0].commands
    words = shlex.split(command)
    assert words[:3] == ["aws", "service-quotas", "list-service-quotas"]
    assert words[words.index("--region") + 1] == "eu-north-1"
    assert words[words.index("--query") + 1] == "Quotas[?contains(QuotaName, 'throughput')].[QuotaName,QuotaCode,Value]"


@pytest.mark.parametrize(("reads", "status"), [("319.99", Status.PASSED), ("320", Status.FOUND)])
def test_it_is_told_from_80_percent(reads: str, status: Status) -> None:
    assert judged(reads).status is status


def test_an_index_has_the_quota_by_itself() -> None:
    found = workload({(None, "writes"): 300, ("by-status", "writes"): 500}, INDEXED)
    [problem] = examined(table_quota_outgrown, INDEXED, workload=found, users=10_000).problems
    assert problem.index == "by-status"
    assert problem.matters_from_users == 8_001


def test_the_peak_factor_is_that_of_the_scale() -> None:
    assert judged(360, scale=Scale(target_users=10_000, users_now=1_000, peak_factor=8)).status is Status.PASSED


def test_what_binds_today_matters_today() -> None:
    [problem] = judged(4_001).problems
    assert problem.matters_from_users is None
    assert "from" not in problem.message


def test_passes_with_the_shares() -> None:
    result = judged(40, 4)
    assert [good.message for good in result.goods] == [
        "of the quota of 40,000 units a second the peak of 10,000 users takes 10% for reads of the table and 1% for writes of the table"
    ]


def test_today_is_judged_where_nobody_counted_users() -> None:
    [problem] = judged(4_001, users=None).problems
    assert problem.message.startswith("the peak takes 40,010 read units a second")
    assert problem.matters_from_users is None


def test_requests_that_are_not_known_are_not_zero() -> None:
    flows: dict[Key, Flow] = {
        (None, "reads"): Flow(units=in_step(Decimal(1), 1_000)),
        (None, "writes"): Flow(units=Amount(today=None)),
    }
    result = judged(0, workload=a_workload(TABLE, flows=flows))
    assert result.reason == "the peak of 10,000 users in writes of the table is not known"


def test_tells_when_it_is_wrong() -> None:
    assert "quota was raised already" in table_quota_outgrown.why
