"""Spark on two processors of this machine against this process and against processes: the same files, the same counts to the byte."""

import gzip
import runpy
import shlex
import sys
import traceback
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from hashlib import md5
from pathlib import Path
from typing import Any

import boto3
import orjson
import pytest
from moto import mock_aws

from stj_audit.config import Config, SizeLines
from stj_audit.errors import AuditError, ConfigError, UnreadableItems
from stj_audit.facts import DYNAMIC_ATTRIBUTES, ItemSizes, Unknown
from stj_audit.items import cluster
from stj_audit.items.counts import Counts, to_json
from stj_audit.items.engine import new_fold
from stj_audit.items.exports import export_parts, read_export
from stj_audit.items.files import FilePart, find_files, fold_file_part, parts_of
from stj_audit.items.fold import ItemFold
from stj_audit.items.limits import LARGEST
from stj_audit.items.plan import ItemsPlan
from stj_audit.items.pool import fold_parts
from stj_audit.measure import FilesRequest, key_of, measure_files
from stj_audit.scanners import AwsOptions, open_session, tables
from stj_audit.scanners import items as live_items
from stj_audit.scanners.cluster_items import ClusterReader, ScanPart, fold_scan_part
from stj_audit.sizing import item_size
from tests.builders import a_table, an_index
from tests.commands import stj_audit
from tests.engines.dynamodb_local import REGION, DynamoDBLocal, create_plain_table, fresh_name

pytestmark = pytest.mark.cluster  # of the module: then pytest tells in one line that all were skipped

Item = dict[str, Any]

TABLE = a_table(key=("id",), indexes=(an_index("by-status"),))
HASH_KEY = b"one key for all engines"
WARN_BYTES = 307_200
JOB = Path(__file__).parent.parent.parent / "deploy" / "spark_job.py"
SECRET = "4111 1111 1111 1111"

fold_part = partial(fold_file_part, table=TABLE, hash_key=HASH_KEY)
empty = partial(new_fold, TABLE, hash_key=HASH_KEY)


def items(count: int) -> Iterator[Item]:
    """Items of many shapes and sizes, some in the index and some not."""
    for place in range(count):
        item: Item = {"id": {"S": f"item-{place}"}, "n": {"N": str(place)}}
        if place % 3:
            item["status"] = {"S": "open" if place % 2 else "done"}
        if place % 50 == 0:
            item["notes"] = {"L": [{"S": "long text, " * (place % 700)}, {"M": {"seen": {"BOOL": True}}}]}
        yield item


def lines(those: Iterable[Item], *, wrapped: bool = False) -> bytes:
    return b"".join(orjson.dumps({"Item": item} if wrapped else item) + b"\n" for item in those)


def an_export(folder: Path, files: Sequence[bytes]) -> Path:
    """A full export as DynamoDB writes it, of files of wrapped lines."""
    (folder / "data").mkdir(parents=True)
    listed = []
    for place, text in enumerate(files):
        name, packed = f"file{place:02}.json.gz", gzip.compress(text, 1)
        (folder / "data" / name).write_bytes(packed)
        checksum = b64encode(md5(packed).digest()).decode()
        listed.append({"itemCount": text.count(b"\n"), "md5Checksum": checksum, "dataFileS3Key": f"AWSDynamoDB/01/data/{name}"})
    summary = {"tableArn": TABLE.arn, "itemCount": sum(text.count(b"\n") for text in files), "outputFormat": "DYNAMODB_JSON"}
    (folder / "manifest-summary.json").write_bytes(orjson.dumps(summary))
    (folder / "manifest-files.json").write_bytes(b"\n".join(map(orjson.dumps, listed)))
    return folder


def in_one_process(parts: Iterable[FilePart]) -> ItemFold:
    fold = empty()
    for part in parts:
        fold.add_counts(fold_part(part))
    return fold


def in_processes(parts: Sequence[FilePart]) -> Counts:
    fold = empty()
    for _, counts in fold_parts(parts, fold_part, processes=2):
        fold.add_counts(counts)
    return fold.counts()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[FilePart, ...]:
    """Five plain files in about forty parts."""
    folder = tmp_path_factory.mktemp("plain")
    everything = list(items(5_000))
    for place in range(5):
        (folder / f"{place}.jsonl").write_bytes(lines(everything[place::5]))
    files = find_files(str(folder))
    parts = parts_of(files, part_bytes=sum(file.stat().st_size for file in files) // 40)
    assert len(parts) > 2 * cluster.ADDED_UP_BY_DRIVER
    return parts


# ------------------------------------------------------------------------------------------------------------ the same


def test_plain_files_in_many_parts(spark: str, plain: tuple[FilePart, ...]) -> None:
    expected = in_one_process(plain)
    assert expected.items == 5_000
    assert to_json(cluster.fold_all(plain, fold_part, empty, master=spark)) == to_json(expected.counts())
    assert to_json(in_processes(plain)) == to_json(expected.counts())


def test_several_parts_a_task(spark: str, plain: tuple[FilePart, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "MAX_TASKS", 3)
    counts = cluster.fold_all(plain, fold_part, empty, master=spark)
    assert to_json(counts) == to_json(in_one_process(plain).counts())


def test_compressed_files(spark: str, tmp_path: Path) -> None:
    everything = list(items(2_000))
    for place in range(3):
        (tmp_path / f"{place}.json.gz").write_bytes(gzip.compress(lines(everything[place::3]), 1))
    parts = parts_of(find_files(str(tmp_path)))
    counts = cluster.fold_all(parts, fold_part, empty, master=spark)
    assert to_json(counts) == to_json(in_one_process(parts).counts())
    assert sum(counts.sizes.values()) == 2_000


def test_an_export(spark: str, tmp_path: Path) -> None:
    everything = list(items(2_000))
    folder = an_export(tmp_path / "01", [lines(everything[place::4], wrapped=True) for place in range(4)])
    parts = export_parts(folder, read_export(folder))
    counts = cluster.fold_all(parts, fold_part, empty, master=spark)
    assert to_json(counts) == to_json(in_one_process(parts).counts())
    assert sum(counts.sizes.values()) == 2_000


def test_the_one_large_item_is_found(spark: str, tmp_path: Path) -> None:
    """Among 300,000 small ones, 1 byte above the warn line."""
    size = len("id") + len("big") + len("body")
    big = {"id": {"S": "big"}, "body": {"S": "x" * (WARN_BYTES + 1 - size)}}
    small = [b'{"id":{"S":"item-%d"},"n":{"N":"%d"},"status":{"S":"open"}}\n' % (place, place) for place in range(300_000)]
    small.insert(271_828, lines([big]))
    path = tmp_path / "items.jsonl"
    path.write_bytes(b"".join(small))
    parts = parts_of([path], part_bytes=path.stat().st_size // 8)
    one = in_one_process(parts)
    assert one.items == 300_001
    assert one.over(WARN_BYTES) == 1
    assert max(one.counts().sizes) == WARN_BYTES + 1
    assert to_json(cluster.fold_all(parts, fold_part, empty, master=spark)) == to_json(one.counts())
    assert to_json(in_processes(parts)) == to_json(one.counts())


# ------------------------------------------------------------------------------------------------------------- failures


def test_a_broken_file_gives_the_same_sentence(spark: str, tmp_path: Path) -> None:
    for place in range(20):
        (tmp_path / f"{place:02}.jsonl").write_bytes(lines(items(20)))
    with (tmp_path / "07.jsonl").open("ab") as file:
        file.write(b'{"id": {"S": "%s"}\n' % SECRET.encode())
    parts = parts_of(find_files(str(tmp_path)))
    with pytest.raises(UnreadableItems) as here:
        in_processes(parts)
    with pytest.raises(UnreadableItems) as there:
        cluster.fold_all(parts, fold_part, empty, master=spark)
    assert str(there.value) == str(here.value)
    assert there.value.hint == here.value.hint
    assert f"{tmp_path / '07.jsonl'}, line 21" in str(there.value)
    assert SECRET not in "".join(traceback.format_exception(there.value))


def quoting(part: FilePart) -> Counts:
    """A fold with a bug: what it raises quotes an item."""
    raise KeyError(f"no such attribute in {SECRET}")


def test_what_quotes_an_item_is_not_told(spark: str, plain: tuple[FilePart, ...]) -> None:
    with pytest.raises(AuditError) as raised:
        cluster.fold_all(plain, quoting, empty, master=spark)
    assert str(raised.value) == "a part could not be read on the cluster (KeyError)"
    assert SECRET not in "".join(traceback.format_exception(raised.value))


def test_a_wrong_master_is_told_before_java_starts(spark_master: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyspark import SparkContext  # noqa: PLC0415 - it may not be there

    monkeypatch.setattr(SparkContext, "_active_spark_context", None)
    with pytest.raises(ConfigError, match=r"^'http://host' is no Spark master$"):
        cluster.fold_all([1], fold_part, empty, master="http://host")


def test_without_java(spark_master: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyspark import SparkContext  # noqa: PLC0415 - it may not be there

    monkeypatch.setattr(SparkContext, "_active_spark_context", None)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ConfigError, match=r"^--engine spark needs Java 17 or newer$"):
        cluster.fold_all([1], fold_part, empty, master=spark_master)


# -------------------------------------------------------------------------------------------------------- as a user does


def without_what_differs(profile: str) -> dict[str, Any]:
    """A profile without what each run has of its own: its times and the key of its hashes."""
    told: dict[str, Any] = orjson.loads(profile)
    del told["started_at"], told["finished_at"]
    for table in told["tables"]:
        for item in (*table["places"], *table["items"]["largest"]):
            del item["key_hash"]
    return told


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("items")
    large = [{"id": {"S": f"large-{place}"}, "body": {"S": "x" * (20_000 + place)}} for place in range(LARGEST)]
    everything = [*items(1_000), *large]  # no two of the largest have one size, and so they have one order
    for place in range(3):
        (made / f"{place}.jsonl").write_bytes(lines(everything[place::3]))
    return made


def test_the_command_says_the_same_with_either_engine(spark_master: str, folder: Path, tmp_path: Path) -> None:
    command = ("items", "--from", folder, "--key", "id:S", "-f", "json", "--find-largest")
    here = stj_audit(*command, cwd=tmp_path)
    there = stj_audit(*command, "--engine", "spark", "--spark-master", spark_master, cwd=tmp_path)
    assert (there.code, there.err) == (here.code, here.err) == (0, "")
    told = without_what_differs(here.out)
    assert without_what_differs(there.out) == told
    found = [(Path(place["file"]), place["line"]) for place in told["tables"][0]["places"]]
    sizes = [one["bytes"] for one in told["tables"][0]["items"]["largest"]]
    assert [item_size(orjson.loads(file.read_bytes().splitlines()[line - 1])) for file, line in found] == sizes
    assert len(set(sizes)) == len(sizes) == LARGEST


def test_to_the_last_field_where_an_item_is_in_several_files(
    spark_master: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With hashes of one key, and so with the order that they give."""
    monkeypatch.setattr("stj_audit.measure.secrets.token_bytes", bytes)
    everything = list(items(500))
    for place in range(20):  # more than what is added up by the driver
        (tmp_path / f"{place:02}.jsonl").write_bytes(lines(everything[: 400 + place]))
    terms: dict[str, Any] = {"location": str(tmp_path), "key": key_of("id:S"), "config": Config(), "find_largest": True}
    here, two, there = (
        measure_files(FilesRequest(**terms, **how, size_lines=SizeLines(), aws=AwsOptions()))
        for how in ({"processes": 1}, {"processes": 2}, {"engine": "spark", "spark_master": spark_master})
    )
    assert len(here.tables[0].places) == LARGEST
    assert {place.file for place in here.tables[0].places} == {str(tmp_path / "19.jsonl")}
    assert two.tables == here.tables
    assert there.tables == here.tables


def test_the_command_says_one_sentence(spark_master: str, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "items").mkdir()
    for file in folder.iterdir():
        (tmp_path / "items" / file.name).write_bytes(file.read_bytes())
    (tmp_path / "items" / "broken.jsonl").write_bytes(b'{"id": {"S": "a"}}\n{"id": {"S": "%s"\n' % SECRET.encode())
    command = ("items", "--from", "items", "--key", "id:S")
    here = stj_audit(*command, cwd=tmp_path)
    there = stj_audit(*command, "--engine", "spark", "--spark-master", spark_master, cwd=tmp_path)
    assert (there.code, there.out, there.err) == (here.code, here.out, here.err)
    assert there.err.count("\n") == 1
    assert "broken.jsonl, line 2" in there.err


def test_the_job_of_a_cluster(spark: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["spark_job.py"])
    job = runpy.run_path(str(JOB))
    command = shlex.join(["items", "--from", str(folder), "--key", "id:S", "-f", "json"])
    report = tmp_path / "report.json"
    # JOB_NAME is one of those that Glue adds
    assert job["run"](["--JOB_NAME", "audit", "--stj-audit", f"{command} --engine spark", "--report-to", str(report)]) == 0
    here = stj_audit(*shlex.split(command), cwd=tmp_path)
    assert without_what_differs(report.read_text(encoding="utf-8")) == without_what_differs(here.out)
    assert job["run"](["--stj-audit", "items --from nowhere --engine spark", "--report-to", str(tmp_path / "none.json")]) == 1
    assert not (tmp_path / "none.json").exists()


def test_the_job_leaves_its_report_in_s3(spark_master: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    job = runpy.run_path(str(JOB))
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="jobs")
        job["write"](b"report", "s3://jobs/stj-audit/reports/items.json")
        assert s3.get_object(Bucket="jobs", Key="stj-audit/reports/items.json")["Body"].read() == b"report"


# ---------------------------------------------------------------------------------------------------------- live tables


@pytest.mark.dynamodb_local
def test_a_live_table_by_segments(spark: str, dynamodb_local: DynamoDBLocal) -> None:
    name = fresh_name("cluster")
    made = dynamodb_local.client()
    create_plain_table(made, name)
    for start in range(0, 500, 25):
        wanted: list[Any] = [
            {"PutRequest": {"Item": {"id": {"S": f"{number}"}, "pad": {"S": "x" * (20_000 + number)}}}}
            for number in range(start, start + 25)
        ]
        made.batch_write_item(RequestItems={name: wanted})
    made.put_item(TableName=name, Item={"id": {"S": "big"}, "pad": {"S": "x" * (WARN_BYTES + 1 - len("idpadbig"))}})
    made.put_item(TableName=name, Item={"id": {"S": "of one"}, "jane@example.com": {"S": "x"}, "declared": {"S": "y"}})
    options = AwsOptions(region=REGION, endpoint_url=dynamodb_local.endpoint_url)
    aws = open_session(options)
    table = tables.read(aws, name)
    plan = ItemsPlan(mode="full", budget_usd=Decimal(0), declared={name: frozenset({"declared"})})
    here, units_here = live_items.read(aws, table, plan, hash_key=HASH_KEY)
    reader = ClusterReader(options=options, master=spark, from_segments=2)
    there, units_there = reader.read(aws, table, plan, hash_key=HASH_KEY)
    assert isinstance(here, ItemSizes)
    assert isinstance(there, ItemSizes)
    assert there.sizes[-1] == (WARN_BYTES + 1, 1)
    assert there == here
    assert {one.name for one in there.attributes} == {"id", "pad", "declared", DYNAMIC_ATTRIBUTES}
    assert units_there == units_here > 1_000
    part = ScanPart(segments=(0, 1), total_segments=3, per_second=None, cap=Decimal(100))
    stopped = fold_scan_part(part, options=options, table=table, hash_key=HASH_KEY, expiry=None)
    assert (stopped.problem, stopped.counts.sizes) == ("the cap on read units was reached", {})
    assert 0 < stopped.read_units < 100 + 129  # by a page at the most
    made.delete_table(TableName=name)
    gone, spent = reader.read(aws, table, plan, hash_key=HASH_KEY)
    assert isinstance(gone, Unknown)
    assert gone.reason == "gone during the audit"
    assert spent == 0
