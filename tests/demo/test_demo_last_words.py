# SPDX-License-Identifier: Apache-2.0
"""A demo that does not end tells what the robots that are not home said last."""

from swarm_supervisor.demo.figures import Trail
from swarm_supervisor.demo.last_words import last_words
from swarm_supervisor.demo.referee import RefereeReport
from swarm_supervisor.demo.show import Shown

S = 1_000_000_000


def event(source: str, type_: str, at_s: float, **data: str) -> dict[str, object]:
    time_ns = round(at_s * S)
    return {'source': f'/agents/{source}', 'type': type_, 'time_ns': time_ns, 'data': data}


def test_of_each_node_of_a_robot_that_is_out_the_last_words_are_told():
    events = (
        event('amr_1/planner', 'order.begun', 11.0, why='survey'),
        event('amr_1/planner', 'held', 12.0, why='no fresh situation'),
        event('amr_1/planner', 'core.frames', 13.0),
        event('amr_1/reflex', 'reflex.action', 12.5, action='STOP', cause='sensor'),
        event('amr_1/reflex', 'reflex.action', 120.0, action='PASS'),
        event('amr_2/planner', 'home', 20.0, why='arrived'),
    )
    referee = RefereeReport(robots_home=('amr_2',))
    shown = Shown(order_wall_ns=10 * S, mission_s=90.0, referee=referee)
    planner, reflex = last_words(Trail(events=events), shown, ['amr_1', 'amr_2'])
    assert planner.startswith('amr_1/planner: order.begun 89 s before the end (survey); held 88 s')
    assert reflex == 'amr_1/reflex: reflex.action 88 s before the end (STOP, sensor)'
