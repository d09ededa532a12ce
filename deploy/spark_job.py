"""
The job of a Spark cluster: runs one command line of stj-audit, and puts what it prints where it can be fetched.

    spark_job.py --stj-audit "items --from s3://bucket/prefix --engine spark -f json" --report-to s3://bucket/reports/orders.json

Both are options, because AWS Glue gives arguments as names and values, and adds some of its own, which are left alone.
"""

import argparse
import contextlib
import io
import shlex
import sys
from pathlib import Path
from urllib.parse import urlsplit

from pyspark import SparkContext

from stj_audit.cli import main


def run(arguments: list[str]) -> int:
    """The exit code of the command. A report is written only when the command got to one."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--stj-audit", required=True, help="the command line, as one word")
    parser.add_argument("--report-to", required=True, help="a path, or s3://bucket/key")
    wanted, _ = parser.parse_known_args(arguments)
    SparkContext.getOrCreate()  # as the cluster is set; the command joins it
    sys.argv = ["stj-audit", *shlex.split(wanted.stj_audit)]
    report, code = io.StringIO(), 0
    with contextlib.redirect_stdout(report):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    if report.getvalue():
        write(report.getvalue().encode(), wanted.report_to)
    return code


def write(report: bytes, where: str) -> None:
    address = urlsplit(where)
    if address.scheme != "s3":
        Path(where).write_bytes(report)
        return
    # A client of its own: those of stj-audit refuse whatever writes
    import boto3  # noqa: PLC0415 - a path needs none

    boto3.client("s3").put_object(Bucket=address.netloc, Key=address.path.lstrip("/"), Body=report)


if __name__ == "__main__":
    failed = run(sys.argv[1:])
    if failed:  # Glue takes any exit for a failure
        sys.exit(failed)
