"""Exports in S3: found, streamed whole or not at all, and nothing outside of them asked for."""

from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from stj_audit.errors import AuditError, ConfigError, UnreadableItems
from stj_audit.facts import ItemSizes
from stj_audit.items.engine import new_fold
from stj_audit.items.pool import fold_parts
from stj_audit.scanners import AwsOptions, exports, open_session
from stj_audit.scanners.exports import export_parts, find_export, first_item, fold_s3_part, read_export, s3_folder
from stj_audit.scanners.guard import S3Folder
from tests.builders import a_table
from tests.engines.bucket import Bucket, serving
from tests.exported import EXPORT_ID, write_export
from tests.faults import fault
from tests.items.test_files import HASH_KEY, in_one_fold, some_items
from tests.scanners.answers import REGION, answer, before_send, client

pytestmark = pytest.mark.slow

BUCKET = "exports"
OPTIONS = AwsOptions(region=REGION)


@pytest.fixture(autouse=True)
def own_session() -> None:
    exports._session.cache_clear()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "RETRY_AFTER_SECONDS", 0)


def files_below(folder: Path, prefix: str = "") -> dict[str, bytes]:
    return {prefix + path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def read(url: str, options: AwsOptions = OPTIONS, *, processes: int = 1) -> ItemSizes:
    """As the command does it."""
    named = s3_folder(url)
    aws = open_session(options, folder=named)
    folder = find_export(aws, named)
    parts = export_parts(aws, folder, read_export(aws, folder))
    assert first_item(aws, parts) is not None
    fold = new_fold(a_table(), hash_key=HASH_KEY)
    fold_part = partial(fold_s3_part, options=options, table=a_table(), hash_key=HASH_KEY)
    for _, counts in fold_parts(parts, fold_part, processes=processes):
        fold.add_counts(counts)
    return fold.sizes(coverage="full", read_units=Decimal(0))


def put(objects: dict[str, bytes]) -> Any:
    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    for key, content in objects.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=content)
    return s3


# ------------------------------------------------------------------------------------------------------------- the address


@pytest.mark.parametrize(
    ("url", "prefix"),
    [
        ("s3://exports", ""),
        ("s3://exports/", ""),
        ("s3://exports/2026", "2026/"),
        ("s3://exports/2026/AWSDynamoDB/01-ab/", "2026/AWSDynamoDB/01-ab/"),
        ("s3://exports/2026/AWSDynamoDB/01-ab/manifest-files.json", "2026/AWSDynamoDB/01-ab/"),
        ("s3://exports/manifest-summary.json", ""),
    ],
)
def test_an_address_names_a_folder(url: str, prefix: str) -> None:
    assert s3_folder(url) == S3Folder(bucket=BUCKET, prefix=prefix)


@pytest.mark.parametrize("url", ["s3://", "s3:///a", "s3://a b/c", "s3://ab"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ConfigError, match="no address in S3"):
        s3_folder(url)


# ------------------------------------------------------------------------------------------------------------------- moto


@pytest.mark.parametrize(
    "below",
    ["", "/2026", "/2026/AWSDynamoDB", f"/2026/AWSDynamoDB/{EXPORT_ID}", f"/2026/AWSDynamoDB/{EXPORT_ID}/manifest-summary.json"],
)
def test_an_export_is_found_from_above_and_gives_the_profile_of_its_items(below: str, moto: None, tmp_path: Path) -> None:
    write_export(tmp_path, some_items(), files=5)
    put(files_below(tmp_path, "2026/"))
    assert read(f"s3://{BUCKET}{below}") == in_one_fold(some_items(), a_table())


def test_of_several_exports_one_must_be_chosen(moto: None, tmp_path: Path) -> None:
    write_export(tmp_path, some_items())
    write_export(tmp_path / "more", some_items(), export_id="01700000000000-12345678")
    put(files_below(tmp_path))
    with pytest.raises(ConfigError, match="there are 2 exports below it") as caught:
        read(f"s3://{BUCKET}")
    assert f"s3://{BUCKET}/AWSDynamoDB/{EXPORT_ID}/" in str(caught.value)
    assert read(f"s3://{BUCKET}/more").scanned == 500


def test_no_export_no_bucket_and_one_that_is_under_way(moto: None, tmp_path: Path) -> None:
    folder = write_export(tmp_path, some_items())
    for manifest in folder.glob("manifest-*"):
        manifest.unlink()
    put({**files_below(tmp_path), "other/a.json": b"{}"})
    with pytest.raises(UnreadableItems, match="the export has not finished"):
        read(f"s3://{BUCKET}")
    with pytest.raises(UnreadableItems, match=r"s3://exports/other/: there is no export in it or below it"):
        read(f"s3://{BUCKET}/other")
    with pytest.raises(UnreadableItems, match="there is no such bucket"):
        read("s3://nothing-here")


def test_too_many_folders_are_not_all_looked_into(moto: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MAX_FOLDERS", 5)
    put({f"{number}/a": b"" for number in range(9)})
    with pytest.raises(ConfigError, match="more than 5 folders"):
        read(f"s3://{BUCKET}")


def test_a_file_that_is_missing_or_was_changed_is_named(moto: None, tmp_path: Path) -> None:
    write_export(tmp_path, some_items())
    objects = files_below(tmp_path)
    s3 = put(objects)
    key = sorted(key for key in objects if "/data/" in key)[1]
    s3.put_object(Bucket=BUCKET, Key=key, Body=objects[sorted(key for key in objects if "/data/" in key)[0]])
    with pytest.raises(UnreadableItems) as caught:
        read(f"s3://{BUCKET}")
    assert str(caught.value) == f"s3://{BUCKET}/{key}: its MD5 checksum is not the one in the manifest"
    s3.delete_object(Bucket=BUCKET, Key=key)
    with pytest.raises(UnreadableItems, match=rf"1 of 3 files in the manifest missing: {key.rpartition('/')[2]}"):
        read(f"s3://{BUCKET}")


# ------------------------------------------------------------------------------------------------- a network that breaks off


@pytest.fixture
def bucket(tmp_path: Path) -> Any:
    write_export(tmp_path, some_items(3_000), files=6)
    with serving(Bucket(name=BUCKET, objects=files_below(tmp_path, "2026/"))) as running:
        yield running


def options(bucket: Bucket) -> AwsOptions:
    return AwsOptions(region=REGION, endpoint_url=bucket.endpoint_url, max_attempts=1)


def data_keys(bucket: Bucket) -> list[str]:
    return sorted(key for key in bucket.objects if "/data/" in key)


@pytest.mark.parametrize("processes", [1, 2])
def test_pages_of_a_listing_and_other_processes(bucket: Bucket, processes: int) -> None:
    assert read(f"s3://{BUCKET}/2026", options(bucket), processes=processes) == in_one_fold(some_items(3_000), a_table())
    assert all(asked.startswith(f"GET /{BUCKET}") for asked in bucket.asked)
    assert all("2026" in asked for asked in bucket.asked)


def test_a_body_that_breaks_off_is_continued_where_it_broke(bucket: Bucket) -> None:
    key = data_keys(bucket)[2]
    bucket.cut = {key: [100, 0, 5_000], data_keys(bucket)[0]: [1]}
    assert read(f"s3://{BUCKET}/2026", options(bucket)) == in_one_fold(some_items(3_000), a_table())
    assert sum(key in asked for asked in bucket.asked) == 4


@fault("a file of an export breaks off again and again", "exit 1: no count of a part", by="misbehaving bucket")
def test_a_body_that_goes_on_breaking_off_is_no_short_file(bucket: Bucket) -> None:
    key = data_keys(bucket)[2]
    bucket.cut = {key: [0] * 100}
    with pytest.raises(UnreadableItems, match=f"{key}: it broke off 5 times"):
        read(f"s3://{BUCKET}/2026", options(bucket))


def test_a_file_that_is_replaced_meanwhile(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    key = data_keys(bucket)[2]
    bucket.cut = {key: [100]}
    monkeypatch.setattr("stj_audit.scanners.exports.time.sleep", lambda _: bucket.objects.update({key: b"other" * 10_000}))
    with pytest.raises(UnreadableItems, match="it was replaced while it was read"):
        read(f"s3://{BUCKET}/2026", options(bucket))


def test_what_answers_is_not_s3(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.engines.bucket._listing", lambda *_: b"<html><body>Sign in to this network</body></html>")
    with pytest.raises(UnreadableItems, match="what answers there is not S3"):
        read(f"s3://{BUCKET}/2026", options(bucket))


def test_access_denied_says_what_is_needed(bucket: Bucket) -> None:
    aws = open_session(options(bucket), folder=S3Folder(bucket=BUCKET, prefix="2026/"))
    denied = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
    before_send(aws.s3, "s3.ListObjectsV2", lambda **_: answer(denied, status=403, headers={}))
    with pytest.raises(AuditError, match=r"these credentials may not read s3://exports/2026/ \(AccessDenied\)") as caught:
        find_export(aws, S3Folder(bucket=BUCKET, prefix="2026/"))
    assert "s3:GetObject" in caught.value.hint
    assert "kms:Decrypt" in caught.value.hint
