"""
Many tables on DynamoDB Local, audited many times through a proxy that breaks calls at random, and each run file compared with an undisturbed
one: what was checked must be the same, and what was not checked must be listed.

    nice python -m tests.soak [--tables 200] [--runs 20] [--share 0.05] [--seed 1]
"""

import argparse
import json
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from stj_audit.config import Config
from stj_audit.errors import AuditError
from stj_audit.pipeline import Request, audit
from stj_audit.render.run_file import render_json
from stj_audit.scanners import AwsOptions
from tests.engines.breaking_proxy import Faults, breaking_proxy
from tests.engines.dynamodb_local import REGION, fresh_name, running_dynamodb_local

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Document = dict[str, Any]
VOLATILE = {
    "api_calls",
    "cost_usd",
    "endpoint_url",
    "finished_at",
    "id",
    "read_units",
    "started_at",
}  # of an audit: when it was, what it took
NOT_CHECKED = "not checked"  # as a rule's `status`
# What is true of a region is told of the first table that was described, which is another one where that was not
OF_REGION, CHECK_OF_REGION = "region_tables", "count-quotas-near"
OF_TTL = frozenset({"attributes", "time_to_live_values"})  # of the items
KEY = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_EC2_METADATA_DISABLED": "true"}
EXIT_DIFFERENT = 1


@dataclass(kw_only=True, slots=True)
class Soak:
    """What came of it. `not_checked` counts rows that the undisturbed run had not; `stopped` are runs that ended with a sentence."""

    tables: int
    runs: int = 0
    stopped: list[str] = field(default_factory=list)
    calls: int = 0
    injected: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)
    not_checked: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def lines(self) -> Iterator[str]:
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        yield f"{self.runs} runs over {self.tables} tables ended, {len(self.stopped)} of them with an error; {self.calls:,} calls"
        yield from (f"  {sentence}" for sentence in self.stopped)
        each = ", ".join(f"{number:,} {kind}" for kind, number in sorted(self.injected.items()))
        yield f"{self.injected.total():,} faults injected: {each}"
        rows = ", ".join(f"{number} {call}" for call, number in sorted(self.not_checked.items()))
        yield f"{self.not_checked.total()} more rows not checked, all listed" + (f": {rows}" if rows else "")
        yield f"{len(self.differences)} differences in what was checked"
        yield from (f"  {difference}" for difference in self.differences)
        yield f"{self.seconds:.0f} s, {peak_mb} MB at most"


def soak(
    endpoint_url: str,
    names: Sequence[str],
    *,
    runs: int,
    share: float,
    seed: int,
    on_run: Callable[[Soak], None] = lambda _: None,
) -> Soak:
    """
    Audit the tables once undisturbed, then `runs` times through the proxy, and call `on_run` after each. Credentials are in the environment.
    """
    found, began = Soak(tables=len(names)), time.monotonic()
    calm = run_file(endpoint_url, names)
    for number in range(runs):
        faults = Faults(share, seed=seed + number)
        with breaking_proxy(endpoint_url, faults) as proxy_url:
            try:
                disturbed = run_file(proxy_url, names)
            except AuditError as error:  # an end in a sentence: nothing was checked, and nothing is claimed
                found.stopped.append(str(error))
            else:
                differences, rows = compared(calm, disturbed)
                found.differences += [f"run {number + 1}: {one}" for one in differences]
                found.not_checked.update(rows)
        found.runs += 1
        found.calls += faults.calls
        found.injected += faults.injected
        found.seconds = time.monotonic() - began
        on_run(found)
    return found


def run_file(endpoint_url: str, names: Sequence[str]) -> Document:
    """The run file of one audit. Hashes of keys are of one key, so that they can be compared."""
    request = Request(aws=AwsOptions(region=REGION, endpoint_url=endpoint_url), patterns=names, config=Config())
    with patch("stj_audit.pipeline.hash_key_for", lambda _: b"the same for all"):
        written: Document = json.loads(render_json(audit(request)), parse_float=Decimal)
    return written


def compared(calm: Document, disturbed: Document) -> tuple[list[str], Counter[str]]:
    """What differs although it was checked, or is missing and not listed; and by call how many rows are not checked any more."""
    rows = _rows(disturbed) - _rows(calm)
    listed = {(row[0], row[1]) for row in _rows(disturbed)}  # (table, call)
    differences = [*_facts_apart(calm, disturbed, listed), *_rules_apart(calm, disturbed)]
    before, after = _facts(calm), _facts(disturbed)
    unchanged = [name for name in before if name in after and _known(before[name]) == _known(after[name])]
    differences += [
        f"{name}: the same facts are judged otherwise" for name in unchanged if _of_table(calm, name) != _of_table(disturbed, name)
    ]
    if len(unchanged) == len(before) and calm["not_checked"] == disturbed["not_checked"]:
        parts = calm.keys() | disturbed.keys()
        differences += [
            part for part in sorted(parts - {"facts", "trust"}) if _steady(calm.get(part)) != _steady(disturbed.get(part))
        ]
    return differences, Counter(call for _, call, _ in rows)


def _rows(document: Document) -> set[tuple[str | None, str, str | None]]:
    return {(row["table"], row["call"], row["check"]) for row in document["not_checked"]}


def _facts(document: Document) -> dict[str, Document]:
    tables: list[Document] = document["facts"]["gathered"]["snapshot"]["tables"]
    return {one["table"]["name"]: one for one in tables}


def _facts_apart(calm: Document, disturbed: Document, listed: set[tuple[str | None, str]]) -> Iterator[str]:
    before, after = _facts(calm), _facts(disturbed)
    for name, facts in before.items():
        if name not in after:
            if not any(table == name for table, _ in listed):
                yield f"{name}: not described, and not listed"
            continue
        for part, value in facts.items():
            found = after[name][part]
            if _is_unknown(found):
                if not _is_unknown(value) and (name, found["call"]) not in listed:
                    yield f"{name}: {part} is not known, and not listed"
            elif part == "items_reading" and _is_unknown(after[name]["items"]):
                continue  # how far it came
            elif part == OF_REGION and before.keys() != after.keys():
                if value["count"] != found["count"]:
                    yield f"{name}: {part} differs: count {value['count']}, {found['count']}"
            else:
                # Whether the name of its attribute is one of the schema, too, is known by TTL alone
                left_out = OF_TTL if part == "items" and _is_unknown(after[name]["time_to_live"]) else frozenset()
                one, other = (_without(_steady(what), left_out) for what in (value, found))
                if one != other:
                    yield f"{name}: {part} differs{_where(one, other)}"


def _without(value: Any, names: frozenset[str]) -> Any:
    return {name: one for name, one in value.items() if name not in names} if isinstance(value, Mapping) else value


def _where(value: Any, found: Any) -> str:
    """The members of a fact that differ, and how far, where they are numbers."""
    if not (isinstance(value, Mapping) and isinstance(found, Mapping)):
        return ""
    apart = [name for name in value.keys() | found.keys() if value.get(name) != found.get(name)]
    numbers = (int, Decimal)
    return ": " + ", ".join(
        f"{name} {value[name]}, {found[name]}" if isinstance(value.get(name), numbers) else name for name in sorted(apart)
    )


def _rules_apart(calm: Document, disturbed: Document) -> Iterator[str]:
    """A check that came to something came to the same; one that did not is listed with what it lacked."""
    before = {(one["check"], one["table"]): one for one in calm["rules"]}
    after = {(one["check"], one["table"]): one for one in disturbed["rules"]}
    listed = {(row["check"], row["table"]) for row in disturbed["not_checked"]}
    if before.keys() != after.keys():
        yield f"{len(before.keys() ^ after.keys())} rules are missing or new"
    moved = CHECK_OF_REGION if _facts(calm).keys() != _facts(disturbed).keys() else None
    for at in before.keys() & after.keys():
        check, table = at
        if check == moved:
            continue
        if after[at]["status"] != NOT_CHECKED:
            if after[at]["status"] != before[at]["status"]:
                yield f"{table}: {check} was {before[at]['status']}, is {after[at]['status']}"
        elif at not in listed and (None, table) not in listed:
            yield f"{table}: {check} was not checked, and is not listed"


def _of_table(document: Document, name: str) -> Document:
    """What was judged of one table alone."""
    return {
        "rules": [(one["check"], one["status"]) for one in document["rules"] if one["table"] == name],
        "findings": sorted(one["id"] for one in document["findings"] if one["table"] == name),
    }


def _is_unknown(value: Any) -> bool:
    return isinstance(value, Mapping) and {"call", "reason"} <= value.keys()


def _known(facts: Document) -> Document:
    """The facts of a table; what is not known is so, whyever."""
    return {part: None if _is_unknown(value) else _steady(value) for part, value in facts.items()}


def _steady(value: Any) -> Any:
    """The same without the time and the cost of reading: after a throttle pages are smaller, and each is rounded up by itself."""
    if isinstance(value, Mapping):
        took = VOLATILE if "started_at" in value else {"read_units"} if {"scanned", "sizes"} & value.keys() else set()
        return {name: _steady(one) for name, one in value.items() if name not in took}
    return [_steady(one) for one in value] if isinstance(value, list) else value


def make_tables(client: "DynamoDBClient", count: int) -> list[str]:
    """Tables of different kinds: keys, indexes, modes, TTL; most of them with a few items, one in twenty of several pages."""
    prefix, names = fresh_name("soak"), []
    for number in range(count):
        name = f"{prefix}-{number:03}"
        _make_table(client, name, number)
        items, pad = (60, 50_000) if number % 20 == 7 else (number % 25, 200 + 37 * number % 4_000)
        _fill(client, name, items, pad)
        names.append(name)
    return names


def _make_table(client: "DynamoDBClient", name: str, number: int) -> None:
    keys: list[Any] = [{"AttributeName": "id", "KeyType": "HASH"}]
    if number % 2:
        keys.append({"AttributeName": "at", "KeyType": "RANGE"})
    units: Any = {"ReadCapacityUnits": 5 + number % 7, "WriteCapacityUnits": 5}
    provisioned = number % 3 == 0
    throughput: dict[str, Any] = {"ProvisionedThroughput": units} if provisioned else {}
    index: dict[str, Any] = {
        "IndexName": "by-owner",
        "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": ("ALL", "KEYS_ONLY")[number % 2]},
        **throughput,
    }
    indexed = number % 4 == 1
    used = ["id", *(["at"] if number % 2 else []), *(["owner"] if indexed else [])]
    request: dict[str, Any] = {
        "TableName": name,
        "KeySchema": keys,
        "AttributeDefinitions": [{"AttributeName": one, "AttributeType": "S"} for one in used],
        "BillingMode": "PROVISIONED" if provisioned else "PAY_PER_REQUEST",
        **throughput,
        **({"GlobalSecondaryIndexes": [index]} if indexed else {}),
    }
    client.create_table(**request)
    if number % 5 == 2:
        client.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})


def _fill(client: "DynamoDBClient", name: str, count: int, pad: int) -> None:
    requests: list[Any] = [
        {
            "PutRequest": {
                "Item": {
                    "id": {"S": f"{number}"},
                    "at": {"S": "2026-01-01"},
                    "owner": {"S": f"owner-{number % 3}"},
                    "expires": {"N": str(2_000_000_000 + number)},
                    "pad": {"S": "x" * (pad + number)},
                }
            }
        }
        for number in range(count)
    ]
    for start in range(0, count, 25):
        client.batch_write_item(RequestItems={name: requests[start : start + 25]})


@contextmanager
def made_up_keys() -> Iterator[None]:
    with patch.dict(os.environ, KEY):
        yield


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--tables", type=int, default=200)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--share", type=float, default=0.05, help="of calls that are broken")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    with running_dynamodb_local() as engine, made_up_keys():
        client = engine.client()
        names = make_tables(client, options.tables)
        client.close()
        found = soak(engine.endpoint_url, names, runs=options.runs, share=options.share, seed=options.seed, on_run=_tell)
    for line in found.lines():
        print(line)  # noqa: T201 - it is what the command is for
    return EXIT_DIFFERENT if found.differences or found.runs != options.runs else 0


def _tell(so_far: Soak) -> None:
    told = f"run {so_far.runs}: {so_far.seconds:.0f} s, {so_far.injected.total()} faults, {len(so_far.differences)} differences"
    print(told, file=sys.stderr, flush=True)  # noqa: T201 - the progress of a command


if __name__ == "__main__":
    sys.exit(main())
