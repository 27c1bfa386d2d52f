# SPDX-License-Identifier: Apache-2.0
"""A planner that dies and comes back goes on with its mission, whatever is on the disk."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from planner_world import World, order, region_of, surveyor, trusted

from swarm_agent.planner.checkpoint import CheckpointFile
from swarm_agent.planner.core import CORE
from swarm_agent.planner.core.orders import Task
from swarm_agent.planner.core.types import Checkpoint, IntentKind, Phase, Restored

A, B = (1.5, 0.0, 0.0), (5.0, 3.0, 0.0)


def newest(robot: World) -> Checkpoint:
    return [o.checkpoint for o in robot.outputs() if o.checkpoint is not None][-1]


def reborn(robot: World) -> World:
    """The same robot with a planner that knows the newest checkpoint only."""
    robot.state = CORE.initial(robot.params)
    restored = Restored(checkpoint=newest(robot), fault='')
    robot.decide(restored=restored)
    return robot


def test_orders_are_on_the_disk_before_they_are_acknowledged() -> None:
    robot = trusted()
    outputs = robot.decide(orders=(order(Task.GO_TO, stops=(B,)),))
    assert outputs.acks
    assert outputs.checkpoint is not None
    assert outputs.checkpoint.jobs[0].order.order_id == 'o1'


def test_a_restarted_planner_goes_on_where_it_was() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.PATROL, stops=(A, B), loops=2, return_home=True),))
    robot.run(60.0, until=lambda _: robot.state.jobs[0].memory.leg == 2)
    before = robot.intents()[-1].intent_id
    robot = reborn(robot)
    assert robot.state.jobs[0].memory.leg == 2
    assert robot.intents()[-1].intent_id > before
    assert robot.run(120.0).phase is Phase.HOME
    assert robot.statuses() == ['accepted', 'completed']


def test_a_restarted_planner_still_knows_what_it_has_answered() -> None:
    robot = trusted()
    wait = order(Task.WAIT, seconds=1.0)
    robot.decide(orders=(wait,))
    robot.run(2.0)
    robot = reborn(robot)
    outputs = robot.decide(orders=(wait,))
    assert [ack.status.value for ack in outputs.acks] == ['accepted', 'completed']
    assert robot.state.jobs == ()


def test_a_restarted_planner_keeps_its_trust_and_its_stop() -> None:
    robot = trusted()
    robot.decide(stops=('fire drill',))
    robot = reborn(robot)
    assert robot.last().tier == 2
    assert robot.last().phase is Phase.STOPPED


def test_a_restarted_survey_does_not_look_again_at_what_it_has_seen() -> None:
    robot = surveyor(survey_range_m=2.0)
    region = region_of(robot.ground.survey_floor, robot.ground.survey_cell_m)
    robot.decide(orders=(order(Task.SURVEY, region=region, range_m=2.0),))
    robot.run(12.0)
    half = newest(robot).jobs[0].memory
    assert half.seen
    progress = robot.last().progress
    robot.seen[:] = False
    robot = reborn(robot)
    assert robot.last().progress > 0.6 * progress
    robot.run(120.0, until=lambda _: 'completed' in robot.statuses())
    assert robot.statuses() == ['accepted', 'completed']


def test_the_checkpoint_is_not_written_when_nothing_lasting_changed() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=(B,)),))
    before = len(robot.record)
    robot.run(3.0)
    assert not [o for _, o in robot.record[before:] if o.checkpoint is not None]


def test_what_a_survey_has_seen_is_written_every_few_seconds() -> None:
    robot = surveyor(survey_range_m=2.0)
    region = region_of(robot.ground.survey_floor, robot.ground.survey_cell_m)
    robot.decide(orders=(order(Task.SURVEY, region=region, range_m=2.0),))
    robot.run(10.0)
    written = [i.now_ns for i, o in robot.record if o.checkpoint is not None]
    assert len(written) >= 3
    assert len(written) < len(robot.record) / 2


def test_a_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path, 'amr_1')
    assert file.load() == Restored(checkpoint=None, fault='')
    robot = trusted()
    robot.decide(orders=(order(Task.PATROL, stops=(A, B)),))
    checkpoint = newest(robot)
    file.save(checkpoint)
    assert file.load() == Restored(checkpoint=checkpoint, fault='')
    file.save(replace(checkpoint, going_home=True))
    loaded = file.load().checkpoint
    assert loaded is not None
    assert loaded.going_home


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    cut=st.integers(0, 400),
    junk=st.binary(max_size=20),
)
def test_a_damaged_file_leaves_the_robot_idle_with_a_reason(
    tmp_path: Path, cut: int, junk: bytes
) -> None:
    file = CheckpointFile(tmp_path, 'amr_1')
    robot = trusted()
    robot.decide(orders=(order(Task.PATROL, stops=(A, B)),))
    checkpoint = newest(robot)
    file.save(checkpoint)
    content = file.path.read_bytes()
    file.path.write_bytes(content[:cut] + junk)
    restored = file.load()
    if restored.checkpoint == checkpoint:
        return
    assert restored.checkpoint is None
    assert 'amr_1.json is no checkpoint' in restored.fault
    assert not file.path.exists()
    fresh = trusted()
    outputs = fresh.decide(restored=restored)
    assert outputs.phase is Phase.IDLE
    assert fresh.intents()[-1].kind is IntentKind.IDLE
    assert [n.type for n in outputs.notes] == ['checkpoint.refused']


def test_a_file_that_cannot_be_read_is_a_reason_and_no_crash(tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path, 'amr_1')
    file.path.mkdir(parents=True)
    assert 'cannot be read' in file.load().fault


def test_a_disk_that_takes_nothing_is_an_error(tmp_path: Path) -> None:
    (tmp_path / 'nexus').write_text('a file in the way')
    file = CheckpointFile(tmp_path, 'amr_1')
    with pytest.raises(OSError):
        file.save(newest(trusted()))


def test_a_kill_between_two_writes_leaves_the_old_one_whole(tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path, 'amr_1')
    robot = trusted()
    robot.decide(orders=(order(Task.PATROL, stops=(A, B)),))
    file.save(newest(robot))
    half = file.path.with_name('.amr_1.json.123.tmp')
    half.write_bytes(file.path.read_bytes()[:50])
    assert file.load().checkpoint == newest(robot)
