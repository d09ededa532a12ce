"""
A DynamoDB with one table, over plain sockets, so that it can do what no HTTP server does: cut an answer short, promise more bytes than it
sends, hang up, drip. Every other service answers that it does not know the operation, as an emulator does.
"""

import binascii
import json
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

REGION = "eu-north-1"
DRIP_SECONDS = 0.05
TLS = b"\x16"  # the first byte of a handshake


def description(name: str = "orders", **more: Any) -> dict[str, Any]:
    """What DescribeTable says of a table on demand with two small items."""
    return {
        "TableName": name,
        "TableArn": f"arn:aws:dynamodb:{REGION}:123456789012:table/{name}",
        "TableStatus": "ACTIVE",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "ItemCount": 2,
        "TableSizeBytes": 6,
        **more,
    }


def good(operation: str, request: Mapping[str, Any]) -> tuple[int, bytes]:
    """The right answer: status and body. A Scan has two pages."""
    if operation == "ListTables":
        return 200, b'{"TableNames": ["orders", "users"]}'
    if operation == "DescribeTable":
        return 200, json.dumps({"Table": description(request["TableName"])}).encode()
    if operation == "Scan":
        last = "ExclusiveStartKey" not in request
        page = {"Items": [{"id": {"S": "a" if last else "b"}}], "Count": 1, "ScannedCount": 1}
        page |= {"ConsumedCapacity": {"CapacityUnits": 0.5}} | ({"LastEvaluatedKey": {"id": {"S": "a"}}} if last else {})
        return 200, json.dumps(page).encode()
    return error("UnknownOperationException")


def error(code: str, status: int = 400) -> tuple[int, bytes]:
    return status, json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "hunter2"}).encode()


@dataclass(kw_only=True)
class Misbehaving:
    """
    `spoil(operation, request, number)` gives the raw bytes that are sent instead of the right answer, or None; `number` counts the requests
    of an operation from 1. An empty one hangs up. `asked` counts them by operation.
    """

    url: str = ""
    spoil: Callable[[str, Mapping[str, Any], int], bytes | None] = lambda _operation, _request, _number: None
    asked: Counter[str] = field(default_factory=Counter)
    drips: frozenset[str] = frozenset()
    """Operations whose right answer comes byte by byte."""
    over: threading.Event = field(default_factory=threading.Event)


def raw(status: int, body: bytes, *, promised: int | None = None, checksum: int | None = None) -> bytes:
    """An HTTP answer; `promised` bytes are told where that is not what is sent."""
    crc = binascii.crc32(body) if checksum is None else checksum
    length = len(body) if promised is None else promised
    head = f"HTTP/1.1 {status} x\r\nContent-Type: application/x-amz-json-1.0\r\nx-amz-crc32: {crc}\r\nContent-Length: {length}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + body


@contextmanager
def misbehaving() -> Iterator[Misbehaving]:
    made = Misbehaving()
    lock = threading.Lock()

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            with suppress(ConnectionError):
                self._answer()

        def _answer(self) -> None:
            if self.rfile.peek(1)[:1] == TLS:  # type: ignore[attr-defined] # it is a BufferedReader, and typed as what all files can
                self.wfile.write(b"HTTP/1.1 400 x\r\n\r\n")
                return
            self.rfile.readline()
            headers = {}
            while line := self.rfile.readline().strip():
                name, _, value = line.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            body = self.rfile.read(int(headers.get("content-length", 0)))
            operation = headers.get("x-amz-target", "").rpartition(".")[2]
            request = json.loads(body) if body[:1] == b"{" else {}
            with lock:
                made.asked[operation] += 1
                number = made.asked[operation]
            spoiled = made.spoil(operation, request, number)
            if spoiled is None:
                spoiled = raw(*good(operation, request))
            if operation in made.drips:
                for byte in spoiled:
                    self.wfile.write(bytes((byte,)))
                    if made.over.wait(DRIP_SECONDS):
                        return
            self.wfile.write(spoiled)

    class Server(ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield made
        finally:
            made.over.set()
            server.shutdown()
            thread.join()


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
