# SPDX-License-Identifier: Apache-2.0
"""One number of the supervisor's core changed: the replay names the first decision it changes."""

import pytest
from core_mutation import Tape, judge, modules_of, record
from test_supervisor_allocation import prepared, robot

from swarm_supervisor.core.allocation_core import CORE
from swarm_supervisor.core.problem import Inputs

PACKAGE = 'swarm_supervisor.core'


@pytest.fixture(scope='module')
def tape(tmp_path_factory: pytest.TempPathFactory) -> Tape:
    params, _ = prepared('room')
    inputs = [
        Inputs(
            now_ns=number,
            reason='test',
            mission_id='m',
            robots=tuple(robot(name, 1.0 + 2.0 * k, 1.0) for k, name in enumerate('abc'[:number])),
            area=None,
            seen=None,
        )
        for number in (1, 2, 3, 2)
    ]
    return record(CORE, params, inputs, tmp_path_factory.mktemp('vault'))


@pytest.mark.parametrize('wanted', [2, pytest.param(10, marks=pytest.mark.slow)])
def test_a_changed_number_is_found_at_the_first_decision_that_it_changes(tape: Tape, wanted: int):
    names = ('allocation', 'cells', 'ground', 'islands', 'partition', 'problem', 'strips')
    modules = modules_of(*(f'{PACKAGE}.{name}' for name in names))
    assert len(judge(tape, modules, wanted)) == wanted
