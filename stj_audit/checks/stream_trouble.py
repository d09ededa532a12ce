"""
Changes of a table go to whoever reads its stream. When they do not get there, what is built on them is wrong, and nothing tells: a search
index, a total, a copy in another system.

Three things are looked at. Changes that DynamoDB could not put into the table's Kinesis data stream are lost to it. Changes that the Kinesis
stream throttled come late. And a DynamoDB stream that nobody read in 30 days is a note: it costs nothing, but whoever turned it on expects
something of it. A global table needs its stream, and is left alone. That nothing was lost is told where changes do go to a Kinesis stream,
and both of its failures were measured.

Wrong where the reader was turned off on purpose, or is to come.
Source: AWS developer guide, "DynamoDB Metrics and dimensions" (FailedToReplicateRecordCount, ThrottledPutRecordCount); "Using Kinesis Data
Streams to capture changes to DynamoDB"; "Change data capture for DynamoDB Streams".

Fix: give the Kinesis stream more shards, or on-demand capacity; find out who should read the DynamoDB stream, or turn it off.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from stj_audit.checks import check
from stj_audit.commands import of_table
from stj_audit.facts import KinesisDestinations, Operations, Table, Traffic, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import counted


@check("Changes do not get to their readers", Category.CAPACITY_PLANNING, Severity.HIGH, code="CAP-20")
def stream_trouble(
    table: Table, traffic: Traffic, operations: Operations, kinesis_destinations: KinesisDestinations | Unknown, taken_at: datetime
) -> Iterator[Said]:
    days = counted(traffic.covered_days, "day")
    said: list[Said] = []
    if operations.unreplicated_records:
        said.append(_lost(operations.unreplicated_records, days))
    if operations.throttled_records:
        said.append(_late(operations.throttled_records, days))
    sent = isinstance(kinesis_destinations, KinesisDestinations) and kinesis_destinations.active
    if sent and operations.unreplicated_records == 0 and operations.throttled_records == 0:
        said.append(Good(message=f"no change was late for, or lost to, the Kinesis data stream in {days}"))
    if table.stream_label is not None and not table.replicas:
        if traffic.stream_reads:
            said.append(Good(message=f"the stream was read {counted(traffic.stream_reads, 'time')} in {days}"))
        elif _long_enough(table, traffic, taken_at):
            said.append(_unread(table, traffic.window_days))
    yield from said or [NotApplicable(reason="no stream, or none that was to be read for long enough")]


def _long_enough(table: Table, traffic: Traffic, taken_at: datetime) -> bool:
    """Whether the table had traffic, and its stream was on, for the whole window."""
    since, window = table.stream_enabled_at, timedelta(days=traffic.window_days)
    return traffic.covered_days >= traffic.window_days and (since is None or taken_at - since >= window)


def _lost(records: int, days: str) -> Problem:
    return Problem(
        message=f"{counted(records, 'change')} did not get to the Kinesis data stream in {days}",
        fix="look at the policy and the capacity of the Kinesis stream, and for records above its 1 MB; then write the lost changes again",
        evidence={"unreplicated_records": records},
        subject="lost",
        current=f"FailedToReplicateRecordCount of {records} in {days}",
        benefit="what is built on the changes is complete again",
        migration="compare what the reader has with the table: DynamoDB skips these changes, and does not send them again",
        effort="hours",
    )


def _late(records: int, days: str) -> Problem:
    return Problem(
        message=f"the Kinesis data stream throttled up to {counted(records, 'change')} at a time in {days}: they come late",
        fix="give the Kinesis stream more shards, or on-demand capacity",
        severity=Severity.MEDIUM,
        evidence={"throttled_records_at_a_time": records},
        subject="late",
        current=f"ThrottledPutRecordCount of up to {records}",
        benefit="changes come when they happen",
        migration="none: the stream stays in use while it grows",
        effort="minutes",
    )


def _unread(table: Table, window_days: int) -> Problem:
    return Problem(
        message=f"the stream is on, and nobody read it in {window_days} days",
        fix="find out who should read it; turn it off when nobody does",
        severity=Severity.INFO,
        evidence={"stream_reads": 0, "days": window_days, "stream_view_type": table.stream_view_type},
        subject="unread",
        current=f"a stream with {table.stream_view_type or 'a view that is not stated'}; no GetRecords in {window_days} days",
        benefit="a reader that has stopped is found; an unread stream itself costs nothing",
        migration="turn it off only after asking: a stream that is turned on again begins empty, under another name",
        effort="minutes",
        commands=(f"aws dynamodb update-table {of_table(table)} --stream-specification StreamEnabled=false",),
    )
