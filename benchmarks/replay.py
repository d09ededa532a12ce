"""Answers in the place of the network, below botocore's retries and parsers: what a client does with a page is all that is measured."""

import io
from collections.abc import Callable, Iterator
from typing import Any

from botocore.awsrequest import AWSResponse


class _Body(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.getvalue()


def answer_with(client: Any, operation: str, bodies: Callable[[int], bytes]) -> None:
    """Answer `operation` ("dynamodb.Scan") with `bodies(n)`, where n counts the requests from 0."""
    sent = 0

    def send(**_: Any) -> AWSResponse:
        nonlocal sent
        sent += 1
        headers: Any = {"Content-Type": "application/x-amz-json-1.0"}
        return AWSResponse("http://127.0.0.1/", 200, headers, _Body(bodies(sent - 1)))

    client.meta.events.register(f"before-send.{operation}", send)
