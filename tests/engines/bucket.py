"""A bucket over HTTP, for other processes than the test's own: ListObjectsV2 and GetObject, and bodies that break off."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import md5
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.engines.web import Quiet, web_server

PAGE = 4  # keys a page, so that there are several


@dataclass(kw_only=True)
class Bucket:
    """
    `objects`: content by key. `cut`: after how many bytes of its body an answer for a key breaks off, as often as there are numbers.
    `asked`: every request, "GET /exports/key".
    """

    name: str
    objects: dict[str, bytes]
    cut: dict[str, list[int]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    endpoint_url: str = ""


@contextmanager
def serving(bucket: Bucket) -> Iterator[Bucket]:
    """The bucket at `endpoint_url`, until the end."""

    class Handler(Quiet, BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            bucket.asked.append(f"GET {self.path}")
            path, query = unquote(urlsplit(self.path).path), parse_qs(urlsplit(self.path).query, keep_blank_values=True)
            name, _, key = path.lstrip("/").partition("/")
            if name != bucket.name:
                self._answer(404, b"<Error><Code>NoSuchBucket</Code></Error>")
            elif "list-type" in query:
                self._answer(200, _listing(bucket, {key: values[0] for key, values in query.items()}))
            elif key not in bucket.objects:
                self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            else:
                self._object(key)

        def _object(self, key: str) -> None:
            content = bucket.objects[key]
            etag = f'"{md5(content).hexdigest()}"'
            if self.headers.get("If-Match") not in (None, etag):
                self._answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
                return
            start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").rstrip("-"))
            told = {"ETag": etag}
            if start:
                told["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            cut = bucket.cut.get(key)
            self._answer(206 if start else 200, content[start:], told, most=cut.pop(0) if cut else None)

        def _answer(self, status: int, body: bytes, told: dict[str, str] | None = None, *, most: int | None = None) -> None:
            self.send_response(status)
            for header, value in (told or {"Content-Type": "application/xml"}).items():
                self.send_header(header, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:most])
            if most is not None:
                self.close_connection = True

    with web_server(Handler) as bucket.endpoint_url:
        yield bucket


def _listing(bucket: Bucket, query: dict[str, str]) -> bytes:
    prefix, delimiter, after = query.get("prefix", ""), query.get("delimiter"), query.get("continuation-token", "")
    found: dict[str, bytes | None] = {}
    for key, content in sorted(bucket.objects.items()):
        if key.startswith(prefix):
            head, cut, _ = key.removeprefix(prefix).partition(delimiter) if delimiter else ("", "", "")
            found[f"{prefix}{head}/" if cut else key] = None if cut else content
    rest = [name for name in found if name > after]
    more = f"<NextContinuationToken>{escape(rest[PAGE - 1])}</NextContinuationToken>" if len(rest) > PAGE else ""
    shown = "".join(
        f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>"
        if content is None
        else f"<Contents><Key>{escape(name)}</Key><Size>{len(content)}</Size></Contents>"
        for name, content in ((name, found[name]) for name in rest[:PAGE])
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><Name>{bucket.name}</Name>'
        f"<IsTruncated>{str(bool(more)).lower()}</IsTruncated>{more}{shown}</ListBucketResult>"
    ).encode()
