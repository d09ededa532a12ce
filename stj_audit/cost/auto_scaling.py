"""
What DynamoDB auto scaling would have provisioned for a load that was measured: a replay, minute by minute, in exact numbers.

One series of consumed units goes in (the reads, or the writes, of a table or of one index); hours of provisioned capacity come out,
and the units that would have been throttled. Nothing is priced here.

    rule                                                                   source
    raised when more than the target is consumed, 2 minutes in a row       developer guide, "Managing throughput capacity
                                                                             automatically with DynamoDB auto scaling"
    lowered when less than the target less 20 percent is consumed,         the guide ("15 consecutive data points"); re:Post,
      15 minutes in a row; percentage points, so below 50 % for 70 %         "dynamodb-auto-scaling": 50 of 100 units for 70 %
    a load on either line is no alarm                                      alarms of real tables, see below
    the new capacity brings the load to the target, rounded up             "at or near your target"; the algorithm is AWS's own
    a change is there a minute after its alarm                             at its best: the guide has "several minutes"
    between two changes no other time need pass                            API reference of Application Auto Scaling: cooldowns
                                                                             of DynamoDB are 0 unless set
    in a day (UTC) up to 4 decreases within the hour that the first        developer guide, "Service, account, and table quotas"
      one begins, then 1 whenever the hour before had none: 27 at most
    unused capacity of 300 seconds is kept, and serves what is over        developer guide, "DynamoDB burst and adaptive capacity"

Alarms of real tables, units a minute: > 42 and < 30 for 1 unit and a target of 70, > 30 and < 18 for a target of 50 (Terraform
exports in public repositories); < 360 for 12 units (aws-solutions/instance-scheduler-on-aws issue 13).

What the documentation leaves open is decided here, and is the same in every replay:

- The capacity at the start is right for the first period, and nothing is saved up from before.
- Alarms see the load, also what of it is throttled. CloudWatch counts only what was served, so a real table climbs more slowly once
  it throttles; where nothing is throttled it makes no difference.
- While a change is under way no minute counts for an alarm, and after it both alarms count anew, as their thresholds are new.
- A decrease that the daily limit holds back is made in the first minute that allows it, if the load is still low, for the load of
  that minute.
- What is throttled is gone. It is not served later, although clients do retry.

What a replay cannot know: peaks within a period, whose load is taken as constant (an hourly row hides every spike in it); hot
partitions, as capacity is taken as one pool; burst capacity that DynamoDB uses for itself; cooldowns, schedules and quotas that an
account has set; decreases that reads and writes of one table use up for each other, as each series is replayed as if the limit were
its own; and alarms that never fire because an idle table sends no datapoint, as a period without one counts as 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from stj_audit.cost.lines import HOURS_PER_MONTH

SECONDS_PER_MINUTE = 60
MINUTES_PER_HOUR = 60
MINUTES_PER_DAY = 1_440

TARGET_PERCENT = 70  # AWS's default for DynamoDB
MIN_TARGET_PERCENT = 20  # the guide: "between 20 and 90 percent"
MAX_TARGET_PERCENT = 90
HIGH_MINUTES = 2
LOW_MINUTES = 15
LOW_POINTS = 20  # below the target; a target of 20 is never lowered, as nothing is below 0
EFFECT_MINUTES = 1  # from the alarm to the new capacity; at its best, see above
BURST_SECONDS = 300
DECREASES_AT_ONCE = 4
DECREASE_WAIT_MINUTES = 60  # also the time in which the 4 have to be made; older texts give them at "any time" of the day
# The two make the 27 a day by themselves: at most 4 in the first hour, and then at most 1 for each of the 23 that are left.


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """A target tracking policy and its bounds; the defaults are those of AWS's examples, and the quota of a table."""

    target_percent: int = TARGET_PERCENT
    min_units: int = 1
    max_units: int = 40_000  # "Service, account, and table quotas": reads or writes of a table, unless raised

    def __post_init__(self) -> None:
        if not MIN_TARGET_PERCENT <= self.target_percent <= MAX_TARGET_PERCENT:
            raise ValueError(f"a target is {MIN_TARGET_PERCENT} to {MAX_TARGET_PERCENT} percent, not {self.target_percent}")
        if not 1 <= self.min_units <= self.max_units:
            raise ValueError(f"capacity is at least 1 unit and no more than its maximum, not {self.min_units} to {self.max_units}")


DEFAULT_POLICY = Policy()


@dataclass(frozen=True, kw_only=True, slots=True)
class Replay:
    """What auto scaling would have done with a series."""

    unit_hours: Decimal
    """Provisioned capacity over the replayed time, by the minute."""
    hours: Decimal
    """The replayed time."""
    throttled_units: Decimal
    """Consumption that neither the provisioned nor the burst capacity could have served."""
    peak_units: int
    """The highest provisioned capacity."""
    decreases: int

    @property
    def unit_hours_a_month(self) -> Decimal:
        """By the time that was replayed, not by the time that was asked for."""
        return self.unit_hours * HOURS_PER_MONTH / self.hours


def replay(
    series: Sequence[int],
    period_seconds: int,
    *,
    policy: Policy = DEFAULT_POLICY,
    scale: int | Decimal | Fraction = 1,
    first_minute: int = 0,
) -> Replay:
    """
    The replay of `series`, the units consumed in each period of `period_seconds` (60, 300, 3600: whole minutes), oldest first.

    Every period is multiplied by `scale`, the traffic at another user count. `first_minute` is the minute of the day (UTC) at which
    the series begins, which matters for the daily limit of decreases only. Raises ValueError for a series without a period, whose
    month nobody can know, and for what cannot be: a negative number, a period that is not whole minutes.
    """
    if not series or min(series) < 0:
        raise ValueError("a series is units of at least one period, none of them negative")
    if period_seconds <= 0 or period_seconds % SECONDS_PER_MINUTE:
        raise ValueError(f"a period is whole minutes, not {period_seconds} seconds")
    if not 0 <= first_minute < MINUTES_PER_DAY:
        raise ValueError(f"a day has minutes 0 to {MINUTES_PER_DAY - 1}, not {first_minute}")
    ratio = Fraction(scale)
    if ratio < 0:
        raise ValueError(f"traffic cannot be scaled by {scale}")
    minutes = period_seconds // SECONDS_PER_MINUTE
    factor = ratio.numerator
    table = _Table(policy, ratio.denominator * minutes, first_minute)
    table.begin(series[0] * factor)
    for units in series:
        table.run(units * factor, minutes)
    return table.replayed(len(series) * minutes)


class _Table:
    """
    A table at a minute.

    Loads and capacities are whole numbers of grains, which are so small a part of a unit that the load of a minute is one, at any
    scale: nothing is rounded before the end. Time goes in strides to the next minute in which something may happen, because as long
    as load and capacity stay the same, many minutes do to the burst capacity what one does, times their number.
    """

    __slots__ = (
        "above",
        "below",
        "burst",
        "day",
        "day_decreases",
        "day_first",
        "day_last",
        "decreases",
        "due",
        "grain",
        "high_line",
        "low_line",
        "minute_grains",
        "now",
        "ordered",
        "peak",
        "policy",
        "throttled",
        "unit_minutes",
        "units",
    )

    def __init__(self, policy: Policy, grain: int, first_minute: int) -> None:
        self.policy = policy
        self.grain = grain
        self.minute_grains = grain * SECONDS_PER_MINUTE  # what one unit of capacity serves in a minute
        self.high_line = self.minute_grains * policy.target_percent  # of one unit, against a hundred times the load
        self.low_line = self.minute_grains * (policy.target_percent - LOW_POINTS)
        self.now = first_minute
        self.units = self.peak = policy.min_units
        self.unit_minutes = 0
        self.burst = self.throttled = 0
        self.above = self.below = 0  # minutes in a row
        self.ordered = self.due = 0  # a change under way, and the minute it takes effect; 0 is none
        self.decreases = 0
        self.day = -1  # of the last decrease
        self.day_decreases = self.day_first = self.day_last = 0

    def begin(self, load: int) -> None:
        self.units = self.peak = self._wanted(load)

    def run(self, load: int, minutes: int) -> None:
        """`minutes` of one load."""
        wanted = self._wanted(load)
        end = self.now + minutes
        while self.now < end:
            if self.due:
                self._serve(load, min(end, self.due))
                if self.now == self.due:
                    self._take_effect()
            elif wanted > self.units:  # the load is over the target, and there is capacity to be had
                self._run_high(load, wanted, end)
            elif load * 100 < self.low_line * self.units:
                self._run_low(load, wanted, end)
            else:
                self.above = self.below = 0
                self._serve(load, end)

    def replayed(self, minutes: int) -> Replay:
        return Replay(
            unit_hours=Decimal(self.unit_minutes) / MINUTES_PER_HOUR,
            hours=Decimal(minutes) / MINUTES_PER_HOUR,
            throttled_units=Decimal(self.throttled) / self.grain,
            peak_units=self.peak,
            decreases=self.decreases,
        )

    def _wanted(self, load: int) -> int:
        return min(max(-(-load * 100 // self.high_line), self.policy.min_units), self.policy.max_units)

    def _run_high(self, load: int, wanted: int, end: int) -> None:
        until = min(end, self.now + HIGH_MINUTES - self.above)
        self.below = 0
        self.above += until - self.now
        self._serve(load, until)
        if self.above == HIGH_MINUTES:
            self._order(wanted)

    def _run_low(self, load: int, wanted: int, end: int) -> None:
        """A low load counts also where rounding up, or the minimum, leaves nothing to lower: the alarm is on, and waits."""
        fires = end + 1
        if wanted < self.units:
            fires = self._decrease_from(self.now + max(LOW_MINUTES - self.below, 1))
        until = min(end, fires)
        self.above = 0
        self.below += until - self.now
        self._serve(load, until)
        if until == fires:
            self._count_decrease()
            self._order(wanted)

    def _serve(self, load: int, until: int) -> None:
        minutes = until - self.now
        self.now = until
        self.unit_minutes += self.units * minutes
        self.burst += (self.minute_grains * self.units - load) * minutes
        if self.burst < 0:
            self.throttled -= self.burst
            self.burst = 0
        else:
            self._cut_burst()

    def _cut_burst(self) -> None:
        self.burst = min(self.burst, self.grain * BURST_SECONDS * self.units)

    def _order(self, units: int) -> None:
        self.ordered = units
        self.due = self.now + EFFECT_MINUTES

    def _take_effect(self) -> None:
        self.units = self.ordered
        self.peak = max(self.peak, self.units)
        self._cut_burst()
        self.ordered = self.due = self.above = self.below = 0

    def _decrease_from(self, minute: int) -> int:
        """The first minute, `minute` or later, that the daily limit allows a decrease in."""
        if self.day_decreases < DECREASES_AT_ONCE and minute < self.day_first + DECREASE_WAIT_MINUTES:
            return minute
        next_day = (self.day + 1) * MINUTES_PER_DAY  # gives four anew
        return max(minute, min(self.day_last + DECREASE_WAIT_MINUTES, next_day))

    def _count_decrease(self) -> None:
        self.decreases += 1
        day = self.now // MINUTES_PER_DAY
        if day != self.day:
            self.day, self.day_first, self.day_decreases = day, self.now, 0
        self.day_decreases += 1
        self.day_last = self.now
