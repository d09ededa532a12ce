"""The message: what any reader of mail takes apart again, whatever is in it."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stj_audit.deliver import mail as made
from stj_audit.deliver.mail import Attachment, Envelope, Issue, attachment, issue_of, message, one_line, safe
from stj_audit.email_settings import parse_address
from stj_audit.errors import UnableToSend
from stj_audit.report import Report
from tests.engines.mail_server import parsed
from tests.sample_report import HOSTILE, a_scope, hostile_report, sample_report

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 22, 7, 5, tzinfo=timezone(timedelta(hours=1)))
CID = "cost-and-sizes"
ISSUE = Issue(environment="prod", region="eu-north-1", period="2026-11")


@dataclass(frozen=True, kw_only=True)
class Body:
    subject: str = "[prod] DynamoDB health: C"
    text: str = "A verdict\n"
    html: str = '<html><body><img src="cid:cost-and-sizes"></body></html>\n'
    picture: bytes | None = b"\x89PNG\r\n\x1a\n"


def an_envelope(sender: str = "Ops Ü <audits@example.com>", issue: Issue = ISSUE, unsubscribe: str | None = None) -> Envelope:
    return Envelope(
        sender=parse_address(sender, "from"),
        recipients=(parse_address("Team <team@example.com>", "to"), parse_address("other@example.org", "to")),
        issue=issue,
        message_id=issue.message_id("example.com"),
        unsubscribe=unsubscribe,
    )


WHOLE = Attachment(file_name="dynamodb-health-prod.html", html="<html>ü</html>".encode())


def made_of(body: Body, envelope: Envelope | None = None, attached: Attachment | None = WHOLE) -> EmailMessage:
    raw = message(body, envelope or an_envelope(), picture_cid=CID, attached=attached, now=NOW)
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r") == raw.count(b"\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    found = parsed(raw)
    assert [part.defects for part in found.walk() if part.defects] == []
    return found


def shape(part: EmailMessage) -> object:
    parts = [shape(one) for one in part.iter_parts() if isinstance(one, EmailMessage)] if part.is_multipart() else []
    return (part.get_content_type(), *parts) if parts else part.get_content_type()


def test_its_parts() -> None:
    found = made_of(Body())
    related = ("multipart/related", "text/html", "image/png")
    assert shape(found) == ("multipart/mixed", ("multipart/alternative", "text/plain", related), "text/html")
    picture = next(part for part in found.walk() if part.get_content_type() == "image/png")
    assert (picture["Content-ID"], picture.get_content_disposition()) == (f"<{CID}>", "inline")
    [whole] = found.iter_attachments()
    assert (whole.get_filename(), whole.get_content_charset()) == ("dynamodb-health-prod.html", "utf-8")
    assert whole.get_payload(decode=True) == WHOLE.html
    assert shape(made_of(Body(picture=None), attached=None)) == ("multipart/alternative", "text/plain", "text/html")


def test_its_headers() -> None:
    found = made_of(Body(), an_envelope(unsubscribe="mailto:leave@example.com?subject=leave"))
    assert found["From"].addresses[0].display_name == "Ops Ü"
    assert [one.addr_spec for one in found["To"].addresses] == ["team@example.com", "other@example.org"]
    assert found["Date"].datetime == NOW
    assert found["Message-ID"] == "<stj-audit.prod.2026-11.cad76f058441@example.com>"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["X-Auto-Response-Suppress"] == "All"
    assert found["List-Id"] == "<stj-audit.prod.example.com>"
    assert found["List-Unsubscribe"] == "<mailto:leave@example.com?subject=leave>"
    assert made_of(Body())["List-Unsubscribe"] is None


def test_a_message_id_is_that_of_the_month_and_again_another() -> None:
    report = sample_report()
    later = replace(report, audit=replace(report.audit, id="another", started_at=report.audit.started_at + timedelta(days=3)))
    issues = [issue_of(one, "prod", "month") for one in (report, later)]
    assert issues[0] == issues[1]
    assert issues[0].message_id("example.com") != issues[0].message_id("example.com", "2")


def test_what_a_report_is_of_is_told_by_when_it_began() -> None:
    report = sample_report()
    began = datetime(2027, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))  # 2026 in UTC, and a week of 2026
    report = replace(report, audit=replace(report.audit, started_at=began, id="r/1"))
    assert [issue_of(report, "", period).period for period in ("month", "week")] == ["2026-12", "2026-W53"]
    assert issue_of(report, "", "run").period.startswith("run-r-1-")
    assert issue_of(report, "", "month").environment == "123456789012"
    unknown = replace(report, audit=replace(report.audit, account=None))
    assert issue_of(unknown, "", "month").environment == "unknown"


def of_regions(*regions: str, account: str = "123456789012") -> Report:
    report = sample_report()
    scopes = tuple(
        a_scope(region, account=account if account != "several" else f"{place:012}") for place, region in enumerate(regions)
    )
    region = "several" if len(set(regions)) > 1 else regions[0]
    return replace(report, audit=replace(report.audit, account=account, region=region, scopes=scopes))


@pytest.mark.parametrize("name", ["", "prod"])
def test_the_mail_of_several_regions_is_of_these(name: str) -> None:
    reports = [
        of_regions("eu-north-1", "us-east-1"),
        of_regions("eu-west-1", "us-east-1"),
        of_regions("eu-north-1", "us-east-1", account="several"),
        of_regions("eu-north-1", "eu-north-1", account="several"),
        of_regions("eu-north-1", "eu-north-1", "eu-north-1", account="several"),
    ]
    issues = [issue_of(report, name, "month") for report in reports]
    assert len({issue.folder for issue in issues}) == len({issue.message_id("example.com") for issue in issues}) == len(reports)
    assert issue_of(of_regions("us-east-1", "eu-north-1"), name, "month") == issues[0]
    assert str(issues[0]) == f"2026-11 of {name or '123456789012'}"
    assert str(issues[2]) == f"2026-11 of {name or 'several accounts'}"


def test_an_environment_is_told_as_it_was_configured() -> None:
    issue = issue_of(sample_report(), "生产\n", "month")
    assert str(issue) == "2026-11 of 生产"
    assert issue.folder.isascii()
    assert str(issue_of(sample_report(), "prod", "month")) == "2026-11 of prod"


def test_a_report_that_is_too_large_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    report = sample_report()
    assert attachment(report, ISSUE, "x" * 10 * 1024**2) is not None
    assert attachment(report, ISSUE, "x" * 10 * 1024**2 + "x") is None
    monkeypatch.setattr(made, "MAX_MESSAGE_BYTES", 1_000)
    with pytest.raises(UnableToSend, match="and 1,000 is the most that is sent"):
        made_of(Body())


def test_hostile_names_stay_where_they_belong() -> None:
    report = hostile_report()
    for text in HOSTILE:
        issue = issue_of(replace(report, audit=replace(report.audit, account=text, region=text)), "", "month")
        found = made_of(Body(subject=text, text=text, html=text), an_envelope(issue=issue), attachment(report, issue, text))
        assert set(found.keys()) == {
            *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "List-Id"),
            *("MIME-Version", "Content-Type"),
        }
        [whole] = found.iter_attachments()
        name = whole.get_filename() or ""
        assert name.isascii()
        assert not set(name) & set("/\\\"' \r\n\0:;%")


@given(st.text(), st.text(max_size=30))
def test_names_for_files_are_safe_and_stay_apart(one: str, other: str) -> None:
    assert set(safe(one)) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
    assert safe(one)
    assert (safe(one) == safe(other)) == (one.encode("utf-8", "replace") == other.encode("utf-8", "replace"))


TEXTS = st.text(alphabet=st.characters(), max_size=300)  # halves of surrogate pairs too


@given(subject=TEXTS, text=TEXTS, html=TEXTS, name=st.text(min_size=1, max_size=60), picture=st.none() | st.binary())
def test_whatever_is_in_it_is_read_as_it_was_written(subject: str, text: str, html: str, name: str, picture: bytes | None) -> None:
    issue = Issue(environment=safe(name), region="eu-north-1", period="2026-11")
    found = made_of(Body(subject=subject, text=text, html=html, picture=picture), an_envelope(issue=issue))
    assert found["Subject"] == one_line(subject)
    assert found["Message-ID"] == issue.message_id("example.com")
    assert found["List-Id"] == f"<stj-audit.{issue.environment}.example.com>"
    plain, rich = found.get_body(("plain",)), found.get_body(("html",))
    assert plain is not None
    assert rich is not None
    for part, written in ((plain, text), (rich, html)):
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        assert _lines(payload.decode()) == _lines(written.encode("utf-8", "replace").decode())
    pictures = [part.get_payload(decode=True) for part in found.walk() if part.get_content_type() == "image/png"]
    assert pictures == ([] if picture is None else [picture])


def _lines(text: str) -> str:
    """A mail has one kind of line break, and always one at its end."""
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")


@given(st.text(alphabet=st.sampled_from("aü.@<>\"'(),;:\\ \r\n\t=?-x"), max_size=40))
def test_what_is_taken_for_an_address_makes_one_header(text: str) -> None:
    address = None
    with suppress(ValueError):
        address = parse_address(text, "to")
    if address is None:
        with pytest.raises(ValueError, match=r"^`to` has "):
            parse_address(text, "to")
        return
    assert address.addr_spec.isascii()
    found = made_of(Body(), replace(an_envelope(), recipients=(address,)))
    assert [one.addr_spec for one in found["To"].addresses] == [address.addr_spec]


def test_the_date_is_in_utc() -> None:
    assert made_of(Body())["Date"] == "Sun, 22 Nov 2026 06:05:00 +0000"
    assert made_of(Body())["Date"].datetime.utcoffset() == UTC.utcoffset(None)
