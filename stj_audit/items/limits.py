"""
How much a fold keeps at the most, and from what size on it looks at values.

Both folds read these as `limits.NAME` when they are made. So tests can make small ones, and no loop looks them up.
"""

MAX_ATTRIBUTES = 1_000  # names that are counted one by one: more are no schema but data in the names
OTHER_ATTRIBUTES = "(other attributes)"  # what they are summed as
DISTINCT_LIMIT = 1_024  # partition key values that are counted one by one
BUCKETS = 4_096  # partition key values beyond that are counted by hash
LARGEST = 10
COMPRESSED_ITEMS = 64  # whose large values are compressed, to see what that would save
# Fewer of large items, about 5 of 50 KB: compressing is slow, and 64 of those would take longer than counting all items of 100 pages.
COMPRESSED_ITEMS_BYTES = 256 * 1024
COMPRESSED_FROM_BYTES = 1_024  # of smaller values there is nothing to gain: a write unit is 1 KB
