import json
import shlex
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.warm_throughput_outgrown import warm_throughput_outgrown
from stj_audit.config import Scale
from stj_audit.cost.workload import Amount, Flow, Key, Workload, in_step
from stj_audit.facts import Table, Throughput
from stj_audit.results import Limit, Result, Severity, Status
from tests.builders import a_table, a_workload, an_index, examined

WARM = Throughput(read_units=12_000, write_units=4_000)
TABLE = a_table(warm_throughput=WARM)
INDEXED = a_table(warm_throughput=WARM, indexes=(an_index("by-status", warm_throughput=WARM),))
A_SECOND = 2_628_000  # units of a month that are one a second: 730 hours


def workload(means: Mapping[Key, int | str], table: Table = TABLE) -> Workload:
    """Units a second, on average, with 1,000 users; nothing of what is left out."""
    keys: list[Key] = [(index, kind) for index in (None, *(one.name for one in table.indexes)) for kind in ("reads", "writes")]
    flows = {key: Flow(units=in_step(Decimal(means.get(key, 0)) * A_SECOND, 1_000)) for key in keys}
    return a_workload(table, flows=flows, users_now=1_000)


def judged(reads: int | str = 0, writes: int | str = 0, *, users: int | None = 10_000, **context: Any) -> Result:
    found = workload({(None, "reads"): reads, (None, "writes"): writes})
    return examined(warm_throughput_outgrown, TABLE, **{"workload": found, "users": users, **context})


def test_finds_a_peak_above_what_is_warm() -> None:
    # 50 writes a second with 1,000 users are 500 with 10,000, and 5,000 at the peak
    result = judged(0, 50)
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == "the peak of 10,000 users takes 5,000 write units where 4,000 are warm, a second"
    assert problem.evidence == {"write_warm_units_a_second": 4_000, "write_peak_units_a_second": 5_000.0}
    assert problem.matters_from_users == 8_001
    assert problem.current == "warm for 4,000 write units a second"


def test_its_command_warms_what_is_needed_and_keeps_the_rest() -> None:
    [problem] = judged(0, 50).problems
    assert shlex.split(problem.commands[0]) == [
        *("aws", "dynamodb", "update-table", "--region", "eu-north-1", "--table-name", "orders"),
        *("--warm-throughput", "ReadUnitsPerSecond=12000,WriteUnitsPerSecond=5000"),
    ]


def test_judges_each_index_by_itself() -> None:
    found = workload({("by-status", "reads"): 200}, INDEXED)
    [problem] = examined(warm_throughput_outgrown, INDEXED, workload=found, users=10_000).problems
    assert problem.index == "by-status"
    assert json.loads(shlex.split(problem.commands[0])[-1]) == [
        {
            "Update": {
                "IndexName": "by-status",
                "WarmThroughput": {"ReadUnitsPerSecond": 20_000, "WriteUnitsPerSecond": 4_000},
            }
        }
    ]


@pytest.mark.parametrize(
    ("writes", "status"), [("40", Status.PASSED), ("40.01", Status.FOUND), ("40.00000000000000000001", Status.PASSED)]
)
def test_its_line(writes: str, status: Status) -> None:
    assert judged(0, writes).status is status


def test_the_peak_factor_is_that_of_the_scale() -> None:
    assert judged(0, 50, scale=Scale(target_users=10_000, users_now=1_000, peak_factor=8)).status is Status.PASSED


def test_the_first_limit_tells_the_users() -> None:
    # reads: 240 a second are 2.4 at the peak for each user, 12,000 with 5,000 users; writes with 8,000
    assert judged(240, 50).problems[0].matters_from_users == 5_001


def test_what_is_outgrown_today_matters_today() -> None:
    assert judged(0, 401).problems[0].matters_from_users is None


def test_passes_with_the_shares() -> None:
    result = judged(12, 4)
    assert [good.message for good in result.goods] == [
        "the peak of 10,000 users takes 10% of 12,000 read units of the table and 10% of 4,000 write units of the table a second "
        "that are warm"
    ]


def test_today_is_judged_where_nobody_counted_users() -> None:
    [problem] = judged(0, 401, users=None).problems
    assert problem.message.startswith("the peak takes 4,010 write units")
    assert problem.matters_from_users is None


def test_requests_that_are_not_known_are_not_zero() -> None:
    flows: dict[Key, Flow] = {
        (None, "reads"): Flow(units=Amount(today=None)),
        (None, "writes"): Flow(units=in_step(Decimal(1), 1_000)),
    }
    result = judged(workload=a_workload(TABLE, flows=flows))
    assert result.reason == "the peak of 10,000 users in reads of the table is not known"


def test_warm_throughput_that_is_not_stated_is_not_known() -> None:
    result = examined(warm_throughput_outgrown, a_table(), workload=workload({}), users=10_000)
    assert [one.reason for one in result.unknowns] == ["no warm throughput is stated"]
    half = a_table(warm_throughput=Throughput(read_units=12_000, write_units=0))
    result = examined(warm_throughput_outgrown, half, workload=workload({}), users=10_000)
    assert "the warm throughput for writes of the table is not stated" in [one.reason for one in result.unknowns]


def test_provisioned_capacity_is_its_own_limit() -> None:
    assert judged(workload=a_workload(TABLE, {"capacity-reads": "730"})).status is Status.NOT_APPLICABLE


def test_tells_when_it_is_wrong() -> None:
    assert "the users come over weeks" in warm_throughput_outgrown.why


def test_tells_when_what_is_warm_is_used_up_also_where_it_is_far() -> None:
    # 4 a second of 1,000 users at a peak of ten times that: 0.04 for each user, 4,000 with 100,000
    assert judged(0, 4).limits == (Limit(what="4,000 warm write units a second", users=100_001),)
    found = workload({("by-status", "reads"): 4}, INDEXED)
    limits = examined(warm_throughput_outgrown, INDEXED, workload=found, users=10_000).limits
    assert limits == (Limit(what="12,000 warm read units a second", users=300_001, index="by-status"),)
    assert judged().limits == ()
