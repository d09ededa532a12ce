"""
Items that say when they expire, in a table without TTL, stay until somebody deletes them: their storage is paid for every month, and deleting
them by code costs a write unit for each KB. TTL deletes them for nothing, in the region where it runs.

This is told by the name alone: an attribute such as expires_at, ttl, expiry or valid_until, of type Number or String, while TTL is off. What
the values mean is not read. TTL takes only a Number of seconds since 1970; a text, or milliseconds, has to be rewritten first. Only whole
names count: token_expires_at says when a token ends, and the item may be needed after that.

Wrong when the items are kept on purpose after that time (audit logs, coupons that were used), when the name means a duration or a cache, or
when another job deletes them.
Source: AWS developer guide, "Using time to live (TTL) in DynamoDB"; Well-Architected custom lens for DynamoDB (delete what is not needed).

Fix: if these items may go once that time has passed, let TTL delete them; look at some values first.
"""

import json
import shlex
from collections.abc import Iterator

from stj_audit.checks import check
from stj_audit.cloudformation import table_template
from stj_audit.commands import of_table
from stj_audit.facts import AttributeSizes, ItemSizes, Table, TimeToLive, Unknown
from stj_audit.items.limits import OTHER_ATTRIBUTES
from stj_audit.results import Category, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, items_read, listed, printable

USABLE_TYPE = "N"  # TTL ignores every other type
TIME_TYPES = frozenset("NS")
NAMES = frozenset(  # without case and separators: "expires_at", "expiresAt" and "ExpiresAt" are one name
    {
        "deleteafter",
        "deleteat",
        "expirationdate",
        "expirationtime",
        "expirationtimestamp",
        "expiration",
        "expireat",
        "expiredat",
        "expires",
        "expiresat",
        "expireson",
        "expiry",
        "expirydate",
        "expirytime",
        "expirytimestamp",
        "purgeafter",
        "purgeat",
        "timetolive",
        "ttl",
        "ttltimestamp",
        "validto",
        "validuntil",
    }
)


@check("Expirable data without TTL", Category.TABLE_STRUCTURE, Severity.LOW, code="STR-12")
def expirable_data_without_ttl(table: Table, time_to_live: TimeToLive, items: ItemSizes | Unknown) -> Iterator[Said]:
    if time_to_live.enabled:
        yield NotApplicable(reason="TTL is on")
        return
    if isinstance(items, Unknown):
        yield items
        return
    if not items.scanned and items.coverage == "full":
        yield NotApplicable(reason="the table has no items that could expire")
        return
    if not items.attributes:
        yield Unknown(call="dynamodb:Scan", reason="the names of the attributes are not known")
        return
    found = [one for one in items.attributes if _plain(one.name) in NAMES and TIME_TYPES & set(one.types)]
    read = items_read(items.scanned, items.coverage)
    if found:
        yield _problem(table, found, items, read)
    elif any(one.name == OTHER_ATTRIBUTES for one in items.attributes):
        yield Unknown(call="dynamodb:Scan", reason="the items have more attribute names than are counted one by one")
    else:
        yield NotApplicable(reason=f"no attribute of {read} is named like a time at which data expires")


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _problem(table: Table, found: list[AttributeSizes], items: ItemSizes, read: str) -> Problem:
    names = listed([printable(one.name) for one in found])
    usable = next((one for one in found if USABLE_TYPE in one.types), None)
    first = found[0] if usable is None else usable
    is_are = "is named like a time at which data expires" if len(found) == 1 else "are named like times at which data expires"
    rewrite = "" if usable else "; it has to be rewritten as a Number of seconds since 1970 first"
    return Problem(
        message=f"TTL is off, and {names} {is_are} ({count(first.present)} of {read} have {printable(first.name)}), judged by the name "
        "alone",
        fix=f"if the items may go after that time, let TTL delete them by {printable(first.name)}{rewrite}",
        evidence={
            "attribute": first.name,
            "types": ", ".join(first.types),
            "items_with_attribute": first.present,
            "items_read": items.scanned,
            "coverage": items.coverage,
        },
        current=f"TTL is off; {names} of type {listed(first.types)}" if len(found) == 1 else f"TTL is off; {names}",
        benefit="expired items go by themselves, without write units, and their storage is no longer paid for",
        migration="look at some values first: once TTL is on, it deletes what has expired for good, within a few days; in a global table "
        "the deletions in the other regions are billed as writes",
        effort="hours",
        commands=_commands(table, first.name, switch_on=usable is not None),
        template=""
        if usable is None
        else table_template(table, {"TimeToLiveSpecification": {"AttributeName": first.name, "Enabled": True}}),
    )


def _commands(table: Table, name: str, *, switch_on: bool) -> tuple[str, ...]:
    """To look at some values, and then, where TTL can read them, to switch it on."""
    where = of_table(table)
    names = shlex.quote(json.dumps({"#ttl": name}))
    look = (
        f"aws dynamodb scan {where} --page-size 5 --max-items 5 --projection-expression '#ttl' --expression-attribute-names {names}"
    )
    specification = shlex.quote(json.dumps({"Enabled": True, "AttributeName": name}))
    on = f"aws dynamodb update-time-to-live {where} --time-to-live-specification {specification}"
    return (look, on) if switch_on else (look,)
