# SPDX-License-Identifier: Apache-2.0
"""Floor that the law closes to one robot on its way goes to another one that it lets in, once."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from supervisor_room import Supervisor, TalkingRobot, robot_of, small_fleet, until
from swarm.v1 import common_pb2, mission_pb2

from swarm_supervisor.core.cells import unpack_cells
from swarm_vault.replay import replay_vault

BARRED = """\
```yaml
tier: 3
max_speed_mps: 1.0
blocked_zones: [west]
```
"""


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with small_fleet(tmp_path) as running:
        yield running


@pytest.fixture
def robots(supervisor: Supervisor) -> Iterator[tuple[TalkingRobot, TalkingRobot]]:
    with robot_of(supervisor, 'amr_1') as one, robot_of(supervisor, 'amr_2') as two:
        yield one, two


def cells(region: common_pb2.CellSet) -> np.ndarray:
    return unpack_cells(region.bits, (region.height, region.width))


def bar(supervisor: Supervisor, *names: str, sector: str = 'west') -> None:
    """A sector is closed to these robots from now on, and no other one."""
    for name in names:
        before, _ = supervisor.hq.mandates.of(name)
        path = supervisor.vault / 'agents' / name / 'mandate.md'
        path.write_text(BARRED.replace('[west]', f'[{sector}]'))
        until(lambda b=before, n=name: supervisor.hq.mandates.of(n)[0] != b, 'the new mandate')


def both_at_work(supervisor: Supervisor, robots: tuple[TalkingRobot, TalkingRobot]) -> str:
    reply = supervisor.operator().submit('survey the west', operator='ada')
    assert reply.accepted, reply.reason
    until(lambda: all(robot.orders for robot in robots), 'both parts')
    return reply.mission_id


def done(robot: TalkingRobot) -> None:
    robot.ack(robot.orders[-1].order_id, mission_pb2.ACK_STATUS_COMPLETED)


def decisions(supervisor: Supervisor, type_: str) -> list[dict[str, object]]:
    logs = (supervisor.vault / 'agents' / 'supervisor' / 'log').glob('*/*/*.jsonl')
    lines = [line for path in logs for line in path.read_text().splitlines()]
    return [json.loads(line)['data'] for line in lines if f'"type":"{type_}"' in line]


def ended(supervisor: Supervisor, mission_id: str) -> None:
    mission = supervisor.hq.mission(mission_id)
    until(lambda: mission is not None and not mission.open, 'the end of the mission')


def test_what_is_closed_to_one_robot_on_its_way_another_one_sees(tmp_path, supervisor, robots):
    one, two = robots
    mission_id = both_at_work(supervisor, robots)
    bar(supervisor, 'amr_1')
    done(one)
    until(lambda: len(two.orders) == 2, 'what the law closed to the other')
    left, part = two.orders[1], one.orders[0].survey.region
    assert left.handoff.order_id == one.orders[0].order_id
    assert left.survey.sector == 'west'
    assert cells(left.survey.region).sum() >= 0.9 * cells(part).sum()
    assert not (cells(left.survey.region) & ~cells(part)).any()
    two.complete()
    ended(supervisor, mission_id)
    (told,) = decisions(supervisor, 'survey.let_in')
    assert told['reason'].startswith('the law does not let amr_1 see')
    assert told['to'] == {left.order_id: 'amr_2'}
    supervisor.stop()
    replayed = replay_vault(tmp_path / 'vault')
    assert replayed.ok, replayed.reasons


def test_what_is_closed_to_all_is_left_out_and_the_mission_ends(supervisor, robots):
    mission_id = both_at_work(supervisor, robots)
    bar(supervisor, 'amr_1', 'amr_2')
    for robot in robots:
        done(robot)
    ended(supervisor, mission_id)
    assert [len(robot.orders) for robot in robots] == [1, 1]
    assert not decisions(supervisor, 'survey.let_in')


def test_what_a_second_robot_leaves_out_again_is_not_passed_on(supervisor, robots):
    one, two = robots
    mission_id = both_at_work(supervisor, robots)
    bar(supervisor, 'amr_1')
    done(one)
    until(lambda: len(two.orders) == 2, 'what the law closed to the other')
    own = two.orders[0].order_id
    two.ack(own, mission_pb2.ACK_STATUS_COMPLETED)
    until(lambda: own in supervisor.hq.crews.let_in, 'the look at its own part')
    bar(supervisor, 'amr_1', sector='nowhere')
    bar(supervisor, 'amr_2')
    done(two)
    ended(supervisor, mission_id)
    assert len(one.orders) == 1


def test_a_survey_that_nobody_is_barred_from_is_over_when_its_parts_are(supervisor, robots):
    mission_id = both_at_work(supervisor, robots)
    for robot in robots:
        done(robot)
    ended(supervisor, mission_id)
    assert [len(robot.orders) for robot in robots] == [1, 1]
