"""The report of a large account: the sample's three tables again and again, each with its own findings, costs and rules."""

import dataclasses
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

from stj_audit.report import (
    AppliedSaving,
    BreakEven,
    Calibration,
    CostLine,
    Costs,
    Finding,
    ItemsVerdict,
    NotChecked,
    PatternCost,
    Projection,
    Report,
    RuleRun,
    StorageAtScale,
    TableReport,
)
from tests.gated_report import a_gate, gated_report

Row = TypeVar(
    "Row",
    AppliedSaving,
    BreakEven,
    Calibration,
    CostLine,
    ItemsVerdict,
    NotChecked,
    PatternCost,
    RuleRun,
    StorageAtScale,
)
Names = Mapping[str, Sequence[str]]  # of the copies, by the name in the sample


def a_report_of(tables: int) -> Report:
    """`tables` tables, a third of them with a critical finding; in the order of their names, which is not that of their grades."""
    sample = gated_report()
    copies = sorted(
        ((f"t{number * 7919 % tables:04}-{one.name}", number, one) for number, one in enumerate(_in_turns(sample, tables))),
        key=lambda copy: copy[0],
    )
    names = {one.name: [name for name, _, of in copies if of.name == one.name] for one in sample.tables}
    findings = tuple(_finding(one, name, number) for name, number, of in copies for one in sample.findings if one.table == of.name)
    gate = sample.gate or a_gate()
    verdicts = _again(gate.items, names)
    return dataclasses.replace(
        sample,
        tables=tuple(
            dataclasses.replace(of, name=name, findings=tuple(f"{one}-{number}" for one in of.findings))
            for name, number, of in copies
        ),
        findings=findings,
        do_first=tuple(one.id for one in findings if one.suppressed is None)[:3],
        costs=_costs(sample.costs, names),
        rules=_again(sample.rules, names),
        not_checked=_again(sample.not_checked, names),
        actions=tuple(
            dataclasses.replace(one, text=f"{one.text}: {name}")
            for names_of in names.values()
            for name in names_of
            for one in sample.actions
        ),
        gate=dataclasses.replace(
            gate,
            items=verdicts,
            failing=tuple(one.id for one in findings if one.severity in {"critical", "high"} and one.suppressed is None),
            reasons=tuple(f"{one.table}: {one.sentence}" for one in verdicts if one.verdict != "none"),
        ),
        sources={},
    )


def _in_turns(sample: Report, tables: int) -> list[TableReport]:
    return [sample.tables[number % len(sample.tables)] for number in range(tables)]


def _finding(one: Finding, name: str, number: int) -> Finding:
    return dataclasses.replace(one, id=f"{one.id}-{number}", table=name, message=f"{one.message} ({name})")


def _again(rows: Sequence[Row], names: Names) -> tuple[Row, ...]:
    """Each row once for every copy of its table."""
    return tuple(dataclasses.replace(row, table=name) for row in rows for name in names.get(row.table or "", ()))


def _costs(costs: Costs, names: Names) -> Costs:
    return dataclasses.replace(
        costs,
        current=dataclasses.replace(
            costs.current, lines=_again(costs.current.lines, names), monthly_usd=_total(_again(costs.current.lines, names))
        ),
        projections=tuple(_projection(one, names) for one in costs.projections),
        patterns=_again(costs.patterns, names),
        calibrations=_again(costs.calibrations, names),
        break_even=_again(costs.break_even, names),
    )


def _projection(one: Projection, names: Names) -> Projection:
    lines = _again(one.lines, names)
    savings = tuple(dataclasses.replace(saving, finding=None) for saving in _again(one.savings, names))
    return dataclasses.replace(
        one,
        lines=lines,
        monthly_usd=_total(lines),
        storage=_again(one.storage, names),
        savings=savings,
        avoidable_usd=sum((saving.saving_usd for saving in savings if not saving.is_bound), Decimal(0)),
        avoidable_at_most_usd=sum((saving.saving_usd for saving in savings), Decimal(0)),
        parts=None,
    )


def _total(lines: Sequence[CostLine]) -> Decimal:
    return sum((line.monthly_usd for line in lines if line.monthly_usd is not None), Decimal(0))
