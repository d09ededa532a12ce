"""Where --timeout is given: its clock, and what else than reading tables must not go on for ever. An S3 whose answers drip in never ends."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from stj_audit.errors import AuditError

STORE_SECONDS = 30.0  # for all that goes to S3 when the time of the audit is over; half of what the function for Lambda leaves

T = TypeVar("T")


def start_clock(settings: dict[str, Any]) -> None:
    """The time begins here, with what is done before the audit."""
    if settings["timeout"] is not None:
        settings["ends_at"] = time.monotonic() + settings["timeout"]


def before_audit(settings: dict[str, Any], before: str, call: Callable[..., T], *arguments: Any) -> T:
    """What `call` gives or raises. Raises OutOfTime when the time is over, "before ..."."""
    if settings.get("ends_at") is None:
        return call(*arguments)
    from stj_audit.scanners.threads import within

    return within(settings["ends_at"], before, call, *arguments)


def storing(settings: dict[str, Any], where: object, failure: type[AuditError], call: Callable[..., T], *arguments: Any) -> T:
    """What `call` gives or raises, which reads or writes `where`. Raises `failure` where that is S3, and takes too long after --timeout."""
    if settings.get("timeout") is None or not str(where).startswith("s3://"):
        return call(*arguments)
    from stj_audit.scanners.ending import OutOfTime
    from stj_audit.scanners.threads import within

    until = settings.setdefault("stores_until", time.monotonic() + STORE_SECONDS)
    try:
        return within(until, "it was stored", call, *arguments)
    except OutOfTime:
        raise failure(f"{where} did not answer in time", hint="check the network, and what stands in for S3") from None
