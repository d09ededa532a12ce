"""
The peak of the requests at any user count, and from how many users on a limit binds.

The peak is the mean of a month's units a second, times the peak factor of the audit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from stj_audit.config import MAX_USERS
from stj_audit.cost.bill import TableBill
from stj_audit.cost.lines import HOURS_PER_MONTH
from stj_audit.cost.workload import Key, Kind, Workload, request_units, varies
from stj_audit.facts import Unknown
from stj_audit.wording import counted, resource

SECONDS_PER_MONTH = HOURS_PER_MONTH * 3_600
UNIT_DIGITS = 6  # of a month's units: what 30 days say of a month is divided, and the rest of a division must not outgrow a limit


@dataclass(frozen=True, kw_only=True, slots=True)
class Outgrown:
    """A limit that the peak is above. `users`: from how many on; None: today already, or nobody knows."""

    kind: Kind
    limit: int
    peak: Fraction
    users: int | None


def peak_a_second(workload: Workload, key: Key, users: int | None, peak_factor: int) -> Fraction | None:
    """Request units a second at the peak, with `users` users (None: today); None: not known."""
    units = request_units(workload, key, users)
    return None if units is None else Fraction(round(units, UNIT_DIGITS)) / SECONDS_PER_MONTH * peak_factor


def users_above(workload: Workload, key: Key, limit: Fraction | int, *, users: int | None, peak_factor: int) -> int | None:
    """From how many users on the peak is above `limit`; None: it is today, never is, or nobody knows how many users there are."""
    today = peak_a_second(workload, key, None, peak_factor)
    if users is None or (today is not None and today > limit):
        return None
    return binds_from(workload, key, limit, peak_factor)


def binds_from(workload: Workload, key: Key, limit: Fraction | int, peak_factor: int) -> int | None:
    """From how many users on the peak is above `limit`, however many there are today; None: never, or not known."""
    none, one = (peak_a_second(workload, key, users, peak_factor) for users in (0, 1))
    if none is None or one is None:
        return None

    def binds(users: int) -> bool:
        return (peak_a_second(workload, key, users, peak_factor) or 0) > limit

    if one > none and not varies(workload, key):
        # in step with the users: where the line crosses the limit, give or take the digits that units are rounded to
        near = max(floor((limit - none) / (one - none)), 0)
        found = next((users for users in range(max(near, 1), near + 3) if binds(users)), None)
        if found is not None:
            return found if found <= MAX_USERS and (found == 1 or not binds(found - 1)) else first_users(binds)
    return first_users(binds) if binds(MAX_USERS) else None


def first_of(found: Sequence[Outgrown]) -> int | None:
    """The least user count of several; None where one needs no more users than there are."""
    users = [one.users for one in found if one.users is not None]
    return min(users) if len(users) == len(found) else None


def at_users(bill: TableBill) -> str:
    """ " of 10,000 users", whose peak it is; nothing where it is today's."""
    return "" if bill.users is None else f" of {counted(bill.users, 'user')}"


def peak_not_known(key: Key, bill: TableBill) -> Unknown:
    """That the peak of one kind of request could not be worked out."""
    index, kind = key
    return Unknown(call="cloudwatch:GetMetricData", reason=f"the peak{at_users(bill)} in {kind} of {resource(index)} is not known")


def first_users(holds: Callable[[int], bool]) -> int | None:
    """The smallest number of users for which something holds that goes on to hold for more; None: never."""
    if not holds(MAX_USERS):
        return None
    low, high = 0, MAX_USERS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
