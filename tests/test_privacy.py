"""
No value of any item leaves the process: not in a format, a file, a log or an error. And a name that was made to do harm does none.

Each value of the table here is a marker of its own. Everything the command leaves behind is searched for every marker, plain and in the
encodings that could carry it.
"""

import base64
import email
import email.policy
import html
import json
import os
import pty
import re
import subprocess
import sys
import threading
import unicodedata
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from stj_audit.cli import main
from stj_audit.facts import DYNAMIC_ATTRIBUTES
from stj_audit.items.plan import ItemsPlan
from stj_audit.options import FORMATS
from stj_audit.scanners import items, tables
from stj_audit.scanners.session import AwsOptions, open_session
from tests.commands import Ran, stj_audit
from tests.engines.answering import answering
from tests.engines.dynamodb_local import REGION, DynamoDBLocal, fresh_name

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.dynamodb_local

RENDERED = tuple(name for name in FORMATS if name != "json")
REPORTS = ("r.html", "r.md", "r.json", "table=r.table", "r.xml", "r.csv", "comment=r.comment", "github=r.github")
ITEMS = 30
LARGE_TEXT = 320_000  # one item above the warn line, so that the report has more to say of it


# ------------------------------------------------------------------------------------------------------------- markers


@dataclass
class Markers:
    """Makes values that occur nowhere else, and remembers them."""

    texts: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    binaries: list[bytes] = field(default_factory=list)

    def text(self, filling: str = "") -> dict[str, str]:
        # Characters that JSON, HTML and URLs write in other ways
        self.texts.append(f"zqx{len(self.texts):04d}<&\"'\u00e6/ \u65e5")
        return {"S": self.texts[-1] + filling}

    def email(self) -> dict[str, str]:
        self.texts.append(f"zqx{len(self.texts):04d}@example.com")
        return {"S": self.texts[-1]}

    def number(self) -> dict[str, str]:
        self.numbers.append(f"7301{len(self.numbers) * 7919:08d}4463")
        return {"N": self.numbers[-1]}

    def binary(self) -> dict[str, bytes]:
        self.binaries.append(b"\xfbzqb" + len(self.binaries).to_bytes(4) + b"\xff\xfe\xfa\xbf")
        return {"B": self.binaries[-1]}

    def key(self) -> str:
        """A key of a map, which is a value too: maps may be keyed by people."""
        self.texts.append(f"zqk{len(self.texts):04d} someone's key")
        return self.texts[-1]

    def traces(self) -> set[str]:
        """Every form in which a marker could be seen."""
        traces = set()
        for text in self.texts:
            # What follows the digits of a marker is there to be escaped; its head alone gives it away
            head = re.match(r"zq[xk]\d{4}", text)
            assert head is not None
            traces |= {head.group(), json.dumps(text)[1:-1], html.escape(text), urllib.parse.quote(text), *encoded(text.encode())}
        for number in self.numbers:
            traces |= {number, f"{int(number):,}", f"{int(number):e}"[:9], *encoded(number.encode())}
        for binary in self.binaries:
            traces |= {repr(binary)[2:-1], binary.decode("latin-1"), *encoded(binary)}
        return traces


def encoded(raw: bytes) -> set[str]:
    """Hex and both alphabets of base64, also from the middle of a longer text: three offsets, without the ends that neighbours change."""
    forms = {raw.hex(), raw.hex().upper()}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for offset in range(3):
            forms.add(encode(b"\0" * offset + raw).decode()[4 if offset else 0 : -4])
    return {form for form in forms if len(form) >= 8}


@dataclass(frozen=True, kw_only=True, slots=True)
class Secrets:
    """A table on an engine in which every value is a marker."""

    engine: DynamoDBLocal
    name: str
    traces: frozenset[str]

    def items(self) -> list[dict[str, Any]]:
        client = self.engine.client()
        found = client.scan(TableName=self.name)["Items"]
        client.close()
        return list(map(dict, found))

    def run(self, *arguments: str | Path, cwd: Path, endpoint_url: str | None = None) -> Ran:
        url = endpoint_url or self.engine.endpoint_url
        return stj_audit("run", self.name, "--endpoint-url", url, "--region", REGION, *arguments, cwd=cwd)


@pytest.fixture(scope="module")
def secrets(dynamodb_local: DynamoDBLocal) -> Iterator[Secrets]:
    client, name, markers = dynamodb_local.client(), fresh_name("secrets"), Markers()
    key = {"customer": "S", "seen": "N", "status": "S", "rank": "N", "digest": "B", "contact": "S"}
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": kind} for one, kind in key.items()],  # type: ignore[typeddict-item] # the types are plain strings here
        KeySchema=key_schema("customer", "seen"),
        BillingMode="PAY_PER_REQUEST",
        LocalSecondaryIndexes=[
            {"IndexName": "by-digest", "KeySchema": key_schema("customer", "digest"), "Projection": {"ProjectionType": "KEYS_ONLY"}}
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-status",
                "KeySchema": key_schema("status", "rank"),
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["password", "profile"]},
            },
            {"IndexName": "by-contact", "KeySchema": key_schema("contact"), "Projection": {"ProjectionType": "KEYS_ONLY"}},
        ],
    )
    client.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})
    for number in range(ITEMS):
        client.put_item(TableName=name, Item=marked(markers, large=number == 3))
    yield Secrets(engine=dynamodb_local, name=name, traces=frozenset(markers.traces()))
    client.delete_table(TableName=name)
    client.close()


def key_schema(*attributes: str) -> Any:
    return [{"AttributeName": name, "KeyType": "RANGE" if place else "HASH"} for place, name in enumerate(attributes)]


def marked(markers: Markers, *, large: bool) -> dict[str, Any]:
    return {
        "customer": markers.text(),
        "seen": markers.number(),
        "status": markers.text(),
        "rank": markers.number(),
        "digest": markers.binary(),
        "password": markers.text(),
        "profile": {"M": {markers.key(): markers.text(), markers.key(): {"L": [markers.number(), markers.binary()]}}},
        "tags": {"SS": [markers.text()["S"], markers.text()["S"]]},
        "totals": {"NS": [markers.number()["N"], markers.number()["N"]]},
        "prints": {"BS": [markers.binary()["B"], markers.binary()["B"]]},
        "body": markers.text("x" * LARGE_TEXT if large else ""),
        "blob": markers.binary(),
        "contact": markers.email(),
        "expires": markers.number(),
        # Names that are data: a map that is keyed by people, spread over the item
        markers.key(): markers.number(),
        markers.email()["S"]: markers.text(),
    }


SCHEMA = {name for name in marked(Markers(), large=False) if not name.startswith("zq")}


def found(text: str, traces: frozenset[str]) -> list[str]:
    """The traces in a text. There are thousands, and texts of a megabyte: one look at each place for how they begin, and then for the few."""
    size, by_head = heads(traces)
    there = {head for place in range(len(text) - size + 1) if (head := text[place : place + size]) in by_head}
    return sorted(trace for head in there for trace in by_head[head] if trace in text)


@cache
def heads(traces: frozenset[str]) -> tuple[int, dict[str, list[str]]]:
    """As much of each trace as the shortest has, in characters, and the traces that begin with it."""
    size, by_head = min(map(len, traces)), dict[str, list[str]]()
    for trace in traces:
        by_head.setdefault(trace[:size], []).append(trace)
    return size, by_head


def everything(ran: Ran, folder: Path) -> str:
    """Stdout, stderr and every file in the folder."""
    return "\n".join((ran.out, ran.err, *(text_of(path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file())))


def text_of(content: bytes) -> str:
    """Of a file; of a mail also what is in its parts, which no line of it has whole."""
    text = content.decode("latin-1") + content.decode("utf-8", "replace")
    if b"MIME-Version:" not in content:
        return text
    parts = email.message_from_bytes(content, policy=email.policy.default).walk()
    return text + "".join(
        bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace") for part in parts if not part.is_multipart()
    )


class Watched:
    """What is in the files of a folder while a command runs, those that are gone afterwards too."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._seen, self._over = folder, dict[tuple[str, int, int], bytes](), threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Watched":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._look()

    @property
    def names(self) -> set[str]:
        return {Path(name).name for name, _, _ in self._seen}

    def text(self) -> str:
        return "\n".join((*self.names, *map(text_of, self._seen.values())))

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            self._look()

    def _look(self) -> None:
        for folder, _, names in os.walk(self._folder):
            for name in names:
                path = Path(folder, name)
                try:
                    stat = path.stat()
                    key = (str(path), stat.st_mtime_ns, stat.st_size)
                    if key not in self._seen:
                        self._seen[key] = path.read_bytes()
                except OSError:  # gone again
                    continue


@pytest.mark.parametrize("text", ["zqx0000", "73010000000", "+3pxYgAAAAD", "zqk0", "\\xfbzqb", "enF4MDAwM"])
def test_a_leak_would_be_seen(text: str) -> None:
    markers = Markers()
    for _ in range(12):
        marked(markers, large=False)
    assert any(trace.startswith(text) or text in trace for trace in markers.traces())


@pytest.mark.parametrize("before", ["", "k", "ke", "key"])
def test_traces_are_found_in_every_encoding(before: str, secrets: Secrets) -> None:
    text = "zqx0001<&\"'æ/ 日"
    inside = f"{before}{text} and more"
    leaks = (
        *(inside, json.dumps(inside), html.escape(inside), urllib.parse.quote(inside), inside.encode().hex()),
        *(base64.b64encode(inside.encode()).decode(), base64.urlsafe_b64encode(inside.encode()).decode()),
        *("zqk0003", f"{before}7301000000004463", "7,301,000,000,004,463"),
    )
    for leak in leaks:
        assert found(f"a report with {leak} in it", secrets.traces), leak
    assert found("a report with nothing in it, 7301 items and a zqx", secrets.traces) == []


# ------------------------------------------------------------------------------------------------------------ no value


@pytest.mark.parametrize("format_", ["table", "json"])
def test_no_value_leaves_in_any_format(format_: str, secrets: Secrets, tmp_path: Path) -> None:
    reports = [part for path in REPORTS for part in ("--report", path)]
    kept = ("--history", "kept")
    ran = secrets.run("-f", format_, *reports, *kept, "-vv", "--color", "always", "--warn-item-size", "300KB", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert len(list((tmp_path / "kept").rglob("*.json"))) == 2
    run = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    [table] = run["tables"]
    assert table["items"]["scanned"] == ITEMS, "the items must have been read, else this test shows nothing"
    assert table["items"]["over_warn"]["found"] == 1
    assert "item-over-warn-line" in {finding["check"] for finding in run["findings"]}
    looked_at_values = {"secret-in-index", "personal-data-in-key", "ttl-values-unusable"}
    assert looked_at_values <= {finding["check"] for finding in run["findings"]}
    assert {attribute["name"] for attribute in table["items"]["attributes"]} == SCHEMA | {DYNAMIC_ATTRIBUTES}
    [facts] = run["facts"]["gathered"]["snapshot"]["tables"]
    assert sum(facts["items"]["sizes"]["items"]) == ITEMS, "the run file must have the facts too"
    assert facts["time_to_live"]["enabled"]
    assert found(everything(ran, tmp_path), secrets.traces) == []
    if format_ == "json":
        again = stj_audit(
            "check", "--from", "r.json", "--report", "again.json", "-vv", "--color", "always", cwd=tmp_path, keys=False
        )
        assert again.code == 3
        assert found(everything(again, tmp_path), secrets.traces) == []
    for other in RENDERED if format_ == "json" else ():
        rendered = stj_audit(
            "render", "r.json", "-f", other, "--sarif-anchor", "r.json", "-vv", "--color", "always", cwd=tmp_path, keys=False
        )
        assert rendered.code == 0
        assert found(rendered.out + rendered.err, secrets.traces) == []


COMMANDS = (
    "doctor {name}",
    "init {name} --output made.toml",
    "items {name} -f json",
    "items {name} -f markdown --resume checkpoints",
    "items --from {items} --key customer:S,seen:N --find-largest --processes 2",
    "run {name} --report old.json --history kept --resume checkpoints",
    "check {name} --report new.json --report new.sarif --sarif-anchor old.json --write-baseline known.json --history kept",
    "check {name} --baseline known.json --format github --sarif-anchor old.json --scan none",
    "send new.json --dry-run out.eml --from audits@example.com --to team@example.com",
    "diff old.json new.json -f markdown",
    "diff --since last --history kept new.json -f json",
    "cost {name} --format json",
)
OFFLINE = ("send", "diff")


@pytest.fixture(scope="module")
def through_all(secrets: Secrets, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Ran], Watched]:
    """Each command on the table of secrets, as talkative as it can be, with all of its files below one folder."""
    folder, apart = tmp_path_factory.mktemp("all"), tmp_path_factory.mktemp("items")
    (apart / "items.json").write_text("\n".join(json.dumps(in_json(item)) for item in secrets.items()), encoding="utf-8")
    (folder / "tmp").mkdir()
    environment = {
        "TMPDIR": str(folder / "tmp"),
        "XDG_STATE_HOME": str(folder / "state"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
    }
    ran = {}
    with Watched(folder) as watched:
        for command in COMMANDS:
            words = command.format(name=secrets.name, items=apart / "items.json").split()
            if words[0] not in OFFLINE and "--from" not in words:
                words += ["--endpoint-url", secrets.engine.endpoint_url, "--region", REGION]
            words += ["-v"] if words[0] in OFFLINE else ["-vv"]
            ran[command] = stj_audit(*words, cwd=folder, keys=True, **environment)
    return ran, watched


def in_json(item: Any) -> Any:
    """An item of boto3's client as JSON has it: binary in base64."""
    if isinstance(item, dict):
        return {name: in_json(value) for name, value in item.items()}
    if isinstance(item, list):
        return [in_json(one) for one in item]
    return base64.b64encode(item).decode() if isinstance(item, bytes) else item


@pytest.mark.parametrize("command", COMMANDS)
def test_no_value_is_printed_by_any_command(command: str, through_all: tuple[dict[str, Ran], Watched], secrets: Secrets) -> None:
    ran = through_all[0][command]
    assert ran.code in {0, 3, 4}, ran.err
    assert ran.out or ran.err
    assert found(ran.out + ran.err, secrets.traces) == []


def test_no_value_is_in_any_file_even_for_a_moment(through_all: tuple[dict[str, Ran], Watched], secrets: Secrets) -> None:
    watched = through_all[1]
    assert {"made.toml", "old.json", "new.json", "new.sarif", "known.json", "out.eml", "summary", "hash.key"} <= watched.names
    assert found(watched.text(), secrets.traces) == []


def test_a_checkpoint_holds_no_value_and_no_name_that_is_data(
    secrets: Secrets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    aws = open_session(AwsOptions(region=REGION, endpoint_url=secrets.engine.endpoint_url))
    table = tables.read(aws, secrets.name)
    plan = ItemsPlan(mode="full", budget_usd=Decimal(1), resume=tmp_path)
    whole, _ = items.read(aws, table, plan, hash_key=b"k" * 32)
    [file] = tmp_path.iterdir()
    assert "password" in file.read_text(encoding="utf-8")
    assert found(text_of(file.read_bytes()), secrets.traces) == []
    again, units = items.read(aws, table, plan, hash_key=b"k" * 32)
    assert units == 0
    assert again == whole


def test_keys_are_shown_to_a_terminal_alone(secrets: Secrets, tmp_path: Path) -> None:
    words = ("items", secrets.name, "--show-keys", "--endpoint-url", secrets.engine.endpoint_url, "--region", REGION)
    ran = stj_audit(*words, cwd=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert "only on a terminal" in ran.err
    assert stj_audit(*words, "-f", "json", cwd=tmp_path).code == 2
    assert stj_audit("items", "--from", "x.json", "--show-keys", cwd=tmp_path).code == 2
    shown = on_a_terminal(*words, cwd=tmp_path)
    assert found(shown, secrets.traces), "the keys are what was asked for"
    assert len(re.findall(r"^[0-9a-f]{16}  customer = zqx\d{4}.*, seen = 7301\d+", shown, re.MULTILINE)) == 10
    assert "password" in shown
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and found(text_of(path.read_bytes()), secrets.traces)]


def on_a_terminal(*words: str, cwd: Path) -> str:
    """What a command prints to a terminal."""
    ours, its = pty.openpty()
    environment = os.environ | {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "HOME": str(cwd), "COLUMNS": "200"}
    command = [sys.executable, "-m", "stj_audit", *words]
    with subprocess.Popen(command, cwd=cwd, env=environment, stdout=its, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL):
        os.close(its)
        printed = b""
        try:
            while read := os.read(ours, 65_536):
                printed += read
        except OSError:  # EIO: the other end is closed
            pass
    os.close(ours)
    return printed.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("verbose", [(), ("-vv",)], ids=["plain", "verbose"])
def test_a_bug_does_not_print_its_message(
    verbose: tuple[str, ...], secrets: Secrets, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    values = Markers()
    text, number = values.text()["S"], values.number()["N"]

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(text) from ValueError(number)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("stj_audit.pipeline.judge", broken)
    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}.items():
        monkeypatch.setenv(name, value)
    words = ["run", secrets.name, "--endpoint-url", secrets.engine.endpoint_url, "--region", REGION, "--report", "r.html", *verbose]
    monkeypatch.setattr(sys, "argv", ["stj-audit", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr()
    assert ended.value.code == 1
    assert "stj-audit has a bug: RuntimeError" in told.err
    assert ("in broken" in told.err) is bool(verbose)
    assert found(told.out + told.err, secrets.traces) == []
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_told_by_a_hash_that_changes_with_every_run(secrets: Secrets, tmp_path: Path) -> None:
    hashes = []
    for _ in range(2):
        [table] = json.loads(secrets.run("-f", "json", cwd=tmp_path).out)["tables"]
        hashes.append({item["key_hash"] for item in table["items"]["largest"]})
    first, second = hashes
    assert len(first) == len(second) == 10
    assert not first & second


@dataclass
class Proxy:
    """Stands before the engine: what it `spoils`, by operation, it answers itself; everything else is the engine's."""

    url: str
    spoils: Mapping[str, Any]


@pytest.fixture
def proxy(dynamodb_local: DynamoDBLocal) -> Iterator[Proxy]:
    behind = urlsplit(dynamodb_local.endpoint_url)
    made = Proxy(url="", spoils={})

    def answer(operation: str, request: bytes, asked: BaseHTTPRequestHandler) -> tuple[int, bytes]:
        connection = HTTPConnection(behind.hostname or "", behind.port, timeout=30)
        connection.request("POST", asked.path, body=request, headers=dict(asked.headers))
        given = connection.getresponse()
        status, body = given.status, given.read()
        connection.close()
        return made.spoils[operation](body) if operation in made.spoils else (status, body)

    with answering(answer) as made.url:
        yield made


def error_that_quotes(body: bytes) -> tuple[int, bytes]:
    """A refusal whose message quotes the items, as an error of a proxy or an emulator may."""
    said = body.decode()[:3000]
    return 400, json.dumps({"__type": "com.amazonaws#AccessDeniedException", "message": said}).encode()


def error_whose_code_quotes(body: bytes) -> tuple[int, bytes]:
    return 400, json.dumps({"__type": body.decode()[:500], "message": "no"}).encode()


def cut_short(body: bytes) -> tuple[int, bytes]:
    return 200, body[: len(body) // 2]


def without_a_key(body: bytes) -> tuple[int, bytes]:
    page = json.loads(body)
    page["Items"][-1]["customer"] = {"N": "1"}
    return 200, json.dumps(page).encode()


def of_an_unknown_type(body: bytes) -> tuple[int, bytes]:
    page = json.loads(body)
    page["Items"][-1]["body"] = {"zqx0000": page["Items"][-1]["body"]["S"]}
    return 200, json.dumps(page).encode()


@pytest.mark.parametrize("spoil", [error_that_quotes, error_whose_code_quotes, cut_short, without_a_key, of_an_unknown_type])
def test_no_value_leaves_when_reading_fails(spoil: Any, secrets: Secrets, proxy: Proxy, tmp_path: Path) -> None:
    proxy.spoils = {"Scan": spoil}
    reports = [part for path in REPORTS for part in ("--report", path)]
    ran = secrets.run(*reports, "-vv", "--max-attempts", "1", endpoint_url=proxy.url, cwd=tmp_path)
    assert ran.code == 0, ran.err
    run = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert run["tables"][0]["items"] is None
    assert run["facts"]["gathered"]["snapshot"]["tables"][0]["items"]["fact"] == "Unknown"
    assert "dynamodb:Scan" in {row["call"] for row in run["not_checked"]}
    assert found(everything(ran, tmp_path), secrets.traces) == []


def refusal_that_quotes(_body: bytes) -> tuple[int, bytes]:
    message = "of zqx0001, \x1b[31m7301000000004463"
    return 400, json.dumps({"__type": "com.amazonaws#UnrecognizedClientException", "message": message}).encode()


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-vv",),
    ],
    ids=["plain", "verbose"],
)
def test_an_error_that_stops_the_audit_does_not_quote_the_service(
    options: tuple[str, ...], secrets: Secrets, proxy: Proxy, tmp_path: Path
) -> None:
    proxy.spoils = {"DescribeTable": refusal_that_quotes}
    ran = secrets.run("--report", "r.html", *options, "--max-attempts", "1", endpoint_url=proxy.url, cwd=tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert "UnrecognizedClientException" in ran.err
    assert ("explain" in ran.err) is bool(options)  # the frames of an error, without its message
    assert list(tmp_path.iterdir()) == []
    assert invisible(ran.err) == set()
    assert found(ran.err, secrets.traces) == []


# ------------------------------------------------------------------------------------------------------- hostile names

HOSTILE_NAMES = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "a|b",
    "`tick` and ```fence```",
    "\x1b[31mred\x1b]0;title\x07",
    "\u202eevil",
    "line\nbreak\r\n# heading",
    "[link](http://example.com)",
    "{{7*7}}",
    "@everyone",
    "\u200bzero width",
)


@pytest.fixture(scope="module")
def hostile(dynamodb_local: DynamoDBLocal) -> Iterator[str]:
    """A table whose attributes are called HOSTILE_NAMES, one of them a key of the table and one of an index."""
    client, name = dynamodb_local.client(), fresh_name("hostile")
    key, other = HOSTILE_NAMES[0], HOSTILE_NAMES[4]
    make_hostile(client, name, key, other)
    yield name
    client.delete_table(TableName=name)
    client.close()


def make_hostile(client: "DynamoDBClient", name: str, key: str, other: str) -> None:
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in (key, other)],
        KeySchema=key_schema(key),
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-hostile",
                "KeySchema": key_schema(other),
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": [HOSTILE_NAMES[2], HOSTILE_NAMES[3]]},
            }
        ],
    )
    for number in range(120):
        client.put_item(
            TableName=name, Item={one: {"S": "v" * (1 + number % 3)} for one in HOSTILE_NAMES} | {key: {"S": str(number)}}
        )


def invisible(text: str) -> set[str]:
    return {one for one in text if one != "\n" and unicodedata.category(one) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}}


def test_hostile_attribute_names_do_no_harm(hostile: str, dynamodb_local: DynamoDBLocal, tmp_path: Path) -> None:
    endpoint = ("--endpoint-url", dynamodb_local.endpoint_url, "--region", REGION)
    reports = [part for path in REPORTS for part in ("--report", path)]
    ran = stj_audit("run", hostile, *endpoint, *reports, "-vv", "--color", "always", cwd=tmp_path)
    assert ran.code == 0, ran.err
    page, markdown, run_file, terminal = (
        (tmp_path / name).read_text(encoding="utf-8") for name in ("r.html", "r.md", "r.json", "r.table")
    )
    for text in (page, markdown, run_file, terminal, ran.err, re.sub(r"\x1b\[(?:\d;)?\d{1,2}m", "", ran.out)):
        assert invisible(text) == set()
    # The run file has the names as they are, in JSON's own escapes: a script can find the attribute again.
    [table] = json.loads(run_file)["tables"]
    assert {attribute["name"] for attribute in table["items"]["attributes"]} == set(HOSTILE_NAMES)
    assert table["key_schema"][0]["attribute"] == HOSTILE_NAMES[0]
    for text in (page, markdown):
        assert "<script" not in text
        assert "<img" not in text
    for text in (page, markdown, terminal):
        assert r"\x1b[31mred" in text.replace("\\\\", "\\").replace("\\[", "[")
        assert not re.search(r"^# heading", text, re.MULTILINE)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert r"\u202eevil" in page
    assert r"\u202eevil" in markdown.replace("\\\\", "\\")
    assert "](http://example.com)" not in re.sub(r"\\\]", "", markdown)
    assert "@everyone" not in markdown
    assert widths_of_markdown_tables(markdown) == []


def widths_of_markdown_tables(text: str) -> list[str]:
    """The rows that have more or fewer cells than their table's head: none."""
    wrong, width = [], 0
    for line in text.split("\n"):
        cells = len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) if line.startswith("|") else 0
        if cells and width and cells != width:
            wrong.append(line)
        width = cells
    return wrong


@pytest.mark.browser
def test_hostile_attribute_names_run_nothing_in_a_browser(
    hostile: str, dynamodb_local: DynamoDBLocal, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    browser = request.getfixturevalue("browser")
    endpoint = ("--endpoint-url", dynamodb_local.endpoint_url, "--region", REGION)
    assert stj_audit("run", hostile, *endpoint, "--report", "r.html", cwd=tmp_path).code == 0
    page = browser.open(tmp_path / "r.html")
    assert page.requests == ((tmp_path / "r.html").as_uri(),)
    assert page.console == ()
    assert browser.evaluate("document.scripts.length") == 0
    assert browser.evaluate("document.querySelectorAll('img, iframe, [onerror], [onclick]').length") == 0
    assert "alert(1)" in browser.evaluate("document.body.textContent")
