"""A server of HTTP on this machine, for as long as a test has something to ask it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

POLL_SECONDS = 0.02  # how soon it ends


class Quiet(BaseHTTPRequestHandler):
    """What a handler is made of: it says nothing of its own."""

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        """Status, headers with the length of the body, and the body."""
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def web_server(handler: type[BaseHTTPRequestHandler], *, waits: bool = False, quiet: bool = False) -> Iterator[str]:
    """
    The address of a server that answers by `handler`, each connection in a thread, until the end. `waits`: until its threads have ended too;
    `quiet`: what they raise is not told, because whoever asked may be gone.
    """

    class Server(ThreadingHTTPServer):
        daemon_threads = not waits
        request_queue_size = 128

        def handle_error(self, request: Any, client_address: Any) -> None:
            if not quiet:
                super().handle_error(request, client_address)

    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
