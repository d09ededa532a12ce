"""Mail through a mail server, by SMTP."""

import contextlib
import os
import smtplib
import ssl
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from stj_audit.deliver.carrier import UNCERTAIN, Addresses, Readiness, quoted
from stj_audit.deliver.connections import Deadline, open_connection
from stj_audit.email_settings import Smtp
from stj_audit.errors import ConfigError, UnableToSend
from stj_audit.refusals import refuse
from stj_audit.wording import a_few

TIMEOUT_SECONDS = 30.0  # for each answer: a server that looks for viruses takes its time
DEADLINE_SECONDS = 300.0  # for all of it, as answers may come in drops: well before a claim is void, which is after 15 minutes
GOODBYE_SECONDS = 5.0  # for QUIT: by then it was sent, or was not
NO_CODE = -1  # of smtplib, for an answer that has none
_CHECK_SERVER = "check `smtp.host` and `smtp.port`"


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A mail server. Certificates are verified, by what the system trusts or SSL_CERT_FILE names."""

    smtp: Smtp
    addresses: Addresses
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"the mail server {self.smtp}"

    def send(self, raw: bytes, sender: str, recipients: Sequence[str]) -> Mapping[str, str]:
        if not self.addresses.allow(sender, recipients):
            refuse("the read-only guard refused mail that is not from and to the configured addresses")
        with Deadline(DEADLINE_SECONDS) as deadline:
            with self._told(deadline):
                connection = self._connect(deadline)
            try:
                with self._told(deadline, UNCERTAIN):
                    refused = connection.sendmail(sender, list(recipients), raw)
            finally:
                _leave(connection, deadline)
        return {address: self._answer(*answer) for address, answer in refused.items()}

    def ready(self, sender: str) -> Readiness:
        """As far as it can be known without sending: EHLO, STARTTLS, and the password."""
        try:
            with Deadline(DEADLINE_SECONDS) as deadline, self._told(deadline):
                _leave(self._connect(deadline), deadline)
        except UnableToSend as error:
            return Readiness(state=False, words=str(error))
        how = "with TLS" if self.smtp.is_encrypted else "without TLS"
        login = "" if self.smtp.username is None else ", and takes the password"
        return Readiness(state=True, words=f"{self} answers {how}{login}; whether it sends from {sender} is known when it does")

    def _connect(self, deadline: Deadline) -> smtplib.SMTP:
        connection = open_connection(
            self.smtp.host, self.smtp.port, deadline, timeout_seconds=TIMEOUT_SECONDS, implicit_tls=self.smtp.implicit_tls
        )
        try:
            if self.smtp.starttls and not self.smtp.implicit_tls:
                connection.starttls(context=ssl.create_default_context())
            connection.ehlo_or_helo_if_needed()
            if self.smtp.username is not None and self.password is not None:
                connection.login(self.smtp.username, self.password)
            deadline.check()  # smtplib takes half a line for an answer
        except BaseException:
            connection.close()
            raise
        return connection

    def _answer(self, code: int, said: bytes | str) -> str:
        """What the server says, unless it repeats the password, in whichever form and however broken into lines."""
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        if self.password is not None:
            sent = (self.password, f"\0{self.smtp.username}\0{self.password}")  # AUTH LOGIN, AUTH PLAIN
            secrets = (self.password, *(b64encode(one.encode()).decode() for one in sent))
            if any("".join(one.split()) in "".join(text.split()) for one in secrets):
                return str(code)
        return f"{code} {quoted(text)}".strip()

    @contextmanager
    def _told(self, deadline: Deadline, doubt: str = "") -> Iterator[None]:
        """What smtplib raises, as one sentence. `doubt` is what a lost connection leaves open."""
        try:
            with self._explained(doubt):
                yield
        except UnableToSend as error:
            if not deadline.is_over:
                raise
            raise UnableToSend(
                f"{self} did not come to an end within {deadline.seconds:g} seconds{doubt}", hint=_CHECK_SERVER
            ) from error

    @contextmanager
    def _explained(self, doubt: str) -> Iterator[None]:
        try:
            yield
        except smtplib.SMTPAuthenticationError as error:  # what a server says to that may repeat what it was told
            raise UnableToSend(
                f"{self} does not take the user name or the password ({error.smtp_code})",
                hint=f"check `smtp.username` and the variable {self.smtp.password_env}",
            ) from error
        except smtplib.SMTPNotSupportedError as error:
            if not self.smtp.is_encrypted or self.smtp.implicit_tls:
                raise UnableToSend(f"{self} takes no password", hint="leave out `smtp.username`, or check the port") from error
            raise UnableToSend(
                f"{self} has no STARTTLS, or takes no password",
                hint="check `smtp.port`: 587 is usual, and 465 has TLS from the start",
            ) from error
        except smtplib.SMTPRecipientsRefused as error:
            refused = [f"{address} ({self._answer(*answer)})" for address, answer in error.recipients.items()]
            raise UnableToSend(f"{self} refuses every recipient: {a_few(refused)}", hint="check `to` of [email]") from error
        except smtplib.SMTPSenderRefused as error:
            said = self._answer(error.smtp_code, error.smtp_error)
            raise UnableToSend(f"{self} refuses mail from {error.sender}: {said}", hint="check `from` of [email]") from error
        except smtplib.SMTPResponseException as error:
            if error.smtp_code == NO_CODE:
                raise UnableToSend(f"{self} does not speak SMTP{doubt}", hint=_CHECK_SERVER) from error
            what = "the mail" if isinstance(error, smtplib.SMTPDataError) else "the connection"
            raise UnableToSend(
                f"{self} refuses {what}: {self._answer(error.smtp_code, error.smtp_error)}", hint="see what it says"
            ) from error
        except smtplib.SMTPServerDisconnected as error:
            late = isinstance(error.__context__, TimeoutError)
            what = f"did not answer within {TIMEOUT_SECONDS:g} seconds" if late else "closed the connection"
            raise UnableToSend(f"{self} {what}{doubt}", hint=_CHECK_SERVER) from error
        except smtplib.SMTPException as error:
            raise UnableToSend(f"{self} cannot be used: {quoted(str(error))}", hint=_CHECK_SERVER) from error
        except ssl.SSLCertVerificationError as error:
            raise UnableToSend(
                f"{self} has a certificate that is not trusted: {error.verify_message}",
                hint="check the name of the host; SSL_CERT_FILE names a file of certificates to trust",
            ) from error
        except TimeoutError as error:
            raise UnableToSend(f"{self} did not answer within {TIMEOUT_SECONDS:g} seconds{doubt}", hint=_CHECK_SERVER) from error
        except (OSError, UnicodeError) as error:  # UnicodeError: a name that is none for DNS
            why = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
            raise UnableToSend(f"{self} cannot be reached: {why}{doubt}", hint=_CHECK_SERVER) from error


def open_smtp(smtp: Smtp, addresses: Addresses) -> Server:
    """Nothing is sent yet, and only from and to `addresses`. Raises ConfigError where the password is not in the environment."""
    name = smtp.password_env
    if name is None:
        return Server(smtp=smtp, addresses=addresses)
    password = os.environ.get(name)
    if not password:
        raise ConfigError(
            f"the environment variable {name}, which has the password for {smtp}, is not set",
            hint="set it, or correct `password_env`",
        )
    if not password.isascii():
        raise ConfigError(
            f"the password in {name} is not of ASCII characters, and SMTP here knows no others", hint="choose another"
        )
    return Server(smtp=smtp, addresses=addresses, password=password)


def _leave(connection: smtplib.SMTP, deadline: Deadline) -> None:
    """It was sent, or failed, before: what comes of QUIT is no matter."""
    deadline.restart(GOODBYE_SECONDS)
    with contextlib.suppress(smtplib.SMTPException, OSError):
        connection.quit()
    connection.close()
