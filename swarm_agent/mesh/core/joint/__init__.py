# SPDX-License-Identifier: Apache-2.0
"""Joint decisions as a pure core: votes, the blackboard, and hands lent to peers."""

from swarm_agent.mesh.core.joint.decide import JointState, decide, initial
from swarm_agent.mesh.core.joint.types import (
    Answer,
    Ask,
    Ballot,
    Call,
    Cast,
    Entry,
    Event,
    HandStatus,
    JointInputs,
    JointOutputs,
    JointParams,
    Standpoint,
    VoteStatus,
    Wish,
)
from swarm_vault.core import Core

CORE: Core[JointParams, JointState, JointInputs, JointOutputs] = Core(
    name='joint',
    version=1,
    params=JointParams,
    inputs=JointInputs,
    outputs=JointOutputs,
    initial=initial,
    decide=decide,
)

__all__ = [
    'CORE',
    'Answer',
    'Ask',
    'Ballot',
    'Call',
    'Cast',
    'Entry',
    'Event',
    'HandStatus',
    'JointInputs',
    'JointOutputs',
    'JointParams',
    'JointState',
    'Standpoint',
    'VoteStatus',
    'Wish',
]
