"""Answers that no test engine gives: put in the place of the network, below botocore's retries and parsers."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse

REGION = "eu-north-1"


class _Body(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.getvalue()


def answer(body: object = None, *, status: int = 200, headers: dict[str, str] | None = None) -> AWSResponse:
    """An HTTP answer: bytes as they are, anything else as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    told: Any = {"Content-Type": "application/x-amz-json-1.0"} if headers is None else headers
    return AWSResponse("http://test.invalid/", status, told, _Body(raw))


def error(code: str, *, status: int = 400, message: str = "no") -> AWSResponse:
    return answer({"__type": f"com.amazonaws#{code}", "message": message}, status=status)


def answer_with(client: Any, operation: str, *answers: Callable[[], AWSResponse]) -> list[dict[str, Any]]:
    """
    Answer `operation` ("dynamodb.Scan") with one of `answers` after the other, the last for ever. Gives the requests, as they come in: their
    JSON, and of a GET its address.
    """
    requests: list[dict[str, Any]] = []

    def send(request: Any, **_: Any) -> AWSResponse:
        requests.append({"url": request.url} if request.method == "GET" else json.loads(request.body))
        return answers[min(len(requests), len(answers)) - 1]()

    before_send(client, operation, send)
    return requests


def before_send(client: Any, operation: str, handler: Callable[..., AWSResponse | None]) -> None:
    """Call `handler(request=...)` before each request; what it gives is the answer, None sends the request."""
    client.meta.events.register_first(f"before-send.{operation}", handler)


def client(service: str) -> Any:
    """An unguarded client, to set up in moto what the scanners then read."""
    return boto3.client(service, region_name=REGION)  # type: ignore[call-overload] # the stubs know literal names only


def create_table(name: str = "orders", **extra: Any) -> None:
    """A table on demand with the key `id`; `extra` as CreateTable takes it."""
    request: dict[str, Any] = {
        "TableName": name,
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    client("dynamodb").create_table(**(request | extra))
