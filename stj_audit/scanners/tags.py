"""Tags: ListTagsOfResource."""

from stj_audit.facts import Tags
from stj_audit.scanners.pages import pages
from stj_audit.scanners.session import Aws

CALL = "dynamodb:ListTagsOfResource"


def read(aws: Aws, table_arn: str) -> Tags:
    """All tags of a table; AWS gives ten a page."""
    listed = pages("ListTagsOfResource", aws.dynamodb.list_tags_of_resource, ResourceArn=table_arn)
    return Tags(values={tag["Key"]: tag["Value"] for page in listed for tag in page.get("Tags", ())})
