"""What makes two runs hard to compare: other versions, prices, users, or another way of looking, in a sentence each."""

from collections.abc import Iterator

from stj_audit.diff.terms import is_design, other_lines, other_terms
from stj_audit.report import Report
from stj_audit.wording import a_few, count, counted

NOT_KNOWN = "not known"


def notes(old: Report, new: Report) -> Iterator[str]:
    """The sentences, without a full stop; none where both runs were made alike."""
    if old.audit.id == new.audit.id and old.audit.started_at == new.audit.started_at:
        yield "Both files are of the same run"
    elif old.audit.started_at > new.audit.started_at:
        yield "The old run was made after the new one: are the files given in the wrong order?"
    if is_design(old) != is_design(new):
        one, other = ("old", "new") if is_design(old) else ("new", "old")
        yield (
            f"The {one} run is of a design, before deployment, and the {other} one of tables that are deployed: what only these show "
            "(items, traffic, sizes) is known in one of them alone"
        )
    yield from _how_it_was_judged(old, new)
    yield from _on_what_terms(old, new)
    yield from _what_was_looked_at(old, new)


def _how_it_was_judged(old: Report, new: Report) -> Iterator[str]:
    told = _differ("stj-audit", old.tool.version, new.tool.version)
    if told:
        yield f"{told}: what only one version looks at is new or gone for that alone"
    told = _differ("How grades are made (policy version)", old.tool.policy_version, new.tool.policy_version)
    if told:
        yield f"{told}: a grade may differ for that alone"
    one, other = old.costs.prices, new.costs.prices
    yield from filter(None, (_differ("Prices", one.as_of or NOT_KNOWN, other.as_of or NOT_KNOWN),))
    yield from filter(None, (_differ("Where prices are from", one.source, other.source),))
    yield from filter(
        None,
        (_differ("AWS's free monthly quantities", *("subtracted" if one else "not subtracted" for one in _free(old, new))),),
    )


def _on_what_terms(old: Report, new: Report) -> Iterator[str]:
    lines = other_lines(old, new)
    if lines:
        yield f"The runs have {lines}; findings on item sizes, and grades, may differ for that alone"
    for option, before, after in other_terms(old, new):
        yield f"{option} of the gate: {before} → {after}; how it came out may differ for that alone"


def _free(old: Report, new: Report) -> tuple[bool, bool]:
    return old.costs.free_tier, new.costs.free_tier


def _what_was_looked_at(old: Report, new: Report) -> Iterator[str]:
    told = _differ("Users now", _users(old.audit.users_now), _users(new.audit.users_now))
    if told:
        yield told
    told = _differ("Target users", count(old.audit.target_users), count(new.audit.target_users))
    if told:
        yield f"{told}: findings and the grade are for these users, and may differ for that alone"
    only = {at.users for at in old.costs.projections} ^ {at.users for at in new.costs.projections}
    if only:
        yield f"Only one of the runs has {a_few((count(users) for users in sorted(only)), at_most=5)} users: not compared there"
    told = _differ("Endpoint", old.audit.endpoint_url or "AWS", new.audit.endpoint_url or "AWS")
    if told:
        yield told
    accounts = [scope.account for report in (old, new) for scope in report.audit.scopes or (report.audit,)]
    if None in accounts and old.audit.id != new.audit.id:
        yield "It is not known whether both runs are of the same account"
    yield from _how_items_were_read(old, new)
    other = _known_otherwise(old, new)
    if other:
        yield (
            f"{counted(other, 'line')} of the bill now {'is' if other == 1 else 'are'} measured in one run, and declared or assumed in the "
            "other: what is called usage there may be that alone"
        )
    if (old.baseline is None) != (new.baseline is None):
        yield f"Only the {'new' if old.baseline is None else 'old'} run was held against a baseline, which suppresses what it knows"


def _known_otherwise(old: Report, new: Report) -> int:
    """How many lines that both bills have are not known in the same way."""
    before, after = (
        {(line.table, line.index, line.component, line.region): line.basis for line in report.costs.current.lines}
        for report in (old, new)
    )
    return sum(before[key] != basis for key, basis in after.items() if key in before)


def _how_items_were_read(old: Report, new: Report) -> Iterator[str]:
    before = {table.name: None if table.items is None else table.items.coverage for table in old.tables}
    other = [
        table.name
        for table in new.tables
        if table.name in before and before[table.name] != (None if table.items is None else table.items.coverage)
    ]
    if other:
        yield (
            f"The items of {counted(len(other), 'table')} were not read in the same way (all, a sample, none): {a_few(other)}; "
            "sizes, and what is found in items, may differ for that alone"
        )


def _users(users: int | None) -> str:
    return NOT_KNOWN if users is None else count(users)


def _differ(what: str, before: str, after: str) -> str:
    """ "Prices: 2026-05 → 2026-11"; empty where they are the same."""
    return "" if before == after else f"{what}: {before} → {after}"
