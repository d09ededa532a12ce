"""
Reports built by hand, for everything that prints one: `sample_report` is rich and plausible, `hostile_report` is the same with
hostile text in its strings.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from stj_audit.report import (
    Action,
    AppliedSaving,
    AttributeReport,
    Audit,
    AutoScalingReport,
    BackupsReport,
    BaselineFinding,
    BaselineReport,
    BreakEven,
    Calibration,
    CategoryGrade,
    Commitment,
    CostLine,
    Costs,
    CurrentCost,
    Finding,
    FindingBaseline,
    FlowReport,
    GoodPoint,
    GradesAtScale,
    GrowthParts,
    HistogramBar,
    IndexReport,
    ItemsReport,
    KeyElement,
    Largest,
    NaiveEstimate,
    NextReview,
    NotChecked,
    OnDemandBackup,
    Overall,
    OverLine,
    PatternCost,
    Practice,
    PriceSource,
    Projection,
    Recommendation,
    RecommendationItem,
    Report,
    RuleRun,
    ScaleLimit,
    ScopeReport,
    StorageAtScale,
    Summary,
    Suppression,
    TableCost,
    TableReport,
    Tool,
    TrafficReport,
    Units,
)

SUBSCRIBERS, PASSWORD, SYSTEM = "stj_subscribers", "stj_password", "stj_system"
SCALES = (100, 1_000, 10_000, 50_000, 100_000)
TARGET = 10_000
USERS_NOW = 112
STARTED_AT = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
FOLDER = "123456789012/eu-north-1"  # where a history keeps its runs
CREATED_AT = datetime(2025, 3, 14, 9, 30, tzinfo=UTC)

READ_USD, WRITE_USD, REPLICATED_USD = Decimal("0.0000001345"), Decimal("0.00000067"), Decimal("0.000000706")
STORAGE_USD, PITR_USD = Decimal("0.269"), Decimal("0.21")
GB = Decimal(2**30)
CENTI = Decimal("0.0001")
READ_UNIT, WRITE_UNIT = "read request unit", "write request unit"

LEADERBOARD = "subscription-status-username-index"

# A month of one user: read and write units by table and index; what each table and its indexes hold of one user, in bytes.
UNITS: tuple[tuple[str, str | None, int, int], ...] = (
    (SUBSCRIBERS, None, 1_950, 2_880),
    (SUBSCRIBERS, "email-index", 390, 2_880),
    (SUBSCRIBERS, "username-index", 130, 2_880),
    (SUBSCRIBERS, "phone-index", 0, 2_880),
    (SUBSCRIBERS, LEADERBOARD, 45, 60),  # reads: of today's users; each call reads every user
    (PASSWORD, None, 600, 120),
    (PASSWORD, "customer-device-index", 300, 120),
)
BYTES_PER_USER = {SUBSCRIBERS: (49_152, 98_500), PASSWORD: (2_600, 2_600)}
SYSTEM_BYTES = 10_240


def sample_report() -> Report:
    """Three tables with findings of every severity, things not checked, a table without traffic figures, and a bill at five user counts."""
    return Report(
        schema_version=1,
        tool=Tool(name="stj-audit", version="0.1.0", policy_version="2026-11"),
        audit=Audit(
            id="20261122T060000Z-3f9c1e",
            account="123456789012",
            region="eu-north-1",
            endpoint_url=None,
            started_at=STARTED_AT,
            finished_at=datetime(2026, 11, 22, 6, 0, 9, tzinfo=UTC),
            target_users=TARGET,
            users_now=USERS_NOW,
            read_units=Decimal("742.5"),
            api_calls=71,
            cost_usd=Decimal("0.0000999"),
        ),
        overall=Overall(
            grade="C",
            score=71.4,
            best="B",
            worst="C-",
            coverage=0.93,
            held_by="items near the 400 KB limit were found in stj_subscribers, which holds Table Structure at D",
        ),
        verdict="Well keyed and cheap today, but stj_subscribers is close to the item size limit and three full copies of it are paid for",
        do_first=("f-item-near-limit", "f-projection-unread", "f-pitr-off"),
        grades_by_users=_grades_by_users(),
        categories=_categories(),
        tables=(_subscribers(), _password(), _system()),
        findings=_findings(),
        not_checked=_not_checked(),
        costs=_costs(),
        good=_good(),
        practices=_practices(),
        recommendations=_recommendations(),
        limits=(
            ScaleLimit(
                users=27_500,
                table=SUBSCRIBERS,
                index="leaderboard-index",
                check="hot-key-outgrown",
                code="SCL-01",
                what='the 3,000 read units a second of one value of "leaderboard_opted_in"',
            ),
            ScaleLimit(
                users=69_000,
                table=SUBSCRIBERS,
                index=None,
                check="warm-throughput-outgrown",
                code="SCL-03",
                what="4,000 warm write units a second",
            ),
        ),
        actions=_actions(),
        summary=Summary(
            strengths=(
                "partition keys with one value per user",
                "every index is used for a lookup by a unique value",
                "PITR on two of three tables",
            ),
            improvements=(
                "webhook_data makes items grow towards 400 KB",
                "phone-index was not read in 30 days",
                "stj_password has no PITR",
            ),
            cost_efficiency=(
                "$0.95 a month now",
                "$90.46 a month at 10,000 users",
                "$0.009 per user and month",
                "42% of it can be avoided",
            ),
        ),
        next_review=NextReview(date=date(2027, 5, 22), at_users=5_000),
        rules=_rules(),
        trust=(
            "93% of the checks that apply could be made",
            "Every item of stj_subscribers and stj_password was read; stj_system was not, because the role may not scan it",
            "Prices are list prices, without discounts; the oldest was confirmed in 2025-09",
            "Projections assume that a new user does what today's users do",
        ),
        overall_unsuppressed=Overall(grade="C-", score=70.6, best="B", worst="D+", coverage=0.93),
        baseline=_baseline(),
    )


def _baseline() -> BaselineReport:
    def gone(check: str, code: str, table: str, reason: str, *, index: str | None = None) -> BaselineFinding:
        return BaselineFinding(id=f"f-{code}", check=check, code=code, table=table, index=index, severity="medium", reason=reason)

    return BaselineReport(
        date=date(2026, 11, 10),
        tool_version="0.1.0",
        target_users=TARGET,
        new=6,
        worse=1,
        known=1,
        fixed=(gone("throttled", "CAP-01", SUBSCRIBERS, "looked at, and not found any more", index="phone-index"),),
        not_looked_at=(gone("ttl-deletes-nothing", "STR-10", SYSTEM, "AccessDeniedException: dynamodb:Scan"),),
    )


def _key(attribute: str, role: str = "HASH", kind: str = "S") -> KeyElement:
    return KeyElement(attribute=attribute, type=kind, role=role)


def _index(
    name: str, *keys: KeyElement, usage: str, projection: str = "ALL", mean: float | None = 49_100.0, **fields: Any
) -> IndexReport:
    defaults: dict[str, Any] = {
        "name": name,
        "kind": "GSI",
        "key_schema": keys,
        "projection": projection,
        "non_key_attributes": (),
        "status": "ACTIVE",
        "item_count": USERS_NOW,
        "size_bytes": 5_499_200,
        "entry_mean_bytes": mean,
        "entry_count": USERS_NOW if mean is not None else None,
        "usage": usage,
    }
    return IndexReport(**(defaults | fields))


def _flow(reads: int | None, writes: int | None, days: tuple[int, ...] = ()) -> FlowReport:
    return FlowReport(
        read_units=None if reads is None else Decimal(reads),
        write_units=None if writes is None else Decimal(writes),
        read_throttles=None if reads is None else 0,
        write_throttles=None if writes is None else sum(days[-14:]),
        throttle_reasons={"WriteKeyRangeThroughputThrottleEvents": sum(days[-14:])} if any(days[-14:]) else {},
        throttles_by_day=days,
    )


def _subscribers() -> TableReport:
    status_days = (*(0,) * 19, 2, 0, 0, 12, 9, 3, 0, 0, 1, 0, 0)
    return TableReport(
        name=SUBSCRIBERS,
        arn=f"arn:aws:dynamodb:eu-north-1:123456789012:table/{SUBSCRIBERS}",
        status="ACTIVE",
        billing_mode="PAY_PER_REQUEST",
        table_class="STANDARD",
        item_count=USERS_NOW,
        size_bytes=5_505_024,
        created_at=CREATED_AT,
        deletion_protection=False,
        encryption="AWS_OWNED",
        ttl_attribute=None,
        stream=None,
        tags={"env": "production", "owner": "growth"},
        key_schema=(_key("customer_id"),),
        indexes=(
            _index("username-index", _key("username"), usage="14,560 read units in 30 days"),
            _index("email-index", _key("email"), usage="43,680 read units in 30 days"),
            _index("phone-index", _key("phone"), usage="no read in 30 days"),
            _index(
                LEADERBOARD,
                _key("subscription_status"),
                _key("username", "RANGE"),
                usage="5,040 read units in 30 days",
                projection="INCLUDE",
                non_key_attributes=("email", "gender"),
                mean=212.4,
                size_bytes=23_789,
            ),
        ),
        provisioned=None,
        auto_scaling=(),
        backups=BackupsReport(
            pitr="ENABLED",
            recovery_period_days=35,
            earliest_restorable_at=datetime(2026, 10, 18, 6, 0, tzinfo=UTC),
            latest_restorable_at=datetime(2026, 11, 22, 5, 55, tzinfo=UTC),
            on_demand=(OnDemandBackup(created_at=datetime(2026, 9, 1, 3, 0, tzinfo=UTC), size_bytes=4_100_000, type="USER"),),
        ),
        items=_subscriber_items(),
        traffic=TrafficReport(
            window_days=30,
            covered_days=Decimal(30),
            read_units=Decimal(218_400),
            write_units=Decimal(322_560),
            indexes={
                "email-index": _flow(43_680, 322_560),
                "phone-index": _flow(None, 322_560),
                LEADERBOARD: _flow(5_040, 6_720, status_days),
                "username-index": _flow(14_560, 322_560),
            },
            read_throttles=0,
            write_throttles=0,
            throttle_reasons={},
            calls={"GetItem": 182_000, "Query": 21_100, "UpdateItem": 6_720, "PutItem": 31},
        ),
        cost=TableCost(monthly_usd=Decimal("0.91"), lines=()),
        grade="D",
        findings=("f-item-near-limit", "f-projection-unread", "f-index-unread", "f-low-cardinality", "f-no-alarm"),
        warm_throughput=Units(read_units=12_000, write_units=4_000),
    )


def _subscriber_items() -> ItemsReport:
    bars = (
        (4_096, 3),
        (8_192, 9),
        (16_384, 21),
        (32_768, 34),
        (65_536, 27),
        (131_072, 11),
        (262_144, 4),
        (307_200, 2),
        (409_600, 1),
    )
    attributes = (
        ("webhook_data", ("M",), 112, 3_907_000, 371_204),
        ("commitment_data", ("M",), 98, 871_300, 18_220),
        ("devices", ("L",), 104, 540_200, 22_904),
        ("email", ("S",), 112, 3_696, 48),
        ("customer_id", ("S",), 112, 5_264, 47),
        ("username", ("S",), 112, 2_688, 31),
        ("created_at", ("S", "N"), 112, 3_360, 30),
        ("subscription_status", ("S",), 112, 2_912, 28),
        ("phone", ("S",), 71, 1_420, 20),
        ("gender", ("S",), 66, 858, 13),
    )
    total = sum(one[3] for one in attributes)
    return ItemsReport(
        coverage="full",
        scanned=112,
        scanned_bytes=total,
        read_units=Decimal("652.0"),
        min_bytes=2_204,
        mean_bytes=total / 112,
        p50_bytes=29_811,
        p90_bytes=118_022,
        p99_bytes=301_992,
        max_bytes=396_288,
        over_warn=OverLine(threshold_bytes=307_200, found=1, low=1, high=1),
        over_max=OverLine(threshold_bytes=409_600, found=0, low=0, high=0),
        histogram=tuple(HistogramBar(le_bytes=le, count=count) for le, count in bars),
        attributes=tuple(
            AttributeReport(
                name=name,
                types=types,
                present=present,
                total_bytes=size,
                mean_bytes=size / present,
                max_bytes=largest,
                share=size / total,
            )
            for name, types, present, size, largest in attributes
        ),
        largest=(
            Largest(bytes=396_288, key_hash="b3c1f0a97d2e"),
            Largest(bytes=301_992, key_hash="09ae77c41d3b"),
            Largest(bytes=288_410, key_hash="f41c9be20c77"),
        ),
    )


def _password() -> TableReport:
    return TableReport(
        name=PASSWORD,
        arn=f"arn:aws:dynamodb:eu-north-1:123456789012:table/{PASSWORD}",
        status="ACTIVE",
        billing_mode="PROVISIONED",
        table_class="STANDARD",
        item_count=225,
        size_bytes=292_500,
        created_at=CREATED_AT,
        deletion_protection=True,
        encryption="KMS",
        ttl_attribute="expires_at",
        stream="NEW_AND_OLD_IMAGES",
        tags={},
        key_schema=(_key("user_id"),),
        indexes=(
            _index(
                "customer-device-index",
                _key("customer_id"),
                _key("device_id", "RANGE"),
                usage="33,600 read units in 30 days",
                item_count=225,
                mean=1_300.0,
                entry_count=225,
            ),
            _index("email-index", _key("email"), usage="", item_count=None, size_bytes=None, mean=None, status="CREATING"),
        ),
        provisioned=Units(read_units=5, write_units=5),
        auto_scaling=(
            AutoScalingReport(
                index=None, dimension="read", min_units=5, max_units=40, suspended=False, target_utilization_percent=Decimal(70)
            ),
            AutoScalingReport(
                index="customer-device-index",
                dimension="write",
                min_units=5,
                max_units=10,
                suspended=True,
                target_utilization_percent=None,
            ),
        ),
        backups=BackupsReport(
            pitr="DISABLED", recovery_period_days=None, earliest_restorable_at=None, latest_restorable_at=None, on_demand=()
        ),
        items=ItemsReport(
            coverage="sample",
            scanned=150,
            scanned_bytes=195_000,
            read_units=Decimal("24.5"),
            min_bytes=901,
            mean_bytes=1_300.0,
            p50_bytes=1_288,
            p90_bytes=1_640,
            p99_bytes=1_777,
            max_bytes=1_801,
            over_warn=OverLine(threshold_bytes=307_200, found=0, low=0, high=2),
            over_max=OverLine(threshold_bytes=409_600, found=0, low=0, high=2),
            histogram=(HistogramBar(le_bytes=1_024, count=31), HistogramBar(le_bytes=2_048, count=119)),
            attributes=(
                AttributeReport(
                    name="deviceName",
                    types=("S",),
                    present=150,
                    total_bytes=81_000,
                    mean_bytes=540.0,
                    max_bytes=802,
                    share=81_000 / 195_000,
                ),
                AttributeReport(
                    name="pincode",
                    types=("S", "N"),
                    present=148,
                    total_bytes=2_072,
                    mean_bytes=14.0,
                    max_bytes=14,
                    share=2_072 / 195_000,
                ),
            ),
            largest=(Largest(bytes=1_801, key_hash="77d0c2a4e9b1"),),
        ),
        traffic=None,
        cost=TableCost(monthly_usd=Decimal("0.04"), lines=(), complete=False),
        grade="B-",
        findings=("f-pitr-off", "f-sort-key"),
        on_demand_limit=Units(read_units=None, write_units=None),
        replicas=("eu-west-1",),
    )


def _system() -> TableReport:
    return TableReport(
        name=SYSTEM,
        arn=f"arn:aws:dynamodb:eu-north-1:123456789012:table/{SYSTEM}",
        status="ACTIVE",
        billing_mode="PAY_PER_REQUEST",
        table_class="STANDARD",
        item_count=2,
        size_bytes=SYSTEM_BYTES,
        created_at=None,
        deletion_protection=False,
        encryption="AWS_OWNED",
        ttl_attribute=None,
        stream=None,
        tags=None,
        key_schema=(_key("config_key"),),
        indexes=(),
        provisioned=None,
        auto_scaling=None,
        backups=BackupsReport(
            pitr=None, recovery_period_days=None, earliest_restorable_at=None, latest_restorable_at=None, on_demand=None
        ),
        items=None,
        traffic=TrafficReport(
            window_days=30,
            covered_days=Decimal("12.5"),
            read_units=None,
            write_units=None,
            indexes={},
            read_throttles=None,
            write_throttles=None,
            throttle_reasons={},
            calls={},
        ),
        cost=TableCost(monthly_usd=None, lines=(), complete=False),
        grade="?",
        findings=("f-deletion-protection", "f-no-tags"),
    )


def _finding(name: str, code: str, category: str, severity: str, table: str, **fields: Any) -> Finding:
    defaults: dict[str, Any] = {
        "id": f"f-{name}",
        "check": name,
        "code": code,
        "category": category,
        "severity": severity,
        "table": table,
        "index": None,
        "evidence": {},
        "commands": (),
        "saving_usd_month": None,
        "suppressed": None,
        "effort": "hours",
        "baseline": FindingBaseline(state="new", severity=None),
    }
    return Finding(**(defaults | fields))


def _savings(per_user: str) -> dict[str, Decimal]:
    return {str(users): (Decimal(per_user) * users).quantize(CENTI) for users in SCALES}


def _findings() -> tuple[Finding, ...]:
    return (
        _finding(
            "item-near-limit",
            "STR-02",
            "table-structure",
            "critical",
            SUBSCRIBERS,
            title="Items near the 400 KB limit",
            message="1 item is over 300 KB: the largest is 387.0 KB of the 400 KB that an item may have",
            evidence={"items": 1, "largest_bytes": 396_288},
            fix="move webhook_data, 73% of the bytes, to a table of its own with the key (customer_id, received_at)",
            current="webhook_data is part of the subscriber item: up to 362.5 KB of it",
            benefit="no write fails for its size, and each write of a subscriber costs a quarter",
            migration="write to both places, copy, read from the new one, then remove the attribute: no downtime",
            effort="days",
            when="now",
            commands=("stj-audit items stj_subscribers --over 300KB --keys-only",),
            baseline=FindingBaseline(state="worse", severity="high"),
        ),
        _finding(
            "projection-unread",
            "IDX-04",
            "gsi-projections",
            "high",
            SUBSCRIBERS,
            index="email-index",
            title="Index projects more than is read",
            message="email-index projects ALL: 99% of its bytes are attributes that lookups by e-mail do not need",
            fix="re-create it as KEYS_ONLY, and read the item with GetItem",
            current="projection ALL, 48.0 KB an entry",
            benefit="writes to subscribers stop being written twice at full size",
            migration="create the new index, wait until it is ACTIVE, change the query, delete the old one",
            saving_usd_month=_savings("0.00189"),
            when="now",
            commands=(
                "aws dynamodb update-table --region eu-north-1 --table-name stj_subscribers "
                "--attribute-definitions AttributeName=email,AttributeType=S --global-secondary-index-updates "
                '\'[{"Create": {"IndexName": "email-keys-index", "KeySchema": [{"AttributeName": "email", "KeyType": "HASH"}], '
                '"Projection": {"ProjectionType": "KEYS_ONLY"}}}]\'',
                "aws dynamodb update-table --region eu-north-1 --table-name stj_subscribers "
                '--global-secondary-index-updates \'[{"Delete": {"IndexName": "email-index"}}]\'',
            ),
        ),
        _finding(
            "pitr-off",
            "BKP-01",
            "backup-strategy",
            "high",
            PASSWORD,
            title="PITR is off",
            message="point-in-time recovery is off: a bad write or a deleted table cannot be undone",
            fix="turn on point-in-time recovery",
            current="PointInTimeRecoveryStatus is DISABLED",
            benefit="the table can be restored to any second of the last 35 days",
            migration="none: it is switched on while the table is in use",
            effort="minutes",
            commands=(
                "aws dynamodb update-continuous-backups --region eu-north-1 --table-name stj_password "
                "--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true,RecoveryPeriodInDays=35",
            ),
            template="Resources:\n  StjPassword:\n    Type: AWS::DynamoDB::Table\n    Properties:\n"
            "      TableName: stj_password\n      PointInTimeRecoverySpecification:\n"
            "        PointInTimeRecoveryEnabled: true\n        RecoveryPeriodInDays: 35",
        ),
        _finding(
            "index-unread",
            "IDX-01",
            "gsi-coverage",
            "medium",
            SUBSCRIBERS,
            index="phone-index",
            title="Index is not read",
            message="phone-index was not read in 30 days, and every write of a subscriber is written to it too",
            fix="delete the index, once nobody needs it",
            current="0 read units and 322,560 write units in 30 days",
            benefit="one full copy of the table less",
            migration="none: an index is deleted while the table is in use",
            saving_usd_month=_savings("0.00195"),
            when="before 1,000 users",
        ),
        _finding(
            "low-cardinality-key",
            "KEY-03",
            "primary-key-design",
            "medium",
            SUBSCRIBERS,
            index=LEADERBOARD,
            id="f-low-cardinality",
            title="Index key with few values",
            message="subscription_status has 4 values, and 81% of the entries carry one of them: a hot partition from 50,000 users on",
            fix="write a shard number into the key, or make the index sparse",
            benefit="writes spread over partitions",
            effort="days",
            when="before 50,000 users",
        ),
        _finding(
            "sort-key",
            "STR-05",
            "table-structure",
            "low",
            PASSWORD,
            title="Composite key would replace an index",
            message="customer-device-index holds every item again, only to find the devices of a customer",
            fix="key the table by customer_id and device_id",
            current="key user_id, without a sort key",
            migration="a new table, and a copy: not urgent",
            saving_usd_month=_savings("0.00008"),
            saving_is_bound=True,
            effort="days",
            when="before 50,000 users",
        ),
        _finding(
            "no-throttle-alarm",
            "CAP-06",
            "capacity-planning",
            "info",
            SUBSCRIBERS,
            id="f-no-alarm",
            title="No alarm on throttles",
            message="no CloudWatch alarm watches throttle events",
            fix="add an alarm on WriteThrottleEvents",
            effort="minutes",
        ),
        _finding(
            "deletion-protection-off",
            "BKP-04",
            "backup-strategy",
            "low",
            SYSTEM,
            id="f-deletion-protection",
            title="Deletion protection is off",
            message="one call can delete the table",
            fix="turn on deletion protection",
            suppressed=Suppression(reason="re-created by the deployment in a minute", expires=date(2027, 3, 31)),
            effort="minutes",
            baseline=None,
        ),
        _finding(
            "no-cost-tags",
            "CST-06",
            "cost-optimization",
            "low",
            SYSTEM,
            id="f-no-tags",
            title="No tags to split costs by",
            message="no tag says whose costs these are",
            fix="tag the table",
            suppressed=Suppression(
                reason="known from the baseline of 2026-11-10, where it was medium", expires=None, by="baseline"
            ),
            effort="minutes",
            baseline=FindingBaseline(state="known", severity="medium"),
        ),
    )


def _not_checked() -> tuple[NotChecked, ...]:
    denied = "AccessDeniedException"
    return (
        NotChecked(check="item-near-limit", table=SYSTEM, index=None, call="dynamodb:Scan", reason=denied),
        NotChecked(check="large-attribute", table=SYSTEM, index=None, call="dynamodb:Scan", reason=denied),
        NotChecked(check="pitr-off", table=SYSTEM, index=None, call="dynamodb:DescribeContinuousBackups", reason=denied),
        NotChecked(check="ttl-off", table=SYSTEM, index=None, call="dynamodb:DescribeTimeToLive", reason=denied),
        NotChecked(check=None, table=SYSTEM, index=None, call="dynamodb:ListTagsOfResource", reason=denied),
        NotChecked(
            check="index-unread", table=PASSWORD, index="email-index", call="cloudwatch:GetMetricData", reason="no data in 30 days"
        ),
        NotChecked(check="throttled", table=PASSWORD, index=None, call="cloudwatch:GetMetricData", reason="no data in 30 days"),
        NotChecked(
            check="throttled",
            table=None,
            index=None,
            call="application-autoscaling:DescribeScalableTargets",
            reason="not available here",
        ),
    )


def _line(
    table: str, index: str | None, component: str, amount: Decimal | None, *, unit: str, price: Decimal, **fields: Any
) -> CostLine:
    amount = None if amount is None else amount.quantize(Decimal("0.000001"))
    cost = None if amount is None else (amount * price).quantize(Decimal("0.000001"))
    defaults: dict[str, Any] = {"basis": "measured", "per_user": True}
    return CostLine(
        table=table,
        index=index,
        component=component,
        quantity=amount,
        unit=unit,
        unit_price_usd=price,
        monthly_usd=cost,
        **(defaults | fields),
    )


def _lines(users: int) -> tuple[CostLine, ...]:
    lines = []
    for table, index, reads, writes in UNITS:
        kind = "" if index is None else "index-"
        basis = "measured" if table == SUBSCRIBERS else "assumed"
        lines.append(
            _leaderboard_reads(users, reads)
            if index == LEADERBOARD
            else _line(table, index, f"{kind}reads", Decimal(reads * users), unit=READ_UNIT, price=READ_USD, basis=basis)
        )
        lines.append(_line(table, index, f"{kind}writes", Decimal(writes * users), unit=WRITE_UNIT, price=WRITE_USD, basis=basis))
    lines.append(
        _line(
            PASSWORD,
            None,
            "replicated-writes",
            Decimal(120 * users),
            unit="replicated write request unit",
            price=REPLICATED_USD,
            basis="assumed",
            region="eu-west-1",
        )
    )
    for table, (table_bytes, index_bytes) in BYTES_PER_USER.items():
        lines.append(_line(table, None, "storage", Decimal(table_bytes * users) / GB, unit="GB-month", price=STORAGE_USD))
        lines.append(
            _line(table, "all indexes", "index-storage", Decimal(index_bytes * users) / GB, unit="GB-month", price=STORAGE_USD)
        )
    lines.append(_fixed("storage", Decimal(SYSTEM_BYTES) / GB, STORAGE_USD))
    lines.append(
        _line(SUBSCRIBERS, None, "pitr", Decimal(BYTES_PER_USER[SUBSCRIBERS][0] * users) / GB, unit="GB-month", price=PITR_USD)
    )
    lines.append(_fixed("pitr", None, PITR_USD, note="not known whether PITR is on"))
    return tuple(lines)


def _leaderboard_reads(users: int, reads_now: int) -> CostLine:
    return _line(
        SUBSCRIBERS,
        LEADERBOARD,
        "index-reads",
        Decimal(reads_now * users * users) / USERS_NOW,
        unit=READ_UNIT,
        price=READ_USD,
        growth="super-linear",
        note="grows with the square of the users, because each call reads more: 'leaderboard'",
    )


def _fixed(component: str, amount: Decimal | None, price: Decimal, **fields: Any) -> CostLine:
    return _line(SYSTEM, None, component, amount, unit="GB-month", price=price, per_user=False, growth="constant", **fields)


def _sum(lines: Iterable[CostLine]) -> Decimal:
    return sum((line.monthly_usd for line in lines if line.monthly_usd is not None), Decimal(0)).quantize(CENTI)


def _parts(lines: tuple[CostLine, ...]) -> GrowthParts:
    constant, square = (
        sum((line.monthly_usd or Decimal(0) for line in lines if line.growth == growth), Decimal(0))
        for growth in ("constant", "super-linear")
    )
    return GrowthParts(constant_usd=constant, linear_usd=_sum(lines) - constant - square, super_linear_usd=square)


def _applied(users: int) -> tuple[AppliedSaving, ...]:
    def saving(finding: str, table: str, index: str, change: str, per_user: str, *, is_bound: bool = False) -> AppliedSaving:
        amount = (Decimal(per_user) * users).quantize(CENTI)
        return AppliedSaving(finding=finding, table=table, index=index, change=change, saving_usd=amount, is_bound=is_bound)

    return (
        saving("f-index-unread", SUBSCRIBERS, "phone-index", "remove index phone-index", "0.00195"),
        saving("f-projection-unread", SUBSCRIBERS, "email-index", "project only the keys in index email-index", "0.00189"),
        saving("f-sort-key", PASSWORD, "customer-device-index", "remove index customer-device-index", "0.00008", is_bound=True),
    )


def _costs() -> Costs:
    projections = []
    for users in SCALES:
        lines = _lines(users)
        total = _sum(lines)
        storage = (
            *(
                StorageAtScale(
                    table=table,
                    items=users * (1 if table == SUBSCRIBERS else 2),
                    table_bytes=table_bytes * users,
                    index_bytes=index_bytes * users,
                )
                for table, (table_bytes, index_bytes) in BYTES_PER_USER.items()
            ),
            StorageAtScale(table=SYSTEM, items=2, table_bytes=SYSTEM_BYTES, index_bytes=0),
        )
        savings = _applied(users)
        projections.append(
            Projection(
                users=users,
                monthly_usd=total,
                lines=lines,
                complete=False,
                avoidable_usd=sum((one.saving_usd for one in savings if not one.is_bound), Decimal(0)),
                avoidable_at_most_usd=sum((one.saving_usd for one in savings), Decimal(0)),
                per_user_usd=(total / users).quantize(Decimal("0.00000001")),
                storage=storage,
                parts=_parts(lines),
                savings=savings,
                after_year_usd=(total * Decimal("1.18")).quantize(CENTI),
            )
        )
    now = _lines(USERS_NOW)
    return Costs(
        prices=PriceSource(region="eu-north-1", as_of="2025-09", source="AWS Price List, bundled with this version"),
        free_tier=False,
        current=CurrentCost(monthly_usd=_sum(now), lines=now, complete=False),
        projections=tuple(projections),
        assumptions=(
            "a new user does what today's 112 users do: 65 reads and 2 writes a day",
            "a user has 2 items in stj_password; stj_system does not grow",
            "a month is 730 hours, and 30 days of traffic",
        ),
        patterns=_patterns(),
        calibrations=_calibrations(),
        naive=_naive(),
        break_even=(
            BreakEven(
                table=SUBSCRIBERS,
                change="provisioned capacity with auto scaling",
                from_users=41_000,
                note="replayed over what was consumed in each hour: peaks within it are not seen",
            ),
            BreakEven(
                table=PASSWORD,
                change="provisioned capacity with auto scaling",
                from_users=None,
                note="at none of the counts up to 100,000 users; replayed over what was consumed in each hour: peaks within it are not seen",
            ),
        ),
        commitments=(
            Commitment(
                offer="Database Savings Plan, 1 year",
                of_usd=_naive().real_usd,
                saving_usd=(_naive().real_usd * Decimal("0.18")).quantize(CENTI),
                note="18% off requests on demand",
            ),
        ),
        target_users=TARGET,
    )


def _patterns() -> tuple[PatternCost, ...]:
    """What the lines of the target consist of, by who asks: units of one user and month in the table or index, and in all indexes."""

    def pattern(
        name: str,
        table: str,
        operation: str,
        index: str | None,
        *,
        calls: int | None,
        units: int,
        index_units: int = 0,
        **fields: Any,
    ) -> PatternCost:
        is_read = operation in {"GetItem", "Query"}
        own = (Decimal(units * TARGET) * (READ_USD if is_read else WRITE_USD)).quantize(CENTI)
        indexes = (Decimal(index_units * TARGET) * WRITE_USD).quantize(CENTI)
        defaults: dict[str, Any] = {
            "reads_usd": own if is_read else Decimal(0),
            "writes_usd": Decimal(0) if is_read else own,
            "index_writes_usd": indexes,
            "monthly_usd": own + indexes,
            "growth": "linear",
        }
        return PatternCost(
            table=table,
            pattern=name,
            operation=operation,
            index=index,
            calls=None if calls is None else Decimal(calls * TARGET),
            **(defaults | fields),
        )

    return (
        pattern("profile update", SUBSCRIBERS, "UpdateItem", None, calls=60, units=2_880, index_units=3 * 2_880 + 60),
        pattern("leaderboard", SUBSCRIBERS, "Query", LEADERBOARD, calls=30, units=45 * TARGET // USERS_NOW, growth="super-linear"),
        pattern("profile by id", SUBSCRIBERS, "GetItem", None, calls=300, units=1_950),
        pattern("rotate pin", PASSWORD, "UpdateItem", None, calls=60, units=120, index_units=120),
        pattern("device by id", PASSWORD, "GetItem", None, calls=1_200, units=600),
        pattern("webhook by e-mail", SUBSCRIBERS, "Query", "email-index", calls=60, units=390),
        pattern("devices of a customer", PASSWORD, "Query", "customer-device-index", calls=600, units=300),
        pattern("is a username taken", SUBSCRIBERS, "Query", "username-index", calls=20, units=130),
        pattern(
            "verification by phone", SUBSCRIBERS, "Query", "phone-index", calls=None, units=0, reads_usd=None, monthly_usd=None
        ),
    )


def _calibrations() -> tuple[Calibration, ...]:
    return (
        Calibration(
            table=SUBSCRIBERS,
            index=None,
            what="reads",
            declared_units=Decimal(210_000),
            measured_units=Decimal(218_400),
            factor=Decimal("1.04"),
            in_range=True,
        ),
        Calibration(
            table=SUBSCRIBERS,
            index=None,
            what="writes",
            declared_units=Decimal(806_400),
            measured_units=Decimal(322_560),
            factor=Decimal("0.4"),
            in_range=False,
        ),
        Calibration(
            table=SUBSCRIBERS,
            index="phone-index",
            what="reads",
            declared_units=Decimal(0),
            measured_units=Decimal(0),
            factor=None,
            in_range=False,
            note="the patterns are incomplete here: measured, in step with the users",
        ),
        Calibration(
            table=PASSWORD,
            index=None,
            what="reads",
            declared_units=Decimal(67_200),
            measured_units=None,
            factor=None,
            in_range=False,
            note="not measured: as declared",
        ),
    )


def _naive() -> NaiveEstimate:
    reads, writes = (
        sum((one.calls or Decimal(0) for one in _patterns() if (one.operation in {"GetItem", "Query"}) is is_read), Decimal(0))
        for is_read in (True, False)
    )
    requests = [line for line in _lines(TARGET) if line.unit in {READ_UNIT, WRITE_UNIT}]

    def units(component: str) -> Decimal:
        return sum((line.quantity or Decimal(0) for line in requests if line.component == component), Decimal(0)).quantize(
            Decimal(1)
        )

    return NaiveEstimate(
        users=TARGET,
        reads=reads,
        writes=writes,
        naive_usd=(reads * READ_USD + writes * WRITE_USD).quantize(CENTI),
        read_units=units("reads"),
        write_units=units("writes"),
        index_read_units=units("index-reads"),
        index_write_units=units("index-writes"),
        real_usd=_sum(requests),
        why=(
            "a write takes a unit for each KB of the item: 48 in stj_subscribers",
            "each write of a subscriber is written to 3 indexes too, at full size",
            "'leaderboard' reads every user in each call",
        ),
    )


def _grades_by_users() -> Mapping[str, GradesAtScale]:
    ids = [category.id for category in _categories()]
    letters = {
        "100": ("B", ("A+", "A", "B", "C", "A", "B", "A", "B+")),
        "1000": ("B-", ("A+", "A", "C", "C", "A", "B", "B", "B")),
        "10000": ("C", ("A+", "A-", "C", "D", "A-", "B", "C", "B")),
        "50000": ("D", ("B", "A-", "C", "D", "B", "B", "D", "D")),
        "100000": ("D", ("B", "A-", "C", "D", "B", "B", "D", "F")),
    }
    return {
        users: GradesAtScale(overall=overall, categories=dict(zip(ids, grades, strict=True)))
        for users, (overall, grades) in letters.items()
    }


def _category(category: str, title: str, grade: str, score: float | None, notes: str, **fields: Any) -> CategoryGrade:
    defaults: dict[str, Any] = {"best": grade, "worst": grade, "coverage": 1.0}
    return CategoryGrade(id=category, title=title, grade=grade, score=score, notes=notes, **(defaults | fields))


def _categories() -> tuple[CategoryGrade, ...]:
    return (
        _category("primary-key-design", "Primary Key Design", "A+", 98.0, "one value per user, evenly spread"),
        _category("gsi-coverage", "GSI Coverage", "A-", 91.0, "phone-index is not read", best="A", worst="A-", coverage=0.95),
        _category("gsi-projections", "GSI Projections", "C", 72.0, "three indexes project ALL of 48 KB items"),
        _category(
            "table-structure",
            "Table Structure",
            "D",
            58.0,
            "one item is at 97% of the limit",
            best="D",
            worst="F",
            coverage=0.8,
            held_by="a critical finding holds a category at D",
        ),
        _category("capacity-planning", "Capacity Planning", "A-", 90.0, "no alarm on throttles", worst="B+", coverage=0.9),
        _category(
            "backup-strategy", "Backup Strategy", "B", 83.0, "PITR is off on stj_password", best="B+", worst="C", coverage=0.75
        ),
        _category("cost-optimization", "Cost Optimization", "C", 70.0, "42% of the bill can be avoided"),
        _category("scalability", "Scalability", "B", 84.0, "ready for 10,000 users", best="A-", worst="B-", coverage=0.9),
    )


def _good() -> tuple[GoodPoint, ...]:
    return (
        GoodPoint(
            category="primary-key-design",
            title="Partition keys are well spread",
            messages=(
                "stj_subscribers: customer_id has 112 values in 112 items",
                "stj_password: user_id has 150 values in 150 items",
            ),
        ),
        GoodPoint(
            category="gsi-projections",
            title="The leaderboard index carries only what it needs",
            messages=("212 B an entry instead of 48.0 KB",),
        ),
        GoodPoint(category="backup-strategy", title="PITR is on", messages=("stj_subscribers: with a window of 35 days",)),
    )


def _practices() -> tuple[Practice, ...]:
    return (
        Practice(practice="Use partition keys with high cardinality", status="GOOD", notes="112 values in 112 items"),
        Practice(practice="Avoid hot partitions", status="IMPROVE", notes="4 values in subscription_status"),
        Practice(practice="Use GSIs for alternate access patterns", status="GOOD", notes="4 on stj_subscribers, 2 on stj_password"),
        Practice(practice="Optimize GSI projections", status="BAD", notes="3 of 6 indexes project ALL of large items"),
        Practice(practice="Use composite sort keys", status="NOT USED", notes="no table has a sort key"),
        Practice(practice="Keep items below 400 KB", status="BAD", notes="the largest is 387.0 KB"),
        Practice(practice="Use sparse indexes", status="NOT USED", notes="every item is in every index"),
        Practice(practice="Enable PITR", status="IMPROVE", notes="on 1 of 3 tables, not checked on 1"),
        Practice(practice="Set a TTL where data ages", status="NOT CHECKED", notes="DescribeTimeToLive was denied for stj_system"),
        Practice(practice="Scale provisioned capacity automatically", status="N/A", notes=""),
    )


def _recommendations() -> tuple[Recommendation, ...]:
    move = RecommendationItem(text="move webhook_data out of stj_subscribers", severity="critical", finding="f-item-near-limit")
    project = "re-create email-index as KEYS_ONLY"
    return (
        Recommendation(
            users=100,
            status="the structure is sufficient; one item is near the limit",
            items=(move, RecommendationItem(text="turn on PITR for stj_password", severity="high", finding="f-pitr-off")),
        ),
        Recommendation(users=1_000, status="the structure is sufficient", items=()),
        Recommendation(
            users=10_000,
            status="sufficient, at twice the price that it needs",
            items=(
                RecommendationItem(text=project, severity="high", finding="f-projection-unread", saving_usd_month=Decimal("18.90")),
            ),
        ),
        Recommendation(
            users=50_000,
            status="restructure before",
            items=(
                RecommendationItem(text=project, severity="high", finding="f-projection-unread", saving_usd_month=Decimal("94.50")),
                RecommendationItem(text="shard subscription_status", severity="medium", finding="f-low-cardinality"),
            ),
        ),
        Recommendation(users=100_000, status="", items=()),
    )


def _actions() -> tuple[Action, ...]:
    return (
        Action(when="now", finding="f-item-near-limit", text="move webhook_data out of stj_subscribers", done=False),
        Action(when="now", finding="f-pitr-off", text="turn on PITR for stj_password", done=False),
        Action(when="now", finding=None, text="turn on PITR for stj_subscribers", done=True),
        Action(when="before 1,000 users", finding="f-index-unread", text="delete phone-index of stj_subscribers", done=False),
        Action(when="before 50,000 users", finding="f-low-cardinality", text="shard subscription_status", done=False),
        Action(when="before 50,000 users", finding="f-sort-key", text="key stj_password by customer_id and device_id", done=False),
    )


def _rules() -> tuple[RuleRun, ...]:
    catalogue = (
        ("key-missing-spread", "KEY-01", "Partition key has few values", "primary-key-design", ("passed", "passed", "not checked")),
        ("low-cardinality-key", "KEY-03", "Index key with few values", "primary-key-design", ("found", "passed", "not applicable")),
        ("index-unread", "IDX-01", "Index is not read", "gsi-coverage", ("found", "not checked", "not applicable")),
        (
            "projection-unread",
            "IDX-04",
            "Index projects more than is read",
            "gsi-projections",
            ("found", "passed", "not applicable"),
        ),
        ("item-near-limit", "STR-02", "Items near the 400 KB limit", "table-structure", ("found", "passed", "not checked")),
        (
            "large-attribute",
            "STR-03",
            "One attribute makes up most of the item",
            "table-structure",
            ("passed", "passed", "not checked"),
        ),
        ("sort-key", "STR-05", "Composite key would replace an index", "table-structure", ("passed", "found", "not applicable")),
        ("no-throttle-alarm", "CAP-06", "No alarm on throttles", "capacity-planning", ("found", "passed", "passed")),
        ("throttled", "CAP-01", "Requests are throttled", "capacity-planning", ("passed", "not checked", "passed")),
        ("pitr-off", "BKP-01", "PITR is off", "backup-strategy", ("passed", "found", "not checked")),
        ("deletion-protection-off", "BKP-04", "Deletion protection is off", "backup-strategy", ("passed", "passed", "found")),
        ("ttl-off", "STR-08", "No TTL where data ages", "table-structure", ("passed", "passed", "not checked")),
    )
    reasons = {"not checked": "AccessDeniedException", "not applicable": "no index"}
    return tuple(
        RuleRun(check=check, code=code, title=title, category=category, table=table, status=status, reason=reasons.get(status, ""))
        for check, code, title, category, ended in catalogue
        for table, status in zip((SUBSCRIBERS, PASSWORD, SYSTEM), ended, strict=True)
    )


# -------------------------------------------------------------------------------------------------------------- hostile

HOSTILE = (
    "<script>alert(1)</script>",
    "a|b",
    "`code` ``two`` ```three```",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    "\u202egnp.exe\u2066\u200f",
    "nul\x00 and \x9b31m",
    "two\nlines\r\n# heading\n- [ ] item",
    "](javascript:1) [x](javascript:alert(1)) ![i](http://example.invalid/i.png)",
    "half \ud800 a pair \udfff",
    "n" * 300,
    "\"onmouseover=\"alert(1)\" ' style='x' --> ]]> </style></title></svg><img src=x onerror=alert(1)>",
    "{{ 7*7 }}{% raw %}${jndi:ldap://example.invalid}&lt;script&gt;",
    "# not a heading",
    "@everyone www.example.invalid https://example.invalid mailto:a@example.invalid",
    "*bold* _it_ ~~gone~~ \\ $(rm -rf ~) <!-- c",
)
# Words that templates ask for; hostile text there would keep the branches behind them from being run.
WORDS = frozenset(
    {"severity", "role", "kind", "coverage", "billing_mode", "pitr", "component", "category", "users", "growth", "by", "state"}
)


def a_run(when: datetime = STARTED_AT, run_id: str = "a", **audit: Any) -> Report:
    """The sample as a run of another time, or of another place."""
    report = sample_report()
    return dataclasses.replace(report, audit=dataclasses.replace(report.audit, started_at=when, id=run_id, **audit))


def a_scope(region: str = "eu-north-1", *, account: str = "123456789012", not_read: str | None = None) -> ScopeReport:
    """One account in one region of an audit of several."""
    return ScopeReport(
        account=account,
        region=region,
        name=None,
        endpoint_url=None,
        tables=0 if not_read else 1,
        read_units=Decimal(0),
        api_calls=1,
        not_read=not_read,
    )


def hostile_report(*, words_too: bool = False) -> Report:
    """The sample with hostile text in every string."""
    return hostile(sample_report(), words_too=words_too)


def hostile(report: Report, *, words_too: bool = False, texts: Sequence[str] = HOSTILE) -> Report:
    """
    A report with hostile text, made of `texts`, in every string: each string another one, the same string the same one.

    `words_too`: also where the report has words of ours, such as a severity.
    """
    seen: dict[str, str] = {}

    def hostile(text: str) -> str:
        if text not in seen:
            number = len(seen)
            seen[text] = f"{texts[number % len(texts)]}{number}"
        return seen[text]

    def mapping_key(text: str) -> str:
        return text if text.isdecimal() and not words_too else hostile(text)

    def walk(value: Any, name: str = "") -> Any:
        if isinstance(value, str):
            return value if name in WORDS and not words_too else hostile(value)
        if isinstance(value, tuple):
            return tuple(walk(one, name) for one in value)
        if isinstance(value, Mapping):
            return {mapping_key(key): walk(one, name) for key, one in value.items()}
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return dataclasses.replace(
                value, **{field.name: walk(getattr(value, field.name), field.name) for field in dataclasses.fields(value)}
            )
        return value

    result = walk(report)
    assert isinstance(result, Report)
    return result
