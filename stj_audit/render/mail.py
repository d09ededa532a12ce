"""
A report as a mail: subject, plain text, HTML and one picture. What carries it is not known here: no clock, no network.

The HTML is for programs that know tables and styles in attributes, and little else; it is written for those that know least.
"""

from dataclasses import dataclass

from stj_audit.render import digest_mail, mail_picture, mail_text
from stj_audit.render.escape import escape_html_code, visible
from stj_audit.render.templates import render_mail_html
from stj_audit.report import Report

PICTURE_CID = "cost-and-sizes"  # the Content-ID of the picture, without its angle brackets
MOST_HTML_BYTES = 102_000  # Gmail cuts off what is longer; parts beside the HTML do not count
# Rows of each list, runs of the trend, and characters of a text, from all that is of use to what always fits.
SIZES = ((10, 13, 300), (6, 6, 160), (3, 2, 60))


@dataclass(frozen=True, kw_only=True, slots=True)
class MailBody:
    """
    `subject` is one line without control characters; `text` and `html` are valid UTF-8 and end in a newline. `html` refers to the picture as
    cid:PICTURE_CID if there is one. `picture` is a PNG; None: nothing to draw, or resvg (the extra `email`) is not installed.
    """

    subject: str
    text: str
    html: str
    picture: bytes | None
    picture_alt: str


def mail_body(report: Report, *, name: str = "", link: str | None = None, attached: bool = True) -> MailBody:
    """
    The mail. `name` is what is audited, such as "prod"; `link` where the full report lies; `attached` whether it hangs on the mail.

    The same report gives the same mail.
    """
    subject = digest_mail.subject(report, name)
    picture = mail_picture.picture(report)
    alt = "" if picture is None else mail_picture.picture_alt(report)
    return MailBody(
        subject=subject,
        text=mail_text.mail_text(report, name=name, link=link, attached=attached),
        html=_html(report, subject=subject, link=link, attached=attached, alt=alt),
        picture=picture,
        picture_alt=visible(alt),
    )


def _html(report: Report, *, subject: str, link: str | None, attached: bool, alt: str) -> str:
    for rows, runs, brief in SIZES:
        html = render_mail_html(
            report,
            subject=subject,
            picture_alt=alt,
            cid=PICTURE_CID,
            rows=rows,
            runs=runs,
            brief=brief,
            link=link,
            # Whole, however long: an address that was signed does not work when it is cut
            href=escape_html_code(visible(link)) if link is not None and digest_mail.opens(link) else None,
            attached=attached,
            link_words=digest_mail.link_words(link, attached),
            most_outlooks=digest_mail.MOST_OUTLOOKS,
        )
        if len(html.encode()) < MOST_HTML_BYTES:
            break
    return html
