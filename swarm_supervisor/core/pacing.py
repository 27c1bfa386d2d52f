# SPDX-License-Identifier: Apache-2.0
"""How often somebody may ask: a bucket that fills by itself, a request takes one out. Pure."""

from dataclasses import dataclass

MINUTE_NS = 60_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """What is left to somebody."""

    left: float
    """Requests."""
    since_ns: int
    """When it was so, since the epoch."""


def take(bucket: Bucket | None, now_ns: int, per_minute: int) -> tuple[Bucket, float]:
    """Take one request out of a bucket, which holds those of a minute; it is full at first.

    A clock that was set back fills nothing, and takes nothing away.

    Returns:
        The bucket afterwards, and how long to wait [s]; 0: the request is let in.
    """
    if bucket is None:
        bucket = Bucket(left=float(per_minute), since_ns=now_ns)
    came = max(0, now_ns - bucket.since_ns) * per_minute / MINUTE_NS
    left = min(float(per_minute), bucket.left + came)
    if left < 1.0:
        wait_s = (1.0 - left) * MINUTE_NS / per_minute / 1e9
        return Bucket(left=left, since_ns=now_ns), wait_s
    return Bucket(left=left - 1.0, since_ns=now_ns), 0.0
