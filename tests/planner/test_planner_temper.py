# SPDX-License-Identifier: Apache-2.0
"""A temperament changes how a robot works, within what it may."""

from dataclasses import fields

import pytest
from planner_world import order, params_of, room, trusted

from swarm_agent.planner.core.orders import Task
from swarm_agent.planner.core.temper import tempered
from swarm_agent.planner.core.types import Tuning
from swarm_config.ranges import ranges
from swarm_vault.soul import Temperament

PLAIN = params_of(room())


@pytest.mark.parametrize('temperament', list(Temperament))
def test_no_temperament_leaves_the_ranges_of_the_parameters(temperament: Temperament) -> None:
    changed = tempered(PLAIN, temperament)
    for field in fields(Tuning):
        limits = ranges(Tuning).get(field.name)
        value = getattr(changed.tuning, field.name)
        assert limits is None or limits.least <= value <= limits.most
    assert 0.0 < changed.min_battery < 1.0
    assert changed.max_speed_mps == PLAIN.max_speed_mps


def test_cautious_is_slower_with_larger_margins_and_bold_the_opposite() -> None:
    cautious, steady, bold = (
        tempered(PLAIN, t) for t in (Temperament.CAUTIOUS, Temperament.STEADY, Temperament.BOLD)
    )
    assert steady == PLAIN
    assert cautious.tuning.speed_share < steady.tuning.speed_share == bold.tuning.speed_share
    reserves = [p.min_battery for p in (cautious, steady, bold)]
    patience = [p.tuning.blocked_skip_s for p in (cautious, steady, bold)]
    nearness = [p.tuning.leg_tolerance_m for p in (cautious, steady, bold)]
    assert reserves == sorted(reserves, reverse=True)
    assert patience == sorted(patience, reverse=True)
    assert nearness == sorted(nearness)


def test_the_intent_of_a_cautious_robot_asks_for_less_speed() -> None:
    found = {}
    for temperament in Temperament:
        changed = tempered(PLAIN, temperament)
        robot = trusted(tuning=changed.tuning, min_battery=changed.min_battery)
        robot.decide(orders=(order(Task.GO_TO, stops=((5.0, 3.0, 0.0),)),))
        assert robot.intent is not None
        found[temperament] = robot.intent.speed_factor
    assert found[Temperament.CAUTIOUS] == pytest.approx(0.7 * found[Temperament.STEADY])
    assert found[Temperament.BOLD] <= 1.0
