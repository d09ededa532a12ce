"""Runs that are kept in a folder: written once, whatever else is there, and read again."""

import multiprocessing
import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stj_audit.deliver.history import earlier, keep_run, last_before, last_two
from stj_audit.deliver.stores import MAX_SUMMARY_BYTES, Folder, open_store
from stj_audit.errors import ConfigError, UnusableHistory
from stj_audit.history import from_json, summary
from stj_audit.report import Report
from stj_audit.report import from_json as run_from_json
from tests.faults import fault
from tests.sample_report import FOLDER, STARTED_AT, a_run, a_scope

pytestmark = pytest.mark.slow


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
    assert notes == ["1 kept run is dated later than this one, and is not compared"]


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


def kept_ids(folder: Path, kind: str = "runs") -> list[str]:
    return sorted(path.stem.partition("-")[2] for path in (folder / kind).rglob("*.json"))


@pytest.mark.parametrize("ids", [("d", "c", "b", "a"), ("a", "b", "c", "d"), ("b", "d", "a", "c")])
def test_of_runs_of_one_minute_the_newest_stay_and_are_compared(tmp_path: Path, ids: tuple[str, ...]) -> None:
    """Names say the minute, and then an id that has no order."""
    store = Folder(path=tmp_path)
    reports = [a_run(STARTED_AT + timedelta(seconds=12 * place), run_id) for place, run_id in enumerate(ids)]
    for report in reports:
        keep_run(store, report, most=3)
        assert report.audit.id in kept_ids(tmp_path)
    assert kept_ids(tmp_path) == kept_ids(tmp_path, "summary") == sorted(ids[1:])
    assert last_two(store) == (reports[2], reports[3])
    assert last_before(store, reports[2]) == reports[1]
    now = a_run(STARTED_AT + timedelta(seconds=59), "now")
    assert [one.id for one in earlier(store, now)[0]] == list(ids[:0:-1])
    keep_run(store, now, most=1)
    assert kept_ids(tmp_path) == ["now"]


def test_a_run_whose_summary_is_lost_has_its_place_by_the_run_itself(tmp_path: Path) -> None:
    store = Folder(path=tmp_path)
    for seconds, run_id in ((0, "z"), (10, "y"), (20, "x")):
        keep_run(store, a_run(STARTED_AT + timedelta(seconds=seconds), run_id))
    for path in (tmp_path / "summary").rglob("*-y.json"):
        path.unlink()
    keep_run(store, a_run(STARTED_AT + timedelta(seconds=30), "now"), most=3)
    assert kept_ids(tmp_path) == ["now", "x", "y"]


def test_what_a_wrong_clock_has_dated_later_does_not_push_out_new_runs(tmp_path: Path) -> None:
    store = Folder(path=tmp_path)
    for place in range(2):
        keep_run(store, a_run(STARTED_AT + timedelta(days=400 + place), f"later{place}"))
    for place in range(4):
        report = a_run(STARTED_AT + timedelta(days=place), f"r{place}")
        _, notes = earlier(store, report)
        assert notes == ["2 kept runs are dated later than this one, and are not compared"]
        keep_run(store, report, most=2)
        assert report.audit.id in kept_ids(tmp_path)
    assert kept_ids(tmp_path) == ["later0", "later1", "r2", "r3"]
    _, notes = earlier(store, a_run(STARTED_AT + timedelta(days=400, seconds=30), "between"))
    assert notes == ["1 kept run is dated later than this one, and is not compared"]
    keep_run(store, a_run(STARTED_AT + timedelta(days=500), "at last"), most=2)
    assert kept_ids(tmp_path) == ["at-last", "later1"], "now they are earlier, and count"


def test_a_later_run_of_the_same_minute_is_told_and_stays(tmp_path: Path) -> None:
    store = Folder(path=tmp_path)
    keep_run(store, a_run(STARTED_AT + timedelta(seconds=40), "later"))
    found, notes = earlier(store, a_run(STARTED_AT, "now"))
    assert (found, notes) == ([], ["1 kept run is dated later than this one, and is not compared"])
    keep_run(store, a_run(STARTED_AT, "now"), most=1)
    assert kept_ids(tmp_path) == ["later", "now"]


def of_regions(days: int, run_id: str, *regions: str) -> Report:
    scopes = tuple(a_scope(region) for region in regions)
    return a_run(STARTED_AT + timedelta(days=days), run_id, region="several", scopes=scopes)


def test_runs_of_several_regions_count_with_those_of_the_same_only(tmp_path: Path) -> None:
    store = Folder(path=tmp_path)
    one, other = ("eu-north-1", "us-east-1"), ("eu-west-1", "us-east-1")
    for place in range(3):
        for regions in (one, other):
            keep_run(store, of_regions(place, f"{regions[0]}-{place}", *regions), most=2)
    assert kept_ids(tmp_path) == ["eu-north-1-1", "eu-north-1-2", "eu-west-1-1", "eu-west-1-2"]
    folders = sorted(path.name for path in (tmp_path / "runs" / "123456789012").iterdir())
    assert len(folders) == 2
    assert all(re.fullmatch(r"several-[0-9a-f]{8}", folder) for folder in folders)
    found, notes = earlier(store, of_regions(5, "now", *reversed(one)))
    assert [kept.id for kept in found] == ["eu-north-1-2", "eu-north-1-1"]
    assert notes == []


def test_runs_of_several_regions_of_the_older_folder_are_read_and_counted(tmp_path: Path) -> None:
    store = Folder(path=tmp_path)
    one, other = ("eu-north-1", "us-east-1"), ("eu-west-1", "us-east-1")
    older = [of_regions(0, "a", *one), of_regions(1, "b", *other), of_regions(2, "c", *one), of_regions(90, "later", *one)]
    for report in older:
        name = keep_run(store, report).partition("/")[2]
        for kind in ("runs", "summary"):
            path = tmp_path / kind / name
            there = tmp_path / kind / "123456789012" / "several" / Path(name).relative_to(Path(*Path(name).parts[:2]))
            there.parent.mkdir(parents=True, exist_ok=True)
            path.rename(there)
    now = of_regions(3, "now", *one)
    found, notes = earlier(store, now)
    assert [kept.id for kept in found] == ["c", "a"]
    assert notes == ["1 kept run is dated later than this one, and is not compared"]
    assert last_before(store, now) == older[2]
    keep_run(store, now, most=2)
    assert kept_ids(tmp_path) == kept_ids(tmp_path, "summary") == ["b", "c", "later", "now"]
    keep_run(store, of_regions(4, "next", *one), most=1)
    assert kept_ids(tmp_path) == ["b", "later", "next"]


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
