"""
Clients of AWS for what is kept and sent: with the caller's own credentials, without the role of the audit, each for one use.

What they fail with is put in words here, without a word of an answer but its code, and without what a helper for credentials printed.
"""

import os
from typing import Any

from botocore.config import Config
from botocore.parsers import ResponseParserError

from stj_audit.aws_failures import BrokenAnswer, explain
from stj_audit.endpoints import asked_at
from stj_audit.errors import AuditError, Unreachable
from stj_audit.read_only import Rules, guarded_session

USER_AGENT = "stj-audit"


def own_client(
    service: str, rules: Rules, config: Config, *, profile: str | None, region: str | None, endpoint_url: str | None
) -> Any:
    """Nothing is sent yet, and only by `rules`. Raises what `aws_failures.FAILURES` has."""
    return guarded_session(profile, rules).create_client(
        service,
        region_name=region or os.environ.get("AWS_REGION"),
        endpoint_url=asked_at(service, endpoint_url),
        config=config.merge(Config(user_agent_extra=USER_AGENT)),
    )


def explained(error: BaseException) -> AuditError:
    """The sentence and the hint for what is no answer of AWS, or none that can be read."""
    if isinstance(error, (BrokenAnswer, ResponseParserError, UnicodeDecodeError)):
        return Unreachable("the answer cannot be read", hint="check the endpoint, and whether a proxy is in between")
    return explain(error)
