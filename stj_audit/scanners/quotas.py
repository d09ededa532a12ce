"""The account's quotas of DynamoDB: ListServiceQuotas, once for the region."""

from collections.abc import Mapping

from stj_audit.facts import Quotas
from stj_audit.scanners.pages import pages
from stj_audit.scanners.session import Aws

CALL = "servicequotas:ListServiceQuotas"

# Service Quotas console, Amazon DynamoDB: the code of each quota, which unlike its name does not change
CODES: Mapping[str, str] = {
    "L-CF0CBE56": "table_read_units",
    "L-AB614373": "table_write_units",
    "L-F98FE922": "tables",
    "L-F7858A77": "global_indexes",
}


def read(aws: Aws) -> Quotas:
    """The applied values. A quota whose applied value Service Quotas does not have is not in its answer."""
    listed = pages("ListServiceQuotas", aws.service_quotas.list_service_quotas, ServiceCode="dynamodb")
    found = {
        CODES[one["QuotaCode"]]: int(one["Value"])
        for page in listed
        for one in page["Quotas"]
        if one.get("QuotaCode") in CODES and "Value" in one
    }
    return Quotas(**found)
