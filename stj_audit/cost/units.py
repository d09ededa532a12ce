"""
Request units by size. Source: AWS developer guide, "DynamoDB read and write operations".

The first form: one item a request. Pages, batches and transactions are not told apart here.
"""

from decimal import Decimal

READ_UNIT_BYTES = 4096
WRITE_UNIT_BYTES = 1024
EVENTUAL = Decimal("0.5")  # an eventually consistent read costs half a unit per 4 KB


def read_units(size_bytes: Decimal | int, *, consistent: bool = False) -> Decimal:
    """Units that reading one item of `size_bytes` takes; one step at least, also for a missing item."""
    steps = max(1, -(-int(size_bytes) // READ_UNIT_BYTES))
    return Decimal(steps) if consistent else steps * EVENTUAL


def write_units(size_bytes: Decimal | int) -> Decimal:
    """Units that writing one item takes; for an update `size_bytes` is the larger of the item before and after."""
    return Decimal(max(1, -(-int(size_bytes) // WRITE_UNIT_BYTES)))
