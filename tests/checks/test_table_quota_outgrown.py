import shlex
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.table_quota_outgrown import table_quota_outgrown
from stj_audit.config import Scale
from stj_audit.cost.workload import Amount, Flow, Key, Workload, in_step
from stj_audit.facts import Quotas, Table, Unknown
from stj_audit.results import Limit, Result, Severity, Status
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
        "the peak of 10,000 users takes 36,000 read units a second, and AWS's default quota is 40,000; "
        "from 11,112 users on it is too little"
    )
    assert problem.evidence == {"quota_units_a_second": 40_000, "quota_is_default": True, "read_peak_units_a_second": 36_000.0}
    assert problem.current == "AWS's default quota for reads of a table or an index is 40,000 units a second"
    assert problem.fix == "look up the quota of the account, and ask for a higher one in time"
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


@pytest.mark.parametrize(("reads", "status"), [("639.99", Status.PASSED), ("640", Status.FOUND)])
def test_a_quota_that_was_raised_leaves_more_room(reads: str, status: Status) -> None:
    assert judged(reads, quotas=Quotas(table_read_units=80_000)).status is status


def test_says_that_it_is_the_quota_of_the_account() -> None:
    [problem] = judged(720, quotas=Quotas(table_read_units=80_000)).problems
    assert problem.message == (
        "the peak of 10,000 users takes 72,000 read units a second, and the account's quota is 80,000; "
        "from 11,112 users on it is too little"
    )
    assert problem.evidence == {"quota_units_a_second": 80_000, "quota_is_default": False, "read_peak_units_a_second": 72_000.0}
    assert problem.fix == "ask for a higher quota in time"


def test_reads_and_writes_have_quotas_of_their_own() -> None:
    quotas = Quotas(table_read_units=80_000, table_write_units=40_000)
    assert judged(360, quotas=quotas).status is Status.PASSED
    [problem] = judged(0, 360, quotas=quotas).problems
    assert problem.evidence["write_peak_units_a_second"] == 36_000.0
    [problem] = judged(720, 360, quotas=quotas).problems
    assert (
        "takes 72,000 read units and 36,000 write units a second, and the account's quota is 80,000 and 40,000" in problem.message
    )
    [good] = judged(40, 4, quotas=quotas).goods
    assert good.message.startswith("of the quota of 80,000 and 40,000 units a second the peak")


def test_quotas_that_may_not_be_read_are_those_of_aws() -> None:
    denied = Unknown(call="servicequotas:ListServiceQuotas", reason="AccessDeniedException")
    assert judged(320, quotas=denied).problems == judged(320).problems
    [problem] = judged(320, 320, quotas=Quotas(table_read_units=40_000)).problems
    assert problem.evidence["quota_is_default"] is True  # that of writes is


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
    assert "default is taken although the quota was raised" in table_quota_outgrown.why


def test_tells_when_the_quota_binds_also_where_it_is_far() -> None:
    # 4 a second of 1,000 users at a peak of ten times that: 0.04 for each user, 40,000 with 1,000,000
    assert judged(4).limits == (Limit(what="the quota of 40,000 read units a second", users=1_000_001),)
    own = judged(4, quotas=Quotas(table_read_units=80_000)).limits
    assert own == (Limit(what="the quota of 80,000 read units a second", users=2_000_001),)
    assert judged(0).limits == ()
