"""The sample report with a trend: a year of monthly runs before it, of growing tables."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from stj_audit.history import RunSummary, summary
from stj_audit.report import Report
from stj_audit.trend import trend
from tests.sample_report import PASSWORD, STARTED_AT, SUBSCRIBERS, SYSTEM, sample_report

MONTH = timedelta(hours=730)
RUNS = 12


def earlier_runs() -> list[RunSummary]:
    """One a month. Largest items of subscribers grow unevenly; of password they do not; system was added four months ago."""
    now = summary(sample_report())
    runs = []
    for ago in range(RUNS, 0, -1):
        uneven = (ago % 3 - 1) * 4_096
        tables = {
            SUBSCRIBERS: replace(
                now.tables[SUBSCRIBERS],
                items=112 - 8 * ago,
                size_bytes=5_000_000 - 300_000 * ago,
                max_bytes=296_000 - 9_000 * ago + uneven,
            ),
            PASSWORD: now.tables[PASSWORD],
        }
        if ago <= 4:
            tables[SYSTEM] = now.tables[SYSTEM]
        runs.append(
            replace(
                now,
                id=f"earlier-{ago}",
                started_at=STARTED_AT - ago * MONTH,
                grade="D" if ago > 6 else "C-",
                score=None if ago == 9 else 71.4 - 1.5 * ago,
                cost_usd=Decimal("0.95") - Decimal("0.05") * ago,
                cost_complete=True,
                cost_at_target_complete=True,
                tables=tables,
            )
        )
    return runs


def trended_report() -> Report:
    report = sample_report()
    return replace(report, trend=trend(earlier_runs(), summary(report), notes=["summary/x.json is left out: it is no file"]))
