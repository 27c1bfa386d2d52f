# SPDX-License-Identifier: Apache-2.0
"""A small fleet among the places of an exam: what is refused is refused for its words."""

from collections.abc import Iterable

from swarm_supervisor.places import Places
from swarm_supervisor.strategist import Context, KnownRobot, Spot

_SQUARE = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0))


class AnyFloor:
    """Every place can be reached."""

    def fault(self, spot: Spot, robot: KnownRobot) -> str | None:
        """Nothing is wrong with any place."""
        del spot, robot
        return None


def key_of(name: str) -> str:
    """A name as a places file spells it."""
    return '_'.join(name.lower().split())


def fleet_at(points: Iterable[str] = (), sectors: Iterable[str] = (), note: str = '') -> Context:
    """One robot among such places; what others wrote of it stands in its note."""
    robot = KnownRobot(
        agent_id='amr_1', state='linked', radius_m=0.3, pose=(0.0, 0.0, 0.0), note=note
    )
    places = Places(
        titles=('depot', 'area', 'map', 'floor'),
        points=dict.fromkeys(points, (1.0, 1.0, 0.0)),
        sectors=dict.fromkeys(sectors, _SQUARE),
    )
    return Context(places=places, robots={'amr_1': robot}, open_missions=(), standing=AnyFloor())
