# SPDX-License-Identifier: Apache-2.0
"""One number of the planner core changed: the replay names the first decision that it changes."""

import numpy as np
import pytest
from core_mutation import Tape, judge, modules_of, record
from planner_world import order, region_of, surveyor

from swarm_agent.planner.core import CORE
from swarm_agent.planner.core.orders import Task

PACKAGE = 'swarm_agent.planner.core'


@pytest.fixture(scope='module')
def tape(tmp_path_factory: pytest.TempPathFactory) -> Tape:
    robot = surveyor()
    region = region_of(robot.ground.survey_floor, robot.ground.survey_cell_m)
    robot.decide(orders=(order(Task.SURVEY, region=region, range_m=2.0),))
    for battery in (0.9, 0.5, 0.1):
        robot.battery = battery
        robot.run(12.0)
    assert np.unique([outputs.intent is None for _, outputs in robot.record]).size == 2
    inputs = [given for given, _ in robot.record]
    return record(CORE, robot.params, inputs, tmp_path_factory.mktemp('vault'))


@pytest.mark.parametrize('wanted', [1, pytest.param(8, marks=pytest.mark.slow)])
def test_a_changed_number_is_found_at_the_first_decision_that_it_changes(tape: Tape, wanted: int):
    modules = modules_of(PACKAGE)
    assert len(judge(tape, modules, wanted)) == wanted
