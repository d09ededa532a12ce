"""
What a carrier of mail is, and what each holds to: it knows from whom and to whom mail may go, and refuses any other. Every failure is one
sentence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stj_audit.email_settings import Email, parse_address

UNCERTAIN = "; it is not known whether the mail was sent"
_QUOTED = 200  # characters of what a server says


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


def quoted(text: str) -> str:
    """What a server says, on one line, and no more of it than a reader needs."""
    line = " ".join(text.split())
    return line if len(line) <= _QUOTED else f"{line[: _QUOTED - 1]}…"
