"""
Two guards on every request of a session, as botocore event handlers.

The read-only guard lets only the operations in `ALLOWED` pass, at three walls: before the parameters are looked at, before the
request is built, and before it is sent. What is not on the list raises WriteRefused, and nothing is sent. S3 is read in one folder only,
the one that was named; where none was named, not at all.

The integrity guard looks at every JSON answer with status 200 before botocore does. botocore takes a body that is cut short, or the
HTML of a captive portal, for an empty answer, and an audit of an empty answer finds nothing wrong; nor does it look whether what should be a
list is one, or whether all bytes came that were promised. Such an answer is asked for again
twice; then BrokenAnswer is raised. On the way it keeps botocore's own parser, which is slower by an order of magnitude, away from the two
bulky answers, and they come back under the key `RAW`: GetMetricData decoded with orjson; Scan as the bytes that came, of which only the
checksum and the two ends were looked at, because the fold that counts the items finds out by itself whether they are whole
(`items.wire.BrokenPage`). So does GetInsightRuleReport, because botocore's parser writes what it parses into the debug log, and reports hold
keys.
"""

import binascii
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from botocore.hooks import BaseEventHooks

from stj_audit.errors import WriteRefused
from stj_audit.items.wire import decode
from stj_audit.scanners.shapes import fits

ALLOWED: Mapping[str, frozenset[str]] = {
    "dynamodb": frozenset(
        {
            "DescribeContinuousBackups",
            "DescribeContributorInsights",
            "DescribeKinesisStreamingDestination",
            "DescribeTable",
            "DescribeTimeToLive",
            "GetResourcePolicy",
            "ListBackups",
            "ListTables",
            "ListTagsOfResource",
            "Scan",
        }
    ),
    "cloudwatch": frozenset({"DescribeAlarms", "GetInsightRuleReport", "GetMetricData"}),
    "application-auto-scaling": frozenset({"DescribeScalableTargets", "DescribeScalingPolicies"}),
    "backup": frozenset({"DescribeProtectedResource", "ListRecoveryPointsByResource"}),
    "service-quotas": frozenset({"ListServiceQuotas"}),
    "pricing": frozenset({"GetProducts"}),
    "s3": frozenset({"GetObject", "ListObjectsV2"}),
    "sts": frozenset({"AssumeRole", "AssumeRoleWithWebIdentity", "GetCallerIdentity"}),
    # botocore asks these by itself when a profile needs them for credentials
    "sso": frozenset({"GetRoleCredentials"}),
    "sso-oidc": frozenset({"CreateToken"}),
    "signin": frozenset({"CreateOAuth2Token"}),
}

RAW = "raw"
RAW_OPERATIONS = frozenset({"GetInsightRuleReport", "GetMetricData"})
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
ATTEMPTS = 3  # for an answer that cannot be read: asked once, and again twice
RETRY_AFTER_SECONDS = 0.2

_BROKEN = "broken"


class BrokenAnswer(Exception):
    """A service answered with status 200, and what it sent cannot be read. Tells the operation, never the answer."""

    def __init__(self, operation: str) -> None:
        super().__init__(f"the answer to {operation} cannot be read")
        self.operation = operation


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


def install(events: BaseEventHooks, count: RequestCount, folder: S3Folder | None = None) -> None:
    """
    Put both guards on a session's events. Clients made from it afterwards are guarded, those made before are not.

    `folder` is what may be read of S3; None: nothing.
    """

    def inside(event_name: str, params: Mapping[str, Any], **_: Any) -> None:
        if event_name.split(".")[1] == "s3":
            _refuse_outside(folder, str(params.get("Bucket")), str(params.get("Key", params.get("Prefix", ""))))

    def sending(event_name: str, request: Any, **_: Any) -> None:
        _refuse_writes(event_name)
        _refuse_target(event_name, request)
        if event_name.split(".")[1] == "s3":
            _refuse_other_methods(request)
        count.add()

    events.register_first("provide-client-params", inside)
    events.register_first("provide-client-params", _refuse_writes)
    events.register_first("before-call", _refuse_writes)
    events.register_first("before-send", sending)
    events.register_first("before-parse", _look_at_answer)
    events.register_first("needs-retry", cast("Any", _ask_again))  # the stubs do not know that an answer means "again"
    events.register_first("after-call", _raise_broken)


def _refuse_writes(event_name: str, **_: Any) -> None:
    service, operation = event_name.split(".", 2)[1:]
    if operation not in ALLOWED.get(service, ()):
        raise WriteRefused(
            f"the read-only guard refused {service}:{operation}",
            hint="this is a bug in stj-audit; nothing was sent, please report it",
        )


def _refuse_outside(folder: S3Folder | None, bucket: str, key: str) -> None:
    if folder is None or bucket != folder.bucket or not key.startswith(folder.prefix):
        raise WriteRefused(
            "the read-only guard refused to read S3 outside of the folder that was named",
            hint="this is a bug in stj-audit; nothing was sent, please report it",
        )


def _refuse_other_methods(request: Any) -> None:
    """What S3 does is decided by the method."""
    if request.method != "GET":
        raise WriteRefused(
            "the read-only guard refused a request to S3 that does not only read", hint="nothing was sent, please report it"
        )


def _refuse_target(event_name: str, request: Any) -> None:
    """The header decides what a JSON service does: it must say what the event says."""
    target = request.headers.get("X-Amz-Target")
    if target is None:
        return
    told = target.decode() if isinstance(target, bytes) else target
    if told.rpartition(".")[2] != event_name.rpartition(".")[2]:
        raise WriteRefused(
            "the read-only guard refused a request that is not what it says", hint="nothing was sent, please report it"
        )


def _look_at_answer(
    operation_model: Any, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
) -> None:
    # botocore 1.37 and later choose among several protocols; before, a service had one
    protocol = getattr(operation_model.service_model, "resolved_protocol", operation_model.service_model.protocol)
    operation = operation_model.name
    looked_at = protocol == "json" or (protocol == "rest-json" and operation in REQUIRED_MEMBERS)
    if response_dict["status_code"] != 200 or not looked_at:
        return
    body = response_dict["body"]
    if operation in BYTES_OPERATIONS:
        headers = response_dict["headers"]
        whole = body[:1] == b"{" and body[-1:] == b"}" and _is_whole(body, headers)
        # botocore would compute it once more; of a page that takes a fifth of all that is done with it
        headers.pop("x-amz-crc32", None)
        customized_response_dict[RAW if whole else _BROKEN] = body if whole else True
        response_dict["body"] = b"{}"
        return
    answer = _decode(body, response_dict["headers"])
    complete = answer is not None and all(
        member in answer and (answer[member] is not None or operation in NULL_OPERATIONS)
        for member in REQUIRED_MEMBERS.get(operation, ())
    )
    # What is decoded here is looked at where it is read
    if not (complete and (operation in RAW_OPERATIONS or fits(operation_model.output_shape, answer))):
        customized_response_dict[_BROKEN] = True
    elif operation in RAW_OPERATIONS:
        customized_response_dict[RAW] = answer
    else:
        return
    response_dict["body"] = b"{}"


def _decode(body: bytes, headers: Mapping[str, str]) -> dict[str, Any] | None:
    """The JSON object in a body, or None when there is none or its checksum is wrong."""
    try:
        answer = decode(body) if _is_whole(body, headers) else None
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _is_whole(body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether a body is as long as was told, and has the checksum that was told; both are of what is sent, which may be packed."""
    if "content-encoding" in headers:
        return True
    length, checksum = headers.get("content-length"), headers.get("x-amz-crc32")
    return (length is None or str(len(body)) == length) and (checksum is None or str(binascii.crc32(body)) == checksum)


def _ask_again(response: Any, attempts: int, **_: Any) -> float | None:
    if response is None or _BROKEN not in response[1] or attempts >= ATTEMPTS:
        return None
    return RETRY_AFTER_SECONDS


def _raise_broken(model: Any, parsed: Mapping[str, Any], **_: Any) -> None:
    if _BROKEN in parsed:
        raise BrokenAnswer(model.name)
