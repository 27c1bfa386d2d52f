# SPDX-License-Identifier: Apache-2.0
"""Right of way as a pure function of what a robot knows and has heard."""

from swarm_agent.mesh.core.params import RightOfWayParams
from swarm_agent.mesh.core.right_of_way import RightOfWayState, decide_right_of_way
from swarm_agent.mesh.core.types import (
    Advice,
    AdviceKind,
    Binding,
    Claim,
    ClaimKind,
    Hazard,
    How,
    Me,
    OpenClaim,
    Peer,
    PeerState,
    Point,
    Polyline,
    Pose,
    Refuge,
    RightOfWayInputs,
    RightOfWayOutputs,
    Role,
    Settlement,
    Word,
)

__all__ = [
    'Advice',
    'AdviceKind',
    'Binding',
    'Claim',
    'ClaimKind',
    'Hazard',
    'How',
    'Me',
    'OpenClaim',
    'Peer',
    'PeerState',
    'Point',
    'Polyline',
    'Pose',
    'Refuge',
    'RightOfWayInputs',
    'RightOfWayOutputs',
    'RightOfWayParams',
    'RightOfWayState',
    'Role',
    'Settlement',
    'Word',
    'decide_right_of_way',
]
