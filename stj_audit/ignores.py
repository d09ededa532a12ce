"""
Findings that the owner accepts: which `[[ignore]]` suppresses one, and what became of each.

A suppressed finding is listed with its reason, takes no part in the grade, and the grade without any suppression stands beside it. An ignore
that has expired suppresses nothing, and is told.
"""

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase

from stj_audit.config import Ignore
from stj_audit.errors import ConfigError
from stj_audit.report import IgnoreReport, Suppression
from stj_audit.results import Check
from stj_audit.wording import a_few

EXPIRED, ACTIVE, UNUSED = "expired", "active", "unused"


@dataclass(frozen=True, kw_only=True)
class Ignores:
    """The ignores of a configuration, as they hold on the day `today`; counts what each has suppressed."""

    ignores: Sequence[Ignore]
    today: date
    _found: Counter[int] = field(default_factory=Counter)

    def suppresses(self, check: Check, table: str) -> bool:
        """Whether what `check` finds on `table` is accepted."""
        return self._place(check, table) is not None

    def suppression(self, check: Check, table: str) -> Suppression | None:
        """Why a finding of `check` on `table` is accepted, which is counted; None: it is not."""
        place = self._place(check, table)
        if place is None:
            return None
        self._found[place] += 1
        return Suppression(reason=self.ignores[place].reason, expires=self.ignores[place].expires)

    def _place(self, check: Check, table: str) -> int | None:
        for place, ignore in enumerate(self.ignores):
            if not self._is_expired(ignore) and ignore.check in (check.name, check.code) and covers(ignore.tables, table):
                return place
        return None

    def reports(self) -> tuple[IgnoreReport, ...]:
        """What became of each: expired, active, or not used because nothing was found."""
        return tuple(
            IgnoreReport(
                check=ignore.check,
                tables=ignore.tables,
                reason=ignore.reason,
                expires=ignore.expires,
                state=EXPIRED if self._is_expired(ignore) else ACTIVE if self._found[place] else UNUSED,
                findings=self._found[place],
            )
            for place, ignore in enumerate(self.ignores)
        )

    def _is_expired(self, ignore: Ignore) -> bool:
        return ignore.expires is not None and ignore.expires <= self.today


def about_ignores(ignores: Iterable[IgnoreReport]) -> Iterator[str]:
    """What the report says of ignores that do nothing."""
    for one in ignores:
        where = "" if one.tables == ("*",) else f" on {a_few(one.tables)}"
        if one.state == EXPIRED:
            yield f"the ignore of {one.check}{where} has expired on {one.expires}, and suppresses nothing any more: {one.reason}"
        if one.state == UNUSED:
            yield f"the ignore of {one.check}{where} suppresses nothing: nothing of it was found"


def covers(globs: Iterable[str], table: str) -> bool:
    """Whether an ignore of these tables is for this one."""
    names = (table, table.rpartition("/")[2])  # of several regions or accounts: with where it is, and what AWS calls it
    return any(fnmatchcase(name, glob) for glob in globs for name in names)


def check_names(ignores: Sequence[Ignore], checks: Sequence[Check], *, origin: str) -> None:
    """Raise ConfigError for an ignore of a check that there is not: a typing error must not hide that a finding is not accepted."""
    known = [name for check in checks for name in (check.name, check.code)]
    for place, ignore in enumerate(ignores):
        if ignore.check not in known:
            nearest = difflib.get_close_matches(ignore.check, known, n=1)
            meant = f"; did you mean {nearest[0]!r}?" if nearest else ""
            raise ConfigError(
                f"{origin}: there is no check {ignore.check!r}{meant} - at `ignore[{place}].check`", hint="see `stj-audit rules`"
            )
