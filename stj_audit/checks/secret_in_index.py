"""
A password, a PIN, a token or a card number that is copied into an index lies in one place more: whoever may query the index can read it, and
access to indexes is often given out more freely than access to the table. Key attributes are shown in plain text in logs and in
CloudWatch Contributor Insights.

Only names are judged, never values: an attribute is named when one of its words (split at case changes and at characters that are neither
letters nor digits) is such a word, unless its last word says that it is only about the secret ("token_expires_at", "pin_attempts"). With
projection ALL the attributes are those of the items read.

Wrong when the value is a hash, or no secret: "token" may be a coin, "pin" a place on a map, "pincode" a postal code.
Source: AWS developer guide, "Attribute projections"; "CloudWatch Contributor Insights for DynamoDB: how it works", on sensitive keys.

Fix: leave the attribute out of the projection; where it is a key, store a keyed hash of it instead.
"""

import re
from collections.abc import Iterator

from stj_audit.checks import check
from stj_audit.facts import Index, ItemSizes, Table, Unknown
from stj_audit.items.limits import OTHER_ATTRIBUTES
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import counted, listed, printable

SECRET_WORDS = re.compile(
    r"\b(?:passwords?|passwd|pwd|passphrase|passcode|pin|pincode|tokens?|secrets?|otp|ssn|cvv|cvc|"
    r"api ?keys?|card ?numbers?|private key)\b"
)
ABOUT_WORDS = re.compile(
    r"\b(?:arn|at|attempts|counts?|date|enabled|expiration|expires|expiry|ids?|last|length|limit|name|set|status|ttl|type|usage|used|"
    r"version)$"
)

_CASE_CHANGE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATORS = re.compile(r"[\W_]+")


@check("An index holds a secret", Category.GSI_PROJECTIONS, Severity.MEDIUM, code="PRJ-05")
def secret_in_index(table: Table, items: ItemSizes | Unknown) -> Iterator[Said]:
    if not table.indexes:
        yield NotApplicable(reason="no secondary index")
        return
    clean, partly = 0, False
    for index in table.indexes:
        keys = {key.attribute for key in (*table.key_schema, *index.key_schema)}
        copied = keys | set(index.non_key_attributes)
        if index.projection == "ALL" and isinstance(items, ItemSizes):
            copied |= {attribute.name for attribute in items.attributes}
            partly |= items.coverage == "sample"
        named = sorted(name for name in copied if _sounds_secret(name))
        if named:
            yield _problem(index, named, keys)
        elif index.projection == "ALL" and isinstance(items, Unknown):
            yield items
        elif index.projection == "ALL" and isinstance(items, ItemSizes) and not items.attributes:
            yield Unknown(call="dynamodb:Scan", reason=f"the attributes that index {index.name} copies were not seen")
        elif OTHER_ATTRIBUTES in copied:
            yield Unknown(call="dynamodb:Scan", reason=f"index {index.name} copies more attributes than are told apart by name")
        else:
            clean += 1
    if clean == len(table.indexes):
        seen = ", as far as the items read show" if partly else ""
        yield Good(
            message=f"no index copies an attribute that is named like a secret{seen} ({counted(clean, 'index', 'indexes')} looked at)"
        )


def _sounds_secret(name: str) -> bool:
    words = [word.strip("0123456789") for word in _SEPARATORS.split(_CASE_CHANGE.sub(" ", name).lower())]
    phrase = " ".join(word for word in words if word)
    return SECRET_WORDS.search(phrase) is not None and ABOUT_WORDS.search(phrase) is None


def _problem(index: Index, named: list[str], keys: set[str]) -> Problem:
    secrets = listed([printable(name) for name in named])
    as_key = [printable(name) for name in named if name in keys]
    to_project = [printable(name) for name in named if name not in keys]
    hashed = f"store a keyed hash in place of {listed(as_key)}, because a key cannot be left out" if as_key else ""
    left_out = f"leave {listed(to_project)} out of the index" if to_project else ""
    if index.kind == "LSI":
        migration = "a local secondary index is fixed when its table is made: it takes a new table and a copy of the items"
    else:
        migration = (
            "a projection cannot be changed: add an index with only what its queries need, switch them when it is ACTIVE, then remove "
            "the old one; the table stays in use"
        )
    return Problem(
        message=f"copies {secrets}, {'a secret by its name' if len(named) == 1 else 'secrets by their names'} (values were not looked at)",
        fix="; ".join(part for part in (left_out, hashed) if part),
        evidence={"attributes": secrets, "projection": index.projection},
        index=index.name,
        current=f"projection {index.projection} puts {secrets} into the index",
        benefit="one place less to protect: rights to query the index no longer show it",
        migration=migration,
        effort="days" if as_key or index.kind == "LSI" else "hours",
    )
