"""
Provisioned capacity stays where it was set: too low, and a busy hour is throttled; too high, and every quiet hour is paid for. Auto scaling
moves it with the load. Reads and writes, the table and each global secondary index are registered one by one, and one is easily forgotten.
Auto scaling whose minimum is its maximum is registered, and moves nothing. What is registered without a target utilization is moved by
scheduled actions at most, which are not read: it is not known.

How many users such capacity serves is told with the limits: from there on the peak, which is the mean of the month's units a second times the
peak factor, is above it. Where auto scaling may not be looked at, it is told of all capacity, for the case that nothing raises it.

Wrong for a small table that is fixed on purpose, or one whose capacity is scheduled by other means than Application Auto Scaling.
Source: AWS Security Hub control DynamoDB.1; AWS developer guide, "Managing throughput capacity automatically with DynamoDB auto scaling".

Fix: register the missing dimensions with a target of 70% utilization, or move the table to on-demand.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from stj_audit.checks import check
from stj_audit.cloudformation import Value, logical_id, template
from stj_audit.commands import Dimension, register_target, scalable_target, track_target
from stj_audit.config import Scale
from stj_audit.cost.auto_scaling import TARGET_PERCENT
from stj_audit.cost.bill import TableBill
from stj_audit.cost.peaks import binds_from
from stj_audit.cost.workload import Kind
from stj_audit.facts import AutoScaling, Flow, ScalableTarget, Table, Throughput, Traffic, Unknown
from stj_audit.results import Category, Good, Limit, Problem, Said, Severity
from stj_audit.wording import counted, listed

ROOM_FACTOR = 4  # the suggested maximum over today's capacity; what one is willing to pay in a busy hour

State = Literal["scaled", "not registered", "suspended", "cannot move", "no policy"]
DIMENSIONS: tuple[Dimension, ...] = ("read", "write")
KINDS: Mapping[Dimension, Kind] = {"read": "reads", "write": "writes"}
FIXED: tuple[State, ...] = ("not registered", "suspended")  # what a target may reach that cannot move is told with the maxima
SCALED: Literal["scaled"] = "scaled"
NO_POLICY: Literal["no policy"] = "no policy"


@check("Provisioned without auto scaling", Category.CAPACITY_PLANNING, Severity.MEDIUM, code="CAP-04")
def provisioned_without_auto_scaling(
    table: Table, auto_scaling: AutoScaling | Unknown, traffic: Traffic | Unknown, bill: TableBill, scale: Scale
) -> Iterator[Said]:
    if table.billing_mode == "PAY_PER_REQUEST":
        yield Good(message="on-demand capacity follows the load by itself")
        return
    resources = [(None, table.provisioned), *((index.name, index.provisioned) for index in table.global_indexes)]
    if isinstance(auto_scaling, Unknown):
        yield auto_scaling
        for index, capacity in resources:
            yield from _limits(index, capacity, DIMENSIONS, bill, scale, unless=", unless auto scaling raises them")
        return
    scaled = 0
    for index, capacity in resources:
        targets = {dimension: auto_scaling.target(index, dimension) for dimension in DIMENSIONS}
        states = {dimension: _state(target) for dimension, target in targets.items()}
        scaled += sum(state == SCALED for state in states.values())
        yield from _limits(index, capacity, [one for one, state in states.items() if state in FIXED], bill, scale)
        yield from (_without_policy(index, dimension) for dimension, state in states.items() if state == NO_POLICY)
        if any(state not in (SCALED, NO_POLICY) for state in states.values()):
            yield _problem(table, index, capacity, targets, _throttles(traffic, index))
    if scaled == len(DIMENSIONS) * len(resources):
        also = (
            f" and its {counted(len(resources) - 1, 'global secondary index', 'global secondary indexes')}" if resources[1:] else ""
        )
        yield Good(message=f"auto scaling follows the reads and writes of the table{also}")


def _limits(
    index: str | None, capacity: Throughput | None, fixed: Iterable[Dimension], bill: TableBill, scale: Scale, *, unless: str = ""
) -> Iterator[Limit]:
    """From how many users on the peak is above capacity that is fixed."""
    if capacity is None or not bill.workload.provisioned:
        return
    for dimension in fixed:
        units = capacity.read_units if dimension == "read" else capacity.write_units
        binding = None if units is None else binds_from(bill.workload, (index, KINDS[dimension]), units, scale.peak_factor)
        if units is not None and binding is not None:
            yield Limit(what=f"the {counted(units, f'{dimension} unit')} provisioned{unless}", users=binding, index=index)


def _throttles(traffic: Traffic | Unknown, index: str | None) -> int | None:
    if isinstance(traffic, Unknown):
        return None
    flow = traffic.table if index is None else traffic.indexes.get(index, Flow())
    known = [events for events in (flow.read_throttles, flow.write_throttles) if events is not None]
    return sum(known) if known else None


def _state(target: ScalableTarget | None) -> State:
    if target is None:
        return "not registered"
    if target.suspended:
        return "suspended"
    if target.min_units >= target.max_units:
        return "cannot move"
    return NO_POLICY if target.target_utilization_percent is None else SCALED


def _without_policy(index: str | None, dimension: Dimension) -> Unknown:
    what = f"{dimension}s of {'the table' if index is None else f'index {index}'}"
    return Unknown(call="application-autoscaling:DescribeScalingPolicies", reason=f"no target utilization is set for {what}")


def _problem(
    table: Table,
    index: str | None,
    capacity: Throughput | None,
    targets: dict[Dimension, ScalableTarget | None],
    throttles: int | None,
) -> Problem:
    states = {dimension: _state(target) for dimension, target in targets.items()}
    units = {"read": capacity.read_units if capacity else None, "write": capacity.write_units if capacity else None}
    fixed = [
        f"{counted(now, f'{one} unit')}"
        for one, state in states.items()
        if state not in (SCALED, NO_POLICY) and (now := units[one]) is not None
    ]
    throttled = f"; throttled {counted(throttles, 'time')}" if throttles else ""
    commands: list[str] = []
    for dimension, state in states.items():
        now, target = units[dimension], targets[dimension]
        if state == "not registered" and now is not None:
            commands += _register(table, index, dimension, now)
        elif state == "cannot move" and target is not None:
            most = target.max_units * ROOM_FACTOR
            commands.append(register_target(table, index, dimension, min_units=target.min_units, max_units=most))
        elif state == "suspended":
            commands.append(
                f"aws application-autoscaling register-scalable-target {scalable_target(table, index, dimension)} --suspended-state "
                "DynamicScalingInSuspended=false,DynamicScalingOutSuspended=false,ScheduledScalingSuspended=false"
            )
    words: dict[State, str] = {
        "not registered": "no auto scaling of {}",
        "suspended": "auto scaling of {} is suspended",
        "cannot move": "auto scaling of {} cannot move: its minimum is its maximum",
    }
    off = [
        text.format(listed(kinds))
        for off_state, text in words.items()
        if (kinds := [f"{dimension}s" for dimension, state in states.items() if state == off_state])
    ]
    absent = [dimension for dimension, state in states.items() if state == "not registered"]
    return Problem(
        message=f"{'; '.join(off)}{throttled}",
        fix=f"register reads and writes for auto scaling at {TARGET_PERCENT}% utilization, or move the table to on-demand",
        severity=Severity.HIGH if throttles else Severity.MEDIUM,
        index=index,
        evidence={
            "read_auto_scaling": states["read"],
            "write_auto_scaling": states["write"],
            "read_units": units["read"],
            "write_units": units["write"],
            "throttles": throttles,
        },
        current=f"capacity is fixed at {listed(fixed)}" if fixed else "capacity is fixed",
        benefit="capacity follows the load: fewer throttles when it is busy, less to pay when it is quiet",
        migration="none: it starts while the table is in use; the maximum is what you would pay in a busy hour "
        f"({ROOM_FACTOR} times what is provisioned is suggested)",
        effort="minutes",
        commands=tuple(commands),
        template=_template(table, index, {one: now for one in absent if (now := units[one]) is not None}),
    )


def _register(table: Table, index: str | None, dimension: Dimension, now: int) -> tuple[str, str]:
    return (
        register_target(table, index, dimension, min_units=now, max_units=now * ROOM_FACTOR),
        track_target(table, index, dimension, TARGET_PERCENT),
    )


def _template(table: Table, index: str | None, units: Mapping[Dimension, int]) -> str:
    """Targets and policies, as `_register` makes them; nothing where no capacity is known."""
    resources: dict[str, tuple[str, Mapping[str, Value]]] = {}
    for dimension, now in units.items():
        names = (table.name, index or "", dimension)
        target = logical_id(*names, "target")
        resources[target] = (
            "AWS::ApplicationAutoScaling::ScalableTarget",
            {
                "ServiceNamespace": "dynamodb",
                "ResourceId": f"table/{table.name}" if index is None else f"table/{table.name}/index/{index}",
                "ScalableDimension": f"dynamodb:{'table' if index is None else 'index'}:{dimension.title()}CapacityUnits",
                "MinCapacity": now,
                "MaxCapacity": now * ROOM_FACTOR,
            },
        )
        resources[logical_id(*names, "policy")] = (
            "AWS::ApplicationAutoScaling::ScalingPolicy",
            {
                "PolicyName": "-".join(part for part in (*names, str(TARGET_PERCENT)) if part),
                "PolicyType": "TargetTrackingScaling",
                "ScalingTargetId": {"Ref": target},
                "TargetTrackingScalingPolicyConfiguration": {
                    "PredefinedMetricSpecification": {"PredefinedMetricType": f"DynamoDB{dimension.title()}CapacityUtilization"},
                    "TargetValue": TARGET_PERCENT,
                },
            },
        )
    return template(resources) if resources else ""
