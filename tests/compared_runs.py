"""Two audits of the same tables, of which a test changes something between them."""

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from stj_audit.config import Scale, SizeLines, parse_config
from stj_audit.cost.prices import PriceSheet, bundled_sheet
from stj_audit.diff import Diff
from stj_audit.diff.costs import CostChange
from stj_audit.facts import Pitr, TableFacts, Unknown
from stj_audit.judge import Terms, judge
from stj_audit.report import Report
from tests.builders import SEEN, WARM, a_flow, a_snapshot, a_table, an_index, some_entries, some_traffic, table_facts

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
REGION = "eu-north-1"
NO_PITR: dict[str, Any] = {"pitr": Pitr(enabled=False)}
DENIED = Unknown(call="dynamodb:DescribeContinuousBackups", reason="AccessDeniedException")


def audited(
    *tables: TableFacts, config: str = "", prices: PriceSheet | None = None, days: int = 0, free_tier: bool = False, **fields: Any
) -> Report:
    """A run of `days` after the first one; the user counts of a run are 1,000 now and 10,000 as its target."""
    when = NOW + timedelta(days=days)
    terms: dict[str, Any] = {
        "scale": Scale(users_now=1_000, target_users=10_000),
        "size_lines": SizeLines(),
        "prices": prices or bundled_sheet(REGION),
        "config": parse_config(tomllib.loads(config, parse_float=Decimal), origin="stj-audit.toml"),
        "audit_id": f"run-{days}",
        "free_tier": free_tier,
    }
    given_terms = {name: fields.pop(name) for name in list(fields) if name in {"scale", "baseline", "size_lines", "gate"}}
    return judge(a_snapshot(*tables, started_at=when, finished_at=when, **fields), Terms(**(terms | given_terms)))


def orders(name: str = "orders", *, indexes: Sequence[str] = (), facts: dict[str, Any] | None = None, **table: Any) -> TableFacts:
    """A table of which everything is known, with requests; each index has all items in it."""
    described = a_table(name=name, warm_throughput=WARM, indexes=tuple(map(an_index, indexes)), **table)
    flows = {index: a_flow() for index in indexes}
    known: dict[str, Any] = {
        "items": replace(SEEN, indexes=tuple(map(some_entries, indexes))),
        "traffic": some_traffic(a_flow(), flows),
    }
    return table_facts(described, **(known | (facts or {})))


def bills(diff: Diff) -> list[CostChange]:
    return [diff.costs.current, *(at.cost for at in diff.costs.projections)]
