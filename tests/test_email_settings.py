"""`[email]`: what is accepted, and each mistake in one sentence that names the place."""

import tomllib

import pytest

from stj_audit.config import Config, parse_config
from stj_audit.email_settings import Email, Smtp, parse_address
from stj_audit.errors import ConfigError

WHOLE = """
[email]
from = "DynamoDB audits <audits@example.com>"
to = ["team@example.com", '"Doe, J" <j.doe+audits@mail.example.com>', "Ü <ops@localhost>"]
name = "prod eu"
via = "smtp"
smtp = { host = "smtp.example.com", port = 465, starttls = false, username = "audits", password_env = "MAIL_PASSWORD" }
ses_region = "eu-north-1"
ses_configuration_set = "audits"
send = "finding>=high"
min_saving = 49.5
link = "https://example.com/report.html?of=prod#top"
attach = false
unsubscribe = "mailto:leave@example.com?subject=leave"
period = "week"
"""

TOO_MANY = [f"a{number}@example.com" for number in range(51)]


def parsed(text: str) -> Config:
    return parse_config(tomllib.loads(text), origin="stj-audit.toml")


def test_all_of_it_is_read() -> None:
    email = parsed(WHOLE).email
    assert (email.from_, email.to[0], email.name) == ("DynamoDB audits <audits@example.com>", "team@example.com", "prod eu")
    assert [parse_address(one, "to").display_name for one in email.to] == ["", "Doe, J", "Ü"]
    assert (email.carrier, email.period, email.attach, str(email.least_saving_usd)) == ("smtp", "week", False, "49.5")
    assert email.smtp == Smtp(host="smtp.example.com", port=465, starttls=False, username="audits", password_env="MAIL_PASSWORD")
    assert email.is_set


def test_what_is_left_out() -> None:
    email = Config().email
    assert (email.is_set, email.carrier, email.send, email.period, email.attach) == (False, "ses", "always", "month", True)
    assert Email(smtp=Smtp(host="mail")).carrier == "smtp"
    assert Smtp(host="mail") == Smtp(host="mail", port=587, starttls=True)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('from = "audits"', "`email.from` has 'audits', which is no address of e-mail; write team@example.com or"),
        ('from = ""', "`email.from` has ''"),
        ('from = "a@example.com, b@example.com"', "no address of e-mail"),
        ('from = "Team: a@example.com;"', "no address of e-mail"),
        ('from = "a@exämple.com"', "no address of e-mail"),
        ('from = "\\"a b\\"@example.com"', "no address of e-mail"),
        (f'from = "{"a" * 65}@example.com"', "no address of e-mail"),
        (f'from = "a@{"b." * 130}com"', "no address of e-mail"),
        ('from = "a@example.com\\r\\nBcc: b@example.com"', "`email.from` has an address with a line break"),
        ('from = "A\\nB <a@example.com>"', "line break"),
        ('from = "A\\u2028B <a@example.com>"', "line break"),
        ('to = ["team@example.com", "x y"]', "`email.to` has 'x y'"),
        ('to = ["team@example.com", "Team <Team@Example.com>"]', "names an address twice"),
        ('to = "team@example.com"', "Expected `array`, got `str` - at `email.to`"),
        (f"to = {TOO_MANY}", "length <= 50 - at `email.to`"),
        (f'name = "{"n" * 61}"', "`email.name` must be of 60 printable characters at most"),
        ('name = "a\\nb"', "`email.name` must be"),
        ('via = "post"', "Invalid enum value 'post'; use ses, smtp - at `email.via`"),
        ('via = "smtp"', '`email.via` is "smtp", and `email.smtp` is missing'),
        ('send = "finding>=info"', "use always, changed, grade-drop, finding>=low"),
        ('period = "year"', "use month, week, run - at `email.period`"),
        ("min_saving = -1", "`email.min_saving` is -1, and must be a number from 0"),
        ('min_saving = "50"', "email.min_saving"),
        ('link = "report.html"', "`email.link` must be the address of a page"),
        ('link = "javascript:alert(1)"', "`email.link` must be"),
        ('link = "https://[x"', "`email.link` must be"),
        ('link = "https://example.com/a b"', "`email.link` must be"),
        ('unsubscribe = "https://example.com"', "email.unsubscribe"),
        ('unsubscribe = "Team <leave@example.com>"', "`email.unsubscribe` is"),
        ('unsubscribe = "leave@example.com?x>\\u00fc"', "`email.unsubscribe` is"),
        ('ses_region = "Stockholm"', "`email.ses_region` is 'Stockholm'"),
        ('ses_configuration_set = "a b"', "`email.ses_configuration_set` must"),
        ('subject = "x"', "table contains unknown field `subject` - at `email`"),
        ("smtp = { port = 25 }", "missing required field `host` - at `email.smtp`"),
        ('smtp = { host = "a b" }', "`smtp.host` is 'a b'"),
        ('smtp = { host = "h", port = 70000 }', "email.smtp.port"),
        ('smtp = { host = "h", username = "u" }', "go together"),
        ('smtp = { host = "h", password_env = "P" }', "go together"),
        ('smtp = { host = "h", username = "ü", password_env = "P" }', "`smtp.username` must be of printable ASCII"),
        (
            'smtp = { host = "h", starttls = false, username = "u", password_env = "P" }',
            "would send the password to another machine",
        ),
    ],
)
def test_a_mistake_is_one_sentence(line: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parsed(f"[email]\n{line}\n")
    words = str(caught.value)
    assert told in words
    assert words.startswith("stj-audit.toml: ")
    assert "\n" not in words


@pytest.mark.parametrize(
    "smtp", ['{ host = "h", password = "hunter2" }', '{ host = "h", username = "u", password_env = "hunter2!" }']
)
def test_a_password_in_the_file_is_refused_and_not_repeated(smtp: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parsed(f"[email]\nsmtp = {smtp}\n")
    assert "password" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_password_in_the_clear_goes_to_this_machine_only() -> None:
    for host in ("localhost", "127.0.0.1", "::1"):
        assert not Smtp(host=host, starttls=False, username="u", password_env="P").is_encrypted
