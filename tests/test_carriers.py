"""Mail through real servers: what arrives is what was sent, and whatever goes wrong is one sentence."""

import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto import mock_aws
from moto.ses.models import ses_backends

from stj_audit.deliver import smtp
from stj_audit.deliver.carrier import Addresses
from stj_audit.deliver.carriers import open_carrier
from stj_audit.deliver.claims import TAKEN_OVER_AFTER
from stj_audit.deliver.ses import Ses, open_ses
from stj_audit.deliver.smtp import open_smtp
from stj_audit.email_settings import Email, Smtp
from stj_audit.errors import ConfigError, UnableToSend, WriteRefused
from tests.engines.mail_server import (
    PASSWORD,
    REFUSED,
    USER,
    Certificate,
    dripping_server,
    free_port,
    mail_server,
    self_signed,
    silent_server,
)

pytestmark = pytest.mark.slow

SENDER, TEAM, OTHER = "audits@example.com", "team@example.com", "other@example.com"
RAW = b"From: audits@example.com\r\nTo: team@example.com\r\nSubject: a report\r\n\r\n.a line\r\nanother\r\n"
ADDRESSES = Addresses(sender=SENDER, recipients=frozenset({TEAM, OTHER, REFUSED}))
REGION, ACCOUNT = "eu-north-1", "123456789012"  # moto's account


def plain(port: int) -> Smtp:
    return Smtp(host="127.0.0.1", port=port, starttls=False)


def signed_in(port: int) -> Smtp:
    return Smtp(host="localhost", port=port, username=USER, password_env="MAIL_PASSWORD")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("certificate"))


# ---------------------------------------------------------------------------------------------------------------- SMTP


def test_what_arrives_is_what_was_sent() -> None:
    with mail_server() as server:
        carrier = open_smtp(plain(server.port), ADDRESSES)
        assert carrier.send(RAW, SENDER, [TEAM, OTHER]) == {}
        assert server.got == [(SENDER, (TEAM, OTHER), RAW)]
        assert carrier.ready(SENDER).state is True
        assert "answers without TLS" in carrier.ready(SENDER).words
        assert len(server.got) == 1


def test_encrypted_and_signed_in(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    with mail_server(tls=certificate, password=True) as server:
        carrier = open_smtp(signed_in(server.port), ADDRESSES)
        assert carrier.send(RAW, SENDER, [TEAM]) == {}
        assert server.got == [(SENDER, (TEAM,), RAW)]
        ready = carrier.ready(SENDER)
        assert (ready.state, "answers with TLS, and takes the password" in ready.words) == (True, True)
    assert PASSWORD not in repr(carrier)


def test_encrypted_from_the_start(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    monkeypatch.setattr(Smtp, "implicit_tls", True)  # on port 465, which only root may open
    with mail_server(tls=certificate, from_the_start=True) as server:
        assert open_smtp(Smtp(host="localhost", port=server.port), ADDRESSES).send(RAW, SENDER, [TEAM]) == {}
        assert len(server.got) == 1
    monkeypatch.undo()
    assert Smtp(host="localhost", port=465).implicit_tls


def told(send: Callable[[], object]) -> str:
    with pytest.raises(UnableToSend) as caught:
        send()
    words = str(caught.value)
    assert "\n" not in words
    assert caught.value.hint
    assert caught.value.exit_code == 1
    return words


def test_a_certificate_that_nobody_trusts(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    with mail_server(tls=certificate, password=True) as server:
        carrier = open_smtp(signed_in(server.port), ADDRESSES)
        assert f"localhost:{server.port} has a certificate that is not trusted: self" in told(
            lambda: carrier.send(RAW, SENDER, [TEAM])
        )
        assert carrier.ready(SENDER).state is False
        assert server.got == []


def test_a_certificate_of_another_host(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    with mail_server(tls=certificate) as server:
        carrier = open_smtp(Smtp(host="127.0.0.1", port=server.port), ADDRESSES)
        assert "not trusted: IP address mismatch" in told(lambda: carrier.send(RAW, SENDER, [TEAM]))


def test_a_wrong_password_is_told_without_it(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    monkeypatch.setenv("MAIL_PASSWORD", "hunter2")
    with mail_server(tls=certificate, password=True) as server:
        words = told(lambda: open_smtp(signed_in(server.port), ADDRESSES).send(RAW, SENDER, [TEAM]))
    assert words == f"the mail server localhost:{server.port} does not take the user name or the password (535)"


def test_nothing_is_sent_in_the_clear_where_it_must_not() -> None:
    with mail_server() as server:
        words = told(lambda: open_smtp(Smtp(host="127.0.0.1", port=server.port), ADDRESSES).send(RAW, SENDER, [TEAM]))
        assert "has no STARTTLS" in words
        assert server.got == []


def test_recipients_that_are_refused() -> None:
    with mail_server() as server:
        carrier = open_smtp(plain(server.port), ADDRESSES)
        assert carrier.send(RAW, SENDER, [TEAM, REFUSED]) == {REFUSED: "550 5.1.1 No such user\x07 here"}
        assert [to for _, to, _ in server.got] == [(TEAM,)]
        assert f"refuses every recipient: {REFUSED} (550 5.1.1" in told(lambda: carrier.send(RAW, SENDER, [REFUSED]))


def test_a_message_that_is_refused() -> None:
    with mail_server() as server:
        server.answer = "554 5.7.1 We take none of that"
        carrier = open_smtp(plain(server.port), ADDRESSES)
        with pytest.raises(UnableToSend, match=r"refuses the mail: 554 5\.7\.1 We take none of that$") as caught:
            carrier.send(RAW, SENDER, [TEAM])
        assert caught.value.hint == "see what it says"


@pytest.mark.parametrize(
    ("repeated", "told_of_it"),
    [
        ("quota is over", " 5.2.2 quota is over"),
        (PASSWORD, ""),
        (b64encode(PASSWORD.encode()).decode(), ""),
        (b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode(), ""),
        ("\n".join(b64encode(PASSWORD.encode()).decode().partition("b")), ""),
    ],
)
def test_what_a_server_repeats_of_the_password_is_not_told(
    repeated: str, told_of_it: str, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    with mail_server(tls=certificate, password=True) as server:
        *first, last = f"5.2.2 {repeated}".split("\n")
        server.answer = "\r\n".join([*(f"552-{line}" for line in first), f"552 {last}"])
        words = told(lambda: open_smtp(signed_in(server.port), ADDRESSES).send(RAW, SENDER, [TEAM]))
    assert words == f"the mail server localhost:{server.port} refuses the mail: 552{told_of_it}"


def test_nobody_there() -> None:
    port = free_port()
    carrier = open_smtp(plain(port), ADDRESSES)
    assert (
        told(lambda: carrier.send(RAW, SENDER, [TEAM])) == f"the mail server 127.0.0.1:{port} cannot be reached: Connection refused"
    )
    assert "cannot be reached" in carrier.ready(SENDER).words
    assert "cannot be reached" in told(lambda: open_smtp(Smtp(host="no-such-host.invalid"), ADDRESSES).send(RAW, SENDER, [TEAM]))


def test_somebody_there_who_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "TIMEOUT_SECONDS", 0.2)
    with silent_server() as (port, _):
        words = told(lambda: open_smtp(plain(port), ADDRESSES).send(RAW, SENDER, [TEAM]))
    assert words == f"the mail server 127.0.0.1:{port} did not answer within 0.2 seconds"


READY = (b"", b"220 mail.test\r\n")
TALK = (READY, (b"ehlo", b"250 mail.test\r\n"), (b"mail", b"250 OK\r\n"), (b"rcpt", b"250 OK\r\n"), (b"data", b"354 Go on\r\n"))
DEADLINE = 0.3


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "DEADLINE_SECONDS", DEADLINE)
    monkeypatch.setattr(smtp, "GOODBYE_SECONDS", DEADLINE)


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("answers", range(len(TALK) + 1))
def test_a_server_that_answers_in_drops_is_left_by_a_deadline(answers: int) -> None:
    """Each byte comes well within the 30 seconds for one answer."""
    with dripping_server(TALK[:answers]) as port:
        began = time.monotonic()
        words = told(lambda: open_smtp(plain(port), ADDRESSES).send(RAW, SENDER, [TEAM]))
        assert DEADLINE <= time.monotonic() - began < smtp.TIMEOUT_SECONDS
    doubt = "; it is not known whether the mail was sent" if answers > 1 else ""
    assert words == f"the mail server 127.0.0.1:{port} did not come to an end within {DEADLINE:g} seconds{doubt}"


@pytest.mark.usefixtures("soon")
def test_a_handshake_that_does_not_end_is_left_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with dripping_server([]) as port:
        ready = open_smtp(plain(port), ADDRESSES).ready(SENDER)
        assert (ready.state, "did not come to an end" in ready.words) == (False, True)
    monkeypatch.setattr(Smtp, "implicit_tls", True)
    with dripping_server([(b"", b"\x16\x03\x03\x3f\xff")]) as port:  # a record of TLS, whose 16 KB come one by one
        words = told(lambda: open_smtp(Smtp(host="localhost", port=port), ADDRESSES).send(RAW, SENDER, [TEAM]))
        assert words == f"the mail server localhost:{port} did not come to an end within {DEADLINE:g} seconds"


@pytest.mark.usefixtures("soon")
def test_what_was_sent_is_sent_however_the_server_takes_its_leave() -> None:
    with dripping_server([*TALK, (b"\r\n.\r\n", b"250 OK\r\n")]) as port:
        assert open_smtp(plain(port), ADDRESSES).send(RAW, SENDER, [TEAM]) == {}


def test_no_deadline_stays_behind() -> None:
    before = threading.active_count()
    with mail_server() as server:
        there = threading.active_count()
        for _ in range(3):
            assert open_smtp(plain(server.port), ADDRESSES).send(RAW, SENDER, [TEAM]) == {}
        assert threading.active_count() == there
    assert threading.active_count() == before


def test_the_deadline_is_long_before_a_claim_is_void() -> None:
    assert timedelta(seconds=smtp.DEADLINE_SECONDS + smtp.GOODBYE_SECONDS) < TAKEN_OVER_AFTER / 2


@pytest.mark.parametrize(
    ("greeting", "told_of", "hint"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", "does not speak SMTP", "check `smtp.host` and `smtp.port`"),
        (
            b"554 5.7.1 We take nothing from you\r\n",
            "refuses the connection: 554 5.7.1 We take nothing from you",
            "see what it says",
        ),
    ],
)
def test_a_greeting_that_is_none(greeting: bytes, told_of: str, hint: str) -> None:
    with dripping_server([(b"", greeting)]) as port, pytest.raises(UnableToSend) as caught:
        open_smtp(plain(port), ADDRESSES).send(RAW, SENDER, [TEAM])
    assert (str(caught.value), caught.value.hint) == (f"the mail server 127.0.0.1:{port} {told_of}", hint)


def test_a_password_that_is_not_there_or_cannot_be_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAIL_PASSWORD", raising=False)
    with pytest.raises(
        ConfigError, match="the environment variable MAIL_PASSWORD, which has the password for localhost:587, is not set"
    ):
        open_smtp(signed_in(587), ADDRESSES)
    monkeypatch.setenv("MAIL_PASSWORD", "pässword")
    with pytest.raises(ConfigError, match="is not of ASCII characters") as caught:
        open_smtp(signed_in(587), ADDRESSES)
    assert "pässword" not in str(caught.value)


# ----------------------------------------------------------------------------------------------------------------- SES


@pytest.fixture
def ses(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ses]:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SESV2"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield open_ses(ADDRESSES, configuration_set=None, region=REGION)


def verify(identity: str) -> None:
    client: Any = botocore.session.Session().create_client("sesv2", region_name=REGION)
    client.create_email_identity(EmailIdentity=identity)


def mailed() -> list[Any]:
    return list(ses_backends[ACCOUNT][REGION].sent_messages)


def test_ses_gets_the_whole_message(ses: Ses) -> None:
    verify("example.com")
    assert ses.send(RAW, SENDER, [TEAM]) == {}
    [one] = mailed()
    assert (one.source, one.raw_data.encode()) == (SENDER, RAW)
    assert TEAM in one.destinations


def test_ses_rejects_a_sender_who_is_not_verified(ses: Ses) -> None:
    words = told(lambda: ses.send(RAW, SENDER, [TEAM]))
    assert words.startswith(f"SES in {REGION} refuses the mail: MessageRejected (")
    assert SENDER in words
    assert mailed() == []


def test_whether_an_identity_is_verified(ses: Ses) -> None:
    ready = ses.ready(SENDER)
    assert (ready.state, ready.words) == (
        False,
        f"SES in {REGION} does not send from {SENDER}: neither it nor its domain is verified",
    )
    verify("example.com")
    below = "audits@mail.example.com"
    above = open_ses(Addresses(sender=below, recipients=frozenset()), configuration_set=None, region=REGION).ready(below)
    assert (above.state, above.words) == (True, f"SES in {REGION} sends from audits@mail.example.com: example.com is verified")


def test_an_answer_of_ses_becomes_one_sentence(ses: Ses, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(**_: object) -> Any:
        class Body:
            def stream(self) -> Iterator[bytes]:
                yield b'{"message": "User: arn:aws:iam::1:user/x is not authorized"}'

        return AWSResponse("http://ses", 403, HTTPHeaders.from_dict({"x-amzn-ErrorType": "AccessDeniedException"}), Body())

    ses.client.meta.events.register_first("before-send.sesv2", deny)
    assert told(lambda: ses.send(RAW, SENDER, [TEAM])) == f"SES in {REGION} refuses the mail: AccessDeniedException"
    ready = ses.ready(SENDER)
    assert ready.state is None
    assert ready.words.endswith("is not known: AccessDeniedException (allow ses:GetEmailIdentity)")


def test_its_client_sends_nothing_else(ses: Ses) -> None:
    for call in ("delete_email_identity", "create_email_identity"):
        with pytest.raises(WriteRefused, match="the read-only guard refused sesv2:"):
            getattr(ses.client, call)(EmailIdentity="example.com")


def test_ses_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL_SESV2"):
        monkeypatch.delenv(name, raising=False)
    port = free_port()
    nobody = open_ses(ADDRESSES, configuration_set="audits", region=REGION, endpoint_url=f"http://127.0.0.1:{port}")
    sent: list[str] = []
    nobody.client.meta.events.register("before-send.sesv2", lambda event_name, **_: sent.append(event_name))
    assert f"cannot send through SES in {REGION}: http://127.0.0.1:{port} cannot be reached" in told(
        lambda: nobody.send(RAW, SENDER, [TEAM])
    )
    assert len(sent) == 1
    monkeypatch.setattr("stj_audit.deliver.ses.READ_TIMEOUT_SECONDS", 0.2)
    with silent_server() as (port, _):
        silent = open_ses(ADDRESSES, configuration_set=None, region=REGION, endpoint_url=f"http://127.0.0.1:{port}")
        assert told(lambda: silent.send(RAW, SENDER, [TEAM])).endswith("it is not known whether the mail was sent")


def test_what_the_configuration_names_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    assert str(open_carrier(Email(smtp=Smtp(host="mail.test")), region=None)) == "the mail server mail.test:587"
    assert (
        str(open_carrier(Email(via="ses", smtp=Smtp(host="mail.test"), ses_region="us-east-1"), region=REGION))
        == "SES in us-east-1"
    )
    with pytest.raises(ConfigError, match="SES cannot be used: no AWS region is set"):
        open_carrier(Email(), region=None)
    with pytest.raises(ConfigError, match="SES cannot be used: the AWS profile 'no-such-profile-anywhere' does not exist"):
        open_carrier(Email(), region=REGION, profile="no-such-profile-anywhere")
    assert str(Smtp(host="::1", port=25)) == "[::1]:25"
