"""`run --history`, `check --history` and `diff --since last`: what they keep and compare, and command lines that are wrong."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from click.testing import CliRunner, Result

from stj_audit.cli.entry import cli
from stj_audit.config import Config, Scale, SizeLines
from stj_audit.cost.prices import bundled_sheet
from stj_audit.deliver.history import earlier, keep_run, last_two
from stj_audit.deliver.stores import Folder
from stj_audit.demo import REGION as DEMO_REGION
from stj_audit.demo import demo_tables
from stj_audit.diff import compare
from stj_audit.errors import UnusableHistory
from stj_audit.history import summary
from stj_audit.judge import Terms, judge
from stj_audit.report import Report, Trend
from stj_audit.trend import trend
from tests.builders import a_snapshot, a_table, some_items, some_traffic, table_facts
from tests.commands import stj_audit
from tests.engines.dynamodb_local import REGION, DynamoDBLocal, create_plain_table, fresh_name

pytestmark = pytest.mark.slow

KB = 1024
ITEM, ITEMS_A_DAY = 10_000, 100_000
MONTHS = [datetime(2026 + month // 12, month % 12 + 1, 1, 6, 0, tzinfo=UTC) for month in range(12)]
GROWTH_A_DAY = 512  # bytes of the largest item
FIRST_LARGEST = 100 * KB
LINE_DAYS = 400  # 100 KB and 400 days of half a KB: 300 KB


def largest(when: datetime) -> int:
    return FIRST_LARGEST + GROWTH_A_DAY * (when - MONTHS[0]).days


# ------------------------------------------------------------------------------------------- in memory, through judge


def judged(when: datetime) -> Report:
    """Two tables on one day: the items of one grow by half a KB a day and are more each day; nothing becomes of the other."""
    days = (when - MONTHS[0]).days
    orders = a_table(name="orders")
    facts = [
        table_facts(orders, items=some_items({ITEM: ITEMS_A_DAY * (100 + days), largest(when): 1}), traffic=some_traffic()),
        table_facts(a_table(name="settings"), items=some_items({1_000: 5})),
    ]
    snapshot = a_snapshot(*facts, started_at=when, finished_at=when)
    terms = Terms(
        scale=Scale(users_now=100),
        size_lines=SizeLines(),
        prices=bundled_sheet("eu-north-1"),
        config=Config(),
        audit_id=f"{when:%Y%m%d}",
    )
    return judge(snapshot, terms)


def test_twelve_months_of_growing_tables_have_a_trend_a_date_and_a_diff(tmp_path: Path) -> None:
    store = Folder(path=tmp_path)
    found: Trend | None = None
    for when in MONTHS:
        report = judged(when)
        runs, notes = earlier(store, report)
        assert notes == []
        found = trend(runs, summary(report))
        keep_run(store, report)
    assert found is not None
    assert [run.started_at for run in found.runs] == MONTHS
    assert (found.too_early, found.notes) == (None, ())
    orders, settings = found.tables
    days_a_month = 730 / 24
    assert orders.items_per_month == pytest.approx(ITEMS_A_DAY * days_a_month)
    assert orders.bytes_per_month == pytest.approx((ITEMS_A_DAY * ITEM + GROWTH_A_DAY) * days_a_month)
    assert orders.largest_bytes_per_month == pytest.approx(GROWTH_A_DAY * days_a_month)
    warn, most = orders.forecasts
    assert (
        (warn.expected, warn.earliest, warn.latest)
        == ((MONTHS[0] + timedelta(days=LINE_DAYS)).date(),) * 3
        == (date(2027, 2, 5),) * 3
    )
    assert most.expected == (MONTHS[0] + timedelta(days=600)).date() == date(2027, 8, 24)
    assert [one.state for one in settings.forecasts] == ["never", "never"]
    costs = [run.cost_usd for run in found.runs]
    assert all(run.cost_complete for run in found.runs)
    assert costs[0] is not None
    assert costs[-1] is not None
    per_day = (costs[-1] - costs[0]) / (MONTHS[-1] - MONTHS[0]).days
    assert found.cost_usd_per_month == pytest.approx(per_day * 730 / 24, abs=Decimal("0.01")), "a bill of storage is a line"
    assert found.cost_usd_per_month > 7, "28 GB at $0.269"


def test_the_diff_since_last_is_that_of_the_last_month(tmp_path: Path) -> None:
    store = Folder(path=tmp_path)
    for when in MONTHS:
        keep_run(store, judged(when))
    found = compare(*last_two(store))
    assert (found.old.started_at, found.new.started_at) == (MONTHS[-2], MONTHS[-1])
    (orders,) = (one for one in found.tables if one.table == "orders")
    assert (orders.largest_bytes_before, orders.largest_bytes_after) == (largest(MONTHS[-2]), largest(MONTHS[-1]))
    assert orders.item_count_after is not None
    assert orders.item_count_before is not None
    assert orders.item_count_after - orders.item_count_before == ITEMS_A_DAY * 30, "November has 30 days"
    assert not found.costs.current.is_same


def test_three_months_are_too_early(tmp_path: Path) -> None:
    store = Folder(path=tmp_path)
    for when in MONTHS[:2]:
        keep_run(store, judged(when))
    report = judged(MONTHS[2])
    found = trend(earlier(store, report)[0], summary(report))
    assert found.too_early == "it is too early: 3 runs over 59 days, and it takes 4 over two months"
    assert {one.state for table in found.tables for one in table.forecasts} == {"too early"}


# --------------------------------------------------------------------------------------------------- on DynamoDB Local


@dataclass(frozen=True, kw_only=True, slots=True)
class Orders:
    """A table on DynamoDB Local with one item, of 100 KB."""

    engine: DynamoDBLocal
    name: str

    def run(self, *arguments: str | Path, command: str = "run") -> Result:
        where = ("--endpoint-url", self.engine.endpoint_url, "--region", REGION, "--no-config", "--users-now", "10")
        return CliRunner().invoke(cli, [command, self.name, *where, *map(str, arguments)])


@pytest.fixture
def orders(dynamodb_local: DynamoDBLocal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Orders]:
    for name in [name for name in os.environ if name.startswith(("AWS_", "STJ_AUDIT_", "GITHUB_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    client, name = dynamodb_local.client(), fresh_name("history")
    create_plain_table(client, name)
    client.put_item(TableName=name, Item={"id": {"S": "a"}, "text": {"S": "x" * 100 * KB}})
    yield Orders(engine=dynamodb_local, name=name)
    client.delete_table(TableName=name)


@pytest.mark.dynamodb_local
def test_a_history_that_cannot_be_written_fails_after_the_report_is_printed(orders: Orders, tmp_path: Path) -> None:
    """The folder may be written to, as is found out before; only what is in the way in it is found when the run is kept."""
    (tmp_path / "h").mkdir()
    (tmp_path / "h" / "runs").write_text("mine", "utf-8")
    for command in ("run", "check"):
        ran = orders.run("--history", tmp_path / "h", "--fail-on", "never", command=command)
        assert isinstance(ran.exception, UnusableHistory)
        assert ran.exception.exit_code == 1
        assert orders.name in ran.stdout
    assert (tmp_path / "h" / "runs").read_text("utf-8") == "mine"


@pytest.mark.dynamodb_local
@pytest.mark.process
def test_that_is_one_sentence_and_exit_code_1(orders: Orders, tmp_path: Path) -> None:
    (tmp_path / "h").mkdir()
    (tmp_path / "h" / "runs").touch()
    where = ("--endpoint-url", orders.engine.endpoint_url, "--region", REGION, "--history", "h", "-q")
    ran = stj_audit("run", orders.name, *where, cwd=tmp_path)
    assert ran.code == 1
    assert "DynamoDB audit:" in ran.out
    assert re.fullmatch(r"error: cannot keep the run in h: [A-Za-z ]+ - choose a folder [^\n]+\n", ran.err)


@pytest.mark.dynamodb_local
def test_check_keeps_the_run_of_a_gate_that_fails(orders: Orders, tmp_path: Path) -> None:
    ran = orders.run("--history", tmp_path / "h", "--fail-item-size", "50KB", command="check")
    assert ran.exit_code == 3, ran.stderr
    assert len(list((tmp_path / "h").rglob("*.json"))) == 2


@pytest.mark.dynamodb_local
def test_the_configuration_says_where_seen_from_its_folder(orders: Orders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stj-audit.toml").write_text('[history]\npath = "kept"\nkeep = 1\n', "utf-8")
    below = tmp_path / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    for _ in range(2):
        ran = CliRunner().invoke(cli, ["run", orders.name, "--endpoint-url", orders.engine.endpoint_url, "--region", REGION])
        assert ran.exit_code == 0, ran.stderr
    assert len(list((tmp_path / "kept" / "runs").rglob("*.json"))) == 1


@pytest.mark.dynamodb_local
def test_without_a_history_there_is_no_trend(orders: Orders) -> None:
    assert "trend" not in json.loads(orders.run("-f", "json").stdout)


# ------------------------------------------------------------------------------------------------------------- in S3


def test_a_run_is_kept_in_a_bucket_and_shown_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("STJ_AUDIT_")]:
        monkeypatch.delenv(name)
    with demo_tables():
        s3: Any = botocore.session.Session().create_client("s3", region_name=DEMO_REGION)
        s3.create_bucket(Bucket="audits", CreateBucketConfiguration={"LocationConstraint": DEMO_REGION})
        run = ["run", "stj_system", "--region", DEMO_REGION, "--no-config", "--history", "s3://audits/stj", "-f", "json"]
        results = [CliRunner().invoke(cli, run) for _ in range(2)]
        assert [one.exit_code for one in results] == [0, 0], results[0].stderr
        assert len(json.loads(results[1].stdout)["trend"]["runs"]) == 2
        assert "kept s3://audits/stj/runs/123456789012/eu-north-1/" in results[1].stderr
        keys = [one["Key"] for one in s3.list_objects_v2(Bucket="audits")["Contents"]]
        assert len(keys) == 4


# ------------------------------------------------------------------------------------------------------ wrong command lines


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "--keep", "3"], "--keep says how many runs stay, and none are kept"),
        (["run", "--history", "s3://bucket/x", "--keep", "3"], "lifecycle rules"),
        (["run", "--history", "s3://"], "names no bucket"),
        (["run", "--history", "h", "--keep", "0"], "0 is not in the range"),
        (["check", "--from", "RUN", "--history", "h"], "--history is for audits, and the run of --from is one"),
        (["check", "--template", "RUN", "--history", "h"], "--history is for live tables, not for --template"),
        (["diff", "--since", "last"], "--since last needs --history"),
        (["diff", "--since", "last", "--history", "h", "RUN", "RUN"], "give one run file, or none"),
        (["diff", "RUN", "RUN", "--history", "h"], "--history goes with --since last"),
        (["diff", "RUN"], "give two run files"),
    ],
)
def test_wrong_command_lines_say_what_is_wrong(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("STJ_AUDIT_")]:
        monkeypatch.delenv(name)
    (tmp_path / "RUN").write_text("{}", "utf-8")
    ran = CliRunner().invoke(cli, arguments)
    assert told in ran.stderr + str(ran.exception)
    assert getattr(ran.exception, "exit_code", ran.exit_code) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["RUN"]
