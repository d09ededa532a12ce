"""The body of the mail that tells of a report: its subject, its text, and the same as HTML."""

from dataclasses import dataclass
from html import escape

from stj_audit.report import Report

PICTURE_CID = "cost-and-sizes"  # without <>


@dataclass(frozen=True, kw_only=True, slots=True)
class MailBody:
    """What a mail shows. `picture` is a PNG that `html` has as `cid:` and PICTURE_CID, None where there is none."""

    subject: str
    text: str
    html: str
    picture: bytes | None
    picture_alt: str


def mail_body(report: Report, *, name: str = "", link: str | None = None, attached: bool = True) -> MailBody:
    """`name` is what the environment is called, `link` where the whole report is, `attached` whether it comes with the mail."""
    prefix = f"[{name}] " if name else ""
    where = ["The whole report is attached."] if attached else []
    where += [f"The whole report: {link}"] if link else []
    lines = [report.verdict, *(f"{one.severity}: {one.title} ({one.table})" for one in report.findings if one.suppressed is None)]
    if not where:
        where = ["The whole report is not attached: ask whoever sends this."]
    told = [*lines, "", *where]
    return MailBody(
        subject=f"{prefix}DynamoDB health: {report.overall.grade}",
        text="\n".join(told) + "\n",
        html="<html><body>" + "".join(f"<p>{escape(line)}</p>\n" for line in told) + "</body></html>\n",
        picture=None,
        picture_alt="",
    )
