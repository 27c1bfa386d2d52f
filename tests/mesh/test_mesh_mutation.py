# SPDX-License-Identifier: Apache-2.0
"""One number of the negotiation's core changed: the replay names the first decision it changes."""

from dataclasses import replace

import pytest
from core_mutation import Tape, judge, modules_of, record
from test_mesh_joint import CALL, Fleet

from swarm_agent.mesh.core.joint import CORE, JointInputs

MODULES = 'swarm_agent.mesh.core.joint'


@pytest.fixture(scope='module')
def tape(tmp_path_factory: pytest.TempPathFactory) -> Tape:
    """A proposer's side of a vote that passes and of one that nobody answers."""
    fleet, given = Fleet('abc'), []

    def taped(state, inputs, params):
        if params.agent_id == 'a':
            given.append(inputs)
        return decide(state, inputs, params)

    decide = CORE.decide
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('test_mesh_joint.CORE', replace(CORE, decide=taped))
        for wishes, deaf in (({'a': [CALL]}, ()), ({'a': [CALL]}, ('b', 'c'))):
            fleet.tick(wishes, deaf)
            for _ in range(60):
                fleet.tick(deaf=deaf)
    assert all(isinstance(one, JointInputs) for one in given)
    return record(CORE, fleet.params['a'], given, tmp_path_factory.mktemp('vault'))


@pytest.mark.parametrize('wanted', [2, pytest.param(4, marks=pytest.mark.slow)])
def test_a_changed_number_is_found_at_the_first_decision_that_it_changes(tape: Tape, wanted: int):
    modules = modules_of(MODULES)
    assert len(judge(tape, modules, wanted)) == wanted
