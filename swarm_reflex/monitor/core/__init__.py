# SPDX-License-Identifier: Apache-2.0
"""The decision of the collision monitor, pure: Nav2's zones on our own clock. Read decide.py."""

from swarm_reflex.monitor.core.decide import MonitorState, decide_monitor, initial_monitor
from swarm_reflex.monitor.core.types import MonitorInputs, MonitorOutputs, MonitorParams
from swarm_vault.core import Core

CORE: Core[MonitorParams, MonitorState, MonitorInputs, MonitorOutputs] = Core(
    name='monitor',
    version=1,
    params=MonitorParams,
    inputs=MonitorInputs,
    outputs=MonitorOutputs,
    initial=initial_monitor,
    decide=decide_monitor,
)

__all__ = ['CORE', 'MonitorInputs', 'MonitorOutputs', 'MonitorParams', 'MonitorState']
