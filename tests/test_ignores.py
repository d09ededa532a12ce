"""Findings that the owner accepts: what is suppressed, until when, and what the grade is with and without it."""

import tomllib
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from stj_audit.config import Config, Scale, SizeLines, parse_config
from stj_audit.cost.prices import bundled_sheet
from stj_audit.errors import ConfigError
from stj_audit.facts import Pitr
from stj_audit.judge import Terms, judge
from stj_audit.report import Finding, Report
from tests.builders import a_snapshot, a_table, table_facts

TODAY = datetime(2026, 11, 28, 12, tzinfo=UTC)
IGNORE = '[[ignore]]\ncheck = "pitr-off"\nreason = "throw-away data"\n'


def judged(text: str, *names: str) -> Report:
    """Tables without PITR."""
    tables = tuple(table_facts(a_table(name=name), pitr=Pitr(enabled=False)) for name in names or ("orders",))
    snapshot = a_snapshot(*tables, started_at=TODAY, finished_at=TODAY)
    config: Config = parse_config(tomllib.loads(text, parse_float=Decimal), origin="stj-audit.toml")
    terms = Terms(
        scale=Scale(users_now=1_000), size_lines=SizeLines(), prices=bundled_sheet("eu-north-1"), config=config, audit_id="a"
    )
    return judge(snapshot, terms)


def found(report: Report, check: str = "pitr-off") -> dict[str, Finding]:
    return {finding.table: finding for finding in report.findings if finding.check == check}


def backup_grade(report: Report) -> float | None:
    return next(one.score for one in report.categories if one.id == "backup-strategy")


@pytest.mark.parametrize("check", ["pitr-off", "BKP-01"])
def test_an_ignored_finding_is_listed_with_its_reason_and_takes_no_part_in_the_grade(check: str) -> None:
    plain, ignored = judged(""), judged(IGNORE.replace("pitr-off", check))
    suppressed = found(ignored)["orders"].suppressed
    assert suppressed is not None
    assert (suppressed.reason, suppressed.expires) == ("throw-away data", None)
    assert (backup_grade(plain) or 0) < (backup_grade(ignored) or 0)
    assert ignored.overall.score is not None
    assert plain.overall.score is not None
    assert ignored.overall.score > plain.overall.score
    assert ignored.overall_unsuppressed == plain.overall
    assert plain.overall_unsuppressed is None


def test_it_is_not_among_what_is_to_be_done() -> None:
    ignored = judged(IGNORE)
    id_ = found(ignored)["orders"].id
    assert id_ not in ignored.do_first
    assert id_ not in {action.finding for action in ignored.actions}
    assert id_ not in {item.finding for rung in ignored.recommendations for item in rung.items}
    assert not any(line.startswith("PITR is off") for line in ignored.summary.improvements)
    praised = [message for point in ignored.good for message in point.messages]
    assert not any("PITR is on" in message or "recovery" in message for message in praised)


def test_only_the_tables_that_it_names_are_covered() -> None:
    report = judged(IGNORE + 'tables = ["dev-*", "tmp"]\n', "dev-orders", "tmp", "orders")
    assert {name for name, finding in found(report).items() if finding.suppressed is not None} == {"dev-orders", "tmp"}
    [ignore] = report.ignores
    assert (ignore.state, ignore.findings) == ("active", 2)


@pytest.mark.parametrize(("expires", "holds"), [(date(2026, 11, 29), True), (date(2026, 11, 28), False), (date(2025, 1, 1), False)])
def test_an_expired_ignore_is_none_and_is_told(expires: date, holds: bool) -> None:
    report = judged(IGNORE + f"expires = {expires.isoformat()}\n")
    assert (found(report)["orders"].suppressed is not None) is holds
    assert report.ignores[0].state == ("active" if holds else "expired")
    told = [line for line in report.trust if "has expired" in line]
    assert told == (
        [] if holds else [f"the ignore of pitr-off has expired on {expires}, and suppresses nothing any more: throw-away data"]
    )


def test_an_ignore_of_what_was_not_found_is_told_too() -> None:
    report = judged('[[ignore]]\ncheck = "idle-table"\ntables = ["orders"]\nreason = "seasonal"\n')
    assert report.ignores[0].state == "unused"
    assert "the ignore of idle-table on orders suppresses nothing: nothing of it was found" in report.trust


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[ignore]]\ncheck = "pitr-of"\nreason = "x"\n', ("no check 'pitr-of'", "did you mean 'pitr-off'", "ignore[0].check")),
        ('[[ignore]]\ncheck = "pitr-off"\n', ("reason", "ignore[0]")),
        ('[[ignore]]\ncheck = "pitr-off"\nreason = " "\n', ("`reason` is empty", "ignore[0]")),
        ('[[ignore]]\ncheck = "pitr-off"\nreason = "x"\ntables = []\n', ("`tables` names none",)),
        ('[[ignore]]\ncheck = "pitr-off"\nreason = "x"\nexpires = "soon"\n', ("date", "ignore[0].expires")),
        ('[[ignore]]\ncheck = "pitr-off"\nreason = "x"\ntable = "t"\n', ("table", "ignore[0]")),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as told:
        judged(text)
    for word in words:
        assert word in str(told.value)
