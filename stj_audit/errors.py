"""
The few things that stop an audit. Each is one sentence for a person and says what to do next.

    AuditError                 exit code 1
    |-- NoCredentials          no usable AWS credentials
    |-- Unreachable            the endpoint does not answer
    |-- NoTables               no table matches what was asked for
    |-- UnreadableItems        a file of items is missing, damaged, or no DynamoDB JSON
    |-- CannotWrite            an output file cannot be written
    |-- UnusableHistory        the folder or bucket where runs are kept cannot be read or written
    |-- UnableToSend           a report cannot be mailed, or not now
    |-- WriteRefused           the read-only guard stopped a call (a bug of ours, never ignored)
    `-- ConfigError            exit code 2: wrong command line, configuration or input file

What can go wrong *for one table or one call* is no exception but a value: `facts.Unknown`.
"""


class AuditError(Exception):
    """
    Something that stops the whole audit.

    `str()` is one sentence on what happened; `hint` is one on what to do about it.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class NoCredentials(AuditError):
    """AWS credentials are missing, incomplete, expired or refused."""


class Unreachable(AuditError):
    """The service endpoint could not be reached, or what answers there is not DynamoDB."""


class NoTables(AuditError):
    """No table matches the names and patterns that were given."""


class UnreadableItems(AuditError):
    """Files of items that are missing, damaged, or no DynamoDB JSON. Tells the file, the line and what is wrong, never what is in it."""


class CannotWrite(AuditError):
    """An output path cannot be written."""


class UnusableHistory(AuditError):
    """Where runs are kept cannot be read, or not written."""


class UnableToSend(AuditError):
    """What carries mail cannot be reached or refuses the report, or another process is sending it."""


class WriteRefused(AuditError):
    """The read-only guard refused a call. Derives from Exception, so that no thread can lose it."""


class ConfigError(AuditError):
    """The command line, the configuration or an input file is wrong."""

    exit_code = 2
