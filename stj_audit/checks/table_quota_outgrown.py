"""
An account's quota lets a table, and each of its global indexes by itself, take 40,000 read and 40,000 write units a second. Above it requests
are throttled, on demand too. AWS raises the quota when asked, which takes days: so it is to be known before it is needed.

What is compared: the peak at the number of users that is judged, which is the mean of the month's units a second times the peak factor, with
the account's quota. Where Service Quotas does not tell it, AWS's default is taken, and named so. It is told from 80 % on, with the number of
users at which the quota binds.

Wrong where AWS's default is taken although the quota was raised; and for a global table whose quota differs in another region.
Source: AWS developer guide, "Service, account, and table quotas in Amazon DynamoDB"; Service Quotas, L-CF0CBE56 and L-AB614373.

Fix: ask for a higher quota in time, and look for a cheaper way to read or write as much.
"""

import shlex
from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import ceil

from stj_audit.checks import check
from stj_audit.commands import option
from stj_audit.config import Scale
from stj_audit.cost.bill import TableBill
from stj_audit.cost.peaks import Outgrown, at_users, binds_from, first_of, peak_a_second, peak_not_known, users_above
from stj_audit.cost.workload import KINDS
from stj_audit.facts import TABLE_QUOTA_UNITS, Quotas, Table, Unknown
from stj_audit.results import Category, Good, Limit, Problem, Said, Severity
from stj_audit.wording import a_few, count, listed, percent, resource

NEAR_SHARE = Fraction(4, 5)  # a request for more is answered in days


@check("The table's quota will be outgrown", Category.SCALABILITY, Severity.MEDIUM, code="SCL-04")
def table_quota_outgrown(table: Table, bill: TableBill, scale: Scale, quotas: Quotas | Unknown) -> Iterator[Said]:
    applied = {} if isinstance(quotas, Unknown) else {"reads": quotas.table_read_units, "writes": quotas.table_write_units}
    room: list[str] = []
    limits: dict[int, None] = {}
    for index in (None, *(one.name for one in table.global_indexes)):
        near: list[Outgrown] = []
        for kind in KINDS:
            own = applied.get(kind)
            limit = TABLE_QUOTA_UNITS if own is None else own
            peak = peak_a_second(bill.workload, (index, kind), bill.users, scale.peak_factor)
            if peak is None:
                yield peak_not_known((index, kind), bill)
                continue
            binding = binds_from(bill.workload, (index, kind), limit, scale.peak_factor)
            if binding is not None:
                yield Limit(what=f"the quota of {count(limit)} {kind[:-1]} units a second", users=binding, index=index)
            if peak >= limit * NEAR_SHARE:
                users = users_above(bill.workload, (index, kind), limit, users=bill.users, peak_factor=scale.peak_factor)
                near.append(Outgrown(kind=kind, limit=limit, peak=peak, users=users))
            else:
                limits[limit] = None
                room.append(f"{percent(peak / limit)} for {kind} of {resource(index)}")
        if near:
            yield _problem(table, index, near, bill, is_default=any(applied.get(one.kind) is None for one in near))
    if room:
        named = listed([count(limit) for limit in limits])
        yield Good(message=f"of the quota of {named} units a second the peak{at_users(bill)} takes {a_few(room)}")


def _problem(table: Table, index: str | None, near: Sequence[Outgrown], bill: TableBill, *, is_default: bool) -> Problem:
    whose = "AWS's default quota" if is_default else "the account's quota"
    limit = listed([count(limit) for limit in dict.fromkeys(one.limit for one in near)])
    seen = [f"{count(ceil(one.peak))} {one.kind[:-1]} units" for one in near]
    query = shlex.quote("Quotas[?contains(QuotaName, 'throughput')].[QuotaName,QuotaCode,Value]")
    users = first_of(near)
    binds = "" if users is None else f"; from {count(users)} users on it is too little"
    return Problem(
        message=f"the peak{at_users(bill)} takes {listed(seen)} a second, and {whose} is {limit}{binds}",
        fix="ask for a higher quota in time"
        if not is_default
        else "look up the quota of the account, and ask for a higher one in time",
        index=index,
        evidence={
            "quota_units_a_second": min(one.limit for one in near),
            "quota_is_default": is_default,
            **{f"{one.kind[:-1]}_peak_units_a_second": round(float(one.peak), 2) for one in near},
        },
        current=f"{whose} for {listed([one.kind for one in near])} of a table or an index is {limit} units a second",
        benefit="the peak is served, and not throttled by the account",
        migration="none; AWS answers a request in days, and a global table needs the same quota in each of its regions",
        effort="hours",
        commands=(
            f"aws service-quotas list-service-quotas {option('--region', table.region)} --service-code dynamodb "
            f"--query {query} --output table",
        ),
        matters_from_users=users,
    )
