# SPDX-License-Identifier: Apache-2.0
"""Count touches: a continuing one counts once, however long and however much it chatters."""

from collections.abc import Iterable
from dataclasses import dataclass

from swarm_sim.world import Touch

APART_S = 0.5
"""Two bodies that were apart for so long touch anew [s]."""


@dataclass(slots=True, kw_only=True)
class Contact:
    """One contact of a robot with something else."""

    robot: str
    other: str
    t_s: float
    until_s: float
    x_m: float
    y_m: float
    peak_force_n: float

    @property
    def is_over_at_s(self) -> float:
        """From when on a touch of the same pair is a new contact [s]."""
        return self.until_s + APART_S


class ContactBook:
    """All contacts of a run in the order of their beginning."""

    def __init__(self) -> None:
        """Start with an empty book."""
        self.contacts: list[Contact] = []
        self._newest: dict[tuple[str, str], Contact] = {}

    def note(self, now_s: float, touches: Iterable[Touch]) -> None:
        """Enter the touches of the span that ends now [s]."""
        for touch in touches:
            pair = (min(touch.robot, touch.other), max(touch.robot, touch.other))
            contact = self._newest.get(pair)
            if contact is None or now_s > contact.is_over_at_s:
                contact = self._open(now_s, touch)
                self._newest[pair] = contact
            contact.until_s = now_s
            contact.peak_force_n = max(contact.peak_force_n, touch.force_n)

    def _open(self, now_s: float, touch: Touch) -> Contact:
        contact = Contact(
            robot=touch.robot,
            other=touch.other,
            t_s=now_s,
            until_s=now_s,
            x_m=touch.x_m,
            y_m=touch.y_m,
            peak_force_n=touch.force_n,
        )
        self.contacts.append(contact)
        return contact
