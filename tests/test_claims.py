"""Who may send: one at a time, once for a period, and somebody else when that one has died."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from moto import mock_aws

from stj_audit.deliver import claims
from stj_audit.deliver.claims import TAKEN_OVER_AFTER, Claim, Sent, claim, last_sent, mark_failed, mark_sent
from stj_audit.deliver.mail import Issue
from stj_audit.deliver.stores import AlreadyThere, Folder, Store, open_store
from stj_audit.errors import UnableToSend, UnusableHistory
from stj_audit.history import summary
from tests.sample_report import sample_report

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 22, 6, 5, tzinfo=UTC)
ISSUE = Issue(environment="prod", region="eu-north-1", period="2026-11")
SAID = summary(sample_report())


def at(when: datetime) -> Any:
    return lambda: when


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(claims, "LOOKS", 5)


@pytest.fixture
def store(tmp_path: Path) -> Folder:
    return Folder(path=tmp_path / "history")


def files(store: Folder) -> list[str]:
    root = store.path / "sent" / ISSUE.folder
    return sorted(path.name for path in root.iterdir())


def taken(found: Claim | Sent) -> Claim:
    assert isinstance(found, Claim)
    return found


def test_claimed_sent_and_over(store: Folder) -> None:
    mine = taken(claim(store, ISSUE, "run", clock=at(NOW)))
    assert (mine.attempt, files(store)) == (1, ["2026-11.json"])
    mark_sent(store, mine, SAID, clock=at(NOW + timedelta(seconds=3)))
    assert files(store) == ["2026-11.done.json", "2026-11.json"]
    assert claim(store, ISSUE, "run", clock=at(NOW + timedelta(days=20))) == Sent(at=NOW + timedelta(seconds=3))
    assert len(files(store)) == 2


def test_another_month_environment_or_region_is_another_mail(store: Folder) -> None:
    others = (
        ISSUE,
        Issue(environment="prod", region="eu-north-1", period="2026-1"),
        Issue(environment="prod", region="us-east-1", period="2026-11"),
        Issue(environment="test", region="eu-north-1", period="2026-11"),
        Issue(environment="prod", region="eu-north-1", period="run-2026-11"),
    )
    assert [taken(claim(store, one, "run", clock=at(NOW))).attempt for one in others] == [1] * 5
    assert len({one.message_id("example.com") for one in others}) == 5


def test_while_one_sends_nobody_else_does(store: Folder) -> None:
    claim(store, ISSUE, "run", clock=at(NOW))
    for minutes in (0, 5, 15, -60):  # the other's clock may be ahead
        with pytest.raises(UnableToSend, match="another process has claimed the mail for 2026-11 of prod") as caught:
            claim(store, ISSUE, "run", clock=at(NOW + timedelta(minutes=minutes)))
        assert caught.value.hint.endswith("/sent/prod/eu-north-1/2026-11.json")
    assert files(store) == ["2026-11.json"]


def test_who_waits_sees_that_it_was_sent(store: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = taken(claim(store, ISSUE, "run", clock=at(NOW)))
    pauses = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            mark_sent(store, mine, SAID, clock=at(NOW))

    monkeypatch.setattr("stj_audit.deliver.claims.time.sleep", sleep)
    assert claim(store, ISSUE, "run", clock=at(NOW)) == Sent(at=NOW)
    assert len(pauses) == 2


def test_after_a_failure_the_next_may_try_at_once(store: Folder) -> None:
    mark_failed(store, taken(claim(store, ISSUE, "run", clock=at(NOW))), clock=at(NOW))
    mine = taken(claim(store, ISSUE, "run", clock=at(NOW)))
    assert mine.attempt == 2
    mark_sent(store, mine, SAID, clock=at(NOW))
    assert files(store) == ["2026-11.2.done.json", "2026-11.2.json", "2026-11.failed.json", "2026-11.json"]
    assert isinstance(claim(store, ISSUE, "run", clock=at(NOW)), Sent)


def test_who_has_died_is_followed_by_one(store: Folder) -> None:
    claim(store, ISSUE, "run", clock=at(NOW))
    late = NOW + TAKEN_OVER_AFTER + timedelta(seconds=1)
    assert taken(claim(store, ISSUE, "run", clock=at(late))).attempt == 2
    with pytest.raises(UnableToSend):
        claim(store, ISSUE, "run", clock=at(late))
    assert taken(claim(store, ISSUE, "run", clock=at(late + timedelta(hours=1)))).attempt == 3


@pytest.mark.parametrize("text", ["", "{", "null", '{"claimed_at": "2026-01-01T00:00:00", "run": "a", "by": "b"}', "\xff"])
def test_a_claim_that_says_nothing_is_nobody_elses(store: Folder, text: str) -> None:
    store.write("sent/prod/eu-north-1/2026-11.json", text)
    with pytest.raises(UnableToSend):
        claim(store, ISSUE, "run", clock=at(NOW + timedelta(days=9)))


def test_other_files_are_none_of_ours(store: Folder) -> None:
    for name in ("notes.txt", "2026-11.json.bak", "2026-11.0.json", "2026-11.x.json", "deep/2026-11.done.json", ".done.json"):
        store.write(f"sent/prod/eu-north-1/{name}", "{}")
    assert taken(claim(store, ISSUE, "run", clock=at(NOW))).attempt == 1


def test_again(store: Folder) -> None:
    assert taken(claim(store, ISSUE, "run", clock=at(NOW), again=True)).attempt == 1
    with pytest.raises(UnableToSend):
        claim(store, ISSUE, "run", clock=at(NOW), again=True)
    mark_sent(store, Claim(issue=ISSUE, attempt=1), SAID, clock=at(NOW))
    second = taken(claim(store, ISSUE, "run", clock=at(NOW), again=True))
    assert second.attempt == 2
    assert claim(store, ISSUE, "run", clock=at(NOW)) == Sent(at=NOW)
    mark_sent(store, second, SAID, clock=at(NOW + timedelta(hours=1)))
    assert claim(store, ISSUE, "run", clock=at(NOW)) == Sent(at=NOW + timedelta(hours=1))


def test_an_answer_that_was_lost_is_no_claim_of_another(store: Folder) -> None:
    @dataclass(frozen=True)
    class Lossy(Folder):
        def write(self, name: str, text: str) -> None:
            super().write(name, text)
            raise AlreadyThere

    assert taken(claim(Lossy(path=store.path), ISSUE, "run", clock=at(NOW))).attempt == 1


def test_a_history_that_cannot_be_written_says_that_nothing_was_sent(store: Folder) -> None:
    @dataclass(frozen=True)
    class ReadOnly(Folder):
        def write(self, name: str, text: str) -> None:
            raise UnusableHistory("cannot keep the run there: Permission denied", hint="choose another")

    with pytest.raises(
        UnusableHistory, match=r"^nothing was sent, because it cannot be claimed: cannot keep the run there: Perm"
    ) as caught:
        claim(ReadOnly(path=store.path), ISSUE, "run", clock=at(NOW))
    assert caught.value.hint == "choose another"


def test_the_last_mail_before_this_one(store: Folder) -> None:
    assert last_sent(store, ISSUE) is None
    for month, day in (("2026-09", 1), ("2026-10", 2), ("2026-11", 3)):
        issue = Issue(environment="prod", region="eu-north-1", period=month)
        mark_sent(store, Claim(issue=issue, attempt=1), SAID, clock=at(NOW.replace(day=day)))
    store.write("sent/prod/eu-north-1/2026-08.done.json", "{")
    found = last_sent(store, ISSUE)
    assert found is not None
    assert (found.sent_at, found.grade, found.findings) == (NOW.replace(day=2), SAID.grade, SAID.findings)


# ------------------------------------------------------------------------------------------------------ several at once


@dataclass(frozen=True, kw_only=True)
class Abreast:
    """A store that shows all who look first the same, before any of them writes. One write at a time, as S3 has it and moto does not."""

    store: Store
    barrier: threading.Barrier
    lock: threading.Lock
    looked: list[None] = field(default_factory=list)

    def __str__(self) -> str:
        return str(self.store)

    def names(self, below: str) -> list[str]:
        found = self.store.names(below)
        if not self.looked:
            self.looked.append(None)
            self.barrier.wait(timeout=10)
        return found

    def read(self, name: str) -> bytes:
        return self.store.read(name)

    def write(self, name: str, text: str) -> None:
        with self.lock:
            self.store.write(name, text)


def claim_abreast(stores: list[Store], when: datetime) -> list[Claim]:
    barrier, lock = threading.Barrier(len(stores)), threading.Lock()

    def one(store: Store) -> Claim | None:
        try:
            return taken(claim(Abreast(store=store, barrier=barrier, lock=lock), ISSUE, "run", clock=at(when)))
        except UnableToSend:
            return None

    with ThreadPoolExecutor(len(stores)) as pool:
        return [found for found in pool.map(one, stores) if found is not None]


def test_of_many_at_once_one_sends_and_one_takes_over(tmp_path: Path) -> None:
    stores: list[Store] = [Folder(path=tmp_path) for _ in range(6)]
    assert [one.attempt for one in claim_abreast(stores, NOW)] == [1]
    assert [one.attempt for one in claim_abreast(stores, NOW + timedelta(minutes=16))] == [2]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        client: Any = botocore.session.Session().create_client("s3", region_name="eu-north-1")
        client.create_bucket(Bucket="audits", CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
        yield "s3://audits/team"


def test_of_several_clients_of_a_bucket_one_sends_and_one_takes_over(bucket: str) -> None:
    stores = [open_store(bucket, region="eu-north-1") for _ in range(3)]
    assert [one.attempt for one in claim_abreast(stores, NOW)] == [1]
    [mine] = claim_abreast(stores, NOW + timedelta(minutes=16))
    assert mine.attempt == 2
    mark_sent(stores[0], mine, SAID, clock=at(NOW))
    assert claim(stores[1], ISSUE, "run", clock=at(NOW)) == Sent(at=NOW)
    assert sorted(stores[0].names("sent/prod/eu-north-1")) == ["2026-11.2.done.json", "2026-11.2.json", "2026-11.json"]
