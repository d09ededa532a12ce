"""The checks in words: the list, and one of them with why, how it is fixed, what it reads and which permissions that takes."""

import difflib
import textwrap

from tabulate import tabulate

from stj_audit.checks import all_checks
from stj_audit.errors import ConfigError
from stj_audit.permissions import actions_for
from stj_audit.results import Category, Check

WIDTH = 100


def list_checks() -> str:
    """Every check, a line each: code, name, category, severity and title."""
    rows = [(one.code, one.name, one.category.title, one.severity.label, one.title) for one in all_checks()]
    return tabulate(rows, headers=("code", "name", "category", "severity", "finding"), tablefmt="simple")


def list_checks_as_markdown() -> str:
    """The same as a Markdown table, for the README."""
    rows = [(one.code, f"`{one.name}`", one.title, one.category.title, one.severity.label) for one in all_checks()]
    return tabulate(rows, headers=("code", "name", "finding", "category", "severity"), tablefmt="github")


def document(rule: str | None) -> str:
    """One check whole, or every check by category, as Markdown. Raises ConfigError when there is none of that name or code."""
    if rule is not None:
        return _section(find_check(rule), "#")
    parts = ["# The checks of stj-audit"]
    for category in Category:
        parts.append(f"## {category.title}")
        parts += [_section(one, "###") for one in all_checks() if one.category is category]
    return "\n\n".join(parts)


def _section(one: Check, heading: str) -> str:
    permissions = ", ".join(f"`{action}`" for action in actions_for(one.needs))
    return "\n\n".join(
        [
            f"{heading} {one.code} {one.title}",
            f"`{one.name}`, {one.category.title}, {one.severity.label} unless the finding says otherwise",
            *(" ".join(paragraph.split()) for paragraph in one.why.split("\n\n")),
            f"**Fix:** {one.fix}",
            f"Reads {', '.join(f'`{need}`' for need in one.needs)}. Permissions: {permissions or 'none of its own'}.",
        ]
    )


def find_check(rule: str) -> Check:
    """The check of a name ("pitr-off") or a code ("BKP-01"). Raises ConfigError with the nearest name."""
    by_word = {word: one for one in all_checks() for word in (one.name, one.code.lower())}
    if rule.lower() in by_word:
        return by_word[rule.lower()]
    near = difflib.get_close_matches(rule.lower(), by_word, n=1)
    hint = f"did you mean {near[0]}?" if near else "`stj-audit rules` lists them"
    raise ConfigError(f"there is no check called {rule!r}", hint=hint)


def explain_check(rule: str) -> str:
    """One check, whole. Raises ConfigError when there is none of that name or code."""
    one = find_check(rule)
    permissions = actions_for(one.needs)
    parts = [
        f"{one.code}  {one.name}",
        f"{one.title}  ({one.category.title}; severity {one.severity.label} unless the finding says otherwise)",
        *(textwrap.fill(" ".join(paragraph.split()), WIDTH) for paragraph in one.why.split("\n\n")),
        textwrap.fill(f"Fix: {one.fix}", WIDTH),
        f"Reads: {', '.join(one.needs)}",
        f"Permissions: {', '.join(permissions) or 'none of its own'}",
    ]
    return "\n\n".join(parts)
