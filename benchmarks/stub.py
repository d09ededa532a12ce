"""
A process that answers as AWS does, at next to no cost: Scan with pages made beforehand, and the calls that describe a table.

What is asked for is found in the bytes of the request, without parsing it. Answers to Scan have the checksum that DynamoDB sends.
"""

import pickle
import re
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import orjson

from benchmarks.corpora import RawPage, tail

ROOT = Path(__file__).parents[1]
CREATED = 1_750_000_000.0
ACCOUNT = "123456789012"
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_TARGET = re.compile(rb"x-amz-target: *[^\r.]*\.(\w+)", re.IGNORECASE)
_TABLE = re.compile(rb'"TableName": ?"([^"]+)"')
_START = re.compile(rb'"page#(\d+)"')
_SEGMENT = re.compile(rb'"Segment": ?(\d+)')
_SEGMENTS = re.compile(rb'"TotalSegments": ?(\d+)')
_JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
_XML = (
    b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    b"<Arn>arn:aws:iam::123456789012:user/a</Arn><UserId>A</UserId><Account>123456789012</Account>"
    b"</GetCallerIdentityResult></GetCallerIdentityResponse>"
)


@contextmanager
def running(pages: Sequence[RawPage] = (), *, length: int = 0, tables: int = 0, delay_seconds: float = 0) -> Iterator[str]:
    """
    The address of a stub, which ends with the block.

    A scan of any table gives `length` pages, `pages` over and over; there are `tables` tables to describe. Every answer but those to Scan
    is held back for `delay_seconds`.
    """
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.stub"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            if process.stdin is None or process.stdout is None:
                raise RuntimeError("the stub server has no pipes")
            pickle.dump((tuple(pages), length, tables, delay_seconds), process.stdin)
            process.stdin.close()
            port = process.stdout.readline()  # empty when it has ended: it says why on stderr
            if not port:
                raise RuntimeError("the stub server did not start")
            yield f"http://127.0.0.1:{int(port)}"
        finally:
            process.terminate()


def main() -> None:
    """Answer until this process is ended. What to answer with comes in on stdin; the port is the line on stdout."""
    stub = _Stub(*pickle.load(sys.stdin.buffer))  # noqa: S301 - from `running`
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listening:
        sys.stdout.write(f"{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        while True:
            connection, _ = listening.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=stub.converse, args=(connection,), daemon=True).start()


class _Stub:
    def __init__(self, pages: tuple[RawPage, ...], length: int, tables: int, delay_seconds: float) -> None:
        self._pages = [(page.start, zlib.crc32(page.start)) for page in pages]
        self._length = length
        self._delay_seconds = delay_seconds
        self._fixed = {name: _answer(orjson.dumps(answer)) for name, answer in _answers(tables).items()}

    def converse(self, connection: socket.socket) -> None:
        """Answer one request after the other, until the other side hangs up."""
        received = b""
        with connection:
            while True:
                while (end := received.find(b"\r\n\r\n")) < 0:
                    more = connection.recv(65_536)
                    if not more:
                        return
                    received += more
                head = received[:end]
                expected = _LENGTH.search(head)
                whole = end + 4 + (int(expected[1]) if expected else 0)
                while len(received) < whole:
                    received += connection.recv(65_536)
                body, received = received[end + 4 : whole], received[whole:]
                self._reply(connection, head, body)

    def _reply(self, connection: socket.socket, head: bytes, body: bytes) -> None:
        target = _TARGET.search(head)
        operation = target[1] if target else b""
        if operation == b"Scan":
            self._send_page(connection, body)
            return
        time.sleep(self._delay_seconds)
        if operation == b"DescribeTable":
            named = _TABLE.search(body)
            connection.sendall(_answer(orjson.dumps({"Table": _table((named[1] if named else b"").decode())})))
        elif operation:
            connection.sendall(self._fixed.get(operation.decode()) or self._fixed[""])
        elif head.startswith(b"GET"):
            connection.sendall(self._fixed["recovery-points" if b"/recovery-points" in head else "protected"])
        else:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%b" % (len(_XML), _XML))

    def _send_page(self, connection: socket.socket, body: bytes) -> None:
        """The page after the one at whose key the request starts; with segments, each has its share of them, one after the other."""
        segment, segments, start = _SEGMENT.search(body), _SEGMENTS.search(body), _START.search(body)
        count = int(segments[1]) if segments else 1
        first = self._length * (int(segment[1]) if segment else 0) // count
        end = self._length * ((int(segment[1]) if segment else 0) + 1) // count
        number = int(start[1]) if start else first
        if number >= end:  # a segment without pages
            connection.sendall(_answer(b'{"Count":0,"Items":[],"ScannedCount":0}'))
            return
        begin, checksum = self._pages[number % len(self._pages)]
        rest = tail(number + 1 if number + 1 < end else None)
        head = b"%bx-amz-crc32: %d\r\nContent-Length: %d\r\n\r\n" % (_JSON, zlib.crc32(rest, checksum), len(begin) + len(rest))
        connection.sendall(head)
        connection.sendall(begin)
        connection.sendall(rest)


def _answer(body: bytes) -> bytes:
    return b"%bContent-Length: %d\r\n\r\n%b" % (_JSON, len(body), body)


def table_name(number: int) -> str:
    return f"table-{number:04d}"


def _arn(name: str) -> str:
    return f"arn:aws:dynamodb:eu-north-1:{ACCOUNT}:table/{name}"


def _table(name: str) -> dict[str, object]:
    return {
        "TableName": name,
        "TableArn": _arn(name),
        "TableId": "6b2b8f6e-0000-4000-8000-000000000000",
        "TableStatus": "ACTIVE",
        "CreationDateTime": CREATED,
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST", "LastUpdateToPayPerRequestDateTime": CREATED},
        "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
        "TableSizeBytes": 10**9,
        "ItemCount": 10**6,
        "DeletionProtectionEnabled": True,
        "WarmThroughput": {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000, "Status": "ACTIVE"},
    }


def _answers(tables: int) -> dict[str, object]:
    """By operation; "" is the answer to any other."""
    return {
        "": {},
        "ListTables": {"TableNames": [table_name(number) for number in range(tables)]},
        "DescribeContinuousBackups": {
            "ContinuousBackupsDescription": {
                "ContinuousBackupsStatus": "ENABLED",
                "PointInTimeRecoveryDescription": {
                    "PointInTimeRecoveryStatus": "ENABLED",
                    "RecoveryPeriodInDays": 35,
                    "EarliestRestorableDateTime": CREATED,
                    "LatestRestorableDateTime": CREATED,
                },
            }
        },
        "DescribeTimeToLive": {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}},
        "ListBackups": {"BackupSummaries": []},
        "ListTagsOfResource": {"Tags": [{"Key": "team", "Value": "orders"}]},
        "DescribeContributorInsights": {"ContributorInsightsStatus": "DISABLED"},
        "DescribeKinesisStreamingDestination": {"KinesisDataStreamDestinations": []},
        "GetResourcePolicy": {"Policy": '{"Version":"2012-10-17","Statement":[]}', "RevisionId": "1"},
        "DescribeScalableTargets": {"ScalableTargets": []},
        "DescribeScalingPolicies": {"ScalingPolicies": []},
        "DescribeAlarms": {"MetricAlarms": [], "CompositeAlarms": []},
        "GetMetricData": {"MetricDataResults": [], "Messages": []},
        "ListServiceQuotas": {"Quotas": []},
        "recovery-points": {"RecoveryPoints": []},
        "protected": {"ResourceArn": _arn(table_name(0)), "ResourceType": "DynamoDB"},
    }


if __name__ == "__main__":
    main()
