"""What a page shows of the trend: the runs that are kept, growth in a month, and when the largest item reaches a line, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from stj_audit import wording
from stj_audit.render import digest, filters
from stj_audit.report import Forecast, TableTrend, Trend, TrendRun
from stj_audit.wording import counted

TOO_EARLY = "too early"


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRow:
    """One run as cells; the newest is the last."""

    date: str
    grade: str
    score: str
    cost: str
    cost_at_target: str
    items: str
    size: str
    findings: str


def run_rows(trend: Trend) -> tuple[RunRow, ...]:
    target = trend.runs[-1].target_users
    days = {run.started_at.date() for run in trend.runs}
    form = "%Y-%m-%d" if len(days) == len(trend.runs) else "%Y-%m-%d %H:%M"
    return tuple(_run_row(run, target, form) for run in trend.runs)


def _run_row(run: TrendRun, target_users: int, form: str) -> RunRow:
    at_target = filters.usd_cell(run.cost_at_target_usd, run.cost_at_target_complete)
    return RunRow(
        date=run.started_at.strftime(form),
        grade=run.grade,
        score=filters.NOT_KNOWN if run.score is None else f"{run.score:.0f}",
        cost=filters.usd_cell(run.cost_usd, run.cost_complete),
        cost_at_target=at_target if run.target_users == target_users else f"at {filters.users(run.target_users)}: {at_target}",
        items=filters.count(run.items),
        size=filters.size(run.size_bytes),
        findings=f"{run.findings:,}",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class GrowthRow:
    """One table as cells."""

    table: str
    runs: str
    items: str
    size: str
    largest: str


def growth_rows(trend: Trend) -> tuple[GrowthRow, ...]:
    """How tables grow in a month; none where it is too early for all of them."""
    if trend.too_early is not None:
        return ()
    return tuple(
        GrowthRow(
            table=one.table,
            runs=f"{one.runs}",
            items=_unknown(one) if one.items_per_month is None else _signed(one.items_per_month),
            size=_unknown(one) if one.bytes_per_month is None else signed_size(one.bytes_per_month),
            largest=_unknown(one) if one.largest_bytes_per_month is None else signed_size(one.largest_bytes_per_month),
        )
        for one in trend.tables
    )


def _unknown(one: TableTrend) -> str:
    return TOO_EARLY if any(forecast.state == "too early" for forecast in one.forecasts) else filters.NOT_KNOWN


def _signed(number: float) -> str:
    words = wording.count(Decimal(abs(number)))
    return words if words == "0" else f"{'+' if number > 0 else '-'}{words}"


def signed_size(size_bytes: float) -> str:
    """ "+1.2 GB", "-3.0 KB", "0 B"."""
    words = wording.size(abs(size_bytes))
    return words if words == "0 B" else f"{'+' if size_bytes > 0 else '-'}{words}"


def cost_growth(trend: Trend) -> str:
    """What a month costs more or less with every month; empty where it is too early to say."""
    parts = [
        (trend.cost_usd_per_month, "now"),
        (trend.cost_at_target_usd_per_month, f"at {filters.users(trend.runs[-1].target_users)}"),
    ]
    words = [f"what a month costs {when} {_moves(amount)}" for amount, when in parts if amount is not None]
    return digest.capital(f"{'; '.join(words)}.") if words else ""


def _moves(amount: Decimal) -> str:
    if amount == 0:
        return "stays the same"
    return f"{'grows' if amount > 0 else 'falls'} by {filters.usd(abs(amount))} each month"


def trend_notes(trend: Trend) -> tuple[str, ...]:
    """What there is to say of all of it, as sentences."""
    early = [] if trend.too_early is None else [f"Growth, and when items reach a size: {trend.too_early}."]
    about = "A line through the runs, by least squares; a month is 730 hours. Dates hold as long as tables grow as they did."
    return (*early, *([] if early else [about]), *(filters.sentence(digest.capital(note)) for note in trend.notes))


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """What is to be said of the largest item of one table."""

    table: str
    words: str


def outlooks(trend: Trend) -> tuple[Outlook, ...]:
    """When the largest item of each table reaches 300 and 400 KB; none where it is too early for all of them."""
    if trend.too_early is not None:
        return ()
    return tuple(Outlook(table=one.table, words=_outlook(one)) for one in trend.tables)


def _outlook(one: TableTrend) -> str:
    alike = {(forecast.state, forecast.earliest) for forecast in one.forecasts}
    together = len(alike) == 1 and all(forecast.expected is None for forecast in one.forecasts)
    groups = [one.forecasts] if together else [(forecast,) for forecast in one.forecasts]
    words = "; ".join(_told(group) for group in groups)
    now = "" if one.largest_bytes is None else f" (now {wording.kilobytes(one.largest_bytes)})"
    return f"the largest item{now} {words}{_sampled(one)}."


def _told(forecasts: Sequence[Forecast]) -> str:
    first = forecasts[0]
    lines = " and ".join(_line(forecast.line_bytes) for forecast in forecasts)
    either = lines.replace(" and ", " or ")
    if first.expected is not None:
        return f"reaches {lines} {_when(first)}"
    told = {
        "reached": f"had reached {lines} {first.because}" if first.because else f"has reached {lines}",
        "never": f"does not grow, and so never reaches {either}",
        "unsure": f"does not grow as far as can be told, and reaches {either} not before {filters.on_date(first.earliest)}, if ever",
        "far": f"does not reach {either} within 20 years at this growth",
    }
    return told.get(first.state, f"reaches {either} at a time that is not known: {first.because}")


def _when(forecast: Forecast) -> str:
    expected, earliest, latest = (filters.on_date(one) for one in (forecast.expected, forecast.earliest, forecast.latest))
    if forecast.latest is None:
        return f"about {expected}, not before {earliest}, and maybe never: that it grows is not sure"
    if earliest == latest:
        return f"on {expected}, if it grows as evenly as it did"
    return f"about {expected}, between {earliest} and {latest} (95 %)"


def _sampled(one: TableTrend) -> str:
    if not one.sampled_runs:
        return ""
    sooner = ", and the date sooner" if any(forecast.expected for forecast in one.forecasts) else ""
    return f"; {counted(one.sampled_runs, 'run')} of {one.runs} read a sample only, so that it may be larger{sooner}"


def _line(line_bytes: int) -> str:
    return wording.kilobytes(line_bytes).replace(".0 KB", " KB")
