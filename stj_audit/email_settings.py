"""
`[email]` of the configuration: from whom to whom a report is mailed, through what, how often, and on what occasion. Pure.

A password is never written there: `password_env` names the environment variable that has it. No error repeats what was written in its place.
"""

import re
from decimal import Decimal
from email.errors import MessageError
from email.headerregistry import Address
from email.policy import SMTP
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from stj_audit.design import Number, in_range
from stj_audit.errors import ConfigError

Carrier = Literal["ses", "smtp"]
Period = Literal["month", "week", "run"]
Occasion = Literal["always", "changed", "grade-drop", "finding>=low", "finding>=medium", "finding>=high", "finding>=critical"]

MOST_RECIPIENTS = 50  # of one message of SES (SES developer guide, "Service quotas")
MAX_NAME = 60  # it becomes a part of Message-ID and of names of files
SUBMISSION_PORT = 587  # RFC 6409
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})

# RFC 5321, 4.1.2: dot-atoms only, and no quoted ones, which nothing that sends reports needs; internationalized domains as xn--...
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*",
    re.ASCII,
)
_MAX_ADDRESS, _MAX_LOCAL_PART = 254, 64  # RFC 5321, 4.5.3.1, and its erratum 1690
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_REGION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_CONFIGURATION_SET = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class Smtp(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    `smtp` of `[email]`. On port 465 TLS comes first (RFC 8314); elsewhere by STARTTLS, unless `starttls` is false. A user name has its
    password in the environment variable `password_env`.
    """

    host: str
    port: Annotated[int, Meta(ge=1, le=65_535)] = SUBMISSION_PORT
    starttls: bool = True
    username: str | None = None
    password_env: str | None = None

    def __post_init__(self) -> None:
        if _HOST.fullmatch(self.host) is None:
            raise ValueError(f"`smtp.host` is {self.host!r}, and must be the name of a host, such as smtp.example.com")
        if self.username is not None and not (self.username and self.username.isascii() and self.username.isprintable()):
            raise ValueError("`smtp.username` must be of printable ASCII characters")
        if self.password_env is not None and _VARIABLE.fullmatch(self.password_env) is None:
            raise ValueError(
                "`smtp.password_env` must be the name of an environment variable, such as SMTP_PASSWORD, not a password"
            )
        if (self.username is None) != (self.password_env is None):
            raise ValueError("`smtp.username` and `smtp.password_env` go together")
        if self.username is not None and not self.is_encrypted and self.host not in LOCAL_HOSTS:
            raise ValueError("`smtp.starttls` is false, and would send the password to another machine for all to read")

    @property
    def implicit_tls(self) -> bool:
        return self.port == 465

    @property
    def is_encrypted(self) -> bool:
        return self.starttls or self.implicit_tls

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Email(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    `[email]`. `name` is what the environment is called; `via` is SMTP where it is left out and `smtp` is there, else SES. `min_saving` is in
    USD a month at the target users.
    """

    from_: str | None = msgspec.field(name="from", default=None)
    to: Annotated[tuple[str, ...], Meta(max_length=MOST_RECIPIENTS)] = ()
    name: str = ""
    via: Carrier | None = None
    smtp: Smtp | None = None
    ses_region: str | None = None
    ses_configuration_set: str | None = None
    send: Occasion = "always"
    min_saving: Number | None = None
    link: str | None = None
    attach: bool = True
    unsubscribe: str | None = None
    period: Period = "month"

    def __post_init__(self) -> None:
        if self.from_ is not None:
            parse_address(self.from_, "email.from")
        seen = [parse_address(one, "email.to").addr_spec.lower() for one in self.to]
        if len(set(seen)) < len(seen):
            raise ValueError("`email.to` names an address twice")
        if len(self.name) > MAX_NAME or not self.name.isprintable() or self.name != self.name.strip():
            raise ValueError(f"`email.name` must be of {MAX_NAME} printable characters at most, without spaces around them")
        in_range("email.min_saving", self.min_saving)
        if self.link is not None:
            _check_link(self.link)
        if self.unsubscribe is not None:
            parse_unsubscribe(self.unsubscribe)
        if self.via == "smtp" and self.smtp is None:
            raise ValueError('`email.via` is "smtp", and `email.smtp` is missing: write smtp = { host = "smtp.example.com" }')
        if self.ses_region is not None and _REGION.fullmatch(self.ses_region) is None:
            raise ValueError(f"`email.ses_region` is {self.ses_region!r}, and must be a region, such as eu-north-1")
        if self.ses_configuration_set is not None and _CONFIGURATION_SET.fullmatch(self.ses_configuration_set) is None:
            raise ValueError("`email.ses_configuration_set` must have letters, digits, dashes and underscores only, 64 at most")

    @property
    def is_set(self) -> bool:
        """Whether anything is configured."""
        return self.from_ is not None or bool(self.to)

    @property
    def carrier(self) -> Carrier:
        return self.via or ("ses" if self.smtp is None else "smtp")

    @property
    def least_saving_usd(self) -> Decimal | None:
        return None if self.min_saving is None else Decimal(self.min_saving)


def addressed(email: Email) -> tuple[Address, tuple[Address, ...]]:
    """Who sends it, and who gets it. Raises ConfigError where either is not said."""
    if email.from_ is None or not email.to:
        raise ConfigError(
            f"it is not said who {'sends' if email.from_ is None else 'gets'} the mail",
            hint="write `from` and `to` under [email] in stj-audit.toml, or give --from and --to",
        )
    return parse_address(email.from_, "email.from"), tuple(parse_address(one, "email.to") for one in email.to)


def parse_address(text: str, place: str) -> Address:
    """One address, "team@example.com" or "Team <team@example.com>". Raises ValueError with a sentence that names `place`."""
    wrong = ValueError(f"`{place}` has {text!r}, which is no address of e-mail; write team@example.com or Team <team@example.com>")
    if not text.isprintable():  # a line break above all: what follows would be a header
        raise ValueError(f"`{place}` has an address with a line break, or another character that cannot be printed")
    try:
        parsed = SMTP.header_factory("to", text)
        addresses, defects = parsed.addresses, parsed.defects
    except (MessageError, ValueError, LookupError, AttributeError, TypeError) as error:  # what the parser of 3.11 trips over
        raise wrong from error
    if defects or len(addresses) != 1 or any(group.display_name is not None for group in parsed.groups):
        raise wrong
    [address] = addresses
    spec = str(address.addr_spec)
    if _ADDRESS.fullmatch(spec) is None or len(spec) > _MAX_ADDRESS or len(address.username) > _MAX_LOCAL_PART:
        raise wrong
    return Address(display_name=" ".join(address.display_name.split()), addr_spec=spec)


def parse_unsubscribe(text: str) -> str:
    """ "mailto:leave@example.com" from that or from the bare address; a subject may follow. Raises ValueError."""
    bare = text.removeprefix("mailto:")
    address, question, rest = bare.partition("?")
    parse_address(address, "email.unsubscribe")
    if not _ADDRESS.fullmatch(address) or (question and not re.fullmatch(r"[A-Za-z0-9=&%._~+-]+", rest, re.ASCII)):
        raise ValueError(f"`email.unsubscribe` is {text!r}, and must be an address, such as mailto:leave@example.com?subject=leave")
    return f"mailto:{bare}"


def _check_link(link: str) -> None:
    try:
        parts = urlsplit(link)
        good = parts.scheme in ("https", "http") and bool(parts.hostname) and link.isprintable() and not re.search(r'[\s<>"]', link)
    except ValueError:
        good = False
    if not good:
        raise ValueError("`email.link` must be the address of a page, such as https://example.com/report.html")
