"""Files as they are: YAML as CloudFormation reads it, lines, and one sentence for what is no template."""

import json
from pathlib import Path
from typing import Any

import pytest

from stj_audit.declared.source import MAX_NODES, read_source
from stj_audit.errors import ConfigError


def read(tmp_path: Path, text: str | bytes, name: str = "template.yaml") -> Any:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_source(path)


def document(tmp_path: Path, text: str) -> Any:
    return read(tmp_path, text).document


def test_short_tags_are_the_long_form(tmp_path: Path) -> None:
    assert document(
        tmp_path,
        """
        a: !Ref Name
        b: !Sub "${A}-b"
        c: !GetAtt Table.Stream.Arn
        d: !If [Prod, !Ref A, !Ref "AWS::NoValue"]
        e: !Condition Prod
        f: !Join ["-", [a, !FindInMap [M, a, b]]]
        g: !GetAtt [Table, Arn]
        """,
    ) == {
        "a": {"Ref": "Name"},
        "b": {"Fn::Sub": "${A}-b"},
        "c": {"Fn::GetAtt": ["Table", "Stream.Arn"]},
        "d": {"Fn::If": ["Prod", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]},
        "e": {"Condition": "Prod"},
        "f": {"Fn::Join": ["-", ["a", {"Fn::FindInMap": ["M", "a", "b"]}]]},
        "g": {"Fn::GetAtt": ["Table", "Arn"]},
    }


def test_values_are_read_as_cloudformation_reads_them(tmp_path: Path) -> None:
    found = document(
        tmp_path,
        "version: 2010-09-09\naccount: 012345678901\non: yes\noctal: 0o17\ntime: 12:30:00\nhex: 0x1F\nunits: 5\npercent: 70.5\n"
        "thousand: 1_000\nnothing: null\ntext: '5'\n",
    )

    assert found["version"] == "2010-09-09"
    assert found["account"] == "012345678901"
    assert found["on"] is True
    assert [found[name] for name in ("octal", "time", "hex", "thousand")] == ["0o17", "12:30:00", "0x1F", "1_000"]
    assert found["units"] == 5
    assert str(found["percent"]) == "70.5"
    assert found["nothing"] is None
    assert found["text"] == "5"


def test_a_number_that_is_too_long_to_be_one_is_text(tmp_path: Path) -> None:
    assert document(tmp_path, f"a: {'9' * 5_000}")["a"] == "9" * 5_000


def test_anchors_and_merges_are_followed(tmp_path: Path) -> None:
    assert document(tmp_path, "a: &one {x: 1, y: 2}\nb: *one\nc: {<<: *one, y: 3}\n") == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 1, "y": 2},
        "c": {"x": 1, "y": 3},
    }


def test_aliases_that_stand_for_more_than_the_memory_holds_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{place}: &a{place} [{', '.join([f'*a{place - 1}'] * 10)}]" for place in range(1, 12)]
    assert MAX_NODES < 10**12

    with pytest.raises(ConfigError, match="aliases make it too large"):
        document(tmp_path, "\n".join(lines))


def test_an_alias_to_itself_ends(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nested too deep"):
        document(tmp_path, "a: &a [*a]")


@pytest.mark.parametrize("text", ["a: " + "[" * 100_000, '{"a": ' + "[" * 100_000, "a: " + "{b: " * 5_000])
def test_nesting_without_end_is_a_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        document(tmp_path, text)


def test_a_key_that_is_there_twice_is_an_error_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"template\.yaml, line 3: the key 'A' is there twice"):
        document(tmp_path, "Resources:\n  A: {}\n  A: {}\n")
    with pytest.raises(ConfigError, match=r"the key 'A' is there twice in one object"):
        read(tmp_path, '{"Resources": {"A": 1, "A": 2}}', "template.json")


def test_each_resource_has_its_line(tmp_path: Path) -> None:
    assert read(tmp_path, "# a comment\nResources:\n\n  A:\n    Type: x\n  B: {Type: y}\n").lines == {"A": 4, "B": 6}


def test_each_resource_has_its_line_in_json_too(tmp_path: Path) -> None:
    text = json.dumps(
        {"Metadata": {"Resources": {"A": 1}, "A": 'b"{'}, "Resources": {"A": {"x": {"B": 1}}, "B": {}}, "Outputs": {"A": 1}},
        indent=2,
    )
    lines = text.splitlines()

    found = read(tmp_path, text, "template.json").lines

    assert set(found) == {"A", "B"}
    assert lines[found["A"] - 1] == '    "A": {'
    assert lines[found["B"] - 1] == '    "B": {}'
    assert found["B"] > found["A"] > lines.index('  "Resources": {')


def test_json_may_be_indented_with_tabs_and_begin_with_a_mark(tmp_path: Path) -> None:
    text = '\ufeff{\n\t"Resources": {\n\t\t"A": {}\n\t}\n}'

    assert read(tmp_path, text, "t.template").lines == {"A": 3}


def test_what_powershell_writes_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, '{"a": 1}'.encode("utf-16"), "plan.json").document == {"a": 1}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("main.tf", b'resource "aws_dynamodb_table" "t" {\n}\n', "Terraform's language"),
        ("main", b'variable "x" {\n}\n', "Terraform's language"),
        ("plan.out", b"PK\x03\x04rest", "zip archive"),
        ("template.yaml", b"\xff\x00\xfe\x80", "is no text"),
        ("template.yaml", b"", "is empty"),
        ("template.yaml", b"- a\n- b\n", "is no template"),
        ("template.yaml", b"just words", "is no template"),
        ("template.yaml", b"a: [1, 2\nb: }", "no YAML: .*line"),
        ("template.yaml", b"a: \x07", "no YAML"),
        ("template.json", b'{"a": 1,}', "no JSON: .*line 1"),
        ("template.json", b'{"a": ' + b"1" * 5_000 + b"}", "a number that is too long"),
    ],
)
def test_what_is_no_template_is_one_sentence(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as raised:
        read(tmp_path, content, name)

    assert raised.value.exit_code == 2
    assert raised.value.hint
    assert "\n" not in str(raised.value)


def test_a_folder_of_the_cdk_says_to_synthesize(tmp_path: Path) -> None:
    (tmp_path / "cdk.json").write_text('{"app": "node x.js"}')

    with pytest.raises(ConfigError, match="a folder of a CDK application") as raised:
        read_source(tmp_path)
    assert "cdk synth" in raised.value.hint


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*gone\.yaml: No such file"):
        read_source(tmp_path / "gone.yaml")


def test_a_path_is_told_relative_to_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "a.yaml").write_text("Resources: {}")
    monkeypatch.chdir(tmp_path)

    assert read_source(tmp_path / "stacks" / "a.yaml").shown == "stacks/a.yaml"
