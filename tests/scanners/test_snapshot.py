"""One reading of everything: which tables, what is unknown about each, and what stops it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import EndpointConnectionError
from moto.cloudwatch.responses import CloudWatchResponse
from moto.dynamodb.responses import DynamoHandler
from moto.servicequotas.responses import ServiceQuotasResponse

from stj_audit.errors import AuditError, NoCredentials, NoTables, Unreachable, WriteRefused
from stj_audit.facts import (
    AccountCapacity,
    Alarms,
    AutoScaling,
    ContributorInsights,
    HotKeys,
    InsightsSetting,
    ItemSizes,
    KeyReport,
    KinesisDestinations,
    MissingTable,
    Operations,
    Pitr,
    ProtectedResource,
    Quotas,
    RecoveryPoints,
    RegionTables,
    ResourcePolicy,
    Snapshot,
    Tags,
    TimeToLive,
    TimeToLiveValues,
    Traffic,
    Unknown,
)
from stj_audit.scanners import Aws, AwsOptions, ItemsPlan, open_session, tables, take_snapshot
from tests.faults import fault
from tests.scanners.answers import REGION, answer, answer_with, before_send, client, create_table, error

pytestmark = pytest.mark.slow

NOW = datetime.now(UTC)


def snapshot(aws: Aws, *patterns: str, mode: Any = "auto", **extra: Any) -> Snapshot:
    plan = ItemsPlan(mode=mode, budget_usd=Decimal("0.05"))
    return take_snapshot(aws, patterns, items=plan, hash_key=b"key", now=NOW, **extra)


def names(found: Snapshot) -> list[str]:
    return [facts.table.name for facts in found.tables]


def refuse(aws: Aws, operation: str, code: str, *, status: int = 400) -> None:
    answer_with(client_for(aws, operation), operation, lambda: error(code, status=status))


def client_for(aws: Aws, operation: str) -> Any:
    made = {
        "dynamodb": aws.dynamodb,
        "cloudwatch": aws.cloudwatch,
        "application-auto-scaling": aws.application_autoscaling,
        "backup": aws.backup,
        "service-quotas": aws.service_quotas,
    }
    return made[operation.partition(".")[0]]


def _answered(body: object, **_: Any) -> AWSResponse:
    return answer(body)


@pytest.fixture
def complete(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """moto, and AWS's answers for a new table to what moto has not built."""

    def insights(_: object) -> str:
        return json.dumps({"ContributorInsightsStatus": "DISABLED"})

    def no_destinations(_: object) -> str:
        return json.dumps({"KinesisDataStreamDestinations": []})

    def no_quotas(_: object) -> str:
        return json.dumps({"Quotas": []})

    monkeypatch.setattr(DynamoHandler, "describe_contributor_insights", insights, raising=False)
    monkeypatch.setattr(DynamoHandler, "describe_kinesis_streaming_destination", no_destinations, raising=False)
    monkeypatch.setattr(ServiceQuotasResponse, "list_service_quotas", no_quotas, raising=False)
    for operation, body in (
        ("backup.ListRecoveryPointsByResource", {"RecoveryPoints": []}),
        ("backup.DescribeProtectedResource", {"ResourceArn": "arn:aws:dynamodb:eu-north-1:123456789012:table/orders"}),
    ):
        aws.backup.meta.events.register(f"before-send.{operation}", partial(_answered, body))  # a test's own answer comes first
    return aws


# ------------------------------------------------------------------------------------------------------- which tables


def test_no_name_is_every_table_in_order(aws: Aws) -> None:
    for name in ("users", "orders", "devices"):
        create_table(name)
    assert names(snapshot(aws)) == ["devices", "orders", "users"]


def test_globs_and_names_together_and_each_table_once(aws: Aws) -> None:
    for name in ("dev-orders", "prod-orders", "prod-users", "Prod-x"):
        create_table(name)
    assert names(snapshot(aws, "prod-*", "prod-users", "dev-orders")) == ["dev-orders", "prod-orders", "prod-users"]
    assert names(snapshot(aws, "prod-[ou]*")) == ["prod-orders", "prod-users"]


def test_a_listing_that_is_denied_is_unknown_of_every_table(complete: Aws) -> None:
    for number in range(20):
        create_table(f"t{number}")
    asked = answer_with(complete.dynamodb, "dynamodb.ListBackups", lambda: error("AccessDeniedException"))
    found = snapshot(complete, mode="none")
    denied = Unknown(call="dynamodb:ListBackups", reason="AccessDeniedException")
    assert {facts.on_demand_backups for facts in found.tables} == {denied}
    assert len(asked) == 1


def test_a_name_needs_no_list(aws: Aws) -> None:
    create_table("orders")
    refuse(aws, "dynamodb.ListTables", "AccessDeniedException")
    assert names(snapshot(aws, "orders")) == ["orders"]
    with pytest.raises(AuditError, match="may not call ListTables") as caught:
        snapshot(aws, "ord*")
    assert "dynamodb" in caught.value.hint.lower() or "ListTables" in caught.value.hint


def test_no_table_at_all(aws: Aws) -> None:
    with pytest.raises(NoTables, match="no table in region eu-north-1") as caught:
        snapshot(aws)
    assert "--region" in caught.value.hint


def test_no_table_matches(aws: Aws) -> None:
    create_table("orders")
    with pytest.raises(NoTables, match="no table in region eu-north-1 matches"):
        snapshot(aws, "users-*")


def test_a_named_table_that_does_not_exist_is_an_error_though_others_do(aws: Aws) -> None:
    create_table("orders")
    with pytest.raises(NoTables, match="no table is called 'nope-1', 'nope-2' in region eu-north-1"):
        snapshot(aws, "orders", "nope-2", "nope-1", "o*")


@pytest.mark.parametrize("name", ["ab", "a b c", "arn:aws:dynamodb:eu-north-1:1:table/orders", "x" * 256, "evil\x1bname"])
def test_what_cannot_be_a_name_is_not_asked_for(aws: Aws, name: str) -> None:
    with pytest.raises(NoTables) as caught:
        snapshot(aws, name)
    assert str(caught.value).isprintable()
    assert aws.api_calls == 0


def test_a_table_that_may_not_be_described_is_missing(aws: Aws) -> None:
    create_table("orders")
    create_table("secret")

    def deny(request: Any, **_: Any) -> AWSResponse | None:
        return error("AccessDeniedException") if b"secret" in request.body else None

    before_send(aws.dynamodb, "dynamodb.DescribeTable", deny)
    denied = MissingTable(name="secret", unknown=Unknown(call="dynamodb:DescribeTable", reason="AccessDeniedException"))
    found = snapshot(aws)
    assert (names(found), found.missing) == (["orders"], (denied,))
    found = snapshot(aws, "secret")
    assert (found.tables, found.missing) == ((), (denied,))


def test_a_table_deleted_after_it_was_listed_is_missing(aws: Aws) -> None:
    create_table("orders")
    create_table("users")
    before_send(
        aws.dynamodb,
        "dynamodb.DescribeTable",
        lambda request, **_: error("ResourceNotFoundException") if b"users" in request.body else None,
    )
    [gone] = snapshot(aws).missing
    assert gone == MissingTable(name="users", unknown=Unknown(call="dynamodb:DescribeTable", reason="gone during the audit"))


# ----------------------------------------------------------------------------------------------------- what stops it


FIRST_CALLS = ("dynamodb.ListTables", "dynamodb.DescribeTable")


@pytest.mark.parametrize("operation", FIRST_CALLS)
def test_refused_credentials_stop_the_audit(aws: Aws, operation: str) -> None:
    refuse(aws, operation, "ExpiredTokenException")
    with pytest.raises(NoCredentials, match="ExpiredTokenException"):
        snapshot(aws, *(["orders"] if operation == "dynamodb.DescribeTable" else []))


@pytest.mark.parametrize("patterns", [[], ["orders"], ["orders", "users"]])
def test_an_endpoint_that_is_not_there_stops_the_audit(patterns: list[str]) -> None:
    nowhere = open_session(AwsOptions(region=REGION, endpoint_url="http://127.0.0.1:9", max_attempts=1))
    with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:9 cannot be reached"):
        snapshot(nowhere, *patterns)
    assert nowhere.api_calls == 1


@pytest.mark.parametrize(("code", "status"), [("UnknownOperationException", 400), ("", 404)])
@pytest.mark.parametrize("operation", FIRST_CALLS)
def test_an_endpoint_that_is_not_dynamodb_stops_the_audit(aws: Aws, operation: str, code: str, status: int) -> None:
    refuse(aws, operation, code, status=status)
    with pytest.raises(Unreachable, match="not as DynamoDB does"):
        snapshot(aws, *(["orders"] if operation == "dynamodb.DescribeTable" else []))


def test_no_credentials_stop_the_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(NoCredentials, match="no AWS credentials were found"):
        snapshot(open_session(AwsOptions(region=REGION)), "orders")


def test_the_guard_stops_the_audit_from_any_thread(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    create_table("orders")

    def write(aws: Aws, table: str) -> None:
        aws.dynamodb.delete_table(TableName=table)

    monkeypatch.setattr("stj_audit.scanners.time_to_live.read", write)
    with pytest.raises(WriteRefused, match="dynamodb:DeleteTable"):
        snapshot(aws, "orders")
    assert client("dynamodb").list_tables()["TableNames"] == ["orders"]


# --------------------------------------------------------------------------------------------------------- the facts


def test_everything_is_read_of_every_table(complete: Aws) -> None:
    create_table("orders", Tags=[{"Key": "env", "Value": "test"}])
    create_table("users")
    client("dynamodb").put_item(TableName="orders", Item={"id": {"S": "1"}, "total": {"N": "12"}})
    client("cloudwatch").put_metric_data(
        Namespace="AWS/DynamoDB",
        MetricData=[
            {"MetricName": "ConsumedReadCapacityUnits", "Dimensions": [{"Name": "TableName", "Value": "orders"}], "Value": 1.0}
        ],
    )
    steps: list[tuple[str, int, int]] = []
    found = snapshot(complete, on_progress=lambda *step: steps.append(step))
    orders, users = found.tables
    assert (orders.pitr, orders.time_to_live, orders.tags) == (
        Pitr(enabled=False),
        TimeToLive(enabled=False),
        Tags(values={"env": "test"}),
    )
    assert (orders.auto_scaling, orders.alarms) == (AutoScaling(targets=()), Alarms(alarms=()))
    assert isinstance(orders.items, ItemSizes)
    assert orders.items.sizes == ((2 + 1 + 5 + 2, 1),)
    assert isinstance(users.items, ItemSizes)
    assert users.items.scanned == 0
    assert users.traffic == Unknown(call="cloudwatch:GetMetricData", reason="no data in the last 30 days")
    assert (found.account, found.region, found.endpoint_url) == ("123456789012", REGION, None)
    assert found.started_at == NOW <= found.finished_at
    assert found.read_units == 2  # moto says one unit for every page
    assert (orders.recovery_points, orders.protected_resource) == (
        RecoveryPoints(points=()),
        ProtectedResource(last_restored_at=None),
    )
    assert orders.contributor_insights == ContributorInsights(settings=(InsightsSetting(index=None, status="DISABLED"),))
    assert orders.hot_keys == HotKeys(report_hours=24)
    assert orders.kinesis_destinations == KinesisDestinations(destinations=())
    assert orders.resource_policy == ResourcePolicy(statements=0, open_to_anyone=False)
    assert (orders.quotas, orders.region_tables) == (Quotas(), RegionTables(count=2, first="orders"))
    assert users.region_tables == orders.region_tables
    # One list, two descriptions; identity, targets, policies, alarms, quotas, metrics and those of the last hour once; of each table nine
    # settings and a scan. How requests went, the capacity of the account, the reports of keys and the list of backups take no call here, but
    # are steps.
    assert found.api_calls == 1 + 2 + 7 + 2 * 10
    assert steps[0] == ("tables", 0, 2)
    assert steps[2] == ("tables", 2, 2)
    assert steps[-1] == ("calls", 34, 34)  # the count of tables is known, and asks nothing


def test_series_of_busy_tables_are_finer_where_they_are_on_demand(aws: Aws) -> None:
    create_table("orders", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    create_table("users", BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5})
    hour_ago = NOW - timedelta(hours=1, minutes=NOW.minute)
    for name in ("orders", "users"):
        client("cloudwatch").put_metric_data(
            Namespace="AWS/DynamoDB",
            MetricData=[
                {
                    "MetricName": metric,
                    "Dimensions": [{"Name": "TableName", "Value": name}],
                    "Timestamp": hour_ago + timedelta(minutes=31),
                    "Value": value,
                }
                for metric, value in (("ConsumedWriteCapacityUnits", 5_000_000.0), ("ProvisionedWriteCapacityUnits", 2_000.0))
            ],
        )
    client("cloudwatch").put_metric_data(
        Namespace="AWS/DynamoDB",
        MetricData=[{"MetricName": "AccountProvisionedWriteCapacityUtilization", "Timestamp": hour_ago, "Value": 81.0}],
    )
    taken = snapshot(aws)
    found = [facts.traffic for facts in taken.tables]
    orders, users = (one for one in found if not isinstance(one, Unknown))
    assert (orders.series_period_seconds, orders.table.write_series) == (300, (5_000_000, 0, 0, 0, 0, 0))
    assert (users.series_period_seconds, users.table.write_series) == (3_600, (5_000_000,))
    assert {facts.account_capacity for facts in taken.tables} == {AccountCapacity(window_days=30, write_percent=Decimal(81))}
    assert (orders.table.provisioned_write_units, users.table.provisioned_write_units) == (None, Decimal(2_000))


def put_requests(table: str, *, put_items: int) -> None:
    """A consumed unit, and so many PutItem of 20 ms, an hour before the window ends."""
    at = {"Timestamp": NOW - timedelta(hours=1, minutes=NOW.minute)}
    own = {"Name": "TableName", "Value": table}
    latency = {"SampleCount": put_items, "Sum": put_items * 20.0, "Minimum": 20.0, "Maximum": 20.0}
    client("cloudwatch").put_metric_data(
        Namespace="AWS/DynamoDB",
        MetricData=[
            {**at, "MetricName": "ConsumedReadCapacityUnits", "Dimensions": [own], "Value": 1.0},
            {
                **at,
                "MetricName": "SuccessfulRequestLatency",
                "Dimensions": [own, {"Name": "Operation", "Value": "PutItem"}],
                "StatisticValues": latency,
            },
        ],
    )


def test_how_requests_went_is_asked_of_the_tables_that_have_enough(aws: Aws) -> None:
    for name, number in (("orders", 1_000), ("users", 999)):
        create_table(name)
        put_requests(name, put_items=number)
    orders, users = snapshot(aws, "orders", "users").tables
    assert orders.operations == Operations(latency_ms={"PutItem": Decimal(20)}, system_errors={"PutItem": 0})
    assert users.operations == Operations()


def test_a_refusal_of_the_second_question_leaves_the_traffic(aws: Aws) -> None:
    create_table("orders")
    put_requests("orders", put_items=1_000)

    def deny_second(request: Any, **_: Any) -> AWSResponse | None:
        return error("AccessDeniedException") if b"SystemErrors" in request.body else None

    before_send(aws.cloudwatch, "cloudwatch.GetMetricData", deny_second)
    [facts] = snapshot(aws, "orders").tables
    assert isinstance(facts.traffic, Traffic)
    assert facts.operations == Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")


def test_tables_are_counted_also_where_one_is_named(complete: Aws) -> None:
    for name in ("devices", "orders", "users"):
        create_table(name)
    orders, users = snapshot(complete, "users", "orders").tables
    assert orders.region_tables == users.region_tables == RegionTables(count=3, first="orders")


DENIED: list[tuple[str, str, str]] = [
    ("dynamodb.DescribeContinuousBackups", "pitr", "dynamodb:DescribeContinuousBackups"),
    ("dynamodb.ListBackups", "on_demand_backups", "dynamodb:ListBackups"),
    ("dynamodb.DescribeTimeToLive", "time_to_live", "dynamodb:DescribeTimeToLive"),
    ("dynamodb.ListTagsOfResource", "tags", "dynamodb:ListTagsOfResource"),
    ("dynamodb.Scan", "items", "dynamodb:Scan"),
    ("cloudwatch.GetMetricData", "traffic", "cloudwatch:GetMetricData"),
    ("cloudwatch.GetMetricData", "operations", "cloudwatch:GetMetricData"),
    ("cloudwatch.DescribeAlarms", "alarms", "cloudwatch:DescribeAlarms"),
    ("application-auto-scaling.DescribeScalableTargets", "auto_scaling", "application-autoscaling:DescribeScalableTargets"),
    ("application-auto-scaling.DescribeScalingPolicies", "auto_scaling", "application-autoscaling:DescribeScalingPolicies"),
    ("backup.ListRecoveryPointsByResource", "recovery_points", "backup:ListRecoveryPointsByResource"),
    ("backup.DescribeProtectedResource", "protected_resource", "backup:DescribeProtectedResource"),
    ("dynamodb.DescribeContributorInsights", "contributor_insights", "dynamodb:DescribeContributorInsights"),
    ("dynamodb.DescribeKinesisStreamingDestination", "kinesis_destinations", "dynamodb:DescribeKinesisStreamingDestination"),
    ("dynamodb.GetResourcePolicy", "resource_policy", "dynamodb:GetResourcePolicy"),
    ("dynamodb.ListTables", "region_tables", "dynamodb:ListTables"),
    ("service-quotas.ListServiceQuotas", "quotas", "servicequotas:ListServiceQuotas"),
]


@pytest.mark.parametrize(("operation", "fact", "call"), DENIED, ids=[operation for operation, _, _ in DENIED])
def test_a_refused_call_makes_one_fact_unknown(complete: Aws, operation: str, fact: str, call: str) -> None:
    create_table("orders")
    refuse(complete, operation, "AccessDeniedException")
    [facts] = snapshot(complete, "orders").tables
    assert getattr(facts, fact) == Unknown(call=call, reason="AccessDeniedException")
    others = {other for _, other, _ in DENIED} - {fact, "traffic", "operations"}
    assert not [other for other in others if isinstance(getattr(facts, other), Unknown)]


RULES = [f"DynamoDBContributorInsights-{kind}-orders-1" for kind in ("PKC", "PKT")]
REPORT = {"Contributors": [{"Keys": ["a"], "ApproximateAggregateValue": 30.0, "Datapoints": []}]}


@pytest.fixture
def insights(complete: Aws, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """`complete`, with Contributor Insights on for every table."""

    def on(_: object) -> str:
        return json.dumps({"ContributorInsightsStatus": "ENABLED", "ContributorInsightsRuleList": RULES})

    def report(_: object) -> str:
        return json.dumps(REPORT)

    monkeypatch.setattr(DynamoHandler, "describe_contributor_insights", on, raising=False)
    monkeypatch.setattr(CloudWatchResponse, "get_insight_rule_report", report, raising=False)
    return complete


def test_keys_are_reported_where_contributor_insights_is_on_and_throttled_ones_where_a_partition_was(insights: Aws) -> None:
    for name in ("orders", "users"):
        create_table(name)
    hour_ago = NOW - timedelta(hours=1, minutes=NOW.minute)
    client("cloudwatch").put_metric_data(
        Namespace="AWS/DynamoDB",
        MetricData=[
            {"MetricName": metric, "Dimensions": [{"Name": "TableName", "Value": "orders"}], "Timestamp": hour_ago, "Value": 9.0}
            for metric in ("ConsumedReadCapacityUnits", "ReadThrottleEvents", "ReadKeyRangeThroughputThrottleEvents")
        ],
    )
    requests = answer_with(insights.cloudwatch, "cloudwatch.GetInsightRuleReport", lambda: answer(REPORT))
    orders, users = (facts.hot_keys for facts in snapshot(insights, "orders", "users").tables)
    accessed = KeyReport(index=None, kind="accessed", first=Decimal(30))
    throttled = KeyReport(index=None, kind="throttled", first=Decimal(30))
    assert orders == HotKeys(report_hours=24, reports=(accessed, throttled))
    assert users == HotKeys(report_hours=24, reports=(accessed,))  # nothing is known of its traffic
    assert sorted(one["RuleName"] for one in requests) == [RULES[0], RULES[0], RULES[1]]


@pytest.mark.parametrize(
    ("code", "reason"), [("AccessDeniedException", "AccessDeniedException"), ("UnknownOperationException", "not available here")]
)
def test_refused_reports_leave_everything_else(insights: Aws, code: str, reason: str) -> None:
    create_table("orders")
    refuse(insights, "cloudwatch.GetInsightRuleReport", code)
    [facts] = snapshot(insights, "orders").tables
    assert facts.hot_keys == Unknown(call="cloudwatch:GetInsightRuleReport", reason=reason)
    others = {other for _, other, _ in DENIED} - {"traffic", "operations"}
    assert not [other for other in others if isinstance(getattr(facts, other), Unknown)]


def test_without_the_setting_no_report_is_asked(complete: Aws) -> None:
    create_table("orders")
    refuse(complete, "dynamodb.DescribeContributorInsights", "AccessDeniedException")
    [facts] = snapshot(complete, "orders").tables
    assert facts.hot_keys == facts.contributor_insights


def test_operations_that_the_engine_does_not_know_are_not_available(aws: Aws) -> None:
    create_table("orders")
    for operation, _, _ in DENIED:
        refuse(aws, operation, "UnknownOperationException")
    [facts] = snapshot(aws, "orders").tables
    assert {getattr(facts, fact).reason for _, fact, _ in DENIED} == {"not available here"}


def test_what_an_engine_has_not_built_is_not_available(aws: Aws) -> None:
    create_table("orders")

    def missing(**_: Any) -> None:
        raise NotImplementedError

    before_send(aws.dynamodb, "dynamodb.ListBackups", missing)
    [facts] = snapshot(aws, "orders").tables
    assert facts.on_demand_backups == Unknown(call="dynamodb:ListBackups", reason="not available here")


def test_the_values_of_what_ttl_watches_are_counted_by_the_clock_of_the_audit(aws: Aws) -> None:
    create_table("orders")
    create_table("users")
    switch = {"Enabled": True, "AttributeName": "until"}
    client("dynamodb").update_time_to_live(TableName="orders", TimeToLiveSpecification=switch)
    seconds = int(NOW.timestamp())
    for key, until in {"a": seconds - 1, "b": seconds + 1, "c": seconds - 8 * 86_400, "d": seconds * 1_000}.items():
        client("dynamodb").put_item(TableName="orders", Item={"id": {"S": key}, "until": {"N": str(until)}})
    orders, users = (facts.items for facts in snapshot(aws, "orders", "users").tables)
    assert isinstance(orders, ItemSizes)
    assert isinstance(users, ItemSizes)
    assert orders.time_to_live_values == TimeToLiveValues(attribute="until", milliseconds=1, overdue=1, due=1, later=1)
    assert users.time_to_live_values is None


def test_without_leave_to_see_ttl_the_items_are_read_all_the_same(aws: Aws) -> None:
    create_table("orders")
    client("dynamodb").update_time_to_live(TableName="orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
    refuse(aws, "dynamodb.DescribeTimeToLive", "AccessDeniedException")
    [facts] = snapshot(aws, "orders").tables
    assert isinstance(facts.items, ItemSizes)
    assert facts.items.time_to_live_values is None


@fault("a service cannot be reached", "exit 0, its facts are not checked, all else is", by="event hook")
@pytest.mark.parametrize(
    ("endpoint_url", "reason"), [(None, "EndpointConnectionError"), ("http://127.0.0.1:9", "not available here")]
)
def test_a_service_that_does_not_answer(aws: Aws, endpoint_url: str | None, reason: str) -> None:
    create_table("orders")
    aws.endpoint_url = endpoint_url

    def silent(request: Any, **_: Any) -> None:
        raise EndpointConnectionError(endpoint_url=request.url, error="refused")

    before_send(aws.cloudwatch, "cloudwatch", silent)
    [facts] = snapshot(aws, "orders").tables
    assert facts.traffic == Unknown(call="cloudwatch:GetMetricData", reason=reason)
    assert facts.alarms == Unknown(call="cloudwatch:DescribeAlarms", reason=reason)
    assert not isinstance(facts.pitr, Unknown)


def test_a_table_deleted_mid_audit(aws: Aws) -> None:
    create_table("orders")
    for operation in ("DescribeContinuousBackups", "DescribeTimeToLive", "ListTagsOfResource", "Scan"):
        refuse(aws, f"dynamodb.{operation}", "ResourceNotFoundException")
    [facts] = snapshot(aws, "orders").tables
    gone = [facts.pitr, facts.time_to_live, facts.tags, facts.items]
    assert [fact.reason for fact in gone if isinstance(fact, Unknown)] == ["gone during the audit"] * 4


@pytest.mark.parametrize(("status", "reason"), [("CREATING", "the table is CREATING"), ("UPDATING", "gone during the audit")])
def test_what_aws_does_not_find_of_a_table_that_is_not_active_yet_is_not_gone(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, status: str, reason: str
) -> None:
    create_table("orders")
    described = tables.read(aws, "orders")
    monkeypatch.setattr(tables, "read", lambda _aws, _name: replace(described, status=status))
    refuse(aws, "dynamodb.DescribeContinuousBackups", "TableNotFoundException")
    refuse(aws, "dynamodb.DescribeTimeToLive", "ResourceNotFoundException")
    refuse(aws, "dynamodb.ListTagsOfResource", "AccessDeniedException")
    [facts] = snapshot(aws, "orders").tables
    assert facts.pitr == Unknown(call="dynamodb:DescribeContinuousBackups", reason=reason)
    assert facts.time_to_live == Unknown(call="dynamodb:DescribeTimeToLive", reason=reason)
    assert facts.tags == Unknown(call="dynamodb:ListTagsOfResource", reason="AccessDeniedException")


def test_without_an_identity_the_account_is_not_known(aws: Aws) -> None:
    create_table("orders")

    def silent(request: Any, **_: Any) -> None:
        raise EndpointConnectionError(endpoint_url=request.url, error="refused")

    before_send(aws.sts, "sts", silent)
    assert snapshot(aws, "orders").account is None


def test_an_interrupt_ends_the_threads(aws: Aws) -> None:
    create_table("orders")

    def interrupt(stage: str, done: int, _total: int) -> None:
        if stage == "calls" and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        snapshot(aws, "orders", on_progress=interrupt)


def test_a_bug_is_not_taken_for_an_unknown(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    create_table("orders")

    def broken(*_: Any) -> None:
        raise KeyError("x")

    monkeypatch.setattr("stj_audit.scanners.time_to_live.read", broken)
    with pytest.raises(KeyError):
        snapshot(aws, "orders", mode="none")
