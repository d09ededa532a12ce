"""Exports that were copied to a folder: held against their manifests, and refused in a sentence where they do not agree."""

import errno
import gzip
import json
import os
from base64 import b64decode
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from stj_audit.errors import ConfigError, UnreadableItems
from stj_audit.facts import ItemSizes
from stj_audit.items.engine import new_fold
from stj_audit.items.exports import Export, export_folders, export_parts, one_export, read_export
from stj_audit.items.files import fold_file_part
from stj_audit.items.lines import Expected
from stj_audit.items.pool import fold_parts
from tests.builders import a_table
from tests.exported import EXPORT_ID, TABLE_ARN, lines, write_export, write_manifest
from tests.items.test_files import HASH_KEY, in_one_fold, some_items

pytestmark = pytest.mark.slow


def read(folder: Path, *, processes: int = 1) -> tuple[Export, ItemSizes]:
    """As the command does it."""
    found = Path(one_export([str(one) for one in export_folders(folder)], str(folder)))
    export = read_export(found)
    fold = new_fold(a_table(), hash_key=HASH_KEY)
    fold_part = partial(fold_file_part, table=a_table(), hash_key=HASH_KEY)
    for _, counts in fold_parts(export_parts(found, export), fold_part, processes=processes):
        fold.add_counts(counts)
    return export, fold.sizes(coverage="full", read_units=Decimal(0))


def refused(folder: Path) -> str:
    with pytest.raises(UnreadableItems) as caught:
        read(folder)
    assert caught.value.exit_code == 1
    assert caught.value.hint
    return str(caught.value)


def edit(manifest: Path, **changes: Any) -> None:
    """Change members of the first object in a manifest, and its checksum with it."""
    first, *rest = manifest.read_text().splitlines()
    write_manifest(manifest.parent, manifest.stem, "\n".join([json.dumps(json.loads(first) | changes), *rest]).encode())


@pytest.mark.parametrize(("files", "processes"), [(1, 1), (3, 1), (8, 2)])
def test_an_export_gives_the_profile_of_its_items(files: int, processes: int, tmp_path: Path) -> None:
    folder = write_export(tmp_path / "copy", some_items(), files=files)
    for named in (folder, folder.parent, tmp_path):
        export, found = read(named, processes=processes)
        assert found == in_one_fold(some_items(), a_table())
        assert (export.table, export.table_arn, export.items, export.billed_size_bytes) == ("orders", TABLE_ARN, 500, 12_345)
        assert len(export.files) == files


def test_partitions_without_items_are_files_without_items(tmp_path: Path) -> None:
    write_export(tmp_path, some_items(2), files=4)
    export, found = read(tmp_path)
    assert [file.expected.items for file in export.files] == [1, 1, 0, 0]
    assert found.scanned == 2


def test_manifests_over_many_lines_and_of_older_exports_are_read(tmp_path: Path) -> None:
    folder = write_export(tmp_path, some_items(), exportType=None, billedSizeBytes=None)
    listed = (folder / "manifest-files.json").read_text().splitlines()
    spread = "\n".join(json.dumps(json.loads(one), indent=2) for one in listed)
    write_manifest(folder, "manifest-files", spread.encode())
    assert read(tmp_path)[1].scanned == 500


def test_a_file_that_was_changed_is_named(tmp_path: Path) -> None:
    folder = write_export(tmp_path, some_items())
    changed = sorted((folder / "data").iterdir())[1]
    items = [json.loads(line)["Item"] for line in gzip.decompress(changed.read_bytes()).splitlines()]
    items[3]["n"]["N"] = "999"  # the number of items is the same
    changed.write_bytes(gzip.compress(lines(items, wrapped=True), mtime=0))
    assert refused(tmp_path) == f"{changed}: its MD5 checksum is not the one in the manifest"


def test_a_file_that_is_cut_short_or_missing_is_named(tmp_path: Path) -> None:
    folder = write_export(tmp_path, some_items())
    one = sorted((folder / "data").iterdir())[1]
    whole = one.read_bytes()
    one.write_bytes(whole[:-20])
    assert refused(tmp_path) == f"{one}: it ends in the middle of the compressed data"
    one.write_bytes(b"")
    assert refused(tmp_path) == f"{one}: its MD5 checksum is not the one in the manifest"
    one.unlink()
    assert refused(tmp_path) == f"{one.parent}: 1 of 3 files in the manifest missing: {one.name}"


def test_a_folder_of_data_that_may_not_be_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_export(tmp_path, some_items())
    first = min((folder / "data").iterdir())
    look = Path.is_file

    def denied(path: Path) -> bool:
        if path.parent.name == "data":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return look(path)

    monkeypatch.setattr(Path, "is_file", denied)
    assert refused(tmp_path) == f"{first}: Permission denied"


def test_item_counts_that_do_not_agree(tmp_path: Path) -> None:
    folder = write_export(tmp_path, some_items())
    edit(folder / "manifest-files.json", itemCount=166)
    assert "manifest-files.json lists 499 items, and manifest-summary.json says 500" in refused(tmp_path)
    edit(folder / "manifest-summary.json", itemCount=499)
    assert "it holds 167 items, and the manifest says 166" in refused(tmp_path)


def test_a_file_that_is_listed_twice_is_not_counted_twice(tmp_path: Path) -> None:
    folder = write_export(tmp_path, some_items(), files=2)
    first, *rest = (folder / "manifest-files.json").read_text().splitlines()
    write_manifest(folder, "manifest-files", "\n".join((first, first, *rest)).encode())
    edit(folder / "manifest-summary.json", itemCount=750)
    name = json.loads(first)["dataFileS3Key"].rpartition("/")[2]
    assert refused(tmp_path) == f"{folder}: manifest-files.json lists {name} more than once"


def test_a_manifest_that_does_not_agree_with_its_checksum(tmp_path: Path) -> None:
    folder = write_export(tmp_path, some_items())
    for name in ("manifest-summary", "manifest-files"):
        whole = (folder / f"{name}.json").read_bytes()
        (folder / f"{name}.json").write_bytes(whole + b"\n")
        assert refused(tmp_path) == f"{folder}: {name}.json does not agree with its checksum"
        (folder / f"{name}.json").write_bytes(whole)
    digest = b64decode((folder / "manifest-files.md5").read_text())
    (folder / "manifest-files.md5").rename(folder / "manifest-files.checksum")
    assert read(tmp_path)[1].scanned == 500
    (folder / "manifest-files.checksum").write_text(f"{digest.hex()}  manifest-files.json\n")
    assert read(tmp_path)[1].scanned == 500
    (folder / "manifest-files.checksum").write_text(f"{digest[::-1].hex()}  manifest-files.json\n")
    assert "does not agree with its checksum" in refused(tmp_path)


@pytest.mark.parametrize(
    ("summary", "said"),
    [
        ({"outputFormat": "ION"}, "the format of the export is ION, and only DYNAMODB_JSON is read"),
        ({"exportType": "INCREMENTAL_EXPORT", "outputView": "NEW_AND_OLD_IMAGES"}, "incremental export, which holds changes"),
        ({"itemCount": "many"}, "manifest-summary.json is no manifest of an export"),
        ({"tableArn": None}, "manifest-summary.json is no manifest of an export"),
    ],
)
def test_what_cannot_be_read(summary: dict[str, Any], said: str, tmp_path: Path) -> None:
    write_export(tmp_path, some_items(), **summary)
    assert said in refused(tmp_path)


@pytest.mark.parametrize(
    "content", [b"{", b"[1]", b"\xff", b'{"itemCount": 500}', b'{"itemCount": 500, "md5Checksum": "!", "dataFileS3Key": "a"}']
)
def test_a_list_of_files_that_is_none(content: bytes, tmp_path: Path) -> None:
    folder = write_export(tmp_path, some_items())
    write_manifest(folder, "manifest-files", content)
    assert refused(tmp_path) == f"{folder}: manifest-files.json is no manifest of an export"


def test_no_name_in_a_manifest_leads_out_of_the_export(tmp_path: Path) -> None:
    folder = write_export(tmp_path, some_items(), files=1)
    for key in ("..", "a/b/..", "/"):
        edit(folder / "manifest-files.json", dataFileS3Key=key)
        assert "is no manifest of an export" in refused(tmp_path)
    edit(folder / "manifest-files.json", dataFileS3Key="../../../../etc/passwd")
    assert "missing: passwd" in refused(tmp_path)


def test_an_export_that_is_under_way(tmp_path: Path) -> None:
    folder = write_export(tmp_path, some_items())
    for manifest in folder.glob("manifest-*"):
        manifest.unlink()
    assert refused(tmp_path) == f"{folder}: the export has not finished, or failed: it has no manifest"


def test_a_manifest_that_was_not_copied(tmp_path: Path) -> None:
    folder = write_export(tmp_path, some_items())
    (folder / "manifest-summary.json").unlink()
    assert refused(tmp_path) == f"{folder}: manifest-summary.json is missing"


def test_of_several_exports_one_must_be_chosen(tmp_path: Path) -> None:
    one, other = write_export(tmp_path, some_items()), write_export(tmp_path, some_items(), export_id="01700000000000-12345678")
    with pytest.raises(ConfigError, match="there are 2 exports below it") as caught:
        read(tmp_path)
    assert str(one) in str(caught.value)
    assert str(other) in str(caught.value)
    assert caught.value.exit_code == 2
    assert read(one)[1].scanned == 500


def test_the_parts_say_what_each_file_must_be(tmp_path: Path) -> None:
    folder = write_export(tmp_path, some_items(), files=1)
    export = read_export(folder)
    (part,) = export_parts(folder, export)
    assert part.path == str(folder / "data" / export.files[0].name)
    assert part.expected == Expected(items=500, md5=export.files[0].expected.md5)
    assert (part.compressed, part.wrapped, part.start) == (True, True, 0)
    assert EXPORT_ID in part.path
