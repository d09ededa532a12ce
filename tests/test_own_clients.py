"""Whatever the caller's own credentials fail with where something is kept, written or mailed: one sentence that quotes nothing."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from stj_audit.deliver.carrier import Addresses
from stj_audit.deliver.files import check_writable, destination
from stj_audit.deliver.ses import open_ses
from stj_audit.deliver.stores import open_store
from stj_audit.errors import AuditError
from stj_audit.options import FORMATS

REGION = "eu-north-1"
SENDER, TEAM = "audits@example.com", "team@example.com"


def keep() -> None:
    open_store("s3://audits/team", region=REGION).names("runs")


def write() -> None:
    check_writable(destination("s3://audits/report.html", FORMATS, region=REGION))


def send() -> None:
    addresses = Addresses(sender=SENDER, recipients=frozenset({TEAM}))
    open_ses(addresses, configuration_set=None, region=REGION).send(b"From: a\r\n\r\na\r\n", SENDER, [TEAM])


@pytest.fixture(autouse=True)
def _nothing_of_whoever_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("use", [keep, write, send])
@pytest.mark.parametrize(
    ("helper", "told"),
    [
        (None, "no AWS credentials were found"),
        ("", "could not be fetched (FileNotFoundError)"),
        ("echo hunter2", "could not be fetched (JSONDecodeError)"),
        ("echo hunter2 >&2; exit 3", "could not be fetched (CredentialRetrievalError)"),
    ],
)
def test_credentials_that_cannot_be_had(use: Callable[[], None], helper: str | None, told: str, tmp_path: Path) -> None:
    if helper is not None:
        (tmp_path / "config").write_text("[default]\ncredential_process = ./helper\n")
    if helper:
        (tmp_path / "helper").write_text(f"#!/bin/sh\n{helper}\n")
        (tmp_path / "helper").chmod(0o755)
    with pytest.raises(AuditError) as failed:
        use()
    words = f"{failed.value} - {failed.value.hint}"
    assert told in words
    assert failed.value.hint
    assert "hunter2" not in words
    assert "\n" not in words


@pytest.mark.parametrize("use", [keep, write, send])
def test_an_endpoint_is_told_without_its_password(use: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://user:hunter2@127.0.0.1:9")
    monkeypatch.setattr("stj_audit.deliver.stores.ATTEMPTS", 1)
    with pytest.raises(AuditError, match=r"http://127\.0\.0\.1:9 cannot be reached") as failed:
        use()
    assert "hunter2" not in str(failed.value)
