"""
The message: text, HTML with its picture, and the whole report attached, as bytes that any mail server takes.

    multipart/mixed( multipart/alternative( text/plain, multipart/related( text/html, image/png ) ), text/html )

All of it is ASCII with lines of at most 76 characters (headers: 998), so that nothing on the way has a reason to change it.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from typing import Protocol

from msgspec import UNSET

from stj_audit.errors import UnableToSend
from stj_audit.history import UNKNOWN_ACCOUNT, scopes_hash
from stj_audit.report import SEVERAL, Report

MAX_ATTACHMENT_BYTES = 10 * 1024**2  # many mail servers take 25 MB, of which base64 leaves 18
MAX_MESSAGE_BYTES = 40 * 1000**2  # of SES (SES developer guide, "Service quotas"), in the smaller of both meanings of MB
MAX_SUBJECT = 200  # characters; what shows it cuts it much earlier
NAME = "stj-audit"

NAME_LENGTH = 60  # several of them make the name of a file, which may have 255 bytes
_NOT_FOR_NAMES = re.compile(r"[^A-Za-z0-9-]+", re.ASCII)


class _AsItIs(UnstructuredHeader, BaseHeader):
    """A header of ASCII without spaces. The library would hide one that is longer than a line in encoded words, which nothing reads there."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
for _name in ("list-id", "list-unsubscribe", "message-id"):
    _HEADERS.map_to_type(_name, _AsItIs)
_POLICY = SMTP.clone(cte_type="7bit", header_factory=_HEADERS)


class Body(Protocol):
    """What `render.mail.MailBody` is: rendering and delivering do not know each other."""

    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def html(self) -> str: ...
    @property
    def picture(self) -> bytes | None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Issue:
    """
    What is mailed once: the report of an environment for a period. `environment` is what the configuration calls it, else the account;
    `region` has a hash of all accounts and regions where they are several; `period` is "2026-10", "2026-W44" or "run-" and its id. All are as
    names of files have them. `name` is the environment as people know it, where that is another word.
    """

    environment: str
    region: str
    period: str
    name: str = ""

    def __str__(self) -> str:
        """ "2026-11 of prod"."""
        return f"{self.period} of {self.name or self.environment}"

    @property
    def folder(self) -> str:
        return f"{self.environment}/{self.region}"

    def message_id(self, domain: str, attempt: str = "") -> str:
        """The same for each attempt to send the same, so that whoever gets two can know; `attempt` makes another one of it."""
        known = "\n".join((self.environment, self.region, self.period, attempt))
        return f"<{NAME}.{self.environment}.{self.period}.{hashlib.sha256(known.encode()).hexdigest()[:12]}@{domain}>"


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """From whom to whom, and what the headers say. `unsubscribe` is "mailto:...", None: not told."""

    sender: Address
    recipients: tuple[Address, ...]
    issue: Issue
    message_id: str
    unsubscribe: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A whole report in HTML."""

    file_name: str
    html: bytes


def issue_of(report: Report, name: str, period: str) -> Issue:
    """What a report is of, by when the audit began: one that is sent late is still that of its month. `period`: month, week or run."""
    audit = report.audit
    started = audit.started_at.astimezone(UTC)
    year, week, _ = started.isocalendar()
    periods = {"month": f"{started:%Y-%m}", "week": f"{year}-W{week:02}", "run": f"run-{safe(audit.id)}"}
    is_several = audit.scopes is not UNSET and SEVERAL in (audit.account, audit.region)
    account = "several accounts" if audit.account == SEVERAL else audit.account or UNKNOWN_ACCOUNT
    return Issue(
        environment=safe(name or audit.account or UNKNOWN_ACCOUNT),
        region=safe(f"{audit.region}-{scopes_hash(report)}" if is_several else audit.region),
        period=periods[period],
        name=one_line(name) or one_line(account),
    )


def safe(name: str) -> str:
    """A name for files and headers. Two names that differ stay two, also where what they differ in is left out."""
    cleaned = _NOT_FOR_NAMES.sub("-", name).strip("-")
    if cleaned == name and 0 < len(name) <= NAME_LENGTH:
        return name
    return f"{cleaned[:NAME_LENGTH]}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}".lstrip("-")


def attachment(report: Report, issue: Issue, html: str) -> Attachment | None:
    """The report as a file; None where it is too large to be mailed."""
    content = html.encode("utf-8", "replace")
    if len(content) > MAX_ATTACHMENT_BYTES:
        return None
    day = f"{report.audit.started_at.astimezone(UTC):%Y-%m-%d}"
    return Attachment(file_name=f"dynamodb-health-{issue.environment}-{issue.region}-{day}.html", html=content)


def message(body: Body, envelope: Envelope, *, picture_cid: str, attached: Attachment | None, now: datetime) -> bytes:
    """The message with CRLF at the end of each line. Raises UnableToSend where it is too large for any server."""
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = envelope.sender
    mail["To"] = envelope.recipients
    mail["Subject"] = one_line(body.subject)
    for header, value in _headers(envelope, now):
        mail[header] = value
    mail.set_content(_text(body.text))
    mail.add_alternative(_text(body.html), subtype="html")
    if body.picture is not None:
        _, html = mail.iter_parts()
        if not isinstance(html, EmailMessage):
            raise AssertionError("parts of an EmailMessage are such")
        html.add_related(body.picture, "image", "png", cid=f"<{picture_cid}>", disposition="inline", filename=f"{picture_cid}.png")
        html.set_param("type", "text/html")  # RFC 2387, 3.1
    if attached is not None:
        mail.add_attachment(attached.html, "text", "html", filename=attached.file_name, params={"charset": "utf-8"})
    raw = mail.as_bytes()
    if len(raw) > MAX_MESSAGE_BYTES:
        raise UnableToSend(
            f"the mail would have {len(raw):,} bytes, and {MAX_MESSAGE_BYTES:,} is the most that is sent",
            hint="set `attach = false` in [email]",
        )
    return raw


def _headers(envelope: Envelope, now: datetime) -> Sequence[tuple[str, str | datetime]]:
    domain, label = envelope.sender.domain, f"{NAME}.{envelope.issue.environment}"
    told: list[tuple[str, str | datetime]] = [
        ("Date", now.astimezone(UTC)),
        ("Message-ID", envelope.message_id),
        ("Auto-Submitted", "auto-generated"),  # RFC 3834: no answer by a machine, please
        ("X-Auto-Response-Suppress", "All"),  # the same for Exchange
        ("List-Id", f"<{label}.{domain}>"),
    ]
    if envelope.unsubscribe is not None:
        told.append(("List-Unsubscribe", f"<{envelope.unsubscribe}>"))
    return told


def one_line(text: str) -> str:
    """A subject: no line breaks, control characters, or halves of surrogate pairs."""
    kept = "".join(" " if unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} else letter for letter in text)
    words = " ".join(kept.split())
    return words if len(words) <= MAX_SUBJECT else words[: MAX_SUBJECT - 1] + "…"


def _text(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
