# SPDX-License-Identifier: Apache-2.0
"""The laws as pure functions: tiers, judge, budgets, mandates, roles, approvals.

Robot and supervisor decide with the same code. `CORE` is the supervisor's part, replayed from its
record; the robot's part is replayed with its planner.
"""

from swarm_vault.core import Core
from swarm_vault.laws.core.decide import Inputs, Memory, Outputs, Params, decide, initial

__all__ = ['CORE', 'Inputs', 'Memory', 'Outputs', 'Params']

CORE: Core[Params, Memory, Inputs, Outputs] = Core(
    name='laws',
    version=1,
    params=Params,
    inputs=Inputs,
    outputs=Outputs,
    initial=initial,
    decide=decide,
)
