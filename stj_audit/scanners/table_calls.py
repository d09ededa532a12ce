"""The calls about definitions: what is asked of each table alone, and what is asked once for all tables."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

from stj_audit.facts import (
    Alarms,
    AutoScaling,
    ContributorInsights,
    KinesisDestinations,
    OnDemandBackups,
    Pitr,
    ProtectedResource,
    Quotas,
    RecoveryPoints,
    RegionTables,
    ResourcePolicy,
    Table,
    Tags,
    TimeToLive,
    Unknown,
)
from stj_audit.scanners import (
    account_capacity,
    alarms,
    auto_scaling,
    aws_backup,
    contributor_insights,
    kinesis_destinations,
    on_demand_backups,
    pitr,
    quotas,
    resource_policy,
    tables,
    tags,
    time_to_live,
    traffic,
)
from stj_audit.scanners.calls import Calls, unread_fact
from stj_audit.scanners.on_demand_backups import Listed
from stj_audit.scanners.session import Aws
from stj_audit.scanners.traffic import Points, Series

Dictionaries = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class TableCalls:
    """What is asked about one table alone."""

    pitr: "Future[Pitr | Unknown]"
    on_demand_backups: "Future[OnDemandBackups | Unknown]"
    recovery_points: "Future[RecoveryPoints | Unknown]"
    protected_resource: "Future[ProtectedResource | Unknown]"
    contributor_insights: "Future[ContributorInsights | Unknown]"
    kinesis_destinations: "Future[KinesisDestinations | Unknown]"
    resource_policy: "Future[ResourcePolicy | Unknown]"
    time_to_live: "Future[TimeToLive | Unknown]"
    tags: "Future[Tags | Unknown]"

    @classmethod
    def submit(cls, calls: Calls, aws: Aws, table: Table, listed: "Future[Listed | Unknown]") -> "TableCalls":
        return cls(
            pitr=calls.submit(pitr.CALL, pitr.read, aws, table.name),
            on_demand_backups=calls.follow(
                _backups_of,
                calls,
                aws,
                table.name,
                listed,
                after=(listed,),
                pace=aws.paces.get(on_demand_backups.CALL),
                unread=partial(unread_fact, on_demand_backups.CALL),
            ),
            recovery_points=calls.submit(aws_backup.POINTS_CALL, aws_backup.read_points, aws, table.arn),
            protected_resource=calls.submit(aws_backup.RESOURCE_CALL, aws_backup.read_resource, aws, table.arn),
            contributor_insights=calls.submit(contributor_insights.CALL, contributor_insights.read, aws, table),
            kinesis_destinations=calls.submit(kinesis_destinations.CALL, kinesis_destinations.read, aws, table.name),
            resource_policy=calls.submit(resource_policy.CALL, resource_policy.read, aws, table.arn),
            time_to_live=calls.submit(time_to_live.CALL, time_to_live.read, aws, table.name),
            tags=calls.submit(tags.CALL, tags.read, aws, table.arn),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedCalls:
    """What is asked once for all tables, and given to each of them afterwards."""

    targets: "Future[Dictionaries | Unknown]"
    policies: "Future[Dictionaries | Unknown]"
    alarms: "Future[Dictionaries | Unknown]"
    account_capacity: "Future[dict[Series, Points | Unknown] | Unknown]"
    quotas: "Future[Quotas | Unknown]"
    table_count: "Future[int | Unknown]"

    @classmethod
    def submit(
        cls, calls: Calls, aws: Aws, described: Sequence[Table], window: traffic.Window, in_region: int | None
    ) -> "SharedCalls":
        return cls(
            targets=calls.submit(auto_scaling.TARGETS_CALL, auto_scaling.read_targets, aws),
            policies=calls.submit(auto_scaling.POLICIES_CALL, auto_scaling.read_policies, aws),
            alarms=calls.submit(alarms.CALL, alarms.read_all, aws),
            account_capacity=calls.submit(traffic.CALL, account_capacity.read, aws, described, window),
            quotas=calls.submit(quotas.CALL, quotas.read, aws),
            table_count=calls.submit(tables.LIST_CALL, _table_count, aws, in_region),
        )

    def auto_scaling(self, table: str) -> AutoScaling | Unknown:
        targets, policies = self.targets.result(), self.policies.result()
        if isinstance(targets, Unknown):
            return targets
        return policies if isinstance(policies, Unknown) else auto_scaling.of_table(table, targets, policies)

    def region_tables(self, first: str) -> RegionTables | Unknown:
        found = self.table_count.result()
        return found if isinstance(found, Unknown) else RegionTables(count=found, first=first)

    def alarms_of(self, table: Table) -> Alarms | Unknown:
        found = self.alarms.result()
        return found if isinstance(found, Unknown) else alarms.of_table(table.name, found, account=_account_of(table.arn))


def _account_of(arn: str) -> str | None:
    """None where the ARN, of a custom endpoint, is not like one of AWS."""
    parts = arn.split(":")
    return parts[4] or None if len(parts) > 5 else None


def _table_count(aws: Aws, in_region: int | None) -> int:
    """How many tables the region has: as listed before, or listed now."""
    return len(tables.list_names(aws)) if in_region is None else in_region


def _backups_of(calls: Calls, aws: Aws, table: str, listed: "Future[Listed | Unknown]") -> OnDemandBackups | Unknown:
    found = listed.result()
    if isinstance(found, Unknown):
        return found
    return calls.answer(on_demand_backups.CALL, on_demand_backups.read, aws, table) if found is None else found[table]
