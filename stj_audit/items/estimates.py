"""placeholder"""

from collections.abc import Sequence
from stj_audit.facts import SegmentCounts


def more_segments(segments: Sequence[SegmentCounts], *, total_segments: int) -> int:
    return max(0, 120 - len(segments))
