"""`stj-audit demo` as somebody runs it who has nothing yet: in an empty folder, without AWS settings, in a process of its own."""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.commands import Ran, stj_audit
from tests.engines.axe import Axe
from tests.engines.chromium import OPEN_ALL, WIDEST, WIDTHS, Browser, Scheme
from tests.render.reading import SECTIONS

pytestmark = pytest.mark.process

SUBSCRIBERS, PASSWORD, SYSTEM = "stj_subscribers", "stj_password", "stj_system"
LEADERBOARD = "subscription-status-username-index"
FILES = ("report.html", "report.md", "run.json")
SCALES = (100, 1_000, 10_000, 50_000, 100_000)
CATEGORIES = {
    "primary-key-design",
    "gsi-coverage",
    "gsi-projections",
    "table-structure",
    "capacity-planning",
    "backup-strategy",
    "cost-optimization",
    "scalability",
}
# Of the assessment of 10 November 2025: keys, and of each index its keys and its projection.
KEYS = {SUBSCRIBERS: "customer_id", PASSWORD: "user_id", SYSTEM: "config_key"}
INDEXES = {
    SUBSCRIBERS: {
        "username-index": (["username"], "ALL"),
        "email-index": (["email"], "ALL"),
        "phone-index": (["phone"], "ALL"),
        "subscription-status-username-index": (["subscription_status", "username"], "INCLUDE"),
    },
    PASSWORD: {"customer-device-index": (["customer_id", "device_id"], "ALL"), "email-index": (["email"], "ALL")},
    SYSTEM: {},
}
ATTRIBUTES = {
    SUBSCRIBERS: {
        "customer_id",
        "email",
        "username",
        "phone",
        "subscription_status",
        "commitment_data",
        "devices",
        "gender",
        "created_at",
        "webhook_data",
    },
    PASSWORD: {
        "user_id",
        "customer_id",
        "device_id",
        "email",
        "pincode",
        "uuid",
        "deviceType",
        "deviceName",
        "createdAt",
        "profileType",
        "timestamp",
    },
    SYSTEM: {"config_key", "config_value"},
}
HOSTILE = {
    "AWS_PROFILE": "nobody",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1",
    "AWS_REGION": "xx",
    "AWS_DEFAULT_REGION": "yy",
    "AWS_MAX_ATTEMPTS": "many",
    "HTTPS_PROXY": "http://127.0.0.1:1",
    "HTTP_PROXY": "http://127.0.0.1:1",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Demo:
    """What one run of the demo left behind."""

    ran: Ran
    folder: Path
    text: str

    @property
    def run(self) -> Any:
        return json.loads(self.text, parse_float=Decimal)

    def table(self, name: str) -> Any:
        return next(table for table in self.run["tables"] if table["name"] == name)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The first run of all, in an empty folder."""
    home = tmp_path_factory.mktemp("demo")
    ran = stj_audit("demo", cwd=home, keys=False)
    assert ran.code == 0, ran.err
    folder = home / "stj-audit-demo"
    return Demo(ran=ran, folder=folder, text=(folder / "run.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def again(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A second run in the same place, by somebody whose AWS settings are of no use: in the environment, and in the home folder."""
    home = tmp_path_factory.mktemp("home")
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text("[default]\nregion = xx\nendpoint_url = http://127.0.0.1:1\n", encoding="utf-8")
    ran = stj_audit("demo", "-f", "json", "-q", cwd=demo.folder.parent, keys=False, **HOSTILE, HOME=str(home))
    return Demo(ran=ran, folder=demo.folder, text=ran.out)


# ---------------------------------------------------------------------------------------------------- how it is run


def test_it_writes_three_files_and_says_where(demo: Demo) -> None:
    assert demo.ran.err.splitlines() == [f"wrote stj-audit-demo/{name}" for name in FILES]
    assert sorted(path.name for path in demo.folder.parent.iterdir()) == ["stj-audit-demo"]
    assert demo.ran.out.startswith("DynamoDB audit: eu-north-1, account 123456789012, 3 tables")


def test_it_works_again_whatever_the_settings_say(demo: Demo, again: Demo) -> None:
    assert (again.ran.code, again.ran.err) == (0, "")
    assert sorted(path.name for path in demo.folder.iterdir()) == sorted(FILES)
    assert again.text == (demo.folder / "run.json").read_text(encoding="utf-8")
    for name in (SUBSCRIBERS, PASSWORD, SYSTEM):
        first, second = demo.table(name), again.table(name)
        for same in ("grade", "findings", "cost", "key_schema", "item_count", "size_bytes", "arn"):
            assert first[same] == second[same], same
    assert demo.run["overall"] == again.run["overall"]
    assert demo.run["costs"] == again.run["costs"]
    assert demo.run["audit"]["endpoint_url"] is again.run["audit"]["endpoint_url"] is None


def test_the_run_file_fits_the_schema(demo: Demo, tmp_path: Path) -> None:
    jsonschema.validate(json.loads(demo.text), json.loads(stj_audit("schema", cwd=tmp_path, keys=False).out))


# ------------------------------------------------------------------------------------------------- what it is about


@pytest.mark.parametrize("name", KEYS)
def test_the_tables_are_those_of_the_assessment(name: str, demo: Demo) -> None:
    assert {table["name"] for table in demo.run["tables"]} == set(KEYS)
    table = demo.table(name)
    assert table["key_schema"] == [{"attribute": KEYS[name], "type": "S", "role": "HASH"}]
    assert table["billing_mode"] == "PAY_PER_REQUEST"
    assert (table["backups"]["pitr"], table["backups"]["recovery_period_days"]) == ("ENABLED", 35)
    told = {
        index["name"]: ([key["attribute"] for key in index["key_schema"]], index["projection"], index["kind"])
        for index in table["indexes"]
    }
    assert told == {index: (keys, projection, "GSI") for index, (keys, projection) in INDEXES[name].items()}
    seen = {attribute["name"]: attribute for attribute in table["items"]["attributes"]}
    assert set(seen) >= ATTRIBUTES[name]
    assert table["items"]["coverage"] == "full"
    assert table["items"]["scanned"] == {SUBSCRIBERS: 100, PASSWORD: 200, SYSTEM: 2}[name]


def test_sizes_are_about_those_that_the_assessment_guessed(demo: Demo) -> None:
    means = {table["name"]: table["items"]["mean_bytes"] for table in demo.run["tables"]}
    assert 45 * 1024 < means[SUBSCRIBERS] < 56 * 1024
    assert means[PASSWORD] == 2 * 1024
    assert 8 * 1024 < demo.table(SYSTEM)["size_bytes"] < 12 * 1024


def test_one_item_has_outgrown_the_warn_line(demo: Demo) -> None:
    items = demo.table(SUBSCRIBERS)["items"]
    assert items["over_warn"] == {"threshold_bytes": 307_200, "found": 1, "low": 1, "high": 1}
    assert items["over_max"]["found"] == 0
    assert 307_200 < items["max_bytes"] < 409_600
    heaviest = max(items["attributes"], key=lambda attribute: attribute["total_bytes"])
    assert heaviest["name"] == "webhook_data"
    [finding] = [one for one in demo.run["findings"] if one["check"] == "item-over-warn-line"]
    assert finding["table"] == SUBSCRIBERS


def test_throttling_of_the_leaderboard_is_found(demo: Demo) -> None:
    index = "subscription-status-username-index"
    throttled = demo.table(SUBSCRIBERS)["traffic"]["indexes"][index]
    assert throttled["read_throttles"] == 27
    assert throttled["throttle_reasons"] == {"ReadKeyRangeThroughputThrottleEvents": 27}
    found = {one["check"] for one in demo.run["findings"] if one["index"] == index}
    assert {"throttled", "throttle-cause"} <= found
    assert index in (demo.folder / "report.md").read_text(encoding="utf-8").partition("## Do these first")[2][:400]


def test_the_table_that_matters_is_the_one_without_alarms(demo: Demo) -> None:
    assert [one["table"] for one in demo.run["findings"] if one["check"] == "no-throttle-alarm"] == [SUBSCRIBERS]


def test_everything_could_be_checked(demo: Demo) -> None:
    assert demo.run["not_checked"] == []
    assert {category["id"] for category in demo.run["categories"]} == CATEGORIES
    assert "?" not in {category["grade"] for category in demo.run["categories"]}
    assert demo.run["overall"]["grade"] in {"A+", "A", "A-", "B+", "B", "B-", "C+", "C", "C-", "D+", "D", "D-", "F"}
    assert "not checked" not in {rule["status"] for rule in demo.run["rules"]}


def test_every_line_of_the_bill_is_known_and_grows_as_the_patterns_say(demo: Demo) -> None:
    run = demo.run
    assert run["audit"]["users_now"] == 100
    costs = run["costs"]
    assert costs["current"]["complete"] is True
    now = {place(line): line["monthly_usd"] for line in costs["current"]["lines"]}
    assert tuple(one["users"] for one in costs["projections"]) == SCALES
    for one in costs["projections"]:
        factor = Decimal(one["users"]) / 100
        lines = {place(line): line for line in one["lines"]}
        assert set(lines) == set(now)
        for key, amount in now.items():
            line = lines[key]
            expected = amount if line["growth"] == "constant" else amount * factor
            if key == (SUBSCRIBERS, LEADERBOARD, "index-reads"):
                assert line["growth"] == "super-linear"
                assert line["monthly_usd"] >= expected - Decimal("0.000001")
                continue
            assert line["growth"] == ("constant" if key[0] == SYSTEM and key[2] in {"storage", "pitr"} else "linear")
            # Quantities are rounded to a millionth, and a GB-month of storage costs less than a third of a dollar
            assert abs(line["monthly_usd"] - expected) <= Decimal("0.000001") * (factor + 1), key
        assert one["monthly_usd"] == sum(line["monthly_usd"] for line in lines.values())
        assert one["monthly_usd"] == sum(one["parts"].values())
    assert 1 < costs["current"]["monthly_usd"] < 10


def test_the_patterns_of_the_demo_explain_its_traffic(demo: Demo) -> None:
    costs = demo.run["costs"]
    assert len(costs["calibrations"]) == 16
    assert all(one["in_range"] and one["note"] == "" for one in costs["calibrations"])
    assert {one["growth"] for one in costs["patterns"]} == {"linear", "super-linear"}


def test_the_fixes_of_the_demo_save_most_of_its_bill_and_add_up(demo: Demo) -> None:
    for one in demo.run["costs"]["projections"]:
        sure = sum(step["saving_usd"] for step in one["savings"] if not step["is_bound"])
        assert one["avoidable_usd"] == sure
        assert Decimal("0.6") < sure / one["monthly_usd"] < 1
    naive = demo.run["costs"]["naive"]
    assert naive["real_usd"] > 30 * naive["naive_usd"]  # as in the assessment: $11 by hand, and $400


def test_the_requests_of_the_demo_are_those_of_its_patterns(demo: Demo) -> None:
    costs = demo.run["costs"]
    calls = {True: Decimal(0), False: Decimal(0)}
    for one in costs["patterns"]:
        if one["pattern"] != "leaderboard mails":  # a job, whose calls are not in the metrics
            calls[one["operation"] == "UpdateItem"] += one["calls"]
    assert (costs["naive"]["writes"], costs["naive"]["reads"]) == (round(calls[True]), round(calls[False]))


def place(line: Any) -> tuple[str, str | None, str]:
    return line["table"], line["index"], line["component"]


def test_the_reports_tell_the_same(demo: Demo) -> None:
    markdown = (demo.folder / "report.md").read_text(encoding="utf-8")
    grade = demo.run["overall"]["grade"]
    assert markdown.startswith(f"# DynamoDB audit: grade {grade}\n")
    assert tuple(re.findall(r"^## (.*)$", markdown, re.MULTILINE)) == SECTIONS
    assert f"\nGrade {grade} - " in demo.ran.out
    at_target = next(one for one in demo.run["costs"]["projections"] if one["users"] == 10_000)["monthly_usd"]
    for text in (markdown, demo.ran.out, (demo.folder / "report.html").read_text(encoding="utf-8")):
        assert f"${at_target:.0f}" in text
    for users in SCALES:
        assert f"{users:,}" in markdown.partition("## Recommendations by user scale")[2].partition("\n## ")[0]


# ------------------------------------------------------------------------------------------------------ in a browser


@pytest.mark.browser
def test_the_page_asks_for_nothing_and_has_every_section(browser: Browser, demo: Demo) -> None:
    path = demo.folder / "report.html"
    page = browser.open(path)
    assert page.requests == (path.as_uri(),)
    assert page.console == ()
    assert browser.driver.title.startswith(f"DynamoDB audit: grade {demo.run['overall']['grade']}")
    assert tuple(browser.evaluate("[...document.querySelectorAll('h2')].map(one => one.textContent)")) == SECTIONS
    text = browser.evaluate("document.body.textContent")
    for name, indexes in INDEXES.items():
        assert name in text
        for index in indexes:
            assert index in text


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_never_scrolls_sideways(browser: Browser, demo: Demo, scheme: Scheme) -> None:
    browser.open(demo.folder / "report.html")
    assert browser.evaluate(OPEN_ALL)
    for width in WIDTHS:
        browser.show(width=width, scheme=scheme)
        assert browser.evaluate("window.innerWidth") == width
        assert browser.evaluate(WIDEST) <= width


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, axe: Axe, demo: Demo, scheme: Scheme) -> None:
    browser.open(demo.folder / "report.html")
    browser.show(width=1280, scheme=scheme)
    assert browser.evaluate(OPEN_ALL)
    assert axe.violations(browser) == []


@pytest.mark.browser
def test_every_link_within_the_page_leads_somewhere(browser: Browser, demo: Demo) -> None:
    browser.open(demo.folder / "report.html")
    links = browser.evaluate("[...document.querySelectorAll('a[href^=\"#\"]')].map(one => one.getAttribute('href').slice(1))")
    assert links
    ids = set(browser.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)"))
    assert [link for link in links if link not in ids] == []
