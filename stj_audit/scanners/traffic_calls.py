"""The calls about use: what CloudWatch told of the traffic of all tables, how its requests went, and which keys were the hottest."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from stj_audit.facts import ContributorInsights, HotKeys, Operations, Table, Traffic, Unknown
from stj_audit.scanners import hot_keys, operations, traffic
from stj_audit.scanners.calls import Calls
from stj_audit.scanners.session import Aws
from stj_audit.scanners.traffic import Series


@dataclass(frozen=True, kw_only=True, slots=True)
class Requests:
    """
    What CloudWatch told of all tables, in two steps: their traffic, a call's worth of tables at a time; and then, where the traffic is worth
    it, how its requests went, of all tables together, so that those calls are full too.
    """

    traffic: "Mapping[str, Future[dict[str, Traffic | Unknown]]]"
    """By the name of each table; the tables of a batch have one answer."""
    operations: "Sequence[Future[dict[str, Operations | Unknown]]]"

    @classmethod
    def submit(cls, calls: Calls, aws: Aws, described: Sequence[Table], now: datetime) -> "Requests":
        by_name = {table.name: table for table in described}
        pace, window = aws.paces.get(traffic.CALL), traffic.window_until(now)
        first: dict[str, Future[dict[str, Traffic | Unknown]]] = {}
        for series in traffic.batches(described):
            names = dict.fromkeys(one.table for one in series)
            batch = [by_name[name] for name in names]
            answer = calls.follow(_read_traffic, calls, aws, series, batch, now, pace=pace, unread=partial(_unread, list(names)))
            first |= dict.fromkeys(names, answer)
        batches = list(dict.fromkeys(first.values()))
        planned: Future[_Plan] = calls.follow(_plan_operations, batches, after=batches, unread=_nothing_planned)
        # As many as there are batches, because that is known now; each takes what is planned in turn, and most have nothing to ask
        # Which tables a share that was not asked is of is not known: it leaves all of them unknown
        shares = [
            calls.follow(
                _read_operations,
                calls,
                aws,
                planned,
                slice(number, None, len(batches)),
                window,
                after=(planned,),
                pace=pace,
                unread=partial(_unread, list(by_name)),
            )
            for number in range(len(batches))
        ]
        return cls(traffic=first, operations=shares)

    def of_table(self, table: str) -> Traffic | Unknown:
        return self.traffic[table].result()[table]

    def operations_by_name(self) -> dict[str, Operations | Unknown]:
        """Of every table: where there was nothing to ask, that is what is known."""
        asked = {name: found for future in self.operations for name, found in future.result().items()}
        return {name: asked.get(name) or operations.of_table(name, self.of_table(name), {}) for name in self.traffic}


def _read_traffic(
    calls: Calls, aws: Aws, series: Sequence[Series], batch: Sequence[Table], now: datetime
) -> dict[str, Traffic | Unknown]:
    """In one go: the points of a batch, which may be a hundred thousand, are not kept any longer."""
    window = traffic.window_until(now)
    answer = calls.answer(traffic.CALL, traffic.read, aws, series, window, traffic.on_demand_names(batch))
    return {table.name: answer if isinstance(answer, Unknown) else traffic.of_table(table, answer, window, now) for table in batch}


_Plan = Sequence[Sequence[tuple[str, Traffic]]]
"""Tables with their traffic, by call."""


def _unread(names: Sequence[str], reason: str) -> dict[str, Any]:
    """What CloudWatch did not tell of tables, and why."""
    return dict.fromkeys(names, Unknown(call=traffic.CALL, reason=reason))


def _nothing_planned(_reason: str) -> _Plan:
    return ()


def _plan_operations(batches: "Sequence[Future[dict[str, Traffic | Unknown]]]") -> _Plan:
    seen = {name: found for future in batches for name, found in future.result().items() if isinstance(found, Traffic)}
    wanted = [series for name, found in seen.items() if (series := operations.series_of(name, found))]
    return [[(name, seen[name]) for name in dict.fromkeys(one.table for one in call)] for call in traffic.packed(wanted)]


def _read_operations(
    calls: Calls, aws: Aws, planned: "Future[_Plan]", share: slice, window: traffic.Window
) -> dict[str, Operations | Unknown]:
    found: dict[str, Operations | Unknown] = {}
    for call in planned.result()[share]:
        wanted = [series for name, seen in call for series in operations.series_of(name, seen)]
        answer = calls.answer(traffic.CALL, traffic.fetch, aws, wanted, window)
        found |= {name: operations.of_table(name, seen, answer) for name, seen in call}
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Reports:
    """How the reports of Contributor Insights are read of every table."""

    calls: Calls
    aws: Aws
    requests: Requests
    now: datetime

    def read(self, table: str, insights: "Future[ContributorInsights | Unknown]") -> HotKeys | Unknown:
        """Where Contributor Insights is off, nothing is asked."""
        setting = insights.result()
        if isinstance(setting, Unknown):
            return setting
        if not any(one.rules for one in setting.settings):
            return HotKeys(report_hours=hot_keys.REPORT_HOURS)
        seen = self.requests.of_table(table)
        window = traffic.window_until(self.now)
        return self.calls.answer(hot_keys.CALL, hot_keys.read, self.aws, setting, seen, window)
