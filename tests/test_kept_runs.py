"""Runs that are kept in a folder: written once, whatever else is there, and read again."""

import multiprocessing
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stj_audit.deliver.history import earlier, keep_run, last_before, last_two
from stj_audit.deliver.stores import MAX_SUMMARY_BYTES, Folder, open_store
from stj_audit.errors import ConfigError, UnusableHistory
from stj_audit.history import from_json, summary
from stj_audit.report import from_json as run_from_json
from tests.faults import fault
from tests.sample_report import FOLDER, STARTED_AT, a_run


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_run_is_kept_whole_and_as_a_summary(tmp_path: Path) -> None:
    report = a_run()
    name = keep_run(open_store(str(tmp_path / "new" / "history")), report)
    folder = tmp_path / "new" / "history"
    assert name == f"runs/{FOLDER}/2026/11/22T0600Z-a.json"
    assert files(folder) == [name, f"summary/{FOLDER}/2026/11/22T0600Z-a.json"]
    assert run_from_json((folder / name).read_text("utf-8")) == report
    assert from_json((folder / name.replace("runs", "summary")).read_bytes()) == summary(report)


def test_the_newest_earlier_runs_of_the_same_place_are_found(tmp_path: Path) -> None:
    store = Folder(path=tmp_path)
    for place in range(15):
        keep_run(store, a_run(STARTED_AT + timedelta(days=31 * place), f"r{place}"))
    keep_run(store, a_run(STARTED_AT, "elsewhere", region="us-east-1"))
    keep_run(store, a_run(STARTED_AT, "unknown", account=None))
    found, notes = earlier(store, a_run(STARTED_AT + timedelta(days=31 * 13, minutes=1), "now"))
    assert [one.id for one in found] == [f"r{place}" for place in range(13, 1, -1)]
    assert notes == []


def test_of_daily_runs_the_last_of_earlier_months_are_found_too(tmp_path: Path) -> None:
    store = Folder(path=tmp_path)
    started = datetime(2025, 1, 1, 6, 0, tzinfo=UTC)
    for place in range(0, 420, 3):
        keep_run(store, a_run(started + timedelta(days=place), f"d{place}"))
    found, _ = earlier(store, a_run(started + timedelta(days=420), "now"))
    assert [one.id for one in found[:12]] == [f"d{place}" for place in range(417, 383, -3)]
    months = [(one.started_at.year, one.started_at.month) for one in found[12:]]
    assert months == [(2025, month) for month in range(12, 2, -1)], "with January and February a year"
    assert len(found) == 22
    assert all(one.started_at.day >= 26 for one in found[12:])


def test_no_folder_yet_is_no_earlier_run(tmp_path: Path) -> None:
    assert earlier(Folder(path=tmp_path / "none"), a_run()) == ([], [])
    assert not (tmp_path / "none").exists()


def test_other_files_are_left_out_and_told(tmp_path: Path) -> None:
    store = Folder(path=tmp_path)
    keep_run(store, a_run(run_id="good"))
    there = tmp_path / "summary" / FOLDER / "2026" / "11"
    (there / "notes.txt").write_text("mine", "utf-8")
    (there / ".DS_Store").write_bytes(b"\x00")
    (there / "20T0600Z-empty.json").touch()
    (there / "20T0600Z-folder.json").mkdir()
    (there / "20T0600Z-large.json").write_bytes(b" " * (MAX_SUMMARY_BYTES + 1))
    (there / "20T0600Z-newer.json").write_text('{"schema_version": 7}', "utf-8")
    (there / "20T0600Z-gone.json").symlink_to(tmp_path / "gone")
    found, notes = earlier(store, a_run(STARTED_AT + timedelta(days=1), "now"))
    assert [one.id for one in found] == ["good"]
    assert notes == [
        f"summary/{FOLDER}/2026/11/20T0600Z-newer.json is left out: it has schema_version 7, this version reads 1",
        f"summary/{FOLDER}/2026/11/20T0600Z-large.json is left out: it is too large for a summary",
        f"summary/{FOLDER}/2026/11/20T0600Z-gone.json is left out: it is no file",
        "1 more file of the history left out",
    ]


@fault("a run of that name is kept already", "exit 1, and nothing is overwritten", by="file system")
def test_a_run_of_the_same_name_is_never_overwritten(tmp_path: Path) -> None:
    store = Folder(path=tmp_path)
    first = a_run()
    keep_run(store, first)
    keep_run(store, first)  # the same again is no harm
    before = {name: (tmp_path / name).read_bytes() for name in files(tmp_path)}
    with pytest.raises(UnusableHistory, match=r"is in the history .* already, and is not overwritten"):
        keep_run(store, replace(first, verdict="another"))
    assert {name: (tmp_path / name).read_bytes() for name in files(tmp_path)} == before


def test_a_file_system_without_hard_links_does_not_overwrite_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: Path, _target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    store, first = Folder(path=tmp_path), a_run()
    keep_run(store, first)
    with pytest.raises(UnusableHistory):
        keep_run(store, replace(first, verdict="another"))
    assert run_from_json((tmp_path / files(tmp_path)[0]).read_bytes()) == first
    assert len(files(tmp_path)) == 2


def _write(folder: str, verdict: str, ready: "multiprocessing.synchronize.Barrier") -> None:
    ready.wait()
    try:
        keep_run(Folder(path=Path(folder)), replace(a_run(), verdict=verdict))
    except UnusableHistory:
        os._exit(1)
    os._exit(0)


@fault("two processes keep a run of one name", "one wins, whole", by="two processes")
def test_of_two_processes_that_write_one_name_one_wins(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(2)
    processes = [context.Process(target=_write, args=(str(tmp_path), word * 1_000, ready)) for word in ("this", "that")]
    for one in processes:
        one.start()
    for one in processes:
        one.join(60)
    codes = [one.exitcode for one in processes]
    assert set(codes) == {0, 1}
    kept = run_from_json((tmp_path / files(tmp_path)[0]).read_bytes())
    assert kept.verdict == ("this" if codes[0] == 0 else "that") * 1_000
    assert len(files(tmp_path)) == 2, "nothing half-written is left"


def test_keep_removes_the_oldest_of_its_account_and_region(tmp_path: Path) -> None:
    store = Folder(path=tmp_path)
    keep_run(store, a_run(STARTED_AT - timedelta(days=900), "other", region="us-east-1"))
    mine = tmp_path / "runs" / FOLDER / "2020" / "01" / "mine.json"
    mine.parent.mkdir(parents=True)
    mine.touch()
    for place in range(5):
        keep_run(store, a_run(STARTED_AT + timedelta(days=40 * place), f"r{place}"), most=3)
    assert files(tmp_path) == sorted(
        [
            f"runs/{FOLDER}/2020/01/mine.json",
            *(f"{kind}/123456789012/us-east-1/2024/06/05T0600Z-other.json" for kind in ("runs", "summary")),
            *(
                f"{kind}/{FOLDER}/{when:%Y/%m/%d}T0600Z-r{place}.json"
                for kind in ("runs", "summary")
                for place in (2, 3, 4)
                for when in [STARTED_AT + timedelta(days=40 * place)]
            ),
        ]
    )


def test_a_folder_that_is_a_file_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = Folder(path=tmp_path / "file")
    with pytest.raises(UnusableHistory, match=r"cannot keep the run in .*file: (Not a directory|File exists)"):
        keep_run(store, a_run())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to_says_so(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UnusableHistory, match="Permission denied"):
        keep_run(Folder(path=tmp_path), a_run())


@pytest.mark.parametrize("where", ["s3://", "s3:///prefix", "s3://Bad_Bucket/x", "", " "])
def test_what_is_no_place_is_a_wrong_command_line(where: str) -> None:
    with pytest.raises(ConfigError, match=r"names no bucket|has no path"):
        open_store(where)


def test_the_last_run_is_compared_with_the_one_before_it_of_the_same_place(tmp_path: Path) -> None:
    store = Folder(path=tmp_path)
    first, second, third = (a_run(STARTED_AT + timedelta(days=place), f"r{place}") for place in range(3))
    for report in (first, second, third, a_run(STARTED_AT + timedelta(days=2, hours=-1), "elsewhere", region="us-east-1")):
        keep_run(store, report)
    (tmp_path / "runs" / FOLDER / "2026" / "11" / "30T0600Z-broken.json").write_text("{", "utf-8")
    assert last_two(store) == (second, third)
    assert last_before(store, second) == first
    assert last_before(store, a_run(STARTED_AT + timedelta(days=9), "not-kept")) == third


def test_a_first_run_has_nothing_before_it(tmp_path: Path) -> None:
    store = Folder(path=tmp_path)
    with pytest.raises(UnusableHistory, match="there is no run in the history"):
        last_two(store)
    keep_run(store, a_run())
    with pytest.raises(UnusableHistory, match="there is no run before 2026-11-22 06:00 UTC of the same accounts and regions"):
        last_two(store)
