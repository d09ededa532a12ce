"""A broken answer is never taken for an empty one."""

import binascii
from itertools import chain, repeat

import pytest

from stj_audit.aws_failures import BrokenAnswer
from stj_audit.scanners import Aws
from tests.scanners.answers import answer, answer_with

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
