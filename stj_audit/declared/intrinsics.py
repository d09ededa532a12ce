"""
CloudFormation's intrinsic functions, as far as the template and the given parameters decide them. What they do not decide is `Unresolved`,
with the reason; nothing is guessed.

A parameter that is not given has the value of its Default, which is right unless a deployment overrides it: `defaults_used` says which those
are. Source: AWS CloudFormation template reference, "Intrinsic function reference", "Parameters" and "Pseudo parameters reference".
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from stj_audit.errors import ConfigError

MAX_DEPTH = 200
MAX_TEXT = 100_000  # no property of a table is longer; joined texts could grow without end

_NO_VALUE = "AWS::NoValue"
_PLACE = re.compile(r"\$\{([^}]*)\}")
_PLACE_IN_LIST = re.compile(r"[0-9]{1,9}")
_CONDITION_FUNCTIONS = ("Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not")
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Unresolved:
    """A value that is decided at deployment. `reason` says by what; `is_mistake`: by nothing, CloudFormation refuses such a template."""

    reason: str
    is_mistake: bool = False


class _NoValue:
    """AWS::NoValue: the property, or the element of a list, is not there."""


NO_VALUE = _NoValue()


def is_resolved(value: Any) -> bool:
    """Whether nothing in the value is decided at deployment."""
    return first_unresolved(value) is None


def adding(members: Mapping[str, Any]) -> list[str]:
    """The functions that stand among members, and add others to them: Fn::Transform and Fn::ForEach do."""
    return [name for name in members if name.startswith("Fn::")]


def may_be_left_out(written: Any) -> bool:
    """Whether a deployment may decide that it is not there: an Fn::If with AWS::NoValue in it."""
    if not isinstance(written, dict):
        return False
    if written == {"Ref": _NO_VALUE}:
        return True
    branches = written.get("Fn::If")
    return len(written) == 1 and isinstance(branches, list) and any(map(may_be_left_out, branches[1:]))


def first_unresolved(value: Any) -> Unresolved | None:
    """The first thing in the value that is decided at deployment."""
    if isinstance(value, Unresolved):
        return value
    parts: Sequence[Any] = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for found in map(first_unresolved, parts) if found is not None), None)


class Resolver:
    """
    Resolves values of one template. `given` are parameters by name, pseudo parameters like AWS::AccountId among them; `names` is what a Ref
    to a resource stands for, by logical id.

    Raises ConfigError for a given value that the template does not allow.
    """

    def __init__(
        self, template: Mapping[str, Any], *, given: Mapping[str, str], region: str, names: Mapping[str, str] | None = None
    ):
        self._parameters = _section(template, "Parameters")
        self._mappings = _section(template, "Mappings")
        self._conditions = _section(template, "Conditions")
        self._given = given
        self._names = names or {}
        self._pseudo = _pseudo_parameters(region)
        self._open: list[str] = []
        self._decided: dict[str, bool | Unresolved] = {}
        self.defaults_used: set[str] = set()

    def parameters(self) -> frozenset[str]:
        """The names that may be given."""
        return frozenset(self._parameters)

    def value(self, value: Any) -> Any:
        """The value with every function worked out; `Unresolved` stands at each place that is decided at deployment."""
        return self._value(value, 0)

    def condition(self, name: Any) -> bool | Unresolved:
        """A condition by its name."""
        if not isinstance(name, str) or name not in self._conditions:
            made_later = adding(self._conditions)
            if made_later:
                return Unresolved(reason=f"what {made_later[0]} adds to the conditions is decided at deployment")
            return Unresolved(reason=f"there is no condition {name!r}", is_mistake=True)
        if name in self._open:
            return Unresolved(reason=f"condition {name} needs itself", is_mistake=True)
        if name not in self._decided:
            self._open.append(name)
            self._decided[name] = self._truth(self._conditions[name], len(self._open))
            self._open.pop()
        return self._decided[name]

    # ------------------------------------------------------------------------------------------------------- any value

    def _value(self, value: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            return Unresolved(reason="it is nested too deep")
        if isinstance(value, list):
            found = [self._value(one, depth + 1) for one in value]
            return [one for one in found if one is not NO_VALUE]
        if not isinstance(value, dict):
            return _foreign(value) or _dynamic(value)
        if len(value) == 1:
            (name, argument), *_ = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return _bounded(self._called(name, argument, depth + 1))
        added = adding(value)
        if added:
            return Unresolved(reason=f"what {added[0]} adds is decided at deployment")
        members = {key: self._value(one, depth + 1) for key, one in value.items()}
        return {key: one for key, one in members.items() if one is not NO_VALUE}

    def _called(self, name: str, argument: Any, depth: int) -> Any:
        functions: Mapping[str, Callable[[Any, int], Any]] = {
            "Ref": lambda referred, _depth: self._ref(referred),
            "Fn::If": self._if,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::FindInMap": self._find_in_map,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::Length": self._length,
        }
        function = functions.get(name)
        return Unresolved(reason=f"{name} is decided at deployment") if function is None else function(argument, depth)

    # ----------------------------------------------------------------------------------------------------- references

    def _ref(self, name: Any) -> Any:
        if not isinstance(name, str):
            return Unresolved(reason="a Ref takes a name")
        if name in self._parameters:
            return self._parameter(name)
        for known in (self._given, self._pseudo, self._names):
            if name in known:
                return known[name]
        if name.startswith("AWS::"):
            return Unresolved(reason=f"{name} is decided at deployment: give --parameter {name}=VALUE")
        return Unresolved(reason=f"the name of resource {name} is decided at deployment")

    def _parameter(self, name: str) -> Any:
        declared = self._parameters[name]
        declared = declared if isinstance(declared, dict) else {}
        kind = str(declared.get("Type", "String"))
        if str(declared.get("NoEcho", "")).lower() == "true":
            return Unresolved(reason=f"parameter {name} is kept secret (NoEcho)")
        if kind.startswith("AWS::SSM::Parameter::Value"):
            return Unresolved(reason=f"parameter {name} is read from Systems Manager at deployment")
        if name in self._given:
            value: Any = self._given[name]
            allowed = declared.get("AllowedValues")
            if isinstance(allowed, list) and value not in [text_of(one) for one in allowed]:
                listed = ", ".join(map(text_of, allowed))
                raise ConfigError(f"--parameter {name}={value}: the template allows {listed}", hint="give one of these")
        elif "Default" in declared:
            self.defaults_used.add(name)
            value = declared["Default"]
        else:
            return Unresolved(reason=f"parameter {name} has no default: give --parameter {name}=VALUE")
        if kind == "CommaDelimitedList" or kind.startswith("List<"):
            return [part.strip() for part in text_of(value).split(",")]
        return _dynamic(value)

    # ------------------------------------------------------------------------------------------------------ functions

    def _if(self, argument: Any, depth: int) -> Any:
        if not isinstance(argument, list) or len(argument) != 3:
            return Unresolved(reason="Fn::If takes a condition and two values")
        name, *branches = argument
        truth = self.condition(name)
        if not isinstance(truth, Unresolved):
            return self._value(branches[0 if truth else 1], depth)
        either, other = (self._value(branch, depth) for branch in branches)
        if either == other and is_resolved(either):
            return either
        return truth if truth.is_mistake else Unresolved(reason=f"condition {name} is decided at deployment ({truth.reason})")

    def _sub(self, argument: Any, depth: int) -> Any:
        text, own = (argument[0], argument[1]) if isinstance(argument, list) and len(argument) == 2 else (argument, {})
        if not isinstance(text, str) or not isinstance(own, dict):
            return Unresolved(reason="Fn::Sub takes a text")
        missing: list[Unresolved] = []
        values = {name: self._value(one, depth) for name, one in own.items()}

        def fill(place: re.Match[str]) -> str:
            name = place[1].strip()
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in values:
                value = values[name]
            elif "." in name:
                value = Unresolved(reason=f"{name} is decided at deployment")
            else:
                value = self._ref(name)
            if isinstance(value, Unresolved):
                missing.append(value)
                return ""
            if not is_plain(value):
                missing.append(Unresolved(reason=f"{name} is no text"))
                return ""
            return text_of(value)

        filled = _PLACE.sub(fill, text)
        return missing[0] if missing else _dynamic(filled)

    def _join(self, argument: Any, depth: int) -> Any:
        if not isinstance(argument, list) or len(argument) != 2:
            return Unresolved(reason="Fn::Join takes a delimiter and a list")
        delimiter, parts = argument[0], self._value(argument[1], depth)
        if isinstance(parts, Unresolved):
            return parts
        if not isinstance(delimiter, str) or not isinstance(parts, list):
            return Unresolved(reason="Fn::Join takes a delimiter and a list")
        unknown = first_unresolved(parts)
        if unknown is not None:
            return unknown
        return delimiter.join(map(text_of, parts)) if all(map(is_plain, parts)) else Unresolved(reason="Fn::Join takes texts")

    def _find_in_map(self, argument: Any, depth: int) -> Any:
        if not isinstance(argument, list) or len(argument) < 3:
            return Unresolved(reason="Fn::FindInMap takes a map and two keys")
        keys = [self._value(one, depth) for one in argument[:3]]
        unknown = first_unresolved(keys)
        if unknown is not None:
            return unknown
        found: Any = self._mappings
        for key in keys:
            found = found.get(text_of(key)) if isinstance(found, dict) else None
        if found is not None:
            return found
        default = argument[3] if len(argument) > 3 else None
        if isinstance(default, dict) and "DefaultValue" in default:
            return self._value(default["DefaultValue"], depth)
        return Unresolved(reason=f"the mappings have no {' '.join(map(text_of, keys))}")

    def _select(self, argument: Any, depth: int) -> Any:
        if not isinstance(argument, list) or len(argument) != 2:
            return Unresolved(reason="Fn::Select takes a number and a list")
        place, values = (self._value(one, depth) for one in argument)
        for one in (place, values):
            if isinstance(one, Unresolved):
                return one
        if not isinstance(values, list) or not _PLACE_IN_LIST.fullmatch(text_of(place)) or int(text_of(place)) >= len(values):
            return Unresolved(reason="Fn::Select takes a number and a list that is long enough")
        return values[int(text_of(place))]

    def _split(self, argument: Any, depth: int) -> Any:
        if not isinstance(argument, list) or len(argument) != 2:
            return Unresolved(reason="Fn::Split takes a delimiter and a text")
        delimiter, text = argument[0], self._value(argument[1], depth)
        if isinstance(text, Unresolved):
            return text
        if not isinstance(delimiter, str) or not delimiter or not isinstance(text, str):
            return Unresolved(reason="Fn::Split takes a delimiter and a text")
        return text.split(delimiter)

    def _length(self, argument: Any, depth: int) -> Any:
        values = self._value(argument, depth)
        if isinstance(values, Unresolved):
            return values
        return len(values) if isinstance(values, list) else Unresolved(reason="Fn::Length takes a list")

    # ----------------------------------------------------------------------------------------------------- conditions

    def _truth(self, value: Any, depth: int) -> bool | Unresolved:
        if depth > MAX_DEPTH or not isinstance(value, dict) or len(value) != 1:
            return Unresolved(reason="it is no condition", is_mistake=True)
        (name, argument), *_ = value.items()
        if name == "Condition":
            return self.condition(argument)
        if name not in _CONDITION_FUNCTIONS or not isinstance(argument, list):
            return Unresolved(reason=f"{name} is no function of conditions", is_mistake=not name.startswith("Fn::"))
        return self._equals(argument, depth + 1) if name == "Fn::Equals" else self._combined(name, argument, depth + 1)

    def _combined(self, name: str, conditions: list[Any], depth: int) -> bool | Unresolved:
        parts = [self._truth(one, depth) for one in conditions]
        if name == "Fn::Not":
            only = parts[0] if len(parts) == 1 else Unresolved(reason="Fn::Not takes one condition")
            return only if isinstance(only, Unresolved) else not only
        decides = name == "Fn::Or"  # one true part decides an Or, one false part an And, whatever the others are
        if decides in parts:
            return decides
        return next((part for part in parts if isinstance(part, Unresolved)), not decides)

    def _equals(self, argument: list[Any], depth: int) -> bool | Unresolved:
        if len(argument) != 2:
            return Unresolved(reason="Fn::Equals takes two values")
        one, other = (self._value(part, depth) for part in argument)
        unknown = first_unresolved([one, other])
        if unknown is not None:
            return unknown
        return text_of(one) == text_of(other) if is_plain(one) and is_plain(other) else bool(one == other)


def _section(template: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = template.get(name)
    return found if isinstance(found, dict) else {}


def _pseudo_parameters(region: str) -> Mapping[str, Any]:
    partition = next((name for prefix, name in _PARTITIONS.items() if region.startswith(prefix)), "aws")
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    return {"AWS::Region": region, "AWS::Partition": partition, "AWS::URLSuffix": suffix, _NO_VALUE: NO_VALUE}


def is_plain(value: Any) -> TypeGuard[str | int | bool]:
    return value is not None and not isinstance(value, (list, dict, Unresolved, _NoValue))


def text_of(value: Any) -> str:
    """As CloudFormation compares and joins values: everything is text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _foreign(value: Any) -> Unresolved | None:
    """A place that nothing in CloudFormation fills in: another tool does, as the Serverless Framework does, before it deploys."""
    found = _PLACE.search(value) if isinstance(value, str) else None
    return None if found is None else Unresolved(reason=f"{found[0]} is not filled in, for lack of Fn::Sub")


def _dynamic(value: Any) -> Any:
    """A text with a dynamic reference in it is known to Systems Manager and Secrets Manager alone."""
    return (
        Unresolved(reason="it is read at deployment ({{resolve:...}})")
        if isinstance(value, str) and "{{resolve:" in value
        else value
    )


def _bounded(value: Any) -> Any:
    return Unresolved(reason="it is too long") if isinstance(value, str) and len(value) > MAX_TEXT else value
