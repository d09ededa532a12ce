"""Runs that are kept: written once, and read again for the trend. See stj_audit/history.py for what is kept, and its names."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby

from stj_audit import report as run_file
from stj_audit.deliver.stores import AlreadyThere, Folder, Store, Unreadable
from stj_audit.errors import ConfigError, UnusableHistory
from stj_audit.history import (
    RUNS,
    SUMMARIES,
    RunSummary,
    folder_of,
    from_json,
    is_name,
    minute_of,
    month_of,
    name_of,
    older_folder_of,
    scopes_of,
    summary,
    time_order,
    to_json,
)
from stj_audit.report import Report
from stj_audit.trend import MOST_RUNS
from stj_audit.wording import counted

MOST_NOTES = 3
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


def earlier(store: Store, report: Report) -> tuple[list[RunSummary], list[str]]:
    """
    The summaries of the newest runs before this one, of the same accounts and regions, and of the last of each month before those, for a
    year; and what there is to say of files that are none, and of runs that are later than this one.

    Raises UnusableHistory.
    """
    own, scopes = name_of(report), scopes_of(report)
    found: list[RunSummary] = []
    months: set[str] = set()
    skipped: list[str] = []
    later = 0
    for name in _newest_first(store, _of_its_folders(store, SUMMARIES, report)):
        enough = len(found) >= MOST_RUNS - 1
        if enough and len(months) >= MOST_RUNS - 1:
            break
        if name == own or (enough and month_of(name) in months):
            continue
        if _is_in(name, folder_of(report)) and minute_of(name) > minute_of(own):  # all of that folder are of the same scopes
            later += 1
            continue
        try:
            kept = from_json(store.read(f"{SUMMARIES}/{name}"))
        except (Unreadable, ConfigError) as error:
            skipped.append(f"{SUMMARIES}/{name} is left out: {error}")
            continue
        if kept.scopes != scopes:
            continue
        if kept.started_at < report.audit.started_at:
            found.append(kept)
            months.add(month_of(name))
        later += kept.started_at > report.audit.started_at
    more = [f"{counted(len(skipped) - MOST_NOTES, 'more file')} of the history left out"] if len(skipped) > MOST_NOTES else []
    return found, [*_of_later(later), *skipped[:MOST_NOTES], *more]


def _of_later(runs: int) -> list[str]:
    """A clock that was wrong once would else hide all that was kept then."""
    verb = "is" if runs == 1 else "are"
    return [f"{counted(runs, 'kept run')} {verb} dated later than this one, and {verb} not compared"] if runs else []


def last_two(store: Store) -> tuple[Report, Report]:
    """The newest run that is kept, and the newest before it of the same accounts and regions, that one first. Raises UnusableHistory."""
    for name in _newest_first(store, _ours(store, RUNS)):
        new = _run(store, name)
        if new is not None:
            return last_before(store, new), new
    raise UnusableHistory(f"there is no run in the history {store}", hint="keep one with `stj-audit run --history`")


def last_before(store: Store, report: Report) -> Report:
    """The newest run that is kept of those before this one, of the same accounts and regions. Raises UnusableHistory."""
    for name in _newest_first(store, _of_its_folders(store, RUNS, report)):
        if minute_of(name) > minute_of(name_of(report)):
            continue
        old = _run(store, name)
        if old is not None and old.audit.started_at < report.audit.started_at and scopes_of(old) == scopes_of(report):
            return old
    raise UnusableHistory(
        f"there is no run before {report.audit.started_at:%Y-%m-%d %H:%M} UTC of the same accounts and regions in the history {store}",
        hint="keep runs with `stj-audit run --history`, or give two run files",
    )


def kept_runs(store: Store) -> int:
    """How many runs are kept, of whatever account and region. Raises UnusableHistory."""
    return len(_ours(store, RUNS))


def keep_run(store: Store, report: Report, *, most: int | None = None) -> str:
    """
    Write a run and its summary; the name of its file. `most`: how many runs of its accounts and regions stay in a folder, of those up to
    this one and with it; what is dated later, by a clock that was wrong, is neither counted nor removed.

    Raises UnusableHistory: also where another run has that name already. A run that was written before, as it is, is no error.
    """
    name = name_of(report)
    # The summary last: what has one is whole
    for kind, text in ((RUNS, run_file.to_json(report)), (SUMMARIES, to_json(summary(report)))):
        try:
            store.write(f"{kind}/{name}", text)
        except AlreadyThere as error:
            if not _same(store, f"{kind}/{name}", text):
                raise UnusableHistory(
                    f"{kind}/{name} is in the history {store} already, and is not overwritten", hint="another run has the same id"
                ) from error
    if most is not None and isinstance(store, Folder):
        _remove_oldest(store, report, most)
    return f"{RUNS}/{name}"


def _same(store: Store, name: str, text: str) -> bool:
    """Whether it is ours: an answer that was lost is asked for again, and then the file is there."""
    try:
        return store.read(name) == text.encode()
    except Unreadable:
        return False


# --------------------------------------------------------------------------------------------------------------- names


def _ours(store: Store, kind: str, folder: str = "") -> list[str]:
    """Names of the form of ours, below a folder; other files are none of our business."""
    below, start = (f"{kind}/{folder}", f"{folder}/") if folder else (kind, "")
    names = (f"{start}{name}" for name in store.names(below))
    return [name for name in names if is_name(name)]


def _of_its_folders(store: Store, kind: str, report: Report) -> list[str]:
    """Names of runs that may be compared with this one; those of the older folder may be of other accounts and regions too."""
    older = older_folder_of(report)
    return [*_ours(store, kind, folder_of(report)), *([] if older is None else _ours(store, kind, older))]


def _is_in(name: str, folder: str) -> bool:
    return name.startswith(f"{folder}/")


def _newest_first(store: Store, names: Iterable[str]) -> Iterator[str]:
    """
    By the minute that names say; where several say the same, by when their runs began. What cannot be read is the oldest of its minute.
    """
    for _, group in groupby(sorted(names, key=time_order, reverse=True), key=minute_of):
        same = list(group)
        yield from same if len(same) == 1 else sorted(same, key=lambda name: _began(store, name) or _BEFORE_ALL, reverse=True)


def _began(store: Store, name: str) -> datetime | None:
    kept = _kept(store, name)
    return None if kept is None else kept.started_at


def _kept(store: Store, name: str) -> RunSummary | None:
    """The summary of a run; where that was lost, as the run file has it. None where neither can be read."""
    try:
        return from_json(store.read(f"{SUMMARIES}/{name}"))
    except (Unreadable, ConfigError):
        report = _run(store, name)
        return None if report is None else summary(report)


def _run(store: Store, name: str) -> Report | None:
    try:
        return run_file.from_json(store.read(f"{RUNS}/{name}"))
    except (Unreadable, ConfigError):
        return None


def _remove_oldest(store: Folder, report: Report, most: int) -> None:
    """Of the runs up to this one, which itself stays, whatever the names and dates of others."""
    own = name_of(report)
    names = {name for kind in (RUNS, SUMMARIES) for name in _of_its_folders(store, kind, report) if name != own}
    before = [name for name in _newest_first(store, names) if _goes_with(store, name, report)]
    for name in before[max(most - 1, 0) :]:
        for kind in (SUMMARIES, RUNS):
            store.remove(f"{kind}/{name}")


def _goes_with(store: Store, name: str, report: Report) -> bool:
    """Whether it is of the same accounts and regions, and not later than this one."""
    own = name_of(report)
    if minute_of(name) > minute_of(own):
        return False
    in_own_folder = _is_in(name, folder_of(report))
    if in_own_folder and minute_of(name) < minute_of(own):
        return True
    kept = _kept(store, name)
    if kept is None:
        return in_own_folder
    return kept.scopes == scopes_of(report) and kept.started_at <= report.audit.started_at
