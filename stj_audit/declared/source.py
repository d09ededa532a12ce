"""
A template or a plan as it is in its file: JSON or YAML as Python values, and the line at which each resource begins.

YAML is read as CloudFormation reads it: short tags become the long form (`!Ref X` is {"Ref": "X"}), dates stay text, and so do numbers with
leading zeros, which are account ids. A key that is there twice is an error: whichever counts, somebody meant the other.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from stj_audit.errors import ConfigError

MAX_FILE_BYTES = 64 * 1024 * 1024  # CloudFormation takes a template of 1 MB; plans are larger
MAX_YAML_BYTES = 8 * 1024 * 1024  # its parsers go as deep as the text is nested
MAX_NODES = 1_000_000  # after aliases are followed: a few lines of YAML can stand for more than the memory holds
MAX_DEPTH = 200
ZIP_MAGIC = b"PK\x03\x04"  # a plan that `terraform plan -out` wrote is a zip archive
GIVE_ONE = "give a CloudFormation or SAM template, or the JSON of a Terraform plan"
SHOW_JSON = "write the plan as JSON: terraform plan -out=plan.out && terraform show -json plan.out > plan.json"
PACKAGE = "run `serverless package`, and give .serverless/cloudformation-template-update-stack.json"
SYNTHESIZE = "run `cdk synth`, and give cdk.out/STACK.template.json"

_SHORT_WITHOUT_FN = ("Ref", "Condition")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FRACTION = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})\.[0-9]{1,18}")
_HCL = re.compile(r'^\s*(resource|module|variable|provider|data)\s+"|^\s*(terraform|locals)\s*\{', re.MULTILINE)
_SPACE = re.compile(r"[ \t\r\n]*")
_YAML_WORDS = "tag:yaml.org,2002:"

# libyaml's is ten times as fast, and not part of every build of PyYAML
_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A file that was read: `shown` is how it is told, relative to the working folder with "/" between its parts."""

    shown: str
    document: Mapping[str, Any]
    lines: Mapping[str, int]
    """Of a template, the line of each resource, by logical id."""
    text: str

    def line_of_text(self, wanted: str) -> int:
        """The line in which `wanted` first is; 1 where it is not."""
        return self.text.count("\n", 0, max(self.text.find(wanted), 0)) + 1


def read_source(path: Path) -> Source:
    """The file at `path`. Raises ConfigError, in a sentence, for what is no JSON and no YAML, or is not there."""
    text, shown = _text(path), _shown(path)
    if text.lstrip().startswith("{"):
        document, lines = _json(text, shown)
    elif path.suffix == ".tf" or (path.suffix not in (".yaml", ".yml", ".template", ".json") and _HCL.search(text)):
        raise ConfigError(f"{shown} is Terraform's language, and says what is planned only to Terraform", hint=SHOW_JSON)
    else:
        document, lines = _yaml(text, shown)
    if not isinstance(document, dict):
        raise ConfigError(f"{shown} is no template: it holds no keys at its top", hint=GIVE_ONE)
    return Source(shown=shown, document=document, lines=lines, text=text)


def _text(path: Path) -> str:
    shown = _shown(path)
    try:
        if path.is_dir():
            is_cdk = (path / "cdk.json").is_file() or (path / "manifest.json").is_file()
            raise ConfigError(
                f"{shown} is a folder" + (" of a CDK application" if is_cdk else ""), hint=SYNTHESIZE if is_cdk else GIVE_ONE
            )
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(f"{shown} is larger than {MAX_FILE_BYTES // 1024**2} MB", hint=GIVE_ONE)
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {shown}: {error.strerror}", hint=GIVE_ONE) from error
    if content.startswith(ZIP_MAGIC):
        raise ConfigError(f"{shown} is a zip archive, as `terraform plan -out` writes one", hint=SHOW_JSON)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:  # PowerShell writes `terraform show -json > plan.json` in UTF-16
        return content.decode("utf-16") if content[:2] in (b"\xff\xfe", b"\xfe\xff") else content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{shown} is no text", hint=GIVE_ONE) from error


def _shown(path: Path) -> str:
    try:
        return Path(os.path.relpath(path)).as_posix()
    except ValueError:  # on another drive
        return path.as_posix()


# ---------------------------------------------------------------------------------------------------------------- JSON


def _json(text: str, shown: str) -> tuple[Any, dict[str, int]]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise ConfigError(f"{shown}: the key {twice!r} is there twice in one object", hint="remove one of them")
        return members

    try:
        document = json.loads(text, object_pairs_hook=once, parse_float=Decimal)
        return document, _resource_lines(text)
    except RecursionError as error:
        raise ConfigError(f"{shown} is nested too deep to be a template", hint=GIVE_ONE) from error
    except json.JSONDecodeError as error:
        raise ConfigError(f"{shown}: no JSON: {error.msg}, line {error.lineno}", hint=GIVE_ONE) from error
    except ValueError as error:
        raise ConfigError(f"{shown}: no JSON of a template: a number that is too long", hint=GIVE_ONE) from error


def _resource_lines(text: str) -> dict[str, int]:
    """The line of each key below "Resources", in text that is known to be JSON."""
    lines = {}
    seen, line = 0, 1
    for key, at in _keys(text, text.index("{")):
        if key == "Resources" and text[at] == "{":
            for name, value_at in _keys(text, at):
                line, seen = line + text.count("\n", seen, value_at), value_at
                lines[name] = line
    return lines


def _keys(text: str, at: int) -> Iterator[tuple[str, int]]:
    """Each key of the object that begins at `at`, with where its value begins."""
    decoder = json.JSONDecoder()
    at = _skip(text, at + 1)
    while text[at] == '"':
        key, at = decoder.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        yield key, at
        _, at = decoder.raw_decode(text, at)
        at = _skip(text, at)
        if text[at] != ",":
            return
        at = _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return at if found is None else found.end()


# ---------------------------------------------------------------------------------------------------------------- YAML


def _yaml(text: str, shown: str) -> tuple[Any, dict[str, int]]:
    if len(text) > MAX_YAML_BYTES:
        raise ConfigError(f"{shown} is larger than {MAX_YAML_BYTES // 1024**2} MB of YAML", hint=GIVE_ONE)
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = "" if mark is None else f", line {mark.line + 1}"
        raise ConfigError(f"{shown}: no YAML: {error.problem or error.context}{where}", hint=GIVE_ONE) from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{shown}: no YAML: a character that it may not hold", hint=GIVE_ONE) from error
    except RecursionError as error:
        raise ConfigError(f"{shown} is nested too deep to be a template", hint=GIVE_ONE) from error
    if root is None:
        raise ConfigError(f"{shown} is empty", hint=GIVE_ONE)
    document = _Values(shown).of(root)
    return document, dict(_lines_below(root, "Resources"))


def _lines_below(root: yaml.Node, wanted: str) -> Iterator[tuple[str, int]]:
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value == wanted and isinstance(value, yaml.MappingNode):
            yield from ((name.value, name.start_mark.line + 1) for name, _ in value.value if isinstance(name, yaml.ScalarNode))


class _Values:
    """Nodes as Python values. Counts them, because an alias is followed each time that it is named."""

    def __init__(self, shown: str) -> None:
        self._shown = shown
        self._left = MAX_NODES

    def of(self, node: yaml.Node, depth: int = 0) -> Any:
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH:
            raise ConfigError(f"{self._shown}: aliases make it too large, or nested too deep, to be a template", hint=GIVE_ONE)
        if isinstance(node, yaml.ScalarNode):
            value: Any = self._scalar(node)
        elif isinstance(node, yaml.SequenceNode):
            value = [self.of(one, depth + 1) for one in node.value]
        else:
            value = self._mapping(node, depth)
        return self._tagged(node, value)

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text: str = node.value
        kind = node.tag.removeprefix(_YAML_WORDS)
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() in ("true", "yes", "on")
        if kind == "int" and _INTEGER.fullmatch(text):
            return int(text)
        if kind == "float" and _FRACTION.fullmatch(text):
            return Decimal(text)
        return text

    def _mapping(self, node: yaml.Node, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag == f"{_YAML_WORDS}merge":
                found = self.of(value, depth + 1)
                for one in found if isinstance(found, list) else [found]:
                    merged |= {name: it for name, it in one.items() if name not in merged} if isinstance(one, dict) else {}
                continue
            if not isinstance(key, yaml.ScalarNode):
                raise self._wrong(key, "a key that is no text")
            if key.value in members:
                raise self._wrong(key, f"the key {key.value!r} is there twice")
            members[key.value] = self.of(value, depth + 1)
        return merged | members

    def _tagged(self, node: yaml.Node, value: Any) -> Any:
        tag: str = node.tag
        if not tag.startswith("!") or tag == "!":
            return value
        name = tag[1:]
        if name == "GetAtt" and isinstance(value, str):
            value = value.split(".", 1)
        return {name if name in _SHORT_WITHOUT_FN else f"Fn::{name}": value}

    def _wrong(self, node: yaml.Node, what: str) -> ConfigError:
        return ConfigError(f"{self._shown}, line {node.start_mark.line + 1}: {what}", hint="a template names everything once")
