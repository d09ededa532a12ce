"""Reading a template or a plan that a test writes."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stj_audit.declared.reading import Design, read_design
from stj_audit.declared.source import read_source
from stj_audit.facts import TableFacts

REGION = "eu-north-1"
ADDRESS = "aws_dynamodb_table.orders"
VALUES: dict[str, Any] = {  # of that resource, in a plan of Terraform
    "name": "orders",
    "billing_mode": "PAY_PER_REQUEST",
    "hash_key": "id",
    "range_key": None,
    "attribute": [{"name": "id", "type": "S"}],
    "global_secondary_index": [],
    "local_secondary_index": [],
    "replica": [],
    "ttl": [],
}


def design_of(*paths: Path, patterns: Sequence[str] = (), region: str = REGION, **given: str) -> Design:
    return read_design(
        [read_source(path) for path in paths], given=given, region=region, patterns=patterns, now=datetime(2026, 1, 1, tzinfo=UTC)
    )


def read_text(folder: Path, text: str, *, name: str = "template.yaml", **given: str) -> Design:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return design_of(path, **given)


def read_resources(folder: Path, resources: Mapping[str, Any], *, rest: Mapping[str, Any] | None = None, **given: str) -> Design:
    """A template of these resources, as JSON."""
    return read_text(folder, json.dumps({**(rest or {}), "Resources": resources}), name="template.json", **given)


def only(design: Design) -> TableFacts:
    (facts,) = design.snapshot.tables
    return facts


def a_table(**properties: Any) -> dict[str, Any]:
    """AWS::DynamoDB::Table with a key, and nothing else unless it is said."""
    plain = {
        "TableName": "orders",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    }
    return {"Type": "AWS::DynamoDB::Table", "Properties": {**plain, **properties}}


def resource(address: str, kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """A resource of a plan."""
    return {"address": address, "mode": "managed", "type": kind, "values": values}
