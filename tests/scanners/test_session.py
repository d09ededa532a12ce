import json
import os
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, DataNotFoundError, ReadTimeoutError, UnknownServiceError
from botocore.loaders import Loader

from stj_audit.errors import AuditError, ConfigError, NoCredentials
from stj_audit.scanners import Aws, AwsOptions, open_session
from stj_audit.scanners.models import Models
from stj_audit.scanners.session import POOL_SIZE
from stj_audit.scanners.threads import THREADS
from tests.faults import fault
from tests.scanners.answers import REGION, answer, answer_with, before_send, error

pytestmark = pytest.mark.slow


def profile(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "config"
    path.write_text(text)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))


# ------------------------------------------------------------------------------------------------------------ the region


def test_the_region_comes_from_the_option_then_the_environment_then_the_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile(tmp_path, "[default]\nregion = eu-west-3\n", monkeypatch)
    assert open_session(AwsOptions()).region == "eu-west-3"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    assert open_session(AwsOptions()).region == "eu-west-2"
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    opened = open_session(AwsOptions())
    assert opened.region == opened.dynamodb.meta.region_name == "eu-west-1"
    assert open_session(AwsOptions(region="eu-north-1")).region == "eu-north-1"


def test_without_a_region_the_command_line_is_wrong() -> None:
    with pytest.raises(ConfigError, match="no AWS region") as caught:
        open_session(AwsOptions())
    assert "--region" in caught.value.hint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("region", ["eu west 1", "EU-NORTH-1", "-", "eu_north_1", "eu-north-1\n", "evil.example/"])
def test_refuses_a_malformed_region(region: str) -> None:
    with pytest.raises(ConfigError, match="written like eu-north-1"):
        open_session(AwsOptions(region=region))


def test_takes_the_region_of_an_emulator() -> None:
    assert open_session(AwsOptions(region="ddblocal")).region == "ddblocal"


# ------------------------------------------------------------------------------------------------------------ wrong input


def test_an_unknown_profile_is_named() -> None:
    with pytest.raises(ConfigError, match="the AWS profile 'no\\?pe' does not exist"):
        open_session(AwsOptions(profile="no\x1bpe", region=REGION))


def test_an_endpoint_without_scheme_is_refused() -> None:
    with pytest.raises(ConfigError, match="endpoint URL"):
        open_session(AwsOptions(region=REGION, endpoint_url="localhost:8000"))


def test_an_unreadable_config_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile(tmp_path, "this is no INI file\n", monkeypatch)
    with pytest.raises(ConfigError, match="ConfigParseError"):
        open_session(AwsOptions(region=REGION))


# -------------------------------------------------------------------------------------------------------------- the clients


def test_retries_timeouts_and_pool_are_pinned() -> None:
    opened = open_session(AwsOptions(region=REGION))
    config: Any = opened.dynamodb.meta.config
    assert config.retries == {"mode": "standard", "total_max_attempts": 4}
    assert (config.connect_timeout, config.read_timeout) == (5, 15)
    assert config.max_pool_connections == POOL_SIZE >= THREADS
    assert opened.dynamodb is opened.dynamodb


def test_the_number_of_attempts_is_an_option(moto: None) -> None:
    opened = open_session(AwsOptions(region=REGION, max_attempts=2))
    answer_with(opened.dynamodb, "dynamodb.ListTables", lambda: error("InternalServerError", status=500))
    with pytest.raises(ClientError):
        opened.dynamodb.list_tables()
    assert opened.api_calls == 2


def test_the_endpoint_is_for_every_service() -> None:
    opened = open_session(AwsOptions(region=REGION, endpoint_url="http://127.0.0.1:9"))
    clients: tuple[Any, ...] = (opened.dynamodb, opened.cloudwatch, opened.application_autoscaling, opened.sts, opened.pricing)
    assert {one.meta.endpoint_url for one in clients} == {"http://127.0.0.1:9"}
    assert opened.endpoint_url == "http://127.0.0.1:9"


def test_a_variable_sets_one_service_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", "http://127.0.0.1:10")
    monkeypatch.setenv("AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING", "http://127.0.0.1:11")
    monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", "http://127.0.0.1:12")
    opened = open_session(AwsOptions(region=REGION, endpoint_url="http://127.0.0.1:9"))
    assert opened.dynamodb.meta.endpoint_url == "http://127.0.0.1:9"
    assert opened.cloudwatch.meta.endpoint_url == "http://127.0.0.1:10"
    assert opened.application_autoscaling.meta.endpoint_url == "http://127.0.0.1:11"
    assert opened.pricing.meta.endpoint_url == "http://127.0.0.1:12"


def test_without_an_endpoint_aws_is_asked() -> None:
    opened = open_session(AwsOptions(region=REGION))
    assert opened.endpoint_url is None
    assert "amazonaws.com" in opened.cloudwatch.meta.endpoint_url


@pytest.mark.parametrize(
    ("region", "asked"),
    [
        *((region, "eu-central-1") for region in ("eu-north-1", "eu-central-1", "me-central-1", "af-south-1", "il-central-1")),
        *((region, "ap-south-1") for region in ("ap-south-1", "ap-northeast-1")),
        *((region, "us-east-1") for region in ("us-west-2", "sa-east-1", "ca-west-1", "mx-central-1", "us-gov-west-1", "ddblocal")),
    ],
)
def test_prices_are_asked_for_where_the_price_list_api_is(region: str, asked: str) -> None:
    pricing = open_session(AwsOptions(region=region)).pricing
    assert pricing.meta.region_name == asked
    assert pricing.meta.endpoint_url == f"https://api.pricing.{asked}.amazonaws.com"


def test_prices_are_not_waited_for_long() -> None:
    config: Any = open_session(AwsOptions(region=REGION, max_attempts=9)).pricing.meta.config
    assert config.retries == {"mode": "standard", "total_max_attempts": 2}
    assert (config.connect_timeout, config.read_timeout) == (2, 10)


def test_the_trusted_certificates_are_those_that_botocore_trusts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    assert open_session(AwsOptions(region=REGION)).ca_bundle is None
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/requests.pem")
    assert open_session(AwsOptions(region=REGION)).ca_bundle == "/requests.pem"
    profile(tmp_path, "[default]\nca_bundle = /profile.pem\n", monkeypatch)
    assert open_session(AwsOptions(region=REGION)).ca_bundle == "/profile.pem"
    monkeypatch.setenv("AWS_CA_BUNDLE", "/variable.pem")
    assert open_session(AwsOptions(region=REGION)).ca_bundle == "/variable.pem"


def test_an_endpoint_from_the_environment_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")
    opened = open_session(AwsOptions(region=REGION))
    assert opened.endpoint_url == opened.dynamodb.meta.endpoint_url == "http://127.0.0.1:9"


def test_an_endpoint_from_the_profile_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    profile(tmp_path, "[default]\nendpoint_url = http://127.0.0.1:9\n", monkeypatch)
    assert open_session(AwsOptions(region=REGION)).endpoint_url == "http://127.0.0.1:9"
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert open_session(AwsOptions(region=REGION)).endpoint_url is None


def test_what_is_told_of_an_endpoint_has_no_password() -> None:
    opened = open_session(AwsOptions(region=REGION, endpoint_url="http://me:secret@[::1]:9/path?key=secret"))
    assert opened.endpoint_url == "http://[::1]:9"


OF_AWS = (
    "https://dynamodb.eu-north-1.amazonaws.com",
    "https://vpce-0a1b.dynamodb.eu-north-1.vpce.amazonaws.com",
    "https://dynamodb.eu-north-1.api.aws",
    "https://dynamodb.cn-north-1.amazonaws.com.cn",
)


@pytest.mark.parametrize("by", ["option", "variable"])
@pytest.mark.parametrize("url", OF_AWS)
def test_an_address_of_aws_is_paced_as_aws_is(url: str, by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if by == "variable":
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", url)
    opened = open_session(AwsOptions(region=REGION, endpoint_url=url if by == "option" else None))
    assert opened.dynamodb.meta.endpoint_url == url
    assert opened.endpoint_url is None
    assert opened.paces.keys() == open_session(AwsOptions(region=REGION)).paces.keys() != set()
    assert opened.cloudwatch.meta.endpoint_url == f"https://monitoring.{REGION}.amazonaws.com"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "https://amazonaws.com.example.org", "https://notamazonaws.com"])
def test_what_stands_in_for_aws_is_not_paced(url: str) -> None:
    opened = open_session(AwsOptions(region=REGION, endpoint_url=url))
    assert opened.endpoint_url == url
    assert opened.paces == {}


# ------------------------------------------------------------------------------------------------------------------ the role


def test_a_role_is_assumed_with_its_external_id(moto: None) -> None:
    opened = open_session(AwsOptions(region=REGION, role_arn="arn:aws:iam::123456789012:role/auditor", external_id="e-1"))
    signed: list[str] = []
    opened.dynamodb.meta.events.register(
        "before-send.dynamodb", lambda request, **_: signed.append(str(request.headers["Authorization"]))
    )
    assert opened.dynamodb.list_tables()["TableNames"] == []
    assert "ASIA" in signed[0]  # the key id of temporary credentials
    assert opened.api_calls == 2  # AssumeRole and ListTables


@fault("a role, and no credentials to assume it with", "exit 1: sign in", by="the environment of the process")
def test_a_role_needs_credentials_to_be_assumed_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(NoCredentials, match="to assume the role with"):
        open_session(AwsOptions(region=REGION, role_arn="arn:aws:iam::123456789012:role/auditor"))


# ------------------------------------------------------------------------------------------------------------------ counting


def test_every_request_is_counted(aws: Aws) -> None:
    answer_with(aws.dynamodb, "dynamodb.ListTables", lambda: error("ThrottlingException"), lambda: answer({"TableNames": []}))
    before = aws.api_calls
    aws.dynamodb.list_tables()
    aws.cloudwatch.describe_alarms()
    assert aws.api_calls - before == 3


def test_a_process_without_credentials_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    rubbish = tmp_path / "rubbish"
    rubbish.write_text("#!/bin/sh\necho not json\n")
    rubbish.chmod(0o755)
    profile(tmp_path, f"[default]\nregion = {REGION}\ncredential_process = {rubbish}\n", monkeypatch)
    with pytest.raises(AuditError) as caught:
        open_session(AwsOptions(role_arn="arn:aws:iam::123456789012:role/auditor"))
    assert isinstance(caught.value, NoCredentials)
    assert json.dumps(str(caught.value)).isascii()


@pytest.mark.parametrize(("endpoint_url", "attempts"), [(None, 9), ("http://127.0.0.1:9", 1)])
def test_aws_backup_is_asked_once_where_it_need_not_be(endpoint_url: str | None, attempts: int) -> None:
    config: Any = open_session(AwsOptions(region=REGION, max_attempts=9, endpoint_url=endpoint_url)).backup.meta.config
    assert config.retries == {"mode": "standard", "total_max_attempts": attempts}


# -------------------------------------------------------------------------------------------------- the services' descriptions


@pytest.mark.parametrize("service", ["dynamodb", "cloudwatch", "application-autoscaling", "backup", "sts", "sso", "pricing"])
def test_a_service_is_described_as_botocore_loads_it(service: str) -> None:
    mine, theirs = Models(None), Loader()
    for kind in ("service-2", "paginators-1", "endpoint-rule-set-1"):
        assert mine.load_service_model(service, kind) == theirs.load_service_model(service, kind)
    assert mine.load_data("endpoints") == theirs.load_data("endpoints")


def test_descriptions_of_the_users_own_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "own" / "2026-01-01"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text('{"metadata": {}}')
    monkeypatch.setenv("OWN_MODELS", str(tmp_path))
    models = Models(f"$OWN_MODELS{os.pathsep}/no/such/folder")
    assert models.load_service_model("own", "service-2") == {"metadata": {}}
    assert "dynamodb" in models.list_available_services("service-2")


def test_what_is_no_service_is_told() -> None:
    with pytest.raises(UnknownServiceError):
        Models(None).load_service_model("no-such-service", "service-2")
    with pytest.raises(DataNotFoundError):
        Models(None).load_service_model("dynamodb", "no-such-kind-1")


# ---------------------------------------------------------------------------------------------------------------- the retries

SILENT = ReadTimeoutError(endpoint_url="https://dynamodb.eu-north-1.amazonaws.com/")
CLOSED = ConnectionClosedError(endpoint_url="https://dynamodb.eu-north-1.amazonaws.com/")


@fault("throttled, by any of its names", "4 attempts", by="event hook")
@fault("500, 502, 503", "4 attempts", by="event hook")
@fault("a connection is closed, or an answer does not come", "4 attempts", by="event hook")
@fault("denied, expired, not valid, not there, not known", "1 attempt", by="event hook")
@pytest.mark.parametrize(
    ("answered", "attempts"),
    [
        *(((code, 400), 4) for code in ("ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded")),
        *(((code, status), 4) for code, status in (("InternalServerError", 500), ("x", 502), ("x", 503), ("x", 429))),
        *((closed, 4) for closed in (SILENT, CLOSED)),
        *(((code, 400), 1) for code in ("AccessDeniedException", "ExpiredTokenException", "UnrecognizedClientException")),
        *(((code, 400), 1) for code in ("InvalidSignatureException", "ResourceNotFoundException", "ValidationException")),
        (("UnknownOperationException", 400), 1),
    ],
)
def test_what_is_tried_again(answered: Any, attempts: int, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)

    asked = []

    def send(request: Any, **_: Any) -> Any:
        asked.append(request)
        if isinstance(answered, Exception):
            raise answered
        return error(answered[0], status=answered[1])

    before_send(aws.dynamodb, "dynamodb.ListTables", send)
    with pytest.raises((ClientError, ReadTimeoutError, ConnectionClosedError)):
        aws.dynamodb.list_tables()
    assert len(asked) == attempts
