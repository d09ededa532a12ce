"""What surrounds a table: recovery, backups, time to live, tags and auto scaling, on an engine that has them."""

from decimal import Decimal

import pytest
from botocore.awsrequest import AWSResponse

from stj_audit.aws_failures import BrokenAnswer
from stj_audit.facts import OnDemandBackups, Pitr, ScalableTarget, TimeToLive
from stj_audit.scanners import Aws, auto_scaling, on_demand_backups, pitr, tables, tags, time_to_live
from tests.scanners.answers import answer, answer_with, client, create_table

pytestmark = pytest.mark.slow


def test_pitr_is_off_although_continuous_backups_are_enabled(aws: Aws) -> None:
    create_table()
    said = aws.dynamodb.describe_continuous_backups(TableName="orders")["ContinuousBackupsDescription"]
    assert said["ContinuousBackupsStatus"] == "ENABLED"
    assert pitr.read(aws, "orders") == Pitr(enabled=False)


def test_pitr_tells_its_window(aws: Aws) -> None:
    create_table()
    client("dynamodb").update_continuous_backups(
        TableName="orders",
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7},
    )
    found = pitr.read(aws, "orders")
    assert (found.enabled, found.recovery_period_days) == (True, 7)
    assert found.earliest_restorable_at is not None
    assert found.earliest_restorable_at.utcoffset() is not None


def test_pitr_that_is_not_stated_is_not_off(aws: Aws) -> None:
    body = {"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED"}}
    answer_with(aws.dynamodb, "dynamodb.DescribeContinuousBackups", lambda: answer(body))
    with pytest.raises(BrokenAnswer):
        pitr.read(aws, "orders")


def test_backups_of_this_table_only(aws: Aws) -> None:
    create_table("orders")
    create_table("users")
    for name in ("first", "second"):
        client("dynamodb").create_backup(TableName="orders", BackupName=name)
    client("dynamodb").create_backup(TableName="users", BackupName="other")
    found = on_demand_backups.read(aws, "orders")
    assert [backup.type for backup in found.backups] == ["USER", "USER"]
    assert all(backup.created_at.utcoffset() is not None for backup in found.backups)


def test_backups_of_every_page_that_could_be_restored(aws: Aws) -> None:
    def backup(status: str) -> dict[str, object]:
        return {"BackupCreationDateTime": 1_700_000_000, "BackupSizeBytes": 5, "BackupType": "SYSTEM", "BackupStatus": status}

    pages = (
        {
            "BackupSummaries": [backup("AVAILABLE"), backup("DELETED")],
            "LastEvaluatedBackupArn": "arn:aws:dynamodb:backup/0000000001-abcdef",
        },
        {"BackupSummaries": [backup("CREATING"), backup("AVAILABLE")]},
    )
    requests = answer_with(aws.dynamodb, "dynamodb.ListBackups", lambda: answer(pages[0]), lambda: answer(pages[1]))
    found = on_demand_backups.read(aws, "orders")
    assert [(one.type, one.size_bytes) for one in found.backups] == [("SYSTEM", 5), ("SYSTEM", 5)]
    assert requests[1]["ExclusiveStartBackupArn"] == "arn:aws:dynamodb:backup/0000000001-abcdef"


MANY = [f"t{number}" for number in range(20)]


def test_the_backups_of_many_tables_are_listed_together(aws: Aws) -> None:
    create_table("t1")
    create_table("other")
    for table in ("t1", "other", "t1"):
        client("dynamodb").create_backup(TableName=table, BackupName="backup")
    found = on_demand_backups.read_together(aws, MANY)
    assert found is not None
    assert (found["t1"], found["t2"]) == (on_demand_backups.read(aws, "t1"), OnDemandBackups(backups=()))
    assert set(found) == set(MANY)


def test_few_tables_are_asked_one_by_one(aws: Aws) -> None:
    requests = answer_with(aws.dynamodb, "dynamodb.ListBackups", lambda: answer({"BackupSummaries": []}))
    assert on_demand_backups.read_together(aws, MANY[:-1]) is None
    assert requests == []


def test_a_list_of_more_pages_than_tables_is_given_up(aws: Aws) -> None:
    numbers = iter(range(1_000))

    def page() -> AWSResponse:
        arn = f"arn:aws:dynamodb:eu-north-1:1:table/x/backup/{next(numbers):016}-abcdefgh"
        return answer({"BackupSummaries": [], "LastEvaluatedBackupArn": arn})

    requests = answer_with(aws.dynamodb, "dynamodb.ListBackups", page)
    assert on_demand_backups.read_together(aws, MANY) is None
    assert len(requests) == len(MANY)


def test_time_to_live(aws: Aws) -> None:
    create_table()
    assert time_to_live.read(aws, "orders") == TimeToLive(enabled=False)
    client("dynamodb").update_time_to_live(
        TableName="orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
    )
    assert time_to_live.read(aws, "orders") == TimeToLive(enabled=True, attribute="expires_at")


@pytest.mark.parametrize(("status", "enabled"), [("ENABLING", True), ("DISABLING", False), ("DISABLED", False)])
def test_time_to_live_on_its_way(aws: Aws, status: str, enabled: bool) -> None:
    body = {"TimeToLiveDescription": {"TimeToLiveStatus": status, "AttributeName": "t"}}
    answer_with(aws.dynamodb, "dynamodb.DescribeTimeToLive", lambda: answer(body))
    assert time_to_live.read(aws, "orders") == TimeToLive(enabled=enabled, attribute="t")


def test_tags_of_every_page(aws: Aws) -> None:
    create_table(Tags=[{"Key": f"k{number}", "Value": f"v{number}"} for number in range(25)])
    found = tags.read(aws, tables.read(aws, "orders").arn)
    assert found.values == {f"k{number}": f"v{number}" for number in range(25)}


def test_no_tags(aws: Aws) -> None:
    create_table()
    assert tags.read(aws, tables.read(aws, "orders").arn).values == {}


def test_auto_scaling_by_table_and_index(aws: Aws) -> None:
    scaling = client("application-autoscaling")
    resources = (
        ("table/orders", "dynamodb:table:ReadCapacityUnits"),
        ("table/orders", "dynamodb:table:WriteCapacityUnits"),
        ("table/orders/index/by-status", "dynamodb:index:ReadCapacityUnits"),
        ("table/orders-old", "dynamodb:table:ReadCapacityUnits"),
    )
    create_table("orders")
    create_table("orders-old")
    for resource, dimension in resources:
        scaling.register_scalable_target(
            ServiceNamespace="dynamodb", ResourceId=resource, ScalableDimension=dimension, MinCapacity=5, MaxCapacity=50
        )
    scaling.put_scaling_policy(
        PolicyName="track",
        PolicyType="TargetTrackingScaling",
        ServiceNamespace="dynamodb",
        ResourceId="table/orders",
        ScalableDimension="dynamodb:table:ReadCapacityUnits",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 70.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"},
        },
    )
    found = auto_scaling.of_table("orders", auto_scaling.read_targets(aws), auto_scaling.read_policies(aws))
    assert found.targets == (
        ScalableTarget(index=None, dimension="read", min_units=5, max_units=50, target_utilization_percent=Decimal("70.0")),
        ScalableTarget(index=None, dimension="write", min_units=5, max_units=50),
        ScalableTarget(index="by-status", dimension="read", min_units=5, max_units=50),
    )
    assert auto_scaling.of_table("users", auto_scaling.read_targets(aws), ()).targets == ()


def test_auto_scaling_of_other_services_is_not_ours() -> None:
    def target(namespace: str, **state: bool) -> dict[str, object]:
        return {
            "ServiceNamespace": namespace,
            "ResourceId": "table/orders",
            "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
            "MinCapacity": 1,
            "MaxCapacity": 2,
            "SuspendedState": state,
        }

    found = auto_scaling.of_table("orders", [target("cassandra"), target("dynamodb", DynamicScalingOutSuspended=True)], [])
    assert [one.suspended for one in found.targets] == [True]
    found = auto_scaling.of_table("orders", [target("dynamodb", ScheduledScalingSuspended=True)], [])
    assert [one.suspended for one in found.targets] == [False]


def test_auto_scaling_reads_every_page(aws: Aws) -> None:
    units = {"ScalableDimension": "dynamodb:table:ReadCapacityUnits", "MinCapacity": 1, "MaxCapacity": 2}
    first, second = ({"ScalableTargets": [{"ResourceId": resource} | units]} for resource in "ab")
    pages = (first | {"NextToken": "1"}, second)
    requests = answer_with(
        aws.application_autoscaling,
        "application-auto-scaling.DescribeScalableTargets",
        lambda: answer(pages[0]),
        lambda: answer(pages[1]),
    )
    assert [target["ResourceId"] for target in auto_scaling.read_targets(aws)] == ["a", "b"]
    assert [request.get("NextToken") for request in requests] == [None, "1"]
