"""docs/faults.md is what the tests show of what can go wrong. It is rewritten with STJ_AUDIT_REWRITE_GOLDEN=1."""

from collections import defaultdict
from dataclasses import astuple
from pathlib import Path

from tabulate import tabulate

from tests.faults import Fault, all_faults
from tests.test_catalogue import held

PAGE = Path(__file__).parent.parent / "docs" / "faults.md"

# What can go wrong. Each has to be shown by a test
MATRIX = {
    "Credentials and configuration": (
        "no credentials",
        "half of a key pair",
        "the profile does not exist",
        "the AWS configuration is no INI file",
        "source_profile is missing",
        "no SSO token",
        "the SSO token has expired",
        "`aws login` without its package",
        "credential_process fails",
        "credential_process prints no JSON",
        "credential_process gives expired credentials",
        "credential_process is not there",
        "credential_process hangs",
        "the web identity file is missing",
        "the web identity or helper raises what is no AWS error",
        "the container has no credentials endpoint",
        "a role, and no credentials to assume it with",
        "a role with MFA, and no terminal",
        "a role cannot be assumed",
        "the credentials have expired",
        "the key is unknown",
        "the signature is wrong",
        "no region",
        "an AWS setting has a value that is none",
        "a session token has a line break",
        "a region that is none",
        "a region that nobody knows",
        "a region is not enabled",
        "AWS_RETRY_MODE, AWS_MAX_ATTEMPTS and the profile say otherwise",
    ),
    "The network": (
        "an endpoint without scheme",
        "nothing listens at the endpoint",
        "a connection is not made in time",
        "an answer does not begin in time",
        "the server hangs up",
        "what answers speaks no TLS",
        "the file of AWS_CA_BUNDLE is not there",
        "the proxy refuses",
        "an answer drips in, one byte at a time",
        "the list of tables drips in",
        "the items drip in",
        "live prices drip in",
    ),
    "Answers without an error that are none": (
        "an answer has another status than 200, below 301",
        "an answer is cut short",
        "an answer is shorter than was promised",
        "an answer is shorter than was promised, once",
        "an answer has a wrong checksum",
        "an answer has a wrong type",
        "an answer is not UTF-8",
        "an answer is null",
        "the page of a captive portal",
        "a page of items is cut short, once",
        "a page of items has not as many as it says, once",
        "the pages of one table go on being unreadable",
        "the same LastEvaluatedKey comes twice",
        "the LastEvaluatedKeys of a scan go in a circle",
        "the NextTokens of a list go in a circle",
        "a file of an export breaks off again and again",
    ),
    "How often it is tried": (
        "throttled, by any of its names",
        "500, 502, 503",
        "a connection is closed, or an answer does not come",
        "denied, expired, not valid, not there, not known",
    ),
    "Errors of a service": (
        "throttled",
        "500",
        "502 with a page",
        "an error without a code, or that is no JSON object",
        "listing tables is denied",
        "no table may be described",
        "one API is denied",
        "one API answers 500",
        "one API answers with a page",
        "a service cannot be reached",
        "500 to every DescribeTable of one table",
        "a table is deleted while it is read",
        "a scan is throttled for a while",
        "a scan is throttled from the beginning",
        "one table goes on being throttled",
    ),
    "Ended early": (
        "Ctrl-C or SIGTERM while tables are read",
        "Ctrl-C or SIGTERM while an answer drips in",
        "Ctrl-C or SIGTERM while reports are written",
        "a second Ctrl-C or SIGTERM",
        "Ctrl-C while the command is imported",
        "a table is not described in time",
        "a region is not listed in time",
        "the time is over while items are read",
    ),
    "Outputs": (
        "a report cannot be written where it is to go",
        "the disk is full when a report is written",
        "stdout goes to a full disk",
        "the bucket of a report is not there",
        "the bucket of a report is lost during the audit",
        "a run cannot be kept where it is to be",
        "the disk is full when a run is kept",
        "the bucket of the history is lost",
        "a run of that name is kept already",
        "two processes keep a run of one name",
        "the answer to a put is lost",
    ),
}

INTRODUCTION = """# What goes wrong, and how it ends

Every row is shown by a test, and this page is made from those tests. "misbehaving server" is a DynamoDB over plain sockets that cuts answers
short, hangs up, drips and lies; "event hook" an answer put in place of the network, below botocore's retries. The exit codes are 0 audited,
1 the audit failed, 2 wrong command line or configuration, 3 something was found, 4 not known, 130 interrupted. Where nothing else is said it
is `run` that ends so, with one sentence on stderr that says what happened and, after the dash, what to do.
"""


def page(shown: dict[str, list[Fault]]) -> str:
    parts = [INTRODUCTION]
    for section, faults in MATRIX.items():
        rows = [(one.what, one.ends, one.by, f"`{one.test}`") for what in faults for one in shown[what]]
        table = tabulate(rows, headers=("what goes wrong", "how it ends", "brought about by", "test"), tablefmt="github")
        parts.append(f"## {section}\n\n{table}\n")
    return "\n".join(parts)


def test_every_fault_is_shown_and_the_page_says_how() -> None:
    shown: dict[str, list[Fault]] = defaultdict(list)
    for one in all_faults():
        assert all(astuple(one)), one
        shown[one.what].append(one)
    known = [what for faults in MATRIX.values() for what in faults]
    assert len(known) == len(set(known))
    assert set(shown) == set(known)  # left: of no row; right: shown by no test
    held(PAGE, page(shown))
