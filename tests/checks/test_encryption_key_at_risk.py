import shlex
from datetime import UTC, datetime
from typing import Any

import pytest

from stj_audit.checks.encryption_key_at_risk import encryption_key_at_risk
from stj_audit.facts import Encryption
from stj_audit.results import Problem, Result, Severity, Status
from tests.builders import a_table, examined

SINCE = datetime(2026, 3, 24, 8, 30, tzinfo=UTC)
KEY = "arn:aws:kms:eu-north-1:123456789012:key/1234abcd"


def judged(status: str = "ACTIVE", **encryption: Any) -> Result:
    return examined(encryption_key_at_risk, a_table(status=status, encryption=Encryption(**({"type": "KMS"} | encryption))))


def problem_of(*arguments: str, **encryption: Any) -> Problem:
    [problem] = judged(*arguments, **encryption).problems
    return problem


def test_a_key_that_cannot_be_used_is_critical() -> None:
    result = judged("INACCESSIBLE_ENCRYPTION_CREDENTIALS", kms_key_arn=KEY, inaccessible_since=SINCE)
    [problem] = result.problems
    assert result.severity is Severity.CRITICAL
    assert problem.message == (
        "DynamoDB cannot use the encryption key: no access since 2026-03-24 08:30 UTC, and after 7 days the table is archived"
    )
    assert problem.fix.endswith("let DynamoDB use it again before 2026-03-31 08:30 UTC")
    assert problem.evidence == {
        "table_status": "INACCESSIBLE_ENCRYPTION_CREDENTIALS",
        "inaccessible_since": "2026-03-24T08:30:00+00:00",
        "encryption": "KMS",
    }


def test_the_time_alone_is_enough() -> None:
    assert judged("ACTIVE", inaccessible_since=SINCE).severity is Severity.CRITICAL


@pytest.mark.parametrize("status", ["INACCESSIBLE_ENCRYPTION_CREDENTIALS", "ARCHIVING", "ARCHIVED"])
def test_the_status_alone_is_enough(status: str) -> None:
    problem = problem_of(status)
    assert problem.evidence["table_status"] == status
    assert "before" not in problem.fix  # no date that is not known


def test_an_archived_table_has_to_be_restored() -> None:
    problem = problem_of("ARCHIVED", inaccessible_since=SINCE)
    assert problem.message.endswith("the table is archived, without access since 2026-03-24 08:30 UTC")
    assert problem.fix.endswith("then restore the table from the backup that AWS made of it")


@pytest.mark.parametrize(("status", "dated"), [("ACTIVE", True), ("ARCHIVING", False), ("ARCHIVED", False)])
def test_there_is_a_date_only_until_it_is_archived(status: str, dated: bool) -> None:
    assert ("before 2026-03-31 08:30 UTC" in problem_of(status, inaccessible_since=SINCE).fix) is dated


def test_names_the_key_where_it_is_known() -> None:
    known = problem_of(kms_key_arn=KEY, inaccessible_since=SINCE)
    assert known.current == f"the table is ACTIVE, encrypted with {KEY}"
    assert problem_of(inaccessible_since=SINCE).current == "the table is ACTIVE, encrypted with a KMS key"


def test_its_command_only_looks_at_the_key() -> None:
    [command] = problem_of(kms_key_arn=KEY, inaccessible_since=SINCE).commands
    assert shlex.split(command) == ["aws", "kms", "describe-key", "--region", "eu-north-1", "--key-id", KEY]
    assert problem_of(inaccessible_since=SINCE).commands == ()


@pytest.mark.parametrize("status", ["ACTIVE", "UPDATING"])
def test_passes_while_the_key_can_be_used(status: str) -> None:
    result = judged(status, kms_key_arn=KEY)
    assert [good.message for good in result.goods] == [f"DynamoDB can use the KMS key: the table is {status}"]


def test_a_key_of_aws_cannot_be_lost() -> None:
    result = judged(type="AWS_OWNED")
    assert (result.status, result.reason) == (
        Status.NOT_APPLICABLE,
        "encrypted with a key that AWS owns, which cannot be lost",
    )


def test_tells_that_it_may_be_meant() -> None:
    assert "on purpose" in encryption_key_at_risk.why
