"""The account's share of its quotas: asked only where something is provisioned, without any dimension."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.facts import AccountCapacity, Unknown
from stj_audit.scanners import Aws, account_capacity, traffic
from tests.builders import a_table
from tests.scanners.answers import answer, answer_with

WINDOW = traffic.window_until(datetime(2026, 11, 22, 18, 37, 11, tzinfo=UTC))
TABLES = (a_table(), a_table(name="users", billing_mode="PROVISIONED"))


def result(name: str, *values: float, status: str = "Complete") -> dict[str, Any]:
    times = [WINDOW.start + 86_400 * place for place, _ in enumerate(values)]
    return {"Id": name, "Label": "x", "Timestamps": times, "Values": list(values), "StatusCode": status}


def read(aws: Aws, *results: dict[str, Any]) -> tuple[AccountCapacity | Unknown, list[dict[str, Any]]]:
    requests = answer_with(aws.cloudwatch, "cloudwatch.GetMetricData", lambda: answer({"MetricDataResults": list(results)}))
    return account_capacity.of_account(account_capacity.read(aws, TABLES, WINDOW)), requests


def test_reads_the_most_of_the_account(aws: Aws) -> None:
    found, [request] = read(aws, result("q0", 12.5, 80.0, 3.0), result("q1"))
    assert found == AccountCapacity(window_days=30, read_percent=Decimal("80.0"), write_percent=None)
    asked = [query["MetricStat"] for query in request["MetricDataQueries"]]
    assert [(one["Metric"]["MetricName"], one["Stat"], one["Period"]) for one in asked] == [
        ("AccountProvisionedReadCapacityUtilization", "Maximum", 86_400),
        ("AccountProvisionedWriteCapacityUtilization", "Maximum", 86_400),
    ]
    assert [one["Metric"].get("Dimensions", []) for one in asked] == [[], []]


def test_asks_nothing_of_tables_on_demand(aws: Aws) -> None:
    requests = answer_with(aws.cloudwatch, "cloudwatch.GetMetricData", lambda: answer({"MetricDataResults": []}))
    assert account_capacity.of_account(account_capacity.read(aws, TABLES[:1], WINDOW)) == AccountCapacity(window_days=30)
    assert requests == []


@pytest.mark.parametrize("broken", ["q0", "q1"])
def test_a_series_that_is_not_whole_is_unknown(aws: Aws, broken: str) -> None:
    found, _ = read(aws, *(result(name, 1.0, status="InternalError" if name == broken else "Complete") for name in ("q0", "q1")))
    assert found == Unknown(call="cloudwatch:GetMetricData", reason="InternalError")


def test_a_refusal_is_its_reason() -> None:
    denied = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
    assert account_capacity.of_account(denied) == denied
