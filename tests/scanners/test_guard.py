"""Nothing that is not on the list is sent, whichever way it is asked for; and a broken answer is never taken for an empty one."""

import binascii
import re
from itertools import chain, repeat
from pathlib import Path
from typing import Any, cast

import boto3
import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, ParamValidationError
from botocore.parsers import ResponseParserError

import stj_audit
from stj_audit.errors import WriteRefused
from stj_audit.scanners import Aws
from stj_audit.scanners.guard import ALLOWED, BrokenAnswer, RequestCount, S3Folder, install
from tests.scanners.answers import REGION, answer, answer_with

# All that the audit talks to, and what is delivered through later
SERVICES = (
    *("application-autoscaling", "cloudwatch", "dynamodb", "dynamodbstreams", "dax", "pricing", "s3", "ses", "sesv2", "sns", "sqs"),
    *("sso", "sso-oidc", "signin", "sts", "iam", "kms", "backup", "service-quotas", "lambda", "events"),
)


EXPORTS = S3Folder(bucket="exports", prefix="2026/")


def guarded(folder: S3Folder | None = None) -> tuple[botocore.session.Session, RequestCount]:
    session, count = botocore.session.Session(), RequestCount()
    install(session.get_component("event_emitter"), count, folder)
    return session, count


def client_of(session: botocore.session.Session, service: str) -> Any:
    return session.create_client(cast("Any", service), region_name=REGION)


def test_only_the_listed_operations_of_all_models_pass() -> None:
    session, count = guarded(EXPORTS)
    sent: list[str] = []

    def send(event_name: str, **_: Any) -> AWSResponse:
        sent.append(event_name)
        return answer()

    session.get_component("event_emitter").register("before-send", cast("Any", send))
    passed, refused = set(), 0
    inside = {"s3": {"Bucket": "exports", "Key": "2026/a"}}
    for service in SERVICES:
        made = client_of(session, service)
        name = made.meta.service_model.service_id.hyphenize()
        for operation in made.meta.service_model.operation_names:
            before = len(sent)
            try:
                made._make_api_call(
                    operation, {"Bucket": "exports", "Prefix": "2026/"} if operation == "ListObjectsV2" else inside.get(service, {})
                )
            except WriteRefused:
                refused += 1
                assert len(sent) == before
                continue
            except (ParamValidationError, BrokenAnswer, ClientError, ResponseParserError):
                pass  # the guard let it by, and an empty request is not a good one
            passed.add((name, operation))
        made.close()
    assert passed == {(service, operation) for service, operations in ALLOWED.items() for operation in operations}
    assert refused > 1_000
    assert count.value == len(sent)


def test_the_list_has_no_verb_that_writes() -> None:
    reading = re.compile(r"(Describe|List|Get|Scan|AssumeRole|CreateToken|CreateOAuth2Token)")
    assert all(reading.match(operation) for operations in ALLOWED.values() for operation in operations)


def test_refuses_the_ways_around_the_client_methods() -> None:
    session, count = guarded()
    resource = boto3.Session(botocore_session=session).resource("dynamodb", region_name=REGION)
    table = resource.Table("orders")
    with pytest.raises(WriteRefused, match="dynamodb:PutItem"):
        table.put_item(Item={"id": "1"})
    with pytest.raises(WriteRefused, match="dynamodb:BatchWriteItem"), table.batch_writer() as batch:
        batch.put_item(Item={"id": "1"})
    made = client_of(session, "dynamodb")
    with pytest.raises(WriteRefused, match="dynamodb:ExecuteStatement"):
        made.execute_statement(Statement="DELETE FROM \"orders\" WHERE id = '1'")
    with pytest.raises(WriteRefused, match="dynamodb:DeleteItem"):
        made.generate_presigned_url("delete_item", Params={"TableName": "orders", "Key": {"id": {"S": "1"}}})
    assert count.value == 0


def test_refuses_a_request_whose_target_is_not_its_name() -> None:
    session, count = guarded()
    made = client_of(session, "dynamodb")

    def forge(params: dict[str, Any], **_: Any) -> None:
        params["headers"]["X-Amz-Target"] = "DynamoDB_20120810.DeleteTable"

    made.meta.events.register("before-call.dynamodb.DescribeTable", forge)
    with pytest.raises(WriteRefused, match="not what it says"):
        made.describe_table(TableName="orders")
    assert count.value == 0


def test_refuses_below_the_client_too() -> None:
    session, count = guarded()
    made = client_of(session, "dynamodb")
    operation = made.meta.service_model.operation_model("DeleteTable")
    request = {
        "url_path": "/",
        "url": "http://test.invalid/",
        "method": "POST",
        "headers": {"X-Amz-Target": "DynamoDB_20120810.DeleteTable"},
        "query_string": "",
        "body": b"{}",
        "context": {"client_region": REGION, "client_config": made.meta.config, "has_streaming_input": False, "auth_type": None},
    }
    with pytest.raises(WriteRefused, match="dynamodb:DeleteTable"):
        made._endpoint.make_request(operation, request)
    assert count.value == 0


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("get_object", {"Bucket": "exports", "Key": "2027/a"}),
        ("get_object", {"Bucket": "exports", "Key": "2026"}),
        ("get_object", {"Bucket": "exports-of-others", "Key": "2026/a"}),
        ("list_objects_v2", {"Bucket": "exports"}),
        ("list_objects_v2", {"Bucket": "exports", "Prefix": "2"}),
        ("list_objects_v2", {"Bucket": "others", "Prefix": "2026/"}),
    ],
)
def test_s3_is_read_in_the_folder_that_was_named_alone(operation: str, asked: dict[str, str]) -> None:
    for folder in (EXPORTS, None):
        session, count = guarded(folder)
        with pytest.raises(WriteRefused, match="outside of the folder"):
            getattr(client_of(session, "s3"), operation)(**asked)
        assert count.value == 0
    with pytest.raises(WriteRefused, match="outside of the folder"):
        client_of(session, "s3").generate_presigned_url("get_object", Params={"Bucket": "exports", "Key": "2026/a"})


def test_a_request_to_s3_that_does_not_get_is_refused() -> None:
    session, count = guarded(EXPORTS)
    made = client_of(session, "s3")

    def forge(params: dict[str, Any], **_: Any) -> None:
        params["method"] = "DELETE"

    made.meta.events.register("before-call.s3.GetObject", forge)
    with pytest.raises(WriteRefused, match="only read"):
        made.get_object(Bucket="exports", Key="2026/a")
    assert count.value == 0


def test_clients_are_made_in_one_place() -> None:
    """But for those of the history, which writes to S3, and of the mail, which goes through SES: neither is the audit's."""
    package = Path(stj_audit.__file__).parent
    makes_a_client = re.compile(r"boto3\.(client|resource)\(|\bSession\(|get_session\(|create_client\(")
    # The demo fills an in-process imitation of AWS with its tables before the audit reads them
    elsewhere = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if makes_a_client.search(path.read_text(encoding="utf-8")) and "demo" not in path.relative_to(package).parts[0]
    ]
    assert sorted(elsewhere) == ["deliver/carriers.py", "deliver/stores.py", "scanners/session.py"]
    history = (package / "deliver/stores.py").read_text(encoding="utf-8")
    assert re.findall(r'create_client\(\s*"(\w+)"', history) == ["s3"]
    assert set(re.findall(r"client\.(\w+)\(", history)) <= {"get_object", "put_object", "get_paginator"}
    carriers = (package / "deliver/carriers.py").read_text(encoding="utf-8")
    assert re.findall(r'create_client\(\s*"(\w+)"', carriers) == ["sesv2"]
    assert set(re.findall(r"client\.(\w+)\(", carriers)) == {"send_email", "get_email_identity"}


def test_mail_is_sent_in_one_place() -> None:
    package = Path(stj_audit.__file__).parent
    senders = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(r"^\s*(?:import|from) (?:smtplib|socket)\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert [path for path in senders if path.startswith(("deliver", "cli"))] == ["deliver/carriers.py"]


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
