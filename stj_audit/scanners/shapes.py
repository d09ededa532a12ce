"""
Whether the JSON of an answer has the types that botocore's model of the service says, and the members that are read of it: botocore passes on
whatever it finds.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.utils import parse_timestamp

LEAST = -1  # of what is counted: AWS's way to say that a limit was taken away

# By the name of the shape: what AWS always sends, and the scanners read without asking whether it is there
ALWAYS_SENT: Mapping[str, tuple[str, ...]] = {
    "Dimension": ("Name", "Value"),
    "InsightRuleContributor": ("ApproximateAggregateValue",),
    "KinesisDataStreamDestination": ("StreamArn", "DestinationStatus"),
    "MetricAlarm": ("AlarmName",),
    "MetricStat": ("Metric",),
    "ScalableTarget": ("ResourceId", "ScalableDimension", "MinCapacity", "MaxCapacity"),
    "ScalingPolicy": ("ResourceId", "ScalableDimension"),
    "Tag": ("Key", "Value"),
    "TargetTrackingScalingPolicyConfiguration": ("TargetValue",),
}

_COUNTS = ("integer", "long")
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "boolean": bool,
    **dict.fromkeys(_COUNTS, int),
    **dict.fromkeys(("float", "double"), (int, float)),
    "timestamp": (int, float, str),
}


def fits(shape: Any, value: Any) -> bool:
    """`shape` is botocore's; members that are not in it are left alone, and what may be anything is not looked at. A null is no member."""
    kind = shape.type_name
    if value is None or kind not in _TYPES:
        return True
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return False
    if isinstance(value, list):
        return all(one is not None and fits(shape.member, one) for one in value)
    if isinstance(value, dict):
        sent = all(value.get(name) is not None for name in ALWAYS_SENT.get(shape.name, ()))
        return sent and all(fits(member, one) for member, one in _members(shape, value))
    return _is_time(value) if kind == "timestamp" else kind not in _COUNTS or _is_count(value)


def _members(shape: Any, value: dict[str, object]) -> Iterator[tuple[Any, object]]:
    for name, one in value.items():
        if shape.type_name == "map":
            yield shape.value, one
        elif name in shape.members:
            yield shape.members[name], one


def _is_count(value: Any) -> bool:
    return bool(value >= LEAST)


def _is_time(value: Any) -> bool:
    try:
        parse_timestamp(value)
    except (ValueError, RuntimeError, OverflowError):
        return False
    return True
