# SPDX-License-Identifier: Apache-2.0
"""A token bucket: so many at once, so many a second; what comes beyond is refused."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How much a bucket lets through."""

    per_s: float
    burst: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """What is left in a bucket, and when it was looked at last."""

    left: float
    stamp_ns: int


def full(rate: Rate, now_ns: int) -> Bucket:
    """A bucket that nobody has taken from."""
    return Bucket(left=rate.burst, stamp_ns=now_ns)


def refilled(bucket: Bucket, rate: Rate, now_ns: int) -> Bucket:
    """The bucket as it is now; a clock that goes back refills nothing."""
    elapsed_s = max(0, now_ns - bucket.stamp_ns) * 1e-9
    left = min(rate.burst, bucket.left + rate.per_s * elapsed_s)
    return Bucket(left=left, stamp_ns=max(now_ns, bucket.stamp_ns))


def taken(bucket: Bucket, amount: float) -> Bucket:
    """The bucket after taking; it may owe up to one message, which the time to come pays."""
    return Bucket(left=bucket.left - amount, stamp_ns=bucket.stamp_ns)
