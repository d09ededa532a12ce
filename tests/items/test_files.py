"""Files of items: what is found, what is counted in any cut and compression, and what is said of files that are wrong."""

import gzip
import json
import os
import pickle
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stj_audit.errors import UnreadableItems
from stj_audit.facts import ItemSizes, Table
from stj_audit.items import lines as lines_module
from stj_audit.items.engine import new_fold
from stj_audit.items.files import FilePart, find_files, find_in_file_part, first_item, fold_file_part, parts_of
from stj_audit.items.lines import blocks, unpacked
from stj_audit.items.pool import fold_parts
from tests.builders import a_table
from tests.exported import Item, lines

pytestmark = pytest.mark.slow

HASH_KEY = b"a key of this run"
SECRET = "4111-1111-1111-1111"


def some_items(number: int = 500) -> list[Item]:
    random = Random(7)
    return [
        {"id": {"S": f"größe-{place}"}, "n": {"N": str(random.randrange(10**6))}, "text": {"S": "x" * random.randrange(300)}}
        for place in range(number)
    ]


def in_one_fold(items: Sequence[Item], table: Table) -> ItemSizes:
    fold = new_fold(table, hash_key=HASH_KEY)
    fold.add(items)
    return fold.sizes(coverage="full", read_units=Decimal(0))


def from_files(path: Path | str, table: Table, *, processes: int = 1, **cut: int) -> ItemSizes:
    fold = new_fold(table, hash_key=HASH_KEY)
    fold_part = partial(fold_file_part, table=table, hash_key=HASH_KEY)
    for _, counts in fold_parts(parts_of(find_files(str(path)), **cut), fold_part, processes=processes):
        fold.add_counts(counts)
    return fold.sizes(coverage="full", read_units=Decimal(0))


def refused(path: Path | str, table: Table | None = None) -> str:
    with pytest.raises(UnreadableItems) as caught:
        from_files(path, table or a_table())
    assert caught.value.exit_code == 1
    assert caught.value.hint
    assert SECRET not in f"{caught.value} {caught.value.hint}"
    return str(caught.value)


# ---------------------------------------------------------------------------------------------------------- one profile


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("name", ["items.json", "items.jsonl", "items.json.gz", "items-without-suffix"])
def test_plain_gzip_wrapped_and_bare_give_one_profile(name: str, wrapped: bool, tmp_path: Path) -> None:
    text = lines(some_items(), wrapped=wrapped)
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    assert from_files(tmp_path / name, a_table()) == in_one_fold(some_items(), a_table())


def test_every_cut_gives_one_profile(tmp_path: Path) -> None:
    path, table = tmp_path / "items.json", a_table()
    path.write_bytes(lines(some_items()))
    whole = in_one_fold(some_items(), table)
    for part_bytes in (1, 97, 1_000, 10_007, 10**9):
        parts = parts_of((path,), part_bytes=part_bytes)
        assert sum(part.size_bytes for part in parts) == path.stat().st_size
        assert from_files(path, table, part_bytes=part_bytes) == whole


@settings(max_examples=100)
@given(
    rows=st.lists(st.sampled_from([b"", b"  ", b'{"id": {"S": "a"}}', b'{"id": {"S": "' + b"b" * 80 + b'"}}']), max_size=12),
    ended=st.booleans(),
    chunk=st.integers(1, 60),
    compressed=st.booleans(),
)
def test_blocks_are_whole_lines_and_nothing_else(rows: list[bytes], ended: bool, chunk: int, compressed: bool) -> None:
    text = b"\n".join(rows) + (b"\n" if ended else b"")
    stored = gzip.compress(text[: len(text) // 2]) + gzip.compress(text[len(text) // 2 :]) if compressed else text
    chunks = [stored[place : place + chunk] for place in range(0, len(stored), chunk)]
    with patch.object(lines_module, "BLOCK_BYTES", 64):
        found = list(blocks(unpacked(chunks, "a") if compressed else chunks, "a"))
    assert b"".join(found) == text
    assert all(block.endswith(b"\n") for block in found[:-1])


def test_many_processes_give_what_one_gives_and_several_files_what_one_does(tmp_path: Path) -> None:
    table, items = a_table(key=("id", "n")), some_items(900)
    items = [{**item, "n": {"S": item["n"]["N"]}} for item in items]
    (tmp_path / "below").mkdir()
    (tmp_path / "a.ndjson").write_bytes(lines(items[:500]))
    (tmp_path / "b.json.gz").write_bytes(gzip.compress(lines(items[500:600])) + gzip.compress(lines(items[600:700])) + b"\0" * 512)
    (tmp_path / "below" / "c.jsonl.gz").write_bytes(gzip.compress(lines(items[700:], wrapped=True)))
    whole = in_one_fold(items, table)
    assert from_files(tmp_path, table) == whole
    assert from_files(tmp_path, table, processes=3, part_bytes=5_000) == whole
    assert from_files(f"{tmp_path}/**/*.*", table) == whole


def test_of_a_table_whose_key_is_not_known_all_but_the_keys_is_told(tmp_path: Path) -> None:
    (tmp_path / "items.json").write_bytes(lines(some_items()))
    found = from_files(tmp_path, a_table(key=()))
    known = in_one_fold(some_items(), a_table())
    assert (found.sizes, {one.name for one in found.attributes}) == (known.sizes, {one.name for one in known.attributes})
    assert found.keys == ()
    assert len(found.largest) == 10


def test_a_link_to_a_file_beside_it_is_the_same_file(tmp_path: Path) -> None:
    (tmp_path / "2026-11.json").write_bytes(lines(some_items(5)))
    (tmp_path / "latest.json").symlink_to("2026-11.json")
    (tmp_path / "folder.json").symlink_to(tmp_path, target_is_directory=True)
    for path in (tmp_path, tmp_path / "*", tmp_path / "*.json"):
        assert find_files(str(path)) == (tmp_path / "2026-11.json",)
        assert from_files(path, a_table()).scanned == 5
    assert from_files(tmp_path / "latest.json", a_table()).scanned == 5


def test_an_empty_file_is_no_item(tmp_path: Path) -> None:
    for name, content in (("a.json", b""), ("b.json", b"\n\n"), ("c.json.gz", gzip.compress(b"")), ("d.json.gz", b"")):
        (tmp_path / name).write_bytes(content)
        assert from_files(tmp_path / name, a_table()).scanned == 0
    assert from_files(tmp_path, a_table()).scanned == 0
    assert first_item(parts_of(find_files(str(tmp_path)))) is None


@pytest.mark.parametrize(("wrapped", "compressed"), [(False, False), (False, True), (True, True)])
def test_what_editors_add_does_not_matter(wrapped: bool, compressed: bool, tmp_path: Path) -> None:
    text = b"\xef\xbb\xbf" + lines(some_items(3), wrapped=wrapped).replace(b"\n", b"\r\n\r\n").rstrip()
    (tmp_path / "items.json").write_bytes(gzip.compress(text) if compressed else text)
    assert from_files(tmp_path, a_table()) == in_one_fold(some_items(3), a_table())
    assert first_item(parts_of(find_files(str(tmp_path)))) == some_items(3)[0]


def test_a_part_can_be_sent_anywhere(tmp_path: Path) -> None:
    (tmp_path / "items.json").write_bytes(lines(some_items()))
    (part,) = parts_of(find_files(str(tmp_path)))
    fold_part = partial(fold_file_part, table=a_table(), hash_key=HASH_KEY)
    sent = pickle.loads(pickle.dumps((fold_part, part)))
    assert sent[0](sent[1]) == fold_part(part)


@pytest.mark.parametrize("part_bytes", [1_500, 20_000, 10**9])
@pytest.mark.parametrize("compressed", [False, True])
def test_the_lines_of_the_largest_items_are_found(part_bytes: int, compressed: bool, tmp_path: Path) -> None:
    path, items, table = tmp_path / "items.json", some_items(), a_table()
    items = [*items[:200], *[{"id": {"S": f"tie-{place}"}, "text": {"S": "x" * 500}} for place in range(30)], *items[200:]]
    rows = [line for item in items for line in lines([item]).splitlines()]
    text = b"\n\n".join(rows)
    path.write_bytes(gzip.compress(text) if compressed else text)
    fold = new_fold(table, hash_key=HASH_KEY)
    fold.add(items)
    wanted = frozenset(fold.counts().largest)
    parts = parts_of((path,), part_bytes=part_bytes)
    with patch.object(lines_module, "BLOCK_BYTES", 5_000):
        found = [find_in_file_part(part, table=table, hash_key=HASH_KEY, wanted=wanted).items() for part in parts]
    places = [pair for pairs in found for pair in pairs]
    assert len(places) == len(wanted) == 10
    for (size, key_hash), number in places:
        alone = new_fold(table, hash_key=HASH_KEY)
        alone.add_lines(text.split(b"\n")[number - 1], wrapped=False)
        assert alone.counts().largest == ((size, key_hash),)


@pytest.mark.parametrize(
    ("line", "wrapped"),
    [
        ({"Item": {"id": {"S": "a"}}}, True),
        ({"Item": {"S": {"S": "a"}}}, True),
        ({"Item": {"M": {"M": {}}}}, True),
        ({"Item": {}}, True),
        ({"Item": {"S": "a"}}, False),
        ({"Item": {"M": {"S": {"S": "a"}}}}, False),
        ({"Item": {"M": {}}}, False),
        ({"Item": {"S": "a"}, "id": {"S": "b"}}, False),
        ({"id": {"S": "b"}}, False),
    ],
)
def test_an_attribute_called_item_is_no_wrapper(line: dict[str, Any], wrapped: bool, tmp_path: Path) -> None:
    path = tmp_path / "items.json"
    path.write_text(json.dumps(line) + "\n")
    (part,) = parts_of((path,))
    assert part == FilePart(path=str(path), size_bytes=path.stat().st_size, wrapped=wrapped)
    assert first_item((part,)) == (line["Item"] if wrapped else line)


# --------------------------------------------------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f'{{"id": {{"S": "{SECRET}"\n', "line 1: not JSON"),
        (f'{{"id": {{"S": "a"}}}}\n\n{{"id": "{SECRET}"}}\n', "line 3: not DynamoDB JSON at attribute 'id': expected a mapping"),
        (f'{{"id": {{"S": "a"}}}}\n["{SECRET}"]\n', "line 2: not DynamoDB JSON: expected a mapping of attributes"),
        (f'{{"Item": {{"id": {{"S": "a"}}}}}}\n{{"id": {{"S": "{SECRET}"}}}}\n', 'line 2: expected {"Item": {...}}'),
        (f'{{"id": {{"N": "1"}}, "card": {{"S": "{SECRET}"}}}}\n', "line 1: an item without the key attribute 'id' of type S"),
        (f'{{"Items": [{{"id": {{"S": "{SECRET}"}}}}], "Count": 1}}\n', "the answer to a Scan"),
        (f'[{{"id": {{"S": "{SECRET}"}}}}]\n', "the answer to a Scan"),
        (f'{{\n  "Items": [{{"id": {{"S": "{SECRET}"}}}}]\n}}\n', "JSON stands over many lines"),
        (f'{{"Metadata": {{}}, "Keys": {{"id": {{"S": "{SECRET}"}}}}, "NewImage": {{}}}}\n', "an incremental export"),
        (f'{{"id": {{"S": "\0{SECRET}"}}}}\n', "it is no text"),
        ("$ion_1_0 {Item:{id:1}}\n", "it is Amazon Ion"),
        ('{"id": {"S": "a"}, "deep": ' + '{"L": [' * 700 + "]}" * 700 + "}\n", "line 1: nested deeper than DynamoDB allows"),
    ],
)
@pytest.mark.parametrize("compressed", [False, True])
def test_says_file_line_and_fault_and_no_value(content: str, said: str, compressed: bool, tmp_path: Path) -> None:
    path = tmp_path / "items.json"
    path.write_bytes(gzip.compress(content.encode()) if compressed else content.encode())
    told = refused(path)
    assert told.startswith(str(path))
    assert said in told


def test_the_line_is_counted_from_the_start_of_the_file_in_every_part_and_process(tmp_path: Path) -> None:
    path = tmp_path / "items.json"
    path.write_bytes(lines(some_items(400)) + b'{"id": "' + SECRET.encode() + b'"}\n' + lines(some_items(5)))
    with pytest.raises(UnreadableItems, match=r"items\.json, line 401: not DynamoDB JSON at attribute 'id'") as caught:
        from_files(path, a_table(), part_bytes=4_000, processes=2)
    assert SECRET not in str(caught.value)
    assert "one item in DynamoDB JSON" in caught.value.hint


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
        (b"BZh9", "compressed with bzip2"),
        (b"PK\x03\x04", "zip archive"),
        (b"PAR1", "Parquet"),
        (b"\xff\xfe", "UTF-16"),
        (bytes(range(200)), "no text"),
    ],
)
def test_knows_what_is_no_text(start: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "items.json").write_bytes(start + b"abc")
    assert said in refused(tmp_path)


def test_a_gzip_file_that_is_cut_or_damaged(tmp_path: Path) -> None:
    whole, path = gzip.compress(lines(some_items())), tmp_path / "items.json.gz"
    for length in (5, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert "it ends in the middle of the compressed data" in refused(path)
    for place in (len(whole) // 2, len(whole) - 6):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        assert refused(path).startswith(f"{path}")
    path.write_bytes(whole[:-8] + b"\0" * 8)
    assert "the compressed data is damaged" in refused(path)


def test_a_line_that_is_longer_than_an_item_can_be(tmp_path: Path) -> None:
    path = tmp_path / "items.json"
    with patch.object(lines_module, "MAX_LINE_BYTES", 10_000), patch.object(lines_module, "BLOCK_BYTES", 1_000):
        path.write_bytes(lines([{"id": {"S": "x" * 9_900}}]))
        assert from_files(path, a_table()).scanned == 1
        path.write_bytes(b"x" * 10**6)
        assert "a line of more than" in refused(path)


def test_the_longest_line_of_an_item_is_read(tmp_path: Path) -> None:
    numbers = 136_000
    item = {"id": {"S": "a"}, "n": {"L": [{"N": "1" + "0" * 125}] * numbers}}
    (tmp_path / "items.json").write_bytes(lines([item]))
    found = from_files(tmp_path, a_table())
    assert found.max_bytes is not None
    assert 400 * 1024 * 0.99 < found.max_bytes <= 400 * 1024


def test_no_file_no_match_an_empty_folder_and_what_is_no_file(tmp_path: Path) -> None:
    assert "there is no such file or folder" in refused(tmp_path / "nothing.json")
    assert "no file matches it" in refused(tmp_path / "*.json")
    (tmp_path / "read.me").write_text("hello")
    assert "no file in this folder or below it ends in .json" in refused(tmp_path)
    os.mkfifo(tmp_path / "pipe.json")
    assert "it is no file" in refused(tmp_path / "pipe.json")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path: Path) -> None:
    (tmp_path / "items.json").write_bytes(b"{}")
    (tmp_path / "items.json").chmod(0)
    assert "Permission denied" in refused(tmp_path / "items.json")


@pytest.mark.parametrize("pattern", ["**/*.json", "*/*.json", "*/*/items.json", "*/closed/items.json"])
def test_a_glob_passes_over_no_folder_that_may_not_be_read(pattern: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left would be taken for all."""
    closed = tmp_path / "a" / "closed"
    closed.mkdir(parents=True)
    for folder in (tmp_path / "a", closed):
        (folder / "items.json").write_bytes(lines(some_items(2)))
    assert from_files(tmp_path / pattern, a_table()).scanned in (2, 4)
    monkeypatch.setattr("os.access", lambda path, _mode: Path(path) != closed)
    if pattern == "*/*.json":  # does not lead through it
        assert from_files(tmp_path / pattern, a_table()).scanned == 2
    else:
        assert refused(tmp_path / pattern) == f"{closed}: Permission denied"


def test_a_file_that_shrinks_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "items.json"
    path.write_bytes(lines(some_items()))
    (part,) = parts_of((path,))
    path.write_bytes(lines(some_items(10)))
    with pytest.raises(UnreadableItems, match="became shorter"):
        fold_file_part(part, table=a_table(), hash_key=HASH_KEY)
