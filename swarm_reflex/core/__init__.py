# SPDX-License-Identifier: Apache-2.0
"""The decision of the reflex, pure: no ROS, no clock, no I/O. Read decide.py first."""

from swarm_reflex.core.decide import State, decide, initial
from swarm_reflex.core.types import (
    Action,
    Cause,
    Command,
    Inputs,
    MapPose,
    Odom,
    Outputs,
    Params,
    Request,
    RobotLimits,
    Scan,
)
from swarm_vault.core import Core

CORE: Core[Params, State, Inputs, Outputs] = Core(
    name='reflex',
    version=2,
    params=Params,
    inputs=Inputs,
    outputs=Outputs,
    initial=initial,
    decide=decide,
)

__all__ = [
    'CORE',
    'Action',
    'Cause',
    'Command',
    'Inputs',
    'MapPose',
    'Odom',
    'Outputs',
    'Params',
    'Request',
    'RobotLimits',
    'Scan',
    'State',
    'decide',
    'initial',
]
