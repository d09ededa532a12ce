"""Whether mail would be sent, as `doctor` finds out, and what to allow for it, as `iam-policy` prints."""

import json
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from click.testing import CliRunner
from moto import mock_aws

from stj_audit.cli.entry import cli
from stj_audit.config import parse_config
from stj_audit.doctor import about_mail
from stj_audit.email_settings import MOST_RECIPIENTS, Email, Smtp
from tests.commands import stj_audit
from tests.engines.answering import answering
from tests.engines.mail_server import free_port, mail_server
from tests.test_doctor import TABLE

REGION = "eu-north-1"
DOCS = Path(__file__).parent.parent / "docs/mail.md"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("AWS_", "STJ_AUDIT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")


# -------------------------------------------------------------------------------------------------------------- doctor


def about(email: Email, region: str | None = REGION) -> tuple[bool | None, str]:
    found = about_mail(email, region=region, profile=None, endpoint_url=None)
    return found.state, found.words


@pytest.fixture
def ses() -> Iterator[Any]:
    with mock_aws():
        yield botocore.session.Session().create_client("sesv2", region_name=REGION)


def test_an_identity_of_ses_that_is_verified_or_not(ses: Any) -> None:
    email = Email(from_="Audits <audits@example.com>", to=("team@example.com",))
    assert about(email) == (False, f"SES in {REGION} does not send from audits@example.com: neither it nor its domain is verified")
    ses.create_email_identity(EmailIdentity="audits@example.com")
    assert about(email) == (True, f"SES in {REGION} sends from audits@example.com: audits@example.com is verified")
    assert about(email, None) == (False, "SES cannot be used: no AWS region is set")
    assert about(Email(to=("team@example.com",))) == (False, "it is not said who sends the mail")
    assert about(Email(from_="audits@example.com")) == (False, "it is not said who gets the mail")


def test_a_mail_server_that_answers_or_does_not() -> None:
    addresses: dict[str, Any] = {"from_": "audits@example.com", "to": ("team@example.com",)}
    port = free_port()
    state, words = about(Email(smtp=Smtp(host="127.0.0.1", port=port), **addresses))
    assert (state, words) == (False, f"the mail server 127.0.0.1:{port} cannot be reached: Connection refused")
    with mail_server() as server:
        state, words = about(Email(smtp=Smtp(host="127.0.0.1", port=server.port, starttls=False), **addresses))
        assert state is True
        assert words.startswith(f"the mail server 127.0.0.1:{server.port} answers without TLS; ")
        assert "has no STARTTLS" in about(Email(smtp=Smtp(host="127.0.0.1", port=server.port), **addresses))[1]
        assert server.got == []
    state, words = about(Email(smtp=Smtp(host="mail", username="u", password_env="NOT_THERE"), **addresses))
    assert (state, "NOT_THERE" in words) == (False, True)


@pytest.mark.process
def test_the_doctor_tells_of_mail(tmp_path: Path) -> None:
    def answer(operation: str, _request: bytes, _: Any) -> tuple[int, bytes]:
        if operation == "DescribeTable":
            return 200, json.dumps({"Table": TABLE}).encode()
        return 400, json.dumps({"__type": "com.amazonaws#ResourceNotFoundException", "message": "no"}).encode()

    smtp = f'smtp = {{ host = "127.0.0.1", port = {free_port()} }}'
    config = f'[email]\nfrom = "audits@example.com"\nto = ["team@example.com"]\n{smtp}\n'
    (tmp_path / "stj-audit.toml").write_text(config, "utf-8")
    with answering(answer) as url:
        ran = stj_audit("doctor", "orders", "--endpoint-url", url, "--region", REGION, "--scan", "none", "--strict", cwd=tmp_path)
    assert (ran.code, "denied:" in ran.out) == (4, False), ran.err
    assert "so that it is not known whether AWS would deny it" in ran.out
    assert [line for line in ran.out.splitlines() if line.startswith("mail: the mail server 127.0.0.1:")]


# ---------------------------------------------------------------------------------------------------------- iam-policy


def statements(*arguments: str) -> dict[str, dict[str, Any]]:
    ran = CliRunner().invoke(cli, ["iam-policy", *arguments])
    assert ran.exit_code == 0, ran.stderr
    return {one["Sid"]: one for one in json.loads(ran.stdout)["Statement"]}


def test_what_mail_and_a_history_take() -> None:
    plain = statements("--region", REGION, "--account", "123456789012")
    more = statements(
        *(
            "--region",
            REGION,
            "--account",
            "123456789012",
            "--history",
            "s3://audits/team/",
            "--send-from",
            "A <a@mail.example.com>",
        )
    )
    assert set(more) - set(plain) == {"ListHistory", "KeepHistory", "MailReports", "MailIdentity"}
    assert more["ListHistory"] == {
        "Sid": "ListHistory",
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": "arn:aws:s3:::audits",
        "Condition": {"StringLike": {"s3:prefix": "team/*"}},
    }
    assert more["KeepHistory"]["Resource"] == "arn:aws:s3:::audits/team/*"
    assert more["KeepHistory"]["Action"] == ["s3:GetObject", "s3:PutObject"]
    start = f"arn:aws:ses:{REGION}:123456789012:"
    assert more["MailReports"]["Action"] == ["ses:SendEmail", "ses:SendRawEmail"]
    assert more["MailReports"]["Condition"] == {"StringEquals": {"ses:FromAddress": "a@mail.example.com"}}
    assert more["MailIdentity"]["Resource"] == f"{start}identity/*"
    assert more["MailReports"]["Resource"] == [f"{start}identity/*", f"{start}configuration-set/*"]


def test_a_history_in_all_of_a_bucket_of_another_partition() -> None:
    found = statements("--region", "cn-north-1", "--history", "s3://audits")
    assert found["ListHistory"]["Condition"] == {"StringLike": {"s3:prefix": "*"}}
    assert found["KeepHistory"]["Resource"] == "arn:aws-cn:s3:::audits/*"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--history", "audits"), "--history of a policy is in S3"),
        (("--history", "s3://"), "names no bucket"),
        (("--send-from", "audits"), "`--send-from` has 'audits', which is no address"),
        (("--account", "12"), "'12' is no id of an account; it has 12 digits"),
        (("--account", ""), "'' is no id of an account"),
        (("--region", "EU_X"), "'EU_X' is no region"),
        (("orders", "user[s]"), "'user[s]' is no name of a table, or a pattern that IAM knows"),
        (("eu-north-1/orders",), "'eu-north-1/orders' is no name of a table"),
    ],
)
def test_what_is_none_is_refused(arguments: tuple[str, ...], told: str) -> None:
    ran = CliRunner().invoke(cli, ["iam-policy", *arguments])
    assert told in ran.stderr + str(ran.exception)
    assert getattr(ran.exception, "exit_code", ran.exit_code) == 2


def test_the_patterns_of_iam_are_taken() -> None:
    found = statements("shop.orders-v?", "stj_*", "--account", "*", "--region", "eu-*")
    assert found["ReadItemsToSizeThem"]["Resource"] == [
        "arn:aws:dynamodb:eu-*:*:table/shop.orders-v?",
        "arn:aws:dynamodb:eu-*:*:table/stj_*",
    ]


# ----------------------------------------------------------------------------------------------------------------- docs


def test_the_examples_of_the_docs_are_configurations() -> None:
    text = DOCS.read_text("utf-8")
    blocks = [block.partition("```")[0] for block in text.split("```toml\n")[1:]]
    emails = [parse_config(tomllib.loads(block), origin="docs/mail.md").email for block in blocks]
    assert [email.carrier for email in emails] == ["ses", "smtp"]
    assert all(email.is_set for email in emails)
    assert f"{MOST_RECIPIENTS} recipients" in text
    known = {
        name for command in ("send", "iam-policy", "run", "doctor") for one in cli.commands[command].params for name in one.opts
    }
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) <= known | {"--email-identity"}
