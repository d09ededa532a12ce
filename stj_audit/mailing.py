"""A report becomes a mail, and is sent: on the occasions that `[email]` names, and once for a period where a history is kept."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from msgspec import UNSET

from stj_audit.deliver.carrier import Carrier
from stj_audit.deliver.claims import TAKEN_OVER_AFTER, Claim, Clock, Sent, claim, last_sent, mark_failed, mark_sent
from stj_audit.deliver.history import earlier
from stj_audit.deliver.mail import MAX_ATTACHMENT_BYTES, Envelope, Issue, attachment, issue_of, message
from stj_audit.deliver.occasion import before, why_not
from stj_audit.deliver.stores import Store
from stj_audit.email_settings import Email, addressed, parse_unsubscribe
from stj_audit.errors import UnableToSend, UnusableHistory
from stj_audit.history import RunSummary, summary
from stj_audit.render import render
from stj_audit.render.mail import PICTURE_CID, mail_body
from stj_audit.report import Report
from stj_audit.trend import trend
from stj_audit.wording import a_few, listed, size

Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """One mail: the whole message, and from and to which addresses it goes."""

    raw: bytes
    sender: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """How a report is sent: through what, with which history (None: none is kept), by which clock. `again`: also if it was sent."""

    carrier: Carrier
    store: Store | None
    clock: Clock
    again: bool = False


def mail_report(report: Report, email: Email, way: Way, *, tell: Tell) -> str:
    """
    Send a report where there is occasion to, and say what was done. `tell` is told what else there is to know.

    Raises UnableToSend, UnusableHistory and ConfigError.
    """
    issue = issue_of(report, email.name, email.period)
    report, runs = compared(report, way.store)
    reason = _why_not(report, email, runs, None if way.store is None else _last_mail(way.store, issue))
    if reason is not None:
        return f"not sent: {reason}"
    if way.store is None:
        tell("without --history nothing keeps this from being sent twice")
        attempt = way.clock().isoformat() if way.again else ""
        return _carry(write_mail(report, email, now=way.clock(), attempt=attempt, tell=tell), issue, way.carrier)
    return _once(report, email, way, way.store, tell=tell)


def compared(report: Report, store: Store | None) -> tuple[Report, list[RunSummary]]:
    """
    The report with the trend up to it, where it has none and there are earlier runs, or something to say of what is kept; and those runs.

    Only reads. Raises UnusableHistory.
    """
    runs, notes = ([], []) if store is None else earlier(store, report)
    if report.trend is UNSET and (runs or notes):
        report = replace(report, trend=trend(runs, summary(report), notes=notes))
    return report, runs


def write_mail(report: Report, email: Email, *, now: datetime, attempt: str = "", tell: Tell) -> Mail:
    """The mail of a report. `attempt` is for one that is sent again: it is another message. Raises UnableToSend and ConfigError."""
    sender, recipients = addressed(email)
    issue = issue_of(report, email.name, email.period)
    attached = attachment(report, issue, render(report, "html")) if email.attach else None
    if email.attach and attached is None:
        tell(f"the whole report is larger than {size(MAX_ATTACHMENT_BYTES)}, and is not attached")
    envelope = Envelope(
        sender=sender,
        recipients=recipients,
        issue=issue,
        message_id=issue.message_id(sender.domain, attempt),
        unsubscribe=None if email.unsubscribe is None else parse_unsubscribe(email.unsubscribe),
    )
    body = mail_body(report, name=email.name, link=email.link, attached=attached is not None)
    raw = message(body, envelope, picture_cid=PICTURE_CID, attached=attached, now=now)
    return Mail(raw=raw, sender=sender.addr_spec, recipients=tuple(one.addr_spec for one in recipients))


def _last_mail(store: Store, issue: Issue) -> tuple[str, Sequence[str]] | None:
    done = last_sent(store, issue)
    return None if done is None else (done.grade, done.findings)


def _why_not(report: Report, email: Email, runs: Sequence[RunSummary], mailed: tuple[str, Sequence[str]] | None) -> str | None:
    kept = (runs[0].grade, runs[0].findings) if runs else None
    return why_not(
        report, send=email.send, least_saving_usd=email.least_saving_usd, before=before(report, mailed=mailed, kept=kept)
    )


def _once(report: Report, email: Email, way: Way, store: Store, *, tell: Tell) -> str:
    issue = issue_of(report, email.name, email.period)
    mail = write_mail(report, email, now=way.clock(), tell=tell)  # before the claim: what fails here was never begun
    mine = claim(store, issue, report.audit.id, clock=way.clock, again=way.again)
    if isinstance(mine, Sent):
        when = "" if mine.at is None else f" on {mine.at:%Y-%m-%d at %H:%M} UTC"
        return f"not sent: the mail for {issue} was sent{when}; --again sends it again"
    if way.again and mine.attempt > 1:  # what has the Message-ID of an earlier mail may not be shown
        mail = write_mail(report, email, now=way.clock(), attempt=str(mine.attempt), tell=_to_nobody)
    return _carry(mail, issue, way.carrier, kept=_Kept(store=store, mine=mine, said=summary(report), clock=way.clock))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    """Where it is kept what became of a claim."""

    store: Store
    mine: Claim
    said: RunSummary
    clock: Clock

    def failed(self) -> None:
        with contextlib.suppress(UnusableHistory):  # then the next attempt has to wait, and nothing else is wrong
            mark_failed(self.store, self.mine, clock=self.clock)

    def sent(self) -> None:
        try:
            mark_sent(self.store, self.mine, self.said, clock=self.clock)
        except UnusableHistory as error:
            minutes = TAKEN_OVER_AFTER.seconds // 60
            raise UnusableHistory(
                f"the mail was sent, and that cannot be kept, so that another run after {minutes} minutes sends it again: {error}",
                hint=error.hint,
            ) from error


def _carry(mail: Mail, issue: Issue, carrier: Carrier, *, kept: _Kept | None = None) -> str:
    try:
        refused = carrier.send(mail.raw, mail.sender, mail.recipients)
    except UnableToSend:
        if kept is not None:
            kept.failed()
        raise
    if kept is not None:
        kept.sent()
    if refused:
        told = a_few([f"{address} ({why})" for address, why in refused.items()])
        raise UnableToSend(f"the mail was sent, but {carrier} refuses {told}", hint="correct `to` of [email]")
    return f"sent the mail for {issue} to {listed(mail.recipients)}, through {carrier}"


def _to_nobody(_sentence: str) -> None:
    """It was told before."""
