from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.stream_trouble import stream_trouble
from stj_audit.facts import KinesisDestination, KinesisDestinations, Operations, Replica, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import TAKEN_AT, a_table, examined, some_traffic

DENIED = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
NO_KINESIS = KinesisDestinations(destinations=())
STREAM = {"stream_label": "2025-01-01T00:00:00.000", "stream_view_type": "KEYS_ONLY"}


def judged(
    *,
    reads: int | None = None,
    days: str = "30",
    stream: dict[str, Any] | None = None,
    lost: int | None = None,
    late: int | None = None,
    kinesis: KinesisDestinations | Unknown = NO_KINESIS,
) -> Result:
    return examined(
        stream_trouble,
        a_table(**(STREAM if stream is None else stream)),
        traffic=some_traffic(stream_reads=reads, covered_days=Decimal(days)),
        operations=Operations(unreplicated_records=lost, throttled_records=late),
        kinesis_destinations=kinesis,
    )


def test_finds_changes_that_kinesis_did_not_get() -> None:
    result = judged(lost=12, stream={})
    [problem] = result.problems
    assert result.severity is Severity.HIGH
    assert problem.message == "12 changes did not get to the Kinesis data stream in 30 days"
    assert problem.evidence == {"unreplicated_records": 12}


def to_kinesis(status: str) -> KinesisDestinations:
    return KinesisDestinations(
        destinations=(KinesisDestination(stream_arn="arn:aws:kinesis:eu-north-1:1:stream/x", status=status),)
    )


def test_passes_a_kinesis_stream_that_gets_all_in_time() -> None:
    result = judged(lost=0, late=0, stream={}, kinesis=to_kinesis("ACTIVE"))
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == ["no change was late for, or lost to, the Kinesis data stream in 30 days"]


@pytest.mark.parametrize(
    ("lost", "late", "kinesis"),
    [
        (None, 0, to_kinesis("ACTIVE")),
        (0, None, to_kinesis("ACTIVE")),
        (0, 0, to_kinesis("DISABLED")),
        (0, 0, NO_KINESIS),
        (0, 0, Unknown(call="dynamodb:DescribeKinesisStreamingDestination", reason="AccessDeniedException")),
    ],
)
def test_praises_no_kinesis_stream_that_was_not_seen_to_get_all(lost: int | None, late: int | None, kinesis: Any) -> None:
    assert judged(lost=lost, late=late, stream={}, kinesis=kinesis).goods == ()


def test_finds_changes_that_come_late() -> None:
    result = judged(late=1, stream={})
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == "the Kinesis data stream throttled up to 1 change at a time in 30 days: they come late"
    assert problem.evidence == {"throttled_records_at_a_time": 1}


def test_finds_a_stream_that_nobody_reads() -> None:
    result = judged()
    [problem] = result.problems
    assert result.severity is Severity.INFO
    assert problem.message == "the stream is on, and nobody read it in 30 days"
    assert problem.evidence == {"stream_reads": 0, "days": 30, "stream_view_type": "KEYS_ONLY"}
    assert problem.current == "a stream with KEYS_ONLY; no GetRecords in 30 days"
    assert problem.commands == (
        "aws dynamodb update-table --region eu-north-1 --table-name orders --stream-specification StreamEnabled=false",
    )
    assert judged(reads=0).status is Status.FOUND


def test_all_three_are_told_apart() -> None:
    assert [problem.subject for problem in judged(lost=1, late=1).problems] == ["lost", "late", "unread"]


def test_passes_with_one_read() -> None:
    assert [good.message for good in judged(reads=1).goods] == ["the stream was read 1 time in 30 days"]
    assert [good.message for good in judged(reads=7, days="3").goods] == ["the stream was read 7 times in 3 days"]


@pytest.mark.parametrize(
    ("enabled_at", "days", "status"),
    [
        (TAKEN_AT - timedelta(days=30), "30", Status.FOUND),
        (TAKEN_AT - timedelta(days=29, hours=23), "30", Status.NOT_APPLICABLE),
        (None, "30", Status.FOUND),
        (None, "29.9", Status.NOT_APPLICABLE),
    ],
)
def test_needs_the_whole_window(enabled_at: datetime | None, days: str, status: Status) -> None:
    result = judged(days=days, stream={**STREAM, "stream_enabled_at": enabled_at})
    assert result.status is status
    if status is Status.NOT_APPLICABLE:
        assert result.reason == "no stream, or none that was to be read for long enough"


def test_a_global_table_needs_its_stream() -> None:
    replicas = (Replica(region="eu-west-1", status="ACTIVE"),)
    assert judged(stream={**STREAM, "replicas": replicas}).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize("nothing", [None, 0])
def test_without_trouble_nothing_is_said_of_kinesis(nothing: int | None) -> None:
    result = judged(lost=nothing, late=nothing, stream={})
    assert (result.status, result.goods) == (Status.NOT_APPLICABLE, ())


def test_does_not_judge_what_it_may_not_see() -> None:
    assert examined(stream_trouble, operations=DENIED).unknowns == (DENIED,)
    assert examined(stream_trouble, traffic=DENIED).unknowns == (DENIED,)


def test_tells_that_the_reader_may_be_to_come() -> None:
    assert "turned off on purpose" in stream_trouble.why
