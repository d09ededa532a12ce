"""
Reports to S3: `s3://bucket/key`, whole or not at all, and over what is there, as a file is.

The bucket is the caller's own, not the audited account's: it is reached as the history is, without the role of the audit.
"""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from stj_audit.aws_failures import FAILURES, code_of
from stj_audit.deliver.clients import explained
from stj_audit.deliver.stores import BUCKET_NAME, SCHEME, s3_client
from stj_audit.errors import CannotWrite, ConfigError
from stj_audit.read_only import Place, Rule, Rules

CONTENT_TYPES = {
    "html": "text/html",
    "markdown": "text/markdown",
    "comment": "text/markdown",
    "csv": "text/csv",
    "json": "application/json",
    "sarif": "application/json",
    "junit": "application/xml",
}
NEEDS = "it takes s3:PutObject on the object"


@dataclass(frozen=True, kw_only=True, slots=True)
class S3Object:
    """One object, and the client that reaches it."""

    bucket: str
    key: str
    client: Any  # no stubs: two calls

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}"

    def check(self) -> None:
        """
        Find out before the audit whether its bucket is there. Whether it may be written to is known only when it is: nothing is left there to
        find out, and who may write need not be allowed to look. Raises CannotWrite.
        """
        try:
            self.client.head_bucket(Bucket=self.bucket)
        except ClientError as error:
            if code_of(error) in ("404", "NoSuchBucket"):
                raise CannotWrite(f"cannot write {self}: there is no such bucket", hint="make the bucket first") from error
        except FAILURES as error:
            raise self._unwritable(error) from error

    def write(self, text: str, format_: str) -> None:
        """Raises CannotWrite."""
        kind = f"{CONTENT_TYPES.get(format_, 'text/plain')}; charset=utf-8"
        try:
            self.client.put_object(Bucket=self.bucket, Key=self.key, Body=text.encode(), ContentType=kind)
        except ClientError as error:
            code = code_of(error)
            hint = "the bucket is gone: make it again, or choose another place" if code == "NoSuchBucket" else NEEDS
            raise CannotWrite(f"cannot write {self}: {code}", hint=hint) from error
        except FAILURES as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: BaseException) -> CannotWrite:
        said = explained(error)
        return CannotWrite(f"cannot write {self}: {said}", hint=said.hint)


def s3_object(where: str, *, profile: str | None, region: str | None, endpoint_url: str | None) -> S3Object:
    """The object at `s3://bucket/key`; nothing is sent yet. Raises ConfigError."""
    bucket, _, key = where.removeprefix(SCHEME).partition("/")
    if not BUCKET_NAME.fullmatch(bucket) or not key or key.endswith("/"):
        raise ConfigError(f"--report {where} names no object", hint="write it like s3://bucket/report.html")
    client = s3_client(f"--report {where}", object_rules(bucket, key), profile=profile, region=region, endpoint_url=endpoint_url)
    return S3Object(bucket=bucket, key=key, client=client)


def object_rules(bucket: str, key: str) -> Rules:
    """What may be sent to S3 for a report: one object, and nothing is read."""
    place = Place(bucket=bucket, prefix=key, exact=True)
    return {
        "s3": {
            "HeadBucket": Rule(may=frozenset({"Bucket"}), place=place, method="HEAD"),
            "PutObject": Rule(may=frozenset({"Body", "Bucket", "ContentType", "Key"}), place=place, method="PUT"),
        }
    }
