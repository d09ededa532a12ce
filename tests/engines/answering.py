"""A server that answers what a test says: a DynamoDB that denies, quotes, or lies."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[str, bytes, BaseHTTPRequestHandler], tuple[int, bytes]]
"""(operation, body of the request, the request) to (status, body)."""


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """The address of a server that gives each DynamoDB request its `answer`, until the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["Content-Length"]))
            operation = (self.headers.get("X-Amz-Target") or "").rpartition(".")[2]
            status, body = answer(operation, request, self)
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
