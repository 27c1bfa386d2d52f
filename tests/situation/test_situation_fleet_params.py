# SPDX-License-Identifier: Apache-2.0
"""What a robot's path planner starts with, and what of it the planner's word may open."""

from pathlib import Path

from swarm_agent.situation.core.params import Params, Tuning
from swarm_agent.situation.fleet_params import core_params
from swarm_config.fleets import load_fleet
from swarm_vault.fleet_rules import Rule, Rules

DEPOT = Path(__file__).parents[2] / 'config' / 'fleets' / 'depot.yaml'
CORNERS = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))
KEEP_CLEAR = Rule(
    name='wet', by='ada', stamp_ns=1, effect='avoid', place='corner', corners=CORNERS
)


def params(*rules: Rule) -> Params:
    fleet = load_fleet(DEPOT)
    return core_params(fleet, fleet.robots[0], Tuning(), None, Rules(rules=rules))


def test_a_lesson_to_keep_clear_holds_from_the_start_and_may_be_revoked_while_the_robot_runs():
    lesson, plain = params(KEEP_CLEAR), params()
    assert 'corner (lesson wet)' in [wall.name for wall in lesson.bars.walls]
    assert lesson.always == plain.always, 'the planner knows when a lesson is revoked'
