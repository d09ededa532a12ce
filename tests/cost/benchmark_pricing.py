"""
How long a thousand declared tables take at five user counts, each run as `stj-audit cost --format csv` does it: with savings, from the start
of the program to its end. The light tables have one index and two patterns; the heavy ones are copies of the design of the assessment's
largest table.

Run it with `python -m tests.cost.benchmark_pricing`. It is no test: a time means little on a machine that others use too.
"""

import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

from stj_audit.config import parse_config
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
        started = time.perf_counter()
        price_model(parse_config(tomllib.loads(text), origin=name), prices=bundled_sheet(REGION), users=SCALES)
        priced = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.toml"
            path.write_text(text, encoding="utf-8")
            options = ["cost", "--model", str(path), "--users", ",".join(map(str, SCALES)), "--format", "csv"]
            subprocess.run([sys.executable, "-m", "stj_audit", *options], check=True, stdout=subprocess.DEVNULL)
        ended = time.perf_counter()
        sys.stdout.write(f"{TABLES:,} {name} tables at {len(SCALES)} user counts: read and priced {priced - started:.2f} s, ")
        sys.stdout.write(f"the whole command {ended - priced:.2f} s\n")


if __name__ == "__main__":
    main()
