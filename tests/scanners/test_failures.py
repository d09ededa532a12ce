"""Every way botocore is known to fail, as one sentence and one hint, without a word of the answer but its code."""

import json

import pytest
from botocore import exceptions as aws
from botocore.parsers import ResponseParserError

from stj_audit.aws_failures import FAILURES, BrokenAnswer, explain
from stj_audit.errors import AuditError, ConfigError, NoCredentials, Unreachable, WriteRefused
from stj_audit.scanners.failures import reason, unknown
from tests.faults import fault

URL = "https://user:hunter2@dynamodb.eu-north-1.amazonaws.com:443/path"


def refusal(code: str, operation: str = "ListTables") -> aws.ClientError:
    return aws.ClientError({"Error": {"Code": code, "Message": "jane@example.com \x1b[31m <script>"}}, operation)


def json_error() -> json.JSONDecodeError:
    return json.JSONDecodeError("Expecting value", "hunter2 rubbish", 0)


EXPECTED: list[tuple[BaseException, type[AuditError], str]] = [
    (aws.NoCredentialsError(), NoCredentials, "no AWS credentials were found"),
    (aws.PartialCredentialsError(provider="env", cred_var="aws_sak"), NoCredentials, "incomplete"),
    (aws.SSOTokenLoadError(error_msg="x"), NoCredentials, "sign-in has expired"),
    (aws.TokenRetrievalError(provider="sso", error_msg="x"), NoCredentials, "sign-in has expired"),
    (aws.UnauthorizedSSOTokenError(), NoCredentials, "sign-in has expired"),
    (aws.MissingDependencyException(msg="x"), NoCredentials, "needs a package"),
    (aws.CredentialRetrievalError(provider="custom-process", error_msg="hunter2"), NoCredentials, "CredentialRetrievalError"),
    (json_error(), NoCredentials, "JSONDecodeError"),
    (FileNotFoundError(2, "hunter2"), NoCredentials, "FileNotFoundError"),
    (RuntimeError("Credentials were refreshed, but the refreshed credentials are still expired."), NoCredentials, "expired"),
    (EOFError(), NoCredentials, "MFA"),
    (refusal("ExpiredTokenException"), NoCredentials, "ExpiredTokenException"),
    (refusal("RequestTimeTooSkewed"), NoCredentials, "RequestTimeTooSkewed"),
    (refusal("ExpiredToken"), NoCredentials, "ExpiredToken"),
    (refusal("UnrecognizedClientException"), NoCredentials, "UnrecognizedClientException"),
    (refusal("InvalidSignatureException"), NoCredentials, "InvalidSignatureException"),
    (refusal("InvalidClientTokenId"), NoCredentials, "InvalidClientTokenId"),
    (refusal("AccessDenied", "AssumeRole"), NoCredentials, "role cannot be assumed"),
    (aws.ProfileNotFound(profile="nope"), ConfigError, "'nope' does not exist"),
    (aws.ConfigParseError(path="/x", error="hunter2"), ConfigError, "ConfigParseError"),
    (aws.InvalidConfigError(error_msg="hunter2"), ConfigError, "InvalidConfigError"),
    (aws.NoRegionError(), ConfigError, "no AWS region"),
    (aws.InvalidRegionError(region_name="eu west 1"), ConfigError, "InvalidRegionError"),
    (aws.InvalidRetryModeError(provided_retry_mode="x", valid_modes="y"), ConfigError, "InvalidRetryModeError"),
    (aws.InvalidDefaultsMode(mode="hunter2", valid_modes="y"), ConfigError, "InvalidDefaultsMode"),
    (
        aws.InvalidChecksumConfigError(config_key="x", config_value="hunter2", valid_options="y"),
        ConfigError,
        "InvalidChecksumConfig",
    ),
    (aws.InvalidSTSRegionalEndpointsConfigError(sts_regional_endpoints_config="hunter2"), ConfigError, "InvalidSTSRegional"),
    (aws.HTTPClientError(error=ValueError("Invalid header value hunter2")), ConfigError, "no request can be made"),
    (ValueError("Invalid endpoint: hunter2"), ConfigError, "endpoint URL"),
    (aws.EndpointConnectionError(endpoint_url=URL, error="x"), Unreachable, "https://dynamodb.eu-north-1.amazonaws.com:443 cannot"),
    (aws.ConnectTimeoutError(endpoint_url=URL), Unreachable, "did not answer in time"),
    (aws.ReadTimeoutError(endpoint_url=URL), Unreachable, "did not answer in time"),
    (aws.ConnectionClosedError(endpoint_url=URL), Unreachable, "cannot be reached"),
    (aws.SSLError(endpoint_url=URL, error=OSError("x")), Unreachable, "TLS certificate"),
    (aws.ProxyConnectionError(proxy_url="http://user:hunter2@proxy"), Unreachable, "the proxy cannot be reached"),
    (aws.EndpointConnectionError(endpoint_url="http://[", error="x"), Unreachable, "the endpoint cannot be reached"),
    (ResponseParserError("hunter2"), Unreachable, "not as DynamoDB does"),
    (BrokenAnswer("ListTables"), Unreachable, "not as DynamoDB does"),
    (RecursionError("hunter2"), Unreachable, "not as DynamoDB does"),
    (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "hunter2"), Unreachable, "not as DynamoDB does"),
    (NotImplementedError("hunter2"), Unreachable, "not as DynamoDB does"),
    (refusal("UnknownOperationException"), Unreachable, "not as DynamoDB does"),
    (refusal("502"), Unreachable, "not as DynamoDB does"),
    (refusal("\x1b[31m<script>"), Unreachable, "not as DynamoDB does"),
    (refusal("AccessDeniedException"), AuditError, "may not call ListTables (AccessDeniedException)"),
    (refusal("InternalServerError"), AuditError, "AWS answered ListTables with InternalServerError"),
    (aws.PaginationError(message="hunter2"), AuditError, "PaginationError"),
    (PermissionError(13, "hunter2"), AuditError, "PermissionError"),
]


@fault("the container has no credentials endpoint", "exit 1: check the container role", by="the exception")
@fault("a connection is not made in time", "exit 1: check the network", by="the exception")
@fault("an answer does not begin in time", "exit 1: check the network", by="the exception")
@fault("the web identity or helper raises what is no AWS error", "exit 1: one sentence without a word of it", by="the exception")
@pytest.mark.parametrize(("error", "kind", "said"), EXPECTED, ids=[type(error).__name__ for error, _, _ in EXPECTED])
def test_each_failure_has_its_sentence(error: BaseException, kind: type[AuditError], said: str) -> None:
    explained = explain(error)
    assert type(explained) is kind
    assert said in str(explained)
    assert explained.hint
    told = f"{explained} {explained.hint}"
    assert told.isprintable()
    for leak in ("hunter2", "jane", "script", "[31m"):
        assert leak not in told
    assert isinstance(error, FAILURES)


def test_an_explained_error_stays_what_it_is() -> None:
    refused = WriteRefused("no")
    assert explain(refused) is refused
    assert not isinstance(refused, FAILURES)


def test_a_long_profile_name_is_cut() -> None:
    assert len(str(explain(aws.ProfileNotFound(profile="x" * 10_000)))) < 300


@pytest.mark.parametrize(
    ("error", "at_aws", "at_an_emulator"),
    [
        (refusal("AccessDeniedException"), "AccessDeniedException", "AccessDeniedException"),
        (refusal("ThrottlingException"), "ThrottlingException", "ThrottlingException"),
        (refusal("ResourceNotFoundException"), "gone during the audit", "gone during the audit"),
        (refusal("TableNotFoundException"), "gone during the audit", "gone during the audit"),
        (refusal("UnknownOperationException"), "not available here", "not available here"),
        (refusal("404"), "not available here", "not available here"),
        (refusal("501"), "not available here", "not available here"),
        (refusal("500"), "HTTP 500", "not available here"),
        (refusal(""), "unknown error", "not available here"),
        (NotImplementedError(), "not available here", "not available here"),
        (ResponseParserError(), "unreadable answer", "not available here"),
        (RecursionError(), "unreadable answer", "not available here"),
        (BrokenAnswer("GetMetricData"), "unreadable answer", "not available here"),
        (aws.EndpointConnectionError(endpoint_url=URL, error="x"), "EndpointConnectionError", "not available here"),
        (aws.ReadTimeoutError(endpoint_url=URL), "ReadTimeoutError", "not available here"),
        (aws.NoCredentialsError(), "NoCredentialsError", "NoCredentialsError"),
    ],
)
def test_a_failed_call_in_a_few_words(error: BaseException, at_aws: str, at_an_emulator: str) -> None:
    assert reason(error) == at_aws
    assert unknown("cloudwatch:GetMetricData", error, custom_endpoint=True).reason == at_an_emulator


@pytest.mark.parametrize(
    ("call", "error", "expected"),
    [
        ("dynamodb:Scan", BrokenAnswer("Scan"), "unreadable answer"),
        ("dynamodb:DescribeTable", refusal("500"), "HTTP 500"),
        ("dynamodb:ListBackups", refusal("500"), "not available here"),
        ("dynamodb:ListBackups", aws.EndpointConnectionError(endpoint_url=URL, error="x"), "EndpointConnectionError"),
        ("dynamodb:ListBackups", refusal("InternalFailure"), "InternalFailure"),
        ("backup:ListRecoveryPointsByResource", refusal("InternalFailure"), "not available here"),
        ("backup:ListRecoveryPointsByResource", refusal("AccessDeniedException"), "AccessDeniedException"),
    ],
)
def test_of_dynamodb_only_an_operation_can_be_absent(call: str, error: BaseException, expected: str) -> None:
    told = unknown(call, error, custom_endpoint=True)
    assert (told.call, told.reason) == (call, expected)


def test_a_failure_of_aws_backup_itself_is_told() -> None:
    assert (
        unknown("backup:ListRecoveryPointsByResource", refusal("InternalFailure"), custom_endpoint=False).reason
        == "InternalFailure"
    )
