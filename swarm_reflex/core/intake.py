# SPDX-License-Identifier: Apache-2.0
"""What is new replaces what is known; operators' requests set and release the latches."""

from typing import Any

from swarm_reflex.core.dead_man import Known, command_cause, odom_is_sound, pose_is_sound
from swarm_reflex.core.geofence import Fences, locate
from swarm_reflex.core.scan import look
from swarm_reflex.core.types import Cause, Inputs, MapPose, Odom, Params, Request
from swarm_vault.replacing import replace

_TOP_TIER = 3
_NEWS = ('command', 'odom', 'situation_beat_ns', 'planner_beat_ns', 'rivals')
"""What replaces what is known as it comes."""
_LATCHES: dict[Request, dict[str, Any]] = {
    Request.E_STOP: {'e_stop': True},
    Request.LATCH_BREACH: {'breached': True},
    Request.ENABLE: {'enabled': True},
    Request.DISABLE: {'enabled': False},
    Request.FREEZE: {'frozen': True},
    Request.UNFREEZE: {'frozen': False},
}


def take_in(known: Known, inputs: Inputs, fences: Fences, params: Params) -> Known:
    """Take in one tick's news: odometry first, because scan and pose are tied to it."""
    changes: dict[str, Any] = {
        name: news for name in _NEWS if (news := getattr(inputs, name)) is not None
    }
    if inputs.odom is not None:
        changes['odom_sound'] = odom_is_sound(inputs.odom)
    if inputs.tier is not None:
        changes['tier'] = inputs.tier if 0 <= inputs.tier <= _TOP_TIER else 0
    known = replace(known, **changes) if changes else known
    if inputs.scan is not None:
        known = replace(known, view=look(inputs.scan, known.view, _sound(known), params))
    if inputs.pose is not None:
        known = _located(known, inputs.pose, fences, params)
    for request in inputs.requests:
        known = _obeyed(known, request, inputs, params)
    return known


def _sound(known: Known) -> Odom | None:
    """The newest odometry, if its numbers can be computed with."""
    return known.odom if known.odom_sound else None


def _located(known: Known, pose: MapPose, fences: Fences, params: Params) -> Known:
    """Without a fence nobody needs the pose; without odometry it goes out of date unseen."""
    odom = _sound(known)
    if odom is None or not pose_is_sound(pose):
        return replace(known, pose=pose, place=None)
    return replace(known, pose=pose, place=locate(pose, odom, fences, params))


def _obeyed(known: Known, request: Request, inputs: Inputs, params: Params) -> Known:
    """The latches are released by nothing but a reset: by someone, for a reason, at rest.

    A breach that lasts is latched again in the same tick, so its reset fails while outside.
    """
    if request is not Request.RESET:
        return replace(known, **_LATCHES[request])
    named = bool(inputs.reset_by.strip() and inputs.reset_reason.strip())
    if not named or not _wants_nothing(known, inputs.now_ns, params):
        return known
    return replace(known, e_stop=False, breached=False)


def _wants_nothing(known: Known, now_ns: int, params: Params) -> bool:
    command = known.command
    if command_cause(command, now_ns, params) in {Cause.COMMAND_MISSING, Cause.COMMAND_STALE}:
        return True
    return command is not None and command.vx_mps == 0.0 and command.wz_radps == 0.0
