"""`stj-audit send` as a schedule has it: one mail a month, whatever happens in between."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from click.testing import CliRunner, Result
from moto import mock_aws
from moto.ses.models import ses_backends

from stj_audit.cli.entry import cli
from stj_audit.deliver import claims, mail
from stj_audit.deliver.carrier import Addresses
from stj_audit.deliver.history import earlier, keep_run
from stj_audit.deliver.smtp import open_smtp
from stj_audit.deliver.stores import Folder
from stj_audit.email_settings import Email, Smtp
from stj_audit.errors import UnableToSend, UnusableHistory
from stj_audit.history import summary
from stj_audit.mailing import Way, mail_report
from stj_audit.render import render
from stj_audit.report import Report, to_json
from stj_audit.trend import trend
from tests.commands import stj_audit
from tests.engines.mail_server import REFUSED, MailServer, free_port, mail_server, parsed, silent_server
from tests.sample_report import STARTED_AT, sample_report

pytestmark = pytest.mark.slow

REGION, ACCOUNT = "eu-north-1", "123456789012"  # moto's account
NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
CLAIMS = "history/sent/prod/eu-north-1"


def a_config(port: int, *more: str, to: str = "team@example.com") -> str:
    return f"""
[email]
from = "Audits <audits@example.com>"
to = ["{to}"]
name = "prod"
smtp = {{ host = "127.0.0.1", port = {port}, starttls = false }}
{chr(10).join(more)}

[history]
path = "history"
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith(("AWS_", "STJ_AUDIT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(claims, "PAUSE_SECONDS", 0.01)
    (tmp_path / "run.json").write_text(to_json(sample_report()), "utf-8")
    return tmp_path


@pytest.fixture
def server(here: Path) -> Iterator[MailServer]:
    with mail_server() as found:
        (here / "stj-audit.toml").write_text(a_config(found.port), "utf-8")
        yield found


def send(*arguments: str, **more: Any) -> Result:
    return CliRunner().invoke(cli, ["send", "run.json", *arguments], **more)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def attached(message: EmailMessage) -> bytes:
    [whole] = message.iter_attachments()
    content = whole.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


# ------------------------------------------------------------------------------------------------- the installed command


@pytest.mark.process
def test_a_report_is_mailed_once(server: MailServer, here: Path) -> None:
    ran = stj_audit("send", "run.json", cwd=here)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"sent the mail for 2026-11 of prod to team@example.com, through the mail server 127.0.0.1:{server.port}\n"
    again = stj_audit("send", "run.json", cwd=here)
    assert (again.code, again.err) == (0, "")
    assert again.out.startswith("not sent: the mail for 2026-11 of prod was sent on ")
    [(sender, recipients, _)], [message] = server.got, server.messages
    assert (sender, recipients) == ("audits@example.com", ("team@example.com",))
    assert message["Subject"].startswith("[prod] DynamoDB health: C")
    assert message["Message-ID"].startswith("<stj-audit.prod.2026-11.")
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "stj_subscribers" in text.get_content()
    assert "stj_subscribers" in html.get_content()
    assert attached(message).decode().replace("\r\n", "\n") == render(sample_report(), "html")
    assert files(here / CLAIMS) == ["2026-11.done.json", "2026-11.json"]


@pytest.mark.process
def test_two_processes_at_once_send_one_mail(server: MailServer, here: Path) -> None:
    server.delay_seconds = 0.7
    command = [sys.executable, "-m", "stj_audit", "send", "run.json"]
    both = [subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ended = [(*one.communicate(timeout=60), one.returncode) for one in both]
    assert sorted((out.split()[0], err, code) for out, err, code in ended) == [("not", "", 0), ("sent", "", 0)]
    assert len(server.got) == 1


@pytest.mark.process
def test_who_is_killed_before_it_is_sent_is_followed_by_one(here: Path) -> None:
    with silent_server() as (port, came):
        (here / "stj-audit.toml").write_text(a_config(port), "utf-8")
        killed = subprocess.Popen([sys.executable, "-m", "stj_audit", "send", "run.json"], cwd=here, stderr=subprocess.PIPE)
        assert came.wait(60)
        killed.send_signal(signal.SIGKILL)
        killed.communicate(timeout=60)
    assert files(here / CLAIMS) == ["2026-11.json"]
    with mail_server() as server:
        way = a_way(server, here)
        began = datetime.now(UTC)
        with pytest.raises(UnableToSend, match="another process has claimed the mail"):
            posted(way(began + timedelta(minutes=5)))
        assert server.got == []
        for _ in range(2):
            posted(way(began + timedelta(minutes=16)))
        [message] = server.messages
    assert message["Message-ID"] == id_of(here)
    assert files(here / CLAIMS) == ["2026-11.2.done.json", "2026-11.2.json", "2026-11.json"]


def id_of(here: Path) -> str:
    """The Message-ID of the first attempt, by a dry run."""
    assert send("--dry-run", "first.eml").exit_code == 0
    return str(parsed((here / "first.eml").read_bytes())["Message-ID"])


ADDRESSES = Addresses(sender="audits@example.com", recipients=frozenset({"team@example.com"}))


def a_way(server: MailServer, here: Path) -> Callable[[datetime], Way]:
    carrier = open_smtp(Smtp(host="127.0.0.1", port=server.port, starttls=False), ADDRESSES)
    return lambda when: Way(carrier=carrier, store=Folder(path=here / "history"), clock=lambda: when)


def posted(way: Way, report: Report | None = None, **more: Any) -> str:
    email = Email(from_="audits@example.com", to=("team@example.com",), name="prod", **more)
    return mail_report(report or sample_report(), email, way, tell=lambda _: None)


# ---------------------------------------------------------------------------------------------------- failures, and again


def test_a_failure_is_told_and_the_next_run_sends_the_same(server: MailServer, here: Path) -> None:
    server.answer = "451 4.3.0 Not now"
    failed = send()
    assert isinstance(failed.exception, UnableToSend)
    assert str(failed.exception).endswith("refuses the mail: 451 4.3.0 Not now")
    assert files(here / CLAIMS) == ["2026-11.failed.json", "2026-11.json"]
    server.answer = "250 OK"
    assert send().exit_code == 0
    [message] = server.messages
    assert message["Message-ID"] == id_of(here)


@pytest.mark.process
def test_nobody_there_is_one_sentence_and_exit_code_1(here: Path) -> None:
    (here / "stj-audit.toml").write_text(a_config(free_port()), "utf-8")
    ran = stj_audit("send", "run.json", cwd=here)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: the mail server 127.0.0.1:")
    assert "cannot be reached: Connection refused - " in ran.err
    assert ran.err.count("\n") == 1


def test_who_is_refused_is_told_and_the_others_get_it_once(server: MailServer) -> None:
    arguments = ("--to", "team@example.com", "--to", REFUSED)
    ran = send(*arguments)
    assert isinstance(ran.exception, UnableToSend)
    assert f"the mail was sent, but the mail server 127.0.0.1:{server.port} refuses {REFUSED} (550" in str(ran.exception)
    assert send(*arguments).stdout.startswith("not sent: the mail for 2026-11 of prod was sent")
    assert [to for _, to, _ in server.got] == [("team@example.com",)]


def test_again_is_another_message(server: MailServer) -> None:
    for arguments in ((), ("--again",), ("--again",), ()):
        assert send(*arguments).exit_code == 0
    assert len({one["Message-ID"] for one in server.messages}) == len(server.got) == 3


def test_without_a_history_nothing_keeps_it_from_being_sent_twice(server: MailServer, here: Path) -> None:
    (here / "stj-audit.toml").write_text(a_config(server.port).partition("[history]")[0], "utf-8")
    for _ in range(2):
        ran = send()
        assert ran.exit_code == 0
        assert ran.stderr == "note: without --history nothing keeps this from being sent twice\n"
    assert len({one["Message-ID"] for one in server.messages}) == 1
    assert send("--again", "-q").output == ""
    assert len({one["Message-ID"] for one in server.messages}) == 2


def test_a_mail_that_was_sent_and_cannot_be_kept(server: MailServer, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise UnusableHistory("no space left", hint="make room")

    monkeypatch.setattr("stj_audit.mailing.mark_sent", full)
    ran = send()
    assert isinstance(ran.exception, UnusableHistory)
    assert str(ran.exception).startswith(
        "the mail was sent, and that cannot be kept, so that another run after 15 minutes sends it again"
    )
    assert len(server.got) == 1
    assert files(here / CLAIMS) == ["2026-11.json"]


# -------------------------------------------------------------------------------------------------------------- occasions


def known_in_full() -> Report:
    report = sample_report()
    projections = tuple(replace(one, complete=True) for one in report.costs.projections)
    return replace(report, costs=replace(report.costs, projections=projections))


def test_a_saving_that_is_known_in_part_keeps_no_mail_back(server: MailServer) -> None:
    assert send("--min-saving", "1000000").stdout.startswith("sent the mail")
    assert len(server.got) == 1


def test_without_an_occasion_nothing_is_sent_or_claimed(server: MailServer, here: Path) -> None:
    (here / "run.json").write_text(to_json(known_in_full()), "utf-8")
    ran = send("--min-saving", "1000000")
    assert ran.exit_code == 0
    assert ran.stdout.startswith("not sent: $")
    assert "less than min_saving ($1,000,000)" in ran.stdout
    assert (server.got, files(here / CLAIMS)) == ([], [])


def test_changed_is_since_the_last_mail_not_since_the_last_run(server: MailServer, here: Path) -> None:
    """A run that was kept and could not be mailed must not make the next one say that nothing has changed."""
    way, store = a_way(server, here)(NOW), Folder(path=here / "history")
    october = run_of(STARTED_AT - timedelta(days=30), "a")
    keep_run(store, october)
    assert posted(way, october, send="changed").startswith("sent the mail for 2026-10"), "nothing was before it"
    same = run_of(STARTED_AT, "b")
    keep_run(store, same)
    assert posted(way, same, send="changed").endswith("neither the grade nor the open findings have changed since the last mail")
    for day in range(1, 4):
        changed = run_of(STARTED_AT + timedelta(days=day), f"c{day}", without_first=True)
        keep_run(store, changed)
        if day > 1:  # of the first day, the mail was lost
            told = posted(way, changed, send="changed")
            assert told.startswith("sent the mail for 2026-11") == (day == 2)
    assert len(server.got) == 2


def test_the_first_run_is_compared_with_the_last_one_kept(server: MailServer, here: Path) -> None:
    store = Folder(path=here / "history")
    keep_run(store, run_of(STARTED_AT - timedelta(days=30), "a"))
    assert posted(a_way(server, here)(NOW), run_of(STARTED_AT, "b"), send="changed").endswith("changed since the last run")
    assert server.got == []


def run_of(when: datetime, run_id: str, *, without_first: bool = False) -> Report:
    report = sample_report()
    findings = report.findings[1:] if without_first else report.findings
    return replace(report, findings=findings, audit=replace(report.audit, started_at=when, id=run_id))


def test_a_run_without_a_trend_gets_that_of_the_history(server: MailServer, here: Path) -> None:
    store = Folder(path=here / "history")
    keep_run(store, run_of(STARTED_AT - timedelta(days=30), "a"))
    report = run_of(STARTED_AT, "b")
    posted(a_way(server, here)(NOW), report)
    runs, _ = earlier(store, report)
    with_trend = replace(report, trend=trend(runs, summary(report)))
    assert attached(server.messages[0]).decode().replace("\r\n", "\n") == render(with_trend, "html") != render(report, "html")


def test_runs_that_are_dated_later_are_told_in_the_report(server: MailServer, here: Path) -> None:
    store = Folder(path=here / "history")
    for day in (1, 2):
        keep_run(store, run_of(STARTED_AT + timedelta(days=day), f"later{day}"))
    posted(a_way(server, here)(NOW), run_of(STARTED_AT, "now"))
    assert "2 kept runs are dated later than this one, and are not compared." in attached(server.messages[0]).decode()


# ---------------------------------------------------------------------------------------------------------------- dry run


def test_a_dry_run_writes_the_message_and_nothing_else(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "stj-audit.toml").write_text(a_config(free_port(), 'unsubscribe = "leave@example.com"', 'send = "changed"'), "utf-8")
    (here / "out.eml").write_text("what was there", "utf-8")
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("no network"))
    ran = send("--dry-run", "out.eml")
    assert (ran.exit_code, ran.stdout) == (0, "wrote out.eml; nothing was sent\n")
    raw = (here / "out.eml").read_bytes()
    assert raw.count(b"\r\n") == raw.count(b"\n") > 100
    assert parsed(raw)["List-Unsubscribe"] == "<mailto:leave@example.com>"
    assert files(here) == ["out.eml", "run.json", "stj-audit.toml"]
    assert send("--dry-run", "no-such-folder/out.eml").exception is not None
    assert files(here) == ["out.eml", "run.json", "stj-audit.toml"]


def bodies(message: EmailMessage) -> list[str]:
    """Text and HTML, and what is attached."""
    found = [message.get_body((kind,)) for kind in ("plain", "html")]
    return [one.get_content() for one in found if one is not None] + [attached(message).decode()]


def test_a_dry_run_is_the_mail_that_is_sent(server: MailServer, here: Path) -> None:
    store = Folder(path=here / "history")
    keep_run(store, run_of(STARTED_AT - timedelta(days=30), "a"))
    (here / "run.json").write_text(to_json(run_of(STARTED_AT, "b")), "utf-8")
    kept = sorted(here.rglob("*"))
    assert send("--dry-run", "out.eml").output == "wrote out.eml; nothing was sent\n"
    assert sorted(here.rglob("*")) == sorted([*kept, here / "out.eml"]), "neither a claim nor a probe"
    assert send().exit_code == 0
    [message] = server.messages
    dry = parsed((here / "out.eml").read_bytes())
    assert bodies(dry) == bodies(message)
    assert (dry["Message-ID"], dry["Subject"]) == (message["Message-ID"], message["Subject"])
    assert "What changed since 23 October 2026".lower() in bodies(dry)[0].lower()


@pytest.mark.usefixtures("server")
def test_a_dry_run_does_not_ask_a_bucket_and_says_so(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("no network"))
    ran = send("--dry-run", "out.eml", "--history", "s3://audits/team")
    assert (ran.exit_code, ran.stdout) == (0, "wrote out.eml; nothing was sent\n")
    assert ran.stderr == (
        "note: the history s3://audits/team is not asked in a dry run: what is sent is compared with the runs in it\n"
    )
    assert send("-q", "--dry-run", "out.eml", "--history", "s3://audits/team").output == ""


@pytest.mark.process
@pytest.mark.usefixtures("server")
def test_a_dry_run_to_stdout_is_the_message_alone(here: Path) -> None:
    command = [sys.executable, "-m", "stj_audit", "send", "run.json", "--dry-run", "-"]
    ran = subprocess.run(command, cwd=here, capture_output=True, check=True)
    assert ran.stderr == b""
    assert ran.stdout.count(b"\r\n") == ran.stdout.count(b"\n") > 100
    assert parsed(ran.stdout)["Subject"].startswith("[prod] DynamoDB health: C")
    assert files(here) == ["run.json", "stj-audit.toml"]


def test_a_report_from_stdin_and_one_that_is_too_large(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "MAX_ATTACHMENT_BYTES", 1_000)
    monkeypatch.setattr("stj_audit.mailing.MAX_ATTACHMENT_BYTES", 1_000)
    arguments = [
        "send",
        "-",
        "--from",
        "a@example.com",
        "--to",
        "b@example.com",
        "--link",
        "https://example.com/r",
        "--dry-run",
        "o.eml",
    ]
    ran = CliRunner().invoke(cli, arguments, input=(here / "run.json").read_text("utf-8"))
    assert (ran.exit_code, ran.stderr) == (0, "note: the whole report is larger than 1,000 B, and is not attached\n")
    message = parsed((here / "o.eml").read_bytes())
    text = message.get_body(("plain",))
    assert text is not None
    assert "https://example.com/r" in text.get_content()
    assert list(message.iter_attachments()) == []
    assert b"Content-Disposition: attachment" not in (here / "o.eml").read_bytes()


# ------------------------------------------------------------------------------------------------------------- SES and S3


def test_through_ses_with_a_history_in_a_bucket(here: Path) -> None:
    with mock_aws():
        session = botocore.session.Session()
        s3: Any = session.create_client("s3", region_name=REGION)
        s3.create_bucket(Bucket="audits", CreateBucketConfiguration={"LocationConstraint": REGION})
        addresses = ("--from", "A <audits@example.com>", "--to", "team@example.com")
        arguments = (*addresses, "--name", "prod", "--region", REGION, "--history", "s3://audits/team")
        refused = send(*arguments)
        assert isinstance(refused.exception, UnableToSend)
        assert "refuses the mail: MessageRejected" in str(refused.exception)
        ses: Any = session.create_client("sesv2", region_name=REGION)
        ses.create_email_identity(EmailIdentity="example.com")
        told = [send(*arguments) for _ in range(2)]
        assert [one.exit_code for one in told] == [0, 0], told[0].stderr
        assert told[0].stdout == f"sent the mail for 2026-11 of prod to team@example.com, through SES in {REGION}\n"
        assert told[1].stdout.startswith("not sent: ")
        [one] = ses_backends[ACCOUNT][REGION].sent_messages
        message = parsed(one.raw_data.encode())
        assert attached(message).decode().replace("\r\n", "\n") == render(sample_report(), "html")
        keys = [found["Key"] for found in s3.list_objects_v2(Bucket="audits")["Contents"]]
        start = f"team/sent/prod/{REGION}/2026-11"
        assert keys == [f"{start}{end}" for end in (".2.done.json", ".2.json", ".failed.json", ".json")]


# ------------------------------------------------------------------------------------------------------ wrong command lines

ADDRESSED = ("--from", "a@example.com", "--to", "b@example.com")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "it is not said who sends the mail"),
        (("--from", "a@example.com"), "it is not said who gets the mail"),
        (("--from", "a@example.com\nBcc: c@example.com"), "`--from` has an address with a line break"),
        (("--to", "team"), "`--to` has 'team', which is no address of e-mail"),
        ((*ADDRESSED, "--to", "B@example.com"), "`email.to` names an address twice"),
        (
            (*ADDRESSED, *(word for number in range(50) for word in ("--to", f"c{number}@example.com"))),
            "51 recipients are too many",
        ),
        ((*ADDRESSED, "--smtp-port", "25"), "the mail server has no host"),
        ((*ADDRESSED, "--via", "smtp"), '`email.via` is "smtp", and `email.smtp` is missing'),
        ((*ADDRESSED, "--smtp-host", "mail.example.com", "--smtp-username", "u"), "go together"),
        (
            (*ADDRESSED, "--smtp-host", "mail", "--smtp-username", "u", "--smtp-password-env", "NOT_THERE"),
            "the environment variable NOT_THERE, which has the password for mail:587, is not set",
        ),
        ((*ADDRESSED, "--name", "n" * 61), "`email.name` must be of 60 printable characters"),
        ((*ADDRESSED, "--link", "report.html"), "`email.link` must be the address of a page"),
        ((*ADDRESSED, "--unsubscribe", "x"), "`email.unsubscribe` has 'x'"),
        ((*ADDRESSED, "--send", "never"), "'never' is not one of"),
        ((*ADDRESSED, "--min-saving", "-1"), "is no amount"),
        (ADDRESSED, "SES cannot be used: no AWS region is set"),
        ((*ADDRESSED, "--region", REGION, "--history", "s3://"), "names no bucket"),
    ],
)
def test_wrong_command_lines_say_what_is_wrong(arguments: tuple[str, ...], told: str, here: Path) -> None:
    ran = send(*arguments)
    assert told in ran.stderr + str(ran.exception)
    assert getattr(ran.exception, "exit_code", ran.exit_code) == 2
    assert files(here) == ["run.json"]


@pytest.mark.parametrize("to", ["Team One <b@example.com>, c@example.com", '"One, Team" <b@example.com>, c@example.com'])
def test_the_environment_may_say_it_too(to: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STJ_AUDIT_FROM", "a@example.com")
    monkeypatch.setenv("STJ_AUDIT_TO", to)
    assert send("--dry-run", "out.eml").exit_code == 0
    assert parsed((here / "out.eml").read_bytes())["To"] == to


def test_what_is_no_run_is_said(here: Path) -> None:
    (here / "run.json").write_text("{}", "utf-8")
    ran = send(*ADDRESSED, "--dry-run", "out.eml")
    assert str(ran.exception).startswith("run.json: not a run file of stj-audit")
    assert not (here / "out.eml").exists()


def test_the_least_saving_of_the_command_line_is_exact(here: Path) -> None:
    (here / "run.json").write_text(to_json(known_in_full()), "utf-8")
    ran = send(*ADDRESSED, "--min-saving", "38.41", "--region", REGION)
    assert ran.stdout == "not sent: $38.40 a month can be saved at 10,000 users, less than min_saving ($38.41)\n"
