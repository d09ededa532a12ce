"""
A year of `stj-audit run --history` on AWS's own engine, the clock set to the first of each month: growth, dates and differences are those
that the items have by hand, to the byte and to the day.

The clock is set by time-machine, not by freezegun: what that gives are datetimes of a class of its own, which msgspec does not encode.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from math import sqrt
from pathlib import Path
from statistics import linear_regression
from typing import TYPE_CHECKING, Any

import boto3
import jsonschema
import pytest
import time_machine
from click.testing import CliRunner
from moto import mock_aws

from stj_audit.cli.entry import cli
from stj_audit.report import json_schema
from tests.engines.dynamodb_local import REGION, DynamoDBLocal, create_plain_table, fresh_name

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KB, GB = 1024, 2**30
WARN, LIMIT = 300 * KB, 400 * KB
FIRST = datetime(2026, 1, 1, 6, 0, tzinfo=UTC)
MONTHS = [FIRST.replace(year=2026 + month // 12, month=month % 12 + 1) for month in range(15)]
YEAR = MONTHS[:12]
DAYS_A_MONTH = 730 / 24

# orders: an item of 200 bytes more each day, and one that is 100 KB on the first day and grows by half a KB a day
SMALL_BYTES, STEP_BYTES = 200, 512
WARN_DAY, LIMIT_DAY = date(2027, 2, 5), date(2027, 8, 24)  # 400 and 600 days later
# photos: the same growth, but for so many bytes that its largest item is off in each month
OFF_BYTES = (0, 9_000, -4_000, 2_500, -8_000, 6_000, 1_000, -3_500, 7_000, -9_500, 500, 3_000)
T_10_DEGREES = 2.228139  # Student's t, 97.5 %, as in every table of it
# archive: only there from October on, and above the line in December
ARCHIVE_FROM, ARCHIVE_BYTES, ARCHIVE_LAST_BYTES = 9, 50_000, 310_000
SETTINGS_BYTES = 1_000

STORAGE_USD = Decimal("0.269")  # AWS price list, eu-north-1, Standard, a GB-month
OVERHEAD_BYTES = 100  # of an item
MONEY_STEP = Decimal("0.00000001")
MOST_IN_A_BATCH = 25


def days(when: datetime) -> int:
    return (when - FIRST).days


def largest_order(when: datetime) -> int:
    return 100 * KB + STEP_BYTES * days(when)


def orders(when: datetime) -> tuple[int, int]:
    """(items, bytes) of the table."""
    small = days(when) + 1
    return small + 1, small * SMALL_BYTES + largest_order(when)


def largest_photo(month: int) -> int:
    return largest_order(MONTHS[month]) + OFF_BYTES[month]


def storage_usd(items: int, size_bytes: int) -> Decimal:
    """A month, as a bill has it: GB to six places."""
    gigabytes = (Decimal(size_bytes + items * OVERHEAD_BYTES) / GB).quantize(Decimal("0.000001"))
    return (gigabytes * STORAGE_USD).quantize(MONEY_STEP)


def an_item(key: str, size_bytes: int) -> Any:
    """An item of exactly so many bytes."""
    return {"id": {"S": key}, "text": {"S": "x" * (size_bytes - len("id") - len(key) - len("text"))}}


@dataclass(frozen=True, kw_only=True, slots=True)
class Shop:
    """Four tables, which `grow` brings to what they are in a month. On the engine their names begin with `prefix`."""

    client: "DynamoDBClient"
    endpoint_url: str
    prefix: str = field(default_factory=lambda: fresh_name("year"))

    def name(self, table: str) -> str:
        return f"{self.prefix}.{table}"

    def put(self, table: str, key: str, size_bytes: int) -> None:
        self.client.put_item(TableName=self.name(table), Item=an_item(key, size_bytes))

    def grow(self, month: int) -> None:
        when = MONTHS[month]
        if month == 0:
            for table in ("orders", "photos", "settings"):
                create_plain_table(self.client, self.name(table))
            self.put("settings", "all", SETTINGS_BYTES)
        new = [an_item(f"{day:05}", SMALL_BYTES) for day in range(days(MONTHS[month - 1]) + 1 if month else 0, days(when) + 1)]
        for start in range(0, len(new), MOST_IN_A_BATCH):
            requests: Any = [{"PutRequest": {"Item": item}} for item in new[start : start + MOST_IN_A_BATCH]]
            assert not self.client.batch_write_item(RequestItems={self.name("orders"): requests})["UnprocessedItems"]
        self.put("orders", "growth", largest_order(when))
        if month < len(OFF_BYTES):
            self.put("photos", "growth", largest_photo(month))
        if month == ARCHIVE_FROM:
            create_plain_table(self.client, self.name("archive"))
            self.put("archive", "first", ARCHIVE_BYTES)
        if month == len(YEAR) - 1:
            self.put("archive", "large", ARCHIVE_LAST_BYTES)

    def run(self, month: int, *options: str | Path) -> tuple[str, str]:
        """(stdout, stderr) of a run on the first of that month."""
        self.grow(month)
        where = ("--endpoint-url", self.endpoint_url, "--region", REGION, "--no-config", "--users-now", "10")
        with time_machine.travel(MONTHS[month], tick=False):
            return invoked("run", f"{self.prefix}.*", *where, *options)


def invoked(*arguments: str | Path) -> tuple[str, str]:
    ran = CliRunner().invoke(cli, list(map(str, arguments)))
    assert ran.exit_code == 0, f"{ran.stderr} {ran.exception}"
    return ran.stdout, ran.stderr


def difference(history: Path, *runs: Path) -> Any:
    out, _ = invoked("diff", "--since", "last", "--history", history, *runs, "-f", "json")
    return json.loads(out, parse_float=Decimal)


def kept(history: Path, kind: str = "runs") -> list[Path]:
    """The files, the oldest first."""
    return sorted((history / kind).rglob("*.json"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Year:
    """What twelve runs left behind: their run files as they were printed, what they said beside, and the history."""

    shop: Shop
    reports: Sequence[Any]
    said: Sequence[str]
    history: Path

    def trend(self, table: str) -> Any:
        """That of a table after the twelfth run."""
        [found] = [one for one in self.reports[-1]["trend"]["tables"] if one["table"] == self.shop.name(table)]
        return found

    def table(self, table: str, rows: Sequence[Any], key: str = "table") -> Any:
        [found] = [one for one in rows if one[key] == self.shop.name(table)]
        return found


@pytest.fixture(scope="module")
def own_settings() -> Iterator[pytest.MonkeyPatch]:
    """Nothing of whoever runs the tests, but made-up keys."""
    with pytest.MonkeyPatch.context() as patched:
        for name in [name for name in os.environ if name.startswith(("AWS_", "STJ_AUDIT_", "GITHUB_"))]:
            patched.delenv(name)
        patched.setenv("AWS_ACCESS_KEY_ID", "test")
        patched.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield patched


@pytest.fixture(scope="module")
def year(dynamodb_local: DynamoDBLocal, own_settings: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Year:
    shop = Shop(client=dynamodb_local.client(), endpoint_url=dynamodb_local.endpoint_url)
    history = tmp_path_factory.mktemp("year") / "audits"
    ran = [shop.run(month, "--history", history, "-f", "json") for month in range(len(YEAR))]
    return Year(shop=shop, reports=[json.loads(out) for out, _ in ran], said=[err for _, err in ran], history=history)


# -------------------------------------------------------------------------------------------------------- what was read


@pytest.mark.dynamodb_local
def test_each_run_is_of_its_month_and_has_the_items_of_its_day(year: Year) -> None:
    for month, (when, report) in enumerate(zip(YEAR, year.reports, strict=True)):
        assert datetime.fromisoformat(report["audit"]["started_at"]) == when
        read = year.table("orders", report["tables"], "name")
        assert (read["item_count"], read["size_bytes"]) == orders(when)
        assert read["items"]["max_bytes"] == largest_order(when)
        assert year.table("photos", report["tables"], "name")["items"]["max_bytes"] == largest_photo(month)
    jsonschema.validate(year.reports[-1], json_schema())


@pytest.mark.dynamodb_local
def test_each_run_is_kept_as_it_was_printed_under_its_month(year: Year) -> None:
    assert [json.loads(path.read_bytes()) for path in kept(year.history)] == year.reports
    assert [path.relative_to(year.history) for path in kept(year.history, "summary")] == [
        Path("summary", *path.relative_to(year.history).parts[1:]) for path in kept(year.history)
    ]
    for when, report, said in zip(YEAR, year.reports, year.said, strict=True):
        assert re.search(rf"^kept .*/audits/runs/.*/{when:%Y/%m/%d}T0600Z-{report['audit']['id']}\.json$", said, re.MULTILINE)


# ------------------------------------------------------------------------------------------------------------ the trend


@pytest.mark.dynamodb_local
def test_the_trend_of_each_run_is_that_of_all_runs_up_to_it(year: Year) -> None:
    for place, report in enumerate(year.reports):
        runs = report["trend"]["runs"]
        assert [one["id"] for one in runs] == [one["audit"]["id"] for one in year.reports[: place + 1]]
        assert [datetime.fromisoformat(one["started_at"]) for one in runs] == YEAR[: place + 1]
    for shown, report in zip(year.reports[-1]["trend"]["runs"], year.reports, strict=True):
        assert (shown["grade"], shown["score"]) == (report["overall"]["grade"], report["overall"]["score"])
        assert shown["cost_usd"] == report["costs"]["current"]["monthly_usd"]
        assert shown["items"] == sum(one["item_count"] for one in report["tables"])
        assert shown["size_bytes"] == sum(one["size_bytes"] for one in report["tables"])
        assert shown["findings"] == len(report["findings"])
    assert year.reports[-1]["trend"]["notes"] == [
        "9 earlier runs audited other tables: grade, cost and totals are not of the same things"
    ]


@pytest.mark.dynamodb_local
def test_growth_is_that_of_the_items(year: Year) -> None:
    found = year.trend("orders")
    assert (found["runs"], found["sampled_runs"], found["largest_bytes"]) == (12, 0, largest_order(YEAR[-1]))
    assert found["items_per_month"] == pytest.approx(DAYS_A_MONTH, rel=1e-15)
    assert found["bytes_per_month"] == pytest.approx((SMALL_BYTES + STEP_BYTES) * DAYS_A_MONTH, rel=1e-15)
    assert found["largest_bytes_per_month"] == pytest.approx(STEP_BYTES * DAYS_A_MONTH, rel=1e-15)
    still = year.trend("settings")
    assert [still[name] for name in ("items_per_month", "bytes_per_month", "largest_bytes_per_month")] == [0, 0, 0]


@pytest.mark.dynamodb_local
def test_an_even_growth_has_its_days_from_the_fourth_run_on(year: Year) -> None:
    assert [(day - FIRST.date()).days for day in (WARN_DAY, LIMIT_DAY)] == [(WARN - 100 * KB) // 512, (LIMIT - 100 * KB) // 512]
    for report in year.reports[:3]:
        states = {one["state"] for one in year.table("orders", report["trend"]["tables"])["forecasts"]}
        assert states == {"too early"}
    for report in year.reports[3:]:
        for forecast, line, day in zip(
            year.table("orders", report["trend"]["tables"])["forecasts"], (WARN, LIMIT), (WARN_DAY, LIMIT_DAY), strict=True
        ):
            assert (forecast["line_bytes"], forecast["state"]) == (line, "dated")
            assert [forecast[name] for name in ("earliest", "expected", "latest")] == [day.isoformat()] * 3


def reached(line: int) -> dict[str, str]:
    """
    The days on which the photos reach a line: by the line of least squares, and by the interval in which a single month lies with 95 %
    confidence, walked through day by day until its upper edge is there, and its lower.
    """
    x, y = [float(days(when)) for when in YEAR], [float(largest_photo(month)) for month in range(len(YEAR))]
    slope, start = linear_regression(x, y)
    mean = sum(x) / len(x)
    spread = sum((one - mean) ** 2 for one in x)
    residual = sum((size - start - slope * day) ** 2 for day, size in zip(x, y, strict=True))

    def edge(day: float, sign: int) -> float:
        width = T_10_DEGREES * sqrt(residual / 10 * (1 + 1 / 12 + (day - mean) ** 2 / spread))
        return start + slope * day + sign * width

    found = {}
    midnight = FIRST.replace(hour=0)
    for name, sign in (("earliest", 1), ("expected", 0), ("latest", -1)):
        day = midnight
        while edge((day + timedelta(days=1) - FIRST) / timedelta(days=1), sign) < line:
            day += timedelta(days=1)
        found[name] = day.date().isoformat()
    return found


@pytest.mark.dynamodb_local
def test_an_uneven_growth_has_its_day_and_how_sure_that_is(year: Year) -> None:
    for forecast, line in zip(year.trend("photos")["forecasts"], (WARN, LIMIT), strict=True):
        wanted = reached(line)
        assert wanted["earliest"] < wanted["expected"] < wanted["latest"]
        assert {name: forecast[name] for name in wanted} == wanted


@pytest.mark.dynamodb_local
def test_what_does_not_grow_or_is_new_or_is_above_the_line_has_no_day(year: Year) -> None:
    assert {(one["state"], one["expected"]) for one in year.trend("settings")["forecasts"]} == {("never", None)}
    archive = year.trend("archive")
    assert (archive["runs"], archive["largest_bytes"], archive["largest_bytes_per_month"]) == (3, ARCHIVE_LAST_BYTES, None)
    above, below = archive["forecasts"]
    assert (above["line_bytes"], above["state"], above["expected"]) == (WARN, "reached", None)
    assert (below["line_bytes"], below["state"], below["expected"]) == (LIMIT, "too early", None)
    assert below["because"] == "it is too early: 3 runs over 61 days, and it takes 4 over two months"


# ------------------------------------------------------------------------------------------------------------- the diff


@pytest.mark.dynamodb_local
def test_the_diff_since_last_is_that_of_a_month_to_the_byte(year: Year) -> None:
    found = difference(year.history)
    assert [datetime.fromisoformat(found[side]["started_at"]) for side in ("old", "new")] == YEAR[-2:]
    changed = year.table("orders", found["tables"])
    before, after = YEAR[-2:]
    assert (changed["item_count_before"], changed["size_bytes_before"]) == orders(before)
    assert (changed["item_count_after"], changed["size_bytes_after"]) == orders(after)
    assert changed["size_bytes_after"] - changed["size_bytes_before"] == 30 * (200 + 512), "November has 30 days"
    assert (changed["largest_bytes_before"], changed["largest_bytes_after"]) == (largest_order(before), largest_order(after))
    photos = year.table("photos", found["tables"])
    assert photos["largest_bytes_after"] - photos["largest_bytes_before"] == 30 * 512 + (3_000 - 500)
    [line] = [
        one
        for one in found["costs"]["current"]["lines"]
        if (one["table"], one["component"]) == (year.shop.name("orders"), "storage")
    ]
    assert line["usage_usd"] == storage_usd(*orders(after)) - storage_usd(*orders(before)) > 0
    assert (line["price_list_usd"], line["configuration_usd"]) == (0, 0)


@pytest.mark.dynamodb_local
def test_an_item_that_is_above_the_line_since_last_is_a_new_finding_and_a_worse_grade(year: Year) -> None:
    found = difference(year.history)
    new = {(one["table"], one["severity_after"]) for one in found["findings"] if one["check"] == "item-over-warn-line"}
    assert new == {(year.shop.name("archive"), "medium")}
    assert {one["state"] for one in found["findings"]} == {"new"}
    [category] = [one for one in found["categories"] if one["direction"] != "same"]
    grades = [{one["id"]: one["grade"] for one in report["categories"]} for report in year.reports[-2:]]
    assert (category["id"], category["direction"]) == ("table-structure", "worse")
    assert [category["before"], category["after"]] == [one["table-structure"] for one in grades]


@pytest.mark.dynamodb_local
def test_a_run_of_any_month_is_compared_with_the_month_before(year: Year) -> None:
    found = difference(year.history, kept(year.history)[2])
    assert [datetime.fromisoformat(found[side]["started_at"]) for side in ("old", "new")] == YEAR[1:3]
    changed = year.table("orders", found["tables"])
    assert changed["size_bytes_after"] - changed["size_bytes_before"] == 28 * (200 + 512), "February has 28 days"


# ------------------------------------------------------------------------------------------------------- the year after


@pytest.mark.dynamodb_local
def test_of_more_than_a_year_the_last_thirteen_runs_count_and_those_that_are_kept(year: Year, tmp_path: Path) -> None:
    history = tmp_path / "audits"
    shutil.copytree(year.history, history)
    warn, limit = ("dated", WARN_DAY.isoformat()), ("dated", LIMIT_DAY.isoformat())
    above = ("reached", None)  # on 1 February it is day 396, on 1 March day 424, and the line is reached on day 400
    for month, options, first, stay, forecasts in (
        (12, (), 0, 13, [warn, limit]),
        (13, ("--keep", "6"), 1, 6, [warn, limit]),
        (14, ("--keep", "6"), 8, 6, [above, limit]),
    ):
        report = json.loads(year.shop.run(month, "--history", history, "-f", "json", *options)[0])
        began = [datetime.fromisoformat(one["started_at"]) for one in report["trend"]["runs"]]
        assert began == MONTHS[first : month + 1]
        found = year.table("orders", report["trend"]["tables"])["forecasts"]
        assert [(one["state"], one["expected"]) for one in found] == forecasts
        for kind in ("runs", "summary"):
            months = [path.parts[-3:-1] for path in kept(history, kind)]
            assert months == [(f"{one:%Y}", f"{one:%m}") for one in MONTHS[month + 1 - stay : month + 1]]


@pytest.mark.dynamodb_local
def test_a_person_reads_the_days(year: Year, tmp_path: Path) -> None:
    history = tmp_path / "audits"
    shutil.copytree(year.history, history)
    out, _ = year.shop.run(len(YEAR) - 1, "--history", history)
    words = re.sub(r"\s+", " ", out)
    assert "reaches 300 KB on 5 February 2027, if it grows as evenly as it did" in words


# ------------------------------------------------------------------------------------------------------------ the grade


def month_of_requests(cloudwatch: Any, until: datetime) -> None:
    """What CloudWatch counts of `orders` in the thirty days before."""
    for metric, units in (("ConsumedReadCapacityUnits", 5_000), ("ConsumedWriteCapacityUnits", 500)):
        points = [
            {
                "MetricName": metric,
                "Dimensions": [{"Name": "TableName", "Value": "orders"}],
                "Timestamp": until - timedelta(hours=1, days=ago),
                "Value": units,
            }
            for ago in range(30)
        ]
        cloudwatch.put_metric_data(Namespace="AWS/DynamoDB", MetricData=points)


@pytest.mark.usefixtures("own_settings")
def test_a_grade_that_changes_is_in_the_trend_and_in_the_diff(tmp_path: Path) -> None:
    """In moto: on DynamoDB Local, which has no CloudWatch and no backups, too little is known for a grade."""
    unsafe = {"pitr-off", "deletion-protection-off"}
    reports, differences = [], []
    with mock_aws():
        dynamodb, cloudwatch = boto3.client("dynamodb", region_name=REGION), boto3.client("cloudwatch", region_name=REGION)
        with time_machine.travel(FIRST - timedelta(days=90), tick=False):
            create_plain_table(dynamodb, "orders")
        for when, safe in zip(YEAR[:3], (True, False, True), strict=True):
            with time_machine.travel(when, tick=False):
                month_of_requests(cloudwatch, when)
                dynamodb.put_item(TableName="orders", Item=an_item("a", 1_000))
                dynamodb.update_table(TableName="orders", DeletionProtectionEnabled=safe)
                dynamodb.update_continuous_backups(
                    TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": safe}
                )
                where = ("--region", REGION, "--no-config", "--users-now", "10", "--history", tmp_path)
                reports.append(json.loads(invoked("run", *where, "-f", "json")[0]))
            if len(reports) > 1:
                differences.append(difference(tmp_path))
    told = [(one["grade"], one["score"]) for one in reports[-1]["trend"]["runs"]]
    assert told == [(one["overall"]["grade"], one["overall"]["score"]) for one in reports]
    assert told[0][1] > told[1][1] < told[2][1]
    for found, (before, after), direction, state in zip(
        differences, pairwise(reports), ("worse", "better"), ("new", "fixed"), strict=True
    ):
        grades = before["overall"]["grade"], after["overall"]["grade"]
        assert (found["overall"]["before"], found["overall"]["after"]) == grades
        assert found["overall"]["direction"] == direction
        assert {one["check"] for one in found["findings"] if one["state"] == state} >= unsafe
