# SPDX-License-Identifier: Apache-2.0
"""What is new replaces what is known; operators' requests set and release the latches."""

from dataclasses import replace

from swarm_reflex.core.arc import Points
from swarm_reflex.core.dead_man import Known, command_cause, odom_is_sound, pose_is_sound
from swarm_reflex.core.geofence import locate
from swarm_reflex.core.scan import look
from swarm_reflex.core.types import Cause, Inputs, MapPose, Odom, Params, Request


def take_in(known: Known, inputs: Inputs, fence: Points, params: Params) -> Known:
    """Take in one tick's news: odometry first, because scan and pose are tied to it."""
    known = _beats(known, inputs)
    if inputs.command is not None:
        known = replace(known, command=inputs.command)
    if inputs.odom is not None:
        known = replace(known, odom=inputs.odom)
    if inputs.scan is not None:
        view = look(inputs.scan, known.view, _sound_odom(known), params)
        known = replace(known, view=view)
    if inputs.pose is not None:
        known = _located(known, inputs.pose, fence, params)
    for request in inputs.requests:
        known = _obeyed(known, request, inputs.now_ns, params)
    return known


def _beats(known: Known, inputs: Inputs) -> Known:
    situation_ns, planner_ns = inputs.situation_beat_ns, inputs.planner_beat_ns
    if situation_ns is not None:
        known = replace(known, situation_beat_ns=situation_ns)
    return known if planner_ns is None else replace(known, planner_beat_ns=planner_ns)


def _sound_odom(known: Known) -> Odom | None:
    return known.odom if known.odom is not None and odom_is_sound(known.odom) else None


def _located(known: Known, pose: MapPose, fence: Points, params: Params) -> Known:
    """Without a fence nobody needs the pose; without odometry it goes out of date unseen."""
    odom = _sound_odom(known)
    if not params.geofence or odom is None or not pose_is_sound(pose):
        return replace(known, pose=pose, place=None)
    return replace(known, pose=pose, place=locate(pose, odom, fence, params))


def _obeyed(known: Known, request: Request, now_ns: int, params: Params) -> Known:
    """An e-stop is released by nothing but a reset, and that only while nothing wants to move."""
    if request is Request.E_STOP:
        return replace(known, e_stop=True)
    if request is Request.RESET:
        return replace(known, e_stop=known.e_stop and not _wants_nothing(known, now_ns, params))
    return replace(known, enabled=request is Request.ENABLE)


def _wants_nothing(known: Known, now_ns: int, params: Params) -> bool:
    command = known.command
    if command_cause(command, now_ns, params) in {Cause.COMMAND_MISSING, Cause.COMMAND_STALE}:
        return True
    return command is not None and command.vx_mps == 0.0 and command.wz_radps == 0.0
