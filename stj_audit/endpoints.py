"""
Where services are asked: at AWS, or at what stands in for it.

An address of AWS itself, as of a VPC endpoint, is AWS: there production is served, and all that is kept for its sake is kept.
"""

import os
from functools import cache
from urllib.parse import urlsplit

from botocore.loaders import create_loader

from stj_audit.errors import ConfigError


def is_of_aws(url: str) -> bool:
    """Whether a host of AWS is asked, in any partition."""
    host = urlsplit(url).hostname or ""
    return any(host.endswith(f".{suffix}") for suffix in _suffixes())


def asked_at(service: str, endpoint_url: str | None) -> str | None:
    """
    Where a service is asked, by --endpoint-url; None: where botocore finds out by itself, which knows the variables and the profile.

    botocore would put `endpoint_url` above the service's own variable. One host of AWS serves one service: of others than DynamoDB it says
    nothing.
    """
    if endpoint_url is None:
        return None
    own = os.environ.get(f"AWS_ENDPOINT_URL_{_SERVICE_IDS[service]}")
    return own or (endpoint_url if service == "dynamodb" or not is_of_aws(endpoint_url) else None)


def origin(url: str) -> str | None:
    """Scheme, host and port of an address, which may carry a password; None where it has none."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host:
        return None
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + (f":{port}" if port else "")


def check_no_path(url: str) -> None:
    """Raise ConfigError for an endpoint of S3 that has a path: what a key is could not be told from it."""
    if urlsplit(url).path.strip("/"):
        raise ConfigError("the endpoint of S3 has a path", hint="write it like http://localhost:9000")


# AWS SDKs and Tools reference guide, "Service-specific endpoints": the identifiers of the variables
_SERVICE_IDS = {
    "application-autoscaling": "APPLICATION_AUTO_SCALING",
    "backup": "BACKUP",
    "cloudwatch": "CLOUDWATCH",
    "dynamodb": "DYNAMODB",
    "pricing": "PRICING",
    "s3": "S3",
    "service-quotas": "SERVICE_QUOTAS",
    "sesv2": "SESV2",
    "sts": "STS",
}


@cache
def _suffixes() -> frozenset[str]:
    outputs = [partition["outputs"] for partition in create_loader().load_data("partitions")["partitions"]]
    return frozenset(one[kind] for one in outputs for kind in ("dnsSuffix", "dualStackDnsSuffix"))
