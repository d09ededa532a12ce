"""`stj-audit items` from outside: files, exports and live tables, what it prints and how it ends."""

import gzip
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from stj_audit.report import json_schema
from tests.commands import Ran, stj_audit
from tests.engines.bucket import Bucket, serving
from tests.engines.dynamodb_local import REGION, DynamoDBLocal, fresh_name
from tests.exported import EXPORT_ID, TABLE_ARN, Item, lines, write_export

pytestmark = pytest.mark.process

KEYED: list[Item] = [{"pk": {"S": "a"}, "sk": {"N": "1"}}, {"pk": {"S": "a"}, "sk": {"N": "2"}}]
BIG_BYTES = 307_201  # one more than 300 KB


def many_items(number: int = 100_000) -> list[Item]:
    """Small ones, and one in the middle that is a byte over 300 KB."""
    items: list[Item] = [{"id": {"S": f"{place:06}"}, "n": {"N": str(place % 97)}} for place in range(number)]
    items[number // 2] = {"id": {"S": "000big"}, "text": {"S": "x" * (BIG_BYTES - len("id000bigtext"))}}
    return items


def answer(ran: Ran) -> dict[str, Any]:
    assert (ran.code, ran.err) == (0, "")
    found = json.loads(ran.out)
    assert isinstance(found, dict)
    return found


def profile(ran: Ran) -> dict[str, Any]:
    """What must be the same however the items came: hashes have another key in each run."""
    (table,) = answer(ran)["tables"]
    return {"keys": table["keys"], **table["items"], "largest": [one["bytes"] for one in table["items"]["largest"]]}


def run(*arguments: str | Path, cwd: Path, **more: Any) -> Ran:
    return stj_audit("items", *arguments, cwd=cwd, **({"keys": False} | more))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same items as one file, as two in a folder, gzipped, and as an export."""
    folder, items = tmp_path_factory.mktemp("items"), many_items()
    (folder / "plain.json").write_bytes(lines(items))
    (folder / "packed.json.gz").write_bytes(gzip.compress(lines(items), 1))
    (folder / "two").mkdir()
    (folder / "two" / "a.jsonl").write_bytes(lines(items[:30_000]))
    (folder / "two" / "b.jsonl.gz").write_bytes(gzip.compress(lines(items[30_000:], wrapped=True), 1))
    write_export(folder / "bucket", items, files=8)
    return folder


@pytest.fixture(scope="module")
def expected(folder: Path) -> dict[str, Any]:
    return profile(run("--from", "plain.json", "--key", "id:S", "--processes", "1", "-f", "json", cwd=folder))


def test_the_profile_is_right(expected: dict[str, Any]) -> None:
    small = 2 + 6 + 1  # id, its value, n; and its number: 0 is one byte, 1 to 96 two
    zeros = sum(place % 97 == 0 for place in range(100_000))
    assert expected["scanned"] == 100_000
    assert expected["scanned_bytes"] == BIG_BYTES + (99_999 * (small + 2) - (zeros - (50_000 % 97 == 0)))
    assert (expected["min_bytes"], expected["p50_bytes"], expected["p99_bytes"], expected["max_bytes"]) == (10, 11, 11, BIG_BYTES)
    assert expected["over_warn"] == {"threshold_bytes": 307_200, "found": 1, "low": 1, "high": 1}
    assert expected["over_max"]["found"] == 0
    assert expected["coverage"] == "full"
    assert [bar for bar in expected["histogram"] if bar["count"]] == [
        {"le_bytes": 128, "count": 99_999},
        {"le_bytes": 409_600, "count": 1},
    ]
    assert expected["largest"][0] == BIG_BYTES
    assert expected["keys"][0]["distinct"] is None


@pytest.mark.parametrize(
    "arguments",
    [
        ("--from", "plain.json", "--processes", "3"),
        ("--from", "packed.json.gz"),
        ("--from", "two"),
        ("--from", "two/*"),
        ("--from", "bucket"),
        ("--from", f"bucket/AWSDynamoDB/{EXPORT_ID}/manifest-files.json", "--processes", "2"),
    ],
    ids=lambda arguments: " ".join(arguments[1:]),
)
def test_every_way_gives_one_profile(arguments: Sequence[str], folder: Path, expected: dict[str, Any]) -> None:
    assert profile(run(*arguments, "--key", "id", "-f", "json", cwd=folder)) == expected


def test_an_export_in_s3_gives_it_too(folder: Path, expected: dict[str, Any]) -> None:
    exported = folder / "bucket"
    objects = {f"2026/{path.relative_to(exported)}": path.read_bytes() for path in exported.rglob("*") if path.is_file()}
    with serving(Bucket(name="exports", objects=objects)) as bucket:
        where = ("--endpoint-url", bucket.endpoint_url, "--region", REGION, "--processes", "2")
        ran = run("--from", "s3://exports/2026", "--key", "id", "--find-largest", *where, "-f", "json", cwd=folder, keys=True)
    assert profile(ran) == expected
    (table,) = answer(ran)["tables"]
    assert (table["name"], table["arn"]) == ("orders", TABLE_ARN)
    assert table["source"] == {
        "kind": "export",
        "location": f"s3://exports/2026/AWSDynamoDB/{EXPORT_ID}/",
        "files": 8,
        "bytes": sum(len(content) for key, content in objects.items() if "/data/" in key),
        "export": {
            "export_arn": f"{TABLE_ARN}/export/{EXPORT_ID}",
            "exported_at": "2026-11-04T07:28:34.028000Z",
            "item_count": 100_000,
            "billed_size_bytes": 12_345,
            "files": 8,
            "agreeing_files": 8,
        },
    }
    assert answer(ran)["cost_usd"] is None
    largest = table["places"][0]
    assert largest["key_hash"] == table["items"]["largest"][0]["key_hash"]
    rows = gzip.decompress(objects[largest["file"].removeprefix("s3://exports/")]).splitlines()
    assert len(rows[largest["line"] - 1]) > BIG_BYTES


def test_json_has_the_items_of_a_run_file(folder: Path) -> None:
    found = answer(run("--from", "two", "-f", "json", "--table-name", "orders", cwd=folder))
    definitions = json_schema()["$defs"]
    (table,) = found["tables"]
    jsonschema.validate(table["items"], {"$ref": "#/$defs/ItemsReport", "$defs": definitions})
    jsonschema.validate(found["tool"], {"$ref": "#/$defs/Tool", "$defs": definitions})
    assert (found["schema_version"], found["read_units"], found["api_calls"], found["cost_usd"]) == (1, 0, 0, 0)
    assert (table["name"], table["arn"], table["key_schema"], table["keys"]) == ("orders", None, [], [])
    assert (table["source"]["kind"], table["source"]["files"], table["source"]["export"]) == ("files", 2, None)
    assert re.fullmatch("[0-9a-f]{16}", table["items"]["largest"][0]["key_hash"])


def test_a_person_sees_all_of_it(folder: Path) -> None:
    ran = run("--from", "bucket", "--key", "id", "--warn-item-size", "200KB", cwd=folder)
    assert (ran.code, ran.err) == (0, "")
    words = " ".join(ran.out.split())
    for told in (
        "Item sizes of orders",
        "All 100,000 items, 1.3 MB, from 8 files of",
        "Export of the table as of 4 November 2026: counts and checksums of 8 of 8 files agree",
        "smallest 10 B",
        "half of them at most 11 B",
        "largest 300.0 KB (307,201 B)",
        "items over 200.0 KB 1",
        "items over 400.0 KB 0",
        "128 B 99,999 ████████████████████████████████████████",
        "400.0 KB 1 ▏",
        "id: more than 1,024 different values; each is in less than 0.1% of the items.",
    ):
        assert told in words
    assert all(len(line) <= 100 for line in ran.out.splitlines())
    assert "000big" not in ran.out


def test_the_largest_item_is_found_again(folder: Path) -> None:
    shown = run("--from", "two", "--key", "id", "--find-largest", "--processes", "2", cwd=folder)
    assert (shown.code, shown.err) == (0, "")
    assert re.search(r"^[0-9a-f]{16} +300\.0 KB \(307,201 B\) +b\.jsonl\.gz +20,001$", shown.out, re.MULTILINE)


def test_markdown(folder: Path) -> None:
    ran = run("--from", "two", "-f", "markdown", cwd=folder)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("# Item sizes of two\n")
    assert "\n## Histogram\n" in ran.out
    assert "| `id` " in ran.out


def test_the_installed_command_reads_with_many_processes(folder: Path) -> None:
    command = (Path(sys.executable).parent / "stj-audit", "items", "--from", "two", "--processes", "2", "-q")
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "All 100,000 items" in ran.stdout


# ---------------------------------------------------------------------------------------------------------- what goes wrong


def test_an_error_in_another_process_is_the_same_sentence(tmp_path: Path) -> None:
    write_export(tmp_path, [{"pk": {"S": str(number)}} for number in range(100)], files=8)
    damaged = sorted(tmp_path.rglob("*.gz"))[5]
    damaged.write_bytes(damaged.read_bytes()[:-30])
    ran = run("--from", ".", "--processes", "3", "-v", cwd=tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines()[-1] == (
        f"error: {damaged.relative_to(tmp_path)}: it ends in the middle of the compressed data - the file was cut short: fetch it again"
    )


def test_help_says_what_can_be_read(tmp_path: Path) -> None:
    ran = run("--help", cwd=tmp_path)
    assert ran.code == 0
    for word in ("--from PATH", "--key", "--table-name", "--processes", "--scan", "--warn-item-size", "s3://bucket/prefix"):
        assert word in ran.out


def test_progress_on_a_terminal_is_gone_in_the_end(folder: Path) -> None:
    terminal, side = pty.openpty()
    command = (sys.executable, "-m", "stj_audit", "items", "--from", "plain.json", "--processes", "1")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=side, env=environment) as running:
        assert running.stdout is not None
        out = running.stdout.read()
    os.close(side)
    told = os.read(terminal, 10_000).decode()
    os.close(terminal)
    assert running.returncode == 0
    assert out.startswith(b"Item sizes of plain.json")
    assert "0 of 5 MB" in told
    assert told.endswith("\r\x1b[K")


# -------------------------------------------------------------------------------------------------------------- live tables


@pytest.fixture(scope="module")
def tables(dynamodb_local: DynamoDBLocal) -> tuple[str, str]:
    """A table with two items and a global index, and one without items; their names."""
    names = (fresh_name("items"), fresh_name("items"))
    client = dynamodb_local.client()
    for name in names:
        client.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by-sk",
                    "KeySchema": [{"AttributeName": "sk", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            BillingMode="PAY_PER_REQUEST",
        )
    for item in KEYED:
        client.put_item(TableName=names[0], Item={**item, "text": {"S": "y" * 5_000}})
    client.close()
    return names


@pytest.mark.dynamodb_local
def test_live_tables_give_the_profile_of_their_items(
    tables: tuple[str, str], dynamodb_local: DynamoDBLocal, tmp_path: Path
) -> None:
    where = ("--endpoint-url", dynamodb_local.endpoint_url, "--region", REGION)
    found = answer(run(*tables, *where, "-f", "json", "-q", cwd=tmp_path, keys=True))
    by_name = {table["name"]: table for table in found["tables"]}
    full = by_name[tables[0]]
    assert (full["items"]["scanned"], full["items"]["scanned_bytes"], full["items"]["max_bytes"]) == (2, 2 * (3 + 4 + 5_004), 5_011)
    assert [(one["index"], one["distinct"]) for one in full["keys"]] == [(None, 1), ("by-sk", 2)]
    assert full["source"] == {"kind": "table", "location": tables[0], "files": None, "bytes": None, "export": None}
    assert by_name[tables[1]]["items"]["scanned"] == 0
    assert found["not_checked"] == []
    assert found["read_units"] == 1.5
    assert found["api_calls"] == 6  # of each table what it is, its TTL, and a page of items
    (tmp_path / "copy.json").write_bytes(lines([{**item, "text": {"S": "y" * 5_000}} for item in KEYED]))
    (copy,) = answer(run("--from", "copy.json", "--key", "pk,sk", "-f", "json", cwd=tmp_path))["tables"]
    hashed = ("largest", "read_units")
    assert {name: value for name, value in copy["items"].items() if name not in hashed} == {
        name: value for name, value in full["items"].items() if name not in hashed
    }


@pytest.mark.dynamodb_local
def test_live_tables_as_a_person_sees_them(tables: tuple[str, str], dynamodb_local: DynamoDBLocal, tmp_path: Path) -> None:
    where = ("--endpoint-url", dynamodb_local.endpoint_url, "--region", REGION)
    ran = run(*tables, *where, cwd=tmp_path, keys=True)
    assert ran.code == 0
    assert [line.split()[0] for line in ran.err.splitlines()] == ["reading", "read"]
    assert f"Item sizes of {tables[0]}\nAll 2 items, 9.8 KB." in ran.out
    assert f"Item sizes of {tables[1]}\nNo item, 0 B." in ran.out
    assert "1.5 read units" in ran.out
    assert "6 calls to AWS" in ran.out
    none = run(tables[0], "--scan", "none", *where, cwd=tmp_path, keys=True)
    assert none.code == 1
    assert "not read: --scan none (dynamodb:Scan)" in none.out
    assert "error: the items of no table were read" in none.err
    missing = run("no-such-table", *where, cwd=tmp_path, keys=True)
    assert (missing.code, missing.out) == (1, "")
    assert "no table is called 'no-such-table'" in missing.err
