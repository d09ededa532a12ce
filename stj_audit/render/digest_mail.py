"""
What a monthly mail says of a report that no page says in this form: each thing in a line, and only what fits into a mail.

Nobody scrolls through a mail, and Gmail cuts it off above 102 KB: lists have few rows, and say how many more there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from stj_audit.render import digest, digest_gate, digest_money, digest_tables, digest_trend, filters
from stj_audit.render.digest_trend import Outlook
from stj_audit.render.escape import NAME_LENGTH, cut, cut_name, visible
from stj_audit.report import PASSED, Finding, Forecast, Report, TableReport, Trend, TrendRun
from stj_audit.wording import a_few, counted

MOST_ACTIONS = 3
MOST_OUTLOOKS = 3
MOST_REASONS = 3  # of a gate
MOST_NEW = 3  # findings
MOST_NOTES = 3  # on what is compared; the last are those that say why two runs differ
COMMAND_LENGTH = 600  # a longer one is copied from the report, not from a mail
ENVIRONMENT_LENGTH = 40
FOOTER_LENGTH = 300
LETTER_LENGTH = 3  # "n/a"
FAR = date.max
NO_BREAK = "\u00a0"


# ------------------------------------------------------------------------------------------------------------- subject


def subject(report: Report, name: str) -> str:
    """ "[prod] DynamoDB health: C (74, +3), $556/month": one line, whatever the names hold. Ends with how the gate came out, if not well."""
    overall, current = report.overall, report.costs.current
    points = [f"{overall.score:.0f}"] if overall.score is not None else ["no score"]
    points += [short_change(report)] if short_change(report) else []
    known = current.monthly_usd is not None and (current.monthly_usd or current.complete)  # "at least $0.00" says nothing
    cost = f"{filters.usd_words(current.monthly_usd, current.complete)}/month" if known else "cost not known"
    gate = digest_gate.real_gate(report)
    failed = f", {digest_gate.headline(report)}" if gate is not None and gate.verdict != PASSED else ""
    environment = f"[{cut(name.strip(), ENVIRONMENT_LENGTH)}] " if name.strip() else ""
    return visible(f"{environment}DynamoDB health: {cut(overall.grade, LETTER_LENGTH)} ({', '.join(points)}), {cost}{failed}")


def letter(grade: str) -> str:
    """A grade that fits into its cell, whatever it is."""
    return cut(visible(grade), LETTER_LENGTH)


# -------------------------------------------------------------------------------------------------------------- change


def _before(report: Report) -> TrendRun | None:
    """The run before this one, where any is kept."""
    return report.trend.runs[-2] if report.trend and len(report.trend.runs) > 1 else None


def _points_up(report: Report) -> int | None:
    """By how many points the score went up, as the rounded scores say that people see; None where one is not known."""
    before, now = _before(report), report.overall.score
    return None if before is None or before.score is None or now is None else int(f"{now:.0f}") - int(f"{before.score:.0f}")


def short_change(report: Report) -> str:
    """ "+3", "-2", "same"; empty where it is not known."""
    points = _points_up(report)
    return "" if points is None else f"{points:+d}" if points else "same"


def score_words(report: Report) -> str:
    """ "71 of 100, up 3 since 22 October 2026"; "no score"."""
    score, points, before = report.overall.score, _points_up(report), _before(report)
    words = "no score" if score is None else f"{score:.0f} of 100"
    if points is None or before is None:
        return words
    change = f"up {points}" if points > 0 else f"down {-points}" if points < 0 else "unchanged"
    return f"{words}, {change} since {filters.on_date(before.started_at)}"


def changes_title(report: Report) -> str:
    before = _before(report)
    return "What changed" if before is None else f"What changed since {filters.on_date(before.started_at)}"


def changes(report: Report) -> tuple[str, ...]:
    """Sentences: what differs from the run before and from the baseline, or why that is not known."""
    before = _before(report)
    baseline = digest.against_baseline(report)
    told = _unknown_change(report) if before is None or not report.trend else _since(report.trend, before)
    return (*told, *_new_and_gone(report), *([baseline] if baseline else []))


def _unknown_change(report: Report) -> list[str]:
    if not report.trend:
        return ["Not known: no earlier run is kept. With --history, runs are kept and compared."]
    notes = _notes(report.trend)
    why = "no earlier run is kept that this one can be compared with" if notes else "this is the first run that is kept"
    return [f"Not known: {why}.", *notes]


def _since(trend: Trend, before: TrendRun) -> list[str]:
    old, new = digest_trend.run_rows(trend)[-2:]
    now = trend.runs[-1]
    pairs = [("Grade", _graded(old.grade, old.score), _graded(new.grade, new.score)), ("Cost a month now", old.cost, new.cost)]
    at_target = f"Cost a month at {filters.users(now.target_users)}"
    if before.target_users == now.target_users:
        pairs.append((at_target, old.cost_at_target, new.cost_at_target))
    pairs += [("Open findings", old.findings, new.findings), ("Tables", f"{before.tables:,}", f"{now.tables:,}")]
    pairs += [("Items", old.items, new.items), ("Size", old.size, new.size)]
    differ = [f"{what}: {was}, now {is_now}." for what, was, is_now in pairs if was != is_now]
    same = [what.lower() for what, was, is_now in pairs if was == is_now and is_now != filters.NOT_KNOWN]
    unchanged = [f"Unchanged: {', '.join(same)}."] if same else []
    return [*differ, *unchanged, *_notes(trend)]


def _notes(trend: Trend) -> list[str]:
    return [filters.sentence(digest.capital(note)) for note in trend.notes[-MOST_NOTES:]]


def _new_and_gone(report: Report) -> list[str]:
    """Which findings are new, and how many are gone; nothing where that is not known."""
    if not report.trend or report.trend.new_findings is None or report.trend.gone_findings is None:
        return []
    new, gone = frozenset(report.trend.new_findings), report.trend.gone_findings
    if not new and not gone:
        return ["No finding is new, and none is gone."]
    found = [one for one in digest_gate.worst_first(report) if one.id in new]
    places = [f"{digest_gate.place_of(one)}: {cut(one.title, NAME_LENGTH)}" for one in found[:MOST_NEW]]
    places += [f"and {len(found) - MOST_NEW:,} more"] if len(found) > MOST_NEW else []
    which = f" ({'; '.join(places)})" if places else ""
    told = f"New: {counted(len(new), 'finding')}{which}." if new else "No finding is new."
    return [told, f"Gone: {counted(gone, 'finding')}, fixed, suppressed or not looked at." if gone else "No finding is gone."]


def _graded(grade: str, score: str) -> str:
    return f"{cut(grade, LETTER_LENGTH)} ({score})" if score != filters.NOT_KNOWN else cut(grade, LETTER_LENGTH)


# ---------------------------------------------------------------------------------------------------------------- trend


@dataclass(frozen=True, kw_only=True, slots=True)
class MailRun:
    date: str
    grade: str
    score: str
    cost: str
    cost_at_target: str
    size: str


def last_runs(report: Report, most: int) -> tuple[MailRun, ...]:
    """The `most` newest of the runs that are kept, this one first; none where it is the only one."""
    if not report.trend or len(report.trend.runs) < 2:
        return ()
    return tuple(
        MailRun(
            date=row.date,
            grade=letter(row.grade),
            score="?" if row.score == filters.NOT_KNOWN else row.score,
            cost=row.cost,
            cost_at_target=row.cost_at_target,
            size=row.size,
        )
        for row in digest_trend.run_rows(report.trend)[: -most - 1 : -1]
    )


# ------------------------------------------------------------------------------------------------------------- forecast


def soonest(report: Report) -> tuple[Outlook, ...]:
    """Of which tables the largest item has reached a line or will, and when, the soonest first; then how many more there are of them."""
    if not report.trend:
        return ()
    both = zip(report.trend.tables, digest_trend.outlooks(report.trend), strict=False)
    known = sorted(
        ((min(map(_day, table.forecasts), default=FAR), place, told) for place, (table, told) in enumerate(both)),
        key=lambda one: one[:2],
    )
    return tuple(told for day, _, told in known if day != FAR)


def _day(forecast: Forecast) -> date:
    return date.min if forecast.state == "reached" else forecast.expected or FAR


def no_forecast(report: Report) -> str:
    """Why no date is told; empty where one is."""
    if not report.trend or soonest(report):
        return ""
    if report.trend.too_early is not None:
        return f"When items reach 300 and 400 KB is not known: {filters.sentence(report.trend.too_early)}"
    states = {forecast.state for table in report.trend.tables for forecast in table.forecasts}
    if states <= {"never", "far"}:
        return "No table's largest item is known to grow towards 300 or 400 KB."
    doubt = (
        "that the largest item of a table grows is not sure" if "unsure" in states else "too little is known of the largest items"
    )
    return f"When items reach 300 and 400 KB is not known: {doubt}."


# -------------------------------------------------------------------------------------------------------------- actions


@dataclass(frozen=True, kw_only=True, slots=True)
class MailAction:
    """One thing to do: `command` is whole, or empty where there is none or it is too long for a mail, of which `about_command` tells."""

    severity: str
    place: str
    fact: str
    fix: str
    consequence: str
    command: str
    about_command: str
    gain: str
    effort: str
    when: str


def mail_actions(report: Report, brief: int) -> tuple[MailAction, ...]:
    """At most three. Texts are cut after `brief` characters, commands never."""
    return tuple(_action(one, report.audit.target_users, brief) for one in digest.first_findings(report)[:MOST_ACTIONS])


def _action(finding: Finding, target_users: int, brief: int) -> MailAction:
    first = finding.commands[0] if finding.commands else ""
    whole = len(first) <= min(COMMAND_LENGTH, 2 * brief)
    others = len(finding.commands) - 1 if whole else len(finding.commands)
    return MailAction(
        severity=cut(finding.severity, 20),
        place=digest_gate.place_of(finding),
        fact=filters.sentence(cut(finding.message, brief)),
        fix=filters.sentence(digest.capital(cut(finding.fix, brief))),
        consequence=filters.sentence(digest.capital(cut(finding.benefit, brief))),
        command=first if whole else "",
        about_command=f"{counted(others, 'more command' if whole else 'command')} in the full report." if others > 0 else "",
        gain=digest.saving(finding, target_users) if finding.saving_usd_month else "",
        effort=cut(finding.effort, brief),
        when=cut(finding.when, brief),
    )


def action_notes(action: MailAction) -> str:
    """ "Gain: $18.90 a month at 10,000 users. Effort: hours. When: now."."""
    notes = (("Gain", action.gain or "not in money"), ("Effort", action.effort or filters.NOT_KNOWN), ("When", action.when))
    return " ".join(f"{what}: {filters.sentence(words)}" for what, words in notes if words)


def preheader(report: Report, brief: int) -> str:
    """What a list of mails shows beside the subject: the first action, or the verdict where there is none."""
    actions = mail_actions(report, brief)
    if not actions:
        return filters.sentence(cut(report.verdict, brief))
    return f"{actions[0].place}: {actions[0].fact} {actions[0].fix}"


# --------------------------------------------------------------------------------------------------------------- tables


@dataclass(frozen=True, kw_only=True, slots=True)
class LadderRow:
    users: str
    is_target: bool
    cost: str
    avoidable: str
    grade: str


def ladder_rows(report: Report, most: int) -> tuple[LadderRow, ...]:
    """The bill by number of users, at most `most` rows; the target is always among them."""
    grades = {users: at.overall for users, at in report.grades_by_users.items()}
    bills = digest_money.bills(report)
    target = next((place for place, bill in enumerate(bills) if bill.is_target), 0)
    first = max(0, min(target - most // 2, len(bills) - most))
    return tuple(
        LadderRow(
            users=f"{bill.users:,}",
            is_target=bill.is_target,
            cost=filters.usd_cell(bill.monthly_usd, bill.complete),
            avoidable=bill.avoidable,
            grade=cut(grades.get(str(bill.users), filters.NOT_KNOWN), len(filters.NOT_KNOWN)),
        )
        for bill in bills[first : first + most]
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class MailTable:
    name: str
    grade: str
    cost: str
    largest: str
    findings: str


def mail_tables(report: Report, most: int) -> tuple[MailTable, ...]:
    """The `most` worst tables."""
    return tuple(_table_row(report, one) for one in digest_tables.worst_tables(report)[:most])


def _table_row(report: Report, table: TableReport) -> MailTable:
    return MailTable(
        name=cut_name(table.name),
        grade=letter(table.grade),
        cost=filters.usd_cell(table.cost.monthly_usd, table.cost.complete),
        largest=digest_tables.largest_cell(table.items),
        findings=_findings(report, table),
    )


def _findings(report: Report, table: TableReport) -> str:
    found = digest.findings_of(report, table)
    if found or not any(row.table == table.name for row in report.not_checked):
        return digest.severity_counts(found)
    return "none seen, not all checked"


def unbroken(amount: str) -> str:
    """An amount that no narrow column breaks between its sign, its number and its unit; a range may be broken after "to"."""
    return (
        amount.replace(" ", NO_BREAK)
        .replace(f"{NO_BREAK}to{NO_BREAK}", " to ")
        .replace(filters.NOT_KNOWN.replace(" ", NO_BREAK), filters.NOT_KNOWN)
    )


def more_in_report(rows: Sequence[object], most: int) -> str:
    return f"and {len(rows) - most:,} more in the full report" if len(rows) > most else ""


# ---------------------------------------------------------------------------------------------------------------- rest


def gate_words(report: Report) -> str:
    """How the gate came out and what it asks for; empty where it asks for nothing and is passed."""
    gate = digest_gate.real_gate(report)
    return "" if gate is None else f"Gate {cut_name(gate.verdict)}: it {digest_gate.held_against(gate)}."


def gate_reasons(report: Report, brief: int) -> tuple[str, ...]:
    """The first reasons why the gate is not passed, and how many more there are."""
    if digest_gate.real_gate(report) is None:
        return ()
    reasons = digest_gate.fails_because(report)
    more = more_in_report(reasons, MOST_REASONS)
    return (*(filters.sentence(cut(reason, brief)) for reason in reasons[:MOST_REASONS]), *([f"{more}."] if more else []))


def not_seen(report: Report, brief: int) -> str:
    """What was not checked, in a line; accounts and regions that could not be read come first."""
    unread = digest.not_read(report.audit)
    scopes = f"Not read: {a_few([cut(one, brief) for one in unread])}. " if unread else ""
    seen = f" {filters.percent(report.overall.coverage)} of the checks could be made." if report.not_checked else ""
    return scopes + digest_gate.unseen_line(report) + seen


def link_words(link: str | None, attached: bool) -> str:
    """What stands before or instead of the link to the full report."""
    if link:
        return "The full report, which is attached too:" if attached else "The full report:"
    return "The full report is attached." if attached else "The full report is with whoever runs stj-audit."


def opens(link: str | None) -> bool:
    """Whether a link may be one to click at: "javascript:" may not, and nobody's mail program knows "s3:"."""
    return link is not None and link.lower().startswith(("https://", "http://"))


def footer(report: Report) -> tuple[str, ...]:
    """Sentences: what made this, of what, when, and with which prices."""
    audit, prices = report.audit, report.costs.prices
    tables = counted(len(report.tables), "table")
    as_of = "of a date that is not known" if prices.as_of is None else f"as of {prices.as_of}"
    again = [filters.sentence(report.judged_again)] if report.judged_again else []
    lines = (
        f"{report.tool.name} {report.tool.version}, run {audit.id}, {filters.at_time(audit.started_at)}.",
        f"{tables} in {digest.regions(audit)}, {digest.accounts(audit)}.",
        f"List prices of {prices.region}, {as_of}; free tier {'subtracted' if report.costs.free_tier else 'not subtracted'}.",
        *again,
    )
    return tuple(cut(line, FOOTER_LENGTH) for line in lines)
