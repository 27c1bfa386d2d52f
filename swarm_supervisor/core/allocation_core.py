# SPDX-License-Identifier: Apache-2.0
"""The pure decision of the supervisor: who surveys which part of an area.

`CORE.initial` prepares the map, `CORE.decide` splits the unseen floor of an area between robots,
by travel distance and speed, so that all finish at about the same time, or gives it to one robot
where that is quicker. No clock, I/O or chance.
"""

from swarm_supervisor.core.allocation import Terrain, decide_allocation, prepare_terrain
from swarm_supervisor.core.problem import Inputs, Outputs, Params
from swarm_vault.core import Core

CORE: Core[Params, Terrain, Inputs, Outputs] = Core(
    name='allocation',
    version=3,
    params=Params,
    inputs=Inputs,
    outputs=Outputs,
    initial=prepare_terrain,
    decide=decide_allocation,
)
