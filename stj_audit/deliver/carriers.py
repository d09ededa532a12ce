"""
What carries a message: Amazon SES, or a mail server by SMTP. Every failure is one sentence.

Both know from whom and to whom mail may go, and refuse any other. The client of SES is the caller's own, as that of the history is: without
the role of the audit, and used for nothing else. All that it may send is SendEmail, and GetEmailIdentity for `doctor`; once each, because SES
has no way to tell that it has got the same mail before.
"""

import contextlib
import os
import smtplib
import ssl
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from botocore.config import Config
from botocore.exceptions import ClientError, NoRegionError, ReadTimeoutError

from stj_audit.aws_failures import DENIED_CODES, FAILURES, code_of
from stj_audit.deliver.clients import explained, own_client
from stj_audit.deliver.connections import Deadline, open_connection
from stj_audit.email_settings import Email, Smtp, parse_address
from stj_audit.errors import ConfigError, UnableToSend
from stj_audit.read_only import Parameters, Rule, Rules
from stj_audit.refusals import refuse
from stj_audit.wording import a_few

TIMEOUT_SECONDS = 30.0  # for each answer: a server that looks for viruses takes its time
DEADLINE_SECONDS = 300.0  # for all of it, as answers may come in drops: well before a claim is void, which is after 15 minutes
GOODBYE_SECONDS = 5.0  # for QUIT: by then it was sent, or was not
SES_CONNECT_TIMEOUT_SECONDS, SES_READ_TIMEOUT_SECONDS = 5, 60
UNCERTAIN = "; it is not known whether the mail was sent"
NO_CODE = -1  # of smtplib, for an answer that has none
_QUOTED = 200  # characters of what a server says

_HINTS = {  # error of SES -> what to do
    "MessageRejected": "verify the address or its domain in SES; in the sandbox that of each recipient too",
    "MailFromDomainNotVerifiedException": "verify the MAIL FROM domain in SES",
    "AccountSuspendedException": "see the account dashboard of SES",
    "SendingPausedException": "see the account dashboard of SES, or the configuration set",
    "NotFoundException": "check `ses_configuration_set` and `ses_region`",
    "TooManyRequestsException": "run it again later",
    "LimitExceededException": "run it again later",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Addresses:
    """From whom and to whom mail may go, without their names; no sender: none may."""

    sender: str | None
    recipients: frozenset[str]

    @classmethod
    def of(cls, email: Email) -> "Addresses":
        return cls(
            sender=None if email.from_ is None else parse_address(email.from_, "email.from").addr_spec,
            recipients=frozenset(parse_address(one, "email.to").addr_spec for one in email.to),
        )

    def allow(self, sender: object, recipients: Sequence[str]) -> bool:
        return sender is not None and sender == self.sender and len(recipients) > 0 and self.recipients.issuperset(recipients)

    def belongs(self, identity: object) -> bool:
        """Whether an identity of SES is the sender's: its address, its domain, or a domain above that."""
        domain = (self.sender or "").partition("@")[2]
        return identity == self.sender or f".{domain}".endswith(f".{identity}")


class Carrier(Protocol):
    """Something that mail can be sent through."""

    def __str__(self) -> str: ...

    def send(self, raw: bytes, sender: str, recipients: Sequence[str]) -> Mapping[str, str]:
        """The recipients that were refused, and why, where others got it. Raises UnableToSend."""

    def ready(self, sender: str) -> "Readiness":
        """Whether it would take mail from an address, without sending any."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Readiness:
    """`state` is True, False, or None where that is not known; `words` say why."""

    state: bool | None
    words: str


def open_carrier(email: Email, *, region: str | None, profile: str | None = None, endpoint_url: str | None = None) -> Carrier:
    """What `[email]` names; nothing is sent yet. Raises ConfigError."""
    if email.carrier == "smtp" and email.smtp is not None:  # `Email` itself has neither without the other
        return open_smtp(email.smtp, Addresses.of(email))
    return open_ses(
        Addresses.of(email),
        configuration_set=email.ses_configuration_set,
        region=email.ses_region or region,
        profile=profile,
        endpoint_url=endpoint_url,
    )


# ----------------------------------------------------------------------------------------------------------------- SES


@dataclass(frozen=True, kw_only=True, slots=True)
class Ses:
    client: Any  # no stubs: two calls
    configuration_set: str | None

    def __str__(self) -> str:
        return f"SES in {self.client.meta.region_name}"

    def send(self, raw: bytes, sender: str, recipients: Sequence[str]) -> Mapping[str, str]:
        more = {} if self.configuration_set is None else {"ConfigurationSetName": self.configuration_set}
        try:
            self.client.send_email(
                FromEmailAddress=sender, Destination={"ToAddresses": list(recipients)}, Content={"Raw": {"Data": raw}}, **more
            )
        except ClientError as error:
            raise UnableToSend(f"{self} refuses the mail: {_told(error)}", hint=_hint(error)) from error
        except FAILURES as error:
            said, doubt = explained(error), UNCERTAIN if isinstance(error, ReadTimeoutError) else ""
            raise UnableToSend(f"cannot send through {self}: {said}{doubt}", hint=said.hint) from error
        return {}

    def ready(self, sender: str) -> Readiness:
        """An address may be verified itself, or by its domain, or a domain above that."""
        domain = sender.partition("@")[2]
        labels = domain.split(".")
        found = []
        for identity in (sender, *(".".join(labels[place:]) for place in range(max(len(labels) - 1, 1)))):
            try:
                answer = self.client.get_email_identity(EmailIdentity=identity)
            except ClientError as error:
                code = code_of(error)
                if code == "NotFoundException":
                    continue
                allow = " (allow ses:GetEmailIdentity)" if code in DENIED_CODES else ""
                return Readiness(state=None, words=f"whether {self} would send from {sender} is not known: {code}{allow}")
            except FAILURES as error:
                return Readiness(state=None, words=f"whether {self} would send from {sender} is not known: {explained(error)}")
            if answer.get("VerifiedForSendingStatus") or answer.get("VerificationStatus") == "SUCCESS":
                return Readiness(state=True, words=f"{self} sends from {sender}: {identity} is verified")
            found.append(f"{identity} is {answer.get('VerificationStatus') or 'not verified'}")
        return Readiness(
            state=False, words=f"{self} does not send from {sender}: {'; '.join(found) or 'neither it nor its domain is verified'}"
        )


def open_ses(
    addresses: Addresses,
    *,
    configuration_set: str | None,
    region: str | None,
    profile: str | None = None,
    endpoint_url: str | None = None,
) -> Ses:
    """Nothing is sent yet, and only from and to `addresses`. Raises ConfigError."""
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=SES_CONNECT_TIMEOUT_SECONDS,
        read_timeout=SES_READ_TIMEOUT_SECONDS,
    )
    try:
        client = own_client(
            "sesv2", ses_rules(addresses, configuration_set), config, profile=profile, region=region, endpoint_url=endpoint_url
        )
    except FAILURES as error:
        said = explained(error)
        hint = "set `ses_region` in [email], or --region" if isinstance(error, NoRegionError) else said.hint
        raise ConfigError(f"SES cannot be used: {said}", hint=hint) from error
    return Ses(client=client, configuration_set=configuration_set)


def ses_rules(addresses: Addresses, configuration_set: str | None) -> Rules:
    """
    What may be sent to SES. A whole message to a destination that is named: without one, the headers of the message would say who gets it.
    """

    def is_ours(asked: Parameters) -> bool:
        destination = asked.get("Destination", {})
        return (
            destination.keys() == {"ToAddresses"}
            and addresses.allow(asked.get("FromEmailAddress"), destination["ToAddresses"])
            and asked.get("Content", {}).keys() == {"Raw"}
            and asked.get("ConfigurationSetName") == configuration_set
        )

    return {
        "sesv2": {
            "GetEmailIdentity": Rule(
                may=frozenset({"EmailIdentity"}),
                check=lambda asked: addresses.belongs(asked.get("EmailIdentity")),
                path="/v2/email/identities/*",
            ),
            "SendEmail": Rule(
                may=frozenset({"ConfigurationSetName", "Content", "Destination", "FromEmailAddress"}),
                check=is_ours,
                method="POST",
                path="/v2/email/outbound-emails",
                json_body=True,
            ),
        }
    }


def _told(error: ClientError) -> str:
    """SES says in a message which address it does not like."""
    code, said = code_of(error), str(error.response.get("Error", {}).get("Message") or "")
    return f"{code} ({_quoted(said)})" if code == "MessageRejected" and said else str(code)


def _hint(error: ClientError) -> str:
    code = str(code_of(error))
    if code in DENIED_CODES:
        return "allow ses:SendEmail and ses:SendRawEmail (see `stj-audit iam-policy --send-from`)"
    return _HINTS.get(code, "see what SES says of this error")


# ---------------------------------------------------------------------------------------------------------------- SMTP


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
        return f"{code} {_quoted(text)}".strip()

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
            raise UnableToSend(f"{self} cannot be used: {_quoted(str(error))}", hint=_CHECK_SERVER) from error
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


_CHECK_SERVER = "check `smtp.host` and `smtp.port`"


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _QUOTED else f"{line[: _QUOTED - 1]}…"
