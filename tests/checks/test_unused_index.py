import json
import shlex
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.unused_index import unused_index
from stj_audit.cost.workload import Workload
from stj_audit.facts import Flow, Unknown
from stj_audit.results import RemoveIndex, Result, Severity, Status
from tests.builders import a_flow, a_table, a_workload, an_index, examined, some_traffic

INDEX = an_index("by-status")
TABLE = a_table(indexes=(INDEX,))


USD_A_WRITE_UNIT, USD_A_GB = Decimal("0.00000067"), Decimal("0.269")  # eu-north-1


def billed(writes_usd: str, index_writes_usd: str, index_storage_usd: str = "0") -> Workload:
    return a_workload(
        TABLE,
        {
            "writes": str(Decimal(writes_usd) / USD_A_WRITE_UNIT),
            ("by-status", "index-writes"): str(Decimal(index_writes_usd) / USD_A_WRITE_UNIT),
            ("by-status", "index-storage"): str(Decimal(index_storage_usd) / USD_A_GB),
        },
    )


def judged(reads: str | None, days: str = "30", workload: Workload | None = None) -> Result:
    flow = a_flow(read_units=None if reads is None else Decimal(reads))
    traffic = some_traffic(indexes={"by-status": flow}, covered_days=Decimal(days))
    return examined(unused_index, TABLE, traffic=traffic, workload=workload)


def test_finds_an_index_that_is_not_read_and_asks_before_it_removes() -> None:
    [problem] = judged("0").problems
    assert problem.message == "not read once in 30 days"
    assert problem.fix.startswith("ask the owner whether anything reads the index")
    assert problem.migration.startswith("confirm with the owner first")
    assert "delete" not in f"{problem.message} {problem.fix} {problem.migration}".lower()
    assert problem.change == RemoveIndex(index="by-status")
    assert problem.index == "by-status"


def test_its_command_names_table_index_and_region() -> None:
    [problem] = judged("0").problems
    words = shlex.split(problem.commands[0])
    assert words[:7] == ["aws", "dynamodb", "update-table", "--region", "eu-north-1", "--table-name", "orders"]
    assert json.loads(words[-1]) == [{"Delete": {"IndexName": "by-status"}}]


@pytest.mark.parametrize(
    ("index_usd", "severity"),
    [("60", Severity.HIGH), ("15", Severity.MEDIUM), ("1", Severity.LOW)],
)
def test_is_as_bad_as_the_money_that_it_costs(index_usd: str, severity: Severity) -> None:
    half = str(Decimal(index_usd) / 2)
    result = judged("0", workload=billed("100", half, half))
    assert result.severity is severity
    assert result.problems[0].evidence == {"read_units": 0, "covered_days": 30.0, "saving_usd_month": float(index_usd)}


def test_is_low_when_its_cost_is_not_known() -> None:
    result = judged("0", workload=a_workload(TABLE, {("by-status", "index-storage"): None}))
    assert result.severity is Severity.LOW
    assert result.problems[0].evidence["saving_usd_month"] is None


def test_fewer_than_thirty_days_are_not_enough_history() -> None:
    result = judged("0", days="29.9", workload=billed("100", "60"))
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == "not read in 29.9 days of metrics: not enough history to call it unused"
    assert problem.evidence == {"read_units": 0, "covered_days": 29.9}
    assert problem.change is None
    assert problem.commands == ()


def test_one_read_is_enough_to_pass() -> None:
    result = judged("0.5")
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == ["read in 30 days: index by-status (0.5 read units)"]


def test_the_indexes_that_are_read_are_told_together() -> None:
    indexes = tuple(an_index(name) for name in ("a", "b", "c", "d"))
    flows = {index.name: a_flow(read_units=Decimal(1_000)) for index in indexes}
    result = examined(unused_index, a_table(indexes=indexes), traffic=some_traffic(indexes=flows))
    assert [good.message for good in result.goods] == [
        "read in 30 days: indexes a (1,000 read units), b (1,000 read units), c (1,000 read units) and 1 more"
    ]


def test_no_datapoint_is_not_zero() -> None:
    result = judged(None)
    assert result.status is Status.UNKNOWN
    assert result.unknowns == (Unknown(call="cloudwatch:GetMetricData", reason="no datapoint for reads of index by-status"),)
    missing = examined(unused_index, a_table(indexes=(INDEX,)), traffic=some_traffic(indexes={}))
    assert missing.status is Status.UNKNOWN


@pytest.mark.parametrize("fields", [{"status": "CREATING"}, {"backfilling": True}])
def test_an_index_in_the_making_is_not_judged(fields: dict[str, Any]) -> None:
    table = a_table(indexes=(an_index("by-status", **fields),))
    traffic = some_traffic(indexes={"by-status": a_flow(read_units=Decimal(0))})
    assert examined(unused_index, table, traffic=traffic).reason == "index by-status is still being created"


def test_one_unread_index_among_others_is_found_beside_them() -> None:
    indexes = (an_index("read"), an_index("unread"), an_index("silent"))
    flows = {"read": a_flow(read_units=Decimal(1_234)), "unread": a_flow(read_units=Decimal(0)), "silent": Flow()}
    result = examined(unused_index, a_table(indexes=indexes), traffic=some_traffic(indexes=flows))
    assert [problem.index for problem in result.problems] == ["unread"]
    assert [good.message for good in result.goods] == ["read in 30 days: index read (1,234 read units)"]
    assert len(result.unknowns) == 1


def test_does_not_judge_traffic_that_it_may_not_see() -> None:
    denied = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
    assert examined(unused_index, a_table(indexes=(INDEX,)), traffic=denied).unknowns == (denied,)


def test_says_why_local_indexes_are_not_looked_at() -> None:
    result = examined(unused_index, a_table(indexes=(an_index("local", kind="LSI"),)))
    assert result.status is Status.NOT_APPLICABLE
    assert result.reason == "local secondary indexes have no metrics of their own"
    assert examined(unused_index).reason == "no global secondary index"
    denied = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
    assert examined(unused_index, traffic=denied).reason == "no global secondary index"
    assert examined(unused_index, a_table(indexes=(an_index(status="DELETING"),))).status is Status.NOT_APPLICABLE
