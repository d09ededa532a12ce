"""What other services of AWS know of a table, by recorded answers: no test engine has them."""

import itertools
import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from stj_audit.aws_failures import BrokenAnswer
from stj_audit.facts import (
    InsightsSetting,
    KinesisDestination,
    KinesisDestinations,
    ProtectedResource,
    Quotas,
    RecoveryPoint,
    ResourcePolicy,
)
from stj_audit.scanners import (
    Aws,
    AwsOptions,
    aws_backup,
    contributor_insights,
    kinesis_destinations,
    open_session,
    quotas,
    resource_policy,
)
from tests.builders import a_table, an_index
from tests.faults import fault
from tests.scanners.answers import REGION, answer, answer_with, error

ARN = "arn:aws:dynamodb:eu-north-1:123456789012:table/orders"
CREATED = 1_770_000_000  # 2026-02-02 02:40:00 UTC


@pytest.fixture
def aws() -> Aws:
    """A guarded session without moto, which would first ask itself: every call here has its recorded answer."""
    return open_session(AwsOptions(region=REGION))


def test_recovery_points_of_every_page_that_could_be_restored(aws: Aws) -> None:
    def point(status: str, **fields: object) -> dict[str, object]:
        return {"RecoveryPointArn": "arn:x", "CreationDate": CREATED, "Status": status, **fields}

    pages = (
        {"RecoveryPoints": [point("COMPLETED", BackupSizeBytes=5), point("EXPIRED"), point("DELETING")], "NextToken": "more"},
        {"RecoveryPoints": [point("CREATING"), point("PARTIAL"), point("AVAILABLE"), {"Status": "COMPLETED"}], "NextToken": None},
    )
    requests = answer_with(aws.backup, "backup.ListRecoveryPointsByResource", lambda: answer(pages[0]), lambda: answer(pages[1]))
    moment = datetime(2026, 2, 2, 2, 40, tzinfo=UTC)
    assert aws_backup.read_points(aws, ARN).points == (
        RecoveryPoint(created_at=moment, size_bytes=5),
        RecoveryPoint(created_at=moment, size_bytes=None),
    )
    first, second = (request["url"] for request in requests)
    assert "arn%3Aaws%3Adynamodb%3Aeu-north-1%3A123456789012%3Atable%2Forders/recovery-points" in first
    assert "managedByAWSBackupOnly=true" in first  # those of DynamoDB are counted by ListBackups
    assert "nextToken=more" in second


@pytest.mark.parametrize(
    ("told", "restored"),
    [({"LatestRestoreJobCreationDate": CREATED}, datetime(2026, 2, 2, 2, 40, tzinfo=UTC)), ({"LastBackupTime": CREATED}, None)],
)
def test_the_last_restore_is_told_apart_from_the_last_backup(aws: Aws, told: dict[str, object], restored: datetime | None) -> None:
    answer_with(aws.backup, "backup.DescribeProtectedResource", lambda: answer({"ResourceArn": ARN, **told}))
    assert aws_backup.read_resource(aws, ARN) == ProtectedResource(last_restored_at=restored)


def test_a_table_that_aws_backup_never_backed_up_was_not_restored_by_it(aws: Aws) -> None:
    answer_with(aws.backup, "backup.DescribeProtectedResource", lambda: error("ResourceNotFoundException"))
    assert aws_backup.read_resource(aws, ARN) == ProtectedResource(last_restored_at=None)


def test_a_refusal_is_not_taken_for_never_backed_up(aws: Aws) -> None:
    answer_with(aws.backup, "backup.DescribeProtectedResource", lambda: error("AccessDeniedException", status=403))
    with pytest.raises(ClientError, match="AccessDenied"):
        aws_backup.read_resource(aws, ARN)


def test_contributor_insights_of_the_table_and_its_global_indexes(aws: Aws) -> None:
    requests = answer_with(
        aws.dynamodb,
        "dynamodb.DescribeContributorInsights",
        lambda: answer(
            {
                "ContributorInsightsStatus": "ENABLED",
                "ContributorInsightsMode": "THROTTLED_KEYS",
                "ContributorInsightsRuleList": ["DynamoDBContributorInsights-PKT-orders-1"],
            }
        ),
        lambda: answer({"ContributorInsightsStatus": "DISABLED"}),
    )
    table = a_table(indexes=(an_index("by-status"), an_index("local", kind="LSI")))
    found = contributor_insights.read(aws, table)
    assert found.settings == (
        InsightsSetting(index=None, status="ENABLED", mode="THROTTLED_KEYS", rules=("DynamoDBContributorInsights-PKT-orders-1",)),
        InsightsSetting(index="by-status", status="DISABLED"),
    )
    assert (found.enabled(None), found.enabled("by-status"), found.enabled("gone")) == (True, False, False)
    assert requests == [{"TableName": "orders"}, {"TableName": "orders", "IndexName": "by-status"}]


@pytest.mark.parametrize(
    ("status", "enabled"), [("ENABLED", True), ("ENABLING", True), ("DISABLING", False), ("DISABLED", False), ("FAILED", False)]
)
def test_contributor_insights_on_their_way(status: str, enabled: bool) -> None:
    assert InsightsSetting(index=None, status=status).enabled is enabled


OPEN = {"Effect": "Allow", "Principal": "*", "Action": "dynamodb:GetItem", "Resource": "*"}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([], ResourcePolicy(statements=0, open_to_anyone=False)),
        (OPEN, ResourcePolicy(statements=1, open_to_anyone=True)),
        ([OPEN | {"Principal": {"AWS": "*"}}], ResourcePolicy(statements=1, open_to_anyone=True)),
        ([OPEN | {"Principal": {"AWS": ["111111111111", "*"]}}, OPEN], ResourcePolicy(statements=2, open_to_anyone=True)),
        ([OPEN | {"Principal": {"AWS": ["111111111111"]}}], ResourcePolicy(statements=1, open_to_anyone=False)),
        ([OPEN | {"Principal": {"Service": "*"}}], ResourcePolicy(statements=1, open_to_anyone=False)),
        ([OPEN | {"Effect": "Deny"}], ResourcePolicy(statements=1, open_to_anyone=False)),
        (
            [OPEN | {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}],
            ResourcePolicy(statements=1, open_to_anyone=False),
        ),
    ],
)
def test_a_resource_policy_by_its_kind(aws: Aws, statements: object, expected: ResourcePolicy) -> None:
    body = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": statements}), "RevisionId": "1"}
    answer_with(aws.dynamodb, "dynamodb.GetResourcePolicy", lambda: answer(body))
    assert resource_policy.read(aws, ARN) == expected


def test_kinesis_destinations_with_their_status(aws: Aws) -> None:
    stream = "arn:aws:kinesis:eu-north-1:123456789012:stream/orders"
    body = {
        "TableName": "orders",
        "KinesisDataStreamDestinations": [
            {"StreamArn": stream, "DestinationStatus": "ACTIVE", "ApproximateCreationDateTimePrecision": "MILLISECOND"},
            {"StreamArn": stream + "-old", "DestinationStatus": "DISABLED"},
        ],
    }
    requests = answer_with(aws.dynamodb, "dynamodb.DescribeKinesisStreamingDestination", lambda: answer(body))
    assert kinesis_destinations.read(aws, "orders").destinations == (
        KinesisDestination(stream_arn=stream, status="ACTIVE"),
        KinesisDestination(stream_arn=stream + "-old", status="DISABLED"),
    )
    assert requests == [{"TableName": "orders"}]


@pytest.mark.parametrize(
    ("statuses", "active"),
    [
        (("ACTIVE",), True),
        (("DISABLED", "UPDATING"), True),
        (("DISABLED", "DISABLING", "ENABLING", "ENABLE_FAILED"), False),
        ((), False),
    ],
)
def test_a_table_streams_to_kinesis_while_a_destination_is_active(statuses: tuple[str, ...], active: bool) -> None:
    found = KinesisDestinations(destinations=tuple(KinesisDestination(stream_arn="arn:x", status=one) for one in statuses))
    assert found.active is active


def test_quotas_by_their_codes(aws: Aws) -> None:
    def quota(code: str, value: float) -> dict[str, object]:
        return {"ServiceCode": "dynamodb", "QuotaCode": code, "QuotaName": "any", "Value": value}

    pages = (
        {"Quotas": [quota("L-CF0CBE56", 80_000.0), quota("L-AB614373", 40_000.0), quota("L-0", 1.0)], "NextToken": "more"},
        {"Quotas": [quota("L-F98FE922", 5_000.0), quota("L-F7858A77", 25.0), {"Value": 1.0}]},
    )
    requests = answer_with(
        aws.service_quotas, "service-quotas.ListServiceQuotas", lambda: answer(pages[0]), lambda: answer(pages[1])
    )
    assert quotas.read(aws) == Quotas(table_read_units=80_000, table_write_units=40_000, tables=5_000, global_indexes=25)
    assert [request["ServiceCode"] for request in requests] == ["dynamodb", "dynamodb"]


def test_a_quota_that_is_not_listed_is_not_zero(aws: Aws) -> None:
    answer_with(aws.service_quotas, "service-quotas.ListServiceQuotas", lambda: answer({"Quotas": []}))
    assert quotas.read(aws) == Quotas(table_read_units=None, table_write_units=None, tables=None, global_indexes=None)


@pytest.mark.parametrize("policy", ["[1]", "5", '{"Statement":5}', '{"Statement":[null]}', '{"Statement":["x"]}', "{", ""])
def test_a_policy_that_is_none_is_a_broken_answer(aws: Aws, policy: str) -> None:
    answer_with(aws.dynamodb, "dynamodb.GetResourcePolicy", lambda: answer({"Policy": policy}))
    with pytest.raises(BrokenAnswer):
        resource_policy.read(aws, ARN)


def test_a_quota_without_a_value_is_not_known(aws: Aws) -> None:
    found = [{"QuotaCode": "L-F98FE922"}, {"QuotaCode": "L-CF0CBE56", "Value": 80_000.0}]
    answer_with(aws.service_quotas, "service-quotas.ListServiceQuotas", lambda: answer({"Quotas": found}))
    assert quotas.read(aws) == Quotas(table_read_units=80_000)


@fault("the NextTokens of a list go in a circle", "its facts are not checked: unreadable answer", by="event hook")
def test_tokens_that_go_in_a_circle_end_the_list(aws: Aws) -> None:
    tokens = itertools.cycle("abc")
    requests = answer_with(
        aws.service_quotas, "service-quotas.ListServiceQuotas", lambda: answer({"Quotas": [], "NextToken": next(tokens)})
    )
    with pytest.raises(BrokenAnswer, match="ListServiceQuotas"):
        quotas.read(aws)
    assert [request.get("NextToken") for request in requests] == [None, "a", "b", "c"]


def test_a_stream_without_its_name_is_a_broken_answer(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stj_audit.scanners.guard.RETRY_AFTER_SECONDS", 0)
    body: dict[str, object] = {"KinesisDataStreamDestinations": [{}]}
    answer_with(aws.dynamodb, "dynamodb.DescribeKinesisStreamingDestination", lambda: answer(body))
    with pytest.raises(BrokenAnswer, match="DescribeKinesisStreamingDestination"):
        kinesis_destinations.read(aws, "orders")
