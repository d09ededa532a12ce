"""Tables read in segments by several threads: the same as in one piece; after an interrupt; under a cap; throttled; by sample."""

import json
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest
from botocore.awsrequest import AWSResponse

from stj_audit.errors import CannotWrite
from stj_audit.facts import ItemSizes, SampledSegment, Table, Unknown
from stj_audit.items.engine import new_fold
from stj_audit.items.fold import Expiry
from stj_audit.items.plan import PAGE_UNITS, PILOT_SEGMENTS, ItemsPlan, Reading, plan_reading
from stj_audit.pipeline import end_reading
from stj_audit.scanners import Aws, AwsOptions, items, open_session, tables
from stj_audit.scanners.checkpoint import Checkpoint, Progress, machine_key
from stj_audit.scanners.segments import Stopped, Tempo, read_segment
from stj_audit.scanners.spending import Rate, Spending
from tests.builders import a_table
from tests.engines.dynamodb_local import DynamoDBLocal
from tests.faults import fault
from tests.scanners.answers import REGION, answer, answer_with, before_send, error
from tests.scanners.test_items import coverage, fill, make_table, page

KEY = b"key"
FULL = ItemsPlan(mode="full", budget_usd=Decimal(1))
COUNT = 700
PAD = 18_000
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def filled(dynamodb_local: DynamoDBLocal) -> str:
    """12.6 MB in 700 items: three segments."""
    name = make_table(dynamodb_local, key_type="S")
    made = dynamodb_local.client()
    for start in range(0, COUNT, 25):
        requests: list[Any] = [
            {
                "PutRequest": {
                    "Item": {"id": {"S": f"{number}"}, "part": {"N": f"{number % 9}"}, "pad": {"S": "x" * (PAD + number % 50)}}
                }
            }
            for number in range(start, start + 25)
        ]
        made.batch_write_item(RequestItems={name: requests})
    return name


@pytest.fixture
def local(dynamodb_local: DynamoDBLocal) -> Aws:
    return open_session(AwsOptions(region=REGION, endpoint_url=dynamodb_local.endpoint_url))


def without_cost(sizes: ItemSizes | Unknown) -> ItemSizes:
    assert isinstance(sizes, ItemSizes)
    return replace(sizes, read_units=Decimal(0))


def whole(aws: Aws, table: Table) -> ItemSizes:
    """As one thread reads it in one piece."""
    return without_cost(items.read(aws, replace(table, size_bytes=0), FULL, hash_key=KEY)[0])


@pytest.mark.dynamodb_local
def test_segments_read_by_many_threads_are_the_whole_table(local: Aws, filled: str) -> None:
    table = tables.read(local, filled)
    asked: set[tuple[int, int]] = set()

    def look(request: Any, **_: Any) -> None:
        body = json.loads(request.body)
        asked.add((body.get("Segment"), body.get("TotalSegments")))

    local.dynamodb.meta.events.register("before-send.dynamodb.Scan", look)
    sizes, units = items.read(local, table, FULL, hash_key=KEY)
    assert asked == {(segment, 3) for segment in range(3)}
    assert isinstance(sizes, ItemSizes)
    assert (sizes.scanned, sizes.read_units) == (COUNT, units)
    assert without_cost(sizes) == whole(local, table)


# ----------------------------------------------------------------------------------------------------- after an interrupt


class InterruptedAfterTwo(Spending):
    """Sets `stop` when two segments were read."""

    def __init__(self, stop: threading.Event) -> None:
        super().__init__()
        self._stop = stop

    def finish_segment(self) -> None:
        super().finish_segment()
        if self.segments[0] == 2:
            self._stop.set()


@pytest.mark.dynamodb_local
def test_an_interrupted_reading_goes_on_where_it_was(
    local: Aws, filled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stj_audit.items.plan.FULL_SEGMENT_BYTES", 1024**2)  # 13 segments
    table = tables.read(local, filled)
    plan = replace(FULL, resume=tmp_path / "checkpoints")
    stop = threading.Event()
    stopped, first = items.read(local, table, plan, hash_key=KEY, stop=stop, spending=InterruptedAfterTwo(stop), now=NOW)
    assert isinstance(stopped, Unknown)
    assert "interrupted" in stopped.reason
    [file] = (tmp_path / "checkpoints").iterdir()
    text = file.read_text()
    done = json.loads(text)["progress"]["done"]
    assert 2 <= len(done) < 13
    assert "xxxx" not in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = open_session(AwsOptions(region=REGION, endpoint_url=local.endpoint_url))
    sizes, second = items.read(again, table, plan, hash_key=KEY, now=NOW + timedelta(hours=3))
    assert without_cost(sizes) == whole(again, table)
    assert isinstance(sizes, ItemSizes)
    assert sizes.read_units == first + second
    assert second < 1_400  # of 1,600: what was finished is not read again
    items.forget(tmp_path / "checkpoints", [table], hash_key=KEY)
    assert not list((tmp_path / "checkpoints").iterdir())


@pytest.mark.dynamodb_local
@pytest.mark.parametrize("change", ["another key", "a day later", "another table", "damaged"])
def test_what_does_not_fit_is_not_taken_up(local: Aws, filled: str, tmp_path: Path, change: str) -> None:
    table = tables.read(local, filled)
    plan = replace(FULL, resume=tmp_path)
    items.read(local, table, plan, hash_key=KEY, now=NOW)
    [file] = tmp_path.iterdir()
    if change == "damaged":
        file.write_bytes(file.read_bytes()[:-10])
    _, units = items.read(
        local,
        replace(table, created_at=NOW) if change == "another table" else table,
        plan,
        hash_key=b"other" if change == "another key" else KEY,
        now=NOW + timedelta(days=1, seconds=1) if change == "a day later" else NOW,
    )
    assert units > 1_500  # all of it
    _, units = items.read(local, table, plan, hash_key=KEY, now=NOW) if change == "damaged" else (None, Decimal(0))
    assert units == 0


@pytest.mark.parametrize("mode", ["full", "sample"])
def test_what_was_to_be_read_whole_and_was_not_goes_on_too(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: Literal["full", "sample"]
) -> None:
    """After a cap or a throttle as after an interrupt. A sample is at its end, and another run draws another."""
    monkeypatch.setattr("stj_audit.items.plan.FULL_SEGMENT_BYTES", 40_960)  # 40 segments
    table = a_table(size_bytes=40 * 40_960, item_count=40)
    plan = ItemsPlan(mode=mode, budget_usd=Decimal("0.0000125"), usd_per_read_unit=Decimal("0.000000125"), resume=tmp_path)
    before_send(aws.dynamodb, "dynamodb.Scan", lambda **_: answer(page("a")))
    first, _ = items.read(aws, table, plan, hash_key=KEY, now=NOW, spending=Spending(cap=Decimal(18)))
    assert coverage(first) == "sample"
    end_reading(plan, [(table, first)], hash_key=KEY)
    assert bool(list(tmp_path.iterdir())) == (mode == "full")
    if mode == "full":
        second, units = items.read(aws, table, plan, hash_key=KEY, now=NOW)
        assert (coverage(second), units) == ("full", Decimal(2))
        end_reading(plan, [(table, second)], hash_key=KEY)
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("before", "now"), [(None, "expires"), ("expires", None), ("until", "expires")])
def test_what_was_read_under_another_ttl_is_not_taken_up(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str | None, now: str | None
) -> None:
    monkeypatch.setattr("stj_audit.items.plan.FULL_SEGMENT_BYTES", 1_000)
    table = a_table(size_bytes=2_000)
    plan = replace(FULL, resume=tmp_path)

    def expiry(attribute: str | None) -> Expiry | None:
        return None if attribute is None else Expiry(attribute=attribute, now=NOW)

    expiring = {"expires": {"N": f"{NOW.timestamp():.0f}"}}
    body = page("a") | {"Items": [{"id": {"S": "a"}} | expiring]}
    answer_with(aws.dynamodb, "dynamodb.Scan", lambda: answer(body), lambda: error("AccessDeniedException"))
    stopped, _ = items.read(aws, table, plan, hash_key=KEY, now=NOW, expiry=expiry(before))
    assert isinstance(stopped, Unknown)
    assert [file.name for file in tmp_path.iterdir()]
    again = open_session(AwsOptions(region=REGION))
    answer_with(again.dynamodb, "dynamodb.Scan", lambda: answer(body))
    sizes, _ = items.read(again, table, plan, hash_key=KEY, now=NOW, expiry=expiry(now))
    assert isinstance(sizes, ItemSizes)
    assert (sizes.coverage, sizes.scanned) == ("full", 2)
    if now is not None:
        assert sizes.time_to_live_values is not None
        assert sizes.time_to_live_values.missing == 0


def test_a_sample_goes_on_under_other_lines(aws: Aws, tmp_path: Path) -> None:
    table = a_table(size_bytes=1_200_000, item_count=5_000)
    plan = ItemsPlan(mode="sample", budget_usd=Decimal("0.00001"), usd_per_read_unit=Decimal("0.000000125"), resume=tmp_path)
    answers = iter(
        [*[answer(page("a", "b"))] * (PILOT_SEGMENTS + 2), error("AccessDeniedException"), *[answer(page("a", "b"))] * 100]
    )
    one = threading.Lock()

    def send(**_: Any) -> AWSResponse:
        with one:
            return next(answers)

    before_send(aws.dynamodb, "dynamodb.Scan", send)
    stopped, _ = items.read(aws, table, plan, hash_key=KEY, now=NOW)
    assert isinstance(stopped, Unknown)
    sizes, _ = items.read(aws, table, replace(plan, lines=(1, 400 * 1024)), hash_key=KEY, now=NOW)
    assert isinstance(sizes, ItemSizes)
    assert sizes.sample is not None
    assert PILOT_SEGMENTS + 2 <= len(sizes.sample.segments) == sizes.scanned / 2
    assert sizes.over(1) == sizes.scanned


@pytest.mark.parametrize(
    "change",
    [
        {"began_at": "2026-03-01T00:00:00"},
        {"began_at": "2099-01-01T00:00:00Z"},
        {"done": [0, 0]},
        {"read_units": "NaN"},
        {"total_segments": 10_000_000},
    ],
)
def test_what_somebody_changed_is_not_taken_up(tmp_path: Path, change: dict[str, Any]) -> None:
    table = a_table()
    checkpoint = Checkpoint(tmp_path, table, hash_key=KEY, now=NOW)
    fold = new_fold(table, hash_key=KEY)
    checkpoint.write(
        Progress(
            seed=1,
            began_at=NOW,
            total_segments=3,
            done=(0, 1),
            segments=(SampledSegment(items=0, bytes=0),) * 2,
            counts=fold.counts(),
            read_units=Decimal(7),
        )
    )
    reading = plan_reading(table, FULL, paced=False)
    assert isinstance(reading, Reading)
    before = checkpoint.load(reading)
    assert before is not None
    assert before.done == (0, 1)
    [file] = tmp_path.iterdir()
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content, separators=(",", ":")))
    assert checkpoint.load(reading) == before
    content["progress"] |= change
    file.write_text(json.dumps(content, separators=(",", ":")))
    assert checkpoint.load(reading) is None


def test_the_key_of_checkpoints_is_made_once_and_nobody_elses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    key = machine_key()
    assert len(key) == 32
    assert machine_key() == key
    [file] = tmp_path.rglob("*.key")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_without_a_home_folder_the_key_has_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose user has a number and no name."""

    def unknown(number: int) -> None:
        raise KeyError(number)

    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", unknown)
    with pytest.raises(CannotWrite, match="the home folder is not known") as told:
        machine_key()
    assert told.value.hint == "set XDG_STATE_HOME"


def test_regions_that_make_the_key_at_the_same_time_have_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadPoolExecutor(8) as pool:
        for attempt in range(50):
            monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / str(attempt)))
            together = threading.Barrier(8)
            keys = {made.result() for made in [pool.submit(lambda: together.wait() < 8 and machine_key()) for _ in range(8)]}  # noqa: B023 - awaited here
            assert len(keys) == 1
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["hash.key"] * 50


# ------------------------------------------------------------------------------------------------------------ caps, paces


@pytest.mark.dynamodb_local
def test_a_cap_is_not_exceeded_by_more_than_a_page(local: Aws, filled: str) -> None:
    table = tables.read(local, filled)
    for cap in (1, 100, 700):
        spending = Spending(cap=Decimal(cap))
        sizes, units = items.read(local, table, FULL, hash_key=KEY, spending=spending)
        assert isinstance(sizes, Unknown)
        assert sizes.reason.startswith("the cap on read units was reached")
        assert cap - 130 <= units <= cap + 129


@pytest.mark.dynamodb_local
def test_small_segments_before_a_cap_are_a_sample(local: Aws, filled: str) -> None:
    table = tables.read(local, filled)
    plan = ItemsPlan(mode="sample", budget_usd=Decimal("0.0001"))  # 800 units of 1,600
    sizes, units = items.read(local, table, plan, hash_key=KEY)
    assert coverage(sizes) == "sample"
    assert isinstance(sizes, ItemSizes)
    assert sizes.sample is not None
    assert sizes.sample.total_segments == 116  # of a sixtieth of the budget
    assert PILOT_SEGMENTS <= len(sizes.sample.segments) < 116
    assert units <= 800 + 129
    assert sum(segment.items for segment in sizes.sample.segments) == sizes.scanned
    assert sum(segment.bytes for segment in sizes.sample.segments) == sizes.scanned_bytes
    assert sizes.sample.item_count == COUNT


@pytest.mark.dynamodb_local
def test_the_rate_of_the_audit_is_kept_by_all_threads_together(local: Aws, filled: str) -> None:
    table = tables.read(local, filled)
    spending = Spending(cap=Decimal(600), per_second=Decimal(400))
    began = datetime.now(UTC)
    _, units = items.read(local, table, FULL, hash_key=KEY, spending=spending)
    seconds = (datetime.now(UTC) - began).total_seconds()
    # what is read last is not waited for: with eight threads that is up to a second's worth
    assert float(units) / seconds < 400 * 2.2
    assert seconds > 0.4


@pytest.mark.dynamodb_local
def test_threads_wait_for_each_other_where_little_is_left_of_a_cap(local: Aws, filled: str) -> None:
    table = tables.read(local, filled)
    plan = ItemsPlan(mode="sample", budget_usd=Decimal(1), max_read_units=Decimal(600))
    sizes, units = items.read(local, table, plan, hash_key=KEY)
    assert coverage(sizes) == "sample"
    assert isinstance(sizes, ItemSizes)
    assert sizes.sample is not None
    assert len(sizes.sample.segments) >= PILOT_SEGMENTS
    assert 400 < units <= 600 + 129


def test_a_cap_is_given_away_page_by_page() -> None:
    spending = Spending(cap=Decimal(100))
    assert spending.reserve(Decimal(80)) == 80
    spending.settle(Decimal(30))
    assert spending.reserve(Decimal(128)) == 70
    spending.settle(Decimal(70))
    assert spending.reserve(Decimal(128)) == 0


@pytest.mark.parametrize("cap", [1, 130, 400, 1_000])
def test_threads_whose_pages_are_all_larger_than_expected_exceed_a_cap_by_one_of_them(cap: int) -> None:
    spending, spent, one = Spending(cap=Decimal(cap)), [Decimal(0)], threading.Lock()

    def read_pages() -> None:
        while spending.reserve(Decimal(5)):
            with one:
                spent[0] += PAGE_UNITS
            spending.settle(PAGE_UNITS)

    with ThreadPoolExecutor(12) as pool:
        for reader in [pool.submit(read_pages) for _ in range(12)]:
            reader.result(timeout=20)
    assert cap <= spent[0] <= cap + PAGE_UNITS


def test_what_was_read_besides_counts_towards_the_cap() -> None:
    spending = Spending(cap=Decimal(300))
    spending.reserve(Decimal(128))
    spending.charge(Decimal(128))
    spending.settle(Decimal(100))
    assert spending.reserve(Decimal(128)) == 72


def test_a_page_takes_its_turn_and_makes_up_for_what_it_cost() -> None:
    clock = [0.0]
    rate = Rate(Decimal(10), clock=lambda: clock[0])
    assert rate.take(Decimal(5)) == 0
    assert [rate.take(Decimal(5)), rate.take(Decimal(1))] == [0.5, 0.5]  # who has to wait has taken nothing
    rate.settle(Decimal(5), Decimal(2))
    assert rate.take(Decimal(5)) == pytest.approx(0.2)
    clock[0] = 0.25
    assert rate.take(Decimal(5)) == 0
    clock[0] = 1.0
    rate.settle(Decimal(5), Decimal(25))
    assert rate.take(Decimal(5)) == 2
    clock[0] = 100.0
    assert [rate.take(Decimal(5)), rate.take(Decimal(5))] == [0, 0.5]  # a quiet minute is worth nothing


def test_the_first_throttle_halves_a_rate_and_the_others_of_that_second_are_the_same_one() -> None:
    clock = [100.0]
    rate = Rate(Decimal(100), clock=lambda: clock[0])
    for _ in range(8):
        rate.back_off()
    assert rate.per_second == 50
    assert rate.take(Decimal(1)) == 1
    clock[0] = 101.0
    assert rate.take(Decimal(50)) == 0
    rate.back_off()
    assert rate.per_second == 25
    for _ in range(20):
        clock[0] += 1
        rate.back_off()
    assert rate.per_second == 1


def test_a_rate_without_a_limit_gets_one_at_the_first_throttle() -> None:
    clock = [10.0]
    rate = Rate(None, clock=lambda: clock[0])
    assert [rate.take(PAGE_UNITS), rate.take(PAGE_UNITS)] == [0, 0]
    rate.settle(PAGE_UNITS, Decimal(1_000))
    clock[0] = 12.0
    rate.back_off()
    assert rate.per_second == 250


def test_a_throttle_of_the_first_page_leaves_a_page_a_second() -> None:
    rate = Rate(None)
    rate.take(PAGE_UNITS)
    rate.back_off()
    assert rate.per_second == PAGE_UNITS


# -------------------------------------------------------------------------------------------------------------- throttles


@pytest.fixture
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    monkeypatch.setattr("stj_audit.scanners.spending.BACK_OFF_SECONDS", 0.3)


@fault(
    "a scan is throttled for a while",
    "the pace is halved, reading goes on from the last key, every item is counted once",
    by="event hook before DynamoDB Local",
)
@pytest.mark.dynamodb_local
def test_a_throttle_halves_the_pace_and_reading_goes_on_from_the_last_key(local: Aws, filled: str, no_backoff: None) -> None:
    table = tables.read(local, filled)
    calls = [0]

    def throttle(**_: Any) -> Any:
        calls[0] += 1
        return error("ProvisionedThroughputExceededException") if 3 <= calls[0] <= 6 else None  # all attempts of one call

    before_send(local.dynamodb, "dynamodb.Scan", throttle)
    tempo = Tempo.of(table, pace=Decimal(100_000), spending=Spending(), stop=threading.Event())
    fold = new_fold(table, hash_key=KEY)
    read_segment(local, table, fold, tempo)
    assert fold.items == COUNT
    assert tempo.rate.per_second == 50_000


@fault("a scan is throttled from the beginning", "three times in a row, then the items are not checked", by="event hook")
def test_a_table_that_stays_throttled_is_left_alone(aws: Aws, no_backoff: None) -> None:
    seen: list[int] = []

    def throttle(**_: Any) -> Any:
        seen.append(1)
        return error("ProvisionedThroughputExceededException")

    before_send(aws.dynamodb, "dynamodb.Scan", throttle)
    sizes, units = items.read(aws, a_table(size_bytes=1_000), FULL, hash_key=KEY)
    assert sizes == Unknown(call="dynamodb:Scan", reason="the table throttled the audit's reads")
    assert units == 0
    assert len(seen) == 3 * 4


def test_a_failure_in_one_thread_ends_them_all(aws: Aws) -> None:
    seen = threading.Semaphore(3)

    def send(**_: Any) -> Any:
        ok = seen.acquire(blocking=False)
        return answer({"Items": [], "Count": 0, "ScannedCount": 0}) if ok else error("AccessDeniedException")

    before_send(aws.dynamodb, "dynamodb.Scan", send)
    sizes, _ = items.read(aws, a_table(size_bytes=2 * 1024**3), FULL, hash_key=KEY)
    assert sizes == Unknown(call="dynamodb:Scan", reason="AccessDeniedException")


def test_stopped_before_the_first_page(aws: Aws) -> None:
    stop = threading.Event()
    stop.set()
    tempo = Tempo.of(a_table(), pace=None, spending=Spending(), stop=stop)
    with pytest.raises(Stopped, match="interrupted"):
        read_segment(aws, a_table(), new_fold(a_table(), hash_key=KEY), tempo)


@pytest.mark.dynamodb_local
def test_two_readings_share_one_cap(local: Aws, dynamodb_local: DynamoDBLocal) -> None:
    name = make_table(dynamodb_local)
    fill(dynamodb_local, name, 200, 12_000)  # 2.4 MB: 294 units
    table = tables.read(local, name)
    spending = Spending(cap=Decimal(400))
    first, units = items.read(local, table, FULL, hash_key=KEY, spending=spending)
    assert isinstance(first, ItemSizes)
    second, more = items.read(local, table, FULL, hash_key=KEY, spending=spending)
    assert isinstance(second, Unknown)
    assert units + more <= 400 + 129


def test_the_longest_name_of_a_table_makes_a_name_of_a_file(tmp_path: Path) -> None:
    names = ["n" * 255, "n" * 254 + "m", "orders"]
    for name in names:
        fold = new_fold(a_table(name=name), hash_key=KEY)
        progress = Progress(
            seed=1, began_at=NOW, total_segments=1, done=(), segments=(), counts=fold.counts(), read_units=Decimal(0)
        )
        Checkpoint(tmp_path, a_table(name=name), hash_key=KEY, now=NOW).write(progress)
    assert len(list(tmp_path.iterdir())) == len(names)
    assert (tmp_path / "arn-aws-dynamodb-eu-north-1-123456789012-table-orders.json").exists()
