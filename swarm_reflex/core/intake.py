# SPDX-License-Identifier: Apache-2.0
"""What is new replaces what is known; operators' requests set and release the latches."""

from dataclasses import replace
from typing import Any

from swarm_reflex.core.dead_man import Known, command_cause, odom_is_sound, pose_is_sound
from swarm_reflex.core.geofence import Fences, Place, locate
from swarm_reflex.core.scan import look
from swarm_reflex.core.types import Cause, Inputs, MapPose, Odom, Params, Request

_TOP_TIER = 3
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
    odom = inputs.odom or known.odom
    sound = odom if odom is not None and odom_is_sound(odom) else None
    news: dict[str, Any] = {
        'command': inputs.command,
        'odom': inputs.odom,
        'situation_beat_ns': inputs.situation_beat_ns,
        'planner_beat_ns': inputs.planner_beat_ns,
        'rivals': inputs.rivals,
    }
    if inputs.scan is not None:
        news['view'] = look(inputs.scan, known.view, sound, params)
    if inputs.tier is not None:
        news['tier'] = inputs.tier if 0 <= inputs.tier <= _TOP_TIER else 0
    changes = {name: value for name, value in news.items() if value is not None}
    if inputs.pose is not None:
        changes |= _located(inputs.pose, sound, fences, params)
    known = replace(known, **changes) if changes else known
    for request in inputs.requests:
        known = _obeyed(known, request, inputs, params)
    return known


def _located(
    pose: MapPose, odom: Odom | None, fences: Fences, params: Params
) -> dict[str, MapPose | Place | None]:
    """Without a fence nobody needs the pose; without odometry it goes out of date unseen."""
    if odom is None or not pose_is_sound(pose):
        return {'pose': pose, 'place': None}
    return {'pose': pose, 'place': locate(pose, odom, fences, params)}


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
