# SPDX-License-Identifier: Apache-2.0
"""Who goes first when two robots want the same floor."""

from dataclasses import dataclass

from swarm_agent.mesh.core.types import Advice, PeerState, RightOfWayInputs, RightOfWayOutputs


@dataclass(frozen=True, slots=True, kw_only=True)
class RightOfWayParams:
    """How far apart robots keep, and how patient they are."""

    margin_m: float = 0.15
    """Free space between two bodies [m], 0.05 to 0.5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RightOfWayState:
    """What is remembered from tick to tick."""


def decide_right_of_way(
    state: RightOfWayState, inputs: RightOfWayInputs, params: RightOfWayParams
) -> tuple[RightOfWayState, RightOfWayOutputs]:
    """Settle right of way for one tick."""
    moving = inputs.me.wants_to_move
    return state, RightOfWayOutputs(
        advice=Advice(),
        claims=(),
        state=PeerState.MOVING if moving else PeerState.IDLE,
        yields_to='',
        cannot_yield=False,
        waited_ms=0,
        settled=(),
        violations=(),
    )
