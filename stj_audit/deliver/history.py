"""Runs that are kept: written once, and read again for the trend. See stj_audit/history.py for what is kept, and its names."""

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
    month_of,
    name_of,
    scopes_of,
    summary,
    time_order,
    to_json,
)
from stj_audit.report import Report
from stj_audit.trend import MOST_RUNS
from stj_audit.wording import counted

MOST_NOTES = 3


def earlier(store: Store, report: Report) -> tuple[list[RunSummary], list[str]]:
    """
    The summaries of the newest runs before this one, of the same accounts and regions, and of the last of each month before those, for a
    year; and what there is to say of files that are none.

    Raises UnusableHistory.
    """
    folder, own, scopes = folder_of(report), name_of(report), scopes_of(report)
    found: list[RunSummary] = []
    months: set[str] = set()
    skipped: list[str] = []
    for name in sorted(_ours(store, SUMMARIES, folder), key=time_order, reverse=True):
        enough = len(found) >= MOST_RUNS - 1
        if enough and len(months) >= MOST_RUNS - 1:
            break
        if name == own or (enough and month_of(name) in months):
            continue
        try:
            kept = from_json(store.read(f"{SUMMARIES}/{name}"))
        except (Unreadable, ConfigError) as error:
            skipped.append(f"{SUMMARIES}/{name} is left out: {error}")
            continue
        if kept.scopes == scopes and kept.started_at < report.audit.started_at:
            found.append(kept)
            months.add(month_of(name))
    more = [f"{counted(len(skipped) - MOST_NOTES, 'more file')} of the history left out"] if len(skipped) > MOST_NOTES else []
    return found, [*skipped[:MOST_NOTES], *more]


def last_two(store: Store) -> tuple[Report, Report]:
    """The newest run that is kept, and the newest before it of the same accounts and regions, that one first. Raises UnusableHistory."""
    for name in sorted(_ours(store, RUNS), key=time_order, reverse=True):
        try:
            new = run_file.from_json(store.read(f"{RUNS}/{name}"))
        except (Unreadable, ConfigError):
            continue
        return last_before(store, new), new
    raise UnusableHistory(f"there is no run in the history {store}", hint="keep one with `stj-audit run --history`")


def last_before(store: Store, report: Report) -> Report:
    """The newest run that is kept of those before this one, of the same accounts and regions. Raises UnusableHistory."""
    for name in sorted(_ours(store, RUNS, folder_of(report)), key=time_order, reverse=True):
        try:
            old = run_file.from_json(store.read(f"{RUNS}/{name}"))
        except (Unreadable, ConfigError):
            continue
        if old.audit.started_at < report.audit.started_at and scopes_of(old) == scopes_of(report):
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
    Write a run and its summary; the name of its file. `most`: how many runs of its account and region stay, in a folder.

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
        _remove_oldest(store, folder_of(report), most)
    return f"{RUNS}/{name}"


def _same(store: Store, name: str, text: str) -> bool:
    """Whether it is ours: an answer that was lost is asked for again, and then the file is there."""
    try:
        return store.read(name) == text.encode()
    except Unreadable:
        return False


def _ours(store: Store, kind: str, folder: str = "") -> list[str]:
    """Names of the form of ours, below a folder; other files are none of our business."""
    below, start = (f"{kind}/{folder}", f"{folder}/") if folder else (kind, "")
    names = (f"{start}{name}" for name in store.names(below))
    return [name for name in names if is_name(name)]


def _remove_oldest(store: Folder, folder: str, most: int) -> None:
    names = {*_ours(store, RUNS, folder), *_ours(store, SUMMARIES, folder)}
    for name in sorted(names, key=time_order)[:-most]:
        for kind in (SUMMARIES, RUNS):
            store.remove(f"{kind}/{name}")
