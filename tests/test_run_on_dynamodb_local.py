"""
`stj-audit run` in a process of its own, against AWS's own engine holding tables that others published.

What it says is compared with the definitions, with DescribeTable, and with sizes that the engine measures: of a table by TableSizeBytes, of
an index by writing what the engine finds in it to a table of its own (the engine's own IndexSizeBytes ignores the projection).
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from tests import public_schemas
from tests.commands import Ran, stj_audit
from tests.engines.dynamodb_local import REGION, DynamoDBLocal, fresh_name
from tests.public_schemas import ALL_TABLES, PublishedIndex, PublishedTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.dynamodb_local

GB = 2**30
STORAGE_USD = Decimal("0.269")  # AWS price list, eu-north-1, Standard, a GB-month
RCU_HOUR_USD, WCU_HOUR_USD = Decimal("0.00014"), Decimal("0.000698")  # likewise, provisioned
OVERHEAD_BYTES = 100  # an item, or an index entry
HOURS_PER_MONTH = 730
GB_STEP = Decimal("0.000001")  # quantities in the run file are rounded to it
NOT_HERE = "not available here"
ABSENT_CALLS = {  # what DynamoDB Local does not know
    "application-autoscaling:DescribeScalableTargets",
    "backup:DescribeProtectedResource",
    "backup:ListRecoveryPointsByResource",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricData",
    "dynamodb:DescribeContinuousBackups",
    "dynamodb:DescribeContributorInsights",
    "dynamodb:DescribeKinesisStreamingDestination",
    "dynamodb:GetResourcePolicy",
    "dynamodb:ListBackups",
    "dynamodb:ListTagsOfResource",
    "servicequotas:ListServiceQuotas",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """The published tables on an engine, each under `prefix` and its own name."""

    engine: DynamoDBLocal
    prefix: str
    client: "DynamoDBClient"

    def name(self, table: PublishedTable) -> str:
        return self.prefix + table.name

    def described(self, table: PublishedTable) -> Any:
        return self.client.describe_table(TableName=self.name(table))["Table"]

    def run(self, *arguments: str | Path, cwd: Path) -> Ran:
        return stj_audit("run", *arguments, "--endpoint-url", self.engine.endpoint_url, "--region", REGION, cwd=cwd)


@pytest.fixture(scope="module")
def published(dynamodb_local: DynamoDBLocal) -> Iterator[Published]:
    client = dynamodb_local.client()
    made = Published(engine=dynamodb_local, prefix=fresh_name("e2e") + "-", client=client)
    for table in ALL_TABLES:
        public_schemas.create(client, table, made.name(table))
        public_schemas.fill(client, made.name(table), public_schemas.items_of(table))
    yield made
    for table in ALL_TABLES:
        public_schemas.delete(client, table, made.name(table))
    client.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class Audited:
    """One run over all of them: the command, the run file, and the folder with a report in each format."""

    ran: Ran
    run: Any
    folder: Path

    def table(self, name: str) -> Any:
        return next(table for table in self.run["tables"] if table["name"] == name)


@pytest.fixture(scope="module")
def audited(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Audited:
    folder = tmp_path_factory.mktemp("run")
    reports = ("r.json", "r.html", "r.md", "table=r.table")
    ran = published.run(
        f"{published.prefix}*", "--format", "json", *(part for path in reports for part in ("--report", path)), cwd=folder
    )
    assert ran.code == 0, ran.err
    return Audited(ran=ran, run=exact(ran.out), folder=folder)


def exact(text: str) -> Any:
    """JSON with every fraction as Decimal, so that money is compared as it is written."""
    return json.loads(text, parse_float=Decimal)


def names_in(ran: Ran) -> list[str]:
    return sorted(table["name"] for table in json.loads(ran.out)["tables"])


each_table = pytest.mark.parametrize("table", ALL_TABLES, ids=[table.name for table in ALL_TABLES])


# ------------------------------------------------------------------------------------------------------- the definitions


def key_elements(keys: tuple[str, ...], table: PublishedTable) -> list[dict[str, str]]:
    return [{"attribute": key, "type": table.types[key], "role": "RANGE" if place else "HASH"} for place, key in enumerate(keys)]


def test_every_table_is_in_the_run_file_once(published: Published, audited: Audited) -> None:
    assert sorted(table["name"] for table in audited.run["tables"]) == sorted(published.name(table) for table in ALL_TABLES)


@each_table
def test_a_table_is_told_as_it_was_published(table: PublishedTable, published: Published, audited: Audited) -> None:
    told = audited.table(published.name(table))
    assert told["key_schema"] == key_elements(table.keys, table)
    assert told["billing_mode"] == ("PAY_PER_REQUEST" if table.units is None else "PROVISIONED")
    if table.units is None:
        assert told["provisioned"] is None
    else:
        assert told["provisioned"] == {"read_units": table.units[0], "write_units": table.units[1]}
    assert told["stream"] == table.stream
    assert told["ttl_attribute"] == table.ttl
    assert told["deletion_protection"] is table.deletion_protection
    assert told["table_class"] == "STANDARD"
    described = published.described(table)
    assert told["arn"] == described["TableArn"]
    assert told["status"] == described["TableStatus"] == "ACTIVE"
    assert [(one["AttributeName"], one["KeyType"]) for one in described["KeySchema"]] == [
        (one["attribute"], one["role"]) for one in told["key_schema"]
    ]


@each_table
def test_its_indexes_are_told_as_they_were_published(table: PublishedTable, published: Published, audited: Audited) -> None:
    told = {index["name"]: index for index in audited.table(published.name(table))["indexes"]}
    assert set(told) == {index.name for index in table.indexes}
    for index in table.indexes:
        one = told[index.name]
        assert one["kind"] == index.kind
        assert one["key_schema"] == key_elements(index.keys, table)
        assert one["projection"] == index.projection
        assert sorted(one["non_key_attributes"]) == sorted(index.included)
        assert one["status"] == "ACTIVE"


# ------------------------------------------------------------------------------------------------------------- the items


@each_table
def test_items_and_bytes_are_those_of_the_engine(table: PublishedTable, published: Published, audited: Audited) -> None:
    told = audited.table(published.name(table))
    described = published.described(table)
    items = told["items"]
    assert described["ItemCount"] == table.items
    assert told["item_count"] == items["scanned"] == table.items
    assert told["size_bytes"] == items["scanned_bytes"] == described["TableSizeBytes"]
    assert items["coverage"] == "full"
    assert sum(bar["count"] for bar in items["histogram"]) == table.items
    edges = [bar["le_bytes"] for bar in items["histogram"]]
    assert edges == sorted(set(edges))
    assert sum(attribute["total_bytes"] for attribute in items["attributes"]) == items["scanned_bytes"]
    keys = {attribute["name"]: attribute["present"] for attribute in items["attributes"] if attribute["name"] in table.keys}
    assert keys == (dict.fromkeys(table.keys, table.items) if table.items else {})
    assert len(items["largest"]) == min(10, table.items)
    if table.items:
        assert items["largest"][0]["bytes"] == items["max_bytes"]
        assert items["min_bytes"] <= items["p50_bytes"] <= items["p90_bytes"] <= items["p99_bytes"] <= items["max_bytes"]
    else:
        assert [items[name] for name in ("min_bytes", "mean_bytes", "p50_bytes", "p99_bytes", "max_bytes")] == [None] * 5


def test_the_large_table_was_read_in_pages(published: Published, audited: Audited) -> None:
    big = audited.table(published.name(public_schemas.SINGLE_TABLE))
    assert big["size_bytes"] > 3 * 1024**2
    # An eventually consistent read of 4 KB is half a unit, and each page is rounded up
    assert Decimal(big["size_bytes"]) / 8192 <= big["items"]["read_units"] <= Decimal(big["size_bytes"]) / 8192 + 4
    assert audited.run["audit"]["read_units"] == sum(table["items"]["read_units"] for table in audited.run["tables"])


ALL_INDEXES = [(table, index) for table in ALL_TABLES for index in table.indexes]


@pytest.mark.parametrize(("table", "index"), ALL_INDEXES, ids=[f"{table.name}/{index.name}" for table, index in ALL_INDEXES])
def test_index_entries_are_those_of_the_engine(
    table: PublishedTable, index: PublishedIndex, published: Published, audited: Audited
) -> None:
    told = next(one for one in audited.table(published.name(table))["indexes"] if one["name"] == index.name)
    described = published.described(table)
    members = described.get("GlobalSecondaryIndexes", []) + described.get("LocalSecondaryIndexes", [])
    by_engine = next(one for one in members if one["IndexName"] == index.name)
    size_bytes = measured_by_engine(published, table, index)
    assert told["item_count"] == told["entry_count"] == by_engine["ItemCount"]
    assert told["entry_count"] < table.items, "the index must be sparse, or this test shows less than it says"
    assert told["size_bytes"] == size_bytes
    if told["entry_count"]:
        assert told["entry_mean_bytes"] == round(Decimal(size_bytes) / told["entry_count"], 1)
    else:
        assert told["entry_mean_bytes"] is None


def measured_by_engine(published: Published, table: PublishedTable, index: PublishedIndex) -> int:
    """Bytes of an index: its entries, as a Scan of it gives them, are written to a table with the same keys and nothing else."""
    client, name = published.client, fresh_name("entries")
    plain = PublishedTable(name=name, keys=table.keys, types={key: table.types[key] for key in table.keys})
    public_schemas.create(client, plain, name)
    pages = client.get_paginator("scan").paginate(TableName=published.name(table), IndexName=index.name)
    for page in pages:
        public_schemas.fill(client, name, page["Items"])
    size_bytes = client.describe_table(TableName=name)["Table"]["TableSizeBytes"]
    client.delete_table(TableName=name)
    return size_bytes


# ------------------------------------------------------------------------------------------------------------- the money


def near(told: Decimal, expected: Decimal, unit_price: Decimal) -> bool:
    """Equal, but for the rounding of the quantity to a millionth."""
    return abs(told - expected) <= GB_STEP / 2 * unit_price + Decimal("1e-8")


@each_table
def test_storage_costs_what_the_bytes_and_the_overhead_cost(table: PublishedTable, published: Published, audited: Audited) -> None:
    told = audited.table(published.name(table))
    lines = told["cost"]["lines"]
    [storage] = [line for line in lines if line["component"] == "storage"]
    described = published.described(table)
    billed_bytes = described["TableSizeBytes"] + OVERHEAD_BYTES * described["ItemCount"]
    assert Decimal(storage["unit_price_usd"]) == STORAGE_USD
    assert near(Decimal(storage["monthly_usd"]), Decimal(billed_bytes) / GB * STORAGE_USD, STORAGE_USD)
    assert storage["basis"] == "measured"
    by_index = {line["index"]: line for line in lines if line["component"] == "index-storage"}
    assert set(by_index) == {index["name"] for index in told["indexes"]}
    for index in told["indexes"]:
        entries_bytes = index["size_bytes"] + OVERHEAD_BYTES * index["entry_count"]
        assert near(Decimal(by_index[index["name"]]["monthly_usd"]), Decimal(entries_bytes) / GB * STORAGE_USD, STORAGE_USD)


@each_table
def test_provisioned_capacity_is_priced_and_unknown_traffic_is_not(
    table: PublishedTable, published: Published, audited: Audited
) -> None:
    cost = audited.table(published.name(table))["cost"]
    requests = {(line["component"], line["index"]): line for line in cost["lines"] if "storage" not in line["component"]}
    known: dict[tuple[str, str | None], Decimal] = {}
    unknown: set[tuple[str, str | None]] = {("pitr", None), ("backup", None)}
    capacities: list[tuple[str, str | None, tuple[int, int] | None]] = [("", None, table.units)]
    capacities += [("index-", index.name, index.units) for index in table.indexes if index.kind == "GSI"]
    for prefix, index, units in capacities:
        if units is None:
            unknown |= {(f"{prefix}reads", index), (f"{prefix}writes", index)}
        else:
            known[(f"{prefix}capacity-reads", index)] = units[0] * HOURS_PER_MONTH * RCU_HOUR_USD
            known[(f"{prefix}capacity-writes", index)] = units[1] * HOURS_PER_MONTH * WCU_HOUR_USD
    assert set(requests) == set(known) | unknown
    for place, amount in known.items():
        assert Decimal(requests[place]["monthly_usd"]) == amount.quantize(Decimal("1e-8"))
    for place in unknown:
        assert requests[place]["monthly_usd"] is None
        assert requests[place]["quantity"] is None
        assert requests[place]["note"].endswith(NOT_HERE)
    assert cost["complete"] is False
    told = [line["monthly_usd"] for line in cost["lines"] if line["monthly_usd"] is not None]
    assert cost["monthly_usd"] == sum(told)


def test_the_sums_add_up(audited: Audited) -> None:
    costs = audited.run["costs"]
    assert costs["current"]["monthly_usd"] == sum(table["cost"]["monthly_usd"] for table in audited.run["tables"])
    assert costs["prices"]["region"] == REGION
    assert costs["free_tier"] is False
    assert [one["users"] for one in costs["projections"]] == [100, 1_000, 10_000, 50_000, 100_000]
    # How many users there are is not known, so nothing that grows with them is.
    assert audited.run["audit"]["users_now"] is None
    storage = [line for one in costs["projections"] for line in one["lines"] if line["component"] == "storage"]
    assert len(storage) == 5 * len(ALL_TABLES)
    assert all(line["monthly_usd"] is None for line in storage)


# ---------------------------------------------------------------------------------------------------- what is not known


def test_what_the_engine_does_not_know_is_not_checked(published: Published, audited: Audited) -> None:
    rows = [row for row in audited.run["not_checked"] if row["table"] is not None]
    [account] = [row for row in audited.run["not_checked"] if row["table"] is None]
    assert (account["call"], audited.run["audit"]["account"]) == ("sts:GetCallerIdentity", None)
    # Nor does it state warm throughput, and nobody said how many users there are.
    unstated = [row for row in rows if row["call"] == "dynamodb:DescribeTable"]
    assert {row["check"] for row in unstated} == {"warm-throughput-outgrown", "local-index-collection-outgrown"}
    assert {row["reason"] for row in unstated} == {"no warm throughput is stated", "not known how many users there are now"}
    rows = [row for row in rows if row not in unstated]
    assert {row["call"] for row in rows} == ABSENT_CALLS
    assert all(row["reason"].endswith(NOT_HERE) for row in rows if row["check"] != "table-quota-outgrown")  # it names each peak
    for table in ALL_TABLES:
        name = published.name(table)
        assert {row["call"] for row in rows if row["table"] == name} == ABSENT_CALLS
        told = audited.table(name)
        assert told["tags"] is None
        assert told["auto_scaling"] is None
        assert told["traffic"] is None
        assert told["backups"]["pitr"] is None
        assert told["backups"]["on_demand"] is None


def test_a_rule_that_could_not_run_neither_passes_nor_finds(audited: Audited) -> None:
    by_status: dict[str, set[str]] = {}
    for rule in audited.run["rules"]:
        by_status.setdefault(rule["status"], set()).add(rule["check"])
    unseen = {"pitr-off", "short-recovery-window", "throttled", "idle-table"}
    assert unseen <= by_status["not checked"]
    assert not unseen & (by_status["passed"] | by_status["found"])
    assert not unseen & {finding["check"] for finding in audited.run["findings"]}
    assert not {message for good in audited.run["good"] for message in good["messages"] if "PITR" in message}
    pairs = {(rule["check"], rule["table"]) for rule in audited.run["rules"] if rule["status"] == "not checked"}
    assert pairs <= {(row["check"], row["table"]) for row in audited.run["not_checked"] if row["check"]}


def test_the_grades_show_how_little_was_seen(audited: Audited) -> None:
    overall = audited.run["overall"]
    assert overall["grade"] == "?"
    assert overall["score"] is None
    assert overall["coverage"] < Decimal("0.6")
    grades = {category["id"]: category for category in audited.run["categories"]}
    for unseen in ("backup-strategy", "capacity-planning", "cost-optimization"):
        assert grades[unseen]["grade"] == "?"
        assert grades[unseen]["worst"] == "F"
        assert grades[unseen]["coverage"] < Decimal("0.5")
    assert grades["gsi-projections"]["grade"] == "B+"  # nothing found, but the writes were not measured
    assert Decimal("0.5") < grades["gsi-projections"]["coverage"] < 1
    ran = [rule for rule in audited.run["rules"] if rule["category"] == "gsi-projections"]
    assert {rule["status"] for rule in ran} == {"passed", "not applicable", "not checked"}
    assert {rule["check"] for rule in ran if rule["status"] == "not checked"} == {"write-amplification"}


# ---------------------------------------------------------------------------------------------------- the other outputs


def test_stdout_has_the_result_and_stderr_the_rest(audited: Audited) -> None:
    plan, spent, *written = audited.ran.err.splitlines()
    assert re.fullmatch(r"reading items of \d+ tables whole: about [\d,.]+ read units, less than \$0\.01", plan)
    assert re.fullmatch(r"read [\d,.]+ read units of items, less than \$0\.01", spent)
    assert written == ["wrote r.json", "wrote r.html", "wrote r.md", "wrote r.table"]
    assert audited.ran.out == (audited.folder / "r.json").read_text(encoding="utf-8")


def test_the_run_file_fits_the_schema(audited: Audited, tmp_path: Path) -> None:
    schema = json.loads(stj_audit("schema", cwd=tmp_path, keys=False).out)
    jsonschema.validate(json.loads(audited.ran.out), schema)


@pytest.mark.parametrize(("format_", "file"), [("html", "r.html"), ("markdown", "r.md"), ("table", "r.table"), ("json", "r.json")])
def test_a_rendered_run_is_the_report_of_the_run(format_: str, file: str, audited: Audited) -> None:
    ran = stj_audit("render", "r.json", "-f", format_, cwd=audited.folder, keys=False)
    assert ran.code == 0
    assert ran.err == ""
    assert ran.out == (audited.folder / file).read_text(encoding="utf-8")


def test_the_outputs_agree(published: Published, audited: Audited) -> None:
    html, markdown, terminal = (
        (audited.folder / file).read_text(encoding="utf-8").replace("<wbr>", "") for file in ("r.html", "r.md", "r.table")
    )
    for table in ALL_TABLES:
        name = published.name(table)
        assert name in html
        assert f"`{name}`" in markdown
        for index in table.indexes:
            assert index.name in html
            assert f"`{index.name}`" in markdown
    known = sum((table["cost"]["monthly_usd"] for table in audited.run["tables"]), Decimal(0))
    assert known > 1
    for text in (html, markdown, terminal):
        assert f"${known:.2f}" in text
        assert NOT_HERE in text


# ------------------------------------------------------------------------------------------------------- which tables


def test_names_and_globs(published: Published, tmp_path: Path) -> None:
    run = partial(published.run, "--scan", "none", "-q", "-f", "json", cwd=tmp_path)
    prefix = published.prefix
    assert names_in(run(f"{prefix}Reply-*")) == [f"{prefix}Reply-global", f"{prefix}Reply-local"]
    assert names_in(run(f"{prefix}Forum")) == [f"{prefix}Forum"]
    several = run(f"{prefix}[FM]*", f"{prefix}Forum", f"{prefix}Thread", f"{prefix}Forum")
    assert names_in(several) == [f"{prefix}Forum", f"{prefix}Music", f"{prefix}Thread"]
    # Without a name it is every table of the region; other tests may have theirs there too.
    everything = run()
    assert {published.name(table) for table in ALL_TABLES} <= set(names_in(everything))
    for ran in (several, everything):
        assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize("known_too", [False, True])
def test_an_unknown_table_stops_the_audit_and_is_named(known_too: bool, published: Published, tmp_path: Path) -> None:
    unknown = f"{published.prefix}Froum"
    known = (f"{published.prefix}Forum",) if known_too else ()
    ran = published.run(*known, unknown, "--report", "r.html", cwd=tmp_path)
    assert ran.code == 1
    assert ran.out == ""
    assert ran.err == (f"error: no table is called '{unknown}' in region {REGION} - check the spelling, --region and --profile\n")
    assert list(tmp_path.iterdir()) == []


def test_no_table_matched(published: Published, tmp_path: Path) -> None:
    ran = published.run("no-such-*", cwd=tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"error: no table in region {REGION} matches")
    assert ran.err.count("\n") == 1


def test_a_name_that_no_table_can_have(published: Published, tmp_path: Path) -> None:
    ran = published.run("\x1bforum", cwd=tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert "\x1b" not in ran.err
    assert "no table is called '?forum'" in ran.err


# ------------------------------------------------------------------------------------------------------- reading items


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        (("--scan", "none"), "not read: --scan none"),
        (("--scan-budget", "0"), "within the scan budget"),
    ],
    ids=["none", "no budget"],
)
def test_unread_items_are_unknown_and_never_zero(
    option: tuple[str, ...], reason: str, published: Published, tmp_path: Path
) -> None:
    table = public_schemas.SINGLE_TABLE
    ran = published.run(published.name(table), *option, "-f", "json", "-q", cwd=tmp_path)
    assert ran.code == 0
    run = json.loads(ran.out)
    [told] = run["tables"]
    assert told["items"] is None
    assert run["audit"]["read_units"] == 0
    assert run["audit"]["cost_usd"] == 0
    rows = [row for row in run["not_checked"] if row["call"] == "dynamodb:Scan"]
    assert {row["check"] for row in rows} >= {"item-over-warn-line", "item-near-limit"}
    assert all(row["reason"].endswith(reason) for row in rows)
    # DescribeTable still says how much there is.
    described = published.described(table)
    assert told["item_count"] == 120
    assert told["size_bytes"] == described["TableSizeBytes"]
    assert {index["entry_count"] for index in told["indexes"]} == {None}


def test_scan_full_goes_over_the_budget(published: Published, tmp_path: Path) -> None:
    name = published.name(public_schemas.MUSIC)
    ran = published.run(name, "--scan", "full", "--scan-budget", "0", "-f", "json", cwd=tmp_path)
    [told] = json.loads(ran.out)["tables"]
    assert told["items"]["scanned"] == 40


# --------------------------------------------------------------------------------------------------------------- users


def test_users_are_taken_from_the_command_line(published: Published, tmp_path: Path) -> None:
    name = published.name(public_schemas.SINGLE_TABLE)
    ran = published.run(
        name, "--users", "40,400,4K", "--target-users", "400", "--users-now", "40", "-f", "json", "-q", cwd=tmp_path
    )
    run = exact(ran.out)
    assert (run["audit"]["users_now"], run["audit"]["target_users"]) == (40, 400)
    assert set(run["grades_by_users"]) == {"40", "400", "4000"}
    now = storage_lines(run["costs"]["current"]["lines"])
    assert set(now) == {(name, None), (name, "GSI-1"), (name, "GSI-2")}
    for one in run["costs"]["projections"]:
        factor = Decimal(one["users"]) / 40
        then = storage_lines(one["lines"])
        for place, amount in now.items():
            # The quantity is rounded to a millionth of a GB, today and then
            assert abs(then[place] - amount * factor) <= GB_STEP * STORAGE_USD * (factor + 1)
    assert {one["users"]: [stored["items"] for stored in one["storage"]] for one in run["costs"]["projections"]} == {
        40: [120],
        400: [1_200],
        4_000: [12_000],
    }


def storage_lines(lines: list[Any]) -> dict[tuple[str, str | None], Decimal]:
    return {(line["table"], line["index"]): line["monthly_usd"] for line in lines if line["component"].endswith("storage")}


def test_users_are_counted_in_the_users_table_of_the_configuration(published: Published, tmp_path: Path) -> None:
    users_table, constant = published.name(public_schemas.SESSIONS), published.name(public_schemas.METASTORE)
    (tmp_path / "stj-audit.toml").write_text(
        f'[model]\nusers_table = "{users_table}"\nscales = [80, 4000]\ntarget = 80\n[tables."{constant}"]\nitems = 40\n',
        encoding="utf-8",
    )
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    ran = published.run(users_table, constant, "-f", "json", "-v", cwd=inside)
    assert f"configuration: {tmp_path / 'stj-audit.toml'}" in ran.err
    run = exact(ran.out)
    assert (run["audit"]["users_now"], run["audit"]["target_users"]) == (40, 80)
    twice, hundredfold = run["costs"]["projections"]
    assert (twice["users"], hundredfold["users"]) == (80, 4_000)
    assert {one["table"]: one["items"] for one in twice["storage"]} == {users_table: 80, constant: 40}
    assert {one["table"]: one["items"] for one in hundredfold["storage"]} == {users_table: 4_000, constant: 40}
    overruled = json.loads(published.run(users_table, "--users-now", "7", "--users", "9", "-f", "json", cwd=inside).out)
    assert overruled["audit"]["users_now"] == 7
    assert list(overruled["grades_by_users"]) == ["9", "80"]


# -------------------------------------------------------------------------------------------------------- money alone


def test_the_cost_of_live_tables_is_that_of_the_run_in_every_format(published: Published, tmp_path: Path) -> None:
    names = [published.name(table) for table in (public_schemas.SESSIONS, public_schemas.METASTORE)]
    (tmp_path / "stj-audit.toml").write_text(
        f'[tables."{names[0]}"]\nreads_per_user_day = 40\nwrites_per_user_day = 3\n', encoding="utf-8"
    )
    options = ("--users", "100,5K", "--target-users", "5000", "--users-now", "100")
    audited = exact(published.run(*names, *options, "-f", "json", cwd=tmp_path).out)
    where = ("--endpoint-url", published.engine.endpoint_url, "--region", REGION)

    def priced(format_: str, *more: str) -> str:
        ran = stj_audit("cost", *names, *options, *where, *more, "-f", format_, cwd=tmp_path)
        assert ran.code == 0
        assert [line.split()[0] for line in ran.err.splitlines()] == ["reading", "read"]
        return ran.out

    answer = exact(priced("json"))
    assert answer["costs"] == audited["costs"]
    assert answer["costs"]["projections"][1]["monthly_usd"] > 0
    rows = list(csv.DictReader(io.StringIO(priced("csv"))))
    assert {row["table"] for row in rows} == set(names)
    assert (
        sum(Decimal(row["monthly_usd"]) for row in rows if row["users"] == "5000" and row["monthly_usd"])
        == (answer["costs"]["projections"][1]["monthly_usd"])
    )
    for format_ in ("table", "markdown", "html"):
        assert "5,000" in priced(format_)
    free = exact(priced("json", "--free-tier"))["costs"]
    assert free["free_tier"] is True
    assert any(line["component"] == "free-storage" for line in free["current"]["lines"])


def test_a_design_that_does_not_fit_the_table_is_told_with_its_place(published: Published, tmp_path: Path) -> None:
    name = published.name(public_schemas.SESSIONS)
    (tmp_path / "stj-audit.toml").write_text(
        f'[[tables."{name}".pattern]]\nname = "p"\nop = "Query"\nindex = "by-nothing"\ncalls = 1\n', encoding="utf-8"
    )
    ran = published.run(name, cwd=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert "index 'by-nothing' is not declared" in ran.err
    assert f"tables.{name}.pattern[0]" in ran.err


def test_prices_of_today_that_an_endpoint_does_not_know_fall_back_and_say_so(published: Published, tmp_path: Path) -> None:
    name = published.name(public_schemas.METASTORE)
    ran = published.run(name, "--prices", "live", "-f", "json", cwd=tmp_path)
    assert ran.code == 0
    assert ran.err.splitlines()[-1].startswith("warning: bundled list prices")
    assert json.loads(ran.out)["costs"]["prices"]["source"].startswith("bundled list prices")


# ---------------------------------------------------------------------------------------------------------- exit codes


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--fail-on", "high"), 0),
        (("--fail-on", "medium"), 3),
        (("--fail-on", "grade:F"), 3),
        (("--strict",), 4),
        (("--strict", "--fail-on", "medium"), 3),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_exit_codes(options: tuple[str, ...], code: int, published: Published, tmp_path: Path) -> None:
    # One finding: deletion protection is off, medium. The grade is "?", which no grade gate lets through.
    name = published.name(public_schemas.METASTORE)
    ran = published.run(name, "--scan", "none", "-f", "json", "--report", "r.html", "-q", *options, cwd=tmp_path)
    assert ran.code == code
    run = json.loads(ran.out)
    assert "medium" in {finding["severity"] for finding in run["findings"]} <= {"info", "low", "medium"}
    assert run["overall"]["grade"] == "?"
    assert (tmp_path / "r.html").exists()
    if code == 4:
        assert ran.err == f"{len(run['not_checked'])} things could not be checked (--strict)\n"
    else:
        assert ran.err == ""


def test_the_terminal_says_what_it_does_not_know(published: Published, tmp_path: Path) -> None:
    ran = published.run(published.name(public_schemas.STATE_LOCK), "-q", cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert "Grade ?" in ran.out
    assert "dynamodb:DescribeContinuousBackups" in ran.out
    assert "\x1b" not in ran.out
    assert max(len(line) for line in ran.out.splitlines()) <= 100
