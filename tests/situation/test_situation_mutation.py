# SPDX-License-Identifier: Apache-2.0
"""One number of the situation core changed: the replay names the first decision it changes."""

import pytest
from core_mutation import Tape, judge, modules_of, record
from situation_drive import eventful_drive

from swarm_agent.situation.core import CORE

PACKAGES = ('swarm_agent.situation.core', 'swarm_agent.mesh.core')


@pytest.fixture(scope='module')
def tape(tmp_path_factory: pytest.TempPathFactory) -> Tape:
    params, inputs, _ = eventful_drive()
    return record(CORE, params, inputs[:60], tmp_path_factory.mktemp('vault'))


@pytest.mark.parametrize('wanted', [1, pytest.param(6, marks=pytest.mark.slow)])
def test_a_changed_number_is_found_at_the_first_decision_that_it_changes(tape: Tape, wanted: int):
    modules = modules_of(*PACKAGES)
    assert len(judge(tape, modules, wanted)) == wanted
