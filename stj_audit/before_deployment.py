"""
The audit of a design: templates and plans are read, held together with the usage model, and judged as tables are. No call is made for it.

Raises ConfigError where `stj-audit.toml` and a template say different things of one table.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from msgspec import structs

from stj_audit.baseline import check_belongs
from stj_audit.config import Config, TableModel
from stj_audit.cost.from_definition import completed, disagreement
from stj_audit.cost.prices import PriceSheet
from stj_audit.declared.reading import Design, read_design
from stj_audit.declared.source import Source
from stj_audit.errors import ConfigError
from stj_audit.facts import NOT_LOOKED_AT, TEMPLATE
from stj_audit.gate import GateTerms
from stj_audit.judge import judge
from stj_audit.pipeline import Request, expected_tables, terms_of
from stj_audit.report import ELSEWHERE, NotChecked, Report, SourceLine
from stj_audit.saved import Gathered


@dataclass(frozen=True, kw_only=True, slots=True)
class DesignRequest:
    """What to judge. `audit` says on what terms, `parameters` are those of templates, by name, and `prices` those of the region."""

    audit: Request
    sources: Sequence[Source]
    parameters: Mapping[str, str]
    prices: PriceSheet


def audit_design(request: DesignRequest) -> Report:
    """The report on tables that are not there yet. Raises ConfigError and NoTables, see `declared.reading.read_design`."""
    region, audit = request.prices.region, request.audit
    check_belongs(audit.baseline, [(None, region)], design=True)
    design = read_design(request.sources, given=request.parameters, region=region, patterns=audit.patterns, now=datetime.now(UTC))
    config = _with_definitions(audit.config, design)
    gate = replace(_gate(audit.gate, audit.config, design), expected=expected_tables(audit.config, audit.patterns))
    audit = replace(audit, config=config, gate=gate)
    gathered = Gathered(snapshot=design.snapshot, prices={region: request.prices}, users_table=None, users_elsewhere=None)
    # Without facts: to judge it again, its files are read again
    report = judge(design.snapshot, terms_of(audit, gathered, secrets.token_hex(8)))
    report = replace(report, not_checked=(*report.not_checked, *_left_out(design)))
    elsewhere = SourceLine(path=request.sources[0].shown, line=1)
    return replace(report, sources={ELSEWHERE: elsewhere, **design.sources})


def _left_out(design: Design) -> tuple[NotChecked, ...]:
    """What may define other tables, as one thing that was not checked: formats that tell no notes tell these."""
    if not design.snapshot.unseen:
        return ()
    told = f"{NOT_LOOKED_AT} {'; '.join(design.snapshot.unseen)}"
    return (NotChecked(check=None, table=None, index=None, call=TEMPLATE, reason=told),)


def _with_definitions(config: Config, design: Design) -> Config:
    """The configuration with what the templates add to each declared table."""
    tables = dict(config.tables)
    for facts in design.snapshot.tables:
        name, model = facts.table.name, config.tables.get(facts.table.name)
        if model is None:
            continue
        wrong = disagreement(facts, model)
        if wrong is not None:
            place, problem = wrong
            where = design.sources[name]
            raise ConfigError(
                f"{config.path or 'the configuration'}: {problem} ({where.path}, line {where.line}) - at `tables.{name}.{place}`",
                hint="make the two agree, or leave it to the template",
            )
        tables[name] = completed(facts, model)
    return structs.replace(config, tables=tables)


def _gate(gate: GateTerms, config: Config, design: Design) -> GateTerms:
    """
    A design has no items, so the gate is not about them: nothing shows that none is too large. But where the mean item is declared to be
    above the line, one of them is.
    """
    line = gate.fail_item_size
    if line is None:
        return gate
    declared = {
        facts.table.title: size
        for facts in design.snapshot.tables
        if (size := config.tables.get(facts.table.name, TableModel()).item_bytes) is not None and size > line
    }
    return replace(gate, fail_item_size=line if declared else None, declared_over=declared)
