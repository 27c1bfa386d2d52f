# SPDX-License-Identifier: Apache-2.0
"""What robots say they have done is held against what they show; words without deeds count."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from supervisor_room import Supervisor, TalkingRobot, robot_of, until, write_fleet
from swarm.v1 import common_pb2, mission_pb2

from swarm_config.fleets import load_fleet
from swarm_supervisor import task_ways
from swarm_supervisor.client import OperatorClient
from swarm_supervisor.core.cells import pack_cells, unpack_cells
from swarm_supervisor.evidence import LEAST_SEEN, seen_share
from swarm_supervisor.faults import _faults
from swarm_vault.laws.core.bars import Bar, Bars
from swarm_vault.laws.core.budget import FaultKind

COMPLETED = mission_pb2.ACK_STATUS_COMPLETED


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with Supervisor(load_fleet(write_fleet(tmp_path)), tmp_path / 'vault') as running:
        yield running


@pytest.fixture
def robot(supervisor: Supervisor) -> Iterator[TalkingRobot]:
    with robot_of(supervisor, 'amr_1') as talking:
        yield talking


def report(supervisor: Supervisor, robot: TalkingRobot, x_m: float, y_m: float) -> None:
    pose = common_pb2.Pose2D(x_m=x_m, y_m=y_m)
    robot.report(stamp_ns=supervisor.hq.clock(), pose=pose)


def done(
    supervisor: Supervisor,
    operator: OperatorClient,
    robot: TalkingRobot,
    *,
    at: tuple[float, float],
) -> None:
    """Order the robot to the east end, and let it say that it is there."""
    before = len(robot.orders)
    assert operator.submit('send amr_1 to east_end', operator='ada').accepted
    until(lambda: len(robot.orders) > before, 'the order')
    report(supervisor, robot, *at)
    robot.ack(robot.orders[-1].order_id, COMPLETED)
    until(lambda: not any(m.status == 'open' for m in operator.missions()), 'the end')


def test_a_robot_that_says_it_is_there_and_stands_elsewhere_violates_procedure(
    supervisor: Supervisor, operator: OperatorClient, robot: TalkingRobot
) -> None:
    done(supervisor, operator, robot, at=(10.0, 3.0))
    assert not operator.budgets()
    done(supervisor, operator, robot, at=(2.0, 3.0))
    (budget,) = operator.budgets()
    assert (budget.total, budget.procedure) == (1, 1)


def test_a_survey_of_which_nothing_was_seen_is_asked_about_and_counts(
    supervisor: Supervisor, operator: OperatorClient, robot: TalkingRobot
) -> None:
    assert operator.submit('survey the west', operator='ada').accepted
    until(lambda: bool(robot.orders), 'the order')
    report(supervisor, robot, 2.0, 3.0)
    robot.ack(robot.orders[0].order_id, COMPLETED)
    until(lambda: bool(operator.budgets()), 'the fault')
    until(lambda: bool(operator.escalations()), 'the question')
    assert 'the mediator (final) asks' in operator.escalations()[0].text
    files = supervisor.vault / 'missions' / robot.orders[0].mission_id
    until((files / 'verification.json').exists, 'the verification')
    verified = json.loads((files / 'verification.json').read_text())
    assert (verified['met'], verified['mediator']) == (0.0, 'ask')


def test_floor_that_the_law_closes_is_not_missed_in_a_survey(
    supervisor: Supervisor,
    operator: OperatorClient,
    robot: TalkingRobot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The robot stands at x 2 m, has seen all up to 2.5 m, and all is closed from 3 m on."""
    assert operator.submit('survey the west', operator='ada').accepted
    until(lambda: bool(robot.orders), 'the order')
    report(supervisor, robot, 2.0, 3.0)
    region = robot.orders[0].survey.region
    seen = unpack_cells(region.bits, (region.height, region.width))
    seen[:, int(2.5 / region.resolution_m) :] = False
    part = common_pb2.CellSet()
    part.CopyFrom(region)
    part.bits = pack_cells(seen)
    robot.see(part)
    until(lambda: operator.snapshot().coverage > 0.0, 'seen cells')
    hq = supervisor.hq
    mission = hq.missions[0]
    assert seen_share(hq, mission, mission.orders[0]) < LEAST_SEEN
    east = ((3.0, -1.0), (20.0, -1.0), (20.0, 9.0), (3.0, 9.0))
    closed = Bars(walls=(Bar(name='hall', why='it is forbidden', corners=east),))
    monkeypatch.setattr(task_ways, 'bars_for', lambda *_: closed)
    assert seen_share(hq, mission, mission.orders[0]) > 0.8


def test_old_telemetry_proves_nothing(
    supervisor: Supervisor, operator: OperatorClient, robot: TalkingRobot
) -> None:
    assert operator.submit('send amr_1 to east_end', operator='ada').accepted
    until(lambda: bool(robot.orders), 'the order')
    robot.report()
    robot.ack(robot.orders[0].order_id, COMPLETED)
    until(lambda: not any(m.status == 'open' for m in operator.missions()), 'the end')
    assert not operator.budgets()


def test_a_reflex_log_counts_the_robots_own_stops_and_its_planners_word_on_them_does_not(
    supervisor: Supervisor,
) -> None:
    hq = supervisor.hq
    member = hq.roster['amr_1']

    def faults(type_: str, **data: str) -> list[FaultKind]:
        return [f.kind for f in _faults(hq, member, {'type': type_, 'data': data})]

    assert faults('reflex.action', action='STOP', cause='geofence_stop') == [FaultKind.BOUNDS]
    assert faults('reflex.action', action='STOP', cause='zone_stop') == []
    assert faults('fault.bounds', why='stopped by the reflexes: geofence_stop') == []
    assert faults('fault.bounds', why='speed of patrol') == [FaultKind.BOUNDS]
