"""
The demo: the three tables of Screen Time Journey on an embedded engine (moto), filled with made-up people, and 30 days of traffic.

Only the seeding is special; the audit of it is the one that `run` does. The people are invented, the same in every run.
"""

import io
import json
import os
import random
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from stj_audit.config import Config, parse_config
from stj_audit.errors import AuditError
from stj_audit.facts import MAX_ITEM_BYTES
from stj_audit.scanners.session import AwsOptions
from stj_audit.sizing import item_size

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_dynamodb.client import DynamoDBClient

REGION = "eu-north-1"
USERS = 100
DEVICES_PER_USER = 2
SUBSCRIBER_BYTES = 50 * 1024  # of the original assessment: about 50 KB each
LARGE_SUBSCRIBER_BYTES = 312 * 1024  # one of them has outgrown the warn line
WITHOUT_PHONE_EVERY = 10  # every tenth person gave no phone number, so the phone index is sparse
TABLE_AGE_DAYS = 400
RECOVERY_DAYS = 35
BATCH_ITEMS = 25  # the limit of BatchWriteItem
TRAFFIC_DAYS = 30
CALLS_EVERY_DAYS = 6  # divides the days of traffic: a part more would be days that have requests and no units
# A job that rereads the whole leaderboard: days ago -> (units it read within an hour, reads that were throttled)
LEADERBOARD_BURSTS = {2: (4_200, 9), 6: (5_100, 14), 9: (3_800, 4)}

SUBSCRIBERS, PASSWORD, SYSTEM = "stj_subscribers", "stj_password", "stj_system"
LEADERBOARD = "subscription-status-username-index"

# Units one user takes a day, by table and index: 100 reads and 10 writes as the assessment assumed, spread over its access patterns.
UNITS_PER_USER_DAY: dict[tuple[str, str | None], tuple[str, str]] = {
    (SUBSCRIBERS, None): ("195", "250"),
    (SUBSCRIBERS, "username-index"): ("26", "250"),
    (SUBSCRIBERS, "email-index"): ("39", "250"),
    (SUBSCRIBERS, "phone-index"): ("13", "225"),
    (SUBSCRIBERS, LEADERBOARD): ("3.5", "0.1"),
    (PASSWORD, None): ("7.5", "10"),
    (PASSWORD, "customer-device-index"): ("6", "10"),
    (PASSWORD, "email-index"): ("0", "10"),
    (SYSTEM, None): ("27", "0"),
}
CALLS_PER_USER_DAY = {
    SUBSCRIBERS: {"GetItem": 30, "Query": 13, "UpdateItem": 5},
    PASSWORD: {"GetItem": 15, "Query": 12, "UpdateItem": 5},
    SYSTEM: {"GetItem": 27},
}


def demo_design() -> str:
    """The configuration that the demo's owners would have written, as the file that it is."""
    return files("stj_audit").joinpath("demo.toml").read_text(encoding="utf-8")


def demo_config() -> Config:
    """The same, read."""
    return parse_config(tomllib.loads(demo_design(), parse_float=Decimal), origin="stj-audit.toml")


@contextmanager
def demo_tables() -> Iterator[AwsOptions]:
    """
    The seeded tables, as AWS options that lead to them while the context lasts. Nothing leaves the process.

    Raises AuditError when moto is not installed.
    """
    try:
        from moto import mock_aws
    except ImportError as error:
        raise AuditError("the demo needs the embedded engine moto", hint="pip install 'stj-audit[demo]'") from error
    environment = {
        "AWS_ACCESS_KEY_ID": "demo",
        "AWS_SECRET_ACCESS_KEY": "demo",
        "AWS_SESSION_TOKEN": "demo",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    }
    # Whatever the user's own AWS settings and files say (profile, endpoint, region), they do not lead the demo anywhere else.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with patch.dict("os.environ", kept | environment, clear=True), mock_aws(), what_moto_lacks():
        _seed()
        yield AwsOptions(region=REGION)


@contextmanager
def what_moto_lacks() -> Iterator[None]:
    """
    The answers to calls that moto has not built, as AWS gives them for tables that nobody protected by AWS Backup or watched by Contributor
    Insights, in an account whose quotas are AWS's own.
    """
    from botocore import handlers
    from botocore.awsrequest import AWSResponse
    from botocore.compat import HTTPHeaders
    from moto.dynamodb.responses import DynamoHandler
    from moto.servicequotas.responses import ServiceQuotasResponse

    def insights(_: object) -> str:
        return json.dumps({"ContributorInsightsStatus": "DISABLED"})

    def no_quotas(_: object) -> str:
        return json.dumps({"Quotas": []})

    def no_points(request: Any, **_: Any) -> AWSResponse:
        return AWSResponse(request.url, 200, HTTPHeaders(), _Body(b'{"RecoveryPoints": []}'))

    def not_protected(request: Any, **_: Any) -> AWSResponse:
        return AWSResponse(request.url, 400, HTTPHeaders(), _Body(b'{"code": "ResourceNotFoundException"}'))

    answered = [
        *handlers.BUILTIN_HANDLERS,
        ("before-send.backup.ListRecoveryPointsByResource", no_points),
        ("before-send.backup.DescribeProtectedResource", not_protected),
    ]

    def no_destinations(_: object) -> str:
        return json.dumps({"KinesisDataStreamDestinations": []})

    with (
        patch.object(handlers, "BUILTIN_HANDLERS", answered),
        patch.object(DynamoHandler, "describe_contributor_insights", insights, create=True),
        patch.object(DynamoHandler, "describe_kinesis_streaming_destination", no_destinations, create=True),
        patch.object(ServiceQuotasResponse, "list_service_quotas", no_quotas, create=True),
    ):
        yield


class _Body(io.BytesIO):
    """A body as botocore reads it from the network."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.getvalue()


def _seed() -> None:
    import boto3

    session = boto3.Session(region_name=REGION)
    dynamodb, cloudwatch = session.client("dynamodb"), session.client("cloudwatch")
    _make_tables(dynamodb)
    invented = random.Random(20251110)  # noqa: S311 - invented people, not secrets
    people = [_subscriber(number, invented) for number in range(USERS)]
    devices = [_device(person, number, invented) for person in people for number in range(DEVICES_PER_USER)]
    for table, items in ((SUBSCRIBERS, people), (PASSWORD, devices), (SYSTEM, _settings(invented))):
        for start in range(0, len(items), BATCH_ITEMS):
            batch: Any = [{"PutRequest": {"Item": item}} for item in items[start : start + BATCH_ITEMS]]
            dynamodb.batch_write_item(RequestItems={table: batch})
    _make_traffic(cloudwatch)
    _age_tables()


def _age_tables() -> None:
    """Make the tables as old as their traffic; an engine in memory takes them for born just now."""
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.dynamodb.models import dynamodb_backends

    for backend in dynamodb_backends[DEFAULT_ACCOUNT_ID].values():
        for table in backend.tables.values():
            table.created_at -= timedelta(days=TABLE_AGE_DAYS)
            recovery = table.continuous_backups["PointInTimeRecoveryDescription"]
            recovery["EarliestRestorableDateTime"] -= RECOVERY_DAYS * 24 * 60 * 60


# --------------------------------------------------------------------------------------------------------------- tables


def _make_tables(dynamodb: "DynamoDBClient") -> None:
    _make_table(
        dynamodb,
        SUBSCRIBERS,
        "customer_id",
        [
            ("username-index", ["username"], {"ProjectionType": "ALL"}),
            ("email-index", ["email"], {"ProjectionType": "ALL"}),
            ("phone-index", ["phone"], {"ProjectionType": "ALL"}),
            (
                LEADERBOARD,
                ["subscription_status", "username"],
                {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["gender", "created_at", "streak_days"]},
            ),
        ],
    )
    _make_table(
        dynamodb,
        PASSWORD,
        "user_id",
        [
            ("customer-device-index", ["customer_id", "device_id"], {"ProjectionType": "ALL"}),
            ("email-index", ["email"], {"ProjectionType": "ALL"}),
        ],
    )
    _make_table(dynamodb, SYSTEM, "config_key", [])


def _make_table(dynamodb: "DynamoDBClient", name: str, key: str, indexes: list[tuple[str, list[str], dict[str, Any]]]) -> None:
    attributes = sorted({key, *(attribute for _, keys, _ in indexes for attribute in keys)})
    more: dict[str, Any] = {}
    if indexes:
        more["GlobalSecondaryIndexes"] = [
            {"IndexName": index, "KeySchema": _key_schema(keys), "Projection": projection} for index, keys, projection in indexes
        ]
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": "S"} for attribute in attributes],
        KeySchema=_key_schema([key]),
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": "app", "Value": "screen-time-journey"}, {"Key": "env", "Value": "production"}],
        **more,
    )
    dynamodb.update_continuous_backups(
        TableName=name,
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": RECOVERY_DAYS},
    )


def _key_schema(attributes: list[str]) -> Any:
    return [{"AttributeName": name, "KeyType": "RANGE" if place else "HASH"} for place, name in enumerate(attributes)]


# ---------------------------------------------------------------------------------------------------------------- items

_FIRST = ("ada", "bo", "cleo", "dag", "elin", "finn", "gro", "hal", "ida", "jon", "kaja", "liv", "mats", "nora", "ola", "pia")
_CITIES = ("Tromsø", "Århus", "Göteborg", "Helsinki", "Tartu", "Rīga", "Kaunas", "Gdańsk")


def _subscriber(number: int, invented: random.Random) -> dict[str, Any]:
    name = f"{invented.choice(_FIRST)}{number:03d}"
    person: dict[str, Any] = {
        "customer_id": {"S": f"{7_300_000_000_000 + number * 37_511}"},
        "email": {"S": f"{name}@example.com"},
        "username": {"S": name},
        "subscription_status": {"S": invented.choices(("active", "cancelled", "paused"), weights=(70, 20, 10))[0]},
        "gender": {"S": invented.choice(("f", "m", "x"))},
        "created_at": {"S": f"2025-{invented.randint(1, 10):02d}-{invented.randint(1, 28):02d}T08:30:00Z"},
        "streak_days": {"N": str(invented.randint(0, 400))},
        "commitment_data": {"M": {f"week_{week:02d}": _commitment(invented) for week in range(4)}},
        "devices": {"L": [_device_details(number, device, invented) for device in range(DEVICES_PER_USER)]},
    }
    if number % WITHOUT_PHONE_EVERY:
        person["phone"] = {"S": f"+47000{number:05d}"}
    wanted_bytes = LARGE_SUBSCRIBER_BYTES if number == USERS // 2 else int(SUBSCRIBER_BYTES * invented.uniform(0.8, 1.2))
    person["webhook_data"] = _webhooks(wanted_bytes - item_size(person), invented)
    return person


def _commitment(invented: random.Random) -> dict[str, Any]:
    return {
        "M": {
            "goal_minutes": {"N": str(invented.randint(30, 240))},
            "kept": {"BOOL": invented.random() > 0.3},
            "note": {"S": f"week in {invented.choice(_CITIES)}"},
        }
    }


def _device_details(number: int, device: int, invented: random.Random) -> dict[str, Any]:
    return {
        "M": {
            "device_id": {"S": f"device-{number:03d}-{device}"},
            "type": {"S": invented.choice(("iOS", "Android", "macOS"))},
            "added": {"S": "2025-09-01T12:00:00Z"},
        }
    }


def _webhooks(wanted_bytes: int, invented: random.Random) -> dict[str, Any]:
    """Orders as a shop's webhook sends them, until about `wanted_bytes` are reached; the size is made up by a note at the end."""
    orders: list[dict[str, Any]] = []
    used_bytes = 0
    while True:
        order = _order(len(orders), invented)
        order_bytes = item_size({"": order})
        if used_bytes + order_bytes > wanted_bytes or used_bytes > MAX_ITEM_BYTES:
            break
        orders.append(order)
        used_bytes += order_bytes
    padding = max(0, wanted_bytes - used_bytes - 100)
    return {"M": {"orders": {"L": orders}, "last_note": {"S": "-" * padding}}}


def _order(number: int, invented: random.Random) -> dict[str, Any]:
    lines = [
        {
            "sku": f"STJ-{invented.randint(1, 40):03d}",
            "quantity": 1,
            "token": f"{invented.getrandbits(160):040x}",
            "note": "thank you " * 7,
        }
        for _ in range(invented.randint(30, 50))
    ]
    return {
        "M": {
            "order_number": {"N": str(1000 + number)},
            "total_price": {"N": str(Decimal(invented.randint(900, 9900)) / 100)},
            "delivery_address": {
                "M": {"street": {"S": f"Storgata {invented.randint(1, 90)}"}, "city": {"S": invented.choice(_CITIES)}}
            },
            # The raw body as the shop sent it: one text, as most such handlers keep it.
            "raw": {"S": json.dumps({"source": "web", "campaign": "autumn", "line_items": lines})},
        }
    }


def _device(person: dict[str, Any], number: int, invented: random.Random) -> dict[str, Any]:
    customer_id = person["customer_id"]["S"]
    item: dict[str, Any] = {
        "user_id": {"S": f"usr-{customer_id}-{number}"},
        "customer_id": {"S": customer_id},
        "device_id": {"S": f"device-{customer_id}-{number}"},
        "email": person["email"],
        "pincode": {"S": f"{invented.randint(0, 9999):04d}"},
        "uuid": {"S": f"{invented.getrandbits(128):032x}"},
        "deviceType": {"S": invented.choice(("iOS", "Android", "macOS"))},
        "deviceName": {"S": "family phone"},
        "createdAt": {"S": "2025-09-01T12:00:00Z"},
        "profileType": {"S": invented.choice(("child", "adult"))},
        "timestamp": {"N": "1760000000"},
    }
    item["profile"] = {"S": "x" * (2048 - item_size(item) - len("profile"))}
    return item


def _settings(invented: random.Random) -> list[dict[str, Any]]:
    milestones = {"L": [{"M": {"day": {"N": str(day)}, "text": {"S": "well done " * 8}}} for day in range(1, 50)]}
    flow = {
        "L": [{"M": {"step": {"N": str(step)}, "screen": {"S": f"screen-{invented.randint(1, 9)} " * 9}}} for step in range(48)]
    }
    return [
        {"config_key": {"S": "milestones"}, "config_value": milestones},
        {"config_key": {"S": "device_setup_flow"}, "config_value": flow},
    ]


# -------------------------------------------------------------------------------------------------------------- traffic


def _make_traffic(cloudwatch: "CloudWatchClient") -> None:
    """A datapoint a day for each series: the sums are what matters, and an hourly series takes the embedded engine a minute."""
    noon = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    days = [noon - timedelta(days=ago) for ago in range(TRAFFIC_DAYS)]
    for (table, index), (reads, writes) in UNITS_PER_USER_DAY.items():
        dimensions = {"TableName": table} | ({"GlobalSecondaryIndexName": index} if index else {})
        for metric, units in (("ConsumedReadCapacityUnits", reads), ("ConsumedWriteCapacityUnits", writes)):
            _put(cloudwatch, metric, dimensions, [(day, float(units) * USERS) for day in days])
    for table, calls in CALLS_PER_USER_DAY.items():
        for operation, number in calls.items():
            # SampleCount of the latency is the number of requests; its mean is 4 ms.
            of_these_days = number * USERS * CALLS_EVERY_DAYS
            _put_samples(cloudwatch, {"TableName": table, "Operation": operation}, days[::CALLS_EVERY_DAYS], of_these_days)
    leaderboard = {"TableName": SUBSCRIBERS, "GlobalSecondaryIndexName": LEADERBOARD}
    bursts = [(noon - timedelta(days=ago), *burst) for ago, burst in LEADERBOARD_BURSTS.items()]
    _put(cloudwatch, "ConsumedReadCapacityUnits", leaderboard, [(at, float(units)) for at, units, _ in bursts])
    for metric in ("ReadThrottleEvents", "ReadKeyRangeThroughputThrottleEvents"):
        _put(cloudwatch, metric, leaderboard, [(at, float(events)) for at, _, events in bursts])
    _make_alarms(cloudwatch)


def _make_alarms(cloudwatch: "CloudWatchClient") -> None:
    """The two small tables are watched; the one that matters is not."""
    for table, index in UNITS_PER_USER_DAY:
        if table == SUBSCRIBERS:
            continue
        dimensions = {"TableName": table} | ({"GlobalSecondaryIndexName": index} if index else {})
        for metric in ("ReadThrottleEvents", "WriteThrottleEvents"):
            cloudwatch.put_metric_alarm(
                AlarmName="-".join(part for part in (table, index, metric) if part),
                Namespace="AWS/DynamoDB",
                MetricName=metric,
                Dimensions=_dimensions(dimensions),
                Statistic="Sum",
                Period=60,
                EvaluationPeriods=5,
                Threshold=0,
                ComparisonOperator="GreaterThanThreshold",
                TreatMissingData="notBreaching",
                AlarmActions=["arn:aws:sns:eu-north-1:123456789012:on-call"],
            )


def _dimensions(dimensions: dict[str, str]) -> Any:
    return [{"Name": name, "Value": value} for name, value in dimensions.items()]


def _put(cloudwatch: "CloudWatchClient", metric: str, dimensions: dict[str, str], points: list[tuple[datetime, float]]) -> None:
    cloudwatch.put_metric_data(
        Namespace="AWS/DynamoDB",
        MetricData=[
            {"MetricName": metric, "Dimensions": _dimensions(dimensions), "Timestamp": at, "Value": value, "Unit": "Count"}
            for at, value in points
        ],
    )


def _put_samples(cloudwatch: "CloudWatchClient", dimensions: dict[str, str], days: list[datetime], calls: int) -> None:
    cloudwatch.put_metric_data(
        Namespace="AWS/DynamoDB",
        MetricData=[
            {
                "MetricName": "SuccessfulRequestLatency",
                "Dimensions": _dimensions(dimensions),
                "Timestamp": at,
                "Unit": "Milliseconds",
                "StatisticValues": {"SampleCount": calls, "Sum": calls * 4.0, "Minimum": 2.0, "Maximum": 9.0},
            }
            for at in days
        ],
    )
