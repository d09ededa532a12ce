"""The options of `stj-audit items`: which key is taken, and how what is wrong is told. In this process, because there are many."""

import gzip
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from stj_audit.cli import main
from tests.commands import Ran
from tests.exported import Item, lines, write_export


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """`stj-audit items ARGUMENTS` in `tmp_path`."""

    def ran(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["stj-audit", "items", *arguments])
        monkeypatch.chdir(tmp_path)
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Ran(code=int(ended.value.code or 0), out=out, err=err)

    return ran


def table_of(ran: Ran) -> dict[str, Any]:
    assert (ran.code, ran.err) == (0, "")
    (table,) = json.loads(ran.out)["tables"]
    return dict(table)


# ----------------------------------------------------------------------------------------------------------------- the key


KEYED: list[Item] = [{"pk": {"S": "a"}, "sk": {"N": "1"}}, {"pk": {"S": "a"}, "sk": {"N": "2"}}]


@pytest.fixture
def keyed(tmp_path: Path) -> Path:
    (tmp_path / "keyed.json").write_bytes(lines(KEYED))
    (tmp_path / "stj-audit.toml").write_text('[tables.visits]\nkey = ["pk", "sk"]\n')
    return tmp_path


@pytest.mark.parametrize(
    ("options", "schema"),
    [
        (("--key", "pk"), [("pk", "S", "HASH")]),
        (("--key", "pk,sk"), [("pk", "S", "HASH"), ("sk", "N", "RANGE")]),
        (("--key", "sk:N,pk:S"), [("sk", "N", "HASH"), ("pk", "S", "RANGE")]),
        (("--table-name", "visits"), [("pk", "S", "HASH"), ("sk", "N", "RANGE")]),
        (("--table-name", "visits", "--key", "pk"), [("pk", "S", "HASH")]),
        (("--table-name", "others"), []),
        (("--table-name", "visits", "--no-config"), []),
    ],
)
def test_the_key_is_given_or_declared_and_its_types_are_seen(
    options: Sequence[str], schema: list[tuple[str, ...]], keyed: Path, run: Any
) -> None:
    table = table_of(run("--from", "keyed.json", *options, "-f", "json"))
    assert [(one["attribute"], one["type"], one["role"]) for one in table["key_schema"]] == schema
    assert [one["distinct"] for one in table["keys"]] == ([1] if schema and schema[0][0] == "pk" else [2] if schema else [])


def test_the_key_of_an_export_is_that_of_its_table(tmp_path: Path, run: Any) -> None:
    write_export(tmp_path, KEYED)
    (tmp_path / "stj-audit.toml").write_text('[tables.orders]\nkey = ["pk", "sk"]\n')
    table = table_of(run("--from", ".", "-f", "json", "--processes", "1"))
    assert [one["attribute"] for one in table["key_schema"]] == ["pk", "sk"]
    assert table["keys"][0]["top_share"] == 1


# ---------------------------------------------------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--from", "nothing.json"), 1, "error: nothing.json: there is no such file or folder"),
        (("--from", ""), 2, "error: --from names nothing"),
        (("--from", "*.nothing"), 1, "error: *.nothing: no file matches it"),
        (("--from", "empty"), 1, "error: empty: no file in this folder or below it ends in .json"),
        (("--from", "broken.json"), 1, "error: broken.json, line 2: not JSON"),
        (("--from", "cut.json.gz"), 1, "error: cut.json.gz: it ends in the middle of the compressed data"),
        (("--from", "s3://b"), 2, "error: s3://b: it is no address in S3"),
        (("--from", "keyed.json", "--key", "id"), 2, "error: --key: the first item has no attribute 'id' that could be a key"),
        (
            ("--from", "keyed.json", "--key", "pk:N"),
            1,
            "error: keyed.json, line 1: an item without the key attribute 'pk' of type N",
        ),
        (("--from", "keyed.json", "--key", "a,b,c"), 2, "error: --key a,b,c: it is no key"),
        (("--from", "keyed.json", "--key", ","), 2, "error: --key ,: it is no key"),
        (("--from", "keyed.json", "orders"), 2, "not both"),
        (("--from", "keyed.json", "--scan", "full"), 2, "--scan is for live tables"),
        (("orders", "--key", "id"), 2, "--key is for files"),
        (("--from", "keyed.json", "--processes", "0"), 2, "--processes"),
        (("--from", "keyed.json", "-f", "html"), 2, "html"),
        (("--from", "keyed.json", "--warn-item-size", "500KB"), 2, "the warn line"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_is_one_sentence_and_an_exit_code(arguments: Sequence[str], code: int, said: str, keyed: Path, run: Any) -> None:
    (keyed / "empty").mkdir()
    (keyed / "broken.json").write_bytes(lines(KEYED[:1]) + b'{"pk": "secret\n')
    (keyed / "cut.json.gz").write_bytes(gzip.compress(lines(KEYED))[:-9])
    ran = run(*arguments)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert "secret" not in ran.err


@pytest.mark.parametrize("format_", ["table", "markdown", "json"])
@pytest.mark.parametrize("options", [(), ("--key", "pk"), ("--key", "pk,sk", "--find-largest")])
def test_no_value_of_an_item_is_in_any_output(format_: str, options: Sequence[str], tmp_path: Path, run: Any) -> None:
    secret = "c4n4ry"
    values: list[Item] = [
        {"pk": {"S": f"{secret}-{place}"}, "sk": {"N": f"77770{place}"}, "text": {"M": {"in": {"L": [{"S": secret * 9_000}]}}}}
        for place in range(3)
    ]
    (tmp_path / "values.json").write_bytes(lines(values))
    ran = run("--from", "values.json", "-v", "-f", format_, *options)
    assert ran.code == 0
    assert secret not in ran.out + ran.err
    assert "77770" not in ran.out + ran.err


def test_without_find_largest_the_files_are_told_and_how_to_find_the_lines(keyed: Path, run: Any) -> None:
    shown = run("--from", "keyed.json", "--key", "pk,sk")
    assert "The lines are looked for with --find-largest." in shown.out
    assert "keyed.json" in shown.out.partition("Largest items")[2]
    table = table_of(run("--from", "keyed.json", "--key", "pk,sk", "-f", "json"))
    assert [(one["file"], one["line"]) for one in table["places"]] == [("keyed.json", None)] * 2
    table = table_of(run("--from", "keyed.json", "--key", "pk,sk", "-f", "json", "--find-largest"))
    assert sorted(one["line"] for one in table["places"]) == [1, 2]


@pytest.mark.parametrize("path", ["AWSDynamoDB/*/data", "AWSDynamoDB/*/*"])
def test_a_glob_over_an_export_takes_no_manifest_for_items(path: str, tmp_path: Path, run: Any) -> None:
    write_export(tmp_path, KEYED)
    for other in tmp_path.rglob("_started"):
        other.unlink()
    for other in tmp_path.rglob("*.md5"):
        other.unlink()
    assert table_of(run("--from", path, "-f", "json", "--processes", "1"))["items"]["scanned"] == 2


def test_the_data_folder_of_an_export_is_held_against_its_manifest_too(tmp_path: Path, run: Any) -> None:
    data = write_export(tmp_path, KEYED) / "data"
    assert table_of(run("--from", str(data), "-f", "json", "--processes", "1"))["source"]["kind"] == "export"
    next(data.iterdir()).unlink()
    assert "1 of 3 files in the manifest missing" in run("--from", str(data)).err
