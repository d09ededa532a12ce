"""A broken answer is never taken for an empty one."""

import binascii
from functools import partial
from itertools import chain, repeat

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from stj_audit.aws_failures import BrokenAnswer, code_of
from stj_audit.scanners import Aws
from tests.scanners.answers import answer, answer_with

pytestmark = pytest.mark.slow

BROKEN = {
    "cut short": b'{"TableNames": ["orders", "us',
    "the page of a captive portal": b"<html><body>Please sign in</body></html>",
    "empty": b"",
    "null": b"null",
    "not UTF-8": b'{"TableNames": ["\xff\xfe"]}',
    "a list": b"[]",
    "without its member": b"{}",
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_is_asked_for_twice_more_and_then_raised(aws: Aws, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stj_audit.scanners.guard.RETRY_AFTER_SECONDS", 0)
    requests = answer_with(aws.dynamodb, "dynamodb.ListTables", lambda: answer(body))
    with pytest.raises(BrokenAnswer, match="ListTables"):
        aws.dynamodb.list_tables()
    assert len(requests) == 3
    assert aws.api_calls == 3


def test_a_broken_answer_of_a_rest_service_is_raised_too(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stj_audit.scanners.guard.RETRY_AFTER_SECONDS", 0)
    requests = answer_with(aws.backup, "backup.DescribeProtectedResource", lambda: answer(b"<html>Please sign in</html>"))
    with pytest.raises(BrokenAnswer, match="DescribeProtectedResource"):
        aws.backup.describe_protected_resource(ResourceArn="arn:aws:dynamodb:eu-north-1:123456789012:table/orders")
    assert len(requests) == 3


def test_a_good_answer_after_a_broken_one_is_taken(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stj_audit.scanners.guard.RETRY_AFTER_SECONDS", 0)
    requests = answer_with(aws.dynamodb, "dynamodb.ListTables", lambda: answer(b"{"), lambda: answer({"TableNames": ["orders"]}))
    assert aws.dynamodb.list_tables()["TableNames"] == ["orders"]
    assert len(requests) == 2


def test_a_wrong_checksum_is_a_broken_answer(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stj_audit.scanners.guard.RETRY_AFTER_SECONDS", 0)
    right = binascii.crc32(b'{"TableNames": []}')
    sums = chain((right,), repeat(right + 1))
    answer_with(aws.dynamodb, "dynamodb.ListTables", lambda: answer({"TableNames": []}, headers={"x-amz-crc32": str(next(sums))}))
    assert aws.dynamodb.list_tables()["TableNames"] == []
    with pytest.raises(BrokenAnswer):
        aws.dynamodb.list_tables()


@pytest.mark.parametrize("status", [201, 202, 203, 204, 206, 226, 300])
@pytest.mark.parametrize(
    ("service", "operation", "whole"),
    [("dynamodb", "ListTables", {"TableNames": []}), ("dynamodb", "Scan", {"Items": []}), ("cloudwatch", "DescribeAlarms", {})],
)
def test_only_200_is_an_answer(  # noqa: PLR0917 - a row of the table
    aws: Aws, service: str, operation: str, whole: object, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stj_audit.scanners.guard.RETRY_AFTER_SECONDS", 0)
    client = getattr(aws, service)
    asked = {"TableName": "orders", "ReturnConsumedCapacity": "TOTAL"} if operation == "Scan" else {}
    for body in (whole, b"", b"<html>Please sign in</html>"):
        requests = answer_with(client, f"{service}.{operation}", partial(answer, body, status=status))
        with pytest.raises(BrokenAnswer, match=operation):
            getattr(client, xform_name(operation))(**asked)
        assert len(requests) == 3


@pytest.mark.parametrize("status", [400, 503])
@pytest.mark.parametrize(
    "body",
    [b"null", b"[]", b'"Service Unavailable"', b"5", b'[{"a": 1}]', b"<html>", b"", b'{"__type": 5}', b'{"__type": {"a": 1}}'],
)
@pytest.mark.parametrize(("service", "operation"), [("dynamodb", "list_tables"), ("backup", "list_recovery_points_by_resource")])
def test_an_error_without_a_code_has_its_status(  # noqa: PLR0917 - a row of the table
    aws: Aws, service: str, operation: str, body: bytes, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    client, asked = getattr(aws, service), {} if service == "dynamodb" else {"ResourceArn": "arn:aws:dynamodb:x:1:table/x"}
    requests = answer_with(client, service, lambda: answer(body, status=status))
    with pytest.raises(ClientError) as raised:
        getattr(client, operation)(**asked)
    assert code_of(raised.value) == str(status)
    assert len(requests) == (1 if status == 400 else 4)


def test_an_error_with_a_wrong_checksum_is_asked_for_again(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stj_audit.scanners.guard.RETRY_AFTER_SECONDS", 0)
    denied, body = {"x-amz-crc32": "1"}, b'{"__type": "AccessDeniedException"}'
    requests = answer_with(aws.dynamodb, "dynamodb.ListTables", lambda: answer(body, status=400, headers=denied))
    with pytest.raises(BrokenAnswer):
        aws.dynamodb.list_tables()
    assert len(requests) == 3


@pytest.mark.parametrize(
    "headers", [{"x-amz-crc32": "abc"}, *({"x-amz-crc32": "1", "content-encoding": one} for one in ("identity", "gzip"))]
)
def test_a_checksum_is_looked_at_whatever_it_is(aws: Aws, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stj_audit.scanners.guard.RETRY_AFTER_SECONDS", 0)
    answer_with(aws.dynamodb, "dynamodb.ListTables", lambda: answer({"TableNames": []}, headers=headers))
    with pytest.raises(BrokenAnswer):
        aws.dynamodb.list_tables()


ODD = {
    "an alarm without its name": ("cloudwatch", "DescribeAlarms", {"MetricAlarms": [{"MetricName": "x"}]}),
    "a dimension without its value": (
        "cloudwatch",
        "DescribeAlarms",
        {"MetricAlarms": [{"AlarmName": "x", "Dimensions": [{"Name": "TableName"}]}]},
    ),
    "a metric that is none": (
        "cloudwatch",
        "DescribeAlarms",
        {"MetricAlarms": [{"AlarmName": "x", "Metrics": [{"MetricStat": {}}]}]},
    ),
    "a tag without its value": ("dynamodb", "ListTagsOfResource", {"Tags": [{"Key": "x"}]}),
    "a target without its units": (
        "application_autoscaling",
        "DescribeScalableTargets",
        {"ScalableTargets": [{"ResourceId": "x"}]},
    ),
    "a policy of nothing": ("application_autoscaling", "DescribeScalingPolicies", {"ScalingPolicies": [{}]}),
    "half an item": ("dynamodb", "DescribeTable", {"Table": {"ItemCount": 1.5}}),
    "very many items": ("dynamodb", "DescribeTable", {"Table": {"ItemCount": 1e300}}),
    "items that are true": ("dynamodb", "DescribeTable", {"Table": {"ItemCount": True}}),
    "fewer items than none": ("dynamodb", "DescribeTable", {"Table": {"ItemCount": -5}}),
    "very many units": ("dynamodb", "DescribeTable", {"Table": {"ProvisionedThroughput": {"ReadCapacityUnits": 1e200}}}),
    "a time in words": ("dynamodb", "DescribeTable", {"Table": {"CreationDateTime": "rubbish"}}),
    "a time after all": ("dynamodb", "DescribeTable", {"Table": {"CreationDateTime": 1e300}}),
    "a list of times": ("dynamodb", "DescribeTable", {"Table": {"CreationDateTime": []}}),
}
ASKED = {
    "DescribeScalableTargets": {"ServiceNamespace": "dynamodb"},
    "DescribeScalingPolicies": {"ServiceNamespace": "dynamodb"},
    "DescribeTable": {"TableName": "orders"},
    "ListTagsOfResource": {"ResourceArn": "arn:aws:dynamodb:eu-north-1:123456789012:table/orders"},
}


@pytest.mark.parametrize(("service", "operation", "body"), ODD.values(), ids=ODD.keys())
def test_what_lacks_what_aws_always_sends_or_counts_what_cannot_be_is_broken(
    aws: Aws, service: str, operation: str, body: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stj_audit.scanners.guard.RETRY_AFTER_SECONDS", 0)
    client = getattr(aws, service)
    requests = answer_with(client, f"{service.replace('_autoscaling', '-auto-scaling')}.{operation}", lambda: answer(body))
    with pytest.raises(BrokenAnswer, match=operation):
        getattr(client, xform_name(operation))(**ASKED.get(operation, {}))
    assert len(requests) == 3


def test_a_limit_that_was_taken_away_is_no_broken_answer(aws: Aws) -> None:
    table = {"OnDemandThroughput": {"MaxReadRequestUnits": -1}, "ItemCount": 0, "CreationDateTime": 1.5}
    answer_with(aws.dynamodb, "dynamodb.DescribeTable", lambda: answer({"Table": table}))
    assert aws.dynamodb.describe_table(TableName="orders")["Table"]["OnDemandThroughput"] == {"MaxReadRequestUnits": -1}
