"""The function for AWS Lambda: as Python has it here, and from the package that is built for it."""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from moto import mock_aws
from moto.ses.models import ses_backends

from stj_audit import lambda_handler
from stj_audit.errors import ConfigError
from stj_audit.lambda_handler import AuditFailed, handler
from tests.commands import KEYS
from tests.engines.dynamodb_local import create_plain_table
from tests.test_deploy import DEPLOY, loaded

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
BUCKET, REGION = "stj-audits", "eu-north-1"
ACCOUNT = "123456789012"  # of moto
SECRET = "nobody-may-see-this"
VARIABLES = {
    **KEYS,
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "STJ_AUDIT_HISTORY": f"s3://{BUCKET}/history",
    "STJ_AUDIT_REPORT": f"s3://{BUCKET}/reports/latest.html",
    "STJ_AUDIT_FROM": "audits@example.com",
    "STJ_AUDIT_TO": "team@example.com,boss@example.com",
    "STJ_AUDIT_CONFIG": "",
}


def client(service: str) -> Any:
    return botocore.session.Session().create_client(service, region_name=REGION)


def seed() -> None:
    """A table, a bucket, and an address that SES has verified."""
    dynamodb = client("dynamodb")
    for table in ("orders", "orders-old", "users"):
        create_plain_table(dynamodb, table)
    dynamodb.put_item(TableName="orders", Item={"id": {"S": SECRET}, "pad": {"S": "x" * 1_000}})
    client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    client("sesv2").create_email_identity(EmailIdentity="audits@example.com")


def mailed() -> list[Any]:
    return list(ses_backends[ACCOUNT][REGION].sent_messages)


def kept(prefix: str) -> list[str]:
    return [one["Key"] for one in client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", ())]


def read(key: str) -> str:
    return str(client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read().decode())


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    for name in [name for name in os.environ if name.startswith(("AWS_", "STJ_AUDIT_", "GITHUB_"))]:
        monkeypatch.delenv(name)
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    with mock_aws():
        seed()
        yield monkeypatch


def test_an_event_is_an_audit_a_run_that_is_kept_a_report_and_a_mail(
    aws: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = handler({"tables": ["orders*"]}, None)
    [run] = kept("history/runs/")
    assert run == f"history/runs/{first['run']}"
    report = json.loads(read(run))
    assert [table["name"] for table in report["tables"]] == ["orders", "orders-old"]
    assert (first["grade"], first["score"], first["exit_code"]) == (report["overall"]["grade"], report["overall"]["score"], 0)
    assert first["mail"].startswith("sent ")
    [message] = mailed()
    assert set(message.destinations) == {"boss@example.com", "team@example.com"}
    assert read("reports/latest.html").startswith("<!")
    told = capsys.readouterr()
    assert json.loads(told.err.splitlines()[-1]) == first
    assert told.out == ""  # the report for a terminal is nothing for a log
    assert SECRET not in told.err + message.raw_data + read("reports/latest.html") + read(run)

    second = handler({"tables": ["orders*"]}, None)  # as when the first is tried again, or the schedule is started twice
    assert second["mail"].startswith("not sent: ")
    assert (len(kept("history/runs/")), len(mailed())) == (2, 1)


@pytest.mark.parametrize("event", [{}, None, {"source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": "{}"}])
def test_without_names_every_table_is_audited(aws: pytest.MonkeyPatch, event: object) -> None:
    done = handler(event, None)
    assert len(json.loads(read(f"history/runs/{done['run']}"))["tables"]) == 3


@pytest.mark.parametrize("event", [{"tabels": ["orders"]}, {"tables": "orders"}, {"tables": [1]}, {"tables": [""]}, [], "orders"])
def test_an_event_that_says_something_else_is_no_wish_for_every_table(aws: pytest.MonkeyPatch, event: object) -> None:
    with pytest.raises(AuditFailed, match=r"the event is not understood - send \{\}"):
        handler(event, None)
    assert kept("") == []


def test_a_failure_is_raised_as_one_sentence_that_quotes_nothing(aws: pytest.MonkeyPatch) -> None:
    with pytest.raises(AuditFailed, match=r"^no table is called 'nope' in region eu-north-1 - ") as failed:
        handler({"tables": ["nope"]}, None)
    assert (failed.value.__cause__, failed.value.__context__) == (None, None)
    aws.setenv("STJ_AUDIT_SCAN", "everything")
    with pytest.raises(AuditFailed, match="'everything' is not one of"):
        handler({}, None)


def test_a_bug_is_named_and_where_it_was_is_in_the_log(aws: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError(SECRET)

    aws.setattr(lambda_handler, "name_of", broken)
    with pytest.raises(AuditFailed, match=r"^stj-audit has a bug: ZeroDivisionError$"):
        handler({"tables": ["orders"]}, None)
    told = capsys.readouterr().err
    assert "in broken" in told
    assert SECRET not in told


def test_a_mail_that_fails_fails_the_function_and_the_next_attempt_sends_it(aws: pytest.MonkeyPatch) -> None:
    client("sesv2").delete_email_identity(EmailIdentity="audits@example.com")
    with pytest.raises(AuditFailed, match="SES in eu-north-1 refuses the mail"):
        handler({"tables": ["orders"]}, None)
    client("sesv2").create_email_identity(EmailIdentity="audits@example.com")
    assert handler({"tables": ["orders"]}, None)["mail"].startswith("sent ")
    assert len(mailed()) == 1


def test_a_finding_is_said_and_no_failure(aws: pytest.MonkeyPatch) -> None:
    aws.setenv("STJ_AUDIT_FAIL_ON", "low")
    assert handler({"tables": ["orders"]}, None)["exit_code"] == 3
    assert len(mailed()) == 1


def test_nobody_to_mail_to_is_said(aws: pytest.MonkeyPatch) -> None:
    for name in ("STJ_AUDIT_FROM", "STJ_AUDIT_TO"):
        aws.setenv(name, "")
    assert handler({"tables": ["orders"]}, None)["mail"] == lambda_handler.NOT_CONFIGURED
    assert mailed() == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("STJ_AUDIT_FROM", "", "it is not said who sends the mail - "),
        ("STJ_AUDIT_TO", "", "it is not said who gets the mail - "),
        ("STJ_AUDIT_TO", "nobody", "'nobody', which is no address"),
        ("STJ_AUDIT_SMTP_USERNAME", "audits", "the mail server has no host - "),
    ],
)
def test_a_mail_that_cannot_be_is_told_before_the_audit(name: str, value: str, said: str, aws: pytest.MonkeyPatch) -> None:
    aws.setenv(name, value)
    with pytest.raises(AuditFailed, match=said):
        handler({"tables": ["orders"]}, None)
    assert kept("") == []


CONFIGURED = '[model]\ntarget = 777\n\n[email]\nfrom = "audits@example.com"\nto = ["team@example.com"]\nname = "prod"\n'


@pytest.mark.parametrize("place", ["s3", "package"])
def test_the_configuration_is_in_the_bucket_or_in_the_package(aws: pytest.MonkeyPatch, place: str, tmp_path: Path) -> None:
    for name in ("STJ_AUDIT_FROM", "STJ_AUDIT_TO"):
        aws.setenv(name, "")
    if place == "s3":
        aws.setenv("STJ_AUDIT_CONFIG", f"s3://{BUCKET}/config/stj-audit.toml")
        with pytest.raises(AuditFailed, match=f"cannot read s3://{BUCKET}/config/stj-audit.toml: NoSuchKey - put it there"):
            handler({}, None)
        client("s3").put_object(Bucket=BUCKET, Key="config/stj-audit.toml", Body=CONFIGURED.encode())
    else:
        (tmp_path / "stj-audit.toml").write_text(CONFIGURED, encoding="utf-8")
    done = handler({"tables": ["orders"]}, None)
    assert "prod" in done["mail"]
    assert json.loads(read(f"history/runs/{done['run']}"))["audit"]["target_users"] == 777


@dataclass
class Context:
    """What Lambda gives beside the event, as far as it is looked at."""

    milliseconds: int

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


@pytest.mark.parametrize(
    ("context", "variable", "told"),
    [
        (Context(900_000), "", ["--timeout=840"]),
        (Context(60_500), "", ["--timeout=45"]),
        (Context(900), "", ["--timeout=1"]),
        (Context(900_000), "30", []),  # the option finds it by itself
        (None, "", []),
    ],
)
def test_reading_ends_before_the_function_does(context: object, variable: str, told: list[str], aws: pytest.MonkeyPatch) -> None:
    aws.setenv("STJ_AUDIT_TIMEOUT", variable)
    assert lambda_handler._timeout(context) == told


def test_an_audit_in_a_function_has_its_time(aws: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []
    command = lambda_handler._command

    def spy(*arguments: str) -> tuple[int, str]:
        asked.append(arguments)
        return command(*arguments)

    aws.setattr(lambda_handler, "_command", spy)
    assert handler({"tables": ["users"]}, Context(900_000))["exit_code"] == 0
    assert "--timeout=840" in asked[0]


def test_an_old_boto3_is_told() -> None:
    [wanted] = [one for one in importlib.metadata.requires("stj-audit") or () if one.startswith("boto3")]
    oldest = re.fullmatch(r"boto3>=(\d+)\.(\d+)", wanted)
    assert oldest is not None
    assert (int(oldest[1]), int(oldest[2])) == lambda_handler.OLDEST_BOTOCORE
    lambda_handler._check_botocore("1.40.0")
    lambda_handler._check_botocore("2.0.1")
    with pytest.raises(ConfigError, match=r"this runtime has botocore 1\.39\.17, and 1\.40 is the oldest"):
        lambda_handler._check_botocore("1.39.17")


# --------------------------------------------------------------------------------------------------------------- package


AS_LAMBDA_DOES = """
import importlib, json, os, sys
package, sdk, engine, handler = sys.argv[1:]
sys.path[:0] = [package, sdk]
sys.path.append(engine)
os.chdir(package)
module, _, name = handler.rpartition(".")
function = getattr(importlib.import_module(module), name)

from moto import mock_aws
with mock_aws():
    import botocore.session
    def client(service):
        return botocore.session.Session().create_client(service, region_name="eu-north-1")
    exec(sys.stdin.read())
    done = [function({"tables": ["orders"]}, None) for _ in range(2)]
    from moto.ses.models import ses_backends
    sent = len(ses_backends["123456789012"]["eu-north-1"].sent_messages)
    keys = [one["Key"] for one in client("s3").list_objects_v2(Bucket="stj-audits")["Contents"]]
    target = json.load(client("s3").get_object(Bucket="stj-audits", Key="history/runs/" + done[0]["run"])["Body"])["audit"]["target_users"]
ours = {one: str(getattr(module, "__file__", "")) for one, module in list(sys.modules.items()) if "." not in one}
json.dump({"done": done, "target": target, "sent": sent, "keys": keys, "modules": ours}, sys.stdout)
"""
SEED = """
dynamodb = client("dynamodb")
dynamodb.create_table(TableName="orders", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], BillingMode="PAY_PER_REQUEST")
dynamodb.put_item(TableName="orders", Item={"id": {"S": "a"}})
client("s3").create_bucket(Bucket="stj-audits", CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
client("sesv2").create_email_identity(EmailIdentity="audits@example.com")
"""


def name_in(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower().replace("_", "-")


def needed_by(*names: str) -> set[str]:
    """Distributions and what they need, as far as it is installed."""
    todo, found = list(names), set[str]()
    while todo:
        name = todo.pop()
        if name in found:
            continue
        try:
            requires = importlib.metadata.requires(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        found.add(name)
        todo += [name_in(one) for one in requires or () if "extra ==" not in one]
    return found


def link(names: set[str], folder: Path) -> Path:
    """A folder in which those distributions can be imported, and nothing else."""
    folder.mkdir()
    for name in names:
        for file in importlib.metadata.files(name) or ():
            top = file.parts[0]
            if top not in {"..", "__pycache__"} and not (folder / top).exists():
                (folder / top).symlink_to(Path(str(importlib.metadata.distribution(name).locate_file(top))))
    return folder


def build(out: Path, *options: str | Path) -> str:
    built = subprocess.run(
        [sys.executable, DEPLOY / "build_lambda.py", out, "--installed", *options],
        env={**os.environ, "STJ_AUDIT_BUILD": "pure"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return built.stdout


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    config, out = folder / "mine.toml", folder / "lambda.zip"
    config.write_text("[model]\ntarget = 777\n", encoding="utf-8")
    said = build(out, "--config", config)
    assert re.search(r"lambda\.zip: \d\.\d MB, \d+\.\d MB unpacked\n", said)
    assert "scanner: pure Python" in said
    assert "boto3: that of Lambda" in said
    return out


@pytest.mark.process
def test_the_package_has_what_lambda_lacks_and_no_more(package: Path) -> None:
    with zipfile.ZipFile(package) as files:
        names = files.namelist()
        modes = {entry.external_attr >> 16 & 0o777 for entry in files.infolist()}
    templates = {f"stj_audit/templates/{path.name}" for path in (ROOT / "reports/templates").iterdir()}
    assert {"stj_audit/lambda_handler.py", *templates} <= {*names}
    assert names == sorted(names)
    assert modes == {0o644}
    tops = {name.split("/")[0] for name in names}
    assert not tops & {"boto3", "botocore", "moto", "tests", "pip", "bin"}
    assert not [name for name in names if name.endswith((".pyc", "/RECORD", "/direct_url.json")) or "__pycache__" in name]
    assert package.stat().st_size < 50 * 1024**2  # what Lambda takes without a bucket in between


@pytest.mark.process
def test_the_same_input_makes_the_same_package(package: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    build(again, "--config", package.parent / "mine.toml")
    assert again.read_bytes() == package.read_bytes()


@pytest.mark.process
def test_the_package_runs_where_there_is_nothing_but_boto3(package: Path, tmp_path: Path) -> None:
    handler_name = loaded(DEPLOY / "template.yaml")["Resources"]["Function"]["Properties"]["Handler"]
    task = tmp_path / "task"
    with zipfile.ZipFile(package) as files:
        files.extractall(task)
    sdk = needed_by("boto3")
    ours = {one.name.split("-")[0].lower().replace("_", "-") for one in task.glob("*.dist-info")}
    engine = needed_by("moto", "py-partiql-parser") - sdk - ours
    ran = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            AS_LAMBDA_DOES,
            task,
            link(sdk, tmp_path / "sdk"),
            link(engine, tmp_path / "engine"),
            handler_name,
        ],
        input=SEED,
        env={"PATH": os.environ["PATH"], **VARIABLES},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    for module in ("stj_audit", "click", "jinja2", "msgspec", "orjson"):
        assert found["modules"][module].startswith(str(task))
    assert [one["mail"].startswith(word) for one, word in zip(found["done"], ("sent ", "not sent: "), strict=True)] == [True, True]
    assert (found["sent"], found["target"]) == (1, 777)
    runs = sorted(key for key in found["keys"] if key.startswith("history/runs/"))
    assert runs == sorted(f"history/runs/{one['run']}" for one in found["done"])
    assert "reports/latest.html" in found["keys"]
