"""
The documents about the checks say what the code does: docs/checks.md is what `stj-audit rules --format markdown` prints, and
docs/catalogue.md has every id of the catalogue, where it lives, what it is tested with, or why it was left out.

Both are rewritten with STJ_AUDIT_REWRITE_GOLDEN=1.
"""

import os
from pathlib import Path

from tabulate import tabulate

from stj_audit.checks import all_checks
from stj_audit.explain import document
from stj_audit.results import Check

ROOT = Path(__file__).parent.parent
LAST = {"KEY": 10, "COV": 12, "PRJ": 10, "STR": 16, "CAP": 20, "BKP": 10, "CST": 11, "SCL": 13}  # of each category of the catalogue

# The engine that gives the tests each fact: what has none of its own is made by the builders of tests/builders.py, as every fact is in a
# check's own tests.
ENGINES = {
    "table": "DynamoDB Local",
    "items": "DynamoDB Local",
    "time_to_live": "DynamoDB Local",
    "traffic": "moto",
    "alarms": "moto",
    "pitr": "moto",
    "tags": "moto",
    "on_demand_backups": "moto",
    "auto_scaling": "moto",
    "operations": "moto",
    "account_capacity": "moto",
    "kinesis_destinations": "answers of AWS's model",
    "contributor_insights": "answers of AWS's model",
    "hot_keys": "answers of AWS's model",
    "recovery_points": "answers of AWS's model",
    "protected_resource": "answers of AWS's model",
    "quotas": "answers of AWS's model",
    "region_tables": "moto",
    "bill": "the cost model, against DynamoDB Local",
}

LEFT_OUT = {
    "CST-01": "no check: the avoidable share is the sum of all priced findings, without overlap, and makes the cost grade",
    "CST-08": "no check: reserved capacity and Database Savings Plans are told with the costs, as information",
    "CST-10": "no check: the costs at each user count are a section of every report, by how they grow",
    "CST-11": "no check of its own: it is the sum of what the checks of projections and of table structure save",
    "SCL-05": "`unbounded-attribute` (STR-05) tells when growing items reach 300 and 400 KB",
    "SCL-06": "`unbounded-query` (COV-09) tells what grows with the square of the users, and what it costs",
}


def engines(one: Check) -> str:
    found = dict.fromkeys(ENGINES[need] for need in one.needs if need in ENGINES)
    return ", ".join(("builders", *found))


def catalogue() -> str:
    rows = []
    by_code = {one.code: one for one in all_checks()}
    for category, last in LAST.items():
        for number in range(1, last + 1):
            code = f"{category}-{number:02}"
            one = by_code.get(code)
            if one is None:
                rows.append((code, "left out", LEFT_OUT[code], "", ""))
            else:
                name = one.name.replace("-", "_")
                rows.append((code, one.title, f"`stj_audit/checks/{name}.py`", f"`tests/checks/test_{name}.py`", engines(one)))
    table = tabulate(rows, headers=("id", "what", "where it lives, or why not", "tests", "tested with"), tablefmt="github")
    return (
        "# The catalogue of checks\n\nEvery id, and where it lives. What each one looks at, when it is wrong and how it is fixed is in "
        "[checks.md](checks.md). The tests of a check make its facts with the builders; the engine beside them is the one from which the\n"
        "tests of the scanners, and of whole audits, read these facts.\n\n"
        f"{table}\n"
    )


def held(path: Path, text: str) -> None:
    if os.environ.get("STJ_AUDIT_REWRITE_GOLDEN") == "1":
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def test_every_id_of_the_catalogue_lives_somewhere_or_says_why_not() -> None:
    held(ROOT / "docs" / "catalogue.md", catalogue())


def test_the_document_of_the_checks_is_what_the_command_prints() -> None:
    held(ROOT / "docs" / "checks.md", document(None) + "\n")


def test_nothing_is_left_out_that_is_there() -> None:
    assert not {one.code for one in all_checks()} & set(LEFT_OUT)


def test_every_check_has_a_file_of_tests() -> None:
    for one in all_checks():
        assert (ROOT / "tests" / "checks" / f"test_{one.name.replace('-', '_')}.py").is_file(), one.name
