"""A CloudWatch alarm that a table does not have: how it would be made, without an action, as only its owner knows whom it shall reach."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stj_audit.cloudformation import Value, logical_id, template
from stj_audit.commands import option
from stj_audit.facts import Table

NAMESPACE = "AWS/DynamoDB"
PERIOD_SECONDS = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class NewAlarm:
    """One that fires when `statistic` of a metric is above `threshold` in each of so many minutes; minutes without data do not count."""

    table: Table
    name: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: str
    minutes: int
    threshold: int

    @property
    def command(self) -> str:
        dimensions = " ".join(shlex.quote(f"Name={name},Value={value}") for name, value in self.dimensions.items())
        return (
            f"aws cloudwatch put-metric-alarm {option('--region', self.table.region)} {option('--alarm-name', self.name)} "
            f"--namespace {NAMESPACE} --metric-name {self.metric} --dimensions {dimensions} "
            f"--statistic {self.statistic} --period {PERIOD_SECONDS} "
            f"--evaluation-periods {self.minutes} --datapoints-to-alarm {self.minutes} --threshold {self.threshold} "
            "--comparison-operator GreaterThanThreshold --treat-missing-data notBreaching"
        )

    @property
    def properties(self) -> Mapping[str, Value]:
        """Those of the resource AWS::CloudWatch::Alarm."""
        return {
            "AlarmName": self.name,
            "Namespace": NAMESPACE,
            "MetricName": self.metric,
            "Dimensions": [{"Name": name, "Value": value} for name, value in self.dimensions.items()],
            "Statistic": self.statistic,
            "Period": PERIOD_SECONDS,
            "EvaluationPeriods": self.minutes,
            "DatapointsToAlarm": self.minutes,
            "Threshold": self.threshold,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        }


def alarms_template(alarms: Iterable[NewAlarm]) -> str:
    """The alarms as resources of CloudFormation."""
    return template({logical_id(one.name): ("AWS::CloudWatch::Alarm", one.properties) for one in alarms})
