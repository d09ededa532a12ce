"""Kinesis data streams that a table's changes go to: DescribeKinesisStreamingDestination."""

from stj_audit.facts import KinesisDestination, KinesisDestinations
from stj_audit.scanners.session import Aws

CALL = "dynamodb:DescribeKinesisStreamingDestination"


def read(aws: Aws, table: str) -> KinesisDestinations:
    """Every destination, in AWS's order; none where the table never had one."""
    answer = aws.dynamodb.describe_kinesis_streaming_destination(TableName=table)
    return KinesisDestinations(
        destinations=tuple(
            KinesisDestination(stream_arn=one["StreamArn"], status=one["DestinationStatus"])
            for one in answer["KinesisDataStreamDestinations"]
        )
    )
