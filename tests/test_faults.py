"""Faults, each brought about below everything of ours, and how the command ends: the exit code, and one sentence that says what to do."""

import json
import os
import threading
from collections.abc import Iterator, Mapping
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest

from tests.commands import KEYS, Ran, stj_audit, stj_audit_on_full_disk
from tests.engines.misbehaving import REGION, Misbehaving, closed_port, error, misbehaving, raw
from tests.faults import fault

HERE = ("--region", REGION, "--no-config", "--no-progress")
SERVER = "misbehaving server"
ENVIRONMENT = "process with an environment"


def command(*arguments: str | Path, cwd: Path, **environment: str) -> Ran:
    """With no keys but those that are given, and the AWS configuration of `cwd`."""
    return stj_audit(*arguments, cwd=cwd, keys=False, AWS_CONFIG_FILE=str(cwd / "aws-config"), **environment)


@pytest.fixture(scope="module")
def serving() -> Iterator[Misbehaving]:
    with misbehaving() as made:
        yield made


@pytest.fixture
def server(serving: Misbehaving) -> Misbehaving:
    """As it should be, until a test spoils it."""
    serving.spoil, serving.drips = lambda *_: None, frozenset()
    serving.asked.clear()
    return serving


def assert_one_sentence(ran: Ran, code: int, *words: str) -> None:
    assert ran.code == code, ran
    assert ran.out == ""
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1
    assert " - " in ran.err  # what to do
    assert "hunter2" not in ran.err
    for word in words:
        assert word in ran.err


def spoiled(operation: str, answer: bytes, *, from_number: int = 1) -> Any:
    """`answer` to every request of `operation`, from that one on."""
    return lambda asked, _request, number: answer if asked == operation and number >= from_number else None


def run_file(folder: Path) -> Any:
    return json.loads((folder / "run.json").read_text(encoding="utf-8"))


def untold(report: Any, call: str, reason: str) -> set[str]:
    """The tables of which a call told nothing, for that reason."""
    return {row["table"] for row in report["not_checked"] if row["call"] == call and row["reason"].endswith(reason)}


# -------------------------------------------------------------------------------------------------------- the environment

ROLE = "role_arn = arn:aws:iam::123456789012:role/auditor"
SSO = (
    "[default]\nsso_session = x\nsso_account_id = 123456789012\nsso_role_name = auditor\n"
    "[sso-session x]\nsso_region = eu-north-1\nsso_start_url = https://x.awsapps.com/start\n"
)
EXPIRED = '{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "b", "SessionToken": "c", "Expiration": "2020-01-01T00:00:00Z"}'
PROCESS = "[default]\ncredential_process = ./helper\n"


@fault("no credentials", "exit 1: sign in", by=ENVIRONMENT)
@fault("half of a key pair", "exit 1: set both", by=ENVIRONMENT)
@fault("the profile does not exist", "exit 2: see `aws configure list-profiles`", by=ENVIRONMENT)
@fault("the AWS configuration is no INI file", "exit 2: check it", by=ENVIRONMENT)
@fault("source_profile is missing", "exit 2: check the configuration", by=ENVIRONMENT)
@fault("no SSO token", "exit 1: run `aws sso login`", by=ENVIRONMENT)
@fault("the SSO token has expired", "exit 1: run `aws sso login`", by=ENVIRONMENT)
@fault("`aws login` without its package", "exit 1: install it", by=ENVIRONMENT)
@fault("credential_process fails", "exit 1: check it", by=ENVIRONMENT)
@fault("credential_process prints no JSON", "exit 1: check it", by=ENVIRONMENT)
@fault("credential_process gives expired credentials", "exit 1: sign in again", by=ENVIRONMENT)
@fault("credential_process is not there", "exit 1: check it", by=ENVIRONMENT)
@fault("the web identity file is missing", "exit 1: check it", by=ENVIRONMENT)
@pytest.mark.process
@pytest.mark.parametrize(
    ("config", "helper", "environment", "code", "words"),
    [
        ("", "", {}, 1, ("no AWS credentials", "sign in")),
        ("", "", {"AWS_ACCESS_KEY_ID": "x"}, 1, ("incomplete", "set both")),
        ("", "", KEYS | {"AWS_PROFILE": "nobody"}, 2, ("'nobody' does not exist",)),
        ("rubbish\n", "", KEYS, 2, ("ConfigParseError", "~/.aws/config")),
        (f"[default]\n{ROLE}\nsource_profile = nobody\n", "", {}, 2, ("InvalidConfigError",)),
        (SSO, "", {}, 1, ("`aws sso login`",)),
        (SSO, "expired token", {}, 1, ("`aws sso login`",)),
        ("[default]\nlogin_session = arn:aws:iam::123456789012:user/x\n", "", {}, 1, ('install "botocore[crt]"',)),
        (PROCESS, "exit 3", {}, 1, ("CredentialRetrievalError", "credential_process")),
        (PROCESS, "echo hunter2", {}, 1, ("JSONDecodeError", "credential_process")),
        (PROCESS, f"echo '{EXPIRED}'", {}, 1, ("expired", "sign in again")),
        (PROCESS, "", {}, 1, ("FileNotFoundError", "credential_process")),
        ("", "", {"AWS_WEB_IDENTITY_TOKEN_FILE": "/no/such", "AWS_ROLE_ARN": ROLE[11:]}, 1, ("FileNotFoundError", "token file")),
    ],
)
def test_credentials_that_cannot_be_used(  # noqa: PLR0917 - a row of the table
    config: str,
    helper: str,
    environment: Mapping[str, str],
    code: int,
    words: tuple[str, ...],
    server: Misbehaving,
    tmp_path: Path,
) -> None:
    (tmp_path / "aws-config").write_text(config)
    if helper == "expired token":
        cache = tmp_path / ".aws/sso/cache"
        cache.mkdir(parents=True)
        token = {"accessToken": "hunter2", "expiresAt": "2020-01-01T00:00:00Z"}
        (cache / f"{sha1(b'x', usedforsecurity=False).hexdigest()}.json").write_text(json.dumps(token))
    elif helper:
        (tmp_path / "helper").write_text(f"#!/bin/sh\n{helper}\n")
        (tmp_path / "helper").chmod(0o755)
    assert_one_sentence(command("run", *HERE, "--endpoint-url", server.url, cwd=tmp_path, **environment), code, *words)
    assert not server.asked


@fault("a role with MFA, and no terminal", "exit 1: use temporary credentials", by=ENVIRONMENT)
@pytest.mark.process
def test_nobody_is_there_to_give_an_mfa_code(server: Misbehaving, tmp_path: Path) -> None:
    (tmp_path / "aws-config").write_text(
        f"[default]\n{ROLE}\nsource_profile = keys\nmfa_serial = arn:aws:iam::123456789012:mfa/x\n"
        "[profile keys]\naws_access_key_id = x\naws_secret_access_key = hunter2\n"
    )
    ran = command("run", *HERE, "--endpoint-url", server.url, cwd=tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith("there is no terminal - use temporary credentials instead\n")


@fault("no region", "exit 2: give --region", by=ENVIRONMENT)
@fault("an AWS setting has a value that is none", "exit 2: check the AWS_ variables", by=ENVIRONMENT)
@fault("a session token has a line break", "exit 2: check AWS_SESSION_TOKEN", by=ENVIRONMENT)
@fault("a region that is none", "exit 2: correct it", by=ENVIRONMENT)
@fault("a region that nobody knows", "exit 1: check it", by=ENVIRONMENT)
@fault("an endpoint without scheme", "exit 2: write it like http://localhost:8000", by=ENVIRONMENT)
@fault("nothing listens at the endpoint", "exit 1: check the network", by=ENVIRONMENT)
@fault("what answers speaks no TLS", "exit 1: check AWS_CA_BUNDLE and the proxy", by=SERVER)
@fault("the file of AWS_CA_BUNDLE is not there", "exit 1: check it", by=ENVIRONMENT)
@fault("the proxy refuses", "exit 1: check HTTPS_PROXY; its password is not shown", by=ENVIRONMENT)
@pytest.mark.process
@pytest.mark.parametrize(
    ("arguments", "environment", "code", "words"),
    [
        ((), {}, 2, ("no AWS region", "--region")),
        (("--region", REGION), {"AWS_DEFAULTS_MODE": "hunter2"}, 2, ("InvalidDefaultsMode", "AWS_ variables")),
        (
            ("--region", REGION),
            {"AWS_REQUEST_CHECKSUM_CALCULATION": "hunter2"},
            2,
            ("InvalidChecksumConfigError", "AWS_ variables"),
        ),
        (("--region", REGION), {"AWS_STS_REGIONAL_ENDPOINTS": "hunter2"}, 2, ("InvalidSTSRegionalEndpoints", "AWS_ variables")),
        (("--region", REGION, "--endpoint-url", "http://SERVER"), {"AWS_SESSION_TOKEN": "hunter2\nx"}, 2, ("AWS_SESSION_TOKEN",)),
        (("--region", "eu west 1"), {}, 2, ("written like eu-north-1",)),
        (("--region", "xx-nowhere-1"), {}, 1, ("dynamodb.xx-nowhere-1.amazonaws.com cannot be reached", "--region")),
        (("--region", REGION, "--endpoint-url", "localhost:8000"), {}, 2, ("http://localhost:8000",)),
        (("--region", REGION, "--endpoint-url", "http://127.0.0.1:CLOSED"), {}, 1, ("cannot be reached", "--endpoint-url")),
        (("--region", REGION, "--endpoint-url", "https://SERVER"), {}, 1, ("TLS certificate", "AWS_CA_BUNDLE")),
        (("--region", REGION, "--endpoint-url", "https://SERVER"), {"AWS_CA_BUNDLE": "/no/such.pem"}, 1, ("AWS_CA_BUNDLE",)),
        (
            ("--region", REGION, "--endpoint-url", "https://dynamodb.example.com"),
            {"HTTPS_PROXY": "http://user:hunter2@127.0.0.1:CLOSED"},
            1,
            ("the proxy cannot be reached", "HTTPS_PROXY"),
        ),
    ],
)
def test_an_endpoint_that_cannot_be_asked(  # noqa: PLR0917 - a row of the table
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    code: int,
    words: tuple[str, ...],
    server: Misbehaving,
    tmp_path: Path,
) -> None:
    def there(text: str) -> str:
        return text.replace("CLOSED", str(closed_port())).replace("SERVER", server.url.removeprefix("http://"))

    told = {name: there(value) for name, value in environment.items()}
    ran = command("run", "--no-config", "--max-attempts", "1", *map(there, arguments), cwd=tmp_path, **KEYS, **told)
    assert_one_sentence(ran, code, *words)


@fault("AWS_RETRY_MODE, AWS_MAX_ATTEMPTS and the profile say otherwise", "4 attempts in standard mode all the same", by=ENVIRONMENT)
@pytest.mark.process
@pytest.mark.parametrize(
    ("config", "environment"),
    [
        ("", {}),
        ("[default]\nretry_mode = legacy\nmax_attempts = 9\n", {}),
        ("", {"AWS_RETRY_MODE": "legacy", "AWS_MAX_ATTEMPTS": "1"}),
        ("", {"AWS_RETRY_MODE": "bogus", "AWS_MAX_ATTEMPTS": "x"}),
    ],
)
def test_how_often_it_is_tried_is_not_the_users_botocore_to_say(
    config: str, environment: Mapping[str, str], server: Misbehaving, tmp_path: Path
) -> None:
    (tmp_path / "aws-config").write_text(config)
    server.spoil = spoiled("ListTables", raw(*error("InternalServerError", 500)))
    ran = command("run", *HERE, "--endpoint-url", server.url, cwd=tmp_path, **KEYS, **environment)
    assert_one_sentence(ran, 1, "ListTables with InternalServerError")
    assert server.asked == {"ListTables": 4}


# ---------------------------------------------------------------------------------------------------- answers to everything

NOT_DYNAMODB = "not as DynamoDB does"


@fault("an answer is cut short", "asked 3 times, then exit 1: check the endpoint and the proxy", by=SERVER)
@fault("an answer is shorter than was promised", "asked 3 times, then exit 1: likewise", by=SERVER)
@fault("an answer has a wrong checksum", "asked 3 times, then exit 1: likewise", by=SERVER)
@fault("the page of a captive portal", "asked 3 times, then exit 1: likewise", by=SERVER)
@fault("an answer is not UTF-8", "asked 3 times, then exit 1: likewise", by=SERVER)
@fault("an answer is null", "asked 3 times, then exit 1: likewise", by=SERVER)
@fault("an answer has a wrong type", "asked 3 times, then exit 1: likewise", by=SERVER)
@fault("an answer has another status than 200, below 301", "asked 3 times, then exit 1: likewise", by=SERVER)
@fault("an error without a code, or that is no JSON object", "asked 4 times, then exit 1: likewise", by=SERVER)
@fault("502 with a page", "asked 4 times, then exit 1: likewise", by=SERVER)
@fault("the server hangs up", "asked 4 times, then exit 1: check the network", by=SERVER)
@fault("500", "asked 4 times, then exit 1: run it again", by=SERVER)
@fault("throttled", "asked as often as --max-attempts says, then exit 1: run it again", by=SERVER)
@fault("the credentials have expired", "asked once, exit 1: sign in again", by=SERVER)
@fault("the key is unknown", "asked once, exit 1: check the keys", by=SERVER)
@fault("the signature is wrong", "asked once, exit 1: check the keys and the clock", by=SERVER)
@fault("listing tables is denied", "asked once, exit 1: allow it, or name the tables", by=SERVER)
@pytest.mark.process
@pytest.mark.parametrize(
    ("answer", "times", "words"),
    [
        (raw(200, b'{"TableNames": ["orders", "us'), 3, (NOT_DYNAMODB, "proxy")),
        (raw(200, b'{"TableNames": []}', promised=900), 3, (NOT_DYNAMODB,)),
        (raw(200, b'{"TableNames": []}', checksum=1), 3, (NOT_DYNAMODB,)),
        (raw(200, b"<html>hunter2</html>"), 3, (NOT_DYNAMODB,)),
        (raw(200, b'{"TableNames": ["\xff"]}'), 3, (NOT_DYNAMODB,)),
        (raw(200, b"null"), 3, (NOT_DYNAMODB,)),
        (raw(200, b'{"TableNames": "orders"}'), 3, (NOT_DYNAMODB,)),
        (raw(200, b'{"TableNames": [1]}'), 3, (NOT_DYNAMODB,)),
        (raw(203, b'{"TableNames": ["orders"]}'), 3, (NOT_DYNAMODB,)),
        (raw(204, b""), 3, (NOT_DYNAMODB,)),
        (raw(503, b"null"), 4, (NOT_DYNAMODB,)),
        (raw(503, b'{"__type": 5}'), 4, (NOT_DYNAMODB,)),
        (raw(502, b"<html>hunter2</html>"), 4, (NOT_DYNAMODB,)),
        (b"", 4, ("cannot be reached", "network")),
        (raw(*error("InternalServerError", 500)), 4, ("InternalServerError", "run it again")),
        (raw(*error("ThrottlingException")), 1, ("ThrottlingException", "run it again")),
        (raw(*error("ExpiredTokenException")), 1, ("ExpiredTokenException", "sign in again")),
        (raw(*error("UnrecognizedClientException")), 1, ("UnrecognizedClientException", "check the keys")),
        (raw(*error("InvalidSignatureException")), 1, ("InvalidSignatureException", "clock")),
        (raw(*error("AccessDeniedException")), 1, ("may not call ListTables", "name the tables")),
    ],
)
def test_without_a_list_of_tables_there_is_no_audit(
    answer: bytes, times: int, words: tuple[str, ...], server: Misbehaving, tmp_path: Path
) -> None:
    server.spoil = spoiled("ListTables", answer)
    patience = ("--max-attempts", "1") if b"Throttling" in answer else ()  # its pauses are seconds
    ran = command("run", *HERE, *patience, "--endpoint-url", server.url, "--report", "run.json", cwd=tmp_path, **KEYS)
    assert_one_sentence(ran, 1, *words)
    assert server.asked == {"ListTables": times}
    assert not (tmp_path / "run.json").exists()


# --------------------------------------------------------------------------------------------------------- one call, one table


@fault("a page of items is cut short, once", "asked again: every item is counted, exit 0", by=SERVER)
@fault("an answer is shorter than was promised, once", "asked again, exit 0", by=SERVER)
@fault("a page of items has not as many as it says, once", "asked again: every item is counted, exit 0", by=SERVER)
@pytest.mark.process
@pytest.mark.parametrize(
    "spoil",
    [
        raw(200, b'{"Items": [{"id": {"S": "a"}}], "Count": 50, "ScannedCount": 50}'),
        raw(200, b'{"Items": [{"id": {"S"'),
        raw(200, b'{"Items": [], "Count": 0, "ScannedCount": 0}', promised=900),
    ],
)
def test_what_is_broken_once_is_asked_again(spoil: bytes, server: Misbehaving, tmp_path: Path) -> None:
    server.spoil = lambda asked, _request, number: spoil if asked == "Scan" and number == 2 else None
    ran = command("check", "orders", *HERE, "--endpoint-url", server.url, "--report", "run.json", cwd=tmp_path, **KEYS)
    assert ran.code == 0, ran
    assert [table["items"]["scanned"] for table in run_file(tmp_path)["tables"]] == [2]
    assert server.asked["Scan"] == 3


@fault(
    "the pages of one table go on being unreadable", "`check` exit 4, the other table whole, the reason with the table", by=SERVER
)
@fault("one table goes on being throttled", "`check` exit 4, the other table whole: partial, 1 item", by=SERVER)
@fault("500 to every DescribeTable of one table", "`check` exit 4, the other table whole", by=SERVER)
@pytest.mark.process
@pytest.mark.parametrize(
    ("operation", "answer", "call", "reason"),
    [
        ("Scan", raw(200, b'{"Items": ['), "dynamodb:Scan", "unreadable answer"),
        (
            "Scan",
            raw(*error("ProvisionedThroughputExceededException")),
            "dynamodb:Scan",
            "the table throttled the audit's reads: partial, 1 item read",
        ),
        ("DescribeTable", raw(*error("InternalServerError", 500)), "dynamodb:DescribeTable", "InternalServerError"),
    ],
)
def test_what_is_wrong_with_one_table_leaves_the_other_whole(  # noqa: PLR0917 - a row of the table
    operation: str, answer: bytes, call: str, reason: str, server: Misbehaving, tmp_path: Path
) -> None:
    def spoil(asked: str, request: Mapping[str, Any], _number: int) -> bytes | None:
        first_page = asked == "Scan" and "ExclusiveStartKey" not in request
        return answer if asked == operation and request["TableName"] == "orders" and not first_page else None

    server.spoil = spoil
    where = (*HERE, "--endpoint-url", server.url, "--max-attempts", "1", "--report", "run.json")
    ran = command("check", *where, cwd=tmp_path, **KEYS)
    assert ran.code == 4, ran
    report = run_file(tmp_path)
    assert untold(report, call, reason) == {"orders"}
    [users] = [table for table in report["tables"] if table["name"] == "users"]
    assert users["items"]["scanned"] == 2


@fault("one API answers 500", "exit 0, its facts are not checked, all else is", by=SERVER)
@fault("one API is denied", "exit 0, its facts are not checked, all else is", by=SERVER)
@fault("one API answers with a page", "exit 0, its facts are not checked, all else is", by=SERVER)
@pytest.mark.process
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (raw(*error("InternalServerError", 500)), "InternalServerError"),
        (raw(*error("AccessDeniedException")), "AccessDeniedException"),
        (raw(200, b"<html>hunter2</html>"), "not available here"),  # at an endpoint of one's own
    ],
)
def test_one_api_that_fails_costs_its_own_facts(answer: bytes, reason: str, server: Misbehaving, tmp_path: Path) -> None:
    server.spoil = spoiled("DescribeContinuousBackups", answer)
    ran = command("run", "orders", *HERE, "--endpoint-url", server.url, "--report", "run.json", cwd=tmp_path, **KEYS)
    assert ran.code == 0, ran
    report = run_file(tmp_path)
    assert untold(report, "dynamodb:DescribeContinuousBackups", reason) == {"orders"}
    assert report["tables"][0]["items"]["scanned"] == 2


@fault("a table is deleted while it is read", "`check` exit 4: gone during the audit, the other table whole", by=SERVER)
@pytest.mark.process
def test_a_table_that_is_deleted_meanwhile_is_gone(server: Misbehaving, tmp_path: Path) -> None:
    gone = threading.Event()

    def spoil(asked: str, request: Mapping[str, Any], _number: int) -> bytes | None:
        if request.get("TableName") != "orders":
            return None
        if asked == "Scan" and "ExclusiveStartKey" in request:
            gone.set()
        return raw(*error("ResourceNotFoundException")) if gone.is_set() else None

    server.spoil = spoil
    ran = command("check", *HERE, "--endpoint-url", server.url, "--report", "run.json", cwd=tmp_path, **KEYS)
    assert ran.code == 4, ran
    report = run_file(tmp_path)
    assert untold(report, "dynamodb:Scan", "gone during the audit") == {"orders"}
    assert {table["name"]: (table["items"] or {}).get("scanned") for table in report["tables"]} == {"orders": None, "users": 2}


# --------------------------------------------------------------------------------------------------------------- --timeout


@fault("an answer drips in, one byte at a time", "--timeout ends it: `run` exit 0, `check` exit 4, the rest whole", by=SERVER)
@pytest.mark.process
@pytest.mark.parametrize(("name", "code"), [("run", 0), ("check", 4)])
def test_when_the_time_is_over_what_was_read_is_reported(name: str, code: int, server: Misbehaving, tmp_path: Path) -> None:
    server.drips = frozenset({"DescribeContinuousBackups"})
    where = (*HERE, "--endpoint-url", server.url, "--timeout", "1", "--report", "run.json")
    ran = command(name, "orders", *where, cwd=tmp_path, **KEYS)
    assert ran.code == code, ran
    report = run_file(tmp_path)
    assert untold(report, "dynamodb:DescribeContinuousBackups", "the audit's time was over") == {"orders"}
    assert report["tables"][0]["items"]["scanned"] == 2
    assert "the time of the audit, 1 second, was over before everything was read" in (tmp_path / "run.json").read_text()
    assert (report["gate"]["reasons"] == ["the audit's time was over"]) == (name == "check")


@fault("the list of tables drips in", "--timeout ends it: exit 1: give it more time", by=SERVER)
@pytest.mark.process
def test_a_time_that_is_over_before_there_are_tables(server: Misbehaving, tmp_path: Path) -> None:
    server.drips = frozenset({"ListTables"})
    ran = command("run", *HERE, "--endpoint-url", server.url, "--timeout", "1", cwd=tmp_path, **KEYS)
    assert_one_sentence(ran, 1, "the audit's time was over", "--timeout")


@fault("credential_process hangs", "--timeout ends it: exit 1: give it more time", by=ENVIRONMENT)
@pytest.mark.process
@pytest.mark.skipif(os.name == "nt", reason="needs a shell")
@pytest.mark.parametrize("name", ["run", "items"])
def test_credentials_that_do_not_come_in_time(name: str, server: Misbehaving, tmp_path: Path) -> None:
    (tmp_path / "aws-config").write_text("[default]\ncredential_process = sleep 90\n")
    ran = command(name, "orders", *HERE, "--endpoint-url", server.url, "--timeout", "1", cwd=tmp_path)
    assert_one_sentence(ran, 1, "the audit's time was over before there was an AWS session", "--timeout")


@fault(
    "live prices drip in", "--timeout leaves most of the time to the rest: priced by the bundled list, and that is said", by=SERVER
)
@pytest.mark.process
def test_prices_that_do_not_come_in_time(server: Misbehaving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.engines.misbehaving.DRIP_SECONDS", 3.0)
    server.drips = frozenset({"GetProducts"})
    where = (*HERE, "--endpoint-url", server.url, "--timeout", "32", "--prices", "live")
    ran = command("run", "orders", *where, cwd=tmp_path, **KEYS)
    assert ran.code == 0, ran
    assert "warning: bundled list prices" in ran.err
    assert "the Price List API did not answer in time" in ran.err


@fault("S3 drips before the audit", "--timeout ends it: exit 1: give it more time", by=SERVER)
@pytest.mark.process
def test_a_bucket_that_does_not_answer_in_time(server: Misbehaving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.engines.misbehaving.DRIP_SECONDS", 3.0)
    server.drips = frozenset({""})  # S3 tells its operations by path and method
    where = (*HERE, "--endpoint-url", server.url, "--timeout", "2", "--report", "s3://stj-audits/run.json")
    ran = command("run", "orders", *where, cwd=tmp_path, **KEYS)
    assert_one_sentence(ran, 1, "the audit's time was over before it was known whether the reports can be written", "--timeout")
    assert not server.asked["DescribeTable"]


@fault("the items drip in", "--timeout ends it: `items` exit 1, and says why of each table", by=SERVER)
@pytest.mark.process
def test_items_that_do_not_come_in_time(server: Misbehaving, tmp_path: Path) -> None:
    server.drips = frozenset({"Scan"})
    ran = command("items", "orders", *HERE, "--endpoint-url", server.url, "--timeout", "1", cwd=tmp_path, **KEYS)
    assert ran.code == 1
    assert "warning: the time of the audit, 1 second, was over" in ran.err
    assert "the audit's time was over" in ran.out


# ------------------------------------------------------------------------------------------------------- nothing half-written


@fault(
    "the disk is full when a report is written",
    "exit 1: make room; the old file stays, the other reports are written",
    by="a limit on the size of files",
)
@pytest.mark.process
def test_a_full_disk_loses_nothing_else(server: Misbehaving, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("the report before")
    reports = [word for name in ("report.html", "new.json", "small.csv") for word in ("--report", name)]
    ran = stj_audit_on_full_disk("run", "orders", *HERE, "--endpoint-url", server.url, *reports, cwd=tmp_path)
    assert ran.code == 1
    told = ran.err.splitlines()
    assert [line for line in told if line.startswith("wrote ")] == ["wrote small.csv"]
    assert told[-2:] == [
        f"error: cannot write {name}: File too large - nothing was written there; choose another place, or make room"
        for name in ("report.html", "new.json")
    ]
    assert ran.out.startswith("DynamoDB audit")
    assert (tmp_path / "report.html").read_text() == "the report before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "small.csv"]


@fault(
    "the disk is full when a run is kept", "exit 1: choose a folder; nothing of the run is there", by="a limit on the size of files"
)
@pytest.mark.process
def test_a_run_is_kept_whole_or_not_at_all(server: Misbehaving, tmp_path: Path) -> None:
    where = (*HERE, "--endpoint-url", server.url, "--history", "kept", "--report", "small.csv")
    ran = stj_audit_on_full_disk("run", "orders", *where, cwd=tmp_path)
    assert ran.code == 1
    assert ran.err.splitlines()[-1].startswith("error: cannot keep the run in kept: File too large - ")
    assert [path for path in (tmp_path / "kept").rglob("*") if path.is_file()] == []
    assert (tmp_path / "small.csv").exists()
