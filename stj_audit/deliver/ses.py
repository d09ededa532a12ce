"""
Mail through Amazon SES. The client is the caller's own, as that of the history is: without the role of the audit, and used for nothing else.

All that it may send is SendEmail, and GetEmailIdentity for `doctor`; once each, because SES has no way to tell that it has got the same mail
before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError, NoRegionError, ReadTimeoutError

from stj_audit.aws_failures import DENIED_CODES, FAILURES, code_of
from stj_audit.deliver.carrier import UNCERTAIN, Addresses, Readiness, quoted
from stj_audit.deliver.clients import explained, own_client
from stj_audit.errors import ConfigError, UnableToSend
from stj_audit.read_only import Parameters, Rule, Rules

CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS = 5, 60

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
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=READ_TIMEOUT_SECONDS,
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
    return f"{code} ({quoted(said)})" if code == "MessageRejected" and said else str(code)


def _hint(error: ClientError) -> str:
    code = str(code_of(error))
    if code in DENIED_CODES:
        return "allow ses:SendEmail and ses:SendRawEmail (see `stj-audit iam-policy --send-from`)"
    return _HINTS.get(code, "see what SES says of this error")
