"""What a template may define beside the tables that are seen: it is never taken for nothing."""

from pathlib import Path
from typing import Any

import pytest

from stj_audit.errors import ConfigError, NoTables
from stj_audit.facts import Alarms, AutoScaling, Unknown
from tests.declared.reading import a_table, design_of, only, read_resources

OPEN = {"Parameters": {"Open": {"Type": "String"}}}
IS_OPEN: dict[str, Any] = {**OPEN, "Conditions": {"IsOpen": {"Fn::Equals": [{"Ref": "Open"}, "yes"]}}}
UNSEEN_LOOP = {"Fn::ForEach::Loop": ["Name", {"Ref": "Open"}, {"Table${Name}": a_table()}]}
INCLUDED: dict[str, Any] = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://bucket/x.yaml"}}}


def a_stack(kind: str = "AWS::CloudFormation::Stack", **more: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": {}, **more}


# ------------------------------------------------------------------------------------ what is decided at deployment


@pytest.mark.parametrize("resources", [UNSEEN_LOOP, {"T": a_table(TableName="seen"), **UNSEEN_LOOP}])
def test_copies_that_are_decided_at_deployment_are_a_table_that_is_not_known(tmp_path: Path, resources: dict[str, Any]) -> None:
    (missing,) = read_resources(tmp_path, resources, rest=OPEN).snapshot.missing

    assert (missing.name, missing.unknown.call) == ("Fn::ForEach::Loop", "template")
    assert "what Fn::ForEach::Loop makes is decided at deployment (parameter Open has no default" in missing.unknown.reason


@pytest.mark.parametrize("body", ["x", ["Name", ["A"]], ["Name", ["A"], "x"], ["Name", "A", {"${Name}": a_table()}]])
def test_copies_that_are_not_written_as_such_are_not_known(tmp_path: Path, body: Any) -> None:
    (missing,) = read_resources(tmp_path, {"T": a_table(), "Fn::ForEach::Loop": body}).snapshot.missing

    assert missing.name == "Fn::ForEach::Loop"


def test_copies_that_cannot_be_tables_are_none(tmp_path: Path) -> None:
    queues = {"Fn::ForEach::Loop": ["Name", {"Ref": "Open"}, {"Queue${Name}": {"Type": "AWS::SQS::Queue"}}]}
    facts = only(read_resources(tmp_path, {"T": a_table(), **queues}, rest=OPEN))

    assert facts.auto_scaling == AutoScaling(targets=())


@pytest.mark.parametrize(
    ("kind", "fact"),
    [
        ("AWS::CloudWatch::Alarm", "alarms"),
        ("AWS::ApplicationAutoScaling::ScalableTarget", "auto_scaling"),
        ("AWS::ApplicationAutoScaling::ScalingPolicy", "auto_scaling"),
    ],
)
def test_copies_around_a_table_make_what_they_are_of_unknown(tmp_path: Path, kind: str, fact: str) -> None:
    inner = {"Fn::ForEach::Inner": ["Other", ["A"], {"${Name}${Other}": {"Type": kind}}]}
    loop = {"Fn::ForEach::Loop": ["Name", {"Ref": "Open"}, inner]}
    found = getattr(only(read_resources(tmp_path, {"T": a_table(), **loop}, rest=OPEN)), fact)

    assert isinstance(found, Unknown)
    assert "what Fn::ForEach::Loop makes" in found.reason


def test_too_many_copies_are_not_looked_at(tmp_path: Path) -> None:
    loop = {"Fn::ForEach::Loop": ["Name", [str(each) for each in range(1_001)], {"T${Name}": a_table(TableName="t-${Name}")}]}

    assert [one.unknown.reason for one in read_resources(tmp_path, loop).snapshot.missing] == [
        "Fn::ForEach::Loop makes too many to look at"
    ]


@pytest.mark.parametrize("resources", [INCLUDED, {"Mine": INCLUDED}, {"Mine": {"Type": {"Ref": "Open"}}}])
def test_what_a_transform_adds_to_the_resources_is_not_known(tmp_path: Path, resources: dict[str, Any]) -> None:
    snapshot = read_resources(tmp_path, {"T": a_table(), **resources}, rest=OPEN).snapshot

    assert [one.name for one in snapshot.missing] == [next(iter(resources))]
    assert isinstance(snapshot.tables[0].auto_scaling, Unknown)
    assert isinstance(snapshot.tables[0].alarms, Unknown)


@pytest.mark.parametrize(
    "adding",
    [
        INCLUDED,
        {"Fn::ForEach::P": ["X", {"Ref": "Open"}, {"${X}": 1}]},
        {"Fn::ForEach::P": ["X", ["A"], {"Fn::ForEach::Q": ["Y", ["B"], {"${X}": 1}]}]},
        {"Fn::ForEach::P": 1},
    ],
)
def test_what_is_added_to_properties_makes_the_table_unknown(tmp_path: Path, adding: dict[str, Any]) -> None:
    (missing,) = read_resources(tmp_path, {"T": a_table(**adding)}, rest=OPEN).snapshot.missing

    assert missing.name == "orders"
    assert next(iter(adding)).split(":", maxsplit=1)[0] in missing.unknown.reason


def test_what_is_added_beside_the_properties_makes_the_table_unknown(tmp_path: Path) -> None:
    (missing,) = read_resources(tmp_path, {"T": {**a_table(), **INCLUDED}}).snapshot.missing

    assert missing.unknown.reason == "what Fn::Transform adds to it is decided at deployment"


def test_properties_that_are_repeated_are_set(tmp_path: Path) -> None:
    repeated = {"Fn::ForEach::P": ["X", ["Protection"], {"Deletion${X}Enabled": True}]}

    assert only(read_resources(tmp_path, {"T": a_table(**repeated)})).table.deletion_protection is True


def test_what_is_added_to_a_setting_makes_the_setting_unknown(tmp_path: Path) -> None:
    setting = {"PointInTimeRecoverySpecification": {**INCLUDED, "RecoveryPeriodInDays": 7}}

    assert only(read_resources(tmp_path, {"T": a_table(**setting)})).pitr == Unknown(
        call="template", reason="what Fn::Transform adds is decided at deployment"
    )


@pytest.mark.parametrize(
    ("conditions", "said"),
    [({}, "there is no condition 'Mine'"), ({"Mine": {"Fn::Not": [{"Condition": "Mine"}]}}, "condition Mine needs itself")],
)
def test_a_table_under_a_condition_that_cannot_hold_is_not_known(tmp_path: Path, conditions: dict[str, Any], said: str) -> None:
    resources = {"T": {**a_table(), "Condition": "Mine"}}
    (missing,) = read_resources(tmp_path, resources, rest={"Conditions": conditions}).snapshot.missing

    assert missing.unknown.reason == said


def test_a_condition_that_may_be_made_by_a_function_is_decided_at_deployment(tmp_path: Path) -> None:
    conditions = {"Conditions": {"Fn::ForEach::C": ["X", ["A"], {"Is${X}": {"Fn::Equals": ["a", "a"]}}]}}
    design = read_resources(tmp_path, {"T": {**a_table(), "Condition": "IsA"}}, rest=conditions)

    assert only(design).table.name == "orders"
    assert any("what Fn::ForEach::C adds to the conditions" in note for note in design.snapshot.notes)


def test_a_glob_means_what_is_decided_at_deployment_and_a_name_does_not(tmp_path: Path) -> None:
    read_resources(tmp_path, {"T": a_table(), **UNSEEN_LOOP, "Inner": a_stack()}, rest=OPEN)
    path = tmp_path / "template.json"
    by_glob, by_name = design_of(path, patterns=["ord*"]), design_of(path, patterns=["orders"])

    assert [len(one.snapshot.missing) for one in (by_glob, by_name)] == [1, 0]
    assert [len(one.snapshot.unseen) for one in (by_glob, by_name)] == [1, 0]
    with pytest.raises(NoTables):
        design_of(path, patterns=["Table1"])


# -------------------------------------------------------------------------------------------- what other files define


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        (a_stack(), "nested stacks, give their templates too: Inner"),
        (a_stack("AWS::Serverless::Application"), "nested stacks, give their templates too: Inner"),
        (a_stack("AWS::CloudFormation::StackSet"), "stack sets, give their templates too: Inner"),
        (a_stack("My::Dynamo::Table::MODULE"), "modules: Inner"),
    ],
)
def test_what_holds_other_tables_is_told(tmp_path: Path, resource: dict[str, Any], said: str) -> None:
    design = read_resources(tmp_path, {"T": a_table(), "Inner": resource})

    (unseen,) = design.snapshot.unseen
    assert unseen.endswith(f"template.json: {said}")
    assert f"not looked at: {unseen}" in design.snapshot.notes
    assert only(design).table.name == "orders"
    off = {"Conditions": {"Off": {"Fn::Equals": ["a", "b"]}}}
    assert read_resources(tmp_path, {"T": a_table(), "Inner": {**resource, "Condition": "Off"}}, rest=off).snapshot.unseen == ()


def test_holders_that_are_decided_at_deployment_are_told(tmp_path: Path) -> None:
    loop = {"Fn::ForEach::Loop": ["Name", {"Ref": "Open"}, {"Stack${Name}": a_stack()}]}

    (unseen,) = read_resources(tmp_path, {"T": a_table(), **loop}, rest=OPEN).snapshot.unseen
    assert "stacks or modules that are decided at deployment: Fn::ForEach::Loop" in unseen


@pytest.mark.parametrize("rest", [{"Transform": ["AWS::LanguageExtensions", "Mine"]}, {"Fn::Transform": {"Name": "Mine"}}])
def test_a_transform_of_the_whole_template_is_told(tmp_path: Path, rest: dict[str, Any]) -> None:
    (unseen,) = read_resources(tmp_path, {"T": a_table()}, rest=rest).snapshot.unseen

    assert "what the transform Mine changes at deployment" in unseen


@pytest.mark.parametrize(
    "stack",
    [
        a_stack(Properties={"TemplateURL": "./inner/template.json"}),
        a_stack(Properties={"TemplateURL": {"Fn::Sub": "https://${X}/y"}}, Metadata={"aws:asset:path": "inner/template.json"}),
        a_stack(Properties={"TemplateURL": "https://bucket.s3.amazonaws.com/x/template.json"}),
        a_stack("AWS::Serverless::Application", Properties={"Location": "inner/template.json"}),
    ],
)
def test_a_nested_stack_whose_template_is_given_is_seen(tmp_path: Path, stack: dict[str, Any]) -> None:
    inner, outer = tmp_path / "inner", tmp_path / "outer"
    for folder, resources in ((inner, {"T": a_table()}), (outer, {"Other": a_table(TableName="other"), "Inner": stack})):
        folder.mkdir()
        read_resources(folder, resources)
    (outer / "template.json").rename(tmp_path / "outer.json")
    design = design_of(tmp_path / "outer.json", inner / "template.json")

    assert [one.table.name for one in design.snapshot.tables] == ["other", "orders"]
    assert design.snapshot.unseen == ()
    assert len(design_of(tmp_path / "outer.json").snapshot.unseen) == 1


@pytest.mark.parametrize("place", ["inner/template.json", "https://bucket.s3.amazonaws.com/x/template.json"])
def test_a_nested_stack_is_not_the_template_that_it_is_in(tmp_path: Path, place: str) -> None:
    resources = {"T": a_table(), "Inner": a_stack(Properties={"TemplateURL": place})}

    assert len(read_resources(tmp_path, resources).snapshot.unseen) == 1


def test_a_template_of_nested_stacks_alone_goes_with_theirs(tmp_path: Path) -> None:
    outer = tmp_path / "outer.json"
    outer.write_text(
        '{"Resources": {"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "template.json"}}}}'
    )
    read_resources(tmp_path, {"T": a_table()})

    assert only(design_of(outer, tmp_path / "template.json")).table.name == "orders"
    with pytest.raises(ConfigError, match=r"no DynamoDB table in .*outer\.json"):
        design_of(outer)


# ------------------------------------------------------------------------------------------------- switched off, twice


def test_tables_that_are_all_switched_off_are_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"its tables are not made under these parameters: T") as raised:
        read_resources(tmp_path, {"T": {**a_table(), "Condition": "IsOpen"}}, rest=IS_OPEN, Open="no")
    assert "--parameter" in raised.value.hint


def test_tables_of_one_name_are_told_by_their_ids(tmp_path: Path) -> None:
    scaled = {"ServiceNamespace": "dynamodb", "ResourceId": "table/orders", "MinCapacity": 1, "MaxCapacity": 2}
    target = {
        "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
        "Properties": {**scaled, "ScalableDimension": "dynamodb:table:ReadCapacityUnits"},
    }
    conditions = {**IS_OPEN["Conditions"], "IsShut": {"Fn::Not": [{"Condition": "IsOpen"}]}}
    resources = {"A": {**a_table(), "Condition": "IsOpen"}, "B": {**a_table(), "Condition": "IsShut"}, "Target": target}
    design = read_resources(tmp_path, resources, rest={**OPEN, "Conditions": conditions})

    assert [one.table.name for one in design.snapshot.tables] == ["A", "B"]
    assert set(design.sources) == {"A", "B"}
    assert "A and B are all called orders, and are told by their ids in the files" in design.snapshot.notes
    for facts in design.snapshot.tables:  # what is said of the name is said of both
        assert isinstance(facts.auto_scaling, AutoScaling)
        assert len(facts.auto_scaling.targets) == 1


def test_a_name_that_is_there_twice_is_no_matter_where_one_is_chosen(tmp_path: Path) -> None:
    read_resources(tmp_path, {"A": a_table(), "B": a_table(), "C": a_table(TableName="c")})
    path = tmp_path / "template.json"

    assert only(design_of(path, patterns=["A"])).table.name == "orders"
    assert [one.table.name for one in design_of(path, patterns=["orders"]).snapshot.tables] == ["A", "B"]


def test_tables_that_nothing_tells_apart_are_an_error_with_both_places(tmp_path: Path) -> None:
    read_resources(tmp_path, {"A": a_table()})
    path = tmp_path / "template.json"

    with pytest.raises(ConfigError, match=r"table orders is defined twice: .*template\.json, line 1 and .*template\.json, line 1"):
        design_of(path, path)


# ----------------------------------------------------------------------------------------------------- given parameters


def test_only_the_pseudo_parameters_of_aws_may_be_given(tmp_path: Path) -> None:
    def read(**given: Any) -> str:
        return only(read_resources(tmp_path, {"T": a_table(TableName={"Fn::Sub": "t-${AWS::AccountId}"})}, **given)).table.name

    assert read(**{"AWS::AccountId": "012345678901"}) == "t-012345678901"
    assert read(**{"AWS::Region": "eu-north-1"}) == "T"
    with pytest.raises(ConfigError, match="--parameter AWS::Bogus: no such parameter"):
        read(**{"AWS::Bogus": "1"})
    with pytest.raises(ConfigError, match="--parameter AWS::Region=us-east-1, and --region eu-north-1"):
        read(**{"AWS::Region": "us-east-1"})


@pytest.mark.parametrize(("written", "name"), [(True, "true"), (12, "12"), (1.5, "1.5")])
def test_a_name_is_text_as_cloudformation_makes_it(tmp_path: Path, written: Any, name: str) -> None:
    assert only(read_resources(tmp_path, {"T": a_table(TableName=written)})).table.name == name


# -------------------------------------------------------------------------------------------- alarms that may be there


def an_alarm(condition: str | None = None, **properties: Any) -> dict[str, Any]:
    plain = {
        "Namespace": "AWS/DynamoDB",
        "MetricName": "ReadThrottleEvents",
        "Dimensions": [{"Name": "TableName", "Value": {"Ref": "T"}}],
        "AlarmActions": ["arn"],
    }
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {**plain, **properties},
        **({} if condition is None else {"Condition": condition}),
    }


MAYBE = {"Fn::If": ["IsOpen", "arn", {"Ref": "AWS::NoValue"}]}
ALARM_FOR_ANY: dict[str, Any] = {"Dimensions": [{"Name": "TableName", "Value": {"Ref": "Open"}}]}


@pytest.mark.parametrize(
    "alarm",
    [
        an_alarm("IsOpen"),
        an_alarm(MetricName={"Ref": "Open"}),
        an_alarm(Period={"Ref": "Open"}),
        an_alarm(ActionsEnabled={"Ref": "Open"}),
        an_alarm(TreatMissingData={"Ref": "Open"}),
        an_alarm(AlarmActions=[MAYBE]),
        an_alarm(AlarmActions={"Fn::If": ["IsOpen", ["arn"], {"Ref": "AWS::NoValue"}]}),
        an_alarm(Namespace={"Ref": "Open"}),
        an_alarm(**ALARM_FOR_ANY),
        an_alarm(**INCLUDED),
        an_alarm(MetricName=["x"]),
        an_alarm(Dimensions=[{"Name": ["TableName"], "Value": "orders"}]),
        an_alarm(Metrics={"Ref": "Open"}),
    ],
)
def test_an_alarm_that_may_be_there_or_not_makes_alarms_unknown(tmp_path: Path, alarm: dict[str, Any]) -> None:
    found = only(read_resources(tmp_path, {"T": a_table(), "Sure": an_alarm(), "Alarm": alarm}, rest=IS_OPEN)).alarms

    assert isinstance(found, Unknown)
    assert not found.is_not_deployed


@pytest.mark.parametrize(
    "alarm",
    [
        an_alarm("IsOpen", Namespace="AWS/Lambda"),
        an_alarm("IsOpen", Dimensions=[{"Name": "TableName", "Value": "other"}]),
        an_alarm("IsOpen", Dimensions=[], MetricName="AccountProvisionedReadCapacityUtilization"),
        an_alarm(Namespace="AWS/Lambda", Dimensions=[{"Name": "FunctionName", "Value": {"Ref": "Function"}}]),
        {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "Metrics": [
                    {"Id": "m", "MetricStat": {"Metric": {"Namespace": "AWS/Lambda", "Dimensions": {"Ref": "X"}}}},
                    {"Id": "e", "Expression": {"Fn::Sub": "m / ${Open}"}},
                ]
            },
        },
    ],
)
def test_an_alarm_of_something_else_says_nothing_of_the_table(tmp_path: Path, alarm: dict[str, Any]) -> None:
    found = only(read_resources(tmp_path, {"T": a_table(), "Sure": an_alarm(), "Alarm": alarm}, rest=IS_OPEN)).alarms

    assert isinstance(found, Alarms)
    assert len(found.alarms) == 1


@pytest.mark.parametrize("action", [{"Ref": "Topic"}, {"Fn::If": ["IsOpen", {"Ref": "TopicA"}, {"Ref": "TopicB"}]}])
def test_the_topic_of_the_same_stack_is_an_action(tmp_path: Path, action: dict[str, Any]) -> None:
    found = only(read_resources(tmp_path, {"T": a_table(), "Alarm": an_alarm(AlarmActions=[action, MAYBE])}, rest=IS_OPEN)).alarms

    assert isinstance(found, Alarms)
    assert found.alarms[0].action_count >= 1


def test_numbers_of_a_formula_may_be_text(tmp_path: Path) -> None:
    metric = {**an_alarm()["Properties"], "AlarmActions": None}
    stat = {"Metric": metric, "Stat": "Sum", "Period": "60"}
    formula = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {"Metrics": [{"Id": "m", "MetricStat": stat}, {"Id": "e", "Expression": "m * 2"}], "TreatMissingData": ["x"]},
    }
    found = only(read_resources(tmp_path, {"T": a_table(), "Alarm": formula})).alarms

    assert isinstance(found, Alarms)
    (alarm,) = found.alarms
    assert [(one.metric, one.statistic, one.period_seconds) for one in alarm.metrics] == [("ReadThrottleEvents", "Sum", 60)]
    assert (alarm.action_count, alarm.treat_missing_data) == (0, "missing")


# --------------------------------------------------------------------------------------- auto scaling that may be there

TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"
SCALED = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": {"Fn::Sub": "table/${T}"},
    "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
    "MinCapacity": 1,
    "MaxCapacity": 9,
}
AIM = {"PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70}}


@pytest.mark.parametrize(
    "resource",
    [
        {"Type": TARGET, "Properties": {**SCALED, "ServiceNamespace": {"Ref": "Open"}}},
        {"Type": TARGET, "Properties": {"ServiceNamespace": {"Ref": "Open"}}},
        {"Type": TARGET, "Properties": {**SCALED, **INCLUDED}},
        {"Type": TARGET, "Properties": INCLUDED},
        {"Type": TARGET, "Properties": SCALED, "Condition": "IsOpen"},
        {"Type": POLICY, "Properties": {**AIM, "ScalingTargetId": {"Fn::ImportValue": "x"}}},
        {"Type": POLICY, "Properties": {**AIM, "ScalingTargetId": {"Fn::If": ["IsOpen", {"Ref": "A"}, {"Ref": "B"}]}}},
    ],
)
def test_auto_scaling_that_may_be_of_a_table_is_not_known(tmp_path: Path, resource: dict[str, Any]) -> None:
    assert isinstance(only(read_resources(tmp_path, {"T": a_table(), "S": resource}, rest=IS_OPEN)).auto_scaling, Unknown)


def test_auto_scaling_of_another_service_says_nothing_of_the_table(tmp_path: Path) -> None:
    service = {
        "ServiceNamespace": "ecs",
        "ResourceId": {"Fn::Sub": "service/${Cluster}/${Service}"},
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    resources = {
        "Target": {"Type": TARGET, "Properties": {**service, "MinCapacity": {"Ref": "Open"}}},
        "Policy": {"Type": POLICY, "Properties": {**AIM, "ScalingTargetId": {"Ref": "Target"}}},
        "Own": {"Type": POLICY, "Properties": {**AIM, **service}},
        "Off": {"Type": TARGET, "Properties": {**SCALED, "ServiceNamespace": "ecs"}},
    }

    assert only(read_resources(tmp_path, {"T": a_table(), **resources}, rest=OPEN)).auto_scaling == AutoScaling(targets=())


# ---------------------------------------------------------------------------------------------- replicas of the CDK


def a_replica(region: Any, **more: Any) -> dict[str, Any]:
    return {"Type": "Custom::DynamoDBReplica", "Properties": {"TableName": {"Ref": "T"}, "Region": region}, **more}


def test_replicas_of_the_cdk_are_made_under_their_conditions_and_never_where_the_table_is(tmp_path: Path) -> None:
    conditions = {"Conditions": {"Elsewhere": {"Fn::Not": [{"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}]}}}
    resources = {
        "T": a_table(),
        "R1": a_replica("us-east-1", Condition="Elsewhere"),
        "R2": a_replica("us-west-2"),
        "R3": a_replica("eu-north-1"),
    }
    read_resources(tmp_path, resources, rest=conditions)
    path = tmp_path / "template.json"

    for region, expected in (
        ("eu-north-1", ["eu-north-1", "us-east-1", "us-west-2"]),
        ("us-east-1", ["us-east-1", "us-west-2", "eu-north-1"]),
    ):
        assert [one.region for one in only(design_of(path, region=region)).table.replicas] == expected
    alone = only(read_resources(tmp_path, {"T": a_table(), "R": a_replica("eu-north-1")}))
    assert (alone.table.replicas, alone.table.global_table_version) == ((), None)


@pytest.mark.parametrize(
    "replica",
    [
        a_replica("us-east-1", Condition="IsOpen"),
        a_replica({"Ref": "Open"}),
        {"Type": "Custom::DynamoDBReplica", "Properties": {"TableName": {"Ref": "Open"}, "Region": "us-east-1"}},
    ],
)
def test_replicas_of_the_cdk_that_are_open_make_the_table_unknown(tmp_path: Path, replica: dict[str, Any]) -> None:
    (missing,) = read_resources(tmp_path, {"T": a_table(), "R": replica}, rest=IS_OPEN).snapshot.missing

    assert missing.unknown.reason.startswith("Replicas: parameter Open has no default")
