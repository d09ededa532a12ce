"""Nothing that is not on a list is sent, whichever way it is asked for, and whoever catches the refusal."""

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

import boto3
import botocore.session
import pytest
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.httpsession import URLLib3Session
from botocore.loaders import Loader
from botocore.parsers import ResponseParserError
from moto import mock_aws

from stj_audit.cli import cli, main
from stj_audit.deliver.carrier import Addresses
from stj_audit.deliver.objects import object_rules
from stj_audit.deliver.ses import ses_rules
from stj_audit.deliver.smtp import open_smtp
from stj_audit.deliver.stores import store_rules
from stj_audit.email_settings import Smtp
from stj_audit.errors import WriteRefused
from stj_audit.facts import TimeToLive
from stj_audit.items.pool import fold_parts
from stj_audit.read_only import CREDENTIALS, Rules, guarded_session, with_credentials
from stj_audit.refusals import never_swallowed, refuse, refused
from stj_audit.scanners import Aws
from stj_audit.scanners.guard import S3Folder, allowed
from tests.scanners.answers import REGION, answer, client, create_table

pytestmark = pytest.mark.slow

SENDER, TEAM = "audits@example.com", "team@example.com"
RAW = b"From: audits@example.com\r\n\r\na report\r\n"
# All that is talked to, and what AWS has beside it that writes, pays or sends
SERVICES = (
    *("application-autoscaling", "backup", "cloudwatch", "dynamodb", "pricing", "s3", "service-quotas", "sesv2", "signin", "sso"),
    *("sso-oidc", "sts", "dax", "dynamodbstreams", "events", "iam", "kms", "lambda", "logs", "s3control", "ses", "sns", "sqs"),
)
LOADER = Loader()  # what the models say is read once
DAY = datetime(2026, 11, 1, tzinfo=UTC)
ARN = f"arn:aws:dynamodb:{REGION}:123456789012:table/orders"
METRIC = {"Namespace": "AWS/DynamoDB", "MetricName": "ConsumedReadCapacityUnits"}
QUERY = {"Id": "q0", "MetricStat": {"Metric": METRIC, "Period": 300, "Stat": "Sum"}}

Calls = Mapping[tuple[str, str], dict[str, Any]]

CREDENTIAL_CALLS: Calls = {
    ("signin", "CreateOAuth2Token"): {"tokenInput": {"clientId": "a", "grantType": "refresh_token", "refreshToken": "b"}},
    ("sso", "GetRoleCredentials"): {"accessToken": "a", "accountId": "123456789012", "roleName": "auditor"},
    ("sso-oidc", "CreateToken"): {"clientId": "a", "clientSecret": "b", "grantType": "refresh_token", "refreshToken": "c"},
    ("sts", "AssumeRole"): {"RoleArn": "arn:aws:iam::123456789012:role/auditor", "RoleSessionName": "stj-audit"},
    ("sts", "AssumeRoleWithWebIdentity"): {
        "RoleArn": "arn:aws:iam::123456789012:role/auditor",
        "RoleSessionName": "stj-audit",
        "WebIdentityToken": "some",
    },
}


@dataclass(frozen=True, kw_only=True)
class Owner:
    """One of those that make clients: what it may send, and a call of each that it does send."""

    rules: Rules
    calls: Calls
    services: tuple[str, ...] = ("s3", "sesv2", "sts", "sso", "sso-oidc", "signin", "dynamodb", "ses")


AUDIT = Owner(
    rules=allowed(S3Folder(bucket="exports", prefix="2026/")),
    services=SERVICES,
    calls={
        ("application-auto-scaling", "DescribeScalableTargets"): {"ServiceNamespace": "dynamodb"},
        ("application-auto-scaling", "DescribeScalingPolicies"): {"ServiceNamespace": "dynamodb"},
        ("backup", "DescribeProtectedResource"): {"ResourceArn": ARN},
        ("backup", "ListRecoveryPointsByResource"): {"ResourceArn": ARN, "ManagedByAWSBackupOnly": True},
        ("cloudwatch", "DescribeAlarms"): {"AlarmTypes": ["MetricAlarm"]},
        ("cloudwatch", "GetInsightRuleReport"): {
            "RuleName": "DynamoDBContributorInsights-PKC-orders-1",
            "StartTime": DAY,
            "EndTime": DAY,
            "Period": 3600,
        },
        ("cloudwatch", "GetMetricData"): {"MetricDataQueries": [QUERY], "StartTime": DAY, "EndTime": DAY},
        ("dynamodb", "DescribeContinuousBackups"): {"TableName": "orders"},
        ("dynamodb", "DescribeContributorInsights"): {"TableName": "orders"},
        ("dynamodb", "DescribeKinesisStreamingDestination"): {"TableName": "orders"},
        ("dynamodb", "DescribeTable"): {"TableName": "orders"},
        ("dynamodb", "DescribeTimeToLive"): {"TableName": "orders"},
        ("dynamodb", "GetResourcePolicy"): {"ResourceArn": ARN},
        ("dynamodb", "ListBackups"): {},
        ("dynamodb", "ListTables"): {},
        ("dynamodb", "ListTagsOfResource"): {"ResourceArn": ARN},
        ("dynamodb", "Scan"): {"TableName": "orders", "ReturnConsumedCapacity": "TOTAL"},
        ("pricing", "GetProducts"): {"ServiceCode": "AmazonDynamoDB"},
        ("s3", "GetObject"): {"Bucket": "exports", "Key": "2026/a b+c"},
        ("s3", "HeadBucket"): {"Bucket": "exports"},
        ("s3", "ListObjectsV2"): {"Bucket": "exports", "Prefix": "2026/data/", "Delimiter": "/"},
        ("service-quotas", "ListServiceQuotas"): {"ServiceCode": "dynamodb"},
        ("sts", "GetCallerIdentity"): {},
    },
)
HISTORY = Owner(
    rules=store_rules("audits", "prod"),
    calls={
        ("s3", "GetObject"): {"Bucket": "audits", "Key": "prod/runs/a.json"},
        ("s3", "HeadBucket"): {"Bucket": "audits"},
        ("s3", "ListObjectsV2"): {"Bucket": "audits", "Prefix": "prod/runs/"},
        ("s3", "PutObject"): {"Bucket": "audits", "Key": "prod/runs/a.json", "Body": b"{}", "IfNoneMatch": "*"},
    },
)
CONFIGURATION = Owner(
    rules=store_rules("audits", "", writes=False),
    calls={call: asked for call, asked in HISTORY.calls.items() if call != ("s3", "PutObject")},
)
OBJECT = Owner(
    rules=object_rules("pages", "dynamodb/report.html"),
    calls={
        ("s3", "HeadBucket"): {"Bucket": "pages"},
        ("s3", "PutObject"): {"Bucket": "pages", "Key": "dynamodb/report.html", "Body": b"<p>"},
    },
)
MAIL = Owner(
    rules=ses_rules(Addresses(sender=SENDER, recipients=frozenset({TEAM, "boss@example.com"})), None),
    calls={
        ("sesv2", "GetEmailIdentity"): {"EmailIdentity": "example.com"},
        ("sesv2", "SendEmail"): {
            "FromEmailAddress": SENDER,
            "Destination": {"ToAddresses": [TEAM]},
            "Content": {"Raw": {"Data": RAW}},
        },
    },
)
OWNERS = {"audit": AUDIT, "history": HISTORY, "configuration": CONFIGURATION, "object": OBJECT, "mail": MAIL}


@dataclass(kw_only=True)
class Wire:
    """What left a client for the network."""

    sent: list[Any] = field(default_factory=list)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    found = Wire()

    def send(_: URLLib3Session, request: Any) -> AWSResponse:
        found.sent.append(request)
        return answer(b"<Answer/>" if "s3" in request.url else None)

    monkeypatch.setattr(URLLib3Session, "send", send)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    return found


def client_of(session: botocore.session.Session, service: str) -> Any:
    return session.create_client(cast("Any", service), region_name=REGION)


def session_of(rules: Rules) -> botocore.session.Session:
    session = guarded_session(None, rules)
    session.register_component("data_loader", LOADER)
    return session


def guarded(owner: Owner, service: str) -> Any:
    return client_of(session_of(owner.rules), service)


def name_of(client: Any) -> str:
    return str(client.meta.service_model.service_id.hyphenize())


def call(client: Any, operation: str, asked: Mapping[str, Any]) -> None:
    with contextlib.suppress(ResponseParserError):  # it was sent, and `{}` is no XML
        client._make_api_call(operation, dict(asked))


def service_of(name: str) -> str:
    return {"application-auto-scaling": "application-autoscaling"}.get(name, name)


# --------------------------------------------------------------------------------------------------------------- operations


@pytest.mark.parametrize("owner", OWNERS.values(), ids=OWNERS)
def test_of_all_operations_of_all_models_only_the_listed_ones_are_sent(wire: Wire, owner: Owner) -> None:
    session, calls = session_of(owner.rules), {**CREDENTIAL_CALLS, **owner.calls}
    passed, stopped = set(), 0
    for service in owner.services:
        client = client_of(session, service)
        for operation in client.meta.service_model.operation_names:
            before, one = len(wire.sent), (name_of(client), operation)
            if one in calls:
                call(client, operation, calls[one])
                assert len(wire.sent) == before + 1, one
                passed.add(one)
                continue
            with pytest.raises(WriteRefused):
                client._make_api_call(operation, {})
            request = AWSRequest(method="GET", url="http://test.invalid/").prepare()
            with pytest.raises(WriteRefused):  # the last wall, alone
                client.meta.events.emit_until_response(f"before-send.{one[0]}.{operation}", request=request)
            assert len(wire.sent) == before, one
            stopped += 1
        client.close()
    assert passed == {(service, name) for service, listed in with_credentials(owner.rules).items() for name in listed}
    assert stopped > (1_200 if owner is AUDIT else 300)


@pytest.mark.parametrize("owner", OWNERS.values(), ids=OWNERS)
def test_of_all_parameters_of_the_listed_operations_only_the_listed_ones_are_sent(wire: Wire, owner: Owner) -> None:
    session, rules = session_of(owner.rules), with_credentials(owner.rules)
    stopped = 0
    for (service, operation), asked in {**CREDENTIAL_CALLS, **owner.calls}.items():
        client, listed = client_of(session, service_of(service)), rules[service][operation]
        for member in client.meta.service_model.operation_model(operation).input_shape.members:
            if member not in listed.may and member not in listed.must:
                with pytest.raises(WriteRefused, match=rf"refused parameters of {service}:{operation}: {member}"):
                    client._make_api_call(operation, {**asked, member: "x"})
                stopped += 1
        for member in listed.must:
            for changed in ({**asked, member: "other"}, {key: value for key, value in asked.items() if key != member}):
                with pytest.raises(WriteRefused, match=rf"refused parameters of {service}:{operation}: {member}"):
                    client._make_api_call(operation, changed)
                stopped += 1
    assert wire.sent == []
    assert stopped > 20


def test_no_list_has_a_verb_that_changes_what_is_there() -> None:
    verbs = ("AssumeRole", "CreateOAuth2Token", "CreateToken", "Describe", "Get", "Head", "List", "Scan")
    for name, owner in OWNERS.items():
        others = [one for rules in with_credentials(owner.rules).values() for one in rules if not one.startswith(verbs)]
        assert others == {"history": ["PutObject"], "object": ["PutObject"], "mail": ["SendEmail"]}.get(name, [])
    assert {one for rules in CREDENTIALS.values() for one in rules} == {operation for _, operation in CREDENTIAL_CALLS}


# ------------------------------------------------------------------------------------------------------------- what they ask for

SCAN, MAILED = AUDIT.calls["dynamodb", "Scan"], MAIL.calls["sesv2", "SendEmail"]
KEPT = HISTORY.calls["s3", "PutObject"]


@pytest.mark.parametrize(
    ("owner", "service", "operation", "asked"),
    [
        (AUDIT, "cloudwatch", "GetMetricData", {"MetricDataQueries": [QUERY, {"Id": "e", "Expression": "SEARCH('x', 'Sum')"}]}),
        (
            AUDIT,
            "cloudwatch",
            "GetMetricData",
            {"MetricDataQueries": [{"Id": "a", "MetricStat": {"Metric": {"Namespace": "AWS/EC2"}}}]},
        ),
        (AUDIT, "cloudwatch", "GetInsightRuleReport", {"RuleName": "somebody-elses"}),
        (AUDIT, "s3", "GetObject", {"Bucket": "exports", "Key": "2027/a"}),
        (AUDIT, "s3", "GetObject", {"Bucket": "exports", "Key": "2026"}),
        (AUDIT, "s3", "GetObject", {"Bucket": "exports-of-others", "Key": "2026/a"}),
        (AUDIT, "s3", "ListObjectsV2", {"Bucket": "exports"}),
        (AUDIT, "s3", "ListObjectsV2", {"Bucket": "exports", "Prefix": "2"}),
        (AUDIT, "s3", "HeadBucket", {"Bucket": "others"}),
        (HISTORY, "s3", "PutObject", {**KEPT, "Key": "production/a.json"}),
        (HISTORY, "s3", "PutObject", {**KEPT, "Key": "prod"}),
        (HISTORY, "s3", "PutObject", {**KEPT, "Bucket": "others"}),
        (HISTORY, "s3", "GetObject", {"Bucket": "audits", "Key": "other/a.json"}),
        (OBJECT, "s3", "PutObject", {"Bucket": "pages", "Key": "dynamodb/report.html2", "Body": b""}),
        (OBJECT, "s3", "PutObject", {"Bucket": "pages", "Key": "index.html", "Body": b""}),
        (MAIL, "sesv2", "SendEmail", {**MAILED, "FromEmailAddress": "boss@example.com"}),
        (MAIL, "sesv2", "SendEmail", {**MAILED, "Destination": {"ToAddresses": [TEAM, "else@example.com"]}}),
        (MAIL, "sesv2", "SendEmail", {**MAILED, "Destination": {"ToAddresses": []}}),
        (MAIL, "sesv2", "SendEmail", {**MAILED, "Destination": {"ToAddresses": [TEAM], "BccAddresses": [TEAM]}}),
        (MAIL, "sesv2", "SendEmail", {name: value for name, value in MAILED.items() if name != "Destination"}),
        (MAIL, "sesv2", "SendEmail", {**MAILED, "Content": {"Simple": {}}}),
        (MAIL, "sesv2", "SendEmail", {**MAILED, "ConfigurationSetName": "others"}),
        (MAIL, "sesv2", "GetEmailIdentity", {"EmailIdentity": "other.com"}),
        (AUDIT, "signin", "CreateOAuth2Token", {"tokenInput": {"grantType": "authorization_code"}}),
    ],
)
def test_a_listed_operation_is_refused_for_what_it_asks(
    wire: Wire, owner: Owner, service: str, operation: str, asked: dict[str, Any]
) -> None:
    with pytest.raises(WriteRefused, match=f"refused parameters of {service}:{operation}: (they|what)"):
        guarded(owner, service)._make_api_call(operation, asked)
    assert wire.sent == []


def test_s3_is_not_read_where_no_folder_was_named(wire: Wire) -> None:
    client = client_of(session_of(allowed()), "s3")
    with pytest.raises(WriteRefused, match="s3:GetObject"):
        client.get_object(Bucket="exports", Key="2026/a")
    with pytest.raises(WriteRefused, match="s3:GetObject"):
        client.generate_presigned_url("get_object", Params={"Bucket": "exports", "Key": "2026/a"})
    assert wire.sent == []


def test_a_mail_server_gets_no_mail_of_others() -> None:
    server = open_smtp(Smtp(host="127.0.0.1", port=9, starttls=False), Addresses(sender=SENDER, recipients=frozenset({TEAM})))
    for sender, recipients in (("boss@example.com", [TEAM]), (SENDER, [TEAM, "else@example.com"]), (SENDER, [])):
        with pytest.raises(WriteRefused, match="not from and to the configured addresses"):
            server.send(RAW, sender, recipients)


# ------------------------------------------------------------------------------------------------------------- ways around it


def test_the_ways_around_the_methods_of_a_client(wire: Wire) -> None:
    session = session_of(AUDIT.rules)
    table = boto3.Session(botocore_session=session).resource("dynamodb", region_name=REGION).Table("orders")
    with pytest.raises(WriteRefused, match="dynamodb:PutItem"):
        table.put_item(Item={"id": "1"})
    with pytest.raises(WriteRefused, match="dynamodb:BatchWriteItem"), table.batch_writer() as batch:
        batch.put_item(Item={"id": "1"})
    client = client_of(session, "dynamodb")
    with pytest.raises(WriteRefused, match="dynamodb:ExecuteStatement"):
        client.execute_statement(Statement="DELETE FROM \"orders\" WHERE id = '1'")
    with pytest.raises(WriteRefused, match="dynamodb:DeleteItem"):
        client.generate_presigned_url("delete_item", Params={"TableName": "orders", "Key": {"id": {"S": "1"}}})
    assert wire.sent == []


def test_below_the_client_too(wire: Wire) -> None:
    client = guarded(AUDIT, "dynamodb")
    request = {
        "url_path": "/",
        "url": "http://test.invalid/",
        "method": "POST",
        "headers": {"X-Amz-Target": "DynamoDB_20120810.DeleteTable"},
        "query_string": "",
        "body": b"{}",
        "context": {"client_region": REGION, "client_config": client.meta.config, "has_streaming_input": False, "auth_type": None},
    }
    with pytest.raises(WriteRefused, match="dynamodb:DeleteTable"):
        client._endpoint.make_request(client.meta.service_model.operation_model("DeleteTable"), request)
    assert wire.sent == []


def test_parameters_that_are_slipped_in_afterwards(wire: Wire) -> None:
    client = guarded(AUDIT, "dynamodb")
    client.meta.events.register("provide-client-params.dynamodb.Scan", lambda params, **_: {**params, "ConsistentRead": True})
    with pytest.raises(WriteRefused, match="dynamodb:Scan: ConsistentRead"):
        client.scan(**SCAN)
    assert wire.sent == []


def set_header(name: str, value: str) -> Callable[[dict[str, Any]], None]:
    return lambda params: params["headers"].update({name: value})


target = partial(set_header, "X-Amz-Target")


def all_of(*and_then: Any) -> None:
    *forgeries, params = and_then
    for forge in forgeries:
        forge(params)


def put(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda params: params.update({name: value})


def drop_condition(params: dict[str, Any]) -> None:
    del params["headers"]["If-None-Match"]


def by_path(params: dict[str, Any]) -> None:
    """As the protocol with CBOR, which botocore may choose, names an operation."""
    params["headers"].pop("X-Amz-Target", None)
    params["url"] += "service/GraniteServiceVersion20100801/operation/DeleteAlarms"


def elsewhere(path: str, params: dict[str, Any]) -> None:
    params["url"] = params["url"].rpartition("/prod/")[0] + path


@pytest.mark.parametrize(
    ("owner", "one", "forge", "match"),
    [
        (AUDIT, ("dynamodb", "DescribeTable"), target("DynamoDB_20120810.DeleteTable"), "not what it says"),
        (AUDIT, ("sts", "GetCallerIdentity"), put("body", {"Action": "GetSessionToken"}), "not what it says"),
        (AUDIT, ("backup", "DescribeProtectedResource"), put("method", "DELETE"), "by DELETE"),
        (AUDIT, ("s3", "GetObject"), put("method", "DELETE"), "by DELETE"),
        (AUDIT, ("cloudwatch", "DescribeAlarms"), by_path, "not what it says"),
        (HISTORY, ("s3", "PutObject"), set_header("x-amz-copy-source", "/others/secret"), "not what it says"),
        (HISTORY, ("s3", "PutObject"), set_header("x-amz-acl", "public-read"), "not what it says"),
        (HISTORY, ("s3", "PutObject"), drop_condition, "IfNoneMatch"),
        (HISTORY, ("s3", "PutObject"), partial(elsewhere, "/other/a.json"), "outside of the place"),
        (HISTORY, ("s3", "PutObject"), partial(elsewhere, "/prod/runs/a.json?acl"), "not what it says"),
        (HISTORY, ("s3", "PutObject"), put("url", "https://others.s3.amazonaws.com/prod/a.json"), "outside of the place"),
        (HISTORY, ("s3", "ListObjectsV2"), put("url", "https://audits.s3.test/?list-type=2&prefix=o"), "outside"),
        (HISTORY, ("s3", "PutObject"), put("url", "https://audits.s3.test/"), "outside of the place"),  # would make the bucket
        (HISTORY, ("s3", "PutObject"), put("url", "https://s3.test/audits?prefix=prod/"), "outside of the place"),
        (HISTORY, ("s3", "PutObject"), partial(all_of, put("method", "DELETE"), target("any.PutObject")), "by DELETE"),
        (AUDIT, ("dynamodb", "DescribeTable"), put("method", "DELETE"), "by DELETE"),
        (MAIL, ("sesv2", "SendEmail"), put("url", "https://email.test/v2/email/outbound-bulk-emails"), "not what it says"),
        (MAIL, ("sesv2", "SendEmail"), target("any.SendEmail"), "not what it says"),
        (MAIL, ("sesv2", "SendEmail"), put("body", b'{"FromEmailAddress": "boss@example.com"}'), "SendEmail: what they ask for"),
    ],
)
def test_a_request_that_is_made_into_another(
    wire: Wire, owner: Owner, one: tuple[str, str], forge: Callable[[dict[str, Any]], None], match: str
) -> None:
    service, operation = one
    client = guarded(owner, service)
    client.meta.events.register(f"before-call.{service}.{operation}", lambda params, **_: forge(params))
    with pytest.raises(WriteRefused, match=match):
        client._make_api_call(operation, dict(owner.calls[one]))
    assert wire.sent == []


def test_a_request_that_is_made_into_another_at_the_last_moment(wire: Wire) -> None:
    client = guarded(AUDIT, "dynamodb")

    def forge(request: Any, **_: Any) -> None:
        request.headers["X-Amz-Target"] = "DynamoDB_20120810.DeleteTable"

    client.meta.events.register("before-send.dynamodb.ListTables", forge)
    with pytest.raises(WriteRefused, match="not what it says"):
        client.list_tables()
    assert wire.sent == []


def test_a_key_may_look_like_the_path_of_an_operation(wire: Wire) -> None:
    asked = {"Bucket": "pages", "Key": "operation/DeleteObject", "Body": b"<p>"}
    call(guarded(replace(OBJECT, rules=object_rules("pages", "operation/DeleteObject")), "s3"), "PutObject", asked)
    assert [one.method for one in wire.sent] == ["PUT"]


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_a_bucket_in_the_path_or_in_the_name_of_the_host(wire: Wire, style: str) -> None:
    config = Config(s3={"addressing_style": cast("Any", style)})
    client: Any = session_of(HISTORY.rules).create_client("s3", region_name=REGION, config=config)
    for (_, operation), asked in HISTORY.calls.items():
        call(client, operation, asked)
    assert len(wire.sent) == len(HISTORY.calls)
    assert all(("audits." in one.url) == (style == "virtual") for one in wire.sent)


# ------------------------------------------------------------------------------------------------------------- never swallowed


def swallow(client: Any) -> None:
    with contextlib.suppress(Exception):  # as code does that catches too much
        client.put_item(TableName="orders", Item={"id": {"S": "1"}})


def test_what_is_swallowed_is_raised_in_the_end(wire: Wire) -> None:
    client = guarded(AUDIT, "dynamodb")
    thread = threading.Thread(target=swallow, args=(client,))

    @never_swallowed()
    def in_a_thread() -> None:
        thread.start()
        thread.join()

    with pytest.raises(WriteRefused, match="dynamodb:PutItem"):
        in_a_thread()
    with never_swallowed():  # what was before is not told twice
        pass
    assert refused()[-1] == "the read-only guard refused dynamodb:PutItem"
    assert wire.sent == []


def swallow_in_a_part(_: int) -> int:
    swallow(guarded(AUDIT, "dynamodb"))
    return 1


def test_what_is_swallowed_in_another_process_is_raised_in_this_one() -> None:
    with pytest.raises(WriteRefused, match="dynamodb:PutItem"):
        list(fold_parts([1, 2], swallow_in_a_part, processes=2))


@pytest.mark.parametrize("verb", ["put_item", "scan"])
def test_a_run_in_which_the_guard_was_needed_fails_whoever_catches_it(
    verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A scanner writes, or reads dearly, and goes on as if nothing were."""
    asked: dict[str, Any] = {"Item": {"id": {"S": "1"}}} if verb == "put_item" else {"ConsistentRead": True}

    def read(aws: Aws, table: str) -> TimeToLive:
        with contextlib.suppress(Exception):
            getattr(aws.dynamodb, verb)(TableName=table, **asked)
        return TimeToLive(enabled=False, attribute=None)

    for name in [name for name in os.environ if name.startswith(("AWS_", "STJ_AUDIT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("stj_audit.scanners.time_to_live.read", read)
    monkeypatch.setattr(sys, "argv", ["stj-audit", "run", "orders", f"--region={REGION}", "--quiet", "--scan=none"])
    monkeypatch.chdir(tmp_path)
    with mock_aws():
        create_table("orders")
        with pytest.raises(SystemExit) as ended:
            main()
        assert client("dynamodb").scan(TableName="orders")["Count"] == 0
    out, err = capsys.readouterr()
    what = "refused dynamodb:PutItem" if verb == "put_item" else "refused parameters of dynamodb:Scan: ConsistentRead"
    assert (ended.value.code, out) == (1, "")
    assert err == f"error: the read-only guard {what} - this is a bug in stj-audit; nothing was sent, please report it\n"


def test_the_exit_code_is_the_last_to_be_asked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where it happens outside of an audit: here while a version is printed."""

    def caught(**_: object) -> None:
        with contextlib.suppress(WriteRefused):
            refuse("the read-only guard refused dynamodb:PutItem")
        sys.exit(3)

    monkeypatch.setattr(sys, "argv", ["stj-audit", "--version"])
    monkeypatch.setattr(cli, "main", caught)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("error: the read-only guard refused dynamodb:PutItem - ")
