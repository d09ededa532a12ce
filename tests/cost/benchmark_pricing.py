"""
How long a thousand declared tables take at five user counts: their bills; every line in words with how it grows, and the savings; and the
whole of `stj-audit cost --format csv`. The light tables have one index and two patterns; the heavy ones are copies of the design of the
assessment's largest table.

Run it with `python -m tests.cost.benchmark_pricing`. It is no test: a time means little on a machine that others use too.
"""

import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

from stj_audit.config import parse_config
from stj_audit.cost.bill import TableBill
from stj_audit.cost.from_model import declared_workload
from stj_audit.cost.model import price_model
from stj_audit.cost.prices import bundled_sheet
from tests.cost.test_model import SCALES, SEED

TABLES = 1_000
REGION = "us-east-1"
LIGHT = """
[tables.orders-{number}]
key = ["id"]
items_per_user = 3
item_bytes = 1_500
[[tables.orders-{number}.index]]
name = "by-email"
key = ["email"]
projection = "ALL"
[[tables.orders-{number}.pattern]]
name = "read"
op = "GetItem"
calls = 5
[[tables.orders-{number}.pattern]]
name = "write"
op = "PutItem"
calls = 1
"""
HEAVY = (
    "\n[tables.stj_subscribers]"
    + SEED.read_text(encoding="utf-8").split("[tables.stj_subscribers]")[1].split("[tables.stj_password]")[0]
)


def main() -> None:
    for name, table in (("light", LIGHT), ("heavy", HEAVY.replace("stj_subscribers", "orders-{number}"))):
        text = f'[model]\nregion = "{REGION}"\n' + "".join(table.replace("{number}", str(number)) for number in range(TABLES))
        config, prices = parse_config(tomllib.loads(text), origin=name), bundled_sheet(REGION)
        began = time.perf_counter()
        workloads = [declared_workload(table_name, one, config.model) for table_name, one in config.tables.items()]
        sum(TableBill(workload=workload, users=users, prices=prices).monthly_usd for workload in workloads for users in SCALES)
        billed = time.perf_counter()
        price_model(config, prices=prices, users=SCALES)
        priced = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.toml"
            path.write_text(text, encoding="utf-8")
            options = ["cost", "--model", str(path), "--users", ",".join(map(str, SCALES)), "--format", "csv"]
            started = time.perf_counter()
            subprocess.run([sys.executable, "-m", "stj_audit", *options], check=True, stdout=subprocess.DEVNULL)
        ended = time.perf_counter()
        sys.stdout.write(f"{TABLES:,} {name} tables at {len(SCALES)} user counts: bills {billed - began:.2f} s, ")
        sys.stdout.write(f"lines and savings {priced - billed:.2f} s, the whole command {ended - started:.2f} s\n")


if __name__ == "__main__":
    main()
