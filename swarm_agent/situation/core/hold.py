# SPDX-License-Identifier: Apache-2.0
"""Why safety holds the robot where it is."""

from swarm_agent.situation.core.inquiry import UNFIT_NS
from swarm_agent.situation.core.judge import stubborn
from swarm_agent.situation.core.params import Params
from swarm_agent.situation.core.sound import sound_odom
from swarm_agent.situation.core.state import State
from swarm_agent.situation.core.types import Inputs

UNFIT = 'the scans do not fit the map'


def why_held(state: State, inputs: Inputs, params: Params) -> str:
    """Why safety holds the robot, empty if it does not."""
    stale_ns = params.tuning.stale_scan_s * 1e9
    return _blind(state, inputs, stale_ns) or forbidden(state, inputs)


def _blind(state: State, inputs: Inputs, stale_ns: float) -> str:
    """Why the robot does not know where it is; the first reason counts."""
    unfit_ns = inputs.now_ns - state.unfit_since_ns if state.unfit_since_ns >= 0 else 0
    scan_ns = inputs.now_ns - (state.last_scan_ns or 0)
    odom = inputs.odom
    reasons = (
        (odom is None, 'no odometry yet'),
        (odom is not None and not sound_odom(odom), 'the odometry is no number'),
        (odom is not None and odom.age_ns > stale_ns, 'odometry is too old'),
        (state.last_scan_ns is None, 'no scan yet'),
        (scan_ns > stale_ns, 'the newest scan is too old'),
        (unfit_ns > UNFIT_NS, UNFIT),
    )
    return next((reason for holds, reason in reasons if holds), '')


def forbidden(state: State, inputs: Inputs) -> str:
    """Why the robot must not move although it knows where it is."""
    reflex = inputs.reflex
    reasons = (
        (reflex is not None and reflex.e_stop, 'emergency stop'),
        (reflex is not None and not reflex.enabled, 'the reflexes are not enabled'),
        (bool(state.law.bars.stand), state.law.bars.stand),
        (stubborn(state, inputs.now_ns), 'the robot does not move as commanded'),
    )
    return next((reason for holds, reason in reasons if holds), '')
