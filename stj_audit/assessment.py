"""The sections of the assessment, in words: what is good, practices, the ladder by user scale, the checklist, the summary, the trust."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from stj_audit.config import CURRENCY_FLOOR_USD, Scale, SizeLines
from stj_audit.cost.capacity_mode import outgrown
from stj_audit.cost.priced_table import PricedTable
from stj_audit.cost.prices import about_age
from stj_audit.cost.workload import Key
from stj_audit.facts import Index, Snapshot, TableFacts, Unknown
from stj_audit.items.told import about_sample
from stj_audit.report import (
    Action,
    Costs,
    Finding,
    GoodPoint,
    NextReview,
    NotChecked,
    Overall,
    Practice,
    Projection,
    Recommendation,
    RecommendationItem,
    Summary,
)
from stj_audit.results import Category, Result, Severity, Status
from stj_audit.wording import a_few, at_least_dollars, count, counted, days_of, dollars, listed, on_date

NOW = "now"
SPARSE_BELOW = Decimal("0.5")  # an index that holds less than half of the items is sparse by design


@dataclass(frozen=True, kw_only=True, slots=True)
class Telling:
    """
    What there is to tell: results and findings at the target, and the overall grade at each user count.

    `results` and `findings` are without what is accepted, `unaccepted` are the results with it. `known` counts what a baseline knows.
    """

    facts: Sequence[TableFacts]
    results: Sequence[Result]
    findings: Sequence[Finding]
    costs: Costs
    graded: Mapping[int, Overall]
    scale: Scale
    not_checked: Sequence[NotChecked]
    unaccepted: Sequence[Result]
    known: int = 0
    is_design: bool = False
    """Whether the tables are not there yet."""

    @property
    def all_checked(self) -> bool:
        """Whether everything that applies was looked at."""
        return not self.not_checked

    @property
    def to_see_more(self) -> str:
        """What to do about what could not be checked."""
        if self.is_design:
            return "Say in stj-audit.toml how the tables are used, or give the missing parameters, and check again"
        return "Allow what could not be checked, and audit again"


def severity_of(finding: Finding) -> Severity:
    return Severity[finding.severity.upper()]


def when(severity: Severity, matters_from_users: int | None, savings: Mapping[str, Decimal] | None, scale: Scale) -> str:
    """
    "now", or before which user count a finding is to be mended.

    A finding that names the count from which it matters waits for it, one that is only about money until it saves more than the
    floor, and one of low severity until the next scale.
    """
    if matters_from_users is not None:
        return before(matters_from_users, scale)
    if severity > Severity.LOW and savings is None:
        return NOW
    if severity > Severity.MEDIUM:
        return NOW
    worth = [int(users) for users, saving in (savings or {}).items() if saving >= CURRENCY_FLOOR_USD]
    if worth:
        return before(min(worth), scale)
    if severity > Severity.LOW:
        return NOW
    later = [users for users in scale.users if users > (scale.users_now or 0)]
    return before(later[0] if later else scale.target_users, scale)


def before(users: int, scale: Scale) -> str:
    """When to mend what binds at `users` users: "now", or "before 10,000 users". Estimates are rounded down to two digits."""
    if scale.users_now is not None and scale.users_now >= users:
        return NOW
    step = 1 if users in (*scale.users, scale.target_users) else 10 ** max(0, len(str(users)) - 2)
    return f"before {count(users // step * step)} users"


def due_at(finding: Finding) -> int:
    """The user count in the finding's `when`; 0 for "now"."""
    return 0 if finding.when == NOW else int(finding.when.split()[1].replace(",", ""))


# ------------------------------------------------------------------------------------------------------------- verdict


def verdict(telling: Telling, where: str) -> str:
    """One sentence on all tables; `where` is their region, or all of them in words."""
    unread = sorted({row.table for row in telling.not_checked if row.table} - {facts.table.title for facts in telling.facts})
    unseen = "not known yet" if telling.is_design else "that could not be read"
    tables = counted(len(telling.facts), "table") + (f" and {len(unread)} {unseen}" if unread else "")
    urgent = {finding.table for finding in telling.findings if finding.when == NOW and severity_of(finding) >= Severity.HIGH}
    soon = {finding.table for finding in telling.findings if severity_of(finding) >= Severity.MEDIUM} - urgent
    target = count(telling.scale.target_users)
    head = f"{tables} in {where}: "
    if telling.graded[telling.scale.target_users].score is None:
        head += f"too little could be checked for a grade at {target} users; "
    if urgent:
        return head + f"{_tables_need(sorted(urgent))} work now"
    if soon:
        return head + f"nothing is urgent, something to improve in {a_few(sorted(soon))}"
    if telling.known:
        seen = "" if telling.all_checked else " in what could be checked"
        nothing = "nothing new is urgent" if telling.findings else "nothing new"
        return head + f"{nothing}{seen}, {counted(telling.known, 'finding')} known from the baseline"
    lows = counted(len(telling.findings), "low finding") if telling.findings else ""
    if not telling.all_checked:
        return head + (f"nothing urgent in what could be checked, {lows}" if lows else "nothing found in what could be checked")
    return head + f"ready for {target} users" + (f"; {lows}" if lows else "")


def _tables_need(tables: Sequence[str]) -> str:
    return f"{a_few(tables)} {'needs' if len(tables) == 1 else 'need'}"


# ---------------------------------------------------------------------------------------------------------------- good


def good(telling: Telling) -> tuple[GoodPoint, ...]:
    """The passed checks that say why, by category; the same sentence about several tables is told once."""
    points = []
    for category in Category:
        tables_by_message: dict[str, list[str]] = {}
        for result in telling.results:
            if result.check.category is category and result.status is Status.PASSED:
                for point in result.goods:
                    tables_by_message.setdefault(point.message, []).append(result.table)
        if tables_by_message:
            messages = tuple(f"{a_few(tables)}: {message}" for message, tables in tables_by_message.items())
            points.append(GoodPoint(category=category.id, title=category.title, messages=messages))
    return tuple(points)


# ----------------------------------------------------------------------------------------------------------- practices

# practice, the codes of the checks that judge it, and how it is told from the facts where no check does
PRACTICES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Use partition keys with high cardinality", ("KEY-01",)),
    ("Avoid hot partitions", ("SCL-02", "CAP-02")),
    ("Use GSIs for alternate access patterns", ()),
    ("Remove indexes that nobody reads", ("COV-05", "COV-07")),
    ("Optimize GSI projections", ("PRJ-02", "PRJ-05")),
    ("Use composite sort keys", ("KEY-08",)),
    ("Keep item size below 400 KB", ("STR-01", "STR-02")),
    ("Use sparse indexes", ()),
    ("Enable PITR backups", ("BKP-01", "BKP-02")),
    ("Protect tables from deletion", ("BKP-05",)),
    ("Let capacity follow the load", ("CAP-04",)),
    ("Keep requests free of throttling", ("CAP-01", "CAP-03")),
    ("Alarm on throttling", ("CAP-12",)),
    ("Expire old data with TTL", ("STR-10",)),
    ("Choose the table class by price", ("CST-02",)),
)


def practices(telling: Telling) -> tuple[Practice, ...]:
    """The best-practice table: each row judged by its checks, or told from the facts."""
    if not telling.facts:
        return tuple(Practice(practice=practice, status="NOT CHECKED", notes="no table could be read") for practice, _ in PRACTICES)
    told: Mapping[str, Callable[[Telling], Practice]] = {
        "Use GSIs for alternate access patterns": _indexes_practice,
        "Use composite sort keys": _composite_practice,
        "Use sparse indexes": _sparse_practice,
    }
    return tuple(
        told[practice](telling) if practice in told else _judged_practice(practice, codes, telling) for practice, codes in PRACTICES
    )


MAX_NOTES = 2


def _judged_practice(practice: str, codes: Sequence[str], telling: Telling) -> Practice:
    # A practice is told as it is: what is accepted, or known, is not therefore good.
    results = [one for one in telling.unaccepted if one.check.code in codes]
    found = [one for one in results if one.status is Status.FOUND]
    unknown = [one for one in results if one.status is Status.UNKNOWN]
    passed = [one for one in results if one.status is Status.PASSED]
    if found:
        worst = max(one.severity or Severity.INFO for one in found)
        status = "BAD" if worst >= Severity.HIGH else "IMPROVE"
        return Practice(practice=practice, status=status, notes="; ".join(_by_title(found)))
    if unknown:
        reasons = "; ".join(sorted({f"{one.table}: {one.reason}" for one in unknown})[:2])
        return Practice(practice=practice, status="NOT CHECKED", notes=reasons)
    if passed:
        messages = [message for one in passed for message in (good.message for good in one.goods)]
        tables = a_few(dict.fromkeys(one.table for one in passed))
        said = list(dict.fromkeys(messages))
        more = [f"and {len(said) - MAX_NOTES} more"] if len(said) > MAX_NOTES else []
        notes = "; ".join([*said[:MAX_NOTES], *more]) or f"nothing found in {tables}"
        return Practice(practice=practice, status="GOOD", notes=notes)
    reason = results[0].reason if results else "no check looks at it"
    return Practice(practice=practice, status="N/A", notes=reason)


def _by_title(found: Sequence[Result]) -> list[str]:
    tables: dict[str, list[str]] = {}
    for one in found:
        tables.setdefault(one.check.title, []).append(one.table)
    return [f"{title}: {a_few(where)}" for title, where in tables.items()]


def _indexes_practice(telling: Telling) -> Practice:
    practice = "Use GSIs for alternate access patterns"
    with_indexes = [(facts.table.title, len(facts.table.global_indexes)) for facts in telling.facts if facts.table.global_indexes]
    if not with_indexes:
        return Practice(practice=practice, status="NOT USED", notes="no table has a global secondary index")
    counts = a_few(f"{counted(number, 'GSI')} on {name}" for name, number in with_indexes)
    seen_from = "their definition" if telling.is_design else "the tables"
    notes = f"{counts}; whether they serve every access pattern cannot be seen from {seen_from}"
    return Practice(practice=practice, status="NOT CHECKED", notes=notes)


def _composite_practice(telling: Telling) -> Practice:
    practice = "Use composite sort keys"
    judged = _judged_practice(practice, ("KEY-08",), telling)
    if judged.status in ("BAD", "IMPROVE", "NOT CHECKED"):
        return judged
    owners = [facts.table.title for facts in telling.facts if facts.table.range_attributes]
    owners += [
        f"{index.name} of {facts.table.title}" for facts in telling.facts for index in facts.table.indexes if index.range_attributes
    ]
    if owners:
        return Practice(practice=practice, status="GOOD", notes=f"in use: {a_few(owners)}")
    return Practice(practice=practice, status="NOT USED", notes="no table or index has a sort key; right for lookups by id alone")


def _sparse_practice(telling: Telling) -> Practice:
    practice = "Use sparse indexes"
    indexes = [(facts, index) for facts in telling.facts for index in facts.table.indexes]
    if not indexes:
        return Practice(practice=practice, status="N/A", notes="no table has an index")
    shares = [(facts, index, _share_held(facts, index)) for facts, index in indexes]
    sparse = [
        f"{index.name} of {facts.table.title} holds {share:.0%} of the items" for facts, index, share in shares if _sparse(share)
    ]
    if sparse:
        return Practice(practice=practice, status="GOOD", notes=a_few(sparse))
    if any(share is None for _, _, share in shares):
        return Practice(practice=practice, status="NOT CHECKED", notes="the number of index entries is not known")
    return Practice(
        practice=practice, status="NOT USED", notes="every index holds most items; right if most are queried through it"
    )


def _sparse(share: Decimal | None) -> bool:
    return share is not None and share < SPARSE_BELOW


def _share_held(facts: TableFacts, index: Index) -> Decimal | None:
    if not isinstance(facts.items, Unknown) and facts.items.scanned:
        entries = facts.items.index_entries(index.name)
        if entries is not None:
            return Decimal(entries.entries) / facts.items.scanned
    if index.item_count is None or not facts.table.item_count:
        return None
    return Decimal(index.item_count) / facts.table.item_count


# ------------------------------------------------------------------------------------------- recommendations and actions


def recommendations(telling: Telling) -> tuple[Recommendation, ...]:
    """The ladder: what is due now, and before each user count above today's."""
    scale = telling.scale
    rungs = [users for users in scale.users if scale.users_now is None or users > scale.users_now]
    first = scale.users_now if scale.users_now is not None else 0
    ladder = []
    done = -1
    for users in (first, *(rung for rung in rungs if rung != first)):
        due = [finding for finding in telling.findings if done < due_at(finding) <= users]
        done = users
        ladder.append(Recommendation(users=users, status=_rung_status(telling, users, due), items=_items(due, users)))
    return tuple(ladder)


def _items(due: Sequence[Finding], users: int) -> tuple[RecommendationItem, ...]:
    return tuple(
        RecommendationItem(
            text=f"{finding.fix} ({_where(finding)})",
            severity=finding.severity,
            finding=finding.id,
            saving_usd_month=(finding.saving_usd_month or {}).get(str(users)),
            saving_is_bound=finding.saving_is_bound,
        )
        for finding in due
    )


def _where(finding: Finding) -> str:
    return f"{finding.table}, index {finding.index}" if finding.index else finding.table


def _rung_status(telling: Telling, users: int, due: Sequence[Finding]) -> str:
    overall = telling.graded.get(users)
    grade = f"grade {overall.grade}" if overall is not None else ""
    projection = _projection(telling.costs, users)
    money = ""
    if projection is not None and projection.monthly_usd is not None:
        money = f"{_amount(projection.monthly_usd, complete=projection.complete)} a month"
    if due:
        worst = max(severity_of(finding) for finding in due)
        work = f"{counted(len(due), 'thing')} to do" + (", the first of them soon" if worst >= Severity.HIGH else "")
    elif telling.known:
        work = "nothing new to do"
    elif telling.findings and telling.all_checked:
        work = "nothing more to do"
    elif telling.findings:
        work = "nothing more found in what could be checked"
    elif telling.all_checked:
        work = "no changes needed"
    else:
        work = "nothing found in what could be checked"
    return "; ".join(part for part in (work, grade, money) if part)


def _projection(costs: Costs, users: int) -> Projection | None:
    return next((one for one in costs.projections if one.users == users), None)


def actions(telling: Telling, review: NextReview) -> tuple[Action, ...]:
    """The checklist, by when: the findings, and what to look at again, at the latest at the next review."""
    found = [
        Action(when=finding.when, finding=finding.id, text=f"{finding.title}: {finding.fix} ({_where(finding)})", done=False)
        for finding in sorted(telling.findings, key=due_at)
    ]
    if any(row.call != "dynamodb:Scan" for row in telling.not_checked):
        found.append(Action(when=NOW, finding=None, text=telling.to_see_more, done=False))
    later = before(review.at_users or telling.scale.target_users, telling.scale)
    if later != NOW:
        text = "Audit the tables once they are deployed" if telling.is_design else f"Audit again by {on_date(review.date)}"
        found.append(Action(when=later, finding=None, text=f"{text}: item sizes, throttles, cost", done=False))
    return tuple(sorted(found, key=lambda one: 0 if one.when == NOW else int(one.when.split()[1].replace(",", ""))))


# -------------------------------------------------------------------------------------------------------------- summary

MAX_SUMMARY_LINES = 6
SMALL_USD = Decimal("0.10")  # below it two significant digits say more than cents


def summary(telling: Telling) -> Summary:
    """Strengths, improvements and cost efficiency, a line each."""
    strengths = [message for point in good(telling) for message in point.messages[:1]]
    improvements = [f"{finding.title}: {_where(finding)} ({finding.when})" for finding in telling.findings]
    return Summary(
        strengths=tuple(strengths[:MAX_SUMMARY_LINES]),
        improvements=tuple(improvements[:MAX_SUMMARY_LINES]),
        cost_efficiency=tuple(_cost_lines(telling)),
    )


def _cost_lines(telling: Telling) -> list[str]:
    costs, target = telling.costs, telling.scale.target_users
    now = costs.current
    when = "Once deployed" if telling.is_design else "Now"
    known = "not known" if now.monthly_usd is None else f"{_amount(now.monthly_usd, complete=now.complete)} a month"
    lines = [f"{when}: {known}"]
    projection = _projection(costs, target)
    if projection is None or projection.monthly_usd is None:
        return [*lines, f"At {count(target)} users: not known"]
    lines.append(f"At {count(target)} users: {_amount(projection.monthly_usd, complete=projection.complete)} a month")
    if projection.per_user_usd is not None:
        each = projection.per_user_usd
        shown = dollars(each) if each >= SMALL_USD or not each else f"${Decimal(f'{each:.1e}'):f}"
        lines.append(f"Per user: {'' if projection.complete else 'at least '}{shown} a month")
    if projection.avoidable_at_most_usd:
        sure, at_most = projection.avoidable_usd or Decimal(0), projection.avoidable_at_most_usd
        amount = _amount(at_most, complete=projection.complete)
        if dollars(sure) != dollars(at_most):
            amount = f"{dollars(sure)} to {amount}"
        lines.append(f"Avoidable: {amount} a month, of what the findings price")
    return lines


def _amount(amount_usd: Decimal, *, complete: bool) -> str:
    return dollars(amount_usd) if complete else at_least_dollars(amount_usd)


# ---------------------------------------------------------------------------------------------------------------- trust


def assumptions(tables: Sequence[PricedTable], scale: Scale, users_source: str, *, free_tier: bool) -> tuple[str, ...]:
    """What the cost figures rest on."""
    lines = ["1 GB is 2^30 bytes, a month is 730 hours, and prices are list prices before discounts, credits and tax"]
    if any(one.facts.table.defined_in is not None for one in tables):
        lines.append("every size and request is as declared, and every setting as defined: nothing was measured")
    elif scale.users_now is None:
        why = f" ({users_source})" if users_source else ""
        lines.append(
            f"today's users are not known{why}, so measured use cannot be scaled: give --users-now, or name [model] users_table"
        )
    else:
        lines.append(f"users now: {count(scale.users_now)} ({users_source}); what was measured grows in step with the users")
    lines += _about_requests(tables)
    lines += _about_declared(tables)
    provisioned = [one for one in tables if one.projected.provisioned]
    moves = {one.name: {_follows(one, key) for key in one.projected.capacity} for one in provisioned}
    followed = [name for name, whether in moves.items() if whether == {True}]
    partly = [name for name, whether in moves.items() if whether == {True, False}]
    fixed = [name for name, whether in moves.items() if True not in whether]
    if followed:
        lines.append(
            f"provisioned capacity follows the load as auto scaling would set it, replayed over the measured hours: {a_few(followed)}"
        )
    if partly:
        lines.append(
            "what auto scaling moves of the provisioned capacity follows the load, replayed over the measured hours, and the rest is priced "
            f"as it is now at every user count: {a_few(partly)}"
        )
    if fixed:
        as_it_is = "as it is defined" if any(one.facts.table.defined_in is not None for one in tables) else "as it is now"
        lines.append(f"provisioned capacity is priced {as_it_is} at every user count, it does not follow the users: {a_few(fixed)}")
    most = max(scale.users)
    small = [one.name for one in provisioned if outgrown(one.at(most))]
    if small:
        lines.append(f"the requests to {a_few(small)} are more than that capacity serves at {counted(most, 'user')}")
    global_tables = [one.name for one in tables if one.today.replicas]
    if global_tables:
        lines.append(
            f"each replica of {a_few(global_tables)} is priced in its own region by the bundled list, with the writes that were seen here; "
            "its reads, its backups and the transfer between regions are not included"
        )
    whole = "each account and region" if any(one.facts.table.scope for one in tables) else "all tables"
    lines.append(
        "storage includes the 100 bytes that AWS bills for each item and each index entry; the free tier is "
        f"{f'subtracted, once for {whole}' if free_tier else 'not subtracted'}; exports, AWS Backup, data transfer and CloudWatch's "
        "other prices are not included"
    )
    return tuple(lines)


def _follows(one: PricedTable, key: Key) -> bool:
    """Whether the replay of auto scaling moves the capacity of one key."""
    return one.projected.capacity[key].policy is not None and key in one.projected.series


def _about_requests(tables: Sequence[PricedTable]) -> list[str]:
    lines = []
    measured = [one for one in tables if not isinstance(one.facts.traffic, Unknown)]
    days = sorted({one.facts.traffic.covered_days for one in measured if not isinstance(one.facts.traffic, Unknown)})
    if days:
        least, most = days_of(days[0]), days_of(days[-1])
        covered = most if least == most else f"{least.removesuffix(' days')} to {most}"
        blind = [one.name for one in measured if not one.model.pattern]
        seen = f"; what grows faster than the users is not seen without declared patterns: {a_few(blind)}" if blind else ""
        lines.append(f"requests are CloudWatch's consumed units over {covered}, scaled to a month{seen}")
    plain = [one for one in tables if isinstance(one.facts.traffic, Unknown) and not one.model.pattern]
    declared = [one.name for one in plain if (one.model.reads_per_user_day, one.model.writes_per_user_day) != (None, None)]
    if declared:
        days_a_month = tables[0].config.model.days
        lines.append(
            f"requests to {a_few(declared)} are declared per user and day, not measured: a month has {days_a_month} days, reads are "
            "eventually consistent and of a mean item, and each write touches every index that projects ALL, and no other"
        )
    patterned = [one for one in tables if one.model.pattern]
    held = [one.name for one in patterned if any(calibration.factor is not None for calibration in one.calibrations)]
    bare = [one.name for one in patterned if one.name not in held]
    stand_ins = [one.name for one in patterned if any(calibration.note for calibration in one.calibrations)]
    days_a_month = tables[0].config.model.days if tables else 0
    if held:
        lines.append(
            f"requests to {a_few(held)} are those of the declared patterns, multiplied by what CloudWatch measured of them"
        )
    if bare:
        lines.append(
            f"requests to {a_few(bare)} are those of the declared patterns, for a month of {days_a_month} days, and no factor was measured"
        )
    if stand_ins:
        lines.append(f"where patterns and measurement do not meet, the calibration says what was taken: {a_few(stand_ins)}")
    sized = [one.name for one in tables if one.model.item_bytes is not None and not one.model.pattern]
    if sized:
        lines.append(f"the declared item size changes the storage of {a_few(sized)}, and not its measured requests")
    wrong = [one for table in tables for one in table.calibrations if one.factor is not None and not one.in_range]
    lines.extend(
        f"the patterns of {one.table} do not fit: measured {one.what} of {'the table' if one.index is None else one.index} are "
        f"{count(one.factor or 0)} times what is declared, so calls or patterns are missing or wrong"
        for one in wrong
    )
    guessed = [one.name for one in tables if any(store.basis == "assumed" for store in one.today.stores)]
    if guessed:
        lines.append(
            f"sizes that DescribeTable does not state are taken from a sample, of a table or of indexes of it: {a_few(guessed)}"
        )
    streams = [one.name for one in tables if any(other.free for other in one.today.others)]
    if streams:
        lines.append(f"reads of the streams of {a_few(streams)} are taken for those of Lambda triggers, which AWS does not bill")
    return lines


def _about_declared(tables: Sequence[PricedTable]) -> list[str]:
    lines = []
    fixed = [one.name for one in tables if one.model.items is not None]
    if fixed:
        lines.append(f"declared not to grow with the users, but for the requests: {a_few(fixed)}")
    audited = {name for one in tables for name in (one.facts.table.name, one.name)}
    unused = [name for name in (tables[0].config.tables if tables else ()) if name not in audited]
    if unused:
        lines.append(f"declared in the configuration, but not among the tables of this audit: {a_few(unused)}")
    return lines


def trust(telling: Telling, snapshot: Snapshot, *, max_price_age_months: int, size_lines: SizeLines) -> tuple[str, ...]:
    """
    How far to trust the report: what was read, what was not, how old the prices are, what the audit took; and of each table of which a sample
    was read, what that cannot show.
    """
    if snapshot.templates:
        return tuple(_about_design(telling, snapshot, max_price_age_months))
    made = sum(one.status in (Status.FOUND, Status.PASSED) for one in telling.results)
    applicable = sum(one.status is not Status.NOT_APPLICABLE for one in telling.results)
    lines = [f"{count(made)} of {counted(applicable, 'applicable check')} could be made"]
    whole = [one for one in telling.facts if not isinstance(one.items, Unknown) and one.items.coverage == "full"]
    items = sum(one.items.scanned for one in whole if not isinstance(one.items, Unknown))
    lines.append(
        f"every item of {len(whole)} of {counted(len(telling.facts), 'table')} was read: {counted(items, 'item')}, sizes exact to the byte"
    )
    if whole:
        lines.append(
            "a table that is written to while it is read has no single state: items changed during or after the audit are not covered"
        )
    lines += [
        about_sample(one.table, one.items, size_lines.warn_bytes)
        for one in telling.facts
        if not isinstance(one.items, Unknown) and one.items.coverage == "sample"
    ]
    lines += [f"{scope.key} was not read: {scope.not_read.reason}" for scope in snapshot.scopes if scope.not_read]
    lines += _about_prices(telling, snapshot, max_price_age_months)
    lines.append(
        f"the audit made {counted(snapshot.api_calls, 'API call')}, consumed {count(snapshot.read_units)} read units, and wrote nothing"
    )
    return tuple(lines)


def _about_prices(telling: Telling, snapshot: Snapshot, max_price_age_months: int) -> list[str]:
    prices = telling.costs.prices
    if prices.as_of is None:
        if not snapshot.tables:
            return []  # then none was looked for
        return [f"no prices are known for {prices.region}: nothing could be priced"]
    old = about_age(prices.as_of, today=snapshot.finished_at.date(), max_age_months=max_price_age_months)
    told = f"prices of {prices.region}, the oldest of those used confirmed in {prices.as_of}: {prices.source}"
    return [told] if old is None else [told, old]


def _about_design(telling: Telling, snapshot: Snapshot, max_price_age_months: int) -> Iterator[str]:
    """How far to trust a report on tables that are not there yet."""
    made = sum(one.status in (Status.FOUND, Status.PASSED) for one in telling.results)
    applicable = sum(one.status is not Status.NOT_APPLICABLE for one in telling.results)
    yield (
        f"this is a design, as it is defined in {listed(snapshot.templates)}: nothing is deployed yet, and there are no items, no traffic "
        "and no backups to look at"
    )
    yield f"{count(made)} of {counted(applicable, 'check')} that a design allows could be made; all other checks need the tables themselves"
    yield from snapshot.notes
    yield from _about_prices(telling, snapshot, max_price_age_months)
    yield "no call to AWS was made for it"
