"""What botocore raises, as a fact that is not known; `aws_failures` has it in words for what stops an audit."""

from collections.abc import Sequence

from botocore import exceptions as aws

from stj_audit.aws_failures import NO_CODE, UNKNOWN_OPERATION_CODES, UNREADABLE_ANSWERS, code_of, shown
from stj_audit.errors import AuditError
from stj_audit.facts import Unknown

NOT_AVAILABLE = "not available here"
GONE = "gone during the audit"
UNREADABLE = "unreadable answer"

# What reading an answer raises that has not the form that AWS documents. To be caught only where nothing else is done than that
UNLIKE_AWS = (LookupError, TypeError, AttributeError, ArithmeticError)

_REGION_NOT_ENABLED = "UnrecognizedClientException"
# moto spells ResourceNotFoundException in three ways
GONE_CODES = frozenset({"ResourceNotFoundException", "ResourceNotFound", "TableNotFoundException"})

# DynamoDB Local answers so to every GET: only AWS Backup is asked by one
_FAILURE_AT_GET = ("backup:", "InternalFailure")
_ALWAYS_THERE = frozenset({"dynamodb:DescribeTable", "dynamodb:Scan"})


def reason(error: BaseException, *, absent_ok: bool = False) -> str:
    """
    An error in a few words, for `Unknown.reason`.

    `absent_ok`: the service is asked at an endpoint that need not have it, so that silence or gibberish is "not available here".
    """
    code = code_of(error)
    if code is not None:
        return _reason_of_code(code, absent_ok=absent_ok)
    broken = isinstance(error, UNREADABLE_ANSWERS)
    silent = isinstance(error, (aws.ConnectionError, aws.HTTPClientError))
    if isinstance(error, NotImplementedError) or (absent_ok and (broken or silent)):
        return NOT_AVAILABLE
    return UNREADABLE if broken else type(error).__name__


def _reason_of_code(code: str, *, absent_ok: bool) -> str:
    if code in GONE_CODES:
        return GONE
    if code in UNKNOWN_OPERATION_CODES or (absent_ok and (code.isdigit() or code == NO_CODE)):
        return NOT_AVAILABLE
    return f"HTTP {code}" if code.isdigit() else code


def unknown(call: str, error: BaseException, *, custom_endpoint: bool) -> Unknown:
    """
    The fact that `call` ("cloudwatch:DescribeAlarms") would have told.

    At a custom endpoint, which stands in for AWS, an operation may be absent; but not what every DynamoDB has, and where DynamoDB is silent
    it is not absent but gone.
    """
    service, code = _FAILURE_AT_GET
    if custom_endpoint and call.startswith(service) and code_of(error) == code:
        return Unknown(call=call, reason=NOT_AVAILABLE)
    silent = isinstance(error, (aws.ConnectionError, aws.HTTPClientError))
    expected = call in _ALWAYS_THERE or (silent and call.startswith("dynamodb:"))
    return Unknown(call=call, reason=reason(error, absent_ok=custom_endpoint and not expected))


def not_read(error: AuditError) -> Unknown:
    """The failure that `explain` put in words, as what is not known of one of several accounts and regions."""
    cause = error.__cause__
    said = str(error)
    if code_of(error if cause is None else cause) == _REGION_NOT_ENABLED:
        said += ", and it does so in a region that is not enabled for the account"
    if not isinstance(cause, aws.ClientError):
        return Unknown(call="dynamodb:ListTables", reason=said)
    service = "sts" if cause.operation_name.startswith("AssumeRole") else "dynamodb"
    return Unknown(call=f"{service}:{cause.operation_name}", reason=said)


def no_such_tables(names: Sequence[str]) -> str:
    """The sentence for tables that do not exist."""
    return f"no table is called {', '.join(shown(name) for name in names)}"
