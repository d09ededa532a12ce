"""
A mail server (aiosmtpd) that keeps what it gets, for this process and others; one that accepts connections and says nothing, and one that
never comes to an end.
"""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

USER, PASSWORD = "audits", "only for tests"
REFUSED = "refused@example.com"


@dataclass(kw_only=True)
class MailServer:
    """`got` are the messages, with from and to whom. `answer` is what it says to a message."""

    port: int
    got: list[tuple[str, tuple[str, ...], bytes]] = field(default_factory=list)
    answer: str = "250 OK"
    delay_seconds: float = 0

    @property
    def messages(self) -> list[EmailMessage]:
        return [parsed(raw) for _, _, raw in self.got]


def parsed(raw: bytes) -> EmailMessage:
    found = message_from_bytes(raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


class _Handler:
    def __init__(self, server: MailServer) -> None:
        self.server = server

    async def handle_RCPT(  # noqa: N802 - aiosmtpd finds it by the name of the command
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address == REFUSED:
            return "550 5.1.1 No such user\x07 here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - as above
        self, _server: Any, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.original_content
        assert content is not None
        await asyncio.sleep(self.server.delay_seconds)
        if self.server.answer.startswith("250"):
            self.server.got.append((envelope.mail_from or "", tuple(envelope.rcpt_tos), content))
        return self.server.answer


def _authenticate(_server: Any, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=good, handled=False)


@contextmanager
def mail_server(*, tls: "Certificate | None" = None, from_the_start: bool = False, password: bool = False) -> Iterator[MailServer]:
    """At 127.0.0.1 and localhost until the end; STARTTLS by `tls`, or TLS `from_the_start`."""
    server = MailServer(port=free_port())
    context = None if tls is None else tls.context()

    class _Controller(Controller):
        def factory(self) -> SMTP:
            return SMTP(
                self.handler,
                hostname="mail.test",
                tls_context=None if from_the_start else context,
                require_starttls=context is not None and not from_the_start,
                authenticator=_authenticate if password else None,
                auth_required=password,
                auth_require_tls=not from_the_start,
            )

    controller = _Controller(
        _Handler(server), hostname="127.0.0.1", port=server.port, ssl_context=context if from_the_start else None
    )
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


@contextmanager
def silent_server() -> Iterator[tuple[int, threading.Event]]:
    """A port that accepts connections and never says a word; and what is set when one has come."""
    listening = socket.create_server(("127.0.0.1", 0))
    came, held = threading.Event(), []

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            held.append(connection)
            came.set()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1], came
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()
        for connection in held:
            connection.close()


@contextmanager
def dripping_server(script: Sequence[tuple[bytes, bytes]], *, pause_seconds: float = 0.02) -> Iterator[int]:
    """
    A port whose server answers as the script has it: (what it waits for in small letters, what it says to that), then a byte now and then,
    without an end to the line. Each byte comes before any timeout for one.
    """
    listening = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def talk() -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            heard = b""
            for awaited, answer in script:
                while awaited not in heard:
                    more = connection.recv(65_536)
                    if not more:
                        return
                    heard += more.lower()
                heard = heard[heard.index(awaited) + len(awaited) :]
                connection.sendall(answer)
            while not done.wait(pause_seconds):
                connection.sendall(b"2")

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        done.set()
        thread.join()
        listening.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """A certificate for localhost, signed by itself, and its key, in one file."""

    path: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.path)
        return context


def self_signed(folder: Path) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "localhost.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return Certificate(path=path)
