# SPDX-License-Identifier: Apache-2.0
"""A hazard that a peer reports is looked at: confirmed where it is, denied where it is gone."""

import pytest
from situation_rooms import FLOORS
from situation_world import Rig

from swarm_agent.mesh.core import Hazard
from swarm_agent.situation.core.confirm import LOOK_TICKS


def told_of(where, discs=()):
    """What a robot that stands at (2, 2) tells of a hazard after a while."""
    rig = Rig(FLOORS['room'], (2.0, 2.0, 0.0))
    rig.discs = list(discs)
    hazard = Hazard(
        hazard_id='obstacle/1_1', kind='obstacle', reporter='amr_2', position=where,
        radius_m=0.3, heard_ns=0, ttl_s=60.0, confirmed_by=('amr_2',),
    )  # fmt: skip
    for _ in range(LOOK_TICKS + 2):
        rig.tick(hazards=(hazard,))
    said = {(one.hazard_id, one.reporter, one.gone) for one in rig.hazards}
    return {each for each in said if each[0] == hazard.hazard_id}


@pytest.mark.parametrize(
    ('where', 'discs', 'said'),
    [
        ((4.0, 2.0), [(4.0, 2.0, 0.3)], {('obstacle/1_1', 'amr_1', False)}),
        ((4.0, 2.0), [], {('obstacle/1_1', 'amr_1', True)}),
        ((4.0, 2.0), [(3.0, 2.0, 0.2)], set()),
        ((6.5, 4.5), [], set()),
    ],
)
def test_only_what_is_seen_is_confirmed_or_denied(where, discs, said):
    assert told_of(where, discs) == said
