"""A table's resource-based policy: GetResourcePolicy. What it says stays here: only what kind of policy it is goes on."""

import orjson
from botocore.exceptions import ClientError

from stj_audit.aws_failures import BrokenAnswer, code_of
from stj_audit.facts import ResourcePolicy
from stj_audit.scanners.failures import UNLIKE_AWS
from stj_audit.scanners.session import Aws

CALL = "dynamodb:GetResourcePolicy"
NO_POLICY = "PolicyNotFoundException"  # AWS API reference, GetResourcePolicy


def read(aws: Aws, table_arn: str) -> ResourcePolicy:
    """The policy of the table, not of its stream."""
    try:
        answer = aws.dynamodb.get_resource_policy(ResourceArn=table_arn)
    except ClientError as error:
        if code_of(error) != NO_POLICY:
            raise
        return ResourcePolicy(statements=0, open_to_anyone=False)
    try:
        statements = orjson.loads(answer["Policy"]).get("Statement", [])
        return ResourcePolicy.of(statements if isinstance(statements, list) else [statements])
    except (ValueError, *UNLIKE_AWS) as error:
        raise BrokenAnswer("GetResourcePolicy") from error
