import shlex

from stj_audit.checks.no_cost_tags import no_cost_tags
from stj_audit.facts import Tags, Unknown
from stj_audit.results import Severity, Status
from tests.builders import a_table, examined


def test_finds_a_table_without_tags() -> None:
    result = examined(no_cost_tags, tags=Tags(values={}))
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == "no tag: no bill and no report can tell what this table costs"
    assert problem.evidence == {"tags": 0, "tags_set_by_aws": 0}


def test_tags_that_aws_sets_are_none_of_yours() -> None:
    [problem] = examined(no_cost_tags, tags=Tags(values={"aws:cloudformation:stack-name": "shop"})).problems
    assert problem.message.startswith("only 1 tag set by AWS")
    assert problem.evidence == {"tags": 0, "tags_set_by_aws": 1}


def test_its_command_tags_the_table_with_its_own_name() -> None:
    table = a_table(name="users")
    [problem] = examined(no_cost_tags, table, tags=Tags(values={})).problems
    assert shlex.split(problem.commands[0])[2:] == [
        "tag-resource",
        *("--region", "eu-north-1"),
        *("--resource-arn", table.arn),
        *("--tags", "Key=table_name,Value=users"),
    ]


def test_one_tag_is_enough() -> None:
    result = examined(no_cost_tags, tags=Tags(values={"team": "shop", "aws:x": "y"}))
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == ['tagged: "team"']


def test_names_a_few_keys_as_text_of_others() -> None:
    [good] = examined(no_cost_tags, tags=Tags(values=dict.fromkeys(("d", "c", "b", "a\n"), ""))).goods
    assert good.message == 'tagged: "a\\n", "b", "c" and 1 more'


def test_does_not_judge_what_it_may_not_see() -> None:
    denied = Unknown(call="dynamodb:ListTagsOfResource", reason="AccessDeniedException")
    assert examined(no_cost_tags, tags=denied).unknowns == (denied,)


def test_tells_that_one_application_needs_none() -> None:
    assert "one application only" in no_cost_tags.why
