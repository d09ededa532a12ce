"""A server that answers what a test says: a DynamoDB that denies, quotes, or lies."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from tests.engines.web import Quiet, web_server

Answer = Callable[[str, bytes, BaseHTTPRequestHandler], tuple[int, bytes]]
"""(operation, body of the request, the request) to (status, body)."""


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """The address of a server that gives each DynamoDB request its `answer`, until the end."""

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["Content-Length"]))
            operation = (self.headers.get("X-Amz-Target") or "").rpartition(".")[2]
            self.answer(*answer(operation, request, self), {"Content-Type": "application/x-amz-json-1.0"})

    with web_server(Handler) as url:
        yield url
