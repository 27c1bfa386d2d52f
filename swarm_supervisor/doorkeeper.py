# SPDX-License-Identifier: Apache-2.0
"""So many requests of one operator, and so many who watch: the robots share this process.

Nobody waits at this door to stop a robot, to take a mission back or to take trust away.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from swarm_supervisor.core.pacing import Bucket, take
from swarm_supervisor.settings import Settings
from swarm_vault.laws.core.roles import Principal

CLAIMED = 'claimed'
"""All names that no certificate of their own stands behind share what one operator may ask."""


class CrowdedError(RuntimeError):
    """There are too many; the message says of what, and what to do."""


class Doorkeeper:
    """Counts who asks and who watches. Nothing of it outlives the process."""

    def __init__(self, settings: Settings, tell: Callable[[str, str], None]) -> None:
        """Let everybody in at first.

        Args:
            settings: The limits.
            tell: Takes who was turned away and why, once until that one is let in again.
        """
        self._settings, self._tell = settings, tell
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._away: set[tuple[str, str]] = set()
        self._watching = 0

    def order(self, principal: Principal, now_ns: int) -> None:
        """Let an order in.

        Raises:
            CrowdedError: This operator has given too many.
        """
        self._count('orders', principal, now_ns, self._settings.orders_per_minute)

    def request(self, principal: Principal, now_ns: int) -> None:
        """Let anything else in.

        Raises:
            CrowdedError: This operator has asked too often.
        """
        self._count('requests', principal, now_ns, self._settings.requests_per_minute)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Be one of those who watch.

        Raises:
            CrowdedError: Too many do.
        """
        most = self._settings.watchers
        if self._watching >= most:
            raise CrowdedError(f'{most} watch already, no more may (watchers); end one of them')
        self._watching += 1
        try:
            yield
        finally:
            self._watching -= 1

    def _count(self, what: str, principal: Principal, now_ns: int, most: int) -> None:
        who = principal.name if principal.verified else CLAIMED
        key = (what, who)
        self._buckets[key], wait_s = take(self._buckets.get(key), now_ns, most)
        if not wait_s:
            self._away.discard(key)
            return
        reason = f'more than {most} {what} in a minute from {_whom(principal)}'
        if key not in self._away:
            self._away.add(key)
            self._tell(who, reason)
        raise CrowdedError(f'{reason}; ask again in {wait_s:.1f} s')


def _whom(principal: Principal) -> str:
    return repr(principal.name) if principal.verified else 'names without a certificate of theirs'
