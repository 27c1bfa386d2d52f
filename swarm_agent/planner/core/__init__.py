# SPDX-License-Identifier: Apache-2.0
"""The planner's decisions: mission order to skills. Pure: `CORE` is replayed from its record."""

from swarm_agent.planner.core.executive import decide
from swarm_agent.planner.core.state import State, initial
from swarm_agent.planner.core.types import Inputs, Outputs, Params
from swarm_vault.core import Core

__all__ = ['CORE']

CORE: Core[Params, State, Inputs, Outputs] = Core(
    name='planner',
    version=1,
    params=Params,
    inputs=Inputs,
    outputs=Outputs,
    initial=initial,
    decide=decide,
)
