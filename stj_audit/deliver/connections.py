"""
A connection to a mail server that ends by a deadline, whatever the server does.

smtplib has a timeout for each time that something is received: a server that sends a byte now and then never meets it. Here a timer shuts
the connection down from another thread, which ends what is being waited for.
"""

import contextlib
import smtplib
import socket
import ssl
import threading
from types import TracebackType
from typing import Self


class Deadline:
    """
    From when it is made until `seconds` later what is watched may be used; then it is shut down, and `is_over` is true.

    What is watched is a duplicate of the socket: TLS takes the socket itself away, and both are one connection to the kernel.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.is_over = False
        self._watched: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = self._started(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._stop()
        with self._lock:
            if self._watched is not None:
                self._watched.close()
                self._watched = None

    def watch(self, connection: socket.socket) -> None:
        """Raises TimeoutError where it is over already."""
        with self._lock:
            self.check()
            self._watched = connection.dup()

    def check(self) -> None:
        """Raises TimeoutError where it is over."""
        if self.is_over:
            raise TimeoutError

    def restart(self, seconds: float) -> None:
        """From now on so many seconds, but for what is over."""
        self._stop()
        if not self.is_over:
            self._timer = self._started(seconds)

    def _stop(self) -> None:
        self._timer.cancel()
        self._timer.join()

    def _started(self, seconds: float) -> threading.Timer:
        timer = threading.Timer(seconds, self._end)
        timer.daemon = True
        timer.start()
        return timer

    def _end(self) -> None:
        with self._lock:
            self.is_over = True
            if self._watched is not None:
                with contextlib.suppress(OSError):  # the other side was faster
                    self._watched.shutdown(socket.SHUT_RDWR)


class _Watched(smtplib.SMTP):
    """Watched from before the first byte: smtplib makes the connection, and waits for the greeting, while it is itself made."""

    def __init__(self, host: str, port: int, *, deadline: Deadline, timeout_seconds: float) -> None:
        self.deadline = deadline
        super().__init__(host, port, timeout=timeout_seconds)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        made: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc] # its stubs have public names only
        try:
            self.deadline.watch(made)
        except BaseException:
            made.close()
            raise
        return made


class _WatchedTls(smtplib.SMTP_SSL, _Watched):
    """By the order of its bases the socket is watched before its TLS handshake."""

    def __init__(self, host: str, port: int, *, deadline: Deadline, timeout_seconds: float) -> None:
        self.deadline = deadline
        smtplib.SMTP_SSL.__init__(self, host, port, timeout=timeout_seconds, context=ssl.create_default_context())


def open_connection(host: str, port: int, deadline: Deadline, *, timeout_seconds: float, implicit_tls: bool) -> smtplib.SMTP:
    """A connection whose server has said that it is ready. `timeout_seconds` is for each answer. Raises what smtplib and ssl raise."""
    kind = _WatchedTls if implicit_tls else _Watched
    return kind(host, port, deadline=deadline, timeout_seconds=timeout_seconds)
