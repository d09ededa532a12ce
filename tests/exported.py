"""Files of items as DynamoDB writes them: plain lines, and exports to S3 with their manifests and checksums."""

import gzip
import json
from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import md5
from pathlib import Path
from typing import Any

Item = dict[str, Any]

EXPORT_ID = "01693685827463-2d8752fd"
TABLE_ARN = "arn:aws:dynamodb:eu-north-1:123456789012:table/orders"


def lines(items: Iterable[Item], *, wrapped: bool = False) -> bytes:
    """One item a line, as `json.dumps` writes it, or within {"Item": ...}."""
    return b"".join(json.dumps({"Item": item} if wrapped else item, ensure_ascii=False).encode() + b"\n" for item in items)


def checksum(content: bytes) -> str:
    return b64encode(md5(content).digest()).decode()


def write_export(folder: Path, items: Sequence[Item], *, files: int = 3, export_id: str = EXPORT_ID, **summary: Any) -> Path:
    """
    An export of `items` below `folder`, as a prefix in a bucket holds it; gives the export's own folder.

    `summary` replaces members of manifest-summary.json, such as `outputFormat`; one that is None is left out.
    """
    export = folder / "AWSDynamoDB" / export_id
    (export / "data").mkdir(parents=True)
    (export / "_started").write_bytes(b"")
    listed = []
    for number in range(files):
        part = items[number::files]
        content = gzip.compress(lines(part, wrapped=True), mtime=0)
        name = f"{number:04}abcdefghijklmnopqrstuvwx.json.gz"
        (export / "data" / name).write_bytes(content)
        listed.append(
            {
                "itemCount": len(part),
                "md5Checksum": checksum(content),
                "etag": f"{md5(content).hexdigest()}-1",
                "dataFileS3Key": f"exports/AWSDynamoDB/{export_id}/data/{name}",
            }
        )
    told = {
        "version": "2020-06-30",
        "exportArn": f"{TABLE_ARN}/export/{export_id}",
        "startTime": "2026-11-04T07:28:34.028Z",
        "endTime": "2026-11-04T07:33:43.897Z",
        "tableArn": TABLE_ARN,
        "tableId": "12345a12-abcd-123a-ab12-1234abc12345",
        "exportTime": "2026-11-04T07:28:34.028Z",
        "s3Bucket": "exports",
        "s3Prefix": "exports",
        "s3SseAlgorithm": "AES256",
        "s3SseKmsKeyId": None,
        "manifestFilesS3Key": f"exports/AWSDynamoDB/{export_id}/manifest-files.json",
        "billedSizeBytes": 12_345,
        "itemCount": len(items),
        "outputFormat": "DYNAMODB_JSON",
        "exportType": "FULL_EXPORT",
    }
    kept = {name: value for name, value in (told | summary).items() if name not in summary or value is not None}
    write_manifest(export, "manifest-files", "".join(json.dumps(one) + "\n" for one in listed).encode())
    write_manifest(export, "manifest-summary", json.dumps(kept).encode())
    return export


def write_manifest(export: Path, name: str, content: bytes) -> None:
    """A manifest with its checksum beside it."""
    (export / f"{name}.json").write_bytes(content)
    (export / f"{name}.md5").write_text(checksum(content))
