# SPDX-License-Identifier: Apache-2.0
"""The situation core: one decision a scan, pure and repeatable.

`sound` keeps out what cannot be computed with, `localise` tells where the robot is, `objects` and
`room` what stands around it, `path`, `route` and `follow` move it, `consistency`, `explore` and
`judge` notice what contradicts the model, `refuge` and `arbiter` keep the order of override,
`seen` counts inspected floor; `decide` joins them.
"""

from swarm_agent.situation.core.decide import decide
from swarm_agent.situation.core.params import Body, Params, Tuning
from swarm_agent.situation.core.state import State, initial
from swarm_agent.situation.core.types import (
    Inputs,
    IntentKind,
    NavState,
    Odom,
    Outputs,
    PlanNote,
    Reflex,
    ReflexAction,
    Resolution,
    Scan,
    Violation,
    Wish,
)
from swarm_vault.core import Core

CORE: Core[Params, State, Inputs, Outputs] = Core(
    name='situation',
    version=1,
    params=Params,
    inputs=Inputs,
    outputs=Outputs,
    initial=initial,
    decide=decide,
)

__all__ = [
    'CORE',
    'Body',
    'Inputs',
    'IntentKind',
    'NavState',
    'Odom',
    'Outputs',
    'Params',
    'PlanNote',
    'Reflex',
    'ReflexAction',
    'Resolution',
    'Scan',
    'State',
    'Tuning',
    'Violation',
    'Wish',
]
