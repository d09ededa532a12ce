"""
What surrounds the definition of a table: each setting as a fact, with AWS's default where the definition leaves it out, or why it is not
known.

Source: AWS CloudFormation template reference, AWS::DynamoDB::Table.
"""

import re
from collections.abc import Mapping
from typing import Any

from stj_audit.declared.intrinsics import Unresolved, first_unresolved, is_resolved
from stj_audit.facts import (
    NOT_DEPLOYED,
    TEMPLATE,
    ContributorInsights,
    InsightsSetting,
    KinesisDestination,
    KinesisDestinations,
    Pitr,
    ResourcePolicy,
    Tags,
    TimeToLive,
    Unknown,
)

PITR_DAYS = 35  # PointInTimeRecoverySpecification: the default of RecoveryPeriodInDays
_WHOLE = re.compile(r"-?[0-9]{1,15}")  # longer ones are typing errors, or worse
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,15})?")
KNOWN_LATER = "not known before deployment"  # in the place of a value that no check looks at


def number(value: Any) -> int | None:
    """Parameters are text, so numbers may be. None: left out, decided at deployment, or no number that a setting could have."""
    return int(str(value)) if not isinstance(value, bool) and _WHOLE.fullmatch(str(value)) else None


def is_percent(value: Any) -> bool:
    """Whether it is a number that a share of the capacity may be told in."""
    return not isinstance(value, bool) and _PERCENT.fullmatch(str(value)) is not None


def flag(value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).lower() == "true"


def unknown(why: Unresolved) -> Unknown:
    return Unknown(call=TEMPLATE, reason=why.reason)


def deletion_protection(properties: Mapping[str, Any]) -> bool | Unknown:
    value = properties.get("DeletionProtectionEnabled", False)  # AWS::DynamoDB::Table: off unless it says so
    return unknown(value) if isinstance(value, Unresolved) else flag(value)


def sse_enabled(properties: Mapping[str, Any]) -> Any:
    """Whether encryption is by a key in KMS. Which key that is, only the deployment knows as a rule, and no check needs it."""
    value = properties.get("SSESpecification")
    return value.get("SSEEnabled", False) if isinstance(value, dict) else value


def sse_description(sse: Mapping[str, Any]) -> dict[str, Any]:
    """AWS::DynamoDB::Table SSESpecification: without SSEEnabled the key is AWS's own."""
    enabled, key = sse.get("SSEEnabled", False), sse.get("KMSMasterKeyId")
    if isinstance(enabled, Unresolved) or not flag(enabled):
        return {}
    return {"SSEType": "KMS", "Status": "ENABLED", "KMSMasterKeyArn": key if isinstance(key, str) else None}


def pitr(properties: Mapping[str, Any]) -> Pitr | Unknown:
    """AWS::DynamoDB::Table PointInTimeRecoverySpecification: off unless it says so."""
    value = properties.get("PointInTimeRecoverySpecification") or {}
    enabled = value.get("PointInTimeRecoveryEnabled", False) if isinstance(value, dict) else value
    if isinstance(enabled, Unresolved):
        return unknown(enabled)
    if not flag(enabled):
        return Pitr(enabled=False)
    days = value.get("RecoveryPeriodInDays", PITR_DAYS)
    return Pitr(enabled=True, recovery_period_days=number(days))


def time_to_live(properties: Mapping[str, Any]) -> TimeToLive | Unknown:
    value = properties.get("TimeToLiveSpecification") or {}
    why = first_unresolved(value)
    if why is not None:
        return unknown(why)
    name = value.get("AttributeName")
    return TimeToLive(enabled=flag(value.get("Enabled", False)), attribute=None if name is None else str(name))


def tags(properties: Mapping[str, Any]) -> Tags | Unknown:
    """Those of the table. Where it has none of its own, those of the stack or of the provider may still come to it."""
    value = properties.get("Tags")
    pairs = (
        [(one.get("Key"), one.get("Value", "")) for one in value or () if isinstance(one, dict)] if isinstance(value, list) else []
    )
    why = first_unresolved([value] if isinstance(value, Unresolved) else [key for key, _ in pairs])
    if why is not None:
        return unknown(why)
    if not pairs:
        return Unknown(call=TEMPLATE, reason=NOT_DEPLOYED)
    return Tags(values={str(key): str(text) if is_resolved(text) else KNOWN_LATER for key, text in pairs})


def contributor_insights(properties: Mapping[str, Any]) -> ContributorInsights | Unknown:
    """Off unless it says so, for the table and for each of its global indexes."""
    indexes = properties.get("GlobalSecondaryIndexes")
    indexes = indexes if isinstance(indexes, list) else []
    owners = [(None, properties), *((str(one.get("IndexName")), one) for one in indexes if isinstance(one, dict))]
    settings = []
    for index, owner in owners:
        value = owner.get("ContributorInsightsSpecification") or {}
        why = first_unresolved(value)
        if why is not None:
            return unknown(why)
        value = value if isinstance(value, dict) else {}
        enabled = flag(value.get("Enabled", False))
        settings.append(InsightsSetting(index=index, status="ENABLED" if enabled else "DISABLED", mode=value.get("Mode")))
    return ContributorInsights(settings=tuple(settings))


def kinesis_destinations(properties: Mapping[str, Any]) -> KinesisDestinations | Unknown:
    value = properties.get("KinesisStreamSpecification")
    if isinstance(value, Unresolved):
        return unknown(value)
    if not isinstance(value, dict):
        return KinesisDestinations(destinations=())
    arn = value.get("StreamArn")
    return KinesisDestinations(
        destinations=(KinesisDestination(stream_arn=arn if isinstance(arn, str) else KNOWN_LATER, status="ACTIVE"),)
    )


def resource_policy(properties: Mapping[str, Any]) -> ResourcePolicy | Unknown:
    value = properties.get("ResourcePolicy") or {}
    document = value.get("PolicyDocument", {}) if isinstance(value, dict) else value
    statements = document.get("Statement", []) if isinstance(document, dict) else document
    if isinstance(statements, Unresolved):
        return unknown(statements)
    written = statements if isinstance(statements, list) else [statements]
    why = next((found for one in written if (found := _open_statement(one)) is not None), None)
    return ResourcePolicy.of([one for one in written if isinstance(one, dict)]) if why is None else unknown(why)


def _open_statement(statement: Any) -> Unresolved | None:
    """Why it is not known whom a statement is for: it may be everyone, or not be there at all."""
    if not isinstance(statement, dict):
        return statement if isinstance(statement, Unresolved) else None
    condition = statement.get("Condition")  # what it says is no matter, whether there is one is
    return first_unresolved(
        [statement.get("Principal"), statement.get("Effect"), *([condition] * isinstance(condition, Unresolved))]
    )
