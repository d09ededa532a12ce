"""Tables, and what CloudWatch tells of them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import boto3

from benchmarks import stub
from benchmarks.corpora import FIRST_SECOND, HOUR_SECONDS, metric_data
from benchmarks.measuring import Effort, Measured, alternate, milliseconds
from benchmarks.replay import answer_with
from stj_audit.scanners import AwsOptions, ItemsPlan, open_session, take_snapshot, threads
from stj_audit.scanners.guard import RAW

REGION = "eu-north-1"
CALL_SECONDS = 0.030
THREADS = 32
METRIC = {
    "Metric": {"Namespace": "AWS/DynamoDB", "MetricName": "ConsumedReadCapacityUnits", "Dimensions": []},
    "Period": 3_600,
    "Stat": "Sum",
}
POINTS = 336  # 14 days of hours
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def tables(effort: Effort) -> Measured:
    """Both ask the same calls about each table; the figures are for one call, because the rival asks about fewer tables."""
    with stub.running(tables=effort.tables, delay_seconds=CALL_SECONDS) as url:
        calls = _audit(url)
        rounds = alternate(
            max(effort.rounds // 3, 1),
            "wall",
            rival=(lambda: _one_after_the_other(url, effort.rival_tables), effort.rival_tables * _CALLS_PER_TABLE),
            ours=(lambda: _audit(url), calls),
        )
    return Measured(
        rival=f"{milliseconds(rounds.median('rival'))} a call",
        ours=f"{milliseconds(rounds.median('ours'))} a call",
        ratio=rounds.ratio("rival", "ours"),
        floor=f"{milliseconds(CALL_SECONDS / THREADS)} a call",
        note=f"{threads.THREADS} threads",
    )


def _audit(url: str) -> int:
    aws = open_session(AwsOptions(region=REGION, endpoint_url=url))
    plan = ItemsPlan(mode="none", budget_usd=Decimal(0))
    take_snapshot(aws, (), items=plan, hash_key=bytes(32), now=NOW)
    return aws.api_calls


_CALLS_PER_TABLE = 10


def _one_after_the_other(url: str, count: int) -> None:
    session = boto3.Session()
    dynamodb: Any = session.client("dynamodb", region_name=REGION, endpoint_url=url)
    backup: Any = session.client(cast("Any", "backup"), region_name=REGION, endpoint_url=url)
    for number in range(count):
        name = stub.table_name(number)
        arn = dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
        dynamodb.describe_continuous_backups(TableName=name)
        dynamodb.list_backups(TableName=name)
        dynamodb.describe_contributor_insights(TableName=name)
        dynamodb.describe_kinesis_streaming_destination(TableName=name)
        dynamodb.get_resource_policy(ResourceArn=arn)
        dynamodb.describe_time_to_live(TableName=name)
        dynamodb.list_tags_of_resource(ResourceArn=arn)
        backup.list_recovery_points_by_resource(ResourceArn=arn)
        backup.describe_protected_resource(ResourceArn=arn)


def metrics(effort: Effort) -> Measured:
    """An answer of `effort.queries` queries as both clients hand it on: times, values and names in Python's own types."""
    body = metric_data(effort.queries, POINTS)
    theirs: Any = boto3.Session().client("cloudwatch", region_name=REGION)
    aws = open_session(AwsOptions(region=REGION, endpoint_url="http://127.0.0.1:9"))
    for client in (theirs, aws.cloudwatch):
        answer_with(client, "cloudwatch.GetMetricData", lambda _: body)
    begin = datetime.fromtimestamp(FIRST_SECOND, UTC)
    request: Any = {
        "MetricDataQueries": [{"Id": f"q{number}", "MetricStat": METRIC} for number in range(effort.queries)],
        "StartTime": begin,
        "EndTime": begin + timedelta(seconds=POINTS * HOUR_SECONDS),
    }

    def ours() -> None:
        for _ in range(5):
            answer: Any = aws.cloudwatch.get_metric_data(**request)
            if len(answer[RAW]["MetricDataResults"]) != effort.queries:
                raise ValueError("not all metrics are there")

    rounds = alternate(max(effort.rounds // 2, 2), "CPU", rival=(lambda: theirs.get_metric_data(**request), 1), ours=(ours, 5))
    return Measured(
        rival=milliseconds(rounds.median("rival")), ours=milliseconds(rounds.median("ours")), ratio=rounds.ratio("rival", "ours")
    )
