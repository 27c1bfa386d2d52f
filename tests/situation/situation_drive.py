# SPDX-License-Identifier: Apache-2.0
"""A drive in which much happens, for what records and replays."""

from situation_rooms import ROOM, hazard, peer
from situation_world import Rig

from swarm_agent.mesh.core import Claim, ClaimKind, PeerState


def eventful_drive():
    """Parameters, inputs and outputs of a drive with an object, a peer, claims and bad moments."""
    rig = Rig(ROOM, (1.5, 1.5, 0.0), drift=0.04, seed=8, saved_map_odom=(1.5, 1.5, 0.0))
    rig.discs.append((4.0, 1.5, 0.25))
    rig.tick(rig.go_to(6.5, 1.5))
    for k in range(110):
        coming = peer(
            6.5 - 0.02 * k,
            4.5,
            heard_ns=rig.now_ns,
            speed_mps=0.2,
            state=int(PeerState.MOVING),
            path=((6.0, 4.0), (2.0, 1.5)),
        )
        claim = Claim(
            claim_id='c1',
            kind=int(ClaimKind.REQUEST),
            from_agent='amr_2',
            to_agent='amr_1',
            priority=4,
            waited_ms=100,
            path=((6.0, 4.0), (2.0, 1.5)),
            place=None,
            reason='',
        )
        wish = rig.go_to(2.0, 4.5, yaw=1.0) if k == 60 else None
        claims, hazards = (claim,) if k == 20 else (), (hazard(7.0, 5.0),)
        rig.tick(wish, peers=(coming,), claims=claims, hazards=hazards if k > 30 else ())
    return rig.params, [inputs for inputs, _ in rig.records], [out for _, out in rig.records]
