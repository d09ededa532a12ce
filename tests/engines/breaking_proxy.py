"""A proxy in front of DynamoDB Local that breaks a share of the calls, as a bad day at AWS or on the way to it would."""

import binascii
import http.client
import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from tests.engines.web import Quiet, web_server

FAULTS = ("throttle", "500", "cut", "drop", "slow", "truncated JSON", "wrong CRC")
SLOW_SECONDS = 0.5


class Faults:
    """Which calls are broken, and how: drawn in the order in which they come in. Counts what it did."""

    def __init__(self, share: float, *, seed: int) -> None:
        self.share = share
        self.calls = 0
        self.injected: Counter[str] = Counter()
        self._draw = random.Random(seed)
        self._lock = threading.Lock()

    def next(self) -> str | None:
        with self._lock:
            self.calls += 1
            if self._draw.random() >= self.share:
                return None
            fault = self._draw.choice(FAULTS)
            self.injected[fault] += 1
            return fault


@contextmanager
def breaking_proxy(endpoint_url: str, faults: Faults) -> Iterator[str]:
    """The address of a proxy to `endpoint_url` that does what `faults` says to each call, until the end."""
    place = urlsplit(endpoint_url)
    kept = threading.local()

    class Handler(Quiet, BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self._pass_on(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

        def do_GET(self) -> None:
            self._pass_on(b"")

        def _pass_on(self, body: bytes) -> None:
            fault = faults.next()
            if fault == "drop":
                self._hang_up()
            elif fault == "throttle":
                self._send(400, _error("com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"))
            elif fault == "500":
                self._send(500, _error("com.amazonaws.dynamodb.v20120810#InternalServerError"))
            else:
                if fault == "slow":
                    time.sleep(SLOW_SECONDS)
                self._answer(fault, *self._ask(body))

        def _ask(self, body: bytes) -> tuple[int, bytes]:
            """Over a connection that this thread keeps: a thousand new ones a second would use up the ports."""
            headers = {name: value for name, value in self.headers.items() if name.lower() not in {"host", "connection"}}
            if not hasattr(kept, "engine"):
                kept.engine = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
            kept.engine.request(self.command, self.path, body=body, headers=headers)
            answer = kept.engine.getresponse()
            return answer.status, answer.read()

        def _answer(self, fault: str | None, status: int, body: bytes) -> None:
            if fault == "cut":
                self._head(status, len(body), binascii.crc32(body))
                self.wfile.write(body[: len(body) // 2])
                self._hang_up()
            elif fault == "truncated JSON":
                self._send(status, body[: len(body) // 2])
            elif fault == "wrong CRC":
                self._send(status, body, crc32=binascii.crc32(body) ^ 1)
            else:
                self._send(status, body)

        def _send(self, status: int, body: bytes, crc32: int | None = None) -> None:
            self._head(status, len(body), binascii.crc32(body) if crc32 is None else crc32)
            self.wfile.write(body)

        def _head(self, status: int, length: int, crc32: int) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(length))
            self.send_header("x-amz-crc32", str(crc32))
            self.end_headers()

        def _hang_up(self) -> None:
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def finish(self) -> None:
            with suppress(OSError):  # it was hung up
                super().finish()
            if hasattr(kept, "engine"):
                kept.engine.close()

    with web_server(Handler, quiet=True) as url:
        yield url


def _error(code: str) -> bytes:
    return json.dumps({"__type": code, "message": "the proxy's doing"}).encode()
