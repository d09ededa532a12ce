"""What calls to AWS fail with, and each in one sentence that quotes no answer: for all that has clients, whoever these belong to."""

import json
import re
from collections.abc import Callable
from typing import Any

from botocore import exceptions as aws
from botocore.parsers import ResponseParserError

from stj_audit.endpoints import origin
from stj_audit.errors import AuditError, ConfigError, NoCredentials, Unreachable


class BrokenAnswer(Exception):
    """A service answered with status 200, and what it sent cannot be read. Tells the operation, never the answer."""

    def __init__(self, operation: str) -> None:
        super().__init__(f"the answer to {operation} cannot be read")
        self.operation = operation


FAILURES = (
    aws.BotoCoreError,
    aws.ClientError,
    ResponseParserError,
    BrokenAnswer,
    ValueError,  # endpoints, credential helpers that print no JSON
    OSError,  # token files and credential helpers that are not there
    RuntimeError,  # refreshed credentials that are still expired; moto's NotImplementedError
    EOFError,  # an MFA code is asked for, and there is no terminal
)
"""Everything that a call, or making a client, is known to fail with. Anything else is a bug of ours and passes."""

UNREADABLE_ANSWERS = (BrokenAnswer, ResponseParserError, RecursionError, UnicodeDecodeError)

CREDENTIAL_CODES = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "UnrecognizedClientException",
    }
)
DENIED_CODES = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
# Emulators answer so to an operation that they do not know; a bare number is the status of an answer that is not AWS's
UNKNOWN_OPERATION_CODES = frozenset(
    {"UnknownOperationException", "UnknownOperation", "InvalidAction", "NotImplemented", "404", "405", "501"}
)

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,80}")
NO_CODE = "unknown error"
_SHOWN_LENGTH = 200


def code_of(error: BaseException) -> str | None:
    """The error code of a ClientError; None for anything else. It comes from the answer: what does not look like a code is not passed on."""
    if not isinstance(error, aws.ClientError):
        return None
    code = str(error.response.get("Error", {}).get("Code", ""))
    return code if _CODE.fullmatch(code) else NO_CODE


def explain(error: BaseException) -> AuditError:
    """
    The sentence and the hint for an error that stops what is done.

    Of the answer of a service only the error code is shown, of an address only scheme, host and port.
    """
    for kinds, put_in_words in _WORDS:
        if isinstance(error, kinds):
            return put_in_words(error)
    return AuditError(f"an AWS call failed ({type(error).__name__})", hint="run it again with -v for the details")


def no_region() -> ConfigError:
    return ConfigError("no AWS region is set", hint="give --region, or set AWS_REGION")


def not_dynamodb() -> Unreachable:
    return Unreachable(
        "the endpoint answers, but not as DynamoDB does", hint="check --endpoint-url, and whether a proxy is in between"
    )


def _code_in_words(error: aws.ClientError) -> AuditError:
    code = code_of(error) or NO_CODE
    operation = error.operation_name
    if operation.startswith("AssumeRole"):
        return NoCredentials(
            f"the role cannot be assumed ({code})", hint="check --role-arn, --external-id and the role's trust policy"
        )
    if code in CREDENTIAL_CODES:
        return NoCredentials(
            f"AWS refuses the credentials ({code})",
            hint="sign in again, or check the keys, the session token and the computer's clock",
        )
    if code in DENIED_CODES:
        return AuditError(
            f"these credentials may not call {operation} ({code})",
            hint=f"allow the action {operation} (see `stj-audit iam-policy`), or name the tables",
        )
    if code in UNKNOWN_OPERATION_CODES or code.isdigit() or code == NO_CODE:
        return not_dynamodb()
    return AuditError(f"AWS answered {operation} with {code}", hint="run it again; -v shows the details")


def _connection_in_words(error: aws.ConnectionError | aws.HTTPClientError) -> AuditError:
    cause = getattr(error, "kwargs", {}).get("error")
    if isinstance(cause, ValueError):  # raised where the request is put together: nothing was sent
        return ConfigError(
            "no request can be made of the AWS credentials and settings",
            hint="check AWS_SESSION_TOKEN and the keys for line breaks, and the address in HTTPS_PROXY",
        )
    where = _host(getattr(error, "kwargs", {}).get("endpoint_url"))
    said, hint = f"{where} cannot be reached", "check the network, --region and --endpoint-url"
    if isinstance(cause, FileNotFoundError):
        said, hint = (
            "the file of trusted certificates is not there",
            "check AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE and the profile's ca_bundle",
        )
    elif isinstance(error, aws.SSLError):
        said, hint = f"the TLS certificate of {where} is not trusted", "check AWS_CA_BUNDLE, and whether a proxy is in between"
    elif isinstance(error, aws.ProxyConnectionError):
        said, hint = "the proxy cannot be reached", "check HTTPS_PROXY and NO_PROXY"
    elif isinstance(error, (aws.ConnectTimeoutError, aws.ReadTimeoutError)):
        said = f"{where} did not answer in time"
    return Unreachable(said, hint=hint)


def _always(kind: type[AuditError], message: str, hint: str) -> Callable[[Any], AuditError]:
    return lambda error: kind(message.format(type=type(error).__name__), hint=hint)


# The first that fits holds: a JSONDecodeError, say, is a ValueError too
_WORDS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], Callable[[Any], AuditError]], ...] = (
    (AuditError, lambda error: error),
    (aws.ClientError, _code_in_words),
    (
        aws.ProfileNotFound,
        lambda error: ConfigError(
            f"the AWS profile {shown(error.kwargs.get('profile'))} does not exist", hint="see `aws configure list-profiles`"
        ),
    ),
    (aws.NoRegionError, lambda _: no_region()),
    (
        aws.NoCredentialsError,
        _always(
            NoCredentials, "no AWS credentials were found", "sign in with `aws configure` or `aws sso login`, or set AWS_PROFILE"
        ),
    ),
    (
        aws.PartialCredentialsError,
        _always(NoCredentials, "the AWS credentials are incomplete", "set both the access key id and the secret access key"),
    ),
    (
        (aws.SSOError, aws.NoAuthTokenError, aws.TokenRetrievalError, aws.UnauthorizedSSOTokenError),
        _always(
            NoCredentials, "the AWS sign-in has expired or is missing", "run `aws sso login` (or `aws login`) for this profile"
        ),
    ),
    (
        EOFError,
        _always(NoCredentials, "the profile asks for an MFA code, and there is no terminal", "use temporary credentials instead"),
    ),
    (
        aws.MissingDependencyException,
        _always(NoCredentials, "this kind of sign-in needs a package that is not installed", 'install "botocore[crt]"'),
    ),
    (
        (
            aws.CredentialRetrievalError,
            aws.MetadataRetrievalError,
            aws.RefreshWithMFAUnsupportedError,
            aws.UnknownCredentialError,
            aws.UnknownTokenProviderError,
            json.JSONDecodeError,
            FileNotFoundError,
        ),
        _always(
            NoCredentials,
            "the AWS credentials could not be fetched ({type})",
            "check the profile's credential_process, token file or container role",
        ),
    ),
    ((*UNREADABLE_ANSWERS, NotImplementedError), lambda _: not_dynamodb()),
    ((aws.ConnectionError, aws.HTTPClientError), _connection_in_words),
    (
        (
            aws.BaseEndpointResolverError,
            aws.ConfigNotFound,
            aws.ConfigParseError,
            aws.EndpointProviderError,
            aws.InvalidChecksumConfigError,
            aws.InvalidConfigError,
            aws.InvalidDefaultsMode,
            aws.InvalidEndpointConfigurationError,
            aws.InvalidProxiesConfigError,
            aws.InvalidRegionError,
            aws.InvalidRetryConfigurationError,
            aws.InvalidS3UsEast1RegionalEndpointConfigError,
            aws.InvalidSTSRegionalEndpointsConfigError,
            aws.UnknownRegionError,
        ),
        _always(
            ConfigError,
            "the AWS configuration cannot be used ({type})",
            "check --region, --endpoint-url, the AWS_ variables and ~/.aws/config",
        ),
    ),
    (
        ValueError,
        _always(
            ConfigError,
            "the endpoint URL or an AWS setting has a wrong form",
            "write the endpoint like http://localhost:8000, and check the AWS_ variables",
        ),
    ),
    (RuntimeError, _always(NoCredentials, "the AWS credentials have expired, also after being refreshed", "sign in again")),
)


def _host(url: object) -> str:
    """An address as a message may show it."""
    return _printable(origin(str(url or "")) or "the endpoint")


def shown(text: object) -> str:
    """A name as a message quotes it: printable, and not without end."""
    return f"'{_printable(str(text))}'"


def _printable(text: str) -> str:
    kept = "".join(letter if letter.isprintable() else "?" for letter in text)
    return kept if len(kept) <= _SHOWN_LENGTH else kept[:_SHOWN_LENGTH] + "..."
