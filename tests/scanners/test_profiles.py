"""Whatever a profile takes its credentials from, the guard lets botocore fetch them: asked of a server that plays all of AWS."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs

import pytest

from stj_audit.refusals import never_swallowed
from stj_audit.scanners import AwsOptions, open_session
from tests.engines.web import Quiet, web_server
from tests.scanners.answers import REGION

LATER = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
PROFILES = f"""
[profile role]
role_arn = arn:aws:iam::123456789012:role/auditor
source_profile = keys
external_id = e-1
duration_seconds = 1800
[profile keys]
aws_access_key_id = AKIAKEYS
aws_secret_access_key = secret
[profile sso]
sso_session = company
sso_account_id = 123456789012
sso_role_name = auditor
[sso-session company]
sso_region = {REGION}
sso_start_url = https://company.test/start
[profile web]
role_arn = arn:aws:iam::123456789012:role/auditor
web_identity_token_file = TOKEN
"""


class AllOfAws(Quiet, BaseHTTPRequestHandler):
    asked: ClassVar[list[str]]

    def do_GET(self) -> None:
        self._answer("GET", b"")

    def do_PUT(self) -> None:
        self._answer("PUT", b"")

    def do_POST(self) -> None:
        self._answer("POST", self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, method: str, body: bytes) -> None:
        target = (self.headers.get("X-Amz-Target") or "").rpartition(".")[2]
        action = target or parse_qs(body.decode()).get("Action", [""])[0]
        key = self.headers.get("Authorization", "").partition("Credential=")[2].partition("/")[0]
        path = self.path.partition("?")[0].rstrip("/")
        self.asked.append(f"{action or method + ' ' + path}{' with ' + key if target else ''}")
        given = f"<Credentials><AccessKeyId>ASIASTS</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
<Expiration>{LATER}</Expiration></Credentials>"
        plain = {"AccessKeyId": "ASIABOX", "SecretAccessKey": "s", "Token": "t", "Expiration": LATER, "Code": "Success"}
        of_sso = {"accessKeyId": "ASIASSO", "secretAccessKey": "s", "sessionToken": "t", "expiration": 4_000_000_000_000}
        answers: dict[str, object] = {
            "AssumeRole": f"<AssumeRoleResponse><AssumeRoleResult>{given}</AssumeRoleResult></AssumeRoleResponse>",
            "AssumeRoleWithWebIdentity": f"<A><AssumeRoleWithWebIdentityResult>{given}</AssumeRoleWithWebIdentityResult></A>",
            "ListTables": {"TableNames": ["orders"]},
            "GET /federation/credentials": {"roleCredentials": of_sso},
            "POST /token": {"accessToken": "new", "expiresIn": 3600, "refreshToken": "r"},
            "GET /container": plain,
            "PUT /latest/api/token": "token",
            "GET /latest/meta-data/iam/security-credentials": "machine",
            "GET /latest/meta-data/iam/security-credentials/machine": plain,
        }
        found = answers.get(action or f"{method} {path}")
        content = found.encode() if isinstance(found, str) else json.dumps(found).encode()
        kind = "text/xml" if isinstance(found, str) else "application/x-amz-json-1.0"
        self.answer(404 if found is None else 200, content, {"Content-Type": kind})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[str]]:
    """What a server was asked that stands in for AWS, with profiles that lead there and no keys in the environment."""
    (tmp_path / "token").write_text("a web identity", encoding="utf-8")
    (tmp_path / "config").write_text(PROFILES.replace("TOKEN", str(tmp_path / "token")), encoding="utf-8")
    registered = {
        "startUrl": "https://company.test/start",
        "region": REGION,
        "clientId": "c",
        "clientSecret": "s",
        "refreshToken": "r",
    }
    old = {**registered, "accessToken": "old", "expiresAt": "2020-01-01T00:00:00Z", "registrationExpiresAt": LATER}
    (tmp_path / f"{sha1(b'company').hexdigest()}.json").write_text(json.dumps(old), encoding="utf-8")
    monkeypatch.setattr("botocore.credentials.SSOProvider._SSO_TOKEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("botocore.tokens.SSOTokenProvider._SSO_TOKEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("botocore.credentials.JSONFileCache.CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))

    class Handler(AllOfAws):
        asked: ClassVar[list[str]] = []

    with web_server(Handler) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        yield Handler.asked


def list_tables(profile: str | None) -> list[str]:
    with never_swallowed():
        return open_session(AwsOptions(profile=profile, region=REGION)).dynamodb.list_tables()["TableNames"]


@pytest.mark.parametrize(
    ("profile", "fetched"),
    [
        ("keys", ["ListTables with AKIAKEYS"]),
        ("role", ["AssumeRole", "ListTables with ASIASTS"]),
        ("web", ["AssumeRoleWithWebIdentity", "ListTables with ASIASTS"]),
        ("sso", ["POST /token", "GET /federation/credentials", "ListTables with ASIASSO"]),
    ],
)
def test_a_profile(asked: list[str], profile: str, fetched: list[str]) -> None:
    assert list_tables(profile) == ["orders"]
    assert asked == fetched


def test_a_container(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{os.environ['AWS_ENDPOINT_URL']}/container")
    assert list_tables(None) == ["orders"]
    assert asked == ["GET /container", "ListTables with ASIABOX"]


def test_a_machine_of_ec2(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "false")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", os.environ["AWS_ENDPOINT_URL"])
    assert list_tables(None) == ["orders"]
    assert asked[-3:] == [
        "GET /latest/meta-data/iam/security-credentials",
        "GET /latest/meta-data/iam/security-credentials/machine",
        "ListTables with ASIABOX",
    ]
