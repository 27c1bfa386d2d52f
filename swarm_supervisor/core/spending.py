# SPDX-License-Identifier: Apache-2.0
"""How much a language model in the cloud may be asked: tokens and money, per order and day. Pure.

A call is reserved at the most it can cost before it is made, and settled at what it did cost, so
that no loop and no crash in between can spend more than the caps.
"""

from dataclasses import dataclass, replace

DAY_NS = 86_400 * 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What may be spent; the prices are those of the model in use."""

    tokens_per_mission: int = 20_000
    tokens_per_day: int = 500_000
    usd_per_mission: float = 0.2
    usd_per_day: float = 5.0
    usd_per_million_in: float = 3.0
    usd_per_million_out: float = 15.0
    cached_share: float = 0.1
    """What a token from the prompt cache costs, as a share of one that is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What has been spent today, reservations included."""

    day: int = 0
    """Days since the epoch."""
    tokens: int = 0
    usd: float = 0.0
    calls: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one call takes, at most or in fact."""

    tokens_in: int
    tokens_out: int
    tokens_cached: int = 0

    @property
    def tokens(self) -> int:
        """All of them."""
        return self.tokens_in + self.tokens_out + self.tokens_cached


def price(usage: Usage, caps: Caps) -> float:
    """What a call costs [USD]."""
    read = usage.tokens_in + caps.cached_share * usage.tokens_cached
    return (read * caps.usd_per_million_in + usage.tokens_out * caps.usd_per_million_out) / 1e6


def reserve(spent: Spent, most: Usage, caps: Caps, wall_ns: int) -> tuple[Spent, str]:
    """Set a call's most aside; the second is why it must not be made, empty when it may."""
    day = wall_ns // DAY_NS
    if day < spent.day:
        return spent, 'the clock went back by a day or more'
    now = spent if day == spent.day else Spent(day=day)
    usd = price(most, caps)
    limits = (
        (most.tokens, caps.tokens_per_mission, 'tokens for one order'),
        (usd, caps.usd_per_mission, 'USD for one order'),
        (now.tokens + most.tokens, caps.tokens_per_day, 'tokens a day'),
        (now.usd + usd, caps.usd_per_day, 'USD a day'),
    )
    for wanted, cap, what in limits:
        if wanted > cap:
            return spent, f'it would take {wanted:g}, the cap is {cap:g} {what}'
    taken = replace(now, tokens=now.tokens + most.tokens, usd=now.usd + usd, calls=now.calls + 1)
    return taken, ''


def settle(spent: Spent, most: Usage, used: Usage, caps: Caps) -> Spent:
    """Give back what a call did not take; never below nothing."""
    return replace(
        spent,
        tokens=max(0, spent.tokens - most.tokens + used.tokens),
        usd=max(0.0, spent.usd - price(most, caps) + price(used, caps)),
    )
