"""
A key is seen by more eyes than any other attribute: CloudWatch Contributor Insights shows the keys that are used most in plain text, and an
application names them in its logs, traces and error messages. It cannot be changed either: a person with a new address is a new item.

What is looked at: the values of every key attribute of the table and its indexes, among the items read. Half of them in the form of an e-mail
address, a phone number or an IP address, alone or as a part of a joined text, is a finding. The values themselves are not kept.

Wrong when the form deceives: version numbers such as 1.2.3.4 look like addresses, and a phone number without a country code or separators
looks like no phone number. Names, and numbers of persons, are not recognised at all.
Source: AWS developer guide, "CloudWatch Contributor Insights for DynamoDB: How it works", which advises against it for tables with sensitive
keys.

Fix: look items up by a keyed hash of the value, and keep the value itself in an attribute that is no key.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.facts import ItemSizes, KeyShape, Table, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, counted, items_read, listed, percent, printable, resource

PERSONAL_SHARE = Decimal("0.5")  # policy: fewer may be strays, such as test data


@check("A key holds personal data", Category.PRIMARY_KEY_DESIGN, Severity.LOW, code="KEY-09")
def personal_data_in_key(table: Table, items: ItemSizes) -> Iterator[Said]:
    if not items.scanned:
        if items.coverage == "full":
            yield NotApplicable(reason="the table has no items")
        else:
            yield Unknown(call="dynamodb:Scan", reason="the sample holds no item")
        return
    clean = []
    for attribute, places in _key_attributes(table).items():
        shape = items.key_shape(attribute)
        if shape is None:
            yield Unknown(call="dynamodb:Scan", reason=f"the values of key attribute {printable(attribute)} were not looked at")
        elif shape.values and Decimal(shape.personal) / shape.values >= PERSONAL_SHARE:
            yield _problem(shape, places, items)
        elif shape.values and not shape.personal:
            clean.append(printable(attribute))
    if clean:
        read = items_read(items.scanned, items.coverage)
        yield Good(message=f"no e-mail address, phone number or IP address in {a_few(clean)} of {read}")


def _key_attributes(table: Table) -> dict[str, list[str | None]]:
    """Each key attribute, with the table (None) and the indexes whose key it is part of."""
    places: dict[str, list[str | None]] = {}
    for index, schema in ((None, table.key_schema), *((index.name, index.key_schema) for index in table.indexes)):
        for key in schema:
            places.setdefault(key.attribute, []).append(index)
    return places


def _problem(shape: KeyShape, places: list[str | None], items: ItemSizes) -> Problem:
    kinds = {"an e-mail address": shape.emails, "a phone number": shape.phones, "an IP address": shape.addresses}
    what = listed([kind for kind, number in sorted(kinds.items(), key=lambda pair: -pair[1]) if number]).replace(" and ", " or ")
    name = printable(shape.attribute)
    where = a_few([resource(index) for index in places])
    share = percent(Decimal(shape.personal) / shape.values)
    in_table = None in places
    sample = " in a sample" if items.coverage == "sample" else ""
    return Problem(
        message=f"{name}, a key of {where}, has the form of {what} in {share} of {counted(shape.values, 'value')}{sample}",
        fix=f"look items up by a keyed hash of {name}, and keep the value itself in an attribute that is no key",
        evidence={
            "attribute": shape.attribute,
            "values": shape.values,
            "emails": shape.emails,
            "phones": shape.phones,
            "addresses": shape.addresses,
        },
        index=places[0],
        subject=shape.attribute,
        current=f"{name} is a key of {where}, and keys show up in logs, traces and metrics",
        benefit="what logs and metrics show tells nobody who it is about, and a new address or number is no new item",
        migration="create a table with the new key, write to both, copy the items, switch the readers"
        if in_table
        else "write the hash into every item, add an index by it, switch the queries, then remove the old index",
        effort="days",
    )
