"""
What an audit may send, and whether what it is answered is whole.

`ALLOWED` is for the read-only guard (see `read_only`): operations, and the parameters that are sent of each. S3 is read in one folder only,
the one that was named; where none was named, not at all.

The integrity guard looks at every JSON answer before botocore does. botocore takes a body that is cut short, or the HTML of a captive portal,
for an empty answer, and so whatever has a status below 301, where these services answer with 200; and an audit of an empty answer finds
nothing wrong. Nor does it look whether what should be a list is one, or whether all bytes came that were promised. Such an answer is asked
for again twice; then BrokenAnswer is raised. Of an error only its code and message are left, and of one that has no code its status.

On the way it keeps botocore's own parser, which is slower by an order of magnitude, away from the two bulky answers, and they come back under
the key `RAW`: GetMetricData decoded with orjson; Scan as the bytes that came, of which only the checksum and the two ends were looked at,
because the fold that counts the items finds out by itself whether they are whole (`items.wire.BrokenPage`). So does GetInsightRuleReport,
because botocore's parser writes what it parses into the debug log, and reports hold keys.
"""

import binascii
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson
from botocore.hooks import BaseEventHooks

from stj_audit.aws_failures import BrokenAnswer
from stj_audit.items.wire import decode
from stj_audit.read_only import Place, Rule, Rules, rule
from stj_audit.scanners.shapes import fits

ALLOWED: Rules = {
    "dynamodb": {
        "DescribeContinuousBackups": rule("TableName"),
        "DescribeContributorInsights": rule("IndexName", "TableName"),
        "DescribeKinesisStreamingDestination": rule("TableName"),
        "DescribeTable": rule("TableName"),
        "DescribeTimeToLive": rule("TableName"),
        "GetResourcePolicy": rule("ResourceArn"),
        "ListBackups": rule("ExclusiveStartBackupArn", "TableName"),
        "ListTables": rule("ExclusiveStartTableName"),
        "ListTagsOfResource": rule("NextToken", "ResourceArn"),
        # Eventually consistent, which costs half, and of the table, not of an index; what it took is told by the answer
        "Scan": rule("ExclusiveStartKey", "Limit", "Segment", "TableName", "TotalSegments", ReturnConsumedCapacity="TOTAL"),
    },
    "cloudwatch": {
        "DescribeAlarms": rule("AlarmTypes", "NextToken"),
        "GetInsightRuleReport": Rule(
            may=frozenset({"EndTime", "MaxContributorCount", "OrderBy", "Period", "RuleName", "StartTime"}),
            check=lambda asked: str(asked.get("RuleName")).startswith("DynamoDBContributorInsights-"),
        ),
        "GetMetricData": Rule(
            may=frozenset({"EndTime", "MetricDataQueries", "NextToken", "ScanBy", "StartTime"}),
            check=lambda asked: all(_is_of_dynamodb(query) for query in asked.get("MetricDataQueries", ())),
        ),
    },
    "application-auto-scaling": {
        "DescribeScalableTargets": rule("NextToken", ServiceNamespace="dynamodb"),
        "DescribeScalingPolicies": rule("NextToken", ServiceNamespace="dynamodb"),
    },
    "backup": {
        "DescribeProtectedResource": Rule(may=frozenset({"ResourceArn"}), path="/resources/*"),
        "ListRecoveryPointsByResource": Rule(
            may=frozenset({"ManagedByAWSBackupOnly", "NextToken", "ResourceArn"}), path="/resources/*/recovery-points/"
        ),
    },
    "service-quotas": {"ListServiceQuotas": rule("NextToken", ServiceCode="dynamodb")},
    "pricing": {"GetProducts": rule("Filters", "FormatVersion", "MaxResults", "NextToken", ServiceCode="AmazonDynamoDB")},
    "sts": {"GetCallerIdentity": rule()},
}

RAW = "raw"
RAW_OPERATIONS = frozenset({"GetInsightRuleReport", "GetMetricData"})
BULKY_OPERATIONS = frozenset({"GetMetricData"})  # looked at where they are read
BYTES_OPERATIONS = frozenset({"Scan"})
REQUIRED_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "DescribeContinuousBackups": ("ContinuousBackupsDescription",),
    "DescribeContributorInsights": ("ContributorInsightsStatus",),
    "DescribeKinesisStreamingDestination": ("KinesisDataStreamDestinations",),
    "DescribeProtectedResource": ("ResourceArn",),
    "DescribeTable": ("Table",),
    "DescribeTimeToLive": ("TimeToLiveDescription",),
    "GetInsightRuleReport": ("Contributors",),
    "GetMetricData": ("MetricDataResults",),
    "GetProducts": ("PriceList",),
    "GetResourcePolicy": ("Policy",),
    "ListRecoveryPointsByResource": ("RecoveryPoints",),
    "ListServiceQuotas": ("Quotas",),
    "ListTables": ("TableNames",),
}
NULL_OPERATIONS = frozenset({"GetProducts"})  # where there is nothing, the Price List API answers with a null instead of a list
OK = 200
FIRST_ERROR = 301  # from here on botocore takes an answer for an error
ERROR_MEMBERS = ("__type", "code", "Code", "message", "Message")  # what botocore reads of one, each as text
ATTEMPTS = 3  # for an answer that cannot be read: asked once, and again twice
RETRY_AFTER_SECONDS = 0.2

_BROKEN = "broken"


class RequestCount:
    """How many requests were sent, repetitions included. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0

    def add(self) -> None:
        with self._lock:
            self._count += 1

    @property
    def value(self) -> int:
        return self._count


@dataclass(frozen=True, kw_only=True, slots=True)
class S3Folder:
    """A folder in a bucket. `prefix` ends in "/", or is empty: the whole bucket."""

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


def allowed(folder: S3Folder | None = None) -> Rules:
    """All that an audit sends. `folder` is what may be read of S3; None: nothing."""
    if folder is None:
        return ALLOWED
    place = Place(bucket=folder.bucket, prefix=folder.prefix)
    read = {
        "GetObject": Rule(may=frozenset({"Bucket", "IfMatch", "Key", "Range"}), place=place),
        # By botocore, where the bucket is in another region
        "HeadBucket": Rule(may=frozenset({"Bucket"}), place=place, method="HEAD"),
        "ListObjectsV2": Rule(may=frozenset({"Bucket", "ContinuationToken", "Delimiter", "Prefix"}), place=place),
    }
    return {**ALLOWED, "s3": read}


def install(events: BaseEventHooks) -> None:
    """Put the integrity guard on a session's events. Clients made from it afterwards are guarded, those made before are not."""
    events.register_first("before-parse", _look_at_answer)
    events.register_first("needs-retry", cast("Any", _ask_again))  # the stubs do not know that an answer means "again"
    events.register_first("after-call", _raise_broken)


def _is_of_dynamodb(query: Mapping[str, Any]) -> bool:
    """Whether a query is of a metric of DynamoDB, and no expression, which may search in others."""
    asked = query.get("MetricStat", {}).get("Metric", {})
    return "Expression" not in query and asked.get("Namespace") == "AWS/DynamoDB"


def _look_at_answer(
    operation_model: Any, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
) -> None:
    # botocore 1.37 and later choose among several protocols; before, a service had one
    protocol = getattr(operation_model.service_model, "resolved_protocol", operation_model.service_model.protocol)
    operation, status = operation_model.name, response_dict["status_code"]
    if not (protocol == "json" or (protocol == "rest-json" and operation in REQUIRED_MEMBERS)):
        return
    body, headers = response_dict["body"], response_dict["headers"]
    whole = _is_whole(body, headers)
    # botocore would compute it once more, which takes a fifth of all that is done with a page of items, and fails over one that is no number
    headers.pop("x-amz-crc32", None)
    if status >= FIRST_ERROR:
        response_dict["body"] = _error(body)
        if not whole:
            customized_response_dict[_BROKEN] = True
        return
    whole = whole and status == OK
    if operation in BYTES_OPERATIONS:
        whole = whole and body[:1] == b"{" and body[-1:] == b"}"
        customized_response_dict[RAW if whole else _BROKEN] = body if whole else True
        response_dict["body"] = b"{}"
        return
    answer = _object(body) if whole else None
    complete = answer is not None and all(
        member in answer and (answer[member] is not None or operation in NULL_OPERATIONS)
        for member in REQUIRED_MEMBERS.get(operation, ())
    )
    if not (complete and (operation in BULKY_OPERATIONS or fits(operation_model.output_shape, answer))):
        customized_response_dict[_BROKEN] = True
    elif operation in RAW_OPERATIONS:
        customized_response_dict[RAW] = answer
    else:
        return
    response_dict["body"] = b"{}"


def _object(body: bytes) -> dict[str, Any] | None:
    """The JSON object in a body, or None when there is none."""
    try:
        answer = decode(body)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _error(body: bytes) -> bytes:
    """What botocore can read of an error: it takes the JSON for an object, and its members for text."""
    answer = _object(body) or {}
    return orjson.dumps({name: told for name in ERROR_MEMBERS if isinstance(told := answer.get(name), str)})


def _is_whole(body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether a body is as long as was told, and has the checksum that was told: both are of what is sent, and botocore unpacks nothing."""
    length, checksum = headers.get("content-length"), headers.get("x-amz-crc32")
    return (length is None or str(len(body)) == length) and (checksum is None or str(binascii.crc32(body)) == checksum)


def _ask_again(response: Any, attempts: int, **_: Any) -> float | None:
    if response is None or _BROKEN not in response[1] or attempts >= ATTEMPTS:
        return None
    return RETRY_AFTER_SECONDS


def _raise_broken(model: Any, parsed: Mapping[str, Any], **_: Any) -> None:
    if _BROKEN in parsed:
        raise BrokenAnswer(model.name)
