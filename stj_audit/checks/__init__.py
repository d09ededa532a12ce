"""
The checks, one pure file each, and the machinery that runs them.

A check is a generator over the facts it names as parameters:

    @check("PITR is off", Category.BACKUP_STRATEGY, Severity.HIGH, code="BKP-01")
    def pitr_off(pitr: Pitr) -> Iterator[Said]:
        if not pitr.enabled:
            yield Problem(message=..., fix=...)
        else:
            yield Good(message=...)

`examine` fills the parameters in by name, from `TableFacts` or from `Context`. When a fact is Unknown, the check is not called and
its Result says so, unless the parameter's annotation includes Unknown ("traffic: Traffic | Unknown"). A check may itself yield
Unknown for a part it could not see, and NotApplicable when the table has nothing that it looks at. The file's name is the check's name is the
defect; the module's docstring is its documentation: why it matters, when the check is wrong, then a paragraph that begins with "Fix:".
"""

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Any, get_args, get_type_hints

from stj_audit.config import Backup, Scale, SizeLines, TableModel
from stj_audit.cost.bill import TableBill
from stj_audit.facts import NOT_DEPLOYED, TEMPLATE, TableFacts, Unknown
from stj_audit.results import Category, Check, Good, Limit, NotApplicable, Problem, Result, Said, Severity, Status

# What protects data and people from a loss is a note, and no more, on a table whose tag says that nothing is lost with it.
ENVIRONMENT_TAGS = ("env", "environment", "stage")  # in any case
THROW_AWAY = frozenset({"dev", "development", "test", "testing", "sandbox", "demo", "preview"})
SPARED = frozenset({"BKP-01", "BKP-02", "BKP-05", "BKP-06", "BKP-08", "CAP-12", "CAP-14"})

FACTS = tuple(field.name for field in fields(TableFacts))


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """
    What a check may ask for beside the facts of its table: for whom it is judged, the two size lines, what the table costs, what is
    declared of it (its access patterns among it), and of backups in general; and the moment, UTC, in which the audit began to read.
    """

    facts: TableFacts
    scale: Scale
    size_lines: SizeLines
    bill: TableBill
    declared: TableModel
    backup_policy: Backup
    taken_at: datetime


CONTEXT = tuple(field.name for field in fields(Context) if field.name != "facts")


def check(title: str, category: Category, severity: Severity, *, code: str) -> Callable[[Callable[..., Iterator[Said]]], Check]:
    """Make a Check out of a generator function. `severity` is the default for its problems. Raises TypeError for an unknown parameter."""

    def decorate(find: Callable[..., Iterator[Said]]) -> Check:
        hints = get_type_hints(find)
        needs = tuple(inspect.signature(find).parameters)
        for name in needs:
            if name not in FACTS + CONTEXT:
                raise TypeError(f"{find.__module__}: no fact is called {name!r}; there are {', '.join(FACTS + CONTEXT)}")
        why, _, fix = (inspect.getdoc(inspect.getmodule(find)) or "").partition("\n\nFix:")
        return Check(
            code=code,
            name=find.__name__.replace("_", "-"),
            title=title,
            category=category,
            severity=severity,
            find=find,
            needs=needs,
            accepts_unknown=frozenset(name for name in needs if Unknown in get_args(hints[name])),
            why=why.strip(),
            fix=" ".join(fix.split()),
        )

    return decorate


@cache
def all_checks() -> tuple[Check, ...]:
    """Every check in this folder, by code."""
    found = []
    for module_info in pkgutil.iter_modules(__path__):
        module = import_module(f"{__name__}.{module_info.name}")
        found.append(getattr(module, module_info.name))
    return tuple(sorted(found, key=lambda one: one.code))


def examine(one: Check, context: Context) -> Result:
    """Run one check on one table. An exception in a check is a bug: it is passed on with a note that names check and table."""
    table = context.facts.table.title
    arguments: dict[str, Any] = {}
    for name in one.needs:
        value = getattr(context.facts, name) if name in FACTS else getattr(context, name)
        if isinstance(value, Unknown) and name not in one.accepts_unknown:
            if value.is_not_deployed:
                return Result(check=one, table=table, status=Status.NOT_APPLICABLE, reason=value.reason)
            return Result(check=one, table=table, status=Status.UNKNOWN, unknowns=(value,), reason=value.reason)
        arguments[name] = value
    try:
        said = list(one.find(**arguments))
    except Exception as error:
        error.add_note(f"in check {one.name} on table {table}")
        raise
    if context.facts.table.defined_in is not None:
        said = [_before_deployment(one, word) for word in said]
    problems = tuple(_for_environment(one, word, context.facts) for word in said if isinstance(word, Problem))
    unknowns = tuple(word for word in said if isinstance(word, Unknown))
    goods = tuple(word for word in said if isinstance(word, Good))
    limits = tuple(word for word in said if isinstance(word, Limit))
    absent = [word.reason for word in said if isinstance(word, NotApplicable)]
    if problems:
        status, reason = Status.FOUND, ""
    elif unknowns:
        status, reason = Status.UNKNOWN, unknowns[0].reason
    elif absent:
        status, reason = Status.NOT_APPLICABLE, absent[0]
    else:
        status, reason = Status.PASSED, ""
    return Result(
        check=one, table=table, status=status, problems=problems, goods=goods, unknowns=unknowns, limits=limits, reason=reason
    )


MODEL = frozenset({"bill", "declared"})
USAGE_MODEL = "stj-audit.toml"  # as the call of what it would tell


def _before_deployment(one: Check, word: Said) -> Said:
    """
    What a check cannot see of a table that is not there yet is nothing to look at, and no gap: nobody could allow it. It is a gap where the
    usage model would tell, if it said more, or where the template leaves it to a parameter.
    """
    if not isinstance(word, Unknown):
        return word
    is_gap = word.call == TEMPLATE or bool(MODEL & set(one.needs))
    if not is_gap or word.is_not_deployed:
        return NotApplicable(reason=NOT_DEPLOYED)
    return word if word.call == TEMPLATE else replace(word, call=USAGE_MODEL)


def _for_environment(one: Check, problem: Problem, facts: TableFacts) -> Problem:
    """A problem as bad as it is for the table's environment: on a throw-away table some are notes."""
    environment = environment_of(facts)
    if one.code not in SPARED or environment is None or environment.lower() not in THROW_AWAY:
        return problem
    return replace(problem, severity=Severity.INFO, evidence={**problem.evidence, "environment": environment})


def environment_of(facts: TableFacts) -> str | None:
    """What the table's tags say that it is for ("production"); None: they do not say, or may not be read."""
    tags = {} if isinstance(facts.tags, Unknown) else {key.lower(): value for key, value in facts.tags.values.items()}
    return next((tags[key] for key in ENVIRONMENT_TAGS if key in tags), None)
