"""
A report is mailed once for a period: whoever is to send it claims it first, in the history, by a file that only one can create.

    sent/prod/eu-north-1/2026-10.json            the claim
    sent/prod/eu-north-1/2026-10.done.json       it was sent
    sent/prod/eu-north-1/2026-10.failed.json     it was not: the next may try at once
    sent/prod/eu-north-1/2026-10.2.json          the claim of the second attempt, and so on

A claim that is neither done nor failed is of a process that is at work, or has died. After TAKEN_OVER_AFTER it is taken for dead, and who
makes the next claim sends instead. Whoever dies between sending and saying so has the same sent again: of two bad things, mail that comes
twice is the better one, and both have the same Message-ID. Files are never overwritten, nor removed.
"""

import contextlib
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from stj_audit.deliver.mail import Issue
from stj_audit.deliver.stores import AlreadyThere, Store, Unreadable
from stj_audit.errors import UnableToSend, UnusableHistory
from stj_audit.history import RunSummary

SENT = "sent"
SCHEMA_VERSION = 1
TAKEN_OVER_AFTER = timedelta(minutes=15)  # what carries mail gives up much earlier
LOOKS, PAUSE_SECONDS = 20, 1.0  # how long another process that is sending is waited for: usually it is done in a few seconds

_FILE = re.compile(r"(?P<period>[A-Za-z0-9-]+)(?:\.(?P<attempt>[1-9][0-9]{0,5}))?(?P<mark>\.done|\.failed)?\.json", re.ASCII)

Clock = Callable[[], datetime]


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """The right to send, until TAKEN_OVER_AFTER. `attempt` counts from 1."""

    issue: Issue
    attempt: int

    @property
    def file(self) -> str:
        return _file(self.issue, self.attempt)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """It was sent before; `at` is null where the file does not say it."""

    at: datetime | None


class _Claimed(msgspec.Struct, frozen=True, kw_only=True):
    schema_version: int = SCHEMA_VERSION
    claimed_at: datetime
    run: str
    by: str


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a mail: when it was sent, of which run, and what that said, to know later what has changed."""

    schema_version: int = SCHEMA_VERSION
    sent_at: datetime
    run: str
    grade: str
    findings: tuple[str, ...]


class _Failed(msgspec.Struct, frozen=True, kw_only=True):
    schema_version: int = SCHEMA_VERSION
    failed_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class _State:
    """What the files say: the last attempt (0: none was made), whether it is over, and how many of all were sent."""

    attempt: int
    is_over: bool
    sent: int


def claim(store: Store, issue: Issue, run: str, *, clock: Clock, again: bool = False) -> Claim | Sent:
    """
    The right to send, or that it was sent. Another process that is about to send is waited for, a little. `again`: also if it was sent.

    Raises UnableToSend where another process has the claim and does not say what came of it, and UnusableHistory.
    """
    state = _state(store, issue)
    known = state.sent if again else 0
    for _ in range(LOOKS):
        if state.sent > known:
            return Sent(at=_sent_at(store, issue))
        if not state.attempt or state.is_over or _is_dead(store, issue, state.attempt, clock()):
            mine = Claim(issue=issue, attempt=state.attempt + 1)
            if _take(store, mine, run, clock()):
                return mine
        time.sleep(PAUSE_SECONDS)
        state = _state(store, issue)
    raise UnableToSend(
        f"another process has claimed the mail for {issue}, and has not said that it was sent",
        hint=f"if that process is gone, run this again {TAKEN_OVER_AFTER // timedelta(minutes=1)} minutes after it began:"
        f" {store}/{_file(issue, state.attempt)}",
    )


def mark_sent(store: Store, mine: Claim, said: RunSummary, *, clock: Clock) -> None:
    """Raises UnusableHistory."""
    done = Done(sent_at=clock(), run=said.id, grade=said.grade, findings=said.findings)
    _mark(store, mine, ".done", done)


def mark_failed(store: Store, mine: Claim, *, clock: Clock) -> None:
    """Raises UnusableHistory."""
    _mark(store, mine, ".failed", _Failed(failed_at=clock()))


def last_sent(store: Store, issue: Issue) -> Done | None:
    """What was mailed last of the same environment, for another period than this; None where nothing was, or none can be read."""
    found = []
    for name in _done_names(store, issue):
        if _period(name) != issue.period:
            done = _read_done(store, f"{SENT}/{issue.folder}/{name}")
            found += [] if done is None else [done]
    return max(found, key=lambda one: one.sent_at, default=None)


# --------------------------------------------------------------------------------------------------------------- files


def _file(issue: Issue, attempt: int, mark: str = "") -> str:
    number = "" if attempt == 1 else f".{attempt}"
    return f"{SENT}/{issue.folder}/{issue.period}{number}{mark}.json"


def _state(store: Store, issue: Issue) -> _State:
    attempts: dict[int, set[str]] = {}
    for name in store.names(f"{SENT}/{issue.folder}"):
        file = _FILE.fullmatch(name)
        if file is not None and file["period"] == issue.period:
            attempts.setdefault(int(file["attempt"] or 1), set()).add(file["mark"] or "")
    last = max(attempts, default=0)
    marks = attempts.get(last, set())
    return _State(
        attempt=last,
        is_over=bool(marks & {".done", ".failed"}),
        sent=sum(".done" in one for one in attempts.values()),
    )


def _take(store: Store, mine: Claim, run: str, now: datetime) -> bool:
    text = _text(_Claimed(claimed_at=now, run=run, by=uuid.uuid4().hex))
    try:
        store.write(mine.file, text)
    except AlreadyThere:
        # An answer that was lost is asked for again by botocore, and then the file is there, and ours
        return _read(store, mine.file) == text.encode()
    except UnusableHistory as error:
        raise UnusableHistory(f"nothing was sent, because it cannot be claimed: {error}", hint=error.hint) from error
    return True


def _is_dead(store: Store, issue: Issue, attempt: int, now: datetime) -> bool:
    """Whether a claim is too old. One that cannot be read (it is being written, say) is not known to be."""
    text = _read(store, _file(issue, attempt))
    try:
        claimed = None if text is None else msgspec.json.decode(text, type=_Claimed)
    except msgspec.MsgspecError:
        claimed = None
    return claimed is not None and claimed.claimed_at.tzinfo is not None and now - claimed.claimed_at > TAKEN_OVER_AFTER


def _mark(store: Store, mine: Claim, mark: str, what: Done | _Failed) -> None:
    text = _text(what)
    with contextlib.suppress(AlreadyThere):  # it says so already: only who has the claim writes it
        store.write(_file(mine.issue, mine.attempt, mark), text)


def _sent_at(store: Store, issue: Issue) -> datetime | None:
    times = [
        done.sent_at
        for name in _done_names(store, issue)
        if _period(name) == issue.period and (done := _read_done(store, f"{SENT}/{issue.folder}/{name}")) is not None
    ]
    return max(times, default=None)


def _done_names(store: Store, issue: Issue) -> list[str]:
    return [
        name
        for name in store.names(f"{SENT}/{issue.folder}")
        if (file := _FILE.fullmatch(name)) is not None and file["mark"] == ".done"
    ]


def _period(name: str) -> str:
    file = _FILE.fullmatch(name)
    return "" if file is None else file["period"]


def _read_done(store: Store, name: str) -> Done | None:
    text = _read(store, name)
    try:
        done = None if text is None else msgspec.json.decode(text, type=Done)
    except msgspec.MsgspecError:
        return None
    return None if done is None or done.sent_at.tzinfo is None else done


def _read(store: Store, name: str) -> bytes | None:
    try:
        return store.read(name)
    except Unreadable:
        return None


def _text(what: msgspec.Struct) -> str:
    return msgspec.json.encode(what).decode() + "\n"
