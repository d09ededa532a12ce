import json
import shlex

import pytest

from stj_audit.checks.throttled_index_blocks_writes import throttled_index_blocks_writes
from stj_audit.facts import Throughput, Unknown
from stj_audit.results import Severity, Status
from tests.builders import a_flow, a_table, an_index, examined, no_data, some_traffic

TWO = (an_index("by-status"), an_index("by-day"), an_index("local", kind="LSI"))


def test_finds_the_index_that_refused_writes() -> None:
    traffic = some_traffic(indexes={"by-status": a_flow(write_throttles=1), "by-day": a_flow()})
    result = examined(throttled_index_blocks_writes, a_table(indexes=TWO), traffic=traffic)
    [problem] = result.problems
    assert result.severity is Severity.HIGH
    assert problem.index == "by-status"
    assert problem.message == "refused 1 write in 14 days, and with each the write to the table"
    # an on-demand index has no capacity of its own to raise
    assert problem.fix == "give the index a partition key that spreads its writes; remove it if nobody reads it"
    assert "capacity" not in problem.migration
    assert problem.evidence == {"index_write_throttles": 1, "days": 14, "index_write_units": None, "table_write_units": None}
    assert problem.commands == ()


def test_gives_a_provisioned_index_the_capacity_of_its_table() -> None:
    index = an_index("by-status", provisioned=Throughput(read_units=3, write_units=4))
    table = a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=10, write_units=50), indexes=(index,))
    [problem] = examined(
        throttled_index_blocks_writes, table, traffic=some_traffic(indexes={"by-status": a_flow(write_throttles=9)})
    ).problems
    words = shlex.split(problem.commands[0])
    assert words[:7] == ["aws", "dynamodb", "update-table", "--region", "eu-north-1", "--table-name", "orders"]
    assert json.loads(words[-1]) == [
        {"Update": {"IndexName": "by-status", "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 50}}}
    ]
    assert problem.current == "9 throttled index writes in 14 days, with 4 write units of its own"
    assert problem.fix.startswith("give the index the write capacity of the table, or ")
    assert problem.migration.startswith("capacity is raised while the table is in use")


def test_doubles_an_index_that_has_the_capacity_of_its_table_already() -> None:
    index = an_index("by-status", provisioned=Throughput(read_units=3, write_units=40))
    table = a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=10, write_units=50), indexes=(index,))
    [problem] = examined(
        throttled_index_blocks_writes, table, traffic=some_traffic(indexes={"by-status": a_flow(write_throttles=9)})
    ).problems
    assert '"WriteCapacityUnits": 80' in problem.commands[0]


@pytest.mark.parametrize("own", [None, Throughput(read_units=None, write_units=4), Throughput(read_units=3, write_units=None)])
def test_guesses_no_capacity(own: Throughput | None) -> None:
    table = a_table(billing_mode="PROVISIONED", indexes=(an_index("by-status", provisioned=own),))
    [problem] = examined(
        throttled_index_blocks_writes, table, traffic=some_traffic(indexes={"by-status": a_flow(write_throttles=9)})
    ).problems
    assert problem.commands == ()


def test_needs_no_capacity_of_the_table() -> None:
    index = an_index("by-status", provisioned=Throughput(read_units=3, write_units=4))
    table = a_table(billing_mode="PROVISIONED", indexes=(index,))
    [problem] = examined(
        throttled_index_blocks_writes, table, traffic=some_traffic(indexes={"by-status": a_flow(write_throttles=9)})
    ).problems
    assert '"WriteCapacityUnits": 8' in problem.commands[0]


def test_throttled_reads_of_an_index_and_writes_of_the_table_block_nothing() -> None:
    traffic = some_traffic(a_flow(write_throttles=9), {"by-status": a_flow(read_throttles=9), "by-day": a_flow()})
    result = examined(throttled_index_blocks_writes, a_table(indexes=TWO), traffic=traffic)
    assert [good.message for good in result.goods] == ["0 writes refused by by-status and by-day in 14 days"]


def test_no_datapoint_is_not_zero() -> None:
    traffic = some_traffic(indexes={"by-status": a_flow(), "by-day": no_data()})
    result = examined(throttled_index_blocks_writes, a_table(indexes=TWO), traffic=traffic)
    assert (result.status, result.reason) == (Status.UNKNOWN, "no write datapoint of index by-day in 14 days")
    assert result.goods == ()


def test_does_not_apply_without_global_indexes() -> None:
    result = examined(throttled_index_blocks_writes, a_table(indexes=(an_index("local", kind="LSI"),)))
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "no global secondary index")
    denied = Unknown(call="cloudwatch:GetMetricData", reason="denied")
    assert examined(throttled_index_blocks_writes, traffic=denied).reason == "no global secondary index"


def test_does_not_judge_without_traffic() -> None:
    denied = Unknown(call="cloudwatch:GetMetricData", reason="denied")
    assert examined(throttled_index_blocks_writes, a_table(indexes=TWO), traffic=denied).unknowns == (denied,)


def test_tells_that_a_past_incident_stays_in_the_window() -> None:
    assert "a past incident that is cured already" in throttled_index_blocks_writes.why
