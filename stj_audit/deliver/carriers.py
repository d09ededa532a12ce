"""Which carriers there are: Amazon SES, and a mail server by SMTP."""

from stj_audit.deliver.carrier import Addresses, Carrier
from stj_audit.deliver.ses import open_ses
from stj_audit.deliver.smtp import open_smtp
from stj_audit.email_settings import Email


def open_carrier(email: Email, *, region: str | None, profile: str | None = None, endpoint_url: str | None = None) -> Carrier:
    """What `[email]` names; nothing is sent yet. Raises ConfigError."""
    if email.carrier == "smtp" and email.smtp is not None:  # `Email` itself has neither without the other
        return open_smtp(email.smtp, Addresses.of(email))
    return open_ses(
        Addresses.of(email),
        configuration_set=email.ses_configuration_set,
        region=email.ses_region or region,
        profile=profile,
        endpoint_url=endpoint_url,
    )
