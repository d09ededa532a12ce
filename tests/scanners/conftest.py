"""No test here reaches AWS: keys are made up, there are no AWS files, and nobody asks the metadata service."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from stj_audit.scanners import Aws, AwsOptions, open_session
from stj_audit.scanners.models import Models
from tests.scanners.answers import REGION

_LOADER = Models(None)


@pytest.fixture(autouse=True)
def one_loader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has its own session; the service models, which take longest, are read from disk once."""
    monkeypatch.setattr("botocore.session.create_loader", lambda *_: _LOADER)
    monkeypatch.setattr("stj_audit.scanners.session.Models", lambda *_: _LOADER)


@pytest.fixture(autouse=True)
def no_real_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"),
        *(
            f"AWS_ENDPOINT_URL_{service}"
            for service in ("DYNAMODB", "CLOUDWATCH", "STS", "APPLICATION_AUTO_SCALING", "BACKUP", "SERVICE_QUOTAS")
        ),
        *("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"),
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")


@pytest.fixture
def moto() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture
def aws(moto: None) -> Aws:
    """A guarded session whose services moto plays."""
    return open_session(AwsOptions(region=REGION))
