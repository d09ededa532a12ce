"""The only place that makes the clients of an audit: one guarded session, one client a service, shared by all threads."""

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, CredentialProvider, CredentialResolver, DeferredRefreshableCredentials

from stj_audit.aws_failures import FAILURES, explain, no_region
from stj_audit.config import REGION
from stj_audit.endpoints import asked_at, check_no_path, is_of_aws, origin
from stj_audit.errors import ConfigError, NoCredentials
from stj_audit.read_only import guarded_session
from stj_audit.scanners import pace, throttles
from stj_audit.scanners.guard import RequestCount, S3Folder, allowed, install
from stj_audit.scanners.models import Models
from stj_audit.scanners.pace import Pace

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling.client import ApplicationAutoScalingClient
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_sts.client import STSClient

MAX_ATTEMPTS = 4  # pinned: the default differs between botocore versions, from 3 to 10
CONNECT_TIMEOUT_SECONDS = 5
READ_TIMEOUT_SECONDS = 15
POOL_SIZE = 32  # at least the number of threads, or connections are thrown away
IDENTITY_CONNECT_TIMEOUT_SECONDS = 2  # the account id is good to have: not worth a long wait where STS cannot be reached
IDENTITY_READ_TIMEOUT_SECONDS = 5
PRICING_CONNECT_TIMEOUT_SECONDS = 2  # there is another source of prices, and the bundled ones
PRICING_READ_TIMEOUT_SECONDS = 10
PRICING_ATTEMPTS = 2
ROLE_SESSION_NAME = "stj-audit"

# AWS Billing guide, "Using the AWS Price List Query API": it is in three regions only, and botocore makes up hosts for the others
_PRICING_REGIONS = ((("eu-", "me-", "af-", "il-"), "eu-central-1"), (("ap-",), "ap-south-1"))
_PRICING_REGION_ELSE = "us-east-1"


@dataclass(frozen=True, kw_only=True, slots=True)
class AwsOptions:
    """The AWS options of the command line. None: as the AWS CLI would find it."""

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    role_arn: str | None = None
    external_id: str | None = None
    max_attempts: int = MAX_ATTEMPTS


class Aws:
    """
    The clients of one audit, made when first used and then shared: botocore's clients are safe to use from many threads.

    `endpoint_url` is what stands in for AWS, by scheme, host and port; None for AWS. `api_calls` counts the requests sent so far.
    `paces` are the rates that AWS sets, by call; elsewhere none is kept. `ca_bundle` is the file of certificates that is
    trusted, None for botocore's own.
    """

    def __init__(
        self,
        session: botocore.session.Session,
        options: AwsOptions,
        region: str,
        count: RequestCount,
        *,
        ca_bundle: str | None = None,
    ) -> None:
        self.region = region
        self.ca_bundle = ca_bundle or os.environ.get("REQUESTS_CA_BUNDLE")  # in botocore's order
        self._session = session
        self._options = options
        self._count = count
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        # Made now: a malformed endpoint or a wrong setting is told before any work is done, and it knows where it asks
        asked = self.dynamodb.meta
        self.endpoint_url = None if is_of_aws(asked.endpoint_url) else origin(asked.endpoint_url)
        paced = [asked.events, session.get_component("event_emitter")] if self.endpoint_url is None else []
        self.paces: Mapping[str, Pace] = pace.install(*paced) if paced else {}

    @property
    def api_calls(self) -> int:
        return self._count.value

    @property
    def dynamodb(self) -> "DynamoDBClient":
        return cast("DynamoDBClient", self._client("dynamodb"))

    @property
    def cloudwatch(self) -> "CloudWatchClient":
        return cast("CloudWatchClient", self._client("cloudwatch"))

    @property
    def application_autoscaling(self) -> "ApplicationAutoScalingClient":
        return cast("ApplicationAutoScalingClient", self._client("application-autoscaling"))

    @property
    def backup(self) -> Any:  # no stubs, as with prices: two calls, and the guard looks at their answers
        return self._client("backup")

    @property
    def service_quotas(self) -> Any:
        return self._client("service-quotas")

    @property
    def s3(self) -> Any:  # no stubs: two calls, of which one is a stream
        """For the folder that the session was opened for."""
        return self._client("s3")

    @property
    def sts(self) -> "STSClient":
        """For GetCallerIdentity only: it gives up quickly."""
        return cast("STSClient", self._client("sts"))

    @property
    def pricing(self) -> Any:  # no stubs: the answers are JSON in JSON, and checked where they are read
        """For GetProducts only, asked of the Price List API's region that is nearest."""
        return self._client("pricing")

    def _client(self, service: str) -> Any:
        # sessions, unlike clients, are not safe to use from many threads
        with self._lock:
            if service not in self._clients:
                config, region = _config(self._options.max_attempts), self.region
                if service == "sts":
                    config = _config(1, IDENTITY_CONNECT_TIMEOUT_SECONDS, IDENTITY_READ_TIMEOUT_SECONDS)
                elif service == "backup" and self.endpoint_url is not None:
                    config = _config(1)  # an emulator that has no AWS Backup fails in a way that botocore would try again
                elif service == "pricing":
                    config = _config(PRICING_ATTEMPTS, PRICING_CONNECT_TIMEOUT_SECONDS, PRICING_READ_TIMEOUT_SECONDS)
                    region = _pricing_region(self.region)
                elif service == "s3" and asked_at(service, self._options.endpoint_url) is not None:
                    # What stands in for AWS seldom has a host name for each bucket
                    config = config.merge(Config(s3={"addressing_style": "path"}))
                client: Any = self._session.create_client(
                    cast("Any", service),  # the stubs know literal names only
                    region_name=region,
                    endpoint_url=asked_at(service, self._options.endpoint_url),
                    config=config,
                )
                if service == "s3":
                    check_no_path(client.meta.endpoint_url)
                self._clients[service] = client
            return self._clients[service]


def open_session(options: AwsOptions, *, folder: S3Folder | None = None) -> Aws:
    """
    A guarded session; nothing is sent yet. `folder` is what may be read of S3; None: nothing.

    Raises ConfigError when profile, region or endpoint cannot be used, and NoCredentials when a role is to be assumed from nothing.
    """
    count = RequestCount()
    try:
        core = _guarded_core(options.profile, count, folder)
        region = _region(options, core)
        if options.role_arn is not None:
            core = _assume_role(core, options, options.role_arn, region, count=count, folder=folder)
        ca_bundle = core.get_config_variable("ca_bundle")
        return Aws(core, options, region, count, ca_bundle=ca_bundle)
    except FAILURES as error:
        raise explain(error) from error


def _guarded_core(profile: str | None, count: RequestCount, folder: S3Folder | None) -> botocore.session.Session:
    core = guarded_session(profile, allowed(folder), count.add)
    install(core.get_component("event_emitter"))
    throttles.install(core.get_component("event_emitter"))
    core.get_scoped_config()  # raises when the profile does not exist
    core.register_component("data_loader", _models(core.get_config_variable("data_path")))
    return core


@cache
def _models(data_path: str | None) -> Models:
    """What a session knows of the services is the same for all: another account or region does not read it from the disk again."""
    return Models(data_path)


def _region(options: AwsOptions, core: botocore.session.Session) -> str:
    region = (
        options.region
        or os.environ.get("AWS_REGION")
        or os.environ.get("AWS_DEFAULT_REGION")
        or core.get_scoped_config().get("region")
    )
    if not region:
        raise no_region()
    check_region(region)
    return str(region)


def check_region(region: str) -> None:
    """Raise ConfigError for what cannot be a region: it would become part of a host's name."""
    if not REGION.fullmatch(region):
        raise ConfigError(
            "the AWS region is not written like eu-north-1", hint="correct --region, AWS_REGION or the profile's region"
        )


def _assume_role(
    source: botocore.session.Session,
    options: AwsOptions,
    role_arn: str,
    region: str,
    *,
    count: RequestCount,
    folder: S3Folder | None,
) -> botocore.session.Session:
    """A session that acts as the role, and renews its credentials by itself during a long audit."""
    credentials = source.get_credentials()
    if credentials is None:
        raise NoCredentials(
            "no AWS credentials were found to assume the role with", hint="sign in with `aws sso login`, or set AWS_PROFILE"
        )

    def sts(service: str, **keys: Any) -> Any:
        return source.create_client(
            cast("Any", service),  # the stubs know literal names only
            region_name=region,
            endpoint_url=asked_at("sts", options.endpoint_url),
            config=_config(options.max_attempts),
            **keys,
        )

    extra = {"RoleSessionName": ROLE_SESSION_NAME} | ({"ExternalId": options.external_id} if options.external_id else {})
    fetcher = AssumeRoleCredentialFetcher(sts, credentials, role_arn, extra_args=extra)
    assumed = _guarded_core(options.profile, count, folder)
    assumed.register_component("credential_provider", CredentialResolver(providers=[_AssumedRole(fetcher)]))
    return assumed


class _AssumedRole(CredentialProvider):
    METHOD = "assume-role"

    def __init__(self, fetcher: AssumeRoleCredentialFetcher) -> None:
        super().__init__()
        self._fetcher = fetcher

    def load(self) -> DeferredRefreshableCredentials:
        return DeferredRefreshableCredentials(method=self.METHOD, refresh_using=self._fetcher.fetch_credentials)


def _config(
    max_attempts: int,
    connect_timeout_seconds: int = CONNECT_TIMEOUT_SECONDS,
    read_timeout_seconds: int = READ_TIMEOUT_SECONDS,
) -> Config:
    return Config(
        retries={"mode": "standard", "total_max_attempts": max_attempts},
        connect_timeout=connect_timeout_seconds,
        read_timeout=read_timeout_seconds,
        max_pool_connections=POOL_SIZE,
        user_agent_extra="stj-audit",
    )


def _pricing_region(region: str) -> str:
    return next((home for starts, home in _PRICING_REGIONS if region.startswith(starts)), _PRICING_REGION_ELSE)
